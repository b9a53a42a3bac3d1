"""The embedded search engine: a tantivy index in a folder, with one writer and any number of readers.

    index/
      current                 the name of the folder that is the index now
      articles-1-3/           <name>-<schema version>-<n>: a tantivy index
      writer.lock             held by the one process that writes

A rebuild fills a fresh folder and `swap` points `current` at it; a reader goes on with what it has open until it
refreshes. tantivy's own calls and traps are noted where they matter.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import tantivy

from newswarc.items import Document, Hit
from search.highlight import highlights
from search.index import (
    FACETS,
    FEWER_WORDS,
    UNKNOWN,
    Facets,
    Histogram,
    IndexDamaged,
    IndexFault,
    IndexLocked,
    IndexOutdated,
    Results,
)
from search.keys import divided_words, facet_values, keys, milliseconds, within
from search.names import terms
from search.query import Query
from search.records import document_of, record_of
from search.tantivy_query import translate

NAME = "articles"
SCHEMA_VERSION = 2
"""Raised with every change of the fields or of the analysis: an index of another version is rebuilt, never read."""
HEAP = 50_000_000
"""Bytes the writer gathers before it writes a segment."""
MOST_VALUES = 1_000
"""Values of a facet that are counted."""


def _schema() -> Any:
    fields = tantivy.SchemaBuilder()
    fields.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for text in ("title", "title_stems", "text", "stems"):
        fields.add_text_field(text, tokenizer_name="whitespace")
    fields.add_text_field("keys", tokenizer_name="raw", index_option="basic")
    fields.add_text_field("names", tokenizer_name="whitespace", index_option="freq")
    for facet in (*FACETS, "article_id"):
        fields.add_text_field(facet, tokenizer_name="raw", index_option="basic", fast=True)
    for date in ("date", "published", "captured_at"):
        fields.add_date_field(date, indexed=True, fast=True)
    fields.add_integer_field("captured", indexed=False, fast=True)
    fields.add_bytes_field("document", stored=True)
    return fields.build()


class TantivyIndex:
    """One folder of tantivy's under a root; see `search.index.SearchIndex` for what the methods promise."""

    def __init__(self, root: Path, folder: str, lock: int | None = None) -> None:
        """`folder` within `root` is opened; `lock` is the open, locked file of its writer, where there is one."""
        self.root = root
        self._lock = lock
        self._writer: Any = None
        self._pending: dict[str, int | None] = {}
        """Documents written since the last commit, and their capture times in milliseconds; None: deleted."""
        self._open(folder)

    @classmethod
    def open(cls, place: str | Path, *, write: bool = False) -> TantivyIndex:
        """The current index of a root folder, made empty where there is none."""
        root = Path(place)
        root.mkdir(parents=True, exist_ok=True)
        lock = _locked(root) if write else None
        try:
            return cls(root, _current(root) or _first(root, lock), lock)
        except BaseException:
            if lock is not None:
                os.close(lock)
            raise

    @classmethod
    def fresh(cls, place: str | Path) -> TantivyIndex:
        """A new, empty index beside the current one, for a rebuild; it becomes the current one by `swap`.

        Takes the root's lock, so that nothing is written to the old index meanwhile.
        """
        root = Path(place)
        root.mkdir(parents=True, exist_ok=True)
        lock = _locked(root)
        try:
            _sweep(root)
            return cls(root, _make(root), lock)
        except BaseException:
            os.close(lock)
            raise

    def _open(self, folder: str) -> None:
        """Opens that folder, or the one that a swap has put in its place meanwhile."""
        try:
            self._index: Any = tantivy.Index.open(str(self.root / folder))
            self._index.config_reader("manual")
            self._reload()
        except ValueError as fault:
            current = _current(self.root)
            if self._lock is None and current not in (None, folder):
                self._open(current)
                return
            raise IndexDamaged(f"the index in {self.root / folder} can't be read ({fault}): {_REBUILD}") from fault
        self.folder = folder

    def put_in_place(self) -> None:
        swap(self.root, self)

    # ---- writing

    def _writing(self) -> Any:
        """tantivy's writer, with the root's lock; the index is opened anew, since another process may have written."""
        if self._writer is None:
            if self._lock is None:
                self._lock = _locked(self.root)
                self._open(_current(self.root) or self.folder)
            with self._faults("opened for writing"):
                self._writer = self._index.writer(heap_size=HEAP, num_threads=1)
        return self._writer

    @contextlib.contextmanager
    def _faults(self, done: str) -> Iterator[None]:
        """Names what failed; the writer is given up then, with all that was not committed."""
        try:
            yield
        except (ValueError, OSError) as fault:
            writer, self._writer = self._writer, None
            self._pending.clear()
            if writer is not None:
                # Let go of tantivy's lock now: the traceback may keep the writer alive. A broken one says so again.
                with contextlib.suppress(ValueError, OSError):
                    writer.rollback()
                with contextlib.suppress(ValueError, OSError):
                    writer.wait_merging_threads()
            if "LockBusy" in str(fault):
                raise _lock_fault(self.root) from fault
            raise IndexFault(f"the index in {self.root / self.folder} could not be {done}: {fault}") from fault

    def upsert(self, documents: Sequence[Document]) -> int:
        writer = self._writing()
        captured = self._captured([document.id for document in documents])
        written = 0
        for document in documents:
            version = milliseconds(document.captured_at)
            known = captured.get(document.id)
            if known is not None:
                if version < known:
                    continue
                writer.delete_documents_by_term("id", document.id)
            fields = _indexed(document, version)
            with self._faults("written"):
                writer.add_document(fields)
            captured[document.id] = self._pending[document.id] = version
            written += 1
        return written

    def _captured(self, ids: Sequence[str]) -> dict[str, int | None]:
        """Capture time in milliseconds of those documents that are there already, committed or not."""
        if not ids:
            return {}
        query = tantivy.Query.term_set_query(self._index.schema, "id", ids)
        found = [address for _, address in self._searcher.search(query, limit=len(ids), count=False).hits]
        times = self._searcher.fast_field_values("captured", found)
        committed = {self._searcher.doc(address)["id"][0]: time for address, time in zip(found, times, strict=True)}
        return committed | {id: self._pending[id] for id in ids if id in self._pending}

    def delete(self, ids: Iterable[str]) -> None:
        writer = self._writing()
        for id in ids:
            writer.delete_documents_by_term("id", id)
            self._pending[id] = None

    def commit(self) -> None:
        if self._writer is not None:
            with self._faults("committed"):
                self._writer.commit()
            self._pending.clear()
            self._reload()

    def refresh(self) -> None:
        # A writer stays with the folder it has: the lock keeps others from putting another in its place.
        current = _current(self.root) if self._lock is None else self.folder
        if current in (None, self.folder):
            self._reload()
        else:
            self._open(current)

    def _reload(self) -> None:
        self._index.reload()
        self._searcher: Any = self._index.searcher()

    # ---- reading

    def get(self, document_id: str) -> Document | None:
        query = tantivy.Query.term_query(self._index.schema, "id", document_id)
        hits = self._searcher.search(query, limit=1, count=False).hits
        return self._document(hits[0][1]) if hits else None

    def search(self, query: Query) -> Results:
        by_date = query.sort == "date"
        _, found, notes = self._asked(
            query, limit=query.limit or 1, offset=query.offset, order_by_field="date" if by_date else None
        )
        hits = found.hits[: query.limit]
        return Results(found.count, tuple(self._hit(query, None if by_date else rank, at) for rank, at in hits), notes)

    def _asked(self, query: Query, **options: Any) -> tuple[Any, Any, tuple[str, ...]]:
        """The query as tantivy has it, the answer, and a note where it had to be a simpler one."""
        schema = self._index.schema
        try:
            matching = translate(query, schema)
            return matching, self._searcher.search(matching, **options), ()
        except ValueError as fault:
            if "max expansions" not in str(fault):
                raise
        matching = translate(query, schema, few=True)
        return matching, self._searcher.search(matching, **options), (FEWER_WORDS,)

    def _hit(self, query: Query, score: float | None, address: Any) -> Hit:
        document = self._document(address)
        return Hit(document, score, highlights(document, query))

    def _document(self, address: Any) -> Document:
        return document_of(self._searcher.doc(address)["document"][0])

    def aggregate(self, query: Query, facets: Sequence[str] = FACETS, histogram: Histogram | None = None) -> Facets:
        asked: dict[str, Any] = {
            facet: {"terms": {"field": facet, "size": MOST_VALUES, "missing": UNKNOWN}} for facet in facets
        }
        if histogram:
            asked["days"] = {"date_histogram": {"field": "date", "fixed_interval": "1d", "min_doc_count": 1}}
        matching, first, _ = self._asked(query, limit=1)
        found = self._searcher.aggregate(matching, asked) if asked else {}
        counts = {facet: {b["key"]: b["doc_count"] for b in found[facet]["buckets"]} for facet in facets}
        return Facets(first.count, counts, _summed(found["days"]["buckets"], histogram) if histogram else {})

    def ids(self) -> Iterator[str]:
        # With a filter query deleted documents' ids are left out.
        for id, _ in self._searcher.terms_with_prefix("id", "", tantivy.Query.all_query()):
            yield id

    def count(self) -> int:
        return int(self._searcher.num_docs)

    # ---- closing

    def close(self) -> None:
        if self._writer is not None:
            with self._faults("closed"):
                self._writer.rollback()
                self._writer.wait_merging_threads()
            self._writer = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def swap(root: str | Path, index: TantivyIndex) -> None:
    """Commits a fresh index, makes it the current one in one step, removes the others. It stays open, and writes on."""
    index.commit()
    _point(Path(root), index.folder)
    _sweep(Path(root))


