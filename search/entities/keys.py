"""What a word of a name and an inflected word of a text have in common: a key per script, and the endings per language.

A key is a folded word in which the spellings of its script are one: Latin without diacritics, Cyrillic as typed on a
Russian keyboard, Arabic without hamza. Uzbek has one Latin key for its three spellings, Kazakh a Cyrillic one for both.
A name's word is kept by its stems: the whole word, for languages that append endings, and what stays the same through
the Russian declensions. A word of a text is a form of it if a stem begins it and what is left is one of the endings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

from search.analysis import base_language, fold, script
from search.stems import kazakh_key, uzbek_key, without_marks

# Keys

_RUSSIAN_KEYBOARD = str.maketrans("өүұқғңәіһҳӣӯҷӊўїєґ", "оуукгнаиххиучнуиег", "ъ")
_CEDILLAS = str.maketrans({"ş": "sh", "ç": "ch"})


def cyrillic_key(folded: str) -> str:
    return folded.translate(_RUSSIAN_KEYBOARD)


def latin_key(folded: str) -> str:
    return without_marks(folded)


def arabic_key(folded: str) -> str:
    return folded.replace("ء", "")


@lru_cache(1 << 10)
def keys(word: str, language: str | None) -> tuple[str, ...]:
    """The keys of a word of a name or of a text, best first; more than one where its spelling leaves a choice."""
    folded = fold(word, language)
    base = base_language(language)
    match script(folded):
        case "latin":
            return _latin_keys(folded, base)
        case "cyrillic":
            plain = cyrillic_key(folded)
            return tuple(dict.fromkeys((uzbek_key(folded), plain))) if base == "uz" else (plain,)
        case "arabic":
            return (arabic_key(folded),) if folded != "ء" else ()
    return (folded,) if folded else ()


def _latin_keys(folded: str, base: str | None) -> tuple[str, ...]:
    plain = latin_key(folded)
    if base == "kk":
        return kazakh_key(folded), plain
    if ("ş" in folded or "ç" in folded) and base != "tr":
        return latin_key(folded.translate(_CEDILLAS)), plain
    return (plain,)


# Stems of the words of names

WHOLE = 1
"""The class of a stem that is the whole word."""
PASHTO_FEMININE = 1 << 30
"""The class of a stem that ه completes: روسیه, روسیې."""


class Declension(NamedTuple):
    """A Russian declension: what completes the stem to the name's own form, and what may stand there instead."""

    nominative: str
    endings: frozenset[str]


def _declension(nominative: str, endings: str, bare: bool = False) -> Declension:
    return Declension(nominative, frozenset([nominative, *endings.split(), *([""] if bare else [])]))


_ADJECTIVE = (
    "ый ий ой ая яя ое ее ые ие ого его ому ему ым им ом ем ей ую юю ых их ыми ими ою ею"  # any gender, number, case
)
DECLENSIONS: tuple[Declension, ...] = (
    _declension(
        "", "а у ом ем е ы и ым ых ыми"
    ),  # Ташкент, Асадов (Асадовым); a plural of it is another name (Кабулов)
    _declension("а", "ы и е у ой ою ей ею ам ами ах", bare=True),  # Москва, Асадова, войска
    _declension("я", "и е ю ей ею ям ями ях ь й", bare=True),  # Киргизия, Земля
    _declension("ь", "я ю ем е и ью ей ям ями ях"),  # Казань, Кремль
    _declension("й", "я ю ем е и ев ям ями ях"),  # Китай
    _declension("о", "а у ом е ам ами ах", bare=True),  # министерство
    _declension("е", "я ю ем и й ям ями ях"),  # управление
    _declension("ы", "ов ев ам ами ах", bare=True),  # талибы, силы
    _declension("и", "ов ев ей ам ами ах ям ями ях й", bare=True),  # боевики
    *(_declension(nominative, _ADJECTIVE) for nominative in ("ый", "ий", "ой", "ая", "яя", "ое", "ее", "ые", "ие")),
)


def stems(key: str) -> Iterator[tuple[str, int]]:
    """(stem, its class as one bit) of a key of a name; WHOLE and, in Cyrillic, the declensions it may belong to."""
    yield key, WHOLE
    if script(key) == "arabic" and key.endswith("ه") and len(key) > 3:
        yield key[:-1], PASHTO_FEMININE
    if script(key) != "cyrillic":
        return
    if key[-1] not in "аеиоуыэюяьй":
        yield key, 2
    for number, declension in enumerate(DECLENSIONS[1:], 2):
        ending = declension.nominative
        if key.endswith(ending) and len(key) - len(ending) >= 3:
            yield key[: -len(ending)], 1 << number


# Endings of the words of texts


