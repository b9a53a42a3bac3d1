"""The chain of closed files: one line each, every line holding the hash of the line before it.

A file changed later is found out even where all digests within it were repaired; a changed or removed line breaks the
chain after it. Whoever can rewrite the whole folder can rewrite the chain, but not a copy of its last line elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from archive.warc import members

NAME = "manifest.jsonl"
START = "0" * 64
"""What the first line holds in place of the hash of a line before it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One closed file."""

    name: str
    size: int
    sha256: str
    first: str | None
    """Earliest WARC-Date of the file."""
    last: str | None
    """Latest WARC-Date of the file."""
    records: int
    previous: str
    """SHA-256 of the line before, without its newline."""


def describe(warc: Path) -> tuple[int, str, str | None, str | None, int]:
    """(size, sha256, first date, last date, records) of a closed file, read from it."""
    dates = [m.record.headers.get("WARC-Date") or "" for m in members(warc) if m.record is not None]
    with warc.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return warc.stat().st_size, sha256, min(dates, default=None), max(dates, default=None), len(dates)


def entries(folder: Path) -> Iterator[tuple[Entry | None, str | None]]:
    """(entry, None) for each line, or with what is wrong with it: unreadable (entry None) or the chain is broken."""
    path = folder / NAME
    if not path.exists():
        return
    previous = START
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            try:
                entry = Entry(**json.loads(raw))
            except (ValueError, TypeError) as e:
                yield None, f"line {number} of {NAME} cannot be read: {e}"
            else:
                broken = entry.previous != previous
                yield entry, f"line {number} of {NAME} does not follow from the line before it" if broken else None
            previous = hashlib.sha256(raw.rstrip(b"\n")).hexdigest()


def mend(folder: Path) -> int:
    """Cuts off a last line that a crash left half written; returns how many bytes that were."""
    path = folder / NAME
    if not path.exists():
        return 0
    data = path.read_bytes()
    torn = len(data) - (data.rfind(b"\n") + 1)
    if torn:
        os.truncate(path, len(data) - torn)
    return torn


def append(
    folder: Path,
    name: str,
    size: int,
    sha256: str,
    first: str | None,
    last: str | None,
    records: int,
    *,
    fsync: Callable[[int], None] = os.fsync,
) -> Entry:
    """Adds the line of a closed file and flushes it; all or nothing."""
    path = folder / NAME
    data = path.read_bytes() if path.exists() else b""
    last_line = data.rstrip(b"\n").rpartition(b"\n")[2]
    previous = hashlib.sha256(last_line).hexdigest() if last_line else START
    entry = Entry(name, size, sha256, first, last, records, previous)
    with path.open("ab", buffering=0) as file:
        try:
            _write_all(file.fileno(), json.dumps(asdict(entry)).encode() + b"\n")
        except OSError:
            os.ftruncate(file.fileno(), len(data))
            raise
        fsync(file.fileno())
    return entry


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
