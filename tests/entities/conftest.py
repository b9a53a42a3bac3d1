"""One compilation of the shipped registry for all tests of this folder."""

from __future__ import annotations

import pytest

from search.entities.registry import Registry


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry.open(cache=tmp_path_factory.mktemp("registry"))