def _chains(*slots: str) -> frozenset[str]:
    """Every chain of at most one suffix of each slot, in order."""
    return frozenset("".join(chain) for chain in product(*(["", *slot.split()] for slot in slots)))


def _harmony(suffixes: str, vowels: dict[str, str]) -> str:
    """A and I written out as each vowel they stand for; one choice of each in a suffix."""
    written = []
    for suffix in suffixes.split():
        variants = {suffix}
        for sign, letters in vowels.items():
            variants = {v.replace(sign, letter) for v in variants for letter in letters}
        written += sorted(variants)
    return " ".join(written)


_KY_VOWELS = {"A": "аео", "I": "ыиу"}
_KY_CASES = "нIн дIн тIн гA кA нA A нI дI тI н дA тA ндA дAн тAн нAн ндAн дAгI тAгI ндAгI дAй тAй"
_KK_CASES = _KY_CASES + " мен бен пен менен"
_TR_VOWELS = {"A": "ae", "I": "iu"}
_TR_CASES = "A yA nA I yI nI In nIn dA tA ndA dAn tAn ndAn dAki tAki ndAki lA ylA yn"
# Ours are keys: ı is i, ü u, ö o; so are Kyrgyz ү у, ө о, Kazakh ң н, қ к, ғ г, і и, ә а.

ENDINGS: dict[str, frozenset[str]] = {
    "en": frozenset(["", "s"]),
    "uz": _chains("lar", "i si im ing imiz ingiz lari", "ning ni ga ka qa da dan dagi daki niki gacha dek day cha"),
    "ky": _chains(
        _harmony("лAр дAр тAр", _KY_VOWELS),
        _harmony("I сI IбIз IнIз", _KY_VOWELS),
        _harmony(_KY_CASES, _KY_VOWELS),
    ),
    "kk": _chains(
        _harmony("лAр дAр тAр", _KY_VOWELS),
        _harmony("I сI IмIз IнIз", _KY_VOWELS),
        _harmony(_KK_CASES, _KY_VOWELS),
    ),
    "tr": _chains(
        _harmony("lAr", _TR_VOWELS),
        _harmony("I sI", _TR_VOWELS),
        _harmony(_TR_CASES, _TR_VOWELS),
    ),
    "tg": _chains("хо хои он они", "аш ашон ам", "и", "ро у ю ву"),
    "fa": frozenset(["", "ی", "ها", "های", "هایی", "را", "اش", "شان"]),
    "ps": frozenset(["", "و", "ه", "ی", "ونو", "ونه", "انو", "گانو", "گان", "ان", "یانو", "یان", "ها", "های"]),
    "ar": frozenset([""]),
}
"""Language → what may follow a whole word of a name, in keys. Russian has its declensions instead."""
_VOWELS = "اوی"
"""Letters after which Persian ی joins a genitive (آسیای) and makes no adjective (کابلی)."""
_CLITICS = {
    "ar": re.compile("(?:[وف])?(?:[بكکل])?(?=...)"),
    "fa": re.compile("ب(?=....)"),
    "ps": re.compile("(?!)"),
}


class Form(NamedTuple):
    """A word of a name that a word of a text can be."""

    key: str
    cost: int
    """0 as it stands, 1 with an ending, 2 with something before it."""
    skipped: int = 0
    """Characters of the surface in front that are no part of it: Arabic و, ب."""
    cut: int = 0
    """Characters at its end that are no part of it: what follows an apostrophe."""


_ENGLISH_POSSESSIVE = re.compile("['’‘ʼ`´]s?$", re.IGNORECASE)
_TURKISH_TAIL = re.compile("['’].*$", re.DOTALL)


def tail(surface: str, base: str | None) -> int:
    """Characters after and with an apostrophe that are an ending: Kabul's, Taşkent'te."""
    pattern = _TURKISH_TAIL if base == "tr" else _ENGLISH_POSSESSIVE
    found = pattern.search(surface)
    return len(surface) - found.start() if found and found.start() else 0


def candidates(surface: str, language: str | None) -> Iterator[tuple[str, str | None, int, int]]:
    """(key, language whose endings it may have, skipped, cut) for a word as it stands in a text of a language.

    Without a language it may have the endings of any that is written in its script (for typed queries).
    """
    base = base_language(language)
    folded = fold(surface, language)
    written = script(folded)
    if written == "latin":
        yield from _latin_candidates(surface, base, language)
    elif written == "cyrillic":
        yield from _cyrillic_candidates(folded, base)
    elif written == "arabic":
        yield from _arabic_candidates(surface, folded, base)
    elif folded:
        yield folded, None, 0, 0


