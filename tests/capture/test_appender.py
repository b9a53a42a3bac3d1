"""Group commit: one append, one flush, one commit for all that wait, and no receipt before all three."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archive.errors import ArchiveDead, ArchiveFull, ArchiveLocked
from archive.store import WarcFolder
from crawler.appender import Appender, opened
from newswarc.items import Archived, Attempt, Exchange
from newswarc.ledger import Ledger
from newswarc.settings import DataFolder

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def exchange(number: int) -> Exchange:
    body = b"page %d" % number
    return Exchange(
        url=f"http://lake.example/{number}",
        started=NOW,
        request=b"GET /%d HTTP/1.1\r\nHost: lake.example\r\n\r\n" % number,
        response=b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body),
        kind="article",
    )


class SlowFolder(WarcFolder):
    """A real archive whose appends wait to be let go, one by one; `batches` says how many items each took."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.batches: list[int] = []
        self.begun, self.go = threading.Semaphore(0), threading.Semaphore(0)

    def append(self, items: Sequence[Exchange | Attempt]) -> list[Archived]:
        self.batches.append(len(items))
        self.begun.release()
        assert self.go.acquire(timeout=10)
        return super().append(items)


def test_those_who_wait_share_an_append(tmp_path: Path) -> None:
    store, commits = SlowFolder(tmp_path), []
    appender = Appender(store, commits.append)

    async def run() -> list[Archived]:
        first = asyncio.ensure_future(appender.append(exchange(0)))
        assert await asyncio.to_thread(store.begun.acquire, timeout=10)
        rest = [asyncio.ensure_future(appender.append(exchange(n))) for n in range(1, 21)]
        await asyncio.sleep(0)
        assert not any(future.done() for future in (first, *rest))
        store.go.release(2)
        return await asyncio.gather(first, *rest)

    receipts = asyncio.run(run())
    appender.close()
    assert store.batches == [1, 20]
    assert [receipt.url for receipt in receipts] == [exchange(n).url for n in range(21)]
    assert [len(commit) for commit in commits] == [1, 20]
    with WarcFolder(tmp_path) as again:
        for number, receipt in enumerate(receipts):
            assert again.reader.read(receipt.pointer).payload == b"page %d" % number


class FailingStore:
    """Raises what it is told to, in order; None for an append that works."""

    def __init__(self, folder: Path, *errors: Exception | None) -> None:
        self._folder, self._errors = WarcFolder(folder), list(errors)

    def append(self, items: Sequence[Exchange | Attempt]) -> list[Archived]:
        error = self._errors.pop(0) if self._errors else None
        if error:
            raise error
        return self._folder.append(items)

    def close(self) -> None:
        self._folder.close()


@pytest.mark.parametrize("error", [ArchiveFull("no room"), ArchiveDead("flush failed"), OSError(5, "broken")])
def test_a_failed_append_fails_everyone_and_the_next_may_work(error: Exception, tmp_path: Path) -> None:
    told: list[Exception] = []
    appender = Appender(FailingStore(tmp_path, error), lambda _: None)
    appender.on_fault = told.append

    async def run() -> Archived:
        results = await asyncio.gather(*(appender.append(exchange(n)) for n in range(3)), return_exceptions=True)
        # How many shared the failed append depends on the threads; the first always did.
        assert results[0] is error
        assert appender.fault in (error, None)
        return await appender.append(exchange(9))

    assert asyncio.run(run()).url == exchange(9).url
    assert told == [error]
    assert appender.fault is None
    appender.close()


def test_a_failed_commit_gives_no_receipt(tmp_path: Path) -> None:
    def commit(_: list[Archived]) -> None:
        raise RuntimeError("the ledger is gone")

    appender = Appender(WarcFolder(tmp_path), commit)
    with pytest.raises(RuntimeError, match="ledger"):
        asyncio.run(appender.append(exchange(1)))
    appender.close()


def test_an_item_that_no_record_can_hold_fails_alone(tmp_path: Path) -> None:
    store = SlowFolder(tmp_path)
    appender = Appender(store, lambda _: None)
    bad = Attempt("http://lake.example/a b", NOW, "article", "dns", "no such name")

    async def run() -> list[Any]:
        first = asyncio.ensure_future(appender.append(exchange(0)))
        assert await asyncio.to_thread(store.begun.acquire, timeout=10)
        items = [exchange(1), bad, exchange(2)]
        rest = [asyncio.ensure_future(appender.append(item)) for item in items]
        await asyncio.sleep(0)
        store.go.release(10)
        return await asyncio.gather(first, *rest, return_exceptions=True)

    results = asyncio.run(run())
    assert store.batches == [1, 3, 1, 1, 1]
    assert isinstance(results[2], ValueError)
    assert [r.url for r in results if isinstance(r, Archived)] == [exchange(n).url for n in range(3)]
    assert appender.fault is None
    appender.close()


def test_closing_writes_what_waits(tmp_path: Path) -> None:
    store = SlowFolder(tmp_path)
    appender = Appender(store, lambda _: None)

    async def run() -> list[Archived]:
        futures = [asyncio.ensure_future(appender.append(exchange(n))) for n in range(5)]
        await asyncio.sleep(0)
        store.go.release(10)
        await asyncio.to_thread(appender.close)
        return await asyncio.gather(*futures)

    assert len(asyncio.run(run())) == 5
    with pytest.raises(RuntimeError, match="closed"):
        asyncio.run(appender.append(exchange(9)))
    assert not list(tmp_path.glob("*.open"))


def test_what_a_crawl_no_longer_waits_for_is_archived_all_the_same(tmp_path: Path) -> None:
    store = SlowFolder(tmp_path)
    appender = Appender(store, lambda _: None)

    async def leave() -> None:
        asyncio.ensure_future(appender.append(exchange(1)))  # noqa: RUF006 - cancelled with the loop, as is the point
        assert await asyncio.to_thread(store.begun.acquire, timeout=10)

    asyncio.run(leave())
    store.go.release(5)
    appender.close()
    with WarcFolder(tmp_path) as again:
        assert [receipt.url for receipt in again.reader.records()] == [exchange(1).url]


def test_one_appender_of_a_data_folder(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / "data")
    first = opened(data)
    assert opened(DataFolder(tmp_path / "data" / ".." / "data")) is first
    with pytest.raises(ArchiveLocked):
        WarcFolder(data.archive)
    receipt = asyncio.run(first.append(exchange(1)))
    first.close()
    asyncio.run(first.append(exchange(2)))
    first.close()
    ledger = Ledger(data.ledger)
    assert [row.archived.url for row in ledger.captures(exchange(1).url)] == [receipt.url]
    assert ledger.captures(exchange(2).url)
    ledger.close()
    again = opened(data)
    assert again is not first
    # The same page again is a revisit, for the ledger knows the first.
    assert asyncio.run(again.append(exchange(1))).record_type == "revisit"
    again.close()


def test_a_locked_folder_is_said_and_leaves_nothing_open(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    with WarcFolder(data.archive), pytest.raises(ArchiveLocked):
        opened(data)
    opened(data).close()
