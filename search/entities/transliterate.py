"""What a word of a name sounds like, whatever script it is written in, and how far apart two such words are.

A word is read into phones: consonants and vowels of a common Latin alphabet, and signs of their own for the letters of
Arabic script that stand for several (alef, waw, yeh, ayn, final heh). Two words are as far apart as the cheapest way of
turning one into the other, where what the region's spellings confuse is cheap (o and a, kh and h, j and zh, the short
vowels that Arabic script leaves out) and every other consonant is dear.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from itertools import product

from search.analysis import APOSTROPHES

Phones = tuple[str, ...]

LONGEST = 40
"""Letters of a word that are read; no name is longer."""
ALIKE = (0.2, 0.1, 0.06, 0.55)
"""Two words are one name up to this distance: least, at no length, for each phone, most."""
FAR = 9.0

_TO_APOSTROPHE = str.maketrans({**dict.fromkeys(APOSTROPHES, "'"), **dict.fromkeys("\u00ad\u200c\u200d\u2060ـ")})

_CYRILLIC = dict(
    zip(
        "абвгдезийклмнопрстуфхцчшщыэ" + "ғқҳһҷңүұөәӣӯўії" + "җӊҡҙҫј",
        "a b v g d e z i y k l m n o p r s t u f kh ts ch sh sh i e gh q h h j n u u o a i u o i i j n q z s y".split(),
        strict=True,
    )
) | {"ж": "zh", "ё": "y o", "ю": "y u", "я": "y a", "дж": "j", "тс": "ts", "ъ": "", "ь": "", "оо": "o", "уу": "u"}
_LATIN = {letter: letter for letter in "abdefghijklmnopqrstuvz"} | {
    "w": "v",
    "c": "c", "x": "k s", "y": "y", "ı": "i", "ə": "a", "ä": "a", "ö": "o", "ü": "u", "ş": "sh", "ç": "ch", "ğ": "gh",
    "š": "sh", "č": "ch", "ž": "zh", "ň": "n", "ñ": "n", "ŋ": "n", "ý": "y", "å": "o", "ō": "o", "ū": "u", "ī": "i",
    "shch": "sh", "sch": "sh", "dzh": "j", "dj": "j", "tch": "ch", "ch": "ch", "sh": "sh", "zh": "zh", "kh": "kh",
    "khw": "kh", "gh": "gh", "g'": "gh", "o'": "o", "ph": "f", "ck": "k", "ts": "ts", "tz": "ts", "oo": "u", "ee": "i",
    "ou": "u", "dh": "dz", "'": "",
}  # fmt: skip
_ARABIC = {
    "ا": "A", "آ": "A", "أ": "?", "إ": "?", "ٱ": "A", "ب": "b", "پ": "p", "ت": "t", "ټ": "t", "ث": "th", "ج": "j",
    "چ": "ch", "ح": "h", "خ": "kh", "د": "d", "ډ": "d", "ذ": "dz", "ر": "r", "ړ": "r", "ز": "z", "ژ": "zh", "ږ": "zg",
    "س": "s", "ش": "sh", "ښ": "xx", "ص": "s", "ض": "dz", "ط": "t", "ظ": "dz", "ع": "@c", "غ": "gh", "ف": "f", "ق": "q",
    "ک": "k", "ك": "k", "گ": "g", "ګ": "g", "ڭ": "n", "ل": "l", "م": "m", "ن": "n", "ڼ": "n", "و": "U", "ؤ": "U",
    "ۇ": "U", "ه": "h", "ہ": "h", "ھ": "h", "ة": "E", "ۀ": "E", "ی": "I", "ي": "I", "ى": "I", "ې": "I", "ۍ": "I",
    "ے": "I", "ئ": "?", "ء": "?", "ځ": "z", "څ": "ts", "تش": "ch", "دج": "j", "خوا": "kh A",
    "تس": "ts", "عبدال": "@c b d @ l",
    "الله": "@ l a",
    "الدین": "@ d I n", "الدين": "@ d I n", "ٹ": "t", "ڈ": "d", "ڑ": "r", "ں": "n", "ە": "E",
}  # fmt: skip
_SOUNDS: dict[str, Phones] = {
    letters: tuple(sound.split()) for table in (_CYRILLIC, _LATIN, _ARABIC) for letters, sound in table.items()
}
_LETTERS = re.compile("|".join(sorted(map(re.escape, _SOUNDS), key=len, reverse=True)))
_BY_LANGUAGE: dict[str, dict[str, Phones]] = {
    "tr": {"c": ("j",), "j": ("zh",), "ş": ("sht",)},
    "az": {"c": ("j",), "x": ("kh",)},
    **{language: {"x": ("kh",)} for language in ("uz", "ky", "tk", "tg")},
    "ar": {"ب": ("bp",)},
    "kk": {"x": ("kh",), "ш": ("shk",)},
}
"""Letters that are another sound there: Arabic has no p, Kazakh has sh where its neighbours have ch."""
_NOT_PAIRS = {"tr": ("oo", "ee", "ou", "kh", "gh", "ch", "sh", "zh")}

VOWELS = frozenset("aeiou@")
_VOWEL_LETTERS = VOWELS | frozenset("AIUE") | {"^"}

_COSTS = {
    "k q": 0, "q gh": 0.1, "g gh": 0.05, "q g": 0.3, "k gh": 0.5, "k g": 0.5, "g h": 0.35, "h kh": 0.05, "k kh": 0.5,
    "q kh": 0.4, "gh kh": 0.5, "j zh": 0.05, "j z": 0.6, "zh z": 0.4, "sh s": 0.6, "ch sh": 0.6, "ch j": 0.5,
    "ts s": 0.2,    "ts ch": 0.3, "ts t": 0.5, "v f": 0.2, "v b": 0.6, "b p": 0.6, "p f": 0.6,
    "d t": 0.6, "s z": 0.5, "j y": 0.6,
    "dz z": 0, "dz d": 0.05, "dz s": 0.5, "th s": 0, "th t": 0.05, "xx sh": 0, "xx kh": 0.05, "xx h": 0.1, "xx s": 0.5,
    "zg zh": 0, "zg g": 0, "zg gh": 0.05, "zg j": 0.05, "zg z": 0.3, "c k": 0, "c s": 0.1, "c j": 0.05, "c ts": 0.05,
    "c ch": 0.1, "c z": 0.5, "c q": 0.1, "ov f": 9,
    "a o": 0.12, "a e": 0.12, "e i": 0.1, "o u": 0.1, "i u": 0.4, "o e": 0.35, "e u": 0.45, "a i": 0.5, "a u": 0.5,
    "o i": 0.5, "y i": 0.05, "y e": 0.2, "v u": 0.1, "v o": 0.2,
    "A a": 0, "A o": 0.05, "A e": 0.25, "A i": 0.6, "A u": 0.6, "I i": 0, "I e": 0.05, "I y": 0, "I a": 0.4, "I u": 0.5,
    "U u": 0, "U o": 0, "U v": 0, "U a": 0.5, "U i": 0.5, "U e": 0.4, "U f": 0.3, "I A": 0.5, "U A": 0.5,
    "E a": 0, "E e": 0, "E o": 0, "E h": 0, "E i": 0.4, "E A": 0.1,
    "@c a": 0.03, "@c e": 0.06, "@c i": 0.1, "@c o": 0.08, "@c u": 0.12, "@c A": 0.05, "@c ^": 0.1, "@c ?": 0.1,
    "? y": 0.05, "? a": 0.1, "? e": 0.1, "? i": 0.1, "? o": 0.1, "? u": 0.1, "? I": 0.05, "? U": 0.05, "? A": 0.05,
    **{f"{alef} {vowel}": cost for alef in ("^", "^^") for vowel, cost in
       {"a": 0, "o": 0.05, "e": 0.05, "i": 0.08, "u": 0.08, "A": 0, "?": 0, "@c": 0.1}.items()},
    "^ ^^": 0,
    **{f"@ {vowel}": 0.05 for vowel in "aeiouAIU"}, "@ ^": 0.05,
    "bp b": 0, "bp p": 0.1, "bp v": 0.3, "sht sh": 0, "sht s": 0.2, "sht shk": 0, "shk sh": 0, "shk ch": 0.1,
}  # fmt: skip
_COST: dict[tuple[str, str], float] = {
    pair: cost for key, cost in _COSTS.items() for a, b in [key.split()] for pair in ((a, b), (b, a))
}


@lru_cache(1 << 12)
def readings(word: str, language: str | None = None) -> tuple[Phones, ...]:
    """The ways one word can be read, likeliest first; none where it has no letter of the three scripts."""
    base = (language or "").split("-")[0]
    phones = _tidied(_spelled(_folded(word), base), abjad(word))
    if not phones:
        return ()
    without_suffix = _with_surname_suffix(phones)
    if without_suffix == phones:
        return (phones,)
    return (without_suffix, phones) if abjad(word) else (without_suffix,)


def _folded(word: str) -> str:
    text = unicodedata.normalize("NFKC", word[:LONGEST].translate(_TO_APOSTROPHE)).casefold()
    return "".join(_plain(letter) for letter in text if unicodedata.category(letter)[0] != "M")[:LONGEST]


@cache
def _plain(letter: str) -> str:
    """The letter itself where it has a sound of its own, else without its marks: é, ǎ; й and ў have."""
    if letter in _SOUNDS:
        return letter
    return unicodedata.normalize("NFD", letter)[0]


def _spelled(word: str, language: str) -> list[str]:
    """The phones, letter by letter."""
    special = _BY_LANGUAGE.get(language, {})
    apart = _NOT_PAIRS.get(language, ())
    phones: list[str] = []
    for found in _LETTERS.finditer(word):
        letters = found.group()
        if letters in apart:
            phones += [phone for letter in letters for phone in special.get(letter, _SOUNDS[letter])]
        elif letters == "x" and not phones:
            phones.append("kh")
        else:
            phones += special.get(letters, _SOUNDS[letters])
    return phones


def _tidied(phones: list[str], is_abjad: bool) -> Phones:
    """Doubled phones made one, y a vowel between consonants, alef at the start any vowel, heh at the end a vowel's."""
    plain: list[str] = []
    for at, phone in enumerate(phones):
        following = phones[at + 1] if at + 1 < len(phones) else ""
        if phone == "y" and not (plain and plain[-1] in _VOWEL_LETTERS) and following not in _VOWEL_LETTERS:
            phone = "i"
        if not plain and phone in "A?":
            phone = "^^" if following in ("I", "U") else "^"
        if not plain or plain[-1] != phone:
            plain.append(phone)
    if plain[-2:] == ["i", "y"]:
        plain.pop()
    if len(plain) > 2 and plain[-1] == "h" and plain[-2] != "A" and is_abjad:
        plain[-1] = "E"
    return tuple(_compound(plain))


