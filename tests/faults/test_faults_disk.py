"""The disk fills up in the middle of a crawl: it is said by name, nothing is lost, and with room the crawl goes on."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults_kit import Acknowledged, Newswarc, Undisturbed, acknowledged, documents, gist, not_verified, sentence

from crawler.sample.outlets import SampleOutlets
from crawler.sample.server import Entry, SampleServer

SIZE = 24 << 20


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


class Ballast:
    """Fills a disk to the last byte when the server has answered `left` more requests; `lift` makes room again."""

    def __init__(self, path: Path, left: int) -> None:
        self.path, self.left = path, left

    def __call__(self, _entry: Entry) -> None:
        self.left -= 1
        if self.left == 0:
            self.fill()

    def fill(self) -> None:
        with contextlib.suppress(OSError), self.path.open("wb", buffering=0) as file:
            while file.write(bytes(1 << 16)):
                pass

    def lift(self) -> None:
        self.path.unlink()


@dataclass
class Full:
    program: Newswarc
    said: str
    acknowledged: list[Acknowledged]
    again: str
    """What a crawl says that finds no room from the start."""
    lift: Callable[[], None]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    folder = tmp_path_factory.mktemp("disk")
    with small_disk(folder):
        ballast = Ballast(folder / "ballast", 60)
        with SampleServer(SampleOutlets(1).sites(), on_entry=ballast) as server:
            program = Newswarc(folder / "data", server)
            first = program.run("crawl", "sample", code=1)
            had = acknowledged_elsewhere(program.data, tmp_path_factory)
            again = program.run("crawl", "sample", code=1)
            yield Full(program, sentence(first.stderr), had, sentence(again.stderr), ballast.lift)


def acknowledged_elsewhere(data: Path, factory: pytest.TempPathFactory) -> list[Acknowledged]:
    """There is no room for a copy beside it."""
    aside = factory.mktemp("elsewhere") / "data"
    aside.mkdir()
    for path in data.glob("ledger.sqlite*"):
        (aside / path.name).write_bytes(path.read_bytes())
    return acknowledged(aside)


def test_a_full_disk_is_said_by_name(full: Full) -> None:
    for said in (full.said, full.again):
        assert "free" in said or "no room on the disk" in said or "disk is full" in said


def test_what_was_acknowledged_is_readable(full: Full) -> None:
    assert len(full.acknowledged) > 20
    assert not_verified(full.program.data, full.acknowledged) == []


def test_with_room_again_the_next_crawl_completes(full: Full, undisturbed: Undisturbed) -> None:
    full.lift()
    full.program.crawl("sample")
    assert gist(documents(full.program.data)) == undisturbed.gist
    assert not_verified(full.program.data, full.acknowledged) == []
    told = full.program.json("verify", "--all")
    assert told["counts"] == {"verified": len(undisturbed.gist)}
    assert told["records"] == []
