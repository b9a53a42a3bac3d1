"""Persons and organisations that no list holds, found by what the region's press puts around a name.

Signs of a person: a given name, the ending of a surname, a patronymic, a title before or after, a verb of saying beside
it. In Latin and Cyrillic script the name is a run of capitalised words; in Arabic script it begins with a given name or
after a title and ends at a word that no name has. Signs of an organisation: its type beside a name in quotation marks,
or at the head or the end of the words. A surname alone belongs to the full name that stands in the same document.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from itertools import islice
from typing import Literal

from newswarc.items import Mention
from search.analysis import APOSTROPHES
from search.entities.same import same
from search.entities.transliterate import arabic_key, distance, given, latin_given, nominatives, skeleton

Field = Literal["title", "text"]
ENOUGH = 0.5
"""The sum of its signs from which on a name is taken for a person or an organisation."""
UNSIGNED = 0.6
"""The same where nothing in the name itself speaks for a person."""
SUREST = 0.95
SOUNDS_GIVEN = 0.3
"""How far a foreign given name may be from one that is listed in Latin letters."""
MOST = 2_000
"""Names of one document; what has more is a directory, not news."""
NAMESAKES = 20
"""Persons of one surname in a document."""
REMEMBERED = 1 << 13


@dataclass(slots=True)
class Found:
    """A name in one field, with what speaks for it."""

    type: Literal["person", "organisation"]
    start: int
    end: int
    surface: str
    score: float
    signs: list[str]
    field: Field = "text"
    canonical: str = ""
    words: tuple[str, ...] = ()


def find(title: str, text: str, language: str | None, listed: Sequence[Mention]) -> list[Mention]:
    """The persons and organisations of a document that no listed mention covers, ordered by field and start."""
    pages = [
        _Page("title", title, language, [mention for mention in listed if mention.field == "title"]),
        _Page("text", text, language, [mention for mention in listed if mention.field == "text"]),
    ]
    found = [name for page in pages for name in page.names()]
    one_name(found)
    found += [name for page in pages for name in islice(page.surnames(found), MOST)]
    found.sort(key=lambda name: (name.field == "text", name.start, -name.end))
    return [_mention(name) for name in _apart(found)[:MOST]]


def _mention(name: Found) -> Mention:
    return Mention(
        kind="actor",
        type=name.type,
        id=None,
        canonical=name.canonical or name.surface,
        surface=name.surface,
        field=name.field,
        start=name.start,
        end=name.end,
        confidence=round(min(SUREST, name.score), 2),
        listed=False,
        reason=", ".join(dict.fromkeys(name.signs)),
    )


def _apart(found: Iterable[Found]) -> list[Found]:
    """No two names over the same letters: the first, which is the longer one."""
    kept: list[Found] = []
    for name in found:
        if not kept or kept[-1].field != name.field or name.start >= kept[-1].end:
            kept.append(name)
    return kept


def one_name(found: Sequence[Found]) -> None:
    """A name that is the same person's as an earlier, fuller one has its canonical name."""
    fullest: dict[str, list[Found]] = defaultdict(list)
    for name in sorted(found, key=lambda name: (-len(name.words), name.field != "text", name.start)):
        if name.type != "person":
            name.canonical = name.canonical or name.surface
            continue
        bucket = fullest[_stem(name.words[-1])]
        known = next((other for other in bucket if _inflected(name, other)), None)
        name.canonical = known.canonical if known else name.surface
        if not known and len(bucket) < NAMESAKES:
            bucket.append(name)


def _inflected(name: Found, other: Found) -> bool:
    """Whether each word of a name begins as one of another name does."""
    stems = {_stem(word) for word in other.words}
    return all(_stem(word) in stems for word in name.words)


@lru_cache(REMEMBERED)
def _stem(word: str) -> str:
    """What inflection leaves of a word of a name, roughly: enough to find it again in the same text."""
    word = word.casefold().translate(_APOSTROPHES)
    if "\u0600" <= word[:1] <= "\u06ff":
        return arabic_key(word)
    ending = _ENDING.search(word)
    return word[: ending.start()] if ending else word


_ENDING = re.compile(
    "(?<=[oe]v)(?:a|ning|ni|ga|dan|da|ning|s)?$|(?<=[оеё]в)(?:а|у|ым|ом|е|ой|нинг|ни|га|дан|да|т[ыиуү]н|т[ыиуү]|к[аео]|т[аео]н?|д[ыиуү]н|д[ыиуү]|г[аео]|д[аео]н?|тың|тің|тан|тен|қа|ке|ро|и)?$"
    "|(?<=...)(?:ning|нинг|dan|дан|ден|тан|тен|ga|ни|ны|ning|ga|га|ге|ро|[dt][ae]n?)$|(?<=....)[аеиоуыюяйaeiou]$|(?<=...)(?:ом|ем|ой|ей|ым)$"
)
_APOSTROPHES = str.maketrans(dict.fromkeys(APOSTROPHES, "'"))


# The words of data/press_words.txt


@cache
def _press_words() -> dict[str, tuple[str, ...]]:
    sections: dict[str, list[str]] = {}
    section: list[str] = []
    for line in (resources.files("search.entities") / "data" / "press_words.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line[1 : line.index("]")], [])
        elif not line.startswith("#"):
            section += line.split()
    return {name: tuple(words) for name, words in sections.items()}


@cache
def _whole(section: str) -> frozenset[str]:
    return frozenset(_press_words()[section])


@cache
def _arabic(section: str) -> frozenset[str]:
    return frozenset(arabic_key(word) for word in _press_words()[section])


@cache
def _beginnings(section: str) -> tuple[frozenset[str], dict[str, tuple[str, ...]]]:
    """(whole words, first three letters → beginnings) of a section."""
    words = _press_words()[section]
    begins: dict[str, list[str]] = defaultdict(list)
    for word in words:
        if word[0] != "=":
            begins[word[:3]].append(word)
    return frozenset(word.removeprefix("=") for word in words), {key: tuple(value) for key, value in begins.items()}


@lru_cache(REMEMBERED)
def _is(section: str, word: str) -> bool:
    """Whether a word, as it stands, is one of a section's words or begins with one."""
    word = word.casefold().translate(_APOSTROPHES)
    whole, begins = _beginnings(section)
    if word in whole or any(
        word.startswith(begin) and len(word) - len(begin) < 9 for begin in begins.get(word[:3], ())
    ):
        return True
    return "-" in word and any(_is(section, part) for part in word.split("-") if part)


