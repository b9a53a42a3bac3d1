"""How a typed word or phrase is found: the forms of each leaf of a query, the same for every engine."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from search.analysis import LANGUAGES, OF_SCRIPT, base_language, fold, folded_words, script, stem_term
from search.query import Fuzzy, Leaf, Phrase, Prefix, Spelling
from search.stems import KEYS

Sequence = tuple[str, ...]
"""Words in neighbouring places; mostly a single one."""
MOST_JOINED = 3
"""Words that are also looked for written as one."""


@dataclass(frozen=True, slots=True)
class Forms:
    """Any one of these finds the leaf; exact forms are the better ones."""

    exact: tuple[Sequence, ...]
    """Folded words."""
    stems: tuple[Sequence, ...]
    """Stem terms, each sequence of one language."""
    kind: type[Leaf]
    """Word and Phrase: whole words; Prefix: the last word of a sequence is the beginning of one; Fuzzy: about so."""
    slop: int = 0
    distance: int = 0


@lru_cache(4096)
def spelled(spelling: Spelling) -> Forms:
    """The forms of a name as its language writes and inflects it, as a phrase."""
    return forms(Phrase(spelling.text), tuple(filter(None, [base_language(spelling.language)])))


@lru_cache(1024)
def forms(leaf: Leaf, languages: tuple[str, ...] = (), strict: bool = False) -> Forms:
    """The forms of a leaf; stems in these languages, or in all that are written in its script where none is given.

    A word typed with a hyphen or a zero-width non-joiner is its parts side by side, or all in one.
    """
    exact = [
        parts for language in (None, *(languages or LANGUAGES)) if (parts := tuple(folded_words(leaf.text, language)))
    ]
    if not isinstance(leaf, Phrase) and exact and 1 < len(exact[0]) <= MOST_JOINED:
        exact.append((fold(leaf.text),))
    exact = list(dict.fromkeys(exact))  # languages fold alike but for Turkish, which cuts endings off at an apostrophe
    # Two letters are as much as an ending: a stem that differs by two is another word. The beginning after a hyphen is
    # what engines find slowest.
    as_written = (
        strict or leaf == Fuzzy(leaf.text, 2) or (isinstance(leaf, Prefix) and any(len(parts) > 1 for parts in exact))
    )
    stems = [] if as_written else _stems(exact, leaf, languages)
    return Forms(
        tuple(exact),
        tuple(dict.fromkeys(stems)),
        type(leaf),
        slop=leaf.slop if isinstance(leaf, Phrase) else 0,
        distance=leaf.distance if isinstance(leaf, Fuzzy) else 0,
    )


def _stems(sequences: Iterable[Sequence], leaf: Leaf, languages: Collection[str]) -> list[Sequence]:
    term = _prefix_term if isinstance(leaf, Prefix) else stem_term
    return [
        (*(stem_term(word, language) for word in sequence[:-1]), term(sequence[-1], language))
        for sequence in sequences
        for language in languages or _languages(sequence)
    ]


def _languages(words: Sequence) -> tuple[str, ...]:
    """All languages of the words' scripts; where they are of no script of ours, one stands for all."""
    scripts = dict.fromkeys(filter(None, map(script, words)))
    return tuple(dict.fromkeys(language for name in scripts for language in OF_SCRIPT[name])) or LANGUAGES[:1]


def _prefix_term(begin: str, language: str) -> str:
    """The beginning in the key alphabet of the language, not stemmed."""
    written = OF_SCRIPT.get(script(begin) or "")
    base = base_language(language)
    if not written or base is None:
        return begin
    base = base if base in written else written[0]
    return f"{base}_{KEYS[base](begin)}"
