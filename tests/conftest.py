"""What tests of several rooms share: their order, the one Elasticsearch of a run, places for new indices."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from uuid import uuid4

import external
import order
import pytest
from elastic_server import Unavailable, remove_indices, shared

from search.entities import registry
from search.entities.watchlist import Placed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: order.place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """For `--dist loadfile`: in the order of the tests, and files that share something in one worker."""
    from xdist.scheduler import LoadFileScheduling

    class Shares(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return order.share(nodeid)

    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return Shares(config, log)


MADE: list[str] = []
"""Names of indices made in this process."""


@pytest.fixture(scope="session")
def elasticsearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server: that of NEWSWARC_TEST_ELASTICSEARCH, or one started for the run."""
    given = os.environ.get("NEWSWARC_TEST_ELASTICSEARCH")
    if given:
        yield given.rstrip("/")
        for name in MADE:
            remove_indices(given.rstrip("/"), name)
        return
    base = tmp_path_factory.getbasetemp()
    try:
        with shared(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) as url:
            yield url
    except Unavailable as fault:
        external.cannot(f"no Elasticsearch to test with: {fault}")


@pytest.fixture(scope="session")
def new_place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Backend → the URL of an index that is not there yet."""

    def place(backend: str) -> str:
        if backend != "elasticsearch":
            return f"{backend}:{tmp_path_factory.mktemp('place') / 'index'}"
        name = f"newswarc-test-{uuid4().hex[:12]}"
        MADE.append(name)
        return f"elasticsearch:{request.getfixturevalue('elasticsearch_url')}/{name}"

    return place


@pytest.fixture(scope="session")
def read_once() -> Callable[[], list[Placed]]:
    """`shipped_places`, which reads the shipped lists at its first call alone: 2 s."""
    return cache(registry.shipped_places)