# A field of a document


def _capitals() -> str:
    letters = [code for code in [*range(0x41, 0x530), *range(0x1E00, 0x1F00)] if chr(code).isupper()]
    return "".join(map(chr, letters))


_UP = _capitals()
_L = r"[\w\u0300-\u036f]"
_APOSTROPHE = "'’‘ʻʼ`ʹ"
_WORD_REST = rf"{_L}*(?:[{_APOSTROPHE}]{_L}+)*"
_CAPITAL_WORD = rf"[{_UP}]{_WORD_REST}"
_PARTICLE = (
    r"(?:u+lu|ky?zy|qyzy|uly|q[iı]z[iı]|k[iı]z[iı]|o[g'’‘ʻʼ`]+[‘'’ʻʼ`]?g?[‘'’ʻʼ`]?li|og'?lu|oğlu|ugli|уулу|улуу|кызы|қызы|ұлы|улы|оглы|оглу|угли|кизи|қизи|ўғли"
    r"|ul|al|el|bin|bint|ibn|ad|ud|аль|ад|ибн|бин)"
)
_INITIAL_REST = r"[hаaуюʻ‘'’]?\.[ \u00a0]?"
_INITIALS = rf"(?:[{_UP}]{_INITIAL_REST}){{1,2}}"
_RUN = re.compile(
    rf"[{_UP}](?<![\w.'’].)(?:{_INITIAL_REST}(?:[{_UP}]{_INITIAL_REST})?[{_UP}]{_WORD_REST}|{_WORD_REST})"
    rf"(?:[ \u00a0\-‐‑](?:{_INITIALS})?(?:{_CAPITAL_WORD}|{_PARTICLE}(?=[ \u00a0\-]))"
    rf"|[ \u00a0]{_PARTICLE}(?!\w)){{0,9}}"
)
"""Initials, capitalised words, particles; it begins with a plain class of letters, which a search goes through fast."""
_WORD = re.compile(rf"{_L}+(?:[{_APOSTROPHE}\-‐‑]{_L}+)*|[.!?…:;»”\n،؛؟]")
_IN_RUN = re.compile(
    rf"(?:[{_UP}][hаaуюʻ‘'’]?\.)|{_L}+(?:[{_APOSTROPHE}]{_L}+)*(?:[\-‐‑]{_L}+(?:[{_APOSTROPHE}]{_L}+)*)*"
)
_QUOTED = re.compile('[«“„"]([^«»“”„"\n]{2,70})[»”“"]')
_SITES = "news|uz|kg|kz|tj|tm|af|ir|ru|com|org|net|info|media|tv|asia"
_ADDRESS = re.compile(rf"(?<![\w@/.])[{_UP}][\w-]{{2,30}}\.(?:{_SITES})\b(?!\.\w|/)")
_SITE_END = re.compile(rf"\.(?:{_SITES})\b")
_BRACKETED = re.compile(rf"[»”\"]? \(([{_UP}]{{3,8}})\)")
_NEAR = 70
"""Characters before and after a name that are looked at."""
_FAR_FROM_QUOTE = 30

_PATRONYMIC = re.compile(
    "(?:[оеё]вич|[оеё]вн|ична|иничн|o?vich|[oe]vna)(?:а|у|ем|е|ы|ой|ем|a)?(?:нинг|га|ни|ning|ga|ni)?$", re.IGNORECASE
)
_KINSHIP = re.compile(rf"^{_PARTICLE}$", re.IGNORECASE)
_SURNAME = re.compile(
    "(?:[оеё]в|[оеё]ва|ский|ская|ского|ской|[оеё]в(?:а|у|ым|е|ой)|[оеё]в(?:нинг|ни|га|дан|т[ыиуү]н|т[ыи]ң|к[ао]|қа|т[аоы]н?|ро)|янц?|дзе|швили|зода|зоды|заде|зад[аеуы]|зай|зи|зой|хел|пур|ёр|й?ёни?"
    "|[oe]vs?|[oe]va|sk[iy]y?|skaya|[oe]v(?:ning|ni|ga|dan|da)|yan|shvili|dze|zoda|zade[hm]?|zadeh|zada|zai|zay|khel|pour|pur|yar|iyan|oğlu|oglu|doost|dost|wal|mand)$"
)
_NISBA = re.compile("(?:[bcdfghjklmnpqrstvwxz]i|[бвгдзйклмнпрстфх]и|[бвгдзклмнпрстфх]ӣ|[еао]й)$")
_PLACE_WORDS = frozenset(
    [
        "street",
        "avenue",
        "square",
        "road",
        "park",
        "улица",
        "улице",
        "улицы",
        "проспект",
        "проспекте",
        "площадь",
        "площади",
        "имени",
        "мечеть",
        "мечети",
        "ko'chasi",
        "ko'cha",
        "кўчаси",
        "көчөсү",
        "көшесі",
        "даңғылы",
        "caddesi",
        "sokak",
        "meydanı",
        "кӯчаи",
        "хиёбони",
        "stadium",
        "стадион",
        "музей",
        "музея",
    ]
)


Words = Sequence[re.Match[str]]