def _compound(phones: list[str]) -> list[str]:
    """-uddin, -iddin, -al-din and -ullah, -ullo, -olla end alike; their first vowel is any (written @)."""
    size = len(phones)
    if size > 5 and phones[-3] in ("d",) and phones[-2] in ("i", "e", "I") and phones[-1] == "n":
        head = phones[:-3]
        if head[-1] == "l" and head[-2] in _VOWEL_LETTERS:
            head.pop()
        if head[-1] in _VOWEL_LETTERS:
            return [*head[:-1], "@", "d", "i", "n"]
    tail = phones[:-1] if size > 5 and phones[-1] in ("h", "E") and phones[-2] in ("a", "o", "e") else phones
    if len(tail) > 4 and tail[-1] in ("a", "o", "e") and tail[-2] == "l" and tail[-3] in ("u", "o", "@"):
        return [*tail[:-3], "@", "l", "a"]
    return phones


def _with_surname_suffix(phones: Phones) -> Phones:
    """-ov, -ev, -yev, -ova, -eva, -off, وف, یف, اف become one phone, `ov`: gender and spelling aside."""
    base = list(phones)
    if base[-2:] == ["U", "A"] and len(base) > 4:  # وا: -ova in Persian
        base[-2:] = ["o", "v"]
    elif base[-1] in ("a", "E", "A", "o") and len(base) > 4 and base[-2] == "v":
        base.pop()
    if len(base) < 4 or base[-1] not in ("v", "f"):
        return phones
    vowel, last = base[-2], base[-1]
    if not ((vowel in ("o", "e") and (last == "v" or vowel == "o")) or (vowel in ("U", "I", "A") and last == "f")):
        return phones
    stem = base[:-2]
    if stem and stem[-1] in ("y", "I", "?") and len(stem) > 2 and (stem[-1] != "I" or vowel == "A"):
        stem = stem[:-1] if stem[-1] != "I" else stem
    return (*stem, "ov") if len(stem) > 1 else phones


