from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from faults_kit import Newswarc, documents, gist

from crawler.sample.serve import running
from crawler.sample.server import SampleServer


@dataclass
class Undisturbed:
    """The sample region, crawled in one go."""

    program: Newswarc
    server: SampleServer
    requests: int
    """That the server saw."""
    gist: dict[str, tuple[object, ...]]
    totals: dict[str, object]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    with running() as server:
        program = Newswarc(tmp_path_factory.mktemp("undisturbed") / "data", server)
        told = program.crawl("sample")
        found = gist(documents(program.data))
        assert len(found) > 30
        yield Undisturbed(program, server, len(server.log), found, told["totals"])
