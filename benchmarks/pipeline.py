"""The whole pipeline against trafilatura alone and against news-please."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks import news_please, peers
from benchmarks.measure import CORES, Case, Served, ratios, rounds, run, served, spread
from benchmarks.pages import Pages, make
from benchmarks.report import Goal, Result, table
from benchmarks.site import ADDRESSES

OUTLETS = 10
CASES = {
    "newswarc": "newswarc: crawl, archive, clean in 2 workers, index",
    "trafilatura": "full trafilatura with metadata alone, 2 processes",
    "news-please": "news-please, `from_urls` in fifties",
}


def bench(*, quick: bool) -> Result:
    return compared("pipeline", "The whole pipeline", quick=quick)


def compared(name: str, title: str, *, quick: bool, saved: Path | None = None, of: str = "") -> Result:
    """`of` says in the goals which pages they are."""
    number, turns = (100, 2) if quick else (1000, 3)
    python, why = peers.news_please()
    with tempfile.TemporaryDirectory() as temporary:
        pages = make(Path(temporary), number, saved)
        with served(pages) as site:
            cases = {"newswarc": _newswarc(site, number), "trafilatura": _trafilatura(pages)}
            if python:
                cases["news-please"] = _news_please(site, number, python, Path(temporary))
            results = rounds(cases, turns)
    rows = [
        [
            CASES[name],
            spread(ratios(results, "newswarc", name), 2) if name != "newswarc" else "1",
            spread(ratios(results, name, "newswarc", "CPU ms/page"), 2) if name != "newswarc" else "1",
            spread([r["pages/s"] for r in results[name]], 1),
            spread([r["CPU ms/page"] for r in results[name]], 1),
            f"{statistics.median(r['documents'] for r in results[name]):.0f} of {number}",
        ]
        for name in cases
    ]
    said = f"{pages.described}; {turns} rounds. {OUTLETS} outlets; both of the {len(CORES)} cores, nothing pinned."
    if not python:
        said += f" news-please was left out: {why}."
    headings = ["", "newswarc to it, pairs", "the same by CPU", "pages/s", "CPU ms/page, all processes", "articles"]
    goals = [_goal(results, "trafilatura", f"full trafilatura alone in two processes{of}", 0.8)]
    if python:
        goals.append(_goal(results, "news-please", f"news-please{of}", 5))
    return Result(name, title, goals, [said, table(headings, rows)])


def _goal(results: dict[str, list[dict[str, float]]], name: str, words: str, least: float) -> Goal:
    ratio = statistics.median(ratios(results, "newswarc", name))
    return Goal(f"whole pipeline, to {words}", f"≥ {least:g}", f"{ratio:.2f}", ratio >= least)


def _figures(pages: int, wall: float, cpu: float, documents: int) -> dict[str, float]:
    return {"pages/s": pages / wall, "CPU ms/page": 1000 * cpu / pages, "documents": documents}


def _newswarc(site: Served, number: int) -> Case:
    def one() -> dict[str, float]:
        with tempfile.TemporaryDirectory() as data:
            done = run("-m", "benchmarks.whole", str(site.port), str(OUTLETS), data, "2")
        pages = done.said["pages"]
        assert pages == number, f"{pages} of {number} pages were fetched"
        return _figures(pages, done.said["wall"], done.cpu, done.said["documents"])

    return one


def _trafilatura(pages: Pages) -> Case:
    def one() -> dict[str, float]:
        done = run("-m", "benchmarks.trafilatura_alone", pages.folder, str(pages.count), "2")
        return _figures(pages.count, done.said["wall"], done.cpu, done.said["documents"])

    return one


def _news_please(site: Served, number: int, python: Path, folder: Path) -> Case:
    listed = folder / "urls"
    listed.write_text("\n".join(f"http://{ADDRESSES[n % 64]}:{site.port}/news/{n}.html" for n in range(number)))

    def one() -> dict[str, float]:
        done = run(news_please.__file__, listed, python=python)
        return _figures(number, done.said["wall"], done.cpu, done.said["documents"])

    return one
