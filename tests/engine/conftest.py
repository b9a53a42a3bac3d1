from __future__ import annotations

from collections.abc import Iterator

import external
import pytest
from elastic_server import Unavailable
from secured_server import Secured, secured_server


@pytest.fixture(scope="session")
def secured(elasticsearch_url: str) -> Iterator[Secured]:
    """Asks for the run's server only to be left out where that is left out."""
    try:
        with secured_server() as made:
            yield made
    except Unavailable as fault:
        external.cannot(f"no Elasticsearch to test with: {fault}")
