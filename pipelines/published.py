"""When an article was published: the page's own data first, then what it prints, then its address, then the listing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from htmldate import find_date
from lxml.html import HtmlElement

from newswarc.items import DateOrigin, Hints
from pipelines.dates import EARLIEST, ParsedDate, parse_date
from pipelines.metadata import Page, squeeze, text_of

PUBLISHED_METAS = (
    "article:published_time", "og:article:published_time", "og:published_time", "article:published", "datepublished",
    "publish-date", "publish_date", "published_time", "publication_date", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime",
    "article.published", "dc.date.issued", "dcterms.created", "dc.date", "dc.date.created", "dcterms.date", "pubdate", "datecreated", "date",
)  # fmt: skip
MODIFIED_METAS = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "last-modified",
    "lastmod",
)
URL_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[/._-]?(0[1-9]|1[0-2])[/._-]?(0[1-9]|[12]\d|3[01])(?!\d)")
PRINTED = (
    ".//*[self::time or contains(@itemprop, 'datePublished') or contains(@class, 'date') or contains(@class, 'Date')"
    " or contains(@class, 'time') or contains(@class, 'publish') or contains(@class, 'byline') or contains(@class, 'meta')"
    " or contains(@id, 'date')]"
)
MOST_PRINTED = 40


@dataclass(frozen=True, slots=True)
class Published:
    when: ParsedDate
    raw: str
    origin: DateOrigin


def find_published(
    page: Page, tree: HtmlElement, hints: Hints, language: str | None, upper: datetime | None, byline: str | None = None
) -> Published | None:
    """The first believable answer; a date later than `upper` and a day is no answer.

    Args:
        language, upper: as `parse_date` has them.
        byline: one that was found in the text.
    """
    for raw, origin in _answers(page, tree, byline):
        parsed = parse_date(raw, language=language, timezone=hints.timezone, upper=upper)
        if parsed:
            return Published(parsed, raw, origin)
    return _listed(hints, upper) or _searched(page, tree, upper)


def find_modified(page: Page, hints: Hints, upper: datetime | None) -> datetime | None:
    for raw in (text_of(page.article.get("dateModified")), page.meta(*MODIFIED_METAS)):
        parsed = parse_date(raw, timezone=hints.timezone, upper=upper)
        if parsed:
            return parsed.moment
    return None


def _answers(page: Page, tree: HtmlElement, byline: str | None) -> Iterator[tuple[str, DateOrigin]]:
    for item in (page.article, *page.items):
        for key in ("datePublished", "dateCreated", "uploadDate"):
            if raw := text_of(item.get(key)):
                yield raw, "json-ld"
    for name in PUBLISHED_METAS:
        yield from ((raw, "meta") for raw in page.metas.get(name, ()))
    if byline:
        yield byline, "page"
    for raw in _printed(tree):
        yield raw, "page"
    if in_url := URL_DATE.search(page.url):
        yield "-".join(in_url.groups()), "url"


def _printed(tree: HtmlElement) -> Iterator[str]:
    """Dates as the page shows them: time elements and short texts whose class says so, before the article's end."""
    for number, element in enumerate(tree.xpath(PRINTED)):
        if number >= MOST_PRINTED:
            return
        stamp = element.get("datetime") or element.get("content") or ""
        text = squeeze(element.text_content())
        if stamp:
            yield squeeze(stamp)
        if len(text) <= 120:
            yield text


def _listed(hints: Hints, upper: datetime | None) -> Published | None:
    if not hints.published:
        return None
    when = parse_date(hints.published.isoformat(), upper=upper)
    return Published(when, hints.published_raw or hints.published.isoformat(), "listing") if when else None


def _searched(page: Page, tree: HtmlElement, upper: datetime | None) -> Published | None:
    """htmldate's search through the whole page, the last resort."""
    latest = upper.strftime("%Y-%m-%d") if upper else None
    raw = find_date(
        tree, original_date=True, extensive_search=False, url=page.url, min_date=str(EARLIEST), max_date=latest
    )
    when = parse_date(raw, upper=upper)
    return Published(when, raw, "page") if raw and when else None
