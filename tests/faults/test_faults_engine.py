"""The engine dies in the middle of a crawl: all captures are archived, and the next run indexes what is missing."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults_kit import Newswarc, Paper, acknowledged, documents, indexed, registry, sentence, sites

from crawler.sample.server import Entry, SampleServer

PAPER, SECOND = Paper("paper.example", 30), Paper("second.example", 30)


@dataclass
class Failed:
    program: Newswarc
    server: SampleServer
    said: str
    archived: set[str]
    """Articles in the ledger, and so in the archive, after the failure."""
    had: int
    """Documents the index held when it went."""


class Saboteur:
    """Takes the index away when the server has answered for half of the second outlet; runs in the server's thread."""

    def __init__(self, data: Path) -> None:
        self.data, self.left, self.had = data, SECOND.count // 2, 0

    def __call__(self, entry: Entry) -> None:
        if entry.request.host != SECOND.host or "/report-" not in entry.request.path:
            return
        self.left -= 1
        if self.left == 0:
            self.had = indexed(self.data)
            shutil.rmtree(self.data / "index")
            (self.data / "index").write_text("no folder")


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failed]:
    folder = tmp_path_factory.mktemp("engine")
    saboteur = Saboteur(folder / "data")
    with SampleServer(sites(PAPER, SECOND), on_entry=saboteur) as server:
        program = Newswarc(folder / "data", server, registry(folder / "sources", PAPER, SECOND))
        program.crawl("paper")
        done = program.run("crawl", "faults", code=1)
        archived = {row.url for row in acknowledged(program.data) if row.kind == "article" and row.status == 200}
        yield Failed(program, server, sentence(done.stderr), archived, saboteur.had)


def test_the_cause_and_what_is_safe_are_said_in_one_sentence(failed: Failed) -> None:
    assert failed.said.startswith("all captures are archived, but indexing stopped: ")
    assert "index" in failed.said


def test_the_crawl_went_on_to_its_end(failed: Failed) -> None:
    assert failed.had == PAPER.count, "documents of an earlier crawl went with the index"
    assert failed.archived == PAPER.urls | SECOND.urls


def test_an_index_held_by_another_process_is_named(failed: Failed, tmp_path: Path) -> None:
    program = Newswarc(tmp_path / "data", failed.server, registry(tmp_path / "sources", PAPER))
    (program.data / "index").mkdir(parents=True)
    lock = os.open(program.data / "index" / "writer.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        said = sentence(program.run("crawl", "faults", code=1).stderr)
    finally:
        os.close(lock)
    assert said.startswith("all captures are archived, but indexing stopped: ")
    assert "another process writes to the index" in said
    assert {row.url for row in acknowledged(program.data) if row.kind == "article"} == PAPER.urls
    program.crawl("faults")
    assert {d.url for d in documents(program.data).values()} == PAPER.urls


def test_the_next_run_indexes_the_backlog_and_nothing_twice(failed: Failed) -> None:
    program = failed.program
    (program.data / "index").unlink()
    seen = len(failed.server.log)
    told = program.crawl("faults")
    found = documents(program.data)
    assert {d.url for d in found.values()} == PAPER.urls | SECOND.urls
    assert len(found) == PAPER.count + SECOND.count
    assert told["totals"]["documents"] == {"live": len(found)}
    assert told["totals"]["unindexed"] == 0
    assert not any("/report-" in e.request.path for e in failed.server.log[seen:])
