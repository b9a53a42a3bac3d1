"""An article's headline: what its headings, meta tags, JSON-LD and title tag agree on, without the site's name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
SEPARATOR = re.compile(
    rf"\s+(?:[|–—\-:·•»«›‹~]|[/\\]{{1,2}}|::+|--+|>+|<+)\s+|\s*(?:[|•│｜]|::+|--+)\s*|(?<=[^\d\s])_(?=\D)|(?<=[{CJK}])[-－—](?=[{CJK}])"
)
HARD = re.compile(r"[|•│｜»›>/\\]|::|--")
DATES = re.compile(r"[\d\s.,:/\-年月日]+")
SITE_FIRST = re.compile(r"^([^:]{3,40}):\s+(?=\S)")
SHORTEST = 8
"""Letters of a headline; fewer are the name of a section or a logo."""
SENTENCE = 4
"""Words that no site's name has, where nothing else is said."""
BESIDE = 3
"""Words beside a site's address that are still its name: `News of KUN.UZ`. A headline may name an address too."""
MOST_PARTS = 8
HEADING, ONE_OF_MANY, META, TAG, COPY = 1.4, 0.45, 1.0, 1.0, 0.4
"""Weight of a voice: the only h1, one of several, og:title or JSON-LD, the title tag, twitter:title (mostly a copy)."""
PART, REPEATED, PIECE = 0.6, 1.0, 0.3
"""A part of a voice counts this share of it; any element of the page this much; one inside an h1 so much more."""


@dataclass(frozen=True)
class Voices:
    """What a page offers as its headline."""

    headings: list[str] = field(default_factory=list)
    """Texts of the h1 elements."""
    pieces: list[str] = field(default_factory=list)
    """Texts that stand in an h1 by themselves: a kicker, the headline, a subtitle, a date."""
    title_tag: str = ""
    og_title: str = ""
    twitter_title: str = ""
    headline: str = ""
    """Of the JSON-LD article."""


