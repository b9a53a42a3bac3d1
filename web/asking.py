"""A question as it comes in a URL's query, checked at the door; and the index that answers it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import LifoQueue

from newswarc.commands.opening import index_of
from newswarc.settings import DataFolder
from search.index import Facets, IndexFault, Results, SearchIndex
from search.query import Filters, Parsed, Query, moment, parse
from search.resolving import resolved_by, with_names

FILTERS = ("source", "language", "country", "state")
NAMES = ("actor", "place")
"""Each is one more thing that a document must name."""
SEVERAL = (*FILTERS, *NAMES)
SINGLE = ("q", "since", "until", "sort", "limit", "offset", "strict", "facets")
STATES = ("live", "superseded", "removed")
MOST_VALUES = 20
"""Values of one filter."""
LONGEST_VALUE = 200
"""Characters of any value but the query, whose length `search.query` limits."""
MOST_HITS = 200
FARTHEST = 10_000
"""The largest offset."""
READERS = 4
"""Requests that search at the same time; others wait."""


class BadQuestion(ValueError):
    """A parameter that cannot be read: says which, and what would be right."""


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    parsed: Parsed
    query: Query
    facets: bool
    notes: tuple[str, ...] = ()
    """The parser's, and why names could not be resolved."""


@dataclass(frozen=True, slots=True)
class Answer:
    results: Results
    facets: Facets | None


def read(
    given: Sequence[tuple[str, str]], watchlists: Sequence[Path] = (), *, sort: str = "relevance", limit: int = 20
) -> Question:
    """The question that these parameters ask; an empty value is none. `sort` and `limit` count where none is given.

    Names in it are resolved by the registry with these watchlists, unless it is strict.
    """
    values = _values(given)
    one = {name: values[name][0] for name in SINGLE if name in values}
    parsed = parse(one.get("q", ""))
    query = Query(
        with_names(parsed.tree, values.get("actor", ()), values.get("place", ())),
        filters=_filters(values, one),
        sort="date" if _choice("sort", one.get("sort", sort), ("relevance", "date")) == "date" else "relevance",
        limit=_number("limit", one.get("limit"), limit, MOST_HITS),
        offset=_number("offset", one.get("offset"), 0, FARTHEST),
        strict=_yes("strict", one.get("strict")),
    )
    query, notes = resolved_by(query, watchlists)
    return Question(one.get("q", ""), parsed, query, _yes("facets", one.get("facets")), (*parsed.notes, *notes))


def _values(given: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in given:
        if name not in (*SINGLE, *SEVERAL):
            raise BadQuestion(f"there is no parameter {name[:40]!r}; known: {', '.join((*SINGLE, *SEVERAL))}")
        if name != "q" and len(value) > LONGEST_VALUE:
            raise BadQuestion(f"{name}: {len(value):,} characters; at most {LONGEST_VALUE}")
        if value:
            values.setdefault(name, []).append(value)
        if len(values.get(name, ())) > (MOST_VALUES if name in SEVERAL else 1):
            raise BadQuestion(f"{name}: given too often; at most {MOST_VALUES if name in SEVERAL else 1}")
    return values


def _filters(values: dict[str, list[str]], one: dict[str, str]) -> Filters:
    for state in values.get("state", ()):
        _choice("state", state, STATES)
    return Filters(
        **{name: tuple(values.get(name, ())) for name in FILTERS},
        since=_moment("since", one.get("since")),
        until=_moment("until", one.get("until")),
    )


def _moment(name: str, value: str | None) -> datetime | None:
    try:
        return moment(value, until=name == "until") if value else None
    except ValueError as e:
        raise BadQuestion(f"{name}: {e}") from e


def _number(name: str, value: str | None, default: int, most: int) -> int:
    if value is None:
        return default
    if not (value.isascii() and value.isdecimal() and len(value) <= 9 and int(value) <= most):
        raise BadQuestion(f"{name}: {value[:40]!r} is no number from 0 to {most:,}")
    return int(value)


def _yes(name: str, value: str | None) -> bool:
    return _choice(name, value or "false", ("true", "false")) == "true"


def _choice(name: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise BadQuestion(f"{name}: {value[:40]!r}; there are {', '.join(known)}")
    return value


class Indexes:
    """Open readers of the data folder's index, each lent to one request at a time."""

    def __init__(self, folder: DataFolder, readers: int = READERS) -> None:
        self.folder = folder
        self._free: LifoQueue[SearchIndex | None] = LifoQueue()
        for _ in range(readers):
            self._free.put(None)

    @contextmanager
    def reader(self) -> Iterator[SearchIndex]:
        """Sees all that was committed before; one that was found at fault is closed and opened anew next time."""
        index = self._free.get()
        try:
            if index is None:
                index = index_of(self.folder)
            else:
                index.refresh()
            yield index
        except IndexFault:
            if index is not None:
                index.close()
            index = None
            raise
        finally:
            self._free.put(index)

    def answer(self, question: Question) -> Answer:
        with self.reader() as index:
            results = index.search(question.query)
            return Answer(results, index.aggregate(question.query, histogram="month") if question.facets else None)

    def close(self) -> None:
        while not self._free.empty():
            if index := self._free.get():
                index.close()
