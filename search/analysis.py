"""The one analysis chain: text → words → folded words → stems, the same for every engine, query and highlight.

A folded word is what was written, letter case and spelling variants aside; it keeps its script and its letters, so
that a strict search finds what was typed. Its stem term, `<language>_<stem>`, is the word without its endings, in the
key alphabet of its language (`search.stems`). Terms of different languages never meet: Turkish `ira(n)` is not English
`ira`, and Cyrillic `термез` read as Uzbek is not English `termez`.

What a word is: letters and digits with their marks. Hyphens, dashes and the zero-width non-joiner part words
(داعش‌خراسان is two; a query with either is searched as a phrase and as one word, see `search.forms`); soft hyphens and
zero-width joiners are not there; an apostrophe between letters belongs to the word. Scripts without spaces (Han, kana,
Thai, Lao, Burmese, Khmer) give a word per letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from search import stems as _stems

LONGEST = 80
"""Characters of a folded word that are kept; what is longer is no word but data."""
REMEMBERED = 1 << 14
"""Words whose folding and stem are remembered; the most frequent ones of ten languages fit."""


class Word(NamedTuple):
    folded: str
    start: int
    """Offsets of the surface in characters of the text as given, end exclusive."""
    end: int


class Analysed(NamedTuple):
    folded: str
    """Folded words of title, then body, one space apart."""
    stems: str
    """Their stem terms, one for one."""
    title_words: int
    spelled: tuple[str, ...]
    """What a strict search must know beyond the folded words, for the few words that are not written as they fold:
    `form:<word as written>` for each of them, and `not:<folded word>` where a folded word stands nowhere as such."""


APOSTROPHES = "'’‘ʻʼ`´ʹ′＇‛"
_LONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_INVISIBLE = "\u00ad\u200d\u2060\ufeff"


def _marks(*blocks: tuple[int, int]) -> str:
    """All combining marks of blocks, as ranges of a character class."""
    marks = [code for block in blocks for code in range(*block) if unicodedata.category(chr(code))[0] == "M"]
    known = set(marks)
    starts = [code for code in marks if code - 1 not in known]
    ends = [code for code in marks if code + 1 not in known]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


_MARKS = _marks((0x300, 0x1E00), (0x20D0, 0x2100), (0x3099, 0x309B), (0xA66F, 0xABEE), (0xFE00, 0xFE30))
_RARE_MARKS = _marks((0x10A00, 0x12000))
# Apart, because a class that reaches beyond U+FFFF is gone through range by range for every letter it meets.
_MARK = rf"(?:[{_MARKS}{_INVISIBLE}]|(?=[\U00010a00-\U00011fff])[{_RARE_MARKS}])"
_LETTER = rf"[^\W_{_LONE}]"
_ENDS = "(?![ -&(-_\n])"
"""What most often follows a word is looked at first: after it, nothing of the word can follow."""
_WORD = re.compile(
    rf"{_LETTER}+(?:{_ENDS}(?:{_MARK}{_LETTER}*|[{APOSTROPHES}]{_LETTER}+|(?<=[oOgG])[‘`]))*|[{_LONE}]{_MARK}*"
)
_PARTED = re.compile(f"({_WORD.pattern})")
# An opening quote after o or g closes Uzbek oʻ, gʻ also at the end of a word (togʻ); ' and ’ there are quotation marks.

_DROPPED_MARKS = (
    (0x300, 0x36F), (0x483, 0x489), (0x591, 0x5C7), (0x610, 0x61A), (0x64B, 0x65F), (0x670, 0x670), (0x6D6, 0x6ED),
    (0x8CA, 0x8FF), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE00, 0xFE0F), (0xFE20, 0xFE2F),
)  # fmt: skip
"""Marks of Latin, Greek, Cyrillic, Hebrew and Arabic; in Indic scripts a mark is a vowel and stays."""
_ARABIC = str.maketrans("يىېۍےكڪګةہھەۀٱ", "یییییککگههههها")
_OTHER_LETTERS = {ord("ı"): "i", ord("ʼ"): "ʻ", ord("ʹ"): "ʻ", ord("ـ"): None}
_TO_APOSTROPHE = str.maketrans(dict.fromkeys(APOSTROPHES, "ʻ"))
_KEPT = "çğöşüñäňýžйўӣӯї"
"""Letters with a mark that are letters of their own in the region's alphabets."""
_KEPT_PAIRS = {unicodedata.normalize("NFD", letter): letter for letter in _KEPT} | {"s\u0326": "ş"}
_KEPT_PAIR = re.compile("|".join(_KEPT_PAIRS))
_POSSESSIVE = re.compile("(?:ʻs)+$")
_NOT_A_LETTER = re.compile("(?<![og])ʻ")


