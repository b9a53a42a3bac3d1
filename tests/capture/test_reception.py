"""The reading side without a socket: any way the bytes are cut into segments gives the same message."""

from __future__ import annotations

import itertools

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.http import entity, split_response
from crawler.sample.misbehaviour import EXCHANGES, Misbehaviour
from crawler.sample.server import parse_request
from crawler.wire import BadHttp, Disconnected, HeadCleaner, Limits, Reception, TooLong, WireError, cleaned

LIMITS = Limits(head=4096, body=20_000)
GET = h11.Request(method="GET", target="/", headers=[("Host", "a.example"), ("Connection", "close")])


def sent_for(path: str) -> bytes:
    """What the misbehaving site sends, in one piece."""
    request = parse_request(f"GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode(), b"", tls=False, port=80)
    return b"".join(piece for piece in Misbehaviour()(request).pieces if isinstance(piece, bytes))


def received(*segments: bytes, limits: Limits = LIMITS) -> tuple[Reception, bool]:
    """What came of the segments, then of the end of the connection."""
    reception = Reception(GET, limits)
    for segment in segments:
        if segment and reception.feed(segment):
            return reception, True
    return reception, reception.hang_up()


def message(reception: Reception) -> tuple[object, ...]:
    assert reception.response is not None
    response = reception.response
    return bytes(reception.raw), response.status_code, response.headers.raw_items(), reception.body


WHOLE = [case.path for case in EXCHANGES if case.cut != "disconnect" and case.method == "GET"] + ["/spaced", "/late"]


@pytest.mark.parametrize("path", WHOLE)
def test_split_at_every_byte(path: str) -> None:
    data = sent_for(path)
    whole, _ = received(data)
    step = 1 if len(data) < 1500 else 7
    for at in range(1, len(data), step):
        parts, complete = received(data[:at], data[at:])
        assert complete
        assert message(parts) == message(whole), f"split at byte {at}"
    bytewise, complete = received(*(data[at : at + 1] for at in range(len(data))))
    assert complete
    assert message(bytewise) == message(whole)
    assert bytewise.surplus == 0  # the connection is closed at the last byte of the message


@pytest.mark.parametrize("path", WHOLE)
def test_the_archive_reads_the_same_body_out_of_the_bytes(path: str) -> None:
    reception, _ = received(sent_for(path))
    _, head, rest = split_response(bytes(reception.raw))
    assert entity(head, rest) == reception.body


@given(st.sampled_from(WHOLE), st.lists(st.integers(1, 4000), max_size=8))
def test_any_segments_give_the_same_message(path: str, cuts: list[int]) -> None:
    data = sent_for(path)
    edges = [0, *sorted({cut % len(data) for cut in cuts}), len(data)]
    parts, complete = received(*(data[a:b] for a, b in itertools.pairwise(edges)))
    assert complete
    assert message(parts) == message(received(data)[0])


@given(st.binary(max_size=300))
@example(b"HTTP/1.1 200 OK\r\n\r\n")
@example(b"HTTP/1.1 200\r\n:\r\n\n\nx")
@example(b"HTTP/1.1 103 \r\n\r\nHTTP/1.1 200 OK\nContent-Length: 1\n\nab")
def test_anything_is_a_message_or_a_named_failure(data: bytes) -> None:
    for prefix in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        try:
            reception, complete = received(prefix + data)
        except WireError:
            continue
        assert complete
        assert prefix + data == bytes(reception.raw) + (prefix + data)[len(reception.raw) :]
        assert len(reception.raw) + reception.surplus == len(prefix + data)


@given(
    st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=6),
    st.sampled_from([b"\n", b"\r\n"]),
)
def test_a_cleaned_head_has_no_line_that_a_parser_would_refuse(lines: list[bytes], end: bytes) -> None:
    head = end.join([b"HTTP/1.1 200 OK", *lines]) + end + end
    head = head[: head.index(end + end) + 2 * len(end)]
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="HEAD", target="/", headers=[("Host", "a.example")]))
    parser.receive_data(cleaned(head))
    assert isinstance(parser.next_event(), h11.Response)