class _Page:
    """One field, its listed spans and its names."""

    def __init__(self, name: Field, text: str, language: str | None, listed: Sequence[Mention]) -> None:
        self.field: Field = name
        self.text = text
        self.language = language
        self.base = (language or "").split("-")[0]
        spans = sorted((mention.start, mention.end, mention.kind) for mention in listed)
        self.listed: list[tuple[int, int, str]] = []
        for span in spans:
            if not self.listed or span[1] > self.listed[-1][1]:
                self.listed.append(span)
        self.starts = [span[0] for span in self.listed]
        self.alone: list[Words] = []
        """Capitalised words that may be the surname of somebody."""
        self.arabic_words: list[re.Match[str]] = []
        self.arabic_keys: list[str] = []

    def names(self) -> list[Found]:
        found = [*islice(self._quoted(), MOST), *islice(self._addresses(), MOST), *islice(self._in_capitals(), MOST)]
        if _HAS_ARABIC.search(self.text):
            found += islice(self._in_arabic(), MOST)
        found += [initials for name in found if name.type == "organisation" for initials in self._bracketed(name)]
        found.sort(key=lambda name: (name.start, -name.end))
        return _apart(found)

    # What lies around

    def overlaps(self, start: int, end: int) -> tuple[int, int, str] | None:
        """The first listed span over these letters."""
        at = bisect_left(self.starts, start)
        if at and self.listed[at - 1][1] > start:
            return self.listed[at - 1]
        return self.listed[at] if at < len(self.listed) and self.listed[at][0] < end else None

    def covered(self, start: int, end: int) -> bool:
        span = self.overlaps(start, end)
        return span is not None and span[0] <= start and span[1] >= end

    def before(self, start: int) -> list[str]:
        """The words of the clause before a place, nearest first."""
        words: list[str] = []
        dotted = False
        for word in reversed(_WORD.findall(self.text, max(0, start - _NEAR), start)):
            if word == "." and not words and not dotted:
                dotted = True  # Dr. and Mr. before a name
                continue
            if word in ".!?…:;»”\n؛؟" or (dotted and not words and (len(word) > 4 or not _is("titles", word))):
                break
            words.append(word)
        return words

    def after(self, end: int) -> list[str]:
        """The words of the clause after a place; commas are passed over."""
        words: list[str] = []
        for word in _WORD.findall(self.text, end, end + _NEAR):
            if word in ".!?…;\n؛؟" and word:
                break
            words.append(word)
        return words

    def starts_sentence(self, start: int) -> bool:
        lead = self.text[max(0, start - 6) : start].rstrip(" \u00a0«“„\"'(—–-•")
        return not lead or lead[-1] in ".!?…\n"

    # Latin and Cyrillic

    def _in_capitals(self) -> Iterator[Found]:
        for run in _RUN.finditer(self.text):
            if _is_idle(run.group()):
                continue
            start, end = run.span()
            over = self.overlaps(start, end)
            if over is None and _is_bare(run.group(), self.language):
                self.alone.append([run])
                continue
            covered = over is not None and over[0] <= start and over[1] >= end
            if covered and not (self.base in _HEAD_LAST and over is not None and over[2] == "place"):
                continue
            words = list(_IN_RUN.finditer(self.text, start, end))
            if organisation := self._organisation(words):
                yield organisation
                continue
            if covered:
                continue
            for piece in self._pieces(words):
                person = self._person(piece)
                if person:
                    yield person
                else:
                    self.alone.append(piece)

    def _pieces(self, words: Words) -> Iterator[Words]:
        """A run without its listed spans, titles and words that are nobody's."""
        here: list[re.Match[str]] = []
        for word in words:
            text = word.group()
            if _is_nobody(text) or self.overlaps(*word.span()):
                if here:
                    yield here
                here = []
            else:
                here.append(word)
                if self.base in ("en", "tr") and _POSSESSIVE.search(
                    text
                ):  # Britain's Prince …: what follows is another name
                    yield here
                    here = []
        if here:
            yield here

    def _person(self, piece: Words) -> Found | None:
        words = list(piece)
        while words and (_KINSHIP.match(words[-1].group()) and len(words) < 3):
            words.pop()
        if not words:
            return None
        if len(words) == 1:
            if not _sounds_alone(words[0].group(), self.language):
                return None
            if elder := self._elder(words[0]):
                return elder
        if len(words) > 4 or (self.field == "title" and len(words) > 2 and self._shouts()):
            words = self._window(words)
            if not words:
                return None
        if len(words) == 3 and self._begins_late(words):
            words = words[1:]
        if len(words[-1].group()) < 3:
            return None
        start, end = words[0].start(), self._without_possessive(words[-1])
        names = [word.group() for word in words]
        names[-1] = self.text[words[-1].start() : end]
        inner, signs = _inner_signs(tuple(names), self.language)
        if inner <= 0 and (len(names) == 1 or len(names) > 3):
            return None
        outer, why = self._outer_signs(start, end)
        strong = any(sign in why for sign in (_TITLE, _TITLE_AFTER, _INITIAL)) or inner >= 0.35
        score = inner + outer
        if len(names) == 1:
            score -= 0.35 if self.starts_sentence(start) else 0.25
            if self.base == "en" and not any(sign == _TITLE for sign in why):
                return None
        else:
            score += 0.1
        if score < (ENOUGH if inner else UNSIGNED) or not strong or self._place_name(start, end):
            return None
        said = [*signs, *why]
        return Found("person", start, end, self.text[start:end], score, said, self.field, words=tuple(names))

    def _begins_late(self, words: list[re.Match[str]]) -> bool:
        """Whether given name and surname begin at the second word: Харькова Геннадий К…, but not surname first."""
        first, second, third = (word.group() for word in words)
        if given(first, self.language) or not given(second, self.language) or first.endswith("."):
            return False
        return not (_PATRONYMIC.search(third) or _KINSHIP.match(third))

    def _elder(self, word: re.Match[str]) -> Found | None:
        """A given name with what people call an elder or a neighbour after it: Karim aka, Ayşe hanım."""
        more = _NEXT_WORD.match(self.text, word.end())
        if not more or more.group(1) not in _ELDERS or not given(word.group(), self.language):
            return None
        start, end = word.start(), more.end()
        signs = ["given name", "form of address after it"]
        return Found("person", start, end, self.text[start:end], 0.7, signs, self.field, words=(word.group(),))

    def _shouts(self) -> bool:
        """Whether nearly every word begins with a capital, as in English headlines."""
        words = re.findall(r"\w{4,}", self.text[:300])
        return 3 * sum(1 for word in words if word[0].isupper()) > 2 * len(words)

    def _window(self, words: list[re.Match[str]]) -> list[re.Match[str]]:
        """The name within a long run of capitals: from a given name to the surname after it."""
        for at, word in enumerate(words):
            if not given(word.group(), self.language):
                continue
            for size in (3, 2, 1):
                last = words[at + size : at + size + 1]
                if last and (_surname(last[0].group()) or _PATRONYMIC.search(last[0].group())):
                    return words[at : at + size + 1]
            if at and _surname(words[at - 1].group()):
                return words[at - 1 : at + 1]
            if at + 1 < len(words) and (given(words[at + 1].group(), self.language)):
                return words[at : at + 2]
        return []

    def _outer_signs(self, start: int, end: int) -> tuple[float, list[str]]:
        """What stands around: a title, a verb of saying."""
        score, signs = 0.0, []
        before = self.before(start)
        title = next((at for at, word in enumerate(before[:8]) if _is("titles", word)), None)
        if title is not None:
            between = before[:title]
            # A name of another person between ends what the title says.
            near = title < 2 or not any(given(word, self.language) or _is("speech", word) for word in between)
            if near:
                score += 0.4 if title == 0 else 0.3 if title < 4 else 0.2
                signs.append(_TITLE)
        after = self.after(end)
        if any(_is("speech", word) for word in before[:1]) or any(_is("speech", word) for word in after[:2]):
            score += 0.25
            signs.append("verb of saying")
        follows = self.text[end : end + 2]
        if title is None and follows[:1] in (",", "،") and any(_is("titles", word) for word in after[:4]):
            score += 0.25
            signs.append(_TITLE_AFTER)
        elif title is None and after and after[0].casefold() in _NAMED:
            score += 0.3
            signs.append(_TITLE_AFTER)
        return score, signs

    def _place_name(self, start: int, end: int) -> bool:
        near = [*self.before(start)[:1], *self.after(end)[:1]]
        return any(word.casefold().translate(_APOSTROPHES) in _PLACE_WORDS for word in near)

    def _without_possessive(self, word: re.Match[str]) -> int:
        """Where a word ends, its possessive left out."""
        return word.start() + len(_bare_word(word.group(), self.base))

    # Organisations

    def _quoted(self) -> Iterator[Found]:
        for quoted in _QUOTED.finditer(self.text):
            start, end = quoted.span(1)
            name = quoted.group(1)
            if name != name.strip() or len(name.split()) > 6 or not _name_like(name):
                continue
            before = _WORD.findall(self.text, max(0, quoted.start() - _FAR_FROM_QUOTE), quoted.start())
            after = _WORD.findall(self.text, quoted.end(), quoted.end() + _FAR_FROM_QUOTE)
            if (before and self._type_word(before[-1])) or (after and self._type_word(after[0])):
                body = self._body(start, end, "type word beside a name in quotation marks", 0.75)
                if body:
                    yield body

    def _addresses(self) -> Iterator[Found]:
        """Outlets called by their address: Name.uz."""
        for found in _ADDRESS.finditer(self.text) if _SITE_END.search(self.text) else ():
            if not self.overlaps(*found.span()):
                yield Found("organisation", *found.span(), found.group(), 0.7, ["name of a site"], self.field)

    def _bracketed(self, body: Found) -> Iterator[Found]:
        """The initials in brackets after an organisation's name."""
        found = _BRACKETED.match(self.text, body.end)
        if found and not self.overlaps(*found.span(1)):
            start, end = found.span(1)
            signs = ["initials after its name"]
            yield Found("organisation", start, end, found.group(1), body.score, signs, self.field, body.surface)

    def _type_word(self, word: str) -> bool:
        return _is_organisation(word) or arabic_key(word) in _arabic("bodies")

    def _organisation(self, run: Words) -> Found | None:
        words = list(run)
        while words and (
            words[0].group().casefold() in _ARTICLES or (len(words) > 1 and _is_function(words[0].group()))
        ):
            words.pop(0)
        if not words:
            return None
        types = [at for at, word in enumerate(words) if _is_organisation(word.group())]
        if self.base in _HEAD_LAST:
            return self._type_at_end(words, types)
        if not types:
            return self._adjective_at_head(words) if self.base == "ru" else None
        start = words[0].start()
        if self.base in ("ru", "tg") and types[0] == 0:
            return self._type_at_head(words)
        if self.base == "en":
            continued = self._of(words, types)
            if continued:
                return continued
        if len(words) < 2 or (self.field == "title" and len(words) > 3 and self._shouts()):
            return None
        last = types[-1] if types[-1] else len(words) - 1
        chosen = words[: last + 1]
        if len(chosen) < 2 or all(_is_organisation(word.group()) or _is("titles", word.group()) for word in chosen):
            return None
        if all(_is_organisation(w.group()) or _whole_nobody(w.group()) for w in chosen) or any(
            _is("titles", word.group()) for word in chosen
        ):
            return None
        return self._body(start, self._without_possessive(chosen[-1]), "type word in the name")

    def _body(self, start: int, end: int, sign: str, score: float = 0.6) -> Found | None:
        if self.covered(start, end) or end - start < 3:
            return None
        if any(
            (first <= start and last > start and first < start) or (first < end < last)
            for first, last, _ in self._near_spans(start, end)
        ):
            return None  # a listed name reaches over its edge
        span = self.overlaps(start, end)
        if span and span[2] == "actor" and (end - start) - (span[1] - span[0]) < 4:
            return None
        return Found("organisation", start, end, self.text[start:end], score, [sign], self.field)

    def _near_spans(self, start: int, end: int) -> list[tuple[int, int, str]]:
        at = max(0, bisect_left(self.starts, start) - 1)
        return [span for span in self.listed[at : at + 12] if span[1] > start and span[0] < end]

    def _of(self, words: list[re.Match[str]], types: list[int]) -> Found | None:
        """University of …, Committee for the Protection of …: an English name that goes on after of or for."""
        if types[-1] != len(words) - 1:
            return None
        start, end = words[0].start(), words[-1].end()
        for _ in range(3):
            more = _CONTINUED.match(self.text, end)
            if not more:
                break
            end = more.end()
        if end == words[-1].end():
            return None
        text = self.text[start:end]
        cut = _POSSESSIVE.search(text)
        return self._body(start, start + cut.start() if cut else end, "type word at its head", 0.65)

    def _type_at_head(self, words: list[re.Match[str]]) -> Found | None:
        """Агентство по …, Вазорати …: the words that depend on the head, up to six."""
        start, end = words[0].start(), words[-1].end()
        if len(words) == 1:
            end = self._depending(end)
        if end == words[0].end():
            return None
        return self._body(start, end, "type word at its head", 0.6)

    def _adjective_at_head(self, words: list[re.Match[str]]) -> Found | None:
        """Азиатский банк развития: an adjective with a capital in the middle of a sentence, then the type word."""
        more = _NEXT_WORD.match(self.text, words[-1].end())
        if len(words) > 1 or not more or not _is_organisation(more.group(1)) or not _ADJECTIVE.search(words[0].group()):
            return None
        if self.starts_sentence(words[0].start()) or _whole_nobody(words[0].group()):
            return None
        return self._body(words[0].start(), self._depending(more.end()), "type word after a capital")

    def _depending(self, end: int) -> int:
        head = end
        previous = "и"
        for _ in range(6):
            more = _NEXT_WORD.match(self.text, end)
            if not more:
                break
            word = more.group(1)
            if self.base == "tg":
                if previous[-1:] not in ("и", "ӣ") and previous != "ва" and word != "ва":
                    break
            elif not _GENITIVE.search(word) or _is("speech", word) or _RUSSIAN_PAST.search(word):
                break
            end, previous = more.end(), word
        return end - 1 - len(previous) if end > head and previous in ("и", "ва", "по", "при") else end

    def _type_at_end(self, words: list[re.Match[str]], types: list[int]) -> Found | None:
        """… universiteti, … вазирлиги, … банкы: from the capital to the type word, up to four small words between."""
        start, end = words[0].start(), words[-1].end()
        if types and len(words) > 1 and types[-1] > 0:
            end = self._without_possessive(words[types[-1]])
            return self._body(start, end, "type word at its end")
        if all(_whole_nobody(word.group()) for word in words):
            return None
        for passed in range(4):
            more = _NEXT_WORD.match(self.text, end)
            if not more:
                return None
            end = more.end()
            word = more.group(1)
            if _is_organisation(word):
                first = self.starts_sentence(start)
                if any(_is("titles", w.group()) for w in words) or (first and len(words) == 1 and passed == 0):
                    return None
                if self.covered(words[0].start(), words[-1].end()) and (passed == 0 or _CENTRE.match(word)):
                    return None  # the place's own company, the place's centre: no name
                if not _TURKIC_OF.search(word) and (first or not _QUALITY.search(words[-1].group())):
                    return None
                cut = _POSSESSIVE.search(self.text[start:end]) if self.base == "tr" else None
                return self._body(start, start + cut.start() if cut else end, "type word at its end")
            if (
                _is("speech", word)
                or _whole_nobody(word)
                or (_is("titles", word) and not word.endswith(("lik", "лик")))
            ):
                return None
        return None

    # Arabic script

    def _in_arabic(self) -> Iterator[Found]:
        words = list(_ARABIC_WORD.finditer(self.text))
        told = [_told(word.group(), self.base) for word in words]
        keys = [key for key, _ in told]
        self.arabic_words, self.arabic_keys = words, keys
        done = 0
        for at, (_, may_begin) in enumerate(told):
            if at < done or not (may_begin or (at and told[at - 1][1] == _AFTER) or self._before_surname(keys, at)):
                continue
            name = self._arabic_body(words, keys, at) or self._arabic_person(words, keys, at)
            if name is not None:
                yield name
                while done < len(words) and words[done].start() < name.end:
                    done += 1

    def _before_surname(self, keys: list[str], at: int) -> bool:
        return at + 1 < len(keys) and (keys[at + 1] in _SECOND_PARTS or keys[at + 1].endswith(("ف", "ا")))

    def _arabic_person(self, words: list[re.Match[str]], keys: list[str], at: int) -> Found | None:
        personal = self._personal(words, keys, at)
        first = _arabic_given(keys[at], self.base) or self._in_two(words, keys, at) or self._foreign(words, keys, at)
        if not first and not personal:
            return None
        if keys[at] in _arabic("bounds") or keys[at] in _arabic("offices") or keys[at] in _arabic("personal"):
            return None
        if self.overlaps(*words[at].span()):
            return None
        last, names, free = at, int(bool(first)), 0
        surname = False
        for then in range(at + 1, min(at + 5, len(words))):
            if not self._joined(words[then - 1], words[then]) or self.overlaps(*words[then].span()):
                break
            key = keys[then]
            if (
                key in _arabic("bounds")
                or key in _arabic("says")
                or key in _arabic("offices")
                or key in _arabic("bodies")
            ):
                break
            if _arabic_given(key, self.base) or self._in_two(words, keys, then) or key in _SECOND_PARTS:
                names += key not in _SECOND_PARTS
            elif _ARABIC_SURNAME.search(key):
                surname = True
            elif key in _ARABIC_PARTICLES:
                pass
            elif free or surname or len(key) < 3 or names > 2 or _ARABIC_PLURAL.search(key):
                break
            else:
                free += 1
            last = then
        if keys[last] in _ARABIC_PARTICLES and keys[last] not in ("خان", "جان"):
            last -= 1
        score, signs, ordinary = 0.0, [], False
        if first:
            ordinary = all(
                key in _arabic("ordinary") or not _arabic_given(key, self.base) for key in keys[at : last + 1]
            )
            score, signs = (0.2 if ordinary else 0.4) + 0.15 * (names - 1), ["given name"]
        if surname:
            score, signs = score + 0.25, [*signs, "surname"]
        elif free:
            score += 0.1
        if last == at:
            score -= 0.1
        if personal:
            score, signs = score + 0.4, [*signs, _TITLE]
        outer, why = self._arabic_around(words, keys, at, last)
        score += outer
        enough = 0.6 if names < 2 or ordinary else ENOUGH
        if score < enough or (last == at and not personal) or (free and not (personal or why)):
            if free and not (personal or why) and names > 1:
                last -= 1
            else:
                return None
        start, end = words[at].start() + _arabic_and(words[at].group(), keys[at]), words[last].end()
        named = tuple(words[n].group() for n in range(at, last + 1))
        return Found("person", start, end, self.text[start:end], score, signs + why, self.field, words=named)

    def _in_two(self, words: list[re.Match[str]], keys: list[str], at: int) -> bool:
        """A given name whose second part is written apart: Matti ullah, Salah al-Din, Abd al-Rahman."""
        if at + 1 >= len(words) or not self._joined(words[at], words[at + 1]):
            return False
        return keys[at + 1] in _SECOND_PARTS or (keys[at] == "عبد" and keys[at + 1].startswith("ال"))

    def _foreign(self, words: list[re.Match[str]], keys: list[str], at: int) -> bool:
        """A given name that is listed in Latin only, before a surname in وف, یف or وا."""
        if at + 1 >= len(words) or not self._joined(words[at], words[at + 1]):
            return False
        return bool(_RUSSIAN_SURNAME.search(keys[at + 1])) and _sounds_given(keys[at])

    def _personal(self, words: list[re.Match[str]], keys: list[str], at: int) -> bool:
        return at > 0 and keys[at - 1] in _arabic("personal") and self._joined(words[at - 1], words[at])

    def _joined(self, word: re.Match[str], following: re.Match[str]) -> bool:
        between = self.text[word.end() : following.start()]
        return len(between) == 1 and between in " \u00a0\u200c"

    def _arabic_around(
        self, words: list[re.Match[str]], keys: list[str], at: int, last: int
    ) -> tuple[float, list[str]]:
        score, signs = 0.0, []
        for then in range(at - 1, max(-1, at - 9), -1):
            gap = self.text[words[then].end() : words[then + 1].start()]
            if any(mark in gap for mark in ".!?؟:؛\n»"):
                break
            if keys[then] in _arabic("offices") or keys[then] in _arabic("personal"):
                score, signs = 0.3 if at - then < 5 else 0.2, [_TITLE]
                break
            if keys[then] in _arabic("says") and then < at - 1:
                break
        for then in range(last + 1, min(last + 3, len(words))):
            if any(mark in self.text[words[then - 1].end() : words[then].start()] for mark in ".!?؟؛\n"):
                break
            if keys[then] in _arabic("says"):
                score, signs = score + 0.25, [*signs, "verb of saying"]
                break
        else:
            if at and keys[at - 1] in _arabic("says") and self._joined(words[at - 1], words[at]):
                score, signs = score + 0.25, [*signs, "verb of saying"]
            elif not signs and self._office_follows(words, keys, last):
                score, signs = score + 0.3, [_TITLE_AFTER]
        return score, signs

    def _office_follows(self, words: list[re.Match[str]], keys: list[str], last: int) -> bool:
        """Whether a comma and an office come after a name."""
        following = range(last + 1, min(last + 3, len(words)))
        if not following or "،" not in self.text[words[last].end() : words[last + 1].start()]:
            return False
        return any(keys[then] in _arabic("offices") for then in following)

    def _arabic_body(self, words: list[re.Match[str]], keys: list[str], at: int) -> Found | None:
        if keys[at] not in _arabic("bodies"):
            return None
        if self.covered(*words[at].span()):
            return None
        last = at
        listed = 0
        for then in range(at + 1, min(at + 4, len(words))):
            if not self._joined(words[then - 1], words[then]) or keys[then] in _arabic("says"):
                break
            span = self.overlaps(*words[then].span())
            if span:
                listed += 1
            elif keys[then].startswith(("می", "نمی")) or (
                keys[then] in _arabic("bounds") and keys[then] not in _BODY_QUALITIES
            ):
                break
            last = then
            if listed:
                break
        if last == at:
            return None
        plain = all(keys[then] in _BODY_QUALITIES for then in range(at + 1, last + 1))
        if plain or (not listed and last - at > 2):
            return None
        return self._body(words[at].start(), words[last].end(), "type word at its head", 0.55)

    # A surname alone

    def surnames(self, found: Sequence[Found]) -> Iterator[Found]:
        """Later (or earlier) uses of a person's surname alone."""
        people = [name for name in found if name.type == "person" and len(name.words) > 1]
        known: dict[str, Found] = {}
        for name in people:
            for word in name.words:
                if len(word) > 3 and (word == name.words[-1] or _surname(word)) and not _PATRONYMIC.search(word):
                    known.setdefault(_stem(word), name)
        if not known:
            return
        taken = [(name.start, name.end) for name in found if name.field == self.field]
        taken.sort()
        for start, end in self._bare(known):
            surface = self.text[start:end]
            person = known.get(_stem(surface))
            if person and not self.overlaps(start, end) and not _within(start, end, taken):
                signs = ["surname of a person named in full"]
                score = person.score - 0.05
                yield Found("person", start, end, surface, score, signs, self.field, person.canonical, (surface,))

    def _bare(self, known: Collection[str]) -> Iterator[tuple[int, int]]:
        for words in self.alone:
            if len(words) < 3:
                yield words[-1].start(), self._without_possessive(words[-1])
        for word, key in zip(self.arabic_words, self.arabic_keys, strict=True):
            if key in known:
                yield word.start() + _arabic_and(word.group(), key), word.end()


