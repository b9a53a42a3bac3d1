"""The annotator: title and text → mentions of actors and places, with offsets into the text as published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from newswarc.items import Mention
from search.analysis import surfaces
from search.entities import keys
from search.entities.context import Decision, Surroundings, Weighing
from search.entities.matching import Field, Match, Scan, longest_first
from search.entities.registry import Registry, prominence
from search.entities.transliterate import english
from search.entities.watchlist import Entity

SURNAME_ALONE = "surname of a person named in full"


def annotate(
    title: str, text: str, language: str | None, country: str | None, registry: Registry, unlisted: bool = True,
    *, tagger: bool = False, on: date | None = None,
) -> tuple[Mention, ...]:  # fmt: skip
    """Actors and places named in a text, ordered by field (title first) and start, a longer name before one inside it.

    `language` is BCP 47, `country` the outlet's (ISO 3166-1 alpha-2), `on` the day the text is of; each may be None.
    With `unlisted`, also persons and organisations that no list holds; with `tagger`, also those that it alone finds.
    """
    scans = [Scan(title, "title", language, registry), Scan(text, "text", language, registry)]
    parted = [longest_first(scan.matches) for scan in scans]
    standing = [match for whole, _ in parted for match in whole]
    inside = [pair for _, pairs in parted for pair in pairs]
    weighing = Weighing(scans, Surroundings(standing, country, registry), language, registry, on)
    decisions = weighing.decide(standing)
    decisions += _nested(inside, decisions, weighing)
    listed = [_mention(decision, weighing) for decision in decisions]
    listed += _surnames(scans, decisions, registry)
    if unlisted:
        listed = [_in_english(mention, language) for mention in _with_unlisted(title, text, language, listed, tagger)]
    return tuple(sorted(listed, key=_order))


def _in_english(mention: Mention, language: str | None) -> Mention:
    """An unlisted name as English would write it, so that one person is one in Cyrillic and in Latin texts."""
    return mention if mention.listed else replace(mention, canonical=english(mention.canonical, language))


def _order(mention: Mention) -> tuple[bool, int, int, str]:
    return mention.field == "text", mention.start, -mention.end, mention.kind


def _mention(decision: Decision, weighing: Weighing) -> Mention:
    entity, match = decision.entity, decision.match
    scan = weighing.scans[match.field]
    role = weighing.role(match, entity) if entity.kind == "place" else None
    return _listed(entity, scan.text, match.field, match.start, match.end, decision.confidence, decision.reason, role)


def _listed(
    entity: Entity,
    text: str,
    field: Field,
    start: int,
    end: int,
    confidence: float,
    reason: str,
    role: str | None = None,
) -> Mention:
    return Mention(
        kind=entity.kind,
        type=entity.type,
        id=entity.id,
        canonical=entity.name,
        surface=text[start:end],
        field=field,
        start=start,
        end=end,
        confidence=confidence,
        listed=True,
        reason=reason,
        role=role,  # type: ignore[arg-type]
        country=entity.country,
        lat=entity.lat,
        lon=entity.lon,
    )


# Names inside names

WELL_KNOWN = 3.5
"""Prominence from which on a place is meant also inside a name that is not meant."""
_OUTER_PLACES = ("airport", "base", "bridge", "border crossing", "pass")


def _nested(
    inside: Sequence[tuple[Match, Match]], decisions: Sequence[Decision], weighing: Weighing
) -> Iterator[Decision]:
    """Countries and cities inside the names of actors, and bodies inside the names of their organs."""
    holders = {id(decision.match): decision for decision in decisions}
    taken: set[tuple[str, int, int]] = set()
    for match, holder in inside:
        whole = holders.get(id(holder))
        decision = weighing.decision(match)
        if decision is None or (whole and not _may_stand_inside(decision.entity, whole.entity, weighing)):
            continue
        if whole is None and decision.entity.kind == "place" and prominence(decision.entity) < WELL_KNOWN:
            continue
        spot = (match.field, match.first, match.last)
        if not any(field == spot[0] and first <= spot[2] and spot[1] <= last for field, first, last in taken):
            taken.add(spot)
            yield decision


def _may_stand_inside(inner: Entity, whole: Entity, weighing: Weighing) -> bool:
    """Tashkent in the US Embassy in Tashkent, the UN in the UN Security Council, the Taliban in their own government.

    Not one movement in the name of another.
    """
    if whole.kind == "place":
        return whole.type in _OUTER_PLACES and inner.type == "city"
    if whole.type in ("person", "armed group"):
        return False
    if inner.type == "armed group":
        return inner.country == whole.country
    if inner.type == "city":
        return inner.name in whole.name or weighing.supported(inner)
    return inner.type == "country" or (inner.type == "organisation" and inner.id != whole.id and not inner.country)


# Surnames


def _surnames(scans: Sequence[Scan], decisions: Sequence[Decision], registry: Registry) -> Iterator[Mention]:
    """Surnames that stand alone for a person whose full name is in the text."""
    family: dict[str, Entity] = {}
    for decision in decisions:
        if decision.entity.type == "person":
            family.update((key, decision.entity) for key in registry.family_keys(decision.entity))
    if not family:
        return
    covered = {(d.match.field, n) for d in decisions for n in range(d.match.first, d.match.last + 1)}
    for scan in scans:
        for number, word in scan.named.items():
            surface = scan.words[number]
            if (scan.field, number) in covered or surface[0].islower():
                continue
            forms = (form for form in word.forms if form.key in family)
            form = next((form for form in forms if keys.same_family(form.key, surface, scan.language)), None)
            if form is not None:
                start, end = scan.starts[number] + form.skipped, scan.ends[number] - form.cut
                entity = family[form.key]
                yield _listed(entity, scan.text, scan.field, start, end, 0.85, SURNAME_ALONE)


# Names that no list holds


def _with_unlisted(title: str, text: str, language: str | None, listed: list[Mention], tagger: bool) -> list[Mention]:
    from search.entities.unlisted import find  # late: it builds on what the lists have found

    found = find(title, text, language, sorted(listed, key=_order))
    if tagger:
        from search.entities.tagger import tagged  # late, as the rules

        found = sorted([*found, *tagged(title, text, language, [*listed, *found])], key=_order)
    full = sorted((mention for mention in listed if mention.reason != SURNAME_ALONE), key=_order, reverse=True)
    return [*(_nearer(mention, full, found, language) for mention in listed), *found]


def _nearer(mention: Mention, full: Sequence[Mention], unlisted: Sequence[Mention], language: str | None) -> Mention:
    """A surname that stands alone is that of the last person of this surname named in full before it."""
    if mention.reason != SURNAME_ALONE:
        return mention
    place = _order(mention)
    ours = next((_order(one) for one in full if one.id == mention.id and _order(one) < place), (False, -1, 0, ""))
    between = (one for one in reversed(unlisted) if one.type == "person" and ours < _order(one) < place)
    person = next((one for one in between if _same_surname(one.canonical, mention.surface, language)), None)
    if person is None:
        return mention
    return replace(person, surface=mention.surface, field=mention.field, start=mention.start, end=mention.end)


def _same_surname(name: str, surname: str, language: str | None) -> bool:
    """Whether the last word of a name and a surname are one word, endings aside."""
    last = [word.group() for word in surfaces(name)][-1:]
    stems = {stem for word in last for key in keys.keys(word, language) for stem, _ in keys.stems(key) if len(stem) > 3}
    return len(name.split()) > 1 and any(key.startswith(tuple(stems)) for key in keys.keys(surname, language))