def distance(a: str, b: str, a_language: str | None = None, b_language: str | None = None) -> float:
    """How far apart two words sound: 0 is alike, 1 a wrong consonant; FAR where one of them cannot be read."""
    a_abjad, b_abjad = abjad(a), abjad(b)
    return min(
        (_distance(x, y, a_abjad, b_abjad) for x, y in product(readings(a, a_language), readings(b, b_language))),
        default=FAR,
    )


def abjad(word: str) -> bool:
    """Whether a word is in Arabic script, which leaves short vowels out."""
    return any("\u0600" <= letter <= "\u06ff" for letter in word)


@lru_cache(1 << 12)
def _distance(a: Phones, b: Phones, a_abjad: bool, b_abjad: bool) -> float:
    if a == b:
        return 0.0
    if abs(len(a) - len(b)) > max(4, min(len(a), len(b))):
        return FAR
    drop_a, drop_b = _gaps(a, b_abjad), _gaps(b, a_abjad)
    row = [0.0]
    for cost in drop_b:
        row.append(row[-1] + cost)
    for x, drop_x in zip(a, drop_a, strict=True):
        above, row = row, [row[0] + drop_x]
        for j, y in enumerate(b):
            change = 0.0 if x == y else _COST.get((x, y), 1.2)
            row.append(min(above[j] + change, above[j + 1] + drop_x, row[j] + drop_b[j]))
    first = 0.2 if (a[0] in ("h", "kh")) != (b[0] in ("h", "kh")) else 0.0
    if {a[-1], b[-1]} in ({"d", "t"}, {"b", "p"}, {"k", "g"}):
        first -= 0.3  # voiced and voiceless are one at the end of Turkic words
    return max(0.0, row[-1] + first)


