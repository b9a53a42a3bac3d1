"""Sitemaps by hand over lxml: index, urlset with its `news:` fields, and plain text (sitemaps.org, 0.9)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from crawler.discovery.feed import plain_title
from crawler.discovery.listing import Link, Listing, Page, Reading
from crawler.discovery.markup import OPTIONS, name_of, repaired, whole
from crawler.discovery.shape import looks_like_article
from newswarc.sources import Source
from pipelines.dates import parse_date

ENTRIES = 10_000
"""Links given of one sitemap: the last changed ones where the sitemap says when, else the first."""
READ = 50_000
"""Entries read of one sitemap: the protocol allows no more."""
SUBSITEMAPS = 20
"""Sub-sitemaps of an index followed."""
RECENT = timedelta(days=35)
"""Sub-sitemaps that changed this long before the newest are followed."""
NEWEST = 5
"""Sub-sitemaps followed however old they are."""
_NO_ARTICLES = re.compile(r"(?i)tag|categor|author|user|image|video|page[-_]?sitemap|sitemap[-_]?pages?\b|taxonom")
_LINES = re.compile(r"\s*https?://\S+\s*(\n|$)")


def recognises(page: Page) -> bool:
    return page.root in ("urlset", "sitemapindex") or (page.root is None and _LINES.match(page.text[:4096]) is not None)


def read(page: Page, source: Source) -> Reading:
    if page.root == "sitemapindex":
        return _index(page, source)
    return _urlset(page, source) if page.root == "urlset" else _text(page)


def _entries(page: Page, name: str, reading: Reading) -> Iterator[dict[str, str]]:
    """Fields by local name, `news:` ones with that prefix (`news:title`); one entry is in memory at a time."""
    text = repaired(whole(page.from_root, name))
    if not text:  # an empty sitemap is a quiet day's, no fault
        return
    stream = io.BytesIO(text.encode("utf-8", "replace"))
    context = etree.iterparse(stream, events=("end",), tag=f"{{*}}{name}", **OPTIONS)
    try:
        for number, (_, element) in enumerate(context):
            if number == READ:
                reading.faults["over-50000-entries"] += 1
                return
            yield _fields(element)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError:
        reading.faults["unreadable"] += 1


def _fields(element: Any) -> dict[str, str]:
    fields: dict[str, str] = {}
    for child in element.iter(etree.Element):
        namespace, local = name_of(child)
        if child.text and child.text.strip() and not re.search("image|video", namespace):
            fields.setdefault(("news:" if "news" in namespace else "") + local, child.text.strip())
    return fields


def _index(page: Page, source: Source) -> Reading:
    reading = Reading()
    found = [
        (fields["loc"], _when(fields.get("lastmod"), page, source))
        for fields in _entries(page, "sitemap", reading)
        if "loc" in fields
    ]
    reading.listings = [Listing(url, "sitemap", "index") for url in _recent(found)]
    if len(found) > len(reading.listings):
        reading.faults["sub-sitemap-left-out"] += len(found) - len(reading.listings)
    return reading


def _recent(found: list[tuple[str, datetime | None]]) -> list[str]:
    """The sub-sitemaps to follow: news first, then the last changed; without dates the first and the last ones."""
    news = [url for url, _ in found if "news" in url.rpartition("/")[2].lower()]
    others = [(url, when) for url, when in found if url not in news and not _NO_ARTICLES.search(url.rpartition("/")[2])]
    dated = sorted(((when, url) for url, when in others if when), reverse=True)
    fresh = [url for i, (when, url) in enumerate(dated) if i < NEWEST or when >= dated[0][0] - RECENT]
    undated = [url for url, when in others if not when]
    half = SUBSITEMAPS // 2
    ends = undated if len(undated) <= SUBSITEMAPS else undated[:half] + undated[-half:]
    return list(dict.fromkeys(news[:SUBSITEMAPS] + fresh + ends))[:SUBSITEMAPS]


def _urlset(page: Page, source: Source) -> Reading:
    reading = Reading()
    found: list[tuple[Link, datetime | None]] = []
    for fields in _entries(page, "url", reading):
        if "loc" not in fields:
            reading.faults["no-link"] += 1
            continue
        raw = fields.get("news:publication_date")
        title = plain_title(fields["news:title"]) if "news:title" in fields else None
        sure = raw is not None or title is not None or looks_like_article(fields["loc"])
        link = Link(fields["loc"], title, raw, sure)
        found.append((link, _when(raw or fields.get("lastmod"), page, source)))
    reading.links = _newest(found, reading)
    return reading


def _newest(found: list[tuple[Link, datetime | None]], reading: Reading) -> list[Link]:
    if len(found) <= ENTRIES:
        return [link for link, _ in found]
    reading.faults["over-10000-entries"] += 1
    # Undated entries keep their place behind dated ones; sorting is stable.
    order = sorted(range(len(found)), key=lambda i: -(found[i][1].timestamp() if found[i][1] else 0.0))  # type: ignore[union-attr]
    return [found[i][0] for i in sorted(order[:ENTRIES])]


def _when(raw: str | None, page: Page, source: Source) -> datetime | None:
    parsed = parse_date(raw, language=source.language, timezone=source.timezone, upper=page.captured_at)
    return parsed.moment if parsed else None


def _text(page: Page) -> Reading:
    reading = Reading()
    for line in page.text.splitlines():
        if not line.strip():
            continue
        if len(reading.links) == ENTRIES:
            reading.faults["over-10000-entries"] += 1
            break
        reading.links.append(Link(line.strip(), sure=looks_like_article(line.strip())))
    return reading
