"""Organs and offices of states, expanded from the templates of data/organs.yaml: coverage by kind, not by case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

import yaml

from search.entities.watchlist import Alias, Entity

FILE = Path(__file__).parent / "data" / "organs.yaml"

Words = Mapping[str, Sequence[str]]
"""What stands for a brace of a frame: {"gen": ["Узбекистана", "РУз"], "adj": ["узбекск"]}."""
Names = dict[str, dict[str, Alias]]
"""Language → name → alias, in order of writing; the first alias of a name stays."""
MISSION_WORDS = 3
"""Of a state's words in a language, the first so many are used in the names of its missions: they multiply."""
ANY, PLAIN = "any", "plain"
"""Frames that hold for heads of every class; the class of heads that are given without one."""


class Frame(NamedTuple):
    """A frame with the state's words filled in: what stands before and after the organ's own words."""

    before: str
    after: str
    bare: bool


def organs(file: Path = FILE) -> list[Entity]:
    """All organs, missions and provincial bodies of the file; ValueError where it uses a key or a word it has not."""
    registry = Templates(yaml.load(file.read_text("utf-8"), yaml.CSafeLoader))
    return [*registry.organs(), *registry.missions(), *registry.provincial()]


def slug(name: str) -> str:
    """`Ministry of Defence of Uzbekistan` → `ministry-of-defence-of-uzbekistan`."""
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")


def filled(frame: str, words: Words) -> list[str]:
    """The frame with every choice of words in its braces; none where one of them has no words."""
    pattern, keys = _parts(frame)
    return [pattern % choice for choice in product(*(words.get(key, ()) for key in keys))]


@lru_cache(1024)
def _parts(frame: str) -> tuple[str, tuple[str, ...]]:
    """ "{head} of {name}" → "%s of %s", (head, name)."""
    parts = [(literal.replace("%", "%%"), key) for literal, key, _, _ in Formatter().parse(frame)]
    return "".join(literal + "%s" * bool(key) for literal, key in parts), tuple(key for _, key in parts if key)


