"""The law of `search.index`, on every backend, with the cases of tests/search_cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newswarc.items import Document, Evidence, article_id
from search.analysis import analyse
from search.index import BACKENDS, FEWER_WORDS, IndexFault, SearchIndex, open_index
from search.names import TAGGER
from search.query import All, Filters, Named, Query, Spelling, Word, moment, parse

NewPlace = Callable[[str], str]
"""Backend → the URL of an index that is not there yet; see tests/conftest.py."""
CASES = sorted((Path(__file__).parents[1] / "search_cases").glob("*.yaml"))
CAPTURED = datetime(2022, 4, 22, 12, tzinfo=UTC)


def document(id: str = "a", **fields: Any) -> Document:
    """A document with everything; `folded` and `stems` are made from title and text unless given."""
    evidence = Evidence("newswarc-1-h.warc.gz", 4_000_000_000, 900, f"urn:uuid:{id}", "sha256:" + "0" * 64, CAPTURED)
    values: dict[str, Any] = {
        "id": id, "article_id": article_id(id), "url": f"https://outlet.example/{id}", "title": "A title",
        "text": "Some text.", "source": "region/outlet", "sitename": "The Outlet", "language": "en", "country": "UZ",
        "published": CAPTURED, "published_raw": "22 April", "published_origin": "meta", "captured_at": CAPTURED,
        "authors": ("A. Writer", "B. Writer"), "tags": ("river",), "version": 1, "state": "live",
        "extractor": "trafilatura 2.3.1", "evidence": evidence,
    }  # fmt: skip
    values |= fields
    analysed = analyse(values["title"], values["text"], values["language"])
    return Document(
        **{"folded": analysed.folded, "stems": analysed.stems, "title_words": analysed.title_words} | values
    )


def kept(document: Document) -> Document:
    return replace(document, folded="", stems="")


@pytest.fixture(params=BACKENDS)
def place(request: pytest.FixtureRequest, new_place: NewPlace) -> str:
    return new_place(request.param)


@pytest.fixture
def index(place: str) -> Iterator[SearchIndex]:
    with open_index(place) as index:
        yield index


def found(index: SearchIndex, text: str, **options: Any) -> list[str]:
    return [hit.document.id for hit in index.search(Query(parse(text).tree, **options)).hits]


# ---- cases as data


@pytest.fixture(scope="module", params=[(backend, path) for backend in BACKENDS for path in CASES], ids=str)
def filled(request: pytest.FixtureRequest, new_place: NewPlace) -> Iterator[Any]:
    backend, path = request.param
    content = yaml.safe_load(path.read_text("utf-8"))
    with open_index(new_place(backend)) as index:
        index.upsert([_described(given) for given in content["documents"]])
        index.commit()
        yield index, content["cases"]


def _described(given: dict[str, Any]) -> Document:
    fields = dict(given)
    times = {"published": fields.pop("published", str(CAPTURED)), "captured_at": fields.pop("captured", str(CAPTURED))}
    return document(**fields, **{name: value and datetime.fromisoformat(value) for name, value in times.items()})


def _filters(given: dict[str, Any]) -> Filters:
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    for name in fields.keys() & {"since", "until"}:
        fields[name] = moment(fields[name], until=name == "until")
    return Filters(**fields)


def test_each_case_finds_its_documents(filled: Any) -> None:
    index, cases = filled
    wrong = {}
    for case in cases:
        options = {name: case[name] for name in ("strict", "all_versions", "sort") if name in case}
        hits = found(index, case["query"], filters=_filters(case.get("filters", {})), **options)
        right = hits == case["finds"] if case.get("in_order") else sorted(hits) == sorted(case["finds"])
        if not right or ("first" in case and hits[0] != case["first"]):
            wrong[case["why"]] = (case["query"], hits)
    assert wrong == {}


# ---- laws


texts = st.text(st.characters(), max_size=60)
moments = st.datetimes(
    datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC) | st.sampled_from([CAPTURED.astimezone().tzinfo])
)
documents = st.builds(
    document,
    id=st.uuids().map(str), url=texts, title=texts, text=texts, source=texts, sitename=texts | st.none(),
    language=st.sampled_from(["en", "ru", "fa", "uz-Cyrl", "xx", None]), country=texts | st.none(),
    published=moments | st.none(), published_raw=texts | st.none(), authors=st.lists(texts, max_size=3).map(tuple),
    tags=st.lists(texts, max_size=3).map(tuple), version=st.integers(1, 9), captured_at=moments,
    state=st.sampled_from(["live", "superseded", "removed"]),
)  # fmt: skip
few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@few
@given(st.lists(documents, min_size=1, max_size=5, unique_by=lambda each: each.id))
def test_what_is_got_back_is_what_was_added(index: SearchIndex, added: list[Document]) -> None:
    index.delete(list(index.ids()))
    index.upsert(added)
    index.commit()
    for each in added:
        assert index.get(each.id) == kept(each)
        hits = index.search(Query(parse("").tree, all_versions=True, limit=1_000)).hits
        assert kept(each) in [hit.document for hit in hits]


@few
@given(st.lists(documents, min_size=1, max_size=5, unique_by=lambda each: each.id))
def test_adding_twice_is_adding_once(index: SearchIndex, added: list[Document]) -> None:
    index.delete(list(index.ids()))
    index.upsert(added)
    index.commit()
    before = index.count(), list(index.ids()), index.aggregate(Query(All(), all_versions=True), histogram="day")
    index.upsert(added + added)
    index.upsert(added)
    index.commit()
    assert (index.count(), list(index.ids())) == before[:2]
    assert index.aggregate(Query(All(), all_versions=True), histogram="day") == before[2]


def test_evidence_and_offsets_of_times_come_back_unchanged(index: SearchIndex) -> None:
    at = datetime.fromisoformat("2022-04-21T10:11:12.345678+04:30")
    index.upsert([document(published=at, captured_at=at)])
    index.commit()
    back = index.get("a")
    assert back is not None
    assert (back.published, back.captured_at, back.evidence) == (at, at, document().evidence)
    assert back.published is not None
    assert back.published.utcoffset() == timedelta(hours=4, minutes=30)


def test_an_older_capture_replayed_changes_nothing(index: SearchIndex) -> None:
    newer, older = document(title="newer"), document(title="older", captured_at=CAPTURED - timedelta(milliseconds=1))
    assert index.upsert([newer]) == 1
    assert index.upsert([older]) == 0
    index.commit()
    assert index.upsert([older]) == 0
    index.commit()
    assert index.get("a") == kept(newer)


def test_the_same_capture_replaces(index: SearchIndex) -> None:
    index.upsert([document(), document(state="superseded")])
    index.commit()
    assert found(index, "") == []
    index.upsert([document(state="removed")])
    index.commit()
    assert found(index, "state:removed") == ["a"]
    assert index.count() == 1


def test_a_document_is_found_from_its_commit_on(index: SearchIndex) -> None:
    index.upsert([document()])
    assert (found(index, "text"), index.count(), index.get("a")) == ([], 0, None)
    index.commit()
    assert found(index, "text") == ["a"]


def test_what_was_not_committed_is_gone(place: str) -> None:
    with open_index(place) as index:
        index.upsert([document()])
    with open_index(place) as index:
        assert index.count() == 0


def test_deleted_documents_are_gone_and_come_back(index: SearchIndex) -> None:
    index.upsert([document("a"), document("b")])
    index.commit()
    index.delete(["a", "never there"])
    index.commit()
    assert (list(index.ids()), index.get("a"), found(index, "text")) == (["b"], None, ["b"])
    index.delete(["b"])
    index.upsert([document("b")])
    index.commit()
    assert list(index.ids()) == ["b"]


def test_a_document_without_folded_words_is_analysed(index: SearchIndex) -> None:
    index.upsert([document(folded="", stems="", title="Ракеты", language="ru")])
    index.commit()
    assert found(index, "title:ракета") == ["a"]


def test_pages_put_together_are_all_hits(index: SearchIndex) -> None:
    index.upsert([document(f"{number:02}", text=f"river {number}") for number in range(25)])
    index.commit()
    for sort in ("relevance", "date"):
        pages = [found(index, "river", sort=sort, limit=10, offset=offset) for offset in (0, 10, 20, 30)]
        assert [len(page) for page in pages] == [10, 10, 5, 0]
        assert len({id for page in pages for id in page}) == 25


def test_total_counts_beyond_the_page_and_scores_fall(index: SearchIndex) -> None:
    index.upsert([document(str(number), text="river " * (number + 1)) for number in range(5)])
    index.commit()
    results = index.search(Query(parse("river").tree, limit=3))
    scores = [hit.score or 0 for hit in results.hits]
    assert results.total == 5
    assert scores == sorted(scores, reverse=True)
    assert index.search(Query(parse("river").tree, limit=0)) == replace(results, hits=())
    assert {hit.score for hit in index.search(Query(parse("river").tree, sort="date")).hits} == {None}


def test_the_title_counts_more_than_the_text(index: SearchIndex) -> None:
    index.upsert(
        [document("text", title="Other", text="river bank"), document("title", title="River", text="other bank")]
    )
    index.commit()
    assert found(index, "river") == ["title", "text"]


def test_facets_and_histogram_count_each_document_once(index: SearchIndex) -> None:
    days = ["2021-12-31", "2022-01-02", "2022-01-03", "2022-02-01"]
    index.upsert(
        [
            document(str(n), published=datetime.fromisoformat(f"{day}T23:00:00+00:00"), country=["UZ", None][n % 2])
            for n, day in enumerate(days)
        ]
    )
    index.commit()
    facets = index.aggregate(Query(All()), histogram="week")
    assert facets.total == 4
    assert facets.counts["country"] == {"UZ": 2, "": 2}
    assert facets.counts["source"] == {"region/outlet": 4}
    assert facets.histogram == {"2021-12-27": 2, "2022-01-03": 1, "2022-01-31": 1}
    assert index.aggregate(Query(All()), (), "month").histogram == {"2021-12-01": 1, "2022-01-01": 2, "2022-02-01": 1}
    assert index.aggregate(Query(parse("country:uz").tree), ("state",)).counts == {"state": {"live": 2}}


def test_highlights_come_with_the_hits(index: SearchIndex) -> None:
    index.upsert([document(text="Ten rockets [[fell]] there.")])
    index.commit()
    hits = index.search(Query(parse("rocket").tree)).hits
    assert hits[0].highlights == ("Ten [[rockets]] [\u2060[fell]\u2060] there.",)
    assert index.search(Query(parse("title:title").tree)).hits[0].highlights == ("A [[title]]",)


def test_a_beginning_after_a_hyphen_that_very_many_words_have(index: SearchIndex) -> None:
    several = "a " + " a ".join(f"gr{number}" for number in range(2_000))
    index.upsert([document("few", text=several), document("last", text="of green"), document("other", text="green of")])
    index.commit()
    assert sorted(found(index, "a-gr*")) == ["few"]
    assert found(index, "of-gr*") == ["last"]
    very_many = " ".join(f"br{number:05}" for number in range(20_000))
    index.upsert([document("very many", text=f"the {very_many}")])
    index.commit()
    results = index.search(Query(parse("the-br*").tree))
    assert [hit.document.id for hit in results.hits] == ["very many"]
    assert results.notes == (FEWER_WORDS,)
    assert index.aggregate(Query(parse("the-br*").tree)).total == 1


def test_a_fuzzy_word_is_found_by_a_stem_of_a_neighbouring_language(index: SearchIndex) -> None:
    """Without its Kazakh ending it is the Kyrgyz word: `kk_термез` and `ky_термез` are a letter apart."""
    index.upsert([document("a", text="термез", language="ky"), document("b", text="кабул", language="ky")])
    index.commit()
    assert found(index, "термезмен~1") == ["a"]
    assert found(index, "термезмен") == []


def test_a_fuzzy_word_that_very_many_words_are_like(index: SearchIndex) -> None:
    """More than an engine takes as a list; in a script that spells syllables there may be so many."""
    alike = " ".join(f"ter{chr(0xAC00 + number)}ez" for number in range(10_000))
    index.upsert([document("very many", text=alike), document("one", text="termezz"), document("none", text="tarmaz")])
    index.commit()
    results = index.search(Query(parse("termez~1").tree))
    assert sorted(hit.document.id for hit in results.hits) == ["one", "very many"]
    assert results.notes == ()


def test_what_is_left_out_is_left_out_in_text_and_title(index: SearchIndex) -> None:
    index.upsert(
        [
            document("title", title="Rockets fell"),
            document("text", text="A rocket fell."),
            document("none", text="fell"),
        ]
    )
    index.commit()
    assert sorted(found(index, "-rocket")) == ["none"]
    assert sorted(found(index, '-"rocket fell"')) == ["none"]
    assert sorted(found(index, "-title:rocket")) == ["none", "text"]
    assert sorted(found(index, "fell -(rocket OR title:rocket)")) == ["none"]


@pytest.mark.parametrize("all_alike", [True, False], ids=["alike", "mixed"])
def test_words_of_a_name_count_where_another_registry_was_asked(index: SearchIndex, all_alike: bool) -> None:
    """Also where no document is such."""
    asked = Named(Word("x"), ("termez",), ("Termez",), (Spelling("Termez", "en"),), "Lists 2")
    index.upsert([document("same", text="At Termez.", annotator=f"Lists 2{TAGGER}3")])
    if not all_alike:
        index.upsert([document("other", text="At Termez.", annotator="Lists 1"), document("none", text="At Termez.")])
        index.upsert([document("nowhere", text="Elsewhere.", annotator="Lists 1")])
    index.commit()
    hits = index.search(Query(asked)).hits
    assert sorted(hit.document.id for hit in hits) == ([] if all_alike else ["none", "other"])
    assert index.search(Query(replace(asked, annotator=""))).total == (1 if all_alike else 3)


@pytest.fixture(scope="module", params=BACKENDS)
def small(request: pytest.FixtureRequest, new_place: NewPlace) -> Iterator[SearchIndex]:
    with open_index(new_place(request.param)) as index:
        index.upsert([document("a", text="rockets at Termez"), document("b", text="ракеты у Термеза", language="ru")])
        index.commit()
        yield index


queries = st.text(max_size=80) | st.lists(
    st.sampled_from(
        ['"', "(", ")", "-", "OR", "AND", "NOT", "~2", "*", "title:", "since:", "rocket", "Термез", " ", "é"]
    )
).map("".join)


@settings(max_examples=200, deadline=None)
@given(queries, st.booleans(), st.sampled_from(["relevance", "date"]))
def test_no_query_raises(small: SearchIndex, text: str, strict: bool, sort: Callable[..., Any]) -> None:
    query = Query(parse(text).tree, strict=strict, sort=sort)  # type: ignore[arg-type]
    results = small.search(query)
    assert results.total == len(results.hits)
    assert small.aggregate(query).total == results.total


@pytest.mark.parametrize(
    "text",
    ["(" * 10_000, "*" * 1_000_000, "rocket " * 200_000, "a* " * 2_000, "termez~2 " * 500, '"rocket ' * 1_000,
     "/.*.*.*.*a/", "x" * 1_000_000, "\u0301" * 100_000, "-" * 100_000 + "rocket", "title:" * 1_000 + "rocket"],
    ids=lambda text: text[:8],
)  # fmt: skip
def test_hostile_queries_are_answered(small: SearchIndex, text: str) -> None:
    parsed = parse(text)
    small.search(Query(parsed.tree))
    assert parsed.notes or len(text) < 20


def test_an_unknown_backend_is_named() -> None:
    with pytest.raises(IndexFault, match="no search backend 'solr'; known: tantivy, elasticsearch"):
        open_index("solr:somewhere")
