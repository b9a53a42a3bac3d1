"""Whether a document still stands: its record's digests recomputed, its text made again and held against the index."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from archive.errors import CorruptRecord, MissingRecord
from newswarc.items import Archived, Document, Hints, SourceFacts
from newswarc.ledger import DocumentRow, ExchangeRow, Ledger
from pipelines.derive import Derivation, derive, reader
from pipelines.pool import PagePoisoned, WorkerPool

Word = Literal["verified", "extractor changed", "corrupt", "missing"]
BAD = ("corrupt", "missing")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check of one document or record came to."""

    what: str
    verdict: Word
    cause: str | None = None


def made_again(pool: WorkerPool, archive: Path, ledger: Ledger, exchange: ExchangeRow) -> Future[Derivation]:
    """The document of an exchange, on its way from the record, with the hints and facts that counted the first time."""
    archived = exchange.archived
    facts = ledger.facts(archived.source, exchange.id) if archived.source else None
    return pool.submit(_derive_afresh, archive, archived, ledger.hints(exchange), facts)


def _derive_afresh(folder: Path, archived: Archived, hints: Hints, facts: SourceFacts | None) -> Derivation:
    """From the file as it is now: a worker that lives on may have one open that was removed or replaced since."""
    reader(folder).close()
    return derive(folder, archived, hints, facts)


def judge(row: DocumentRow, future: Future[Derivation], kept: Document | None, *, waits: bool = False) -> Verdict:
    """Waits for what `made_again` gives and holds it against the document that the index keeps.

    `waits`: the ledger knows that the index has not taken it yet.
    """
    try:
        made = future.result().document
    except (CorruptRecord, MissingRecord) as e:
        return damaged(row, e)
    except PagePoisoned as e:
        return Verdict(row.id, "extractor changed", f"the page can no longer be cleaned: {e}")
    if kept is None and waits and made is not None and made.id == row.id:
        return Verdict(row.id, "verified", "not in the index yet: a crawl at work, or the next one, sends it")
    if kept is None:
        return Verdict(row.id, "missing", "the record is whole, but the index does not hold the document")
    if made is not None and _same(made, kept, row):
        return Verdict(row.id, "verified")
    if made is None or made.extractor != kept.extractor:
        now = made.extractor if made else "no article"
        return Verdict(
            row.id, "extractor changed", f"made by {kept.extractor}, now {now}; `newswarc rebuild` renews it"
        )
    return Verdict(row.id, "corrupt", "the record is whole, but the index holds another text than it gives")


def damaged(row: DocumentRow, fault: CorruptRecord | MissingRecord) -> Verdict:
    return Verdict(row.id, "missing" if isinstance(fault, MissingRecord) else "corrupt", str(fault))


def _same(made: Document, kept: Document, row: DocumentRow) -> bool:
    bare = replace(made, version=row.version, state=kept.state, folded="", stems="", title_words=0, spelled=None)
    if made.annotator != kept.annotator:  # another registry finds other names in the same text
        bare = replace(bare, mentions=kept.mentions, statements=kept.statements, annotator=kept.annotator)
    return bare == replace(kept, folded="", stems="", title_words=0, spelled=None)
