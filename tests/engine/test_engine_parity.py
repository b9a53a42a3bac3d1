"""Same question, same answer: both engines find the same documents, whatever is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import Any

import pytest
import yaml
from articles_kit import all_documents
from hostile_queries import HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st
from test_index_contract import CASES, NewPlace, document

from newswarc.items import Document
from search.analysis import fold, stems_of, surfaces
from search.entities.annotator import registry_of
from search.index import SearchIndex, open_index
from search.query import Filters, Named, Or, Query, Spelling, Word, parse
from search.resolving import resolved

NOW = datetime(2022, 5, 1, tzinfo=UTC)


@cache
def documents() -> list[Document]:
    return all_documents()


@pytest.fixture(scope="module")
def both(new_place: NewPlace) -> Iterator[tuple[SearchIndex, SearchIndex]]:
    """All documents on both engines."""
    with open_index(new_place("tantivy")) as embedded, open_index(new_place("elasticsearch")) as elastic:
        for index in (embedded, elastic):
            index.upsert(documents())
            index.commit()
        yield embedded, elastic


# ---- questions, of words of the search cases and of the documents' own texts


@cache
def asked_in_cases() -> list[str]:
    cases = chain.from_iterable(yaml.safe_load(path.read_text("utf-8"))["cases"] for path in CASES)
    return sorted({word for case in cases for word in str(case["query"]).split()})


@cache
def texts() -> list[list[str]]:
    """Words of every title and every text, in their order."""
    written = [[found.group() for found in surfaces(text)] for d in documents() for text in (d.title, d.text)]
    return [words for words in written if len(words) > 3]


@cache
def names() -> list[str]:
    """As the texts have them, and as the registry does."""
    written = {
        name
        for d in documents()
        for m in d.mentions
        for name in (m.canonical, (d.title if m.field == "title" else d.text)[m.start : m.end], f'{m.kind}:"{m.id}"')
    }
    return sorted(written)


def one_of(known: Callable[[], list[Any]]) -> st.SearchStrategy[Any]:
    """Looked up when it is first drawn from."""
    return st.deferred(lambda: st.sampled_from(known()))


@st.composite
def runs(draw: st.DrawFn) -> list[str]:
    """Two to four words in a row."""
    words = draw(one_of(texts))
    start = draw(st.integers(0, len(words) - 2))
    return list(words[start : start + draw(st.integers(2, 4))])


def phrase(words: list[str], slop: int) -> str:
    """In a phrase with slop that has a word twice the embedded engine lets one occurrence stand for both."""
    stems = [stems_of(fold(word)) for word in words]
    twice = any(one & other for at, one in enumerate(stems) for other in stems[:at])
    return f'"{" ".join(words)}"' + (f"~{slop}" if slop and not twice else "")


plain = one_of(asked_in_cases).filter(str.isalpha) | one_of(texts).flatmap(st.sampled_from)
parts = (
    one_of(asked_in_cases)
    | plain
    | plain.map("{}*".format)
    | plain.map("{}~1".format)
    | plain.map("{}~2".format)
    | plain.map(lambda word: f"{word[:3]}*")
    | plain.map("title:{}".format)
    | st.builds(phrase, runs() | st.lists(plain, min_size=2, max_size=2), st.integers(0, 4))
    | runs().map(lambda words: f"{words[0]}-{words[1][:2]}*")
    | runs().map(lambda words: f'title:"{" ".join(words)}"')
    | one_of(names)
    | st.sampled_from(["language:uz", "source:akipress", "country:kg", "state:superseded", "since:2022-04-20"])
)
queries = st.recursive(
    parts,
    lambda inner: (
        st.builds("({} OR {})".format, inner, inner)
        | st.builds("({} {})".format, inner, inner)
        | st.builds("-({})".format, inner)
    ),
    max_leaves=8,
)
filters = st.builds(
    Filters,
    source=st.sampled_from([None, None, "central-asia", "sample", "corpus", ("pulnama", "corpus")]),
    language=st.sampled_from([None, None, "uz", "zh", ("ru", "en")]),
    since=st.none() | st.just(datetime(2022, 4, 20, tzinfo=UTC)),
)


def ids(index: SearchIndex, query: Query) -> set[str]:
    return {hit.document.id for hit in index.search(query).hits}


def answers(index: SearchIndex, query: Query) -> tuple[Any, ...]:
    results, facets = index.search(query), index.aggregate(query, histogram="month")
    highlights = {hit.document.id: hit.highlights for hit in results.hits}
    return results.total, facets.total, dict(facets.counts), dict(facets.histogram), highlights


@settings(max_examples=200, deadline=None)
@given(queries, filters, st.booleans(), st.booleans())
def test_random_queries_find_the_same_documents(
    both: tuple[SearchIndex, SearchIndex], text: str, narrowed: Filters, strict: bool, all_versions: bool
) -> None:
    query = Query(parse(text, now=NOW).tree, narrowed, limit=1_000, strict=strict, all_versions=all_versions)
    query = resolved(query, registry_of())
    embedded, elastic = both
    assert answers(elastic, query) == answers(embedded, query)


def test_a_query_of_all_the_depth_there_may_be(both: tuple[SearchIndex, SearchIndex]) -> None:
    text = "river"
    for number in range(19):
        text = f"-(termez ({text} OR word{number}))" if number % 2 else f"(termez OR ({text}) rocket)"
    query = Query(parse(text).tree, limit=1_000)
    embedded, elastic = both
    assert ids(elastic, query) == ids(embedded, query)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_queries_are_answered_in_time_and_the_server_lives(
    both: tuple[SearchIndex, SearchIndex], text: str
) -> None:
    _, elastic = both
    began = time.process_time()
    for sort in ("relevance", "date"):
        elastic.search(Query(parse(text).tree, sort=sort))  # type: ignore[arg-type]
    assert time.process_time() - began < 2
    assert "en-rockets" in ids(elastic, Query(parse("rocket").tree))


def test_what_an_engine_cannot_take_is_searched_in_a_simpler_form_and_said(new_place: NewPlace) -> None:
    """A question of names, each of which has dozens of spellings."""
    names = [
        Named(Word("x"), (), (), tuple(Spelling(f"a{number} b{at} c", "ru") for at in range(60)), "another")
        for number in range(128)
    ]
    with open_index(new_place("elasticsearch")) as elastic:
        elastic.upsert([document("a", text="a1 b1 c")])
        elastic.commit()
        results = elastic.search(Query(Or(tuple(names))))
    assert results.total == 0
    assert results.notes == ("the query is too large for the engine: nothing was searched",)
