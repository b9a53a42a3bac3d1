"""Section pages and homepages: which of a page's links are articles, feeds, and sections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Literal, NamedTuple
from urllib.parse import urljoin

from lxml import etree

from crawler.discovery.listing import Link, Listing, Page, Reading
from crawler.discovery.shape import is_section, looks_like_article
from newswarc.sources import Source
from pipelines.charset import printable

LINKS = 5_000
"""Links looked at on one page."""
_FEED_TYPES = re.compile(r"(?i)application/((rss|atom)\+xml|feed\+json)")
_FEED_ADDRESS = re.compile(r"(?i)(^|[/._-])(rss2?|feeds?|atom)(\.(xml|rss|php|json))?/?(\?.*)?$|\.(rss|rdf|atom)$")
_NO_FEED = re.compile(r"(?i)comment|/author/|/tag/|oembed|wp-json")
_NAVIGATION = re.compile(r"(?i)(^|[\s_-])(nav|navbar|navigation|menu|breadcrumbs?|pagination|pager)($|[\s_-])")
_FOOTER = re.compile(r"(?i)(^|[\s_-])(footer|colophon|copyright)($|[\s_-])")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


Part = Literal["body", "navigation", "footer"]


class _Anchor(NamedTuple):
    url: str
    title: str | None
    part: Part


def recognises(page: Page) -> bool:
    return page.root == "html" or (
        page.root is None and re.search(r"(?i)<(a|div|ul|table|p)[\s>]", page.text[:8192]) is not None
    )


def read(page: Page, source: Source) -> Reading:
    reading = Reading(lists_all_links=True)
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True)
    tree: Any = etree.fromstring(page.text.encode("utf-8", "replace"), parser)
    if tree is None:
        reading.faults["unreadable"] += 1
        return reading
    base = _joined(page.url, next((element.get("href") or "" for element in tree.iter("base")), "")) or page.url
    reading.listings += _feeds(tree, base)
    anchors = list(_anchors(tree, base, reading))
    if page.kind in ("feed", "sitemap", "robots"):
        # A page in place of a feed is an error page, a login or the homepage: its links are not the listing's.
        reading.faults[f"html-instead-of-{page.kind}"] += 1
        return reading
    reading.links = [
        Link(a.url, a.title, None, looks_like_article(a.url, a.title, in_navigation=a.part != "body")) for a in anchors
    ]
    if page.kind == "homepage":
        reading.listings += _sections(anchors)
    return reading


def _feeds(tree: Any, base: str) -> list[Listing]:
    """Feeds that link tags name, then feeds that the page links to."""
    tagged = [
        _joined(base, link.get("href", ""))
        for link in tree.iter("link")
        if "alternate" in (link.get("rel") or "").lower().split()
        and _FEED_TYPES.match((link.get("type") or "").strip())
    ]
    linked = [
        _joined(base, a.get("href").strip())
        for a in tree.iter("a")
        if _FEED_ADDRESS.search((a.get("href") or "").strip()[:500])
    ]
    found = [Listing(url, "feed", "link") for url in tagged if url]
    found += [Listing(url, "feed", "anchor") for url in linked if url]
    return [listing for listing in found if not _NO_FEED.search(listing.url)][:20]


def _joined(base: str, address: str) -> str | None:
    """None where it is no address: one such link, as `http://[`, must not cost the page's others."""
    try:
        return urljoin(base, address)
    except ValueError:
        return None


def _anchors(tree: Any, base: str, reading: Reading) -> Iterator[_Anchor]:
    for number, anchor in enumerate(tree.iter("a")):
        if number == LINKS:
            reading.faults["over-5000-links"] += 1
            return
        href = (anchor.get("href") or "").strip()
        if not href or href.startswith("#"):
            continue
        if url := _joined(base, href):
            yield _Anchor(url, _title(anchor), _part(anchor))
        else:
            reading.faults["no-web-address"] += 1


def _title(anchor: Any) -> str | None:
    """The headline in or around a link, else its text; a picture's description is none."""
    heading = next((e for e in anchor.iter(*_HEADINGS)), anchor)
    # Markup that is never closed makes every link hold the rest of the page.
    pieces = (piece[:2000] for piece in islice(heading.itertext(), 100))
    return " ".join(printable("".join(pieces)[:2000]).split())[:300].rstrip() or None


def _part(anchor: Any) -> Part:
    """The nearest element around a link that says what it is, by its name, class or id."""
    for depth, element in enumerate(anchor.iterancestors()):
        if depth == 12 or element.tag in ("article", "main", "body", "html"):  # `body class="has-menu"` is no menu
            return "body"
        names = f"{element.get('class') or ''} {element.get('id') or ''}"[:300]
        if element.tag == "footer" or _FOOTER.search(names):
            return "footer"
        if element.tag == "nav" or _NAVIGATION.search(names):
            return "navigation"
    return "body"


def _sections(anchors: list[_Anchor]) -> list[Listing]:
    """Links of the navigation with a word or three that lead one or two folders deep."""
    found = (
        anchor.url
        for anchor in anchors
        if anchor.part == "navigation" and anchor.title and len(anchor.title.split()) <= 3 and is_section(anchor.url)
    )
    return [Listing(url, "section", "navigation") for url in dict.fromkeys(found)]
