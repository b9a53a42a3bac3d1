"""Whether two names mean one entity: first by the registry, then by what the names sound like and say.

A pair of bare names has no context, so two names are the same if both can stand for one entity and the longer one adds
nothing that makes it another: a surname alone can be the full name's, but Islamic State Khorasan is not Islamic State.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib import resources
from itertools import permutations, product
from typing import Any, Protocol

from search.entities.transliterate import alike, distance, given, nominatives, readings

LONGEST = 200
"""Characters of a name that are looked at."""
MOST_WORDS = 8
SHORT_ALIKE = 0.15
"""How far apart names of a few capital letters may sound."""


class Names(Protocol):
    """What is asked of a registry (`search.entities.registry.Registry`)."""

    def find(self, name: str, language: str | None = None) -> Sequence[Any]: ...
    def forms(self, id: str) -> Sequence[tuple[str, str]]: ...


Answer = tuple[bool, str]


def same(
    a: str, a_language: str | None, b: str, b_language: str | None, kind: str, registry: Names | None = None
) -> Answer:
    """Whether the names can mean one entity, and why. kind: person, organisation or place; languages are BCP 47."""
    a, b = _clean(a), _clean(b)
    if not a or not b:
        return False, "a name is empty"
    if _letter_case_apart(a, b, kind):
        return False, "only the letter case tells the name from a plain word"
    if registry is not None:
        answer = _by_registry(a, a_language, b, b_language, kind, registry)
        if answer is not None:
            return answer
    return _unlisted(a, a_language, b, b_language, kind)


def _unlisted(a: str, a_language: str | None, b: str, b_language: str | None, kind: str) -> Answer:
    if kind == "person":
        return _persons(_words(a), a_language, _words(b), b_language)
    return _named_things(a, a_language, b, b_language, kind)


_MARKS = str.maketrans({**dict.fromkeys('«»“”„"()[]', " "), "\u00ad": None, "_": " "})


def _clean(name: str) -> str:
    return " ".join(name[:LONGEST].translate(_MARKS).split()).strip(" ,;:")


def _letter_case_apart(a: str, b: str, kind: str) -> bool:
    """IS and is, ИГ and иг; Turkey and turkey, Mujahid and mujahid. Names of several words may be typed small."""
    for name, word in ((a, b), (b, a)):
        if word.islower() and " " not in word and not name.islower():
            alike_ = name.casefold() == word
            if alike_ and name.isupper() and len(name) < 6:
                return True
            if kind != "organisation" and name[0].isupper():
                return True
    return False


# By the registry


def _by_registry(
    a: str, a_language: str | None, b: str, b_language: str | None, kind: str, registry: Names
) -> Answer | None:
    """None where the registry does not decide: it knows neither name."""
    found_a, found_b = (_found(name, language, kind, registry) for name, language in ((a, a_language), (b, b_language)))
    if found_a and found_b:
        common = [entity for entity in found_a if entity.id in {other.id for other in found_b}]
        if common and _each_spelled_its_own(a, found_a, b, found_b, registry):
            return False, f"{a} is {found_a[0].name}, {b} is {found_b[0].name}: one hyphen or space apart"
        if kind == "person":
            common = [e for e in common if _sounds_like_it(a, a_language, e, registry, b, b_language)]
        if common:
            return True, f"both are names of {common[0].name} in the registry"
        if kind == "person" and found_a[0].id == found_b[0].id:
            return False, f"one of them only looks like an inflected form of {found_a[0].name}"
        return False, f"the registry has {found_a[0].name} and {found_b[0].name}"
    if not found_a and not found_b:
        return None
    entities, other, language = (found_a, b, b_language) if found_a else (found_b, a, a_language)
    typed, typed_language = (a, a_language) if found_a else (b, b_language)
    for entity in entities[:5]:
        for form_language, form in registry.forms(entity.id):
            if _whole(form, form_language, other, language, kind):
                return True, f"sounds like {form}, a name of {entity.name} in the registry"
    if kind == "person" and (len(_words(typed)) > 1 or len(_words(other)) == 1):
        answer = _unlisted(typed, typed_language, other, language, kind)
        return (
            answer if answer[0] else (False, f"one is {entities[0].name} in the registry, the other is nobody it knows")
        )
    return False, f"one is {entities[0].name} in the registry, the other is no name of it"


def _sounds_like_it(
    a: str, a_language: str | None, entity: Any, registry: Names, b: str, b_language: str | None
) -> bool:
    """Whether both names sound like a form of the person: an ending cut too short (Samangan, Samangani) does not."""
    forms = [(_words(form), language) for language, form in registry.forms(entity.id)]
    return all(
        any(_persons(words, of, _words(name), language)[0] for words, of in forms)
        for name, language in ((a, a_language), (b, b_language))
    )


def _each_spelled_its_own(a: str, found_a: Sequence[Any], b: str, found_b: Sequence[Any], registry: Names) -> bool:
    """Whether names that differ in hyphens and spaces only are spelled so by two entities: Jalalabad, Jalal-Abad."""
    if a.casefold() == b.casefold() or "".join(_PARTS.split(a)).casefold() != "".join(_PARTS.split(b)).casefold():
        return False
    own_a, own_b = (
        {e.id for e in found if _spells(e.id, name, registry)} for name, found in ((a, found_a), (b, found_b))
    )
    return bool(own_a and own_b) and (found_a[0].id != found_b[0].id)


def _spells(id: str, name: str, registry: Names) -> bool:
    return any(form.casefold() == name.casefold() for _, form in registry.forms(id))


def _whole(form: str, form_language: str, name: str, language: str | None, kind: str) -> bool:
    """Whether a name is this form, word for word: no word more, none less."""
    if form.isupper() and len(form) < 6:
        return False
    words, others = _words(form), _words(name)
    if kind == "person":
        return min(len(words), len(others)) > 1 and _persons(words, form_language, others, language)[0]
    return _named_things(form, form_language, name, language, kind)[0]


def _found(name: str, language: str | None, kind: str, registry: Names) -> list[Any]:
    """Entities of that kind, best first; a word in small letters is none that is written in capitals."""
    found = list(registry.find(name, language))
    if name.islower() and len(name) < 6:
        found = [entity for entity in found if not _only_in_capitals(name, entity.id, registry)]
    if kind == "place":
        return [entity for entity in found if entity.kind == "place"]
    wanted = [entity for entity in found if entity.kind == "actor" and (entity.type == "person") == (kind == "person")]
    return wanted if kind == "person" or wanted else [entity for entity in found if entity.kind == "actor"]


def _only_in_capitals(name: str, id: str, registry: Names) -> bool:
    forms = [form for _, form in registry.forms(id) if form.casefold() == name.casefold()]
    return bool(forms) and all(form.isupper() for form in forms)


# Persons

_TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "president",
        "minister",
        "general",
        "colonel",
        "major",
        "captain",
        "sheikh",
        "шейх",
        "президент",
        "министр",
        "генерал",
        "полковник",
        "доктор",
        "господин",
        "госпожа",
        "г-н",
        "г-жа",
        "رئیس\u200cجمهور",
        "دکتر",
        "دکتور",
        "داکتر",
        "جنرال",
        "ژنرال",
        "دگروال",
        "آقای",
        "خانم",
        "السيد",
        "الدكتور",
        "مهندس",
        "انجنیر",
        "sayın",
        "bay",
        "bayan",
        "janob",
        "xonim",
        "жаноб",
        "мырза",
        "айым",
    ]
)
_HONORIFICS = frozenset(
    [
        "mullah",
        "mulla",
        "mawlawi",
        "mawlavi",
        "maulvi",
        "molavi",
        "mavlavi",
        "qari",
        "haji",
        "hajji",
        "hoji",
        "ustad",
        "sayed",
        "ملا",
        "مولوی",
        "قاری",
        "حاجی",
        "استاد",
        "شیخ",
        "мулла",
        "мулло",
        "мавлави",
        "маулави",
        "кари",
        "хаджи",
        "ҳоҷӣ",
        "ҳожи",
        "аҷӣ",
        "molla",
        "hacı",
    ]
)
"""Titles that are part of some names: they may be there or not."""
_KINSHIP = frozenset(
    [
        "uulu",
        "kyzy",
        "uly",
        "qyzy",
        "kyzi",
        "qizi",
        "o'g'li",
        "ogli",
        "oglu",
        "oğlu",
        "ugli",
        "o‘g‘li",
        "oʻgʻli",
        "oglou",
        "ulı",
        "uğlı",
        "уулу",
        "кызы",
        "ұлы",
        "улы",
        "қызы",
        "оглы",
        "оглу",
        "угли",
        "кизи",
        "ўғли",
        "қизи",
        "bin",
        "ibn",
        "bint",
        "بن",
        "بنت",
        "ابن",
    ]
)
_PATRONYMIC = re.compile(
    "(?:ович|евич|овна|евна|ична|ович[аеу]|овичем|евич[аеу]|евичем|овн[уые]|овной|евн[уые]|евной|ovich|evich|ovna|evna)$"
)
_PARTS = re.compile(r"[\s\u00a0,.\-‐‑–\u200c]+")


@lru_cache(1 << 12)
def _words(name: str) -> tuple[str, ...]:
    """The words of a name; hyphens and joiners part them, dots after initials too; titles left out."""
    words = [word for word in _PARTS.split(name[:LONGEST]) if word]
    kept = [word for word in words if word.casefold() not in _TITLES] or words
    return tuple(kept[:MOST_WORDS])


def _persons(a: Sequence[str], a_language: str | None, b: Sequence[str], b_language: str | None) -> Answer:
    """One person: every word of the shorter name has its own in the longer one, the surname among them."""
    if not a or not b:
        return False, "a name is empty"
    best: Answer = (False, f"{' '.join(a)} and {' '.join(b)} sound different")
    for x, y in _divisions(tuple(a), tuple(b)):
        answer = _aligned(x, a_language, y, b_language)
        if answer[0]:
            return answer
    for x, y in product(_without_honorifics(a), _without_honorifics(b)):
        if (x, y) != (tuple(a), tuple(b)) and (answer := _aligned(x, a_language, y, b_language))[0]:
            return answer
    return best


@lru_cache(1 << 10)
def _joinings(words: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The words as they are, and with one or two pairs of neighbours joined: Inam ullah, Abdul Rahim, Kasym-Jomart."""
    every = [words]
    for at in range(len(words) - 1):
        joined = (*words[:at], words[at] + words[at + 1], *words[at + 2 :])
        every.append(joined)
        every += [
            (*joined[:then], joined[then] + joined[then + 1], *joined[then + 2 :])
            for then in range(at, len(joined) - 1)
        ]
    return tuple(dict.fromkeys(every))


