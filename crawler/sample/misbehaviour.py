"""A site that answers in every odd way that servers answer, each at a path of its own.

What is odd is only the wire: the pages are small and in our own words. Every body carries the token of the URL it was
made for (`token`), so that a body that lands under another URL is seen.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import socket
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal
from urllib.parse import unquote

import brotli
import zstandard

from crawler.sample.server import Piece, Reply, WireRequest

Cut = Literal["interim", "surplus", "time", "disconnect"]


@dataclass(frozen=True, slots=True)
class Case:
    """A request to this site, and in which documented way its record may differ from what was sent."""

    path: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    cut: Cut | None = None
    """`interim`: 1xx heads stand in the metadata record; `surplus`: counted, not kept; else: what came until then."""


EXCHANGES = (
    Case("/plain"),
    Case("/gzip"),
    Case("/brotli"),
    Case("/chunked"),
    Case("/gzip-chunked"),
    Case("/redirect"),
    Case("/etag"),
    Case("/etag?again", headers=(("If-None-Match", '"one"'),)),
    Case("/missing"),
    Case("/broken"),
    Case("/cut", cut="disconnect"),
    Case("/cut-chunk", cut="disconnect"),
    Case("/slow", cut="time"),
    Case("/drip"),
    Case("/http10"),
    Case("/empty"),
    Case("/no-content"),
    Case("/no-colon"),
    Case("/early", cut="interim"),
    Case("/folded"),
    Case("/bare-lf"),
    Case("/surplus", cut="surplus"),
    Case("/feed.xml"),
    Case("/plain?post", method="POST", headers=(("X-OdD-cAse", "1"),), body=b"q=%D0%BC%D0%BE%D1%81%D1%82"),
    Case("/plain?head", method="HEAD"),
)
"""With the target of the redirect and robots.txt: the 27 exchanges of the wire oracle."""


def token(host: str, target: str) -> str:
    """What a body says that was made for this URL; `target` is path and query."""
    return hashlib.sha256(f"{host} {target}".encode()).hexdigest()[:16]


def text(request: WireRequest) -> bytes:
    """The page for this request."""
    target = request.path + (f"?{request.query}" if request.query else "")
    line = "<p>The ferry on the upper lake runs again; the harbour master asks for patience at the landing.</p>\n"
    return (
        f'<!doctype html><html><head><title>Ferry back in service</title><meta name="page" '
        f'content="{token(request.host, target)}"></head>\n<body><article><h1>Ferry back in service</h1>\n'
        f"{line * 30}</article></body></html>\n"
    ).encode()


_HTML = "Content-Type: text/html; charset=utf-8"
_CHUNKED = "Transfer-Encoding: chunked"


def _head(*lines: str, status: str = "HTTP/1.1 200 OK", end: str = "\r\n") -> bytes:
    return (end.join([status, "Date: Tue, 24 Nov 2026 08:00:00 GMT", *lines]) + end * 2).encode("latin-1")


def _whole(body: bytes, *lines: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    return _head(*lines, f"Content-Length: {len(body)}", status=status) + body


def _chunks(body: bytes, size: int, extension: str = "", trailer: str = "") -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    out = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension.encode(), part) for part in parts)
    return out + f"0\r\n{trailer}\r\n".encode()


def _apart(data: bytes, size: int, pause: float) -> list[Piece]:
    """The data in segments of `size` bytes, `pause` seconds apart."""
    pieces: list[Piece] = []
    for at in range(0, len(data), size):
        pieces += [data[at : at + size], pause]
    return pieces


class Misbehaviour:
    """The site. `pause` is the seconds between the pieces of slow replies."""

    def __init__(self, pause: float = 0.3) -> None:
        self.pause = pause

    def __call__(self, request: WireRequest) -> Reply:
        name = request.path.strip("/").partition("/")[0].replace("-", "_").replace(".", "_")
        make: Callable[[WireRequest], Reply | bytes] = getattr(self, f"do_{name}", self.do_missing)
        made = make(request)
        reply = Reply([made]) if isinstance(made, bytes) else made
        if request.method == "HEAD" and isinstance(first := reply.pieces[0], bytes):
            return Reply([first.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"])
        return reply

    # ---- odd, but honest

    def do_plain(self, request: WireRequest) -> bytes:
        body = text(request)
        lines = ["content-TYPE: text/html; charset=utf-8", "X-mIxEd-CaSe:  two  spaces ", "Set-Cookie: a=1; Path=/"]
        lines += ["server: misbehaviour", "Set-Cookie: b=2; Path=/", "X-Latin: caf\xe9", "X-Empty:"]
        return _whole(body, *lines, status="HTTP/1.1 200 Very Well Then")

    def do_gzip(self, request: WireRequest) -> bytes:
        return _whole(gzip.compress(text(request), mtime=0), _HTML, "Content-Encoding: gzip", "Vary: Accept-Encoding")

    def do_brotli(self, request: WireRequest) -> bytes:
        return _whole(brotli.compress(text(request)), _HTML, "Content-Encoding: br")

    def do_zstd(self, request: WireRequest) -> bytes:
        return _whole(zstandard.compress(text(request)), _HTML, "Content-Encoding: zstd")

    def do_chunked(self, request: WireRequest) -> bytes:
        body = _chunks(text(request), 700, ";part=1", "X-Sum: 42\r\n")
        return _head(_HTML, _CHUNKED, "Trailer: X-Sum") + body

    def do_gzip_chunked(self, request: WireRequest) -> Reply:
        body = _chunks(gzip.compress(text(request), mtime=0), 50)
        return Reply([_head(_HTML, _CHUNKED, "Content-Encoding: gzip"), body[:77], 0.02, body[77:]])

    def do_redirect(self, request: WireRequest) -> bytes:
        lines = ("Location: /plain?from=redirect", "Set-Cookie: r=1", "Set-Cookie: s=2")
        return _whole(b"moved for a while", *lines, status="HTTP/1.1 302 Found")

    def do_etag(self, request: WireRequest) -> bytes:
        if "if-none-match" in request.headers:
            return _head('ETag: "one"', status="HTTP/1.1 304 Not Modified")
        return _whole(text(request), _HTML, 'ETag: "one"', "Last-Modified: Mon, 23 Nov 2026 08:00:00 GMT")

    def do_missing(self, request: WireRequest) -> bytes:
        return _whole(text(request), _HTML, status="HTTP/1.1 404 Not Found")

    def do_broken(self, request: WireRequest) -> bytes:
        return _whole(text(request), _HTML, status="HTTP/1.1 500 Out of Order")

    def do_cut(self, request: WireRequest) -> Reply:
        return Reply([_whole(text(request), _HTML)[:700]], keep_alive=False)

    def do_cut_chunk(self, request: WireRequest) -> Reply:
        return Reply([_head(_HTML, _CHUNKED) + _chunks(text(request), 500)[:800]], keep_alive=False)

    def do_slow(self, request: WireRequest) -> Reply:
        """The head at once, the body by the hundred bytes."""
        message = _whole(text(request), _HTML)
        head, end, body = message.partition(b"\r\n\r\n")
        return Reply([head + end, *_apart(body, 100, self.pause)], keep_alive=False)

    def do_drip(self, request: WireRequest) -> Reply:
        """One byte a segment."""
        return Reply(_apart(_head(_HTML, _CHUNKED) + _chunks(text(request)[:400], 60), 1, 0.0))

    def do_http10(self, request: WireRequest) -> Reply:
        return Reply([_head(_HTML, status="HTTP/1.0 200 OK") + text(request)], keep_alive=False)

    def do_empty(self, request: WireRequest) -> bytes:
        return _whole(b"", _HTML)

    def do_no_content(self, request: WireRequest) -> bytes:
        return _head("X-A: b", status="HTTP/1.1 204 No Content")

    def do_no_colon(self, request: WireRequest) -> bytes:
        return _whole(text(request), _HTML, "here the colon was forgotten", "\tand this belongs to it", "X-After: yes")

    def do_early(self, request: WireRequest) -> Reply:
        hint = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
        return Reply([hint, 0.02, _whole(text(request), _HTML)])

    def do_folded(self, request: WireRequest) -> bytes:
        return _whole(text(request), _HTML, "X-Folded: one\r\n  two\r\n\tthree")

    def do_bare_lf(self, request: WireRequest) -> bytes:
        body = text(request)
        return _head("Content-Type: text/html", f"Content-Length: {len(body)}", end="\n") + body

    def do_spaced(self, request: WireRequest) -> bytes:
        """A space before the colon, a NUL and a stray CR in values, `identity`, a name that is none."""
        lines = ("X-Spaced : yes", "X-Nul: a\0b", "X-Return: a\rb", "Transfer-Encoding: identity", "X (odd): name")
        return _whole(text(request), _HTML, *lines)

    def do_surplus(self, request: WireRequest) -> bytes:
        return _whole(text(request), _HTML) + b"AND SOMETHING MORE"

    def do_robots_txt(self, request: WireRequest) -> bytes:
        return _whole(b"User-agent: *\nDisallow: /private\n", "Content-Type: text/plain")

    def do_feed_xml(self, request: WireRequest) -> bytes:
        item = f"<item><title>Ferry</title><link>{request.base}/plain</link></item>"
        feed = f'<rss version="2.0"><channel><title>Lake</title>{item}</channel></rss>'
        return _whole(feed.encode(), "Content-Type: application/rss+xml")

    # ---- hostile: the connection

    def do_late(self, request: WireRequest) -> Reply:
        """A second response that nobody asked for, a moment later."""
        return Reply([_whole(text(request), _HTML), 0.02, _whole(b"<p>NOT THE PAGE ASKED FOR", _HTML)])

    def do_pipelined(self, request: WireRequest) -> bytes:
        """The same at once."""
        return _whole(text(request), _HTML) + _whole(b"<p>NOT THE PAGE ASKED FOR", _HTML)

    def do_silent(self, request: WireRequest) -> Reply:
        return Reply([3600.0], keep_alive=False)

    def do_hang_up(self, request: WireRequest) -> Reply:
        return Reply([b""], keep_alive=False)

    def do_slow_head(self, request: WireRequest) -> Reply:
        return Reply(_apart(_whole(text(request), _HTML), 1, self.pause), keep_alive=False)

    def do_trickle(self, request: WireRequest) -> Reply:
        """One byte a second of a page that would take a day."""
        return Reply([_head(_HTML, "Content-Length: 90000"), *_apart(b"x" * 90, 1, self.pause)], keep_alive=False)

    def do_long_head(self, request: WireRequest) -> bytes:
        return _whole(text(request), _HTML, *(f"X-Filler-{n}: {'f' * 980}" for n in range(300)))

    def do_endless_head(self, request: WireRequest) -> Reply:
        return Reply([_head(_HTML)[:-2], *[b"X-More: " + b"m" * 8000 + b"\r\n"] * 200], keep_alive=False)

    def do_endless_hints(self, request: WireRequest) -> Reply:
        return Reply([b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 20000], keep_alive=False)

    def do_big(self, request: WireRequest) -> bytes:
        return _whole(b"b" * 3_000_000, _HTML)

    def do_big_chunked(self, request: WireRequest) -> bytes:
        return _head(_HTML, _CHUNKED) + _chunks(b"b" * 3_000_000, 65536)

    def do_big_to_the_end(self, request: WireRequest) -> Reply:
        return Reply([_head(_HTML, status="HTTP/1.0 200 OK") + b"b" * 3_000_000], keep_alive=False)

    def do_all_framing(self, request: WireRequest) -> bytes:
        """Chunks of one byte, each with a kilobyte of extension."""
        return _head(_HTML, _CHUNKED) + _chunks(b"f" * 3000, 1, ";x=" + "e" * 1000)

    def do_not_http(self, request: WireRequest) -> Reply:
        return Reply([b"<html>no head at all</html>"], keep_alive=False)

    def do_two_lengths(self, request: WireRequest) -> bytes:
        return _whole(text(request), _HTML, "Content-Length: 5")

    def do_bad_chunk(self, request: WireRequest) -> bytes:
        return _head(_HTML, _CHUNKED) + b"zz\r\nno such number\r\n0\r\n\r\n"

    def do_switch(self, request: WireRequest) -> bytes:
        return _head("Upgrade: something", status="HTTP/1.1 101 Switching Protocols")

    # ---- hostile: where it leads

    def do_to(self, request: WireRequest) -> bytes:
        """A redirect to whatever the query says."""
        return _whole(b"", f"Location: {unquote(request.query)}", status="HTTP/1.1 302 Found")

    def do_loop(self, request: WireRequest) -> bytes:
        return _whole(b"", f"Location: {request.path}?{len(request.query) * 'x'}x", status="HTTP/1.1 302 Found")

    def do_flaky(self, request: WireRequest) -> bytes:
        return _whole(text(request), _HTML, status="HTTP/1.1 503 Come Again")

    def do_calendar(self, request: WireRequest) -> bytes:
        """Every day links to the next."""
        day = int(request.path.rpartition("/")[2] or 0)
        return _whole(text(request) + f'<a href="/calendar/{day + 1}">next day</a>'.encode(), _HTML)

    def do_deep(self, request: WireRequest) -> bytes:
        """Every folder links to itself within itself."""
        return _whole(text(request) + f'<a href="{request.path.rstrip("/")}/deep/">deeper</a>'.encode(), _HTML)

    def do_session(self, request: WireRequest) -> bytes:
        """Every page has a new session id in its links."""
        return _whole(text(request) + f'<a href="/session?sid={token("", request.query)}">on</a>'.encode(), _HTML)

    # ---- hostile: what it holds

    def do_bomb(self, request: WireRequest) -> bytes:
        """`/bomb/gzip`, `/bomb/br`, `/bomb/deflate`, `/bomb/zstd`: zeros, packed twice."""
        coding = request.path.rpartition("/")[2]
        return _whole(bomb(coding), _HTML, f"Content-Encoding: {coding}, {coding}")


BOMB_SIZE = 100 * 1024 * 1024
"""Bytes that a bomb holds."""


@cache
def bomb(coding: str) -> bytes:
    """BOMB_SIZE zeros, packed twice."""
    once = b"".join(_packed(coding, iter([b"\0" * (1 << 20)] * (BOMB_SIZE >> 20))))
    return b"".join(_packed(coding, iter([once])))


def _packed(coding: str, parts: Iterator[bytes]) -> Iterator[bytes]:
    if coding == "br":
        brotli_compressor = brotli.Compressor(quality=5)
        yield from map(brotli_compressor.process, parts)
        yield brotli_compressor.finish()
        return
    compressor = (
        zstandard.ZstdCompressor(level=3).compressobj()
        if coding == "zstd"
        else zlib.compressobj(6, zlib.DEFLATED, {"gzip": 31, "deflate": 15}[coding])
    )
    yield from map(compressor.compress, parts)
    yield compressor.flush()


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port on loopback that takes connections and never says a word: no head, no TLS handshake."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield int(listener.getsockname()[1])


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port on loopback where nobody listens, kept from others while in use."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


PATHS: Sequence[str] = tuple(
    f"/{name.removeprefix('do_').replace('_', '-')}" for name in vars(Misbehaviour) if name.startswith("do_")
)
"""All paths, for a look at them by hand."""
