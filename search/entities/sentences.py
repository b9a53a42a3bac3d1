"""A text as sentences with their direct speech; a sentence ends outside quotation marks only."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate
from typing import NamedTuple

from search.entities.speech import fold

LONGEST = 2_000
"""Characters of a sentence or of one quotation; what is longer is cut, so that the work stays linear."""


class Token(NamedTuple):
    word: str
    """Folded: see `search.entities.speech.fold`."""
    start: int
    end: int


class Quote(NamedTuple):
    """Offsets of a quotation with its marks, and of what stands between them."""

    start: int
    inner: int
    inner_end: int
    end: int


class Sentence(NamedTuple):
    start: int
    end: int
    first: bool
    """The first of its paragraph."""
    quotes: tuple[Quote, ...]


_MARK = re.compile('[“”„"«»\n]')
_CLOSING = {"“": "”", "„": "“”", "«": "»", '"': '"'}
_BREAK = re.compile(r"[.!?…\n](?:(?<=\n)\n*|(?<!\n)[.!?…]*[\"”»’)\]]*(?=\s))")
_PARTED = re.compile(r"(\w+(?:['-]\w+)*)")
_TOKEN: Callable[[tuple[str, int, int]], Token] = partial(tuple.__new__, Token)
"""As Token._make, without a step through Python for each word."""
_BEFORE = re.compile(r"(\w+)$")


class Tokens:
    """All words of a folded text."""

    def __init__(self, folded: str) -> None:
        parts = _PARTED.split(folded)
        offsets = list(accumulate(map(len, parts)))
        self.words, self._starts, self._ends = parts[1::2], offsets[:-1:2], offsets[1::2]

    def between(self, start: int, end: int) -> slice:
        """Those that begin in a piece of the text."""
        return slice(bisect_left(self._starts, start), bisect_left(self._starts, end))

    def of(self, piece: slice) -> list[Token]:
        words, starts, ends = self.words[piece], self._starts[piece], self._ends[piece]
        return list(map(_TOKEN, zip(words, starts, ends, strict=True)))


def quotes(text: str) -> list[Quote]:
    """Outermost quotations, none over a line's end."""
    found: list[Quote] = []
    stack: list[tuple[str, int]] = []
    for mark in _MARK.finditer(text):
        sign, at = mark.group(), mark.start()
        if sign == "\n":
            stack.clear()
        elif stack and sign in _CLOSING[stack[-1][0]]:
            _, start = stack.pop()
            if not stack and at - start <= LONGEST:
                found.append(Quote(start, start + 1, at, at + 1))
        elif sign in _CLOSING and len(stack) < 3:
            stack.append((sign, at))
    return found


def sentences(text: str, abbreviations: frozenset[str]) -> Iterator[Sentence]:
    """All sentences in order."""
    quoted = quotes(text)
    start, first = 0, True
    for end, after, paragraph in _ends(text, quoted, abbreviations):
        yield from _cut(text, start, end, first, quoted)
        start, first = after, paragraph


def _ends(text: str, quoted: list[Quote], abbreviations: frozenset[str]) -> Iterator[tuple[int, int, bool]]:
    """End of a sentence, start of the next one, and whether that opens a paragraph."""
    at = 0
    for found in _BREAK.finditer(text):
        if text[found.start()] == "\n":
            yield found.start(), found.end(), True
            continue
        while at < len(quoted) and quoted[at].end < found.end():
            at += 1
        inside = at < len(quoted) and quoted[at].start < found.start() and quoted[at].end > found.end()
        if not inside and _ends_here(text, found, abbreviations):
            yield found.end(), found.end(), False
    yield len(text), len(text), True


def _ends_here(text: str, found: re.Match[str], abbreviations: frozenset[str]) -> bool:
    following = text[found.end() : found.end() + 4].lstrip().lstrip('“"«—–-„ ')
    if following[:1].islower():
        return False
    before = _BEFORE.search(text, max(0, found.start() - 12), found.start()) if found.group() == "." else None
    if not before:
        return True
    word = before.group(1)
    return not (fold(word) in abbreviations or (len(word) == 1 and word.isalpha()))


def _cut(text: str, start: int, end: int, first: bool, quoted: list[Quote]) -> Iterator[Sentence]:
    while start < end and text[start].isspace():
        start += 1
    while start < end:
        stop = min(end, start + LONGEST)
        yield Sentence(start, stop, first, _within(quoted, start, stop) if quoted else ())
        start, first = stop, False


def _within(quoted: list[Quote], start: int, stop: int) -> tuple[Quote, ...]:
    low, high = bisect_right(quoted, Quote(start - 1, 0, 0, 0)), bisect_right(quoted, Quote(stop, 0, 0, 0))
    return tuple(quote for quote in quoted[low:high] if quote.end <= stop)
