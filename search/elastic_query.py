"""The query tree in Elasticsearch's own queries, for the fields of `search/elastic/articles.json`."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from search.analysis import LANGUAGES, base_language
from search.forms import Forms, Sequence, forms, spelled
from search.keys import EARLIEST, EXACT, IN_TITLE, LATEST, key, milliseconds, registry_number, spelling_conditions
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
    leaves,
)

Clause = dict[str, Any]

MOST_SCORED = 12
"""Words of a query that are ranked by their frequency; of longer ones each counts the same, which takes less clauses.

An engine refuses queries of more clauses than its memory allows, 1,024 in the least."""
TALLEST = 12
"""Queries within queries; Elasticsearch refuses more than 30, but begins to count anew in a `wrapper`."""
MOST_BEGINNINGS = 1_000
"""Words that the beginning at a phrase's end stands for where it may be only a few."""
LISTED = 4
"""Letters of a fuzzy word in the least, of which words one letter off may be listed: shorter ones have too many."""

_MATCH_ALL: Clause = {"match_all": {}}
_MATCH_NONE: Clause = {"match_none": {}}


def translate(query: Query, *, few: bool = False, listed: bool = False) -> Clause:
    """Elasticsearch's query for ours, filters included.

    A beginning at the end of a phrase stands for all words that there are, of which the engine takes 8,192 or what its
    memory allows; with `few` for MOST_BEGINNINGS of them. With `listed` the same holds of a fuzzy word, for half the
    time; without it, that stands for any number of words.
    """
    languages = tuple(dict.fromkeys(filter(None, map(base_language, query.filters.values("language")))))
    scored = query.sort == "relevance" and sum(1 for _ in leaves(query.tree)) <= MOST_SCORED
    whole: dict[str, list[Clause]] = {
        "must": [_Translator(languages, query.strict, scored, few, listed).query(query.tree)],
        "filter": list(_filters(query.filters)),
    }
    if not (query.all_versions or query.filters.values("state") or asks_for_state(query.tree)):
        whole["must_not"] = [{"term": {"keys": "state:superseded"}}]
    return _bool(**whole)


def _filters(filters: Filters) -> Iterator[Clause]:
    for name in ("source", "language", "country", "state"):
        if values := filters.values(name):
            yield {"terms": {"keys": [key(name, value) for value in values]}}
    if filters.since or filters.until:
        yield _dates(DateRange(filters.since, filters.until))


def _dates(dates: DateRange) -> Clause:
    since = dates.since if dates.since and dates.since > EARLIEST else None
    until = dates.until if dates.until and dates.until < LATEST else None
    if (since and since >= LATEST) or (until and until <= EARLIEST):
        return _MATCH_NONE
    if not (since or until):
        return _MATCH_ALL
    ends = {name: _up(moment) for name, moment in (("gte", since), ("lt", until)) if moment}
    return {"range": {"date": {**ends, "format": "epoch_millis"}}}


def _up(moment: datetime) -> int:
    """In milliseconds, rounded up: dates of documents are rounded down."""
    return milliseconds(moment) + bool(moment.microsecond % 1000)


def _bool(**occurs: list[Clause]) -> Clause:
    """A bool query of at most TALLEST levels; what is taller is wrapped."""
    filled: dict[str, Any] = {name: list(map(_lower, clauses)) for name, clauses in occurs.items() if clauses}
    if "should" in filled:
        filled["minimum_should_match"] = 1
    return {"bool": filled}


def _lower(clause: Clause) -> Clause:
    if _height(clause) < TALLEST:
        return clause
    return {"wrapper": {"query": base64.b64encode(json.dumps(clause).encode()).decode()}}


def _height(clause: Clause) -> int:
    if "bool" not in clause:
        return 2 if "constant_score" in clause else 1
    lists = [clauses for clauses in clause["bool"].values() if isinstance(clauses, list)]
    return 1 + max((_height(inner) for clauses in lists for inner in clauses), default=0)


