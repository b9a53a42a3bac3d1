"""The registry: all entities compiled once to files that every process maps, and looking names up in them.

A compiled registry is a folder named by the digest of what it was made from: two tries (stems of the words of names;
names as joined keys, with their beginnings at each word), arrays, and the entities as JSON lines. It is written under
another name and renamed when whole; a process that finds one maps it, which takes milliseconds and shares its memory.
"""

from __future__ import annotations

import gc
import hashlib
import json
import mmap
import os
import re
import shutil
import sys
import tempfile
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import marisa_trie
import yaml

from search.analysis import base_language, fold, script, surfaces
from search.entities import keys
from search.entities.keys import Form
from search.entities.watchlist import (
    LANGUAGES,
    Alias,
    BadWatchlist,
    Entity,
    Placed,
    Problem,
    checked,
    exact_by_default,
    files,
    read,
)

FORMAT = 4
"""Of the compiled files; another one is another registry."""
REMEMBERED = 1 << 14
"""Words of texts whose forms a process remembers, for each language."""
LARGE_CITY = 500_000
"""People from which on a city's name outweighs an ordinary word of the same letters."""
MOST_WORDS = 12
"""Words of a name."""
HERE = Path(__file__).parent

EXACT, CAPITALS, NEAR, BARE, LOWER, DERIVED, PERSON, SURNAME = (1 << bit for bit in range(8))
"""What an alias record says. CAPITALS: as it stands, an ending may follow; LOWER: may begin with a small letter;
DERIVED: made by the compiler (initials, surname first); SURNAME: the surname of a person whom it names in any text."""
LANGUAGE_AT, WORDS_AT = 8, 13
"""Bits at which the language of the name and the number of its words follow."""
FAMILY = 1 << 17
"""The surname of any other person: only for typed queries; in a text it needs the full name."""
DATED = 1 << 18
"""The name, or what it names, has days from and to which it holds."""


_BODIES = ("organisation", "armed group", "government", "party", "media", "company")


class Record(NamedTuple):
    """One way to write one name of one entity, as the compiled registry has it."""

    number: int
    entity: int
    flags: int

    @property
    def language(self) -> int:
        """Index into LANGUAGES."""
        return self.flags >> LANGUAGE_AT & 31

    @property
    def words(self) -> int:
        return self.flags >> WORDS_AT & 15


class Detail(NamedTuple):
    """What a record says that its flags do not."""

    language: str
    name: str
    folded: str
    near: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


class Word(NamedTuple):
    """What a word of a text can be."""

    forms: tuple[Form, ...]
    starts: tuple[tuple[Form, int], ...]
    """Those that begin a name, with their node."""
    small: bool = False
    """Whether one of these names may begin with a small letter."""
    alone: bool = False
    """Whether it is a name by itself."""


NO_WORD = Word((), ())


@dataclass(frozen=True, slots=True)
class Recognised:
    """A span of a typed query that is a name."""

    start: int
    end: int
    entities: tuple[Entity, ...]
    """Best first."""


