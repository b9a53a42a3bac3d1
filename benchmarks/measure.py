"""How the benches measure: processes of their own, watched from outside, and pairs of runs set side by side."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from benchmarks.pages import Pages

CORES = sorted(os.sched_getaffinity(0))
# As an installation has it: modules are compiled once, not at each start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
EVERY = 0.1
"""Seconds between two looks at the processes of a run."""


class Failed(RuntimeError):
    """A run that did not end well; holds what it said last."""


Sight = tuple[float, float, float]
"""Seconds since the start, PSS, and PSS without mapped files, in MB."""


@dataclass
class Watch:
    """Looks at a process and all below it until it ends: CPU time of each, and their memory where that is asked for.

    What a process used after the last look at it is missed; that is under EVERY seconds of each.
    """

    pid: int
    memory: bool = False
    cpu: dict[int, float] = field(default_factory=dict)
    pss: dict[str, list[Sight]] = field(default_factory=dict)
    """Name of a process, `role pid` → (seconds since the start, proportional set size in MB)."""

    def __post_init__(self) -> None:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._began = time.monotonic()
        self._thread.start()

    def stop(self) -> float:
        """CPU seconds of all of them."""
        self._end.set()
        self._thread.join()
        return sum(self.cpu.values())

    def _run(self) -> None:
        turn = 0
        while not self._end.wait(EVERY):
            with contextlib.suppress(psutil.NoSuchProcess):
                self._look(memory=self.memory and turn % 10 == 0)
            turn += 1

    def _look(self, memory: bool) -> None:
        top = psutil.Process(self.pid)
        for process in (top, *top.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                times = process.cpu_times()
                self.cpu[process.pid] = times.user + times.system
                if memory:
                    role = "crawler" if process.pid == self.pid else _role(process)
                    size, own = _proportional(process.pid)
                    seen = self.pss.setdefault(f"{role} {process.pid}", [])
                    seen.append((time.monotonic() - self._began, size, own))


def _proportional(pid: int) -> tuple[float, float]:
    """PSS of a process in MB: all of it, and without what it only maps of files (proc(5), smaps_rollup)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError as e:  # it has ended
        raise psutil.NoSuchProcess(pid) from e
    sizes = {name: int(rest.split()[0]) * 1024 / 1e6 for name, _, rest in (line.partition(":") for line in lines)}
    return sizes["Pss"], sizes["Pss_Anon"]


def _role(process: psutil.Process) -> str:
    """Workers are forked by a fork server, which is itself a child of the crawler; one of them has the index open."""
    line = " ".join(process.cmdline())
    parent = process.parent()
    if "forkserver" not in line or parent is None:
        return "other"
    if "forkserver" not in " ".join(parent.cmdline()):
        return "fork server"
    return "index" if any(file.path.endswith("writer.lock") for file in process.open_files()) else "worker"


@dataclass(frozen=True, slots=True)
class Run:
    """What a child said on its last line, and what was seen of it from outside."""

    said: Mapping[str, Any]
    wall: float
    cpu: float
    """CPU seconds of it and all below it."""
    pss: Mapping[str, Sequence[Sight]]


def run(
    *arguments: str | Path,
    cores: Sequence[int] | None = None,
    environ: Mapping[str, str] | None = None,
    memory: bool = False,
    python: str | Path = sys.executable,
) -> Run:
    """Runs `python ARGUMENTS` to its end; its last line of output is JSON. Raises Failed."""
    pinned = ["taskset", "-c", ",".join(map(str, cores))] if cores else []
    command = [*pinned, str(python), *map(str, arguments)]
    began = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environ or {})}
    )
    watch = Watch(process.pid, memory)
    out, err = process.communicate()
    cpu, wall = watch.stop(), time.monotonic() - began
    lines = out.strip().splitlines()
    try:
        said = json.loads(lines[-1]) if lines else {}
    except ValueError:
        said = {}
    if process.returncode or not said:
        raise Failed(f"{' '.join(command)}: exit code {process.returncode}: {err[-1500:]}")
    return Run(said, wall, cpu, watch.pss)


@dataclass(frozen=True, slots=True)
class Served:
    """A site that runs: its port on loopback."""

    port: int
    process: psutil.Process

    def cpu(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextlib.contextmanager
def served(pages: Pages, *, addresses: int = 0, cores: Sequence[int] | None = None) -> Iterator[Served]:
    """The site of the benches over these pages; `addresses` says how many URLs its sitemaps list."""
    pinned = ["taskset", "-c", ",".join(map(str, cores))] if cores else []
    command = [*pinned, sys.executable, "-m", "benchmarks.site", str(pages.folder), str(addresses or pages.count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        line = process.stdout.readline()
        if not line:
            raise Failed("the site did not start")
        yield Served(int(line), psutil.Process(process.pid))
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


Case = Callable[[], dict[str, float]]


def rounds(cases: Mapping[str, Case], number: int) -> dict[str, list[dict[str, float]]]:
    """Every case once a round, each round beginning with another one: neighbours' work falls on all of them alike."""
    names = list(cases)
    results: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for turn in range(number):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            results[name].append(cases[name]())
            said = ", ".join(f"{key} {value:.4g}" for key, value in results[name][-1].items())
            print(f"  round {turn + 1}/{number}, {name}: {said}", file=sys.stderr, flush=True)
    return results


def spread(values: Sequence[float], digits: int = 1) -> str:
    """min / median / max"""
    return " / ".join(f"{v:,.{digits}f}" for v in (min(values), statistics.median(values), max(values)))


def ratios(results: Mapping[str, list[dict[str, float]]], one: str, other: str, key: str = "pages/s") -> list[float]:
    """`one` to `other`, pair by pair within a round."""
    return [a[key] / b[key] for a, b in zip(results[one], results[other], strict=True)]


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
