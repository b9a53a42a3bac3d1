"""What a document gains from the registry: its mentions, its statements, and by which rules they were found."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from newswarc.items import Document, Mention, Statement
from search.entities.annotate import annotate
from search.entities.registry import Registry, is_compiled
from search.entities.statements import statements
from search.entities.watchlist import BadWatchlist

log = logging.getLogger(__name__)

RULES = "newswarc-entities 1"
"""Raised with every change of the rules that changes what is found."""
LONGEST = 200_000
"""Characters of a text that are annotated; what is longer is no article but a book."""

_open: dict[tuple[Path, ...], Registry] = {}
_said: set[str] = set()


def registry_of(folders: Sequence[Path] = ()) -> Registry:
    """The registry of the shipped lists and these folders' watchlists, open once in a process, up to date.

    Raises BadWatchlist where it was never sound; one that is broken later is named once, and the last sound one serves.
    """
    key = tuple(folders)
    if (known := _open.get(key)) is None:
        known = _open[key] = Registry.open([folder for folder in folders if folder.exists()])
        return known
    try:
        _open[key] = known.current()
    except BadWatchlist as fault:
        if str(fault) not in _said:
            _said.add(str(fault))
            log.error("the watchlists were changed and are not sound; the last sound ones serve on: %s", fault)
    return _open[key]


def prepare(folders: Sequence[Path] = ()) -> None:
    """Compiles the registry where it is not compiled yet, in a process of its own, which takes 15 s and 400 MB.

    Before work that has a clock, or that is to stay small. Raises BadWatchlist as `registry_of` does.
    """
    given = [folder for folder in folders if folder.exists()]
    if not is_compiled(given):
        log.warning("the registry of actors and places is new or has changed: it is compiled, which takes a while")
        subprocess.run([sys.executable, "-m", "search.entities.registry", *map(str, given)], check=False)
    registry_of(folders)


def name_of(registry: Registry) -> str:
    """What a document keeps of the annotator."""
    return f"{RULES}; registry {registry.version}"


def annotated(document: Document, folders: Sequence[Path] = ()) -> Document:
    registry = registry_of(folders)
    mentions, said = found(document.title, document.text, document.language, document.country, registry)
    return replace(document, mentions=mentions, statements=said, annotator=name_of(registry))


def found(
    title: str, text: str, language: str | None, country: str | None, registry: Registry
) -> tuple[tuple[Mention, ...], tuple[Statement, ...]]:
    """Mentions and statements of a text."""
    text = text[:LONGEST]
    mentions = annotate(title, text, language, country, registry)
    return mentions, statements(title, text, language, mentions)
