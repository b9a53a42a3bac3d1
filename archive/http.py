"""The raw bytes of one HTTP/1 message: where its parts begin, what its headers say, what its body is.

Nothing here refuses a message: servers send bare LF, folded headers, lines without a colon and bytes of any kind, and
the archive keeps them all. Rules are of RFC 9112 (framing) and RFC 9110 (fields, content codings).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urljoin

import brotli
import zstandard
from isal import isal_zlib
from isal.igzip_lib import IsalError

_EMPTY_LINE = re.compile(rb"\n\r?\n")
_STATUS = re.compile(rb"HTTP/(\d(?:\.\d)?)[ \t]+(\d{3})(?!\d)")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")
_CUT_CHUNK_SIZE = re.compile(rb"[ \t]*(?:[0-9a-fA-F]{1,16}[ \t]*(?:;[^\n]*)?\r?)?")
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?\s*([^\s\"';,]+)", re.IGNORECASE)

MAX_CODINGS = 4
"""More content codings in a row than this are refused: no server needs them, each costs a pass."""
ZSTD_WINDOW = 8 * 1024 * 1024
"""The largest window an HTTP body may ask for (RFC 9659)."""
_ZSTD_SLICE = 256  # a block of 4 bytes can stand for 128 KiB: so much input makes 8 MiB at most


def split_response(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """(interim 1xx heads, head, rest); joined they are `raw`.

    The head is the final one with its empty line; without an empty line all is head. Where only (parts of) 1xx heads
    were received the head is empty. 101 is a final answer: what follows it is not HTTP.
    """
    start = 0
    while True:
        status = status_of(raw[start : start + 64])
        interim = status is not None and 100 <= status < 200 and status != 101
        end = _EMPTY_LINE.search(raw, start)
        if not end:
            cut = len(raw) if interim else start
            return raw[:cut], raw[cut:], b""
        if not interim:
            return raw[:start], raw[start : end.end()], raw[end.end() :]
        start = end.end()


def status_of(head: bytes) -> int | None:
    """The status of a response's head; None where there is no status line."""
    match = _STATUS.match(head)
    return int(match[2]) if match else None


def protocol(head: bytes) -> str | None:
    """`http/1.1` as WARC-Protocol spells it; None where there is no status line."""
    match = _STATUS.match(head)
    return f"http/{match[1].decode()}" if match else None


def header_values(head: bytes, name: bytes | str) -> list[bytes]:
    """Values of a field, in order, folded lines joined by one space (RFC 9112, 5.2); the name in any case."""
    wanted = (name.encode() if isinstance(name, str) else name).lower()
    return [value for field, value in _fields(head) if field == wanted]


@lru_cache(maxsize=4)  # each message is asked for several fields in a row
def _fields(head: bytes) -> tuple[tuple[bytes, bytes], ...]:
    fields: list[tuple[bytes, bytes]] = []
    foldable = False
    for line in head.split(b"\n")[1:]:
        if line[:1] in (b" ", b"\t"):
            if foldable and line.strip():
                field, value = fields[-1]
                fields[-1] = field, (value + b" " + line.strip()).strip()
            continue
        field, colon, value = line.partition(b":")
        foldable = bool(colon)
        if colon:
            fields.append((field.strip().lower(), value.strip()))
    return tuple(fields)


def content_type(head: bytes) -> str | None:
    """The last Content-Type as sent, decoded as latin-1."""
    values = header_values(head, b"content-type")
    return values[-1].decode("latin-1") if values else None


def is_packed(head: bytes) -> bool:
    """Whether the body is compressed already, by its own account."""
    return bool(_codings(head)) or (content_type(head) or "").lower().startswith(("image/", "video/", "audio/"))


def charset(head: bytes) -> str | None:
    """The charset that Content-Type names, in lower case; not checked to be a known one."""
    match = _CHARSET.search(content_type(head) or "")
    return match[1].lower() if match else None


def location(head: bytes, url: str) -> str | None:
    """Where a 3xx response leads, as an absolute URL; None where it leads nowhere readable."""
    status = status_of(head)
    values = header_values(head, b"location")
    if status is None or not 300 <= status < 400 or not values:
        return None
    try:
        target = values[0].decode()
    except UnicodeDecodeError:
        target = values[0].decode("latin-1")
    try:
        return urljoin(url, target)
    except ValueError:  # a bracket that is no IPv6 address
        return None


def entity(head: bytes, rest: bytes) -> bytes:
    """The entity body: chunking removed, content coding kept. Of a cut body, what was received of it.

    A body that is called chunked and does not begin with a chunk is returned as it is.
    """
    if any(b"chunked" in value.lower() for value in header_values(head, b"transfer-encoding")):
        return _dechunked(rest)
    return rest


