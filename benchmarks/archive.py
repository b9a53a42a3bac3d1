"""A record by pointer out of a large archive, what an append costs, and how soon the command line answers."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from archive.store import ArchiveReader, WarcFolder
from benchmarks.measure import quantile, run, served, spread
from benchmarks.pages import Pages, make
from benchmarks.report import Goal, Result, table
from newswarc.items import Exchange, RecordPointer
from newswarc.ledger import Ledger

AT_ONCE = 8
"""Exchanges an append takes: as many as a busy crawl has waiting."""
NEWSWARC = str(Path(sys.executable).with_name("newswarc"))


def bench(*, quick: bool) -> Result:
    size, reads, turns = (50_000_000, 500, 3) if quick else (1_000_000_000, 2000, 5)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "pages").mkdir()
        pages = make(folder / "pages", 300)
        pointers, append = _filled(folder / "archive", pages, size)
        names = {pointer.warc for pointer in pointers}
        total = sum(path.stat().st_size for path in (folder / "archive").glob("*.warc.gz"))
        reading = [_read(folder / "archive", random.Random(n).sample(pointers, reads)) for n in range(turns)]
        starts = _starts(folder, pages, turns)
    p50, p99 = ([quantile(times, share) for times in reading] for share in (0.5, 0.99))
    late, shown, helped = statistics.median(p99), statistics.median(starts["show"]), statistics.median(starts["--help"])
    said = (
        f"An archive of {total / 1e9:.2f} GB ({len(names)} file{'s'[: len(names) > 1]}, {len(pointers):,} captures); "
        f"{reads} random ones read with all their digests checked, {turns} times. Appends are of {AT_ONCE} exchanges "
        "(response, metadata and request record each), with one write and one flush; this disk is a virtual one that "
        "flushes fast."
    )
    rows = [
        ["a capture by pointer, p50", f"{spread(p50, 2)} ms"],
        ["a capture by pointer, p99", f"{spread(p99, 2)} ms"],
        ["an exchange appended, wall (share of an append)", f"{append[0]:.2f} ms"],
        ["an exchange appended, CPU", f"{append[1]:.2f} ms"],
        *([f"`newswarc {name}`, in all", f"{spread(times, 2)} s"] for name, times in starts.items()),
    ]
    goals = [
        Goal("a record by pointer from a 1 GB archive, p99", "≤ 3 ms", f"{late:.2f} ms", late <= 3),
        Goal("`newswarc show`, in all", "≤ 0.5 s", f"{shown:.2f} s", shown <= 0.5),
        Goal("`newswarc --help`, in all", "≤ 0.2 s", f"{helped:.2f} s", helped <= 0.2),
    ]
    return Result("archive", "The archive", goals, [said, table(["", "min / median / max"], rows)])


def _exchanges(pages: Pages) -> Iterator[Exchange]:
    """One after the other without end, each with a URL of its own."""
    bodies = [pages.path(n).read_bytes() for n in range(pages.count)]
    number = 0
    while True:
        body = bodies[number % len(bodies)]
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n"
        yield Exchange(
            url=f"http://outlet.example/news/{number}.html",
            started=datetime.now(UTC),
            request=b"GET /news/%d.html HTTP/1.1\r\nHost: outlet.example\r\nConnection: close\r\n\r\n" % number,
            response=b"%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body),
            kind="article",
            source="bench/outlet",
            ip="127.0.0.1",
        )
        number += 1


def _filled(folder: Path, pages: Pages, size: int) -> tuple[list[RecordPointer], tuple[float, float]]:
    """Pointers of all captures, and what appending one exchange took: (wall, CPU) in ms."""
    exchanges = _exchanges(pages)
    pointers: list[RecordPointer] = []
    wall, cpu = time.perf_counter(), time.process_time()
    with WarcFolder(folder) as store:
        while not pointers or pointers[-1].offset < size - 1_000_000:
            batch = [next(exchanges) for _ in range(AT_ONCE)]
            pointers += [receipt.pointer for receipt in store.append(batch)]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return pointers, (1000 * wall / len(pointers), 1000 * cpu / len(pointers))


def _read(folder: Path, pointers: Sequence[RecordPointer]) -> list[float]:
    """Milliseconds of each."""
    with ArchiveReader(folder) as reader:
        return [_timed(lambda pointer=pointer: reader.read(pointer)) for pointer in pointers]  # type: ignore[misc]


def _timed(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return 1000 * (time.perf_counter() - began)


def _starts(folder: Path, pages: Pages, turns: int) -> dict[str, list[float]]:
    """Seconds that commands take in all, over a small data folder that a crawl has filled."""
    with served(pages, addresses=40) as site:
        run("-m", "benchmarks.whole", str(site.port), "2", folder / "small", "1")
    data = ["--data", str(folder / "small" / "data")]
    ledger = Ledger(folder / "small" / "data" / "ledger.sqlite")
    document = ledger.documents()[0].id
    ledger.close()
    commands = {
        "--help": [NEWSWARC, "--help"],
        "show": [NEWSWARC, "show", document, *data],
        "show --original": [NEWSWARC, "show", document, "--original", *data],
    }
    return {name: [_seconds(command) for _ in range(turns)] for name, command in commands.items()}


def _seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began
