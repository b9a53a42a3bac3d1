"""The words of saying of one language, read from `data/speech.yaml` and compiled once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from newswarc.items import Stance

DATA = Path(__file__).parent / "data" / "speech.yaml"


@dataclass(frozen=True, slots=True)
class Act:
    """What a verb of saying does, and what must stand around it."""

    stance: Stance
    next: re.Pattern[str] | None = None
    """Matches where the verb ends, or the verb is none of saying here."""
    not_next: re.Pattern[str] | None = None
    within: re.Pattern[str] | None = None
    """Found in the words said, or the act is none: called … *fake*."""
    object: bool = False
    """The words follow without "that" or «что»."""
    swallow: bool = False
    """What `next` matched is part of the verb, not of the words: issued *a warning of*."""
    tells: bool = False
    """A listener follows."""
    quotes: bool = False
    """An outlet's verb: quoted X *as saying*."""
    only_as: bool = False
    party: bool = False
    """In the mouth of one who is not concerned it only reports: witnesses *confirmed*."""
    participle: bool = False
    """Carries on what the same speaker said before: *…, saying that*."""

    def holds(self, text: str, at: int, end: int) -> bool:
        if self.next and not self.next.match(text, at, end):
            return False
        return not (self.not_next and self.not_next.match(text, at, end))


@dataclass(frozen=True, slots=True)
class Grammar:
    """All of a language; the keys of the YAML file, sets of folded words and compiled patterns."""

    acts: dict[str, tuple[Act, ...]]
    according: tuple[tuple[str, Stance, re.Pattern[str]], ...]
    words: dict[str, frozenset[str]]
    word_patterns: dict[str, re.Pattern[str]]
    patterns: dict[str, re.Pattern[str]]
    denial: tuple[re.Pattern[str], ...]
    concession: tuple[re.Pattern[str], ...]
    pronouns: dict[str, str]
    """Pronoun → m, f, n or p (plural)."""
    possessives: dict[str, str]
    free_order: bool
    """The subject may follow its verb anywhere."""
    cues: frozenset[str]
    """All words that can open a statement."""
    leaning: frozenset[str]
    """Those of `according`."""


_ALIKE = (("ё", "е"), ("’", "'"), ("ʼ", "'"), ("\u00a0", " "), ("\u202f", " "), ("\u2009", " "))


def fold(text: str) -> str:
    """Lower case, ё as е, apostrophes and spaces plain; always as long as the text, so that offsets hold."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    if lower.isascii():
        return lower
    for alike, plain in _ALIKE:
        lower = lower.replace(alike, plain)
    return lower


def forms(line: str) -> Iterator[str]:
    """`sa|y,id` → say, said; words are one space apart."""
    for part in line.split():
        stem, _, endings = part.partition("|")
        yield from (fold(stem + ending) for ending in endings.split(","))


def _pattern(source: str | None) -> re.Pattern[str] | None:
    return re.compile(source) if source else None


FLAGS = ("object", "swallow", "tells", "quotes", "only_as", "party", "participle")


def _act(entry: dict[str, Any]) -> Act:
    patterns: dict[str, Any] = {name: _pattern(entry.get(name)) for name in ("next", "not_next", "within")}
    flags: dict[str, Any] = {name: bool(entry.get(name)) for name in FLAGS}
    return Act(entry["stance"], **patterns, **flags)


def _acts(entries: list[dict[str, Any]]) -> dict[str, tuple[Act, ...]]:
    acts: dict[str, tuple[Act, ...]] = {}
    for entry in entries:
        act = _act(entry)
        for form in forms(entry["forms"]):
            acts[form] = (*acts.get(form, ()), act)
    return acts


def _grammar(entry: dict[str, Any]) -> Grammar:
    acts = _acts(entry["acts"])
    according = tuple((one["first"], one["stance"], re.compile(one["rest"])) for one in entry["according"])
    return Grammar(
        acts=acts,
        according=according,
        words={name: frozenset(map(fold, line.split())) for name, line in entry["words"].items()},
        word_patterns={
            name: re.compile(f"(?:{''.join(line.split())})s?$") for name, line in entry["word_patterns"].items()
        },
        patterns={name: re.compile(one) for name, one in entry["patterns"].items()},
        denial=_patterns(entry["denial"]),
        concession=_patterns(entry["concession"]),
        pronouns=entry["pronouns"],
        possessives=entry["possessives"],
        free_order=entry["free_order"],
        cues=frozenset(acts) | {first for first, _, _ in according},
        leaning=frozenset(first for first, _, _ in according),
    )


def _patterns(sources: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one) for one in sources)


@cache
def grammars() -> dict[str, Grammar]:
    """Language → its grammar."""
    read = yaml.load(
        DATA.read_text(encoding="utf-8").replace("ё", "е"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    return {language: _grammar(entry) for language, entry in read.items()}
