"""A loopback door before a real server that fails on purpose: answers of its own, answers lost, bodies changed."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

LOST = "lost"
"""The request is done, its answer never comes."""
CUT = "cut"
"""The connection is closed, the request is not done."""
Told = tuple[int, bytes]
"""Status and body of an answer that comes from the door itself; the request is not done."""
Decide = Callable[[str, str, bytes], "Told | str | bytes | None"]
"""Method, path and body → Told, LOST, CUT, another body to pass on, or None: passed on as it is."""


def is_bulk(path: str) -> bool:
    return path.partition("?")[0].endswith("/_bulk")


@dataclass
class Door:
    url: str
    decide: Decide = lambda method, path, body: None
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request, in order."""
    guard: threading.Lock = field(default_factory=threading.Lock)

    def bulks(self) -> int:
        return sum(is_bulk(path) for _, path in self.seen)


@contextmanager
def door(server: str) -> Iterator[Door]:
    """Before the server at that URL."""
    behind = urlsplit(server)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms between its head and its body

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with opened.guard:
                opened.seen.append((self.command, self.path))
                decided = opened.decide(self.command, self.path, body)
            if isinstance(decided, tuple):
                self.tell(decided[0], {"Content-Type": "application/json", **PRODUCT}, decided[1])
                return
            answer = None if decided == CUT else self.pass_on(decided if isinstance(decided, bytes) else body)
            if answer is None or decided == LOST:
                self.close_connection = True
                self.connection.close()
                return
            self.tell(*answer)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_one

        def pass_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(behind.hostname or "", behind.port, timeout=60)
            try:
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")}
                connection.request(self.command, self.path, body or None, headers)
                answer = connection.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            finally:
                connection.close()

        def tell(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass  # a client that went away, or the server behind that is gone: what the tests are about

    listening = Quiet(("127.0.0.1", 0), Handler)
    opened = Door(f"http://127.0.0.1:{listening.server_port}")
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()


PRODUCT = {"X-Elastic-Product": "Elasticsearch"}
TOO_MANY: Told = (429, b'{"error":{"type":"es_rejected_execution_exception","reason":"queue full"},"status":429}')
