"""Elasticsearch: our writer beside `helpers.bulk` with the same bodies, and search over 100,000 documents."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.measure import quantile, spread
from benchmarks.report import Goal, Result, table
from benchmarks.search import MIX, documents, sentences
from newswarc.items import Document
from search.analysis import analyse
from search.elastic_index import ElasticIndex, source_of
from search.entities.annotator import prepare
from search.index import open_index

SERVER = Path(__file__).resolve().parents[1] / "tests" / "engine"
BULK = 500
PIECE = 5_000
"""Documents written by one side before it is the other's turn."""


def bench(*, quick: bool) -> Result:
    sys.path.insert(0, str(SERVER))
    from elastic_server import Unavailable, node

    prepare()
    number, asked = (2_000, 50) if quick else (100_000, 300)
    try:
        with node() as server:
            return _benched(server.url, number, asked)
    except Unavailable as reason:
        return Result("elastic", "Elasticsearch", [], [f"Left out: {reason}."])


def _benched(url: str, number: int, asked: int) -> Result:
    with open_index(f"elasticsearch:{url}/ours", write=True) as ours:
        assert isinstance(ours, ElasticIndex)
        theirs = f"{next(iter(ours.standing())).replace('ours', 'theirs')}"
        _same_mapping(ours, theirs)
        speeds, analysing = _written(ours, theirs, number)
        assert ours.count() == number, f"{ours.count()} of {number} documents are in the index"
        times = _asked(ours, asked)
    ratios = [a / b for a, b in zip(speeds["ours"], speeds["theirs"], strict=True)]
    ratio = quantile(ratios, 0.5)
    p99 = quantile([t for each in times.values() for t in each], 0.99)
    said = (
        f"One node of the tests' server (512 MB heap), {number:,} documents in {len(sentences())} languages, analysed "
        f"beforehand; ours and `helpers.bulk` (chunks of {BULK}, orjson) write the same bodies under the same mapping "
        f"in turns of {PIECE:,}. The server shares both cores with the writer."
    )
    writing = table(
        ["", "documents/s", "ours to it, pairs"],
        [["ours", spread(speeds["ours"], 0), "1"], ["helpers.bulk", spread(speeds["theirs"], 0), spread(ratios, 2)]],
    )
    asking = table(
        ["in all, ms: ten hits read and highlighted", "p50", "p99"],
        [[name, f"{quantile(each, 0.5):.1f}", f"{quantile(each, 0.99):.1f}"] for name, each in times.items()],
    )
    goals = [
        Goal("writer, to helpers.bulk with the same bodies", "≥ 0.8", f"{ratio:.2f}", ratio >= 0.8),
        Goal(f"search over {number:,} documents on Elasticsearch, p99", "≤ 20 ms", f"{p99:.1f} ms", p99 <= 20),
    ]
    apart = f"Analysis alone: {analysing:.0f} documents a second and core."
    return Result("elastic", "Elasticsearch", goals, [said, writing, apart, asking])


def _same_mapping(ours: ElasticIndex, theirs: str) -> None:
    client = ours.engine.client
    (about,) = client.indices.get(index=ours.name).body.values()
    kept = {name: about["settings"]["index"][name] for name in ("number_of_shards", "refresh_interval", "codec")}
    client.indices.create(
        index=theirs, mappings=about["mappings"], settings={"index": {**kept, "number_of_replicas": 0}}
    )


def _written(ours: ElasticIndex, theirs: str, number: int) -> tuple[dict[str, list[float]], float]:
    """Documents a second of each side, by turns; and of the analysis alone."""
    speeds: dict[str, list[float]] = {"ours": [], "theirs": []}
    made = (document for piece in documents(number) for document in piece)
    analysing = 0.0
    while piece := list(islice(made, PIECE)):
        speeds["ours"].append(_timed(piece, lambda piece=piece: _ours(ours, piece)))
        bodies = [json.loads(source_of(document)) for document in piece]
        speeds["theirs"].append(_timed(piece, lambda piece=piece, bodies=bodies: _theirs(ours, theirs, piece, bodies)))
        analysing = analysing or _analysed(piece[:1_000])
    return speeds, analysing


def _timed(piece: list[Document], write: Any) -> float:
    began = time.perf_counter()
    write()
    return len(piece) / (time.perf_counter() - began)


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


def _asked(index: ElasticIndex, asked: int) -> dict[str, list[float]]:
    index.refresh()
    return {name: list(_times(index, make, asked)) for name, make in MIX.items()}


def _times(index: ElasticIndex, make: Any, asked: int) -> Iterator[float]:
    """Milliseconds of each question, the second time it is asked: an index that serves is warm."""
    queries = [replace(make(random.Random(n)), limit=10) for n in range(asked)]
    for warm in (False, True):
        for query in queries:
            began = time.perf_counter()
            index.search(query)
            if warm:
                yield 1000 * (time.perf_counter() - began)
