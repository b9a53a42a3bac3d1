"""`newswarc verify`: digests recomputed, the text made again from the record and held against the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from archive.errors import CorruptRecord, MissingRecord
from archive.store import ArchiveReader
from archive.verify import verify_folder
from newswarc.commands.faults import UserError
from newswarc.commands.opening import document_row, exchange_of, ledger_of
from newswarc.commands.printing import console, print_json
from newswarc.items import Document
from newswarc.ledger import DocumentRow, Ledger
from newswarc.settings import DataFolder
from pipelines.derive import Derivation, derive
from pipelines.pool import PagePoisoned, WorkerPool
from search.index import SearchIndex, open_index

Word = Literal["verified", "extractor changed", "corrupt", "missing"]
BAD = ("corrupt", "missing")
STYLES = {"verified": "green", "extractor changed": "yellow", "corrupt": "red", "missing": "red"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check of one document or record came to."""

    what: str
    verdict: Word
    cause: str | None = None


def run(prefixes: Sequence[str], everything: bool, data: Path, json: bool) -> int:
    if bool(prefixes) == everything:
        raise UserError("name the documents to verify, or --all")
    folder = DataFolder(data)
    with ledger_of(data) as ledger:
        rows = ledger.documents() if everything else [document_row(ledger, p) for p in prefixes]
        rows = [row for row in rows if row.state != "withdrawn"]
        verdicts = list(_documents(rows, ledger, folder))
    records = list(_records(folder)) if everything else []
    counts = Counter(v.verdict for v in verdicts)
    if json:
        print_json({"documents": verdicts, "counts": counts, "records": records})
    else:
        _print(verdicts, records, everything)
    return 1 if any(v.verdict in BAD for v in (*verdicts, *records)) else 0


def _documents(rows: Sequence[DocumentRow], ledger: Ledger, folder: DataFolder) -> Iterator[Verdict]:
    reader, index = ArchiveReader(folder.archive), open_index(str(folder.index))
    pool = WorkerPool(workers=1 if len(rows) < 8 else None)
    try:
        futures = []
        for row in rows:
            exchange = exchange_of(ledger, row)
            archived = exchange.archived
            facts = ledger.facts(archived.source, exchange.id) if archived.source else None
            futures.append((row, pool.submit(derive, folder.archive, archived, ledger.hints(exchange), facts)))
        for row, future in futures:
            yield _judge(row, future, index)
    finally:
        pool.close()
        index.close()
        reader.close()


def _judge(row: DocumentRow, future: Future[Derivation], index: SearchIndex) -> Verdict:
    kept = index.get(row.id)
    try:
        made = future.result().document
    except CorruptRecord as e:
        return Verdict(row.id, "corrupt", str(e))
    except MissingRecord as e:
        return Verdict(row.id, "missing", str(e))
    except PagePoisoned as e:
        return Verdict(row.id, "extractor changed", f"the page can no longer be cleaned: {e}")
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


def _same(made: Document, kept: Document, row: DocumentRow) -> bool:
    bare = replace(made, version=row.version, state=kept.state, folded="", stems="", title_words=0)
    return bare == replace(kept, folded="", stems="", title_words=0)


def _records(folder: DataFolder) -> Iterator[Verdict]:
    """What is wrong in the archive beyond the documents: damaged records, changed or missing files."""
    for found in verify_folder(ArchiveReader(folder.archive)):
        if found.state != "verified":
            where = found.warc if found.offset is None else f"{found.warc} +{found.offset} {found.record_id or ''}"
            yield Verdict(where.strip(), found.state, found.cause)


def _print(verdicts: Sequence[Verdict], records: Sequence[Verdict], everything: bool) -> None:
    out = console()
    for v in (*verdicts, *records):
        if not everything or v.verdict != "verified":
            out.print(f"[{STYLES[v.verdict]}]{v.verdict}[/]  {v.what}" + (f"  {v.cause}" if v.cause else ""))
    if everything:
        counts = Counter(v.verdict for v in verdicts)
        said = ", ".join(f"{n} {word}" for word, n in sorted(counts.items())) or "none"
        out.print(f"{len(verdicts)} documents: {said}; {len(records) or 'no'} fault(s) in the archive's records")
