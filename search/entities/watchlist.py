"""Watchlists: YAML files in which analysts keep actors and places, read and validated at the door."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from search.analysis import folded_words, surfaces

Kind = Literal["actor", "place"]
TYPES: dict[Kind, tuple[str, ...]] = {
    "actor": ("person", "armed group", "government", "party", "organisation", "media", "company", "project"),
    "place": (
        "country", "province", "district", "city", "town", "village", "river", "canal", "lake", "sea", "region",
        "valley", "pass", "mountain", "border crossing", "bridge", "base", "airport", "neighbourhood",
    ),
}  # fmt: skip
LANGUAGES = ("en", "ru", "fa", "ps", "uz", "uz-Cyrl", "ky", "kk", "kk-Latn", "tg", "tr", "ar", "tk", "zh", "ur", "az")
LARGEST = 32 << 20
"""Bytes of a watchlist file that are read."""
MOST_LETTERS = 200
"""Characters of a name."""


@dataclass(frozen=True, slots=True)
class Alias:
    """One name of an entity in one language, with the conditions under which it stands for it."""

    name: str
    exact: bool = False
    """Only these very letters, in this case, without endings."""
    near: tuple[str, ...] = ()
    """Only where one of these words stands within five words before or after."""
    bare: bool = False
    """A name that many countries have (Defence Ministry): holds for the country in context."""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """An actor or a place with all its names."""

    id: str
    name: str
    """Canonical, English."""
    kind: Kind
    type: str
    country: str | None = None
    """ISO 3166-1 alpha-2."""
    part_of: str | None = None
    """Id of what it is an organ, a branch or a district of."""
    position: str | None = None
    """Of a person: press secretary of the president."""
    lat: float | None = None
    lon: float | None = None
    since: date | None = None
    until: date | None = None
    surname: bool = False
    """Of a person: the surname alone names it, in any text."""
    population: int | None = None
    names: Mapping[str, tuple[Alias, ...]] = field(default_factory=dict)
    """Language (one of LANGUAGES) → names, as a newspaper writes them in the nominative."""

    def aliases(self) -> Iterator[tuple[str, Alias]]:
        """(language, alias), the canonical name first."""
        yield "en", Alias(self.name)
        for language, names in self.names.items():
            for alias in names:
                if (language, alias) != ("en", Alias(self.name)):
                    yield language, alias


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a watchlist, and what to do about it. A note is worth a look and stops nothing."""

    file: str
    line: int
    """Of the entity, from 1; 0 where no line is to blame."""
    entity: str | None
    key: str | None
    what: str
    remedy: str
    level: Literal["error", "note"] = "error"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        about = ", ".join(filter(None, (self.entity, self.key)))
        return f"{where}: {self.level}: {f'{about}: ' if about else ''}{self.what} ({self.remedy})"


