"""One HTTP exchange over one connection, kept byte for byte: asyncio for the socket, h11 for the framing.

The parser only ever sees a cleaned copy of the head; what is archived is what the socket gave. Knows nothing of Scrapy.

How a fetch can fail, each with the word the archive uses for it:

* RefusedAddress (`refused-address`), NoSuchHost (`dns`), CannotConnect (`connect`), BadTls (`tls`),
  ProxyFailed (`proxy`): nothing was sent, the record is an Attempt
* TookTooLong (`timeout`): an Attempt before anything was sent, afterwards an Exchange cut by `time`
* Disconnected (`disconnect`), TooLong (`length`), BadHttp (`unspecified`): an Exchange, cut
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, TypeVar
from urllib.parse import quote

import h11

from crawler.addresses import Address, RefusedAddress, Target, check_address, check_port, check_url
from crawler.proxies import WITHHELD, Proxy, ProxyFailed, socks5, tunnel
from newswarc.items import Attempt, Exchange, Kind, Truncation
from newswarc.settings import ConnectTo, NetworkSettings


class WireError(Exception):
    """A fetch that did not end as it should."""

    reason: ClassVar[str] = "connect"
    """Of an Attempt, where nothing was sent."""
    truncated: ClassVar[Truncation] = "unspecified"
    """Of an Exchange, where something was."""


class NoSuchHost(WireError):
    reason = "dns"


class CannotConnect(WireError):
    """Refused, unreachable, reset before anything was sent."""


class BadTls(WireError):
    """No handshake, or a certificate that does not verify."""

    reason = "tls"


class TookTooLong(WireError):
    """The deadline passed, or bytes came slower than the lowest rate."""

    reason = "timeout"
    truncated = "time"


class TooLong(WireError):
    truncated = "length"


class Disconnected(WireError):
    """The peer hung up within the message."""

    truncated = "disconnect"


class BadHttp(WireError):
    """What came is not HTTP/1."""


Failure = WireError | RefusedAddress | ProxyFailed


@dataclass(frozen=True, slots=True)
class Limits:
    """What one exchange may take. Seconds and bytes."""

    deadline: float = 30.0
    """For resolving, connecting, TLS, head and body together, by the monotonic clock."""
    head: int = 256 * 1024
    """All interim heads and the final one together."""
    body: int = 10 * 1024 * 1024
    """The entity body; 0 for no limit. The framing may take as much again and 64 KiB."""
    lowest_rate: float = 100.0
    """Bytes a second, on average from the first byte on, once `rate_after` has passed; 0 for no limit."""
    rate_after: float = 10.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request to be sent. Host, Content-Length and Connection are ours; other headers go out as given."""

    url: str
    method: str = "GET"
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytes = b""
    kind: Kind = "article"
    source: str | None = None
    via: str | None = None
    proxy: Proxy | None = None


