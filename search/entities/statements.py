"""Who says what: speakers, the stance they take, their words and the outlet they are attributed to.

Rules over verbs of saying and quotation marks, sentence by sentence; the words are data (`data/speech.yaml`). A verb
counts only where its speaker is found: a mention, a phrase with a role ("a spokesman for the ministry"), or a pronoun.
English and Russian; in other languages nothing is found.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from newswarc.items import Mention, Stance, Statement
from search.entities.parsed import WORDS, Draft, Last, Speaker
from search.entities.sayings import Sayings
from search.entities.sentences import Sentence, Tokens, sentences
from search.entities.speech import Grammar, fold, grammars


def statements(title: str, text: str, language: str | None, mentions: Sequence[Mention]) -> tuple[Statement, ...]:
    """All statements of title and text in order; () for a language without rules."""
    grammar = grammars().get((language or "").split("-")[0].lower())
    if grammar is None:
        return ()
    heading = _Reading(grammar, "title", title, mentions, ()).read()
    return (*heading, *_Reading(grammar, "text", text, mentions, heading).read())


class Position(NamedTuple):
    """What one speaker holds, in all the words found for it."""

    speaker: str
    """The canonical name; of a speaker without one the words that describe it."""
    speaker_id: str | None
    stance: Stance
    statements: tuple[Statement, ...]


def positions(found: Iterable[Statement]) -> tuple[Position, ...]:
    """Statements by speaker and stance, in the order in which each pair first stands in the text."""
    groups: dict[tuple[str, Stance], list[Statement]] = {}
    for one in found:
        key = one.speaker_id or fold(one.canonical or one.speaker)
        groups.setdefault((key, one.stance), []).append(one)
    return tuple(
        Position(group[0].canonical or group[0].speaker, group[0].speaker_id, stance, tuple(group))
        for (_, stance), group in groups.items()
    )


def attributed(statement: Statement, sources: Iterable[tuple[str, str, str]], names: Iterable[str] = ()) -> str | None:
    """Key of the source that is the outlet a statement is attributed to; None where none or more than one may be it.

    `sources`: key, name, homepage. `names`: further names of the outlet, such as `registry.forms(statement.via_id)`.
    A source is the outlet if its name, or its homepage without `www.` and the last label, is one of the names;
    of several editions the one whose name is written just so is taken.
    """
    if statement.via is None:
        return None
    wanted = {_bare(name) for name in (statement.via, statement.via_id or "", *names)} - {""}
    exact, others = [], []
    for key, name, homepage in sources:
        if _bare(name) in wanted:
            exact.append(key)
        elif wanted & {_bare(name.partition(" in ")[0]), *_site(homepage)}:
            others.append(key)
    best = exact or others
    return best[0] if len(best) == 1 else None


def _bare(name: str) -> str:
    return "".join(WORDS.findall(fold(name)))


def _site(homepage: str) -> tuple[str, ...]:
    host = (urlsplit(homepage).hostname or "").removeprefix("www.")
    return (_bare(host), _bare(host.rpartition(".")[0]))


class _Reading:
    """One field of one article."""

    def __init__(
        self, grammar: Grammar, field: Literal["title", "text"], text: str, mentions: Sequence[Mention],
        before: Sequence[Statement],
    ) -> None:  # fmt: skip
        self.grammar, self.field, self.text = grammar, field, text
        self.folded = fold(text)
        self.tokens = Tokens(self.folded)
        here = (one for one in mentions if one.field == field and one.end <= len(text))
        self.mentions = [_unquoted(one, text) for one in _outermost(here)]
        self.starts = [one.start for one in self.mentions]
        self.heading = before
        self.found: list[Statement] = []
        self.last: Last | None = None
        self.recent: list[tuple[int, int]] = []
        """Start of each sentence of this paragraph, and where it ends."""

    def read(self) -> tuple[Statement, ...]:
        previous: Sentence | None = None
        cues = self.grammar.cues
        for number, sentence in enumerate(sentences(self.text, self.grammar.words["abbreviations"])):
            if sentence.first:
                self.recent.clear()
            self.recent.append((sentence.start, sentence.end))
            if not cues.isdisjoint(self.tokens.words[self.tokens.between(sentence.start, sentence.end)]):
                for draft in Sayings(self, sentence, previous).drafts():
                    self.keep(draft, number)
            previous = sentence
        return tuple(self.found)

    def keep(self, draft: Draft, number: int) -> None:
        speaker = draft.speaker
        if speaker.pronoun:
            speaker = replace(speaker, mention=self.meant(speaker, number))
        stance = self.stance(draft, speaker)
        if stance is None or draft.end - draft.start < 2:
            return
        one = self.statement(draft, speaker, stance)
        self.found.append(one)
        for other in speaker.others:
            self.found.append(
                replace(one, speaker=other.surface, speaker_id=other.id, canonical=other.canonical,
                        speaker_start=other.start, speaker_end=other.end)
            )  # fmt: skip
        self.last = Last(number, speaker, draft.via, one)

    def statement(self, draft: Draft, speaker: Speaker, stance: Stance) -> Statement:
        text, via, mention = self.text, draft.via, speaker.mention
        return Statement(
            speaker=text[speaker.start : speaker.end],
            speaker_id=mention.id if mention else None,
            canonical=mention.canonical if mention else None,
            stance=stance,
            words=text[draft.start : draft.end],
            field=self.field,
            start=draft.start,
            end=draft.end,
            speaker_start=speaker.start,
            speaker_end=speaker.end,
            verb=text[draft.verb.start : draft.verb.end],
            via=text[via.start : via.end] if via else None,
            via_id=via.id if via else None,
            via_start=via.start if via else None,
            via_end=via.end if via else None,
        )

    def meant(self, speaker: Speaker, number: int) -> Mention | None:
        """Whom a pronoun stands for, where that is sure: the speaker just before, else the only person just before."""
        pronoun = speaker.pronoun or ""
        kind = self.grammar.pronouns.get(pronoun) or self.grammar.possessives.get(pronoun, "n")
        last = self.last
        if last and number - last.sentence <= 1 and (len(self.recent) > 1 or last.sentence == number):
            known = last.speaker.mention
            if known and (known.type == "person") == (kind in "mf") and not last.speaker.others:
                return known if _agrees(known, kind) else None
            if kind in "np" or not known:
                return None
        if kind not in ("m", "f"):
            return None
        since = self.recent[-2:][0][0]
        low, high = bisect_left(self.starts, since), bisect_left(self.starts, speaker.start)
        persons = [one for one in self.mentions[low:high] if one.type == "person" and _agrees(one, kind)]
        names = {one.canonical for one in persons}
        if not names and last and number - last.sentence == 1 and last.speaker.mention:
            person = last.speaker.mention
            return person if person.type == "person" and _agrees(person, kind) else None
        return persons[-1] if len(names) == 1 else None

    def stance(self, draft: Draft, speaker: Speaker) -> Stance | None:
        """The verb's stance, or that of the words said where the verb is neutral."""
        words, act, patterns = self.folded[draft.start : draft.end], draft.act, self.grammar.patterns
        if act.within and not act.within.search(words):
            return None
        if act.party and self.outside(speaker):
            return "reports"
        if act.stance != "reports":
            return act.stance
        if draft.via and patterns["warning_channels"].search(self.folded, draft.via.start, draft.via.end):
            return "warns"
        if patterns["warning_channels"].search(self.folded, speaker.start, speaker.end):
            return "warns"
        if any(one.search(words) for one in self.grammar.denial) or self.denies_itself(words, speaker):
            return "denies"
        if any(one.search(words) for one in self.grammar.concession):
            return "admits"
        if patterns["fell"].search(words) and self.group_admits(speaker):
            return "admits"
        return "reports"

    def is_outlet(self, mention: Mention) -> bool:
        """A listed outlet, or an unlisted name that can only be one: Herat Times, Name.uz."""
        if mention.type == "media" or mention.listed:
            return mention.type == "media"
        return self.grammar.patterns["outlet_names"].search(fold(mention.surface)) is not None

    def outside(self, speaker: Speaker) -> bool:
        """Whether the speaker only looks on: a witness, an expert, an outlet."""
        if speaker.mention:
            return self.is_outlet(speaker.mention)
        outsiders = self.grammar.word_patterns["outsiders"]
        return any(outsiders.match(word) for word in WORDS.findall(self.folded, speaker.start, speaker.end))

    def denies_itself(self, words: str, speaker: Speaker) -> bool:
        """Said *it had not fired*, where "it" can be the speaker."""
        patterns = self.grammar.patterns
        if not patterns["own_denial"].match(words):
            return False
        person = self.grammar.pronouns.get(speaker.pronoun or "") in ("m", "f")
        person = person or (speaker.mention is not None and speaker.mention.type == "person")
        if patterns["singular"].match(words):
            return person
        return not (person and patterns["neuter"].match(words))

    def group_admits(self, speaker: Speaker) -> bool:
        """Whether the group a person is said to speak for has just been given an admission."""
        described = fold(self.text[speaker.left : speaker.start])
        earlier = [*self.heading[-1:], *self.found[-1:]]
        names = [(one.canonical or one.speaker, one.speaker) for one in earlier if one.stance == "admits"]
        return any(fold(name) in described for pair in names for name in pair)


def _outermost(mentions: Iterable[Mention]) -> list[Mention]:
    kept: list[Mention] = []
    for one in sorted(mentions, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _unquoted(one: Mention, text: str) -> Mention:
    """A place in quotation marks is the name of an outlet: пишет «Фергана»."""
    if one.kind != "place" or text[one.start - 1 : one.start] != "«" or text[one.end : one.end + 1] != "»":
        return one
    return replace(one, kind="actor", type="media", id=None, canonical=one.surface, listed=False)


def _agrees(person: Mention, kind: str | None) -> bool:
    """Whether the name can be of that gender; only endings that leave no doubt decide."""
    name = fold(person.surface)
    if kind == "m":
        return not name.endswith(("ова", "ева", "ина", "ская", "ova", "eva", "skaya", "кызы", "kyzy"))
    if kind == "f":
        return not name.endswith(("ов", "ев", "ский", "ov", "ev", "sky", "skiy", "уулу", "uulu"))
    return True
