"""`newswarc serve` in a process of its own, and requests to it."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

PATIENCE = 60


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Served:
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", **query: Any) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            target = path + ("?" + urlencode(query, doseq=True) if query else "")
            connection.request(method, target, headers=dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()


@contextmanager
def serving(data: Path, *arguments: str) -> Iterator[Served]:
    command = [sys.executable, "-m", "newswarc", "serve", "--port", "0", "--data", str(data), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        try:
            told = re.search(r":(\d+)/ until", process.stdout.readline())
            assert told, process.stderr.read()
            yield Served(int(told[1]))
        finally:
            process.terminate()
            complaints = process.communicate(timeout=PATIENCE)[1]
        assert "Traceback" not in complaints, complaints


def newswarc(*arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "newswarc", *arguments]
    env = {**os.environ, **(environ or {})}
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=150, check=False)
