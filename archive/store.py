"""The archive as the rest of the program sees it: the seam, its backends, and the door that opens one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from archive.errors import (
    ArchiveDead,
    ArchiveError,
    ArchiveFull,
    ArchiveLocked,
    CorruptRecord,
    MissingRecord,
)
from archive.reader import ArchiveReader
from archive.records import Prior
from archive.writer import WarcFolder
from newswarc.items import Archived, Attempt, Exchange

__all__ = [
    "BACKENDS",
    "ArchiveDead",
    "ArchiveError",
    "ArchiveFull",
    "ArchiveLocked",
    "ArchiveReader",
    "ArchiveStore",
    "CorruptRecord",
    "MissingRecord",
    "Prior",
    "WarcFolder",
    "open_store",
]


class ArchiveStore(Protocol):
    """Keeps exchanges. What is read is what was appended, byte for byte; a pointer outlives rotation and reopening."""

    def append(self, items: Sequence[Exchange | Attempt]) -> list[Archived]:
        """All of them are on disk and flushed when this returns, or none is kept and it raises."""

    @property
    def reader(self) -> ArchiveReader: ...

    def rotate(self) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


BACKENDS: dict[str, str] = {"file": "archive.writer:WarcFolder"}
"""Scheme of the store's address → `module:class`, called with a path and the options given to `open_store`."""


def open_store(address: str | Path, **options: Any) -> ArchiveStore:
    """Opens a store for writing: a folder, or `file:FOLDER`. Raises ArchiveLocked; ValueError for another scheme."""
    scheme, colon, place = str(address).partition(":")
    if not colon or isinstance(address, Path):
        scheme, place = "file", str(address)
    if scheme not in BACKENDS:
        raise ValueError(f"no archive store for {scheme!r}; there are: {', '.join(sorted(BACKENDS))}")
    module, _, name = BACKENDS[scheme].partition(":")
    backend: Callable[..., ArchiveStore] = getattr(import_module(module), name)
    return backend(Path(place), **options)
