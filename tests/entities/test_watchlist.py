"""Watchlists at the door: every fault is named, with its file, line, entity and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.entities.watchlist import Alias, BadWatchlist, Entity, Placed, Problem, check, load

HERE = Path(__file__).parent


def written(folder: Path, *entities: str) -> Path:
    file = folder / "list.yaml"
    file.write_text("title: Test\nentities:\n" + "".join(f"  - {{{entity}}}\n" for entity in entities), "utf-8")
    return file


def problems(folder: Path, *entities: str) -> list[Problem]:
    return check([written(folder, *entities)])


CITY = "id: a-town, name: Atown, kind: place, type: town"


def test_a_sound_list_has_no_problem_and_keeps_its_conditions() -> None:
    assert [problem for problem in check([HERE / "small-watchlist.yaml"]) if problem.level == "error"] == []
    by_id = {entity.id: entity for entity in load([HERE / "small-watchlist.yaml"])}
    assert by_id["panj"].names["fa"] == (Alias("پنج", near=("رود", "دریای")),)
    assert by_id["defence-uz"].names["uz"][0].bare
    assert by_id["shavkat-mirziyoyev"].surname


@pytest.mark.parametrize(
    ("entities", "key", "what"),
    [
        ([CITY, CITY], "id", "the id is also in"),
        ([f"{CITY}, part_of: nowhere"], "part_of", "no entity has the id"),
        (
            [f"{CITY}, part_of: b-town", "id: b-town, name: Btown, kind: place, type: town, part_of: a-town"],
            "part_of",
            "goes in a circle",
        ),
        ([f"{CITY}, lat: 91, lon: 3"], "lat, lon", "nowhere on Earth"),
        ([f"{CITY}, country: UZ, lat: 67.2, lon: 37.2"], "lat, lon", "is not in UZ"),
        ([f"{CITY}, lat: 37.2"], "lat, lon", "only one of the two"),
        ([f"{CITY}, names: {{ru: [Я]}}"], "names.ru", "one letter"),
        ([f"{CITY}, names: {{ru: [Тaшкент]}}"], "names.ru", "mixes scripts: Latin a in Cyrillic"),
        ([f"{CITY}, names: {{xx: [Atown]}}"], None, "language 'xx'"),
        ([f"{CITY}, colour: red"], "colour", "Extra inputs"),
        ([f"{CITY}, country: NO"], "country", "string"),
        (["id: x, name: Xtown, kind: place, type: person"], None, "type 'person' is none of a place"),
        ([f"{CITY}, since: 2020-01-02, until: 2019-01-02"], "since", "after until"),
        (
            [
                "id: one, name: One Army, kind: actor, type: armed group, country: AF, names: {en: [Army]}",
                "id: two, name: Two Army, kind: actor, type: armed group, country: AF, names: {en: [army]}",
            ],
            "names.en",
            "also names one",
        ),
    ],
)
def test_each_fault_is_named(tmp_path: Path, entities: list[str], key: str | None, what: str) -> None:
    found = [problem for problem in problems(tmp_path, *entities) if problem.level == "error"]
    assert [(problem.key, what in problem.what) for problem in found] == [(key, True)]
    assert found[0].line > 2
    assert found[0].remedy


@pytest.mark.parametrize(
    ("coordinates", "remedy"),
    [("lat: 67.2, lon: 37.2", "exchanged"), ("lat: -37.2, lon: 67.2", "minus"), ("lat: 3.2, lon: 6.2", "check both")],
)
def test_a_wrong_coordinate_comes_with_a_guess(tmp_path: Path, coordinates: str, remedy: str) -> None:
    (problem,) = problems(tmp_path, f"{CITY}, country: UZ, {coordinates}")
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("country: AF, names: {en: [Ministry]}", "country: UZ, names: {en: [Ministry]}"),
        (
            "country: AF, names: {en: [{name: Ministry, bare: true}]}",
            "country: AF, names: {en: [{name: Ministry, near: [army]}]}",
        ),
        (
            "country: AF, names: {en: [{name: Ministry, until: 2001-01-01}]}",
            "country: AF, names: {en: [{name: Ministry, since: 2001-01-01}]}",
        ),
    ],
)
def test_a_shared_name_that_context_can_decide_is_a_note(tmp_path: Path, first: str, second: str) -> None:
    found = problems(
        tmp_path,
        f"id: one, name: One Body, kind: actor, type: government, {first}",
        f"id: two, name: Two Body, kind: actor, type: government, {second}",
    )
    assert [problem.level for problem in found] == ["note"]


def test_names_are_compared_with_those_of_other_lists(tmp_path: Path) -> None:
    beside = Entity("known", "Army of One", "actor", "armed group", "AF")
    (problem,) = check(
        [written(tmp_path, "id: new, name: Army of One, kind: actor, type: armed group, country: AF")], [beside]
    )
    assert "known" in problem.what
    assert problem.what.endswith("in another list")


def test_what_another_list_holds_is_told_of_this_one_with_the_place_of_the_other(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        CITY,
        "id: new, name: Army of One, kind: actor, type: armed group, country: AF",
        f"{CITY}, country: UZ",
    )
    beside = [
        Placed(
            Entity("a-town", "Elsewhere", "place", "town", lat=91.0, lon=1.0), "/far/away/places.yaml", 7, shipped=True
        ),
        Placed(Entity("known", "Army of One", "actor", "armed group", "AF"), "/far/away/theirs.yaml"),
    ]
    errors = [problem for problem in check([file], beside) if problem.level == "error"]
    assert [(problem.file, problem.line, problem.entity, problem.what) for problem in errors] == [
        (str(file), 3, "a-town", "the id is also in the shipped places.yaml:7"),
        (str(file), 4, "new", "'Army of One' also names known (Army of One) in /far/away/theirs.yaml"),
        (str(file), 5, "a-town", f"the id is also in {file}:3"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "entities: [",
        "title: x",
        "- a",
        "entities: &x\n  - *x",
        "title: a\ntitle: b\nentities: []",
        "entities: [1]",
        "\0",
        "entities:\n  - {id: a, id: b}",
    ],
)
def test_what_is_no_watchlist_is_refused_with_its_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(BadWatchlist) as refused:
        load([file])
    assert {problem.file for problem in refused.value.problems} == {str(file)}


def test_bytes_that_are_no_utf_8_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    assert check([file])[0].remedy == "mend the file"


def test_a_folder_stands_for_its_lists(tmp_path: Path) -> None:
    written(tmp_path, CITY)
    (tmp_path / "notes.txt").write_text("no list", "utf-8")
    assert [entity.id for entity in load([tmp_path])] == ["a-town"]
