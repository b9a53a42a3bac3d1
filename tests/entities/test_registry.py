"""The registry: compiled once, mapped after, looked up in any script and spelling, renewed when a list changes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from search.entities.registry import Compiler, Registry
from search.entities.registry import shipped as all_shipped
from search.entities.watchlist import Alias, Entity, Placed, check_entities, load

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry.of(load([HERE / "small-watchlist.yaml"]), tmp_path_factory.mktemp("compiled"))


def ids(registry: Registry, name: str, language: str | None = None) -> list[str]:
    return [entity.id for entity in registry.find(name, language)]


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("Termez", "termez"),
        ("термез", "termez"),
        ("ТЕРМЕЗЕ", "termez"),
        ("Термиз", "termez"),
        ("ترمذ", "termez"),
        ("termizda", "termez"),
        ("iskp", "islamic-state-khorasan"),
        ("isis k", "islamic-state-khorasan"),
        ("ISIS–K", "islamic-state-khorasan"),
        ("داعش‌خراسان", "islamic-state-khorasan"),
        ("mirziyoyev", "shavkat-mirziyoyev"),
        ("Мирзиёева", "shavkat-mirziyoyev"),
        ("Мирзиеев Шавкат", "shavkat-mirziyoyev"),
        ("Ш. Мирзиёев", "shavkat-mirziyoyev"),
        ("мазари шариф", "mazar-i-sharif"),
        ("Мазари-Шарифа", "mazar-i-sharif"),
        ("mazar-e-sharif", "mazar-i-sharif"),
        ("министерства обороны узбекистана", "defence-uz"),
        ("O'zbekiston", "uzbekistan"),
        ("Özbekistan", "uzbekistan"),
        ("للأمم المتحدة", "united-nations"),
        ("is", "islamic-state"),
        ("Jalalabad", "jalalabad"),
        ("Jalal-Abad", "jalal-abad"),
        ("Жалал Абад", "jalal-abad"),
    ],
)
def test_a_typed_name_finds_its_entity(registry: Registry, name: str, id: str) -> None:
    assert ids(registry, name)[:1] == [id]


@pytest.mark.parametrize("name", ["", " ", "\0", "Termezism", "ошиблись", "x" * 10_000, "a " * 5_000, "١٢٣"])
def test_what_is_no_name_finds_nothing(registry: Registry, name: str) -> None:
    assert ids(registry, name) == []


def test_a_name_of_several_finds_them_all(registry: Registry) -> None:
    assert ids(registry, "Balkh") == ["balkh", "balkh-province"] or ids(registry, "Balkh") == [
        "balkh-province",
        "balkh",
    ]
    assert set(ids(registry, "министерство обороны")) == {"defence-uz", "defence-kg"}


def test_every_name_of_an_entity_is_given_and_finds_it(registry: Registry) -> None:
    for entity in registry:
        for language, name in registry.forms(entity.id):
            assert entity.id in ids(registry, name, language)
    assert registry.forms("nobody") == []
    assert registry.entity("nobody") is None


def test_entities_come_back_as_they_were_given(registry: Registry) -> None:
    assert list(registry) == load([HERE / "small-watchlist.yaml"])
    assert all(registry.entity(entity.id) == entity for entity in registry)


@pytest.mark.parametrize(
    ("query", "spans"),
    [
        ("ISKP attack termez", ["ISKP", "termez"]),
        ("islamic state khorasan province rockets", ["islamic state khorasan province"]),
        ("what is or was", []),
        ("обстрел термеза игил-хорасан", ["термеза", "игил-хорасан"]),
        ("us embassy in tashkent", ["us embassy in tashkent"]),
        ("mary had a lamb", []),
        ("Mary gas field", ["Mary"]),
    ],
)
def test_names_in_a_typed_query(registry: Registry, query: str, spans: list[str]) -> None:
    found = registry.recognise(query)
    assert [query[name.start : name.end] for name in found] == spans
    assert all(name.entities for name in found)


# Compiled files


def test_a_second_opening_maps_what_the_first_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entities = load([HERE / "small-watchlist.yaml"])
    first = Registry.of(entities, tmp_path)
    monkeypatch.setattr(Compiler, "write", None)
    second = Registry.of(entities, tmp_path)
    assert (second.version, second.folder) == (first.version, first.folder)
    assert ids(second, "ترمذ") == ["termez"]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("broken", ["names.marisa", "entities.jsonl", "meta.json"])
def test_a_damaged_compilation_is_made_again(tmp_path: Path, broken: str) -> None:
    entities = load([HERE / "small-watchlist.yaml"])
    folder = Registry.of(entities, tmp_path).folder
    copy = tmp_path / "elsewhere" / folder.name
    shutil.copytree(folder, copy)
    (copy / broken).write_bytes(b"{")
    assert ids(Registry.of(entities, copy.parent), "Termez") == ["termez"]
    assert [path.name for path in copy.parent.iterdir()] == [folder.name]


def test_the_version_is_that_of_the_data(tmp_path: Path) -> None:
    entities = load([HERE / "small-watchlist.yaml"])
    whole, less = Registry.of(entities, tmp_path), Registry.of(entities[1:], tmp_path)
    assert len(whole.version) == len(less.version) == 12
    assert whole.version != less.version


def test_a_registry_of_nothing_finds_nothing(tmp_path: Path) -> None:
    empty = Registry.of([], tmp_path)
    assert (len(empty), empty.find("Termez"), empty.recognise("Termez")) == (0, [], [])


def test_two_ways_to_write_abad_and_the_izafet_are_one(tmp_path: Path) -> None:
    names = {"fa": (Alias("خیرآباد"),), "en": (Alias("Khair-e-Abad Bala"),)}
    registry = Registry.of([Entity("khairabad", "Khairabad", "place", "town", "AF", names=names)], tmp_path)
    for name in ("خیر آباد", "خیر‌آباد", "Khair Abad", "khairabad", "Khair-i-Abad Bala"):
        assert ids(registry, name) == ["khairabad"], name


def test_a_changed_watchlist_is_noticed(shipped: Registry, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    entry = {"id": "blue-caravan", "name": "Blue Caravan Society", "kind": "actor", "type": "organisation"}
    file.write_text(json.dumps({"title": "Mine", "entities": [entry]}), "utf-8")
    cache = shipped.folder.parent
    registry = Registry.open([tmp_path], cache)
    assert registry.current() is registry
    entry["names"] = {"ru": ["Общество «Синий караван»"]}  # type: ignore[assignment]
    file.write_text(json.dumps({"title": "Mine", "entities": [entry]}), "utf-8")
    os.utime(file, ns=(1, 1))
    renewed = registry.current()
    assert renewed.version != registry.version
    assert ids(renewed, "общества синий караван") == ["blue-caravan"]
    assert not renewed.stale
    (tmp_path / "more.yaml").write_text("title: More\nentities: []\n", "utf-8")
    assert renewed.stale


def test_the_shipped_lists_are_sound_together() -> None:
    problems = check_entities([Placed(entity, "shipped") for entity in all_shipped()])
    assert [str(problem) for problem in problems if problem.level == "error"] == []
