"""Elasticsearch: our writer beside `helpers.bulk` with the same bodies, and search over 100,000 documents."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import chain, count, takewhile
from pathlib import Path
from typing import Any

from benchmarks.measure import quantile, spread
from benchmarks.pages import sentences
from benchmarks.report import Goal, Result, table
from benchmarks.search import MIX, PIECE, _piece
from newswarc.items import Document
from search.analysis import analyse
from search.elastic_index import ElasticIndex, source_of
from search.entities.annotator import prepare
from search.index import open_index
from search.query import All, Query, parse

SERVER = Path(__file__).resolve().parents[1] / "tests" / "engine"
BULK = 500
TURN = 5_000
"""Documents written by one side before it is the other's turn."""
PAIRED = 25_000
"""Documents that both sides write; ours goes on alone, or the bench would take half an hour."""
LONGEST_MERGE = 300
"""Seconds."""
HEAP = "1g"
"""What `docker/compose.yaml` gives a node."""
WARM_UP = 60
"""Seconds of other questions before those that count."""
Times = Mapping[str, list[float]]
"""Milliseconds of each question, by its kind."""


def bench(*, quick: bool) -> Result:
    sys.path.insert(0, str(SERVER))
    from elastic_server import Unavailable, node

    prepare()
    number, asked = (2_000, 30) if quick else (100_000, 100)
    try:
        with node(java=(), heap=HEAP) as server:
            return _benched(server.url, number, asked, 5 if quick else WARM_UP)
    except Unavailable as reason:
        return Result("elastic", "Elasticsearch", [], [f"Left out: {reason}."])


def _benched(url: str, number: int, asked: int, warm_up: int) -> Result:
    with open_index(f"elasticsearch:{url}/ours", write=True) as ours:
        assert isinstance(ours, ElasticIndex)
        theirs = f"{next(iter(ours.standing())).replace('ours', 'theirs')}"
        _same_mapping(ours, theirs)
        speeds, analysing = _written(ours, theirs, number)
        assert ours.count() == number, f"{ours.count()} of {number} documents are in the index"
        ours.engine.client.indices.delete(index=theirs)
        _settled(ours)
        _warmed(ours, warm_up)
        answered, in_all = _asked(ours, asked)
        worst, slowest = _hurt(ours)
        assert ours.search(Query(All(), limit=0)).total == number, "the server answers as before"
    return Result(
        "elastic",
        "Elasticsearch",
        _goals(speeds, answered, slowest, number),
        [
            _said(number, asked, warm_up),
            _writing(speeds),
            f"Analysis alone: {analysing:.0f} documents a second and core.",
            _asking(answered, in_all),
            f"Of questions that are meant to hurt (`tests/engine/hostile_queries.py`) the slowest is “{worst}”, "
            f"{slowest:.0f} ms in all; the server answers afterwards.",
        ],
    )


# ---- what it says


def _said(number: int, asked: int, warm_up: int) -> str:
    return (
        f"One node of the tests' server (a heap of 1 GB, as `docker/compose.yaml` gives it), {number:,} documents in "
        f"{len(sentences())} languages. The first {min(number, PAIRED):,}, analysed beforehand, are written twice, by "
        f"ours and by `helpers.bulk` (chunks of {BULK}, orjson), the same bodies under the same mapping, in turns of "
        f"{TURN:,}. The server shares both cores with the writer. {asked} questions of each kind, asked before, after "
        f"{warm_up} s of others: what is run often Java compiles beside it, and a server in use has that behind it. "
        "Answered: ten hits ranked, all counted, over HTTP. In all: they are read and highlighted too."
    )


def _goals(speeds: Times, answered: Times, slowest: float, number: int) -> list[Goal]:
    ratio, p99 = quantile(_ratios(speeds), 0.5), quantile(list(chain.from_iterable(answered.values())), 0.99)
    return [
        Goal("writer, to helpers.bulk with the same bodies", "≥ 0.8", f"{ratio:.2f}", ratio >= 0.8),
        Goal(
            f"search over {number:,} documents, answered by Elasticsearch, p99", "≤ 20 ms", f"{p99:.1f} ms", p99 <= 20
        ),
        Goal("a hostile question to Elasticsearch, the slowest", "≤ 2 s", f"{slowest / 1000:.2f} s", slowest <= 2000),
    ]


def _ratios(speeds: Times) -> list[float]:
    return [a / b for a, b in zip(speeds["ours"], speeds["theirs"], strict=True)]


def _writing(speeds: Times) -> str:
    return table(
        ["", "documents/s", "ours to it, pairs"],
        [
            ["ours", spread(speeds["ours"], 0), "1"],
            ["helpers.bulk", spread(speeds["theirs"], 0), spread(_ratios(speeds), 2)],
        ],
    )


def _asking(answered: Times, in_all: Times) -> str:
    def row(name: str, *both: list[float]) -> list[str]:
        return [name, *(f"{quantile(times, share):.1f}" for times in both for share in (0.5, 0.99))]

    together = [list(chain.from_iterable(times.values())) for times in (answered, in_all)]
    rows = [row("**all of them**", *together), *(row(name, answered[name], in_all[name]) for name in answered)]
    return table(["milliseconds", "answered p50", "answered p99", "in all p50", "in all p99"], rows)


