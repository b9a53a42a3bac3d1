"""One pass over a text: which names of the registry stand where, whatever they may mean here.

A walk starts at each word that begins a name and follows the joined keys as far as they go, so cost grows with the
text and hardly with the registry. What a name asks of letter case and of the letters themselves is decided here;
everything that needs the rest of the text is for `search.entities.context`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice
from typing import Literal, NamedTuple

from search.analysis import base_language, parted
from search.entities.keys import same_family
from search.entities.registry import (
    CAPITALS,
    DERIVED,
    EXACT,
    FAMILY,
    LANGUAGE_AT,
    LOWER,
    MOST_WORDS,
    NO_WORD,
    PERSON,
    SURNAME,
    Record,
    Registry,
    Word,
    read_yaml,
)
from search.entities.watchlist import LANGUAGES

Field = Literal["title", "text"]
MOST_MATCHES = 50_000
"""Names of a text that are looked at; what follows is data, not news."""


class Reading(NamedTuple):
    """One name that a span can be."""

    record: Record
    cost: int
    """0 as it stands, more with endings or particles."""
    node: int
    """Of its joined key in the registry."""


class Way(NamedTuple):
    """How far a walk has come."""

    last: int
    node: int
    key: str
    cost: int
    skipped: int
    cut: int
    patronymic: bool
    """Whether it has stepped over one."""
    parted: bool = False
    """Whether a Turkish ending after an apostrophe stands inside."""


@dataclass(frozen=True, slots=True)
class Match:
    """A span that is a name, with all its readings."""

    field: Field
    first: int
    """Numbers of its first and last word."""
    last: int
    start: int
    end: int
    readings: tuple[Reading, ...]


class Scan:
    """The words of one field that are words of names, and the names they make."""

    def __init__(self, text: str, field: Field, language: str | None, registry: Registry) -> None:
        self.text, self.field, self.language, self.registry = text, field, language, registry
        self.foreign = foreign(base_language(language))
        self.turkish = base_language(language) == "tr"
        self.english = base_language(language) in ("en", None)
        self.words: list[str]
        """All its words as they stand, by number."""
        self.gaps: list[str]
        """What lies before each word, and behind the last one."""
        self.starts: list[int]
        """Offsets of all words, by number."""
        self.ends: list[int]
        self.named: dict[int, Word]
        """What those of its words can be, by number, that are words of names."""
        self.glued: set[int]
        """Numbers of words that a hyphen or the like joins to the one before."""
        self._read()
        self.matches = list(self._matches())

    def _read(self) -> None:
        """In few steps over whole lists: this meets every word of every text."""
        parts = parted(self.text)
        self.gaps, self.words = parts[::2], parts[1::2]
        offsets = list(accumulate(map(len, parts)))
        self.starts, self.ends = offsets[:-1:2], offsets[1::2]
        self.glued = {number for number, gap in enumerate(self.gaps) if gap in _GLUE and 0 < number < len(self.words)}
        read = self.registry.words(self.words, self.language)
        self.named = {number: word for number, word in enumerate(read) if word is not NO_WORD}

    def word_at(self, number: int) -> str:
        """The word of that number as it stands; "" outside the field."""
        return self.words[number] if 0 <= number < len(self.words) else ""

    def _matches(self) -> Iterator[Match]:
        """All names, by where they begin; at most MOST_MATCHES."""
        first = {number for number, word in self.named.items() if word.starts and self._may_begin(number, word)}
        first.update(number - 1 for number in self.glued if not self.words[number - 1].islower())
        found = (match for number in sorted(first) for match in self._from(number))
        return islice(found, MOST_MATCHES)

    def _may_begin(self, number: int, word: Word) -> bool:
        """Whether a name may begin here, by letter case and by what follows (a patronymic may stand between)."""
        if not word.small and self.words[number][0].islower():
            return False
        return word.alone or number + 1 in self.named or number + 2 in self.named

    def _from(self, number: int) -> Iterator[Match]:
        """All names that begin at this word, one match for each span."""
        found: dict[tuple[int, int, int], dict[tuple[int, int], Reading]] = {}
        for way in self._ways(number):
            if records := self.registry.records(way.node):
                self._read_names(number, way, records, found)
        for (last, start, end), readings in found.items():
            if readings:
                yield Match(self.field, number, last, start, end, tuple(readings.values()))

    def _read_names(
        self, number: int, way: Way, records: Sequence[Record],
        found: dict[tuple[int, int, int], dict[tuple[int, int], Reading]],
    ) -> None:  # fmt: skip
        """Adds the readings of the span that a walk has come over."""
        start, end = self.starts[number] + way.skipped, self.ends[way.last] - way.cut
        if end <= start:
            return
        parts = way.last - number + 1 - way.patronymic
        parts -= sum(n in self.glued for n in range(number + 1, way.last + 1)) if parts > 1 else 0
        readings = found.setdefault((way.last, start, end), {})
        for record in records:
            if not self._may_go(way, record) or record.words < parts:
                continue
            name = (record.entity, record.flags & _NAME)
            if self._better(record, way, readings.get(name)) and self._stands(
                record, number, way.last, start, end, way.cost
            ):
                readings[name] = Reading(record, way.cost, way.node)

    def _may_go(self, way: Way, record: Record) -> bool:
        """Only persons have patronymics; bodies of states have endings inside (ABD'nin Elçiliği), movements do not."""
        if record.flags & FAMILY or (way.patronymic and not record.flags & PERSON):
            return False
        return not way.parted or self.registry.facts(record.entity).type != "armed group"

    def _better(self, record: Record, way: Way, known: Reading | None) -> bool:
        """Whether a name is worth more than the same name of the entity in another language, or with an ending."""
        if known is None:
            return True
        return (way.cost, self.foreign[record.language]) < (known.cost, self.foreign[known.record.language])

    def _ways(self, number: int) -> list[Way]:
        """Each way that names can go on from this word, shorter ones first."""
        every = ways = [
            Way(last, node, form.key, form.cost, form.skipped, form.cut, False)
            for last, word in self._steps(number)
            for form, node in word.starts
        ]
        while ways:
            ways = [longer for way in ways if way.last + 1 < number + MOST_WORDS for longer in self._longer(way)][:64]
            every = every + ways
        return every

    def _longer(self, way: Way) -> list[Way]:
        after = way.last + 1
        if after >= len(self.words) or not self._joins(after):
            return []
        steps = [(last, word, way.patronymic) for last, word in self._steps(after)]
        if not way.patronymic and self._is_patronymic(after):
            steps += [(last, word, True) for last, word in self._steps(after + 1)]
        parted = way.parted or (self.turkish and way.cut > 0)
        return [
            Way(last, node, key, way.cost + form.cost, way.skipped, form.cut, patronymic, parted)
            for last, word, patronymic in steps
            for form in word.forms
            if not form.skipped and (node := self.registry.node(key := way.key + form.key)) is not None
        ]

    def _is_patronymic(self, number: int) -> bool:
        """Whether a name can go on behind this word as if it were not there."""
        follows = number + 1 < len(self.words) and (number + 1 in self.named or number + 2 in self.glued)
        return follows and _PATRONYMIC.search(self.words[number]) is not None and self._joins(number + 1)

    def _steps(self, number: int) -> list[tuple[int, Word]]:
        """(last word, what it can be) of this word, and of it and its hyphenated fellows as one."""
        steps = [(number, word)] if (word := self.named.get(number)) else []
        last = number + 1
        while last in self.glued and last - number <= 2:
            joined = "".join(self.words[number : last + 1])
            if len(joined) <= 60 and (word := self.registry.word(joined, self.language)).forms:
                steps.append((last, word))
            last += 1
        return steps

    def _joins(self, number: int) -> bool:
        """Whether a name can go on over the gap before this word."""
        gap = self.gaps[number]
        return gap in _GAPS or (gap in _DOTS and self.ends[number - 1] - self.starts[number - 1] <= 2)

    # What names ask of the letters

    def _stands(self, record: Record, first: int, last: int, start: int, end: int, cost: int) -> bool:
        surface = self.text[start:end]
        if self._in_an_address(start, end):
            return False
        if record.flags & EXACT:
            return surface == self.registry.detail(record).name
        if record.flags & CAPITALS:
            return _in_capitals(surface, cost)
        if not record.flags & LOWER and not _capital(surface):
            return False
        if first == last:
            return not record.flags & DERIVED
        if record.flags & PERSON and not self._of_this_family(record, first, last):
            return False
        if record.flags & PERSON or record.flags & (DERIVED | SURNAME):
            return all(_capital(self.word_at(number)) for number in range(first + 1, last + 1))
        return not self.english or self._english_capitals(first, last)

    def _of_this_family(self, record: Record, first: int, last: int) -> bool:
        """Whether the family name, first or last, is not another one of the same root: Каримов is no Карими."""
        family = self.registry.family_keys(self.registry.facts(record.entity))
        agree = [
            same_family(form.key, self.words[number], self.language)
            for number in (first, last)
            if number in self.named
            for form in self.named[number].forms
            if form.key in family
        ]
        return not agree or any(agree)

    def _in_an_address(self, start: int, end: int) -> bool:
        """Whether it is a part of a host name, an address or a handle: kabul.news, info@kabul."""
        after = self.text[end : end + 2]
        return self.text[start - 1 : start] == "@" or (after[:1] == "." and "a" <= after[1:] <= "z")

    def _english_capitals(self, first: int, last: int) -> bool:
        """Every word but the small ones of an English name is capital, or its last, a type word: Balkh province."""
        words = [self.word_at(number) for number in range(first + 1, last + 1)]
        return all(_capital(word) or word.lower() in _small_words() for word in words)


_NAME = ~(31 << LANGUAGE_AT)
"""Of a record's flags, all but the language: names of an entity that differ in nothing else are one reading."""
_GLUE = frozenset("-‐‑\u200c–'’")
_SPACES = (" ", "\u00a0", "  ", "\u202f", "\u200c ", " \u200c", "\u200f ", "\u200e ")
_GAPS = frozenset([*_SPACES, *_GLUE, ".", "—", " – ", " — ", " - ", " «", " “", ' "'])
"""What may stand between two words of a name."""
_DOTS = frozenset([".", ". ", ".\u00a0", " . "])
_PATRONYMIC = re.compile("(?:ович|евич|овн|евн|ьич|ич|ovich|evich|ovna|evna|vich|vna)(?:[аеуы]|ем|ой|a)?$")


@cache
def foreign(base: str | None) -> tuple[int, ...]:
    """For each of LANGUAGES how far its names are from a text of a language: 0 own, 1 English or Russian, 2 other."""
    return tuple(
        0 if base is None or base_language(language) == base else 1 if language in ("en", "ru") else 2
        for language in LANGUAGES
    )


@cache
def _small_words() -> frozenset[str]:
    """Words of an English name that may have a small letter."""
    return frozenset(read_yaml("around.yaml")["small"])


def _capital(word: str) -> bool:
    """Whether a word begins with a capital letter; so does one whose script has none."""
    first = word[:1]
    return first.isupper() or first.lower() == first.upper()


def _in_capitals(surface: str, cost: int) -> bool:
    """IS, U.N., ДХХга, but not ИГРА, Is: capitals, after which small letters may be an ending."""
    letters = "".join(letter for letter in surface if letter.isalpha())
    if not cost:
        return letters.isupper() or letters.lower() == letters.upper()
    run = next((n for n, letter in enumerate(letters) if not letter.isupper()), len(letters))
    return run >= 2 and letters[run:].islower()


def longest_first(matches: Sequence[Match]) -> tuple[list[Match], list[tuple[Match, Match]]]:
    """(those that stand, in order; (a name inside one of them, that longer one)).

    Of two that overlap the one of more words stands, then the one of more letters, then the earlier one.
    """
    standing: list[Match] = []
    inside: list[tuple[Match, Match]] = []
    holder: dict[int, Match] = {}
    for match in sorted(matches, key=lambda m: (m.first - m.last, m.start - m.end, m.start)):
        holders = [holder.get(number) for number in range(match.first, match.last + 1)]
        taken = [held for held in holders if held is not None]
        if not taken:
            standing.append(match)
            holder.update(dict.fromkeys(range(match.first, match.last + 1), match))
        elif len(taken) == len(holders) and all(held is taken[0] for held in taken):
            inside.append((match, taken[0]))
    return sorted(standing, key=lambda m: (m.start, m.end)), inside
