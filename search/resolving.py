"""Names in questions: which entities they mean.

A name that a user types means an entity, whatever script and spelling. A document that this registry annotated is found
by its mentions; one that was annotated by another (or not at all) by every spelling of the name as words, so that a
changed watchlist changes searches at once. `strict` leaves a question as it was typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from search.analysis import folded_words
from search.entities.annotator import in_service, lists_of, registry_of
from search.entities.registry import Recognised, Registry
from search.entities.watchlist import BadWatchlist, Entity
from search.query import All, And, Field, Named, Not, Nothing, Or, Phrase, Query, Spelling, Tree, Word

MOST_PERSONS = 8
"""Persons of one surname that are looked for."""
MOST_SPELLINGS = 60
"""Spellings of a name that are looked for in documents which another registry annotated."""


def resolved(query: Query, registry: Registry) -> Query:
    """The query with its names recognised; as it is where it is strict."""
    return query if query.strict else replace(query, tree=resolved_tree(query.tree, registry))


def resolved_by(query: Query, folders: Sequence[Path] = ()) -> tuple[Query, list[str]]:
    """The query resolved with the registry of these watchlists, and notes: why it was not, where they are not sound."""
    if query.strict or isinstance(query.tree, All | Nothing):
        return query, []
    try:
        return resolved(query, registry_of(folders)), []
    except BadWatchlist as fault:
        note = f"the watchlists are not sound, names of the shipped lists alone were recognised: {fault.problems[0]}"
        return resolved(query, in_service(folders)), [note]


def with_names(tree: Tree, actors: Iterable[str], places: Iterable[str]) -> Tree:
    """The tree, and all these actors and places."""
    fields = [Field("actor", name) for name in actors] + [Field("place", name) for name in places]
    if not fields:
        return tree
    others = tree.parts if isinstance(tree, And) else () if isinstance(tree, All) else (tree,)
    return _every((*others, *fields))


def resolved_tree(tree: Tree, registry: Registry) -> Tree:
    match tree:
        case And(parts):
            return _every(_run_by_run(parts, registry))
        case Or(parts):
            return Or(tuple(resolved_tree(part, registry) for part in parts))
        case Not(part):
            return Not(resolved_tree(part, registry))
        case Word() | Phrase():
            return _one(tree, registry)
        case Field("actor" | "place"):
            return _field(tree, registry)
    return tree


def _every(parts: Iterable[Tree]) -> Tree:
    listed = tuple(parts)
    return listed[0] if len(listed) == 1 else And(listed)


def _run_by_run(parts: Iterable[Tree], registry: Registry) -> Iterator[Tree]:
    """Words in a row are read together: `islamic state khorasan` is one name."""
    for is_word, run in groupby(parts, lambda part: isinstance(part, Word)):
        if is_word:
            yield from _words([part for part in run if isinstance(part, Word)], registry)
        else:
            yield from (resolved_tree(part, registry) for part in run)


def _words(run: list[Word], registry: Registry) -> Iterator[Tree]:
    typed = " ".join(word.text for word in run)
    spans = iter([*registry.recognise(typed), None])
    span = next(spans)
    at = 0
    inside: list[Word] = []
    for word in run:
        end = at + len(word.text)
        at = end + 1
        if span is None or end <= span.start:
            yield word
            continue
        inside.append(word)
        if end >= span.end:
            yield _name(inside[0] if len(inside) == 1 else And(tuple(inside)), span, registry)
            inside, span = [], next(spans)
    yield from inside


def _one(leaf: Word | Phrase, registry: Registry) -> Tree:
    whole = next(iter(registry.recognise(leaf.text)), None)
    if whole is None or folded_words(leaf.text[whole.start : whole.end]) != folded_words(leaf.text):
        return leaf
    return _name(leaf, whole, registry)


def _name(typed: Tree, span: Recognised, registry: Registry) -> Tree:
    return _named_or_typed(typed, str(typed), span.entities, registry)


def _named_or_typed(typed: Tree, name: str, entities: Sequence[Entity], registry: Registry) -> Tree:
    """A surname alone may be another's, whom no list holds: what was typed counts beside the listed persons."""
    chosen = meant(name, entities)
    named = _named(typed, chosen, registry)
    alone = chosen[0].type == "person" and not chosen[0].surname and len(folded_words(name)) == 1
    return Or((typed, named)) if alone else named


def meant(name: str, entities: Sequence[Entity]) -> tuple[Entity, ...]:
    """What a bare name means: the best entity; a surname that several listed persons have means any of them."""
    best = entities[0]
    if best.type != "person" or best.surname or len(folded_words(name)) > 1:
        return (best,)
    return tuple(entity for entity in entities if entity.type == "person")[:MOST_PERSONS]


def _field(field: Field, registry: Registry) -> Tree:
    """`actor:ISKP`, `place:Термез`: the entities of that kind; a name that no list holds as documents spell it."""
    of_kind = [entity for entity in registry.find(field.value) if entity.kind == field.name]
    if not of_kind:
        return field
    return _named_or_typed(field, field.value, of_kind, registry)


def _named(typed: Tree, entities: tuple[Entity, ...], registry: Registry) -> Named:
    spellings = (
        Spelling(name, language) for entity in entities for language, name in registry.forms(entity.id) if len(name) > 2
    )
    return Named(
        typed,
        ids=tuple(entity.id for entity in entities),
        names=tuple(entity.name for entity in entities),
        spellings=tuple(dict.fromkeys(spellings))[:MOST_SPELLINGS],
        annotator=lists_of(registry),
    )
