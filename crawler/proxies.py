"""A fetch through a proxy: http:// (CONNECT for https) or socks5://, which resolves names itself."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
from dataclasses import dataclass, field
from typing import ClassVar, Literal, cast
from urllib.parse import unquote_to_bytes, urlsplit

from crawler.addresses import Target
from newswarc.items import Truncation

_PORTS = {"http": 80, "socks5": 1080}
_MAX_HEAD = 64 * 1024
WITHHELD = b"[withheld]"
"""Stands in the archived request where the proxy's credentials were sent."""


class ProxyFailed(Exception):
    """The proxy could not be reached, refused us, or does not speak as it should."""

    reason: ClassVar[str] = "proxy"
    truncated: ClassVar[Truncation] = "unspecified"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy the operator configured; it may have a private address."""

    scheme: Literal["http", "socks5"]
    host: str
    port: int
    user: bytes | None = field(default=None, repr=False)
    """Bytes, for neither way to log in says how to encode it; UTF-8 where it comes from a URL."""
    password: bytes = field(default=b"", repr=False)

    @property
    def url(self) -> str:
        """Without user and password: what the archive and the log may say."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def authorization(self) -> bytes | None:
        """Value of Proxy-Authorization (RFC 7617)."""
        return None if self.user is None else b"Basic " + base64.b64encode(self.user + b":" + self.password)


def parse_proxy(url: str, authorization: bytes | None = None) -> Proxy:
    """`http://[user:password@]host[:port]` or `socks5://…` (`socks5h://` is the same: the proxy always resolves).

    `authorization` is a Basic Proxy-Authorization value, which wins over the URL's own. ValueError says what is wrong.
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    scheme = "socks5" if parts.scheme == "socks5h" else parts.scheme
    if scheme not in _PORTS or not parts.hostname:
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        raise ValueError(f"proxy {shown!r}: write http://host:port or socks5://host:port")
    kind, host, port = cast(Literal["http", "socks5"], scheme), parts.hostname, parts.port or _PORTS[scheme]
    if authorization:
        return Proxy(kind, host, port, *_credentials(authorization))
    if parts.username is None:
        return Proxy(kind, host, port)
    return Proxy(kind, host, port, unquote_to_bytes(parts.username), unquote_to_bytes(parts.password or ""))


def _credentials(authorization: bytes) -> tuple[bytes, bytes]:
    kind, _, token = authorization.partition(b" ")
    if kind.lower() != b"basic":
        raise ValueError("proxy: only Basic authorization is known")
    user, _, password = base64.b64decode(token).partition(b":")
    return user, password


async def tunnel(sock: socket.socket, proxy: Proxy, target: Target) -> None:
    """Makes a fresh connection to an http proxy one to the target (CONNECT, RFC 9110, 9.3.6)."""
    loop = asyncio.get_running_loop()
    where = f"{f'[{target.host}]' if ':' in target.host else target.host}:{target.port}"
    lines = [f"CONNECT {where} HTTP/1.1".encode(), f"Host: {where}".encode()]
    if proxy.authorization:
        lines.append(b"Proxy-Authorization: " + proxy.authorization)
    await loop.sock_sendall(sock, b"\r\n".join(lines) + b"\r\n\r\n")
    head = b""
    while not (end := re.search(rb"\n\r?\n", head)):
        data = await loop.sock_recv(sock, 8192)
        head += data
        if not data or len(head) > _MAX_HEAD:
            raise ProxyFailed(f"{proxy.url} gave no answer to CONNECT")
    status = re.match(rb"HTTP/1\.[01] (\d{3})[^\r\n]*", head)
    if not status or not status.group(1).startswith(b"2"):
        said = status.group().decode("latin-1") if status else "no HTTP"
        raise ProxyFailed(f"{proxy.url} refused CONNECT {where}: {said}")
    if end.end() < len(head):
        # The client speaks first in TLS: bytes that come before are of no connection we asked for.
        raise ProxyFailed(f"{proxy.url} sent {len(head) - end.end()} bytes after its answer to CONNECT")


_SOCKS_ERRORS = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "TTL expired",
    7: "command not supported",
    8: "address type not supported",
}


async def socks5(sock: socket.socket, proxy: Proxy, target: Target) -> None:
    """Makes a fresh connection to a SOCKS5 proxy one to the target, named by its host name (RFC 1928, RFC 1929)."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, b"\x05\x01\x00" if proxy.user is None else b"\x05\x02\x00\x02")
    version, method = await _exactly(sock, proxy, 2)
    if version != 5:
        raise ProxyFailed(f"{proxy.url} speaks no SOCKS5")
    if method == 2 and proxy.user is not None:
        await loop.sock_sendall(sock, b"\x01" + _counted(proxy.user) + _counted(proxy.password))
        if (await _exactly(sock, proxy, 2))[1] != 0:
            raise ProxyFailed(f"{proxy.url} refused user and password")
    elif method != 0:
        raise ProxyFailed(f"{proxy.url} wants another way to log in")
    await loop.sock_sendall(sock, b"\x05\x01\x00" + _socks_address(target) + target.port.to_bytes(2, "big"))
    _, reply, _, kind = await _exactly(sock, proxy, 4)
    if reply:
        raise ProxyFailed(f"{proxy.url}: {_SOCKS_ERRORS.get(reply, f'error {reply}')}")
    size = {1: 4, 4: 16}.get(kind) or (await _exactly(sock, proxy, 1))[0]
    await _exactly(sock, proxy, size + 2)  # the proxy's own address at the far side


def _socks_address(target: Target) -> bytes:
    if target.address is not None:
        return (b"\x01" if target.address.version == 4 else b"\x04") + target.address.packed
    return b"\x03" + _counted(target.host.encode())


def _counted(text: bytes) -> bytes:
    if len(text) > 255:
        raise ProxyFailed("SOCKS5 takes names and passwords of at most 255 bytes")
    return bytes([len(text)]) + text


async def _exactly(sock: socket.socket, proxy: Proxy, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    while len(data) < size:
        more = await loop.sock_recv(sock, size - len(data))
        if not more:
            raise ProxyFailed(f"{proxy.url} hung up")
        data += more
    return data
