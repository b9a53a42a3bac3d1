"""A headless Chromium driven over its debugging pipe, and a trap that every name but ours leads to."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import external

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-default-apps"),
    *("--disable-extensions", "--enable-logging=stderr", "--remote-debugging-pipe"),
    "--renderer-process-limit=4",
)
LAUNCH = """
import fcntl, os, sys
read, write = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(read, 3), os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Chromium reads the pipe from descriptor 3 and writes to 4."""
ABREAST = 16
"""Tabs open at a time."""


class Trap:
    """Takes every TCP connection, keeps what first comes over it, and answers nothing. Even a bare connect counts."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.caught: list[bytes] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            self.caught.append(b"")
            threading.Thread(target=self._read, args=(connection, len(self.caught) - 1), daemon=True).start()

    def _read(self, connection: socket.socket, number: int) -> None:
        with connection:
            connection.settimeout(5)
            try:
                self.caught[number] = connection.recv(2000)
            except OSError:  # nothing was sent
                return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


class Chromium:
    """Speaks the DevTools protocol: JSON messages, each ended by a NUL."""

    def __init__(self, process: subprocess.Popen[bytes], to: int, back: int) -> None:
        self._process, self._to, self._back = process, to, os.fdopen(back, "rb")
        self._last = 0
        self._events: list[dict[str, Any]] = []
        self._buffer = b""
        self._loaders: dict[str, str] = {}

    def visit(self, urls: Iterable[str]) -> dict[str, str]:
        """Opens each URL in a tab of its own, waits until its network is idle, gives the documents as they are then."""
        left, pages = list(urls), {}
        while left:
            now, left = left[:ABREAST], left[ABREAST:]
            tabs = {self._open(url): url for url in now}
            self._await_idle(set(tabs))
            for tab, url in tabs.items():
                told = self.call("Runtime.evaluate", tab, expression="document.documentElement.outerHTML")
                pages[url] = told["result"]["value"]
            for target in [t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"][1:]:
                self.call("Target.closeTarget", targetId=target["targetId"])
        return pages

    def _open(self, url: str) -> str:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        tab: str = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable", tab)
        self._events = [e for e in self._events if e.get("sessionId") != tab]
        self.call("Page.setLifecycleEventsEnabled", tab, enabled=True)
        self._loaders[tab] = self.call("Page.navigate", tab, url=url)["loaderId"]
        return tab

    def _await_idle(self, tabs: set[str]) -> None:
        while tabs:
            event = self._events.pop(0) if self._events else self._receive()
            parameters = event.get("params", {})
            if (
                event.get("method") == "Page.lifecycleEvent"
                and parameters["name"] == "networkIdle"
                and parameters["loaderId"] == self._loaders.get(event.get("sessionId"))
            ):
                tabs.discard(event["sessionId"])

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._events.append(answer)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            more = os.read(self._back.fileno(), 1 << 16)
            assert more, "Chromium is gone"
            self._buffer += more
        message, _, self._buffer = self._buffer.partition(b"\0")
        decoded: dict[str, Any] = json.loads(message)
        return decoded


@contextmanager
def chromium(trap: Trap, log: Path) -> Iterator[Chromium]:
    """Each `.example` leads to the trap, 127.0.0.1 to itself, no other name anywhere; the console goes to `log`."""
    program = external.chromium()
    inbound, outbound = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, log.open("wb") as written:
        rules = f"--host-resolver-rules=MAP *.example 127.0.0.1:{trap.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        command = [program, *FLAGS, rules, f"--user-data-dir={profile}", "about:blank"]
        ends = (inbound[0], outbound[1])
        launch = [sys.executable, "-c", LAUNCH, *map(str, ends), *command]
        process = subprocess.Popen(launch, stdout=written, stderr=written, pass_fds=ends)
        os.close(inbound[0])
        os.close(outbound[1])
        browser = Chromium(process, inbound[1], outbound[0])
        try:
            yield browser
            browser.call("Browser.close")
            process.wait(timeout=20)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            os.close(inbound[1])
            browser._back.close()
