"""Fragments of a text with the words that a query found marked, over the same words the index holds.

Engines' own highlighters see one field and one kind of query; this one sees what all forms of a query found, in every
script: `[[` and `]]` stand around each word found. Where the text itself has two brackets in a row, a word joiner
(U+2060, invisible) stands between them, so that marks are always marks.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from newswarc.items import Document
from search.analysis import base_language, fold, stem_term, surfaces
from search.forms import Forms, Sequence, forms, spelled
from search.query import Fuzzy, Prefix, Query, Tree, leaves, named_in

FRAGMENT = 200
"""Characters of a fragment, about; marks are not counted."""
MOST_FRAGMENTS = 3
LONGEST_TEXT = 200_000
"""Characters of a text that are looked through."""
_JOINER = "\u2060"


def highlights(document: Document, query: Query) -> tuple[str, ...]:
    """Fragments of the document's text; of its title where only the title has what was found."""
    languages = tuple(filter(None, map(base_language, query.filters.values("language"))))
    asked = _asked(query.tree, languages, query.strict)
    in_text = tuple(found for found, in_title in asked if not in_title)
    named = _mentions(query.tree, document)
    return _fragments(document.text, in_text, document.language, named["text"]) or _fragments(
        document.title, tuple(found for found, _ in asked), document.language, named["title"]
    )


def _mentions(tree: Tree, document: Document) -> dict[str, list[tuple[int, int]]]:
    """Where the document names what the query names, by field."""
    ids = {id for name in named_in(tree) for id in name.ids}
    spans: dict[str, list[tuple[int, int]]] = {"title": [], "text": []}
    for mention in document.mentions if ids else ():
        if mention.id in ids:
            spans[mention.field].append((mention.start, mention.end))
    return spans


def highlight(text: str, tree: Tree, language: str | None, *, strict: bool = False) -> tuple[str, ...]:
    """Up to MOST_FRAGMENTS fragments of a text in that language, in the text's order; () where nothing is found."""
    return _fragments(text, tuple(found for found, in_title in _asked(tree, (), strict) if not in_title), language)


