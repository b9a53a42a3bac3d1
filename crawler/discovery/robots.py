"""robots.txt as a listing: its Sitemap lines (RFC 9309, 2.2.4, and sitemaps.org)."""

from __future__ import annotations

import re

from crawler.discovery.listing import Listing, Page, Reading
from newswarc.sources import Source

_LINE = re.compile(r"(?im)^[ \t]*(user-agent|disallow|sitemap)[ \t]*:")
_LINE_OR_COMMENT = re.compile(rf"{_LINE.pattern}|^[ \t]*#")
_SITEMAP = re.compile(r"(?im)^[ \t]*sitemap[ \t]*:[ \t]*(\S{1,2000})")
SITEMAPS = 50
"""Sitemap lines followed."""


def recognises(page: Page) -> bool:
    line = _LINE if page.kind != "robots" else _LINE_OR_COMMENT
    return page.root is None and line.search(page.text[:8192]) is not None


def read(page: Page, source: Source) -> Reading:
    found = _SITEMAP.findall(page.text)
    # News sitemaps first: they are small, and all in them is new.
    ordered = sorted(found, key=lambda url: "news" not in url.lower())
    return Reading(listings=[Listing(url, "sitemap", "robots") for url in ordered[:SITEMAPS]])
