"""When an article was published: the page's own data first, then what it prints, then its address, then the listing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from htmldate import find_date
from lxml import etree
from lxml.html import HtmlElement

from newswarc.items import DateOrigin, Hints
from pipelines.dates import EARLIEST, ParsedDate, parse_date
from pipelines.metadata import Page, squeeze, text_of
from pipelines.phrases import UPDATED

PUBLISHED_METAS = (
    *("article:published_time", "og:article:published_time", "og:published_time", "article:published", "datepublished"),
    *("publish-date", "publish_date", "published_time", "publication_date", "parsely-pub-date", "sailthru.date"),
    *("cxenseparse:recs:publishtime", "article.published", "dc.date.issued", "dcterms.created", "dc.date"),
    *("dc.date.created", "dcterms.date", "pubdate", "datecreated", "date"),
)
"""Names of meta tags, the most precise in meaning first."""
MODIFIED_METAS = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "last-modified",
    "lastmod",
)
DAY, MONTH, YEAR = r"(?P<day>0[1-9]|[12]\d|3[01])", r"(?P<month>0[1-9]|1[0-2])", r"(?P<year>(?:19|20)\d\d)"
URL_DATE = re.compile(rf"(?<!\d){YEAR}[/._-]?{MONTH}[/._-]?{DAY}(?!\d)")
URL_DAY_FIRST = re.compile(rf"(?<!\d){DAY}[/._-]{MONTH}[/._-]{YEAR}(?!\d)")
NEAR = timedelta(days=2)
"""A date in the address is more to be trusted than a printed one that lies further from it than this."""
PRINTED = (
    ".//*[self::h1 or self::time or @itemprop[contains(., 'datePublished')] or @id[contains(., 'date')]"
    " or @class[contains(., 'date') or contains(., 'Date') or contains(., 'time') or contains(., 'publish')"
    " or contains(., 'byline') or contains(., 'meta')]]"
)
MOST_PRINTED = 40
UPDATE = re.compile(r"(?i)(?:^|[\s_-])(?:updated?|modified|lastmod|dateModified)(?:$|[\s_-])")
PUBLISH = re.compile(r"(?i)publi|created|posted")
COMMENT = re.compile(
    r"(?i)(?:^|[\s_-])comments?(?:$|[\s_-](?:list|area|body|content|meta|date|section))|commentlist|disqus"
)
BESIDE, SHORT = 60, 60
"""Elements around the heading whose own words may be a date, whatever they are called; and characters of such words."""
YEAR_WRITTEN = re.compile(r"[12\u0661\u06f1]\d{3}")


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
    in_url = _in_url(page.url, hints, upper)
    for raw, origin in _answers(page, tree, byline):
        parsed = parse_date(raw, language=language, timezone=hints.timezone, upper=upper)
        if parsed and not (origin == "page" and in_url and abs(parsed.moment - in_url.when.moment) > NEAR):
            return Published(parsed, raw, origin)
    return (
        in_url
        or _listed(hints, upper)
        or _beside(tree, language, hints.timezone, upper)
        or _searched(page, tree, upper)
    )


def _in_url(url: str, hints: Hints, upper: datetime | None) -> Published | None:
    found = URL_DATE.search(url) or URL_DAY_FIRST.search(url)
    raw = "-".join(found.group("year", "month", "day")) if found else None
    when = parse_date(raw, timezone=hints.timezone, upper=upper)
    return Published(when, raw, "url") if raw and when else None


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


def _printed(tree: HtmlElement) -> Iterator[str]:
    """Dates as the page shows them, in time elements and short texts whose class says so; below the heading first,
    for what stands above it is often of other articles."""
    found = tree.xpath(PRINTED)[:MOST_PRINTED]
    heading = next((at for at, element in enumerate(found) if element.tag == "h1"), 0)
    later = []
    for element in (*found[heading:], *reversed(found[:heading])):
        if _is_later(element):
            later.append(element)
        else:
            yield from _dates_of(element)
    for element in later:
        yield from _dates_of(element)


def _dates_of(element: HtmlElement) -> Iterator[str]:
    stamp = element.get("datetime") or element.get("content") or ""
    text = squeeze(element.text_content())
    if stamp:
        yield squeeze(stamp)
    if len(text) <= 120:
        yield text


def _is_later(element: HtmlElement) -> bool:
    """Whether it says when an article was changed, or what a reader said of it."""
    names = f"{element.get('class') or ''} {element.get('itemprop') or ''} {element.get('id') or ''}"[:300]
    if (UPDATE.search(names) and not PUBLISH.search(names)) or UPDATED.search(element.text or ""):
        return True
    around = (element, *element.iterancestors())
    return any(COMMENT.search(f"{one.get('class') or ''} {one.get('id') or ''}"[:300]) for one in around[:6])


def _beside(tree: HtmlElement, language: str | None, timezone: str | None, upper: datetime | None) -> Published | None:
    """The nearest date that stands alone around the heading: behind it first."""
    elements = list(tree.iter(etree.Element))
    at = next((n for n, element in enumerate(elements) if element.tag == "h1"), None)
    if at is None:
        return None
    near = (*elements[at : at + BESIDE], *reversed(elements[max(0, at - BESIDE // 2) : at]))
    shown = (element for element in near if element.tag not in ("script", "style"))
    for text in (squeeze(text) for element in shown for text in (element.text, element.tail) if text):
        if len(text) <= SHORT and YEAR_WRITTEN.search(text) and not UPDATED.search(text):
            when = parse_date(text, language=language, timezone=timezone, upper=upper)
            if when:
                return Published(when, text, "page")
    return None


def _listed(hints: Hints, upper: datetime | None) -> Published | None:
    if not hints.published:
        return None
    when = parse_date(hints.published.isoformat(), upper=upper)
    return Published(when, squeeze(hints.published_raw) or hints.published.isoformat(), "listing") if when else None


def _searched(page: Page, tree: HtmlElement, upper: datetime | None) -> Published | None:
    """htmldate's search through the whole page, the last resort."""
    latest = upper.strftime("%Y-%m-%d") if upper else None
    raw = find_date(
        tree, original_date=True, extensive_search=False, url=page.url, min_date=str(EARLIEST), max_date=latest
    )
    when = parse_date(raw, upper=upper)
    return Published(when, raw, "page") if raw and when else None
