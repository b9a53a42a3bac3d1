"""What every engine's index holds beside the words: the keys that filters look for, the date, the divided words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from urllib.parse import parse_qsl, urlencode, urlsplit

from newswarc.items import Document
from search.analysis import analyse, as_written, fold, languages_read_as, surfaces
from search.names import TAGGER, name_keys, names

EARLIEST = datetime(1678, 1, 1, tzinfo=UTC)
LATEST = datetime(2262, 1, 1, tzinfo=UTC)
EXACT = 2.0
"""How much more an exact form counts than a stem."""
IN_TITLE = 3.0
"""How much more the title counts than the text."""
LONGEST_KEY = 2_000
MOST_SPELLED = 5_000
"""Words of a document that are kept as they are written, beside as they fold."""
CUTTING = [f"language:{language}" for language in languages_read_as("tr")]
"""Texts in which a word ends at an apostrophe, see `search.analysis.fold`."""


def keys(document: Document) -> list[str]:
    """All that a filter or a field can ask of a document: its source by outlet and region too, its language by base."""
    region, _, outlet = document.source.partition("/")
    language = document.language or ""
    asked = [("source", document.source), ("source", region), ("source", outlet), ("language", language)]
    asked += [("language", language.split("-")[0]), ("country", document.country or ""), ("state", document.state)]
    asked += [("url", document.url), *name_keys(document)]
    spelled = document.spelled
    if spelled is None:  # not analysed yet
        spelled = analyse(document.title, document.text, document.language).spelled
    return list(dict.fromkeys([*(key(name, value) for name, value in asked if value), *spelled[:MOST_SPELLED]]))


def spelling_conditions(typed: str) -> tuple[list[list[str]], list[str]]:
    """Keys that a document must have, one of each list, and must not have, to hold all these words as they were typed.

    A text whose language ends its names at an apostrophe keeps nothing of what follows: there `Ankara'da` is `Ankara`.
    """
    must, must_not = [], []
    for surface in surfaces(typed):
        folded, written = fold(surface.group()), as_written(surface.group())
        if folded and written != folded:
            cut = as_written(surface.group(), "tr") != written
            must.append([f"form:{written}", *(CUTTING if cut else ())])
        elif folded:
            must_not.append(f"not:{folded}")
    return must, must_not


def facet_values(document: Document, facet: str) -> list[str]:
    """What a document counts for in a facet of `search.index.FACETS`: one value, or its actors or places by name."""
    if facet in ("actors", "places"):
        return names(document, facet[:-1])
    value = getattr(document, facet)
    return [value] if value else []


def key(name: str, value: str) -> str:
    plain = url_key(value) if name == "url" else value.strip().casefold()
    return f"{name}:{plain}"[:LONGEST_KEY].encode(errors="replace").decode()


def registry_number(annotator: str) -> int:
    """A number of 48 bits for the registry whose names an annotator finds: the same wherever its key is the same."""
    name = key("annotator", annotator.partition(TAGGER)[0])
    return int.from_bytes(blake2b(name.encode(), digest_size=6).digest())


_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|yclid|mc_[ce]id|igshid")


def url_key(url: str) -> str:
    """What two URLs of one page have in common: no scheme, `www.`, `m.`, fragment, tracking parameters, last slash."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return url.strip()
    host = re.sub(r"^(?:www|m|amp)\.", "", parts.netloc.lower())
    query = urlencode([pair for pair in parse_qsl(parts.query, True) if not _TRACKING.fullmatch(pair[0])])
    return f"{host}{parts.path.rstrip('/')}" + (f"?{query}" if query else "")


def divided_words(document: Document) -> tuple[str, str, str, str]:
    """Folded words of title and of text, stem terms of title and of text; analysed now where the document has none."""
    if document.folded:
        folded, stems, title_words = document.folded, document.stems, document.title_words
    else:
        folded, stems, title_words, _ = analyse(document.title, document.text, document.language)
    return (*_divided(folded, title_words), *_divided(stems, title_words))


def _divided(words: str, count: int) -> tuple[str, str]:
    """The first `count` words, and the others."""
    if not count:
        return "", words
    parts = words.split(" ", count)
    return " ".join(parts[:count]), "".join(parts[count:])


def milliseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def within(at: datetime) -> datetime:
    """Engines hold dates of 1677 to 2262; what a page says beyond that is sorted at the edge, and kept as it is."""
    return min(max(at, EARLIEST), LATEST).astimezone(UTC)