class _Folding(dict[int, str | int | None]):
    """A translation table that works out each character when it is first met."""

    def __missing__(self, code: int) -> str | int | None:
        self[code] = folded = self._fold(code, chr(code))
        return folded

    @staticmethod
    def _fold(code: int, letter: str) -> str | int | None:
        digit = unicodedata.decimal(letter, None)
        if digit is not None:
            return str(digit)
        if unicodedata.category(letter)[0] == "M":
            return None if any(first <= code <= last for first, last in _DROPPED_MARKS) else code
        return code if letter.isalnum() else None


_FOLDING = _Folding({**_ARABIC, **_OTHER_LETTERS})


class _Letters(dict[int, str]):
    """The same, letter by letter; ʻ where a letter depends on its neighbours."""

    def __missing__(self, code: int) -> str:
        # Korean jamo join to syllables; an apostrophe is part of a letter only after o and g.
        self[code] = folded = "ʻ" if 0x1100 <= code < 0x1200 else _fold_slowly(chr(code)) or "ʻ"
        return folded


_LETTERS = _Letters()


@lru_cache(REMEMBERED)
def fold(word: str, language: str | None = None) -> str:
    """The word with letter case, compatibility forms, digits and spelling variants made one; "" if nothing is left.

    Apostrophes stay only in oʻ and gʻ; English 's goes, and in Turkish everything after an apostrophe.
    """
    if word.isalnum() and "ʻ" not in (folded := word.translate(_LETTERS)):
        return folded[:LONGEST]
    if base_language(language) == "tr":
        word = re.split("['’]", word, maxsplit=1)[0] or word
    return _fold_slowly(word)


def _fold_slowly(word: str) -> str:
    word = unicodedata.normalize("NFKD", word.translate(_TO_APOSTROPHE)).casefold()
    word = _KEPT_PAIR.sub(lambda pair: _KEPT_PAIRS[pair.group()], unicodedata.normalize("NFKD", word))
    word = unicodedata.normalize("NFC", word.translate(_FOLDING))[:LONGEST]
    return _NOT_A_LETTER.sub("", _POSSESSIVE.sub("", word))


_POSSESSIVE_AS_IS = re.compile(rf"[{APOSTROPHES}][sS]$")
_UNSEEN = str.maketrans(dict.fromkeys(_INVISIBLE))


def as_written(surface: str, language: str | None = None) -> str:
    """A word letter by letter, letter case aside: what tells حيرتان from حیرتان, which `fold` makes one.

    What `fold` cuts off is cut off here too: English 's, and in Turkish all after an apostrophe.
    """
    if surface.isalnum() and unicodedata.is_normalized("NFC", surface):
        return surface.casefold()[:LONGEST]
    if base_language(language) == "tr":
        surface = re.split("['’]", surface, maxsplit=1)[0] or surface
    return unicodedata.normalize("NFC", _POSSESSIVE_AS_IS.sub("", surface).translate(_UNSEEN).casefold())[:LONGEST]


def words(text: str, language: str | None = None) -> Iterator[Word]:
    """The words of a text in order, with character offsets into it as given."""
    for found in _WORD.finditer(text):
        if folded := fold(found.group(), language):
            yield Word(folded, found.start(), found.end())


def surfaces(text: str) -> Iterator[re.Match[str]]:
    """What `words` are made of, as it stands in the text; some of it folds to nothing."""
    return _WORD.finditer(text)


