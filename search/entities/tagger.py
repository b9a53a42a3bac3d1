"""Names that neither the lists nor the rules have found, by a statistical tagger, where one is installed and wanted.

Russian: slovnet's tagger with the weights that the package natasha carries; natasha itself is not imported, for its
morphology does not run on every Python. English: spaCy, where its pipeline en_core_web_sm is installed.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from newswarc.items import Mention
from newswarc.settings import tagger_wanted
from search.analysis import base_language

if TYPE_CHECKING:
    from search.entities.unlisted import Field, Found

log = logging.getLogger(__name__)

LONGEST = 50_000
"""Characters of a field that are tagged: memory grows with them."""
CONFIDENCE = 0.45
"""Of each name: below that of any which the rules found, above the least that is given."""
LEAST_LETTERS, MOST_CHARACTERS = 3, 80
"""Of a name."""
RUSSIAN = ("slovnet", "navec", "natasha")
ENGLISH = ("spacy", "en_core_web_sm")
"""The packages that a tagger is made of."""
REASON = "statistical tagger"
_SENTENCE_BEGINS = re.compile(r"(?:^|[.!?…\n])[\s«“„\"'(—–-]*$")


class Span(NamedTuple):
    """Offsets of a name in a text."""

    start: int
    end: int
    type: Literal["person", "organisation"]


Tagger = Callable[[str], list[Span]]


def tagged(title: str, text: str, language: str | None, known: Sequence[Mention]) -> list[Mention]:
    """What the tagger of this language finds where none of the known mentions stands; [] where there is none."""
    from search.entities.unlisted import MOST, one_name  # late: what is in use is asked without any text

    tagger = tagger_of(language)
    if tagger is None:
        return []
    fields: dict[Field, str] = {"title": title, "text": text}
    found = [name for field, whole in fields.items() for name in _apart(tagger, field, whole, known)][:MOST]
    one_name([*(_found(mention) for mention in known if not mention.listed), *found])
    return [_mention(name) for name in found if not _only_a_capital(name, fields[name.field])]


def _apart(tagger: Tagger, field: Field, whole: str, known: Sequence[Mention]) -> Iterator[Found]:
    from search.entities.unlisted import Found, names_nothing  # late, as above

    free = _free([(mention.start, mention.end) for mention in known if mention.field == field])
    for start, end, type in tagger(whole[:LONGEST]):
        surface = whole[start:end]
        words = tuple(surface.split())
        if _like_a_name(surface) and free(start, end) and not all(map(names_nothing, words)):
            yield Found(type, start, end, surface, CONFIDENCE, [REASON], field, words=words)


def _like_a_name(surface: str) -> bool:
    letters = sum(map(str.isalpha, surface))
    return surface[0].isupper() and letters >= LEAST_LETTERS and len(surface) <= MOST_CHARACTERS and "\n" not in surface


def _only_a_capital(name: Found, whole: str) -> bool:
    """Whether a person's single word begins a sentence, as any word may, and is nobody's who is named in full."""
    if name.type != "person" or len(name.words) > 1 or name.canonical != name.surface:
        return False
    return bool(_SENTENCE_BEGINS.search(whole[max(0, name.start - 8) : name.start]))


def _free(spans: Sequence[tuple[int, int]]) -> Callable[[int, int], bool]:
    """Tells whether a span shares no letter with any of these."""
    starts = sorted(start for start, _ in spans)
    reached = [0, *accumulate((end for _, end in sorted(spans)), max)]
    return lambda start, end: reached[bisect_left(starts, end)] <= start


def _found(mention: Mention) -> Found:
    """A mention of the rules as they have it: a surname that the tagger finds alone may be that person's."""
    from search.entities.unlisted import Found  # late, as above

    type: Literal["person", "organisation"] = "person" if mention.type == "person" else "organisation"
    words = tuple(mention.surface.split())
    return Found(type, mention.start, mention.end, mention.surface, 1.0, [], mention.field, words=words)


def _mention(name: Found) -> Mention:
    return Mention(
        kind="actor", type=name.type, id=None, canonical=name.canonical, surface=name.surface, field=name.field,
        start=name.start, end=name.end, confidence=CONFIDENCE, listed=False, reason=REASON,
    )  # fmt: skip


# Models


def in_use() -> str:
    """The taggers that are wanted and installed, with their versions: `slovnet 0.6.0`; "" where there are none."""
    return ", ".join(_installed()) if tagger_wanted() else ""


@cache
def _installed() -> tuple[str, ...]:
    found = tuple(
        " ".join(f"{name} {version(name)}" for name in packages)
        for packages in (RUSSIAN, ENGLISH)
        if _are_there(packages)
    )
    if not found:
        log.warning("NEWSWARC_TAGGER is set, but no tagger is installed: the rules alone find unlisted names "
                    "(pip install 'newswarc[tagger]')")  # fmt: skip
    return found


def _are_there(packages: Sequence[str]) -> bool:
    try:
        return all(version(package) and find_spec(package) for package in packages)
    except ImportError:  # PackageNotFoundError is one
        return False


def tagger_of(language: str | None) -> Tagger | None:
    """The tagger of a language (BCP 47), loaded when it is first asked for; None where none is installed."""
    match base_language(language):
        case "ru":
            return _slovnet()
        case "en":
            return _spacy()
    return None


@cache
def _slovnet() -> Tagger | None:
    if not _are_there(RUSSIAN):
        return None
    from navec import Navec
    from slovnet import NER

    spec = find_spec("natasha")
    assert spec is not None
    assert spec.submodule_search_locations
    data = Path(spec.submodule_search_locations[0]) / "data"
    model = NER.load(str(data / "model" / "slovnet_ner_news_v1.tar"))
    model.navec(Navec.load(str(data / "emb" / "navec_news_v1_1B_250K_300d_100q.tar")))
    types: dict[str, Literal["person", "organisation"]] = {"PER": "person", "ORG": "organisation"}

    def tag(text: str) -> list[Span]:
        if not any(map(str.isalpha, text)):  # it falls over a text without a token
            return []
        return [Span(span.start, span.stop, types[span.type]) for span in model(text).spans if span.type in types]

    return tag


@cache
def _spacy() -> Tagger | None:
    if not _are_there(ENGLISH):
        return None
    import spacy

    model: Any = spacy.load(ENGLISH[-1], enable=["tok2vec", "ner"])
    types: dict[str, Literal["person", "organisation"]] = {"PERSON": "person", "ORG": "organisation"}

    def tag(text: str) -> list[Span]:
        return [Span(e.start_char, e.end_char, types[e.label_]) for e in model(text).ents if e.label_ in types]

    return tag