_TITLE, _TITLE_AFTER, _INITIAL = "title before it", "title after it", "initial"
_ELDERS = frozenset(
    [
        "aka",
        "ota",
        "bobo",
        "buva",
        "opa",
        "xola",
        "amaki",
        "momo",
        "buvi",
        "ака",
        "ота",
        "бобо",
        "бува",
        "опа",
        "хола",
        "амаки",
        "момо",
        "буви",
        "байке",
        "аке",
        "эже",
        "апа",
        "ата",
        "ага",
        "тате",
        "көке",
        "апай",
        "ағай",
        "амак",
        "амаки",
        "хола",
        "бек",
        "hanım",
        "bey",
        "efendi",
        "usta",
        "amca",
        "teyze",
        "dede",
        "nine",
        "abla",
        "abi",
        "aga",
        "agha",
    ]
)
_NAMED = frozenset(["ismli", "исмли", "аттуу", "атты", "adlı", "isimli"])
_QUALITIES = frozenset(
    [
        "national",
        "international",
        "central",
        "state",
        "eastern",
        "northern",
        "southern",
        "north",
        "south",
        "east",
        "west",
        "western",
        "local",
        "foreign",
        "people",
        "uzbek",
        "tajik",
        "kyrgyz",
        "kazakh",
        "turkmen",
        "afghan",
        "russian",
        "iranian",
        "turkish",
        "chinese",
        "indian",
        "american",
        "british",
        "european",
        "islamic",
        "muslim",
        "arab",
        "türk",
        "özbek",
        "kırgız",
        "kazak",
        "yeni",
        "water",
        "health",
        "energy",
        "новый",
        "новая",
        "новое",
        "first",
    ]
)
_ARTICLES = frozenset(
    ["the", "a", "an", "in", "at", "for", "from", "by", "on", "with", "to", "of", "and", "в", "на", "по", "и"]
)
_POSSESSIVE = re.compile("['’ʼ](?:s|[a-zçğıöşü]{1,6})?$")
_HEAD_LAST = frozenset(["uz", "ky", "kk", "tr", "tk", "az"])
_CONTINUED = re.compile(
    rf" (?:of|for|on) (?:the )?{_CAPITAL_WORD}(?: {_CAPITAL_WORD}){{0,4}}(?: and {_CAPITAL_WORD}(?! [{_UP}]))?"
)
_NEXT_WORD = re.compile(rf"[ \u00a0]({_L}+(?:[{_APOSTROPHE}\-]{_L}+)*)")
_GENITIVE = re.compile(
    "^(?:по|и|при)$|(?:ого|его|ой|ей|ых|их|ов|ев|ий|ии|ств[аоу]|ции|ния|сти|[кгтдлрнмспвзб][иыая]|ью|ам|ям|ке|ии|ию|ям|у|ю)$"
)
_CENTRE = re.compile("m[ae]rk[ae]z|марказ|борбор|орталы")
_ADJECTIVE = re.compile("(?:[ыио]й|ая|ое|ого|ому|ом|ую|ым)$")
_QUALITY = re.compile("(?:л[ыиуү]к|[дт][ыиі]қ|л[ыі]қ|iy|ий|лық|лік|дік|тік)$")
_RUSSIAN_PAST = re.compile("(?:[аияеы]л|[аияеы]л[аио])(?:сь|ся)?$")
_TURKIC_OF = re.compile(
    "(?:i|ı|u|ü|si|sı|и|ы|у|ү|і|сы|си|сі)(?:n?[ıiuü]n|ning|ni|ga|dan|da|nd[ae]n?|n[ae]|y[ae]|нинг|ни|га|дан|да|н[ыиіуү]н|н[ыиі]ң|н[ыиіуү]|нд[ае]н?|на|не|нан|нен)?(?:['’]\\w+)?$"
)
_HAS_ARABIC = re.compile("[\u0620-\u06ff]")
_ARABIC_WORD = re.compile(
    "[\u0620-\u064a\u0671-\u06d3\u06d5\u06e5\u06e6\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f](?:[\u0610-\u061a\u0620-\u065f\u0670-\u06d3\u06d5-\u06dc\u06df-\u06ff\u0750-\u077f\u200c])*"
)
_ARABIC_SURNAME = re.compile("(?:[وایی]ف|زاده|زی|خیل|یار|پور|نیا|فر|مند|وال|ووا|اوا|یان|.{3}ی|ال.{3,}ی)$")
_ARABIC_PLURAL = re.compile("(?:ها|های|هایی|ونو|انو|ات|ین)$")
_RUSSIAN_SURNAME = re.compile("(?:.{3,}(?:وف|یف|اف)|.{3,}(?:ووا|یوا|اوا|یفا|وفا))$")
_SECOND_PARTS = frozenset(["الله", "الدین", "الرحمن", "الحق", "الرحمان"])
_ARABIC_PARTICLES = frozenset(["بن", "ابن", "خان", "جان", "ال", "اغا", "بیک", "بیگ", "شاه", "اخند", "اخوند"])
_BODY_QUALITIES = frozenset(
    "ملی مرکزی عمومی دولتی محلی جهانی اسلامی جدید نو افغان افغانی خصوصی سیاسی تجارتی بین‌المللی".replace("‌", "").split()
)
_COMPOUND_GIVEN = re.compile(
    "^(?:عبدال.{3,}|.{2,}الله|.{2,}الدین|.{2,}الرحمن|.{3,}محمد|محمد.{3,}|.{3,}جان|گل.{3,}گل|میر.{4,}|.{3,}علی|.{3,}احمد|.{2,}الحق)$"
)


