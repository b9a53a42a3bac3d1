"""The registry: compiled once, mapped after, looked up in any script and spelling, renewed when a list changes."""

from __future__ import annotations

import gc
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from search.entities.registry import DAY, HOUR, KEPT, Compiler, Registry, is_compiled
from search.entities.watchlist import Alias, BadWatchlist, Entity, Placed, check_entities, load

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


@pytest.mark.parametrize(
    "query", ["kabul", "душанбе", "china", "turkey", "chad", "bbc", "sco", "uae", "ttp", " Kabul ", "нато"]
)
def test_one_small_word_that_is_all_of_a_query_is_a_well_known_name(shipped: Registry, query: str) -> None:
    assert [query[name.start : name.end] for name in shipped.recognise(query)] == [query.strip()]


@pytest.mark.parametrize(
    "query",
    [
        *["is", "or", "us", "who", "it", "mary", "osh", "чад", "семей", "орал", "киров", "car", "tip", "spa", "воз"],
        *["turkey soup", "fine china", "kabul edildi", "who is bbc"],
    ],
)
def test_other_ordinary_words_stay_words(shipped: Registry, query: str) -> None:
    assert shipped.recognise(query) == []


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Каримов", ["karimov"]),
        ("Каримову", ["karimov", "karimova"]),
        ("Karimov", ["karimov"]),
        ("Каримова", ["karimov", "karimova"]),
        ("Каримовой", ["karimova"]),
        ("Карими", ["karimi"]),
        ("Karimi", ["karimi"]),
        ("کریمی", ["karimi"]),
        ("Karim", ["karim"]),
        ("Карим", ["karim"]),
        ("کریم", ["karim"]),
    ],
)
def test_a_surname_is_no_other_one_of_the_same_root(tmp_path: Path, name: str, wanted: list[str]) -> None:
    def person(id: str, name: str, ru: str, fa: str) -> Entity:
        return Entity(id, name, "actor", "person", names={"ru": (Alias(ru),), "fa": (Alias(fa),)})

    registry = Registry.of(
        [
            person("karimov", "Islam Karimov", "Ислам Каримов", "اسلام کریموف"),
            person("karimova", "Gulnara Karimova", "Гульнара Каримова", "گلناره کریموفا"),
            person("karimi", "Bilal Karimi", "Билал Карими", "بلال کریمی"),
            person("karim", "Rashid Karim", "Рашид Карим", "رشید کریم"),
        ],
        tmp_path,
    )
    assert sorted(ids(registry, name)) == wanted


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Aziz", []),
        ("Азиз", []),
        ("Salman", ["king"]),
        ("Salman bin Abdul Aziz", ["king"]),
        ("Thani", ["emir"]),
        ("Hamad", []),
    ],
)
def test_a_fathers_name_is_no_surname(tmp_path: Path, name: str, found: list[str]) -> None:
    king = {"en": (Alias("Salman bin Abdul Aziz"), Alias("King Salman")), "ru": (Alias("Салман бен Абдул Азиз"),)}
    emir = {"en": (Alias("Tamim bin Hamad"), Alias("Tamim bin Hamad Al Thani"))}
    people = [
        Entity("king", "Salman bin Abdulaziz", "actor", "person", "SA", names=king),
        Entity("emir", "Tamim bin Hamad Al Thani", "actor", "person", "QA", names=emir),
    ]
    assert ids(Registry.of(people, tmp_path), name) == found


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


def test_a_changed_watchlist_is_noticed(tmp_path: Path) -> None:
    lists, cache = tmp_path / "lists", tmp_path / "cache"
    lists.mkdir()
    file = lists / "mine.yaml"
    entry = {"id": "blue-caravan", "name": "Blue Caravan Society", "kind": "actor", "type": "organisation"}
    file.write_text(json.dumps({"title": "Mine", "entities": [entry]}), "utf-8")
    registry = Registry.open([lists], cache)
    assert registry.current() is registry
    entry["names"] = {"ru": ["Общество «Синий караван»"]}  # type: ignore[assignment]
    file.write_text(json.dumps({"title": "Mine", "entities": [entry]}), "utf-8")
    os.utime(file, ns=(1, 1))
    renewed = registry.current()
    assert renewed.version != registry.version
    assert ids(renewed, "общества синий караван") == ["blue-caravan"]
    assert ids(renewed, "Termez") == ["termez"]
    assert not renewed.stale
    (lists / "more.yaml").write_text("title: More\nentities: []\n", "utf-8")
    assert renewed.stale


def small(number: int, cache: Path) -> Registry:
    """A registry of one entity, another one for each number."""
    return Registry.of([Entity(f"town-{number}", f"Town{number}", "place", "town")], cache)


def aged(path: Path, seconds: float) -> Path:
    os.utime(path, (time.time() - seconds,) * 2)
    return path


def test_compiled_registries_that_nobody_opens_are_removed_but_the_newest(tmp_path: Path) -> None:
    registries = [small(number, tmp_path) for number in range(KEPT + 2)]
    fresh, *old = (registry.folder for registry in registries)
    for days, folder in enumerate(old, 2):
        aged(folder, days * DAY)
    elsewhere = aged(small(1, tmp_path / "elsewhere").folder, 90 * DAY)
    link = tmp_path / "entities-000000000000"
    link.symlink_to(elsewhere)
    new = small(99, tmp_path).folder
    left = {path for path in tmp_path.iterdir() if path.name.startswith("entities-")}
    assert left == {new, fresh, *old[: KEPT - 2], link}
    assert ids(registries[-1], f"Town{KEPT + 1}") == [f"town-{KEPT + 1}"]  # mapped before it was removed
    assert ids(small(KEPT + 1, tmp_path), f"Town{KEPT + 1}") == [f"town-{KEPT + 1}"]
    assert elsewhere.is_dir()


