"""What annotation costs beside cleaning, and how little of that depends on the number of names."""

from __future__ import annotations

import gzip
import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import spread
from benchmarks.pages import make
from benchmarks.report import Goal, Result, table
from newswarc.items import Article, Hints
from pipelines.clean import clean_page
from search.analysis import LANGUAGES, base_language
from search.entities.annotator import found, prepare, registry_of
from search.entities.registry import Registry, no_collector, shipped
from search.entities.watchlist import Alias, Entity

FEW, MANY = 10_000, 500_000
"""Names of the two registries that are compared."""
SYLLABLES = {
    "en": "ka ra ba do shi mu ta na gu le ri zo pe ho an ur is ab ov en".split(),
    "ru": "ка ра ба до ши му та на гу ле ри зо пе хо ан ур ис аб ов ен".split(),
    "fa": "کا را با دو شی مو تا نا گو له ری زو په هو ان ور اس اب".split(),
}
Times = dict[str, list[tuple[float, float]]]
"""Language → CPU seconds of each page: cleaning, annotation."""


def bench(*, quick: bool) -> Result:
    number, turns = (60, 2) if quick else (800, 3)
    prepare()
    opened, mapped = _opening()
    with tempfile.TemporaryDirectory() as temporary:
        pages = make(Path(temporary), number)
        times, articles = _cleaned(pages.path(n) for n in range(number))
        growths = _growths(articles, Path(temporary), *((1_000, 5_000) if quick else (FEW, MANY)), turns)
    ours = {language: some for language, some in times.items() if base_language(language) in LANGUAGES}
    all_pages, regional = _share(times), _share(ours)
    growth = statistics.median(growths)
    rows = [[name, sum(map(len, some.values())), *_means(some), f"{_share(some):.1%}"] for name, some in
            [("**all pages**", times), ("**languages of the region**", ours),
             *((language, {language: times[language]}) for language in sorted(ours))]]  # fmt: skip
    said = (
        f"{pages.described}. Cleaned and annotated in turns in one process, which has seen as many pages before; CPU. "
        "Annotation: listed and unlisted names, and who says what. Below, two registries of made-up names beside the "
        f"shipped ones, over the same texts: {MANY:,} names cost {spread(growths, 2)} times what {FEW:,} do. The "
        f"shipped registry ({registry_of().names:,} spellings) opens in {opened * 1000:.0f} ms; its files, "
        f"which all workers map, are of {mapped:.0f} MB."
    )
    return Result(
        "annotation",
        "Annotation",
        [
            Goal("annotation, to cleaning the same page", "≤ 10 %", f"{all_pages:.1%}", all_pages <= 0.1),
            Goal("the same, pages in languages of the region", "≤ 10 %", f"{regional:.1%}", regional <= 0.1),
            Goal(f"annotation with {MANY:,} names, to {FEW:,}", "≤ 1.5", f"{growth:.2f}", growth <= 1.5),
            Goal("opening the registry in a worker", "≤ 1 s", f"{opened:.3f} s", opened <= 1),
        ],
        [said, table(["", "pages", "cleaning, ms", "annotation, ms", "annotation to cleaning"], rows)],
    )


def _opening() -> tuple[float, float]:
    """Seconds that a process takes to open the compiled registry, and MB that it maps of it."""
    folder = registry_of().folder
    began = time.perf_counter()
    Registry(folder)
    return time.perf_counter() - began, sum(file.stat().st_size for file in folder.iterdir()) / 1e6


def _cleaned(paths: Iterator[Path]) -> tuple[Times, list[Article]]:
    """Of the second half of the pages; the first half makes caches warm, as in a worker that has run for a while."""
    every = list(paths)
    times: Times = defaultdict(list)
    articles = []
    registry = registry_of()
    for at, path in enumerate(every):
        page, now = gzip.decompress(path.read_bytes()), datetime.now(UTC)
        url = f"http://outlet.example/news/{path.stem}"
        began = time.process_time()
        article = clean_page(page, url=url, charset="utf-8", content_type=None, captured_at=now, hints=Hints()).article
        between = time.process_time()
        if article is None:
            continue
        found(article.title, article.text, article.language, None, registry)
        ended = time.process_time()
        if at >= len(every) // 2:
            times[article.language or "unknown"].append((between - began, ended - between))
            articles.append(article)
    return times, articles


def _pairs(times: Times) -> list[tuple[float, float]]:
    return [pair for some in times.values() for pair in some]


def _means(times: Times) -> list[str]:
    return [f"{1000 * statistics.fmean(each):.1f}" for each in zip(*_pairs(times), strict=True)]


def _share(times: Times) -> float:
    cleaning, annotating = (sum(each) for each in zip(*_pairs(times), strict=True))
    return annotating / cleaning


# ---- registries of two sizes


def _growths(articles: Sequence[Article], folder: Path, few: int, many: int, turns: int) -> list[float]:
    """CPU with many names to CPU with few, a figure for each turn."""
    with no_collector():
        registries = [Registry.of([*shipped(), *_made_up(number)], folder / "cache") for number in (few, many)]
    annotate = [_annotating(registry, articles) for registry in registries]
    for each in annotate:
        each()
    pairs = [[each() for each in annotate] for _ in range(turns)]
    return [large / small for small, large in pairs]


def _annotating(registry: Registry, articles: Sequence[Article]) -> Callable[[], float]:
    def seconds() -> float:
        began = time.process_time()
        for article in articles:
            found(article.title, article.text, article.language, None, registry)
        return time.process_time() - began

    return seconds


def _made_up(names: int) -> Iterator[Entity]:
    """Places and bodies with five names each, in three scripts."""
    dice = random.Random(7)

    def name(language: str) -> str:
        words = ["".join(dice.choices(SYLLABLES[language], k=dice.randint(2, 5))) for _ in range(dice.randint(1, 2))]
        return " ".join(words).capitalize()

    where: dict[str, Any] = {"country": "AF", "lat": 34.0, "lon": 67.0, "population": 6000}
    for number in range(names // 5):
        kind: Any = {"kind": "place", "type": "town"} if number % 3 else {"kind": "actor", "type": "organisation"}
        spellings = {language: (Alias(name(language)), Alias(name(language))) for language in ("ru", "fa")}
        yield Entity(f"made-up-{number}", name("en"), **kind, **(where if number % 3 else {}), names=spellings)