_BEGINS, _AFTER = 1, 2
"""A word that may begin a name or body; a title right before a name."""


@lru_cache(REMEMBERED)
def _told(word: str, language: str) -> tuple[str, int]:
    """The key of a word of Arabic script, and what it says of names: _BEGINS, _AFTER or 0."""
    if language == "ar" and word == "على":
        return "من", 0  # on, not Ali: any preposition will do
    key = arabic_key(word)
    if key in _arabic("personal"):
        return key, _AFTER
    return key, _BEGINS if key in _arabic("bodies") or key == "عبد" or _arabic_given(key, language) else 0


@lru_cache(REMEMBERED)
def _arabic_given(key: str, language: str) -> bool:
    """A given name of the list, or one made as they are made; in Arabic with `and` before it."""
    if given(key) or _COMPOUND_GIVEN.match(key):
        return key not in _arabic("bounds")
    return language == "ar" and key[:1] == "و" and len(key) > 4 and bool(given(key[1:]))


@lru_cache(REMEMBERED)
def _sounds_given(key: str) -> bool:
    """Whether a word of Arabic script sounds like a given name that the list has in Latin letters."""
    if key in _arabic("bounds") or len(key) < 3:
        return False
    return any(distance(key, name, "fa") < SOUNDS_GIVEN for name in latin_given().get(skeleton(key), ()))


