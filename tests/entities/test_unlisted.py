"""Unlisted persons and organisations: laws of the mentions, then sentences in every language, then hostile input."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newswarc.items import Mention
from search.entities.unlisted import MOST, Annotated, find, suggest

SENTENCES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "unlisted_sentences.yaml").read_text("utf-8"))
LANGUAGES = ("en", "ru", "fa", "ps", "ar", "uz", "uz-Cyrl", "ky", "kk", "tg", "tr", None)
PIECES = (
    "Министр", "министр", "Каримов", "Шерзод", " ", " ", " ", ", ", ". ", "«", "»", "сказал", "said", "Mullah", "Bank",
    "of",
    "O‘ktam",
    "’s", "uulu", "محمد", "والی", "گفت", "‌", "الله", "شرکت", "й", "\u0301", "A.", "(ABC)", "deb", "aka", "\n",
    "universiteti", "Namangan", "X", "kyzy", "Name.uz", "😀", "\u202e", "д",
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=200)


def listed(text: str, surface: str, kind: Literal["actor", "place"] = "actor") -> Mention:
    start = text.index(surface)
    return Mention(kind, "person", "x", surface, surface, "text", start, start + len(surface), 1.0, True, "given")


@settings(max_examples=300, deadline=None)
@given(title=texts, text=texts, language=st.sampled_from(LANGUAGES))
def test_every_mention_stands_where_it_says_and_overlaps_no_other(title: str, text: str, language: str | None) -> None:
    found = find(title, text, language, [])
    for mention in found:
        whole = title if mention.field == "title" else text
        assert whole[mention.start : mention.end] == mention.surface
        assert mention.surface == mention.surface.strip() != ""
        assert 0 < mention.confidence <= 1
        assert not mention.listed
        assert mention.id is None
        assert mention.canonical
    for earlier, later in pairwise(found):
        assert earlier.field != later.field or earlier.end <= later.start
    assert found == find(title, text, language, [])


@settings(max_examples=200, deadline=None)
@given(text=texts, language=st.sampled_from(LANGUAGES), data=st.data())
def test_nothing_is_found_within_a_listed_span(text: str, language: str | None, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = Mention("actor", "person", "x", "X", text[start:end], "text", start, end, 1.0, True, "given")
    assert not [m for m in find("", text, language, [span]) if start <= m.start and m.end <= end and m.field == "text"]


@pytest.mark.parametrize("case", SENTENCES, ids=lambda case: f"{case['language']}: {case['text'][:30]}")
def test_sentences(case: dict[str, Any]) -> None:
    found = find(case.get("title", ""), case["text"], case["language"], [])
    for kind, wanted in (("person", case.get("persons", [])), ("organisation", case.get("organisations", []))):
        assert list(dict.fromkeys(m.surface for m in found if m.type == kind)) == wanted


def test_a_surname_alone_has_the_full_name() -> None:
    found = find("Толибов: дорога открыта", "Начальник Карим Толибов заявил. Слова Толибова записали.", "ru", [])
    assert [(m.field, m.surface, m.canonical) for m in found] == [
        ("title", "Толибов", "Карим Толибов"),
        ("text", "Карим Толибов", "Карим Толибов"),
        ("text", "Толибова", "Карим Толибов"),
    ]


def test_the_reason_names_the_signs_and_more_signs_are_surer() -> None:
    poor, rich = (
        find("", text, "en", [])[0]
        for text in ("They met Sardor Eshonov there.", "They met the governor, Sardor Eshonov, there.")
    )
    assert poor.reason == "given name, surname"
    assert rich.reason == "given name, surname, title before it"
    assert poor.confidence < rich.confidence


def test_a_body_may_hold_a_listed_place_but_not_be_one() -> None:
    text = "Samarqand davlat muhandislik universiteti ochildi."
    [body] = find("", text, "uz", [listed(text, "Samarqand", "place")])
    assert body.surface == "Samarqand davlat muhandislik universiteti"
    assert find("", text, "uz", [listed(text, body.surface)]) == []


def test_spellings_are_grouped_for_the_watchlist() -> None:
    texts = [
        ("en", "Spokesman Karim Tolibov said so. Tolibov left."),
        ("ru", "Начальник Карим Толибов заявил. Слова Толибова записали."),
        ("fa", "کریم طالبوف، سخنگوی والی گفت."),
        ("en", "Farmer Sardor Eshonov said no."),
    ]
    groups = suggest([Annotated("", text, language, find("", text, language, [])) for language, text in texts])
    assert [(group.count, group.documents, dict(group.languages)) for group in groups] == [
        (5, 3, {"en": 2, "ru": 2, "fa": 1}),
        (1, 1, {"en": 1}),
    ]
    assert "[[Karim Tolibov]]" in groups[0].samples[0]
    assert groups == suggest([Annotated("", text, language, find("", text, language, [])) for language, text in texts])


@pytest.mark.parametrize(
    "piece",
    ["A", "Ab ", "АБ ", "\u0301", "A. ", "A.A.", "«", "«A» ", "محمد ", "م\u200c", "A'a", "Ab-", "Aa uulu ", "Karimov ",
     "министр Каримов заявил ", "Bank of Ab ", "министр Карим Каримов ", "Карим Каримов. ", "(ABC) ", "شرکت محمد ",
     "قال ء ", "قال \u064e\u064b ", "ﻗ\u064e ﻛ\u064e "],
)  # fmt: skip
def test_hostile_input_ends(piece: str) -> None:
    found = find(piece * 50, piece * (100_000 // len(piece)), "ru", [])
    assert len(found) <= MOST
