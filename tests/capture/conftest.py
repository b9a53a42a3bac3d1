from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
import uvloop
from capture_kit import Loops

from crawler.sample.misbehaviour import Misbehaviour
from crawler.sample.server import SampleServer


@dataclass
class Authority:
    ca_file: Path
    context: Callable[..., ssl.SSLContext]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority of our own, and server contexts with its certificates."""
    ca = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))

    def context(*names: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(*names).configure_cert(made)
        return made

    return Authority(path, context)


@pytest.fixture(params=["asyncio", "uvloop"])
def every_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    Loops.factory = uvloop.new_event_loop if request.param == "uvloop" else None
    yield
    Loops.factory = None


@pytest.fixture
def odd() -> Iterator[SampleServer]:
    """The misbehaving site, at whatever host name."""
    with SampleServer({"*": Misbehaviour()}) as server:
        yield server