def _dechunked(body: bytes) -> bytes:
    parts: list[bytes] = []
    position = 0
    while size := _CHUNK_SIZE.match(body, position):
        length, start = min(int(size[1], 16), len(body)), size.end()
        if length == 0:
            break
        parts.append(body[start : start + length])
        position = start + length
        position += 2 if body[position : position + 2] == b"\r\n" else body[position : position + 1] == b"\n"
    if position == 0 and not size and not _CUT_CHUNK_SIZE.fullmatch(body):
        return body
    return b"".join(parts)


def decoded(head: bytes, payload: bytes, limit: int) -> bytes:
    """The payload with its content codings removed.

    Raises ValueError, naming the cause, where any stage gives more than `limit` bytes, or the coding is cut, wrong or
    unknown. No more than `limit` bytes (and one window of the coding) are ever held. What is called gzip and is none at
    all is returned as it is: servers do send such pages, and browsers show them.
    """
    codings = _codings(head)
    if len(codings) > MAX_CODINGS:
        raise ValueError(f"{len(codings)} content codings in a row; at most {MAX_CODINGS} are undone")
    for coding in reversed(codings):
        decoder = _DECODERS.get(coding)
        if decoder is None:
            raise ValueError(f"unknown content coding {coding!r}")
        if payload:
            payload = decoder(payload, limit)
    if len(payload) > limit:
        raise ValueError(f"body of {len(payload)} bytes: more than the limit of {limit}")
    return payload


def _codings(head: bytes) -> list[str]:
    names = b",".join(header_values(head, b"content-encoding")).decode("latin-1").lower().split(",")
    return [name for item in names if (name := item.strip()) not in ("", "identity")]


def _too_much(coding: str, limit: int) -> ValueError:
    return ValueError(f"{coding}: more than the limit of {limit} bytes when decoded")


def _inflate(coding: str, data: bytes, limit: int, wbits: int) -> tuple[bytes, bytes]:
    """(decoded, what follows the stream) of one zlib, gzip or raw deflate stream."""
    stream = isal_zlib.decompressobj(wbits)
    try:
        out: bytes = stream.decompress(data, limit + 1)
    except IsalError as e:  # type: ignore[misc]  # a class; isal's stub has it as an instance
        raise ValueError(f"{coding}: {e}") from e
    if len(out) > limit:
        raise _too_much(coding, limit)
    if not stream.eof:
        raise ValueError(f"{coding}: cut off after {len(data)} bytes")
    return out, stream.unused_data


def _gunzip(data: bytes, limit: int) -> bytes:
    if not b"\x1f\x8b".startswith(data[:2]):
        return data
    parts: list[bytes] = []
    left = limit
    # Members may follow one another (RFC 1952, 2.2); other bytes after a member are padding.
    while data[:2] == b"\x1f\x8b" or not parts:
        part, data = _inflate("gzip", data, left, 31)
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _deflate(data: bytes, limit: int) -> bytes:
    # RFC 9110, 8.4.1.2 means the zlib format; some servers send the bare stream.
    zlib_header = len(data) >= 2 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    if zlib_header:
        try:
            return _inflate("deflate", data, limit, zlib.MAX_WBITS)[0]
        except ValueError as wrapped:
            try:
                return _inflate("deflate", data, limit, -zlib.MAX_WBITS)[0]
            except ValueError:
                raise wrapped from None
    return _inflate("deflate", data, limit, -zlib.MAX_WBITS)[0]


def _brotli(data: bytes, limit: int) -> bytes:
    stream = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    feed = data
    try:
        while not stream.is_finished():
            part: bytes = stream.process(feed, output_buffer_limit=limit + 1 - size)
            feed = b""
            parts.append(part)
            size += len(part)
            if size > limit:
                raise _too_much("br", limit)
            if stream.can_accept_more_data():
                break
    except brotli.error as e:
        raise ValueError(f"br: {e}") from e
    if not stream.is_finished():
        raise ValueError(f"br: cut off after {len(data)} bytes")
    return b"".join(parts)


def _zstd(data: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while data:
        stream = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()
        position = 0
        try:
            while not stream.eof and position < len(data):
                part = stream.decompress(data[position : position + _ZSTD_SLICE])
                position += _ZSTD_SLICE
                parts.append(part)
                size += len(part)
                if size > limit:
                    raise _too_much("zstd", limit)
        except zstandard.ZstdError as e:
            raise ValueError(f"zstd: {e}") from e
        if not stream.eof:
            raise ValueError(f"zstd: cut off after {len(data)} bytes")
        data = stream.unused_data + data[position:]
        if data[:4] != zstandard.FRAME_HEADER:
            break
    return b"".join(parts)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