def _arabic_and(word: str, key: str) -> int:
    """1 where an Arabic word is a given name with `and` joined to it."""
    return int(word[0] == "و" and len(key) > 4 and not given(key) and bool(given(key[1:])))


@lru_cache(REMEMBERED)
def _is_organisation(word: str) -> bool:
    return _is("organisations", word)


@lru_cache(REMEMBERED)
def _is_function(word: str) -> bool:
    """A small word that a sentence begins with, or a title that is no part of an organisation's name."""
    return len(word) < 9 and _is_idle(word) and word.casefold() not in _QUALITIES


@lru_cache(REMEMBERED)
def _is_nobody(word: str) -> bool:
    """Whether a word is no part of a person's name: a title, a word that is nobody's, one for a body."""
    return _is("titles", word) or names_nothing(word)


@lru_cache(REMEMBERED)
def _inner_signs(names: tuple[str, ...], language: str | None) -> tuple[float, tuple[str, ...]]:
    """What the words of a name have of a person's: initials, a given name, a patronymic, the ending of a surname."""
    score, signs = 0.0, list[str]()
    if any(len(name) < 4 and name.endswith(".") for name in names):
        score, signs = score + 0.3, [_INITIAL]
    listed = [bool(given(name, language)) for name in names]
    if any(listed[:-1]) or (len(names) == 1 and listed[0]):
        score, signs = score + 0.4, [*signs, "given name"]
    elif listed[-1]:
        score, signs = score + (0.25 if any(map(_surname, names[:-1])) else 0.15), [*signs, "given name"]
    if any(map(_PATRONYMIC.search, names)) or any(map(_KINSHIP.match, names[1:])):
        score, signs = score + 0.45, [*signs, "patronymic"]
    if any(_surname(name) for name in (names if len(names) < 4 else names[-1:])):
        score, signs = score + 0.3, [*signs, "surname"]
    elif len(names) > 1 and _NISBA.search(names[-1]) and any(listed):
        score, signs = score + 0.15, [*signs, "surname"]
    return score, tuple(signs)


