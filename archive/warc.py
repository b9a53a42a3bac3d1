"""One WARC/1.1 record as bytes, as a gzip member of its own, and back.

By hand and not with warcio: its header handling percent-encodes and re-orders, and its compression is three times as
slow. Sections named here are those of ISO 28500:2017 (WARC/1.1).
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from isal import isal_zlib
from isal.igzip_lib import IsalError

LEVEL = 1
"""isal's level: a tenth of zlib's time at level 6; its level 2 takes as long and gains 1 %."""
MAX_RECORD = 256 * 1024 * 1024
"""No record may be larger when inflated: a damaged or foreign file must not fill the memory."""
_CHUNK = 128 * 1024
_STORED = 0xFFFF
_MAGIC = b"\x1f\x8b\x08"
_GZIP_HEADER = _MAGIC + bytes(6) + b"\xff"  # no name, no time: the same record always makes the same member


class BadRecord(ValueError):
    """These bytes are not one whole WARC record in one gzip member; says what is wrong."""


class CutRecord(BadRecord):
    """The file ends within the member."""


class Headers(tuple[tuple[str, str], ...]):
    """The named fields of a record, in order, as written."""

    __slots__ = ()

    def get(self, name: str) -> str | None:
        """The first value of a field, its name in any case; None where the record has none."""
        wanted = name.lower()
        return next((value for field, value in self if field.lower() == wanted), None)

    def all(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for field, value in self if field.lower() == wanted]


class Record(NamedTuple):
    headers: Headers
    block: bytes

    @property
    def type(self) -> str:
        return self.headers.get("WARC-Type") or ""

    @property
    def id(self) -> str:
        """WARC-Record-ID without angle brackets."""
        return bare_id(self.headers.get("WARC-Record-ID") or "")


class Member(NamedTuple):
    """One stretch of a file: a record, or a damaged stretch with its cause."""

    offset: int
    length: int
    record: Record | None
    cause: str | None = None
    cut: bool = False
    """The stretch is damaged because the file ends within it."""


def digest(data: bytes) -> str:
    """`sha256:<hex>`, as WARC-Block-Digest and WARC-Payload-Digest have it here (5.8, 5.9)."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def bare_id(text: str) -> str:
    return text.strip().removeprefix("<").removesuffix(">")


