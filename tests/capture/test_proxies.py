"""Fetches through proxies: small real ones, with and without passwords, honest and not."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from capture_kit import HEADERS, LOOPBACK, fetch, run

from crawler.proxies import Proxy, ProxyFailed, parse_proxy
from crawler.sample.misbehaviour import Misbehaviour, closed_port, silent_port, token
from crawler.sample.server import SampleServer
from crawler.wire import BadTls, Client, Limits, Outcome, Outgoing, TookTooLong
from newswarc.items import Attempt, Exchange
from newswarc.settings import NetworkSettings

HOST = "behind.example"
pytestmark = pytest.mark.usefixtures("every_loop")
CREDENTIALS = ("guest", "pass:wörd")


@dataclass
class ProxyServer:
    """A proxy on loopback that resolves every name to 127.0.0.1 and port `to`. Use as a context manager."""

    to: int
    kind: str = "http"
    credentials: tuple[str, str] | None = None
    junk: bytes = b""
    """Sent right behind the answer to CONNECT."""
    refuse: bytes | None = None
    """Sent in place of a good answer."""
    asked: list[str] = field(default_factory=list)
    """Names and ports the proxy was asked for."""
    heads: list[bytes] = field(default_factory=list)

    def __enter__(self) -> ProxyServer:
        ready = threading.Event()

        async def run() -> None:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            await self._stop.wait()
            server.close()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.wait(others, timeout=5) if others else None
            await asyncio.sleep(0)

        self._thread = threading.Thread(target=asyncio.run, args=(run(),))
        self._thread.start()
        ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def proxy(self, credentials: tuple[str, str] | None = None) -> Proxy:
        kind: Literal["http", "socks5"] = "http" if self.kind == "http" else "socks5"
        given = credentials or self.credentials
        return Proxy(kind, "127.0.0.1", self.port, *(part.encode() for part in given or ()))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            speak: dict[str, Callable[..., Awaitable[None]]] = {"http": self._http, "socks5": self._socks}
            await speak.get(self.kind, self._neither)(reader, writer)
        writer.close()

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        method, target, _ = head.split(b" ", 2)
        wanted = base64.b64encode(":".join(self.credentials).encode()) if self.credentials else b""
        if wanted not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        elif self.refuse is not None:
            writer.write(self.refuse)
        elif method == b"CONNECT":
            self.asked.append(target.decode())
            await self._join(reader, writer, b"HTTP/1.1 200 Connection established\r\n\r\n" + self.junk)
        else:
            self.asked.append(urlsplit(target.decode()).netloc)
            await self._join(reader, writer, b"", head)
        await writer.drain()

    async def _neither(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        offered = await reader.readexactly(methods)
        method = 2 if self.credentials else 0
        writer.write(bytes([5, method if method in offered else 255]))
        if method not in offered:
            return
        if self.credentials:
            await reader.readexactly(1)
            given = [(await reader.readexactly((await reader.readexactly(1))[0])).decode() for _ in range(2)]
            writer.write(b"\1" + (b"\0" if tuple(given) == self.credentials else b"\1"))
            if tuple(given) != self.credentials:
                return
        kind = (await reader.readexactly(4))[3]
        size = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        host = await reader.readexactly(size)
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append(f"{host.decode() if kind == 3 else host.hex()}:{port}")
        if self.refuse is not None:
            writer.write(self.refuse)
            return
        await self._join(reader, writer, b"\5\0\0\3\7far.end\x12\x34" + self.junk)

    async def _join(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes, first: bytes = b""
    ) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to)
        far_writer.write(first)
        writer.write(answer)
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


KINDS = [("http", "http"), ("http", "https"), ("socks5", "http"), ("socks5", "https")]


@pytest.fixture(params=KINDS, ids=[f"{scheme} through {kind}" for kind, scheme in KINDS])
def way(request: pytest.FixtureRequest, authority: Any) -> Iterator[tuple[str, str, SampleServer, Client]]:
    """Kind of proxy, scheme of the site, the site, and a client that knows its authority and no address."""
    kind, scheme = request.param
    certificate = authority.context(HOST) if scheme == "https" else None

    async def no_names(name: str) -> list[str]:
        assert name == "127.0.0.1", f"{name} is for the proxy to resolve"
        return [name]

    with SampleServer({HOST: Misbehaviour()}, certificate=certificate) as site:
        yield kind, scheme, site, Client(NetworkSettings(ca_file=authority.ca_file), lookup=no_names)


@pytest.mark.parametrize("credentials", [None, CREDENTIALS], ids=["open", "with password"])
def test_the_exchange_is_the_sites_and_the_password_is_nobodys(
    way: tuple[str, str, SampleServer, Client], credentials: tuple[str, str] | None
) -> None:
    kind, scheme, site, client = way
    with ProxyServer(site.port, kind, credentials) as server:
        proxy = server.proxy()
        outcome = fetch(client, f"{scheme}://{HOST}/plain?a=b", proxy=proxy)
        (entry,) = site.settled(1)
        assert server.asked == [f"{HOST}:{443 if scheme == 'https' else 80}"] or server.asked == [HOST]
    assert outcome.failure is None
    record = outcome.record
    assert isinstance(record, Exchange)
    assert record.url == f"{scheme}://{HOST}/plain?a=b"
    assert record.proxy == proxy.url == f"{proxy.scheme}://127.0.0.1:{server.port}"
    assert (record.ip, record.certificate is not None) == ("127.0.0.1", scheme == "https")
    assert record.response == entry.sent
    assert token(HOST, "/plain?a=b").encode() in outcome.body
    absolute = kind == "http" and scheme == "http"
    wanted = f"GET {f'http://{HOST}' if absolute else ''}/plain?a=b HTTP/1.1\r\nHost: {HOST}\r\n".encode()
    assert record.request.startswith(wanted)
    if credentials:
        secret = base64.b64encode(":".join(credentials).encode())
        for kept in (record.request, repr(record).encode(), repr(proxy).encode()):
            assert secret not in kept
            assert b"rd" not in kept or credentials[1].encode() not in kept
        if absolute:
            assert record.request == entry.request.raw.replace(secret, b"[withheld]")
            assert entry.request.raw != record.request
            return
    assert record.request == entry.request.raw


def test_a_wrong_password(way: tuple[str, str, SampleServer, Client]) -> None:
    kind, scheme, site, client = way
    with ProxyServer(site.port, kind, CREDENTIALS) as server:
        outcome = fetch(client, f"{scheme}://{HOST}/plain", proxy=server.proxy(("guest", "wrong")))
    assert site.log == []
    if kind == "http" and scheme == "http":  # an exchange like any other: the answer is the proxy's
        assert (outcome.status, outcome.record.proxy) == (407, f"http://127.0.0.1:{server.port}")
    else:
        failed(outcome, "407" if kind == "http" else "refused user and password")


def failed(outcome: Outcome, why: str) -> None:
    assert isinstance(outcome.failure, ProxyFailed)
    assert isinstance(outcome.record, Attempt)
    assert outcome.record.reason == "proxy"
    assert why in outcome.record.detail
    assert outcome.record.proxy in outcome.record.detail  # type: ignore[operator]


@pytest.mark.parametrize(
    ("kind", "refuse", "why"),
    [
        ("http", b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad", "502 Bad Gateway"),
        ("http", b"SSH-2.0-nothing\r\n\r\n", "no HTTP"),
        ("http", b"", "gave no answer"),
        ("http", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, "gave no answer"),
        ("socks5", b"\5\4\0\1\0\0\0\0\0\0", "host unreachable"),
        ("socks5", b"\5\x63\0\1\0\0\0\0\0\0", "error 99"),
        ("socks5", b"\5\0", "hung up"),
    ],
)
def test_proxies_that_refuse(kind: str, refuse: bytes, why: str) -> None:
    with ProxyServer(1, kind, refuse=refuse) as server:
        failed(fetch(Client(NetworkSettings()), f"https://{HOST}/", proxy=server.proxy()), why)


def test_a_socks_proxy_that_is_none() -> None:
    with ProxyServer(1, "neither") as server:
        failed(fetch(Client(NetworkSettings()), f"http://{HOST}/", proxy=server.proxy()), "speaks no SOCKS5")


def test_a_proxy_that_is_not_there() -> None:
    with closed_port() as port:
        failed(fetch(Client(NetworkSettings()), f"http://{HOST}/", proxy=Proxy("http", "127.0.0.1", port)), "127.0.0.1")


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_a_silent_proxy_ends_at_the_deadline(scheme: Any) -> None:
    with silent_port() as port:
        proxy = Proxy(scheme, "127.0.0.1", port)
        outcome = fetch(Client(NetworkSettings()), f"https://{HOST}/", Limits(deadline=0.4), proxy=proxy)
    assert isinstance(outcome.failure, TookTooLong)
    assert isinstance(outcome.record, Attempt)
    assert (outcome.record.reason, outcome.record.proxy) == ("timeout", proxy.url)
    assert 0.39 <= outcome.elapsed < 1.4


def test_bytes_that_a_proxy_slips_in_are_not_taken_for_the_page(authority: Any) -> None:
    """Behind the answer to CONNECT, before TLS; and by SOCKS, before the site's own."""
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nNOT THE PAGE"
    with SampleServer({HOST: Misbehaviour()}, certificate=authority.context(HOST)) as site:
        client = Client(NetworkSettings(ca_file=authority.ca_file))
        with ProxyServer(site.port, junk=page) as server:
            failed(fetch(client, f"https://{HOST}/plain", proxy=server.proxy()), "after its answer")
        with ProxyServer(site.port, "socks5", junk=page) as server:
            outcome = fetch(client, f"https://{HOST}/plain", proxy=server.proxy())
        assert isinstance(outcome.failure, BadTls)
    assert site.log == []


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://printer.local/",
        "http://intranet/",
        "http://127.0.0.1/",
        "http://10.0.0.1/",
        "https://169.254.169.254/",
        "http://[::1]/",
        "http://2130706433/",
        "http://a@b.example/",
        "http://behind.example:22/",
        "file:///etc/hostname",
    ],
)
def test_what_a_proxy_is_never_asked_for(url: str) -> None:
    with ProxyServer(1) as server:
        outcome = fetch(Client(NetworkSettings()), url, proxy=server.proxy())
        assert server.heads == []
    assert isinstance(outcome.record, Attempt)
    assert outcome.record.reason == "refused-address"


