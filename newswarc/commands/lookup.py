"""`newswarc lookup`: captures of a URL."""

from __future__ import annotations

import sys
from pathlib import Path

from archive.store import ArchiveReader
from newswarc.commands.faults import NotFound
from newswarc.commands.printing import print_json
from newswarc.commands.search import day
from newswarc.settings import DataFolder


def run(url: str, at: str | None, data: Path, json: bool) -> int:
    import json as json_module

    folder = DataFolder(data)
    if not folder.archive.is_dir():
        raise NotFound(f"no archive in {data}: crawl first, or name the folder with --data")
    lines = list(ArchiveReader(folder.archive).lookup(url, day(at, "--at", until=True) if at else None))
    if json:
        print_json([json_module.loads(line.split(" ", 2)[2]) | {"timestamp": line.split(" ", 2)[1]} for line in lines])
    else:
        sys.stdout.writelines(line.rstrip("\n") + "\n" for line in lines)
    return 0 if lines else 1
