"""Fragments with the words found marked, in every script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import words
from search.highlight import FRAGMENT, highlight, unmarked
from search.query import parse


def marked(text: str, query: str, language: str | None = "en") -> list[str]:
    return [
        piece
        for part in highlight(text, parse(query).tree, language)
        for piece, is_marked in unmarked(part)
        if is_marked
    ]


@pytest.mark.parametrize(
    ("query", "text", "language", "expected"),
    [
        ("rocket", "Rockets fell; a rocket.", "en", ["Rockets", "rocket"]),
        ("Термез", "Ракеты в Термезе.", "ru", ["Термезе"]),
        ("Toshkent", "Кеча Тошкентда бўлди.", "uz-Cyrl", ["Тошкентда"]),
        ("yigilish", "Kecha yig‘ilish bo‘ldi", "uz", ["yig‘ilish"]),
        ("Бишкек", "Бишкекте жыйын", "ky", ["Бишкекте"]),
        ("کتاب", "در کابل كتاب\u200cها", "fa", ["كتاب"]),
        ("داعش\u200cخراسان", "گروه داعش\u200cخراسان گفت", "fa", ["داعش", "خراسان"]),
        ("طالبان", "طالبانو وویل", "ps", ["طالبانو"]),
        ("القوات", "أعلنت القُوّات", "ar", ["القُوّات"]),
        ("Taşkent", "IŞİD Taşkent'te üstlendi", "tr", ["Taşkent'te"]),
        ("喀布尔", "塔利班在喀布尔开会", "zh", ["喀", "布", "尔"]),
        ("roc*", "Rocks and rockets and a cart", "en", ["Rocks", "rockets"]),
        ("ракет*", "Ракетный обстрел", "ru", ["Ракетный"]),
        ("termex~", "in Termez", "en", ["Termez"]),
        ("bagres~1", "barges", "en", ["barges"]),
        ("garbes~2", "barges", "en", ["barges"]),
        ('"ten rockets"', "Rockets: ten rockets, not ten.", "en", ["ten", "rockets"]),
        ('"rockets ten"~2', "ten rockets", "en", ["ten", "rockets"]),
        ('"ten fell"~1', "ten rockets fell", "en", ["ten", "fell"]),
        ("ИГИЛ-Хорасан", "ИГИЛ и ИГИЛ — Хорасан", "ru", ["ИГИЛ", "Хорасан"]),
        ("rocket -termez", "rocket at Termez", "en", ["rocket"]),
        ("title:rocket termez", "rocket at Termez", "en", ["Termez"]),
        ("a OR termez", "a rocket at Termez", "en", ["a", "Termez"]),
        ("source:x", "source x", "en", []),
        ("nowhere", "rocket", "en", []),
    ],
)
def test_what_a_query_finds_is_marked(query: str, text: str, language: str, expected: list[str]) -> None:
    assert marked(text, query, language) == expected


def test_strict_marks_only_what_was_typed() -> None:
    assert highlight("rocket rockets", parse("rocket").tree, "en", strict=True) == ("[[rocket]] rockets",)


def test_brackets_of_the_text_are_no_marks() -> None:
    text = "[[x]] [rocket] [[rocket]] ]]"
    (fragment,) = highlight(text, parse("rocket").tree, "en")
    assert [piece for piece, is_marked in unmarked(fragment) if is_marked] == ["rocket", "rocket"]
    assert "".join(piece for piece, _ in unmarked(fragment)) == text


def test_fragments_are_short_whole_words_in_the_order_of_the_text() -> None:
    filler = "Words of no interest stand here for a while. " * 30
    text = f"{filler}A rocket fell. {filler}A rocket and a rocket. {filler}The rocket. {filler}rocket"
    fragments = highlight(text, parse("rocket").tree, "en")
    plain = ["".join(piece for piece, _ in unmarked(fragment)) for fragment in fragments]
    assert len(plain) == 3
    assert "rocket and a rocket" in plain[1]
    places = [text.index(part) for part in plain]
    assert places == sorted(places)
    for part, place in zip(plain, places, strict=True):
        assert len(part) <= FRAGMENT + 40
        assert text[place - 1 : place] in ("", " ")
        assert text[place + len(part) : place + len(part) + 1] in ("", " ")


def test_a_fragment_stays_in_its_paragraph() -> None:
    assert highlight("First.\n\nThe rocket.\n\nLast.", parse("rocket").tree, "en") == ("The [[rocket]].",)


texts = st.text(st.characters() | st.sampled_from("[] \n\nabrocket"), max_size=400)


@given(texts, st.sampled_from(["en", "ru", None]))
def test_without_its_marks_a_fragment_is_a_piece_of_the_text(text: str, language: str | None) -> None:
    asked = [word.folded for word in words(text)][:3]
    for query in ["a*", "rocket", *asked, '"' + " ".join(asked[:2]) + '"']:
        for fragment in highlight(text, parse(query).tree, language):
            pieces = list(unmarked(fragment))
            if "\u2060" not in text:
                assert "".join(piece for piece, _ in pieces) in text
            assert any(is_marked for _, is_marked in pieces)


@given(st.text(max_size=200), st.text(max_size=40))
def test_no_text_and_no_query_raise(text: str, query: str) -> None:
    highlight(text, parse(query).tree, None)


@given(texts.filter(lambda text: any(True for _ in words(text))))
def test_a_word_of_the_text_is_marked_when_asked_for(text: str) -> None:
    first = next(words(text))
    assert marked(text, f'"{first.folded}"', None)
