"""Names, texts and questions of the gold data in eleven languages, scored by its own scorer, never fall below floors.

Questions are asked of what `newswarc crawl` makes of the texts, served as pages of an outlet for each language.

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
from functools import cache
from html import escape
from pathlib import Path

import pytest

if __name__ == "__main__":  # the folder of a program comes first, and rooms of this one have the names of packages
    HERE = Path(__file__).resolve().parent
    sys.path[:1] = map(str, (HERE.parent, HERE / "engine", HERE / "faults", HERE))

from benchmarks.shared import GOLD
from crawler.sample.server import SampleServer, message
from search.entities.annotator import name_of, registry_of
from search.index import open_index
from search.query import Query, parse
from search.resolving import resolved

SCORES = Path(__file__).with_name("scores.json")
MOST_HITS = 1_000
ENGINES = ("tantivy", "elasticsearch")
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


# ---- the texts as pages of outlets, crawled


def crawled(folder, place):
    """Each gold id and the document that the program made of its page, in the index at `place`."""
    from faults_kit import Newswarc, Paper, registry, sites  # late: run as a program, this file finds it only then

    rows = lines_of("documents.jsonl")
    papers = []
    for language in sorted({row["language"] for row in rows}):
        pages = {f"/news/{row['id']}": message(page_of(row)) for row in rows if row["language"] == language}
        papers.append(Paper(f"{language.lower()}.gold.example", count=0, more=pages))
        registry(folder / "sources", papers[-1], language=language.removesuffix("-Latn"))
    with SampleServer(sites(*papers)) as server:
        program = Newswarc(folder / "data", server, folder / "sources", {"NEWSWARC_INDEX": place})
        program.crawl(*(f"faults/{paper.host.partition('.')[0]}" for paper in papers))
    with open_index(place) as index:
        return {document.url.rpartition("/")[2]: document for id in index.ids() if (document := index.get(id))}


def page_of(row):
    paragraphs = "".join(f"<p>{escape(paragraph)}</p>\n" for paragraph in paragraphs_of(row["text"]))
    title = escape(row["title"])
    return (
        f'<!doctype html><html lang="{row["language"]}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="article:published_time" content="{row["date"]}T08:00:00Z"></head>'
        f"<body><main><article><h1>{title}</h1>\n{paragraphs}</article></main></body></html>"
    )


def paragraphs_of(text):
    return [" ".join(paragraph.split()) for paragraph in text.splitlines() if paragraph.strip()]


def answers(place):
    """Each question of an index of the crawled pages, with its names resolved and strictly."""
    registry = registry_of()
    with open_index(place) as index:

        def ids(query):
            return [hit.document.url.rpartition("/")[2] for hit in index.search(query).hits]

        def answer(row):
            asked = Query(parse(row["q"]).tree, limit=MOST_HITS)
            return {"ids": ids(resolved(asked, registry)), "strict_ids": ids(replace(asked, strict=True))}

        return [{"id": row["id"], **answer(row)} for row in lines_of("queries.jsonl")]


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
    return made


def reached_by_questions(engine, place):
    """The same of the questions, asked of an index of the crawled pages."""
    made = {}
    for label, *row in scored("queries", answers(place)):
        numbers = [float(value) for value in row if value.replace(".", "").isdecimal()][1:]
        made |= {f"queries {engine} {label} {name}": value for name, value in zip(OF_QUERIES, numbers, strict=True)}
    return made


def floors():
    return json.loads(SCORES.read_text("utf-8"))["gold"]


def below(made, kept):
    assert made.keys() == kept.keys()
    return {name: (made[name], floor) for name, floor in kept.items() if made[name] < floor}


@needs_gold
def test_no_score_falls_below_its_floor():
    assert below(reached(), {name: floor for name, floor in floors().items() if not name.startswith("queries ")}) == {}


@needs_gold
@pytest.mark.parametrize("engine", ENGINES)
def test_questions_find_the_crawled_pages(engine, new_place, tmp_path):
    place = new_place(engine)
    documents, rows = crawled(tmp_path, place), {row["id"]: row for row in lines_of("documents.jsonl")}
    assert documents.keys() == rows.keys()
    for id, row in rows.items():
        assert (documents[id].title, paragraphs_of(documents[id].text)) == (row["title"], paragraphs_of(row["text"]))
    assert {document.annotator for document in documents.values()} == {name_of(registry_of())}
    kept = {name: floor for name, floor in floors().items() if name.startswith(f"queries {engine} ")}
    assert below(reached_by_questions(engine, place), kept) == {}


def test_the_floors_are_the_ones_we_promise():
    kept = floors()
    promised = {
        "names precision": 0.95, "names recall": 0.95, "places f1": 0.90, "known actors recall": 0.90,
        "actors f1": 0.75, "linking": 0.95,
    }  # fmt: skip
    promised |= {name: 0.80 for name in kept if name.startswith("places f1 ")}
    for engine in ENGINES:
        promised |= {f"queries {engine} resolved {name}": 0.95 for name in OF_QUERIES}
        promised |= {f"queries {engine} strict {name}": 1.0 for name in OF_QUERIES}
    assert promised.keys() == kept.keys()
    assert {name: kept[name] for name, least in promised.items() if kept[name] < least} == {}


def all_reached():
    """All scores; those of Elasticsearch where a server can be started."""
    from elastic_server import Unavailable, shared  # late: run as a program, this file finds it only then

    made = reached()
    with tempfile.TemporaryDirectory() as folder:
        made = made | crawled_and_asked("tantivy", f"tantivy:{folder}/index", Path(folder))
        try:
            with shared(Path(folder)) as url:
                return made | crawled_and_asked("elasticsearch", f"elasticsearch:{url}/gold", Path(folder))
        except Unavailable as fault:
            print(f"no scores of Elasticsearch: {fault}", file=sys.stderr)
            return made


def crawled_and_asked(engine, place, folder):
    crawled(folder / engine, place)
    return reached_by_questions(engine, place)


def pinned(made, old, lower):
    """Three decimals, as the scorer prints; nothing gets worse unless it is named in `lower`."""
    return old | {name: value if name in lower else max(value, old.get(name, 0.0)) for name, value in made.items()}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--pin", action="store_true")
    arguments.add_argument("--lower", nargs="+", default=[], metavar="NAME")
    asked = arguments.parse_args()
    made = all_reached()
    kept = json.loads(SCORES.read_text("utf-8"))
    old = kept.get("gold", {})
    for name, value in made.items():
        print(f"{name:47} {value:.3f}   floor {old.get(name, float('nan')):.3f}")
    if unknown := set(asked.lower) - made.keys():
        arguments.error(f"no such score: {', '.join(sorted(unknown))}")
    if asked.pin or asked.lower:
        SCORES.write_text(json.dumps({**kept, "gold": pinned(made, old, asked.lower)}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