_UNWRITTEN = {"a": 0.04, "e": 0.06, "i": 0.1, "o": 0.1, "u": 0.1, "@": 0.05}
_LAST = {"a": 0.3, "e": 0.3, "i": 0.6, "o": 0.4, "u": 0.6}
_LEFT_OUT = {"@c": 0.0, "?": 0.0, "E": 0.05, "^^": 0.05, "^": 0.4, "A": 0.4, "U": 0.35, "I": 0.35, "@": 0.1, "ov": 1.5}


def _gaps(phones: Phones, to_abjad: bool) -> list[float]:
    """What it costs to leave out each phone where the other word is written without short vowels or with them."""
    last = len(phones) - 1
    costs = []
    for at, phone in enumerate(phones):
        before, after = phones[at - 1] if at else "", phones[at + 1] if at < last else ""
        if phone in "aeiou":
            written = at == 0 or at == last
            cost = (
                _UNWRITTEN[phone]
                if to_abjad and not written
                else 0.42
                if at < last
                else _LAST[phone]
                if to_abjad
                else 0.6
            )
        elif phone == "y":
            cost = 0.1 if before in _VOWEL_LETTERS or after in _VOWEL_LETTERS else 0.3
        elif phone == "h":
            cost = 0.15 if at == last else 0.35
        elif phone == "l":
            cost = 0.1 if phones[1:3] == ("b", "d") and at in (3, 4) else 1.2
        elif phone in ("I", "U") and at == last:
            cost = 0.6
        elif phone == "g" and before == "n":
            cost = 0.15
        else:
            cost = _LEFT_OUT.get(phone, 1.2)
        costs.append(cost)
    return costs


# A listed name stands for what it sounds like; two listed names are two, however alike they sound.


