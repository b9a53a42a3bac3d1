"""Names, texts and questions of the gold data in eleven languages, scored by its own scorer, never fall below floors.

    python tests/test_gold.py                     what we reach, beside the floors in tests/scores.json
    python tests/test_gold.py --pin               raises floors to what we reach
    python tests/test_gold.py --lower NAME ...    also lowers these, by name

The gold data stand outside the repository, in `../shared/gold`; without that folder these tests say so and are left
out, except in CI.
"""

import argparse
import contextlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from newswarc.items import Document, Evidence
from search.entities.annotator import found, name_of, registry_of
from search.index import open_index
from search.query import Query, parse
from search.resolving import resolved

GOLD = Path(os.environ.get("NEWSWARC_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "gold"
SCORES = Path(__file__).with_name("scores.json")
MOST_HITS = 1_000
OF_QUERIES = ("mean recall", "mean precision", "pooled recall", "pooled precision")

needs_gold = pytest.mark.skipif(
    not GOLD.is_dir() and not os.environ.get("CI"), reason=f"no folder of gold data at {GOLD}"
)


def lines_of(name):
    return [json.loads(line) for line in (GOLD / name).read_text("utf-8").splitlines() if line.strip()]


# ---- what we answer


def through(command, rows):
    """The lines that `newswarc entities COMMAND --jsonl` gives for these."""
    given = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    done = subprocess.run(
        [sys.executable, "-m", "newswarc", "entities", command, "--jsonl"],
        input=given, capture_output=True, text=True, timeout=250, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


@cache
def mentions():
    return through("try", _only(lines_of("documents.jsonl"), ("id", "language", "title", "text")))


@cache
def pairs():
    return through("same", _only(lines_of("names.jsonl"), ("a", "a_lang", "b", "b_lang", "kind")))


def _only(rows, names):
    return [{name: row[name] for name in names} for row in rows]


def answers():
    """Each question on the embedded engine, with its names resolved and strictly."""
    registry = registry_of()
    with tempfile.TemporaryDirectory() as folder, open_index(f"tantivy:{folder}/index") as index:
        index.upsert([document(row, registry) for row in lines_of("documents.jsonl")])
        index.commit()

        def ids(query):
            return [hit.document.id for hit in index.search(query).hits]

        def answer(row):
            asked = Query(parse(row["q"]).tree, limit=MOST_HITS)
            return {"ids": ids(resolved(asked, registry)), "strict_ids": ids(replace(asked, strict=True))}

        return [{"id": row["id"], **answer(row)} for row in lines_of("queries.jsonl")]


def document(row, registry):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    title, text, language = row["title"], row["text"], row["language"]
    named, said = found(title, text, language, None, registry)
    return Document(
        id=row["id"], article_id=row["id"], url=f"https://outlet.example/{row['id']}", title=title, text=text,
        source="gold/outlet", sitename=None, language=language, country=None, published=at, published_raw=None,
        published_origin=None, captured_at=at, authors=(), tags=(), version=1, state="live", extractor="gold",
        evidence=Evidence("a.warc.gz", 0, 1, "urn:uuid:0", "sha256:0", at), mentions=named, statements=said,
        annotator=name_of(registry),
    )  # fmt: skip


# ---- what the scorer says of it


def scored(what, predictions):
    """What score.py prints, a list of words for each line."""
    spec = importlib.util.spec_from_file_location("gold_score", GOLD / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in predictions))
        file.flush()
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            getattr(module, f"score_{what}")(
                argparse.Namespace(pred=file.name, gold=None, aliases=None, exact=False, errors=0)
            )
    return [line.split() for line in said.getvalue().splitlines()]


@cache
def reached():
    """Each score by name, 0 to 1."""
    made = {}
    _, *table = scored("mentions", mentions())
    by_row = {(row[0], row[1]): [float(value) for value in row[3:]] for row in table}
    made["places f1"] = by_row["total", "place"][2]
    places = {language: row[2] for (language, kind), row in by_row.items() if kind == "place" and language != "total"}
    made |= {f"places f1 {language}": value for language, value in places.items()}
    made["known actors recall"] = by_row["total", "actor"][3]
    made["actors f1"] = by_row["total", "actor"][2]
    made["linking"] = by_row["total", "both"][4]
    (names,) = [row for row in scored("names", pairs()) if row[0] == "total"]
    made |= {"names precision": float(names[2]), "names recall": float(names[3])}
    for label, *row in scored("queries", answers()):
        numbers = [float(value) for value in row if value.replace(".", "").isdecimal()][1:]
        made |= {f"queries {label} {name}": value for name, value in zip(OF_QUERIES, numbers, strict=True)}
    return made


def floors():
    return json.loads(SCORES.read_text("utf-8"))["gold"]


@needs_gold
def test_no_score_falls_below_its_floor():
    kept = floors()
    assert reached().keys() == kept.keys()
    assert {name: (reached()[name], floor) for name, floor in kept.items() if reached()[name] < floor} == {}


def test_the_floors_are_the_ones_we_promise():
    kept = floors()
    promised = {
        "names precision": 0.95, "names recall": 0.95, "places f1": 0.90, "known actors recall": 0.90,
        "actors f1": 0.75, "linking": 0.95,
    }  # fmt: skip
    promised |= {name: 0.80 for name in kept if name.startswith("places f1 ")}
    promised |= {name: 0.95 for name in kept if name.startswith("queries resolved ")}
    promised |= {name: 1.0 for name in kept if name.startswith("queries strict ")}
    assert promised.keys() == kept.keys()
    assert {name: kept[name] for name, least in promised.items() if kept[name] < least} == {}


def pinned(old, lower):
    """Three decimals, as the scorer prints; nothing gets worse unless it is named in `lower`."""
    return {name: value if name in lower else max(value, old.get(name, 0.0)) for name, value in reached().items()}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pin", action="store_true")
    arguments.add_argument("--lower", nargs="+", default=[], metavar="NAME")
    asked = arguments.parse_args()
    kept = json.loads(SCORES.read_text("utf-8"))
    old = kept.get("gold", {})
    for name, value in reached().items():
        print(f"{name:35} {value:.3f}   floor {old.get(name, float('nan')):.3f}")
    if unknown := set(asked.lower) - reached().keys():
        arguments.error(f"no such score: {', '.join(sorted(unknown))}")
    if asked.pin or asked.lower:
        SCORES.write_text(json.dumps({**kept, "gold": pinned(old, asked.lower)}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