def _latin_candidates(
    surface: str, base: str | None, language: str | None
) -> Iterator[tuple[str, str | None, int, int]]:
    cut = tail(surface, base) if base in (None, "en", "tr") else 0
    of = base if base in ("en", "uz", "tr") else None if base is None else "en"
    head = surface[: len(surface) - cut]
    for key in keys(head, language):
        if script(key) == "cyrillic":
            yield key, "kk", 0, cut
        elif of is None:
            for each in ("en", "uz", "tr"):
                yield key, each, 0, cut
        else:
            yield key, of, 0, cut


def _cyrillic_candidates(folded: str, base: str | None) -> Iterator[tuple[str, str | None, int, int]]:
    key = cyrillic_key(folded)
    if base == "uz" or base is None:
        yield uzbek_key(folded), "uz", 0, 0
    if base is None:
        for each in ("ru", "ky", "kk", "tg"):
            yield key, each, 0, 0
    else:
        yield key, base if base in ("ru", "ky", "kk", "tg") else "ky" if base == "uz" else "ru", 0, 0


def _arabic_candidates(surface: str, folded: str, base: str | None) -> Iterator[tuple[str, str | None, int, int]]:
    key = arabic_key(folded)
    for each in ("fa", "ps", "ar") if base not in ("fa", "ps", "ar") else (base,):
        yield key, each, 0, 0
        if each == "ar":
            yield from _arabic_inner(surface, key)
        elif found := _CLITICS[each].match(key):
            yield key[found.end() :], each, found.end(), 0


def _arabic_inner(surface: str, key: str) -> Iterator[tuple[str, str | None, int, int]]:
    """Without the particles joined to it, with and without its article; للأمم is ل and الأمم."""
    for skipped in range(min(3, len(key) - 2)):
        if skipped and not _PARTICLES.fullmatch(key, 0, skipped):
            continue
        rest = key[skipped:]
        if skipped:
            yield rest, "ar", skipped, 0
        if rest.startswith("ال") and len(rest) > 4:
            yield rest[2:], "ar", skipped, 0
        elif rest.startswith("لل") and len(rest) > 4:
            yield "ال" + rest[2:], "ar", skipped, 0
            yield rest[2:], "ar", skipped, 0


_PARTICLES = re.compile("[وف]?[بکل]?")


@cache
def _classes(mask: int) -> tuple[Declension, ...]:
    return tuple(d for number, d in enumerate(DECLENSIONS, 1) if mask >> number & 1)


def completed(stem: str, mask: int, rest: str, language: str | None, surface: str) -> Iterable[str]:
    """The keys of names that `stem` + `rest` is a form of, in a language; `mask` are the classes of the stem."""
    if not rest and mask & WHOLE:
        yield stem
    if mask & PASHTO_FEMININE and language == "ps" and rest in ("ی", "و"):
        yield stem + "ه"
    if language == "ru":
        if len(stem) >= 3 or (rest and _short_inflected(surface)):
            yield from (stem + d.nominative for d in _classes(mask) if rest in d.endings and (rest or d.nominative))
    elif rest and mask & WHOLE and language and _ends(stem, rest, language, surface):
        yield stem


def _ends(stem: str, rest: str, language: str, surface: str) -> bool:
    if _makes_adjective(stem, rest, language, surface):
        return False
    return rest in ENDINGS[language] and (len(stem) >= 3 or _short_inflected(surface))


def _short_inflected(surface: str) -> bool:
    """Whether a name of two letters may have an ending here: Оша, Ошто; not ИСа, not ошибка."""
    return surface[:1].isupper() and surface[1:].islower()


@lru_cache(1 << 12)
def same_family(name: str, surface: str, language: str | None) -> bool:
    """Whether a word can be the family name of that key, inflected or not, and is no other one of the same root.

    Каримова is Каримов or Каримова, Каримову too; Каримов is neither Каримова nor Карими; Aziz is not Azizi.
    """
    izafet = base_language(language) == "tg" and surface[-1:] not in "ӣӢ"
    return any(
        _of_family(name, key, izafet) for key, *_ in candidates(surface, language) if script(key) == script(name)
    )


def _of_family(name: str, key: str, izafet: bool) -> bool:
    if key.startswith(name):
        return izafet or key[len(name) :] not in _NISBA
    return name[-1:] not in ("и", "ы") and not name.startswith(key)


_NISBA = ("i", "и", "ی")
"""What makes another family name of one, where it would be an ending of other words."""


def _makes_adjective(stem: str, rest: str, language: str, surface: str) -> bool:
    """Whether the ending makes a word for people or things of a place: кобулӣ, کابلی, سمنګاني."""
    match language:
        case "tg":
            return surface[-1] in "ӣӢ"
        case "fa" | "ps":
            return rest == "ی" and stem[-1] not in _VOWELS and surface[-1] != "ې"
    return False
