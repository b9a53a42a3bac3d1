"""Ledger, index and CDXJ lost, damaged, or of another version: each is named with its remedy, and the remedy works."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults_kit import Newswarc, Paper, acknowledged, documents, registry, sentence, sites

from crawler.sample.server import SampleServer
from newswarc.items import Document

PAPER = Paper("paper.example")


@dataclass
class Whole:
    """A small outlet, crawled."""

    folder: Path
    server: SampleServer
    program: Newswarc
    documents: dict[str, Document]
    earlier: Path
    """The data folder as it was half way."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("whole")
    with SampleServer(sites(PAPER)) as server:
        program = Newswarc(folder / "data", server, registry(folder / "sources", PAPER))
        program.crawl("faults", "--limit", str(PAPER.count // 2))
        shutil.copytree(program.data, folder / "earlier")
        program.crawl("faults")
        found = documents(program.data)
        assert {d.url for d in found.values()} == PAPER.urls
        yield Whole(folder, server, program, found, folder / "earlier")


@pytest.fixture
def copy(whole: Whole, tmp_path: Path) -> Newswarc:
    shutil.copytree(whole.program.data, tmp_path / "data")
    return Newswarc(tmp_path / "data", whole.server, whole.program.sources)


def lose_ledger(data: Path) -> None:
    for path in data.glob("ledger.sqlite*"):
        path.unlink()


def lose_index(data: Path) -> None:
    shutil.rmtree(data / "index")


def lose_cdxj(data: Path) -> None:
    for path in (data / "archive").glob("*.cdxj"):
        path.unlink()


def lose_all(data: Path) -> None:
    for lose in (lose_ledger, lose_index, lose_cdxj):
        lose(data)


Break = Callable[[Path], None]


@pytest.mark.parametrize("lose", [lose_index, lose_all])
def test_the_next_crawl_makes_good_what_was_lost(whole: Whole, copy: Newswarc, lose: Break) -> None:
    lose(copy.data)
    seen = len(whole.server.log)
    told = copy.crawl("faults")
    assert told["sources"]["faults/paper"]["new"] == 0
    assert documents(copy.data) == whole.documents
    asked = {e.request.path for e in whole.server.log[seen:]}
    assert asked & set(PAPER.articles) == set(), "nothing is fetched again that the archive holds"
    assert len(copy.run("lookup", f"http://{PAPER.host}{PAPER.articles[0]}").stdout.splitlines()) == 1


@pytest.mark.parametrize("part", ["ledger.sqlite", "index"])
def test_a_part_older_than_the_archive_is_brought_up(whole: Whole, copy: Newswarc, part: str) -> None:
    """As after a power cut that took the ledger's last commits, or a backup put back."""
    for path in copy.data.glob(f"{part}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in whole.earlier.glob(f"{part}*"):
        (shutil.copytree if path.is_dir() else shutil.copy)(path, copy.data / path.name)
    seen = len(whole.server.log)
    copy.crawl("faults")
    assert documents(copy.data) == whole.documents
    assert not {e.request.path for e in whole.server.log[seen:]} & set(PAPER.articles)


def test_a_rebuild_makes_good_what_was_lost(whole: Whole, copy: Newswarc) -> None:
    rounds = copy.json("status")["last_round"]
    lose_index(copy.data)
    lose_cdxj(copy.data)
    copy.run("rebuild")
    assert documents(copy.data) == whole.documents
    assert copy.json("status")["last_round"] == rounds
    before = {(row.pointer, row.outcome) for row in acknowledged(whole.program.data)}
    assert {(row.pointer, row.outcome) for row in acknowledged(copy.data)} == before
    assert len(copy.run("lookup", f"http://{PAPER.host}{PAPER.articles[0]}").stdout.splitlines()) == 1
    told = copy.json("verify", "--all")
    assert told["counts"] == {"verified": PAPER.count}
    assert told["records"] == []


# ---- damaged, or another version's


def random_bytes(data: Path) -> None:
    lose_ledger(data)
    (data / "ledger.sqlite").write_bytes(random.Random(4).randbytes(100_000))


def holes(data: Path) -> None:
    """The first page is whole, what follows is not: SQLite notices when it gets there."""
    with closing(sqlite3.connect(data / "ledger.sqlite")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = bytearray((data / "ledger.sqlite").read_bytes())
    whole[4096:] = random.Random(5).randbytes(len(whole) - 4096)
    (data / "ledger.sqlite").write_bytes(whole)


def another_ledger(data: Path) -> None:
    with closing(sqlite3.connect(data / "ledger.sqlite")) as db:
        db.execute("PRAGMA user_version = 99")


def another_index(data: Path) -> None:
    (data / "index" / "current").write_text("articles-99-1")


def no_such_index(data: Path) -> None:
    (data / "index" / "current").write_text("\0 nonsense")


def index_files_gone(data: Path) -> None:
    for path in (data / "index").glob("articles-*/*.store"):
        path.unlink()


def index_files_damaged(data: Path) -> None:
    for path in (data / "index").glob("articles-*/meta.json"):
        path.write_bytes(b"{" + path.read_bytes()[:40])


DAMAGES = [(random_bytes, another_index), (holes, no_such_index), (another_ledger, index_files_gone)]


@pytest.mark.parametrize(("ledger", "index"), DAMAGES)
def test_damage_is_one_sentence_with_a_remedy_that_works(
    whole: Whole, copy: Newswarc, ledger: Break, index: Break
) -> None:
    ledger(copy.data)
    index(copy.data)
    for command in (("crawl", "faults"), ("status",), ("search", "harbour")):
        done = copy.run(*command, code=1)
        assert "newswarc rebuild" in sentence(done.stderr), command
        assert done.stdout == ""
    copy.run("rebuild")
    assert documents(copy.data) == whole.documents


@pytest.mark.parametrize("damage", [index_files_damaged])
def test_a_crawl_does_not_begin_on_a_damaged_index(copy: Newswarc, damage: Break) -> None:
    damage(copy.data)
    assert "newswarc rebuild" in sentence(copy.run("crawl", "faults", code=1).stderr)


def test_without_a_ledger_or_an_archive_the_remedy_is_named(copy: Newswarc, tmp_path: Path) -> None:
    lose_ledger(copy.data)
    assert "newswarc rebuild" in sentence(copy.run("status", code=2).stderr)
    nowhere = Newswarc(tmp_path / "nowhere", copy.server)
    for command in ("status", "rebuild"):
        assert "no " in sentence(nowhere.run(command, code=2).stderr)
    assert not nowhere.data.exists()
