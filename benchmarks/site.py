"""A news site for the benches: pages ready in memory, sent as one write; on loopback, in a process of its own.

`/news/<n>.html` is page n (counted on beyond their number, so that 2,000 pages can be 20,000 addresses), `/sitemap.xml`
lists what the host has, everything else is 404. Every host name is served; of the host `outlet-3-of-10.example` there
are the pages 3, 13, 23 and so on. Also listens on 127.0.0.1 to 127.0.0.64, for a client that needs many hosts without
names.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import cast

ADDRESSES = [f"127.0.0.{n}" for n in range(1, 65)]
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"
_REQUEST = re.compile(rb"GET (\S+) HTTP/1\.1\r\n(?:.*\r\n)*?[Hh]ost: ([^\r\n:]+)")
_HOST = re.compile(r"outlet-(\d+)-of-(\d+)\.example")


class Site:
    """What is served: `pages` holds whole responses."""

    def __init__(self, folder: Path, addresses: int) -> None:
        paths = sorted(folder.glob("*.html.gz"), key=lambda path: int(path.name.partition(".")[0]))
        self.pages = [_response(path.read_bytes(), b"text/html; charset=utf-8", b"gzip") for path in paths]
        self.addresses = addresses

    def answer(self, path: bytes, host: str) -> bytes:
        if path.startswith(b"/news/"):
            return self.pages[int(path[6:-5]) % len(self.pages)]
        if path == b"/sitemap.xml" and (named := _HOST.fullmatch(host)):
            return self._sitemap(host, int(named[1]), int(named[2]))
        return _NOT_FOUND

    def _sitemap(self, host: str, first: int, step: int) -> bytes:
        urls = "".join(
            f"<url><loc>http://{host}/news/{n}.html</loc></url>\n" for n in range(first, self.addresses, step)
        )
        text = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>'
        return _response(text.encode(), b"application/xml")


def _response(body: bytes, content_type: bytes, coding: bytes = b"") -> bytes:
    more = b"Content-Encoding: %s\r\nVary: Accept-Encoding\r\n" % coding if coding else b""
    head = (
        b"HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Tue, 24 Nov 2026 12:00:00 GMT\r\nContent-Type: %s\r\n"
        b"Cache-Control: max-age=60\r\nX-Frame-Options: SAMEORIGIN\r\n%sContent-Length: %d\r\n\r\n"
    )
    return head % (content_type, more, len(body)) + body


class Connection(asyncio.Protocol):
    def __init__(self, site: Site) -> None:
        self.site, self.held = site, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by class

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head, self.held = self.held[: end + 2], self.held[end + 4 :]
            match = _REQUEST.match(head)
            self.transport.write(self.site.answer(match[1], match[2].decode()) if match else _NOT_FOUND)
            if b"onnection: close" in head:
                self.transport.close()


async def _serve(folder: Path, addresses: int) -> None:
    site = Site(folder, addresses)
    loop = asyncio.get_running_loop()
    first = await loop.create_server(lambda: Connection(site), ADDRESSES[0], 0, backlog=1024)
    port = first.sockets[0].getsockname()[1]
    await loop.create_server(lambda: Connection(site), ADDRESSES[1:], port, backlog=1024)
    print(port, flush=True)
    # Ends with the bench that started it, whatever ends that.
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    folder, addresses = Path(sys.argv[1]), int(sys.argv[2])
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(folder, addresses))
    else:
        uvloop.run(_serve(folder, addresses))


if __name__ == "__main__":
    main()
