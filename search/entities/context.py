"""What a name means here: readings are weighed against the rest of the text, and each mention says what decided."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property, lru_cache
from typing import Any, NamedTuple

from search.analysis import base_language, fold, script, surfaces
from search.entities.keys import keys
from search.entities.matching import Match, Reading, Scan, foreign
from search.entities.registry import (
    BARE,
    CAPITALS,
    DATED,
    DERIVED,
    FAMILY,
    LOWER,
    NEAR,
    SURNAME,
    Ordinary,
    Registry,
    from_gazetteer,
    ordinary_words,
    prominence,
    read_yaml,
)
from search.entities.transliterate import given
from search.entities.watchlist import LANGUAGES, Entity
from search.stems import uzbek_key

LEAST = 0.35
"""Confidence below which a reading is not given."""
TIMELY = 2.0
"""What it weighs that an entity had its name on the day of the text, and another of this name not."""
ENOUGH = 6
"""Countries and places of a text from which on their shares count in full."""
LEAST_SHARE = 0.2
"""Share of the text's countries that one must have for a body's name without its country to be its own."""
NEAR_WORDS = 5
"""Words before and after within which a condition's cue may stand."""
LEAD_WORDS = 40
"""Words at the beginning of the text in which a cue for a name in the title may stand."""
NEARBY = 300
"""Kilometres from another place of the text within which a place is likely to be meant."""
ONE_PLACE = 150
"""Kilometres within which a city, its district and its province lie."""
SHORTEST_ALONE = 4
"""Letters from which on a name is taken for a place that nothing else in the text points to."""

_BORDERS = {
    "AF": frozenset(("UZ", "TJ", "TM", "PK", "IR", "CN")),
    "UZ": frozenset(("AF", "KG", "KZ", "TJ", "TM")),
    "TJ": frozenset(("AF", "UZ", "KG", "CN")),
    "KG": frozenset(("UZ", "TJ", "KZ", "CN")),
    "KZ": frozenset(("UZ", "KG", "TM", "CN")),
    "TM": frozenset(("AF", "UZ", "KZ", "IR")),
    "PK": frozenset(("AF", "IR", "CN")),
    "IR": frozenset(("AF", "TM", "PK")),
    "CN": frozenset(("AF", "TJ", "KG", "KZ", "PK")),
}
"""Neighbours within the region."""
_WRITTEN = frozenset(language.split("-")[0] for language in LANGUAGES)
"""Languages whose ways with capitals and ordinary words are known; German, say, has a capital for every noun."""
_HONORIFICS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "prof",
        "sir",
        "господин",
        "госпожа",
        "господина",
        "janob",
        "жаноб",
        "sayın",
        "bay",
    ]
)
_BARE_NAMES = ("en", "tr")
"""Languages in which an ending of a name stands after an apostrophe."""
_FAMILY_ENDING = re.compile("(?:[oe]va?|[ое]ва?|zai|зай)$")

_FACILITIES = ("airport", "base", "bridge", "border crossing")
"""Things named after a place that is meant too: Kabul airport."""
_PERSIAN = ("fa", "ps", "ur")
_HOME = {"uz": "UZ", "ky": "KG", "kk": "KZ", "tg": "TJ", "ps": "AF", "tr": "TR"}
_SAME_TYPE = {"town": "city", "neighbourhood": "city"}
_BEFORE_ONLY = ("fa", "ar", "tg")
"""Languages in which the type word comes before the name."""
_AFTER_ONLY = ("uz", "ky", "kk", "tr")

_LOCATIVE_ENDING = {
    "uz": re.compile("(?:da|dagi|ga|dan|да|даги|га|дан|қа|ка)$"),
    "ky": re.compile("[дт][аеоө](?:гы|ги|гу|гү|н)?$"),
    "kk": re.compile("[дт][ае](?:ғы|гі|н)?$"),
    "tr": re.compile("['’][dt][ae](?:n|ki)?$"),
}


@cache
def around() -> Mapping[str, Any]:
    """The words around names: data/around.yaml."""
    content: Mapping[str, Any] = read_yaml("around.yaml")
    return content


@lru_cache(1 << 12)
def _is_event(word: str) -> bool:
    """Whether a word says that something happens."""
    return word.lower().startswith(_event_beginnings())


