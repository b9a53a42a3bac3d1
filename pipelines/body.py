"""The text of an article: trafilatura's paragraphs, checked against readability's opinion of the same page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

from lxml.etree import iterwalk
from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.external import try_readability
from trafilatura.settings import Extractor

from pipelines.charset import printable

BLOCKS = frozenset(
    (
        *(
            "p",
            "div",
            "section",
            "article",
            "main",
            "aside",
            "header",
            "footer",
            "nav",
            "form",
            "body",
            "html",
            "br",
            "hr",
        ),
        *(
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "ul",
            "ol",
            "li",
            "dl",
            "dt",
            "dd",
            "blockquote",
            "pre",
            "figure",
            "figcaption",
        ),
        *("table", "thead", "tbody", "tr", "td"),
        *("head", "list", "item", "quote", "row", "cell", "lb", "code"),  # trafilatura's own
    )
)
CELLS = frozenset(("td", "th", "cell"))
LINKS = frozenset(("a", "ref"))
NO_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = re.compile(f"[{NO_SPACES}]|[^\\W{NO_SPACES}]+")
SIGN = re.compile(f"[{NO_SPACES}]")
SENTENCE_END = re.compile(r"""[.!?…。！？؟۔।:;]["”»'’)\]“」』]*\s*$""")
PROSE = 60
"""Characters of a paragraph that counts as running text."""
LINKED, LINE_LINKED = 0.8, 0.5
"""Share of a paragraph inside links above which it leads elsewhere; the second where no sentence ends it."""
SHORT = 250
"""Characters of text below which trafilatura's slow fallbacks are asked too."""
LOUDER = 0.5
"""Readability wins where trafilatura found nothing of the same and it has this share of running text at least."""
MUCH = 5
"""Readability wins too where it has so many times the running text, and speaks half as much of the headline."""
BEGINNING = 1500
"""Characters of running text in which an article takes up the words of its headline."""
PARTS = 0.6
"""Share of the running text both agree on, below which readability may have taken one container of several."""
AGREED = 0.3
"""Share of the running text both agree on, below which readability is taken to have missed the article."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    linked: float = 0.0
    """Share of its characters inside links."""
    heading: bool = False

    @property
    def weight(self) -> int:
        """Its length in letters: scripts without spaces say in one sign what takes others two or three."""
        return len(self.text) + len(SIGN.findall(self.text)) * 3 // 2

    @property
    def is_prose(self) -> bool:
        return self.weight >= PROSE and not self.leads_elsewhere and bool(SENTENCE_END.search(self.text))

    @property
    def leads_elsewhere(self) -> bool:
        return self.linked >= LINKED or (self.linked >= LINE_LINKED and not SENTENCE_END.search(self.text))


@dataclass(frozen=True, slots=True)
class Body:
    article: list[Paragraph]
    """What is taken for the article, in order; empty where neither extractor finds text."""
    around: list[Paragraph]
    """All that trafilatura took for content, links and teasers too."""


def extract_body(tree: HtmlElement, title: str = "") -> Body:
    """The text of a page's article; the headline helps where the two extractors disagree. The tree stays as it is."""
    own, sound = _trafilatura(tree, fast=True)
    other = list(paragraphs(try_readability(copy(tree))))
    enough = sum(len(p.text) for p in other) > 2 * SHORT
    chosen = combine(own, other, title) if sound or not enough else other
    if sum(len(p.text) for p in chosen) < SHORT or not any(p.is_prose for p in chosen):
        slow, _ = _trafilatura(tree, fast=False)
        chosen = max(chosen, slow, key=lambda some: sum(len(p.text) for p in some))
    return Body(chosen, own)


def _trafilatura(tree: HtmlElement, *, fast: bool) -> tuple[list[Paragraph], bool]:
    """Its paragraphs, and whether the page has them as such: text out of tables or bare lists is doubtful.

    It is not told the page's address: that is for making links whole, and of a link only its being one counts here.
    """
    options = Extractor(output_format="python", fast=fast, comments=False, links=True)
    document: Any = bare_extraction(tree, options=options)
    if document is None:
        return [], False
    body: HtmlElement = document.body
    written = sum(bool("".join(p.itertext()).strip()) for p in body.iter("p"))
    return list(paragraphs(body)), written > 0 and written >= len(list(body.iter("table")))


