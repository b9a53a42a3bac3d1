"""Raw HTTP/1 messages: parts, fields, bodies and codings, with what servers really send."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from archive_samples import PAGE, responses
from hypothesis import given
from hypothesis import strategies as st

from archive import http

OK = b"HTTP/1.1 200 OK\r\n"
ZSTD = zstandard.ZstdCompressor()
CODERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"gzip": gzip.compress,
    b"x-gzip": gzip.compress,
    b"deflate": zlib.compress,
    b"br": brotli.compress,
    b"zstd": ZSTD.compress,
}


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


def encoded(*codings: bytes) -> bytes:
    return OK + b"Content-Encoding: " + b", ".join(codings) + b"\r\n\r\n"


@given(st.binary(max_size=200) | responses())
def test_the_parts_joined_are_the_message(raw: bytes) -> None:
    assert b"".join(http.split_response(raw)) == raw


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        (OK + b"\r\nbody", (b"", OK + b"\r\n", b"body")),
        (b"HTTP/1.1 200 OK\nA: b\n\nbody", (b"", b"HTTP/1.1 200 OK\nA: b\n\n", b"body")),
        (b"HTTP/1.1 103 E\r\n\r\n" + OK + b"\r\n", (b"HTTP/1.1 103 E\r\n\r\n", OK + b"\r\n", b"")),
        (
            b"HTTP/1.1 100\n\nHTTP/1.1 103\n\nHTTP/1.1 204 -\n\n",
            (b"HTTP/1.1 100\n\nHTTP/1.1 103\n\n", b"HTTP/1.1 204 -\n\n", b""),
        ),
        (b"HTTP/1.1 103 E\r\nLin", (b"HTTP/1.1 103 E\r\nLin", b"", b"")),
        (b"HTTP/1.1 101 S\r\n\r\nframes", (b"", b"HTTP/1.1 101 S\r\n\r\n", b"frames")),
        (OK + b"Cut: of", (b"", OK + b"Cut: of", b"")),
        (b"<html>no head at all", (b"", b"<html>no head at all", b"")),
        (b"", (b"", b"", b"")),
    ],
)
def test_where_the_parts_begin(raw: bytes, parts: tuple[bytes, bytes, bytes]) -> None:
    assert http.split_response(raw) == parts


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (OK, 200),
        (b"HTTP/1.0 404\n", 404),
        (b"HTTP/2 301 x", 301),
        (b"ICY 200 OK", None),
        (b"HTTP/1.1 2000", None),
        (b"", None),
    ],
)
def test_status(head: bytes, status: int | None) -> None:
    assert http.status_of(head) == status


def test_fields_keep_their_order_and_are_unfolded() -> None:
    head = (
        OK + b"set-cookie: a\r\nSet-Cookie : b\r\nX: one\r\n\ttwo\r\n  three\r\nnonsense\r\n goes\r\nY: caf\xe9\n\r\n"
    )
    assert http.header_values(head, "SET-COOKIE") == [b"a", b"b"]
    assert http.header_values(head, b"x") == [b"one two three"]
    assert http.header_values(head, b"y") == [b"caf\xe9"]
    assert http.header_values(head, b"nonsense") == []


@pytest.mark.parametrize(
    ("header", "content_type", "charset"),
    [
        (b"Content-Type: text/html; charset=Windows-1251", "text/html; charset=Windows-1251", "windows-1251"),
        (b"content-type: text/html;Charset = 'utf-8'", "text/html;Charset = 'utf-8'", "utf-8"),
        (
            b'Content-Type: a\r\nContent-Type: text/html; charset="koi8-r"; x',
            'text/html; charset="koi8-r"; x',
            "koi8-r",
        ),
        (b"Content-Type: text/plain\xff", "text/plain\xff", None),
        (b"X-Content-Type: no", None, None),
    ],
)
def test_content_type_and_charset(header: bytes, content_type: str | None, charset: str | None) -> None:
    head = OK + header + b"\r\n\r\n"
    assert (http.content_type(head), http.charset(head)) == (content_type, charset)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"HTTP/1.1 301 M\r\nLocation: /b?c\r\n\r\n", "http://a.example/b?c"),
        (b"HTTP/1.1 302 M\r\nLocation: //b.example/\r\n\r\n", "http://b.example/"),
        (b"HTTP/1.1 302 M\r\nLocation: /\xd1\x8f\r\n\r\n", "http://a.example/я"),
        (b"HTTP/1.1 302 M\r\nLocation: /\xe9\r\n\r\n", "http://a.example/é"),
        (b"HTTP/1.1 302 M\r\nLocation: http://[x\r\n\r\n", None),
        (b"HTTP/1.1 200 OK\r\nLocation: /b\r\n\r\n", None),
        (b"HTTP/1.1 301 M\r\n\r\n", None),
    ],
)
def test_location(head: bytes, expected: str | None) -> None:
    assert http.location(head, "http://a.example/x") == expected


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"5;a=b\r\nhello\r\n1 \r\n!\r\n0\r\nTrailer: x\r\n\r\n", b"hello!"),
        (b"5\nhello\n0\n\n", b"hello"),
        (b"5\r\nhel", b"hel"),
        (b"5\r\nhello\r\n3", b"hello"),
        (b"1", b""),
        (b"", b""),
        (b"5\r\nhello\r\nnonsense", b"hello"),
        (b"<html>not chunked", b"<html>not chunked"),
        (b"-5\r\nhello", b"-5\r\nhello"),
        (b"FFFFFFFFFFFFFFFF\r\nall", b"all"),
    ],
)
def test_chunking_is_removed_and_may_be_cut(body: bytes, payload: bytes) -> None:
    assert http.entity(OK + b"Transfer-Encoding: Chunked\r\n\r\n", body) == payload
    assert http.entity(OK + b"\r\n", body) == body


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5))
def test_what_was_chunked_comes_back(pieces: list[bytes]) -> None:
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    assert http.entity(OK + b"transfer-encoding: chunked\r\n\r\n", body) == b"".join(pieces)


@given(st.binary(max_size=3000), st.lists(st.sampled_from(sorted(CODERS)), max_size=3))
def test_codings_are_removed_in_reverse(body: bytes, codings: list[bytes]) -> None:
    payload = body
    for coding in codings:
        payload = CODERS[coding](payload)
    assert http.decoded(encoded(*codings), payload, 10_000) == body


@pytest.mark.parametrize("coding", sorted(CODERS))
def test_a_cut_body_is_refused_wherever_it_is_cut(coding: bytes) -> None:
    payload = CODERS[coding](PAGE)
    for end in range(1, len(payload)):
        with pytest.raises(ValueError, match=f"^{coding.decode().removeprefix('x-')}: "):
            http.decoded(encoded(coding), payload[:end], 10_000)


@pytest.mark.parametrize("coding", [b"br", b"zstd", b"deflate"])
def test_a_wrong_coding_is_refused(coding: bytes) -> None:
    with pytest.raises(ValueError, match=f"^{coding.decode()}: "):
        http.decoded(encoded(coding), PAGE, 10_000)


def test_the_limit_is_exact() -> None:
    for coding, coder in CODERS.items():
        payload = coder(bytes(1000))
        assert http.decoded(encoded(coding), payload, 1000) == bytes(1000)
        with pytest.raises(ValueError, match="more than the limit of 999 bytes"):
            http.decoded(encoded(coding), payload, 999)
    with pytest.raises(ValueError, match="more than the limit"):
        http.decoded(OK + b"\r\n", bytes(11), 10)


def test_deflate_may_be_bare() -> None:
    assert http.decoded(encoded(b"deflate"), raw_deflate(PAGE), 1000) == PAGE


def test_called_gzip_and_plain_is_returned_as_it_is() -> None:
    assert http.decoded(encoded(b"gzip"), PAGE, 1000) == PAGE
    assert http.decoded(encoded(b"gzip"), b"", 1000) == b""


def test_gzip_members_in_a_row_and_padding() -> None:
    assert http.decoded(encoded(b"gzip"), gzip.compress(b"one ") + gzip.compress(b"two") + bytes(8), 1000) == b"one two"
    frames = ZSTD.compress(b"one ") + ZSTD.compress(b"two")
    assert http.decoded(encoded(b"zstd"), frames, 1000) == b"one two"


def test_unknown_and_too_many_codings_are_named() -> None:
    with pytest.raises(ValueError, match="unknown content coding 'sdch'"):
        http.decoded(encoded(b"sdch"), PAGE, 1000)
    with pytest.raises(ValueError, match="9 content codings in a row"):
        http.decoded(encoded(*[b"gzip"] * 9), PAGE, 1000)
    assert http.decoded(encoded(b"identity", b""), PAGE, 1000) == PAGE


def bomb(coding: bytes) -> bytes:
    return CODERS[coding](bytes(40_000_000))


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("coding", sorted(CODERS))
def test_a_bomb_is_refused_within_the_limit(coding: bytes, nested: bool) -> None:
    payload = bomb(coding)
    codings = [coding]
    if nested:
        payload, codings = CODERS[coding](payload), [coding, coding]
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than the limit of 1000000 bytes"):
            http.decoded(encoded(*codings), payload, 1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 24_000_000
    finally:
        tracemalloc.stop()
