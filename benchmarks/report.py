"""What a bench came to, and how it stands in docs/benchmarks.md."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.measure import CORES

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
"""The last results of each bench, so that one bench can be run again without the others."""
DOCUMENT = HERE.parent / "docs" / "benchmarks.md"
PACKAGES = ("scrapy", "twisted", "aiohttp", "uvloop", "h11", "isal", "trafilatura", "lxml", "tantivy")


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the table of goals."""

    what: str
    goal: str
    figure: str
    met: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What one bench came to. `tables` are Markdown, each with its own heading or words."""

    bench: str
    title: str
    goals: list[Goal]
    tables: list[str] = field(default_factory=list)
    made_at: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def goals_table(results: Sequence[Result]) -> str:
    rows = [
        [g.what, g.goal, g.figure, "yes" if g.met else "**no**", f"`python -m benchmarks {result.bench}`"]
        for result in results
        for g in result.goals
    ]
    return table(["", "goal", "figure", "met", "command"], rows)


def text_of(result: Result) -> str:
    return "\n\n".join(
        [f"## {result.title}", f"`python -m benchmarks {result.bench}`, {result.made_at}", *result.tables]
    )


def machine() -> str:
    """In general words, without a name."""
    lines = (line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines())
    fields = {name.strip(): value.strip() for name, _, value in lines}
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return (
        f"{len(CORES)} cores ({fields.get('model name', platform.machine())}, a shared "
        f"virtual machine), {memory:.0f} GiB, Linux, Python {platform.python_version()}"
    )


def versions() -> str:
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def keep(new: Sequence[Result], order: Sequence[str]) -> None:
    """Enters new results beside the kept ones, and writes the document anew from all of them."""
    kept = {row["bench"]: row for row in (json.loads(RESULTS.read_text()) if RESULTS.exists() else [])}
    kept |= {result.bench: asdict(result) for result in new}
    rows = [kept[name] for name in order if name in kept]
    RESULTS.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    results = [Result(**{**row, "goals": [Goal(**g) for g in row["goals"]]}) for row in rows]
    DOCUMENT.write_text(document(results))


def document(results: Sequence[Result]) -> str:
    head = (HERE / "preface.md").read_text().format(machine=machine(), versions=versions(), goals=goals_table(results))
    return "\n\n".join([head.strip(), *map(text_of, results)]) + "\n"
