"""Opening a data folder for reading: what is not there is said, never made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newswarc.commands.faults import NotFound
from newswarc.ledger import DocumentRow, ExchangeRow, Ledger
from newswarc.settings import DataFolder
from search.index import SearchIndex, open_index


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


def index_of(folder: DataFolder) -> SearchIndex:
    """The index; the caller closes it. NotFound where there is no embedded one, for opening would make an empty one."""
    if folder.embedded and not folder.index.is_dir():
        there = "; the archive is there: `newswarc rebuild` makes the index anew" if folder.archive.is_dir() else ""
        raise NotFound(f"no index in {folder.root}{there or ': crawl first, or name the folder with --data'}")
    return open_index(folder.index_url)


def document_row(ledger: Ledger, prefix: str) -> DocumentRow:
    """The document whose id is or begins with `prefix`. NotFound where there is none or more than one."""
    exact = ledger.document(prefix)
    if exact is not None:
        return exact
    rows = ledger.documents_like(prefix) if len(prefix) >= 4 else []
    if not rows and "://" in prefix:
        raise NotFound(
            f"{prefix!r} is no id; `newswarc search` finds a URL's documents, `newswarc lookup` its captures"
        )
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