def words(text: str) -> str:
    """Folded words, one space apart: what two spellings of a headline have in common."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text.replace("\u00ad", "")).casefold()))


def letters(text: str) -> str:
    """The same without spaces: some scripts need none, and some pages lose them between elements."""
    return words(text).replace(" ", "")


def choose_title(voices: Voices, names: list[str], url: str, repeated: Callable[[], set[str]] = set) -> str | None:
    """The headline as the page prints it; None where the page has none.

    Args:
        names: what the site calls itself.
        repeated: folded texts of the page's elements, asked for only where the voices do not agree.
    """
    is_name = _name_test(names, url)
    spoken = [(text, weight) for text, weight in _voices(voices) if text]
    runs = [
        run for text, weight in reversed(spoken) for run in _runs(text, is_name, whole=weight in (HEADING, ONE_OF_MANY))
    ]
    candidates = {letters(run): run for run in runs}
    candidates = {folded: run for folded, run in candidates.items() if len(folded) >= SHORTEST and not is_name(run)}
    if not candidates:
        said = [text for text, _ in spoken if words(text)]
        # Some sites call themselves by the headline: a whole sentence is one all the same.
        sentences = (text for text in said if words(text).count(" ") >= SENTENCE - 1)
        return next((text for text in said if not is_name(text)), next(sentences, None))
    exact = {letters(text) for text in (*voices.headings, voices.headline)}
    support = {folded: _support(folded, spoken, folded in exact) for folded in candidates}
    if max(support.values()) <= HEADING + PART:  # nobody repeats the heading whole
        pieces = {letters(piece) for piece in voices.pieces} - {letters(heading) for heading in voices.headings}
        support = {folded: value + PIECE * (folded in pieces) for folded, value in support.items()}
    best = _best(support)
    if best not in exact:
        heard = repeated()
        best = _best({folded: value + REPEATED * (folded in heard) for folded, value in support.items()})
    return candidates[best] if best in exact else _without_edges(candidates[best])


def _best(support: dict[str, float]) -> str:
    return max(support, key=lambda folded: (round(support[folded], 2), len(folded)))


def _voices(voices: Voices) -> list[tuple[str, float]]:
    heading = HEADING if len(voices.headings) == 1 else ONE_OF_MANY
    return [
        *((text, heading) for text in voices.headings),
        (voices.og_title, META),
        (voices.headline, META),
        (voices.title_tag, TAG),
        (voices.twitter_title, COPY),
    ]


def _support(folded: str, spoken: list[tuple[str, float]], is_whole: bool) -> float:
    """How much of the page says these very words; of several headings the one that says most counts.

    A whole heading or JSON-LD headline is also heard where another voice begins with it and a sign follows: what comes
    behind it then is the site, its section or the author, by whatever sign it is set apart.
    """
    headings = [(letters(text), weight) for text, weight in spoken if weight in (HEADING, ONE_OF_MANY)]
    others = [
        ({letters(run) for run in _parts_joined(text)}, text, weight)
        for text, weight in spoken
        if weight not in (HEADING, ONE_OF_MANY)
    ]
    heard = {run for runs, _, _ in others for run in runs}
    # A heading that nobody repeats whole but that begins or ends with these words has a kicker or a date inside.
    from_headings = [
        weight
        for text, weight in headings
        if text == folded or (text not in heard and (text.startswith(folded) or text.endswith(folded)))
    ]
    from_others = (
        w if letters(text) == folded else PART * w
        for runs, text, w in others
        if folded in runs or (is_whole and _begins(text, folded))
    )
    return max(from_headings, default=0) + sum(from_others)


def _begins(text: str, folded: str) -> bool:
    """Whether a text begins with just these letters, and then comes a sign and no further word."""
    said = ""
    for word in re.finditer(r"\w+", text):
        said += letters(word[0])
        if len(said) >= len(folded):
            rest = text[word.end() :].lstrip()
            after = next((c for c in rest if unicodedata.category(c)[0] != "M"), " ")
            return said == folded and unicodedata.category(after)[0] in "PS"
    return False


def _split(text: str) -> list[tuple[int, int]]:
    """Where the parts of a title lie between its separators."""
    found: list[tuple[int, int]] = []
    start = 0
    for gap in SEPARATOR.finditer(text):
        if gap.start() > start:
            found.append((start, gap.start()))
        start = gap.end()
    return [*found, (start, len(text))][:MOST_PARTS]


def _parts_joined(text: str) -> list[str]:
    """Every run of neighbouring parts, with the separators between them; and what follows a leading `Name: `."""
    parts = [(a, b) for a, b in _split(text) if not DATES.fullmatch(text[a:b])]
    runs = [text[a:b].strip() for i, (a, _) in enumerate(parts) for _, b in parts[i:]]
    first = SITE_FIRST.match(text)
    return [*runs, *([text[first.end() :]] if first else [])]


def _runs(text: str, is_name: Callable[[str], bool], *, whole: bool) -> list[str]:
    """The runs that neither begin nor end with the site's name; of a heading only the longest of them."""
    parts = [text[a:b] for a, b in _split(text)]
    spans = [
        (i, j) for i in range(len(parts)) for j in range(i, len(parts)) if not (is_name(parts[i]) or is_name(parts[j]))
    ]
    edges = _split(text)
    runs = [text[edges[i][0] : edges[j][1]].strip() for i, j in spans]
    first = SITE_FIRST.match(text)
    if first and is_name(first[1]):
        runs = [text[first.end() :], *(r for r in runs if not r.startswith(first[1]))]
    return [max(runs, key=len)] if whole and runs else runs


def _name_test(names: list[str], url: str) -> Callable[[str], bool]:
    """Whether a part of a title names the site: as it calls itself, as its host, or as the host's label spelt out."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    labels = [label.replace("-", "") for label in host.split(".")[:-1] if len(label) > 2]
    known = {words(name) for name in names} | {words(host)}
    squashed = {name.replace(" ", "") for name in known} | set(labels)

    def is_name(part: str) -> bool:
        folded = words(part)
        plain = folded.replace(" ", "")
        if not plain or folded in known or plain in squashed or DATES.fullmatch(part):
            return True
        address = re.search(r"(?:^|\s)(?:\w+\.)?([\w-]+)\.[a-z]{2,6}\b", part.casefold())
        if not address or address[1].replace("-", "") not in labels:
            return False
        return len(words(part).split()) - len(words(address[0]).split()) <= BESIDE

    return is_name


def _without_edges(title: str) -> str:
    """Short parts at the end (section, site) are dropped while what is left is the longer by far; at the start behind a
    separator that no sentence has."""
    parts = _split(title)
    while len(parts) > 1:
        (start, end), (_, head) = parts[-1], parts[-2]
        tail, rest = words(title[start:end]), words(title[:head])
        if tail.count(" ") > 3 or len(tail) * 2 > len(rest):
            break
        parts.pop()
    while len(parts) > 1:
        (start, end), (following, _) = parts[0], parts[1]
        first, rest = words(title[start:end]), words(title[following : parts[-1][1]])
        if first.count(" ") > 2 or len(first) * 3 > len(rest) or not HARD.search(title[end:following]):
            break
        parts.pop(0)
    return title[parts[0][0] : parts[-1][1]].strip()
