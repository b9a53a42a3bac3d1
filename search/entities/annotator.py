"""What a document gains from the registry: its mentions, its statements, and by which rules they were found."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from newswarc.items import Document, Mention, Statement
from search.entities.annotate import annotate
from search.entities.registry import Registry, Stamp, is_compiled, stamp
from search.entities.statements import statements
from search.entities.watchlist import BadWatchlist, files
from search.names import TAGGER

log = logging.getLogger(__name__)

RULES = "newswarc-entities 2"
"""Raised with every change of the rules that changes what is found."""
LONGEST = 200_000
"""Characters of a text that are annotated; what is longer is no article but a book."""

_open: dict[tuple[Path, ...], Registry] = {}
_unsound: dict[tuple[Path, ...], tuple[Stamp, BadWatchlist]] = {}
"""Watchlists that were never sound since this process began, as they were when that was seen."""
_said: set[str] = set()


def registry_of(folders: Sequence[Path] = ()) -> Registry:
    """The registry of the shipped lists and these folders' watchlists, open once in a process, up to date.

    Raises BadWatchlist where it was never sound; one that is broken later is named once, and the last sound one serves.
    """
    key = _existing(folders)
    if (known := _open.get(key)) is None:
        known = _open[key] = _opened(key)
        return known
    try:
        _open[key] = known.current()
    except BadWatchlist as fault:
        _say("the watchlists were changed and are not sound; the last sound ones serve on", fault)
    return _open[key]


def in_service(folders: Sequence[Path] = ()) -> Registry:
    """The same; while the watchlists are not sound, which is named once, the shipped lists alone.

    An analyst's slip must not stop a capture.
    """
    try:
        return registry_of(folders)
    except BadWatchlist as fault:
        _say("the watchlists are not sound; the shipped lists alone serve until they are", fault)
        return registry_of()


def prepare(folders: Sequence[Path] = ()) -> BadWatchlist | None:
    """Compiles the registry where it is not compiled yet, in a process of its own, which takes 10 s and 400 MB.

    Before work that has a clock, or that is to stay small. Returns why the watchlists are not in service, if so. Raises
    BadSetting where NEWSWARC_TAGGER cannot be read.
    """
    _taggers()
    given = _existing(folders)
    if ((known := _open.get(given)) is None or known.stale) and not is_compiled(given):
        log.warning("the registry of actors and places is new or has changed: it is compiled, which takes a while")
        subprocess.run([sys.executable, "-m", "search.entities.registry", *map(str, given)], check=False)
    try:
        registry_of(folders)
    except BadWatchlist as fault:
        if not is_compiled():
            subprocess.run([sys.executable, "-m", "search.entities.registry"], check=False)
        in_service(folders)
        return fault
    return None


def _existing(folders: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(folder for folder in folders if folder.exists())


def _opened(folders: tuple[Path, ...]) -> Registry:
    seen = stamp(files(folders))
    known = _unsound.get(folders)
    if known and known[0] == seen:
        raise known[1]
    try:
        return Registry.open(folders)
    except BadWatchlist as fault:
        _unsound[folders] = seen, fault
        raise


def _say(what: str, fault: BadWatchlist) -> None:
    if str(fault) not in _said:
        _said.add(str(fault))
        log.error("%s: %s", what, fault)


def name_of(registry: Registry) -> str:
    """What a document keeps of the annotator."""
    return f"{lists_of(registry)}{TAGGER}{taggers}" if (taggers := _taggers()) else lists_of(registry)


def lists_of(registry: Registry) -> str:
    """The same without the tagger, which changes nothing of what is listed: what a question compares."""
    return f"{RULES}; registry {registry.version}"


def _taggers() -> str:
    from search.entities.tagger import in_use  # late: whoever only prepares the registry needs none

    return in_use()


def annotated(document: Document, folders: Sequence[Path] = ()) -> Document:
    registry = in_service(folders)
    on = (document.published or document.captured_at).date()
    mentions, said = found(document.title, document.text, document.language, document.country, registry, on)
    return replace(document, mentions=mentions, statements=said, annotator=name_of(registry))


def found(
    title: str, text: str, language: str | None, country: str | None, registry: Registry, on: date | None = None
) -> tuple[tuple[Mention, ...], tuple[Statement, ...]]:
    """Mentions and statements of a text; `on`: the day that it is of."""
    text = text[:LONGEST]
    mentions = annotate(title, text, language, country, registry, tagger=bool(_taggers()), on=on)
    return mentions, statements(title, text, language, mentions)
