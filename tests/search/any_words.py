"""Texts of real words of every language of the region, mangled as pages, fonts and keyboards mangle them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import yaml
from hypothesis import strategies as st

HERE = Path(__file__).parents[1] / "entities"
LANGUAGES = ("en", "ru", "fa", "ps", "ar", "uz", "uz-Cyrl", "ky", "kk", "tg", "tr", "tk", "zh", "en-GB", "", None)
KNOWN = sorted(
    {
        word
        for name in ("sentences.yaml", "statements.yaml", "unlisted_sentences.yaml")
        for word in re.findall(r"[^\W\d_][\w'’ʻ‘.\u200c-]*", (HERE / name).read_text("utf-8"))
    }
)
"""Words of the sentences in all languages of the region, names among them."""
PHRASES = sorted(
    {
        str(case["text"])
        for name in ("sentences.yaml", "unlisted_sentences.yaml")
        for case in yaml.safe_load((HERE / name).read_text("utf-8"))
    }
)

UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202e\u2060\u2066\u2069\ufeff\u0640\u034f"
MARKS = "\u0301\u0308\u0306\u0327\u064b\u064e\u0651\u0652\u0653\u0654\u0670\u06e5\u0610\u0900\u20dd\ufe0f\ufe20"
HAMZAS = ("ء", "أ", "إ", "ؤ", "ئ", "\u0674", "ٴ", "ﺀ", "آ")
FORMS = ("ﻗﺎﻝ", "ﻭﺯﻳﺮ", "ﻣﺤﻤﺪ", "ﻻ", "ﷲ", "ﷺ", "ﮔﻔﺖ", "ﺩﻭﻟﺖ")
DIGITS = ("5", "٥", "۵", "५", "５", "𝟓", "²", "Ⅴ", "五", "½")
APOSTROPHES = "'’‘ʻʼ`´ʹ′＇‛\u02bb\u02bc\u0315"
QUOTES = "\"'«»“”„‟‹›‚‘’〈〉《》「」『』❝❞＂"
BETWEEN = (
    " ", " ", " ", "\n\n", ", ", ". ", "-", "‐", "–", " — ", ": ", "; ", "", "\u00a0", "\u2028",
    "/", " (", ") ", "؟ ", "، ",
)  # fmt: skip
OTHERS = (
    "👩🏽‍🚀", "🇺🇿", "☝️", "👍🏿", "А.", "A.", "Ш.М.", "A. B.", "J.", "О.", "İ", "ı", "ß", "ŉ", "ǅ", "ﬁ", "ſ", "Σ", "ς",
    "К.",
    "said", "that", "according to", "заявил, что", "сообщил", "по словам", "گفت که", "قال إن", "dedi", "деди", "деп",
    "министр", "вазир", "وزیر", "the", "of", "Mr.", "Dr.", "ул", "uulu", "қизи", "الله", "ال", "و", "ي", "ا",
    "ф", "Ф", "X", "д", "Z", "-", "—", "...", "…", "\ufffd", "\U000e0041", "\ud7ff", "\ue000", "𐤀", "ꙁ", "ᠮ", "ゔ",
    "하", "한", "ไ", "漢",
)  # fmt: skip

MANGLED: tuple[Callable[[str, str], str], ...] = (
    lambda word, _: word,
    lambda word, _: word,
    lambda word, _: word.upper(),
    lambda word, _: word.lower(),
    lambda word, _: word.title(),
    lambda word, _: unicodedata.normalize("NFKD", word),
    lambda word, mark: mark + word,
    lambda word, mark: word + mark,
    lambda word, mark: word[: len(word) // 2] + mark + word[len(word) // 2 :],
    lambda word, mark: word[:1] + mark + word[1:],
    lambda word, mark: mark.join(word),
    lambda word, _: word[:1],
    lambda word, _: word[-1:],
    lambda word, _: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in word),
    lambda word, _: (word * 60)[:300],
    lambda word, _: word[::-1],
)
MARK = st.sampled_from([*UNSEEN, *MARKS, *APOSTROPHES, *HAMZAS, *DIGITS, *QUOTES])
WORDS = st.builds(
    lambda mangle, word, mark: mangle(word, mark),
    st.sampled_from(MANGLED),
    st.sampled_from([*KNOWN, *FORMS, *HAMZAS, *OTHERS]),
    MARK,
)
PIECE = WORDS | WORDS | WORDS | MARK | st.sampled_from(PHRASES) | st.text(max_size=3)
TEXTS = st.lists(st.tuples(PIECE, st.sampled_from(BETWEEN)), max_size=30).map(
    lambda parts: "".join(word + between for word, between in parts)
)
TITLES = st.sampled_from(["", "А", "\u0301", "«", "ء", "\u200f"]) | TEXTS
