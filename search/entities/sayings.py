"""What is said: a verb of saying with its speaker, the words said and the outlet that passed them on."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

from search.entities.parsed import WORDS, Draft, Speaker, Via, Words
from search.entities.sentences import Quote
from search.entities.speakers import STEPS, Speakers
from search.entities.speech import Act

MOST = 20
"""Words of saying that are looked at in one sentence; a sentence with more is none."""
_LINK = re.compile(r"[\s,:—–-]*$")
_INTRODUCES = re.compile(r"\b(?:saying|adding|stating|что)\b[\s,:]*$")
_THAT = re.compile(r",?\s*(?:that|что)\s+")
_COMMA = re.compile(r"\s*,\s*")
_STOP = re.compile(r"[.!?](?=\s)")
_DATELINE = re.compile(r"[^\Wa-zа-я][^—–.a-zа-я\n]{1,60}[—–]\s|[^\W\d_a-zа-я][^—–.\n]{1,60}\([^)\n]{1,40}\)\s*[—–-]\s")


class Sayings(Speakers):
    """A sentence in which statements are looked for."""

    def drafts(self) -> list[Draft]:
        found: list[Draft] = []
        cues = (at for at, token in enumerate(self.tokens) if token.word in self.grammar.cues and not self.quoted[at])
        for at in islice(cues, MOST):
            draft = self.leaned_on(at, self.end) or self.draft(at, found)
            if draft:
                found.append(draft)
        found = self.parted(found)
        return [*found, *self.within_quotes(found)]

    def draft(self, at: int, found: list[Draft]) -> Draft | None:
        token = self.tokens[at]
        act = self.act(at)
        if act is None:
            return None
        if act.participle:
            return (
                self.as_saying(at, act) if at and self.tokens[at - 1].word == "as" else self.carried_on(at, act, found)
            )
        if act.only_as or (act.quotes and self.as_follows(at)) or self.blocked(at):
            return None
        speaker = self.speaker(at, act, found)
        if speaker is None or (speaker.start < token.end and speaker.end > token.start):
            return None
        return self.written(act, at, speaker, self.words(act, at, speaker))

    def act(self, at: int) -> Act | None:
        """What the verb does here; right after direct speech it needs no more words."""
        token = self.tokens[at]
        spoken = at > 0 and self.quoted[at - 1]
        acts = self.grammar.acts.get(token.word, ())
        return next((one for one in acts if spoken or one.holds(self.low, token.end, self.end)), None)

    def written(self, act: Act, at: int, speaker: Speaker, words: Words | None) -> Draft | None:
        if words is None:
            return None
        start, end = self.trimmed(words.start, words.end)
        via = words.via
        if speaker.mention and self.reading.is_outlet(speaker.mention) and via is None and not speaker.pronoun:
            via = Via(speaker.mention.start, speaker.mention.end, speaker.mention.id)
        return Draft(speaker, act, self.tokens[at], start, end, via, words.how) if end > start else None

    def words(self, act: Act, at: int, speaker: Speaker) -> Words | None:
        token = self.tokens[at]
        place = token.end
        if act.swallow and act.next and (found := act.next.match(self.low, place, self.end)):
            place = found.end()
        behind = speaker.start >= token.end
        place, via = (
            self.skipped(place, act.tells or (self.grammar.free_order and not behind))
            if not act.swallow
            else (place, None)
        )
        if behind:
            if via is None:
                via = self.between(token.end, speaker.start)
            if act.quotes and (outlet := self.outlet(self.blank(speaker.right))):
                via = Via(outlet.start, outlet.end, outlet.id)
            place, further = self.skipped(self.closed(speaker.right), self.grammar.free_order)
            via = further or via
        left = min(token.start, speaker.left)
        quote = self.quote(left, place)
        via = via or self.opening_channel(speaker)
        if quote:
            return Words(quote.inner, quote.inner_end, "quote", via or self.skipped(place, False)[1])
        ahead = self.ahead(left, via)
        if ahead and not behind and self.text[place : place + 1] == "," and not self.grammar.free_order:
            return ahead
        return self.after(act, place, via, at, behind) or self.pointed_at(act, at, via) or ahead

    def pointed_at(self, act: Act, at: int, via: Via | None) -> Words | None:
        """Власти *это* отрицают; в ведомстве *эти слухи* опровергли."""
        first = self.preposed(at) if act.object else at
        return Words(self.tokens[first].start, self.tokens[at - 1].end, "after", via) if first < at else None

    def between(self, start: int, end: int) -> Via | None:
        outlet = self.outlet(self.blank(start))
        return Via(outlet.start, outlet.end, outlet.id) if outlet and outlet.end <= end else None

    def opening_channel(self, speaker: Speaker) -> Via | None:
        """In a statement, X said; X in his channel wrote."""
        opening = self.grammar.patterns["speaking_to"].match(self.low, self.sentence.start, self.end)
        outlet = self.outlet(self.blank(opening.end())) if opening else None
        if outlet:
            return Via(outlet.start, outlet.end, outlet.id)
        for place in (self.sentence.start, self.blank(speaker.end)):
            found = self.grammar.patterns["channels"].match(self.low, place, self.end)
            if found:
                return self.channel(found, None)[1]
        return None

    def quote(self, left: int, place: int) -> Quote | None:
        """Direct speech next to speaker and verb, before or behind; the longer where there are both."""
        near = [
            one
            for one in self.speech
            if (one.end <= left and _LINK.match(self.text[one.end : left]) and left - one.end < 12)
            or (one.start >= place and one.start - place < 90 and self.introduces(place, one.start))
        ]
        return max(near, key=lambda one: one.end - one.start, default=None)

    def introduces(self, start: int, end: int) -> bool:
        piece = self.text[start:end]
        if not WORDS.search(piece):
            return True
        bare = piece.rstrip()
        if bare.endswith(":") and "," not in bare:
            return True
        return _INTRODUCES.search(piece) is not None

    def after(self, act: Act, place: int, via: Via | None, at: int, behind: bool) -> Words | None:
        """The clause that follows."""
        patterns = self.grammar.patterns
        if behind and not self.introduced(at):
            found = _THAT.match(self.text, place, self.end)
        elif behind:
            found = _COMMA.match(self.text, place, self.end)
        else:
            found = patterns["opening_object" if act.object else "opening"].match(self.low, place, self.end)
        if not found:
            return None
        start, end = found.end(), self.end
        if not behind and patterns["no_clause"].match(self.low, start, end):
            return None
        if not act.within:
            turn = patterns["turn" if act.object else "contrast"].search(self.low, start, end)
            end = turn.start() if turn else end
        return Words(start, end, "after", via) if WORDS.search(self.text, start, end) else None

    def introduced(self, at: int) -> bool:
        """Как сообщил X, …"""
        before = self.before(at)
        return before == 0 and self.tokens[0].word == "как"

    def ahead(self, left: int, via: Via | None) -> Words | None:
        """The clause before speaker and verb, or the sentence before: «Об этом сообщил X»."""
        piece = self.text[self.sentence.start : left].rstrip()
        if self.low.startswith("об этом", self.sentence.start):
            if self.previous is None or self.sentence.first:
                return None
            return Words(self.previous.start, self.previous.end, "before", via)
        topic = self.tokens[0].word in self.grammar.words["fronted"]
        if not (piece.endswith((",", "—", "–")) or topic or self.reading.field == "title"):
            return None
        if len(WORDS.findall(piece)) < 2:
            return None
        start = self.sentence.start
        dateline = _DATELINE.match(self.text, start, left) if self.sentence.first else None
        return Words(dateline.end() if dateline else start, start + len(piece), "before", via)

    def as_follows(self, at: int) -> int | None:
        """reported X *as saying*"""
        for ahead in range(at + 1, min(len(self.tokens) - 1, at + STEPS)):
            if self.tokens[ahead].word == "as" and self.tokens[ahead + 1].word in ("saying", "telling", "stating"):
                return ahead
        return None

    def as_saying(self, at: int, act: Act) -> Draft | None:
        """OUTLET quoted X as saying; X was quoted as saying by OUTLET."""
        verb = next((back for back in range(at - 2, max(-1, at - STEPS - 3), -1) if self.is_quoting(back)), None)
        if verb is None:
            return None
        before = self.before(verb)
        if before > 0 and self.tokens[before].word in ("was", "were", "is", "are", "been"):
            speaker, via = self.left(self.before(before), before), self.quoted_by(at) or self.quoted_by(verb)
        elif verb == at - 2:
            return None
        else:
            speaker = self.following(verb + 1, False) if self.plain(verb) else None
            via = self.quoting_outlet(verb)
        if speaker is None:
            return None
        words = self.words(act, at, speaker)
        if via is None and speaker.pronoun and self.reading.last:
            via = self.reading.last.via
        return self.written(act, at, speaker, words._replace(via=via or words.via) if words else None)

    def is_quoting(self, at: int) -> bool:
        return any(one.quotes for one in self.grammar.acts.get(self.tokens[at].word, ()))

    def quoted_by(self, at: int) -> Via | None:
        if at + 2 < len(self.tokens) and self.tokens[at + 1].word == "by":
            outlet = self.cover[at + 2] or (self.cover[at + 3] if at + 3 < len(self.tokens) else None)
            return Via(outlet.start, outlet.end, outlet.id) if outlet else None
        return None

    def quoting_outlet(self, verb: int) -> Via | None:
        before = self.before(verb)
        outlet = self.left(before, verb)
        if outlet is None and before >= 0 and self.plain(before) and self.capital(before):
            return Via(self.tokens[before].start, self.tokens[before].end, None)
        if outlet is None or outlet.pronoun:
            return None
        return Via(outlet.start, outlet.end, outlet.mention.id if outlet.mention else None)

    def carried_on(self, at: int, act: Act, found: list[Draft]) -> Draft | None:
        """denied it, *saying*: its quotation takes the place of the words; *warning that*: a statement of its own."""
        if at == 0 or "," not in self.gap(at - 1) or not found:
            return None
        last = found[-1]
        quote = self.quote(0, self.tokens[at].end)
        if quote and act.stance == "reports":
            last.start, last.end, last.how = quote.inner, quote.inner_end, "quote"
            return None
        if act.stance in ("reports", last.act.stance) or last.how != "after":
            return None
        last.end = self.trimmed(last.start, self.tokens[at - 1].end)[1]
        speaker = replace(last.speaker, shared=True, left=self.tokens[at].start, right=self.tokens[at].start)
        words = self.after(act, self.tokens[at].end, last.via, at, False)
        return self.written(act, at, speaker, words)

    def leaned_on(self, at: int, end: int) -> Draft | None:
        """According to X, …; …, according to X."""
        token = self.tokens[at]
        for first, stance, rest in self.grammar.according:
            found = rest.match(self.low, token.end, end) if token.word == first else None
            if found:
                speaker = self.leaned_speaker(self.at(found.end()))
                words = self.leaned_words(at, speaker, end) if speaker else None
                return self.written(Act(stance), at, speaker, words) if speaker else None
        return None

    def leaned_speaker(self, first: int) -> Speaker | None:
        if first < len(self.tokens) and self.tokens[first].word in self.grammar.possessives:
            token = self.tokens[first]
            right = self.tokens[min(first + 1, len(self.tokens) - 1)].end
            return Speaker(token.start, token.end, token.start, right, pronoun=token.word)
        return self.following(first, True)

    def leaned_words(self, at: int, speaker: Speaker, end: int) -> Words | None:
        left, start = self.tokens[at].start, self.sentence.start
        opens = at == 0 or self.quoted[at] or all(self.filler(back, 1) for back in range(at))
        comma = self.text.find(",", speaker.right, min(end, speaker.right + 200))
        before, behind = len(WORDS.findall(self.low, start, left)), len(WORDS.findall(self.low, max(comma, 0), end))
        if not opens and (comma < 0 or before > 4 or behind < before):
            return Words(start, left, "before", None) if before > 1 else None
        return Words(comma + 1, end, "after", None) if comma >= 0 else None

    def within_quotes(self, found: list[Draft]) -> list[Draft]:
        """According to X, …, inside what someone is quoted with: X's statement through that speaker."""
        inner: list[Draft] = []
        for draft in [one for one in found if one.how == "quote"]:
            for at in range(self.at(draft.start), self.at(draft.end)):
                if self.tokens[at].word in self.grammar.leaning:
                    stop = _STOP.search(self.text, self.tokens[at].end, draft.end)
                    one = self.leaned_on(at, stop.start() if stop else draft.end)
                    if one:
                        inner.append(self.passed_on(one, draft))
        return inner

    def passed_on(self, one: Draft, outer: Draft) -> Draft:
        speaker = outer.speaker
        one.via = Via(speaker.start, speaker.end, speaker.mention.id if speaker.mention else None)
        negated = self.grammar.patterns["negation"].search(self.low, one.start, one.end)
        denied = self.reading.stance(outer, speaker) == "denies"
        if negated and denied:
            one.act = replace(one.act, stance="denies")
        return one

    def parted(self, found: list[Draft]) -> list[Draft]:
        kept: list[Draft] = []
        for draft in found:
            last = kept[-1] if kept else None
            if last and last.how == "after" and draft.verb.start > last.verb.start:
                if draft.how == "before" and draft.start <= last.start:
                    if self.passes_on(last, draft):
                        continue
                else:
                    self.part(last, draft)
            kept.append(draft)
        return [self.cited(one) for one in kept]

    def passes_on(self, last: Draft, outlet: Draft) -> bool:
        """X said …, OUTLET reported."""
        last.end = self.trimmed(last.start, max(last.start, min(outlet.speaker.left, outlet.verb.start)))[1]
        mention = outlet.speaker.mention
        if mention is None or not self.reading.is_outlet(mention):
            return False
        last.via = Via(mention.start, mention.end, mention.id)
        return True

    def part(self, last: Draft, draft: Draft) -> None:
        edge = min(draft.speaker.left, draft.verb.start)
        ahead = draft.how != "after" and draft.start < draft.verb.start
        if ahead or not last.start < edge < last.end:
            return
        if draft.speaker.shared:
            last.end = self.trimmed(last.start, edge)[1]
            return
        joint = self.grammar.patterns["joint"].search(self.low, max(last.start, edge - 20), edge)
        piece = joint.group() if joint else ""
        subordinate = self.tokens[0].word in self.grammar.words["subordinate"]
        if joint and (WORDS.search(piece) or (subordinate and "," in piece)):
            last.end = self.trimmed(last.start, joint.start())[1]

    def cited(self, draft: Draft) -> Draft:
        """OUTLET reported, citing X: X's statement through that outlet."""
        mention = draft.speaker.mention
        if mention is None or not self.reading.is_outlet(mention):
            return draft
        found = self.grammar.patterns["citing"].search(self.low, self.sentence.start, self.end)
        source = self.following(self.at(found.end()), True) if found else None
        if found is None or source is None or self.quoted[min(self.at(found.start()), len(self.tokens) - 1)]:
            return draft
        start, end = draft.start, draft.end
        if start <= found.start() < end:
            end = self.trimmed(start, found.start())[1]
        return replace(draft, speaker=source, start=start, end=end)
