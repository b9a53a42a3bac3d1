"""`newswarc search`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from rich.markup import escape
from rich.text import Text

from newswarc.commands.faults import UserError
from newswarc.commands.opening import index_of
from newswarc.commands.printing import console, counted, print_json, readable, table, visible
from newswarc.items import Hit, State
from newswarc.settings import DataFolder
from search.answers import answer
from search.index import Facets, Results, SearchIndex
from search.query import All, Filters, Query, moment, named_in, parse
from search.resolving import resolved_by, with_names

NAMED = ("source", "language", "country")
"""Filters that take a value of the documents' own."""
MOST_VALUES = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line's arguments."""

    query: str
    source: Sequence[str] | None
    language: Sequence[str] | None
    country: Sequence[str] | None
    state: Sequence[str] | None
    since: str | None
    until: str | None
    sort: str
    limit: int
    offset: int
    facets: bool
    strict: bool
    actor: Sequence[str] | None = None
    place: Sequence[str] | None = None


def run(asked: Asked, data: Path, json: bool) -> int:
    if asked.sort not in ("relevance", "date"):
        raise UserError(f"--sort {asked.sort!r}: there are relevance and date")
    folder = DataFolder(data)
    parsed = parse(asked.query)
    query = Query(
        with_names(parsed.tree, asked.actor or (), asked.place or ()),
        filters=_filters(asked),
        sort="date" if asked.sort == "date" else "relevance",
        limit=asked.limit,
        offset=asked.offset,
        strict=asked.strict,
    )
    index = index_of(folder)
    try:
        query, notes = resolved_by(query, folder.watchlists)
        results = index.search(query)
        unknown = _without_documents(index, query.filters) if not results.total else []
        facets = index.aggregate(query, histogram="month") if asked.facets else None
    finally:
        index.close()
    if json:
        print_json(answer(results, [*parsed.notes, *notes, *unknown], facets, query))
    else:
        _print(results, [*parsed.notes, *notes, *unknown, *results.notes], facets, query)
    return 0


def _without_documents(index: SearchIndex, filters: Filters) -> list[str]:
    """A note on each filter that leaves out every document there is: mostly a slip of the pen."""
    if not index.count():
        return ["the index holds no document; where something was crawled, `newswarc rebuild` makes it anew"]

    def total(**only: Any) -> int:
        return index.search(Query(All(), filters=Filters(**only), limit=0, all_versions=True)).total

    empty = [(name, value) for name in NAMED for value in filters.values(name) if not total(**{name: value})]
    there = index.aggregate(Query(All(), all_versions=True), NAMED).counts if empty else {}
    return [f"no document has --{name} {value!r}; there are {_some(list(there[name]))}" for name, value in empty]


def _some(values: Sequence[str]) -> str:
    named = [value for value in values if value]
    return ", ".join(named[:MOST_VALUES]) + (" …" if len(named) > MOST_VALUES else "") if named else "none"


def _filters(asked: Asked) -> Filters:
    states = get_args(State)
    if wrong := [state for state in asked.state or () if state.lower() not in states]:
        raise UserError(f"--state {wrong[0]!r}: there are {', '.join(states)}")
    since = day(asked.since, "--since") if asked.since else None
    until = day(asked.until, "--until", until=True) if asked.until else None
    if since and until and since >= until:
        raise UserError(f"--since {asked.since} is later than --until {asked.until}: no day lies between them")
    return Filters(
        source=tuple(asked.source or ()),
        language=tuple(asked.language or ()),
        country=tuple(asked.country or ()),
        state=tuple(asked.state or ()),
        since=since,
        until=until,
    )


def day(text: str, option: str, *, until: bool = False) -> datetime:
    try:
        return moment(text, until=until)
    except ValueError as e:
        raise UserError(f"{option}: {e}") from e


def _print(results: Results, notes: Sequence[str], facets: Facets | None, query: Query) -> None:
    out = console()
    for found in named_in(query.tree):
        out.print(f"[dim]{escape(visible(str(found)))} is taken for[/dim] {escape(' or '.join(found.names))}")
    for note in notes:
        out.print(f"note: {note}", style="yellow", markup=False)
    for hit in results.hits:
        _print_hit(hit)
    out.print(counted(results.total, "document"), style="dim")
    if facets is not None:
        for name, counts in facets.counts.items():
            rows = [(escape(visible(value)) or "(none)", n) for value, n in counts.items()]
            out.print(table([name, ""], rows, numbers=[1]))
        out.print(table(["month", ""], facets.histogram.items(), numbers=[1]))


def _marked(fragment: str) -> Text:
    """A fragment with the words that were found, which stand in [[ ]], set off. Made without markup: the brackets of a
    page must not be read as ours."""
    made = Text()
    for piece in re.split(r"(\[\[.*?\]\])", visible(" ".join(fragment.split()))):
        found = piece.startswith("[[") and piece.endswith("]]")
        made.append(piece[2:-2] if found else piece, "reverse" if found else None)
    return made


def _print_hit(hit: Hit) -> None:
    out, d = console(), hit.document
    when = d.published or d.captured_at
    mark = "" if d.state == "live" else f"  [red]{d.state}[/red]"
    out.print(f"[bold]{escape(visible(d.title))}[/bold]{mark}")
    out.print(f"  {when:%Y-%m-%d %H:%M}  {d.source}  {d.language or '?'}  [cyan]{d.id}[/cyan]")
    out.print(f"  {escape(readable(d.url))}")

    for fragment in hit.highlights[:2]:
        out.print(Text("  ").append_text(_marked(fragment)))
    e = d.evidence
    out.print(f"  [dim]{e.warc} +{e.offset} ({e.length} B), captured {e.captured_at:%Y-%m-%d %H:%M:%S}Z[/dim]\n")
