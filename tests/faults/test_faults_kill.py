"""kill -9 in the middle of a crawl, again and again: the next crawl needs no hand, in the end nothing is missing."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from faults_kit import (
    PATIENCE,
    Acknowledged,
    EndedEarly,
    Newswarc,
    Undisturbed,
    acknowledged,
    ask,
    ask_file,
    documents,
    gist,
    not_verified,
    until,
)

from archive.store import ArchiveReader
from crawler.sample.outlets import SampleOutlets
from crawler.sample.server import Entry, SampleServer
from newswarc.items import Document

ROUNDS = int(os.environ.get("NEWSWARC_KILL_ROUNDS", "6"))
SEED = int(os.environ.get("NEWSWARC_KILL_SEED", "20261125"))


@dataclass
class Killed:
    """What a number of killed crawls and one whole one came to."""

    program: Newswarc
    server: SampleServer
    acknowledged: list[list[Acknowledged]] = field(default_factory=list)
    """Before each kill, all that the ledger held."""
    requests: list[int] = field(default_factory=list)
    """Requests that the server had seen when each kill was over."""
    orphans: list[int] = field(default_factory=list)
    found: dict[str, Document] = field(default_factory=dict)


class Trigger:
    """Kills a process when the server has seen so many more exchanges."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.pid = 0

    def __call__(self, _entry: Entry) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                os.kill(self.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def killed(undisturbed: Undisturbed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    trigger, chance = Trigger(), random.Random(SEED)
    with SampleServer(SampleOutlets(1).sites(), on_entry=trigger) as server:
        program = Newswarc(tmp_path_factory.mktemp("killed") / "data", server)
        result = Killed(program, server)
        for number in range(ROUNDS):
            when = _seen, _archived, _acknowledged, _with_documents
            _kill(program, trigger, chance, when[number % 4])
            result.orphans += [process.pid for process in program.survivors()]
            result.acknowledged.append(acknowledged(program.data))
            result.requests.append(len(server.log))
        program.crawl("sample")
        result.found = documents(program.data)
        yield result


When = Callable[[Newswarc, subprocess.Popen[str], Trigger, random.Random], None]


def _kill(program: Newswarc, trigger: Trigger, chance: random.Random, when: When) -> None:
    with program.started("crawl", "sample") as process:
        trigger.pid = process.pid
        when(program, process, trigger, chance)
        said, cause = process.communicate(timeout=PATIENCE)
    trigger.left = None
    # A crawl that had less to do than the number drawn has ended by itself, and well.
    assert process.returncode in (-signal.SIGKILL, 0), (process.returncode, said, cause)


def _seen(_program: Newswarc, _process: subprocess.Popen[str], trigger: Trigger, chance: random.Random) -> None:
    """After so many exchanges of this round, as the server counts them."""
    trigger.left = chance.randrange(1, 45)


def _archived(program: Newswarc, process: subprocess.Popen[str], _t: Trigger, chance: random.Random) -> None:
    """Between archive and index: so many pages are archived that no worker has cleaned yet."""
    waiting = "SELECT count(*) FROM exchange WHERE state = 'pending' HAVING count(*) >= ?"
    wanted = chance.randrange(1, 8)
    _kill_at(process, lambda: ask(program.data, waiting, wanted))


def _acknowledged(program: Newswarc, process: subprocess.Popen[str], _t: Trigger, chance: random.Random) -> None:
    """As soon as the ledger holds so many more."""
    wanted = _count(program, "exchange") + chance.randrange(1, 30)
    _kill_at(process, lambda: _count(program, "exchange") >= wanted)


def _with_documents(program: Newswarc, process: subprocess.Popen[str], _t: Trigger, _c: random.Random) -> None:
    """As documents appear: pages are cleaned and settled, and the engine is about to be told of them."""
    settled = _count(program, "document")
    _kill_at(process, lambda: _count(program, "document") > settled or _unindexed(program))


def _kill_at(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    with contextlib.suppress(EndedEarly):
        until(reached, process)
    process.kill()


def _count(program: Newswarc, table: str) -> int:
    rows = ask(program.data, f"SELECT count(*) FROM {table}")
    return int(rows[0][0]) if rows else 0


def _unindexed(program: Newswarc) -> bool:
    return bool(ask(program.data, "SELECT 1 FROM document WHERE indexed = 0 LIMIT 1"))


def test_kills_came_in_the_middle_and_left_work_undone(killed: Killed) -> None:
    counts = [len(rows) for rows in killed.acknowledged]
    assert counts == sorted(counts)
    assert len({n for n in counts if n}) > 1, counts
    to_clean = [sum(row.kind == "article" and row.outcome is None for row in rows) for rows in killed.acknowledged]
    assert any(to_clean), "no kill came between archive and index"


def test_every_acknowledged_exchange_is_in_the_archive_and_verifies(killed: Killed) -> None:
    assert not_verified(killed.program.data, itertools.chain(*killed.acknowledged)) == []


def test_what_was_acknowledged_is_still_acknowledged_the_same(killed: Killed) -> None:
    now = {row.pointer.record_id: (row.pointer, row.url, row.status) for row in acknowledged(killed.program.data)}
    for rows in killed.acknowledged:
        for row in rows:
            assert now[row.pointer.record_id] == (row.pointer, row.url, row.status)


def test_the_documents_are_those_of_an_undisturbed_crawl(killed: Killed, undisturbed: Undisturbed) -> None:
    assert gist(killed.found) == undisturbed.gist


def test_no_article_that_was_acknowledged_is_fetched_again(killed: Killed, undisturbed: Undisturbed) -> None:
    asked = Counter(f"{e.request.base}{e.request.path}" for e in undisturbed.server.log)
    twice = {url for url, n in asked.items() if n > 1}  # listed, and where a redirect leads
    for rows, seen in zip(killed.acknowledged, killed.requests, strict=True):
        had = {row.url for row in rows if row.kind == "article" and row.status == 200 and not row.truncated}
        later = {f"{e.request.base}{e.request.path}" for e in killed.server.log[seen:]}
        assert had & later <= twice


def test_no_exchange_is_in_the_archive_or_the_ledger_twice(killed: Killed) -> None:
    rows = acknowledged(killed.program.data)
    with contextlib.closing(ArchiveReader(killed.program.data / "archive")) as reader:
        archived = [a.pointer for a in reader.records()]
    assert sorted(p.record_id for p in archived) == sorted(row.pointer.record_id for row in rows)
    places = Counter((p.warc, p.offset) for p in archived)
    assert set(places.values()) == {1}
    fetched = Counter(row.url for row in rows if row.record_type != "metadata")
    seen = Counter(
        f"{e.request.base}{e.request.path}" + (f"?{e.request.query}" if e.request.query else "")
        for e in killed.server.log
    )
    assert {url: n for url, n in fetched.items() if n > seen[url]} == {}


def test_everything_verifies(killed: Killed) -> None:
    told = killed.program.json("verify", "--all")
    assert told["counts"] == {"verified": len(killed.found)}
    assert told["records"] == []


def test_no_worker_outlives_its_parent(killed: Killed) -> None:
    assert killed.orphans == []


def test_no_file_is_left_open(killed: Killed) -> None:
    assert [p.name for p in (killed.program.data / "archive").glob("*.open")] == []
    assert not list(Path(killed.program.data).glob("*.new"))


def test_a_killed_rebuild_leaves_what_serves_as_it_was(
    killed: Killed, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    shutil.copytree(undisturbed.program.data, tmp_path / "data")
    program = Newswarc(tmp_path / "data", killed.server)
    anew = tmp_path / "data" / "ledger.sqlite.new"
    before = documents(program.data)
    with program.started("rebuild") as process:
        until(lambda: ask_file(anew, "SELECT 1 FROM exchange WHERE state = 'done' LIMIT 1"), process)
        process.kill()
    assert program.survivors() == []
    assert documents(program.data) == before
    program.run("rebuild")
    assert documents(program.data) == before
    assert not anew.exists()