@dataclass(slots=True)
class Outcome:
    """How a fetch ended: the record for the archive, and what a client wants of the response."""

    record: Exchange | Attempt
    failure: Failure | None
    """None: the message is whole."""
    status: int | None = None
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Names as sent, in order, repeats kept; values without white space around them, unfolded."""
    body: bytes = b""
    """The entity: transfer coding removed, content coding kept."""
    http_version: str | None = None
    address: Address | None = None
    latency: float = 0.0
    """Seconds to the end of the head, or to the failure."""
    elapsed: float = 0.0
    """Seconds in all."""


_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_CLEAN_HEAD = re.compile(rb"HTTP/[^\n\0]*\r\n(?:" + _TOKEN + rb":[^\0\r\n\v\f]*\r\n)*\r\n")
_FIELD_LINE = re.compile(rb"(" + _TOKEN + rb")[ \t]*:(.*)", re.DOTALL)
_HEAD_END = re.compile(rb"\n\r?\n")
_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)\d\d")
_UNPRINTABLE = bytes.maketrans(b"\0\r\v\f", b"    ")


def cleaned(head: bytes) -> bytes:
    """A copy of a head that a strict parser takes: what is no header line is left out, as browsers do, with the lines
    folded under it; NUL and stray CR become spaces (RFC 9110, 5.5), as does the space before a colon."""
    if _CLEAN_HEAD.fullmatch(head):
        return head
    start, *lines = head.rstrip(b"\r\n").split(b"\n")
    kept, keep = [start.rstrip(b"\r")], False
    for line in lines:
        line = line.removesuffix(b"\r").translate(_UNPRINTABLE)
        if not line.startswith((b" ", b"\t")):
            match = _FIELD_LINE.fullmatch(line)
            # `identity` is the absence of a transfer coding (RFC 2616); the parser would refuse it.
            keep = match is not None and line.lower().replace(b" ", b"") != b"transfer-encoding:identity"
            line = b":".join(match.groups()) if match else line
        if keep:
            kept.append(line)
    return b"\r\n".join(kept) + b"\r\n\r\n"


class HeadCleaner:
    """Passes a response on to the parser; holds the head back until it is whole, and cleans it."""

    def __init__(self, limit: int) -> None:
        self._held, self._limit, self._past = bytearray(), limit, False
        self._searched = 0

    @property
    def waiting(self) -> bool:
        """Whether the final head is not whole yet."""
        return not self._past

    def feed(self, data: bytes) -> bytes:
        if self._past:
            return data
        self._held += data
        out = b""
        while not self._past and (end := _HEAD_END.search(self._held, max(0, self._searched - 2))):
            head = bytes(self._held[: end.end()])
            del self._held[: end.end()]
            self._searched, self._limit = 0, self._limit - len(head)
            out += cleaned(head)
            self._past = not _INTERIM.match(head)
        if self._limit < (0 if self._past else len(self._held)):
            raise TooLong("the head is too long")
        if self._past:
            return out + self._held
        if not b"HTTP/1.".startswith(self._held[:7]) and not self._held.startswith(b"HTTP/1."):
            raise BadHttp(f"not HTTP/1: {bytes(self._held[:40])!r}")
        self._searched = len(self._held)
        return out


class Reception:
    """The reading side of one exchange, without a socket: bytes in, one message out.

    `raw` is what came for this message, `surplus` counts what came behind its end."""

    def __init__(self, outgoing: h11.Request, limits: Limits, body: bytes = b"") -> None:
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.head)
        parts = [self._parser.send(outgoing), self._parser.send(h11.Data(body)) if body else b""]
        self.request = b"".join([*map(bytes, filter(None, parts)), self._parser.send(h11.EndOfMessage()) or b""])
        self._has_body = outgoing.method != b"HEAD"
        self._limits, self._cleaner = limits, HeadCleaner(limits.head)
        self.raw, self.surplus = bytearray(), 0
        self._parts: list[bytes | bytearray] = []
        self._size = self._head_size = 0
        self.response: h11.Response | None = None
        self.first_byte: float | None = None

    @property
    def body(self) -> bytes:
        return b"".join(self._parts)

    def feed(self, data: bytes) -> bool:
        """Takes what the socket gave (never nothing); True when the message is whole. Raises TooLong, BadHttp."""
        self.raw += data
        try:
            fed = self._cleaner.feed(data)
        except TooLong:
            del self.raw[self._limits.head :]
            raise
        # To h11 an empty read means that the peer hung up; while a head is held back there is nothing to give it.
        if not fed:
            return False
        self._parser.receive_data(fed)
        return self._advance()

    def hang_up(self) -> bool:
        """The peer closed; True when that ends the message as it should. Raises Disconnected."""
        if self._cleaner.waiting:
            raise Disconnected(
                f"the peer hung up after {len(self.raw)} bytes, before the end of the head" if self.raw else "no answer"
            )
        self._parser.receive_data(b"")
        try:
            return self._advance()
        except BadHttp as e:
            raise Disconnected(str(e)) from e

    def _advance(self) -> bool:
        try:
            while (event := self._parser.next_event()) is not h11.NEED_DATA:
                if type(event) is h11.Data:
                    self._take(event.data)
                elif type(event) is h11.Response:
                    self._start(event)
                elif type(event) in (h11.EndOfMessage, h11.ConnectionClosed):
                    self._finish()
                    return True
        except h11.RemoteProtocolError as e:
            raise (TooLong if e.error_status_hint == 431 else BadHttp)(str(e)) from e
        if self._limits.body and len(self.raw) - self._head_size > 2 * self._limits.body + 65536:
            raise TooLong(f"more than {self._limits.body} bytes of framing")
        return False

    def _start(self, response: h11.Response) -> None:
        self.response = response
        self._head_size = self._limits.head  # at most
        declared = next((int(v) for k, v in response.headers if k == b"content-length"), 0)
        bodiless = not self._has_body or response.status_code in (204, 304)
        if self._limits.body and declared > self._limits.body and not bodiless:
            raise TooLong(f"{declared} bytes announced, more than {self._limits.body}")

    def _take(self, data: bytes | bytearray) -> None:
        self._parts.append(data)
        self._size += len(data)
        if self._limits.body and self._size > self._limits.body:
            raise TooLong(f"more than {self._limits.body} bytes")

    def _finish(self) -> None:
        rest, _ = self._parser.trailing_data
        if rest:
            self.surplus = len(rest)
            del self.raw[-len(rest) :]


class _Receiver(asyncio.Protocol):
    """Feeds a Reception from a transport; `done` ends with None, or with the WireError that ended it."""

    def __init__(self, reception: Reception, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        self.done: asyncio.Future[None] = loop.create_future()
        self.head_at: float | None = None
        self._reception, self._limits, self._loop = reception, limits, loop
        self._first: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        if self.done.done():
            return
        if self._first is None:
            self._first = time.monotonic()
            if self._limits.lowest_rate:
                self._timer = self._loop.call_later(self._limits.rate_after, self._check_rate)
        self._end(self._reception.feed, data)
        if self.head_at is None and self._reception.response is not None:
            self.head_at = time.monotonic()

    def eof_received(self) -> None:
        if not self.done.done():
            self._end(self._reception.hang_up)

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()
        if self.done.done():
            return
        if error is None:
            self._end(self._reception.hang_up)
        else:
            self.done.set_exception(Disconnected(f"{type(error).__name__}: {error}"))

    def _end(self, step: Callable[..., bool], *arguments: bytes) -> None:
        try:
            if step(*arguments):
                self.done.set_result(None)
        except Exception as e:  # noqa: BLE001 - handed to the one who waits, or it would be lost in the event loop
            self.done.set_exception(e)

    def _check_rate(self) -> None:
        assert self._first is not None
        received, seconds = len(self._reception.raw), time.monotonic() - self._first
        if self.done.done():
            return
        if received < seconds * self._limits.lowest_rate:
            self.done.set_exception(TookTooLong(f"{received} bytes in {seconds:.1f} s, under the lowest rate"))
        else:
            self._timer = self._loop.call_later(1.0, self._check_rate)


def _utc_now() -> datetime:
    return datetime.now(UTC)


Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""All addresses of a name, or OSError."""