def key(phones: Phones) -> tuple[str, ...]:
    """The spellings that count as one in the list of given names: several where a vowel can be of two kinds."""
    kinds: list[tuple[str, ...]] = []
    size = len(phones)
    for at, phone in enumerate(phones):
        neighbours = (phones[at - 1] if at else "", phones[at + 1] if at + 1 < size else "")
        if phone == "e" and neighbours[1] in ("y", "i"):  # ei and ey are one long vowel
            continue
        if phone == "y" and neighbours[0] == "e" and neighbours[1] not in VOWELS:
            phone, neighbours = "i", ("", "")
        if (phone == "y" and any(near in ("i", "e") for near in neighbours)) or (phone == "h" and at == size - 1):
            continue
        kinds.append(_KINDS.get(phone, (phone,)))
    most = 4
    for at, kind in enumerate(kinds):  # at most four doubtful vowels, the first ones
        if len(kind) > 1:
            most -= 1
            kinds[at] = kind if most >= 0 else kind[:1]
    return tuple("".join(letters) for letters in product(*kinds))


_KINDS: dict[str, tuple[str, ...]] = {
    "e": ("A", "I"), "o": ("A", "U"), "a": ("A",), "i": ("I",), "u": ("U",), "@": ("U",), "y": ("y",),
    "gh": ("g",), "q": ("k",), "kh": ("h",), "zh": ("j",), "c": ("j", "k"), "ts": ("s",), "dz": ("z",), "th": ("t",),
    "shk": ("sh",), "sht": ("sh",), "bp": ("b",),
}  # fmt: skip
_ARABIC_FOLD = str.maketrans("أإآٱيىكةۀۍې", "ااااییکههیی")


def arabic_key(word: str) -> str:
    """A word of Arabic script with its spelling variants made one and joiners gone."""
    word = unicodedata.normalize("NFKC", word[:LONGEST]).translate(_TO_APOSTROPHE).translate(_ARABIC_FOLD)
    return "".join(letter for letter in word if unicodedata.category(letter) != "Mn").replace("ء", "").replace("ئ", "ی")


@cache
def _given_names() -> dict[str, frozenset[int]]:
    """Key → numbers of the given names it can be."""
    found: dict[str, set[int]] = {}
    text = (resources.files("search.entities") / "data" / "given_names.txt").read_text("utf-8")
    for number, line in enumerate(line for line in text.splitlines() if line and line[0] != "#"):
        for word in line.split():
            for name in (arabic_key(word),) if abjad(word) else _list_keys(word):
                found.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}


def _list_keys(word: str) -> set[str]:
    """The keys of a listed name: each doubtful vowel is the same wherever it stands (Kerem is Karam, never Karim)."""
    reading = readings(word)[0]
    swaps = product(_KINDS["e"], _KINDS["o"])
    return {key(tuple({"e": _AS[e], "o": _AS[o]}.get(phone, phone) for phone in reading))[0] for e, o in swaps}


_AS = {"A": "a", "I": "i", "U": "u"}


@cache
def latin_given() -> dict[str, tuple[str, ...]]:
    """Skeleton → given names of the list in Latin letters, first spellings only."""
    found: dict[str, list[str]] = {}
    text = (resources.files("search.entities") / "data" / "given_names.txt").read_text("utf-8")
    for line in text.splitlines():
        if line and line[0] != "#" and not abjad(name := line.split()[0]):
            found.setdefault(skeleton(name), []).append(name)
    return {consonants: tuple(names) for consonants, names in found.items()}


def _keys(word: str, language: str | None) -> tuple[str, ...]:
    return tuple(name for reading in readings(word, language) for name in key(reading))


_NONE: frozenset[int] = frozenset()


@lru_cache(1 << 12)
def given(word: str, language: str | None = None) -> frozenset[int]:
    """The given names of our list that a word can be, by number; none where it is none of them."""
    names = _given_names()
    if abjad(word):
        return names.get(arabic_key(word), _NONE)
    found = [names[name] for name in _keys(word, language) if name in names]
    return _NONE.union(*found) if found else _NONE


@lru_cache(1 << 12)
def alike(a: str, b: str, a_language: str | None = None, b_language: str | None = None) -> float | None:
    """The distance of two words that are one name, inflected or not; None where they are two names."""
    best: float | None = None
    for x, y in product(nominatives(a, a_language), nominatives(b, b_language)):
        here = _alike(x, y, a_language, b_language)
        if here is not None and (best is None or here < best):
            best = here
    return best


