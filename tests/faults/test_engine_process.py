"""The embedded engine in its own process: it is killed, told to end, or has its index broken, and nothing is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
from faults_kit import Newswarc, Paper, acknowledged, documents, indexed, not_verified, registry, sites, until

from crawler.sample.server import Entry, SampleServer
from newswarc.items import Document, Evidence
from newswarc.ledger import Ledger
from newswarc.settings import DataFolder
from pipelines.engine import EngineProcess
from search.index import IndexAway, IndexDamaged, IndexLocked, IndexOutdated, open_index

AT = datetime(2026, 4, 21, tzinfo=UTC)
PAPER = Paper("paper.example", 40)


def document(id: str) -> Document:
    return Document(
        id=id, article_id=id, url=f"http://paper.example/{id}", title=f"River {id}", text="The river rose.",
        source="test/paper", sitename="Paper", language="en", country=None, published=None, published_raw=None,
        published_origin=None, captured_at=AT, authors=(), tags=(), version=1, state="live", extractor="test",
        evidence=Evidence("a.warc.gz", 0, 1, "<urn:uuid:0>", "sha1:A", AT), folded="the river rose",
        stems="the river rise", title_words=2,
    )  # fmt: skip


def ids(folder: Path) -> list[str]:
    with open_index(folder) as index:
        return list(index.ids())


def process_of(engine: EngineProcess) -> psutil.Process:
    return psutil.Process(engine._process.pid)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    made = EngineProcess(str(tmp_path))
    yield made
    made.close()


def test_it_keeps_what_it_is_sent(engine: EngineProcess, tmp_path: Path) -> None:
    assert (engine.count(), engine.upsert([document("a"), document("b")])) == (0, 2)
    assert ids(tmp_path) == []
    engine.commit()
    engine.delete(["a"])
    engine.commit()
    assert (engine.count(), ids(tmp_path)) == (1, ["b"])
    assert process_of(engine).ppid() != os.getpid(), "forked by the fork server, of which it shares the memory"
    with pytest.raises(IndexLocked):
        open_index(tmp_path, write=True)
    engine.close()
    open_index(tmp_path, write=True).close()


def test_killed_it_is_away_once_and_what_was_not_committed_is_gone(engine: EngineProcess, tmp_path: Path) -> None:
    engine.upsert([document("a")])
    engine.commit()
    engine.upsert([document("b")])
    process_of(engine).kill()
    with pytest.raises(IndexAway, match=r"has died \(SIGKILL\)"):
        engine.commit()  # of nothing, by a new process, it would be said to be well
    assert engine.count() == 1
    engine.upsert([document("c")])
    engine.commit()
    assert ids(tmp_path) == ["a", "c"]


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_all_processes_are_told_at_once_is_its_parents_to_answer(
    engine: EngineProcess, tmp_path: Path, told: signal.Signals
) -> None:
    process_of(engine).send_signal(told)
    engine.upsert([document("a")])
    engine.commit()
    assert ids(tmp_path) == ["a"]


def test_faults_come_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "current").write_text("nonsense")
    with pytest.raises(IndexDamaged, match="names no index"):
        EngineProcess(str(tmp_path))
    (tmp_path / "current").write_text("articles-1-1")
    with pytest.raises(IndexOutdated, match="has schema 1"):
        EngineProcess(f"tantivy:{tmp_path}")


@dataclass
class Killer:
    """Kills the process that writes the index whenever the server has given ten more articles, three times."""

    mark: Any = None
    given: int = 0
    killed: int = 0

    def __call__(self, entry: Entry) -> None:
        self.given += "/report-" in entry.request.path
        if self.given < 10 or self.killed == 3:
            return
        self.given = 0
        for process in self.mark.processes():
            if any(file.path.endswith("writer.lock") for file in process.open_files()):
                process.kill()
                self.killed += 1


def _what_waits_for_the_index_is_not_missing(program: Newswarc, id: str) -> None:
    with open_index(program.data / "index", write=True) as index:
        index.delete([id])
        index.commit()
    assert program.json("verify", id, code=1)["counts"] == {"missing": 1}
    with closing(Ledger(DataFolder(program.data).ledger)) as ledger:
        ledger.all_unindexed()
        ledger.quarantine(id, "refused", AT)
        assert not ledger.waits_for_index(id), "what was refused is not sent again"
        ledger.indexed([id])
        ledger.all_unindexed()
    (told,) = program.json("verify", id)["documents"]
    assert told["verdict"] == "verified"
    assert told["cause"].startswith("not in the index yet")
    program.crawl("faults")


def test_a_crawl_outlives_its_engine(tmp_path: Path) -> None:
    killer = Killer()
    with SampleServer(sites(PAPER), on_entry=killer) as server:
        killer.mark = program = Newswarc(tmp_path / "data", server, registry(tmp_path / "sources", PAPER))
        said = program.run("crawl", "faults").stderr
        assert killer.killed
        assert "has died (SIGKILL); the crawl goes on, the documents wait in the ledger" in said
        found = documents(program.data)
        assert {each.url for each in found.values()} == PAPER.urls
        _what_waits_for_the_index_is_not_missing(program, next(iter(found)))
        assert program.json("index", "backlog")["to_index"] == 0


def test_a_crawl_whose_processes_are_all_told_to_end_ends_in_order(tmp_path: Path) -> None:
    """As a service manager does it: TERM to every process of the group. No page under way is taken for poisoned."""
    with SampleServer(sites(PAPER)) as server:
        program = Newswarc(tmp_path / "data", server, registry(tmp_path / "sources", PAPER))
        with program.started("crawl", "faults") as process:
            until(lambda: sum("/report-" in entry.request.path for entry in server.log) > 10, process)
            os.killpg(process.pid, signal.SIGTERM)
            _, cause = process.communicate(timeout=60)
        assert process.returncode == 128 + signal.SIGTERM, cause
        assert "poisoned" not in cause
        assert program.survivors() == []
        program.crawl("faults")
        assert indexed(program.data) == PAPER.count
        assert not_verified(program.data, acknowledged(program.data)) == []
