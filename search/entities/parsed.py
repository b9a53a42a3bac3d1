"""A sentence taken apart: its words, what is direct speech, which mention each word stands in, outlets and channels."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from newswarc.items import Mention, Stance, Statement
from search.entities.sentences import Quote, Sentence, Token, Tokens
from search.entities.speech import Act, Grammar

WORDS = re.compile(r"\w+")
_PLAIN = re.compile(r'[\s"“”«»„(]*$')
_DASH = re.compile(r",?\s*[—–]")
_INSIDE = re.compile(r"[,.!?…]\s*[—–]\s+([^\n—–]{3,160}?[.,])\s*[—–]\s+")


@dataclass(frozen=True, slots=True)
class Speaker:
    start: int
    end: int
    left: int
    """Offsets of the whole phrase, with roles before the name."""
    right: int
    mention: Mention | None = None
    """Whom the surface names or stands for."""
    pronoun: str | None = None
    others: tuple[Mention, ...] = ()
    """Named with it: X *and Y* said."""
    shared: bool = False
    """Taken over from the verb before."""


class Via(NamedTuple):
    start: int
    end: int
    id: str | None


@dataclass(slots=True)
class Draft:
    speaker: Speaker
    act: Act
    verb: Token
    start: int
    end: int
    via: Via | None
    how: Literal["before", "after", "quote"]
    """Where the words stand."""


class Words(NamedTuple):
    start: int
    end: int
    how: Literal["before", "after", "quote"]
    via: Via | None


class Last(NamedTuple):
    """The statement before, as far as pronouns lean on it."""

    sentence: int
    speaker: Speaker
    via: Via | None
    statement: Statement


class Text(Protocol):
    """What a sentence must know of the text around it."""

    grammar: Grammar
    field: Literal["title", "text"]
    text: str
    folded: str
    tokens: Tokens
    mentions: list[Mention]
    starts: list[int]
    """Where each mention starts."""
    last: Last | None

    def is_outlet(self, mention: Mention) -> bool: ...

    def stance(self, draft: Draft, speaker: Speaker) -> Stance | None: ...


class Parsed:
    """One sentence."""

    def __init__(self, reading: Text, sentence: Sentence, previous: Sentence | None) -> None:
        self.reading, self.text, self.low, self.grammar = reading, reading.text, reading.folded, reading.grammar
        self.sentence, self.previous = sentence, previous
        self.end = sentence.end
        self.tokens = reading.tokens.of(reading.tokens.between(sentence.start, sentence.end))
        self.starts = [one.start for one in self.tokens]
        self.cover = self._cover()
        self.speech = tuple(part for quote in sentence.quotes if self._is_speech(quote) for part in self._halves(quote))
        self.quoted = [False] * len(self.tokens)
        for quote in self.speech:
            for at in range(self.at(quote.start), self.at(quote.end)):
                self.quoted[at] = True

    def _cover(self) -> list[Mention | None]:
        """Of each word the mention it stands in."""
        cover: list[Mention | None] = [None] * len(self.tokens)
        low = bisect_left(self.reading.starts, self.sentence.start)
        high = bisect_left(self.reading.starts, self.sentence.end)
        for one in self.reading.mentions[low:high]:
            for at in range(max(0, bisect_right(self.starts, one.start) - 1), bisect_left(self.starts, one.end)):
                if self.tokens[at].end > one.start:
                    cover[at] = one
        return cover

    def _is_speech(self, quote: Quote) -> bool:
        """Not a name or a single word in quotation marks."""
        first, last = self.at(quote.start), self.at(quote.end)
        named = first < last and self.cover[first] is not None and self.cover[first] is self.cover[last - 1]
        inner = self.text[quote.inner : quote.inner_end].rstrip()
        after = self.text[quote.end : quote.end + 4]
        if inner[-1:] in (",", ".", "!", "?", "…") or _DASH.match(after):
            return not named or last - first > 3
        return not named and (last - first >= 4 or self.text[max(0, quote.start - 2) : quote.start].startswith(":"))

    def _halves(self, quote: Quote) -> tuple[Quote, ...]:
        """«…, — сказал X. — …»: direct speech with its attribution inside the marks."""
        found = _INSIDE.search(self.text, quote.inner, quote.inner_end)
        at = self.at(found.start(1)) if found else len(self.tokens)
        if found is None or at == len(self.tokens) or self.tokens[at].word not in self.grammar.acts:
            return (quote,)
        return (
            Quote(quote.start, quote.inner, found.start(), found.start(1)),
            Quote(found.end(1), found.end(), quote.inner_end, quote.end),
        )

    def at(self, offset: int) -> int:
        """Index of the first word that starts at or after an offset."""
        return bisect_left(self.starts, offset)

    def gap(self, at: int) -> str:
        """What stands between a word and the next one."""
        return self.text[self.tokens[at].end : self.tokens[at + 1].start]

    def plain(self, at: int) -> bool:
        """Whether nothing parts a word from the next one."""
        if self.quoted[at] != self.quoted[at + 1]:
            return False
        gap = self.gap(at)
        if gap in (" ", ".") or _PLAIN.match(gap):
            return True
        if self.cover[at] is not None and self.cover[at] is self.cover[at + 1]:
            return True
        word = self.tokens[at].word
        short = len(word) == 1 or word in self.grammar.words["abbreviations"]
        return gap.strip() in (".", ")", "/") and (gap[0] == ")" or short)

    def trimmed(self, start: int, end: int) -> tuple[int, int]:
        piece = self.text[start:end]
        start += len(piece) - len(piece.lstrip(" \t\r\n,:;—–-"))
        end -= len(piece) - len(piece.rstrip(" \t\r\n,:;—–-.!?…"))
        return start, max(start, end)

    def filler(self, at: int, toward: int) -> bool:
        """Whether a word may stand between speaker and verb: an adverb, an auxiliary, a date."""
        words, word = self.grammar.words, self.tokens[at].word
        if self.cover[at] is not None:
            return False
        if word in words["fillers"]:
            return True
        if word in words["time_words"]:
            return word not in words["blockers"] or self.is_may(at)
        near = self.tokens[at + toward].word if 0 <= at + toward < len(self.tokens) else ""
        if word in words["time_prepositions"]:
            return self.dated(at + 1)
        return (
            word.isdigit()
            and len(word) <= 4
            and (near in words["time_words"] or self.dated(at - 1) or self.dated(at + 1))
        )

    def is_may(self, at: int) -> bool:
        """The month and not the verb: in May, May 5, 5 May."""
        before = self.tokens[at - 1].word if at else ""
        after = self.tokens[at + 1].word if at + 1 < len(self.tokens) else ""
        return before in self.grammar.words["time_prepositions"] or before.isdigit() or after.isdigit()

    def dated(self, at: int) -> bool:
        if not 0 <= at < len(self.tokens):
            return False
        word = self.tokens[at].word
        following = self.tokens[at + 1].word if at + 1 < len(self.tokens) else ""
        return word in self.grammar.words["time_words"] or (
            word.isdigit() and following in self.grammar.words["time_words"]
        )

    def blocked(self, at: int) -> bool:
        """Whether the verb is negated, passive, or only possible: was told, may deny, declined to say."""
        for back in range(at - 1, max(-1, at - 6), -1):
            if not self.plain(back):
                return False
            if self.tokens[back].word in self.grammar.words["blockers"] and not self.filler(back, 1):
                return True
            if not self.filler(back, 1):
                return False
        return False

    def is_role(self, at: int, sources: bool = False) -> bool:
        word, patterns = self.tokens[at].word, self.grammar.word_patterns
        return bool(patterns["roles"].match(word) or (sources and patterns["sources"].match(word)))

    def capital(self, at: int) -> bool:
        token = self.tokens[at]
        known = token.word in self.grammar.words["time_words"] or token.word in self.grammar.words["stops"]
        return self.text[token.start].isupper() and not known and self.cover[at] is None and not self.filler(at, 1)

    def skipped(self, place: int, told: bool) -> tuple[int, Via | None]:
        """Past dates, channels and listeners between verb and words: told Reuters on Friday, in a statement."""
        via: Via | None = None
        patterns = self.grammar.patterns
        if told:
            place, via = self.listener(place)
        for _ in range(4):
            at = self.blank(place)
            channel = patterns["channels"].match(self.low, at, self.end)
            if channel:
                place, via = self.channel(channel, via)
                continue
            other = patterns["times"].match(self.low, at, self.end) or patterns["audience"].match(
                self.text, at, self.end
            )
            if not other or not other.group().strip():
                break
            place = other.end()
        return place, via

    def blank(self, place: int) -> int:
        while place < self.end and self.text[place] in ' \t,"“«':
            place += 1
        return place

    def channel(self, found: re.Match[str], via: Via | None) -> tuple[int, Via]:
        """The outlet where one is named after its channel (an interview with Reuters), else the last channel named."""
        outlet = self.outlet(self.blank(found.end()))
        if outlet:
            return outlet.end, Via(outlet.start, outlet.end, outlet.id)
        if via and (via.id or self.grammar.patterns["warning_channels"].search(self.low, via.start, via.end)):
            return found.end(), via
        start, end = found.span(1)
        at = self.at(start)
        mention = self.cover[at] if at < len(self.tokens) else None
        return found.end(), Via(start, end, mention.id if mention else None)

    def outlet(self, place: int) -> Mention | None:
        carrier = self.grammar.patterns["carriers"].match(self.low, place, self.end)
        place = self.blank(carrier.end()) if carrier else place
        at = self.at(place)
        mention = self.cover[at] if at < len(self.tokens) else None
        near = mention is not None and 0 <= mention.start - place <= 1
        return mention if near and mention and self.reading.is_outlet(mention) else None

    def listener(self, place: int) -> tuple[int, Via | None]:
        start = self.blank(place)
        at = self.at(start)
        mention = self.outlet(start) or (self.cover[at] if at < len(self.tokens) else None)
        if mention and self.reading.is_outlet(mention):
            return self.closed(mention.end), Via(mention.start, mention.end, mention.id)
        if mention and mention.start == start and not self.grammar.free_order:
            return mention.end, None
        broadcast = self.grammar.patterns["broadcasts"].match(self.low, start, self.end)
        if broadcast:
            return broadcast.end(), Via(*broadcast.span(1), None)
        found = self.grammar.patterns["listeners"].match(self.low, start, self.end)
        if not found:
            return place, None
        outlet = self.outlet(self.blank(found.end())) or self.unlisted_outlet(at)
        if outlet:
            return self.closed(outlet.end), Via(outlet.start, outlet.end, outlet.id)
        return (place if self.grammar.free_order else found.end()), None

    def unlisted_outlet(self, at: int) -> Via | None:
        """told *Fox News Digital* that: two or more capitalised words that no list knows."""
        at += at < len(self.tokens) and self.tokens[at].word == "the"
        end = at
        while end < len(self.tokens) and self.capital(end) and (end == at or self.plain(end - 1)):
            end += 1
        named = end < len(self.tokens) and self.cover[end] is not None and self.plain(end - 1)
        if end - at < 2 or named or self.is_role(end - 1):
            return None
        return Via(self.tokens[at].start, self.tokens[end - 1].end, None)

    def closed(self, place: int) -> int:
        return place + 1 if self.text[place : place + 1] in ("»", "”", '"') and place < self.end else place