def _divisions(a: tuple[str, ...], b: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Both as they are, then one with joined words: were both joined, Aziz and Aziza would drown in what follows."""
    yield from ((joined, b) for joined in _joinings(a))
    yield from ((a, joined) for joined in _joinings(b)[1:])


def _without_honorifics(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    yield tuple(words)
    kept = tuple(word for word in words if word.casefold() not in _HONORIFICS)
    if kept and len(kept) < len(words):
        yield kept


def _aligned(a: Sequence[str], a_language: str | None, b: Sequence[str], b_language: str | None) -> Answer:
    swapped = len(a) > len(b)
    short, long = (b, a) if swapped else (a, b)
    short_language, long_language = (b_language, a_language) if swapped else (a_language, b_language)
    places = _assigned(short, short_language, long, long_language)
    if places is None:
        return False, ""
    if any(all(len(word) < 2 for word in words) for words in (short, long)):
        return False, "only initials"
    if len(short) == len(long):
        return True, "given name and surname sound alike" if len(short) > 1 else "the names sound alike"
    left = [word for at, word in enumerate(long) if at not in places]
    if len(short) == 1:
        at = places[0]
        surname = at == len(long) - 1 or _surname_like(long[at], long_language)
        if not surname or all(_PATRONYMIC.search(short[0].casefold()) for _ in short):
            return False, f"{short[0]} is only a given name of the other"
        return True, f"the surname of {' '.join(long)}"
    inner = [long[at] for at in range(min(places) + 1, max(places)) if at not in places]
    if any(_makes_another(word, long_language) for word in inner):
        return False, f"{' '.join(inner)} makes it another name"
    if all(
        given(short[at], short_language) and not _surname_like(short[at], short_language) for at in range(len(short))
    ):
        surnames = [word for word in left if _surname_like(word, long_language)]
        if surnames and not all(_PATRONYMIC.search(word.casefold()) for word in surnames) and 0 in places:
            return True, f"the same given names, without {surnames[0]}"
    return True, f"sounds alike, without {' '.join(left)}"


def _makes_another(word: str, language: str | None) -> bool:
    """Whether a word between given name and surname is a second given name: Ahmad Zia is not Ahmad."""
    if len(word) < 3 or _PATRONYMIC.search(word.casefold()) or (language or "").startswith("tr"):
        return False
    return bool(given(word, language)) and not _surname_like(word, language)


_SURNAME = re.compile(
    "(?:ov|ev|ova|eva|ovs?k[iy]y?|ин|ина|ов|ев|ова|ева|ёв|ёва|(?:ов|ев|ёв|ин)(?:а|у|ым|ом|е|ой)|зода|зоды|zoda|zade|zadeh|zada"
    "|zai|zay|зай|زی|خیل|زاده|وف|یف|اف|وا|oğlu)$"
)


def _surname_like(word: str, language: str | None) -> bool:
    return any(_SURNAME.search(form) for form in nominatives(word, language)) or any(
        reading[-1] == "ov" for reading in readings(word, language)
    )


def _assigned(
    short: Sequence[str], short_language: str | None, long: Sequence[str], long_language: str | None
) -> tuple[int, ...] | None:
    """For each word of the shorter name the place of its own word in the longer one; None where one has none.

    Order is kept or the surname is moved from one end to the other; nothing else is a spelling of the same name.
    """
    options = [
        [at for at, other in enumerate(long) if _word_fits(word, short_language, other, long_language)]
        for word in short
    ]
    if not all(options):
        return None
    ways = [way for way in product(*options) if len(set(way)) == len(way)] if _few(options) else []
    ordered = [way for way in ways if list(way) == sorted(way)]
    rotated = [way for way in ways if _rotated(way)]
    return min(ordered or rotated, default=None, key=lambda way: (-way[-1], way))


def _few(options: Sequence[Sequence[int]]) -> bool:
    count = 1
    for places in options:
        count *= len(places)
    return count <= 256


def _rotated(way: Sequence[int]) -> bool:
    return any([*way[at:], *way[:at]] == sorted(way) for at in range(1, len(way)))


def _word_fits(a: str, a_language: str | None, b: str, b_language: str | None) -> bool:
    x, y = a.casefold(), b.casefold()
    if x == y:
        return True
    if (_initial(a) and not _initial(b, False)) or (_initial(b) and not _initial(a, False)) or (len(a) == len(b) == 1):
        return _initial_fits(a, a_language, b, b_language)
    if x in _KINSHIP and y in _KINSHIP:
        return True
    return alike(a, b, a_language, b_language) is not None


def _initial(word: str, strict: bool = True) -> bool:
    """One capital letter, or two that are one sound (Sh); where not strict, any word of one or two letters."""
    return len(word) < 3 and (not strict or word[0].isupper() or len(word) == 1)


@lru_cache(1 << 12)
def _initial_fits(a: str, a_language: str | None, b: str, b_language: str | None) -> bool:
    """An initial fits a word that begins with its sound."""
    first = {reading[0] for reading in readings(a, a_language)}
    other = {reading[0] for reading in readings(b, b_language)}
    return any(x == y or frozenset((x, y)) in _NEAR_SOUNDS for x in first for y in other)


_NEAR_SOUNDS = frozenset(
    frozenset(pair)
    for pair in [("h", "kh"), ("j", "zh"), ("k", "q"), ("g", "gh"), ("a", "o"), ("i", "e"), ("y", "e"), ("o", "u")]
    + [(alef, vowel) for alef in ("^", "^^", "@c") for vowel in "aeiou"]
)


# Organisations and places: words that are translated, and names that are spelled

_SILENT = frozenset(
    [
        "of",
        "the",
        "and",
        "for",
        "on",
        "in",
        "at",
        "a",
        "an",
        "d",
        "و",
        "د",
        "у",
        "и",
        "по",
        "при",
        "для",
        "ва",
        "va",
        "и",
        "және",
        "жана",
        "ve",
        "the",
        "de",
        "la",
        "al",
        "ооо",
        "оао",
        "зао",
        "ао",
        "пао",
        "осоо",
        "тоо",
        "мчж",
        "ооо",
        "llc",
        "ltd",
        "ojsc",
        "jsc",
        "inc",
        "plc",
        "mchj",
        "aj",
        "ojsc",
        "cjsc",
        "co",
        "company",
        "корпорация",
        "из",
        "в",
        "на",
    ]
)
_TOPIC_ENDING = re.compile("[یيۍېهة]$")


@cache
def _concepts() -> tuple[dict[str, str], tuple[tuple[re.Pattern[str], str], ...]]:
    """Whole words and patterns → concept."""
    words: dict[str, str] = {}
    patterns: list[tuple[re.Pattern[str], str]] = []
    text = (resources.files("search.entities") / "data" / "translated_words.txt").read_text("utf-8")
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        concept, _, spelled = line.partition(": ")
        for spelling in spelled.split():
            if re.search(r"[\\\[(?]", spelling):
                patterns.append((re.compile(spelling), concept))
            else:
                words.setdefault(spelling, concept)
    return words, tuple(patterns)


@lru_cache(1 << 14)
def _concept(word: str, language: str | None) -> str | None:
    words, patterns = _concepts()
    plain = word.casefold().replace("‘", "'").replace("ʻ", "'").replace("’", "'")
    article = ("", "ال") if language and language.startswith("ar") else ("",)
    forms = [plain, *(plain.removeprefix(prefix) for prefix in article)]
    for form in dict.fromkeys([*forms, *(_TOPIC_ENDING.sub("", form) for form in forms if len(form) > 4)]):
        if form in words:
            return words[form]
        if "ال" + form in words:
            return words["ال" + form]
    return next((concept for pattern, concept in patterns if pattern.fullmatch(plain)), None)


def _named_things(a: str, a_language: str | None, b: str, b_language: str | None, kind: str = "organisation") -> Answer:
    """One organisation or place: its translated words are the same, its names sound alike, word for word."""
    if _short_name(a) or _short_name(b):
        if a.isupper() and b.isupper() and distance(a, b, a_language, b_language) < SHORT_ALIKE:
            return True, "the same letters in another script"
        if not (_initials(a, b) or _initials(b, a)):
            return False, "a name of capital letters is only itself"
    if _initials(a, b) or _initials(b, a):
        return True, "one is the initials of the other"
    # A country's adjective stands for it in the name of a body, but is no place.
    translated = _all_concepts() - _COUNTRIES if kind == "place" else None
    (said_a, names_a), (said_b, names_b) = _parts(a, a_language, translated), _parts(b, b_language, translated)
    if not names_a and not names_b:
        alike_ = bool(said_a) and said_a == said_b
        return alike_, "the same words, translated" if alike_ else "they say different things"
    if said_a != said_b and said_a - _OPTIONAL != said_b - _OPTIONAL:
        # A word that is translated in one name may be spelled in the other: Green Bank, Грин Банк.
        common = said_a & said_b
        names_a, names_b = _parts(a, a_language, common)[1], _parts(b, b_language, common)[1]
        if len(names_a) != len(names_b):
            return False, f"{' '.join(sorted(said_a ^ said_b))} stands in one only"
    for x, y in _divisions(names_a, names_b):
        if len(x) == len(y) and any(
            all(alike(v, w, a_language, b_language) is not None for v, w in zip(x, way, strict=True))
            for way in (permutations(y) if len(y) < 4 else (y,))
        ):
            return True, "the names sound alike, the words around them say the same"
    return False, "the names sound different or one has a word more"


_COUNTRIES = frozenset(
    [
        "uzbekistan",
        "kazakhstan",
        "kyrgyzstan",
        "tajikistan",
        "turkmenistan",
        "afghanistan",
        "russia",
        "iran",
        "pakistan",
        "china",
        "turkey",
    ]
)


@cache
def _all_concepts() -> frozenset[str]:
    words, patterns = _concepts()
    every = [*words.values(), *(concept for _, concept in patterns)]
    return frozenset(part for concept in every for part in concept.split("+"))


_OPTIONAL = frozenset(["company", "city", "republic", "affairs", "river"])


@lru_cache(1 << 12)
def _parts(
    name: str, language: str | None, only: frozenset[str] | None = None
) -> tuple[frozenset[str], tuple[str, ...]]:
    """(translated concepts, words that are spelled) of a name; concepts other than `only`, if given, are spelled."""
    said: set[str] = set()
    spelled: list[str] = []
    for word in _PARTS.split(name):
        if not word or (plain := word.casefold()) in _SILENT:
            continue
        if (concept := _concept(plain, language)) and (only is None or only.issuperset(concept.split("+"))):
            said.update(concept.split("+"))
        else:
            spelled.append(word)
    return frozenset(said), tuple(spelled[:MOST_WORDS])


def _short_name(name: str) -> bool:
    return len(name) < 7 and name.isupper() and name.isalpha()


def _initials(short: str, long: str) -> bool:
    """ABC and Alpha Beta Centre, in one script."""
    words = [word for word in _PARTS.split(long) if word and word.casefold() not in _SILENT]
    return len(words) > 2 and short.isupper() and short.casefold() == "".join(word[0] for word in words).casefold()
