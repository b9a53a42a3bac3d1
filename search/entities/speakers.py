"""Who speaks: the phrase before or after a verb of saying that can be its speaker."""

from __future__ import annotations

import re
from dataclasses import replace

from newswarc.items import Mention
from search.entities.parsed import Draft, Parsed, Speaker
from search.entities.speech import Act

STEPS = 14
"""Words of a speaker's description."""
APPOSITION = 25
"""Words between the commas after a name."""
SPEAKING_PLACES = frozenset({"country", "city"})
"""A capital stands for its government."""
_PARTICIPLE = re.compile(r"(?:вш|ющ|ящ|нн|ем)(?:ий|ая|ие|ый|ое|ые|ийся|аяся|иеся)$")
_ADJECTIVE = re.compile("(?:ый|ий|ой|ая|яя|ое|ее|ые|ие|ого|его|ых|их|ому|ему|ым|им|ую|юю)$")


class Speakers(Parsed):
    """A sentence in which speakers are looked for."""

    def speaker(self, at: int, act: Act, found: list[Draft]) -> Speaker | None:
        before = self.before(self.preposed(at) if act.object else at)
        if self.grammar.free_order and self.follows_words(at, before, act):
            return self.right(at) or self.left(before, at)
        found_left = self.left(before, at) or self.shared(before, at, found)
        return found_left if found_left or act.tells else self.right_of(at, before)

    def before(self, at: int) -> int:
        """The word before the verb and its fillers; -1 where there is none."""
        back = at - 1
        while back >= 0 and self.plain(back) and (steps := self.skippable(back)):
            back -= steps
        return back

    def skippable(self, at: int) -> int:
        """How many words, this the last, may stand before a verb: a filler, or a channel (*in a statement* said)."""
        if self.filler(at, 1):
            return 1
        for back in range(at - 1, max(-1, at - 7), -1):
            found = self.grammar.patterns["channels"].match(self.low, self.tokens[back].start, self.end)
            if found and found.end(1) == self.tokens[at].end:
                return at - back + 1
        return 0

    def follows_words(self, at: int, before: int, act: Act) -> bool:
        """Russian: whether the verb stands after the words said, or opens the sentence, so that its subject follows."""
        if before < 0 or self.quoted[before] or self.tokens[before].word in ("как", "этом"):
            return True
        if self.tokens[0].word in self.grammar.words["fronted"] and self.left(before, at) is None:
            return True
        gap = self.gap(before)
        if "—" in gap or "–" in gap:
            return True
        opening = self.grammar.patterns["opening"]
        return "," in gap and not opening.match(self.low, self.tokens[at].end, self.end)

    def right_of(self, at: int, before: int) -> Speaker | None:
        """ "…," said X; in free order any X that follows; in a title also: … say Taliban."""
        if self.grammar.free_order:
            return self.right(at)
        follows = before >= 0 and (self.quoted[before] or "," in self.gap(before))
        if not follows and self.reading.field == "text":
            return None
        speaker = self.right(at)
        if speaker is None:
            return None
        after = self.text[self.skipped(speaker.right, False)[0] : self.end].lstrip(' "”')
        return speaker if not after or (follows and after[0] in ",.;:—–“") else None

    def left(self, before: int, at: int) -> Speaker | None:
        """The speaker before its verb, whose fillers begin after `before`."""
        if before < 0 or self.quoted[before]:
            return None
        verb = self.tokens[at].word
        if self.tokens[before].word in self.grammar.words["relatives"] and before:
            speaker = self.phrase(before - 1, verb)
        elif "," in self.gap(before):
            speaker = self.jumped(before, verb)
        else:
            speaker = self.phrase(before, verb) if self.plain(before) else None
        return speaker if speaker and self.free(speaker, verb) else None

    def free(self, speaker: Speaker, verb: str) -> bool:
        """Whether no condition (if X says) and, in Russian, no preposition governs the speaker: *в суде* признал."""
        first = self.at(speaker.start)
        word = self.tokens[first - 1].word if first else ""
        if word in self.grammar.words["conditions"]:
            return False
        governed = self.grammar.free_order and first > 0 and self.plain(first - 1)
        if not governed or word not in self.grammar.words["prepositions"]:
            return True
        return word in ("в", "во", "на") and verb.endswith(("ли", "ют", "ят", "ут"))

    def jumped(self, last: int, verb: str) -> Speaker | None:
        """X, the deputy mayor, said: the speaker before an apposition, or in it: the deputy mayor, X, said."""
        for back in range(last - 1, max(-1, last - APPOSITION), -1):
            gap = self.gap(back)
            if self.quoted[back] or any(sign in gap for sign in ":;—"):
                return None
            if "," in gap and self.cover[back] is not self.cover[back + 1]:
                named = self.cover[last]
                if named and named.type == "person" and self.cover[back + 1] is named:
                    return self.phrase(last, verb)
                return self.phrase(back, verb) if self.apposition(back + 1, last) else None
        return None

    def apposition(self, first: int, last: int) -> bool:
        words, opening = self.grammar.words, self.tokens[first].word
        if opening in words["determiners"] or opening in words["prepositions"] or opening.isdigit():
            return True
        if opening in words["relatives"]:
            return True
        if opening.endswith(("ing", "ed")) or _PARTICIPLE.search(opening):
            return True
        return any(self.is_role(at) for at in range(first, min(last + 1, first + 4)))

    def phrase(self, last: int, verb: str = "") -> Speaker | None:
        """The speaker whose phrase ends with this word."""
        if last and self.gap(last - 1) == "." and self.cover[last - 1] and not self.cover[last]:
            last -= 1  # a site's name: AKIPRESS.com
        token, mention = self.tokens[last], self.cover[last]
        if token.word in self.grammar.pronouns:
            if last and self.tokens[last - 1].word in self.grammar.words["relatives"]:
                return None
            return Speaker(token.start, token.end, token.start, token.end, pronoun=token.word)
        if mention is None:
            return self.role(last) or self.capitals(last)
        if mention.end < token.end:
            return self.role(last)
        first = self.first_of(last)
        if mention.type != "person":
            instead = self.described(first, last, verb)
            if instead is not mention:
                return instead if isinstance(instead, Speaker) else None
        left = self.tokens[self.leftmost(first)].start
        return Speaker(mention.start, mention.end, left, mention.end, mention, others=self.joined(first, mention))

    def described(self, first: int, last: int, verb: str) -> Mention | Speaker | None:
        """A mention that ends a longer phrase (officials *in Tashkent*) gives way to it."""
        mention = self.cover[last]
        before = first - 1 if first and self.plain(first - 1) else -1
        if before > 0 and self.tokens[before].word == "the" and self.plain(before - 1):
            before -= 1
        word = self.tokens[before].word if before >= 0 else ""
        impersonal = word in ("в", "во") and verb.endswith(("ли", "ют", "ят", "ут"))
        if word in self.grammar.words["prepositions"] and not impersonal:
            return self.role(last)
        assert mention is not None
        body = mention.kind == "actor" and self.grammar.word_patterns["bodies"].match(word)
        if self.grammar.free_order and before >= 0 and self.is_role(before) and not impersonal and not body:
            return self.role(last) or mention
        return mention if mention.kind == "actor" or mention.type in SPEAKING_PLACES else None

    def first_of(self, last: int) -> int:
        mention = self.cover[last]
        while last and self.cover[last - 1] is mention:
            last -= 1
        return last

    def leftmost(self, at: int) -> int:
        """Where the phrase begins that holds this word."""
        words = self.grammar.words
        least = max(0, at - STEPS)
        while at > least and self.plain(at - 1):
            word = self.tokens[at - 1].word
            if self.cover[at - 1] is None and (word in words["stops"] or self.grammar.acts.get(word)):
                break
            at -= 1
        return at

    def joined(self, first: int, mention: Mention) -> tuple[Mention, ...]:
        """Who is named with it: *X and* Y said."""
        back = first - 1
        while back > 0 and self.plain(back) and self.tokens[back].word == "the":
            back -= 1
        if back < 1 or not self.plain(back) or self.tokens[back].word not in self.grammar.words["join_words"]:
            return ()
        other = self.cover[back - 1]
        return (
            (other,) if other and other is not mention and other.kind == mention.kind and self.plain(back - 1) else ()
        )

    def role(self, last: int) -> Speaker | None:
        """A phrase with the word for a role at its head: a spokesman for the ministry."""
        first = self.leftmost(last)
        words = self.grammar.words
        if self.tokens[last].word in words["stops"]:
            return None
        for start in [first, *(at + 1 for at in range(first, last) if self.tokens[at].word in words["prepositions"])]:
            while start < last and (self.filler(start, 1) or self.tokens[start].word in words["prepositions"]):
                start += 1
            head = self.head(start, last)
            if head is not None:
                if self.tokens[start].word in words["negators"]:
                    return None
                return self.described_as(self.after_determiner(start, head), head, last)
        return None

    def after_determiner(self, start: int, head: int) -> int:
        """On social media *the police* said."""
        articles = ("the", "a", "an")
        return max([start, *(at for at in range(start + 1, head + 1) if self.tokens[at].word in articles)])

    def head(self, start: int, last: int, sources: bool = False) -> int | None:
        """English: the last word before a preposition; Russian: the first word for a role."""
        prepositions = self.grammar.words["prepositions"]
        if self.grammar.free_order:
            return next((at for at in range(start, last + 1) if self.is_role(at, sources)), None)
        cut = next((at for at in range(start + 1, last + 1) if self.tokens[at].word in prepositions), last + 1)
        return cut - 1 if self.is_role(cut - 1, sources) else None

    def described_as(self, start: int, head: int, last: int) -> Speaker:
        if self.grammar.free_order:
            start, last = self.narrowed(start, head, last)
        left, right = self.tokens[start].start, self.tokens[last].end
        person = next((one for one in self.cover[head + 1 : last + 1] if one and one.type == "person"), None)
        if person and self.grammar.free_order:
            return Speaker(person.start, person.end, left, right, person)
        voice = self.grammar.word_patterns["mouthpieces"].match(self.tokens[head].word)
        bodies = [one for one in self.cover[start : last + 1] if one and one.kind == "actor" and one.type != "person"]
        return Speaker(
            left, right, left, right, bodies[0] if voice and bodies else self.same_document(start, head, last)
        )

    def narrowed(self, start: int, head: int, last: int) -> tuple[int, int]:
        """Russian: the adjectives before the head, and what follows it up to where, when and with whom it was said."""
        first = head
        while first > start and _ADJECTIVE.search(self.tokens[first - 1].word):
            first -= 1
        circumstances = self.grammar.words["circumstances"]
        cut = next((at for at in range(head + 1, last + 1) if self.tokens[at].word in circumstances), last + 1)
        return first, cut - 1

    def same_document(self, start: int, head: int, last: int) -> Mention | None:
        """ "The alert" is whose alert was just quoted."""
        known = self.reading.last
        word = self.tokens[head].word
        if known is None or known.via is None or head != last or word not in self.grammar.words["documents"]:
            return None
        return known.speaker.mention if self.low[known.via.start : known.via.end].endswith(word) else None

    def capitals(self, last: int) -> Speaker | None:
        """Two or more capitalised words that no list knows."""
        if self.reading.field == "title":
            return None
        first = last + 1
        while first and self.capital(first - 1) and (first > last or self.plain(first - 1)):
            first -= 1
        if last - first < 1:
            return None
        left = self.tokens[self.leftmost(first)].start
        return Speaker(self.tokens[first].start, self.tokens[last].end, left, self.tokens[last].end)

    def shared(self, before: int, at: int, found: list[Draft]) -> Speaker | None:
        """The subject of the clause before, where the verb follows its conjunction: denied it *and said*."""
        if before < 1 or self.tokens[before].word not in self.grammar.words["conjunctions"]:
            return None
        if found and not found[-1].act.participle:
            if found[-1].verb.word.endswith("s") != self.tokens[at].word.endswith("s"):
                return None
            return replace(found[-1].speaker, shared=True, left=self.tokens[before].start, right=self.tokens[at].start)
        opening = self.subject()
        return (
            replace(opening, shared=True, left=self.tokens[before].start, right=self.tokens[at].start)
            if opening
            else None
        )

    def subject(self) -> Speaker | None:
        """The phrase that opens the sentence, where it can be a speaker."""
        words = self.grammar.words
        if not self.tokens or self.tokens[0].word in words["subordinate"] | words["prepositions"]:
            return None
        return self.following(0, False)

    def right(self, at: int) -> Speaker | None:
        """The speaker after its verb."""
        while at + 1 < len(self.tokens) and self.tokens[at + 1].word in self.grammar.words["reflexive"]:
            at += 1
        if at + 1 >= len(self.tokens) or not self.plain(at):
            return None
        place, _ = self.skipped(self.tokens[at].end, False)
        first = self.at(place)
        if first >= len(self.tokens) or (first > at + 1 and not self.plain(first - 1)):
            return None
        word = self.tokens[first].word
        if self.grammar.free_order and word in ("в", "во", "на"):
            return self.following(first + 1, False) if self.tokens[at].word.endswith(("ли", "ют", "ят", "ут")) else None
        while first + 1 < len(self.tokens) and self.filler(first, 1) and self.plain(first):
            first += 1
        return self.after_outlet(first) or self.following(first, False)

    def after_outlet(self, first: int) -> Speaker | None:
        """Russian: рассказала *24.kg* директор рынка."""
        outlet = self.outlet(self.tokens[first].start)
        if outlet is None or not self.grammar.free_order:
            return None
        after = self.at(outlet.end)
        if after >= len(self.tokens) or not self.plain(after - 1):
            return None
        speaker = self.following(after, False)
        return speaker if speaker and not speaker.pronoun and speaker.start > outlet.end else None

    def following(self, first: int, sources: bool) -> Speaker | None:
        """The speaker whose phrase begins with this word: a person named in it, a name, a role."""
        if first >= len(self.tokens) or (first and self.quoted[first] != self.quoted[first - 1]):
            return None
        token = self.tokens[first]
        if token.word in self.grammar.pronouns:
            return Speaker(token.start, token.end, token.start, token.end, pronoun=token.word)
        if token.word in self.grammar.words["negators"]:
            return None
        last = self.rightmost(first)
        right = self.tokens[last].end
        person = next((one for one in self.cover[first : last + 1] if one and one.type == "person"), None)
        if person:
            return Speaker(person.start, person.end, token.start, person.end, person)
        return self.named(first, last) or self.by_role(first, last, sources) or self.unknown(first, last, right)

    def named(self, first: int, last: int) -> Speaker | None:
        start = first + 1 if self.tokens[first].word == "the" and first < last else first
        mention = self.cover[start]
        if mention is None or not (mention.kind == "actor" or mention.type in SPEAKING_PLACES):
            return None
        end = self.at(mention.end) - 1
        if mention.end < self.tokens[end].end or (end < last and self.is_role(end + 1) and not self.grammar.free_order):
            return None
        others = self.joined_after(end, mention)
        return Speaker(
            mention.start, mention.end, self.tokens[first].start, (others or (mention,))[-1].end, mention, others=others
        )

    def joined_after(self, end: int, mention: Mention) -> tuple[Mention, ...]:
        after = end + 1
        if (
            after + 1 >= len(self.tokens)
            or not self.plain(end)
            or self.tokens[after].word not in self.grammar.words["join_words"]
        ):
            return ()
        after += 2 if self.tokens[after + 1].word == "the" and after + 2 < len(self.tokens) else 1
        other = self.cover[after]
        return (other,) if other and other.kind == mention.kind and other is not mention else ()

    def by_role(self, first: int, last: int, sources: bool) -> Speaker | None:
        head = self.head(first, last, sources)
        return self.described_as(first, head, last) if head is not None and head - first <= 6 else None

    def unknown(self, first: int, last: int, right: int) -> Speaker | None:
        end = first
        while end <= last and self.capital(end):
            end += 1
        if end - first < 2 or self.reading.field == "title":
            return None
        return Speaker(
            self.tokens[first].start, self.tokens[end - 1].end, self.tokens[first].start, self.tokens[end - 1].end
        )

    def rightmost(self, at: int) -> int:
        """Where the phrase ends that begins with this word."""
        words, most = self.grammar.words, min(len(self.tokens) - 1, at + STEPS)
        while at < most and self.plain(at):
            token = self.tokens[at + 1]
            if self.cover[at + 1] is None:
                if token.word in words["stops"] or token.word in words["blockers"]:
                    break
                if token.word in self.grammar.acts:
                    break
                if token.word in words["prepositions"] and self.skipped(self.tokens[at].end, False)[0] > token.start:
                    break
                if (
                    self.grammar.patterns["listeners"].match(self.low, token.start, self.end)
                    and self.grammar.free_order
                ):
                    break
            at += 1
        return at

    def preposed(self, at: int) -> int:
        """Russian: where an object with a demonstrative begins before its verb; the verb where there is none."""
        for back in range(at - 1, max(-1, at - 5), -1) if self.grammar.free_order else ():
            if not self.plain(back):
                break
            if self.tokens[back].word in self.grammar.words["this"]:
                return back
        return at