@cache
def _event_beginnings() -> tuple[str, ...]:
    return tuple(begin for group in around()["events"] for begin in group)


_DATELINE = re.compile(
    r"(?:,[^\S\n]?[^,.\n]{1,30}){0,2}[^\S\n]?(?:\([^)\n]{1,40}\))?[^\S\n]?(?:,?[^\S\n]?\d{1,2}[^\S\n]\w{1,12}\.?[^\S\n]?)?"
    r"(?:[—–―]|--|[^\S\n]-[^\S\n]|[/:])"
)
_INFLECTED = re.compile("['’]")
"""In a word before a name it is an ending, and the word no given name: Nisan'da Hayratan."""
_SENTENCE_END = re.compile(r"[.!?…؟۔»:\n]\s*[\"“„«'‘(\[–—-]*\s*$")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a match means."""

    match: Match
    entity: Entity
    confidence: float
    reason: str


class Weight(NamedTuple):
    """What speaks for one entity at a match."""

    score: float
    why: tuple[float, str]
    """The strongest reason, and what it weighs."""
    reading: Reading
    own: bool = False
    """Whether a name of it that holds without conditions is spelled as the text has it."""


class Weighed(NamedTuple):
    """A match with what speaks for each entity that it can mean."""

    match: Match
    kind: str | None
    """The type that a word beside it names."""
    weights: Mapping[str, Weight]
    group: Hashable
    """The same for matches that can mean the same and are spelled in as many words."""


class Surroundings:
    """What the text as a whole says of countries and places, gathered from names that have one meaning."""

    def __init__(self, matches: Iterable[Match], country: str | None, registry: Registry) -> None:
        self.registry, self.country = registry, country
        self.countries: Counter[str] = Counter()
        self.positions: dict[str, list[int]] = defaultdict(list)
        self.ids: set[str] = set()
        self.points: dict[str, tuple[float, float]] = {}
        self._distances: dict[str, float | None] = {}
        for match in matches:
            self._learn(match)

    def _learn(self, match: Match) -> None:
        entities = {
            reading.record.entity: reading for reading in match.readings if not reading.record.flags & (NEAR | BARE)
        }
        sure = [self.registry.facts(number) for number in entities]
        if len({entity.id for entity in sure}) != 1 or prominence(sure[0]) < 2.5:
            return
        entity = sure[0]
        self.ids.add(entity.id)
        if entity.country:
            self.countries[entity.country] += 3 if entity.type == "country" else 1
            self.positions[entity.country].append(match.start if match.field == "text" else -1)
        if entity.lat is not None and entity.lon is not None and entity.type != "country":
            self.points[entity.id] = (entity.lat, entity.lon)

    @cached_property
    def total(self) -> int:
        return sum(self.countries.values())

    def share(self, country: str | None) -> float:
        """How much of what is known of the text's places is of a country, 0 to 1."""
        return self.countries[country] / self.total if country and self.total else 0.0

    def near(self, entity: Entity) -> bool:
        """Whether the outlet or the text is of a country beside the entity's, or names a place near it."""
        beside = _BORDERS.get(entity.country or "", frozenset())
        distance = self.distance(entity)
        return (
            self.country in beside
            or any(self.countries[country] for country in beside)
            or (distance is not None and distance <= NEARBY)
        )

    def distance(self, entity: Entity) -> float | None:
        """Kilometres to the nearest other place of the text; None where nothing is known."""
        if entity.lat is None or entity.lon is None:
            return None
        if entity.id not in self._distances:
            self._distances[entity.id] = self._nearest(entity.id, entity.lat, entity.lon)
        return self._distances[entity.id]

    def _nearest(self, own: str, lat: float, lon: float) -> float | None:
        others = [point for id, point in self.points.items() if id != own]
        return min((kilometres(lat, lon, *point) for point in others[:50]), default=None)


