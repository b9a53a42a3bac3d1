"""A loopback web server that writes down every byte it sends and receives.

It serves `Site`s by host name: the sample outlets, the misbehaving site of the tests, a replayed corpus. It never
listens on anything but loopback. Each exchange is an `Entry` of its log; the tests hold the archive against that log.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import ssl
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

Piece = bytes | float
"""Bytes to send at once, or seconds to wait before the next piece."""


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One request as received."""

    method: str
    target: str
    """As on the request line; absolute when the client takes us for a proxy."""
    host: str
    """From the absolute target, else from the Host header; lower case, without port."""
    path: str
    """Without the query."""
    query: str
    headers: Mapping[str, str]
    """Lower-case names; the last value of a repeated one."""
    body: bytes
    raw: bytes
    tls: bool
    port: int
    """The port that was asked for, as the Host header or target says it, else the scheme's default."""

    @property
    def base(self) -> str:
        """`http://host[:port]`, as the client sees this site."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{self.host}" + ("" if self.port == (443 if self.tls else 80) else f":{self.port}")


@dataclass(frozen=True, slots=True)
class Reply:
    """What to send: the raw pieces of a whole HTTP message, and whether the connection may go on."""

    pieces: Sequence[Piece]
    keep_alive: bool = True


class Site(Protocol):
    def __call__(self, request: WireRequest) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One exchange as the wire saw it."""

    request: WireRequest
    sent: bytes
    connection: int


def message(
    body: bytes | str = b"",
    content_type: str | None = "text/html; charset=utf-8",
    status: str = "200 OK",
    headers: Sequence[tuple[str, str]] = (),
) -> Reply:
    """An ordinary, well-formed reply."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", "Server: newswarc-sample"]
    lines += [f"Content-Type: {content_type}"] if content_type else []
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(data)}"]
    return Reply([("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + data])


def not_found(request: WireRequest) -> Reply:
    return message(f"<p>No page at {request.path!r}.", status="404 Not Found")


@dataclass
class SampleServer:
    """Serves sites on loopback from a thread of its own. Use as a context manager; `port` 0 takes a free one.

    `sites` maps host names to sites; `*` answers for every other host. With `certificate` (an ssl.SSLContext for the
    server side) it speaks https.
    """

    sites: Mapping[str, Site]
    address: str = "127.0.0.1"
    port: int = 0
    certificate: ssl.SSLContext | None = None
    log: list[Entry] = field(default_factory=list)
    keep_log: bool = True
    on_entry: Callable[[Entry], None] | None = None

    def __post_init__(self) -> None:
        if not ipaddress.ip_address(self.address).is_loopback:
            raise ValueError(f"the sample server listens on loopback only, not on {self.address}")
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._connections = 0
        self._logged = threading.Condition()

    def __enter__(self) -> SampleServer:
        self._thread = threading.Thread(target=self._run, name="sample-server", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def settled(self, count: int, timeout: float = 10.0) -> list[Entry]:
        """The log once it has `count` entries: an exchange is logged a moment after its last byte is sent."""
        with self._logged:
            self._logged.wait_for(lambda: len(self.log) >= count, timeout)
            return list(self.log)

    def entries(self, path: str | None = None) -> Iterator[Entry]:
        return (e for e in list(self.log) if path is None or e.request.path == path)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as e:  # noqa: BLE001 - handed to the thread that waits in __enter__
            self._failure = e
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(
            self._connection, self.address, self.port, ssl=self.certificate, backlog=512
        )
        self.port = server.sockets[0].getsockname()[1]
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: weakref.WeakSet[asyncio.StreamWriter] = weakref.WeakSet()
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in list(self._writers):  # also those that still had something to send
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        self._connections += 1
        number = self._connections
        try:
            with contextlib.suppress(
                asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ssl.SSLError
            ):
                while await self._exchange(reader, writer, number):
                    pass
        except asyncio.CancelledError:
            pass  # the server stops
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length:\s*(\d+)", head)
        body = await reader.readexactly(int(length.group(1))) if length else b""
        request = parse_request(head, body, tls=self.certificate is not None, port=self.port)
        reply = (self.sites.get(request.host) or self.sites.get("*") or not_found)(request)
        sent = bytearray()
        try:
            for piece in reply.pieces:
                if isinstance(piece, bytes):
                    sent += piece
                    writer.write(piece)
                else:
                    await writer.drain()
                    await asyncio.sleep(piece)
            await writer.drain()
        finally:
            entry = Entry(request, bytes(sent), number)
            if self.keep_log:
                with self._logged:
                    self.log.append(entry)
                    self._logged.notify_all()
            if self.on_entry:
                self.on_entry(entry)
        return reply.keep_alive and request.headers.get("connection", "").lower() != "close"


def parse_request(head: bytes, body: bytes, *, tls: bool, port: int) -> WireRequest:
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = (lines[0] + "  ").split(" ", 2)
    headers = {n.strip().lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:] if ":" in line)}
    absolute = urlsplit(target if "://" in target else f"http://{headers.get('host', '')}{target}")
    return WireRequest(
        method=method,
        target=target,
        host=(absolute.hostname or "").lower(),
        path=absolute.path or "/",
        query=absolute.query,
        headers=headers,
        body=body,
        raw=head + body,
        tls=tls,
        port=absolute.port or (443 if tls else 80),
    )
