"""Snapshots of the index on a real server with a repository on its file system, and back again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from secured_server import Secured
from test_index_contract import document, kept
from typer.testing import CliRunner

from newswarc.cli import app
from newswarc.commands.faults import explain
from newswarc.items import Document
from newswarc.ledger import Ledger
from search.elastic_index import ElasticIndex
from search.elastic_snapshot import kept as snapshots
from search.elastic_snapshot import register, restore, take
from search.index import IndexFault, IndexOutdated, open_index
from search.query import All, Query

FIRST, SECOND = datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 11, 25, 12, tzinfo=UTC)


def signed_in(role: str, secured: Secured, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on newswarc has an API key with that role's rights."""
    monkeypatch.setenv("NEWSWARC_ELASTICSEARCH_API_KEY", secured.key(role))


@pytest.fixture
def place(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An index of the name the roles are for, empty; everything is done with the role that snapshots need."""
    monkeypatch.setenv("NEWSWARC_ELASTICSEARCH_CA_FILE", str(secured.authority))
    signed_in("newswarc_admin", secured, monkeypatch)
    url = f"elasticsearch:{secured.node.url}/articles"
    secured.emptied()
    with open_index(url) as index:
        assert isinstance(index, ElasticIndex)
        index.setup()
        signed_in("newswarc_snapshots", secured, monkeypatch)
        yield url
    secured.emptied()


@pytest.fixture
def index(place: str) -> Iterator[ElasticIndex]:
    with open_index(place) as opened:
        assert isinstance(opened, ElasticIndex)
        yield opened


@pytest.fixture
def repository(secured: Secured, index: ElasticIndex, request: pytest.FixtureRequest) -> str:
    name = f"of-{abs(hash(request.node.name))}"
    for _ in range(2):  # again changes nothing
        register(index.engine, name, secured.repositories / name)
    return name


def documents(index: ElasticIndex) -> dict[str, Document]:
    return {id: found for id in index.ids() if (found := index.get(id))}


def written(index: ElasticIndex, *added: Document) -> None:
    index.upsert(added)
    index.commit()


def test_what_comes_back_equals_what_was_kept(index: ElasticIndex, repository: str) -> None:
    added = [document(f"{number:03}", title=f"Title {number}", version=number + 1) for number in range(300)]
    written(index, *added)
    (before,) = index.standing()
    made = take(index, repository, now=FIRST)
    assert (made.state, made.indices) == ("SUCCESS", (before,))
    written(index, document("later"), document("000", title="changed", captured_at=SECOND))
    index.delete(["001"])
    index.commit()

    fresh = restore(index, repository, made.name)
    assert index.count() == 300, "the one that serves is left alone"
    assert "later" in index.ids()
    fresh.put_in_place()
    assert documents(fresh) == {each.id: kept(each) for each in added}
    (serves,) = index.standing()
    assert serves != before
    assert index.search(Query(All(), limit=0)).total == 300
    written(index, document("later"))  # it takes documents as before
    assert index.count() == 301
    assert index.swap_back() == before
    assert "001" not in index.ids()


def test_snapshots_are_listed_oldest_first_and_only_ours(index: ElasticIndex, repository: str) -> None:
    assert snapshots(index, repository) == []
    names = [take(index, repository, now=now).name for now in (FIRST, SECOND)]
    assert names == ["articles-20261124t120000000000", "articles-20261125t120000000000"]
    assert [each.name for each in snapshots(index, repository)] == names


def test_what_is_not_there_is_said(index: ElasticIndex, repository: str) -> None:
    for asked in (take, snapshots):
        with pytest.raises(IndexFault, match=r"there is no repository 'nowhere' .*--location"):
            asked(index, "nowhere")
    with pytest.raises(IndexFault, match="there is no snapshot 'articles-1' of articles"):
        restore(index, repository, "articles-1")


def test_a_folder_that_the_server_may_not_use_is_said(index: ElasticIndex) -> None:
    with pytest.raises(IndexFault, match=r"cannot keep snapshots in /elsewhere .*path\.repo"):
        register(index.engine, "elsewhere", Path("/elsewhere"))


def test_a_snapshot_of_another_schema_is_never_let_serve(
    index: ElasticIndex, repository: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = take(index, repository)
    monkeypatch.setattr("search.elastic_snapshot.SCHEMA_VERSION", 99)
    before = index.standing()
    with pytest.raises(IndexOutdated, match=r"schema \d+, not 99: run `newswarc rebuild`"):
        restore(index, repository, made.name)
    assert index.standing() == before
    assert len(index._every()) == 1, "nothing stays of it"


def test_a_damaged_snapshot_is_said_and_leaves_what_serves(
    secured: Secured, index: ElasticIndex, repository: str
) -> None:
    written(index, document())
    made = take(index, repository)
    (secured.repositories / repository / "indices").rename(secured.repositories / repository / "moved")
    before = index.standing()
    with pytest.raises(IndexFault):
        restore(index, repository, made.name)
    assert index.standing() == before
    assert index.count() == 1


@pytest.mark.parametrize("role", ["newswarc_crawler", "newswarc_reader"])
def test_other_roles_have_not_the_right(
    place: str, secured: Secured, repository: str, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(role, secured, monkeypatch)
    with open_index(place) as other:
        assert isinstance(other, ElasticIndex)
        with pytest.raises(IndexFault, match="has not the right"):
            take(other, repository)
        with pytest.raises(IndexFault, match="has not the right"):
            register(other.engine, "another", secured.repositories / "another")


# ---- as commands


@pytest.fixture
def run(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.setenv("NEWSWARC_INDEX", place)

    def command(*arguments: str) -> Any:
        line = ["index", *arguments, "--data", str(tmp_path / "data"), "--json"]
        done = CliRunner().invoke(app, line)
        if done.exception and not isinstance(done.exception, SystemExit):
            return explain(done.exception)
        return json.loads(done.stdout)

    return command


def test_the_commands(secured: Secured, index: ElasticIndex, run: Callable[..., Any]) -> None:
    written(index, document("a"), document("b"))
    where = secured.repositories / "commands"
    made = run("snapshot", "--repository", "commands", "--location", str(where))
    assert run("snapshots", "--repository", "commands")[0]["name"] == made["snapshot"]
    written(index, document("c"))
    told = run("restore", made["snapshot"], "--repository", "commands")
    assert (told["documents"], told["removed"]) == (2, 0)
    assert told["serves"] != made["of"]
    assert run("swap")["serves"] == made["of"]
    assert index.count() == 3
    assert "there is no snapshot 'x'" in run("restore", "x", "--repository", "commands")


def test_the_ledger_sends_again_what_came_after_and_withdraws_what_is_gone(
    secured: Secured, index: ElasticIndex, run: Callable[..., Any], tmp_path: Path
) -> None:
    written(index, document("kept"), document("withdrawn"))
    made = run("snapshot", "--repository", "again", "--location", str(secured.repositories / "again"))
    with closing(Ledger(tmp_path / "data" / "ledger.sqlite")) as ledger, ledger._write() as db:
        db.execute("INSERT INTO document VALUES ('kept', 'kept', 1, 1, 'live', 1), ('later', 'later', 2, 1, 'live', 1)")
    told = run("restore", made["snapshot"], "--repository", "again")
    assert (told["documents"], told["removed"]) == (1, 1)
    assert list(index.ids()) == ["kept"]
    with closing(Ledger(tmp_path / "data" / "ledger.sqlite")) as ledger:
        assert {row.id for row in ledger.unindexed(10)} == {"kept", "later"}


def test_the_embedded_index_has_no_snapshots(run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEWSWARC_INDEX")
    for command in (["snapshot"], ["snapshots"], ["restore", "x"], ["figures"]):
        assert "this is for Elasticsearch: name its index with --index" in run(*command)


def test_figures_are_set_up_by_the_admin_and_sent_by_the_crawler(
    secured: Secured, run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Ledger(tmp_path / "data" / "ledger.sqlite")) as ledger:
        ledger.begin_round(["region/outlet"], FIRST)
    signed_in("newswarc_crawler", secured, monkeypatch)
    assert "has not the right" in run("figures")
    signed_in("newswarc_admin", secured, monkeypatch)
    for _ in range(2):
        run("setup")
    signed_in("newswarc_crawler", secured, monkeypatch)
    assert run("figures")["figures"] == 1
    signed_in("newswarc_reader", secured, monkeypatch)
    assert "has not the right" in run("figures")
    there = secured.ask("/articles-figures/_search")["hits"]["hits"]
    assert [hit["_source"]["source"] for hit in there] == ["region/outlet"]
