"""What stands among an article's paragraphs but is no part of it: title copies, captions, bylines, buttons, notes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipelines.authors import as_site, names_in, skeleton
from pipelines.body import PROSE, SENTENCE_END, Paragraph
from pipelines.dates import parse_date
from pipelines.phrases import BUTTON, CHANNEL, CREDIT, FOLLOW, IN_PICTURE, LICENCE, NOTICE, READ_ALSO
from pipelines.titles import letters, words

OPENING = 6
"""Paragraphs at the start among which bylines, captions and title copies are looked for."""
LINE = 300
"""Characters of a caption; longer is text."""
POST = re.compile(r"\(@\w{2,30}\)")
"""In the last line of a post that is shown within an article: `— Name (@name) April 21, 2022`."""
CREDIT_TAIL = re.compile(r"[.!?»”\"]\s*/\s*[^./!?]{2,60}\.?$")


@dataclass
class Cleared:
    """The article's own paragraphs, and the byline that stood among them."""

    paragraphs: list[str] = field(default_factory=list)
    byline: str | None = None


def clear(found: list[Paragraph], titles: list[str], names: list[str]) -> Cleared:
    """Drops what is not the article.

    Args:
        titles: the headline and other spellings of it.
        names: what the site calls itself.
    """
    copies = {letters(title) for title in titles if title}
    cleared = Cleared()
    kept: list[Paragraph] = []
    for at, paragraph in enumerate(_without_edges(found)):
        if letters(paragraph.text) in copies or is_note(paragraph):
            continue
        opening = at < OPENING
        if opening and is_byline(paragraph.text, names):
            cleared.byline = cleared.byline or (None if POST.search(paragraph.text) else paragraph.text)
        elif not is_caption(paragraph.text, opening=opening) and not (kept and kept[-1].text == paragraph.text):
            kept.append(paragraph)
    cleared.paragraphs = [p.text for p in _without_edges(kept)]
    return cleared


def _without_edges(found: list[Paragraph]) -> list[Paragraph]:
    """Without the labels and headings that are left over at the end, where no text follows them any more."""
    end = len(found)
    while end and not _closes(found[end - 1]):
        end -= 1
    return found[:end] or found


def _closes(paragraph: Paragraph) -> bool:
    """Whether an article may end with it: a sentence, or more words than a button has."""
    if paragraph.heading:
        return False
    count = words(paragraph.text).count(" ") + 1
    return (
        paragraph.weight >= PROSE
        or count > 8
        or (count > 2 and paragraph.text.rstrip("\"”»)' ")[-1:] in ".!?…。！？؟۔")
    )


def is_note(paragraph: Paragraph) -> bool:
    """A button, a pointer to other articles, an invitation to follow, a notice of the site."""
    text = paragraph.text
    if len(text) > LINE:
        return False
    if BUTTON.search(text) or NOTICE.search(text):
        return True
    if READ_ALSO.search(text):
        return paragraph.linked > 0 or ":" in text[:40] or not SENTENCE_END.search(text)
    return bool(FOLLOW.search(text[:40]) and CHANNEL.search(text))


def is_caption(text: str, *, opening: bool) -> bool:
    """A picture's credit; `A sentence. / Agency, public domain.` only at the start, where pictures stand."""
    if len(text) > LINE:
        return False
    if CREDIT.search(text) or IN_PICTURE.search(text) or (opening and CREDIT_TAIL.search(text)):
        return True
    return bool(LICENCE.search(text)) and (len(text) <= PROSE or not SENTENCE_END.search(text))


def is_byline(text: str, names: list[str]) -> bool:
    """A short line of a date, of the site's own name, or of `By` and a name."""
    count = words(text).count(" ") + 1
    if len(text) > 120 or count > 14:
        return False
    if skeleton(text) in {skeleton(name) for name in names}:
        return True
    dated = parse_date(text) is not None
    signed = byline_names(text)
    if signed:
        return dated or all(as_site(name, names) in names or _has_capitals(name) for name in signed)
    return dated and (count <= 4 or not SENTENCE_END.search(text))


def _has_capitals(name: str) -> bool:
    """As names have, in scripts that know capitals."""
    return not any(word[0].islower() for word in name.split())


def byline_names(text: str) -> list[str]:
    """The names of a line that begins with `By` or its like in another language; none where it does not."""
    without_date = re.split(r"\s*[|•·,]?\s*(?=(?:\d{1,2}[ .-]|\w+\.? \d{1,2},? )\S*\s*\d{4})", text, maxsplit=1)[0]
    names = names_in(without_date)
    opened = names and names[0] != without_date.strip(" .:-–—|•·/,") and not without_date.startswith(names[0])
    short = all(name.count(" ") < 4 for name in names)
    return names if opened and short else []