def kilometres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Distance on a sphere of 6,371 km."""
    a, b = math.radians(lat), math.radians(other_lat)
    part = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 12742 * math.asin(math.sqrt(min(1.0, part)))


class Weighing:
    """Decides the matches of one text."""

    def __init__(
        self,
        scans: Sequence[Scan],
        surroundings: Surroundings,
        language: str | None,
        registry: Registry,
        on: date | None = None,
    ) -> None:
        """`on`: the day the text is of."""
        self.scans = {scan.field: scan for scan in scans}
        self.around, self.registry, self.on = surroundings, registry, on
        self.language = language
        self.base = base_language(language)
        self.foreign = foreign(self.base)
        self.ordinary = ordinary_words(language)
        self._typed: dict[int, set[str]] = defaultdict(set)
        """Node → entities that a type word has decided for."""
        self._weighed: dict[tuple[str, str | None, tuple[Reading, ...]], Weighed] = {}
        self._by_first: dict[tuple[str, int], Match] = {}
        self._by_last: dict[tuple[str, int], Match] = {}

    def decide(self, matches: Sequence[Match]) -> list[Decision]:
        """The meaning of each match that has one, in order.

        What is spelled in one way means one thing in a text, where no type word says otherwise.
        """
        for match in matches:
            self._by_first[match.field, match.first] = self._by_last[match.field, match.last] = match
            self._learn_types(match)
        weighed = [self.weigh(match) for match in matches]
        means = self._means(weighed)
        _one_spelling_each(means, weighed)
        return [decision for one in weighed if (decision := self._decided(one, means.get(one.group, {})))]

    def decision(self, match: Match) -> Decision | None:
        """The meaning of one match by itself."""
        return self._decided(self.weigh(match), {})

    def _learn_types(self, match: Match) -> None:
        if len(match.readings) > 1 and (kind := self.type_word(match)):
            for reading in match.readings:
                entity = self.registry.facts(reading.record.entity)
                if _SAME_TYPE.get(entity.type, entity.type) == kind:
                    self._typed[reading.node].add(entity.id)

    def weigh(self, match: Match) -> Weighed:
        """What speaks for each entity; the same for the same readings, if none depends on what stands around it."""
        kind = self.type_word(match)
        around = any(reading.record.flags & (NEAR | BARE) for reading in match.readings)
        known = (self._surface(match), kind, match.readings)
        if around or (weighed := self._weighed.get(known)) is None:
            self._weighed[known] = weighed = self._weigh_all(match, kind)
        return weighed._replace(match=match)

    def _weigh_all(self, match: Match, kind: str | None) -> Weighed:
        best: dict[str, Weight] = {}
        for reading in match.readings:
            weight = self._weigh(match, reading, kind)
            if weight is not None:
                entity = self.registry.facts(reading.record.entity)
                before = best.get(entity.id, weight)
                own = weight.own or before.own
                best[entity.id] = max(weight, before, key=lambda one: one.score)._replace(own=own)
        return Weighed(match, kind, self._timely(match, best), (frozenset(best), match.last - match.first))

    def _timely(self, match: Match, weights: dict[str, Weight]) -> dict[str, Weight]:
        """The weights, more for what had the name on the day of the text where another one had not.

        Old names stay in use: one that nobody else has means the same on any day.
        """
        if self.on is None or not any(reading.record.flags & DATED for reading in match.readings):
            return weights
        holding = (reading.record for reading in match.readings if self.registry.holds(reading.record, self.on))
        had = {self.registry.facts(record.entity).id for record in holding} & weights.keys()
        if len(had) == len(weights):
            return weights
        why = TIMELY, f"had this name on {self.on}"
        return weights | {
            id: weights[id]._replace(score=weights[id].score + TIMELY, why=max(weights[id].why, why)) for id in had
        }

    @staticmethod
    def _means(weighed: Iterable[Weighed]) -> dict[Hashable, dict[str, float]]:
        """Mean score of each entity over the matches of a spelling that have no type word beside them."""
        groups: dict[Hashable, list[Weighed]] = defaultdict(list)
        for one in weighed:
            if len(one.weights) > 1 and not one.kind:
                groups[one.group].append(one)
        return {
            group: {id: sum(one.weights[id].score for one in members) / len(members) for id in members[0].weights}
            for group, members in groups.items()
        }

    def _decided(self, weighed: Weighed, means: Mapping[str, float]) -> Decision | None:
        if not weighed.weights:
            return None
        scores = {id: weight.score for id, weight in weighed.weights.items()}
        if not weighed.kind:
            scores.update(means)
        best, *others = sorted(scores, key=lambda id: (-scores[id], id))
        margin = scores[best] - scores[others[0]] if others else None
        match, weight = weighed.match, weighed.weights[best]
        record = weight.reading.record
        entity = self.registry.facts(record.entity)
        confidence = self._confidence(match, weight.reading, entity, margin, weighed.kind)
        if confidence < LEAST:
            return None
        reason = weight.why[1] or ("full name" if margin is None else "the better known of this name")
        return Decision(match, entity, round(confidence, 3), reason)

    # Scores

    def _weigh(self, match: Match, reading: Reading, kind: str | None) -> Weight | None:
        """What speaks for a reading; None where a condition of its name is not met."""
        record = reading.record
        entity = self.registry.facts(record.entity)
        if record.flags & BARE and not self._may_be_bare(match, entity):
            return None
        if record.flags & NEAR and not self._near(match, self.registry.detail(record).near):
            return None
        reasons = [(1.0, "a cue word near it")] if record.flags & NEAR else []
        reasons += self._by_country(match, entity, bool(record.flags & BARE))
        if entity.kind == "place":
            reasons += self._by_place(reading, entity, kind)
        score = prominence(entity) - 0.3 * reading.cost - 1.5 * bool(record.flags & DERIVED)
        score += (1.2, 0.0, -0.6)[self.foreign[record.language]] + sum(weight for weight, _ in reasons)
        spelled = record.words == match.last - match.first + 1
        score += 1.2 * spelled
        why = max([(0.0, ""), *reasons])
        return Weight(score, why, reading, spelled and not record.flags & NEAR)

    def _may_be_bare(self, match: Match, entity: Entity) -> bool:
        """Whether a body's name without its country can be this country's, by outlet, text and what is beside it."""
        scan = self.scans[match.field]
        if match.first == match.last and (self._uncased(scan.word_at(match.first)) or self.begins_sentence(match)):
            return False
        named = entity.country == self.around.country or self.around.share(entity.country) >= LEAST_SHARE
        return named and all(
            neighbour.country in (None, entity.country) and neighbour.type != "organisation"
            for neighbour in self._neighbours(match)
        )

    def _neighbours(self, match: Match) -> Iterator[Entity]:
        """The countries and organisations right before and after a match."""
        scan = self.scans[match.field]
        before = self._by_last.get((match.field, match.first - 1)) if self._beside(scan, match.first) else None
        after = self._by_first.get((match.field, match.last + 1)) if self._beside(scan, match.last + 1) else None
        for neighbour in filter(None, (before, after)):
            entity = self.registry.facts(neighbour.readings[0].record.entity)
            if entity.type in ("country", "organisation"):
                yield entity

    def _by_country(self, match: Match, entity: Entity, bare: bool) -> Iterator[tuple[float, str]]:
        if entity.country is None:
            return
        if entity.country == self.around.country:
            yield 1.5, f"country of the outlet: {entity.country}"
        if entity.type == "country":
            return
        if self.around.country is None and _HOME.get(self.base or "") == entity.country:
            yield 1.5, f"country of the language: {entity.country}"
        if bare and any(neighbour.country == entity.country for neighbour in self._neighbours(match)):
            yield 4.0, f"country named beside it: {entity.country}"
        if share := self.around.share(entity.country):
            yield (
                0.5 + 2.5 * share * min(1.0, self.around.total / ENOUGH),
                f"country named in the text: {entity.country}",
            )
            if bare and self._just_named(match, entity.country):
                yield 1.0, f"country named just before: {entity.country}"

    def _just_named(self, match: Match, country: str) -> bool:
        """Whether this country is the last one named before the match."""
        before = {
            code: max((at for at in positions if at < match.start), default=-2)
            for code, positions in self.around.positions.items()
        }
        return match.field == "text" and before.get(country, -2) >= max(before.values(), default=-2) > -2

    def _by_place(self, reading: Reading, entity: Entity, kind: str | None) -> Iterator[tuple[float, str]]:
        own = _SAME_TYPE.get(entity.type, entity.type)
        if kind in _FACILITIES and own not in _FACILITIES:
            pass
        elif kind == own:
            yield (1.0 if kind in _FACILITIES else 4.0), "type word beside it"
        elif kind:
            yield (-0.5 if kind == "city" and own == "village" else -2.5), ""
        elif entity.id in self._typed.get(reading.node, ()):
            yield 1.5, "type word elsewhere in the text"
        if entity.part_of in self.around.ids and entity.type != "country":
            yield 1.0, "what it is part of is named in the text"
        distance = self.around.distance(entity)
        if distance is not None and distance < 400:
            yield (1.5 if distance < 150 else 0.8), f"{distance:.0f} km from another place of the text"

    def _confidence(
        self, match: Match, reading: Reading, entity: Entity, margin: float | None, kind: str | None
    ) -> float:
        confidence = 0.97 if margin is None else 0.55 + 0.42 * (1 - math.exp(-max(0.0, margin)))
        confidence -= 0.02 * bool(reading.cost)
        if reading.record.flags & (DERIVED | SURNAME):
            confidence -= 0.15
        if entity.type == "media":
            confidence -= 0.1
        if match.first == match.last and not kind and not reading.record.flags & NEAR:
            confidence -= self._doubt(match, reading, entity)
        return max(0.0, confidence)

    def _doubt(self, match: Match, reading: Reading, entity: Entity) -> float:
        """What speaks against a single word's being a name here."""
        supported = self.supported(entity)
        foreign_name = self.foreign[reading.record.language] > 0
        if reading.record.flags & CAPITALS:
            unlikely = foreign_name and bool(entity.country) and not supported
            return 0.8 if unlikely or self._shouted(match) else 0.0
        doubt = 0.0
        small = bool(reading.record.flags & LOWER) and not self._uncased(self._surface(match))
        if not small and (self._ordinary(match, entity) or self._only_a_type(match)):
            doubt += 0.8
        if entity.kind == "place" and prominence(entity) < 4.5 and self._in_a_persons_name(match):
            doubt += 0.8
        if entity.kind == "place" and reading.cost and prominence(entity) < 3 and self._uncased(self._surface(match)):
            doubt += 0.65
        if not supported and entity.country and self._of_other_script(reading) and self._uncased(self._surface(match)):
            doubt += 0.65
        if entity.kind == "place" and not supported and prominence(entity) < 4:
            doubt += self._unsupported(match, reading, entity)
        if entity.type == "person" and self._of_another_given_name(match, entity):
            doubt += 0.8
        if entity.kind == "place" and self._hardly_inflected(match, reading) and self.begins_sentence(match):
            doubt += 0.8
        return doubt

    def _unsupported(self, match: Match, reading: Reading, entity: Entity) -> float:
        """What speaks against a place whose country neither outlet nor text names."""
        if self._stands_out(match, entity) and self._needs_no_support(match, reading):
            # Of several, the margin between them has been counted already.
            alone, near = (0.27, 0.12) if len(_entities(match)) == 1 else (0.15, 0.05)
            return near if self.around.near(entity) else alone
        local = self.foreign[reading.record.language] == 0 and self.base not in ("en", "ru")
        return 0.65 if prominence(entity) < (2.5 if local else 3) else 0.3

    def _stands_out(self, match: Match, entity: Entity) -> bool:
        """Whether a listed place is the only one of the name on the map, or a city by far the best known of it."""
        others = [self.registry.facts(number) for number in _entities(match)]
        return not from_gazetteer(entity) and all(
            _at_one_place(entity, other) or (entity.type == "city" and _less_known(other, entity)) for other in others
        )

    def _needs_no_support(self, match: Match, reading: Reading) -> bool:
        """Whether the word is a name of this language that is nothing else: no word, no given name, no surname."""
        surface = self._surface(match)
        if (
            (self.language or "").split("-")[0].lower() not in _WRITTEN
            or len(surface) < SHORTEST_ALONE
            or self.foreign[reading.record.language] > 1
        ):
            return False
        if self._is_another_word(match, reading):
            return False
        if self._uncased(surface):
            of_language = not self._of_other_script(reading)
            return of_language and not reading.cost and self._locative(self.scans[match.field], match)
        if reading.cost and (self.base in _BARE_NAMES or self.begins_sentence(match)):
            return False
        return reading.node not in self._of_persons

    def _is_another_word(self, match: Match, reading: Reading) -> bool:
        surface = self._surface(match)
        name = self.registry.detail(reading.record).name
        return (
            fold(surface, self.language) in self.ordinary
            or bool(given(surface, self.language) or given(name, LANGUAGES[reading.record.language]))
            or bool(_FAMILY_ENDING.search(name.lower()))
            or any(record.flags & (FAMILY | SURNAME) for record in self.registry.records(reading.node))
        )

    @cached_property
    def _of_persons(self) -> frozenset[int]:
        """Nodes of words that the text has as the last name of somebody: he is meant where it stands alone, too."""
        named = (match for match in self._by_first.values() if match.first == match.last and self._ends_a_name(match))
        return frozenset(reading.node for match in named for reading in match.readings)

    def _of_other_script(self, reading: Reading) -> bool:
        """Whether a name is of a language whose names this text's does not share; Dari and Pashto share theirs."""
        shared = _PERSIAN if LANGUAGES[reading.record.language] in _PERSIAN else ()
        return self.foreign[reading.record.language] > 0 and self.base not in shared

    def _hardly_inflected(self, match: Match, reading: Reading) -> bool:
        """Whether a Turkic word is longer than the name by one vowel: Келесі, next, is no Келес."""
        if self.base not in _AFTER_ONLY or not reading.cost:
            return False
        name = self.registry.key(reading.node)
        return any(
            len(key) - len(name) == 1 for key in keys(self._surface(match), self.language) if key.startswith(name)
        )

    def _of_another_given_name(self, match: Match, person: Entity) -> bool:
        """Whether a given name that is not this person's stands right before a surname."""
        scan = self.scans[match.field]
        if not self._beside(scan, match.first):
            return False
        before = given(scan.word_at(match.first - 1), self.language)
        if not before:
            return False
        own = (given(word.group(), of) for of, name in self.registry.forms(person.id) for word in surfaces(name))
        return not any(before & names for names in own)

    def _only_a_type(self, match: Match) -> bool:
        """Whether the word is one for a type of place: مدينة is a city before it is Medina."""
        surface = self._surface(match)
        return self._uncased(surface) and _type_of(surface, self.base or "en") is not None

    def _shouted(self, match: Match) -> bool:
        """Whether an ordinary word is in capitals as its neighbours are: THIS IS, WHO KNOWS."""
        scan = self.scans[match.field]
        beside = (scan.word_at(match.first - 1), scan.word_at(match.last + 1))
        return fold(self._surface(match), self.language) in self.ordinary and any(
            len(word) > 1 and word.isupper() for word in beside
        )

    def _ordinary(self, match: Match, entity: Entity) -> bool:
        """Whether the word rather is the ordinary one of the same letters."""
        surface = self._surface(match)
        ordinary = self.ordinary.get(fold(surface, self.language))
        if not self._uncased(surface) and not (ordinary and (ordinary.needs or ordinary.unless)):
            if not self.begins_sentence(match) and not surface.islower():
                return False
            return self._in_small_letters(surface) or (entity.type != "country" and ordinary is not None)
        return ordinary is not None and not self._told_apart(match, ordinary)

    def _told_apart(self, match: Match, ordinary: Ordinary) -> bool:
        """Whether the words beside it say that it is the name."""
        scan = self.scans[match.field]
        before = self._folded(scan, match.first - 1) if self._beside(scan, match.first) else ""
        after = [self._folded(scan, number) for number in (match.last + 1, match.last + 2)]
        if _begins_any([before, *after], ordinary.unless):
            return False
        return _begins_any([before], ordinary.needs) if ordinary.needs else bool(ordinary.unless)

    def _surface(self, match: Match) -> str:
        return self.scans[match.field].text[match.start : match.end]

    def _folded(self, scan: Scan, number: int) -> str:
        return fold(scan.word_at(number), self.language)

    def _in_small_letters(self, surface: str) -> bool:
        """Whether the text has the same word in small letters too: чад, turkey."""
        return surface.lower() in self.small_words

    @cached_property
    def small_words(self) -> frozenset[str]:
        """Words of names that the text has in small letters."""
        return frozenset(
            word for scan in self.scans.values() for word in map(scan.words.__getitem__, scan.named) if word.islower()
        )

    def supported(self, entity: Entity) -> bool:
        """Whether anything in the text or its outlet points to the place's country."""
        return entity.country == self.around.country or bool(self.around.share(entity.country))

    @staticmethod
    def _uncased(surface: str) -> bool:
        return surface[:1].lower() == surface[:1].upper()

    def begins_sentence(self, match: Match) -> bool:
        text = self.scans[match.field].text
        before = text[max(0, match.start - 8) : match.start]
        return not before.strip(" \"“„«'‘([–—-") or bool(_SENTENCE_END.search(before))

    def _in_a_persons_name(self, match: Match) -> bool:
        """Whether a capital word that no list holds stands right before or after, as in a first name and surname."""
        return self._beside_a_name(match, ((match.first - 1, match.first), (match.last + 1, match.last + 1)))

    def _ends_a_name(self, match: Match) -> bool:
        """Whether such a word, a given name or Mr stands right before."""
        scan = self.scans[match.field]
        before = scan.word_at(match.first - 1) if self._beside(scan, match.first) else ""
        named = before.lower() in _HONORIFICS or (before[:1].isupper() and bool(given(before, self.language)))
        return named or self._beside_a_name(match, ((match.first - 1, match.first),))

    def _beside_a_name(self, match: Match, sides: Iterable[tuple[int, int]]) -> bool:
        """`sides`: numbers of a word and of the word that follows the gap between it and the match."""
        scan = self.scans[match.field]
        if self._uncased(scan.word_at(match.first)):
            return False
        for number, gap in sides:
            word = scan.word_at(number)
            if (
                word[:1].isupper()
                and word[1:2].islower()
                and not _INFLECTED.search(word)
                and 0 < gap < len(scan.starts)
            ):
                between = scan.gaps[gap]
                known = scan.named.get(number)
                first_word = number < match.first and self._first_of_sentence(scan, number)
                if between in (" ", "\u00a0") and not (known and known.starts) and not first_word:
                    return not (number > match.last and self._begins_a_name(scan, number))
        return False

    @staticmethod
    def _begins_a_name(scan: Scan, number: int) -> bool:
        """Whether two capital words begin here, so that what stands before them is no part of the name."""
        return number + 1 < len(scan.starts) and scan.word_at(number + 1)[:1].isupper()

    @staticmethod
    def _first_of_sentence(scan: Scan, number: int) -> bool:
        before = scan.text[max(0, scan.starts[number] - 8) : scan.starts[number]]
        return not before.strip() or bool(_SENTENCE_END.search(before))

    # Words around a match

    def type_word(self, match: Match) -> str | None:
        """The type that a word beside the match names: `province` in Balkh province, province of Balkh."""
        base = self.base or "en"
        scan = self.scans[match.field]
        sides = []
        if base not in _AFTER_ONLY:
            sides.append(self._words_before(scan, match.first, 2 if base == "en" else 1))
        if base not in _BEFORE_ONLY:
            sides.append([scan.word_at(match.last + 1)] if self._beside(scan, match.last + 1) else [])
        for words in sides:
            for word in words:
                if kind := _type_of(word, base):
                    return kind
        return None

    @staticmethod
    def _beside(scan: Scan, number: int) -> bool:
        return 0 < number < len(scan.words) and scan.gaps[number] in _BESIDE

    def _words_before(self, scan: Scan, number: int, count: int) -> list[str]:
        words: list[str] = []
        while len(words) < count and self._beside(scan, number):
            number -= 1
            words.append(scan.word_at(number))
            if count > 1 and words[-1].lower() not in ("of", "the"):
                break
        return words

    def _near(self, match: Match, cues: Sequence[str]) -> bool:
        scan = self.scans[match.field]
        around = [*range(match.first - NEAR_WORDS, match.first), *range(match.last + 1, match.last + 1 + NEAR_WORDS)]
        words = [self._folded(scan, number) for number in around]
        if match.field == "title":
            words += [self._folded(self.scans["text"], number) for number in range(LEAD_WORDS)]
        for cue in cues:
            folded = fold(cue, self.language)
            if _begins_any(words, [folded]):
                return True
        return False

    # Roles

    def role(self, match: Match, entity: Entity) -> str:
        """`dateline`, `scene` or `mentioned`."""
        scan = self.scans[match.field]
        if match.field == "text" and match.first <= 3 and _DATELINE.match(scan.text, match.end):
            return "dateline"
        if not self._locative(scan, match):
            return "scene" if match.field == "title" and match.first > 0 and entity.type != "country" else "mentioned"
        if match.field == "title" or any(_is_event(word) for word in _sentence(scan, match)):
            return "scene"
        return "mentioned"

    def _locative(self, scan: Scan, match: Match) -> bool:
        base = self.base or "en"
        if ending := _LOCATIVE_ENDING.get(base):
            tail = scan.text[match.start : scan.ends[match.last]]
            return bool(ending.search(tail)) or bool(ending.search(scan.word_at(match.last + 1)))
        words = [scan.word_at(number).lower() for number in (match.first - 1, match.first - 2)]
        return any(word in around()["locatives"].get(base, ()) for word in words)


