"""The language of a text, of the region's above all."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from pipelines.language import LANGUAGES, language_of
from pipelines.language_model import identifier_of

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


# ---- the tables, unpacked into a cache


def paragraphs() -> list[str]:
    return [paragraph for case in CASES for paragraph in case["body"]]


def test_what_is_mapped_answers_as_the_model_itself(tmp_path: Path) -> None:
    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(sorted(LANGUAGES & set(model.labels)))
    unpacked, mapped = identifier_of(LANGUAGES, tmp_path), identifier_of(LANGUAGES, tmp_path)
    for text in ["", "News", *paragraphs()]:
        assert unpacked.classify(text) == mapped.classify(text) == model.classify(text)


@pytest.mark.parametrize("left", [0, 5_000])
def test_tables_that_are_damaged_or_missing_are_unpacked_again(tmp_path: Path, left: int) -> None:
    text = paragraphs()[0]
    answer = identifier_of(LANGUAGES, tmp_path).classify(text)
    (folder,) = tmp_path.iterdir()
    table = folder / "moves.npy"
    table.write_bytes(table.read_bytes()[:left])
    (folder / "rows.npy").unlink()
    assert identifier_of(LANGUAGES, tmp_path).classify(text) == answer
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert (folder / "rows.npy").exists()


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert identifier_of(LANGUAGES, tmp_path / "file").classify(paragraphs()[0])[0] in LANGUAGES


def test_tables_of_other_versions_are_removed_after_a_day(tmp_path: Path) -> None:
    old, of_today = tmp_path / "language-000000000000", tmp_path / ".language-of-one-that-is-at-work"
    for folder, age in ((old, 2 * 86_400), (of_today, 60)):
        folder.mkdir()
        os.utime(folder, (time.time() - age,) * 2)
    identifier_of(LANGUAGES, tmp_path)
    assert not old.exists()
    assert of_today.exists()
