"""Scores our cleaning on the real pages, and keeps the floors in tests/scores.json.

    python tests/clean/score_corpus.py                    what we reach, beside the floors
    python tests/clean/score_corpus.py --pin              raises floors to what we reach
    python tests/clean/score_corpus.py --lower NAME ...   also lowers these, by name: body, title, date, body:ru ...

The pages belong to others: they lie in ../shared/corpus (or under NEWSWARC_SHARED), never in the repository.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

if __name__ == "__main__":  # the folder of a program comes first, and the repository is not on its path
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from benchmarks.shared import CORPUS
from pipelines.extract import extract_lines

FLOORS = Path(__file__).parents[1] / "scores.json"
ENOUGH = 10
"""Pages of a language that has a floor of its own."""
CEILINGS = ("date_wrong",)
"""Names for which less is better."""

Scores = dict[str, float]
Predictions = dict[str, dict[str, Any]]


def scorer() -> Any:
    """The corpus's own score.py."""
    spec = importlib.util.spec_from_file_location("corpus_score", CORPUS / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def truth() -> list[dict[str, Any]]:
    lines = (CORPUS / "truth.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


def predictions() -> Predictions:
    """Every page through the same door as `newswarc extract --jsonl`."""
    lines = (
        json.dumps(
            {"id": p["id"], "path": f"{CORPUS}/pages/{p['id']}.html.gz", "url": p["url"], "charset": p["charset"]}
        )
        for p in truth()
    )
    return {one["id"]: one for one in map(json.loads, extract_lines(lines))}


def measure(made: Predictions) -> Scores:
    score, pages = scorer(), truth()
    whole = score.score(pages, made)
    scores = {"body": whole["f1"], **{name: whole[name] for name in ("title", "date", "date_wrong", "authors")}}
    counted = Counter(page["language"] for page in pages)
    for language in sorted(name for name, count in counted.items() if count >= ENOUGH):
        scores[f"body:{language}"] = score.score([p for p in pages if p["language"] == language], made)["f1"]
    return scores


def floors() -> Scores:
    return {name: value for name, value in all_floors().items() if name != "gold"}


def all_floors() -> dict[str, Any]:
    """With those of names, under `gold`: tests/test_gold.py."""
    kept: dict[str, Any] = json.loads(FLOORS.read_text(encoding="utf-8"))
    return kept


def pinned(old: Scores, new: Scores, lower: set[str]) -> Scores:
    """Three decimals, rounded to the safe side; nothing gets worse unless it is named in `lower`."""
    out = {}
    for name, value in new.items():
        less_is_better = name in CEILINGS
        safe = math.ceil(value * 1000) / 1000 if less_is_better else math.floor(value * 1000) / 1000
        better = min if less_is_better else max
        out[name] = safe if name in lower or name not in old else better(old[name], safe)
    return out


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pin", action="store_true")
    arguments.add_argument("--lower", nargs="+", default=[], metavar="NAME")
    asked = arguments.parse_args()
    old, new = floors(), measure(predictions())
    for name, value in new.items():
        print(f"{name:12} {value:.4f}   floor {old.get(name, float('nan')):.3f}")
    if unknown := set(asked.lower) - set(new):
        arguments.error(f"no such score: {', '.join(sorted(unknown))}")
    if asked.pin or asked.lower:
        kept = {**all_floors(), **pinned(old, new, set(asked.lower))}
        FLOORS.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
