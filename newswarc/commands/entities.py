"""`newswarc entities`: what the registry knows, what it finds in a text, and what it should know."""

from __future__ import annotations

import json as encoding
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.markup import escape

from newswarc.commands.faults import NotFound, UserError
from newswarc.commands.opening import index_of
from newswarc.commands.printing import console, plain, print_json, table, visible
from newswarc.commands.search import day
from newswarc.items import Mention, Statement
from newswarc.settings import DataFolder
from search.entities.annotator import found, registry_of
from search.entities.registry import Registry, no_collector, shipped_places
from search.entities.same import same
from search.entities.unlisted import Annotated, suggest
from search.entities.watchlist import Entity, Placed, Problem, check, read
from search.entities.watchlist import files as files_of

LONGEST_LINE = 12_000_000
"""Characters of a line of a list."""
KINDS = ("person", "organisation", "place")


def show(name: str, data: Path, json: bool) -> int:
    """Every entity that a name can mean, best first, with all its names; by its id too."""
    registry = _registry(data)
    by_id = registry.entity(name)
    entities = [by_id] if by_id else registry.find(name)
    if not entities:
        raise NotFound(
            f"no list holds {name!r}; `newswarc entities suggest` shows unlisted names, docs/entities.md how to add one"
        )
    if json:
        print_json([_entity_json(entity, registry) for entity in entities])
        return 0
    for entity in entities:
        _print_entity(entity, registry)
    return 0


def _entity_json(entity: Entity, registry: Registry) -> dict[str, Any]:
    fields = ("id", "name", "kind", "type", "country", "part_of", "position", "lat", "lon")
    names: dict[str, list[str]] = {}
    for language, name in registry.forms(entity.id):
        names.setdefault(language, []).append(name)
    dates = {name: value.isoformat() for name in ("since", "until") if (value := getattr(entity, name))}
    return {**{name: getattr(entity, name) for name in fields}, **dates, "names": names}


def _print_entity(entity: Entity, registry: Registry) -> None:
    told = _entity_json(entity, registry)
    where = f"{told['lat']}, {told['lon']}" if told["lat"] is not None else None
    out = console()
    out.print(f"[bold]{escape(entity.name)}[/bold]  [cyan]{entity.id}[/cyan]")
    about = [entity.kind, entity.type, entity.country, entity.position, where]
    about += [f"part of {entity.part_of}" if entity.part_of else None]
    about += [f"{name} {told[name]}" for name in ("since", "until") if name in told]
    out.print("  " + ", ".join(filter(None, about)), markup=False)
    for language, names in told["names"].items():
        out.print(f"  [dim]{language:>8}[/dim]  {escape(', '.join(names))}")
    out.print()


def check_file(files: Sequence[Path], data: Path, json: bool) -> int:
    """A watchlist before it goes live: every problem with its place and remedy; against the lists that are live too."""
    missing = [file for file in files if not file.exists()]
    if missing:
        raise NotFound(f"{missing[0]}: there is no such file")
    with no_collector():
        beside, unread = _live_beside(files, data)
        problems = [*check(files, beside), *unread]
    errors = [problem for problem in problems if problem.level == "error"]
    if json:
        print_json({"sound": not errors, "problems": problems})
    else:
        out = console()
        for problem in problems:
            out.print(str(problem), markup=False, style="red" if problem.level == "error" else "yellow")
        out.print(f"{len(errors)} errors, {len(problems) - len(errors)} notes" if problems else "sound")
    return 1 if errors else 0


def _live_beside(given: Sequence[Path], data: Path) -> tuple[list[Placed], list[Problem]]:
    """The entities of the lists that would be live beside these files, and notes on those that cannot be read.

    A live list of the same file name is what a file is to replace.
    """
    asked = files_of(given)
    replaced = {file.resolve() for file in asked}
    names = {file.name for file in asked}
    live = files_of(folder for folder in DataFolder(data).watchlists if folder.exists())
    problems: list[Problem] = []
    theirs = [*read((file for file in live if file.resolve() not in replaced and file.name not in names), problems)]
    ours = shipped_places()
    compared = {file for file in {place.file for place in ours} if Path(file).resolve() not in replaced}
    notes = [replace(problem, level="note") for problem in problems]
    return [*theirs, *(place for place in ours if place.file in compared)], notes


def try_text(
    given: str | None, title: str, language: str | None, country: str | None, date: str | None, jsonl: bool, data: Path,
    json: bool,
) -> int:  # fmt: skip
    """What is found in a text: mentions and statements."""
    on = day(date, "--date").date() if date else None
    registry = _registry(data)
    if jsonl:
        return _lines(lambda asked: _tried(asked, registry))
    if given is None:
        raise UserError("give a TEXT, a FILE or - for standard input; or a list with --jsonl")
    text = _text(given)
    mentions, statements = found(title, text, language or _language(text), country, registry, on)
    if json:
        print_json({"mentions": mentions, "statements": statements})
    else:
        _print_found(mentions, statements)
    return 0


