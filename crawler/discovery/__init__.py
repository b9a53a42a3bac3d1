"""The discovery seam: an archived listing in, candidate articles and further listings out.

The law, kept here for every backend: candidates are absolute canonical http(s) URLs within the source, each once, in
listing order; garbage gives nothing and a counted reason; nothing raises. All that goes in and out pickles.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin, urlsplit

from crawler.discovery import feed, robots, section, sitemap
from crawler.discovery.listing import FoundBy, Link, Listing, Page, Reading
from crawler.discovery.places import places
from crawler.urls import canonical, on_hosts, within
from newswarc.items import Candidate, Capture, Kind
from newswarc.sources import Source
from pipelines.dates import parse_date

__all__ = ["BACKENDS", "Discovered", "FoundBy", "Listing", "discover", "places"]

LIMIT = 50 * 1024 * 1024
"""Bytes of one listing, decoded; a sitemap may have no more (sitemaps.org)."""
DEPTH = 20
"""Segments of a path beyond which an address is a trap."""
REPEATS = 2
"""Times that one word may stand in a path: /a/a/a/ is a trap."""
FURTHER: Mapping[Kind, int] = {"feed": 10, "sitemap": 20, "section": 8}
"""Further listings taken from one listing, by kind."""


class Backend(Protocol):
    """Reads one kind of listing."""

    def recognises(self, page: Page) -> bool:
        """Whether the content is of this kind, whatever the server called it."""

    def read(self, page: Page, source: Source) -> Reading:
        """Links and further listings as the page spells them; may raise on garbage."""


# The order is that of trust in the sniffing: what has a root element of its own comes before lines of text.
BACKENDS: Mapping[str, Backend] = {"feed": feed, "sitemap": sitemap, "section": section, "robots": robots}
_BY_KIND: Mapping[str, str] = {"homepage": "section", "article": "section"}


@dataclass(frozen=True, slots=True)
class Discovered:
    """What one listing gave."""

    candidates: tuple[Candidate, ...] = ()
    listings: tuple[Listing, ...] = ()
    """Feeds first, then sitemaps, news sitemaps before others, then sections."""
    faults: tuple[str, ...] = ()
    """Counted reasons, as `outside-source: 3`."""
    backend: str | None = None
    """Which of BACKENDS read it; None where none could."""


def discover(listing: Capture, source: Source) -> Discovered:
    """What an archived listing offers; a listing that was cut, or was answered with an error, offers nothing."""
    archived = listing.archived
    if archived.truncated or (archived.status is not None and not 200 <= archived.status < 300):
        return Discovered(
            faults=(f"{f'cut-by-{archived.truncated}' if archived.truncated else f'status-{archived.status}'}: 1",)
        )
    backend = None
    try:
        body = _opened(listing.content(LIMIT))
        page = Page(archived.url, body, archived.content_type, archived.kind, archived.captured_at)
        backend = _backend(page)
        if backend is None:
            return Discovered(faults=("empty: 1" if not body.strip() else "unrecognised: 1",))
        reading = BACKENDS[backend].read(page, source)
        return _checked(reading, page, source, backend)
    except Exception as e:  # noqa: BLE001 - hostile bytes meet other people's parsers here; the cause is named and counted
        return Discovered(faults=(f"unreadable ({type(e).__name__}): 1",), backend=backend)


def _opened(body: bytes) -> bytes:
    """The content of a gzip file (`sitemap.xml.gz`), which is no content coding; ValueError over the limit."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    unzip = zlib.decompressobj(wbits=31)
    opened = unzip.decompress(body, LIMIT + 1)
    if len(opened) > LIMIT:
        raise ValueError("gzip file over the limit")
    return opened


def _backend(page: Page) -> str | None:
    """By content first: feeds served as text/html are common. Then by what it was fetched as."""
    if not page.text.strip():
        return None
    found = next((name for name, backend in BACKENDS.items() if backend.recognises(page)), None)
    asked = _BY_KIND.get(page.kind, page.kind)
    return found or (asked if asked in ("feed", "sitemap") and "<" in page.text else None)


