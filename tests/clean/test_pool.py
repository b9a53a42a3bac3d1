"""Whatever a task does to its worker, every task gets its answer and the others go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, wait
from pathlib import Path

import pool_tasks
import psutil
import pytest

from pipelines.pool import GROWTH, PagePoisoned, WorkerPool

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2, seconds=1, megabytes=200) as made:
        yield made


def cause(future: Future[object]) -> str:
    error = future.exception(timeout=60)
    assert isinstance(error, PagePoisoned), error
    return str(error)


def test_results_come_for_every_task(pool: WorkerPool) -> None:
    futures = [pool.submit(pool_tasks.square, n) for n in range(200)]
    assert [f.result(timeout=60) for f in futures] == [n * n for n in range(200)]


def test_a_breaking_task_costs_itself_alone(pool: WorkerPool) -> None:
    broken = [
        pool.submit(pool_tasks.never_ends),
        pool.submit(pool_tasks.takes_all_memory),
        pool.submit(pool_tasks.exits, 3),
        pool.submit(pool_tasks.crashes),
        pool.submit(pool_tasks.is_killed),
    ]
    others = [pool.submit(pool_tasks.square, n) for n in range(20)]
    assert [cause(f).partition(":")[0] for f in broken] == ["time", "memory", "crash", "crash", "crash"]
    assert "exit code 3" in cause(broken[2])
    assert "SIGSEGV" in cause(broken[3])
    assert "SIGKILL" in cause(broken[4])
    assert [f.result(timeout=60) for f in others] == [n * n for n in range(20)]


def test_a_task_s_own_fault_is_not_poison(pool: WorkerPool) -> None:
    with pytest.raises(ValueError, match="own"):
        pool.submit(pool_tasks.raises).result(timeout=60)
    with pytest.raises(RuntimeError, match="Unreadable"):
        pool.submit(pool_tasks.raises_unreadably).result(timeout=60)
    with pytest.raises(RuntimeError, match="pickle"):
        pool.submit(pool_tasks.gives_a_function).result(timeout=60)
    with pytest.raises(Exception, match="pickle"):
        pool.submit(lambda: None).result(timeout=60)
    assert pool.submit(pool_tasks.square, 3).result(timeout=60) == 9


def test_an_interrupt_of_the_terminal_does_not_reach_a_task(pool: WorkerPool) -> None:
    assert pool.submit(pool_tasks.interrupts_itself).result(timeout=60) == 7


def test_a_worker_that_keeps_too_much_is_replaced() -> None:
    with WorkerPool(1, seconds=20, megabytes=1024) as pool:
        first = pool.submit(pool_tasks.keeps_memory, GROWTH + 50).result(timeout=60)
        assert pool.submit(pool_tasks.own_pid).result(timeout=60) != first


def test_a_worker_killed_between_tasks_is_replaced() -> None:
    with WorkerPool(1, seconds=20) as pool:
        worker = pool.submit(pool_tasks.own_pid).result(timeout=60)
        psutil.Process(worker).kill()
        answers = [pool.submit(pool_tasks.own_pid) for _ in range(2)]
        assert "SIGKILL" in cause(answers[0])
        assert answers[1].result(timeout=60) != worker


def test_cancelled_tasks_never_start_and_close_waits_for_the_rest() -> None:
    pool = WorkerPool(1, seconds=20)
    futures = [pool.submit(pool_tasks.square, n) for n in range(50)]
    cancelled = [f for f in futures[10:] if f.cancel()]
    pool.close()
    assert all(f.done() for f in futures)
    assert all(f.result() == n * n for n, f in enumerate(futures) if f not in cancelled)
    with pytest.raises(RuntimeError):
        pool.submit(pool_tasks.square, 1)


PARENT = """
import sys, time
sys.path[:0] = {path!r}
import pool_tasks
from pipelines.pool import WorkerPool
if __name__ == "__main__":
    pool = WorkerPool(1, seconds=60)
    print(pool.submit(pool_tasks.own_pid).result(), flush=True)
    pool.submit(pool_tasks.never_ends)
    sys.stdin.read()
"""


def test_workers_die_with_their_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(path=[str(HERE), str(HERE.parents[1])]))
    with subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    assert psutil.wait_procs([worker], timeout=20)[1] == []


def test_many_threads_may_submit(pool: WorkerPool) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as threads:
        futures = list(threads.map(lambda n: pool.submit(pool_tasks.square, n), range(100)))
    wait(futures, timeout=60)
    assert [f.result() for f in futures] == [n * n for n in range(100)]