class Registry:
    """Compiled entities, open for reading."""

    def __init__(self, folder: Path, inputs: Sequence[Path] = (), reopen: Callable[[], Registry] | None = None) -> None:
        self.folder = folder
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        self.version: str = meta["version"]
        self.names: int = meta["names"]
        self._inputs, self._reopen = tuple(inputs), reopen
        self._stamp = stamp(self._inputs)
        self._words_trie, self._names_trie, self._ids_trie = (
            marisa_trie.Trie().mmap(str(folder / f"{name}.marisa")) for name in ("words", "names", "ids")
        )
        self._masks, self._starts, self._postings, self._records, self._by_id = (
            _mapped(folder / f"{name}.u32").cast("I") for name in ("masks", "starts", "postings", "records", "by_id")
        )
        self._lines, self._offsets = _lines(folder, "entities")
        self._names_lines, self._names_offsets = _lines(folder, "names")
        self._details_lines, self._details_offsets = _lines(folder, "details")
        self._small = _mapped(folder / "small.u8")
        self._facts: dict[int, Entity] = {}
        self._details: dict[int, Detail] = {}
        self._family: dict[str, tuple[str, ...]] = {}
        self._words: dict[str | None, dict[str, Word]] = defaultdict(dict)

    @classmethod
    def open(cls, folders: Iterable[Path | str] = (), cache: Path | str | None = None) -> Registry:
        """The shipped entities and those of all watchlists in these folders or files; BadWatchlist if one is unsound.

        `cache`: where compiled registries are kept; NEWSWARC_CACHE, or the user's cache folder, if not given.
        """
        given = tuple(folders)
        inputs = [*shipped_files(), *files(given)]
        version, kept = _digest(inputs), Path(cache) if cache else cache_folder()

        def opened() -> Registry:
            folder = _compiled(version, kept, lambda: _judged(given, version, kept))
            # What ships with the program changes with the program: only lists are looked at while it runs.
            lists = [HERE / "watchlists", *files([HERE / "watchlists", *given]), *(Path(folder) for folder in given)]
            return cls(folder, lists, lambda: cls.open(given, cache))

        try:
            return opened()
        except (FileNotFoundError, RuntimeError):  # the trie's own fault: removed by another process since it was found
            return opened()

    @classmethod
    def of(cls, entities: Iterable[Entity], cache: Path | str) -> Registry:
        """A registry of just these entities."""
        listed = list(entities)
        digest = hashlib.sha256(json.dumps([_plain(entity) for entity in listed], default=str).encode())
        return cls(_compiled(f"{FORMAT}{digest.hexdigest()}"[:12], Path(cache), lambda: listed))

    def current(self) -> Registry:
        """This registry, or one opened anew if it is stale."""
        return self._reopen() if self._reopen and self.stale else self

    @property
    def stale(self) -> bool:
        """Whether a list that this registry was made from has changed, or a folder of lists has gained or lost one."""
        return stamp(self._inputs) != self._stamp

    # Entities

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __iter__(self) -> Iterator[Entity]:
        return (self.numbered(number) for number in range(len(self)))

    def entity(self, id: str) -> Entity | None:
        node = self._ids_trie.get(id)
        return None if node is None else self.numbered(self._by_id[node])

    def numbered(self, number: int) -> Entity:
        """An entity by the number that a Record has."""
        return _entity(json.loads(_line_of(self._lines, self._offsets, number)), self._names_of(number))

    def _names_of(self, number: int) -> dict[str, Any]:
        names: dict[str, Any] = json.loads(_line_of(self._names_lines, self._names_offsets, number))
        return names

    def facts(self, number: int) -> Entity:
        """The same without its names, which are most of it: remembered."""
        if (known := self._facts.get(number)) is None:
            if len(self._facts) > REMEMBERED:
                self._facts.clear()
            self._facts[number] = known = _entity(json.loads(_line_of(self._lines, self._offsets, number)), {})
        return known

    def detail(self, record: Record) -> Detail:
        """The name that a record is of: remembered."""
        if (known := self._details.get(record.number)) is None:
            if len(self._details) > REMEMBERED:
                self._details.clear()
            line = json.loads(_line_of(self._details_lines, self._details_offsets, record.number))
            language, name, *conditions = line
            since, until, *near = conditions or (None, None)
            self._details[record.number] = known = Detail(
                language, name, fold_name(name), tuple(near), _day(since), _day(until)
            )
        return known

    def holds(self, record: Record, on: date) -> bool:
        """Whether on that day the entity existed and had this name."""
        if not record.flags & DATED:
            return True
        return all(
            (one.since is None or one.since <= on) and (one.until is None or on < one.until)
            for one in (self.detail(record), self.facts(record.entity))
        )

    def family_keys(self, person: Entity) -> tuple[str, ...]:
        """The keys of a person's surname in each of its names: remembered."""
        if (known := self._family.get(person.id)) is None:
            named = self.entity(person.id) or person
            self._family[person.id] = known = tuple(dict.fromkeys(_family_keys(named)))
        return known

    def forms(self, id: str) -> list[tuple[str, str]]:
        """(language, name) for every name of an entity; [] if there is none of this id."""
        entity = self.entity(id)
        return [] if entity is None else list(dict.fromkeys((lang, alias.name) for lang, alias in entity.aliases()))

    # Words and names of a text

    def words(self, surfaces: Sequence[str], language: str | None) -> list[Word]:
        """What each word, as it stands in a text of that language, can be; NO_WORD where it is of no name."""
        known = self._words[language]
        found = list(map(known.get, surfaces))
        return [word or self.word(surface, language) for word, surface in zip(found, surfaces, strict=True)]

    def word(self, surface: str, language: str | None) -> Word:
        """The same for one word."""
        known = self._words[language]
        if (word := known.get(surface)) is None:
            if len(known) > REMEMBERED:
                known.clear()
            known[surface] = word = self._word(surface, language)
        return word

    def _word(self, surface: str, language: str | None) -> Word:
        found: dict[str, Form] = {}
        for key, endings, skipped, cut in keys.candidates(surface, language):
            for stem, node in self._words_trie.iter_prefixes_with_ids(key):
                for name in keys.completed(stem, self._masks[node], key[len(stem) :], endings, surface):
                    form = Form(name, (name != key) + 2 * bool(skipped), skipped, cut)
                    if name not in found or form.cost < found[name].cost:
                        found[name] = form
        forms = tuple(sorted(found.values(), key=lambda form: form.cost))
        if not forms:
            return NO_WORD
        nodes = ((form, self._names_trie.get(form.key)) for form in forms)
        starts = tuple((form, node) for form, node in nodes if node is not None)
        small = any(self._small[node] for _, node in starts)
        return Word(forms, starts, small, any(self._starts[node] < self._starts[node + 1] for _, node in starts))

    def node(self, key: str) -> int | None:
        """The node of a joined key that is a name or its beginning."""
        node: int | None = self._names_trie.get(key)
        return node

    def key(self, node: int) -> str:
        key: str = self._names_trie.restore_key(node)
        return key

    def records(self, node: int) -> Sequence[Record]:
        """The names whose joined key ends at this node."""
        begin, end = self._starts[node], self._starts[node + 1]
        if begin == end:
            return ()
        return [Record(n, self._records[2 * n], self._records[2 * n + 1]) for n in self._postings[begin:end]]

    # Looking up

    def find(self, name: str, language: str | None = None) -> list[Entity]:
        """The entities that a typed name can mean, best first; any letter case, inflected too."""
        scores: dict[int, float] = {}
        for record, cost in self._whole(name, language):
            scores[record.entity] = min(scores.get(record.entity, 99.0), self._badness(record, cost, name, language))
        found = ((score, self.numbered(number)) for number, score in scores.items())
        return [entity for _, entity in sorted(found, key=lambda one: (one[0], -_names(one[1]), one[1].id))]

    def _whole(self, name: str, language: str | None) -> Iterator[tuple[Record, int]]:
        parts = [part.group() for part in surfaces(name)]
        joined = "".join(parts)
        for sequence in dict.fromkeys((tuple(parts), (joined,))):
            for key, cost in self._joined(sequence[:MOST_WORDS], language):
                if (node := self.node(key)) is not None:
                    for record in self.records(node):
                        if not record.flags & (FAMILY | SURNAME) or keys.same_family(key, joined, language):
                            yield record, cost

    def _joined(self, parts: Sequence[str], language: str | None) -> list[tuple[str, int]]:
        """Every joined key that these words can be, with its cost, as far as names begin so."""
        ways = [("", 0)]
        for part in parts:
            ways = [
                (prefix + form.key, cost + form.cost)
                for prefix, cost in ways
                for form in self.word(part, language).forms
                if self.node(prefix + form.key) is not None
            ]
        return ways

    def _badness(self, record: Record, cost: int, typed: str, language: str | None) -> float:
        detail = self.detail(record)
        spelled = detail.folded == fold_name(typed)
        other = bool(language) and detail.language != language
        conditional = bool(record.flags & (NEAR | BARE))
        weight = prominence(self.facts(record.entity))
        cost += bool(record.flags & FAMILY)
        return cost + (not spelled) * 0.5 + other * 0.2 + conditional * 0.6 + bool(record.flags & DERIVED) - weight / 10

    def recognise(self, query: str, language: str | None = None) -> list[Recognised]:
        """The spans of a typed query that are names, longest first where they overlap; conservative.

        A single word in small letters counts only if it is no ordinary word and has four letters, or is all that is
        typed and a well-known name.
        """
        words = list(surfaces(query))
        found: list[Recognised] = []
        at = 0
        while at < len(words):
            spans = (
                self._recognised(query, words[at : at + n], language)
                for n in range(MOST_WORDS, 0, -1)
                if at + n <= len(words)
            )
            span = next((span for span in spans if span), None)
            found += [span] if span else []
            at += 1 if span is None else sum(span.start <= word.start() < span.end for word in words)
        return found

    def _recognised(self, query: str, words: Sequence[re.Match[str]], language: str | None) -> Recognised | None:
        start, end = words[0].start(), words[-1].end()
        typed = query[start:end]
        if len(words) == 1 and not self._certain(typed, alone=typed == query.strip()):
            return None
        entities = self.find(typed, language)
        return Recognised(start, end, tuple(entities)) if entities else None

    def _certain(self, word: str, alone: bool) -> bool:
        """Whether a single typed word is a name and not an ordinary word that looks like one.

        A capital, or being all that is typed, makes a name of an ordinary word; small letters make none of a surname.
        """
        uncased = word.lower() == word.upper()
        capital = word[:1].isupper() or (uncased and alone)
        if capital:
            return True
        if uncased:
            return fold(word) not in ordinary_words(None)
        found = list(self._whole(word, None))
        by_surname = bool(found) and all(record.flags & FAMILY for record, _ in found)
        ordinary = fold(word) in ordinary_words(None)
        return (len(word) > 3 and not ordinary and not by_surname) or (alone and self._well_known(word, ordinary))

    def _well_known(self, word: str, ordinary: bool) -> bool:
        """Whether small letters by themselves rather are a name: turkey, kabul; bbc, sco; but not is, who, mary, osh.

        An ordinary word is a country or a large city if it has four letters, is spelled as the name is and needs no
        word beside it (`needs`); what is none is a body's name in capitals if it has three.
        """
        best = next(iter(self.find(word)), None)
        if best is None or len(word) < 3:
            return False
        folded = fold_name(word)
        spelled = [alias for _, alias in best.aliases() if fold_name(alias.name) == folded and not alias.near]
        if best.type == "country" or (best.population or 0) >= LARGE_CITY:
            cues = ordinary_words(None).get(folded)
            ruled_out = cues is not None and (len(word) < 4 or bool(cues.needs) or from_gazetteer(best))
            return bool(spelled) and not ruled_out
        return not ordinary and best.type in _BODIES and any(a.name.isupper() and not a.bare for a in spelled)