def parted(text: str) -> list[str]:
    """What lies between words and the words themselves, in turns: gap, word, gap, …, word, gap."""
    return _PARTED.split(text)


def folded_words(text: str, language: str | None = None) -> list[str]:
    return [folded for surface in _WORD.findall(text) if (folded := fold(surface, language))]


LANGUAGES = tuple(_stems.KEYS)
"""The languages that have stems."""
OF_SCRIPT: dict[str, tuple[str, ...]] = {
    "latin": ("en", "tr", "uz", "kk"),
    "cyrillic": ("ru", "uz", "ky", "kk", "tg"),
    "arabic": ("fa", "ps", "ar"),
}
"""Script → languages written in it; the first stands for a text whose language is unknown or has no stems."""
_NEAR = {"tk": "tr", "az": "tr", "gag": "tr", "crh": "tr", "kaa": "kk", "prs": "fa", "fa-AF": "fa"}
"""Languages without stems of their own that inflect like one that has them."""


def script(folded: str) -> str | None:
    """`latin`, `cyrillic` or `arabic` by the first letter that is one of these; None for numbers and other scripts."""
    for letter in folded:
        if "a" <= letter < "\u0250" or "\u1e00" <= letter < "\u1f00":
            return "latin"
        if "\u0400" <= letter < "\u0530":
            return "cyrillic"
        if "\u0600" <= letter < "\u0780":
            return "arabic"
    return None


def base_language(language: str | None) -> str | None:
    """`uz-Cyrl` → `uz`, `tk` → `tr`; None where there are no stems for it."""
    if language is None:
        return None
    base = language.split("-")[0].lower()
    base = _NEAR.get(base, base)
    return base if base in LANGUAGES else None


def languages_read_as(base: str) -> tuple[str, ...]:
    """A language that has stems, and those that are read as it."""
    return (base, *(near for near, read_as in _NEAR.items() if read_as == base))


def stem(folded: str, language: str | None) -> str:
    """The stem of a folded word in that language (BCP 47), in its key alphabet; the word itself where it has none."""
    base = base_language(language)
    return (_stems.stemmer(base)(folded) or folded) if base else folded


@lru_cache(REMEMBERED)
def stem_term(folded: str, language: str | None) -> str:
    """What the index holds for a folded word of a text in that language: `<language>_<stem>`.

    A word in a script that the language is not written in counts as the script's first language.
    """
    written = OF_SCRIPT.get(script(folded) or "")
    if not written:
        return folded
    base = base_language(language)
    base = base if base in written else written[0]
    return f"{base}_{stem(folded, base)}"


def stems_of(folded: str, languages: Collection[str] = ()) -> set[str]:
    """The stem terms of a typed word in each of these languages; in all languages of its script where none is given."""
    return {stem_term(folded, language) for language in languages or OF_SCRIPT.get(script(folded) or "", ("",))}


def analyse(title: str, text: str, language: str | None) -> Analysed:
    """What a document's title and text are to an index, as plain strings for a whitespace tokenizer with positions."""
    base = base_language(language)
    in_title, in_text = _WORD.findall(title), _WORD.findall(text)
    headline = [folded for surface in in_title if (folded := fold(surface, base))]
    every = headline + [folded for surface in in_text if (folded := fold(surface, base))]
    stems = [stem_term(word, base) for word in every]
    return Analysed(" ".join(every), " ".join(stems), len(headline), _spelled({*in_title, *in_text}, base))


def _spelled(surfaces: Collection[str], base: str | None) -> tuple[str, ...]:
    plain = {surface.lower()[:LONGEST] for surface in surfaces if surface.isascii() and surface.isalnum()}
    others: set[tuple[str, str]] = set()
    for surface in surfaces:
        if not (surface.isascii() and surface.isalnum()) and (folded := fold(surface, base)):
            written = as_written(surface, base)
            if written == folded:
                plain.add(folded)
            else:
                others.add((folded, written))
    forms = {f"form:{written}" for _, written in others}
    return tuple(sorted(forms | {f"not:{folded}" for folded, _ in others if folded not in plain}))