async def system_lookup(host: str) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Resolver:
    """Asks for each name once in `ttl` seconds; names asked for at the same time share one question."""

    def __init__(self, lookup: Lookup = system_lookup, ttl: float = 60.0, size: int = 2000) -> None:
        self._lookup, self._ttl, self._size = lookup, ttl, size
        self._known: dict[str, tuple[float, asyncio.Future[Sequence[str]]]] = {}

    async def __call__(self, host: str) -> Sequence[str]:
        now = time.monotonic()
        until, answer = self._known.get(host, (0.0, None))
        if answer is None or until < now:
            if len(self._known) >= self._size:
                self._known.clear()
            answer = asyncio.ensure_future(self._lookup(host))
            self._known[host] = (now + self._ttl, answer)
        try:
            return answer.result() if answer.done() else await asyncio.shield(answer)
        except (OSError, UnicodeError) as e:
            self._known.pop(host, None)
            raise NoSuchHost(f"{host}: {e}") from e


class Client:
    """Does exchanges. One per crawl: it keeps the TLS settings and the names resolved, and no connection.

    `unverified` are hosts whose certificate is not checked; each of their records says so. `*` means all."""

    def __init__(
        self,
        network: NetworkSettings,
        *,
        unverified: frozenset[str] = frozenset(),
        lookup: Lookup = system_lookup,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.network, self._unverified = network, unverified
        self._resolve, self._now = Resolver(lookup), now
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._clocks: set[asyncio.Timeout] = set()

    async def exchange(self, outgoing: Outgoing, limits: Limits = Limits()) -> Outcome:
        """One request and its response. Raises nothing for what the network does; ValueError where `outgoing` is no
        request that HTTP knows."""
        running = _Running(self, outgoing, limits)
        try:
            async with asyncio.timeout(limits.deadline) as clock:
                self._clocks.add(clock)
                await running.run()
        except TimeoutError:
            return running.outcome(TookTooLong(f"not done after {limits.deadline:g} s ({running.stage})"))
        except (WireError, RefusedAddress, ProxyFailed) as e:
            return running.outcome(e)
        finally:
            self._clocks.discard(clock)
            running.close()
        return running.outcome(None)

    def hurry(self, seconds: float) -> None:
        """Gives all exchanges under way no more than so many seconds from now."""
        end = asyncio.get_running_loop().time() + seconds
        for clock in self._clocks:
            clock.reschedule(min(clock.when() or end, end))

    async def addresses(self, target: Target) -> tuple[list[Address], int]:
        """Where to dial for a target, all of it checked: addresses in order, and the port."""
        rule = next((r for r in self.network.connect_to if r.matches(target.host, target.port)), None)
        found, port = await self._found(target, rule)
        allow = self.network.allow_networks
        # One bad answer spoils the name: no mixed public and private answers.
        checked = [check_address(address, allow) for address in found]
        for address in checked:
            check_port(address, port, self.network.allow_ports, allow)
        return list(dict.fromkeys(checked)), port

    async def _found(self, target: Target, rule: ConnectTo | None) -> tuple[Sequence[str | Address], int]:
        if rule is not None:
            return [rule.to_address], rule.to_port
        if target.address is not None:
            return [target.address], target.port
        return await self._resolve(target.host), target.port

    async def proxy_addresses(self, proxy: Proxy) -> list[Address]:
        """Of a proxy; the operator chose it, so any address will do."""
        try:
            return list(dict.fromkeys(map(ipaddress.ip_address, await self._resolve(proxy.host))))
        except NoSuchHost as e:
            raise ProxyFailed(f"{proxy.url}: {e}") from e

    def verifies(self, host: str) -> bool:
        return not self._unverified & {"*", host}

    def context(self, host: str) -> ssl.SSLContext:
        verify = self.verifies(host)
        if verify not in self._contexts:
            self._contexts[verify] = _tls_context(self.network, verify)
        return self._contexts[verify]


def _tls_context(network: NetworkSettings, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if network.ca_file:
        context.load_verify_locations(network.ca_file)
    # Faithful records need HTTP/1.1: in HTTP/2 there is no head to keep.
    context.set_alpn_protocols(["http/1.1"])
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


# Ours, or of one connection only; Host would put another site's page under this URL.
_NOT_PASSED_ON = frozenset(
    b"host connection keep-alive proxy-connection proxy-authorization".split()
    + b"content-length transfer-encoding te upgrade expect".split()
)


def request_head(outgoing: Outgoing, target: Target) -> h11.Request:
    """The request as it will be sent, credentials of the proxy apart; ValueError where it is no HTTP."""
    absolute = outgoing.proxy is not None and outgoing.proxy.scheme == "http" and target.scheme == "http"
    headers = [(b"Host", target.netloc.encode())]
    headers += [(name, value) for name, value in outgoing.headers if name.lower() not in _NOT_PASSED_ON]
    if outgoing.body or outgoing.method in ("POST", "PUT", "PATCH"):
        headers.append((b"Content-Length", b"%d" % len(outgoing.body)))
    if absolute and outgoing.proxy and outgoing.proxy.authorization:
        headers.append((b"Proxy-Authorization", outgoing.proxy.authorization))
    # One connection per exchange: with keep-alive an unasked second response is taken for the next page's.
    headers.append((b"Connection", b"close"))
    request_target = f"http://{target.netloc}{target.path}" if absolute else target.path
    try:
        return h11.Request(method=outgoing.method, target=request_target, headers=headers)
    except (h11.LocalProtocolError, UnicodeError) as e:
        raise ValueError(f"{outgoing.method} {outgoing.url}: {e}") from e


_UNFIT = re.compile(r"[\x00-\x20\x7f-\x9f\s\ud800-\udfff]")
"""What a WARC-Target-URI cannot hold; a refused URL is recorded with it percent-encoded."""


T = TypeVar("T")
Connect = Callable[[Address, int], Awaitable[T]]


class _Running:
    """One exchange while it runs: what is known of it so far."""

    def __init__(self, client: Client, outgoing: Outgoing, limits: Limits) -> None:
        self._client, self._outgoing, self._limits = client, outgoing, limits
        self._loop = asyncio.get_running_loop()
        self._begun, self._started = time.monotonic(), client._now()
        self.stage = "reading the URL"
        self._url = _UNFIT.sub(lambda m: quote(m[0], errors="replace"), outgoing.url.partition("#")[0])
        self._target: Target | None = None
        self._address: Address | None = None
        self._reception: Reception | None = None
        self._receiver: _Receiver | None = None
        self._transport: asyncio.Transport | None = None
        self._sent = b""
        self._tls: tuple[str | None, str | None, bytes | None] = (None, None, None)

    async def run(self) -> None:
        outgoing, network = self._outgoing, self._client.network
        self._target = target = check_url(outgoing.url, allow=network.allow_networks)
        self._url = target.url
        self._reception = Reception(request_head(outgoing, target), self._limits, outgoing.body)
        if outgoing.proxy is None and target.scheme == "http":
            await self._direct(target, self._connect_plainly)
        elif outgoing.proxy is None:
            await self._open(await self._direct(target, self._connect), target)
        else:
            await self._open(await self._through(outgoing.proxy, target), target)
        assert self._transport is not None
        assert self._receiver is not None
        self.stage = "waiting for the response"
        self._started, self._sent = self._client._now(), self._reception.request
        self._transport.write(self._sent)
        await self._receiver.done

    def close(self) -> None:
        if self._receiver is not None and not self._receiver.done.cancel() and not self._receiver.done.cancelled():
            self._receiver.done.exception()  # retrieved, so that asyncio does not complain that nobody looked
        if self._transport is not None:
            self._transport.abort()

    def outcome(self, failure: Failure | None) -> Outcome:
        now, reception, receiver = time.monotonic(), self._reception, self._receiver
        record = self._exchange(failure) if self._sent else self._attempt(failure)
        head_at = receiver.head_at if receiver and receiver.head_at else now
        outcome = Outcome(
            record, failure, address=self._address, latency=head_at - self._begun, elapsed=now - self._begun
        )
        if reception is not None and reception.response is not None:
            outcome.status = reception.response.status_code
            outcome.headers = reception.response.headers.raw_items()
            outcome.http_version = reception.response.http_version.decode()
            outcome.body = reception.body
        return outcome

    def _attempt(self, failure: Failure | None) -> Attempt:
        outgoing = self._outgoing
        return Attempt(
            url=self._url,
            started=self._started,
            kind=outgoing.kind,
            reason=failure.reason if failure else "connect",
            detail=str(failure),
            source=outgoing.source,
            via=outgoing.via,
            proxy=outgoing.proxy.url if outgoing.proxy else None,
        )

    def _exchange(self, failure: Failure | None) -> Exchange:
        outgoing, reception = self._outgoing, self._reception
        assert reception is not None
        tls_version, cipher, certificate = self._tls
        return Exchange(
            url=self._url,
            started=self._started,
            request=self._without_credentials(),
            response=bytes(reception.raw),
            kind=outgoing.kind,
            source=outgoing.source,
            via=outgoing.via,
            truncated=failure.truncated if failure else None,
            ip=str(self._address),
            tls_version=tls_version,
            cipher=cipher,
            certificate=certificate,
            proxy=outgoing.proxy.url if outgoing.proxy else None,
            surplus=reception.surplus,
            error=f"{type(failure).__name__}: {failure}"[:500] if failure else None,
            note=self._note(),
        )

    def _without_credentials(self) -> bytes:
        authorization = self._outgoing.proxy and self._outgoing.proxy.authorization
        if not authorization:
            return self._sent
        shown = authorization.partition(b" ")[0] + b" " + WITHHELD
        return self._sent.replace(b"\r\nProxy-Authorization: " + authorization, b"\r\nProxy-Authorization: " + shown, 1)

    def _note(self) -> str | None:
        if self._target is None or self._target.scheme == "http" or self._client.verifies(self._target.host):
            return None
        return "the certificate was not verified: the host is listed as an exception"

    async def _direct(self, target: Target, connect: Connect[T]) -> T:
        self.stage = "resolving the name"
        addresses, port = await self._client.addresses(target)
        self.stage = "connecting"
        return await self._dial(addresses, port, connect)

    async def _through(self, proxy: Proxy, target: Target) -> socket.socket:
        check_port(target.address, target.port, self._client.network.allow_ports, self._client.network.allow_networks)
        self.stage = "connecting to the proxy"
        found = await self._client.proxy_addresses(proxy)
        try:
            sock = await self._dial(found, proxy.port, self._connect)
        except CannotConnect as e:
            raise ProxyFailed(f"{proxy.url}: {e}") from e
        try:
            if proxy.scheme == "socks5":
                await socks5(sock, proxy, target)
            elif target.scheme == "https":
                await tunnel(sock, proxy, target)
        except OSError as e:
            sock.close()
            raise ProxyFailed(f"{proxy.url}: {e}") from e
        except BaseException:
            sock.close()
            raise
        return sock

    async def _dial(self, addresses: Sequence[Address], port: int, connect: Connect[T]) -> T:
        errors = []
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                if left == 1:
                    return await connect(address, port)
                # An address that swallows packets leaves time for the next one.
                share = (self._begun + self._limits.deadline - time.monotonic()) / left
                async with asyncio.timeout(share):
                    return await connect(address, port)
            except OSError as e:  # TimeoutError is one
                errors.append(f"{address}: {e.strerror or e or 'no answer'}")
        raise CannotConnect("; ".join(errors) or "no address")

    async def _connect(self, address: Address, port: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            await self._loop.sock_connect(sock, (str(address), port))
        except BaseException:
            sock.close()
            raise
        self._address = address
        return sock

    async def _connect_plainly(self, address: Address, port: int) -> None:
        """Connects and opens in one step, which the event loop does with fewer system calls."""
        self._transport, _ = await self._loop.create_connection(self._receive, str(address), port)
        self._address = address

    def _receive(self) -> _Receiver:
        assert self._reception is not None
        self._receiver = _Receiver(self._reception, self._limits, self._loop)
        return self._receiver

    async def _open(self, sock: socket.socket, target: Target) -> None:
        if target.scheme == "http":
            self._transport, _ = await self._loop.create_connection(self._receive, sock=sock)
            return
        self.stage = "TLS handshake"
        try:
            self._transport, _ = await self._loop.create_connection(
                self._receive,
                sock=sock,
                ssl=self._client.context(target.host),
                server_hostname=target.host,
                ssl_handshake_timeout=self._limits.deadline,
            )
        except (OSError, ssl.CertificateError) as e:
            raise BadTls(f"{target.host}: {e}") from e
        tls: ssl.SSLObject = self._transport.get_extra_info("ssl_object")
        version, cipher = tls.version(), tls.cipher()
        self._tls = (
            version.lower().replace("v", "/") if version else None,
            cipher[0] if cipher else None,
            tls.getpeercert(binary_form=True),
        )