@lru_cache(REMEMBERED)
def fold_name(name: str) -> str:
    """A name's folded words, one space apart: what two spellings share that differ in letter case only."""
    return " ".join(fold(word.group()) for word in surfaces(name))


def _names(entity: Entity) -> int:
    """How many names are known of an entity: more of those that are better known."""
    return sum(map(len, entity.names.values()))


def from_gazetteer(entity: Entity) -> bool:
    """Whether a place is one of the thousands of the gazetteer, and not one that somebody chose to list."""
    return entity.id.startswith("gn") and entity.id[2:].isdigit()


def prominence(entity: Entity) -> float:
    """How likely a name means this entity if nothing else is known, 0 to 6: kinds first, then population."""
    by_type = {
        "country": 7.0,
        "province": 3.2,
        "river": 3.3,
        "region": 3.3,
        "lake": 3.2,
        "sea": 3.3,
        "pass": 2.3,
        "district": 2.2,
    }
    if entity.kind == "actor":
        return 4.0
    if entity.population:
        return min(5.5, max(0.5, len(str(entity.population)) - 3 + int(str(entity.population)[0]) / 10))
    return by_type.get(entity.type, 3.0 if entity.type == "city" else 2.0)


def read_yaml(name: str) -> Any:
    """A YAML file of data/."""
    return yaml.load((HERE / "data" / name).read_text("utf-8"), yaml.CSafeLoader)