# ---- writing


def _same_mapping(ours: ElasticIndex, theirs: str) -> None:
    client = ours.engine.client
    (about,) = client.indices.get(index=ours.name).body.values()
    kept = {name: about["settings"]["index"][name] for name in ("number_of_shards", "refresh_interval", "merge")}
    client.indices.create(
        index=theirs, mappings=about["mappings"], settings={"index": {**kept, "number_of_replicas": 0}}
    )


def _written(ours: ElasticIndex, theirs: str, number: int) -> tuple[dict[str, list[float]], float]:
    """Documents a second of each side, by turns, each beginning every other one; and of the analysis alone."""
    speeds: dict[str, list[float]] = {"ours": [], "theirs": []}
    analysing = 0.0
    for turn, piece in enumerate(_documents(number)):
        if turn * TURN >= PAIRED:
            _ours(ours, piece)
            continue
        analysing = analysing or _analysed(piece[:1_000])
        bodies = [json.loads(source_of(document)) for document in piece]
        sides = {"ours": partial(_ours, ours, piece), "theirs": partial(_theirs, ours, theirs, piece, bodies)}
        for side in sorted(sides, reverse=bool(turn % 2)):
            speeds[side].append(len(piece) * 1000 / _milliseconds(sides[side]))
    return speeds, analysing


def _documents(number: int) -> Iterator[list[Document]]:
    """A turn's at a time, made in other processes: before both sides write it, or while ours writes alone."""

    def begun(first: int) -> Iterator[list[Document]]:
        last = min(first + TURN, number)
        return pool.map(_piece, [range(at, min(at + PIECE, last)) for at in range(first, last, PIECE)])

    with ProcessPoolExecutor(2) as pool:
        ahead: Iterator[list[Document]] | None = None
        for first in range(0, number, TURN):
            made = list(chain.from_iterable(ahead or begun(first)))
            ahead = begun(first + TURN) if first >= PAIRED else None
            yield made


def _ours(index: ElasticIndex, piece: list[Document]) -> None:
    for start in range(0, len(piece), BULK):
        index.upsert(piece[start : start + BULK])
        index.commit()


def _theirs(ours: ElasticIndex, theirs: str, piece: list[Document], bodies: list[dict[str, Any]]) -> None:
    from elasticsearch import Elasticsearch, OrjsonSerializer, helpers

    client = Elasticsearch(ours.engine.nodes.split(", "), serializer=OrjsonSerializer())
    actions = ({"_index": theirs, "_id": one.id, "_source": body} for one, body in zip(piece, bodies, strict=True))
    helpers.bulk(client, actions, chunk_size=BULK)
    client.close()


def _analysed(piece: list[Document]) -> float:
    began = time.process_time()
    for document in piece:
        analyse(document.title, document.text, document.language)
    return len(piece) / (time.process_time() - began)


# ---- asking


def _settled(index: ElasticIndex) -> None:
    """Waits until the engine has merged what was written."""
    from elastic_server import until

    def merged() -> bool:
        merges = index.engine.client.indices.stats(index=index.name, metric="merge")["_all"]["total"]["merges"]
        return not merges["current"]

    index.refresh()
    until(merged, "what was written is merged", LONGEST_MERGE)


def _warmed(index: ElasticIndex, seconds: float) -> None:
    """Asks others than the questions that count, of every kind."""
    end = time.monotonic() + seconds
    for number in takewhile(lambda _: time.monotonic() < end, count(1_000_000)):
        for make in MIX.values():
            index.answer(replace(make(random.Random(number)), limit=10))


def _asked(index: ElasticIndex, asked: int) -> tuple[Times, Times]:
    """Of the engine's answers, and in all; the second and third time that a question is asked: what serves is warm."""
    questions = {name: [replace(make(random.Random(n)), limit=10) for n in range(asked)] for name, make in MIX.items()}
    for query in chain.from_iterable(questions.values()):
        index.search(query)
    return _times(index.answer, questions), _times(index.search, questions)


def _times(ask: Callable[[Query], object], questions: Mapping[str, list[Query]]) -> Times:
    return {name: [_milliseconds(partial(ask, query)) for query in some] for name, some in questions.items()}


def _milliseconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return 1000 * (time.perf_counter() - began)


def _hurt(index: ElasticIndex) -> tuple[str, float]:
    """The hostile question that takes longest, and its milliseconds: read, and asked by relevance or by date."""
    from hostile_queries import HOSTILE

    def by_relevance(text: str) -> None:
        index.search(Query(parse(text).tree))

    def by_date(text: str) -> None:
        index.search(Query(parse(text).tree, sort="date"))

    times = {
        name: max(_milliseconds(partial(ask, text)) for ask in (by_relevance, by_date))
        for name, text in HOSTILE.items()
    }
    worst = max(times, key=lambda name: times[name])
    return worst, times[worst]
