"""What turns records into documents, set up for one data folder: ledger, worker processes, engine, drain."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from archive.store import ArchiveReader
from newswarc.ledger import Ledger
from newswarc.settings import DataFolder, patience
from pipelines.allocation import keep_memory_flat
from pipelines.drain import Drain, DrainThread
from pipelines.engine import engine_of
from pipelines.pool import WorkerPool
from pipelines.rebuild import ReadListing, reconcile
from search.entities.annotator import prepare
from search.index import IndexAway, IndexFault, IndexWriter

log = logging.getLogger(__name__)

_open: dict[str, Workshop] = {}
_guard = threading.Lock()


@dataclass
class Workshop:
    """One for each data folder in a process, however many spiders use it; the last `close` ends it."""

    data: DataFolder
    ledger: Ledger
    pool: WorkerPool
    index: IndexWriter | None
    """None where it could not be opened; pages are archived and cleaned all the same."""
    drain: DrainThread
    users: int = 0
    started: bool = False
    reconciled: bool = False

    @classmethod
    def opened(cls, data: DataFolder, *, workers: int, index: str | None = None) -> Workshop:
        key = str(data.root.resolve())
        with _guard:
            if key not in _open:
                keep_memory_flat()
                prepare(data.watchlists)
                ledger, pool = Ledger(data.ledger), WorkerPool(workers=workers)
                engine, fault = _engine(index or data.index_url, ledger)
                drain = DrainThread(Drain(ledger, data.archive, pool, engine, patience=patience()))
                drain.fault = fault
                _open[key] = cls(data, ledger, pool, engine, drain)
            _open[key].users += 1
            return _open[key]

    def reconcile(self, read_listing: ReadListing) -> int:
        """Enters what the archive holds and the ledger lacks; once, before anything is crawled."""
        with _guard:
            if self.started or self.reconciled:
                return 0
            self.reconciled = True
            return reconcile(ArchiveReader(self.data.archive), self.ledger, self.pool, read_listing)

    def start(self) -> None:
        with _guard:
            if not self.started:
                self.started = True
                self.drain.start()

    def wake(self) -> None:
        self.drain.wake()

    def hurry(self) -> None:
        """From now on `close` waits only for the pages under way; the next run indexes what is left."""
        self.drain.drain.hurried = True

    def close(self) -> None:
        """Waits until the backlog is indexed. Raises what ended the drain early."""
        with _guard:
            self.users -= 1
            if self.users:
                return
            _open.pop(str(self.data.root.resolve()), None)
        try:
            if self.started:
                self.drain.finish()
        finally:
            self.pool.close()
            if self.index is not None:
                self.index.close()
            self.ledger.close()


def _engine(address: str, ledger: Ledger) -> tuple[IndexWriter | None, IndexFault | None]:
    """The index to write to, or why there is none: a crawl must not wait for that, for pages do not wait either."""
    try:
        engine = engine_of(address)
    except IndexFault as fault:
        return None, fault
    try:
        if engine.count() < ledger.indexed_count():
            log.warning("the index lacks documents that it had: they are made again from the archive")
            ledger.all_unindexed()
    except IndexAway:  # the next run asks it; this one waits for it beside the crawl
        log.warning("whether the index has all documents is not known: it is away")
    return engine, None
