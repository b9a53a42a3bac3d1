"""Writes exchanges into a folder of rotating WARC files: whole gzip members, one write, one flush, then the receipts.

A file is `PREFIX-YYYYMMDDhhmmssSSS-SERIAL-HOST.warc.gz` (Annex C), with `.open` at its end while it is written.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import logging
import os
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self
from weakref import WeakSet

from archive import cdxj, http, manifest
from archive.errors import ArchiveDead, ArchiveError, ArchiveFull, ArchiveLocked, CorruptRecord, MissingRecord
from archive.reader import ArchiveReader
from archive.records import Batch, Prior
from archive.warc import members, stamp
from newswarc.items import Archived, Attempt, Exchange

log = logging.getLogger(__name__)

FORMAT = {
    "format": "WARC File Format 1.1",
    "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
}
CLOCK_STEP = timedelta(seconds=1)
"""From this difference between the wall clock and the steady one on, the clock was set."""
_NAME = re.compile(r".*-(\d{17})-(\d{5,})-[^-]*\.warc\.gz(?:\.open)?")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def _no_prior(_url: str, _payload_digest: str | None) -> Prior | None:
    return None


def _utc_now() -> datetime:
    return datetime.now(UTC)


class _RecordIds:
    """`urn:uuid:…`, version 4 (RFC 9562); randomness is asked for in bulk, for each question is a system call."""

    def __init__(self) -> None:
        self._random: Iterator[bytes] = iter(())

    def __call__(self) -> str:
        chosen = next(self._random, None)
        if chosen is None:
            bulk = os.urandom(4096)
            self._random = iter([bulk[start : start + 16] for start in range(0, len(bulk), 16)])
            chosen = next(self._random)
        return f"urn:uuid:{uuid.UUID(bytes=chosen, version=4)}"


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname().partition(".")[0]) or "localhost"


def _software() -> str:
    try:
        return f"newswarc/{version('newswarc')}"
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "newswarc"


@dataclass(frozen=True, slots=True)
class Recovered:
    """A file that a process left open when it died."""

    warc: str
    kept: int
    """Bytes that hold whole records."""
    torn: int
    """Bytes of the torn end, now in a file of their own beside it."""


@dataclass
class _Current:
    """The file being written."""

    name: str
    path: Path
    fd: int
    index_fd: int
    info_id: str
    born: float
    size: int = 0
    records: int = 0
    first: str | None = None
    last: str | None = None
    index_whole: bool = True
    closing: bool = False
    certificates: set[str] = field(default_factory=set)
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256)

    def note(self, batch: Batch, data: bytes) -> None:
        self.size += len(data)
        self.records += len(batch.members)
        self.first = min((self.first or "9", *batch.dates))
        self.last = max((self.last or "", *batch.dates))
        self.certificates |= batch.new_certificates
        self.sha256.update(data)


class WarcFolder:
    """The one writer of a folder. May be called from any thread, one append at a time.

    `prior(url, payload_digest)` names the whole 200 response that a revisit may refer to; asked with None it names the
    newest of that URL (for a 304). What it names is read and checked before anything refers to it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        prior: Callable[[str, str | None], Prior | None] = _no_prior,
        now: Callable[[], datetime] = _utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        new_id: Callable[[], str] | None = None,
        max_bytes: int = 1_000_000_000,
        max_age: timedelta = timedelta(hours=24),
        prefix: str = "newswarc",
        host: str | None = None,
        info: Mapping[str, str] | None = None,
        free_space_floor: int = 0,
        fsync: Callable[[int], None] = os.fsync,
        write: Callable[[int, bytes | memoryview], int] = os.write,
    ) -> None:
        """Takes the folder's lock or raises ArchiveLocked; then recovers what a dead process left.

        `info` goes into each file's warcinfo record (software versions, robots policy, user agent, configuration hash).
        Below `free_space_floor` bytes of free disk, append raises ArchiveFull before it writes.
        """
        self.folder = folder
        self.max_bytes, self.max_age = max_bytes, max_age
        self.prefix, self.host = prefix, host or _host()
        self.free_space_floor = free_space_floor
        self._prior, self._now, self._monotonic, self._new_id = prior, now, monotonic, new_id or _RecordIds()
        self._fsync, self._write_some = fsync, write
        self._info = {"software": _software(), **FORMAT, **(info or {})}
        self._mutex = Lock()
        self._current: _Current | None = None
        self._dead: str | None = None
        self._closed = False
        self._clock: tuple[datetime, float] | None = None
        self._reader = ArchiveReader(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _take_lock(folder)
        _FOLDERS.add(self)
        self.recovered: list[Recovered] = []
        try:
            self._recover()
        except BaseException:
            self._release()
            raise

    @property
    def reader(self) -> ArchiveReader:
        """Reads this folder, what was appended a moment ago included."""
        return self._reader

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- writing

    def append(self, items: Sequence[Exchange | Attempt]) -> list[Archived]:
        """All items are on disk and flushed when this returns; their receipts in order.

        All or nothing: ArchiveFull (or another OSError) leaves the file as it was, and the store goes on. After
        ArchiveDead it takes nothing more. ValueError: an item that no record can hold.
        """
        if not items:
            return []
        with self._mutex:
            self._usable()
            self._check_space()
            self._watch_clock()
            with _full_is_named():
                current = self._writable_file()
                batch = self._batch(current, items)
                data = b"".join(batch.members)
                self._write(current, data)
            self._flush(current.fd)
            current.note(batch, data)
            self._index(current, batch.index)
            return batch.receipts

    def rotate(self) -> None:
        """Closes the file being written, if there is one; the next append begins another."""
        with self._mutex:
            self._usable()
            with _full_is_named():
                self._finish()

    def close(self) -> None:
        """Closes the file and gives up the lock. A dead store's file stays `.open`, for the next start to check."""
        with self._mutex:
            if self._closed:
                return
            try:
                if not self._dead:
                    with _full_is_named():
                        self._finish()
            finally:
                self._release()

    def free_space(self) -> int:
        """Free bytes on the folder's disk."""
        stat = os.statvfs(self.folder)
        return stat.f_bavail * stat.f_frsize

    def _usable(self) -> None:
        if self._dead:
            raise ArchiveDead(f"{self.folder}: {self._dead}; nothing more is taken, open the archive anew")
        if self._closed:
            raise ArchiveError(f"{self.folder}: the store is closed")

    def _check_space(self) -> None:
        if self.free_space_floor and (free := self.free_space()) < self.free_space_floor:
            raise ArchiveFull(f"{self.folder}: {free} bytes free, fewer than the floor of {self.free_space_floor}")

    def _watch_clock(self) -> None:
        wall, steady = self._now(), self._monotonic()
        if self._clock:
            step = (wall - self._clock[0]) - timedelta(seconds=steady - self._clock[1])
            if abs(step) > CLOCK_STEP:
                log.warning("the clock was set by %+.3f s at %s", step.total_seconds(), stamp(wall))
        self._clock = wall, steady

    def _batch(self, current: _Current, items: Sequence[Exchange | Attempt]) -> Batch:
        batch = Batch(
            current.name, current.size, current.info_id, self._new_id, self._revisitable, current.certificates
        )
        if not current.size:
            batch.warcinfo(stamp(self._now()), self._info | {"hostname": self.host})
        for item in items:
            batch.add(item)
        return batch

    def _write(self, current: _Current, data: bytes) -> None:
        try:
            written = self._write_some(current.fd, data)
            while written < len(data):
                written += self._write_some(current.fd, memoryview(data)[written:])
        except OSError:
            self._cut_back(current)
            raise

    def _cut_back(self, current: _Current) -> None:
        try:
            os.ftruncate(current.fd, current.size)
        except OSError as e:
            self._die(f"a failed append could not be taken back: {e}", e)

    def _flush(self, fd: int) -> None:
        try:
            self._fsync(fd)
        except OSError as e:
            # Never again: the kernel may have dropped the pages and call them clean the next time.
            self._die(f"flushing to disk failed: {e}", e)

    def _die(self, cause: str, error: OSError) -> None:
        self._dead = cause
        raise ArchiveDead(f"{self.folder}: {cause}; nothing more is taken, open the archive anew") from error

    def _index(self, current: _Current, lines: list[str]) -> None:
        if not lines or not current.index_whole:
            return
        try:
            _write_all(current.index_fd, "".join(lines).encode())
        except OSError as e:
            # The captures are safe; the index is made anew from them when the file is closed.
            current.index_whole = False
            log.warning("no index line could be written for %s: %s", current.name, e)

    def _revisitable(self, url: str, payload_digest: str | None) -> Prior | None:
        """What a revisit of this URL may refer to: only what is really there, whole, and reads back right."""
        prior = self._prior(url, payload_digest)
        if prior is None:
            return None
        try:
            record, _, _ = self._reader.response_at(prior.warc, prior.offset, prior.record_id)
        except (CorruptRecord, MissingRecord) as e:
            log.error("kept in full, since the earlier capture cannot be referred to: %s", e)
            return None
        stated = record.headers.get("WARC-Payload-Digest")
        same = payload_digest in (None, stated) and prior.payload_digest == stated
        whole = http.status_of(record.block) == 200 and record.headers.get("WARC-Target-URI") == url == prior.url
        return prior if same and whole else None

    # ---- files

    def _writable_file(self) -> _Current:
        current = self._current
        if current and self._due(current):
            self._finish()
        if self._current is None:
            self._current = self._start()
        return self._current

    def _due(self, current: _Current) -> bool:
        old = self._monotonic() - current.born >= self.max_age.total_seconds()
        return current.closing or current.size >= self.max_bytes or (old and current.size > 0)

    def _start(self) -> _Current:
        for name in self._names():
            path = self.folder / (name + ".open")
            if (self.folder / name).exists():
                continue
            try:
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
            except FileExistsError:
                continue
            break
        try:
            index_fd = os.open(
                cdxj.index_path(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o644
            )
        except OSError:
            os.close(fd)
            path.unlink()
            raise
        self._current = _Current(name, path, fd, index_fd, self._new_id(), self._monotonic())
        self._index(self._current, [cdxj.HEADER])
        self._flush_folder()
        return self._current

    def _names(self) -> Iterator[str]:
        """File names never used before, sorting after all that are there, whatever the clock says."""
        matches = [match for path in self.folder.iterdir() if (match := _NAME.fullmatch(path.name))]
        time_of_day = max([cdxj.timestamp(stamp(self._now())), *(match[1] for match in matches)])
        serial = max((int(match[2]) for match in matches), default=0)
        while True:
            serial += 1
            yield f"{self.prefix}-{time_of_day}-{serial:05d}-{self.host}.warc.gz"

    def _finish(self) -> None:
        """Closes the current file: sorted index, final name, manifest line. May be called again after a fault."""
        current = self._current
        if current is None:
            return
        closed = self.folder / current.name
        if current.size:
            current.closing = True
            if current.path.exists():
                self._close_index(current)
                self._rename(current.path, closed)
            self._enter_in_manifest(
                current.name, current.size, current.sha256.hexdigest(), current.first, current.last, current.records
            )
        else:
            current.path.unlink()
        cdxj.index_path(current.path).unlink(missing_ok=True)
        self._current = None
        os.close(current.fd)
        os.close(current.index_fd)

    def _close_index(self, current: _Current) -> None:
        if current.index_whole and cdxj.index_path(current.path).exists():
            cdxj.sort(current.path)
        else:
            cdxj.rebuild(current.path)

    def _rename(self, path: Path, closed: Path) -> None:
        if closed.exists():
            raise FileExistsError(f"{closed} is there already; {path.name} keeps its name, move one of them away")
        os.rename(path, closed)
        self._flush_folder()

    def _flush_folder(self) -> None:
        fd = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._flush(fd)
        finally:
            os.close(fd)

    def _enter_in_manifest(
        self, name: str, size: int, sha256: str, first: str | None, last: str | None, records: int
    ) -> None:
        manifest.append(self.folder, name, size, sha256, first, last, records, fsync=self._flush)

    # ---- recovery

    def _recover(self) -> None:
        """Brings the folder to the state a clean stop leaves: nothing `.open`, an index and manifest line for each."""
        if torn := manifest.mend(self.folder):
            log.warning("%s: a half written last line of %d bytes was cut off", manifest.NAME, torn)
        with _full_is_named():
            for path in sorted(self.folder.glob("*.warc.gz.open")):
                self._recover_file(path)
            for path in self.folder.glob("*.cdxj.open"):
                path.unlink()
            listed = {entry.name for entry, _ in manifest.entries(self.folder) if entry}
            for name in self._reader.files():
                if not cdxj.index_path(self.folder / name).exists():
                    cdxj.rebuild(self.folder / name)
                if name not in listed:
                    self._enter_in_manifest(name, *manifest.describe(self.folder / name))

    def _recover_file(self, path: Path) -> None:
        name = path.name.removesuffix(".open")
        size = path.stat().st_size
        kept = max((m.offset + m.length for m in members(path) if m.record is not None), default=0)
        if kept < size:
            self._set_tail_aside(path, kept)
        self.recovered.append(Recovered(name, kept, size - kept))
        log.warning("recovered %s: %d bytes kept, torn end of %d bytes set aside", name, kept, size - kept)
        if kept:
            cdxj.rebuild(path)
            self._rename(path, self.folder / name)
        else:
            path.unlink()

    def _set_tail_aside(self, path: Path, kept: int) -> None:
        """Nothing is thrown away: the torn end goes into `NAME.torn-OFFSET` before the file is cut."""
        aside = path.with_name(f"{path.name.removesuffix('.open')}.torn-{kept}")
        draft = aside.with_name(aside.name + ".draft")
        with path.open("rb+") as file, draft.open("wb") as copy:
            file.seek(kept)
            while data := file.read(1 << 20):
                copy.write(data)
            copy.flush()
            self._flush(copy.fileno())
            os.replace(draft, aside)
            self._flush_folder()
            file.truncate(kept)
            self._flush(file.fileno())

    def _release(self) -> None:
        self._closed = True
        if self._current:
            os.close(self._current.fd)
            os.close(self._current.index_fd)
            self._current = None
        self._reader.close()
        _FOLDERS.discard(self)
        os.close(self._lock)

    def _forked(self) -> None:
        """In a child process: the lock belongs to the parent alone, or it would outlive it."""
        if not self._closed:
            os.close(self._lock)
            self._lock = os.open(os.devnull, os.O_RDONLY)
            self._dead = "this is a forked child of the process that writes"
            self._mutex = Lock()  # another thread may have held it when the fork came


_FOLDERS: WeakSet[WarcFolder] = WeakSet()


def _after_fork() -> None:
    for folder in list(_FOLDERS):
        folder._forked()


os.register_at_fork(after_in_child=_after_fork)


def _take_lock(folder: Path) -> int:
    fd = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as e:
        holder = os.pread(fd, 32, 0).decode(errors="replace").strip() or "unknown"
        os.close(fd)
        if e.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        raise ArchiveLocked(f"{folder} is being written by process {holder}; one writer at a time") from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


@contextmanager
def _full_is_named() -> Iterator[None]:
    try:
        yield
    except OSError as e:
        if e.errno in _FULL:
            raise ArchiveFull(f"no room on the disk: {e}") from e
        raise