class Templates:
    """The file's content and what it expands to."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.languages: Mapping[str, Any] = content["languages"]
        self.groups: Mapping[str, list[str]] = content["groups"]
        self.content = content
        self.words = {state: _words(forms) for state, forms in content["states"].items()}
        """State → language → words."""
        self._spellings, self._joins, self._inflected = (
            {language: rules[key] for language, rules in self.languages.items() if key in rules}
            for key in ("spellings", "joins", "inflected")
        )
        self._joins = {language: list(joins.items()) for language, joins in self._joins.items()}
        self._frames: dict[tuple[str, str, str], list[Frame]] = {}
        self._alone: dict[str, Alias] = {}
        self._canonical = {
            (organ["id"], state): self._called(organ, state)
            for organ in content["organs"]
            for state in self.holders(organ)
        }

    def holders(self, organ: Mapping[str, Any]) -> list[str]:
        """The states that have the organ."""
        without = set(self._states(organ.get("not", ())))
        return [state for state in self._states(organ.get("states", self.words)) if state not in without]

    def _states(self, given: Iterable[str]) -> Iterator[str]:
        for state in given:
            yield from self.groups.get(state, (state,))

    def _called(self, organ: Mapping[str, Any], state: str) -> str:
        special = organ.get("in", {}).get(state, {})
        name: str = special.get("name", organ["name"])
        alone = special.get("alone", organ.get("alone", False))
        return name if alone else f"{name} of {self.words[state]['en']['of'][0]}"

    # Organs

    def organs(self) -> Iterator[Entity]:
        for organ in self.content["organs"]:
            for state in self.holders(organ):
                yield self._organ(organ, state, organ.get("in", {}).get(state, {}))

    def _organ(self, organ: Mapping[str, Any], state: str, special: Mapping[str, Any]) -> Entity:
        canonical = self._called(organ, state)
        names: Names = {}
        for written in (special, organ):
            for language, heads in written.get("names", {}).items():
                self._add(names, language, heads, bare=False)
            for key in ("unique", "heads", "framed"):
                for language, classes in written.get(key, {}).items():
                    self._add_heads(names, language, state, classes, key)
        for written in (special, organ):
            for language, heads in written.get("bare", {}).items():
                self._add(names, language, heads, bare=True)
            for language, classes in written.get("heads", {}).items():
                for heads in _classes(classes).values():
                    self._add(names, language, heads, bare=True)
        for language, name in product(names, organ.get("without", ())):
            names[language].pop(name, None)
        return Entity(
            id=slug(canonical),
            name=canonical,
            kind="actor",
            type=organ.get("type", "government"),
            country=state,
            part_of=self._whole(special.get("part_of", organ.get("part_of")), state),
            since=special.get("since", organ.get("since")),
            until=special.get("until", organ.get("until")),
            names=_listed(names),
        )

    def _whole(self, organ: str | None, state: str) -> str | None:
        """Id of the organ of that state which another is part of, if the state has one."""
        canonical = self._canonical.get((organ, state)) if organ else None
        return slug(canonical) if canonical else None

    def _add(self, names: Names, language: str, heads: Sequence[str], bare: bool) -> None:
        """Names as they stand; those in short capitals also with the endings that the language puts on them."""
        of_language = names.setdefault(language, {})
        inflected = self._inflected.get(language, {})
        for name in self._spelt(language, heads):
            if name not in of_language:
                of_language[name] = self._bare(name) if bare else Alias(name)
            for form in inflected.get(name, ()):
                of_language.setdefault(form, Alias(form, exact=True, bare=bare))

    def _bare(self, name: str) -> Alias:
        """The same alias for all states that share the name."""
        return self._alone.setdefault(name, Alias(name, bare=True))

    def _add_heads(self, names: Names, language: str, state: str, classes: Any, key: str) -> None:
        of_language = names.setdefault(language, {})
        for name, heads in _classes(classes).items():
            if key == "unique":
                self._add(names, language, heads, bare=False)
            frames = self.frames(state, language, name)
            for head in self._spelt(language, heads):
                for before, after, bare in frames:
                    framed = self._joined(language, f"{before}{head}{after}")
                    if framed not in of_language:
                        of_language[framed] = Alias(framed, bare=bare)

    def _spelt(self, language: str, heads: Sequence[str]) -> Sequence[str]:
        """The heads, and those that can be spelt otherwise (Defence, Defense) a second time."""
        spellings = self._spellings.get(language)
        if not spellings:
            return heads
        others = (" ".join(spellings.get(word, word) for word in head.split(" ")) for head in heads)
        return list(dict.fromkeys([*heads, *others]))

    def _joined(self, language: str, name: str) -> str:
        """The name with what changes where words meet in the language."""
        for wrong, right in self._joins.get(language, ()):
            name = name.replace(wrong, right)
        return name

    def frames(self, state: str, language: str, name: str) -> list[Frame]:
        """The frames of a language for heads of a class, with the words of the state."""
        at = (state, language, name)
        if at not in self._frames:
            self._frames[at] = list(self._filled_frames(*at))
        return self._frames[at]

    def _filled_frames(self, state: str, language: str, name: str) -> Iterator[Frame]:
        words = self.words[state].get(language, {})
        for key, bare in (("frames", False), ("bare_frames", True)):
            given = self.languages[language].get(key, {})
            if key == "frames" and not given.keys() & {ANY, name}:
                raise ValueError(f"language {language} has no frames for heads of class {name!r}")
            for frame in dict.fromkeys([*given.get(ANY, ()), *given.get(name, ())]):
                for text in filled(frame, {**words, "head": ["\0"]}):
                    before, after = text.split("\0")
                    yield Frame(before, after, bare)

    # Missions

    def missions(self) -> Iterator[Entity]:
        """Of every state in every capital but its own, and where the file says there is or was one."""
        for mission in self.content["missions"]:
            for city in mission.get("capitals", ()):
                for state in self.words:
                    if state != self.content["cities"][city]["country"]:
                        yield self._mission(mission, state, self.content["cities"][city])
            for city, states in mission.get("at", {}).items():
                for state in states:
                    yield self._mission(mission, state, self.content["cities"][city])

    def _mission(self, mission: Mapping[str, Any], state: str, city: Mapping[str, Any]) -> Entity:
        """Its country is the host's: "the US Embassy" alone is the one in the country that the text is about."""
        of = self.words[state]["en"]["of"][0].removeprefix("the ")
        spoken = of if of == "United States" else self.words[state]["en"]["adj"][0]
        canonical = f"{spoken} {mission['name']} in {city['name']}"
        names: Names = {}
        for key in ("frames", "bare"):
            for language, frames in mission.get(key, {}).items():
                words = {key: forms[:MISSION_WORDS] for key, forms in self.words[state].get(language, {}).items()}
                words["at"] = city["at"].get(language, ())
                words["city"] = words["at"][:1]
                for frame in frames:
                    found = [self._joined(language, name) for name in filled(frame, words)]
                    self._add(names, language, found, bare=key == "bare")
        return Entity(
            id=slug(f"{of} {mission['name']} in {city['name']}"),
            name=canonical,
            kind="actor",
            type="government",
            country=city["country"],
            part_of=self._whole(mission["part_of"], state),
            names=_listed(names),
        )

    # Provinces

    def provincial(self) -> Iterator[Entity]:
        for organ in self.content["regional"]:
            for state, provinces in self.content["provinces"].items():
                for province in provinces if state in organ else ():
                    yield self._provincial(organ[state], province, state, self._whole(organ.get("part_of"), state))

    def _provincial(
        self, organ: Mapping[str, Any], province: Mapping[str, Any], state: str, whole: str | None
    ) -> Entity:
        canonical = organ["name"].replace("{p}", province["name"])
        names: Names = {}
        for language, frames in organ.items():
            if language != "name":
                for frame in frames:
                    self._add(names, language, filled(frame, {"p": province[language]}), bare=False)
        return Entity(slug(canonical), canonical, "actor", "government", state, whole, names=_listed(names))


def _words(forms: Mapping[str, Any]) -> dict[str, Words]:
    """A plain list of words is {name}."""
    return {language: {"name": given} if isinstance(given, list) else given for language, given in forms.items()}


def _classes(heads: Any) -> dict[str, list[str]]:
    return {PLAIN: heads} if isinstance(heads, list) else heads


def _listed(names: Names) -> dict[str, tuple[Alias, ...]]:
    return {language: tuple(aliases.values()) for language, aliases in names.items() if aliases}
