"""One exchange over a real socket: how it ends, how long it may take, what is sent and what TLS says."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from capture_kit import HEADERS, LOOPBACK, fetch, network, run

from crawler.sample.misbehaviour import Misbehaviour, closed_port, silent_port, token
from crawler.sample.server import SampleServer
from crawler.wire import (
    BadHttp,
    BadTls,
    CannotConnect,
    Client,
    Disconnected,
    Limits,
    Outcome,
    Outgoing,
    TookTooLong,
    TooLong,
)
from newswarc.items import Attempt, Exchange
from newswarc.settings import NetworkSettings

BASE = "http://odd.example"
pytestmark = pytest.mark.usefixtures("every_loop")


def test_what_an_exchange_is(odd: SampleServer) -> None:
    moment = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    client = Client(network(odd.port), now=lambda: moment)
    outcome = fetch(client, f"{BASE}/plain#here", kind="feed", source="lake/ferry", via=f"{BASE}/")
    (entry,) = odd.settled(1)
    assert outcome.record == Exchange(
        url=f"{BASE}/plain",
        started=moment,
        request=entry.request.raw,
        response=entry.sent,
        kind="feed",
        source="lake/ferry",
        via=f"{BASE}/",
        ip="127.0.0.1",
    )
    assert outcome.failure is None
    assert (outcome.status, outcome.http_version, str(outcome.address)) == (200, "1.1", "127.0.0.1")
    assert (b"X-Latin", b"caf\xe9") in outcome.headers
    assert token("odd.example", "/plain").encode() in outcome.body
    assert 0 < outcome.latency <= outcome.elapsed


def test_the_request_as_it_goes_out(odd: SampleServer) -> None:
    given = [
        (b"user-AGENT", b"test/1"),
        (b"Host", b"another.example"),
        (b"Connection", b"keep-alive"),
        (b"Content-Length", b"99"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Proxy-Authorization", b"Basic secret"),
        (b"X-Twice", b"1"),
        (b"X-Twice", b"2"),
    ]
    client = Client(network(odd.port))
    fetch(client, "http://Odd.Example:80/plain?a=b;c&d=%C3%BC", headers=given)
    fetch(client, f"{BASE}/plain", headers=(), method="POST", body=b"abc")
    fetch(client, f"{BASE}/plain", headers=(), method="POST")
    assert [entry.request.raw for entry in odd.settled(3)] == [
        b"GET /plain?a=b;c&d=%C3%BC HTTP/1.1\r\nHost: Odd.Example:80\r\nuser-AGENT: test/1\r\n"
        b"X-Twice: 1\r\nX-Twice: 2\r\nConnection: close\r\n\r\n",
        b"POST /plain HTTP/1.1\r\nHost: odd.example\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
        b"POST /plain HTTP/1.1\r\nHost: odd.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ]


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        (f"{BASE}/", [(b"X", b"a\r\nHost: evil")]),
        (f"{BASE}/", [(b"X: y\r\nZ", b"a")]),
        (f"{BASE}/ü", []),
    ],
)
def test_a_request_that_is_none_is_the_callers_mistake(
    url: str, headers: list[tuple[bytes, bytes]], odd: SampleServer
) -> None:
    with pytest.raises(ValueError, match="GET"):
        fetch(Client(network(odd.port)), url, headers=headers)
    assert odd.log == []


def test_a_url_that_cannot_be_read_is_an_attempt_that_a_record_can_hold() -> None:
    outcome = fetch(Client(NetworkSettings()), "http://odd.example/a b\n\x00")
    assert isinstance(outcome.record, Attempt)
    assert (outcome.record.url, outcome.record.reason) == ("http://odd.example/a%20b%0A%00", "refused-address")


@pytest.mark.parametrize(
    ("path", "failure", "truncated"),
    [
        ("/cut", Disconnected, "disconnect"),
        ("/cut-chunk", Disconnected, "disconnect"),
        ("/hang-up", Disconnected, "disconnect"),
        ("/long-head", TooLong, "length"),
        ("/endless-head", TooLong, "length"),
        ("/endless-hints", TooLong, "length"),
        ("/big", TooLong, "length"),
        ("/big-chunked", TooLong, "length"),
        ("/big-to-the-end", TooLong, "length"),
        ("/all-framing", TooLong, "length"),
        ("/not-http", BadHttp, "unspecified"),
        ("/two-lengths", BadHttp, "unspecified"),
        ("/bad-chunk", BadHttp, "unspecified"),
        ("/switch", BadHttp, "unspecified"),
    ],
)
def test_ends_that_are_archived_as_cut(path: str, failure: type, truncated: str) -> None:
    limits = Limits(deadline=20, body=100_000)
    with SampleServer({"*": Misbehaviour()}) as site:
        outcome = fetch(Client(network(site.port)), BASE + path, limits)
    (entry,) = site.log
    assert type(outcome.failure) is failure
    assert isinstance(outcome.record, Exchange)
    assert outcome.record.truncated == truncated
    assert outcome.record.error is not None
    assert outcome.record.error.startswith(failure.__name__)
    assert outcome.record.request == entry.request.raw
    # The server may have been cut off in the middle of a piece: its log then has less than what we hold.
    shorter = min(len(outcome.record.response), len(entry.sent))
    assert outcome.record.response[:shorter] == entry.sent[:shorter]


@pytest.mark.parametrize(
    ("path", "limits", "stage"),
    [
        ("/silent", Limits(deadline=0.4), "waiting"),
        ("/slow", Limits(deadline=0.4), "waiting"),
        ("/slow-head", Limits(deadline=0.4), "waiting"),
        ("/trickle", Limits(deadline=20, rate_after=0.4, lowest_rate=1000), "lowest rate"),
    ],
)
def test_slow_ones_end_at_their_limit(path: str, limits: Limits, stage: str, odd: SampleServer) -> None:
    outcome = fetch(Client(network(odd.port)), BASE + path, limits)
    assert isinstance(outcome.failure, TookTooLong)
    assert stage in str(outcome.failure)
    assert isinstance(outcome.record, Exchange)
    assert outcome.record.truncated == "time"
    assert bool(outcome.record.response) == (path != "/silent")
    assert 0.39 <= outcome.elapsed < 1.4


def test_a_clock_that_is_set_back_changes_dates_and_no_deadline(odd: SampleServer) -> None:
    moments = [datetime(2026, 11, 24, hour, tzinfo=UTC) for hour in (9, 9, 8, 8, 23, 23)]
    client = Client(network(odd.port), now=lambda: moments.pop(0))
    for hour in (9, 8, 23):
        outcome = fetch(client, f"{BASE}/silent", Limits(deadline=0.2))
        assert isinstance(outcome.record, Exchange)
        assert outcome.record.started.hour == hour
        assert isinstance(outcome.failure, TookTooLong)
        assert 0.19 <= outcome.elapsed < 1.2


def test_a_rate_above_the_lowest_goes_on_to_its_end() -> None:
    with SampleServer({"*": Misbehaviour(pause=0.02)}) as site:
        limits = Limits(deadline=20, rate_after=0.1, lowest_rate=100)
        outcome = fetch(Client(network(site.port)), f"{BASE}/slow", limits)
    assert outcome.failure is None
    assert outcome.elapsed > 0.3


def attempt(outcome: Outcome, kind: type, reason: str) -> Attempt:
    assert type(outcome.failure) is kind
    assert isinstance(outcome.record, Attempt)
    assert outcome.record.reason == reason
    return outcome.record


def test_nobody_listens() -> None:
    with closed_port() as port:
        outcome = fetch(Client(network(port)), f"{BASE}/")
    assert "127.0.0.1" in attempt(outcome, CannotConnect, "connect").detail


def test_a_port_that_never_shakes_hands(authority: Any) -> None:
    with silent_port() as port:
        client = Client(network(port, authority.ca_file))
        outcome = fetch(client, "https://odd.example/", Limits(deadline=0.4))
    assert "TLS handshake" in attempt(outcome, TookTooLong, "timeout").detail
    assert 0.39 <= outcome.elapsed < 1.4


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async def lookup(_: str) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    with SampleServer({"*": Misbehaviour()}) as site:
        client = Client(NetworkSettings(allow_networks=LOOPBACK), lookup=lookup)
        outcome = fetch(client, f"http://two.example:{site.port}/plain")
    assert outcome.status == 200
    assert str(outcome.address) == "127.0.0.1"


def test_slow_sites_take_nothing_from_the_others() -> None:
    """Ten silent fetches under way; all the others are done before the first of them ends."""
    with SampleServer({"*": Misbehaviour()}) as site:
        client = Client(network(site.port))

        async def mixed() -> None:
            slow = Limits(deadline=30)
            silent = [asyncio.ensure_future(client.exchange(Outgoing(f"{BASE}/silent"), slow)) for _ in range(10)]
            fine = await asyncio.gather(*(client.exchange(Outgoing(f"{BASE}/plain?{n}")) for n in range(50)))
            assert all(outcome.failure is None for outcome in fine)
            assert not any(task.done() for task in silent)
            for task in silent:
                task.cancel()

        run(mixed())


def test_no_body_under_another_url() -> None:
    """200 requests, 8 at once, over everything that tempts a client to mix them up."""
    kinds = ["plain", "late", "pipelined", "early", "surplus", "gzip-chunked", "drip", "missing"]
    with SampleServer({"*": Misbehaviour()}) as site:
        client, gate = Client(network(site.port)), asyncio.Semaphore(8)

        async def one(number: int) -> None:
            target = f"/{kinds[number % len(kinds)]}?{number}"
            async with gate:
                outcome = await client.exchange(Outgoing(BASE + target, headers=HEADERS))
            assert outcome.failure is None
            assert isinstance(outcome.record, Exchange)
            body = outcome.body if b"meta name" in outcome.body else _unzipped(outcome.body)
            assert f'content="{token("odd.example", target)}"'.encode() in body, target
            assert b"NOT THE PAGE" not in outcome.record.response

        async def all_of_them() -> None:
            await asyncio.gather(*map(one, range(200)))

        run(all_of_them())
    assert len(site.settled(200)) == 200
    assert len({entry.connection for entry in site.log}) == 200


def _unzipped(body: bytes) -> bytes:
    return gzip.decompress(body)


# ---- TLS


def https(port: int, authority: Any, url: str = "https://odd.example/plain", **options: Any) -> Outcome:
    return fetch(Client(network(port, authority.ca_file), **options), url)


def test_what_tls_says_is_kept(authority: Any) -> None:
    with SampleServer({"*": Misbehaviour()}, certificate=authority.context("odd.example")) as site:
        outcome = https(site.port, authority)
        offered = ssl.get_server_certificate(("127.0.0.1", site.port))
    assert isinstance(outcome.record, Exchange)
    assert outcome.record.tls_version == "tls/1.3"
    assert outcome.record.cipher is not None
    assert outcome.record.cipher.startswith("TLS_")
    assert outcome.record.certificate == ssl.PEM_cert_to_DER_cert(offered)
    assert outcome.record.note is None


@pytest.mark.parametrize("fault", ["unknown authority", "another name"])
def test_a_certificate_that_does_not_verify(fault: str, authority: Any) -> None:
    name = "other.example" if fault == "another name" else "odd.example"
    with SampleServer({"*": Misbehaviour()}, certificate=authority.context(name)) as site:
        ca_file = authority.ca_file if fault == "another name" else None
        outcome = fetch(Client(network(site.port, ca_file)), "https://odd.example/plain")
        assert "certificate verify failed" in attempt(outcome, BadTls, "tls").detail
        excepted = Client(network(site.port, ca_file), unverified=frozenset({"odd.example"}))
        let_in = fetch(excepted, "https://odd.example/plain")
        assert isinstance(let_in.record, Exchange)
        assert let_in.record.note is not None
        assert "not verified" in let_in.record.note
        assert let_in.record.error is None
        assert let_in.record.certificate
        attempt(fetch(excepted, "https://third.example/plain"), BadTls, "tls")
    assert [entry.request.host for entry in site.log] == ["odd.example"]


@contextlib.contextmanager
def one_connection(answer: Any) -> Iterator[int]:
    """A listener that hands its first connection to `answer`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        thread.join()
        listener.close()


def test_a_reset_in_the_middle() -> None:
    def reset(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc")
        connection.recv(1)  # until the client has taken it
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with one_connection(reset) as port:
        outcome = fetch(Client(network(port)), f"{BASE}/", Limits(deadline=10, body=10))
    assert isinstance(outcome.failure, TooLong)  # announced too long: nobody waits for the reset
    assert outcome.record.response.endswith(b"abc")  # type: ignore[union-attr]

    def reset_at_once(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with one_connection(reset_at_once) as port:
        outcome = fetch(Client(network(port)), f"{BASE}/", Limits(deadline=10))
    assert isinstance(outcome.failure, Disconnected)
    assert isinstance(outcome.record, Exchange)
    assert (outcome.record.response, outcome.record.truncated) == (b"", "disconnect")


def test_plain_http_on_a_tls_port(authority: Any) -> None:
    def no_tls(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with one_connection(no_tls) as port:
        attempt(https(port, authority), BadTls, "tls")
