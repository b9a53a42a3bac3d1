"""The embedded engine in a process of its own: the files it maps and merges are not the crawler's memory.

What breaks the engine breaks that process alone: the drain then takes it for away, and sends again, to a new one, what
was not committed.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterable, Sequence
from multiprocessing.connection import Connection
from typing import Any

from newswarc.items import Document
from pipelines.pool import PRELOAD, death_of, forked, live_under_parent, outcome, portable, received
from search.index import IndexAway, IndexLocked, IndexWriter, open_index

BUSY = 3.0
"""Seconds in which the lock of a process whose crawler was killed must be free."""


def engine_of(address: str) -> IndexWriter:
    """The index of that URL, to write to: in this process where its engine is a server. IndexFault as `open_index`."""
    if address.startswith("elasticsearch:"):
        return open_index(address, write=True)
    return EngineProcess(address)


class EngineProcess:
    """An index that another process has open for writing. One thread may use it at a time.

    IndexAway, once, where that process has died: what was sent to it since the last commit is gone. The next call goes
    to a new one.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._process: Any = None
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOAD))
        self._pipe, self._process = forked(context, _serve, self._address)
        try:
            self._answer()
        except BaseException:
            self._end()
            raise

    def upsert(self, documents: Sequence[Document]) -> int:
        return int(self._ask("upsert", list(documents)))

    def delete(self, ids: Iterable[str]) -> None:
        self._ask("delete", list(ids))

    def commit(self) -> None:
        self._ask("commit")

    def count(self) -> int:
        return int(self._ask("count"))

    def close(self) -> None:
        """Lets go of files and lock. What was not committed is gone."""
        if self._process is not None:
            try:
                self._ask("close")
            finally:
                self._end()

    def _ask(self, name: str, *arguments: Any) -> Any:
        if self._process is None:
            self._start()
        try:
            self._pipe.send((name, arguments))
        except (BrokenPipeError, ConnectionResetError):
            raise self._dead() from None
        return self._answer()

    def _answer(self) -> Any:
        answer = received(self._pipe)
        if answer is None:
            raise self._dead()
        value, fault, _ = answer
        if fault is not None:
            raise fault
        return value

    def _dead(self) -> IndexAway:
        how = death_of(self._process)
        self._end()
        return IndexAway(f"the process that writes the index in {self._address} has died ({how})")

    def _end(self) -> None:
        if self._process is not None:
            self._pipe.close()
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None


def _serve(pipe: Connection, address: str) -> None:
    """The other process: it opens the index and does what it is asked, one thing after the other."""
    live_under_parent()
    index, fault = outcome(_opened, (address,))
    pipe.send_bytes(portable(None, fault))
    if index is None:
        return
    while (asked := received(pipe)) is not None:
        name, arguments = asked
        answer = portable(*outcome(getattr(index, name), arguments))
        try:
            pipe.send_bytes(answer)
        except BrokenPipeError:
            return


def _opened(address: str) -> IndexWriter:
    """Waits a little for the lock: a crawler that was killed has its engine's process end a moment after it."""
    end = time.monotonic() + BUSY
    while True:
        try:
            return open_index(address, write=True)
        except IndexLocked:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
