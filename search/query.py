"""The question: a tree of what a user asked for, the parser that reads it, and the limits around it.

The tree holds words as typed; how each is found is one decision for all engines (`search.forms`). `str(tree)` prints a
query that parses to the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from search.analysis import folded_words, words

LONGEST_QUERY = 4_000
"""Characters of a query that are read."""
MOST_PARTS = 128
"""Words, also those of phrases, and fields of a query that are searched."""
MOST_OPEN = 16
"""Of these, beginnings and fuzzy words, each of which an engine looks for among all words it has."""
DEEPEST = 20
"""Parentheses within parentheses."""
MOST_NOTES = 10
SHORTEST_PREFIX = 2
"""Characters before a `*`."""
SHORTEST_FUZZY = 3
"""Characters before a `~`."""

FIELDS = ("source", "language", "country", "state", "url", "actor", "place")
"""Fields with exact values; `title:` holds words, `since:` and `until:` hold dates."""


@dataclass(frozen=True, slots=True)
class All:
    """Every document."""

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No document: there was a query, but nothing in it can be searched."""

    def __str__(self) -> str:
        return "?"


@dataclass(frozen=True, slots=True)
class Word:
    """One word as typed. `ИГИЛ-Хорасан` and `داعش‌خراسان` are one Word too: words that stand side by side or joined."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Phrase:
    text: str
    slop: int = 0
    """How many places the words may be moved in all."""

    def __str__(self) -> str:
        return f'"{self.text}"' + (f"~{self.slop}" if self.slop else "")


@dataclass(frozen=True, slots=True)
class Prefix:
    """Words that begin so."""

    text: str

    def __str__(self) -> str:
        return f"{self.text}*"


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Words that differ by at most `distance` letters put in, left out, exchanged or swapped with the next."""

    text: str
    distance: Literal[1, 2]

    def __str__(self) -> str:
        return f"{self.text}~{self.distance}"


@dataclass(frozen=True, slots=True)
class Title:
    """The part is to be found in the title."""

    part: Tree

    def __str__(self) -> str:
        return f"title:{_operand(self.part)}"


@dataclass(frozen=True, slots=True)
class Field:
    """An exact value of one of FIELDS, letter case aside. A source answers to its key, its outlet and its region."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}:{self.value}" if _BARE.fullmatch(self.value) else f'{self.name}:"{self.value}"'


@dataclass(frozen=True, slots=True)
class Spelling:
    """A name as one language writes it, looked for as words of texts in that language."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Named:
    """A name that was recognised in a question (`search.resolving`): documents that mention one of these entities."""

    typed: Tree
    """As it was typed."""
    ids: tuple[str, ...]
    names: tuple[str, ...]
    """The entities' canonical names."""
    spellings: tuple[Spelling, ...] = ()
    """Any of these finds a document that another annotator than this one has seen, or none."""
    annotator: str = ""

    def __str__(self) -> str:
        return str(self.typed)


@dataclass(frozen=True, slots=True)
class DateRange:
    """since ≤ date < until, where the date is that of publication, or of capture where there is none."""

    since: datetime | None = None
    until: datetime | None = None

    def __str__(self) -> str:
        ends = (("since", self.since), ("until", self.until))
        return " ".join(f"{name}:{moment.isoformat()}" for name, moment in ends if moment)


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Tree, ...]

    def __str__(self) -> str:
        return " ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Tree, ...]

    def __str__(self) -> str:
        return " OR ".join(map(str, self.parts))


@dataclass(frozen=True, slots=True)
class Not:
    part: Tree

    def __str__(self) -> str:
        return f"-{_operand(self.part)}"


_BARE = re.compile(r"\w[\w./-]*|https?://[^\s\"“”„«»<>()]+")
Leaf = Word | Phrase | Prefix | Fuzzy
Tree = All | Nothing | Leaf | Title | Field | Named | DateRange | And | Or | Not


def _operand(part: Tree) -> str:
    part = part.typed if isinstance(part, Named) else part
    return f"({part})" if isinstance(part, And | Or) else str(part)


Values = str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search without ranking it. Several values of one field are alternatives; None filters nothing."""

    source: Values = None
    """A source's key (`central-asia/akipress`), outlet (`akipress`) or region (`central-asia`)."""
    language: Values = None
    """BCP 47; `uz` finds `uz-Cyrl` too."""
    country: Values = None
    state: Values = None
    since: datetime | None = None
    """Aware; included."""
    until: datetime | None = None
    """Aware; excluded."""

    def values(self, name: str) -> tuple[str, ...]:
        """The values asked of `source`, `language`, `country` or `state`."""
        given: Values = getattr(self, name)
        return () if given is None else (given,) if isinstance(given, str) else tuple(given)


