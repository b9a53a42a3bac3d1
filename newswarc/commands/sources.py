"""`newswarc sources check`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from newswarc.commands.faults import NotFound
from newswarc.commands.printing import console, counted, plain, print_json, table
from newswarc.sources import SHIPPED, load


def check(names: Sequence[str], folder: Path | None, json: bool) -> int:
    loaded = load(folder or SHIPPED, *names)
    if folder and not loaded.faults and not any(folder.glob("*/*.yaml")):
        raise NotFound(f"no source in {folder}; a source is a file <region>/<outlet>.yaml, see docs/sources.md")
    if json:
        sources = [s.model_dump(mode="json") for s in loaded.sources]
        print_json({"sources": sources, "faults": plain(loaded.faults)})
    else:
        rows = [[s.key, s.name, s.language, s.country, s.homepage] for s in loaded.sources]
        if rows:
            console().print(table(["source", "name", "language", "country", "homepage"], rows))
        for fault in loaded.faults:
            console(stderr=True).print(str(fault), style="red", markup=False)
        console().print(f"{counted(len(rows), 'source')}, {counted(len(loaded.faults), 'fault')}", style="dim")
    return 1 if loaded.faults else 0
