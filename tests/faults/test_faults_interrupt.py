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
from crawler.sample.server import SampleServer, Site

QUICK, LATER = Paper("quick.example", 6), Paper("later.example", 6)
SOON = 20.0
"""Seconds that an interrupted round may take on a busy machine: the grace for what is under way, and its end."""


@pytest.fixture(scope="module")
def server() -> Iterator[SampleServer]:
    silent: Site = Misbehaviour().do_silent
    hanging = Paper("hanging.example", 0, more={"/news/2026/hanging-story-1001": silent})
    with SampleServer(sites(QUICK, LATER, hanging)) as made:
        yield made


def _sources(folder: Path, **keys: object) -> Path:
    registry(registry(folder, QUICK), LATER, **keys)
    return folder


def _left_in_order(program: Newswarc) -> None:
    assert program.survivors() == []
    assert [p.name for p in (program.data / "archive").iterdir() if p.name.endswith(".open")] == []
    assert not_verified(program.data, acknowledged(program.data)) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_round_ends_well_when_told_and_the_next_goes_on(
    server: SampleServer, tmp_path: Path, number: signal.Signals
) -> None:
    """In the middle of an hour's pause, and with an answer under way that will never come."""
    sources = _sources(tmp_path / "sources", delay=3600)
    registry(sources, Paper("hanging.example"))
    program = Newswarc(tmp_path / "data", server, sources)
    with program.started("crawl", "faults") as process:
        until(lambda: indexed(program.data) == QUICK.count, process)
        began = time.monotonic()
        process.send_signal(number)
        said, cause = process.communicate(timeout=60)
    assert time.monotonic() - began < SOON
    assert process.returncode == 128 + number, cause
    assert "interrupted; the next crawl goes on from here" in cause
    assert "Traceback" not in cause
    assert "faults/quick" in said, "the figures so far"
    _left_in_order(program)
    (cut,) = [row for row in acknowledged(program.data) if "hanging-story" in row.url]
    assert "time" in (cut.truncated or cut.error or "")
    (sources / "faults" / "hanging.yaml").unlink()
    if number == signal.SIGTERM:
        program.sources = _sources(tmp_path / "sources")
        program.crawl("faults")
        assert {d.url for d in documents(program.data).values()} == QUICK.urls | LATER.urls


def test_told_twice_it_ends_at_once_and_nothing_is_lost(server: SampleServer, tmp_path: Path) -> None:
    sources = registry(tmp_path / "sources", Paper("hanging.example"))
    program = Newswarc(tmp_path / "data", server, sources)
    with program.started("crawl", "faults") as process:
        until(lambda: list(server.entries("/feed.xml")), process)
        until(lambda: len(acknowledged(program.data)) >= 3, process)
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
