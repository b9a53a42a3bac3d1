"""Memory of the crawler, of each worker and of the index's process, at 2,000 pages and at 20,000."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measure import Run, Sight, quantile, run, served
from benchmarks.pages import Pages, make
from benchmarks.report import Goal, Result, table

OUTLETS = 20
MOST = 180.0
"""MB."""


def bench(*, quick: bool) -> Result:
    few, many = (200, 600) if quick else (2000, 20_000)
    with tempfile.TemporaryDirectory() as temporary:
        pages = make(Path(temporary), few)
        done = {number: _run(pages, number) for number in (few, many)}
    peaks = {number: _peaks(done[number].pss) for number in done}
    largest = {role: max(peaks[number][role] for number in done) for role in ("crawler", "worker")}
    growth = {role: peaks[many][role] / peaks[few][role] - 1 for role in ("crawler", "worker")}
    rows = [
        [f"{number:,} pages", f"{done[number].said['pages'] / done[number].said['wall']:.0f}"]
        + [_said(done[number].pss, role) for role in _ROLES]
        for number in done
    ]
    said = (
        f"{pages.described}; the {many:,} addresses serve each page {many // few} times. PSS of each process, looked "
        "at once a second: the median over the second half of the run (of the largest worker), and the peak; the last "
        "is the peak without mapped files. The embedded index is written by a process of its own, which maps the files "
        "it merges: clean pages of the disk's cache, which the system takes back when it needs them."
    )
    goals = [
        Goal(f"memory of the {role}, peak PSS", f"≤ {MOST:.0f} MB", f"{largest[role]:.0f} MB", largest[role] <= MOST)
        for role in ("crawler", "worker")
    ]
    goals += [
        Goal(f"memory of the {role}, {many:,} pages to {few:,}", "± 10 %", f"{more:+.0%}", abs(more) <= 0.1)
        for role, more in growth.items()
    ]
    headings = ["", "pages/s", *(f"{role}, MB: steady / peak / without files" for role in _ROLES)]
    return Result("memory", "Memory", goals, [said, table(headings, rows)])


_ROLES = ("crawler", "worker", "index", "fork server")


def _run(pages: Pages, number: int) -> Run:
    with tempfile.TemporaryDirectory() as data, served(pages, addresses=number) as site:
        done = run("-m", "benchmarks.whole", str(site.port), str(OUTLETS), data, "2", memory=True)
    assert done.said["pages"] == number, f"{done.said['pages']} of {number} pages were fetched"
    return done


def _said(pss: Mapping[str, Sequence[Sight]], role: str) -> str:
    peak, own = (_peaks(pss, which).get(role, 0.0) for which in (1, 2))
    return f"{_steady(pss, role):.0f} / {peak:.0f} / {own:.0f}"


def _peaks(pss: Mapping[str, Sequence[Sight]], which: int = 1) -> dict[str, float]:
    """The highest PSS of any process of a role, MB; `which` is 2 for that without files."""
    peaks: dict[str, float] = {}
    for name, seen in pss.items():
        role = name.rpartition(" ")[0]
        peaks[role] = max(peaks.get(role, 0.0), *(sight[which] for sight in seen))
    return peaks


def _steady(pss: Mapping[str, Sequence[Sight]], role: str) -> float:
    last = max(sight[0] for seen in pss.values() for sight in seen)
    medians = [
        quantile([size for at, size, _ in seen if at > last / 2] or [0.0], 0.5)
        for name, seen in pss.items()
        if name.rpartition(" ")[0] == role
    ]
    return max(medians, default=0.0)
