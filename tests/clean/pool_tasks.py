"""Tasks that worker processes are given in tests; each is named after what it does to its worker."""

from __future__ import annotations

import ctypes
import os
import signal
from typing import NoReturn


def square(number: int) -> int:
    return number * number


def own_pid() -> int:
    return os.getpid()


def never_ends() -> NoReturn:
    while True:
        pass


def takes_all_memory() -> NoReturn:
    kept = []
    while True:
        kept.append(bytearray(10 << 20))


def exits(code: int) -> NoReturn:
    os._exit(code)


def crashes() -> None:
    ctypes.string_at(0)


def is_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def raises() -> NoReturn:
    raise ValueError("a fault of the task's own")


class Unreadable(Exception):
    """Can be pickled, but not read back: its constructor wants two arguments and gets one."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)


def raises_unreadably() -> NoReturn:
    raise Unreadable("one", "two")


def gives_a_function() -> object:
    return lambda: None


def interrupts_itself() -> int:
    os.kill(os.getpid(), signal.SIGINT)
    return 7


def keeps_memory(megabytes: int) -> int:
    KEPT.append(bytearray(os.urandom(1 << 20)) * megabytes)
    return os.getpid()


KEPT: list[bytearray] = []
