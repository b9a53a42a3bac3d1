"""`newswarc rebuild`: ledger and index anew from the archive alone."""

from __future__ import annotations

from pathlib import Path

from archive.store import ArchiveReader, WarcFolder
from crawler.listings import discover_again
from newswarc.commands.faults import NotFound
from newswarc.commands.printing import console, print_json
from newswarc.settings import DataFolder
from pipelines.drain import Progress
from pipelines.pool import WorkerPool
from pipelines.rebuild import rebuild


def run(workers: int, data: Path, json: bool) -> int:
    folder = DataFolder(data)
    if not folder.archive.is_dir():
        raise NotFound(f"no archive in {data}: there is nothing to rebuild from")
    err = console(stderr=True)
    with WarcFolder(folder.archive), err.status("reading the archive") as status:  # the lock: no crawl writes meanwhile
        pool = WorkerPool(workers=workers or None)
        entered: list[int] = []

        def said(progress: Progress) -> None:
            status.update(f"{progress.cleaned} pages cleaned, {progress.documents} documents")

        try:
            progress = rebuild(
                folder, ArchiveReader(folder.archive), pool, discover_again, on_entered=entered.append, on_progress=said
            )
        finally:
            pool.close()
    result = {"exchanges": sum(entered), "pages": progress.cleaned, "outcomes": progress.outcomes}
    if json:
        print_json(result)
    else:
        outcomes = ", ".join(f"{n} {name}" for name, n in sorted(progress.outcomes.items()))
        console().print(f"{result['exchanges']} exchanges read, {progress.cleaned} pages cleaned: {outcomes or 'none'}")
    return 0
