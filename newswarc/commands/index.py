"""`newswarc index`: set up, look at and swap the index; what waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from newswarc.commands.faults import UserError
from newswarc.commands.opening import ledger_of
from newswarc.commands.printing import console, print_json
from newswarc.ledger import Ledger
from newswarc.settings import DataFolder
from search.index import SearchIndex, open_index


def setup(data: Path, json: bool) -> int:
    folder = DataFolder(data)
    with open_index(folder.index_url) as index:
        if not folder.embedded:
            index.setup()  # type: ignore[attr-defined]  # also where it is there: a newer template is put in place
        return _said({"index": folder.index_url, **_standing(index)}, json)


def status(data: Path, json: bool) -> int:
    folder = DataFolder(data)
    with open_index(folder.index_url) as index:
        told: dict[str, Any] = {"index": folder.index_url, **_standing(index), "documents": index.count()}
    if folder.ledger.exists():
        with ledger_of(data) as ledger:
            told |= {"acknowledged": ledger.indexed_count(), **_backlog(ledger)}
    return _said(told, json)


def backlog(data: Path, json: bool) -> int:
    with ledger_of(data) as ledger:
        refused = ledger.quarantined()
        told = {**_backlog(ledger), "refused": [dict(zip(("id", "reason", "at"), row, strict=True)) for row in refused]}
    if json:
        print_json(told)
        return 0
    _said({name: told[name] for name in ("to_clean", "to_index", "in_quarantine")}, False)
    for id, reason, at in refused:
        console().print(f"{at}  {id}  {reason}", markup=False)
    return 0


def swap(data: Path, json: bool) -> int:
    folder = DataFolder(data)
    if folder.embedded:
        raise UserError("the embedded index keeps no former one: swap is for Elasticsearch, see --index")
    with open_index(folder.index_url) as index:
        return _said({"index": folder.index_url, "serves": index.swap_back()}, json)  # type: ignore[attr-defined]


def _standing(index: SearchIndex) -> dict[str, Any]:
    """What serves behind an alias; the embedded index has its folder."""
    standing = getattr(index, "standing", None)
    return {"serves": next(iter(standing()), None)} if standing else {"serves": str(getattr(index, "folder", ""))}


def _backlog(ledger: Ledger) -> dict[str, int]:
    totals = ledger.totals()
    waiting = totals["unindexed"] - totals["quarantined"]
    return {"to_clean": ledger.pending_count(), "to_index": waiting, "in_quarantine": totals["quarantined"]}


def _said(told: dict[str, Any], json: bool) -> int:
    if json:
        print_json(told)
    else:
        for name, value in told.items():
            console().print(f"{name.replace('_', ' '):<14} {value}", markup=False)
    return 0
