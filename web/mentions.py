"""A document's text cut into pieces, each a stretch of plain text or a name, for the evidence page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newswarc.items import Document, Mention, Statement
from search.names import named, term

Piece = tuple[str, Mention | None]
MOST_NAMES = 60
"""Actors, and places, that are listed beside a text."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An actor or a place beside the text."""

    mention: Mention
    times: int


def title_pieces(document: Document) -> list[Piece]:
    return _pieces(document.title, 0, len(document.title), _outermost(document, "title"))


def paragraphs(document: Document) -> list[list[Piece]]:
    """The paragraphs of the text, each as pieces; of a name inside another only the outer one."""
    spans = _outermost(document, "text")
    found, at = [], 0
    for paragraph in document.text.split("\n\n"):
        found.append(_pieces(document.text, at, at + len(paragraph), spans))
        at += len(paragraph) + 2
    return found


def listed(document: Document, kind: str) -> list[Listed]:
    """Those named most often first."""
    counts: dict[str, int] = {}
    for mention in document.mentions:
        counts[term(mention)] = counts.get(term(mention), 0) + 1
    every = [Listed(mention, counts[term(mention)]) for mention in named(document, kind)]
    return sorted(every, key=lambda one: -one.times)[:MOST_NAMES]


def said(document: Document) -> tuple[Statement, ...]:
    """Who says what, but for what is plainly reported."""
    return tuple(statement for statement in document.statements if statement.stance != "reports")


def _outermost(document: Document, field: str) -> list[Mention]:
    found: list[Mention] = []
    for mention in document.mentions:
        if mention.field == field and (not found or mention.start >= found[-1].end):
            found.append(mention)
    return found


def _pieces(text: str, start: int, end: int, spans: Sequence[Mention]) -> list[Piece]:
    pieces: list[Piece] = []
    at = start
    for mention in spans:
        if start <= mention.start and mention.end <= end:
            pieces += [(text[at : mention.start], None), (text[mention.start : mention.end], mention)]
            at = mention.end
    return [piece for piece in [*pieces, (text[at:end], None)] if piece[0]]
