"""Every field, aggregation and query of the Kibana objects, run on a real Elasticsearch, gives what the sample holds.

The searches are derived from the object files; what they ought to give is worked out in Python from the documents.
The sample outlets are crawled in two rounds, so articles, figures and archive are those of a real crawl.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from elastic_server import request
from faults_kit import Newswarc, Paper, registry, sites
from faulty_proxy import door
from kibana_asks import Ask, answered, body, held, kql, of_api, of_lens, values_at

from crawler.sample.outlets import SampleOutlets
from crawler.sample.serve import running
from crawler.sample.server import SampleServer
from newswarc.ledger import Ledger
from newswarc.settings import DataFolder
from search.elastic_figures import archive_days, figures_since, send
from search.elastic_index import ElasticIndex
from search.index import open_index
from search.kibana_objects import objects, saved

FOUND = objects("articles", "http://127.0.0.1:8765")
DASHBOARDS = {each["id"]: each for each in FOUND["dashboard"]}
ASKS = {f"{id.removeprefix('newswarc-')}-{ask.name}": (dashboard, ask)
        for id, dashboard in DASHBOARDS.items() for ask in of_api(dashboard)}  # fmt: skip
PLACES = (
    ("termez", "Termez", "UZ", {"lat": 37.22, "lon": 67.28}),
    ("kunduz", "Kunduz", "AF", {"lat": 36.73, "lon": 68.86}),
    ("osh", "Osh", "KG", {"lat": 40.53, "lon": 72.8}),
)


@dataclass
class Desk:
    url: str
    name: str
    data: DataFolder
    program: Newswarc
    articles: list[dict[str, Any]]
    figures: list[dict[str, Any]]

    def search(self, view: str, asked: dict[str, Any]) -> dict[str, Any]:
        return dict(request(f"{self.url}/{self.index(view)}/_search", "POST", asked))

    def index(self, view: str) -> str:
        return self.name + {"newswarc-articles": "", "newswarc-figures": "-figures"}[view]

    def documents(self, view: str, query: str) -> list[dict[str, Any]]:
        """That a query leaves, in Python."""
        found = self.articles if view == "newswarc-articles" else self.figures
        if not query:
            return found
        assert query == "not state : superseded"
        return [document for document in found if document["state"] != "superseded"]


@pytest.fixture(scope="module")
def desk(elasticsearch_url: str, new_place: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    place = new_place("elasticsearch")
    name = place.rpartition("/")[2]
    data = tmp_path_factory.mktemp("desk") / "data"
    outlets = SampleOutlets(1)
    with running(outlets=outlets) as server:
        program = Newswarc(data, server, environ={"NEWSWARC_INDEX": place})
        program.crawl("sample")
        outlets.stage = 2
        program.crawl("sample", "--recheck")
        articles = with_actors(elasticsearch_url, name)
        found = request(f"{elasticsearch_url}/{name}-figures/_search?size=1000")
        figures = [hit["_source"] for hit in found["hits"]["hits"]]
        yield Desk(elasticsearch_url, name, DataFolder(data), program, articles, figures)


def with_actors(url: str, name: str) -> list[dict[str, Any]]:
    """All articles, given actors and places by rule: of some none, of some several."""
    found = request(f"{url}/{name}/_search?size=1000", "POST", {"sort": [{"id": "asc"}]})
    articles = [hit["_source"] for hit in found["hits"]["hits"]]
    for number, article in enumerate(articles):
        who = [("iskp", "Islamic State – Khorasan"), ("sco", "SCO"), ("csto", "CSTO")][: number % 4]
        where = PLACES[: (number + 1) % 4]
        article |= {
            "actors": [{"id": id, "name": name, "type": "organization"} for id, name in who],
            "actor_names": [name for _, name in who],
            "places": [
                {"id": id, "name": name, "type": "city", "country": c, "role": "scene"} for id, name, c, _ in where
            ],
            "place_names": [name for _, name, _, _ in where],
            "place_countries": sorted({country for _, _, country, _ in where}),
            "geo_point": [point for *_, point in where],
        }
        request(f"{url}/{name}/_doc/{quote(article['id'])}", "PUT", article)
    request(f"{url}/{name}/_refresh", "POST")
    return articles


def test_the_sample_has_what_the_objects_draw(desk: Desk) -> None:
    """Else the comparisons below would compare nothing with nothing."""
    states = Counter(article["state"] for article in desk.articles)
    assert states["superseded"] > 0
    assert states["live"] > 10
    assert len({article["source"] for article in desk.articles}) > 2
    assert Counter(f["kind"] for f in desk.figures)["archive"] >= 1
    assert len({f["at"] for f in desk.figures if f["kind"] == "source"}) == 2


@pytest.mark.parametrize("chart", ASKS)
def test_each_chart_gives_what_the_sample_holds(desk: Desk, chart: str) -> None:
    dashboard, ask = ASKS[chart]
    query = dashboard.get("query", {}).get("expression", "")
    got = answered(ask, desk.search(ask.data_view, body(ask, kql(query))))
    expected = held(ask, desk.documents(ask.data_view, query))
    assert got.keys() == expected.keys()
    for key, numbers in expected.items():
        for value, number, told in zip(ask.values, numbers, got[key], strict=True):
            where = (key, value.label, told, number)
            if isinstance(number, tuple):
                assert told is not None, where
                assert number[0] - 1 <= told <= number[1] + 1, where
            else:
                assert told == number, where
    for place, value in enumerate(ask.values):
        assert any(numbers[place] for numbers in got.values()), f"nothing is ever drawn for {value.label}"


@pytest.mark.parametrize("id", DASHBOARDS)
def test_the_saved_form_gives_the_same(desk: Desk, id: str) -> None:
    """The searches of the imported form, made from it alone."""
    dashboard = saved("dashboard", DASHBOARDS[id])
    query = json.loads(dashboard["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]
    for ask, other in zip(of_lens(dashboard), of_api(DASHBOARDS[id]), strict=True):
        asked = desk.search(ask.data_view, body(ask, kql(query)))
        assert answered(ask, asked) == answered(other, desk.search(other.data_view, body(other, kql(query))))


def all_fields() -> set[tuple[str, str, bool]]:
    """Data view, field, and whether it is counted or sorted by: of everything in the files that names a field."""
    named: set[tuple[str, str, bool]] = set()
    for _, ask in ASKS.values():
        named |= {(ask.data_view, field, True) for field in ask.fields()}
    for view in FOUND["data-view"]:
        named |= {(view["id"], field, False) for field in view["fieldFormats"]} | {
            (view["id"], view["timeFieldName"], True)
        }
    for dashboard in DASHBOARDS.values():
        named |= {(c["config"]["data_view_id"], c["config"]["field_name"], True)
                  for c in dashboard.get("pinned_panels", ())}  # fmt: skip
    for session in FOUND["discover"]:
        named |= {(session["data_view"], column, False) for column in session["columns"]}
        named |= {(session["data_view"], column, True) for column, _ in session["sort"]}
        assert set(session["widths"]) <= set(session["columns"])
    for each in FOUND["map"]:
        for layer in each["layers"]:
            source = layer["source"]
            fields = [source[name] for name in ("geoField", "sortField") if name in source]
            named |= {(layer["data_view"], field, True) for field in fields}
            named |= {(layer["data_view"], field, False) for field in source.get("tooltipProperties", ())}
    return named


def test_every_field_is_in_the_mapping_and_of_use_for_its_purpose(desk: Desk) -> None:
    for view in ("newswarc-articles", "newswarc-figures"):
        known = request(f"{desk.url}/{desk.index(view)}/_field_caps?fields=*")["fields"]
        for where, field, counted in all_fields():
            if where != view:
                continue
            assert field in known, f"{view} has no field {field}"
            (about,) = known[field].values()
            assert about["aggregatable"] or not counted, f"{field} of {view} cannot be counted"


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=DASHBOARDS)
def test_every_control_offers_the_values_there_are(desk: Desk, dashboard: dict[str, Any]) -> None:
    query = dashboard.get("query", {}).get("expression", "")
    for control in dashboard.get("pinned_panels", ()):
        view, field = control["config"]["data_view_id"], control["config"]["field_name"]
        asked = {"size": 0, "query": kql(query), "aggs": {"b": {"terms": {"field": field, "size": 1000}}}}
        offered = {b["key"]: b["doc_count"] for b in desk.search(view, asked)["aggregations"]["b"]["buckets"]}
        documents = desk.documents(view, query)
        assert offered == Counter(value for d in documents for value in set(values_at(d, field)))
        assert offered


def test_discover_shows_the_newest_texts_and_their_columns(desk: Desk) -> None:
    (session,) = FOUND["discover"]
    asked = {
        "size": 1000,
        "query": kql(session["query"]),
        "sort": [{field: order} for field, order in session["sort"]],
        "fields": session["columns"],
        "_source": False,
    }
    rows = desk.search(session["data_view"], asked)["hits"]["hits"]
    documents = {d["id"]: d for d in desk.documents(session["data_view"], session["query"])}
    assert {row["_id"] for row in rows} == set(documents)
    for row in rows:
        for column in session["columns"]:
            shown, there = row["fields"].get(column, []), values_at(documents[row["_id"]], column)
            assert len(shown) == len(there), column
            if column != "published":  # shown in UTC
                assert sorted(shown) == sorted(there)
    dates = [documents[row["_id"]]["date"] for row in rows]
    assert len(dates) > 10
    assert [row["sort"][0] for row in rows] == sorted((row["sort"][0] for row in rows), reverse=True)


def test_the_link_opens_the_evidence_page_of_the_document(desk: Desk) -> None:
    view = next(each for each in FOUND["data-view"] if each["id"] == "newswarc-articles")
    template = view["fieldFormats"]["id"]["params"]["urlTemplate"]
    for article in desk.articles:
        link = template.replace("{{value}}", quote(article["id"], safe=""))
        assert link == f"http://127.0.0.1:8765/evidence/{article['id']}", "an id is changed by the link"
    shown = desk.program.json("show", desk.articles[0]["id"])
    assert shown["id"] == desk.articles[0]["id"]


# ---- the map


def layers(kind: str) -> list[dict[str, Any]]:
    return [layer for each in FOUND["map"] for layer in each["layers"] if layer["source"]["type"] == kind]


def tile(point: dict[str, float], zoom: int) -> str:
    """Of the Web Mercator grid."""
    n, angle = 2**zoom, math.radians(point["lat"])
    x = int((point["lon"] + 180) / 360 * n)
    y = int((1 - math.log(math.tan(angle) + 1 / math.cos(angle)) / math.pi) / 2 * n)
    return f"{zoom}/{x}/{y}"


def test_the_grid_counts_the_articles_of_each_place(desk: Desk) -> None:
    (layer,) = layers("ES_GEO_GRID")
    query = FOUND["map"][0]["query"]
    zoom = 7
    grid = {"geotile_grid": {"field": layer["source"]["geoField"], "precision": zoom}}
    for metric in layer["source"]["metrics"]:
        assert metric == {"type": "count"}
    found = desk.search(layer["data_view"], {"size": 0, "query": kql(query), "aggs": {"grid": grid}})
    counted = {b["key"]: b["doc_count"] for b in found["aggregations"]["grid"]["buckets"]}
    documents = desk.documents(layer["data_view"], query)
    assert counted == Counter(cell for d in documents for cell in {tile(p, zoom) for p in d["geo_point"]})
    assert len(counted) == len(PLACES)


def test_the_points_are_the_articles_that_name_places(desk: Desk) -> None:
    (layer,) = layers("ES_SEARCH")
    source, query = layer["source"], FOUND["map"][0]["query"]
    corners = {"top_left": {"lat": 80, "lon": 0}, "bottom_right": {"lat": 0, "lon": 180}}
    asked = {
        "size": 1000,
        "query": {"bool": {"must": kql(query), "filter": {"geo_bounding_box": {source["geoField"]: corners}}}},
        "sort": [{source["sortField"]: source["sortOrder"]}],
        "fields": [*source["tooltipProperties"], source["geoField"]],
    }
    found = {hit["_id"]: hit["fields"] for hit in desk.search(layer["data_view"], asked)["hits"]["hits"]}
    there = {d["id"]: d for d in desk.documents(layer["data_view"], query) if d["geo_point"]}
    assert found.keys() == there.keys()
    for id, fields in found.items():
        assert len(fields[source["geoField"]]) == len(there[id]["geo_point"])
        assert fields["place_names"] == there[id]["place_names"]


# ---- the figures themselves


def test_the_crawl_has_sent_what_the_ledger_says(desk: Desk) -> None:
    ledger = Ledger(desk.data.ledger)
    try:
        made = dict(figures_since(ledger, desk.data.archive, ""))
        rounds = [ledger.round_figures(number) for number in (1, 2)]
        totals = ledger.totals()
    finally:
        ledger.close()
    sort = sorted(desk.figures, key=lambda f: (f["kind"], f["at"], f.get("source", "")))
    assert sort == sorted(made.values(), key=lambda f: (f["kind"], f["at"], f.get("source", "")))
    for name in ("listed", "fetched", "new", "edited", "unchanged", "removed"):
        told = sum(f[name] for f in desk.figures if f["kind"] == "source")
        assert told == sum(source[name] for each in rounds for source in each.values()), name
    failed = sum(f["failed"] for f in desk.figures if f["kind"] == "source")
    assert failed == sum(sum(s["failed"].values()) for each in rounds for s in each.values()) > 0
    last = max((f for f in desk.figures if f["kind"] == "archive"), key=lambda f: f["at"])
    on_disk = list(desk.data.archive.glob("*.warc.gz*"))
    assert last["total_bytes"] == sum(file.stat().st_size for file in on_disk)
    assert last["total_files"] == len(on_disk)
    assert last["total_records"] == sum(totals["exchanges"].values())
    assert last["total_documents"] == sum(totals["documents"].values()) == len(desk.articles)
    health = {each["source"]: each["documents"] for each in desk.program.json("status")["sources"]}
    newest = max(f["at"] for f in desk.figures if f["kind"] == "source")
    standing = {f["source"]: f for f in desk.figures if f["kind"] == "source" and f["at"] == newest}
    assert {source: f["documents"] for source, f in standing.items()} == health
    assert all(f["last_seen"] >= newest for f in standing.values())


def test_figures_sent_again_are_the_same_ones(desk: Desk) -> None:
    def there() -> dict[str, Any]:
        found = request(f"{desk.url}/{desk.name}-figures/_search?size=1000")
        return {hit["_id"]: hit["_source"] for hit in found["hits"]["hits"]}

    before = there()
    told = desk.program.json("index", "figures")
    assert told["figures"] == len(before) == len(desk.figures)
    assert there() == before


def test_only_what_is_new_is_sent_after_a_round(desk: Desk) -> None:
    ledger = Ledger(desk.data.ledger)
    with open_index(desk.program.environ["NEWSWARC_INDEX"]) as index:
        assert isinstance(index, ElasticIndex)
        try:
            sent = send(index.engine, index.name, ledger, desk.data.archive)
            (sources,) = [len(each["sources"]) for each in ledger.rounds(1)]
        finally:
            ledger.close()
    assert sent == sources + len({f["at"] for f in desk.figures if f["kind"] == "archive"})


def test_figures_of_another_schema_are_made_anew(desk: Desk) -> None:
    url = f"{desk.url}/{desk.name}-figures"
    request(f"{url}/_mapping", "PUT", {"_meta": {"newswarc": {"schema": 0}}})
    request(f"{url}/_doc/left-over", "PUT", {"kind": "source", "at": "2020-01-01"})
    assert desk.program.json("index", "figures")["figures"] == len(desk.figures)
    assert request(f"{url}/_count")["count"] == len(desk.figures)


def test_days_of_the_archive_are_read_from_the_names_of_its_files(tmp_path: Path) -> None:
    for name, size in {
        "newswarc-20260420235959999-00001-h.warc.gz": 10,
        "newswarc-20260421000000000-00002-h.warc.gz": 20,
        "newswarc-20260421120000000-00003-h.warc.gz.open": 5,
        "newswarc-20260421120000000-00003-h.cdxj.open": 99,
        "lock": 3,
    }.items():
        (tmp_path / name).write_bytes(b"x" * size)
    assert archive_days(tmp_path) == {"2026-04-20": (1, 10), "2026-04-21": (2, 25)}
    assert archive_days(tmp_path / "none") == {}


def test_an_ask_that_names_a_wrong_field_fails(desk: Desk) -> None:
    """The net itself: what it would say of a slip of the pen."""
    _, ask = ASKS["coverage-who-0"]
    slip = Ask(
        ask.name,
        ask.data_view,
        (ask.buckets[0].__class__("terms", "sorce", 5, False, ("Articles", "desc")),),
        ask.values,
    )
    assert answered(slip, desk.search(ask.data_view, body(slip, kql("")))) == {}


def test_figures_that_the_engine_refuses_never_fail_a_crawl_and_come_with_the_next(
    elasticsearch_url: str, new_place: Any, tmp_path: Path
) -> None:
    name = new_place("elasticsearch").rpartition("/")[2]
    paper = Paper("paper.example", 5)
    with door(elasticsearch_url) as opened, SampleServer(sites(paper)) as server:
        opened.decide = lambda method, path, body: (503, b"{}") if "-figures" in path else None
        index = f"elasticsearch:{opened.url}/{name}"
        program = Newswarc(tmp_path / "data", server, registry(tmp_path / "sources", paper), {"NEWSWARC_INDEX": index})
        said = program.run("crawl", "faults").stderr
        assert "the figures wait for the next round: " in said
        assert "Traceback" not in said
        assert sum("-figures" in path for _, path in opened.seen) == 1, "it is asked once and no more"
        opened.decide = lambda method, path, body: None
        assert "figures" not in program.run("crawl", "faults").stderr
        found = request(f"{elasticsearch_url}/{name}-figures/_search?size=100&sort=at")["hits"]["hits"]
    rounds = [hit["_source"] for hit in found if hit["_source"]["kind"] == "source"]
    assert [each["new"] for each in rounds] == [5, 0]
