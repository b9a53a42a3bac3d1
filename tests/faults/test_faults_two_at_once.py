"""While one crawl is at work: a second is turned away, reading goes on, a rebuild waits its turn, nothing listens."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from faults_kit import Newswarc, Paper, indexed, registry, sentence, sites, until

from crawler.sample.server import SampleServer

QUICK, SLOW = Paper("quick.example"), Paper("slow.example")


@dataclass
class AtWork:
    """A crawl that has indexed all of one outlet and waits an hour between two pages of the other."""

    program: Newswarc
    server: SampleServer
    process: subprocess.Popen[str]
    connections: set[tuple[str, int]] = field(default_factory=set)
    listening: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Notes what sockets the crawl and its workers have at this moment."""
        for process in self.program.processes():
            for c in process.net_connections("inet"):
                if c.status == psutil.CONN_LISTEN or not c.raddr:
                    self.listening.append(f"{process.name()} {c.laddr}")
                else:
                    self.connections.add((c.raddr.ip, c.raddr.port))


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtWork]:
    folder = tmp_path_factory.mktemp("at-work")
    sources = registry(registry(folder / "sources", QUICK), SLOW, delay=3600)
    with SampleServer(sites(QUICK, SLOW)) as server:
        program = Newswarc(folder / "data", server, sources)
        with program.started("crawl", "faults", "--json") as process:
            made = AtWork(program, server, process)

            def all_of_the_quick_one() -> bool:
                made.look()
                return indexed(program.data) >= QUICK.count

            until(all_of_the_quick_one, process)
            yield made


def _state(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _refused(at_work: AtWork, *arguments: str) -> str:
    """What the command says; it must end at once, leave all as it was, and leave the crawl at work."""
    before = _state(at_work.program.data)
    began = time.monotonic()
    done = at_work.program.run(*arguments, code=1)
    assert time.monotonic() - began < 30, "its own start included, on a busy machine"
    assert _state(at_work.program.data) == before
    assert at_work.process.poll() is None
    assert done.stdout == ""
    return sentence(done.stderr)


def test_a_second_crawl_is_told_who_holds_the_folder(at_work: AtWork) -> None:
    said = _refused(at_work, "crawl", "faults")
    assert f"is being written by process {at_work.process.pid}" in said


def test_a_rebuild_is_told_who_holds_the_folder(at_work: AtWork) -> None:
    said = _refused(at_work, "rebuild")
    assert f"is being written by process {at_work.process.pid}" in said


def test_search_show_and_verify_work_meanwhile(at_work: AtWork) -> None:
    hits = at_work.program.json("search", "harbour report", "--limit", "50")["hits"]
    assert {hit["url"] for hit in hits} == QUICK.urls
    shown = at_work.program.run("show", hits[0]["id"], "--original").stdout
    assert hits[0]["title"] in shown
    told = at_work.program.json("verify", "--all")
    assert told["counts"] == {"verified": QUICK.count}
    assert told["records"] == []
    assert at_work.process.poll() is None


def test_the_crawl_listens_nowhere_and_speaks_to_its_targets_alone(at_work: AtWork) -> None:
    at_work.look()
    assert at_work.listening == []
    assert at_work.connections <= {(at_work.server.address, at_work.server.port)}
