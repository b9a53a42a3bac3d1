"""Search over 100,000 documents, and how fast they are written."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measure import quantile, spread
from benchmarks.pages import sentences
from benchmarks.report import Goal, Result, table
from newswarc.items import Document, Evidence, Mention, article_id, text_digest
from search.analysis import analyse
from search.entities.annotator import name_of, prepare, registry_of
from search.index import open_index
from search.query import Filters, Query, parse
from search.resolving import resolved
from search.tantivy_index import TantivyIndex

BATCHES = (50, 1000)
"""Documents between two commits: as a crawl does it, as a rebuild does it."""
PIECE = 500
FIRST_DAY = datetime(2022, 1, 1, tzinfo=UTC)


def bench(*, quick: bool) -> Result:
    prepare()
    number, asked, turns = (2000, 100, 2) if quick else (100_000, 300, 3)
    with tempfile.TemporaryDirectory() as temporary:
        index = open_index(temporary, write=True)
        assert isinstance(index, TantivyIndex)
        speeds = _fill(index, number)
        total = index.count()
        size = sum(path.stat().st_size for path in Path(temporary).rglob("*") if path.is_file())
        queries = {name: [make(random.Random(n)) for n in range(asked)] for name, make in MIX.items()}
        found = {name: _ask(index, some, turns) for name, some in queries.items()}
        index.close()
    assert total == number, f"{total} of {number} documents are in the index"
    engine = [[t for name in found for t in found[name][0][turn]] for turn in range(turns)]
    p50, p99 = (sorted(quantile(times, share) for times in engine)[turns // 2] for share in (0.5, 0.99))
    rows = [
        [name] + [f"{spread([quantile(times, share) for times in kind], 2)}" for kind in both for share in (0.5, 0.99)]
        for name, both in [("**all of them**", _together(found, turns)), *found.items()]
    ]
    said = (
        f"{number:,} documents in {len(sentences())} languages, some 3 KB of text and {size / number / 1000:.1f} KB on "
        f"disk each; {asked} queries of each kind, words and phrases taken from the documents, {turns} turns, "
        "milliseconds. In the engine: the query is translated, all matches are counted, the first ranked. In all: ten "
        "hits are read and highlighted too."
    )
    wrote = "; ".join(f"a commit every {batch:,}: {spread(each, 0)} documents/s" for batch, each in speeds.items())
    headings = ["", "engine p50", "engine p99", "in all p50", "in all p99"]
    goals = [
        Goal(f"search over {number:,} documents, in the engine, p50", "≤ 2 ms", f"{p50:.2f} ms", p50 <= 2),
        Goal(f"search over {number:,} documents, in the engine, p99", "≤ 20 ms", f"{p99:.1f} ms", p99 <= 20),
    ]
    return Result(
        "search", "Search", goals, [said, table(headings, rows), f"Writing (one thread, analysed already): {wrote}."]
    )


Times = list[list[float]]
"""Milliseconds, a list for each turn."""


def _together(found: dict[str, tuple[Times, Times]], turns: int) -> tuple[Times, ...]:
    return tuple([[t for both in found.values() for t in both[kind][turn]] for turn in range(turns)] for kind in (0, 1))


def _ask(index: TantivyIndex, queries: Sequence[Query], turns: int) -> tuple[Times, Times]:
    def times(limit: int) -> Times:
        return [[_timed(index, replace(query, limit=limit)) for query in queries] for _ in range(turns)]

    return times(0), times(10)


def _timed(index: TantivyIndex, query: Query) -> float:
    began = time.perf_counter()
    index.search(query)
    return 1000 * (time.perf_counter() - began)


# ---- documents


def _fill(index: TantivyIndex, number: int) -> dict[int, list[float]]:
    """Documents a second for each size of batch, over pieces written in turns."""
    speeds: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    for turn, piece in enumerate(documents(number)):
        batch = BATCHES[0] if turn % 10 == 1 else BATCHES[1]
        began = time.perf_counter()
        for start in range(0, len(piece), batch):
            index.upsert(piece[start : start + batch])
            index.commit()
        speeds[batch].append(len(piece) / (time.perf_counter() - began))
    return speeds


def documents(number: int) -> Iterator[list[Document]]:
    """In pieces of 1,000; made in other processes, for the analysis takes longer than the writing."""
    pieces = [range(start, start + PIECE) for start in range(0, number, PIECE)]
    with ProcessPoolExecutor(2) as pool:
        held: list[Document] = []
        for made in pool.map(_piece, pieces):
            held += made
            if len(held) >= 2 * PIECE:
                yield held
                held = []
    if held:
        yield held


def _piece(numbers: range) -> list[Document]:
    return [_document(number) for number in numbers]


def _document(number: int) -> Document:
    dice = random.Random(number)
    language = dice.choice(list(sentences()))
    pool = sentences()[language]
    # A few words of its own, as names and figures are: without them the vocabulary would be that of the sample.
    own = [f"{dice.choice(pool).split()[0][:5]}{dice.getrandbits(24):x}" for _ in range(6)]
    title, text = dice.choice(pool)[:90], " ".join([*dice.choices(pool, k=24), *own])
    url = f"http://outlet-{number % 40}.example/news/{number}.html"
    analysed = analyse(title, text, language)
    moment = FIRST_DAY + timedelta(minutes=dice.randrange(4 * 365 * 1440))
    article = article_id(url)
    return Document(
        id=f"{article}-{text_digest(title, text)}",
        article_id=article,
        url=url,
        title=title,
        text=text,
        source=f"bench/outlet-{number % 40}",
        sitename=f"Outlet {number % 40}",
        language=language,
        country=None,
        published=moment,
        published_raw=moment.isoformat(),
        published_origin="json-ld",
        captured_at=moment + timedelta(hours=1),
        authors=(),
        tags=(),
        version=1,
        state="live",
        extractor="bench",
        evidence=Evidence("bench.warc.gz", number, 1, f"urn:{number}", "sha256:0", moment),
        folded=analysed.folded,
        stems=analysed.stems,
        title_words=analysed.title_words,
        spelled=analysed.spelled,
        mentions=tuple(_mention(dice.choice(NAMES), at) for at in range(dice.randrange(12))),
        annotator=name_of(registry_of()),
    )


NAMES = ("termez", "tashkent", "kabul", "taliban", "islamic-state-khorasan", "uzbekistan", "hairatan", "united-nations")
TYPED = ("Термез", "Toshkent", "کابل", "Taliban", "ИГИЛ-Хорасан", "Oʻzbekiston", "Hairatan", "ООН")


def _mention(id: str, at: int) -> Mention:
    return Mention("place", "city", id, id.capitalize(), "x", "text", at, at + 1, 0.9, True, "bench")


def _name(dice: random.Random) -> Query:
    return resolved(_typed(dice.choice(TYPED)), registry_of())


# ---- queries


def _words(dice: random.Random, number: int) -> list[str]:
    """Words that stand side by side in some document."""
    while True:
        pool = sentences()[dice.choice(list(sentences()))]
        words = [word.strip("«»“”\"'.,:;!?()[]–—-") for word in dice.choice(pool).split()]
        words = [word for word in words if word.isalpha()]
        if len(words) > number:
            start = dice.randrange(len(words) - number)
            return words[start : start + number]


def _typed(text: str, **more: object) -> Query:
    return Query(parse(text).tree, **more)  # type: ignore[arg-type]


def _rare(dice: random.Random) -> Query:
    """A word that one document has."""
    return _typed(_document(dice.randrange(2000)).text.rsplit(" ", 1)[1])


def _filtered(dice: random.Random) -> Query:
    since = FIRST_DAY + timedelta(days=dice.randrange(1300))
    filters = Filters(source=f"outlet-{dice.randrange(40)}", since=since, until=since + timedelta(days=90))
    return _typed(" ".join(_words(dice, 1)), filters=filters)


MIX: dict[str, Callable[[random.Random], Query]] = {
    "a word": lambda dice: _typed(_words(dice, 1)[0]),
    "a rare word": _rare,
    "a name, in every script": _name,
    "two words": lambda dice: _typed(" ".join(_words(dice, 2))),
    "two words, either": lambda dice: _typed(" OR ".join(_words(dice, 2))),
    "a phrase of three words": lambda dice: _typed(f'"{" ".join(_words(dice, 3))}"'),
    "a word without another": lambda dice: _typed("{} -{}".format(*_words(dice, 2))),
    "a word, newest first": lambda dice: _typed(_words(dice, 1)[0], sort="date"),
    "a word, of a source and a quarter": _filtered,
    "a beginning": lambda dice: _typed(f"{_words(dice, 1)[0][:5]}*"),
    "a fuzzy word": lambda dice: _typed(f"{_words(dice, 1)[0]}~1"),
}