def test_literal_addresses_through_socks() -> None:
    with SampleServer({"*": Misbehaviour()}) as site, ProxyServer(site.port, "socks5") as server:
        client = Client(NetworkSettings(allow_networks=LOOPBACK))
        assert fetch(client, "http://8.8.8.8/plain", proxy=server.proxy()).status == 200
        assert fetch(client, "http://[2606:4700::1111]/plain", proxy=server.proxy()).status == 200
        assert server.asked == ["08080808:80", "26064700000000000000000000001111:80"]


def test_no_body_under_another_url_through_proxies(way: tuple[str, str, SampleServer, Client]) -> None:
    kind, scheme, site, client = way
    kinds = ["plain", "late", "pipelined", "early", "surplus"]

    async def all_of_them(proxy: Proxy) -> None:
        async def one(number: int) -> None:
            target = f"/{kinds[number % 5]}?{number}"
            outcome = await client.exchange(Outgoing(f"{scheme}://{HOST}{target}", headers=HEADERS, proxy=proxy))
            assert f'content="{token(HOST, target)}"'.encode() in outcome.body, target
            assert b"NOT THE PAGE" not in outcome.record.response  # type: ignore[union-attr]

        await asyncio.gather(*map(one, range(25)))

    with ProxyServer(site.port, kind) as server:
        run(all_of_them(server.proxy()))
    assert len(site.settled(25)) == 25


def test_reading_what_an_operator_writes() -> None:
    assert parse_proxy("http://proxy.lan:3128") == Proxy("http", "proxy.lan", 3128)
    assert parse_proxy("proxy.lan") == Proxy("http", "proxy.lan", 80)
    assert parse_proxy("socks5h://u%40x:p%3Aw@[fd00::1]") == Proxy("socks5", "fd00::1", 1080, b"u@x", b"p:w")
    assert parse_proxy("socks5h://u:p@[fd00::1]").url == "socks5://[fd00::1]:1080"
    from_header = parse_proxy("socks5://a.example:1", b"Basic " + base64.b64encode(b"u:p:w"))
    assert (from_header.user, from_header.password) == (b"u", b"p:w")
    for wrong in ("https://proxy.lan", "ftp://proxy.lan", "http://", "socks5://:1080"):
        with pytest.raises(ValueError, match="write http://host:port"):
            parse_proxy(wrong)
    with pytest.raises(ValueError, match="write http") as told:
        parse_proxy("https://user:secret@proxy.lan")
    assert "secret" not in str(told.value)
    with pytest.raises(ValueError, match="Basic"):
        parse_proxy("http://proxy.lan", b"Digest abc")