class Ordinary(NamedTuple):
    """A name that is an ordinary word too, and what tells the two apart: folded beginnings of words beside it."""

    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


@cache
def _ordinary() -> Mapping[str, Any]:
    content: Mapping[str, Any] = read_yaml("ordinary.yaml")
    return content


@cache
def ordinary_words(language: str | None) -> Mapping[str, Ordinary]:
    """Folded word → what tells it from the name, in a language; in all where none is given: data/ordinary.yaml."""
    content = _ordinary()
    found: dict[str, Ordinary] = {}
    for of, words in content.items():
        if language is None or of == base_language(language):
            for word, cues in words.items():
                folded = {
                    cue: tuple(fold(given, of) for given in (cues or {}).get(cue, ())) for cue in Ordinary._fields
                }
                found[fold(word, of)] = Ordinary(**folded)
    return found


# Compiling


_CODE = [
    *(HERE / f"{name}.py" for name in ("keys", "registry", "watchlist", "organs", "gazetteer")),
    *(HERE.parent / f"{name}.py" for name in ("analysis", "stems")),  # keys are made with these
]
_RUNS = hashlib.sha256(b"".join(file.read_bytes() for file in _CODE)).digest()
"""Of the code as this process runs it: files that are changed under it are not what it compiles with."""


def shipped_files() -> list[Path]:
    """What the shipped entities are made from: data, watchlists, and the code that expands them."""
    folders = (HERE / "data", HERE / "watchlists")
    data = [file for folder in folders for file in sorted(folder.iterdir()) if not file.name.startswith(".")]
    return [*data, *_CODE]


def shipped() -> list[Entity]:
    """The entities that come with the package: watchlists, organs of state, places, gazetteer."""
    return [place.entity for place in shipped_places()]


def shipped_places() -> list[Placed]:
    """The same with the files, and where it is a watchlist the lines, that hold them."""
    from search.entities import gazetteer, organs  # late: both are made of this package's data

    problems: list[Problem] = []
    listed = list(read([HERE / "watchlists", HERE / "data" / "places.yaml"], problems))
    if problems:
        raise BadWatchlist(problems)
    made = [Placed(entity, str(organs.FILE)) for entity in organs.organs()]
    made += [Placed(entity, str(gazetteer.FILE)) for entity in gazetteer.gazetteer()]
    return [replace(place, shipped=True) for place in (*listed, *made)]


