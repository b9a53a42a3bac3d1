"""The statistical tagger: it adds names that neither lists nor rules have, changes none, and may be absent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from test_index_contract import document

from newswarc.items import Mention
from newswarc.settings import BadSetting, tagger_wanted
from search.entities import tagger
from search.entities.annotate import annotate
from search.entities.annotator import found, name_of, prepare
from search.entities.registry import Registry
from search.entities.watchlist import load
from search.index import open_index
from search.names import TAGGER
from search.query import Query, parse
from search.resolving import resolved

HERE = Path(__file__).parent
SENTENCES: list[dict[str, Any]] = yaml.safe_load((HERE / "tagger_sentences.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry.of(load([HERE / "small-watchlist.yaml"]), tmp_path_factory.mktemp("compiled"))


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NEWSWARC_TAGGER", "1")
    return


PIECES = st.sampled_from(
    ["Термез", "ИГИЛ-Хорасан", "Марта Линдквист", "Линдквист", "министр", "Тимур Асланбеков", "заявил", "СМИ", "«", "»",
     ". ", ", ", " ", "\n", "\u0301", "\u202e", "\x00", "й", "Ё", "A", "😀", "ООН", "в", "Новый Завод"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=30).map(" ".join) | st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=100)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_it_only_adds_where_nothing_else_is(small: Registry, title: str, text: str) -> None:
    without = annotate(title, text, "ru", None, small)
    more = annotate(title, text, "ru", None, small, tagger=True)
    added = [mention for mention in more if mention.reason == tagger.REASON]
    others = [mention for mention in more if mention.reason != tagger.REASON]
    assert [_spot(mention) for mention in others] == [_spot(mention) for mention in without]
    for mention in added:
        assert (title if mention.field == "title" else text)[mention.start : mention.end] == mention.surface
        assert (mention.kind, mention.listed, mention.id, mention.confidence) == ("actor", False, None, 0.45)
        assert mention.canonical
        assert not any(
            one.field == mention.field and one.start < mention.end and mention.start < one.end
            for one in more
            if one is not mention
        )


def _spot(mention: Mention) -> tuple[str, int, int, str | None]:
    return mention.field, mention.start, mention.end, mention.id


def _scores(registry: Registry, with_tagger: bool) -> tuple[float, float]:
    """Precision and recall on names that no list holds."""
    right = given = all_named = 0
    for case in SENTENCES:
        named = {(name, kind[:-1]) for kind in ("persons", "organisations") for name in case.get(kind, ())}
        mentions = annotate("", case["text"], "ru", None, registry, tagger=with_tagger)
        unlisted = {(mention.surface, mention.type) for mention in mentions if not mention.listed}
        right, given, all_named = right + len(named & unlisted), given + len(unlisted), all_named + len(named)
    return right / given, right / all_named


def test_it_finds_twice_as_many_and_is_right_nine_times_of_ten(shipped: Registry) -> None:
    (precise, few), (still_precise, many) = _scores(shipped, False), _scores(shipped, True)
    assert many >= 2 * few
    assert (precise, still_precise >= 0.9) == (1.0, True)


def test_lists_come_first(small: Registry) -> None:
    text = "По словам Марты Линдквист, ИГИЛ-Хорасан в Термезе не видели."
    mentions = annotate("", text, "ru", None, small, tagger=True)
    assert [(mention.surface, mention.id) for mention in mentions] == [
        ("Марты Линдквист", None), ("ИГИЛ-Хорасан", "islamic-state-khorasan"), ("Термезе", "termez"),
    ]  # fmt: skip


def test_a_surname_alone_is_that_of_the_person_named_in_full(small: Registry) -> None:
    text = "Лошадей осмотрела Марта Линдквист. Корм привезла сама Линдквист. Линдквист довольна поездкой."
    mentions = annotate("", text, "ru", None, small, tagger=True)
    assert {mention.canonical for mention in mentions} == {"Marta Lindkvist"}
    assert [mention.surface for mention in mentions] == ["Марта Линдквист", "Линдквист", "Линдквист"]


def test_a_long_text_is_tagged_as_far_as_its_limit(small: Registry) -> None:
    text = "Вода прибывает. " * (tagger.LONGEST // 16) + "Лошадей осмотрела Марта Линдквист."
    assert annotate("", text, "ru", None, small, tagger=True) == ()
    assert annotate("", text[200:], "ru", None, small, tagger=True) != ()


@pytest.mark.usefixtures("wanted")
def test_the_annotator_says_that_it_was_there(small: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Лошадей осмотрела Марта Линдквист."
    assert [mention.surface for mention in found("", text, "ru", None, small)[0]] == ["Марта Линдквист"]
    name, _, taggers = name_of(small).partition(TAGGER)
    assert taggers.startswith("slovnet 0.6")
    monkeypatch.setenv("NEWSWARC_TAGGER", "0")
    assert found("", text, "ru", None, small)[0] == ()
    assert name_of(small) == name


def test_a_question_trusts_lists_whether_or_not_a_tagger_was_there(small: Registry, tmp_path: Path) -> None:
    """A document that these lists have been through is found by what they found, not by its letters."""
    made = document("a", text="Kabul said nothing.", language="en", folded="", stems="")
    with open_index(f"tantivy:{tmp_path / 'index'}") as index:
        for annotator, found_ids in ((f"{name_of(small)}{TAGGER}slovnet 1", []), ("newswarc-entities 1; older", ["a"])):
            index.upsert([replace(made, annotator=annotator)])
            index.commit()
            hits = index.search(resolved(Query(parse("Kabul").tree), small)).hits
            assert [hit.document.id for hit in hits] == found_ids


def test_the_setting_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSWARC_TAGGER", "yes")
    for asked in (tagger_wanted, prepare):
        with pytest.raises(BadSetting, match="NEWSWARC_TAGGER: 'yes' is neither"):
            asked()


def test_other_languages_have_none() -> None:
    assert [tagger.tagger_of(language) for language in ("uz", "fa", None)] == [None, None, None]


WITHOUT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("slovnet", "navec", "natasha", "spacy", "en_core_web_sm"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Blocked())
from search.entities.annotator import found, name_of, registry_of
from search.entities.tagger import tagger_of
mentions, _ = found("", sys.argv[1], "ru", None, registry_of())
print([mention.surface for mention in mentions], tagger_of("ru"), tagger_of("en"), "tagger" in name_of(registry_of()))
"""


def test_without_a_model_the_rules_go_on_alone_and_it_is_said() -> None:
    text = "Начальник управления Тимур Асланбеков и Марта Линдквист были в Термезе."
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, text], capture_output=True, text=True, check=True, timeout=120,
        env={**os.environ, "NEWSWARC_TAGGER": "1"}, cwd=HERE.parents[1],
    )  # fmt: skip
    assert done.stdout.split("\n") == ["['Тимур Асланбеков', 'Термезе'] None None False", ""]
    assert "no tagger is installed" in done.stderr
