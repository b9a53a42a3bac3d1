"""Stems of folded words: Snowball where it has the language, light suffix lists of ours where nobody has any.

The lists take at most one suffix of each slot (outermost first: case, possessive, plural), where the sound before it
allows it, and leave at least three letters. They are for names and nouns, which is what people look for in news; verbs
are left alone. Each language has a key alphabet in which the ways it is written are one: Uzbek in Cyrillic, in Latin of
1995 and of 2026; Kazakh in Cyrillic and Latin; Kyrgyz, Kazakh and Tajik as typed on a Russian keyboard.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

import Stemmer

Slots = tuple[re.Pattern[str], ...]


def without_marks(word: str) -> str:
    """Latin letters without their diacritics and without the apostrophe of oʻ, gʻ: Türkmen and Turkmen are one."""
    plain = unicodedata.normalize("NFD", word).translate(_LATIN_MARKS)
    return unicodedata.normalize("NFC", plain)


_LATIN_MARKS = {**dict.fromkeys(range(0x300, 0x370)), ord("ʻ"): None}

# Uzbek: the letter е is "ye" at the start of a word and after a vowel; ц, щ, ы, э, ъ, ь as the Latin spelling has them.
_UZBEK = str.maketrans(
    dict(zip("абвгджзийклмнопрстуфхцыэўқғҳ", "abvgdjziyklmnoprstufxsieoqgh", strict=True))
    | {"е": "e", "ё": "yo", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "yu", "я": "ya", "ъ": "", "ь": ""}
    | {"ş": "sh", "ç": "ch", "ö": "o", "ğ": "g", "ʻ": ""}
)
_UZBEK_YE = re.compile("(^|[аеиоуэюяўъь])е")


def uzbek_key(word: str) -> str:
    """One Latin key for the three spellings: Тошкент, Toshkent, Toşkent; oʻ and o, gʻ and g are one."""
    return without_marks(_UZBEK_YE.sub(r"\1ye", word).translate(_UZBEK))


# What a Russian keyboard puts in place of the letters it lacks.
_RUSSIAN_KEYBOARD = str.maketrans("өүұқғңәіһҳӣӯҷӊ", "оуукгнаиххиучн")
_KAZAKH_LATIN = str.maketrans("abvgdejziklmnoprstufhxycqwşçöüğñäň", "абвгдежзиклмнопрстуфххыцкушчоугнан")


def turkic_key(word: str) -> str:
    return word.translate(_RUSSIAN_KEYBOARD)


def kazakh_key(word: str) -> str:
    """Cyrillic and Latin (with ş or sh, ç or ch) to one Cyrillic key; й, и and і are one, as in the Latin script."""
    latin = word.replace("sh", "ş").replace("ch", "ç").replace("ʻ", "")
    return without_marks(latin.translate(_KAZAKH_LATIN).translate(_RUSSIAN_KEYBOARD).replace("й", "и"))


_ARABIC_SPELLING = str.maketrans("یک", "يك")
_ARABIC_ARTICLE = re.compile("^(?:[وف]?[بك]?ال|[وف]?لل)(?=...)")


def arabic_spelling(word: str) -> str:
    """Folding writes yeh and kaf as Persian does; Snowball's Arabic stemmer knows only the Arabic letters."""
    return word.translate(_ARABIC_SPELLING)


def without_article(word: str) -> str:
    """Without the article and the particles joined to it (والـ, بالـ, للـ), which the stemmer leaves where two meet."""
    return _ARABIC_ARTICLE.sub("", arabic_spelling(word))


def turkish_vowels(word: str) -> str:
    """Folding writes ı as i; by vowel harmony an i after a back vowel is ı, without which suffixes are not seen."""
    letters = []
    back = False
    for letter in word:
        letters.append("ı" if letter == "i" and back else letter)
        if letter in "aeiouöü":
            back = letter in "aou" or (letter == "i" and back)
    return "".join(letters)


def _slots(*patterns: str) -> Slots:
    """One expression per slot. A, I: the vowels of a suffix; V: after a vowel, S: after a voiceless consonant,
    Z: after a vowel or a voiced consonant (as suffixes of Turkic languages ask for)."""
    signs = {"A": "[аео]", "I": "[ыиу]", "V": "(?<=[аеёиоуыэюя])", "S": "(?<=[кпстфхцчшщ])", "Z": "(?<![кпстфхцчшщ])"}
    return tuple(
        re.compile(f"(?<=...)(?:{''.join(signs.get(sign, sign) for sign in pattern.replace(' ', '|'))})$")
        for pattern in patterns
    )


_UZ = _slots(
    "dagi niki gacha dan ning ni (?<=k)ka (?<=q)qa ga da",
    "imiz ingiz lari (?<=[aeiou])si im ing i",
    "lar",
)
# "стан" ends a country's name and is no ablative of "с".
_KY = _slots(
    "SтIн SтAгI S(?<!с)тAн SтI SкA SтA ZдIн ZдAгI ZдAн ZдI ZгA ZдA VнIн VнI (?<=[ыиу])(?:ндAгI|ндAн?|нAн?)",
    "IбIз IнIз VсI I",
    "лAр ZдAр SтAр",
)
_KK = _slots(
    "SтIн SтAгI S(?<!с)тAн SтI SкA SтA ZдIн ZдAгI ZдAн ZдI ZгA ZдA (?<=[аеиоуыэмн])нIн VнI (?<=[мн])нAн "
    "(?<=[ыиу])(?:ндAгI|ндAн?|нAн?) [мбп]ен",
    "IмIз IнIз VсI I",
    "лAр ZдAр SтAр",
)
_TG = _slots("ро", "ямон яшон амон ашон яш аш", "и", "хо ен он")
_PS = _slots("ونو ونه گانو انو گانی و ه ی", "گان ان")


def _light(slots: Slots, key: Callable[[str], str]) -> Callable[[str], str]:
    def stem(word: str) -> str:
        word = key(word)
        for suffix in slots:
            word = suffix.sub("", word)
        return word

    return stem


def _snowball(name: str, key: Callable[[str], str], after: Callable[[str], str] = str) -> Callable[[str], str]:
    algorithm = Stemmer.Stemmer(name, 0)  # 0: the analysis chain has the cache

    def stem(word: str) -> str:
        return after(algorithm.stemWord(key(word)))

    return stem


KEYS: dict[str, Callable[[str], str]] = {
    "en": without_marks,
    "ru": str,
    "ar": arabic_spelling,
    "fa": str,
    "tr": without_marks,
    "uz": uzbek_key,
    "ky": turkic_key,
    "kk": kazakh_key,
    "tg": turkic_key,
    "ps": str,
}
"""Language → its key alphabet, without stemming: what a typed beginning of a word is brought to."""


@cache
def stemmer(language: str) -> Callable[[str], str]:
    """The function that stems a folded word of a language in KEYS."""
    match language:
        case "en":
            return _snowball("english", without_marks)
        case "ru":
            return _snowball("russian", str)
        case "ar":
            return _snowball("arabic", without_article)
        case "fa":
            return _snowball("persian", str)
        case "tr":
            return _snowball("turkish", turkish_vowels, lambda word: without_marks(word).replace("ı", "i"))
    return _light({"uz": _UZ, "ky": _KY, "kk": _KK, "tg": _TG, "ps": _PS}[language], KEYS[language])
