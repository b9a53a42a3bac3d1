"""Words, folding and stems."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search.analysis import (
    LANGUAGES,
    LONGEST,
    analyse,
    fold,
    parted,
    script,
    stem,
    stem_term,
    stems_of,
    surfaces,
    words,
)

scripts = st.text(
    st.one_of(
        st.characters(),
        st.characters(min_codepoint=0x20, max_codepoint=0x17F),
        st.characters(min_codepoint=0x300, max_codepoint=0x36F),
        st.characters(min_codepoint=0x400, max_codepoint=0x52F),
        st.characters(min_codepoint=0x600, max_codepoint=0x6FF),
        st.sampled_from("'’‘ʻʼ`´ogOGsışçöğ\u200c\u200d\u00ad-–"),
    ),
    max_size=60,
)
languages = st.sampled_from([*LANGUAGES, "uz-Cyrl", "tk", "zz", None])


@given(scripts, languages)
def test_offsets_point_at_the_surface(text: str, language: str | None) -> None:
    end = 0
    for word in words(text, language):
        assert end <= word.start < word.end <= len(text)
        assert fold(text[word.start : word.end], language) == word.folded != ""
        end = word.end


@given(scripts)
def test_words_and_gaps_make_up_the_text(text: str) -> None:
    parts = parted(text)
    assert "".join(parts) == text
    assert parts[1::2] == [found.group() for found in surfaces(text)]


@given(scripts)
@example("go's's")
@example("ŉ")
@example("ﷺ")
@example("ΐ")
@example("g" + "ʻ" * 3)
@example("a" * (LONGEST - 2) + "gʻs")
def test_fold_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_fold_is_idempotent_for_each_character() -> None:
    blocks = (
        range(0x3400),
        range(0xA000, 0xAC00),
        range(0xF900, 0x10800),
        range(0x1D400, 0x1D800),
        range(0x1E900, 0x1F000),
    )
    letters = (chr(code) for block in blocks for code in block)
    assert [letter for letter in letters if fold(fold(letter)) != fold(letter)] == []


@given(scripts, scripts, languages)
def test_folded_words_and_stems_go_one_for_one(title: str, text: str, language: str | None) -> None:
    folded, stems, title_words, _ = analyse(title, text, language)
    every = [word.folded for part in (title, text) for word in words(part, language)]
    assert folded.split() == every == [word for word in folded.split(" ") if word]
    assert len(stems.split()) == len(every)
    assert title_words == len(list(words(title, language)))


@given(scripts, languages)
def test_a_typed_word_is_looked_for_as_it_is_indexed(text: str, language: str | None) -> None:
    """Whatever language a text was taken for, the same word typed finds it: its term is among the query's."""
    for word in words(text):
        assert stem_term(word.folded, language) in stems_of(word.folded)


