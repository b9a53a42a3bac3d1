"""What discovery reads and gives: a listing's page, its links, and where further listings are."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

from newswarc.items import Kind
from pipelines.charset import decode

FoundBy = Literal["hint", "homepage", "common-place", "robots", "index", "link", "anchor", "navigation"]
"""How a listing was found: given in the source's file, the homepage itself, tried at a common place, a Sitemap line of
robots.txt, in a sitemap index, a `<link>` tag, a link to a feed in the page, a link of the page's navigation."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page that lists articles, or other listings."""

    url: str
    """Canonical: see `crawler.urls.canonical`; a hinted one as the file spells it."""
    kind: Kind
    """`feed`, `sitemap`, `section`, `homepage` or `robots`."""
    found_by: FoundBy


@dataclass(frozen=True, slots=True)
class Link:
    """A link as the listing spells it, before the door has checked it."""

    url: str
    title: str | None = None
    published_raw: str | None = None
    sure: bool = False
    """Whether it is an article by the listing's word (as an entry of a feed) or by the look of its address."""


@dataclass(slots=True)
class Reading:
    """What a backend read from one listing."""

    links: list[Link] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    lists_all_links: bool = False
    """Whether `links` are all of a page's, so that one which is no article's is no fault."""


_OWN_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?(rss|rdf|feed|urlset|sitemapindex)\s[^<>]{0,999}?(?:xmlns|version)", re.I)
_ANY_ROOT = re.compile(
    r"<(?:[\w.-]{1,40}:)?(rss|rdf|feed|urlset|sitemapindex|html|head|body)[\s/>]|<!doctype\s+(html)", re.I
)
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SNIFFED = 8192
"""Characters in which a page's root element is looked for: before it stand comments, doctypes, stray warnings."""


@dataclass(frozen=True)
class Page:
    """A listing as discovery reads it: content coding removed, gzip files opened."""

    url: str
    body: bytes
    content_type: str | None
    kind: Kind
    captured_at: datetime

    @cached_property
    def text(self) -> str:
        """Decoded, without byte order mark and without the characters that XML 1.0 forbids (2.2)."""
        charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", self.content_type or "", re.I)
        text = decode(self.body, charset[1] if charset else None)
        return _FORBIDDEN.sub("", text) if _FORBIDDEN.search(text) else text

    @cached_property
    def root(self) -> str | None:
        """The first telling element's name in lower case: rss, rdf, feed, urlset, sitemapindex or html."""
        found = self._root_tag
        name = next(filter(None, found.groups())).lower() if found else None
        return "html" if name in ("head", "body") else name

    @property
    def from_root(self) -> str:
        """The text from the root element on: warnings, comments and declarations before it are gone."""
        return self.text[self._root_tag.start() if self._root_tag else 0 :]

    @cached_property
    def _root_tag(self) -> re.Match[str] | None:
        # Comments are blanked out, so that places in the text stay the same.
        start = re.sub(r"<!--.*?-->", lambda comment: " " * len(comment[0]), self.text[:_SNIFFED], flags=re.S)
        # Feeds wrapped in a page of their own exist; their root still says what it is.
        return _OWN_ROOT.search(start) or _ANY_ROOT.search(start)
