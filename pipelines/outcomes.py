"""Why a page is no article: an error, a challenge, a login wall, a section page, a gallery, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from newswarc.items import Outcome
from pipelines.body import PROSE, WORD, Body, Paragraph, about
from pipelines.metadata import Page, types_of
from pipelines.phrases import CHALLENGE, CHALLENGE_MARK, LOGIN, MISSING
from pipelines.titles import letters

Verdict = tuple[Outcome, str]

HTML_TYPES = frozenset(
    ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "text/plain", "application/octet-stream", "")
)
LOOKS_LIKE_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title|meta|article|div|p|h1)\b", re.I)
START = 4000
"""Characters in which a page shows that it is HTML."""
MOST_ATTRIBUTES = 5000
"""Of one element. libxml2 takes time by their square: 20,000 took 3 s, 100,000 more than 30 s."""
LONG_TAG = re.compile(r"<[a-z_:.][^<>]{20000,}", re.I)
QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")

LISTING_TYPES = frozenset(("CollectionPage", "SearchResultsPage", "ItemList"))
GALLERY_TYPES = frozenset(("ImageGallery", "MediaGallery", "VideoGallery"))
FEW = 400
"""Characters of running text below which a page's own words (404, log in, checking your browser) are believed."""
LEAST, LEAST_STATED = 140, 30
"""Letters of text an article has at least: without and with data that calls the page an article."""
LINK_HEAVY = 0.7
"""Share of the text in links that stand alone."""
FEWEST = 5
"""Words of an article."""
TEASERS, TEASER = 5, 400
"""Of a list of articles: links standing alone in what looked like content, and the longest text between two of them."""
SURELY = 200
"""A longest text shorter than this makes a list of articles, whatever the headline says."""
HEADLINE = 5
"""Words of a title that says enough to tell whether a text is about it."""
MANY_PICTURES, MANY_LINKS = 6, 12
FRAME_TAGS = frozenset(("footer", "nav", "aside", "button"))
FRAME_ROLES = frozenset(("contentinfo", "navigation", "dialog", "alertdialog", "complementary", "search"))
FRAME_NAME = re.compile(
    r"(?i)(?:^|[\s_-])(?:footer|cookies?|gdpr|consent|copyright|newsletter|menu|nav|navbar|sidebar)(?:$|[\s_-])"
)
"""What every page of a site has around its article."""
MENU = 15
"""Letters of a menu or footer that no article says by chance."""
MANY_TOPICS = 3
"""Of a menu, named in a text of one paragraph that is the whole page's then; an article may name one of them."""
SHORT = 800
LONG = 250
"""Letters of a text that may be the page's frame and nothing else; and characters of a paragraph that no frame has."""


def before_parsing(text: str, content_type: str | None, status: int | None) -> Verdict | None:
    """What the answer's head and first characters tell."""
    kind = (content_type or "").split(";")[0].strip().lower()
    if status is not None and status >= 400:
        challenge = len(text) < 60_000 and (CHALLENGE_MARK.search(text) or CHALLENGE.search(text[:START]))
        return ("challenge", f"HTTP {status} with a challenge") if challenge else ("error-status", f"HTTP {status}")
    if status is not None and not 200 <= status < 300:
        return "error-status", f"HTTP {status}"
    if kind not in HTML_TYPES:
        return "not-html", kind
    if not text.strip():
        return "empty", "no content"
    if not LOOKS_LIKE_HTML.search(text[:START]) and (
        "<" not in text or kind not in ("text/html", "application/xhtml+xml")
    ):
        return "not-html", kind or "no markup"
    if any(len(QUOTED.sub("", tag[0]).split()) > MOST_ATTRIBUTES for tag in LONG_TAG.finditer(text)):
        return "poisoned", f"an element with more than {MOST_ATTRIBUTES} attributes"
    return None


def is_stated_article(page: Page) -> bool:
    """Whether the page's own data calls it an article."""
    return bool(page.article) or "article" in page.meta("og:type").lower() or bool(page.meta("article:published_time"))


def after_extraction(page: Page, tree: HtmlElement, body: Body, title: str, text: str) -> Verdict | None:
    """What the page's words, links and pictures tell; `text` is what is left of the body as an article."""
    prose = sum(p.weight for p in body.article if p.is_prose)
    heads = " ".join((page.title_tag, *page.headings[:2]))
    if _letters(text) < SHORT:
        text = _own(tree, text)
    if prose < FEW and (verdict := _wall(page, tree, heads, text)):
        return verdict
    return _listing(page, tree, body, title, prose) or _nothing(page, tree, body, text)


def _own(tree: HtmlElement, text: str) -> str:
    """Of a short text what is no part of the page's frame: where there is no article, extractors take the footer, or
    all that the page says in one, its menu included."""
    frames = _frames(tree)
    if "\n\n" not in text and _says_menu(letters(text), frames):
        return ""
    own = (part for part in text.split("\n\n") if not any(letters(part) in frame for frame in frames))
    return "\n\n".join(own)


def _says_menu(whole: str, frames: dict[str, bool]) -> bool:
    said = {frame: of_parts for frame, of_parts in frames.items() if len(frame) >= MENU and frame in whole}
    return any(said.values()) or len(said) >= MANY_TOPICS


