"""The sample region: three small outlets of our own invention, as sites for the sample server.

All of it is made up: the outlets, the persons, the event. What each article should come out as stands in `manifest`.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from typing import Literal
from urllib.parse import quote, unquote

from crawler.sample.content import Outlet, Story, outlets
from crawler.sample.pages import Page, build, visible_date
from crawler.sample.server import Reply, Site, WireRequest

REGION = "sample"


@dataclass(frozen=True, slots=True)
class SampleArticle:
    """What one article should come out as."""

    source: str
    """Key of the source: `sample/amudaryo-courier`."""
    url: str
    """Canonical, percent-encoded."""
    language: str
    title: str
    published: datetime
    """As the outlet knows it, with its UTC offset."""
    published_raw: str
    """As the byline spells it."""
    published_precision: Literal["second", "minute", "day"]
    """How much of `published` the page itself tells."""
    author: str
    phrase: str
    """Stands in the body at every stage."""
    absent: tuple[str, ...]
    """Stand on the page and must not be in the body: caption, furniture."""
    listed: tuple[Literal["feed", "sitemap", "section"], ...]
    """Where it is listed."""
    body: str
    """Paragraphs separated by one empty line, subheads without their mark."""
    note: str
    """`wire`, `quotes <source>` or empty."""
    edited: str | None
    """A phrase that only the text of stage 2 has; None where the text stays."""
    since: int
    """The stage at which it appears."""
    removed: int | None
    """The stage from which it answers 410; None where it stays."""


@dataclass(frozen=True, slots=True)
class SamplePage:
    """A page that something links to as if it were an article, and what should become of it."""

    source: str
    url: str
    outcome: Literal["not-article", "login", "soft-404", "robots", "redirect"]
    target: str | None = None
    """Where a redirect leads."""


class SampleOutlets:
    """The three outlets.

    `stage` 1 is as first published; 2 has one text edited, one removed, two new. It may change while they are served.
    """

    def __init__(self, stage: int = 1) -> None:
        self.stage = stage

    def sites(self) -> dict[str, Site]:
        """By host name; an outlet at `www.` answers without it as well, with a redirect."""
        sites: dict[str, Site] = {}
        for outlet in outlets():
            sites[outlet.host] = self._site(outlet)
            if outlet.host.startswith("www."):
                sites[outlet.host.removeprefix("www.")] = _to_www(outlet)
        return sites

    def _site(self, outlet: Outlet) -> Site:
        def site(request: WireRequest) -> Reply:
            page = pages(outlet.key, self.stage).get(unquote(request.path))
            return _reply(outlet, page or _missing(outlet), request)

        return site


@cache
def pages(key: str, stage: int) -> dict[str, Page]:
    """All pages of an outlet at a stage, by path without percent-encoding."""
    return build(next(o for o in outlets() if o.key == key), stage)


def manifest() -> list[SampleArticle]:
    """All articles of all stages, outlet by outlet, in the order they are written down."""
    return [_expected(outlet, story) for outlet in outlets() for story in outlet.articles]


def oddities() -> list[SamplePage]:
    """The pages that are no articles: gallery, login wall, section, soft 404, a path robots.txt closes, a redirect."""
    found = []
    for outlet in outlets():
        source = f"{REGION}/{outlet.key}"
        oldest = outlet.listed_at(1)[-1]
        found += [SamplePage(source, outlet.url(quote(o.path)), o.outcome) for o in outlet.others]
        found += [SamplePage(source, outlet.url("/print" + quote(oldest.path)), "robots")]
        redirects = ((outlet.url(old), outlet.url(quote(new))) for old, new in outlet.redirects.items())
        found += [SamplePage(source, old, "redirect", new) for old, new in redirects]
    return found


def _expected(outlet: Outlet, story: Story) -> SampleArticle:
    language = outlet.language_of(story)
    return SampleArticle(
        source=f"{REGION}/{outlet.key}",
        url=outlet.url(quote(story.path)),
        language=language,
        title=story.title,
        published=story.published,
        published_raw=visible_date(outlet, story),
        published_precision=_precision(outlet, story),
        author=story.author,
        phrase=story.phrase,
        absent=(story.caption, *outlet.furniture[language[:2]]),
        listed=_listed(outlet, story),
        body=story.text_at(1).replace("## ", ""),
        note=story.note,
        edited=story.edit.add or next(iter(story.edit.replace.values())) if story.edit else None,
        since=story.since,
        removed=story.removed if story.removed < 99 else None,
    )


def _precision(outlet: Outlet, story: Story) -> Literal["second", "minute", "day"]:
    if story.markup in ("json-ld", "json-ld-comma", "opengraph"):
        return "second"
    return "minute" if ":" in visible_date(outlet, story) else "day"


def _listed(outlet: Outlet, story: Story) -> tuple[Literal["feed", "sitemap", "section"], ...]:
    language = outlet.language_of(story)[:2]
    mine = [s for s in outlet.listed_at(story.since) if outlet.language_of(s)[:2] == language]
    fed = any(f.language == language and story in mine[: f.limit] for f in outlet.feeds)
    return (*(("feed",) if fed else ()), *(("sitemap",) if outlet.news_sitemap else ()), "section")


def _to_www(outlet: Outlet) -> Site:
    def site(request: WireRequest) -> Reply:
        url = outlet.url(request.path + (f"?{request.query}" if request.query else ""))
        return _reply(outlet, Page(b"", status="301 Moved Permanently", location=url), request)

    return site


def _missing(outlet: Outlet) -> Page:
    text = next(iter(outlet.labels.values()))["missing"]
    kind = f"text/html; charset={outlet.charset}"
    return Page(f"<title>404</title><h1>{text}</h1>".encode(outlet.charset), kind, "404 Not Found")


def _reply(outlet: Outlet, page: Page, request: WireRequest) -> Reply:
    headers = _validators(outlet, page)
    if _unchanged(headers, request):
        return Reply([_head("304 Not Modified", headers)])
    body = page.body
    headers["Content-Type"] = page.content_type
    if page.location:
        headers["Location"] = page.location
    if outlet.compress and page.compressible and "gzip" in request.headers.get("accept-encoding", ""):
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        body = gzip.compress(body, mtime=0)
    chunked = outlet.chunked and page.compressible
    headers |= {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(len(body))}
    framed = [b""] if request.method == "HEAD" else _chunks(body) if chunked else [body]
    return Reply([_head(page.status, headers) + framed[0], *framed[1:]])


def _validators(outlet: Outlet, page: Page) -> dict[str, str]:
    if page.modified is None:
        return {}
    make: dict[str, Callable[[], tuple[str, str]]] = {
        "etag": lambda: ("ETag", f'"{hashlib.sha256(page.body).hexdigest()[:16]}"'),
        "last-modified": lambda: ("Last-Modified", format_datetime(page.modified.astimezone(UTC), usegmt=True)),  # type: ignore[union-attr]
    }
    return dict(make[name]() for name in outlet.validators)


def _unchanged(validators: dict[str, str], request: WireRequest) -> bool:
    """RFC 9110, 13.2.2: If-None-Match wins over If-Modified-Since."""
    if "if-none-match" in request.headers:
        return validators.get("ETag", "-") in request.headers["if-none-match"]
    since = request.headers.get("if-modified-since")
    if not since or "Last-Modified" not in validators:
        return False
    try:
        return parsedate_to_datetime(validators["Last-Modified"]) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):  # RFC 9110, 13.1.3: a date that can't be read is ignored
        return False


def _head(status: str, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Server: newswarc-sample", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _chunks(body: bytes, size: int = 4096) -> list[bytes]:
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    return [b"%x\r\n%b\r\n" % (len(part), part) for part in parts] + [b"0\r\n\r\n"]
