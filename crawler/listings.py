"""Reading a listing from the archive: what a worker process does with a feed, a sitemap or a section page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crawler.discovery import Discovered, discover
from newswarc.items import RecordPointer
from newswarc.sources import Source
from pipelines.derive import reader


def discover_record(folder: Path, pointer: RecordPointer, source: Source) -> Discovered:
    """What the archived listing offers."""
    return discover(reader(folder).read(pointer), source)


def discover_again(folder: Path, pointer: RecordPointer, key: str, entry: dict[str, Any]) -> Discovered:
    """The same with the registry's entry as it was archived: for a ledger that is made anew."""
    return discover_record(folder, pointer, Source(key=key, **entry))
