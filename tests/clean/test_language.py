"""The language of a text, of the region's above all."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipelines.language import language_of

CASES = yaml.safe_load((Path(__file__).parent / "region.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[c["language"] for c in CASES])
def test_a_paragraph_is_enough(case: dict[str, object]) -> None:
    body = case["body"]
    assert isinstance(body, list)
    for paragraph in body:
        assert language_of(paragraph) == case["language"]


def test_a_single_word_takes_the_hint() -> None:
    assert language_of("News", "ky") == "ky"
    assert language_of("12:45", "tg") == "tg"
    assert language_of("", None) is None


@pytest.mark.parametrize(
    ("hint", "tag"), [("prs", "fa"), ("fa-AF", "fa"), ("uz_UZ", "uz"), ("en-US", "en"), ("nb", "no")]
)
def test_hints_are_spelt_as_we_spell_tags(hint: str, tag: str) -> None:
    assert language_of("…", hint) == tag


def test_uzbek_of_a_hint_is_told_apart_by_script() -> None:
    assert language_of("Янги", "uz") == "uz-Cyrl"
    assert language_of("Yangi", "uz-Cyrl") == "uz"


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    assert language_of(text, "ru")