class _Translator:
    def __init__(self, languages: tuple[str, ...], strict: bool, scored: bool, few: bool, listed: bool) -> None:
        self.languages = languages
        self.strict = strict
        self.scored = scored
        self.few = few
        self.listed = listed

    def query(self, tree: Tree, title: bool = False) -> Clause:
        """`title`: only in the title."""
        match tree:
            case All():
                return _MATCH_ALL
            case Nothing():
                return _MATCH_NONE
            case And(parts):
                return self._every(parts, title)
            case Or(parts):
                return _bool(should=[self.query(part, title) for part in parts])
            case Not():
                return self._every((tree,), title)
            case Title(part):
                return self.query(part, title=True)
            case Field(name, value):
                return _unscored({"term": {"keys": key(name, value)}})
            case Named():
                return self._named(tree)
            case DateRange():
                return _unscored(_dates(tree))
            case Word() | Phrase() if self.strict:
                return self._as_typed(tree, title)
            case Word() | Phrase() | Prefix() | Fuzzy():
                return self._leaf(forms(tree, self.languages, self.strict), title)

    def _as_typed(self, leaf: Word | Phrase, title: bool) -> Clause:
        must, must_not = spelling_conditions(leaf.text)
        return _bool(
            must=[self._leaf(forms(leaf, self.languages, True), title)],
            filter=[{"terms": {"keys": terms}} for terms in must],
            must_not=[{"terms": {"keys": must_not}}] if must_not else [],
        )

    def _named(self, name: Named) -> Clause:
        """By the mentions of documents that this registry annotated, by the words of all others."""
        mentioned: list[Clause] = [{"term": {"names": {"value": id, "boost": EXACT}}} for id in name.ids]
        # As one who looks them all up: a name has dozens of spellings, and they say nothing of how well it fits.
        plain = self._unranked()
        others = [plain._leaf(spelled(spelling), title=False) for spelling in name.spellings]
        if others:
            mentioned.append(_bool(must=[_bool(should=others)], filter=[_otherwise_annotated(name.annotator)]))
        return _bool(should=mentioned)

    def _unranked(self) -> _Translator:
        return _Translator(self.languages, self.strict, scored=False, few=self.few, listed=self.listed)

    def _every(self, parts: Iterable[Tree], title: bool) -> Clause:
        must, must_not = [], []
        for part in parts:
            if isinstance(part, Not):
                must_not.append(self._unranked().query(part.part, title))
            else:
                must.append(self.query(part, title))
        return _bool(must=must, must_not=must_not)

    def _leaf(self, found: Forms, title: bool) -> Clause:
        """Any of the forms; those in the title and those that are exact count more. `text` holds the title too."""
        fields = [("title", IN_TITLE if title else 1.0)]
        if not title:
            fields = [("text", 1.0)]
            if self.scored and found.kind in (Word, Phrase):
                fields.append(("title", IN_TITLE - 1))
        clauses: list[Clause] = []
        # A word of a script without stems is its own stem: what stands the same in both fields is looked for in one.
        same = found.kind in (Word, Phrase) and found.exact == found.stems
        for field, weight in fields:
            if same:
                clauses += self._any(f"folded.{field}", found.exact, found, weight * (EXACT + 1))
                continue
            clauses += self._any(f"folded.{field}", found.exact, found, weight * EXACT)
            clauses += self._any(f"stems.{field}", found.stems, found, weight)
        return clauses[0] if len(clauses) == 1 else _bool(should=clauses)

    def _any(self, field: str, sequences: Iterable[Sequence], found: Forms, weight: float) -> Iterator[Clause]:
        alone: list[str] = []
        for words in sequences:
            if len(words) == 1 and found.kind in (Word, Phrase) and not self.scored:
                alone += words
            else:
                yield self._words(field, words, found, weight)
        if alone:
            yield {"terms": {field: alone, "boost": weight}}

    def _words(self, field: str, words: Sequence, found: Forms, weight: float) -> Clause:
        if len(words) > 1:
            asked = {"query": " ".join(words), "slop": found.slop, "boost": weight}
            if found.kind is Prefix:
                return {"constant_score": {"filter": _beginning(field, words, self.few), "boost": weight}}
            return {"match_phrase": {field: asked}}
        if found.kind is Prefix:
            # Otherwise the 16 commonest of the words are looked for one by one beside the others.
            return {"prefix": {field: {"value": words[0], "rewrite": "constant_score", "boost": weight}}}
        if found.kind is Fuzzy:
            return _about(field, words[0], found.distance, weight, self.listed)
        return {"term": {field: {"value": words[0], "boost": weight}}}


def _otherwise_annotated(annotator: str) -> Clause:
    """Documents whose names another registry than this annotator's has found, or none.

    Dates are the one kind of number of which the engine sees before it begins that no document has any in a range:
    where all are annotated alike it drops what stands beside this, without a look for any word of it.
    """
    number = registry_number(annotator)
    return _bool(should=[{"range": {"registry": {side: number}}} for side in ("lt", "gt")])


def _about(field: str, word: str, distance: int, weight: float, listed: bool) -> Clause:
    """Words like this one. Of a stem term the language stands fast, and its like in languages whose names are alike
    (`kk`, `ky`) are looked for as they are: the same words, for less."""
    language, mark, stem = word.partition("_")
    # Listed, its automaton is made once, and not for each segment. Rewritten otherwise than in these two ways, only the
    # 50 nearest words are looked for.
    listed = listed and distance == 1 and len(stem or word) >= LISTED
    rewrite = "constant_score_boolean" if listed else "constant_score"
    asked = {"value": word, "fuzziness": distance, "rewrite": rewrite, "boost": weight}
    if not mark or distance != 1:
        return {"fuzzy": {field: asked}}
    alike = [f"{other}_{stem}" for other in LANGUAGES if _letters_apart(other, language) == 1]
    fuzzy: Clause = {"fuzzy": {field: {**asked, "prefix_length": len(language + mark)}}}
    return {"dis_max": {"queries": [fuzzy, {"terms": {field: alike, "boost": weight}}]}} if alike else fuzzy


def _letters_apart(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def _beginning(field: str, words: Sequence, few: bool) -> Clause:
    """Words side by side, the last one the beginning of any; `match_phrase_prefix` looks for some, and is slower."""
    if few:
        return {"match_phrase_prefix": {field: {"query": " ".join(words), "max_expansions": MOST_BEGINNINGS}}}
    *whole, begin = words
    side_by_side = {"ordered": True, "max_gaps": 0}
    parts = [{"match": {"query": " ".join(whole), **side_by_side}}, {"prefix": {"prefix": begin}}]
    return {"intervals": {field: {"all_of": {"intervals": parts, **side_by_side}}}}


def _unscored(clause: Clause) -> Clause:
    return {"constant_score": {"filter": clause, "boost": 0}}