def test_a_head_that_is_already_clean_is_left_alone() -> None:
    head = b"HTTP/1.1 200 Fine\r\nA: b\r\nSet-Cookie: caf\xe9\r\nC:\r\n\r\n"
    assert cleaned(head) is head


def test_what_the_cleaner_does() -> None:
    odd = b"no colon\r\n folded under it\r\nX-A : b\0c\r\n d\r\n(bad): e\r\nTransfer-Encoding: identity\r\n"
    assert cleaned(b"HTTP/1.1 200 OK\r\n" + odd + b"\r\n") == b"HTTP/1.1 200 OK\r\nX-A: b c\r\n d\r\n\r\n"


def test_interim_heads_are_cleaned_and_counted_too() -> None:
    cleaner = HeadCleaner(200)
    hint = b"HTTP/1.1 103 Early Hints\r\nbad line\r\nLink: x\r\n\r\n"
    assert cleaner.feed(hint + b"HTTP/1.1 20") == b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    assert cleaner.waiting
    assert cleaner.feed(b"0 OK\r\n\r\nbody") == b"HTTP/1.1 200 OK\r\n\r\nbody"
    with pytest.raises(TooLong):
        HeadCleaner(200).feed(hint * 6)


@pytest.mark.parametrize("path", ["/cut", "/cut-chunk"])
def test_a_cut_body_is_a_disconnection_and_its_bytes_are_kept(path: str) -> None:
    reception = Reception(GET, LIMITS)
    data = sent_for(path)
    reception.feed(data)
    with pytest.raises(Disconnected):
        reception.hang_up()
    assert bytes(reception.raw) == data


def test_a_cut_within_the_head() -> None:
    reception = Reception(GET, LIMITS)
    assert not reception.feed(b"HTTP/1.1 200 OK\r\nContent-")
    with pytest.raises(Disconnected, match="before the end of the head"):
        reception.hang_up()


def test_a_head_over_the_limit_is_cut_at_it() -> None:
    reception = Reception(GET, LIMITS)
    data = sent_for("/long-head")
    with pytest.raises(TooLong):
        reception.feed(data)
    assert bytes(reception.raw) == data[: LIMITS.head]


@pytest.mark.parametrize("path", ["/big", "/big-chunked", "/big-to-the-end", "/all-framing"])
def test_a_body_over_the_limit(path: str) -> None:
    reception = Reception(GET, Limits(head=4096, body=100_000))
    data = sent_for(path)
    with pytest.raises(TooLong):
        any(reception.feed(data[at : at + 65536]) for at in range(0, len(data), 65536))
    assert data.startswith(bytes(reception.raw))
    assert len(reception.raw) <= 2 * 100_000 + 2 * 65536 + 4096


def test_a_head_request_may_announce_any_length() -> None:
    head = h11.Request(method="HEAD", target="/", headers=[("Host", "a.example")])
    reception = Reception(head, Limits(body=10))
    assert reception.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    assert reception.body == b""


@pytest.mark.parametrize("path", ["/not-http", "/two-lengths", "/bad-chunk", "/switch"])
def test_what_is_no_http(path: str) -> None:
    reception = Reception(GET, LIMITS)
    data = sent_for(path)
    with pytest.raises(BadHttp):
        reception.feed(data)
    assert bytes(reception.raw) == data


def test_bytes_behind_the_end_are_counted_and_not_kept() -> None:
    for path, extra in (("/surplus", 18), ("/pipelined", None)):
        data = sent_for(path)
        reception, _ = received(data)
        assert bytes(reception.raw) + data[len(reception.raw) :] == data
        assert reception.surplus == (extra or len(data) - len(reception.raw)) > 0
        assert b"NOT THE PAGE" not in reception.raw
