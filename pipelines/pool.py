"""Worker processes with a clock and a memory limit for each page."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from pebble import ProcessExpired, ProcessPool


class PagePoisoned(Exception):
    """A page that took more time or memory than a page may, or killed its worker."""


def _begin(megabytes: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


class WorkerPool:
    def __init__(self, workers: int | None = None, *, seconds: float = 20, megabytes: int = 1536) -> None:
        self.seconds = seconds
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(
            max_workers=workers or os.cpu_count() or 1, max_tasks=2000, initializer=_begin, initargs=[megabytes], context=context
        )

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        told: Future[Any] = Future()
        made = self._pool.schedule(function, args=args, timeout=self.seconds)

        def tell(done: Future[Any]) -> None:
            fault = done.exception()
            if isinstance(fault, TimeoutError):
                told.set_exception(PagePoisoned(f"time: over {self.seconds} s"))
            elif isinstance(fault, MemoryError):
                told.set_exception(PagePoisoned("memory"))
            elif isinstance(fault, ProcessExpired):
                told.set_exception(PagePoisoned(f"crash: exit code {fault.exitcode}"))
            elif fault is not None:
                told.set_exception(fault)
            else:
                told.set_result(done.result())

        made.add_done_callback(tell)
        return told

    def close(self) -> None:
        self._pool.close()
        self._pool.join()
