"""The index beside each WARC file: one CDXJ line per response or revisit, sorted by bytes once the file is closed.

A line is `KEY TIMESTAMP JSON`. The first line names the function that made the keys, since tools differ: this one
follows the CDXJ specification (webrecorder, "Searchable URL") and keeps `www.`, which pywb and `surt` drop.
The index holds nothing that the WARC file does not: it can be deleted and is made again by `rebuild`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from archive import http
from archive.warc import Record, members
from newswarc.items import RecordPointer

KEY_FUNCTION = "newswarc-surt-1"
HEADER = "!meta " + json.dumps({"format": "cdxj", "key": KEY_FUNCTION}) + "\n"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def reordered(url: str) -> str:
    """`https://www.Example.org:443/A?b` → `org,example,www)/A?b`: host reversed, no scheme,
    default port or fragment. Other schemes (`urn:`) stay as they are.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # no such port, or brackets without an IPv6 address: the URL itself still sorts and is found
        return url
    host = parts.hostname
    if parts.scheme not in _DEFAULT_PORTS or not host:
        return url
    reversed_host = host if ":" in host or host.replace(".", "").isdecimal() else ",".join(reversed(host.split(".")))
    suffix = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{reversed_host}{suffix}){parts.path or '/'}{query}"


def surt(url: str) -> str:
    """The key: `reordered` in lower case."""
    return reordered(url).lower()


def timestamp(warc_date: str) -> str:
    """2026-11-24T12:00:00.000Z → 20261124120000000; shorter fractions are filled with zeros."""
    return "".join(filter(str.isdecimal, warc_date))[:17].ljust(17, "0")


def line(record: Record, pointer: RecordPointer) -> str | None:
    """The record's line with its newline; None for records that are no capture."""
    if record.type not in ("response", "revisit"):
        return None
    headers = record.headers
    return entry(
        pointer,
        record.type,
        headers.get("WARC-Target-URI") or "",
        headers.get("WARC-Date") or "",
        http.split_response(record.block)[1],
        headers.get("WARC-Payload-Digest"),
    )


def entry(pointer: RecordPointer, record_type: str, url: str, date: str, head: bytes, digest: str | None) -> str:
    """A line from its values. Numbers are strings and absent values left out, as cdxj-indexer has it."""
    status, mime = http.status_of(head), (http.content_type(head) or "").partition(";")[0].strip().lower()
    values = {
        "url": url,
        "mime": "warc/revisit" if record_type == "revisit" else mime or "unk",
        "status": str(status) if status is not None else None,
        "digest": digest,
        "length": str(pointer.length),
        "offset": str(pointer.offset),
        "filename": pointer.warc,
        "recordId": pointer.record_id,
    }
    present = {name: value for name, value in values.items() if value is not None}
    return f"{surt(url)} {timestamp(date)} {json.dumps(present, ensure_ascii=False)}\n"


def values(text: str) -> dict[str, str]:
    """The JSON of a line."""
    found: dict[str, str] = json.loads(text[text.index("{") :])
    return found


def pointer(text: str) -> RecordPointer:
    """Where the record of a line lies."""
    found = values(text)
    return RecordPointer(found["filename"], int(found["offset"]), int(found["length"]), found["recordId"])


def index_path(warc: Path) -> Path:
    """`NAME.cdxj` for `NAME.warc.gz`; `NAME.cdxj.open` for `NAME.warc.gz.open`."""
    name = warc.name.removesuffix(".open")
    suffix = ".cdxj.open" if warc.name.endswith(".open") else ".cdxj"
    return warc.with_name(name.removesuffix(".warc.gz") + suffix)


def lines(warc: Path) -> Iterator[str]:
    """The lines of a WARC file, read from its records, in the order of the file. Damaged records are left out."""
    name = warc.name.removesuffix(".open")
    for member in members(warc):
        if member.record is not None:
            found = line(member.record, RecordPointer(name, member.offset, member.length, member.record.id))
            if found is not None:
                yield found


def rebuild(warc: Path) -> Path:
    """Makes the sorted index of a WARC file (`.open` or not) from its records alone; returns its path."""
    return _write_sorted(closed_path(warc), list(lines(warc)))


def sort(warc: Path) -> Path:
    """Makes the sorted index from the one that grew beside an open WARC file; returns its path."""
    with index_path(warc).open(encoding="utf-8", newline="\n") as file:
        return _write_sorted(closed_path(warc), file.readlines())


def closed_path(warc: Path) -> Path:
    return index_path(warc.with_name(warc.name.removesuffix(".open")))


def _write_sorted(path: Path, unsorted: list[str]) -> Path:
    encoded = sorted(text.encode() for text in unsorted if not text.startswith("!"))
    draft = path.with_name(path.name + ".draft")
    draft.write_bytes(HEADER.encode() + b"".join(encoded))
    os.replace(draft, path)
    return path


def find(path: Path, key: str) -> list[str]:
    """Lines of a key in a sorted index, by binary search."""
    wanted = key.encode() + b" "
    with path.open("rb") as file:
        low, high = 0, file.seek(0, os.SEEK_END)
        while low < high:  # the first line at or after `low` that is not below the key
            middle = (low + high) // 2
            file.seek(middle)
            if middle:
                file.readline()
            start = file.readline()
            if start and start < wanted:
                low = middle + 1
            else:
                high = middle
        file.seek(low)
        if low:
            file.readline()
        found = []
        for raw in file:
            if not raw.startswith(wanted):
                break
            found.append(raw.decode())
        return found


def scan(path: Path, key: str) -> list[str]:
    """Lines of a key in an unsorted index; a last line still being written is left out."""
    wanted = key.encode() + b" "
    with path.open("rb") as file:
        return [raw.decode() for raw in file if raw.startswith(wanted) and raw.endswith(b"\n")]
