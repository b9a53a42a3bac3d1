"""Feeds: RSS, RDF and Atom through feedparser, JSON Feed by hand."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Mapping
from typing import Any

import feedparser
from lxml import etree

from crawler.discovery.listing import Link, Page, Reading
from crawler.discovery.markup import OPTIONS, name_of, repaired, whole
from newswarc.sources import Source
from pipelines.charset import printable

ENTRIES = 10_000
"""Entries read of one feed."""
SIZE = 10 * 1024 * 1024
"""Characters read of one feed."""
_TEXT = 2000
_TAG = re.compile(r"</?(?:a|abbr|b|br|em|font|i|img|p|q|small|span|strong|sub|sup|u|wbr)\b[^<>]{0,500}>", re.I)
_USED = re.compile("title|link|guid|id|pubdate|date|published|updated|issued|modified|created|origlink")
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"


def recognises(page: Page) -> bool:
    return page.root in ("rss", "rdf", "feed") or _is_json_feed(page)


def _is_json_feed(page: Page) -> bool:
    return page.text[:200].lstrip().startswith("{") and re.search(r'"items"\s*:\s*\[', page.text) is not None


def read(page: Page, source: Source) -> Reading:
    return _json_feed(page) if _is_json_feed(page) else _xml_feed(page)


def _xml_feed(page: Page) -> Reading:
    reading = Reading()
    tidied = _tidied(page, reading)
    # A stream, never the bytes themselves: feedparser takes bytes that name a file for that file.
    parsed = feedparser.parse(
        io.BytesIO(tidied),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": page.url},
        sanitize_html=False,  # titles are made plain text below, bodies are gone
        resolve_relative_uris=False,  # of bodies; entry links are resolved all the same
    )
    for entry in parsed.entries:
        _add(reading, _link_of(entry), entry.get("title"), _date_of(entry))
    if not parsed.entries and parsed.get("bozo"):
        reading.faults["unreadable"] += 1
    return reading


def _tidied(page: Page, reading: Reading) -> bytes:
    """The feed as well-formed XML, with only those parts of its first 10,000 entries that are used.

    feedparser has a second parser for feeds that are not well-formed; on hostile ones it takes minutes.
    """
    text = _cut(page.from_root, reading)
    root: Any = etree.fromstring(repaired(text).encode("utf-8", "replace"), _parser()) if text else None
    if root is None:
        return b""
    etree.strip_tags(root, etree.Entity)
    entries = [element for element in root.iter(etree.Element) if _local(element) in ("item", "entry")]
    if len(entries) > ENTRIES:
        reading.faults["over-10000-entries"] += 1
    for number, entry in enumerate(entries):
        parent = entry.getparent()
        if parent is not None and number >= ENTRIES:
            parent.remove(entry)
        elif parent is not None:  # an entry within an entry went with the outer one's pruning
            _prune(entry)
    for element in root.iter(etree.Element):
        for name in [name for name in element.attrib if ":" in name and not name.startswith("{")]:
            del element.attrib[name]  # a prefix that nobody declared
    return bytes(etree.tostring(root, encoding="utf-8"))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(**OPTIONS)


def _cut(text: str, reading: Reading) -> str:
    """The text up to the end of its last whole entry within the size."""
    if len(text) > SIZE:
        reading.faults["over-10-MiB"] += 1
    kept = whole(text[:SIZE], "item", "entry")
    if len(text) <= SIZE and re.match(r"\s*<(?:[\w.-]{1,40}:)?(?:item|entry)[\s>]", text[len(kept) :]):
        reading.faults["cut-entry"] += 1
    return kept


def _local(element: Any) -> str:
    return name_of(element)[1].lower()


def _prune(entry: Any) -> None:
    for child in list(entry):
        if not _USED.fullmatch(_local(child)) or len(child) > 100:
            entry.remove(child)
            continue
        child.text = "".join(child.itertext())[:_TEXT]
        del child[:]
        if ":" in child.tag and not child.tag.startswith("{"):  # `dc:date` and the like, undeclared
            child.tag = _DUBLIN_CORE + _local(child)


def _link_of(entry: Mapping[str, Any]) -> str | None:
    link = entry.get("feedburner_origlink") or entry.get("link")
    identity = str(entry.get("id") or "")
    return str(link) if link else identity if identity.startswith(("http://", "https://")) else None


def _date_of(entry: dict[str, Any]) -> str | None:
    # Read key by key: feedparser itself answers `published` with `updated` where there is none, and warns.
    values = (dict.get(entry, key) for key in ("published", "created", "updated"))
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
        identity = str(item.get("id") or "")
        url = item.get("url") or (identity if identity.startswith(("http://", "https://")) else None)
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
    text = markup[:_TEXT]
    for _ in range(3):
        text = html.unescape(text)
    return " ".join(printable(_TAG.sub("", text)).split()) or None
