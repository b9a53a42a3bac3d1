"""A crawl and an engine that fails: the crawl goes on, and in the end the engine has every document once.

The whole program against a real Elasticsearch, some of it through a door that fails on purpose.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import elastic_server
import pytest
from faults_kit import PATIENCE, Newswarc, Paper, acknowledged, registry, sentence, sites
from faulty_proxy import LOST, TOO_MANY, Decide, Door, door, is_bulk

from crawler.sample.server import Entry, SampleServer
from newswarc.items import Document
from newswarc.ledger import Ledger
from pipelines.drain import FIRST_WAIT, LONGEST_WAIT, Drain
from pipelines.pool import WorkerPool
from search.index import IndexAway, open_index
from search.query import All, Query

PAPER = Paper("paper.example", 70)
AWAY = (503, b"{}")


@dataclass
class Run:
    program: Newswarc
    door: Door
    index: str
    """The index, past the door."""

    def crawl(self, code: int = 0) -> str:
        """Standard error of a crawl."""
        return self.program.run("crawl", "faults", code=code).stderr

    def documents(self) -> dict[str, Document]:
        with open_index(self.index) as index:
            found = {id: document for id in index.ids() if (document := index.get(id))}
            assert index.count() == len(found)
            return found

    def has_all(self) -> bool:
        """Every article once, and nothing left to do."""
        found = self.documents()
        waits = self.program.json("index", "backlog")
        assert waits["to_index"] == waits["to_clean"] == 0
        return sorted(d.url for d in found.values()) == sorted(PAPER.urls)


@pytest.fixture
def start(elasticsearch_url: str, tmp_path: Path) -> Iterator[Callable[..., Run]]:
    with contextlib.ExitStack() as stack:

        def make(
            decide: Decide | None = None, url: str | None = None, on_entry: object = None, patience: float = 30
        ) -> Run:
            opened = stack.enter_context(door(url or elasticsearch_url))
            if decide:
                opened.decide = decide
            server = stack.enter_context(SampleServer(sites(PAPER), on_entry=on_entry))  # type: ignore[arg-type]
            name = f"newswarc-test-{uuid4().hex[:12]}"
            environ = {"NEWSWARC_INDEX": f"elasticsearch:{opened.url}/{name}", "NEWSWARC_PATIENCE": f"{patience}"}
            program = Newswarc(tmp_path / "data", server, registry(tmp_path / "sources", PAPER), environ)
            return Run(program, opened, f"elasticsearch:{url or elasticsearch_url}/{name}")

        yield make


def of_bulks(decide: Callable[[int, bytes], object]) -> Decide:
    """Decides on the bulk requests alone, by their number from 0."""
    number = -1

    def each(_method: str, path: str, body: bytes) -> object:
        nonlocal number
        if not is_bulk(path):
            return None
        number += 1
        return decide(number, body)

    return each  # type: ignore[return-value]


@pytest.mark.timeout(400)
def test_a_crawl_outlives_a_server_that_is_stopped(start: Callable[..., Run]) -> None:
    with elastic_server.node() as node:
        left = [len(PAPER.urls) // 2]

        def stop_half_way(entry: Entry) -> None:
            left[0] -= "/report-" in entry.request.path
            if left[0] == 0:
                node.stop()

        run = start(url=node.url, on_entry=stop_half_way, patience=3)
        said = run.crawl(code=1)
        assert "all captures are archived, but indexing stopped: Elasticsearch at" in sentence(said)
        archived = {row.url for row in acknowledged(run.program.data) if row.kind == "article" and row.status == 200}
        assert archived == PAPER.urls
        assert run.program.json("index", "backlog")["to_index"] > 0
        node.start()
        run.crawl()
        assert run.has_all()


def test_a_crawl_begins_without_the_engine_and_indexes_when_it_comes(start: Callable[..., Run]) -> None:
    asked = [0]

    def away_at_first(_method: str, _path: str, _body: bytes) -> object:
        asked[0] += 1
        return AWAY if asked[0] <= 8 else None

    run = start(away_at_first)
    run.crawl()
    assert run.has_all()


def test_half_of_the_bulks_turned_away(start: Callable[..., Run]) -> None:
    run = start(of_bulks(lambda number, _: TOO_MANY if number < 4 and number % 2 == 0 else None))
    run.crawl()
    assert run.has_all()
    assert run.door.bulks() >= 4


def test_single_documents_of_a_bulk_turned_away(start: Callable[..., Run]) -> None:
    item = b'{"index":{"_id":"x","status":429,"error":{"type":"es_rejected_execution_exception","reason":"full"}}}'
    run = start(of_bulks(lambda number, _: (200, b'{"errors":true,"items":[' + item + b"]}") if number < 2 else None))
    run.crawl()
    assert run.has_all()


def test_answers_that_are_lost(start: Callable[..., Run]) -> None:
    run = start(of_bulks(lambda number, _: LOST if number % 2 == 0 else None))
    run.crawl()
    assert run.has_all()


def test_a_refused_document_is_set_apart_by_name_and_comes_with_a_rebuild(start: Callable[..., Run]) -> None:
    title = b'"title":"Harbour report number 1003 '

    def spoilt(_number: int, body: bytes) -> object:
        return body.replace(title, b'"unknown":1,' + title)

    run = start(of_bulks(spoilt))
    assert "is set apart until a rebuild" in run.crawl()
    assert {d.url for d in run.documents().values()} == PAPER.urls - {"http://paper.example/news/2026/report-1003"}
    (refused,) = run.program.json("index", "backlog")["refused"]
    assert "strict_dynamic_mapping_exception" in refused["reason"]
    assert refused["id"] not in run.documents()
    run.crawl()  # it is left alone
    assert run.program.json("index", "backlog")["in_quarantine"] == 1
    run.door.decide = lambda method, path, body: None
    run.program.run("rebuild")
    assert run.has_all()
    assert run.program.json("index", "backlog")["in_quarantine"] == 0


def test_a_kill_between_archive_and_index(start: Callable[..., Run]) -> None:
    victim: list[int] = []

    def kill(_number: int, _body: bytes) -> object:
        for process_id in victim:
            os.kill(process_id, signal.SIGKILL)
        return AWAY if victim else None

    run = start(of_bulks(kill))
    run.program.run("crawl", "faults", "--limit", "30")
    with run.program.started("crawl", "faults") as process:
        victim.append(process.pid)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    run.door.decide = lambda method, path, body: None
    assert len(run.documents()) == 30
    run.crawl()
    assert run.has_all()


def test_every_command_works_on_it_and_a_rebuild_swaps_under_searches(start: Callable[..., Run]) -> None:
    run = start()
    run.crawl()
    before = run.documents()
    hits = run.program.json("search", "harbour reports", "--limit", "3", "--facets")
    assert hits["total"] == len(PAPER.urls)
    assert hits["facets"]["counts"]["source"] == {"faults/paper": len(PAPER.urls)}
    assert run.program.json("show", hits["hits"][0]["id"])["url"] in PAPER.urls
    assert run.program.json("verify", "--all")["counts"] == {"verified": len(PAPER.urls)}
    first = run.program.json("index", "setup")["serves"]

    seen, done = set(), threading.Event()

    def look() -> None:
        with open_index(run.index) as index:
            while not done.is_set():
                seen.add(index.search(Query(All(), limit=0)).total)

    looking = threading.Thread(target=look)
    looking.start()
    run.program.run("rebuild")
    done.set()
    looking.join()
    assert seen == {len(PAPER.urls)}
    assert run.documents() == before

    status = run.program.json("index", "status")
    assert status["serves"] != first
    assert status["documents"] == status["acknowledged"] == len(PAPER.urls)
    assert run.program.json("index", "swap")["serves"] == first
    assert run.documents() == before
    assert run.program.json("index", "swap")["serves"] == status["serves"]


def test_waits_double_up_to_a_minute_and_are_scattered(tmp_path: Path) -> None:
    ledger, pool = Ledger(tmp_path / "ledger.sqlite"), WorkerPool(workers=1)
    drain = Drain(ledger, tmp_path, pool, None, clock=lambda: 0.0)
    try:
        waits = []
        for _ in range(12):
            drain._put_off(IndexAway("away"))
            waits.append(drain._next_try)
    finally:
        pool.close()
        ledger.close()
    for number, wait in enumerate(waits):
        longest = min(FIRST_WAIT * 2**number, LONGEST_WAIT)
        assert longest / 2 <= wait <= longest
    assert len(set(waits)) == 12