# ---- folders

_REBUILD = "run `newswarc rebuild`, which makes it anew from the archive"


def _current(root: Path) -> str | None:
    """The folder that `current` names, checked; None where there is no index yet."""
    try:
        folder = (root / "current").read_text("utf-8").strip()
    except FileNotFoundError:
        return None
    named = re.fullmatch(r"([\w.]+)-([0-9]+)-([0-9]+)", folder)
    if not named:
        raise IndexDamaged(f"{root / 'current'} names no index: {_REBUILD}")
    if int(named[2]) != SCHEMA_VERSION:
        raise IndexOutdated(f"the index in {root / folder} has schema {named[2]}, not {SCHEMA_VERSION}: {_REBUILD}")
    return folder


def _make(root: Path) -> str:
    """A folder of the next number with an empty index in it; needs the lock."""
    taken = [int(path.name.rsplit("-", 1)[1]) for path in root.glob(f"{NAME}-*-*") if path.name[-1].isdigit()]
    folder = f"{NAME}-{SCHEMA_VERSION}-{max(taken, default=0) + 1}"
    (root / folder).mkdir()
    tantivy.Index(_schema(), path=str(root / folder))
    return folder


def _first(root: Path, lock: int | None) -> str:
    """Makes the first index of a root, under its lock, unless another process has made one meanwhile."""
    held = _locked(root) if lock is None else lock
    try:
        folder = _current(root)
        if folder is None:
            folder = _make(root)
            _point(root, folder)
        return folder
    finally:
        if lock is None:
            os.close(held)


