"""What a page says of itself: meta tags, JSON-LD, headings, bylines, times, links. Read in one pass over each kind."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from pipelines.charset import printable

MAX_METAS, MAX_SCRIPTS, MAX_ITEMS, MAX_DEPTH = 500, 20, 500, 12
MAX_SCRIPT = 1_000_000
MAX_HEADINGS = 20
MAX_VALUE = 2000
"""Characters of a meta tag's content, of a heading, of a name."""
ARTICLE_TYPES = re.compile(r"(article|posting|report|newsarticle)$", re.I)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
TRAILING_COMMA = re.compile(r",\s*([}\]])")
WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)?\s*;?\s*$"
)


@dataclass
class Page:
    """What was found, as it stands in the page, white space collapsed; empty where the page says nothing."""

    url: str
    metas: dict[str, list[str]] = field(default_factory=dict)
    """Contents by lower-case name, property or itemprop."""
    items: list[dict[str, Any]] = field(default_factory=list)
    """Every object of the JSON-LD blocks."""
    article: dict[str, Any] = field(default_factory=dict)
    """The JSON-LD object of this article; empty if there is none."""
    title_tag: str = ""
    headings: list[str] = field(default_factory=list)
    logos: list[str] = field(default_factory=list)
    """Texts of the h1 elements that are a link to the front page, and so no headline."""
    pieces: list[str] = field(default_factory=list)
    """Texts within the h1 elements that are divided by other elements."""
    canonical: str = ""
    language: str = ""
    """The `lang` of the html element."""

    def meta(self, *names: str) -> str:
        """The first content of the first of these names that has one."""
        return next((value for name in names for value in self.metas.get(name, ())), "")


def read_page(tree: HtmlElement, url: str) -> Page:
    page = Page(url, metas=_metas(tree), items=list(json_ld(tree)), language=tree.get("lang") or "")
    page.title_tag = next((squeeze(t.text_content()) for t in tree.iter("title")), "")
    first = list(tree.iter("h1"))[:MAX_HEADINGS]
    headings = [h for h in first if not _is_logo(h, url)]
    page.logos = [text for h in first if h not in headings and (text := squeeze(h.text_content()))]
    page.headings = [text for text in (squeeze(h.text_content()) for h in headings) if text]
    page.pieces = [squeeze(piece) for h in headings if len(h) for piece in h.itertext() if piece.strip()][
        : 3 * MAX_HEADINGS
    ]
    page.canonical = canonical_url(tree, page, url)
    page.article = _article_item(page)
    return page


def _is_logo(heading: HtmlElement, url: str) -> bool:
    """Whether all that a heading says leads to the front page, that of a language too: `/`, `/ru/`."""
    links = [link for link in (*heading.iter("a"), *heading.iterancestors("a")) if link.get("href")]
    if not links or not squeeze(heading.text_content()):
        return False
    whole = squeeze(links[0].text_content()) in ("", squeeze(heading.text_content()))
    target = _absolute(links[0].get("href"), url)
    parts = urlsplit(target)
    return bool(whole and target and len(parts.path.strip("/")) <= 2 and not parts.query and same_site(target, url))


def squeeze(text: str | None) -> str:
    return " ".join(printable((text or "")[: MAX_VALUE * 4]).split())[:MAX_VALUE].rstrip()


def _metas(tree: HtmlElement) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for number, element in enumerate(tree.iter("meta")):
        if number >= MAX_METAS:
            break
        content = squeeze(element.get("content"))
        for attribute in ("property", "name", "itemprop"):
            name = element.get(attribute)
            if name and content:
                found.setdefault(name.strip().lower()[:80], []).append(content)
    return found