def unmarked(fragment: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a fragment in order, without marks; True: the piece was marked."""
    for number, piece in enumerate(re.split(r"\[\[|\]\]", fragment)):
        if piece:
            yield re.sub(r"(?<=\[)\u2060|\u2060(?=\])", "", piece), number % 2 == 1


@lru_cache(64)
def _asked(tree: Tree, languages: tuple[str, ...], strict: bool) -> tuple[tuple[Forms, bool], ...]:
    typed = [(forms(leaf, languages, strict), in_title) for leaf, in_title in leaves(tree)]
    typed += [(spelled(spelling), False) for name in named_in(tree) for spelling in name.spellings]
    return tuple(dict.fromkeys(typed))


def _fragments(
    text: str, asked: tuple[Forms, ...], language: str | None, named: Iterable[tuple[int, int]] = ()
) -> tuple[str, ...]:
    spans = _finder(asked, base_language(language)).spans(text[:LONGEST_TEXT]) if asked else []
    spans = _apart_from_each_other([*spans, *named])
    return tuple(_marked(text, start, end, spans) for start, end in _windows(text, spans))


def _apart_from_each_other(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order; of two that overlap the longer one."""
    kept: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


@lru_cache(64)
def _finder(asked: tuple[Forms, ...], language: str | None) -> _Finder:
    return _Finder(asked, language)


class _Finder:
    """Finds the words of a query in texts of one language; what it learns of a word serves the next text too."""

    def __init__(self, asked: Iterable[Forms], language: str | None) -> None:
        self.language = language
        self.alone = [found for found in asked if any(len(sequence) == 1 for sequence in found.exact + found.stems)]
        self.sequences = [
            (sequence, is_stem, found)
            for found in asked
            for is_stem, every in ((False, found.exact), (True, found.stems))
            for sequence in every
            if len(sequence) > 1
        ]
        self.known: dict[str, bool] = {}
        self.terms: dict[str, tuple[str, str]] = {}

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Spans of the words found, in order."""
        if len(self.known) + len(self.terms) > _REMEMBERED:
            self.known.clear()
            self.terms.clear()
        spans = {found.span() for found in surfaces(text) if self._is_found(found.group())} if self.alone else set()
        if self.sequences:
            spans |= self._side_by_side(text)
        return sorted(spans)

    def _side_by_side(self, text: str) -> set[tuple[int, int]]:
        every = [(found, terms) for found in surfaces(text) if (terms := self._terms(found.group()))[0]]
        lines = [[terms[kind] for _, terms in every] for kind in (0, 1)]
        places = [_places(line) for line in lines]
        found = set[int]()
        for sequence, is_stem, forms_found in self.sequences:
            if sequence[0] in places[is_stem]:
                found |= _taking_part(lines[is_stem], places[is_stem], sequence, forms_found)
        return {every[at][0].span() for at in found}

    def _terms(self, surface: str) -> tuple[str, str]:
        terms = self.terms.get(surface)
        if terms is None:
            folded = fold(surface, self.language)
            terms = self.terms[surface] = folded, stem_term(folded, self.language)
        return terms

    def _is_found(self, surface: str) -> bool:
        """Whether the word alone answers a part of the query."""
        known = self.known.get(surface)
        if known is None:
            folded, term = self._terms(surface)
            known = self.known[surface] = bool(folded) and any(
                _answers(word, sequence[0], found)
                for found in self.alone
                for word, every in ((folded, found.exact), (term, found.stems))
                for sequence in every
                if len(sequence) == 1
            )
        return known


_REMEMBERED = 20_000


def _answers(word: str, asked: str, found: Forms) -> bool:
    if found.kind is Prefix:
        return word.startswith(asked)
    return word == asked or (found.kind is Fuzzy and _near(asked, word, found.distance))


def _places(terms: Iterable[str]) -> Mapping[str, list[int]]:
    """Where each stands, in order: a text may have thousands of words, and a query a hundred sequences of them."""
    places = defaultdict[str, list[int]](list)
    for at, term in enumerate(terms):
        places[term].append(at)
    return dict(places)


def _taking_part(terms: list[str], places: Mapping[str, list[int]], sequence: Sequence, found: Forms) -> set[int]:
    """Places of all words that take part in a match of a sequence of several."""
    if found.slop:
        return _sloppy(places, sequence, found.slop)
    *whole, last = sequence
    before = len(whole)
    return {
        place
        for start in places[whole[0]]
        if terms[start : start + before] == whole and _ends(terms[start + before : start + before + 1], last, found)
        for place in range(start, start + before + 1)
    }


def _ends(terms: list[str], last: str, found: Forms) -> bool:
    return any(term.startswith(last) if found.kind is Prefix else term == last for term in terms)


def _sloppy(places: Mapping[str, list[int]], sequence: Sequence, slop: int) -> set[int]:
    """As engines count it: each word's place less its place in the phrase; these may differ by `slop` at most."""
    shifts = [[at - place for at in places.get(word, ())] for place, word in enumerate(sequence)]
    found = set[int]()
    for first in shifts[0] if all(shifts) else ():
        nearest = [_nearest(other, first) for other in shifts]
        if all(abs(shift - first) <= slop for shift in nearest):
            found.update(place + shift for place, shift in enumerate(nearest))
    return found


def _nearest(ordered: list[int], number: int) -> int:
    at = bisect_left(ordered, number)
    return min(ordered[max(at - 1, 0) : at + 1], key=lambda each: abs(each - number))


def _near(asked: str, term: str, distance: int) -> bool:
    """Optimal string alignment distance of at most `distance`."""
    if abs(len(asked) - len(term)) > distance:
        return False
    before: list[int] = []
    row = list(range(len(term) + 1))
    for i, a in enumerate(asked, 1):
        older, before, row = before, row, [i]
        for j, b in enumerate(term, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == term[j - 2] and asked[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > distance:
            return False
    return row[-1] <= distance


def _windows(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches of text to show: those with most words found, earlier ones where equal; in the text's order."""
    groups: list[list[tuple[int, int]]] = []
    for span in spans:
        if groups and span[1] - groups[-1][0][0] <= FRAGMENT:
            groups[-1].append(span)
        else:
            groups.append([span])
    best = sorted(sorted(groups, key=lambda group: -len(group))[:MOST_FRAGMENTS])
    windows: list[tuple[int, int]] = []
    for group in best:
        after = windows[-1][1] if windows else 0
        windows.append(_window(text, group[0][0], group[-1][1], after))
    return windows


def _window(text: str, start: int, end: int, after: int) -> tuple[int, int]:
    """About FRAGMENT characters around start…end, within the paragraph, from and to a space, not before `after`."""
    spare = max(0, FRAGMENT - (end - start)) // 2
    left = max(text.rfind("\n", 0, start) + 1, after, start - spare)
    if left > 0 and left == start - spare:
        left = _after_space(text, left, start)
    paragraph = text.find("\n", end)
    right = min(paragraph if paragraph >= 0 else len(text), max(end, left + FRAGMENT))
    if right < len(text) and not text[right].isspace():
        right = max(text.rfind(" ", end, right), end)
    return left, right


def _after_space(text: str, left: int, start: int) -> int:
    space = text.find(" ", left, start)
    return space + 1 if space >= 0 else left


def _marked(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> str:
    pieces = []
    at = start
    for first, last in spans:
        if start <= first and last <= end:
            pieces += [_apart(text[at:first], marked_next=True), f"[[{text[first:last]}]]"]
            at = last
    return "".join([*pieces, _apart(text[at:end])]).strip()


def _apart(text: str, marked_next: bool = False) -> str:
    """Brackets of the text that could be taken for marks, set apart."""
    text = re.sub(r"\[(?=\[)", "[" + _JOINER, text)
    text = re.sub(r"(?<=\])\]", _JOINER + "]", text)
    if text.startswith("]"):
        text = _JOINER + text
    return text + _JOINER if marked_next and text.endswith("[") else text