def _point(root: Path, folder: str) -> None:
    """Writes `current` in one step."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=root, prefix=".current-", delete=False) as file:
        file.write(folder)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, root / "current")
    _sync(root)


def _sweep(root: Path) -> None:
    """Removes all index folders but the current one: what a swap or a broken-off rebuild left. Needs the lock."""
    try:
        kept = (root / "current").read_text("utf-8").strip()
    except FileNotFoundError:
        kept = ""
    for path in root.glob(f"{NAME}-*-*"):
        if path.name != kept:
            shutil.rmtree(path)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _locked(root: Path) -> int:
    """The root's lock file, open and locked; the lock dies with the process."""
    handle = os.open(root / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as fault:
        os.close(handle)
        raise _lock_fault(root) from fault
    return handle


def _lock_fault(root: Path) -> IndexLocked:
    return IndexLocked(
        f"another process writes to the index in {root}: wait until that crawl or rebuild is done, or stop it"
    )


# ---- documents


def _indexed(document: Document, version: int) -> Any:
    title, text, title_stems, text_stems = divided_words(document)
    # The mark between title and text keeps a phrase from beginning in one and ending in the other.
    fields = tantivy.Document()
    for name, value in (
        ("title", title),
        ("title_stems", title_stems),
        ("text", f"{title} . {text}"),
        ("stems", f"{title_stems} . {text_stems}"),
    ):
        fields.add_text(name, value)
    fields.add_text("id", document.id)
    fields.add_text("article_id", document.article_id)
    for key in keys(document):
        fields.add_text("keys", key)
    fields.add_text("names", terms(document))
    for facet in FACETS:
        for value in facet_values(document, facet):
            fields.add_text(facet, value.encode(errors="replace").decode())  # no lone surrogates
    fields.add_date("date", within(document.published or document.captured_at))
    if document.published:
        fields.add_date("published", within(document.published))
    fields.add_date("captured_at", within(document.captured_at))
    fields.add_integer("captured", version)
    fields.add_bytes("document", record_of(document))
    return fields


def _summed(days: Iterable[dict[str, Any]], histogram: Histogram) -> dict[str, int]:
    """tantivy counts by days alone (no weeks, no months)."""
    counts: dict[str, int] = {}
    for bucket in days:
        day = datetime.fromtimestamp(bucket["key"] / 1000, UTC).date()
        if histogram == "week":
            day -= timedelta(days=day.weekday())
        elif histogram == "month":
            day = day.replace(day=1)
        counts[day.isoformat()] = counts.get(day.isoformat(), 0) + bucket["doc_count"]
    return dict(sorted(counts.items()))
