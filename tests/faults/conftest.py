from __future__ import annotations

from collections.abc import Iterator

import pytest
from faults_kit import Newswarc, Undisturbed, documents, gist

from crawler.sample.serve import running


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    with running() as server:
        program = Newswarc(tmp_path_factory.mktemp("undisturbed") / "data", server)
        told = program.crawl("sample")
        found = gist(documents(program.data))
        assert len(found) > 30
        yield Undisturbed(program, server, len(server.log), found, told["totals"])