def stamp(moment: datetime) -> str:
    """WARC-Date with milliseconds (5.4): 2026-11-24T12:00:00.000Z. Takes an aware datetime; cuts, never rounds up."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without zone cannot be archived: {moment!r}")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_stamp(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def head_of(fields: Sequence[tuple[str, str | None]], block_length: int) -> bytes:
    """Version line and named fields (those with a value), with Content-Length and the empty line."""
    lines = ["WARC/1.1"]
    for name, value in fields:
        if value is not None:
            if "\r" in value or "\n" in value:
                raise ValueError(f"{name} holds a line break: {value!r}")
            lines.append(f"{name}: {value}")
    lines.append(f"Content-Length: {block_length}\r\n\r\n")
    return "\r\n".join(lines).encode()


def member(fields: Sequence[tuple[str, str | None]], block: bytes, packed: int | None = None) -> bytes:
    """A record as one gzip member (Annex D); Content-Length is added. From `packed` on the block is stored as it is."""
    head = head_of(fields, len(block))
    if packed is not None:
        return _half_stored(head + block[:packed], block[packed:] + b"\r\n\r\n")
    stream = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, 31)
    return b"".join(
        (stream.compress(head), stream.compress(block), stream.compress(b"\r\n\r\n"), stream.flush()),
    )


def _half_stored(text: bytes, packed: bytes) -> bytes:
    """A gzip member (RFC 1952) whose first part is deflated and whose second is in stored blocks.

    A page that came as gzip gains nothing from a second compression, which was the dearest step of an append.
    """
    stream = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, -15)
    check = isal_zlib.crc32(packed, isal_zlib.crc32(text))
    trailer = struct.pack("<II", check, (len(text) + len(packed)) & 0xFFFFFFFF)
    deflated = (stream.compress(text), stream.flush(isal_zlib.Z_SYNC_FLUSH))
    return b"".join((_GZIP_HEADER, *deflated, *_stored_blocks(packed), trailer))


def _stored_blocks(data: bytes) -> Iterator[bytes]:
    """The end of a deflate stream as stored blocks (RFC 1951, 3.2.4)."""
    for start in range(0, len(data), _STORED):
        piece = data[start : start + _STORED]
        yield struct.pack("<BHH", start + _STORED >= len(data), len(piece), len(piece) ^ 0xFFFF)
        yield piece


def parse(data: bytes) -> Record:
    """The record that `data` is; raises BadRecord."""
    end = data.find(b"\r\n\r\n")
    if not data.startswith(b"WARC/1.") or end < 0:
        raise BadRecord("no WARC/1 record begins here")
    try:
        lines = data[:end].decode().split("\r\n")[1:]
    except UnicodeDecodeError as e:
        raise BadRecord(f"the WARC headers are not UTF-8: {e}") from e
    headers = Headers(
        tuple((name.strip(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    )
    length = headers.get("Content-Length") or ""
    if not (length.isascii() and length.isdecimal()):
        raise BadRecord(f"Content-Length {length!r} is not a number")
    start, stop = end + 4, end + 4 + int(length)
    if data[stop:] != b"\r\n\r\n":
        raise BadRecord(f"Content-Length {length} disagrees with the {len(data) - start - 4} bytes that are there")
    return Record(headers, data[start:stop])


def check_block(record: Record) -> None:
    """Raises BadRecord where the block is not the one that WARC-Block-Digest was made of."""
    stated = record.headers.get("WARC-Block-Digest")
    if stated is not None and stated != digest(record.block):
        raise BadRecord(f"block digest is {digest(record.block)}, WARC-Block-Digest says {stated}")


def inflate(read: Callable[[int, int], bytes], offset: int, first: int = _CHUNK) -> tuple[bytes, int]:
    """(uncompressed bytes, compressed length) of the gzip member at `offset`.

    `read(offset, n)` gives up to n bytes, none at the end of the file; `first` is how much to ask for at first. Raises
    CutRecord where the file ends within the member, BadRecord where it is no member or its checksum is wrong.
    """
    stream = isal_zlib.decompressobj(31)
    parts: list[bytes] = []
    size, position, ask = 0, offset, first
    while not stream.eof:
        data = read(position, ask)
        if not data:
            raise CutRecord("the file ends within the member" if position > offset else "the file ends here")
        position += len(data)
        ask = _CHUNK
        try:
            part = stream.decompress(data, MAX_RECORD + 1 - size)
        except IsalError as e:  # type: ignore[misc]  # a class; isal's stub has it as an instance
            raise BadRecord(f"gzip: {e}") from e
        size += len(part)
        if size > MAX_RECORD:
            raise BadRecord(f"the member inflates to more than {MAX_RECORD} bytes")
        parts.append(part)
    return b"".join(parts), position - len(stream.unused_data) - offset


def members(path: Path, start: int = 0) -> Iterator[Member]:
    """Every record of a file with its place; a damaged stretch is one Member with its cause, and the rest goes on.

    `start` is the offset of a record to begin at.

    Holds one record at a time. After damage it goes on at the next gzip member that holds a record of this very file:
    an archived page may itself contain a gzipped WARC record, which must not be taken for one of ours. It does not
    know the file's WARC-Warcinfo-ID.
    """
    with path.open("rb") as file:
        yield from _members(file.fileno(), start)


def _members(fd: int, start: int) -> Iterator[Member]:
    def read(offset: int, n: int) -> bytes:
        return os.pread(fd, n, offset)

    offset, info = start, None
    while read(offset, 1):
        try:
            data, length = inflate(read, offset)
        except BadRecord as e:
            following, end = _resync(read, offset + 1, info)
            yield Member(offset, (following or end) - offset, None, str(e), isinstance(e, CutRecord) and not following)
            if following is None:
                return
            offset = following
            continue
        found = _parsed(data, offset, length)
        if info is None and found.record:
            info = _info_id(found.record)
        yield found
        offset += length


def _parsed(data: bytes, offset: int, length: int) -> Member:
    try:
        return Member(offset, length, parse(data))
    except BadRecord as e:
        return Member(offset, length, None, str(e))


def _info_id(record: Record) -> str | None:
    name = "WARC-Record-ID" if record.type == "warcinfo" else "WARC-Warcinfo-ID"
    return record.headers.get(name)


def _resync(read: Callable[[int, int], bytes], start: int, info: str | None) -> tuple[int | None, int]:
    """(offset of the next member that is a record of this file or None, end of the file)."""
    position, tail = start, b""
    while data := read(position, _CHUNK):
        window, base = tail + data, position - len(tail)
        found = window.find(_MAGIC)
        while found >= 0:
            if _belongs(read, base + found, info):
                return base + found, position
            found = window.find(_MAGIC, found + 1)
        tail = window[-len(_MAGIC) + 1 :]
        position += len(data)
    return None, position


def _belongs(read: Callable[[int, int], bytes], offset: int, info: str | None) -> bool:
    try:
        if not isal_zlib.decompressobj(31).decompress(read(offset, 1024), 7).startswith(b"WARC/1."):
            return False
        record = parse(inflate(read, offset)[0])
    except (BadRecord, IsalError):  # type: ignore[misc]
        return False
    return info is None or _info_id(record) == info
