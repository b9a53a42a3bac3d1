"""Worker processes with a clock and a memory limit for each task; what breaks a worker costs its own task alone."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import queue
import resource
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Any

from pipelines.allocation import keep_memory_flat

PRELOAD = ("pipelines.warm",)
"""Imported once, by the server process from which the workers are forked: they start at once and share its memory."""
TASKS = 20_000
"""Tasks after which a worker is replaced."""
GROWTH = 80
"""Megabytes of its own by which a worker may grow; with more after a task it is replaced.

What it begins with is the fork server's, and shared; the files that it maps are every worker's. A new worker knows no
words yet: annotation takes it twice the time for the first hundred pages."""
STARTING = 120.0
"""Seconds in which a worker must be ready."""

Task = tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]


class PagePoisoned(Exception):
    """A page that took more time or memory than a page may, or killed its worker; its text says which."""


class WorkerPool:
    """Runs functions in worker processes, each task within `seconds` and `megabytes` (beyond an idle worker's).

    Every future gets a result: the function's own value or exception, or `PagePoisoned` where the task went over its
    limits or its worker died. The other tasks go on. Safe to use from any thread, beside an event loop.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        seconds: float = 20,
        megabytes: int = 1024,
        preload: Sequence[str] = PRELOAD,
    ) -> None:
        self.seconds, self.megabytes = seconds, megabytes
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        count = workers or os.cpu_count() or 1
        self._threads = [threading.Thread(target=self._serve, name=f"worker-{n}", daemon=True) for n in range(count)]
        self._closed = False
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Function, arguments and result travel by pickle: functions by name, from a module the worker can import."""
        if self._closed:
            raise RuntimeError("the pool is closed")
        future: Future[Any] = Future()
        self._tasks.put((future, function, args))
        return future

    def close(self) -> None:
        """Waits for all tasks submitted, then ends the workers."""
        if not self._closed:
            self._closed = True
            for _ in self._threads:
                self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self) -> None:
        """One thread for each worker: hands over a task, waits with the clock, replaces the worker where it must."""
        worker: _Worker | None = None
        while (task := self._tasks.get()) is not None:
            future, function, args = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                worker = worker or _Worker(self._context, self.megabytes)
                future.set_result(worker.run(function, args, self.seconds))
            except BaseException as error:  # noqa: BLE001  whatever it is, it belongs to whoever waits for the result
                future.set_exception(error)
            if worker and worker.is_spent:
                worker.end()
                worker = None
        if worker:
            worker.end()


class _Worker:
    """The parent's end of one worker process."""

    def __init__(self, context: multiprocessing.context.ForkServerContext, megabytes: int) -> None:
        self.megabytes, self.left, self.is_spent = megabytes, TASKS, False
        self._pipe, self._process = forked(context, _work, megabytes)
        if not self._pipe.poll(STARTING) or not received(self._pipe):
            self.end()
            raise RuntimeError(f"a worker process did not start (exit code {self._process.exitcode})")

    def run(self, function: Callable[..., Any], args: tuple[Any, ...], seconds: float) -> Any:
        try:
            self._pipe.send((function, args))
        except (BrokenPipeError, ConnectionResetError):  # it died between two tasks
            raise self._poisoned(self._death()) from None
        if not wait([self._pipe, self._process.sentinel], timeout=seconds):
            raise self._poisoned(f"time: more than {seconds:g} s")
        answer = received(self._pipe)
        if answer is None:
            raise self._poisoned(self._death())
        value, error, spent = answer
        self.left -= 1
        self.is_spent = spent or self.left <= 0
        if isinstance(error, MemoryError):
            raise self._poisoned(f"memory: more than {self.megabytes} MB")
        if error is not None:
            raise error
        return value

    def _poisoned(self, cause: str) -> PagePoisoned:
        self.is_spent = True
        return PagePoisoned(cause)

    def _death(self) -> str:
        return f"crash: worker ended with {death_of(self._process)}"

    def end(self) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.join()
        self._process.close()


def forked(
    context: multiprocessing.context.ForkServerContext, life: Callable[..., None], *args: Any
) -> tuple[Connection, ForkServerProcess]:
    """A process that does `life(pipe, *args)`, and our end of its pipe."""
    ours, theirs = context.Pipe()
    process = context.Process(target=life, args=(theirs, *args), daemon=True)
    process.start()
    theirs.close()
    return ours, process


def death_of(process: ForkServerProcess) -> str:
    """How a process that is gone, or about to be, has ended: the signal's name or its exit code."""
    process.join(1)
    code = process.exitcode
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"


def received(pipe: Connection) -> Any:
    """None where the other end died."""
    try:
        return pipe.recv()
    except (EOFError, ConnectionResetError):
        return None


def _work(pipe: Connection, megabytes: int) -> None:
    live_under_parent()
    limit, most = _statm(0) + (megabytes << 20), _own() + (GROWTH << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    pipe.send(True)
    while (task := received(pipe)) is not None:
        function, args = task
        value, error = outcome(function, args)
        del task, args
        answer = portable(value, error, spent=_is_spent(most))
        try:
            pipe.send_bytes(answer)
        except BrokenPipeError:
            return


def live_under_parent() -> None:
    """What a process is told that our own processes get too is the parent's to answer; without the parent it ends."""
    for told in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # of a terminal or a service manager, to all at once
        signal.signal(told, signal.SIG_IGN)
    keep_memory_flat()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def outcome(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
    """What it returned, or else raised."""
    try:
        return function(*args), None
    except Exception as error:  # noqa: BLE001  raised again where the result is asked for
        return None, error


def portable(value: Any, error: BaseException | None, *, spent: bool = False) -> bytes:
    """Pickled, and seen to be readable: some exceptions can be written but not read."""
    try:
        answer = pickle.dumps((value, error, spent))
        if error is not None:
            pickle.loads(answer)
    except Exception as fault:  # noqa: BLE001  a result that cannot travel is told by its name
        told = RuntimeError(f"{type(error or fault).__name__}: {error or fault}")
        return pickle.dumps((None, told, spent))
    return answer


def _is_spent(most: int) -> bool:
    """Whether this process keeps more than these bytes of its own, what is only not collected yet left out."""
    if _own() <= most:
        return False
    gc.collect()
    return _own() > most


def _own() -> int:
    """Bytes of resident memory that no file backs; 0 where the system does not tell."""
    return _statm(1) - _statm(2)


def _statm(field: int) -> int:
    """Bytes of this process's address space (0), resident memory (1), or of what of it is of files (2); proc(5)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[field]) * resource.getpagesize()
    except OSError:
        return 0


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
