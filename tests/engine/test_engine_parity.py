"""Same question, same answer: both engines find the same documents, whatever is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from test_index_contract import CASES, NewPlace, _described, document

from search.analysis import fold, stems_of
from search.index import SearchIndex, open_index
from search.query import Filters, Query, parse

NOW = datetime(2022, 5, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def both(new_place: NewPlace) -> Iterator[tuple[SearchIndex, SearchIndex]]:
    """The documents of all search cases, on both engines."""
    with open_index(new_place("tantivy")) as embedded, open_index(new_place("elasticsearch")) as elastic:
        documents = [_described(d) for path in CASES for d in yaml.safe_load(path.read_text("utf-8"))["documents"]]
        for index in (embedded, elastic):
            index.upsert(documents)
            index.commit()
        yield embedded, elastic


_WORDS = [word for path in CASES for case in yaml.safe_load(path.read_text("utf-8"))["cases"]
          for word in str(case["query"]).split()]  # fmt: skip
words = st.sampled_from(sorted(set(_WORDS)))
plain = words.filter(str.isalpha)


def _phrase(first: str, second: str, slop: int) -> str:
    """In a phrase with slop that has a word twice the embedded engine lets one occurrence stand for both."""
    twice = stems_of(fold(first)) & stems_of(fold(second))
    return f'"{first} {second}"' + (f"~{slop}" if slop and not twice else "")


phrases = st.builds(_phrase, plain, plain, st.integers(0, 4))
parts = (
    words
    | plain.map("{}*".format)
    | plain.map("{}~1".format)
    | plain.map("{}~2".format)
    | phrases
    | plain.map("title:{}".format)
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
    source=st.none() | st.just("central-asia"),
    language=st.sampled_from([None, "uz", ("ru", "en")]),
    since=st.none() | st.just(datetime(2022, 4, 20, tzinfo=UTC)),
)


def ids(index: SearchIndex, query: Query) -> set[str]:
    return {hit.document.id for hit in index.search(query).hits}


def answers(index: SearchIndex, query: Query) -> tuple[Any, ...]:
    facets = index.aggregate(query, histogram="month")
    highlights = {hit.document.id: hit.highlights for hit in index.search(query).hits}
    return ids(index, query), facets.total, dict(facets.counts), dict(facets.histogram), highlights


@settings(max_examples=200, deadline=None)
@given(queries, filters, st.booleans(), st.booleans())
def test_random_queries_find_the_same_documents(
    both: tuple[SearchIndex, SearchIndex], text: str, narrowed: Filters, strict: bool, all_versions: bool
) -> None:
    query = Query(parse(text, now=NOW).tree, narrowed, limit=1_000, strict=strict, all_versions=all_versions)
    embedded, elastic = both
    assert answers(elastic, query) == answers(embedded, query)


def test_a_query_of_all_the_depth_there_may_be(both: tuple[SearchIndex, SearchIndex]) -> None:
    text = "river"
    for number in range(19):
        text = f"-(termez ({text} OR word{number}))" if number % 2 else f"(termez OR ({text}) rocket)"
    query = Query(parse(text).tree, limit=1_000)
    embedded, elastic = both
    assert ids(elastic, query) == ids(embedded, query)


HOSTILE = {
    "parentheses": "(" * 10_000 + "rocket",
    "stars": "*rocket* " * 500,
    "megabyte": "rocket " * 150_000,
    "regular": "/(a+)+$/ /.*.*.*x/",
    "letters": " ".join(map("".join, product("abcdefghij", "klmnopqrst"))),
    "beginnings": "ra* " * 1_000,
    "fuzzy": "termez~2 " * 500,
    "long phrase": '"' + "a b c " * 600 + '"',
    "phrases": '"a b" ' * 600,
    "script": '{"script": {"source": "while(true){}"}}',
}


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
    with open_index(new_place("elasticsearch")) as elastic:
        elastic.upsert([document("a", text="a b c")])
        elastic.commit()
        results = elastic.search(Query(parse('"' + "a b c " * 600 + '"').tree))
    assert results.total == 0