@given(scripts)
def test_words_found_again_in_their_folded_form_are_the_same(text: str) -> None:
    for word in words(text):
        assert "".join(again.folded for again in words(word.folded)) == word.folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("داعش\u200cخراسان", ["داعش", "خراسان"]),
        ("ИГИЛ-Хорасан ИГИЛ‑Хорасан", ["игил", "хорасан"] * 2),
        ("Oʻzbekiston O'zbekiston O‘zbekiston O’zbekiston O`zbekiston O´zbekiston", ["oʻzbekiston"] * 6),
        ("maʼsul ma'sul masul", ["masul"] * 3),
        ("tog‘ togʻ bog`", ["togʻ", "togʻ", "bogʻ"]),
        ("the 'dog' and ‘cat’", ["the", "dog", "and", "cat"]),
        ("Kabul's don't O'Brien", ["kabul", "dont", "oʻbrien"]),
        ("ЁЛКА ёлка елка", ["елка"] * 3),
        ("й и\u0306 ў у\u0306", ["й", "й", "ў", "ў"]),
        ("İSTANBUL Istanbul ıstanbul", ["istanbul"] * 3),
        ("Türkmen TÜRKMEN tu\u0308rkmen", ["türkmen"] * 3),
        ("café naïve Ḥ", ["cafe", "naive", "h"]),
        ("كتاب کتاب كِتَاب كـتاب", ["کتاب"] * 4),
        ("۱۴۰۱ ١٤٠١ 1401 １４０１", ["1401"] * 4),
        ("co\u00adoperate ko\u200dko", ["cooperate", "koko"]),
        ("喀布尔", ["喀", "布", "尔"]),
        ("हिन्दी", ["हिन्दी"]),
        ("한국어", ["한국어"]),
        ("foo_bar 3.14 a/b", ["foo", "bar", "3", "14", "a", "b"]),
        ("", []),
        ("— ’ ʻ _ \u200c \u0301", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert [word.folded for word in words(text)] == expected


@pytest.mark.parametrize(
    ("language", "same"),
    [
        ("en", "rocket rockets"),
        ("ru", "термез термезе термеза термезу термезом"),
        ("ru", "кабул кабула кабуле"),
        ("uz", "toshkent toshkentda тошкентда тошкентнинг toşkentga"),
        ("uz", "oʻzbekiston ўзбекистон özbekiston ozbekiston ўзбекистондан oʻzbekistonga"),
        ("uz", "термиз termiz термизга termizdagi"),
        ("uz", "viloyat viloyati вилоятларда viloyatining"),
        ("ky", "бишкек бишкекте бишкектин бишкекке бишкектен"),
        ("ky", "кыргызстан кыргызстандын кыргызстанга кыргызстанда"),
        ("ky", "өкмөт өкмөтү өкмөтүнүн өкмөттөр"),
        ("kk", "қазақстан қазақстанда қазақстанның қазақстаннан qazaqstan казакстан"),
        ("kk", "астана астанада астананың астанаға astanada"),
        ("kk", "алматы алматыда алматының"),
        ("tg", "тоҷикистон тоҷикистонро тоҷикистони"),
        ("tg", "ҳукумат ҳукумати ҳукуматро ҳукуматҳо"),
        ("ps", "طالبان طالبانو طالب"),
        ("fa", "کتاب کتابها"),
        ("ar", "طالبان والطالبان الطالبان"),
        ("tr", "irak irakin"),
    ],
)
def test_endings_of_one_word_have_one_stem(language: str, same: str) -> None:
    assert len({stem(fold(word), language) for word in same.split()}) == 1


@pytest.mark.parametrize(
    ("language", "different"),
    [
        ("en", "termez termiz"),
        ("uz", "toshkent samarqand"),
        ("tr", "taşkent toshkent"),
        ("kk", "астана алматы"),
        ("ky", "ош бишкек"),
        ("ru", "кабул кабель"),
    ],
)
def test_different_words_have_different_stems(language: str, different: str) -> None:
    folded = [fold(word) for word in different.split()]
    assert len({stem(word, language) for word in folded}) == len(folded)


def test_terms_of_different_languages_never_meet() -> None:
    """Scripts meet only within a language that is written in both."""
    assert stems_of("термез") & stems_of("termez") == {"uz_termez", "kk_термез"}
    assert stem_term("iran", "tr") != stem_term("ira", "en")


def test_a_word_of_another_script_counts_as_that_scripts_first_language() -> None:
    assert stem_term("talibans", "ru") == "en_taliban"
    assert stem_term("термезе", "en") == "ru_термез"
    assert stem_term("2022", "ru") == "2022"


def test_turkish_drops_what_follows_an_apostrophe() -> None:
    assert [word.folded for word in words("Taşkent'te Kongo’nun", "tr")] == ["taşkent", "kongo"]


@pytest.mark.parametrize(
    ("word", "expected"), [("kabul", "latin"), ("ş", "latin"), ("кабул", "cyrillic"), ("کابل", "arabic")]
)
def test_script(word: str, expected: str) -> None:
    assert script(word) == expected


def test_no_word_is_longer_than_the_limit() -> None:
    assert [len(word.folded) for word in words("a" * 100_000)] == [LONGEST]
