"""Group commit: everything that waits goes to the archive in one append, one flush and one ledger commit.

Nothing is acknowledged before all three. So fetches that end at about the same time share the price of a flush, and
none of them is returned to the crawl before it is paid.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from newswarc.items import Archived, Attempt, Exchange
from newswarc.ledger import Ledger
from newswarc.settings import DataFolder

logger = logging.getLogger(__name__)

MAX_BATCH = 128
GATHER = 0.004
"""Seconds that a busy appender waits for company: a flush and a commit cost as much for one exchange as for ten."""
BUSY = 0.05
"""It is busy when the next exchange comes within so many seconds after the last batch."""


class Store(Protocol):
    """What an Appender needs of an archive."""

    def append(self, items: Sequence[Exchange | Attempt], /) -> list[Archived]:
        """All on disk and flushed, or an error and none."""
        ...

    def close(self) -> None: ...


Commit = Callable[[list[Archived]], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    item: Exchange | Attempt
    loop: asyncio.AbstractEventLoop
    receipt: asyncio.Future[Archived]


class Appender:
    """Takes exchanges from any event loop; a thread of its own writes them.

    Fail closed: when an append, a flush or a commit fails, every one who waits for that batch gets the error and no
    receipt. `on_fault` is then called in the writing thread; `fault` holds the last error until an append succeeds.
    """

    def __init__(self, store: Store, commit: Commit, *, on_close: Sequence[Callable[[], None]] = ()) -> None:
        self._store, self._commit, self._on_close = store, commit, on_close
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._users, self._guard, self._closed = 1, threading.Lock(), False
        self._has_settled = False
        self.fault: Exception | None = None
        self.on_fault: Callable[[Exception], None] | None = None
        self._thread = threading.Thread(target=self._run, name="archive-appender", daemon=True)
        self._thread.start()

    async def append(self, item: Exchange | Attempt) -> Archived:
        """The receipt, once the item is on disk, flushed and in the ledger. Raises what kept it from that."""
        if self._closed:
            raise RuntimeError("the archive is closed")
        loop = asyncio.get_running_loop()
        receipt: asyncio.Future[Archived] = loop.create_future()
        self._queue.put(_Waiting(item, loop, receipt))
        return await receipt

    def share(self) -> Appender:
        """One more user; each of them closes it once."""
        with self._guard:
            self._users += 1
        return self

    def close(self) -> None:
        """Of the last user: writes what waits, then closes the store. Blocks until it is done."""
        with self._guard:
            self._users -= 1
            if self._users > 0 or self._closed:
                return
            self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._store.close()
        for step in self._on_close:
            step()

    def _run(self) -> None:
        more = True
        while more:
            batch, more = self._next_batch()
            if batch:
                self._settle(batch, self._write([waiting.item for waiting in batch]))
                self._has_settled = True

    def _next_batch(self) -> tuple[list[_Waiting], bool]:
        """What waits (at least one, unless the end has come), and whether to go on."""
        batch: list[_Waiting] = []
        settled = time.monotonic()
        waiting = self._queue.get()
        if waiting is not None and time.monotonic() - settled < BUSY and self._has_settled:
            time.sleep(GATHER)
        while waiting is not None:
            batch.append(waiting)
            if len(batch) == MAX_BATCH or self._queue.empty():
                return batch, True
            waiting = self._queue.get()
        return batch, False

    def _write(self, items: list[Exchange | Attempt]) -> Sequence[Archived | Exception]:
        try:
            receipts = self._store.append(items)
            self._commit(receipts)
        except ValueError as e:  # an item that no record can hold; nothing was written, and the others can do better
            return [e] if len(items) == 1 else [result for item in items for result in self._write([item])]
        except Exception as e:  # noqa: BLE001 - handed to all who wait; this thread must live to tell the next ones
            logger.error("nothing archived of %d exchanges: %s: %s", len(items), type(e).__name__, e)
            self.fault = e
            if self.on_fault:
                self.on_fault(e)
            return [e] * len(items)
        self.fault = None
        return receipts

    def _settle(self, batch: list[_Waiting], results: Sequence[Archived | Exception]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Archived], Archived | Exception]]]
        by_loop = defaultdict(list)
        for waiting, result in zip(batch, results, strict=True):
            by_loop[waiting.loop].append((waiting.receipt, result))
        for loop, settled in by_loop.items():
            try:
                loop.call_soon_threadsafe(_tell, settled)
            except RuntimeError:  # that crawl has ended without waiting; its exchanges are archived all the same
                logger.warning("%d exchanges were archived after their crawl had ended", len(settled))


def _tell(settled: list[tuple[asyncio.Future[Archived], Archived | Exception]]) -> None:
    for future, result in settled:
        if future.done():  # cancelled meanwhile
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)


def _floor(data: DataFolder) -> int:
    """Bytes to be left free: 5 % of the disk, at most 2 GiB."""
    data.root.mkdir(parents=True, exist_ok=True)
    return min(shutil.disk_usage(data.root).total // 20, 2 << 30)


_opened: dict[Path, Appender] = {}
_opening = threading.Lock()


def opened(data: DataFolder, **options: Any) -> Appender:
    """The Appender of a data folder, one in this process; everyone who opens it closes it.

    The first opens the archive (takes its lock, repairs what a crash left) and the ledger, and raises what keeps it
    from that; `options` are those of `archive.store.WarcFolder`.
    """
    from archive.store import WarcFolder  # late: the tests of this module need no archive

    key = data.root.resolve()
    with _opening:
        appender = _opened.get(key)
        if appender is not None and not appender._closed:
            return appender.share()
        ledger = Ledger(data.ledger)
        try:
            options.setdefault("free_space_floor", _floor(data))
            store = WarcFolder(data.archive, prior=ledger.prior, **options)
        except BaseException:
            ledger.close()
            raise
        _opened[key] = appender = Appender(store, ledger.record, on_close=[ledger.close])
        return appender
