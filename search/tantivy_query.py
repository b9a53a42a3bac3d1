"""The query tree in tantivy's own queries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import tantivy

from search.analysis import base_language
from search.forms import Forms, Sequence, forms, spelled
from search.keys import EARLIEST, EXACT, IN_TITLE, LATEST, key, spelling_conditions
from search.query import (
    All,
    And,
    DateRange,
    Field,
    Filters,
    Fuzzy,
    Named,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    Query,
    Title,
    Tree,
    Word,
    asks_for_state,
)

_MUST, _SHOULD, _MUST_NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
_Q = tantivy.Query


def translate(query: Query, schema: Any, *, few: bool = False) -> Any:
    """tantivy's query for ours, filters included.

    A beginning at the end of a phrase may stand for 16,384 words; tantivy raises ValueError where it would for more.
    With `few` it stands for 50 of them.
    """
    languages = tuple(dict.fromkeys(filter(None, map(base_language, query.filters.values("language")))))
    clauses = [(_MUST, _Translator(schema, languages, query.strict, few).query(query.tree))]
    clauses += [(_MUST, _unscored(part)) for part in _filters(query.filters, schema)]
    if not (query.all_versions or query.filters.values("state") or asks_for_state(query.tree)):
        clauses.append((_MUST_NOT, _Q.term_query(schema, "keys", "state:superseded")))
    return clauses[0][1] if len(clauses) == 1 else _Q.boolean_query(clauses)


def _filters(filters: Filters, schema: Any) -> Iterator[Any]:
    for name in ("source", "language", "country", "state"):
        if values := filters.values(name):
            yield _Q.term_set_query(schema, "keys", [key(name, value) for value in values])
    if filters.since or filters.until:
        yield _dates(DateRange(filters.since, filters.until), schema)


def _unscored(query: Any) -> Any:
    return _Q.const_score_query(query, 0.0)


def _dates(dates: DateRange, schema: Any) -> Any:
    since = dates.since if dates.since and dates.since > EARLIEST else None
    until = dates.until if dates.until and dates.until < LATEST else None
    if (since and since >= LATEST) or (until and until <= EARLIEST):
        return _Q.empty_query()
    if not (since or until):
        return _Q.all_query()
    return _Q.range_query(schema, "date", tantivy.FieldType.Date, since, until, include_upper=until is None)


class _Translator:
    def __init__(self, schema: Any, languages: tuple[str, ...], strict: bool, few: bool) -> None:
        self.schema = schema
        self.languages = languages
        self.strict = strict
        self.few = few

    def query(self, tree: Tree, title: bool = False) -> Any:
        """`title`: only in the title."""
        match tree:
            case All():
                return _Q.all_query()
            case Nothing():
                return _Q.empty_query()
            case And(parts):
                return self._every(parts, title)
            case Or(parts):
                return _Q.boolean_query([(_SHOULD, self.query(part, title)) for part in parts])
            case Not():
                return self._every((tree,), title)
            case Title(part):
                return self.query(part, title=True)
            case Field(name, value):
                return _unscored(_Q.term_query(self.schema, "keys", key(name, value)))
            case Named():
                return self._named(tree)
            case DateRange():
                return _unscored(_dates(tree, self.schema))
            case Word() | Phrase() if self.strict:
                return self._as_typed(tree, title)
            case Word() | Phrase() | Prefix() | Fuzzy():
                return self._leaf(forms(tree, self.languages, self.strict), title)

    def _as_typed(self, leaf: Word | Phrase, title: bool) -> Any:
        must, must_not = spelling_conditions(leaf.text)
        clauses = [(_MUST, self._leaf(forms(leaf, self.languages, True), title))]
        clauses += [(_MUST, _unscored(_Q.term_set_query(self.schema, "keys", terms))) for terms in must]
        clauses += [(_MUST_NOT, _Q.term_query(self.schema, "keys", term)) for term in must_not]
        return _Q.boolean_query(clauses)

    def _named(self, name: Named) -> Any:
        """By the mentions of documents that this registry annotated, by the words of all others."""
        mentioned = [(_SHOULD, self._mentioned(id)) for id in name.ids]
        others = [(_SHOULD, self._leaf(spelled(spelling), title=False)) for spelling in name.spellings]
        if others:
            annotated = _Q.term_query(self.schema, "keys", key("annotator", name.annotator))
            mentioned.append((_SHOULD, _Q.boolean_query([(_MUST, _Q.boolean_query(others)), (_MUST_NOT, annotated)])))
        return _Q.boolean_query(mentioned)

    def _mentioned(self, id: str) -> Any:
        return _Q.boost_query(_Q.term_query(self.schema, "names", id), EXACT)

    def _every(self, parts: Iterable[Tree], title: bool) -> Any:
        clauses = [
            (_MUST_NOT, self.query(part.part, title)) if isinstance(part, Not) else (_MUST, self.query(part, title))
            for part in parts
        ]
        if not any(occur == _MUST for occur, _ in clauses):  # to tantivy negations alone match nothing
            clauses.append((_MUST, _Q.all_query()))
        return _Q.boolean_query(clauses)

    def _leaf(self, found: Forms, title: bool) -> Any:
        """Any of the forms; those in the title and those that are exact count more. `text` holds the title too."""
        fields = [("title", "title_stems", IN_TITLE)] if title else [("text", "stems", 1.0)]
        if not title and found.kind in (Word, Phrase):
            fields.append(("title", "title_stems", IN_TITLE - 1))
        clauses = []
        for plain, stems, weight in fields:
            clauses += [self._sequence(plain, words, found, weight * EXACT) for words in found.exact]
            clauses += [self._sequence(stems, words, found, weight) for words in found.stems]
        return clauses[0] if len(clauses) == 1 else _Q.boolean_query([(_SHOULD, clause) for clause in clauses])

    def _sequence(self, field: str, words: Sequence, found: Forms, weight: float) -> Any:
        return _Q.boost_query(self._words(field, words, found), weight)

    def _words(self, field: str, words: Sequence, found: Forms) -> Any:
        if len(words) > 1:
            # tantivy panics on a phrase of one word.
            if found.kind is Prefix and self.few:
                return _Q.phrase_prefix_query(self.schema, field, list(words))
            if found.kind is Prefix:
                *whole, begin = map(re.escape, words)
                return _Q.regex_phrase_query(self.schema, field, [*whole, f"{begin}.*"])
            return _Q.phrase_query(self.schema, field, list(words), slop=found.slop)
        if found.kind is Prefix:
            return _Q.fuzzy_term_query(self.schema, field, words[0], distance=0, prefix=True)
        if found.kind is Fuzzy:
            return _Q.fuzzy_term_query(self.schema, field, words[0], distance=found.distance)
        return _Q.term_query(self.schema, field, words[0])