def _entities(match: Match) -> frozenset[int]:
    return frozenset(reading.record.entity for reading in match.readings)


def _at_one_place(entity: Entity, other: Entity) -> bool:
    """Whether two namesakes are a city, its district or its province, or lie in one province."""
    if entity.id == other.id or other.id == entity.part_of or other.part_of == entity.id:
        return True
    if other.kind == "place" and entity.part_of and entity.part_of == other.part_of:
        return True
    if other.kind != "place" or entity.lat is None or entity.lon is None or other.lat is None or other.lon is None:
        return False
    return entity.country == other.country and kilometres(entity.lat, entity.lon, other.lat, other.lon) <= ONE_PLACE


def _less_known(place: Entity, city: Entity) -> bool:
    return place.kind == "place" and prominence(place) <= prominence(city) - 0.5


_BESIDE = frozenset([" ", "\u00a0", "-", " «", " “", ' "', "\u200c", ". ", "» ", "” ", '" '])


def _one_spelling_each(means: dict[Hashable, dict[str, float]], weighed: Iterable[Weighed]) -> None:
    """Where a text has two spellings of one key and an entity is spelled in one of them, the other one is another's."""
    winners: dict[tuple[frozenset[str], str], list[Weighed]] = defaultdict(list)
    for one in weighed:
        if scores := means.get(one.group):
            best = max(scores, key=lambda id: (scores[id], id))
            winners[frozenset(scores), best].append(one)
    for (_, best), members in winners.items():
        own = {one.group: one.weights[best].own for one in members}
        if any(own.values()):
            for group, spelled in own.items():
                means[group][best] -= 0.0 if spelled else 3.0


