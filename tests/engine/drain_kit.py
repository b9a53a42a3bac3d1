"""A crawl on a clock that only it moves: minutes of trouble with an engine, drained for real, in no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from faults_kit import page

from archive.store import ArchiveStore, open_store
from newswarc.items import Exchange
from newswarc.ledger import Ledger
from newswarc.settings import DataFolder
from pipelines.drain import Drain
from pipelines.pool import WorkerPool
from search.entities.annotator import prepare
from search.index import SearchIndex

STEP = 0.1
"""Seconds by which the clock moves at once."""
BEGIN = datetime(2026, 4, 20, tzinfo=UTC)


@dataclass
class Crawl:
    """Archives an article every so many seconds of its clock and enters it in the ledger, then has them drained."""

    store: ArchiveStore
    ledger: Ledger
    archive: Path
    pool: WorkerPool
    every: float
    now: float = 0.0
    urls: list[str] = field(default_factory=list)
    each_step: Callable[[], object] = lambda: None

    def drained(self, index: SearchIndex, until: float) -> None:
        """Crawls on until that time; in the end as much waits as the engine has not taken."""
        Drain(
            self.ledger, self.archive, self.pool, index, clock=lambda: self.now, wait=self._wait
        ).run(lambda: self._goes_on(until))  # fmt: skip

    def _goes_on(self, until: float) -> bool:
        self.now += STEP
        if self.now >= until:
            return False
        if self.now >= len(self.urls) * self.every:
            self._capture()
        self.each_step()
        return True

    def _wait(self, seconds: float) -> None:
        self.now += seconds

    def _capture(self) -> None:
        number = 1000 + len(self.urls)
        self.urls.append(f"http://paper.example/news/2026/report-{number}")
        body = page(number, f"Harbour report number {number} from the lake").encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
        at = BEGIN + timedelta(seconds=self.now)
        request = b"GET / HTTP/1.1\r\n\r\n"
        made = Exchange(self.urls[-1], at, request, head.encode() + body, "article", "faults/paper")
        self.ledger.record(self.store.append([made]))

    def is_all_in(self, index: SearchIndex) -> bool:
        """Every article once, and nothing left to do."""
        assert self.ledger.pending_count() == len(self.ledger.unindexed(1)) == 0
        index.refresh()
        found = [document.url for id in index.ids() if (document := index.get(id))]
        assert index.count() == len(found)
        return sorted(found) == sorted(self.urls)


@contextmanager
def crawling(data: Path, every: float) -> Iterator[Crawl]:
    prepare()
    folder = DataFolder(data)
    with (
        open_store(folder.archive) as store,
        closing(Ledger(folder.ledger)) as ledger,
        closing(WorkerPool(workers=1)) as pool,
    ):
        yield Crawl(store, ledger, folder.archive, pool, every)
