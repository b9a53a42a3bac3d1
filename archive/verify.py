"""Checks what is archived against what its records and the manifest say of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from archive import manifest
from archive.errors import CorruptRecord, MissingRecord
from archive.reader import ArchiveReader
from archive.records import check_payload, is_capture
from archive.warc import BadRecord, Member, check_block
from newswarc.items import RecordPointer


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking one record, or one closed file, came to."""

    state: Literal["verified", "corrupt", "missing"]
    warc: str
    offset: int | None = None
    """None where the verdict is on the file as a whole."""
    record_id: str | None = None
    cause: str | None = None
    """What disagrees; None where all agrees."""


def verify_record(reader: ArchiveReader, pointer: RecordPointer) -> Verdict:
    """Reads the record (of a revisit also the one it refers to) and recomputes its digests."""
    place = (pointer.warc, pointer.offset, pointer.record_id)
    try:
        if is_capture(reader.record(pointer)):
            reader.read(pointer)
    except MissingRecord as e:
        return Verdict("missing", *place, str(e))
    except CorruptRecord as e:
        return Verdict("corrupt", *place, str(e))
    return Verdict("verified", *place)


def verify_folder(reader: ArchiveReader) -> Iterator[Verdict]:
    """A verdict on every record of every file, then one on every closed file by the manifest."""
    for warc in reader.files():
        for member in reader.members(warc):
            yield _member(reader, warc, member)
    yield from _manifest(reader)


def _member(reader: ArchiveReader, warc: str, member: Member) -> Verdict:
    record = member.record
    if record is None:
        return Verdict("corrupt", warc, member.offset, None, member.cause)
    pointer = RecordPointer(warc, member.offset, member.length, record.id)
    if record.type == "revisit":
        return verify_record(reader, pointer)
    try:
        check_block(record)
        check_payload(record)
    except BadRecord as e:
        return Verdict("corrupt", warc, member.offset, record.id, str(e))
    return Verdict("verified", warc, member.offset, record.id)


def _manifest(reader: ArchiveReader) -> Iterator[Verdict]:
    listed = set()
    for entry, broken in manifest.entries(reader.folder):
        if broken:
            yield Verdict("corrupt", manifest.NAME, cause=broken)
        if entry:
            listed.add(entry.name)
            yield _closed_file(reader, entry)
    for warc in reader.files():
        if warc not in listed and (reader.folder / warc).exists():
            yield Verdict("corrupt", warc, cause=f"the file is closed and {manifest.NAME} does not list it")


def _closed_file(reader: ArchiveReader, entry: manifest.Entry) -> Verdict:
    path = reader.folder / entry.name
    if not path.is_file():
        return Verdict("missing", entry.name, cause=f"{manifest.NAME} lists the file and it is not there")
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = path.stat().st_size
    if (size, sha256) != (entry.size, entry.sha256):
        cause = f"{size} bytes with sha256 {sha256}; {manifest.NAME} says {entry.size} bytes with {entry.sha256}"
        return Verdict("corrupt", entry.name, cause=cause)
    return Verdict("verified", entry.name)