def _checked(reading: Reading, page: Page, source: Source, backend: str) -> Discovered:
    faults = reading.faults
    candidates: dict[str, Candidate] = {}
    own = {canonical(source.homepage), canonical(page.url)}
    for link in reading.links:
        url = _address(link.url, page.url)
        reason = "homepage-or-listing" if url in own else _objection(url, link, source)
        if url and not reason:
            reason = "repeated" if url in candidates else None
            candidates[url] = _merged(candidates.get(url), _candidate(url, link, page, source))
        if reason and (reason == "trap" or not reading.lists_all_links):
            faults[reason] += 1
    listings = _listings(reading.listings, page, source, own, faults)
    if not candidates and not listings and not faults.total():
        faults["nothing-found"] += 1
    return Discovered(tuple(candidates.values()), listings, _counted(faults), backend)


def _address(url: str, base: str) -> str | None:
    url = url.strip()
    try:
        # An absolute address is left alone: joining would take the empty parameters of `/1.html;` away.
        return canonical(url if url.lower().startswith(("http://", "https://")) else urljoin(base, url))
    except ValueError:
        return None


def _objection(url: str | None, link: Link, source: Source) -> str | None:
    """Why a link is no candidate; None where it is one."""
    if url is None:
        return "no-web-address"
    if not within(source, url):
        return "outside-source"
    if is_trap(url):
        return "trap"
    matches = source.is_article(url)
    return None if (link.sure if matches is None else matches) else "not-an-article-address"


def is_trap(url: str) -> bool:
    """Whether a path is deeper than 20 segments or has one word more than twice."""
    segments = [segment for segment in urlsplit(url).path.split("/") if segment]
    return len(segments) > DEPTH or any(n > REPEATS for word, n in Counter(segments).items() if not word.isdigit())


def _candidate(url: str, link: Link, page: Page, source: Source) -> Candidate:
    raw = link.published_raw
    parsed = parse_date(raw, language=source.language, timezone=source.timezone, upper=page.captured_at)
    return Candidate(url, link.title, parsed.moment if parsed else None, raw)


def _merged(first: Candidate | None, again: Candidate) -> Candidate:
    """The same address twice: the first title of three words (`Read more` is none), and the first date."""
    if first is None:
        return again
    titles = [title for title in (first.title, again.title) if title]
    title = next((title for title in titles if len(title.split()) >= 3), max(titles, key=len, default=None))
    dated = first if first.published_raw else again
    return Candidate(first.url, title, dated.published, dated.published_raw)


def _listings(
    found: Iterable[Listing], page: Page, source: Source, own: set[str], faults: Counter[str]
) -> tuple[Listing, ...]:
    kept: dict[str, Listing] = {}
    taken: Counter[str] = Counter()
    for listing in found:
        url = _address(listing.url, page.url)
        if url is None or not (within if listing.kind == "section" else on_hosts)(source, url):
            faults["listing-outside-source"] += listing.kind != "section"
        elif url not in kept and url not in own and not is_trap(url):
            taken[listing.kind] += 1
            if taken[listing.kind] <= FURTHER.get(listing.kind, 0):
                kept[url] = Listing(url, listing.kind, listing.found_by)
            else:
                faults["listing-left-out"] += listing.kind != "section"
    return tuple(sorted(kept.values(), key=_rank))


def _rank(listing: Listing) -> int:
    news = listing.kind == "sitemap" and "news" in listing.url.lower()
    return {"feed": 0, "sitemap": 1 if news else 2}.get(listing.kind, 3)


def _counted(faults: Counter[str]) -> tuple[str, ...]:
    return tuple(f"{reason}: {count}" for reason, count in sorted(faults.items()) if count)