@lru_cache(REMEMBERED)
def _sounds_alone(word: str, language: str | None) -> bool:
    """Whether a word alone, as it stands in a text, has any sign of a person's name within it."""
    bare = _bare_word(word, (language or "").split("-")[0])
    return (
        bare.endswith(".")
        or _surname(bare)
        or bool(_PATRONYMIC.search(bare))
        or bool(given(bare, language) or given(word, language))
    )


def _bare_word(word: str, base: str) -> str:
    """A word without English 's, and in Turkish without what follows an apostrophe."""
    cut = None if base == "uz" else _POSSESSIVE.search(word)
    return word[: cut.start()] if cut else word


@lru_cache(REMEMBERED)
def _whole_nobody(word: str) -> bool:
    return word.casefold().translate(_APOSTROPHES) in _whole("nobody") or (
        ("'" in word or "’" in word) and _POSSESSIVE.sub("", word.casefold()) in _whole("nobody")
    )


@lru_cache(REMEMBERED)
def _is_idle(run: str) -> bool:
    """Whether a word, or a run that is one, begins sentences and no names: The, Он."""
    return _whole_nobody(run) and not _is_organisation(run)


@lru_cache(REMEMBERED)
def _is_bare(run: str, language: str | None) -> bool:
    """Whether a run is a single word that can only be the surname of somebody who is named in full elsewhere."""
    base = (language or "").split("-")[0]
    if not run.isalpha() or base in _HEAD_LAST or (base == "ru" and _ADJECTIVE.search(run)):
        return False
    return not (_is_nobody(run) or _sounds_alone(run, language))