def _frames(tree: HtmlElement) -> dict[str, bool]:
    """Their letters, and whether they are of several pieces, as a menu or a notice with its button is.

    Some sites wrap the whole page in a `menu` or a form: what holds the headline, or a long text, is no frame.
    """
    found = (element for element in tree.iter() if _is_frame(element) and element.find(".//h1") is None)
    return {
        words: sum(bool(piece.strip()) for piece in element.itertext()) > 1
        for element in found
        if (words := letters(element.text_content())) and not _holds_prose(element)
    }


def _holds_prose(element: HtmlElement) -> bool:
    return any(len(p.text_content()) > LONG for p in element.iter("p", "div") if not len(p) or p.tag == "p")


def _is_frame(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str):
        return False
    named = f"{element.get('class') or ''} {element.get('id') or ''}"[:300]
    return element.tag in FRAME_TAGS or element.get("role") in FRAME_ROLES or FRAME_NAME.search(named) is not None


def _wall(page: Page, tree: HtmlElement, heads: str, text: str) -> Verdict | None:
    words = " ".join((heads, text or tree.text_content()[:START]))
    if CHALLENGE.search(heads) or (
        CHALLENGE.search(words) and any(CHALLENGE_MARK.search(name) for name in _names(tree))
    ):
        return "challenge", "checks the visitor"
    if MISSING.search(heads):
        return "soft-404", "says that the page is missing"
    short = _letters(text) < LEAST
    asks = tree.find(".//input[@type='password']") is not None and (short or not is_stated_article(page))
    if LOGIN.search(heads) or (asks and (short or LOGIN.search(words))) or (short and LOGIN.search(words)):
        return "login", "asks for a login"
    return None


def _names(tree: HtmlElement) -> Iterator[str]:
    for element in tree.iter("form", "div", "script", "iframe", "input"):
        yield " ".join(element.get(name) or "" for name in ("id", "class", "src", "name"))[:500]


def _listing(page: Page, tree: HtmlElement, body: Body, title: str, prose: int) -> Verdict | None:
    if is_stated_article(page):
        return None
    kinds = {kind for item in page.items for kind in types_of(item)}
    if kinds & LISTING_TYPES:
        return "not-article", "a list of articles by its own data"
    if kinds & GALLERY_TYPES and prose < FEW:
        return "not-article", "a gallery by its own data"
    if not urlsplit(page.url).path.strip("/") and not urlsplit(page.url).query:
        return "not-article", "the front page"
    links = sum(p.leads_elsewhere for p in body.around)
    stretch = _stretch(body)
    if links >= TEASERS and (stretch < SURELY or (stretch < TEASER and about(body.article, title) < 1)):
        return "not-article", "a list of headlines"
    told = stretch >= 2 * TEASER and len(WORD.findall(title)) >= HEADLINE and about(body.article, title) >= 1
    if not told and _longest(body) < TEASER and _mixed_with_links(tree, body.article):
        return "not-article", "a list of teasers"
    return None


def _mixed_with_links(tree: HtmlElement, article: list[Paragraph]) -> bool:
    """Whether links stand alone between the paragraphs, as many as make each second one a teaser."""
    starts = {letters(p.text)[:30] for p in article if p.is_prose}
    marks = [_mark(element, starts) for element in tree.iter("a", "p", "div", "td", "li", "span")]
    met = [at for at, mark in enumerate(marks) if mark == "text"]
    links = marks[met[0] : met[-1]].count("link") if met else 0
    return links >= TEASERS and links * 2 >= len(met)


def _mark(element: HtmlElement, starts: set[str]) -> str | None:
    if element.tag == "a":
        return "link" if _stands_alone(element) else None
    text = (element.text or "").strip()
    return "text" if len(text) >= 30 and letters(text[:200])[:30] in starts else None


def _stands_alone(link: HtmlElement) -> bool:
    """A link as long as a headline with nothing beside it."""
    parent = link.getparent()
    text = link.text_content().strip()
    return 20 <= len(text) <= 300 and parent is not None and parent.text_content().strip() == text


def _stretch(body: Body) -> int:
    """Letters of the longest text that no link interrupts; lists of articles have a link for every sentence or two."""
    longest = run = 0
    for paragraph in body.around:
        run = 0 if paragraph.leads_elsewhere else run + paragraph.weight * paragraph.is_prose
        longest = max(longest, run)
    return max(longest, _longest(body))


def _longest(body: Body) -> int:
    return max((p.weight for p in body.article if p.is_prose), default=0)


def _nothing(page: Page, tree: HtmlElement, body: Body, text: str) -> Verdict | None:
    stated = is_stated_article(page)
    lines_only = not stated and not any(p.is_prose for p in body.article)
    short = _letters(text) < (LEAST_STATED if stated else LEAST) or len(WORD.findall(text[:START])) < FEWEST
    if not (short or lines_only):
        return None
    lines = max((p.weight for p in body.article), default=0)
    if lines < PROSE and sum(1 for _ in tree.iter("img")) >= MANY_PICTURES:
        return "not-article", "pictures with little text"
    links = [a.text_content() for a in tree.iter("a") if _stands_alone(a)]
    if len(links) >= MANY_LINKS and sum(map(len, links)) > LINK_HEAVY * len(text):
        return "not-article", "mostly links"
    if (
        lines_only
        and _letters(text)
        and sum(_letters(a) for a in links if a.strip() in text) > LINK_HEAVY * _letters(text)
    ):
        return "not-article", "links and nothing else"
    return ("empty", "no running text") if short else None


def _letters(text: str) -> int:
    return Paragraph(text).weight
