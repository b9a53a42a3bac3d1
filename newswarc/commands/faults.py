"""Faults that have a remedy, as one sentence each."""

from __future__ import annotations

import sqlite3

from archive.errors import ArchiveError
from newswarc.ledger import LedgerFault
from newswarc.settings import BadSetting
from newswarc.sources import UnknownSource


class UserError(ValueError):
    """Wrong use of a command; the text says what would be right."""


class NotFound(LookupError):
    """What was asked for is not there."""


class WorkFault(RuntimeError):
    """The work could not be done; the text says what, where and what to do."""


def explain(e: BaseException) -> str | None:
    """The sentence for a fault that people can mend; None for one that is ours."""
    from search.index import IndexFault

    if isinstance(
        e, UserError | NotFound | WorkFault | UnknownSource | BadSetting | LedgerFault | ArchiveError | IndexFault
    ):
        return str(e)
    if isinstance(e, BrokenPipeError):
        return "the output was closed early"
    if isinstance(e, PermissionError | FileNotFoundError | IsADirectoryError | NotADirectoryError):
        return f"{e.filename}: {e.strerror}"
    if isinstance(e, sqlite3.OperationalError):
        return f"the ledger: {e}; is another newswarc at work on this folder?"
    return None
