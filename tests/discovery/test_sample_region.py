"""The sample outlets, read over real HTTP messages: what lists what, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import pytest

from crawler.discovery import Discovered, discover, places
from crawler.sample.outlets import manifest, pages
from crawler.urls import canonical
from newswarc.items import Capture
from newswarc.sources import SHIPPED, Source, load

SOURCES = load(SHIPPED, "sample").sources


def listings(source: Source, capture: Callable[..., Capture]) -> dict[str, Discovered]:
    """All that following listings from `places` comes to, by address."""
    served = pages(source.key.partition("/")[2], 1)
    found: dict[str, Discovered] = {}
    todo = places(source)
    while todo:
        listing = todo.pop(0)
        path = unquote(urlsplit(listing.url).path)
        if listing.url not in found and path in served:
            page = served[path]
            found[listing.url] = discover(
                capture(page.body, url=listing.url, kind=listing.kind, content_type=page.content_type), source
            )
            todo += found[listing.url].listings
    return found


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.key)
def test_every_listed_article_is_found(source: Source, capture: Callable[..., Capture]) -> None:
    candidates = {c.url for found in listings(source, capture).values() for c in found.candidates}
    listed = {canonical(a.url) for a in manifest() if a.source == source.key and a.since == 1 and a.listed}
    assert listed <= candidates