def _begins_any(words: Iterable[str], beginnings: Iterable[str]) -> bool:
    """Whether a word begins with one of these; beginnings of up to three letters are whole words."""
    return any(word == begin or (len(begin) > 3 and word.startswith(begin)) for word in words for begin in beginnings)


@lru_cache(1 << 12)
def _type_of(word: str, base: str) -> str | None:
    """The type that a word of a text names."""
    folded = fold(word, base)
    if base == "uz":
        folded = uzbek_key(folded)
    elif script(folded) == "cyrillic":
        folded = folded.translate(_PLAIN)
    elif script(folded) == "latin":
        folded = folded.translate(_PLAIN_LATIN)
    types: Mapping[str, list[str]] = around()["types"].get(base, {})
    for kind, beginnings in types.items():
        if any(folded == begin or (len(begin) > 2 and folded.startswith(begin)) for begin in beginnings):
            return kind
    return None


_PLAIN = str.maketrans("өүұқғңәіһҳӣӯҷй", "оуукгнаиххиучи")
_PLAIN_LATIN = str.maketrans("çğöşüñ", "cgosun")


def _sentence(scan: Scan, match: Match) -> Iterator[str]:
    """The words of the sentence around a match, at most 40 either side."""
    for numbers in (range(match.last, match.last + 40), range(match.first, match.first - 40, -1)):
        for number in numbers:
            if not 0 <= number < len(scan.starts) or (number > match.last and _ends(scan, number)):
                break
            yield scan.word_at(number)
            if number <= match.first and _ends(scan, number):
                break


def _ends(scan: Scan, number: int) -> bool:
    """Whether a sentence ends before this word."""
    return number > 0 and any(mark in ".!?\n؟۔" for mark in scan.gaps[number][:8])
