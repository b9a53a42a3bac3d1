"""Crawl and archive against bare Scrapy."""

from __future__ import annotations

import random
import statistics
import tempfile
from pathlib import Path

from benchmarks.measure import CORES, Case, Served, ratios, rounds, run, served, spread
from benchmarks.pages import make
from benchmarks.report import Goal, Result, table
from benchmarks.site import ADDRESSES

CASES = {
    "newswarc": "newswarc: crawl + archive, flushed, one connection per exchange",
    "same": "bare Scrapy, the same settings (bodies left gzipped)",
    "same-isal": "bare Scrapy, the same settings, bodies decoded with isal",
    "same-decoded": "bare Scrapy, the same settings, bodies decoded with zlib",
    "same-aiohttp": "bare Scrapy, the same settings, its aiohttp handler, no reactor",
    "defaults": "bare Scrapy, its own defaults",
}
HEADINGS = ("", "newswarc to it, pairs", "the same by CPU", "pages/s", "CPU ms/page", "server's core busy")


def bench(*, quick: bool) -> Result:
    number, turns = (400, 2) if quick else (2000, 5)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        pages = make(folder, number)
        with served(pages, cores=CORES[:1]) as site:
            cases = {name: _case(name, number, site, folder) for name in CASES}
            results = rounds(cases, turns)
    against = {name: ratios(results, "newswarc", name) for name in CASES}
    gzipped, same, defaults = (statistics.median(against[name]) for name in ("same", "same-isal", "defaults"))
    rows = [
        [
            title,
            spread(against[name], 2) if name != "newswarc" else "1",
            spread(ratios(results, name, "newswarc", "CPU ms/page"), 2) if name != "newswarc" else "1",
            spread([r["pages/s"] for r in results[name]], 0),
            spread([r["CPU ms/page"] for r in results[name]], 2),
            f"{statistics.median(r['server busy'] for r in results[name]):.0%}",
        ]
        for name, title in CASES.items()
    ]
    said = (
        f"{pages.described}; {turns} rounds. 32 requests at once over {len(ADDRESSES)} hosts; robots, cookies, retries "
        "off, nothing parsed; bare Scrapy keeps connections alive. The server has one core, the crawler the other."
    )
    return Result(
        "crawl",
        "Crawl and archive",
        [
            Goal("crawl + archive, to bare Scrapy with the same settings", "≥ 0.8", f"{same:.2f}", same >= 0.8),
            Goal("the same, where bare Scrapy does not decode either", "≥ 0.8", f"{gzipped:.2f}", gzipped >= 0.8),
            Goal("crawl + archive, to bare Scrapy with its own defaults", "≥ 1.0", f"{defaults:.2f}", defaults >= 1),
        ],
        [said, table(HEADINGS, rows)],
    )


def _case(name: str, number: int, site: Served, folder: Path) -> Case:
    urls = [f"http://{ADDRESSES[n % len(ADDRESSES)]}:{site.port}/news/{n}.html" for n in range(number)]
    random.Random(7).shuffle(urls)
    listed = folder / "urls"
    listed.write_text("\n".join(urls))

    def one() -> dict[str, float]:
        before = site.cpu()
        with tempfile.TemporaryDirectory() as data:
            result = run(
                "-m",
                "benchmarks.fetchers",
                name,
                listed,
                data,
                cores=CORES[-1:],
                environ={"NEWSWARC_ALLOW_NETWORKS": "127.0.0.0/8"},
            ).said
        assert result["pages"] == number, f"{name}: {result['pages']} of {number} pages came"
        wall = result["wall"]
        return {
            "pages/s": number / wall,
            "CPU ms/page": 1000 * result["cpu"] / number,
            "server busy": (site.cpu() - before) / wall,
        }

    return one
