"""Opening a data folder for reading: what is not there is said, never made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newswarc.commands.faults import NotFound
from newswarc.ledger import DocumentRow, ExchangeRow, Ledger
from newswarc.settings import DataFolder


@contextmanager
def ledger_of(data: Path) -> Iterator[Ledger]:
    folder = DataFolder(data)
    if not folder.ledger.exists():
        there = "; the archive is there: `newswarc rebuild` makes the ledger anew" if folder.archive.is_dir() else ""
        raise NotFound(f"no ledger in {data}{there or ': crawl first, or name the folder with --data'}")
    ledger = Ledger(folder.ledger)
    try:
        yield ledger
    finally:
        ledger.close()


def document_row(ledger: Ledger, prefix: str) -> DocumentRow:
    """The document whose id is or begins with `prefix`. NotFound where there is none or more than one."""
    exact = ledger.document(prefix)
    if exact is not None:
        return exact
    rows = ledger.documents_like(prefix) if len(prefix) >= 4 else []
    if not rows:
        raise NotFound(f"no document {prefix!r}; `newswarc search` prints ids (four characters of one are enough)")
    articles = {row.article_id for row in rows}
    if len(articles) > 1:
        raise NotFound(f"{prefix!r} begins {len(rows)} ids: {', '.join(row.id for row in rows[:5])} …")
    return max(rows, key=lambda row: row.version)


def exchange_of(ledger: Ledger, row: DocumentRow) -> ExchangeRow:
    exchange = ledger.exchange_by_id(row.exchange)
    if exchange is None:
        raise NotFound(f"the ledger has no exchange for {row.id}; `newswarc rebuild` makes it anew")
    return exchange
