"""From an archived page to an article, or to a named reason why it is none."""

from __future__ import annotations

import re
from datetime import datetime

import trafilatura
from lxml import etree
from lxml.html import HtmlComment, HtmlElement, HtmlProcessingInstruction

from newswarc.items import Article, Capture, Cleaned, Hints
from pipelines import outcomes
from pipelines.authors import find_authors
from pipelines.body import extract_body
from pipelines.charset import decode
from pipelines.furniture import byline_names, clear
from pipelines.language import language_of
from pipelines.metadata import Page, description, images, read_page, site_names, squeeze, tags, text_of
from pipelines.published import find_modified, find_published
from pipelines.titles import Voices, choose_title, letters

RULES = 3
"""Raised whenever these rules give another text for some page."""
EXTRACTOR = f"trafilatura {trafilatura.__version__}; newswarc-clean {RULES}"
LARGEST = 20_000_000
"""Bytes of a decoded page; a larger one is `poisoned`."""
INLINE = re.compile(r"</?(?:span|b|i|u|em|strong|font|small|big|center|tbody|ul|ol|table)\b[^<>]*>", re.I)
CONTAINER = re.compile(r"<(?:div|section|td|tr|li|blockquote|dl|dd|dt|article|main)\b[^<>]*>", re.I)
CONTROLS = bytes([*range(9), *range(0x0E, 0x20), 0x7F])
TABULATION = bytes.maketrans(b"\x0b\x0c", b"  ")
CONTROL_REFERENCE = re.compile(
    r"&#(?:x0*(?:[0-8ef]|1[\da-f]|7f|fff[ef])(?![\da-f])|0*(?:[0-8]|1[4-9]|2\d|3[01]|127|6553[45])(?!\d));?", re.I
)
TABULATION_REFERENCE = re.compile(r"&#(?:x0*[bc](?![\da-f])|0*1[12](?!\d));?", re.I)
"""What pages hold of control characters, as bytes and by number; trafilatura would write U+FFFD for them."""
CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.I)


def clean(capture: Capture, hints: Hints) -> Cleaned:
    """What the archive holds of a page, cleaned; see `clean_page`."""
    archived = capture.archived
    try:
        content = capture.content(LARGEST)
    except ValueError as error:
        return Cleaned("poisoned", reason=f"cannot be decoded: {error}")
    found = CHARSET.search(archived.content_type or "")
    return clean_page(
        content,
        url=archived.url,
        charset=found[1] if found else None,
        content_type=archived.content_type,
        captured_at=archived.captured_at,
        hints=hints,
        status=archived.status or 0,
    )


def clean_page(
    html: bytes,
    *,
    url: str,
    charset: str | None,
    content_type: str | None,
    captured_at: datetime | None,
    hints: Hints,
    status: int = 200,
) -> Cleaned:
    """The article of a page, or a named outcome with its reason. Never raises.

    Args:
        html: the entity body, content coding removed.
        charset: what the server said; wins over a meta tag.
        captured_at: aware; no date later than it (and a day, for time zones) is believed.
        status: HTTP status; 0 where no status line was received.
    """
    if len(html) > LARGEST:
        return Cleaned("poisoned", reason=f"larger than {LARGEST} bytes")
    try:
        text = decode(html, charset)
        verdict = outcomes.before_parsing(text, content_type, status)
        return Cleaned(verdict[0], reason=verdict[1]) if verdict else _cleaned(text, url, captured_at, hints)
    except (etree.ParserError, etree.XMLSyntaxError):  # lxml's word for a document without any element
        return Cleaned("empty", reason="no elements")
    except Exception as error:  # noqa: BLE001  a page that breaks a library is an outcome; the next page must be cleaned
        return Cleaned("poisoned", reason=f"{type(error).__name__}: {error}"[:300])


def _cleaned(text: str, url: str, captured_at: datetime | None, hints: Hints) -> Cleaned:
    tree = parse(text)
    page = read_page(tree, url)
    names = site_names(page, hints.sitename)
    title = _title(page, tree, names) or squeeze(hints.title)
    found = extract_body(tree, title or "")
    spellings = [title or "", page.meta("og:title"), text_of(page.article.get("headline")), hints.title or ""]
    cleared = clear(found.article, spellings, names)
    body = "\n\n".join(cleared.paragraphs)
    verdict = outcomes.after_extraction(page, tree, found, title or "", body)
    if verdict or not title:
        outcome, reason = verdict or ("not-article", "no headline")
        return Cleaned(outcome, reason=reason)
    language = language_of(body, hints.language or page.language)
    published = find_published(page, tree, hints, language, captured_at, cleared.byline)
    article = Article(
        url=url,
        canonical_url=page.canonical,
        title=title,
        text=body,
        language=language,
        published=published.when.moment if published else None,
        published_raw=published.raw if published else None,
        published_precision=published.when.precision if published else None,
        published_origin=published.origin if published else None,
        modified=find_modified(page, hints, captured_at),
        authors=find_authors(page, tree, names, byline_names(cleared.byline or "")),
        sitename=next((name for name in names if letters(name) != letters(title)), None),
        description=description(page),
        tags=tags(page),
        images=images(page),
        extractor=EXTRACTOR,
    )
    return Cleaned("article", article)


def parse(text: str) -> HtmlElement:
    """The page's tree. libxml2 drops what is nested more than 256 deep: then that of the page without containers."""
    tree, whole = _parse(text)
    if not whole:
        tree, _ = _parse(CONTAINER.sub("<p>", INLINE.sub("", text)))
    if tree is None:
        raise etree.ParserError("no elements")
    return tree


def _parse(text: str) -> tuple[HtmlElement | None, bool]:
    parser = etree.HTMLParser(encoding="utf-8", collect_ids=False, remove_comments=True, remove_pis=True)
    # lxml.html's own lookup asks Python for each element: 2 to 6 % of the whole.
    parser.set_element_class_lookup(
        etree.ElementDefaultClassLookup(element=HtmlElement, comment=HtmlComment, pi=HtmlProcessingInstruction)
    )
    tree = etree.fromstring(_without_controls(text), parser)
    return tree, all(entry.type != etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log)


def _without_controls(text: str) -> bytes:
    named = TABULATION_REFERENCE.sub(" ", CONTROL_REFERENCE.sub("", text))
    return named.encode("utf-8", "replace").translate(TABULATION, CONTROLS)


def _title(page: Page, tree: HtmlElement, names: list[str]) -> str | None:
    voices = Voices(
        headings=page.headings,
        pieces=page.pieces,
        title_tag=page.title_tag,
        og_title=page.meta("og:title"),
        twitter_title=page.meta("twitter:title"),
        headline=text_of(page.article.get("headline")),
    )
    return choose_title(voices, names, page.url, lambda: _texts(tree))


def _texts(tree: HtmlElement) -> set[str]:
    elements = tree.iter("h2", "h3", "h4", "p", "div", "span", "b", "strong", "font", "td", "a")
    return {letters(squeeze(e.text)) for e in elements if e.text and 8 <= len(e.text) <= 400}