def test_registries_of_today_all_stay(tmp_path: Path) -> None:
    folders = {aged(small(number, tmp_path).folder, DAY - HOUR) for number in range(KEPT + 3)}
    assert folders | {small(99, tmp_path).folder} == set(tmp_path.iterdir())


def test_what_broken_off_work_left_is_removed_after_an_hour(tmp_path: Path) -> None:
    left, under_way, other = (tmp_path / name for name in (".entities-a-x", ".entities-b-y", "somebody's"))
    for folder in (left, under_way, other):
        folder.mkdir()
        (folder / "words.marisa").write_bytes(b"half")
    aged(left, 2 * HOUR)
    aged(other, 90 * DAY)
    new = small(1, tmp_path).folder
    assert set(tmp_path.iterdir()) == {new, under_way, other}


def test_opening_makes_a_registry_young_once_an_hour(tmp_path: Path) -> None:
    folder = small(1, tmp_path).folder
    for seconds, young in ((HOUR / 2, False), (2 * HOUR, True)):
        before = aged(folder, seconds).stat().st_mtime
        small(1, tmp_path)
        assert (folder.stat().st_mtime > before) is young


def test_a_registry_that_is_removed_while_it_is_opened_is_opened_again(
    shipped: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / shipped.folder.name).symlink_to(shipped.folder)
    opened: list[Path] = []
    init = Registry.__init__

    def removed_first(self: Registry, folder: Path, *arguments: object) -> None:
        opened.append(folder)
        if len(opened) == 1:
            folder.unlink()
        try:
            init(self, folder, *arguments)  # type: ignore[arg-type]
        except FileNotFoundError:
            folder.symlink_to(shipped.folder)  # what compiling it again would make, without its seconds
            raise

    monkeypatch.setattr(Registry, "__init__", removed_first)
    assert ids(Registry.open(cache=tmp_path), "Termez")[:1] == ["termez"]
    assert len(opened) == 2


def test_compiling_leaves_the_collector_as_it_was(tmp_path: Path) -> None:
    assert gc.isenabled()
    small(1, tmp_path)
    assert gc.isenabled()
    gc.disable()
    try:
        small(2, tmp_path)
        assert not gc.isenabled()
    finally:
        gc.enable()


# Lists that are not sound

TWO_FAULTS = """\
title: Mine
entities:
  - {id: taliban, name: Talib Union, kind: actor, type: organisation}
  - {id: b-town, name: Btown, kind: place, type: town, country: UZ, lat: 67.2, lon: 37.2}
"""


def refused(folder: Path, cache: Path) -> BadWatchlist:
    with pytest.raises(BadWatchlist) as fault:
        Registry.open([folder], cache)
    return fault.value


def test_an_unsound_list_is_refused_with_its_lines_and_at_once_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read_once: Callable[[], list[Placed]]
) -> None:
    monkeypatch.setattr("search.entities.registry.shipped_places", read_once)
    lists, cache = tmp_path / "lists", tmp_path / "cache"
    lists.mkdir()
    file = lists / "mine.yaml"
    file.write_text(TWO_FAULTS, "utf-8")
    assert not is_compiled([lists], cache)
    first = refused(lists, cache)
    assert [(p.file, p.line, p.entity, p.key) for p in first.problems] == [
        (str(file), 3, "taliban", "id"), (str(file), 4, "b-town", "lat, lon"),
    ]  # fmt: skip
    assert "also in the shipped central-asia-afghanistan.yaml:" in first.problems[0].what
    assert f"{file}:3: error: taliban, id: " in str(first)

    with monkeypatch.context() as patched:
        patched.setattr("search.entities.registry.everything", None)
        assert refused(lists, cache).problems == first.problems
        assert is_compiled([lists], cache)
    (verdict,) = cache.iterdir()
    verdict.write_text("[{", "utf-8")
    assert refused(lists, cache).problems == first.problems

    moved = lists.rename(tmp_path / "moved")
    assert {problem.file for problem in refused(moved, cache).problems} == {str(moved / "mine.yaml")}


def test_lists_that_change_while_they_are_checked_are_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists, cache = tmp_path / "lists", tmp_path / "cache"
    lists.mkdir()
    (lists / "mine.yaml").write_text("title: Mine\nentities: []\n", "utf-8")

    def broken_meanwhile(folders: object) -> list[Entity]:
        (lists / "mine.yaml").write_text("title: Mine\n", "utf-8")
        return load([lists])

    monkeypatch.setattr("search.entities.registry.everything", broken_meanwhile)
    refused(lists, cache)
    assert list(cache.iterdir()) == []


def test_the_shipped_lists_are_sound_together(read_once: Callable[[], list[Placed]]) -> None:
    problems = check_entities([Placed(place.entity, "shipped") for place in read_once()])
    assert [str(problem) for problem in problems if problem.level == "error"] == []
