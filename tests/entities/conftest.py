from __future__ import annotations

import pytest

from search.entities.registry import Registry


@pytest.fixture(scope="session")
def shipped() -> Registry:
    """The shipped registry, from the user's cache if it is there: named by the digest of what it is made of."""
    return Registry.open()