def names_nothing(word: str) -> bool:
    """Whether a word by itself is the name of nobody and of no body: Monday, department."""
    return _whole_nobody(word) or _is_organisation(word)


@lru_cache(REMEMBERED)
def _surname(word: str) -> bool:
    return len(word) > 4 and word[0].isupper() and bool(_SURNAME.search(_POSSESSIVE.sub("", word).casefold()))


def _name_like(name: str) -> bool:
    """Whether what stands in quotation marks can be a name: a capital first, or Arabic script, and no sentence."""
    first = name[0]
    return (first.isupper() or first.isdigit() or "\u0620" <= first <= "\u06ff") and not re.search("[.!?,;:]", name)


def _within(start: int, end: int, spans: Sequence[tuple[int, int]]) -> bool:
    at = bisect_left(spans, (end, -1))
    return bool(at) and spans[at - 1][1] > start


# What the watchlist may take up


@dataclass(frozen=True, slots=True)
class Annotated:
    """A document with its mentions."""

    title: str
    text: str
    language: str | None
    mentions: Sequence[Mention]


@dataclass(slots=True)
class Suggestion:
    """An unlisted name in all its spellings."""

    type: str
    name: str
    """The spelling found most often, in its fullest form."""
    count: int = 0
    documents: int = 0
    languages: Counter[str] = field(default_factory=Counter)
    spellings: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(language, canonical surface) → mentions."""
    samples: list[str] = field(default_factory=list)
    """Up to three contexts, the name within [[ and ]]."""


SAMPLES = 3
_CONTEXT = 60


def suggest(documents: Iterable[Annotated]) -> list[Suggestion]:
    """The unlisted names of these documents, one suggestion for an entity in all its spellings, most frequent first."""
    spelled: dict[tuple[str, str, str], Suggestion] = {}
    for document in documents:
        language = document.language or ""
        seen: set[tuple[str, str, str]] = set()
        for mention in document.mentions:
            if mention.listed:
                continue
            name = (mention.type, language, _nominative(mention.canonical, language))
            one = spelled.setdefault(name, Suggestion(mention.type, mention.canonical))
            one.count += 1
            one.documents += name not in seen
            one.languages[language] += 1
            one.spellings[language, mention.canonical] += 1
            if name not in seen and len(one.samples) < SAMPLES:
                one.samples.append(_sample(document, mention))
            seen.add(name)
    return sorted(_grouped(spelled), key=lambda one: (-one.documents, -one.count, one.name))


def _nominative(name: str, language: str) -> str:
    return " ".join(_stem(word) for word in name.split())


def _sample(document: Annotated, mention: Mention) -> str:
    whole = document.title if mention.field == "title" else document.text
    lead = whole[max(0, mention.start - _CONTEXT) : mention.start]
    rest = whole[mention.end : mention.end + _CONTEXT]
    return f"{lead}[[{mention.surface}]]{rest}".replace("\n", " ").strip()


def _grouped(spelled: dict[tuple[str, str, str], Suggestion]) -> list[Suggestion]:
    """Spellings that mean one entity brought together; only those with the same consonants are compared."""
    buckets: dict[tuple[str, str], list[tuple[str, Suggestion]]] = defaultdict(list)
    grouped: list[Suggestion] = []
    for (kind, language, _), one in sorted(spelled.items(), key=lambda item: (-item[1].count, item[0])):
        bucket = buckets[kind, _bucket(one.name, language)]
        for other_language, other in bucket[:50]:
            if same(one.name, language or None, other.name, other_language or None, kind)[0]:
                _merge(other, one)
                break
        else:
            bucket.append((language, one))
            grouped.append(one)
    return grouped


def _bucket(name: str, language: str) -> str:
    """The first consonants of the surname, which is the last word or the one that ends like a surname."""
    words = re.split(r"[\s\-\u200c]+", name)
    surname = next((word for word in words if _surname(word)), words[-1])
    least = min((skeleton(form, language) for form in nominatives(surname, language)), key=len)
    return least[:3]


def _merge(into: Suggestion, one: Suggestion) -> None:
    into.count += one.count
    into.documents += one.documents
    into.languages += one.languages
    into.spellings += one.spellings
    into.samples = [*into.samples, *one.samples][:SAMPLES]
