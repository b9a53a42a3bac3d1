"""The pages of the benches: distinct news pages of a real page's size, gzipped, in a folder of their own.

They are made of real pages where a corpus is at hand (NEWSWARC_SHARED, or `../shared`), else of the sample outlets'
articles between boilerplate. Either way the sentences of the paragraphs are dealt anew for each page, so no two pages
are the same and no cache knows the answer. They are made for a run and thrown away after it.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice
from pathlib import Path

from benchmarks.shared import CORPUS
from crawler.sample.content import Story, outlets

SMALLEST, LARGEST = 60_000, 450_000
"""Decoded bytes of the real pages that are taken: the small ones are pages of 2012, which no outlet serves today."""
SMALLEST_SAVED, LARGEST_SAVED = 40_000, 400_000
"""The same for other saved pages."""
_PARAGRAPH = re.compile(r"(<p\b[^>]*>)([^<]{60,})(</p>)", re.I)
_SENTENCE = re.compile(r"(?<=[.!?…؟।])\s+")
_TITLE_END = re.compile(r"(?=</title>)", re.I)


@dataclass(frozen=True, slots=True)
class Pages:
    """A folder of pages: `0.html.gz`, `1.html.gz` and so on."""

    folder: Path
    count: int
    origin: str
    """What they were made of."""
    decoded: float
    """Mean size in KB."""
    packed: float
    """Mean size in KB, gzipped."""

    def path(self, number: int) -> Path:
        return self.folder / f"{number}.html.gz"

    @property
    def described(self) -> str:
        return f"{self.count:,} {self.origin}: {self.decoded:.0f} KB decoded, {self.packed:.0f} KB gzipped (means)"


def make(folder: Path, number: int, saved: Path | None = None) -> Pages:
    """Writes `number` distinct pages into the folder, made of the corpus's pages or of those below `saved`."""
    sources = list(_saved(saved) if saved else _real())
    random.Random(3).shuffle(sources)
    origin = f"pages, varied from {len(sources)} real ones" if sources else "sample pages"
    made = islice(_varied(sources) if sources else _samples(), number)
    decoded = packed = 0
    for i, html in enumerate(made):
        raw = html.encode()
        body = gzip.compress(raw, 6, mtime=0)
        (folder / f"{i}.html.gz").write_bytes(body)
        decoded += len(raw)
        packed += len(body)
    return Pages(folder, number, origin, decoded / number / 1000, packed / number / 1000)


def _real() -> Iterator[str]:
    truth = CORPUS / "truth.jsonl"
    if not truth.is_file():
        return
    for line in truth.read_text("utf-8").splitlines():
        row = json.loads(line)
        if SMALLEST <= row["bytes"] <= LARGEST:
            raw = gzip.decompress((truth.parent / "pages" / f"{row['id']}.html.gz").read_bytes())
            text = raw.decode(row["charset"] or "utf-8", "replace")
            yield re.sub(r"(?i)(<meta[^>]+charset=[\"']?)[\w-]+", r"\1utf-8", text)


def _saved(folder: Path) -> Iterator[str]:
    """HTML files, gzipped or not, in UTF-8."""
    for path in sorted(folder.rglob("*.html*")):
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        if SMALLEST_SAVED <= len(raw) <= LARGEST_SAVED:
            yield raw.decode("utf-8", "replace")


def _varied(sources: list[str]) -> Iterator[str]:
    for turn in count():
        for number, html in enumerate(sources):
            yield _dealt(html, random.Random(f"{number} {turn}"), f" – {turn}-{number}")


def _dealt(html: str, dice: random.Random, mark: str) -> str:
    """The page with the sentences of its plain paragraphs in other places, and a mark in its title."""
    sentences = [s for match in _PARAGRAPH.finditer(html) for s in _SENTENCE.split(match[2])]
    dice.shuffle(sentences)
    deck = iter(sentences)

    def deal(match: re.Match[str]) -> str:
        return match[1] + " ".join(islice(deck, len(_SENTENCE.split(match[2])))) + match[3]

    changed = _TITLE_END.sub(mark, _PARAGRAPH.sub(deal, html), count=1)
    return f"{changed}<!--{mark}-->"


@lru_cache(1)
def sentences() -> dict[str, list[str]]:
    """Sentences of articles by language: of the corpus where it is at hand, else of the sample outlets."""
    found: dict[str, list[str]] = {}
    truth = CORPUS / "truth.jsonl"
    rows = [json.loads(line) for line in truth.read_text("utf-8").splitlines()] if truth.is_file() else []
    texts = [(row["language"], row["body"]) for row in rows if row["body"]]
    for language, text in texts or [(language, story.body) for language, story in _stories()]:
        found.setdefault(language, []).extend(s for s in _SENTENCE.split(" ".join(text.split())) if s)
    return found


def _stories() -> list[tuple[str, Story]]:
    return [(outlet.language_of(story), story) for outlet in outlets() for story in outlet.articles]


def _samples() -> Iterator[str]:
    stories, texts = _stories(), sentences()
    for number in count():
        language, story = stories[number % len(stories)]
        yield _sample(random.Random(number), language, f"{story.title} {number}", texts[language])


def _sample(dice: random.Random, language: str, title: str, texts: list[str]) -> str:
    """About 170 KB, of which the article is 5 KB, as on a real page."""

    def some(n: int) -> str:
        return " ".join(dice.choices(texts, k=n))

    paragraphs = "".join(f"<p>{some(4)}</p>\n" for _ in range(11))
    teasers = [
        f'<li class="teaser t-{dice.getrandbits(40):x}">'
        f'<a href="/{dice.getrandbits(48):x}.html" title="{some(1)[:60]}">'
        f'<img src="/i/{dice.getrandbits(64):x}.jpg" alt=""><span>{some(1)[:90]}</span></a></li>\n'
        for _ in range(420)
    ]
    above, below = "".join(teasers[:140]), "".join(teasers[140:])
    script = ",".join(f'"k{n}":"{dice.getrandbits(96):x}"' for n in range(800))
    day = f"2026-{dice.randint(1, 9):02}-{dice.randint(1, 28):02}"
    data = json.dumps({"@type": "NewsArticle", "headline": title, "datePublished": f"{day}T08:00:00+05:00"})
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title} – Courier</title>'
        f'<script type="application/ld+json">{data}</script><script>var page={{{script}}};</script></head>'
        f"<body><nav><ul>{above}</ul></nav><main><article><h1>{title}</h1>"
        f'<time datetime="{day}">{day}</time>\n{paragraphs}</article></main>'
        f"<aside><ul>{below}</ul></aside></body></html>"
    )
