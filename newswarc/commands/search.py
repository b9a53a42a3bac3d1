"""`newswarc search`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.markup import escape

from newswarc.commands.faults import NotFound, UserError
from newswarc.commands.printing import console, print_json, readable, table, visible
from newswarc.items import Hit
from newswarc.settings import DataFolder
from search.answers import answer
from search.index import Facets, Results, open_index
from search.query import Filters, Query, moment, named_in, parse
from search.resolving import resolved_by, with_names


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
    if folder.embedded and not folder.index.is_dir():
        raise NotFound(f"no index in {data}: crawl first, or name the folder with --data")
    parsed = parse(asked.query)
    query = Query(
        with_names(parsed.tree, asked.actor or (), asked.place or ()),
        filters=_filters(asked),
        sort="date" if asked.sort == "date" else "relevance",
        limit=asked.limit,
        offset=asked.offset,
        strict=asked.strict,
    )
    query, notes = resolved_by(query, folder.watchlists)
    index = open_index(folder.index_url)
    try:
        results = index.search(query)
        facets = index.aggregate(query, histogram="month") if asked.facets else None
    finally:
        index.close()
    if json:
        print_json(answer(results, [*parsed.notes, *notes], facets, query))
    else:
        _print(results, [*parsed.notes, *notes, *results.notes], facets, query)
    return 0


def _filters(asked: Asked) -> Filters:
    return Filters(
        source=tuple(asked.source or ()),
        language=tuple(asked.language or ()),
        country=tuple(asked.country or ()),
        state=tuple(asked.state or ()),
        since=day(asked.since, "--since") if asked.since else None,
        until=day(asked.until, "--until", until=True) if asked.until else None,
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
    out.print(f"{results.total} document{'' if results.total == 1 else 's'}", style="dim")
    if facets is not None:
        for name, counts in facets.counts.items():
            out.print(table([name, ""], counts.items(), numbers=[1]))
        out.print(table(["month", ""], facets.histogram.items(), numbers=[1]))


def _print_hit(hit: Hit) -> None:
    out, d = console(), hit.document
    when = d.published or d.captured_at
    mark = "" if d.state == "live" else f"  [red]{d.state}[/red]"
    out.print(f"[bold]{escape(visible(d.title))}[/bold]{mark}")
    out.print(f"  {when:%Y-%m-%d %H:%M}  {d.source}  {d.language or '?'}  [cyan]{d.id}[/cyan]")
    out.print(f"  {escape(readable(d.url))}")

    for fragment in hit.highlights[:2]:
        text = escape(visible(" ".join(fragment.split()))).replace("\\[[", "[[")
        out.print("  " + text.replace("[[", "[reverse]").replace("]]", "[/reverse]"))
    e = d.evidence
    out.print(f"  [dim]{e.warc} +{e.offset} ({e.length} B), captured {e.captured_at:%Y-%m-%d %H:%M:%S}Z[/dim]\n")
