"""Exchanges, Hypothesis strategies and small readings of folders that the archive's tests share."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from hypothesis import strategies as st

from archive import http
from archive.store import WarcFolder
from newswarc.items import Archived, Attempt, Exchange

NOON = datetime(2026, 11, 24, 12, 0, 0, 0, UTC)
PAGE = b"<html><title>Dam</title><p>The water was let out at noon.</p></html>"


def exchange(number: int = 0, body: bytes = PAGE, *, url: str | None = None, head: bytes = b"", **fields) -> Exchange:
    """A page as a server would send it; `head` are further header lines."""
    response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n%sContent-Length: %d\r\n\r\n%s" % (
        head,
        len(body),
        body,
    )
    values = {
        "url": url or f"http://news.example/{number}",
        "started": NOON + timedelta(milliseconds=number),
        "request": b"GET /%d HTTP/1.1\r\nHost: news.example\r\nConnection: close\r\n\r\n" % number,
        "response": response,
        "kind": "article",
        "source": "sample/herald",
        "via": "http://news.example/feed",
        "ip": "127.0.0.1",
    }
    return Exchange(**(values | fields))


def attempt(number: int = 0, **fields) -> Attempt:
    values = {
        "url": f"http://gone.example/{number}",
        "started": NOON,
        "kind": "article",
        "reason": "dns",
        "detail": "no such name",
        "source": "sample/herald",
    }
    return Attempt(**(values | fields))


def noise(number: int, size: int) -> bytes:
    return random.Random(number).randbytes(size)


def typical(number: int) -> Exchange:
    """A page of 35 KB as gzip."""
    return exchange(number, gzip.compress(noise(number, 35_000), mtime=0), head=b"Content-Encoding: gzip\r\n")


@dataclass(frozen=True)
class Held:
    """What a ledger answers when it is asked for an earlier capture."""

    record_id: str
    url: str
    date: datetime
    warc: str
    offset: int
    payload_digest: str


def held(receipt: Archived) -> Held:
    assert receipt.payload_digest is not None
    pointer = receipt.pointer
    return Held(
        pointer.record_id, receipt.url, receipt.captured_at, pointer.warc, pointer.offset, receipt.payload_digest
    )


class Ledger:
    """The smallest ledger that can answer `prior`: whole 200 responses by URL."""

    def __init__(self) -> None:
        self.receipts: list[Archived] = []

    def note(self, receipts: list[Archived]) -> list[Archived]:
        self.receipts += receipts
        return receipts

    def prior(self, url: str, payload_digest: str | None) -> Held | None:
        for receipt in reversed(self.receipts):
            whole = receipt.record_type == "response" and receipt.status == 200 and receipt.truncated is None
            if whole and receipt.url == url and payload_digest in (None, receipt.payload_digest):
                return held(receipt)
        return None


def serial_ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"urn:uuid:00000000-0000-4000-8000-{next(numbers):012d}"


def closed_file(folder: Path, items: list[Exchange | Attempt], **options) -> tuple[Path, list[Archived]]:
    """One file with these items, written and closed; and their receipts."""
    with WarcFolder(folder, **options) as store:
        receipts = [receipt for item in items for receipt in store.append([item])]
    (path,) = folder.glob("*.warc.gz")
    return path, receipts


def parts(item: Exchange) -> tuple[bytes, bytes, bytes]:
    """(interim heads, head, body) that a capture of this exchange must have."""
    return http.split_response(item.response)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(["a\r\nb", "\\n", "\\u000a", " x ", ""])
URLS = st.from_regex(r"https?://[a-z]{1,8}(\.[a-z]{2,5}){1,2}(:[1-9][0-9]{1,3})?/[!-~ж-я]{0,20}", fullmatch=True)
STATUS_LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK",
        b"HTTP/1.0 404 Nix da",
        b"HTTP/1.1 304 Not Modified",
        b"HTTP/1.1 301",
        b"ICY 200 OK",
        b"<html>",
    ]
)
HEADER_LINES = st.sampled_from(
    [
        b"Content-Type: text/html; charset=windows-1251",
        b"X-MiXeD: caf\xe9",
        b"Location: /elsewhere?\xd1\x8f=1",
        b"Location: http://[nonsense",
        b"Transfer-Encoding: chunked",
        b"Content-Encoding: gzip",
        b"Set-Cookie: a=1",
        b"Set-Cookie: b=2",
        b"Folded: one\r\n\ttwo",
        b"no colon here",
        b": no name",
        b"",
    ]
)
BODIES = st.binary(max_size=300) | st.sampled_from(
    [b"5\r\nhello\r\n0\r\n\r\n", b"5\r\nhel", gzip.compress(PAGE), b"zz\r\n"]
)


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """Responses as servers send them, and as they should not."""
    ends = draw(st.sampled_from([b"\r\n", b"\n"]))
    interim = draw(st.sampled_from([b"", b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\n"]))
    lines = [draw(STATUS_LINES), *draw(st.lists(HEADER_LINES, max_size=5))]
    return interim + ends.join(lines) + ends + ends + draw(BODIES)


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    return Exchange(
        url=draw(URLS),
        started=NOON + timedelta(microseconds=draw(st.integers(0, 10**9))),
        request=draw(st.binary(max_size=200)),
        response=draw(st.binary(max_size=200) | responses()),
        kind=draw(st.sampled_from(["article", "section", "feed", "sitemap", "robots", "homepage"])),
        source=draw(st.none() | TEXTS),
        via=draw(st.none() | TEXTS),
        truncated=draw(st.none() | st.sampled_from(["length", "time", "disconnect", "unspecified"])),
        ip=draw(st.sampled_from([None, "192.0.2.7", "2001:db8::1"])),
        tls_version=draw(st.sampled_from([None, "tls/1.3"])),
        cipher=draw(st.sampled_from([None, "TLS_AES_256_GCM_SHA384"])),
        certificate=draw(st.none() | st.binary(min_size=1, max_size=8)),
        proxy=draw(st.sampled_from([None, "http://proxy.example:3128"])),
        surplus=draw(st.integers(0, 99)),
        error=draw(st.none() | TEXTS),
    )


@st.composite
def attempts(draw: st.DrawFn) -> Attempt:
    return Attempt(
        url=draw(URLS),
        started=NOON,
        kind=draw(st.sampled_from(["article", "robots"])),
        reason=draw(st.sampled_from(["dns", "robots"])),
        detail=draw(TEXTS),
        source=draw(st.none() | TEXTS),
        via=draw(st.none() | TEXTS),
        proxy=draw(st.sampled_from([None, "socks5://proxy.example:1080"])),
    )