class BadWatchlist(ValueError):
    """A watchlist that cannot be used; `problems` says why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AliasEntry(_Strict):
    """A name with conditions, as YAML has it."""

    name: str = Field(min_length=1, max_length=MOST_LETTERS)
    exact: bool = False
    near: list[str] = []
    bare: bool = False
    since: date | None = None
    until: date | None = None

    def alias(self) -> Alias:
        return Alias(self.name, self.exact, tuple(self.near), self.bare, self.since, self.until)


class EntityEntry(_Strict):
    """One entity, as YAML has it."""

    id: str = Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=120)
    name: str = Field(min_length=1, max_length=MOST_LETTERS)
    kind: Kind
    type: str
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    part_of: str | None = None
    position: str | None = None
    lat: float | None = None
    lon: float | None = None
    since: date | None = None
    until: date | None = None
    surname: bool = False
    population: int | None = None
    names: dict[str, list[str | AliasEntry]] = {}

    @model_validator(mode="after")
    def _type_fits_kind(self) -> EntityEntry:
        if self.type not in TYPES[self.kind]:
            raise ValueError(f"type {self.type!r} is none of a {self.kind}: {', '.join(TYPES[self.kind])}")
        for language in self.names:
            if language not in LANGUAGES:
                raise ValueError(f"names: language {language!r} is none of {', '.join(LANGUAGES)}")
        return self

    def entity(self) -> Entity:
        names = {language: tuple(map(_alias, given)) for language, given in self.names.items()}
        return Entity(**{**{key: getattr(self, key) for key in type(self).model_fields}, "names": names})


def _alias(given: str | AliasEntry) -> Alias:
    return Alias(given) if isinstance(given, str) else given.alias()


def load(paths: Iterable[Path | str]) -> list[Entity]:
    """The entities of these files, or of all `*.yaml` in them where they are folders; BadWatchlist if one is not sound.

    What only all lists together can tell (duplicates, unknown part_of) is for `check`.
    """
    problems: list[Problem] = []
    entities = [place.entity for place in read(paths, problems)]
    if problems:
        raise BadWatchlist(problems)
    return entities


def check(paths: Iterable[Path | str], beside: Iterable[Placed | Entity] = ()) -> list[Problem]:
    """Everything that is wrong or doubtful in these watchlists, also against the entities `beside` them."""
    return checked(paths, beside)[1]


def checked(paths: Iterable[Path | str], beside: Iterable[Placed | Entity] = ()) -> tuple[list[Placed], list[Problem]]:
    """The entities of these watchlists that can be read, and what `check` says."""
    problems: list[Problem] = []
    placed = list(read(paths, problems))
    others = [replace(other, beside=True) if isinstance(other, Placed) else Placed(other) for other in beside]
    problems += check_entities([*placed, *others])
    return placed, sorted(problems, key=lambda problem: (problem.level, problem.file, problem.line, problem.what))


def read(paths: Iterable[Path | str], problems: list[Problem]) -> Iterator[Placed]:
    """The entities of these files with their places; what cannot be read goes to `problems`."""
    for file in files(paths):
        try:
            content = _parsed(file)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError) as fault:
            mark = getattr(fault, "problem_mark", None)
            what = " ".join(str(getattr(fault, "problem", None) or fault).split())
            problems.append(Problem(str(file), mark.line + 1 if mark else 0, None, None, what, "mend the file"))
            continue
        yield from _entries(str(file), content, problems)


def files(paths: Iterable[Path | str]) -> list[Path]:
    """The watchlist files meant: a folder stands for all `*.yaml` and `*.yml` in it, in order of name."""
    found: list[Path] = []
    for path in map(Path, paths):
        found += sorted(p for p in path.iterdir() if p.suffix in (".yaml", ".yml")) if path.is_dir() else [path]
    return found


@dataclass(frozen=True, slots=True)
class Placed:
    """An entity and where it is written."""

    entity: Entity
    file: str = ""
    line: int = 0
    shipped: bool = False
    """It comes with the package."""
    beside: bool = False
    """Only compared with: what is wrong with it is not asked."""

    @property
    def told(self) -> bool:
        """Whether problems of it are told; of one that is in no file none are."""
        return bool(self.file) and not self.beside

    @property
    def where(self) -> str:
        """The place for a sentence."""
        if not self.file:
            return "another list"
        file = f"the shipped {Path(self.file).name}" if self.shipped else self.file
        return f"{file}:{self.line}" if self.line else file

    def problem(self, key: str | None, what: str, remedy: str, level: Literal["error", "note"] = "error") -> Problem:
        return Problem(self.file, self.line, self.entity.id, key, what, remedy, level)


# Reading


class _Loader(yaml.CSafeLoader):
    """Keeps the line of each mapping under _LINE and refuses a key given twice (YAML's last one would win silently)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise yaml.constructor.ConstructorError(None, None, f"key {twice!r} is given twice", node.start_mark)
        return {**super().construct_mapping(node, deep=True), _LINE: node.start_mark.line + 1}


_LINE = "\0line"
_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.construct_mapping)


def _parsed(file: Path) -> Any:
    if file.stat().st_size > LARGEST:
        raise ValueError(f"larger than {LARGEST >> 20} MiB")
    text = file.read_text("utf-8")
    if "&" in text and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.CSafeLoader)):
        raise ValueError("YAML anchors and references (&x, *x) are not taken")
    return yaml.load(text, _Loader)


def _entries(file: str, content: Any, problems: list[Problem]) -> Iterator[Placed]:
    entries = content.get("entities") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        problems.append(Problem(file, 0, None, "entities", "no list of entities", "write `entities:` and a list"))
        return
    for key in content.keys() - {"title", "entities", _LINE}:
        problems.append(Problem(file, 0, None, str(key), "unknown key", "keys are title, entities"))
    for number, entry in enumerate(entries, 1):
        line = entry.get(_LINE, 0) if isinstance(entry, dict) else 0
        try:
            yield Placed(EntityEntry.model_validate(_without_lines(entry)).entity(), file, line)
        except ValidationError as fault:
            name = str(entry.get("id", f"entity {number}")) if isinstance(entry, dict) else f"entity {number}"
            problems += [_invalid(file, line, name, error) for error in fault.errors()]


def _without_lines(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_lines(part) for key, part in value.items() if key != _LINE}
    return [_without_lines(part) for part in value] if isinstance(value, list) else value


