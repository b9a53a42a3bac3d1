"""Faults that have a remedy, as one sentence each."""

from __future__ import annotations

import logging
import sqlite3

from archive.errors import ArchiveError
from newswarc.ledger import LedgerFault
from newswarc.settings import BadSetting


class UserError(ValueError):
    """Wrong use of a command; the text says what would be right."""


class NotFound(LookupError):
    """What was asked for is not there."""


class WorkFault(RuntimeError):
    """The work could not be done; the text says what, where and what to do."""


def explain(e: BaseException) -> str | None:
    """The sentence for a fault that people can mend; None for one that is ours."""
    # Late, for they take a while to import, and mostly nothing fails.
    from crawler.contract import UnfitScrapy
    from newswarc.sources import UnknownSource
    from search.entities.watchlist import BadWatchlist
    from search.index import IndexFault

    ours = UserError | NotFound | WorkFault | UnknownSource | UnfitScrapy | BadSetting | BadWatchlist
    if isinstance(e, ours | LedgerFault | ArchiveError | IndexFault):
        return str(e)
    if isinstance(e, BrokenPipeError):
        return "the output was closed early"
    if isinstance(e, PermissionError | FileNotFoundError | IsADirectoryError | NotADirectoryError):
        return f"{e.filename}: {e.strerror}"
    return _of_ledger(e) if isinstance(e, sqlite3.Error) else None


def _of_ledger(e: sqlite3.Error) -> str:
    code = getattr(e, "sqlite_errorcode", 0) & 0xFF  # the primary one of an extended code
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"the ledger: {e}; is another newswarc at work on this folder?"
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return f"the ledger: {e}; see to the disk, then run the same again"
    return f"the ledger is damaged ({e}): run `newswarc rebuild`, which makes it anew from the archive"


class OneSentence(logging.Filter):
    """For a log that people read: a fault that has a sentence is told by it, without its way through the code."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        sentence = explain(error) if error is not None else None
        if sentence is not None:
            first = record.getMessage().partition("\n")[0].rstrip()
            record.msg, record.args = f"{first}: {sentence}", None
            record.exc_info = record.exc_text = None
        return True
