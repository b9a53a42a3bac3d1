"""`newswarc status`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from newswarc.commands.opening import ledger_of
from newswarc.commands.printing import console, counted, print_json, table, visible
from newswarc.settings import DataFolder


def run(data: Path, json: bool) -> int:
    folder = DataFolder(data)
    with ledger_of(data) as ledger:
        rounds = ledger.rounds(1)
        result = {
            "archive": archive_figures(folder.archive),
            **ledger.totals(),
            "last_round": rounds[0] if rounds else None,
            "sources": ledger.source_health(),
        }
    if json:
        print_json(result)
    else:
        _print(result)
    return 0


def archive_figures(folder: Path) -> dict[str, int]:
    files = (
        [f for f in folder.iterdir() if ".warc.gz" in f.name and f.suffix in (".gz", ".open")]
        if folder.is_dir()
        else []
    )
    return {"files": len(files), "bytes": sum(f.stat().st_size for f in files)}


def _print(result: dict[str, Any]) -> None:
    out = console()
    archive = result["archive"]
    out.print(f"[bold]archive[/bold]    {counted(archive['files'], 'file')}, {archive['bytes'] / 1e6:,.1f} MB")
    for name in ("exchanges", "outcomes", "urls", "documents"):
        figures = ", ".join(f"{n} {key}" for key, n in sorted(result[name].items(), key=lambda kv: -kv[1]))
        out.print(f"[bold]{name:<10}[/bold] {figures or 'none'}")
    out.print(f"[bold]to index[/bold]   {result['unindexed']}, in quarantine {result['quarantined']}")
    last = result["last_round"]
    if last:
        ended = _minute(last["ended_at"]) if last["ended_at"] else "not ended"
        out.print(f"[bold]last round[/bold] {_minute(last['started_at'])} – {ended}")
    rows = [
        [s["source"], s["documents"], sum(s["urls"].values()), s["listings"], _minute(s["last_exchange"])]
        for s in result["sources"]
    ]
    out.print()
    out.print(table(["source", "documents", "URLs", "listings", "last exchange"], rows, numbers=[1, 2, 3]))
    failures = [(s["source"], s["last_failure"]) for s in result["sources"] if s["last_failure"]]
    if failures:
        out.print("\n[bold]last failures[/bold]")
    for source, failure in failures:
        at, _, what = failure.partition(" ")
        out.print(f"{source}: {_minute(at)} {visible(what)}", markup=False)


def _minute(moment: str | None) -> str:
    """`2026-04-21 12:44Z` of what the ledger writes as `2026-04-21T12:44:45.467Z`."""
    return f"{moment[:10]} {moment[11:16]}Z" if moment else "–"
