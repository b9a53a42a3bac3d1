"""What the tests of the capture side share: networks of loopback, raw WARC blocks, a crawl in a process of its own."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from warcio.archiveiterator import ArchiveIterator

from crawler.sample.misbehaviour import EXCHANGES, Case
from crawler.sample.server import Entry
from crawler.wire import Client, Limits, Outcome, Outgoing
from newswarc.settings import ConnectTo, NetworkSettings

REPOSITORY = Path(__file__).parents[2]
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
T = TypeVar("T")
HEADERS = ((b"User-Agent", b"test/1"), (b"Accept-Encoding", b"gzip"))


def network(port: int, ca_file: Path | None = None, *, allow: tuple[Any, ...] = LOOPBACK) -> NetworkSettings:
    """Every name leads to this port of loopback."""
    return NetworkSettings(allow_networks=allow, connect_to=(ConnectTo("*", None, "127.0.0.1", port),), ca_file=ca_file)


class Loops:
    """Which event loop `run` uses; the `every_loop` fixture sets it."""

    factory: Callable[[], asyncio.AbstractEventLoop] | None = None


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=Loops.factory) as runner:
        return runner.run(coroutine)


def fetch(client: Client, url: str, limits: Limits = Limits(deadline=20), **fields: Any) -> Outcome:  # noqa: B008
    fields.setdefault("headers", HEADERS)
    return run(client.exchange(Outgoing(url, **fields), limits))


def outgoing(case: Case, base: str) -> Outgoing:
    headers = [*HEADERS, *((name.encode(), value.encode()) for name, value in case.headers)]
    return Outgoing(base + case.path, case.method, headers, case.body)


@dataclass
class Record:
    headers: Mapping[str, str]
    block: bytes

    @property
    def type(self) -> str:
        return self.headers["WARC-Type"]


@dataclass
class Taken:
    """The records of one exchange."""

    response: Record | None = None
    request: Record | None = None
    metadata: Record | None = None

    def meta(self) -> dict[str, str]:
        assert self.metadata is not None
        return dict(line.split(": ", 1) for line in self.metadata.block.decode().split("\r\n") if line)


def records(folder: Path) -> list[Record]:
    """All records of an archive, blocks as they lie there; read by warcio, not by us."""
    found = []
    for path in sorted(folder.glob("*.warc.gz*")):
        if path.name.endswith((".gz", ".gz.open")):
            with path.open("rb") as stream:
                for record in ArchiveIterator(stream, no_record_parse=True):
                    found.append(Record(dict(record.rec_headers.headers), record.content_stream().read()))
    return found


def exchanges(folder: Path) -> dict[str, list[Taken]]:
    """By target URI, in the order of the archive."""
    by_id: dict[str, Taken] = {}
    by_url: dict[str, list[Taken]] = defaultdict(list)
    for record in records(folder):
        uri = record.headers.get("WARC-Target-URI", "")
        if record.type == "warcinfo" or uri.startswith("urn:"):
            continue
        key = record.headers.get("WARC-Concurrent-To") or record.headers["WARC-Record-ID"]
        if key not in by_id:
            by_id[key] = Taken()
            by_url[uri].append(by_id[key])
        kind = "response" if record.type in ("response", "revisit") else record.type
        setattr(by_id[key], kind, record)
    return by_url


def full_target(entry: Entry) -> str:
    return entry.request.path + (f"?{entry.request.query}" if entry.request.query else "")


def expected_cut(case: Case, sent: bytes, taken: Taken) -> bytes:
    """The response block that the documented rules make of what the server sent."""
    assert taken.response is not None
    if case.cut == "interim":
        return sent[re.search(rb"\r\n\r\n", sent).end() :]  # type: ignore[union-attr]
    if case.cut == "surplus":
        return sent[: -int(taken.meta()["surplusBytes"])]
    if case.cut == "time":
        assert taken.response.headers["WARC-Truncated"] == "time"
        assert len(taken.response.block) > 100
        return sent[: len(taken.response.block)]
    if case.cut == "disconnect":
        assert taken.response.headers["WARC-Truncated"] == "disconnect"
    return sent


def hold_against(log: Iterable[Entry], archive: Path, base: str) -> tuple[int, int]:
    """Compares every exchange of the server's log with the records of its URL, byte for byte.

    Returns how many requests and responses were compared; asserts that all are equal or differ as documented."""
    cuts = {case.path: case for case in EXCHANGES}
    taken = exchanges(archive)
    requests = responses = 0
    for entry in log:
        target = full_target(entry)
        of_url = taken[base + target]
        assert of_url, f"no record of {target}"
        one = of_url.pop(0)
        assert one.request is not None, target
        assert one.request.block == entry.request.raw, target
        requests += 1
        assert one.response is not None, target
        assert one.response.block == expected_cut(cuts.get(target, Case(target)), entry.sent, one), target
        responses += 1
    left = [url for url, more in taken.items() if more]
    assert not left, f"records of exchanges that the server never saw: {left}"
    return requests, responses


@dataclass
class Crawl:
    """What a crawl in a process of its own came to."""

    exit_code: int
    results: list[dict[str, Any]] = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    log: str = ""

    def of(self, path: str) -> dict[str, Any]:
        """The result of the request whose first URL ends so."""
        return next(r for r in self.results if r["asked"].endswith(path))


def crawl(
    data: Path,
    requests: Iterable[str | dict[str, Any]],
    *,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
    reactor: bool = True,
    fault: str | None = None,
) -> Crawl:
    """Runs Scrapy with CaptureHandler over the requests; see run_crawl.py."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "NEWSWARC_ALLOW_NETWORKS": "127.0.0.0/8"}
    env |= {"NEWSWARC_CONNECT_TO": f"*:*=127.0.0.1:{port}"} if port else {}
    task = {
        "data": str(data),
        "requests": [{"url": r} if isinstance(r, str) else r for r in requests],
        "settings": dict(settings or {}),
        "reactor": reactor,
        "fault": fault,
    }
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("run_crawl.py"))],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        env=env | dict(environment or {}),
        timeout=120,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    said = json.loads(lines[-1]) if lines else {}
    return Crawl(done.returncode, **said, log=done.stderr)