def _alike(a: str, b: str, a_language: str | None, b_language: str | None) -> float | None:
    listed_a, listed_b = _listed(a, a_language), _listed(b, b_language)
    if listed_a and listed_b:
        return 0.0 if listed_a & listed_b else None
    far = distance(a, b, a_language, b_language)
    if far >= FAR:
        return None
    least, base, each, most = ALIKE
    length = min(len(reading) for reading in readings(a, a_language) + readings(b, b_language))
    return far if far <= min(most, max(least, base + each * length)) else None


_ARABIC_SUFFIX = re.compile("(?<=...)‌?(?:یی|یو|ای|او|[یوا])(?:ف|وا|فا)$")


def _listed(word: str, language: str | None) -> frozenset[tuple[int, bool]]:
    """The given names a word can be, and those its surname is made of (True)."""
    names = {(number, False) for number in given(word, language)}
    if not names and (cut := _ARABIC_SUFFIX.sub("", word)) != word:
        names = {(number, True) for number in given(cut, language)}
    for reading in () if names or abjad(word) else readings(word, language):
        if reading[-1] == "ov":
            names |= {(number, True) for name in key(reading[:-1]) for number in _given_names().get(name, ())}
    return frozenset(names)


# Endings of names in running text.

_AFTER_APOSTROPHE = re.compile("(?<=..)['’ʼ](?:s|[a-zçğıöşü]{1,6})?$")
_RUSSIAN = (
    (re.compile("(?<=[бвгджзклмнпрстфхцчшщь])(?:ого|ому|ым|ых|ом|ем|а|у|е)$"), ("",)),
    (re.compile("(?<=[бвгджзклмнпрстфхцчшщь])(?:ой|ей|у|е|ы|и)$"), ("а",)),
    (re.compile("(?<=[аеёиоуыэюя])(?:ем|я|ю|е|и)$"), ("й", "я")),
    (re.compile("(?<=[клмнрстдзв])(?:ем|ей|я|ю)$"), ("ь", "я")),
    (re.compile("(?<=..)(?:ого|ому|ым|ом|ую|ой)$"), ("ий", "ая")),
)  # fmt: skip
_TURKIC_CYRILLIC = re.compile(
    "(?<=...)(?:лар|лер|лор|лөр)?(?:нинг|[ндт][ыиіуүөо][нң]?|[гғкқ][аеоө]|[дт][аеоө](?:н|ги|гы|ғы)?|н[ае]н|[мбп]ен|да[гғ][иы]|ники|гача)$"
)
_UZBEK_LATIN = re.compile("(?<=...)(?:lar)?(?:ning|niki|ni|ga|ka|qa|dan|da|dagi|gacha)$")
_TURKIC_LATIN = re.compile("(?<=...)(?:l[ae]r)?(?:n?[ıiuüy]n|[dt][ae]n?|y?[ae]|[ny]?[ıiuüy])$")
_TAJIK = re.compile("(?<=...)(?:ҳо)?(?:ро|и|ву|у)$")
_PASHTO = re.compile("(?<=...)(?:ونو|انو|و|ه|ې)$")
_ARABIC_PREFIX = re.compile("^(?:[وفبلك]?ال|لل|[وفبلك])(?=...)")


@lru_cache(1 << 12)
def nominatives(word: str, language: str | None = None) -> tuple[str, ...]:
    """The word, and what it may be the inflected form of in that language; small letters."""
    word = word[:LONGEST].casefold()
    base = (language or "").split("-")[0]
    forms = [word]
    if base == "ru" and word.endswith(("вой", "ной", "ской")):
        forms.append(word[:-2])
    if base != "uz" and (cut := _AFTER_APOSTROPHE.sub("", word)) != word:
        forms.append(cut)
    cyrillic = any("\u0400" <= letter <= "\u052f" for letter in word)
    if base == "ru" and cyrillic:
        forms += [
            ending.sub("", word) + nominative
            for ending, added in _RUSSIAN
            if ending.search(word)
            for nominative in added
        ]
    elif base in ("uz", "ky", "kk", "tk", "tr", "az"):
        ending = _TURKIC_CYRILLIC if cyrillic else _UZBEK_LATIN if base == "uz" else _TURKIC_LATIN
        forms.append(ending.sub("", word))
    elif base == "tg":
        forms.append(_TAJIK.sub("", word))
    elif base == "ps":
        forms.append(_PASHTO.sub("", word))
    elif base == "ar":
        forms.append(_ARABIC_PREFIX.sub("", word))
    return tuple(dict.fromkeys(form for form in forms if form)) or (word,)