@dataclass(frozen=True, slots=True)
class Query:
    tree: Tree
    filters: Filters = field(default_factory=Filters)
    sort: Literal["relevance", "date"] = "relevance"
    """`date`: newest first."""
    limit: int = 20
    offset: int = 0
    strict: bool = False
    """Only the forms that were typed, no stems."""
    all_versions: bool = False
    """Also superseded texts, which are found otherwise only where a state is asked for."""

    def __post_init__(self) -> None:
        if not (0 <= self.limit <= 1_000 and 0 <= self.offset <= 100_000):
            raise ValueError(
                f"limit {self.limit} (at most 1,000) or offset {self.offset} (at most 100,000) out of range"
            )


@dataclass(frozen=True, slots=True)
class Parsed:
    tree: Tree
    notes: tuple[str, ...]
    """What was not understood or was left out, for the user to read; empty where all is as typed."""


def parse(text: str, *, now: datetime | None = None) -> Parsed:
    """Reads what a user typed. Never raises: what can't be parsed is searched as plain words, and the notes say so.

    Words are all required; `OR` between words (it binds less than AND), `NOT` or `-` before one, `( )`, "phrases",
    "phrases"~2, begin*, fuzzy~1, `title:`, FIELDS, `since:` and `until:` as `moment` reads them; a pasted URL finds the
    documents of that URL. `now` is what `since:7d` counts from.
    """
    parser = _Parser(text, now or datetime.now(UTC))
    return Parsed(parser.tree(), tuple(dict.fromkeys(parser.notes))[:MOST_NOTES])


_AGO = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "m": timedelta(days=30)}


