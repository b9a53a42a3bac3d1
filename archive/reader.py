"""Reads an archive folder: by pointer, by URL, or all of it. Needs no lock, also while a writer writes."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from archive import cdxj, http
from archive.errors import CorruptRecord, MissingRecord
from archive.records import IDENTICAL, belongs_to, check_payload, is_capture, receipt
from archive.warc import (
    BadRecord,
    Member,
    Record,
    bare_id,
    check_block,
    digest,
    inflate,
    members,
    parse,
    parse_stamp,
    stamp,
)
from newswarc.items import Archived, Capture, RecordPointer

log = logging.getLogger(__name__)

Read = Callable[[int, int], bytes]
_NEIGHBOUR = 4096
"""So many bytes after a record are read with it: its metadata record is mostly within them."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a file that holds no readable record."""

    warc: str
    offset: int
    length: int
    cause: str

    def __str__(self) -> str:
        return f"{self.warc} at {self.offset}, {self.length} bytes: {self.cause}"


def _log_damage(damage: Damage) -> None:
    log.error("damaged: %s", damage)


class ArchiveReader:
    """Reads the WARC files of one folder. May be used by several threads at once."""

    def __init__(self, folder: Path, *, open_files: int = 32) -> None:
        self.folder = folder
        self._limit = open_files
        self._files: OrderedDict[str, int] = OrderedDict()
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives the file descriptors back; the reader may be used again."""
        with self._lock:
            while self._files:
                os.close(self._files.popitem()[1])

    # ---- by pointer

    def read(self, pointer: RecordPointer) -> Capture:
        """The capture at a pointer, its record id and digests checked.

        Raises CorruptRecord or MissingRecord with file, offset, record id and what disagrees.
        """
        read = self._ahead(pointer)
        record = self._record(pointer, read)
        if not is_capture(record):
            raise CorruptRecord(f"{_where(pointer)}: a {record.type!r} record is no capture")
        archived = self._receipt(pointer, record, read)
        if record.type == "metadata":
            return Capture(archived, b"", b"", b"")
        _, head, body = http.split_response(record.block)
        if record.headers.get("WARC-Profile") == IDENTICAL:
            body, payload = self._referred(pointer, record)
        else:
            payload = _payload(pointer, record)
        return Capture(archived, head, body, payload)

    def record(self, pointer: RecordPointer) -> Record:
        """(WARC headers, block) of the record at a pointer, its record id and block digest checked."""
        return self._record(pointer, self._bytes(pointer.warc, _where(pointer)))

    def raw(self, pointer: RecordPointer) -> bytes:
        """The whole record as stored, uncompressed; checked by the member's own checksum alone."""
        return self._member(pointer, self._bytes(pointer.warc, _where(pointer)))

    def response_at(self, warc: str, offset: int, record_id: str) -> tuple[Record, bytes, bytes]:
        """(record, body, payload) of the whole response at a place whose length is not known, all checked.

        Raises as `read` does, also where the record is truncated or no response.
        """
        pointer = RecordPointer(warc, offset, 0, bare_id(record_id))
        record = self._record(pointer, self._bytes(warc, _where(pointer)))
        if record.type != "response" or record.headers.get("WARC-Truncated"):
            raise CorruptRecord(f"{_where(pointer)}: a revisit may only refer to a whole response")
        return record, http.split_response(record.block)[2], _payload(pointer, record)

    def _record(self, pointer: RecordPointer, read: Read) -> Record:
        try:
            record = parse(self._member(pointer, read))
            if record.id != pointer.record_id:
                raise BadRecord(f"the record there is {record.id!r}")
            check_block(record)
        except BadRecord as e:
            raise CorruptRecord(f"{_where(pointer)}: {e}") from e
        return record

    def _member(self, pointer: RecordPointer, read: Read) -> bytes:
        """The inflated member; a pointer of length 0 knows none."""
        if not read(pointer.offset, 1):
            raise MissingRecord(f"{_where(pointer)}: the file ends before it")
        try:
            data, length = inflate(read, pointer.offset, pointer.length or _NEIGHBOUR)
        except BadRecord as e:
            raise CorruptRecord(f"{_where(pointer)}: {e}") from e
        if pointer.length not in (0, length):
            raise CorruptRecord(f"{_where(pointer)}: the member is {length} bytes long, not {pointer.length}")
        return data

    def _receipt(self, pointer: RecordPointer, record: Record, read: Read) -> Archived:
        metadata = None
        if record.type != "metadata":
            metadata = self._following(pointer.offset + pointer.length, read)
            metadata = metadata if metadata and belongs_to(metadata, record) else None
        try:
            return receipt(pointer, record, metadata)
        except ValueError as e:
            raise CorruptRecord(f"{_where(pointer)}: {e}") from e

    def _following(self, offset: int, read: Read) -> Record | None:
        try:
            record = parse(inflate(read, offset, _NEIGHBOUR)[0])
            check_block(record)
        except BadRecord:  # the metadata is damaged or lost; the receipt says so, the capture itself can be read
            return None
        return record

    def _referred(self, pointer: RecordPointer, revisit: Record) -> tuple[bytes, bytes]:
        """(body, payload) of the record that an identical-payload revisit refers to."""
        headers = revisit.headers
        record_id = headers.get("WARC-Refers-To") or ""
        warc, offset = headers.get("WARC-Refers-To-Filename"), headers.get("WARC-Refers-To-File-Offset") or ""
        if not warc or not offset.isdecimal():
            raise MissingRecord(f"{_where(pointer)}: the revisit does not say where {record_id} lies")
        try:
            _, body, payload = self.response_at(warc, int(offset), record_id)
        except (MissingRecord, CorruptRecord) as e:
            raise type(e)(f"{_where(pointer)}: it refers to a record that cannot be read: {e}") from e
        stated = headers.get("WARC-Payload-Digest")
        if stated != digest(payload):
            raise CorruptRecord(f"{_where(pointer)}: {record_id} has the payload {digest(payload)}, not {stated}")
        return body, payload

    # ---- all of it

    def files(self) -> list[str]:
        """Names of the WARC files in capture order, `.open` left off."""
        names = {path.name.removesuffix(".open") for path in self.folder.glob("*.warc.gz*")}
        return sorted(name for name in names if name.endswith(".warc.gz"))

    def records(
        self, on_damage: Callable[[Damage], None] = _log_damage, *, after: RecordPointer | None = None
    ) -> Iterator[Archived]:
        """Receipts of all captures and attempts in the order they were appended, equal to those `append` gave.

        With `after` only those that follow that one. Damaged stretches are reported and passed over.
        """
        for warc in self.files():
            if after is None or warc > after.warc:
                yield from self._receipts(warc, on_damage)
            elif warc == after.warc:
                yield from (a for a in self._receipts(warc, on_damage, after.offset) if a.pointer.offset > after.offset)

    def members(self, warc: str, start: int = 0) -> Iterator[Member]:
        """Every record and every damaged stretch of a file; of a file still open without its unfinished end."""
        path = self.path(warc)
        is_open = path.name.endswith(".open")
        for member in members(path, start):
            if not (is_open and member.cut):
                yield member

    def _receipts(self, warc: str, on_damage: Callable[[Damage], None], start: int = 0) -> Iterator[Archived]:
        waiting: tuple[RecordPointer, Record] | None = None
        for member in self.members(warc, start):
            if (record := self._sound(warc, member, on_damage)) is None:
                continue
            if waiting and belongs_to(record, waiting[1]):
                yield receipt(*waiting, record)
                waiting = None
            elif is_capture(record):
                if waiting:
                    yield receipt(*waiting, None)
                pointer = RecordPointer(warc, member.offset, member.length, record.id)
                waiting = (pointer, record) if record.type != "metadata" else None
                if record.type == "metadata":
                    yield receipt(pointer, record, None)
        # In a file that is still written the metadata may only be on its way.
        if waiting and not self.path(warc).name.endswith(".open"):
            yield receipt(*waiting, None)

    def _sound(self, warc: str, member: Member, on_damage: Callable[[Damage], None]) -> Record | None:
        cause = member.cause
        if member.record is not None:
            try:
                check_block(member.record)
                parse_stamp(member.record.headers.get("WARC-Date") or "")
            except ValueError as e:
                cause = f"record {member.record.id}: {e}"
        if cause is None:
            return member.record
        on_damage(Damage(warc, member.offset, member.length, cause))
        return None

    # ---- by URL

    def lookup(self, url: str, at: datetime | None = None) -> Iterator[str]:
        """CDXJ lines of the captures of a URL (http and https are one), oldest first; with `at` those until then."""
        key, same = cdxj.surt(url), cdxj.reordered(url)
        until = cdxj.timestamp(stamp(at)) if at else "9"
        found = [line for warc in self.files() for line in self._index_lines(warc, key)]
        found = [line for line in found if cdxj.reordered(cdxj.values(line)["url"]) == same]
        yield from sorted((line for line in found if line.split(" ", 2)[1] <= until), key=_capture_order)

    def capture_before(self, url: str, at: datetime) -> RecordPointer | None:
        """The last capture of a URL at or before a time."""
        lines = list(self.lookup(url, at))
        return cdxj.pointer(lines[-1]) if lines else None

    def _index_lines(self, warc: str, key: str) -> list[str]:
        path = self.folder / warc
        try:
            return cdxj.find(cdxj.index_path(path), key)
        except FileNotFoundError:
            pass  # still open, or lost
        try:
            return cdxj.scan(cdxj.index_path(path.with_name(warc + ".open")), key)
        except FileNotFoundError:  # lost: the WARC file itself knows
            return [line for line in cdxj.lines(self.path(warc)) if line.startswith(key + " ")]

    # ---- files

    def path(self, warc: str) -> Path:
        """Where a file is now: under its name, or still `.open`. Raises MissingRecord."""
        if Path(warc).name != warc or not warc.endswith(".warc.gz"):
            raise MissingRecord(f"{warc!r} is not the name of a WARC file")
        # Thrice, for it may be closed between the first and the second look.
        for name in (warc, warc + ".open", warc):
            if (self.folder / name).exists():
                return self.folder / name
        raise MissingRecord(f"no file {warc} in {self.folder}")

    def _bytes(self, warc: str, where: str) -> Read:
        def read(offset: int, n: int) -> bytes:
            # Under the lock, so that no other thread closes the descriptor meanwhile.
            with self._lock:
                return os.pread(self._descriptor(warc, where), n, offset)

        return read

    def _ahead(self, pointer: RecordPointer) -> Read:
        """Reads as `_bytes` does, the record and its neighbour at once."""
        read = self._bytes(pointer.warc, _where(pointer))
        start, data = pointer.offset, read(pointer.offset, pointer.length + _NEIGHBOUR)

        def ahead(offset: int, n: int) -> bytes:
            return data[offset - start : offset - start + n] or read(offset, n)

        return ahead

    def _descriptor(self, warc: str, where: str) -> int:
        if warc in self._files:
            self._files.move_to_end(warc)
            return self._files[warc]
        for name in (self.path(warc), self.folder / warc):
            try:
                self._files[warc] = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
                break
            except FileNotFoundError:
                continue
        else:
            raise MissingRecord(f"{where}: the file is gone")
        if len(self._files) > self._limit:
            os.close(self._files.popitem(last=False)[1])
        return self._files[warc]


def _where(pointer: RecordPointer) -> str:
    return f"{pointer.warc} at {pointer.offset}, record {pointer.record_id}"


def _capture_order(line: str) -> tuple[str, str, int]:
    place = cdxj.pointer(line)
    return line.split(" ", 2)[1], place.warc, place.offset


def _payload(pointer: RecordPointer, record: Record) -> bytes:
    try:
        return check_payload(record)
    except BadRecord as e:
        raise CorruptRecord(f"{_where(pointer)}: {e}") from e
