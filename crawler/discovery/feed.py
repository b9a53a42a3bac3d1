"""Feeds: RSS, RDF and Atom through feedparser, JSON Feed by hand."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Mapping
from typing import Any

import feedparser

from crawler.discovery.listing import Link, Page, Reading
from newswarc.sources import Source

ENTRIES = 10_000
"""Entries read of one feed."""
_TITLE = 1000
_TAG = re.compile(r"</?(?:a|abbr|b|br|em|font|i|img|p|q|small|span|strong|sub|sup|u|wbr)\b[^<>]{0,500}>", re.I)
_ENTRY_END = re.compile(r"</(?:[\w.-]{1,40}:)?(?:item|entry)\s*>")


def recognises(page: Page) -> bool:
    return page.root in ("rss", "rdf", "feed") or _is_json_feed(page)


def _is_json_feed(page: Page) -> bool:
    return page.text[:200].lstrip().startswith("{") and re.search(r'"items"\s*:\s*\[', page.text) is not None


def read(page: Page, source: Source) -> Reading:
    return _json_feed(page) if _is_json_feed(page) else _xml_feed(page)


def _xml_feed(page: Page) -> Reading:
    reading = Reading()
    text = _first_entries(page.text, reading)
    # A stream, never the bytes themselves: feedparser takes bytes that name a file for that file.
    parsed = feedparser.parse(
        io.BytesIO(text.encode("utf-8", "replace")),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": page.url},
        sanitize_html=False,  # titles are made plain text below, bodies are not used
        resolve_relative_uris=False,  # of bodies; entry links are resolved all the same
    )
    for entry in parsed.entries[:ENTRIES]:
        _add(reading, _link_of(entry), entry.get("title"), _date_of(entry))
    if not parsed.entries and parsed.get("bozo"):
        reading.faults["unreadable"] += 1
    return reading


def _first_entries(text: str, reading: Reading) -> str:
    """The feed cut behind its 10,000th entry, so that what lies behind costs nothing."""
    for number, end in enumerate(_ENTRY_END.finditer(text), 1):
        if number == ENTRIES and _ENTRY_END.search(text, end.end()):
            reading.faults["over-10000-entries"] += 1
            return text[: end.end()]
    return text


def _link_of(entry: Mapping[str, Any]) -> str | None:
    link = entry.get("feedburner_origlink") or entry.get("link")
    identity = str(entry.get("id") or "")
    return str(link) if link else identity if identity.startswith(("http://", "https://")) else None


def _date_of(entry: Mapping[str, Any]) -> str | None:
    # Read key by key: feedparser itself answers `published` with `updated` where there is none, and warns.
    values = (dict.get(entry, key) for key in ("published", "created", "updated"))  # type: ignore[arg-type]
    return next((str(value) for value in values if value), None)


def _json_feed(page: Page) -> Reading:
    """JSON Feed 1.1; `external_url` is another page's, the item's own is `url`."""
    reading = Reading()
    document = json.loads(page.text, strict=False)
    items = document.get("items") if isinstance(document, dict) else None
    for item in items[:ENTRIES] if isinstance(items, list) else ():
        if not isinstance(item, dict):
            reading.faults["no-link"] += 1
            continue
        url = item.get("url") or item.get("id")
        _add(reading, url, item.get("title"), item.get("date_published") or item.get("date_modified"))
    if isinstance(items, list) and len(items) > ENTRIES:
        reading.faults["over-10000-entries"] += 1
    return reading


def _add(reading: Reading, url: object, title: object, published: object) -> None:
    if not isinstance(url, str) or not url.strip():
        reading.faults["no-link"] += 1
        return
    raw = published.strip()[:200] if isinstance(published, str) else None
    reading.links.append(Link(url, plain_title(title) if isinstance(title, str) else None, raw or None, sure=True))


def plain_title(markup: str) -> str | None:
    """A title as people read it: feeds escape theirs once, twice or three times, and put tags in."""
    text = markup[:_TITLE]
    for _ in range(3):
        text = html.unescape(text)
    return " ".join(_TAG.sub("", text).split()) or None
