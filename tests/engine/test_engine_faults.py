"""What goes wrong on the way to Elasticsearch is said in one sentence; who may do what."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from drain_kit import crawling
from elastic_server import request, until
from faulty_proxy import door
from secured_server import Secured
from test_index_contract import NewPlace, document, found

from crawler.sample.server import SampleServer, message
from newswarc.settings import BadSetting, ElasticSettings
from search.elastic_index import ElasticIndex
from search.index import IndexAway, IndexFault, IndexOutdated, IndexRefused, fresh_index, open_index
from search.query import All, Query

NAME = "NEWSWARC_ELASTICSEARCH_"


# ---- on a server without security


def url_and_name(place: str) -> tuple[str, str]:
    url, _, name = place.partition(":")[2].rpartition("/")
    return url, name


def test_setting_up_again_changes_nothing(new_place: NewPlace) -> None:
    place = new_place("elasticsearch")
    with open_index(place) as index:
        index.upsert([document()])
        index.commit()
        serves = index.standing()
        index.setup()
        assert index.standing() == serves
    with open_index(place) as index:
        assert index.count() == 1


def test_a_field_that_the_mapping_lacks_is_refused(new_place: NewPlace) -> None:
    place = new_place("elasticsearch")
    url, name = url_and_name(place)
    open_index(place).close()
    with pytest.raises(OSError, match="400"):
        request(f"{url}/{name}/_doc/x", "PUT", {"unknown": 1})


def test_one_bad_document_in_a_thousand(new_place: NewPlace) -> None:
    with open_index(new_place("elasticsearch")) as index:
        added = [document(f"{number:04}", version=2**40 if number == 500 else 1) for number in range(1_000)]
        index.upsert(added)
        with pytest.raises(IndexRefused, match="refused 1 document") as refused:
            index.commit()
        assert list(refused.value.refused) == ["0500"]
        assert "out of range" in refused.value.refused["0500"]
        assert index.count() == 999


def test_a_bulk_that_is_refused_as_a_whole_is_sent_in_parts(new_place: NewPlace) -> None:
    with open_index(new_place("elasticsearch")) as index:
        index.upsert([document("a"), document("x" * 600), document("b")])  # an id may have 512 bytes
        with pytest.raises(IndexRefused) as refused:
            index.commit()
        assert list(refused.value.refused) == ["x" * 600]
        assert list(index.ids()) == ["a", "b"]


def test_documents_larger_than_a_bulk_go_alone(new_place: NewPlace) -> None:
    with open_index(new_place("elasticsearch")) as index:
        text = "river " * 300_000
        index.upsert([document(id, text=text, folded="river", stems="en_river", title_words=0) for id in "abc"])
        index.commit()
        assert list(index.ids()) == ["a", "b", "c"]


def test_another_schema_is_never_read(new_place: NewPlace) -> None:
    place = new_place("elasticsearch")
    url, _ = url_and_name(place)
    with open_index(place) as index:
        (serves,) = index.standing()
    request(f"{url}/{serves}/_mapping", "PUT", {"_meta": {"newswarc": {"schema": 0}}})
    with pytest.raises(IndexOutdated, match=r"schema 0, not .*newswarc rebuild"):
        open_index(place)
    with fresh_index(place) as fresh:
        fresh.put_in_place()
    with open_index(place) as index:
        assert index.count() == 0


def test_a_broken_off_rebuild_leaves_what_serves(new_place: NewPlace) -> None:
    place = new_place("elasticsearch")
    with open_index(place) as index:
        index.upsert([document()])
        index.commit()
        with fresh_index(place) as fresh:
            fresh.upsert([document("b")])
            fresh.commit()
        assert list(index.ids()) == ["a"]
        with fresh_index(place) as fresh:
            assert fresh.count() == 0
            fresh.upsert([document("c")])
            fresh.put_in_place()
        index.refresh()
        assert list(index.ids()) == ["c"]
        index.swap_back()
        assert list(index.ids()) == ["a"]


@pytest.mark.parametrize("block", ["read_only", "write", "read_only_allow_delete"])
def test_a_blocked_or_full_index_is_named_and_goes_on_afterwards(new_place: NewPlace, block: str) -> None:
    place = new_place("elasticsearch")
    url, name = url_and_name(place)
    with open_index(place) as index:
        request(f"{url}/{name}/_settings", "PUT", {f"index.blocks.{block}": True})
        index.upsert([document()])
        with pytest.raises(IndexAway, match="is full" if "delete" in block else "is blocked for writing"):
            index.commit()
        request(f"{url}/{name}/_settings", "PUT", {f"index.blocks.{block}": None})
        index.upsert([document()])
        index.commit()
        assert index.count() == 1


def test_an_alias_that_is_gone_is_never_made_an_index(new_place: NewPlace) -> None:
    place = new_place("elasticsearch")
    url, name = url_and_name(place)
    with open_index(place) as index:
        request(f"{url}/{name}-v*/_alias/{name}", "DELETE")
        with pytest.raises(IndexFault, match="run `newswarc index setup`"):
            index.upsert([document()])
        with pytest.raises(OSError, match="404"):
            request(f"{url}/{name}")


def test_a_server_that_is_away() -> None:
    place = "elasticsearch:http://127.0.0.1:9/articles"
    with pytest.raises(IndexAway, match=r"Elasticsearch at http://127.0.0.1:9 does not answer .*refused"):
        open_index(place)
    with open_index(place, write=True) as index, pytest.raises(IndexAway):
        index.upsert([document()])


def test_the_client_goes_on_with_the_nodes_that_live(new_place: NewPlace) -> None:
    url, name = url_and_name(new_place("elasticsearch"))
    with open_index(f"elasticsearch:http://127.0.0.1:9,{url}/{name}") as index:
        for _ in range(4):
            index.upsert([document()])
            index.commit()
        assert found(index, "text") == ["a"]


def test_what_is_not_elasticsearch_is_named() -> None:
    site = {"127.0.0.1": lambda request: message("<title>Hello</title>")}
    with SampleServer(site) as server, pytest.raises(IndexFault, match="is not Elasticsearch: check the address"):
        open_index(f"elasticsearch:http://127.0.0.1:{server.port}/articles")


def test_a_name_or_address_that_is_none() -> None:
    for place in ("http://127.0.0.1:9200/Big", "http://127.0.0.1:9200/", "ftp://127.0.0.1/a", "http://u:p@host/a"):
        with pytest.raises(BadSetting):
            open_index(f"elasticsearch:{place}")


def test_secrets_are_read_from_files_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("open sesame\n")
    environ = {f"{NAME}USERNAME": "elastic", f"{NAME}PASSWORD_FILE": str(tmp_path / "secret"), f"{NAME}API_KEY": "k3y"}
    settings = ElasticSettings.from_environment(environ)
    assert (settings.password, settings.api_key) == ("open sesame", "k3y")
    assert "sesame" not in repr(settings)
    assert "k3y" not in repr(settings)
    with pytest.raises(BadSetting, match="go together"):
        ElasticSettings.from_environment({f"{NAME}USERNAME": "elastic"})


# ---- on one with TLS and users


@pytest.fixture
def place(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(f"{NAME}CA_FILE", str(secured.authority))
    return f"elasticsearch:{secured.node.url}/articles"


def signed_in(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(NAME + name, value)


def test_user_and_password_over_tls(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(monkeypatch, USERNAME="ann", PASSWORD="battery staple")
    with open_index(place, write=True) as index:
        index.upsert([document()])
        index.commit()
        assert index.count() == 1


def test_a_wrong_password_or_key_or_none(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for settings in ({}, {"USERNAME": "ann", "PASSWORD": "guess"}, {"API_KEY": "Zm9vOmJhcg=="}):
        signed_in(monkeypatch, **settings)
        with pytest.raises(IndexFault, match=r"refused the user or the key: check NEWSWARC_ELASTICSEARCH_") as fault:
            open_index(place, write=True)
        assert "guess" not in str(fault.value)
        assert not isinstance(fault.value, IndexAway)


def test_a_certificate_that_is_not_trusted(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"{NAME}CA_FILE")
    with pytest.raises(IndexFault, match=r"is not trusted .*NEWSWARC_ELASTICSEARCH_CA_FILE"):
        open_index(place, write=True)


def test_each_role_may_do_its_own_work_and_no_more(
    place: str, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(monkeypatch, API_KEY=secured.key("newswarc_admin"))
    open_index(place).close()
    with fresh_index(place) as fresh:
        fresh.upsert([document("first")])
        fresh.put_in_place()

    signed_in(monkeypatch, API_KEY=secured.key("newswarc_crawler"))
    with open_index(place, write=True) as index:
        index.upsert([document("second"), document("third")])
        index.commit()
        index.delete(["third"])
        index.commit()
        assert list(index.ids()) == ["first", "second"]
    with pytest.raises(IndexFault, match=r"has not the right .* docs/elasticsearch.md"):
        fresh_index(place)

    signed_in(monkeypatch, API_KEY=secured.key("newswarc_reader"))
    with open_index(place) as index:
        index.refresh()
        assert sorted(found(index, "text")) == ["first", "second"]
        assert index.get("first") is not None
        assert index.aggregate(Query(All())).total == 2
        index.upsert([document("fourth")])
        with pytest.raises(IndexFault, match="has not the right for the index to be written"):
            index.commit()
        index.delete(["first"])
        with pytest.raises(IndexFault, match="has not the right"):
            index.commit()
        with pytest.raises(IndexFault, match="has not the right"):
            index.setup()
        assert list(index.ids()) == ["first", "second"]


def test_a_full_disk_is_named_and_the_backlog_goes_in_when_there_is_room(
    place: str, secured: Secured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is the server itself that finds its disk too full, and that takes the block away again."""

    def watermarks(free: str) -> None:
        names = ("low", "high", "flood_stage")
        settings = {f"cluster.routing.allocation.disk.watermark.{name}": free for name in names}
        settings["cluster.routing.allocation.disk.threshold_enabled"] = "true"
        secured.ask("/_cluster/settings", "PUT", {"persistent": settings})

    def is_blocked() -> bool:
        answer = secured.ask("/articles/_settings/index.blocks.*")
        return any(about["settings"] for about in answer.values())

    signed_in(monkeypatch, USERNAME="ann", PASSWORD="battery staple")
    with crawling(tmp_path / "data", every=10.0) as crawl, open_index(place, write=True) as index:
        index.delete(list(index.ids()))
        crawl.drained(index, until=25)
        assert crawl.is_all_in(index)
        try:
            watermarks("900tb")
            until(is_blocked, "the server finds its disk full", 60)
            with pytest.raises(IndexAway, match=r"the disk of Elasticsearch at .* is full, .* goes on by itself"):
                crawl.drained(index, until=85)
            assert len(crawl.ledger.unindexed(100)) == len(crawl.urls) - 3 == 6
        finally:
            watermarks("1b")
        until(lambda: not is_blocked(), "the server finds room", 60)
        crawl.drained(index, until=0)
        assert crawl.is_all_in(index)


def test_a_server_before_it_that_fails(new_place: NewPlace) -> None:
    url, name = url_and_name(new_place("elasticsearch"))
    with door(url) as opened:
        index = open_index(f"elasticsearch:{opened.url}/{name}")
        with index:
            opened.decide = lambda method, path, body: (502, b"{}")
            with pytest.raises(IndexAway, match="502"):
                index.count()
    assert isinstance(index, ElasticIndex)


def test_captures_before_the_year_1970_have_versions(new_place: NewPlace) -> None:
    with open_index(new_place("elasticsearch")) as index:
        index.upsert([document(captured_at=datetime(1, 1, 2, tzinfo=UTC))])
        index.commit()
        assert index.count() == 1