def _invalid(file: str, line: int, name: str, error: Any) -> Problem:
    key = ".".join(str(part) for part in error["loc"] if not str(part).startswith("Alias")) or None
    given = error["input"]
    if isinstance(given, bool) and "string" in error["type"]:
        remedy = "put it in quotes: YAML reads NO, on, yes as true or false"
    elif error["type"] == "extra_forbidden":
        remedy = "leave it out, or mend its spelling"
    else:
        remedy = f"given: {given!r}"[:200] if not isinstance(given, dict) else "mend it"
    return Problem(file, line, name, key, error["msg"].removeprefix("Value error, "), remedy)


# Checking


def check_entities(placed: Sequence[Placed]) -> Iterator[Problem]:
    """The problems of entities that are told of, given all entities they must agree with."""
    by_id = defaultdict(list)
    for place in placed:
        by_id[place.entity.id].append(place)
    yield from _duplicate_ids(by_id)
    yield from _part_of(by_id)
    for place in placed:
        if place.told:
            yield from _coordinates(place)
            yield from _names(place)
            yield from _dates(place)
    yield from _duplicate_aliases(placed)


def _duplicate_ids(by_id: Mapping[str, Sequence[Placed]]) -> Iterator[Problem]:
    for same in by_id.values():
        first, *others = same
        for other in others:
            place, rival = (other, first) if other.told else (first, other)
            if place.told:
                yield place.problem("id", f"the id is also in {rival.where}", "give one of them another id")


def _part_of(by_id: Mapping[str, Sequence[Placed]]) -> Iterator[Problem]:
    for place, *_ in by_id.values():
        whole = place.entity.part_of
        if not place.told or whole is None:
            continue
        if whole not in by_id:
            yield place.problem("part_of", f"no entity has the id {whole!r}", "mend the id, or add the entity")
        elif (cycle := _cycle(place.entity.id, by_id)) and place.entity.id == min(cycle):
            yield place.problem("part_of", f"goes in a circle: {' → '.join(cycle)}", "cut the circle")


def _cycle(start: str, by_id: Mapping[str, Sequence[Placed]]) -> list[str]:
    seen = [start]
    at = by_id[start][0].entity.part_of
    while at is not None and at in by_id and at not in seen:
        seen.append(at)
        at = by_id[at][0].entity.part_of
    return [*seen, start] if at == start else []


BOXES: dict[str, tuple[float, float, float, float]] = {
    "AF": (29.3, 38.6, 60.4, 75.0), "AM": (38.8, 41.4, 43.4, 46.7), "AZ": (38.3, 42.0, 44.7, 50.6),
    "BD": (20.5, 26.7, 88.0, 92.8), "BY": (51.2, 56.2, 23.1, 32.8), "CN": (17.5, 53.7, 73.4, 135.2),
    "GE": (41.0, 43.7, 39.9, 46.8), "IN": (6.5, 37.1, 68.1, 97.5), "IQ": (29.0, 37.4, 38.7, 48.7),
    "IR": (25.0, 39.9, 44.0, 63.4), "KG": (39.1, 43.3, 69.2, 80.3), "KZ": (40.5, 55.5, 46.4, 87.4),
    "MN": (41.5, 52.2, 87.7, 120.0), "PK": (23.6, 37.2, 60.8, 77.9), "QA": (24.4, 26.3, 50.7, 51.7),
    "SA": (16.3, 32.2, 34.5, 55.7), "SY": (32.3, 37.4, 35.6, 42.4), "TJ": (36.6, 41.1, 67.3, 75.2),
    "TM": (35.1, 42.9, 52.4, 66.7), "TR": (35.8, 42.2, 25.6, 44.9), "UA": (44.3, 52.4, 22.1, 40.3),
    "AE": (22.6, 26.2, 51.5, 56.5), "UZ": (37.1, 45.7, 55.9, 73.2),
}  # fmt: skip
"""Country → south, north, west, east in degrees; countries whose places lie outside one box are not here."""
_MARGIN = 0.5


def _coordinates(place: Placed) -> Iterator[Problem]:
    lat, lon, country = place.entity.lat, place.entity.lon, place.entity.country
    if (lat is None) != (lon is None):
        yield place.problem("lat, lon", "only one of the two is given", "give both or none")
    if lat is None or lon is None:
        return
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        yield place.problem("lat, lon", f"{lat}, {lon} is nowhere on Earth", "lat is -90 to 90, lon -180 to 180")
    elif country in BOXES and not _inside(lat, lon, country):
        hint = "check both"
        if _inside(lon, lat, country):
            hint = "lat and lon are exchanged"
        elif _inside(abs(lat), abs(lon), country):
            hint = "leave out the minus sign"
        yield place.problem("lat, lon", f"{lat}, {lon} is not in {country}", hint)


def _inside(lat: float, lon: float, country: str) -> bool:
    south, north, west, east = BOXES[country]
    return south - _MARGIN <= lat <= north + _MARGIN and west - _MARGIN <= lon <= east + _MARGIN