def everything(folders: Iterable[Path | str]) -> list[Entity]:
    """The shipped entities and those of the folders, checked against each other; BadWatchlist on any error."""
    ours = shipped_places()
    given = files(folders)
    theirs, problems = checked(given, ours) if given else ([], [])
    if errors := [problem for problem in problems if problem.level == "error"]:
        raise BadWatchlist(errors)
    return [place.entity for place in (*theirs, *ours)]


def _judged(folders: Sequence[Path | str], version: str, cache: Path) -> list[Entity]:
    """`everything`; files that were found unsound before are refused for the same reasons without a second look."""
    verdict = _verdict(folders, version, cache)
    if problems := _remembered(verdict):
        raise BadWatchlist(problems)
    try:
        return everything(folders)
    except BadWatchlist as fault:
        # What changed since the digest was taken is not what the digest names.
        if _digest([*shipped_files(), *files(folders)]) == version:
            _remember(verdict, fault.problems)
        raise


def _verdict(folders: Iterable[Path | str], version: str, cache: Path) -> Path:
    """Where the problems of these very files, which say their names, are kept."""
    names = hashlib.sha256("\0".join(map(str, files(folders))).encode("utf-8", "surrogateescape"))
    return cache / f"unsound-{version}-{names.hexdigest()[:12]}.json"


def _remembered(verdict: Path) -> list[Problem]:
    try:
        return [Problem(**problem) for problem in json.loads(verdict.read_text("utf-8"))]
    except (OSError, ValueError, TypeError):  # none, or one that is damaged: the files are checked
        return []


def _remember(verdict: Path, problems: Iterable[Problem]) -> None:
    text = json.dumps([asdict(problem) for problem in problems])
    with suppress(OSError):  # a cache that cannot be written: they are checked again each time
        with tempfile.NamedTemporaryFile("w", prefix="unsound-", dir=verdict.parent, delete=False) as made:
            made.write(text)
        os.replace(made.name, verdict)


def cache_folder() -> Path:
    """NEWSWARC_CACHE, or the user's cache folder; a temporary one where that cannot be written."""
    if given := os.environ.get("NEWSWARC_CACHE"):
        return Path(given)
    match sys.platform:
        case "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        case "darwin":
            base = Path.home() / "Library" / "Caches"
        case _:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "newswarc"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _temporary()
    return folder if os.access(folder, os.W_OK) else _temporary()


def _temporary() -> Path:
    # One per user: a folder that others could have made first is not to be trusted.
    folder = Path(tempfile.gettempdir()) / f"newswarc-{getattr(os, 'getuid', lambda: 'user')()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
        return Path(tempfile.mkdtemp(prefix="newswarc-"))
    return folder


def _digest(inputs: Iterable[Path]) -> str:
    digest = hashlib.sha256(f"{FORMAT} {marisa_trie.__name__} {sys.byteorder}".encode() + _RUNS)
    for file in inputs:
        if file not in _CODE:
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


Stamp = tuple[tuple[str, int, int], ...]
"""Name, time of change and size of each file or folder."""


def stamp(inputs: Iterable[Path]) -> Stamp:
    """What changes when a file changes, or a folder gains or loses one."""
    stamps = []
    for path in inputs:
        try:
            stat = path.stat()
        except FileNotFoundError:
            stamps.append((str(path), 0, 0))
        else:
            stamps.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(stamps)


