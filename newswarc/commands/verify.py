"""`newswarc verify`: digests recomputed, the text made again from the record and held against the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from archive.store import ArchiveReader
from archive.verify import verify_folder
from newswarc.commands.faults import UserError
from newswarc.commands.opening import document_row, exchange_of, index_of, ledger_of
from newswarc.commands.printing import console, counted, print_json
from newswarc.ledger import DocumentRow, Ledger
from newswarc.settings import DataFolder
from pipelines.judge import BAD, Verdict, judge, made_again
from pipelines.pool import WorkerPool
from search.entities.annotator import prepare

STYLES = {"verified": "green", "extractor changed": "yellow", "corrupt": "red", "missing": "red"}


def run(prefixes: Sequence[str], everything: bool, data: Path, json: bool) -> int:
    if bool(prefixes) == everything:
        raise UserError(
            "either the documents that are named, or --all" if everything else "name the documents to verify, or --all"
        )
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
    waiting = {row.id for row in rows if ledger.waits_for_index(row.id)}  # asked before the index is opened
    reader, index = ArchiveReader(folder.archive), index_of(folder)
    prepare(folder.watchlists)
    pool = WorkerPool(workers=1 if len(rows) < 8 else None)
    try:
        futures = [(row, made_again(pool, folder.archive, ledger, exchange_of(ledger, row))) for row in rows]
        for row, future in futures:
            yield judge(row, future, index.get(row.id), waits=row.id in waiting)
    finally:
        pool.close()
        index.close()
        reader.close()


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
        documents, faults = (
            counted(len(verdicts), "document"),
            counted(len(records), "fault") if records else "no fault",
        )
        out.print(f"{documents}: {said}; {faults} in the archive's records")
