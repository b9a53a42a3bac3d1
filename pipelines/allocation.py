"""How a process that lives long gives freed memory back."""

from __future__ import annotations

import ctypes
import sys

LARGE = 1 << 20
"""Bytes from which a block is mapped on its own, and given back when it is freed. Pages and their texts are smaller:
mapping each anew took half as long again as fetching it."""
SPARE = 8 << 20
"""Free bytes at the end of the heap that are kept."""
ARENAS = 2
"""Heaps that all threads share; glibc's own limit is eight for each core."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def keep_memory_flat() -> None:
    """Tells glibc to give freed blocks back, and to keep few heaps (mallopt(3)).

    Left alone, it raises its threshold with the first large block that is freed, and the engine's threads then fill
    heaps of their own with holes: a crawler of 150 MB grew to 320 in every other run.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # musl has none, and gives memory back as it is
        return
    mallopt(_M_MMAP_THRESHOLD, LARGE)
    mallopt(_M_TRIM_THRESHOLD, SPARE)
    mallopt(_M_ARENA_MAX, ARENAS)
