"""`newswarc annotate`: actors and places of the documents anew, from the archive, after the registry has changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from newswarc.commands.faults import WorkFault
from newswarc.commands.opening import ledger_of
from newswarc.commands.printing import console, print_json
from newswarc.commands.search import day
from newswarc.settings import DataFolder
from pipelines.allocation import keep_memory_flat
from pipelines.drain import Drain, Progress
from pipelines.pool import WorkerPool
from search.entities.annotator import prepare, registry_of
from search.index import open_index


def run(since: str | None, workers: int, data: Path, json: bool) -> int:
    keep_memory_flat()
    folder = DataFolder(data)
    start = day(since, "--since") if since else datetime.fromtimestamp(0, UTC)
    with ledger_of(data) as ledger, open_index(folder.index_url, write=True) as index:
        if fault := prepare(folder.watchlists):  # before anything is touched
            raise WorkFault(str(fault))
        registry = registry_of(folder.watchlists)
        count = ledger.send_again(start)
        with WorkerPool(workers=workers or None) as pool, console(stderr=True).status("annotating") as status:

            def said(progress: Progress) -> None:
                status.update(f"{progress.sent_again} of {count} documents annotated")

            progress = Drain(ledger, folder.archive, pool, index, on_progress=said).run()
    told = {"documents": progress.sent_again, "registry": registry.version, "names": registry.names}
    if json:
        print_json(told)
    else:
        console().print(f"{progress.sent_again} documents annotated with registry {registry.version}")
    return 0