def moment(text: str, *, until: bool = False, now: datetime | None = None) -> datetime:
    """`2022`, `2022-04`, `2022-04-21`, an ISO 8601 time, `today`, `yesterday`, `36h`, `7d`, `2w`, `6m` ago, in UTC.

    Of a day, month or year the beginning, or with `until` its end, which is the beginning of the next.
    Anything else raises ValueError.
    """
    now = (now or datetime.now(UTC)).astimezone(UTC)
    text = text.strip().lower()
    try:
        if ago := re.fullmatch(r"([0-9]{1,4})([hdwm])", text):
            return now - int(ago[1]) * _AGO[ago[2]]
        if text in ("today", "yesterday"):
            text = str(now.date() - timedelta(days=text == "yesterday"))
        if day := re.fullmatch(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?", text):
            return _day(day, until)
        given = datetime.fromisoformat(text.upper())
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as fault:
        raise ValueError(
            f"{text[:40]!r} is no date; write it as 2022-04-21, 2022-04, 2022, or 7d for the last 7 days"
        ) from fault


def _day(day: re.Match[str], until: bool) -> datetime:
    start = datetime(int(day[1]), int(day[2] or 1), int(day[3] or 1), tzinfo=UTC)
    if not until:
        return start
    if day[3]:
        return start + timedelta(days=1)
    if day[2]:
        return (start + timedelta(days=31)).replace(day=1)
    return start.replace(year=start.year + 1)


_TOKEN = re.compile(
    r"""\s+
    | (?P<open>\() | (?P<close>\))
    | (?P<sign>[-+!](?=[^\s)]))
    | (?P<field>[A-Za-z]{2,12}:(?=[^\s)/]))
    | (?P<url>https?://[^\s"“”„«»<>()]+)
    | (?: "(?P<straight>[^"]*)" | [“„](?P<curly>[^“”„]*)[”“] | «(?P<angle>[^«»]*)» ) (?:~(?P<slop>[0-9]{1,3}))?
    | (?P<quote>["“”„«»])
    | (?P<word>[^\s()"“”„«»]+)""",
    re.VERBOSE,
)
_NAMES = {
    "actors": "actor",
    "places": "place",
    "lang": "language",
    "outlet": "source",
    "site": "source",
    "from": "since",
    "to": "until",
    "before": "until",
}
_KNOWN = {"title", "since", "until", *FIELDS}


class _Parser:
    """Recursive descent over the tokens; its depth is bounded by DEEPEST."""

    def __init__(self, text: str, now: datetime) -> None:
        self.notes: list[str] = []
        self.now = now
        self.typed = bool(text.strip())
        if len(text) > LONGEST_QUERY:
            self.notes.append(f"only the first {LONGEST_QUERY:,} characters of the query were read")
        self.tokens = [token for token in _TOKEN.finditer(text[:LONGEST_QUERY]) if token.lastgroup]
        self.at = 0
        self.depth = 0
        self.parts = 0
        self.open = 0

    def tree(self) -> Tree:
        found: list[Tree] = []
        while self.at < len(self.tokens):
            found.append(self.either())
            if self.peek("close"):
                self.at += 1
                self.notes.append("a closing parenthesis without an opening one was ignored")
        tree = _joined(And, found)
        if isinstance(tree, All) and self.typed:
            self.notes.append("nothing in the query can be searched")
            return Nothing()
        return tree

    def peek(self, *kinds: str, words: tuple[str, ...] = ()) -> bool:
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        return token.lastgroup in kinds or (token.lastgroup == "word" and token.group() in words)

    def either(self) -> Tree:
        parts = [self.every()]
        while self.peek(words=("OR", "||")):
            operator = self.take()
            before, after = parts[-1], self.every()
            if isinstance(before, All) or isinstance(after, All):
                self.notes.append(f"{operator} stands between nothing and was searched as a word")
                after = _joined(And, [self.word(operator.lower()), after])
            parts.append(after)
        return _joined(Or, parts)

    def every(self) -> Tree:
        parts: list[Tree] = []
        while self.at < len(self.tokens) and not self.peek("close", words=("OR", "||")):
            if self.peek(words=("AND", "&&")):
                operator = self.take()
                if not parts or self.at >= len(self.tokens) or self.peek("close", words=("OR", "||", "AND", "&&")):
                    self.notes.append(f"{operator} stands beside nothing and was searched as a word")
                    parts.append(self.word(operator.lower()))
            else:
                parts.append(self.one())
        return _joined(And, parts)

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1].group()

    def one(self) -> Tree:
        """One part with the signs before it."""
        negated = False
        while self.peek("sign", words=("NOT",)):
            operator = self.take()
            if self.at >= len(self.tokens) or self.peek("close", words=("OR", "AND", "||", "&&")):
                self.notes.append(f"{operator} stands before nothing and was searched as a word")
                return self.word(operator.lower())
            negated ^= operator != "+"
        part = self.primary()
        return _negation(part) if negated else part

    def primary(self) -> Tree:
        token = self.tokens[self.at]
        self.at += 1
        match token.lastgroup:
            case "open":
                return self.group()
            case "quote":
                self.notes.append("a quotation mark without its other half was ignored")
                return All()
            case "field":
                return self.field(token.group()[:-1])
            case "url":
                return self.counted(lambda _: Field("url", token.group()))
            case "word":
                return self.word(token.group())
            case _:
                return self.phrase(token)

    def group(self) -> Tree:
        if self.depth >= DEEPEST:
            self.notes.append(f"parentheses more than {DEEPEST} deep were ignored")
            self.skip_group()
            return All()
        self.depth += 1
        part = self.either()
        self.depth -= 1
        if self.peek("close"):
            self.at += 1
        else:
            self.notes.append("an opening parenthesis without a closing one was taken to close at the end")
        return part

    def skip_group(self) -> None:
        """Reads on as if these parentheses were not there: their words join the group around them."""
        opened = self.at
        depth = 1
        while opened < len(self.tokens) and depth:
            depth += {"open": 1, "close": -1}.get(self.tokens[opened].lastgroup or "", 0)
            opened += 1
        inside = [token for token in self.tokens[self.at : opened] if token.lastgroup not in ("open", "close")]
        self.tokens[self.at : opened] = inside

    def field(self, typed: str) -> Tree:
        name = _NAMES.get(typed.lower(), typed.lower())
        if name not in _KNOWN:
            self.notes.append(f"there is no field {typed!r}: it was searched as a word")
            return self.word(f"{typed}:{self.take()}" if self.peek("word") else typed)
        if name == "title":
            return self.title()
        token = self.tokens[self.at]
        if token.lastgroup in ("open", "close", "sign", "quote", "field"):
            self.notes.append(f"{name}: has no value and was searched as a word")
            return self.word(name)
        self.at += 1
        value = token.group() if token.lastgroup in ("word", "url") else _quoted(token)
        if not value:
            self.notes.append(f"{name}: has no value and was ignored")
            return All()
        return self.dated(name, value) if name in ("since", "until") else self.counted(lambda _: Field(name, value))

    def title(self) -> Tree:
        if self.depth >= DEEPEST:
            self.notes.append(f"title: more than {DEEPEST} deep was ignored")
            return All()
        self.depth += 1
        part = self.one()
        self.depth -= 1
        return part if isinstance(part, All | Title) else Title(part)

    def dated(self, name: str, value: str) -> Tree:
        try:
            at = moment(value, until=name == "until", now=self.now)
        except ValueError as fault:
            self.notes.append(f"{name}: {fault}; it was searched as a word")
            return self.searchable(value, Phrase)
        return self.counted(lambda _: DateRange(since=at) if name == "since" else DateRange(until=at))

    def phrase(self, token: re.Match[str]) -> Tree:
        text = _quoted(token)
        return self.searchable(text, lambda text: Phrase(text, min(int(token["slop"] or 0), 100)))

    def word(self, text: str) -> Tree:
        if fuzzy := re.fullmatch(r"(.+?)~([0-9]?)", text):
            return self.fuzzy(fuzzy[1], int(fuzzy[2] or 1))
        if text.strip("*") != text:
            return self.prefix(text)
        return self.searchable(text, lambda text: Word(_safe(text)))

    def fuzzy(self, text: str, distance: int) -> Tree:
        text = text.strip("*~")
        lengths = [len(word) for word in folded_words(text)]
        if distance == 0 or len(lengths) != 1 or lengths[0] < SHORTEST_FUZZY:
            self.notes.append(f"~ needs one word of three letters or more: {text[:40]!r} was searched as it is")
            return self.searchable(text, lambda text: Word(_safe(text)))
        if distance > 2:
            self.notes.append("words may differ by two letters at most")
        if not self.may_open():
            return self.searchable(text, lambda text: Word(_safe(text)))
        return self.searchable(text, lambda text: Fuzzy(_safe(text), 1 if distance == 1 else 2))

    def prefix(self, text: str) -> Tree:
        begin = text.strip("*~")
        if text.startswith("*"):
            self.notes.append("words can't be found by their end: a * at the beginning was ignored")
        long_enough = sum(map(len, folded_words(begin))) >= SHORTEST_PREFIX
        if text.endswith("*") and long_enough and self.may_open():
            return self.searchable(begin, lambda begin: Prefix(_safe(begin)))
        if text.endswith("*") and not long_enough:
            self.notes.append(f"a * needs {SHORTEST_PREFIX} letters or more before it")
        return self.searchable(begin, lambda begin: Word(_safe(begin)))

    def may_open(self) -> bool:
        self.open += 1
        if self.open > MOST_OPEN:
            self.notes.append(f"only the first {MOST_OPEN} words with * or ~ were searched so, the others as they are")
        return self.open <= MOST_OPEN

    def searchable(self, text: str, make: Callable[[str], Leaf]) -> Tree:
        """The leaf, of as many words as may still be searched, or All where its text holds no letter or digit."""
        ends = [word.end for word in words(text)]
        if not ends:
            if text:
                self.notes.append(f"{text[:40]!r} holds nothing that can be searched")
            return All()
        return self.counted(lambda most: make(text if len(ends) <= most else text[: ends[most - 1]]), len(ends))

    def counted(self, make: Callable[[int], Tree], size: int = 1) -> Tree:
        """A part of so many words; `make` is told how many of them may be searched."""
        left = MOST_PARTS - self.parts
        self.parts += size
        if self.parts > MOST_PARTS:
            self.notes.append(f"only the first {MOST_PARTS} words of the query were searched")
        return make(left) if left > 0 else All()