def json_ld(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    """The objects of all JSON-LD blocks, those inside @graph, lists and mainEntity too."""
    scripts = [s for s in tree.iter("script") if "ld+json" in (s.get("type") or "").lower()]
    budget = MAX_ITEMS
    for script in scripts[:MAX_SCRIPTS]:
        for item in _walk(_loads(script.text or ""), 0):
            budget -= 1
            if budget < 0:
                return
            yield item


def _loads(text: str) -> Any:
    """JSON as pages write it: with comments around it, control characters, trailing commas, escaped twice."""
    if len(text) > MAX_SCRIPT:
        return None
    bare = WRAPPING.sub("", WRAPPING.sub("", text)) if "<!" in text or "]]>" in text else text.strip().rstrip(";")
    spaced = CONTROL.sub(" ", bare)
    for attempt in (bare, spaced, TRAILING_COMMA.sub(r"\1", spaced), html.unescape(spaced)):
        try:
            return json.loads(attempt, strict=False)
        except ValueError:
            continue
        except RecursionError:
            return None
    return None


def _walk(node: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(node, list):
        for child in node[:MAX_ITEMS]:
            yield from _walk(child, depth + 1)
    elif isinstance(node, dict):
        yield node
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "hasPart"):
            if isinstance(node.get(key), list | dict):
                yield from _walk(node[key], depth + 1)


def types_of(item: dict[str, Any]) -> list[str]:
    kind = item.get("@type")
    return [k for k in (kind if isinstance(kind, list) else [kind]) if isinstance(k, str)]


def _article_item(page: Page) -> dict[str, Any]:
    """Of several articles in a page (teasers of others), the one with this page's address, else the first dated one."""
    articles = [i for i in page.items if any(ARTICLE_TYPES.search(kind) for kind in types_of(i))]
    here = {_path(page.url), _path(page.canonical)}
    own = [i for i in articles if here & {_path(address) for address in _addresses(i)}]
    dated = [i for i in own or articles if i.get("datePublished")]
    return next(iter(dated or own or articles), {})


def _addresses(item: dict[str, Any]) -> Iterator[str]:
    for value in (item.get("url"), item.get("@id"), item.get("mainEntityOfPage")):
        value = value.get("@id") or value.get("url") if isinstance(value, dict) else value
        if isinstance(value, str):
            yield value


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/") or "/"
    except ValueError:
        return ""


def text_of(value: Any) -> str:
    """A JSON-LD value as plain text: a string, or the name of an object, or the first of a list."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value") or ""
    return squeeze(html.unescape(str(value))) if isinstance(value, str | int | float) else ""


def texts_of(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in map(text_of, values[:100]) if text]


def canonical_url(tree: HtmlElement, page: Page, url: str) -> str:
    """The page's canonical link if it is on the same site and not merely its front page; else the URL itself."""
    links = (e.get("href") for e in tree.iter("link") if "canonical" in (e.get("rel") or "").lower().split())
    for link in (next(links, None), page.meta("og:url")):
        absolute = _absolute(link, url)
        if absolute and same_site(absolute, url) and (urlsplit(absolute).path.strip("/") or not _path(url).strip("/")):
            return absolute
    return url


def _absolute(link: str | None, base: str) -> str:
    try:
        joined = urljoin(base, printable(link or "").strip())
        parts = urlsplit(joined)
    except ValueError:
        return ""
    return joined.split("#")[0] if link and parts.scheme in ("http", "https") and parts.hostname else ""


def same_site(one: str, other: str) -> bool:
    """The same host, or one is a subdomain of the other, `www` and `m` aside."""
    a, b = (re.sub(r"^(www|m|amp)\.", "", urlsplit(u).hostname or "") for u in (one, other))
    return bool(a and b) and (a == b or a.endswith("." + b) or b.endswith("." + a))


def site_names(page: Page, hint: str | None = None) -> list[str]:
    """What the site calls itself, the likeliest first."""
    publisher = text_of(page.article.get("publisher"))
    sites = [text_of(i.get("name")) for i in page.items if {"WebSite", "NewsMediaOrganization"} & set(types_of(i))]
    names = [
        page.meta("og:site_name"),
        squeeze(hint),
        publisher,
        *sites,
        page.meta("application-name", "twitter:site", "copyright"),
        *page.logos,
    ]
    return list(dict.fromkeys(name.lstrip("@").strip() for name in names if name.strip("@ ")))


def tags(page: Page) -> tuple[str, ...]:
    listed = [t for name in ("article:tag", "parsely-tags") for t in page.metas.get(name, ())]
    keywords = page.article.get("keywords") or page.meta("news_keywords", "keywords")
    words = (
        texts_of(keywords)
        if isinstance(keywords, list)
        else re.split(r"[,;،]", keywords if isinstance(keywords, str) else "")
    )
    return _distinct([*listed, *words], 50, 80)


def images(page: Page) -> tuple[str, ...]:
    """Absolute addresses of the pictures the page offers for itself."""
    stated = page.article.get("image")
    pictures = (stated if isinstance(stated, list) else [stated])[:20]
    urls = [p.get("url") or p.get("contentUrl") if isinstance(p, dict) else p for p in pictures]
    shared = (*page.metas.get("og:image", []), *page.metas.get("twitter:image", []))
    return _distinct([_absolute(u, page.url) for u in (*urls, *shared) if isinstance(u, str)], 10, MAX_VALUE)


def description(page: Page) -> str | None:
    return (
        page.meta("og:description", "description", "twitter:description")
        or text_of(page.article.get("description"))
        or None
    )


def _distinct(values: Iterable[str], most: int, longest: int) -> tuple[str, ...]:
    clean = (squeeze(html.unescape(value)) for value in values)
    return tuple(dict.fromkeys(v for v in clean if 0 < len(v) <= longest))[:most]