def combine(own: list[Paragraph], other: list[Paragraph], title: str = "") -> list[Paragraph]:
    """What both found; between their first and last agreement all but links; outside it only running text.

    Readability finds the one container that holds the article, trafilatura all that may belong to it: what that adds
    behind are mostly teasers, before mostly leads. Where they agree on little, readability took the wrong container.
    """
    other_text = _shingles_of(other)
    shared = [_overlap(p, other_text) > 0.5 for p in own]
    prose = _words_in(p for p in own if p.is_prose)
    agreed = _words_in(p for p, both in zip(own, shared, strict=True) if both and p.is_prose)
    if not agreed:
        return _one_of(own, other, title)
    if agreed < AGREED * prose:
        return _running(own)
    first, last = shared.index(True), len(shared) - 1 - shared[::-1].index(True)
    lead = next((at for at, p in enumerate(own[:first]) if p.is_prose), first)
    while lead and own[lead - 1].weight >= PROSE and not own[lead - 1].leads_elsewhere and not own[lead - 1].heading:
        lead -= 1
    if agreed < PARTS * prose:
        last = _last_of_parts(own, last)
    return [p for at, p in enumerate(own) if not p.leads_elsewhere and lead <= at <= last]


def _last_of_parts(own: list[Paragraph], last: int) -> int:
    """Where an article in several containers ends, of which readability took one: at the next link."""
    end = next((at for at in range(last + 1, len(own)) if own[at].leads_elsewhere), len(own))
    return max((at for at in range(last, end) if own[at].is_prose), default=last)


def _one_of(own: list[Paragraph], other: list[Paragraph], title: str) -> list[Paragraph]:
    """Nothing in common: the one that speaks of what the headline says, else the one with more running text."""
    prose, other_prose = _words_in(p for p in own if p.is_prose), _words_in(p for p in other if p.is_prose)
    if not prose or not other_prose:
        return own if prose or not other_prose else other
    theirs = _shingles_of([p for p in other if p.is_prose])
    if len(theirs & _shingles_of(own)) > 0.7 * len(theirs):  # all of it lies somewhere in much longer paragraphs
        return other
    mine, theirs_about = about(own, title), about(other, title)
    if other_prose > MUCH * prose and 2 * theirs_about >= mine:  # a teaser repeats the headline whole
        return other
    if mine != theirs_about:
        return _running(own if mine > theirs_about else other)
    return other if other_prose > LOUDER * prose else _running(own)


def about(some: list[Paragraph], title: str) -> float:
    """0 to 2: share of the headline's longer words that the text has, endings aside, and that its beginning has."""
    sought = {token[:5] for token in _tokens(title) if len(token) > 3 or SIGN.match(token)}
    whole, prose = (" ".join(p.text for p in part) for part in (some, (p for p in some if p.is_prose)))
    found = [len(sought & {token[:5] for token in _tokens(text)}) for text in (whole, prose[:BEGINNING])]
    return round(sum(found) / len(sought), 1) if sought else 0.0


def _running(some: list[Paragraph]) -> list[Paragraph]:
    """From the first running text to the last, without links."""
    prose = [at for at, p in enumerate(some) if p.is_prose]
    return [p for p in some[prose[0] : prose[-1] + 1] if not p.leads_elsewhere] if prose else some


def paragraphs(body: HtmlElement) -> Iterator[Paragraph]:
    """The text blocks of a tree in document order, white space collapsed; a table row is one line."""
    text: list[str] = []
    linked, depth, heading = 0, 0, False

    def block() -> Iterator[Paragraph]:
        nonlocal linked, heading
        line = " ".join(printable("".join(text)).split()).strip("| ")
        if line:
            yield Paragraph(line, min(1.0, linked / len(line)), heading)
        text.clear()
        linked, heading = 0, False

    for event, element in iterwalk(body, events=("start", "end")):
        tag = element.tag
        if not isinstance(tag, str):
            continue
        if event == "start":
            if tag in CELLS:
                text.append(" | " if text else "")
            elif tag in BLOCKS:
                yield from block()
                heading = tag == "head" or (len(tag) == 2 and tag[0] == "h" and tag[1].isdigit())
            depth += tag in LINKS
            piece = element.text
        else:
            if tag in BLOCKS and tag not in CELLS:
                yield from block()
            depth -= tag in LINKS
            piece = element.tail if element is not body else None
        if piece:
            text.append(piece)
            linked += len(piece.strip()) if depth else 0
    yield from block()


def _tokens(text: str) -> list[str]:
    return WORD.findall(text.casefold())


def _shingles(tokens: list[str]) -> set[tuple[str, ...]]:
    return set(zip(tokens, tokens[1:], tokens[2:], strict=False)) if len(tokens) > 2 else {tuple(tokens)}


def _shingles_of(some: list[Paragraph]) -> set[tuple[str, ...]]:
    return {shingle for p in some for shingle in _shingles(_tokens(p.text))}


def _overlap(paragraph: Paragraph, other: set[tuple[str, ...]]) -> float:
    mine = _shingles(_tokens(paragraph.text))
    return len(mine & other) / len(mine)


def _words_in(some: Iterator[Paragraph] | list[Paragraph]) -> int:
    return sum(len(_tokens(p.text)) for p in some)
