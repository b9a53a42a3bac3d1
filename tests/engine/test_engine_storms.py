"""Minutes of trouble with a real engine, on the test's own clock: how long the drain waits, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, cycle, pairwise
from pathlib import Path

import pytest
from drain_kit import STEP, Crawl, crawling
from faulty_proxy import CUT, TOO_MANY, Door, door, is_bulk
from test_index_contract import NewPlace

from pipelines.drain import FIRST_WAIT, LONGEST_WAIT
from search.index import SearchIndex, open_index

EVERY = 4.0
"""Seconds between two captures."""
Tries = list[tuple[float, bool]]
"""When the engine was tried, and whether it took it."""


@pytest.fixture
def crawl(tmp_path: Path) -> Iterator[Crawl]:
    with crawling(tmp_path / "data", EVERY) as made:
        yield made


@pytest.fixture
def engine(new_place: NewPlace) -> Iterator[tuple[Door, SearchIndex]]:
    """An index on the real server, behind a door."""
    url, _, name = new_place("elasticsearch").partition(":")[2].rpartition("/")
    with door(url) as opened, open_index(f"elasticsearch:{opened.url}/{name}", write=True) as index:
        yield opened, index


def waits(tries: Tries) -> list[float]:
    """Seconds from each refusal to the next try, each checked: doubled with every refusal in a row, scattered below."""
    found, shares, refusals = [], set(), 0
    for (at, taken), (then, _) in pairwise(tries):
        refusals = 0 if taken else refusals + 1
        if refusals:
            longest = min(FIRST_WAIT * 2 ** (refusals - 1), LONGEST_WAIT)
            assert longest / 2 <= then - at <= longest + 2 * STEP, (refusals, then - at)
            found.append(then - at)
            shares.add(round((then - at) / longest, 1))
    assert len(shares) > 1, "they are scattered"
    return found


def test_half_of_all_bulks_turned_away_for_a_minute(engine: tuple[Door, SearchIndex], crawl: Crawl) -> None:
    opened, index = engine
    turned_away = cycle(chain.from_iterable([True] * n + [False] * n for n in (1, 2, 3, 4)))
    tries: Tries = []

    def storm(_method: str, path: str, _body: bytes) -> object:
        if not is_bulk(path):
            return None
        refused = (not tries or crawl.now < tries[0][0] + 60) and next(turned_away)
        tries.append((crawl.now, not refused))
        return TOO_MANY if refused else None

    opened.decide = storm  # type: ignore[assignment]
    crawl.drained(index, until=90)
    assert crawl.is_all_in(index)
    in_the_storm = [taken for at, taken in tries if at < tries[0][0] + 60]
    assert 0.4 <= in_the_storm.count(False) / len(in_the_storm) <= 0.7
    assert max(waits(tries)) >= 2


def test_a_server_away_for_five_minutes(engine: tuple[Door, SearchIndex], crawl: Crawl) -> None:
    opened, index = engine
    crawl.every = 10.0
    tries: Tries = []
    waiting: list[int] = []

    def away(_method: str, _path: str, _body: bytes) -> object:
        gone = 30 <= crawl.now < 330
        if not tries or tries[-1][0] != crawl.now:  # one try is several requests
            tries.append((crawl.now, not gone))
        return CUT if gone else None

    def look() -> None:
        if 30 <= crawl.now < 330:
            waiting.append(len(crawl.ledger.unindexed(1_000)))

    opened.decide, crawl.each_step = away, look  # type: ignore[assignment]
    crawl.drained(index, until=420)
    assert crawl.is_all_in(index)
    assert waiting == sorted(waiting), "captures went on, and what was made of them waited in the ledger"
    assert waiting[-1] >= 300 / crawl.every - 2
    assert max(waits(tries)) >= LONGEST_WAIT / 2
