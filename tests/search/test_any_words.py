"""Any text can be analysed, any question asked; and a text is found by each of its words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from any_words import BETWEEN, LANGUAGES, TEXTS, TITLES, WORDS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_index_contract import document

from search import elastic_query, tantivy_query
from search.analysis import analyse, fold, words
from search.highlight import highlight, highlights, unmarked
from search.index import open_index
from search.query import Filters, Phrase, Query, Word, parse
from search.tantivy_index import _schema

SCHEMA = _schema()
NOW = datetime(2022, 4, 22, 12, 30, tzinfo=UTC)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(title=TITLES, text=TEXTS, language=st.sampled_from(LANGUAGES))
def test_every_word_has_one_stem_and_is_found_again(title: str, text: str, language: str | None) -> None:
    hold_analysis(title, text, language)


def hold_analysis(title: str, text: str, language: str | None) -> None:
    made = analyse(title, text, language)
    folded, stems = made.folded.split(), made.stems.split()
    assert made.folded == " ".join(folded)
    assert made.stems == " ".join(stems)
    assert len(folded) == len(stems)
    assert folded == [word.folded for part in (title, text) for word in words(part, language)]
    assert made.title_words == len(list(words(title, language)))
    assert all(fold(word, None) == word for word in folded)
    for word in list(words(text, language))[:3]:
        surface = text[word.start : word.end]
        tree = parse(surface).tree
        assert not isinstance(tree, Word) or tree.text
        fragments = highlight(text, tree, language)
        assert all(isinstance(piece, str) for fragment in fragments for piece, _ in unmarked(fragment))


OPERATORS = (
    '"', "“", "”", "«", "»", "(", ")", "-", "+", "!", " OR ", " AND ", " NOT ", "||", "&&", "~", "~2", "~99", "*",
    ":", "title:", "since:", "until:", "source:",
    "language:", "state:", "actor:", "place:", "url:", "2022-04", "7d", "9999-12-31", "0001-01-01", "9999d",
    "https://a.example/б?q=[", "http://[", "OR", "\\", "/", "{", "}",
)  # fmt: skip
QUESTIONS = st.lists(WORDS | st.sampled_from(OPERATORS) | st.sampled_from(BETWEEN), max_size=25).map("".join)
OPTIONS = st.fixed_dictionaries(
    {
        "filters": st.builds(
            Filters,
            source=st.none() | st.text(max_size=8) | st.tuples(st.text(max_size=8), st.text(max_size=8)),
            language=st.none() | st.sampled_from(["fa", "uz", "xx", "", "uz-Cyrl"]) | st.just(("en", "ru")),
            since=st.none() | st.datetimes(timezones=st.just(UTC)),
            until=st.none() | st.datetimes(timezones=st.just(UTC)),
        ),
        "sort": st.sampled_from(["relevance", "date"]),
        "strict": st.booleans(),
        "all_versions": st.booleans(),
    }
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(text=QUESTIONS, options=OPTIONS, few=st.booleans())
def test_every_question_can_be_asked(text: str, options: dict[str, Any], few: bool) -> None:
    hold_question(text, options, few)


def hold_question(text: str, options: dict[str, Any], few: bool) -> None:
    parsed = parse(text, now=NOW)
    assert parse(str(parsed.tree), now=NOW).tree == parsed.tree
    query = Query(parsed.tree, **options)
    assert tantivy_query.translate(query, SCHEMA, few=few) is not None
    clause = elastic_query.translate(query, few=few)
    json.dumps(clause, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
    highlights(document(title=text, text=text), query)


DOCUMENTS = st.lists(st.tuples(TITLES, TEXTS, st.sampled_from(LANGUAGES)), min_size=1, max_size=8)


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=DOCUMENTS, data=st.data())
def test_a_text_is_found_by_each_of_its_words(
    new_place: Callable[..., str], texts: list[tuple[str, str, str | None]], data: st.DataObject
) -> None:
    hold_finding(new_place("tantivy"), texts, data)


def hold_finding(place: str, texts: list[tuple[str, str, str | None]], data: st.DataObject) -> None:
    with open_index(place, write=True) as index:
        made = [
            document(str(n), title=title, text=text, language=language)
            for n, (title, text, language) in enumerate(texts)
        ]
        index.upsert(made)
        index.commit()
        for one in made:
            surfaces = [one.text[word.start : word.end] for word in words(one.text, one.language)]
            for surface in data.draw(st.lists(st.sampled_from(surfaces), max_size=4)) if surfaces else ():
                for strict in (False, True):
                    for tree in (Word(surface), Phrase(surface)):
                        hits = index.search(Query(tree, strict=strict, limit=100)).hits
                        ours = [hit for hit in hits if hit.document.id == one.id]
                        assert ours, (surface, strict, tree)
                        assert "[[" in "".join(ours[0].highlights), (surface, strict, ours[0].highlights)