_SKELETON = {
    "q": "k", "gh": "k", "g": "k", "zh": "j", "zg": "j", "c": "j", "dz": "z", "th": "s", "ts": "s", "p": "b", "xx": "s",
    "shk": "s", "sht": "s", "bp": "b",
    "sh": "s", "ch": "s", "t": "d", "f": "v",
}  # fmt: skip


def skeleton(word: str, language: str | None = None) -> str:
    """The consonants that no spelling changes: a bucket of names that may be one."""
    phones = next(iter(readings(word, language)), ())
    kept = (
        phone for phone in phones if phone not in _VOWEL_LETTERS and phone not in ("y", "h", "kh", "v", "@c", "?", "^^")
    )
    return "".join(_SKELETON.get(phone, phone) for phone in kept)


# How an English newspaper would print a name of another alphabet.

_ENGLISH = dict(
    zip(
        "абвгдезийклмнопрстуфхцчшщыэғқҳһҷңүұөәӣӯўіїєђј",
        [*"abvgdeziyklmnoprstuf", "kh", "ts", "ch", "sh", "shch", "y", "e", "gh", *"qhhj", "ng", *"uuoaiuuiiedj"],
        strict=True,
    )
) | {"ж": "zh", "ё": "yo", "ю": "yu", "я": "ya", "ъ": "", "ь": "", "җ": "j", "ҡ": "q", "ҙ": "z", "ҫ": "s", "ҥ": "ng"}
_ENGLISH_OF = {
    "kk": {"қ": "k", "ғ": "g", "й": "i", "ң": "n"},
    "ky": {"ж": "j", "й": "i"},
    "uz": {"ж": "j"},
}
_UZBEK_LATIN_ENGLISH = (("x", "kh"), ("o'", "u"), ("g'", "gh"), ("'", ""))
_ZH = re.compile(r"\bZh[a-z]{3,}\b")
_IY = re.compile(r"(?:iy|yy|iĭ)\b")


def english(name: str, language: str | None = None) -> str:
    """A name of Cyrillic or Uzbek Latin script in the letters of English; what is in Arabic script stays as it is."""
    base = (language or "").split("-")[0]
    if abjad(name):
        return name
    if any("\u0400" <= letter <= "\u052f" for letter in name):
        table = _ENGLISH | _ENGLISH_OF.get(base, {})
        text = name if base in ("ky", "uz") else name.replace("Дж", "J").replace("дж", "j")
        printed = _IY.sub("i" if base != "ru" else "y", "".join(_in_case(table, letter) for letter in text))
        return _ZH.sub(_listed_in_j, printed) if base in ("", "ru") else printed
    if base == "uz":
        text = name.translate(_TO_APOSTROPHE)
        for spelled, printed in _UZBEK_LATIN_ENGLISH:
            text = text.replace(spelled, printed).replace(spelled.upper(), printed.capitalize())
        return _IY.sub("i", text)
    return name


def _listed_in_j(word: re.Match[str]) -> str:
    """Jahongir for Zhakhongir: Russian spells the j of Uzbek and Tajik names ж; those listed in Zh (Zhomart) stay."""
    return _in_zh().get(word.group().replace("kh", "h"), word.group())


@cache
def _in_zh() -> dict[str, str]:
    """Given names of our list in J, by what they are in Zh."""
    text = (resources.files("search.entities") / "data" / "given_names.txt").read_text("utf-8")
    names = set(text.split())
    in_j = sorted(name for name in names if name[0] == "J" and f"Zh{name[1:]}" not in names)
    return {f"Zh{name[1:]}".replace("kh", "h"): name for name in in_j}


def _in_case(table: dict[str, str], letter: str) -> str:
    printed = table.get(letter.lower(), letter)
    return printed.capitalize() if letter.isupper() else printed
