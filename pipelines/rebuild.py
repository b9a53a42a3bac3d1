"""Makes ledger and index anew from the archive alone, and enters what a ledger lacks after a crash."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from archive.store import ArchiveReader
from newswarc.items import Archived, Candidate, RecordPointer
from newswarc.ledger import Ledger
from newswarc.settings import DataFolder
from pipelines.allocation import keep_memory_flat
from pipelines.drain import WINDOW, Drain, Progress
from pipelines.pool import PagePoisoned, WorkerPool
from search.entities.annotator import prepare
from search.index import fresh_index

BATCH = 500
PATIENCE = 600.0
"""Seconds that an engine which is away in the end is waited for: a broken-off rebuild begins anew."""


class ReadListing(Protocol):
    """`crawler.listings.discover_again`: the seam that keeps pipelines free of the crawler."""

    def __call__(self, folder: Path, pointer: RecordPointer, key: str, entry: dict[str, Any]) -> Any: ...


def enter(
    records: Iterable[Archived], ledger: Ledger, archive: Path, pool: WorkerPool, read_listing: ReadListing
) -> int:
    """Enters receipts in the archive's order, and the candidates of every archived listing; returns how many receipts.

    Which listing is read first makes no difference: of each hint the earliest listing's counts.
    """
    count = 0
    for batch in _batches(records):
        ledger.record(batch)
        count += len(batch)
        _enter_listings([a for a in batch if _is_listing(a)], ledger, archive, pool, read_listing)
    return count


def _batches(records: Iterable[Archived]) -> Iterator[list[Archived]]:
    iterator = iter(records)
    while batch := list(itertools.islice(iterator, BATCH)):
        yield batch


def _is_listing(archived: Archived) -> bool:
    return (
        archived.kind in ("feed", "sitemap", "section", "homepage", "robots")
        and archived.status == 200
        and archived.truncated is None
        and archived.source is not None
    )


def _enter_listings(
    listings: Sequence[Archived], ledger: Ledger, archive: Path, pool: WorkerPool, read_listing: ReadListing
) -> None:
    under_way: deque[tuple[Archived, int, Future[Any]]] = deque()
    for archived in listings:
        row = ledger.exchange(archived.pointer.record_id)
        entry = ledger.entry(archived.source or "", row.id) if row else None
        if row and entry:
            future = pool.submit(read_listing, archive, archived.pointer, archived.source, entry)
            under_way.append((archived, row.id, future))
        if len(under_way) >= WINDOW:
            _enter_listing(*under_way.popleft(), ledger)
    while under_way:
        _enter_listing(*under_way.popleft(), ledger)


def _enter_listing(archived: Archived, exchange: int, future: Future[Any], ledger: Ledger) -> None:
    source = archived.source or ""
    ledger.remember_listing(source, archived.url, archived.kind, "archive")
    try:
        found = future.result()
    except PagePoisoned as e:
        ledger.checked_listing(source, archived.url, "failed", f"poisoned: {e}", 0, archived.captured_at)
        return
    candidates: Sequence[Candidate] = found.candidates
    ledger.list_candidates(exchange, source, candidates)
    state = "works" if candidates or found.listings else "empty"
    reason = "; ".join(found.faults) or None
    ledger.checked_listing(source, archived.url, state, reason, len(candidates), archived.captured_at)


def reconcile(reader: ArchiveReader, ledger: Ledger, pool: WorkerPool, read_listing: ReadListing) -> int:
    """Enters what the archive holds after the ledger's last row: all of it, where the ledger was lost."""
    last = ledger.last_exchange()
    after = last.archived.pointer if last else None
    return enter(reader.records(after=after), ledger, reader.folder, pool, read_listing)


def rebuild(
    data: DataFolder,
    reader: ArchiveReader,
    pool: WorkerPool,
    read_listing: ReadListing,
    *,
    engine: str | None = None,
    on_entered: Callable[[int], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Progress:
    """A new ledger and a new index beside those that serve, then both are put in place.

    The caller holds the archive's lock. A rebuild that is broken off leaves what serves as it was.
    """
    keep_memory_flat()
    prepare(data.watchlists)
    anew = data.ledger.with_name(data.ledger.name + ".new")
    _remove(anew)
    ledger = Ledger(anew)
    if data.ledger.exists():
        ledger.take_rounds(data.ledger)
    entered = enter(reader.records(), ledger, reader.folder, pool, read_listing)
    if on_entered:
        on_entered(entered)
    with fresh_index(engine or data.index_url) as index:
        try:
            drain = Drain(ledger, reader.folder, pool, index, on_progress=on_progress, patience=PATIENCE)
            progress = drain.run()
        finally:
            ledger.close()
        # A crash between the two leaves the old ledger with an index that has all the archive has.
        index.put_in_place()
        _put_in_place(anew, data.ledger)
    return progress


def _put_in_place(anew: Path, ledger: Path) -> None:
    # The last close has taken the new ledger's WAL into it; the old one's must not be applied to the new file.
    for suffix in ("-wal", "-shm"):
        ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)
    os.replace(anew, ledger)


def _remove(ledger: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)
