"""The seam to the search engine: the protocol, the table of backends, and the function that opens one by URL.

Law, for every backend: adding twice is adding once (by document id); what is got back is what was added, the evidence
to the letter; an older capture of the same document, replayed, changes nothing; no facet counts a document twice.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, Protocol, Self, cast

from newswarc.items import Document, Hit
from search.query import Query

FACETS = ("source", "language", "country", "state", "actors", "places")
"""Of the last two a document counts once for each actor or place that it names."""
UNKNOWN = ""
"""The facet value of documents that have none."""
FEWER_WORDS = "too many words begin so after a hyphen: only some of them were looked for"
"""A note to results."""
Histogram = Literal["day", "week", "month"]


class IndexFault(Exception):
    """Something is wrong with the index; the text says what, and what to do.

    * IndexFault
      - IndexUnknown   its URL names no engine that we know
      - IndexLocked    another process writes to it
      - IndexOutdated  made by another version of the schema: rebuild
      - IndexDamaged   files are missing or broken: rebuild
      - IndexAway      the engine takes nothing now (away, overloaded, full, blocked): send again later
      - IndexRefused   the engine refuses single documents, whenever they are sent; the others are committed
    """


class IndexUnknown(IndexFault, ValueError):
    pass


class IndexLocked(IndexFault):
    pass


class IndexOutdated(IndexFault):
    pass


class IndexDamaged(IndexFault):
    pass


class IndexAway(IndexFault):
    pass


class IndexRefused(IndexFault):
    def __init__(self, refused: Mapping[str, str]) -> None:
        """`refused`: document id → why."""
        self.refused = refused
        some = "; ".join(f"{id}: {reason}" for id, reason in list(refused.items())[:3])
        super().__init__(f"the engine refused {len(refused)} document(s): {some}")


@dataclass(frozen=True, slots=True)
class Results:
    total: int
    """Documents that answer the query, however many hits were asked for."""
    hits: tuple[Hit, ...]
    notes: tuple[str, ...] = ()
    """What the engine could not do as asked."""


@dataclass(frozen=True, slots=True)
class Facets:
    total: int
    counts: Mapping[str, Mapping[str, int]]
    """Facet → value → documents, most frequent first; documents without a value count as UNKNOWN."""
    histogram: Mapping[str, int]
    """First day of the day, week (Monday) or month, ISO 8601 → documents, in order, without empty ones.

    Dated by publication, or by capture where there is none; days are UTC."""


class IndexWriter(Protocol):
    """Keeps documents."""

    def upsert(self, documents: Sequence[Document]) -> int:
        """Adds or replaces documents by id and returns how many.

        One that was captured before the kept one of its id is left out. They are kept from the next `commit` on.
        IndexLocked where another process writes.
        """

    def delete(self, ids: Iterable[str]) -> None: ...

    def commit(self) -> None:
        """Flushes to disk all that was upserted and deleted, and makes it found here. Before it nothing is kept.

        IndexAway where the engine cannot take it now; IndexRefused, after all others, where it refuses single ones.
        """

    def count(self) -> int: ...

    def close(self) -> None:
        """Lets go of files and lock. What was not committed is gone."""


class SearchIndex(IndexWriter, Protocol):
    """Keeps documents and finds them again. One process may write, any number may read."""

    def refresh(self) -> None:
        """Makes found what other processes committed since; also after a rebuild has put another index in its place."""

    def get(self, document_id: str) -> Document | None: ...

    def search(self, query: Query) -> Results: ...

    def aggregate(self, query: Query, facets: Sequence[str] = FACETS, histogram: Histogram | None = None) -> Facets:
        """Counts over all documents that answer the query; its limit and order do not matter."""

    def ids(self) -> Iterator[str]:
        """The ids of all documents, in order."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None: ...


BACKENDS = {
    "tantivy": "search.tantivy_index.TantivyIndex",
    "elasticsearch": "search.elastic_index.ElasticIndex",
}
"""Scheme of an index URL → dotted path of the class; its `open(place, write)` opens what the URL names."""


def open_index(url_or_path: str, *, write: bool = False) -> SearchIndex:
    """Opens `tantivy:PATH`, a bare path, which means tantivy, or `elasticsearch:http://HOST:PORT/NAME`.

    Where nothing is, an empty index is made.

    Writing needs no more than `upsert`; with `write` the lock is taken at once, so that IndexLocked comes before work.
    """
    backend, place = _backend(url_or_path)
    return cast(SearchIndex, backend.open(place, write=write))


class FreshIndex(SearchIndex, Protocol):
    """An empty index beside the one that serves."""

    def put_in_place(self) -> None:
        """Commits, and makes this the index that serves, in one step. It stays open."""


def fresh_index(url_or_path: str) -> FreshIndex:
    """A new, empty index beside the one that serves, for a rebuild. IndexLocked where another process writes."""
    backend, place = _backend(url_or_path)
    return cast(FreshIndex, backend.fresh(place))


def _backend(url_or_path: str) -> tuple[Any, str]:
    scheme, colon, place = str(url_or_path).partition(":")
    if not colon or scheme not in BACKENDS:
        if colon and scheme.isalpha() and len(scheme) > 1 and "/" not in scheme:
            raise IndexUnknown(f"no search backend {scheme!r}; known: {', '.join(BACKENDS)}")
        scheme, place = "tantivy", str(url_or_path)
    module, _, name = BACKENDS[scheme].rpartition(".")
    try:
        return getattr(importlib.import_module(module), name), place
    except ModuleNotFoundError as fault:
        if (fault.name or "").partition(".")[0] not in ("elasticsearch", "elastic_transport"):
            raise
        raise IndexFault(
            "the client for Elasticsearch is not installed: pip install 'newswarc[elasticsearch]'"
        ) from fault
