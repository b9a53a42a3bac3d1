"""Who wrote an article: names out of JSON-LD, meta tags and bylines, cleaned of what is no name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from lxml.html import HtmlElement

from pipelines.dates import parse_date
from pipelines.metadata import Page, squeeze, text_of
from pipelines.phrases import AFTER_NAME, BY
from pipelines.titles import letters

AUTHOR_METAS = (
    "author",
    "article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "byl",
    "article:author_name",
)
BYLINES = (
    ".//*[@rel='author' or @itemprop[contains(., 'author')] or @id[contains(., 'author')]"
    " or @class[contains(., 'author') or contains(., 'Author') or contains(., 'byline') or contains(., 'Byline')"
    " or contains(., 'writer')]]"
)
AND = r"(?:and|und|et|y|e|и|va|ва|ve|жана|және|&|و|og|och)\s+"
JOINED = re.compile(rf"(?:\s*[,;،|]\s*|\s+[·•]\s+)(?:{AND})?|\s+{AND}")
NO_NAME = re.compile(r"^\(|https?:|www\.|@|[<>{}=]|\.(?:com|org|net|ru)/", re.I)
NO_FIRST = re.compile(r"\d\d?:\d\d|(?:19|20)\d\d\b")
"""A clock time or a year that stands where a name would begin; outlets may be called `24.kg`."""
MOST, LONGEST = 12, 60
# Latin capital I and digit one beside l, Cyrillic letters beside the Latin ones they are drawn like.
LOOKALIKES = str.maketrans("Il1|O0аеорсухкмнтвіјѕ", "lllloo" + "aeopcyxkmhtbijs")


def find_authors(page: Page, tree: HtmlElement, names: list[str], signed: list[str]) -> tuple[str, ...]:
    """Names in the page's order; the site's own name where it signs itself.

    Args:
        names: what the site calls itself.
        signed: names of a byline that was found in the text.
    """
    metas = [value for name in AUTHOR_METAS for value in page.metas.get(name, [])][:MOST]
    stated = _clean(_stated(page), names) or _clean(metas, names)
    if stated and not all(author in names for author in stated):
        return stated
    return _clean(_printed(tree), names) or _clean(signed, names) or stated


def _stated(page: Page) -> list[str]:
    """Of JSON-LD; a person may be given in parts."""
    value = page.article.get("author") or page.article.get("creator")
    people = (value if isinstance(value, list) else [value])[:MOST]
    return [text_of(person) or _in_parts(person) for person in people]


def _in_parts(person: Any) -> str:
    return f"{text_of(person.get('givenName'))} {text_of(person.get('familyName'))}" if isinstance(person, dict) else ""


def _printed(tree: HtmlElement) -> list[str]:
    texts = (squeeze(e.get("content") or " ".join(e.itertext())) for e in tree.xpath(BYLINES)[:20])
    return [next((text for text in texts if 2 < len(text) <= 100 and names_in(text)), "")]


def names_in(text: str) -> list[str]:
    """The names of a byline, without `By` and without what follows a date or a stroke."""
    bare = BY.sub("", squeeze(text)).strip(" .:-–—|•·/,")
    parts = (_undated(part.strip(" .:-–—|•·/")) for part in JOINED.split(bare))
    return [part for part in parts if _is_name(part)]


def _undated(text: str) -> str:
    """Without the date that a byline has behind a name: names have no digits, and `Hamidova April 6` has a month."""
    bare = AFTER_NAME.sub("", text).strip(" .:-–—|•·/")
    if NO_FIRST.match(bare):
        return ""
    words = bare.split()
    number = next((n for n, word in enumerate(words) if any(c.isdigit() for c in word)), None)
    if not number:
        return bare
    while number > 0 and parse_date(f"1 {words[number - 1].strip('.,')} 2000") is not None:
        number -= 1
    return " ".join(words[:number]).strip(" .:-–—|•·/")


def _is_name(text: str) -> bool:
    if not (1 < len(text) <= LONGEST and any(c.isalpha() for c in text)) or NO_NAME.search(text):
        return False
    return parse_date(text) is None


def _clean(found: Iterable[str], names: list[str]) -> tuple[str, ...]:
    people = [as_site(name, names) for text in found for name in names_in(text)]
    return tuple({letters(name): name for name in people if letters(name)}.values())[:MOST]


def as_site(author: str, names: list[str]) -> str:
    """The site's name where the author equals it under letters that look alike: `IntelIiNews` is `IntelliNews`."""
    return next((name for name in names if skeleton(name) == skeleton(author)), author)


def skeleton(name: str) -> str:
    """What a name looks like: one letter for each group that is drawn alike (in the spirit of Unicode TS 39)."""
    plain = unicodedata.normalize("NFKC", name).translate(LOOKALIKES).casefold().translate(LOOKALIKES)
    return "".join(c for c in plain.replace("i", "l") if c.isalnum())
