"""Ctrl-C and TERM: the round ends within seconds, the archive is closed, and the next crawl goes on."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults_kit import Newswarc, Paper, acknowledged, documents, indexed, not_verified, registry, sites, until

from crawler.sample.misbehaviour import Misbehaviour
from crawler.sample.server import Reply, SampleServer, WireRequest


class Hanging(Paper):
    """Its one story is asked for and never answered."""

    def __init__(self, host: str) -> None:
        super().__init__(host, 0, more={"/news/2026/hanging-story-1001": self._hang})
        self.asked = 0

    def _hang(self, request: WireRequest) -> Reply:
        self.asked += 1
        return Misbehaviour().do_silent(request)


QUICK, LATER, HANGING = Paper("quick.example", 6), Paper("later.example", 6), Hanging("hanging.example")
SOON = 20.0
"""Seconds that an interrupted round may take on a busy machine: the grace for what is under way, and its end."""


@pytest.fixture(scope="module")
def server() -> Iterator[SampleServer]:
    with SampleServer(sites(QUICK, LATER, HANGING)) as made:
        yield made


def _sources(folder: Path, **keys: object) -> Path:
    registry(registry(folder, QUICK), LATER, **keys)
    return folder


def _left_in_order(program: Newswarc) -> None:
    assert program.survivors() == []
    assert [p.name for p in (program.data / "archive").iterdir() if p.name.endswith(".open")] == []
    assert not_verified(program.data, acknowledged(program.data)) == []


def _interrupted(program: Newswarc, number: signal.Signals, asked: int = 0) -> None:
    """A crawl that has indexed the quick outlet and waits for others is told to end, and does so in order."""
    with program.started("crawl", "faults") as process:
        until(lambda: indexed(program.data) == QUICK.count and HANGING.asked >= asked, process)
        began = time.monotonic()
        process.send_signal(number)
        said, cause = process.communicate(timeout=60)
    assert time.monotonic() - began < SOON
    assert process.returncode == 128 + number, cause
    assert "interrupted; the next crawl goes on from here" in cause
    assert "Traceback" not in cause
    assert "faults/quick" in said, "the figures so far"
    _left_in_order(program)


def test_an_answer_that_never_comes_is_cut_and_archived(server: SampleServer, tmp_path: Path) -> None:
    sources = registry(registry(tmp_path / "sources", QUICK), HANGING)
    program = Newswarc(tmp_path / "data", server, sources)
    _interrupted(program, signal.SIGINT, asked=HANGING.asked + 1)
    (cut,) = [row for row in acknowledged(program.data) if "hanging-story" in row.url]
    assert "time" in (cut.truncated or cut.error or "")


def test_an_hours_pause_is_not_waited_for_and_the_next_crawl_goes_on(server: SampleServer, tmp_path: Path) -> None:
    program = Newswarc(tmp_path / "data", server, _sources(tmp_path / "sources", delay=3600))
    _interrupted(program, signal.SIGTERM)
    program.sources = _sources(tmp_path / "sources")
    program.crawl("faults")
    assert {d.url for d in documents(program.data).values()} == QUICK.urls | LATER.urls


def test_told_twice_it_ends_at_once_and_nothing_is_lost(server: SampleServer, tmp_path: Path) -> None:
    sources = registry(tmp_path / "sources", HANGING)
    program = Newswarc(tmp_path / "data", server, sources)
    asked = HANGING.asked
    with program.started("crawl", "faults") as process:
        until(lambda: HANGING.asked > asked, process)
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
    assert process.returncode == 128 + signal.SIGINT
    assert program.survivors() == []
    had = acknowledged(program.data)
    assert not_verified(program.data, had) == []


def test_rounds_without_end_end_with_the_round_at_work(server: SampleServer, tmp_path: Path) -> None:
    program = Newswarc(tmp_path / "data", server, _sources(tmp_path / "sources", delay=3600))
    with program.started("crawl", "faults", "--every", "1h") as process:
        until(lambda: indexed(program.data) == QUICK.count, process)
        process.send_signal(signal.SIGTERM)
        _said, cause = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, cause
    assert "Traceback" not in cause
    _left_in_order(program)


def test_between_two_rounds_they_end_at_once(server: SampleServer, tmp_path: Path) -> None:
    program = Newswarc(tmp_path / "data", server, registry(tmp_path / "sources", QUICK))
    with program.started("crawl", "faults", "--every", "1h") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("next round in"):
                break
        process.send_signal(signal.SIGINT)
        _said, cause = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGINT, cause
    assert "Traceback" not in cause
    _left_in_order(program)
