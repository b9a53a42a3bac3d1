"""Where to look for an outlet's listings before anything is known of it."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from crawler.discovery.listing import Listing
from crawler.urls import canonical
from newswarc.items import Kind
from newswarc.sources import Source

COMMON: tuple[tuple[str, Kind], ...] = (
    ("feed", "feed"),
    ("feed/", "feed"),
    ("rss", "feed"),
    ("rss/", "feed"),
    ("rss.xml", "feed"),
    ("feed.xml", "feed"),
    ("atom.xml", "feed"),
    ("index.xml", "feed"),
    ("news/rss", "feed"),
    ("news-sitemap.xml", "sitemap"),
    ("sitemap-news.xml", "sitemap"),
    ("sitemap_news.xml", "sitemap"),
    ("sitemap_index.xml", "sitemap"),
    ("sitemap.xml", "sitemap"),
)
"""Where outlets keep feeds and sitemaps, below the homepage's folder; the first that answer make the rest needless."""


def places(source: Source) -> list[Listing]:
    """Where to look first, in the order to look.

    What the file hints at comes first, then the homepage: it names feeds and sections, and shows what feeds leave out.
    With neither a feed nor a sitemap given, robots.txt and the common places follow; most of those will answer 404,
    which is for the caller to remember (`found_by` is `common-place`).
    """
    hinted = [
        *(Listing(url, "feed", "hint") for url in source.feeds),
        *(Listing(url, "sitemap", "hint") for url in source.sitemaps),
        *(Listing(url, "section", "hint") for url in source.sections),
    ]
    found = [*hinted, Listing(canonical(source.homepage), "homepage", "homepage")]
    if not source.feeds and not source.sitemaps:
        found += [Listing(urljoin(source.homepage, "/robots.txt"), "robots", "common-place"), *_common(source)]
    return list({listing.url: listing for listing in reversed(found)}.values())[::-1]


def _common(source: Source) -> list[Listing]:
    """The common places in the homepage's own folder; where it has one, then at the host's root, which it may share."""
    folder = urlsplit(source.homepage).path
    head, _, last = folder.rpartition("/")
    own = (head if "." in last else folder).rstrip("/") + "/"
    return [Listing(canonical(urljoin(source.homepage, own + name)), kind, "common-place") for name, kind in COMMON]