def _dates(place: Placed) -> Iterator[Problem]:
    dated: list[tuple[str, Entity | Alias]] = [("since", place.entity)]
    dated += [(f"names.{language}", alias) for language, alias in place.entity.aliases()]
    for key, named in dated:
        if named.since and named.until and named.since > named.until:
            yield place.problem(key, f"since {named.since} is after until {named.until}", "exchange them")


def _names(place: Placed) -> Iterator[Problem]:
    for language, alias in place.entity.aliases():
        key = f"names.{language}"
        letters = [letter for letter in alias.name if letter.isalnum()]
        if len(letters) < 2 and not _is_han(alias.name):
            yield place.problem(key, f"{alias.name!r} has one letter or none", "write the name out")
        for word in surfaces(alias.name):
            if mixed := _mixed(word.group()):
                yield place.problem(key, f"{word.group()!r} mixes scripts: {mixed}", "type it again in one script")


def _is_han(name: str) -> bool:
    return any("\u3400" <= letter <= "\u9fff" for letter in name)


def _mixed(word: str) -> str:
    """`Latin a in Cyrillic` where one word has letters of two scripts; "" where it has one."""
    if word.isascii():
        return ""
    scripts = defaultdict(list)
    for letter in word:
        if letter.isalpha():
            scripts[_script_name(letter)].append(letter)
    scripts.pop("", None)
    if len(scripts) < 2:
        return ""
    few, *_, most = sorted(scripts, key=lambda name: len(scripts[name]))
    return f"{few} {' '.join(scripts[few])} in {most}"


@lru_cache(1 << 12)  # letters: of a long list each comes thousands of times
def _script_name(letter: str) -> str:
    name = unicodedata.name(letter, "")
    return next((s for s in ("LATIN", "CYRILLIC", "GREEK", "ARABIC", "ARMENIAN") if name.startswith(s)), "").title()


def alias_key(alias: Alias) -> str:
    """What two aliases share if nobody can tell them apart: folded words, or the very letters of an exact one."""
    short = exact_by_default(alias.name)
    return f"={alias.name}" if alias.exact or short else " ".join(folded_words(alias.name))


_SHORT_CAPITALS = re.compile(r"^[^\W\d_]{2,3}$")


def exact_by_default(name: str) -> bool:
    """Two or three letters, all capital (IS, ИГ): taken only as they stand."""
    return bool(_SHORT_CAPITALS.match(name)) and name == name.upper() and name != name.lower()


def _duplicate_aliases(placed: Sequence[Placed]) -> Iterator[Problem]:
    holders: dict[tuple[Kind, str], dict[int, tuple[Placed, str, Alias]]] = defaultdict(dict)
    for number, place in enumerate(placed):
        for language, alias in place.entity.aliases():
            holders[place.entity.kind, alias_key(alias)].setdefault(number, (place, language, alias))
    for same in holders.values():
        if len(same) > 1 and any(place.told for place, _, _ in same.values()):
            yield from _shared(list(same.values()))


def _shared(holders: Sequence[tuple[Placed, str, Alias]]) -> Iterator[Problem]:
    """One problem for each holder after the first, told against the one it can least be told from."""
    for number, (place, language, alias) in enumerate(holders[1:], 1):
        others = [(other, given) for other, _, given in holders[:number] if other.entity.id != place.entity.id]
        if not others:
            continue
        clashing = next((o for o, given in others if not _decidable(place, alias, o, given)), None)
        other = clashing or others[0][0]
        subject, rival = (place, other) if place.told else (other, place)
        if subject.told:
            what = f"{alias.name!r} also names {rival.entity.id} ({rival.entity.name}) in {rival.where}"
            yield subject.problem(
                f"names.{language}",
                what,
                "give both a condition (near, bare), or take it from one" if clashing else "context decides",
                "error" if clashing else "note",
            )


def _decidable(a: Placed, a_alias: Alias, b: Placed, b_alias: Alias) -> bool:
    """Whether context can tell them apart: conditions on both, other country, type or whole, or other years."""
    conditions = all(alias.near or alias.bare for alias in (a_alias, b_alias))
    first, second = a.entity, b.entity
    elsewhere = (
        first.kind == "place" and first.part_of != second.part_of and None not in (first.part_of, second.part_of)
    )
    return (
        conditions
        or first.country != second.country
        or first.type != second.type
        or elsewhere
        or _apart(a_alias, b_alias)
        or _apart(first, second)
    )


def _apart(a: Alias | Entity, b: Alias | Entity) -> bool:
    return bool((a.until and b.since and a.until <= b.since) or (b.until and a.since and b.until <= a.since))
