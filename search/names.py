"""Names in documents: what an index holds of their mentions. What a question's names mean: `search.resolving`."""

from __future__ import annotations

from collections.abc import Iterator

from newswarc.items import Document, Mention
from search.analysis import folded_words

IN_TITLE = 3
"""How often a mention in the title counts."""
MOST_TERMS = 4_000
"""Terms of one document."""
TAGGER = "; tagger "
"""What follows it in the name of an annotator says nothing of listed names, which are what a question compares."""


def terms(document: Document) -> str:
    """The ids of all that is named, as often as it is named, a space apart: for a field split at white space."""
    counted = [
        term(mention) for mention in document.mentions for _ in range(IN_TITLE if mention.field == "title" else 1)
    ]
    return " ".join(counted[:MOST_TERMS])


def term(mention: Mention) -> str:
    """The registry's id; of a name that no list holds its folded words: `~ivan_petrov`."""
    return mention.id or unlisted_term(mention.canonical)


def unlisted_term(name: str) -> str:
    return "~" + "_".join(folded_words(name))


def named(document: Document, kind: str) -> list[Mention]:
    """One mention for each actor or place, the first one, in the order in which they are first named."""
    first: dict[str, Mention] = {}
    for mention in document.mentions:
        if mention.kind == kind:
            first.setdefault(term(mention), mention)
    return list(first.values())


def names(document: Document, kind: str) -> list[str]:
    """Canonical names of the actors or places, each once."""
    return list(dict.fromkeys(mention.canonical for mention in named(document, kind)))


def _alone(mention: Mention) -> str | None:
    """A person's surname, by which `actor:` finds one that no list holds."""
    return mention.canonical.split()[-1] if mention.type == "person" and mention.canonical.split() else None


def name_keys(document: Document) -> Iterator[tuple[str, str]]:
    """(`actor` or `place`, value) for id, canonical name and surfaces: what `actor:` and `place:` ask for."""
    for mention in document.mentions:
        for value in (mention.id, mention.canonical, mention.surface, _alone(mention)):
            if value:
                yield mention.kind, value
    if document.annotator:
        yield "annotator", document.annotator.partition(TAGGER)[0]
