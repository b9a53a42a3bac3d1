"""`newswarc index`: set up, look at, swap, keep and restore the index; what waits for it; the ledger's figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from newswarc.commands.faults import UserError
from newswarc.commands.opening import ledger_of
from newswarc.commands.printing import console, print_json, table
from newswarc.ledger import Ledger
from newswarc.settings import DataFolder
from search.index import SearchIndex, open_index

if TYPE_CHECKING:  # its client is an extra
    from search.elastic_index import ElasticIndex


def setup(data: Path, json: bool) -> int:
    folder = DataFolder(data)
    with open_index(folder.index_url) as index:
        if not folder.embedded:
            _set_up(index)
        return _said({"index": folder.index_url, **_standing(index)}, json)


def _set_up(index: SearchIndex) -> None:
    from search.elastic_figures import set_up

    index.setup()  # type: ignore[attr-defined]  # also where it is there: a newer template is put in place
    set_up(index.engine, index.name)  # type: ignore[attr-defined]


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


def figures(data: Path, json: bool) -> int:
    """Sends all of them, also those that the engine has."""
    return _said({"index": f"{_elastic(data).index_url}-figures", "figures": send_figures(data, everything=True)}, json)


def send_figures(data: Path, *, everything: bool = False) -> int:
    """Sends the ledger's figures to the engine; returns how many documents they are."""
    from search.elastic_figures import send

    folder = DataFolder(data)
    with ledger_of(data) as ledger, _open_elastic(folder) as index:
        return send(index.engine, index.name, ledger, folder.archive, everything=everything)


def snapshot(repository: str, location: Path | None, data: Path, json: bool) -> int:
    from search.elastic_snapshot import register, take

    with _open_elastic(_elastic(data)) as index:
        if location is not None:
            register(index.engine, repository, location)
        made = take(index, repository)
    return _said({"snapshot": made.name, "of": made.indices[0], "seconds": made.seconds}, json)


def snapshots(repository: str, data: Path, json: bool) -> int:
    from search.elastic_snapshot import kept

    with _open_elastic(_elastic(data)) as index:
        found = kept(index, repository)
    if json:
        print_json(found)
    else:
        rows = [[each.name, each.state, ", ".join(each.indices), each.started_at, each.seconds] for each in found]
        console().print(table(["snapshot", "state", "of", "made at", "seconds"], rows, numbers=[4]))
    return 0


def restore(name: str, repository: str, data: Path, json: bool) -> int:
    from search.elastic_snapshot import restore

    folder = _elastic(data)
    with _open_elastic(folder) as serving:
        index = restore(serving, repository, name)
        removed = _as_the_ledger_has_it(index, data)
        (serves,) = index.standing()
        return _said(
            {"index": folder.index_url, "serves": serves, "documents": index.count(), "removed": removed}, json
        )


def _as_the_ledger_has_it(index: ElasticIndex, data: Path) -> int:
    """Turns to a restored index: what the ledger has withdrawn since goes, the rest is sent again by the next crawl."""
    if not DataFolder(data).ledger.exists():
        index.put_in_place()
        return 0
    with ledger_of(data) as ledger:
        gone = [id for id in index.ids() if ledger.document(id) is None]
        index.delete(gone)
        index.put_in_place()
        ledger.all_unindexed()
    return len(gone)


def _elastic(data: Path) -> DataFolder:
    folder = DataFolder(data)
    if not folder.on_elasticsearch:
        raise UserError("this is for Elasticsearch: name its index with --index elasticsearch:http://HOST:9200/NAME")
    return folder


def _open_elastic(folder: DataFolder) -> ElasticIndex:
    from search.elastic_index import ElasticIndex

    index = open_index(folder.index_url)
    assert isinstance(index, ElasticIndex)
    return index


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
