"""How well names are told, found and asked for, by the gold data's own scorer: by kind, script and language."""

from __future__ import annotations

import importlib.util
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.report import Goal, Result, table
from search.analysis import fold, script

GOLD_TEST = Path(__file__).resolve().parents[1] / "tests" / "test_gold.py"
HEADINGS = ("language", "kind", "gold", "P", "R", "F1", "R known", "link", "link known", "found+linked", "R nested")
"""Of the scorer, whose line of headings has spaces within some of them."""


def bench(*, quick: bool) -> Result:
    gold = _gold()
    if not gold.GOLD.is_dir():
        return Result("names", "Names", [], [f"No gold data at {gold.GOLD.name}: left out."])
    reached = gold.all_reached()
    goals = [
        _goal("pairs of names, precision", 0.95, reached["names precision"]),
        _goal("pairs of names, recall", 0.95, reached["names recall"]),
        _goal("places in texts, F1", 0.90, reached["places f1"]),
        _goal("places in texts, F1, worst language", 0.80, _worst(reached, "places f1 ")),
        _goal("listed actors in texts, recall", 0.90, reached["known actors recall"]),
        _goal("all actors in texts, F1", 0.75, reached["actors f1"]),
        _goal("linking", 0.95, reached["linking"]),
        _goal("questions, names resolved, worst figure", 0.95, _worst(reached, "queries ", " resolved ")),
        _goal("questions, strict, worst figure", 1.0, _worst(reached, "queries ", " strict ")),
    ]
    rows = gold.lines_of("names.jsonl")
    answers = [answer["same"] for answer in gold.pairs()]
    said = (
        "Gold data in eleven languages, which are not in the repository. The rules were written with them at hand, by "
        "kind and never for a single name, so these figures are upper bounds."
    )
    pairs = table(["kind", "scripts", "pairs", "precision", "recall"], list(_pairs(rows, answers)))
    _, *lines = gold.scored("mentions", gold.mentions())
    return Result("names", "Names", goals, [said, pairs, table(HEADINGS, lines)])


def _gold() -> ModuleType:
    sys.path += [str(GOLD_TEST.parent), *(str(GOLD_TEST.parent / room) for room in ("engine", "faults"))]
    spec = importlib.util.spec_from_file_location("test_gold", GOLD_TEST)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _goal(what: str, least: float, figure: float) -> Goal:
    return Goal(what, f"≥ {least:.2f}", f"{figure:.3f}", figure >= least)


def _worst(reached: dict[str, float], begin: str, inside: str = "") -> float:
    return min(value for name, value in reached.items() if name.startswith(begin) and inside in name)


def _pairs(rows: Sequence[dict[str, Any]], answers: Sequence[bool]) -> Iterator[list[str]]:
    groups: dict[tuple[str, str], list[tuple[bool, bool]]] = defaultdict(list)
    for row, answer in zip(rows, answers, strict=True):
        scripts = sorted({_script(row["a"]), _script(row["b"])})
        groups[row["kind"], " – ".join(scripts)].append((row["same"], answer))
    for (kind, scripts), both in sorted(groups.items()):
        right = sum(same and answer for same, answer in both)
        yield [
            kind,
            scripts,
            str(len(both)),
            _share(right, sum(answer for _, answer in both)),
            _share(right, sum(same for same, _ in both)),
        ]


def _script(name: str) -> str:
    return (script(fold(name.replace(" ", ""))) or "other").capitalize()


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"
