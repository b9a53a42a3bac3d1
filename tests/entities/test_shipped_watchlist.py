"""The shipped watchlist of Central Asia and Afghanistan: sound at the door, broad, in the scripts it claims."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from pathlib import Path

import external
import pytest

from benchmarks.shared import SEED
from search.analysis import folded_words
from search.entities import watchlist
from search.entities.organs import organs
from search.entities.watchlist import Entity

FILE = Path(watchlist.__file__).parent / "watchlists" / "central-asia-afghanistan.yaml"
FACTS = SEED / "facts.json"
SCRIPT_OF = {
    **dict.fromkeys(("en", "uz", "tr", "tk"), "LATIN"),
    **dict.fromkeys(("ru", "uz-Cyrl", "ky", "kk", "tg"), "CYRILLIC"),
    **dict.fromkeys(("fa", "ps", "ar"), "ARABIC"),
    "zh": "CJK",
}
FLOOR_OF_TYPE = {
    "person": 500, "armed group": 65, "party": 80, "organisation": 150, "media": 115, "company": 115, "project": 15,
}  # fmt: skip
FLOOR_OF_LANGUAGE = {
    "en": 1000, "ru": 1100, "fa": 700, "ps": 500, "uz": 600, "tg": 480, "ky": 460, "kk": 470, "tr": 530, "ar": 560,
}  # fmt: skip


@pytest.fixture(scope="module")
def entities() -> dict[str, Entity]:
    return {entity.id: entity for entity in watchlist.load([FILE])}


@pytest.fixture(scope="module")
def holders(entities: dict[str, Entity]) -> dict[str, set[str]]:
    """Folded alias → ids of the entities that have it."""
    found: dict[str, set[str]] = {}
    for entity in entities.values():
        for _, alias in entity.aliases():
            found.setdefault(_folded(alias.name), set()).add(entity.id)
    return found


def _folded(name: str) -> str:
    return " ".join(folded_words(name))


def test_the_checker_finds_no_error_also_beside_the_organs() -> None:
    problems = watchlist.check([FILE], beside=organs())
    assert [str(problem) for problem in problems if problem.level == "error"] == []


def test_every_entity_is_an_actor_with_english_and_russian_and_afghan_ones_with_dari(
    entities: dict[str, Entity],
) -> None:
    for entity in entities.values():
        languages = {language for language, _ in entity.aliases()}
        wanted = {"en", "ru"} | ({"fa"} if entity.country == "AF" else set())
        assert entity.kind == "actor", entity.id
        assert wanted <= languages, (entity.id, wanted - languages)


def test_it_is_broad(entities: dict[str, Entity]) -> None:
    types = Counter(entity.type for entity in entities.values())
    languages = Counter(
        language for entity in entities.values() for language in {language for language, _ in entity.aliases()}
    )
    assert {key: types[key] for key, floor in FLOOR_OF_TYPE.items() if types[key] < floor} == {}
    assert {key: languages[key] for key, floor in FLOOR_OF_LANGUAGE.items() if languages[key] < floor} == {}


def test_names_are_written_with_the_letters_of_their_language(entities: dict[str, Entity]) -> None:
    """Brand names in Latin letters are taken in any text; the letters are those of one alphabet each."""
    foreign = {"fa": "يكىة", "ar": "یکپچگژٹڈ", "uz": "'’‘`'"}
    for entity in entities.values():
        for language, alias in entity.aliases():
            where = (entity.id, language, alias.name)
            scripts = {unicodedata.name(letter).split()[0] for letter in alias.name if letter.isalpha()} - {"MODIFIER"}
            assert scripts <= {SCRIPT_OF[language], "LATIN"}, where
            assert not set(alias.name) & set(foreign.get(language, "")), where
            assert alias.name == unicodedata.normalize("NFC", alias.name).strip(), where


def test_a_bare_surname_stands_for_one_person(entities: dict[str, Entity]) -> None:
    """Of all who share a surname (fathers and children, namesakes) at most one is meant by it alone."""
    flagged = [entity for entity in entities.values() if entity.surname]
    surnames = Counter(_folded(entity.name.split()[-1]) for entity in flagged)
    assert len(flagged) >= 25
    assert {entity.type for entity in flagged} == {"person"}
    assert [surname for surname, persons in surnames.items() if persons > 1] == []


def test_two_groups_that_the_press_confuses_are_two(entities: dict[str, Entity], holders: dict[str, set[str]]) -> None:
    assert entities["islamic-state-khorasan"].part_of == "islamic-state"
    assert holders[_folded("ISKP")] == {"islamic-state-khorasan"}
    assert holders[_folded("ИГИЛ")] == {"islamic-state"}
    assert holders[_folded("Pakistani Taliban")] == {"tehreek-e-taliban-pakistan"}
    assert holders[_folded("Талибан")] == {"taliban"}
    assert holders[_folded("احمد مسعود")] != holders[_folded("احمدشاه مسعود")]


def test_a_renamed_party_is_found_by_both_names(holders: dict[str, set[str]]) -> None:
    assert holders[_folded("Nur Otan")] == holders[_folded("Аманат партиясы")] == {"amanat"}


@pytest.mark.parametrize("name", ["IS", "ИГ", "NRF"])
def test_short_capitals_are_taken_as_they_stand(entities: dict[str, Entity], name: str) -> None:
    given = [alias for entity in entities.values() for _, alias in entity.aliases() if alias.name == name]
    assert given
    assert all(alias.exact or watchlist.exact_by_default(alias.name) for alias in given)


def test_the_actors_of_the_reference_story_are_found_by_every_name(holders: dict[str, set[str]]) -> None:
    """Ministries, troops and embassies are in data/organs.yaml."""
    if not FACTS.exists():
        external.cannot(f"{FACTS} is not there")
    actors = [actor for actor in json.loads(FACTS.read_text("utf-8"))["actors"] if actor["kind"] != "government"]
    assert len(actors) >= 6
    for actor in actors:
        ids = [holders.get(_folded(name), set()) for name in (actor["name"], *actor["aliases"])]
        assert set.intersection(*ids), (actor["name"], dict(zip((actor["name"], *actor["aliases"]), ids, strict=True)))