_UNSAFE = re.compile(r"[-+!]|https?://|[A-Za-z]{2,12}:|.*[*~]|(?:AND|OR|NOT)$")


def _safe(text: str) -> str:
    """The same words in a form that prints as nothing but words."""
    return "-".join(folded_words(text)) if _UNSAFE.match(text) else text


def _quoted(token: re.Match[str]) -> str:
    text = token["straight"] or token["curly"] or token["angle"] or ""
    return " ".join(re.sub('["“”„«»]', " ", text).split())


def _negation(part: Tree) -> Tree:
    if isinstance(part, All):  # nothing was there to negate
        return part
    return part.part if isinstance(part, Not) else Not(part)


def _joined(kind: type[And] | type[Or], parts: list[Tree]) -> Tree:
    """One tree of several: nested ones of the same kind made flat, empty ones left out, a single one as it is."""
    flat: list[Tree] = []
    for part in parts:
        if isinstance(part, And | Or) and isinstance(part, kind):
            flat.extend(part.parts)
        elif not isinstance(part, All):
            flat.append(part)
    if not flat:
        return All()
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def leaves(tree: Tree, in_title: bool = False) -> Iterator[tuple[Leaf, bool]]:
    """The words and phrases a document is found by, without those it must not have; True: looked for in the title."""
    match tree:
        case Word() | Phrase() | Prefix() | Fuzzy():
            yield tree, in_title
        case Named(typed):
            yield from leaves(typed, in_title)
        case Title(part):
            yield from leaves(part, True)
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part, in_title)


def named_in(tree: Tree) -> list[Named]:
    """The names that were recognised in it and are looked for, in order."""
    match tree:
        case Named():
            return [tree]
        case And(parts) | Or(parts):
            return [name for part in parts for name in named_in(part)]
        case _:
            return []


def asks_for_state(tree: Tree) -> bool:
    match tree:
        case Field("state"):
            return True
        case Title(part) | Not(part):
            return asks_for_state(part)
        case And(parts) | Or(parts):
            return any(map(asks_for_state, parts))
    return False