def _tried(asked: dict[str, Any], registry: Registry) -> dict[str, Any]:
    title, text, language = (asked.get(name) for name in ("title", "text", "language"))
    if not isinstance(text, str) or not isinstance(title or "", str) or not isinstance(language or "", str):
        return {"id": asked.get("id"), "error": "needs text, and title and language as text where they are given"}
    country, date = (_or_none(asked.get(name)) for name in ("country", "date"))
    try:
        on = day(date, "date").date() if date else None
    except UserError as fault:
        return {"id": asked.get("id"), "error": str(fault)}
    mentions, statements = found(title or "", text, language or _language(text), country, registry, on)
    return {"id": asked.get("id"), "mentions": plain(mentions), "statements": plain(statements)}


def _text(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    try:
        is_file = Path(given).is_file()
    except (OSError, ValueError):  # too long for a name, or a NUL in it
        is_file = False
    return Path(given).read_text("utf-8", errors="replace") if is_file else given


def _language(text: str) -> str | None:
    from pipelines.language import language_of  # late: it loads a model

    return language_of(text, None)


def _print_found(mentions: Sequence[Mention], statements: Sequence[Statement]) -> None:
    out = console()
    rows = [
        (m.surface, m.canonical, m.type, m.id or "unlisted", f"{m.confidence:.2f}", m.role, m.reason) for m in mentions
    ]
    out.print(table(["as written", "name", "type", "id", "sure", "role", "why"], [[*map(_cell, row)] for row in rows]))
    for said in statements:
        via = f" (via {said.via})" if said.via else ""
        out.print(f"\n{visible(said.speaker)} {said.stance}{visible(via)}: {visible(said.words)}", markup=False)


def _cell(value: object) -> str:
    return escape(visible(str(value))) if value is not None else "–"


def same_names(
    a: str | None, b: str | None, kind: str, a_language: str | None, b_language: str | None, jsonl: bool, data: Path,
    json: bool,
) -> int:  # fmt: skip
    """Whether two names mean one entity, and why; exit code 1 where they do not."""
    registry = _registry(data)
    if jsonl:
        return _lines(lambda asked: _compared(asked, registry))
    if a is None or b is None:
        raise UserError("give two names: newswarc entities same Termez Термез; or a list with --jsonl")
    if kind not in KINDS:
        raise UserError(f"--kind {kind!r}: there are {', '.join(KINDS)}")
    answer, why = same(a, a_language, b, b_language, kind, registry)
    if json:
        print_json({"same": answer, "why": why})
    else:
        console().print(f"{'the same' if answer else 'not the same'}: {why}", markup=False)
    return 0 if answer else 1


def _compared(asked: dict[str, Any], registry: Registry) -> dict[str, Any]:
    a, b, a_language, b_language = (asked.get(name) for name in ("a", "b", "a_lang", "b_lang"))
    kind = asked.get("kind") or "organisation"
    if not isinstance(a, str) or not isinstance(b, str) or kind not in KINDS:
        return {"error": f"needs a and b as text, and kind as one of {', '.join(KINDS)}"}
    answer, why = same(a, _or_none(a_language), b, _or_none(b_language), kind, registry)
    return {"same": answer, "why": why}


def _or_none(language: object) -> str | None:
    return language if isinstance(language, str) and language else None


def suggest_names(limit: int, at_least: int, data: Path, json: bool) -> int:
    """Unlisted names of the indexed documents, spellings of one name together, most frequent first."""
    with index_of(DataFolder(data)) as index:
        documents = (document for id in index.ids() if (document := index.get(id)))
        groups = suggest(Annotated(d.title, d.text, d.language, d.mentions) for d in documents)
    chosen = [group for group in groups if group.documents >= at_least][:limit]
    if json:
        print_json(
            [
                {
                    "name": group.name,
                    "type": group.type,
                    "documents": group.documents,
                    "count": group.count,
                    "spellings": [
                        {"language": lang, "name": name} for (lang, name), _ in group.spellings.most_common()
                    ],
                    "samples": group.samples,
                }
                for group in chosen
            ]
        )
        return 0
    rows = [
        (
            group.name,
            group.type,
            group.documents,
            ", ".join(f"{name} ({language})" for (language, name), _ in group.spellings.most_common(5)),
        )
        for group in chosen
    ]
    console().print(table(["name", "type", "documents", "spellings"], [[*map(_cell, row)] for row in rows], [2]))
    return 0


def _registry(data: Path) -> Registry:
    with console(stderr=True).status("opening the registry; a changed one is compiled first"):
        return registry_of(DataFolder(data).watchlists)


def _lines(work: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """A JSON object a line in, one out, in order; what cannot be read says so on its line."""
    for asked in _objects():
        answer = {"error": "not a JSON object"} if asked is None else work(asked)
        sys.stdout.write(encoding.dumps(answer, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return 0


def _objects() -> Iterator[dict[str, Any] | None]:
    for line in sys.stdin:
        if line.strip():
            try:
                asked = encoding.loads(line) if len(line) <= LONGEST_LINE else None
            except (ValueError, RecursionError):
                asked = None
            yield asked if isinstance(asked, dict) else None