def _compiled(version: str, cache: Path, entities: Callable[[], list[Entity]]) -> Path:
    folder = cache / f"entities-{version}"
    if _whole(folder):
        _touch(folder)
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".entities-{version}-", dir=cache))
    try:
        with no_collector():
            Compiler(entities()).write(made, version)
        _put(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    with suppress(OSError):  # what cannot be tidied up now is tidied up after the next compilation
        _prune(cache, folder)
    return folder


@contextmanager
def no_collector() -> Iterator[None]:
    """Without the search for garbage in circles: reading and compiling makes a million objects and no circle."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def is_compiled(folders: Iterable[Path | str] = (), cache: Path | str | None = None) -> bool:
    """Whether `Registry.open` of the same has nothing to do: it is compiled, or known to be unsound."""
    given = tuple(folders)
    version = _digest([*shipped_files(), *files(given)])
    kept = Path(cache) if cache else cache_folder()
    return _whole(kept / f"entities-{version}") or bool(_remembered(_verdict(given, version, kept)))


HOUR, DAY = 3600.0, 86400.0
KEPT = 4
"""Compiled registries that stay, however long nobody has opened them."""


def _touch(folder: Path) -> None:
    """Its time of change says when it was opened last, to an hour."""
    with suppress(OSError):  # a cache that cannot be written is not pruned either
        if time.time() - folder.stat().st_mtime > HOUR:
            os.utime(folder)


def _prune(cache: Path, new: Path) -> None:
    """Removes compiled registries that nobody opened for a day, but the newest few, and what broken-off work left."""
    now = time.time()
    aged = sorted((now - changed, path) for path in cache.iterdir() if (changed := _changed(path)) is not None)
    compiled = [(age, path) for age, path in aged if path.name.startswith("entities-") and path != new]
    for age, path in compiled[KEPT - 1 :]:
        if age > DAY:
            _remove(path)
    for age, path in aged:
        if path.name.startswith((".entities-", ".broken-")) and age > HOUR:
            shutil.rmtree(path, ignore_errors=True)
        elif path.name.startswith("unsound-") and age > DAY:
            path.unlink(missing_ok=True)


def _changed(path: Path) -> float | None:
    try:
        return None if path.is_symlink() else path.stat().st_mtime
    except OSError:  # another process was faster
        return None


def _remove(folder: Path) -> None:
    """At one stroke, so that a process finds it whole or not at all; one that has mapped it keeps it."""
    gone = Path(tempfile.mkdtemp(prefix=".entities-", dir=folder.parent))
    with suppress(OSError):  # another process was faster, or the system keeps what is mapped
        os.rename(folder, gone / folder.name)
    shutil.rmtree(gone, ignore_errors=True)


def _whole(folder: Path) -> bool:
    """Whether a compiled registry is there and all its files have the sizes it says."""
    try:
        meta = json.loads((folder / "meta.json").read_text("utf-8"))
        return all((folder / name).stat().st_size == size for name, size in meta["sizes"].items())
    except (OSError, ValueError, KeyError):
        return False


def _put(made: Path, folder: Path) -> None:
    """Renames into place; another process that was faster has made the same."""
    try:
        os.rename(made, folder)
    except OSError:
        if not _whole(folder):
            broken = Path(tempfile.mkdtemp(prefix=".broken-", dir=folder.parent))
            os.rename(folder, broken / folder.name)
            os.rename(made, folder)
            shutil.rmtree(broken)


class Compiler:
    """Entities → tries and arrays."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        self.entities = list(entities)
        self.records: array[int] = array("I")
        self.details: list[bytes] = []
        """One JSON line for each record: language, name; with conditions: since, until, words that it must be near."""
        self.names: dict[str, list[int]] = defaultdict(list)
        """Joined key → records; no records where names only begin so."""
        self.stems: dict[str, int] = defaultdict(int)
        self._stemmed: set[str] = set()
        self.small: set[str] = set()
        """Keys that begin a name that may begin with a small letter."""
        for number, entity in enumerate(self.entities):
            for language, alias in entity.aliases():
                self._add(number, language, alias, entity)

    def _add(self, number: int, language: str, alias: Alias, entity: Entity) -> None:
        detail, stated = _detail(language, alias), flags(alias, language, entity)
        for parts, derived in variants(alias, language, entity):
            record = len(self.records) // 2
            shape = LANGUAGES.index(language) << LANGUAGE_AT | min(15, len(parts)) << WORDS_AT
            self.records.extend((number, stated | derived | shape))
            self.details.append(detail)
            for way in _ways([keys.keys(part, language) for part in parts]):
                self._spell(way, record)
                if stated & LOWER:
                    self.small.update((way[0], "".join(way)))

    def _spell(self, way: Sequence[str], record: int) -> None:
        joined = ""
        for key in way:
            joined += key
            records = self.names[joined]  # made where it is not there: a beginning has no records
        if not records or records[-1] != record:
            records.append(record)
        for key in (*way, joined) if len(way) > 1 else way:
            if key not in self._stemmed:
                self._stemmed.add(key)
                for stem, mask in keys.stems(key):
                    self.stems[stem] |= mask

    def write(self, folder: Path, version: str) -> None:
        words, names = marisa_trie.Trie(self.stems), marisa_trie.Trie(self.names)
        ids = marisa_trie.Trie(entity.id for entity in self.entities)
        words.save(str(folder / "words.marisa"))
        names.save(str(folder / "names.marisa"))
        ids.save(str(folder / "ids.marisa"))
        self._write_arrays(folder, words, names, ids)
        plain = [_plain(entity) for entity in self.entities]
        _write_lines(folder, "names", (_json(one.pop("names", {})) for one in plain))
        _write_lines(folder, "entities", map(_json, plain))
        _write_lines(folder, "details", self.details)
        sizes = {file.name: file.stat().st_size for file in folder.iterdir()}
        meta = {"version": version, "names": len(self.records) // 2, "sizes": sizes}
        (folder / "meta.json").write_text(json.dumps(meta), "utf-8")

    def _write_arrays(self, folder: Path, words: Any, names: Any, ids: Any) -> None:
        masks = array("I", bytes(4 * len(words)))
        for stem, mask in self.stems.items():
            masks[words[stem]] = mask
        starts, postings = array("I", [0]), array("I")
        by_node: list[Sequence[int]] = [()] * len(names)
        for key, records in self.names.items():
            by_node[names[key]] = records
        for at_node in by_node:
            postings.extend(at_node)
            starts.append(len(postings))
        by_id = array("I", bytes(4 * len(ids)))
        for number, entity in enumerate(self.entities):
            by_id[ids[entity.id]] = number
        small = bytearray(len(names))
        for key in self.small:
            small[names[key]] = 1
        (folder / "small.u8").write_bytes(small)
        arrays = {"masks": masks, "starts": starts, "postings": postings, "records": self.records, "by_id": by_id}
        for name, numbers in arrays.items():
            (folder / f"{name}.u32").write_bytes(numbers.tobytes() or b"\0\0\0\0")


def _detail(language: str, alias: Alias) -> bytes:
    if alias.near or alias.since or alias.until:
        return _json([language, alias.name, alias.since, alias.until, *alias.near])
    return f'["{language}", {_encoded(alias.name)}]\n'.encode()  # the same, in a third of the time


def _ways(choices: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Every choice of one key per word; the first few where there are many."""
    if all(len(keys_of_word) == 1 for keys_of_word in choices):  # nearly always
        return [tuple(key for (key,) in choices)]
    ways: list[tuple[str, ...]] = [()]
    for keys_of_word in choices:
        if keys_of_word:
            ways = [(*way, key) for way in ways for key in keys_of_word][:4]
    return [way for way in ways if way]


_TWO_IN_ONE = re.compile("(...+?)(abad|obod|abod|обод|абад|абат|آباد|اباد)$", re.IGNORECASE)
"""Names written in one word or in two: خیرآباد, خیر آباد."""
_IZAFET = {"i": "e", "e": "i"}
"""Mazar-i-Sharif, Mazar-e-Sharif."""
_SURNAME_FIRST = ("CN", "KP", "KR", "TW", "HK", "VN")


def variants(alias: Alias, language: str, entity: Entity) -> Iterator[tuple[list[str], int]]:
    """(words, flags) of a name and of what it is also written as."""
    words = [part.group() for part in surfaces(alias.name)][:MOST_WORDS]
    if not words:
        return
    yield words, 0
    if len(words) == 1 and (parts := _TWO_IN_ONE.fullmatch(words[0])):
        yield list(parts.groups()), 0
    if any(word in _IZAFET for word in words[1:-1]):
        yield [words[0], *(_IZAFET.get(word, word) for word in words[1:-1]), words[-1]], 0
    if entity.kind == "actor" and entity.type == "person" and len(words) > 1 and not alias.exact:
        yield from _person_variants(words, language, entity)


def _person_variants(words: Sequence[str], language: str, entity: Entity) -> Iterator[tuple[list[str], int]]:
    if script(fold(words[0])) in ("latin", "cyrillic") and len(words[0]) > 1 and len(words[-1]) > 3:
        yield [words[0][0], words[-1]], DERIVED
        if len(words) == 2:
            yield [words[1], words[0]], DERIVED
    if len(family := family_name(words, entity)) > 2 and not _ends_with_the_father(words):
        yield [family], SURNAME if entity.surname else FAMILY


_SON_OF = frozenset(["bin", "ben", "ibn", "bint", "бин", "бен", "ибн", "بن", "ابن", "بنت"])
_SERVANT_OF = frozenset(["abd", "abdul", "abdel", "abdol", "абд", "абдул", "абдель", "عبد"])


def _ends_with_the_father(words: Sequence[str]) -> bool:
    """Whether a name ends with the father's given name: Salman bin Abdul Aziz, but not Tamim bin Hamad Al Thani."""
    folded = [word.casefold() for word in words]
    before = len(folded) - (3 if folded[-2] in _SERVANT_OF else 2)
    return before >= 0 and folded[before] in _SON_OF


def family_name(words: Sequence[str], entity: Entity) -> str:
    """The word of a person's name that stands for it in a text."""
    return words[0] if entity.country in _SURNAME_FIRST else words[-1]


def _family_keys(person: Entity) -> Iterator[str]:
    for language, alias in person.aliases():
        words = [word.group() for word in surfaces(alias.name)]
        if len(words) > 1:
            yield from keys.keys(family_name(words, person), language)


_SMALL_ALLOWED = ("government", "organisation")


def flags(alias: Alias, language: str, entity: Entity) -> int:
    """What a record says of an alias."""
    name = alias.name
    return (
        EXACT * alias.exact
        | CAPITALS * (name.isupper() and _short(name))
        | NEAR * bool(alias.near)
        | BARE * alias.bare
        | LOWER * (name.upper() == name.lower() or _may_be_small(name, language, entity))
        | PERSON * (entity.type == "person")
        | DATED * any((alias.since, alias.until, entity.since, entity.until))
    )


def _short(name: str) -> bool:
    """Whether capitals of this length mean something else in small letters."""
    return exact_by_default(name) or sum(map(str.isalpha, name)) == 4


def _may_be_small(name: str, language: str, entity: Entity) -> bool:
    """Whether a name may begin with a small letter: талибы, министерство обороны."""
    if next(filter(str.isalpha, name), "").islower():
        return True
    if entity.type == "armed group" and _PLURAL.get(language, _NEVER).fullmatch(name):
        return True
    of_a_body = entity.type in _SMALL_ALLOWED and language not in ("en", "tr") and not name.isupper()
    return of_a_body and len(_WORDS_OF.findall(name)) > 1


_NEVER = re.compile("(?!)")
_PLURAL = {
    "uz": re.compile(r"\w+lar"),
    "uz-Cyrl": re.compile(r"\w+лар"),
    "ky": re.compile(r"\w+[лдт][ае]р"),
    "kk": re.compile(r"\w+[лдт][ае]р"),
    "tg": re.compile(r"\w+(?:он|ҳо)"),
    "ru": re.compile(r"\w+[ыи]"),
}
"""Members of a movement, written with a small letter: toliblar, талибдер, талибы."""
_WORDS_OF = re.compile(r"\w+")


# Entities as JSON lines


def _plain(entity: Entity) -> dict[str, Any]:
    names = {language: [_plain_alias(alias) for alias in given] for language, given in entity.names.items()}
    fields = {key: getattr(entity, key) for key in Entity.__dataclass_fields__ if key != "names"}
    return {key: value for key, value in {**fields, "names": names}.items() if value not in (None, False, {})}


def _plain_alias(alias: Alias) -> Any:
    given = {key: value for key in _ALIAS_FIELDS if (value := getattr(alias, key))}
    return alias.name if len(given) == 1 else given


_ALIAS_FIELDS = tuple(Alias.__dataclass_fields__)


_encoded = json.JSONEncoder(ensure_ascii=False, default=date.isoformat).encode


def _json(value: Any) -> bytes:
    return _encoded(value).encode() + b"\n"


def _entity(plain: dict[str, Any], names: Mapping[str, Any]) -> Entity:
    listed = {language: tuple(map(_alias, given)) for language, given in names.items()}
    return Entity(**{**plain, "names": listed, **_dates(plain)})


def _alias(given: Any) -> Alias:
    if isinstance(given, str):
        return Alias(given)
    return Alias(**{**given, **_dates(given), "near": tuple(given.get("near", ()))})


def _dates(plain: dict[str, Any]) -> dict[str, date]:
    return {key: day for key in ("since", "until") if (day := _day(plain.get(key)))}


def _day(given: str | None) -> date | None:
    return date.fromisoformat(given) if given else None


def _write_lines(folder: Path, name: str, lines: Iterable[bytes]) -> None:
    """Lines, and the offset of each and of the end."""
    offsets = array("Q", [0])
    with (folder / f"{name}.jsonl").open("wb") as file:
        for line in lines:
            offsets.append(offsets[-1] + file.write(line))
    (folder / f"{name}.u64").write_bytes(offsets.tobytes())


def _lines(folder: Path, name: str) -> tuple[memoryview, memoryview]:
    return _mapped(folder / f"{name}.jsonl"), _mapped(folder / f"{name}.u64").cast("Q")


def _line_of(lines: memoryview, offsets: memoryview, number: int) -> bytes:
    return bytes(lines[offsets[number] : offsets[number + 1]])


def _mapped(file: Path) -> memoryview:
    if not file.stat().st_size:
        return memoryview(b"")
    with file.open("rb") as handle:
        return memoryview(mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ))


if __name__ == "__main__":  # compiles: python -m search.entities.registry FOLDER ...
    try:
        Registry.open(sys.argv[1:])
    except BadWatchlist:
        sys.exit(1)  # whoever asked for it opens it next, and names what is wrong
