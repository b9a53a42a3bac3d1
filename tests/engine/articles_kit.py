"""Documents of real texts for both engines: those of the search cases, of the sample outlets, and of the corpus.

The corpus belongs to others and stands outside the repository, in `../shared/corpus`; without it the others are all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import yaml
from test_index_contract import CASES, _described, document

from benchmarks.shared import CORPUS
from crawler.sample.content import outlets
from newswarc.items import Document
from search.entities.annotator import annotated

LONGEST = 700
"""Characters that are taken of a page's text: there are hundreds of them."""


def all_documents() -> list[Document]:
    return [*of_the_cases(), *of_the_sample(), *of_the_corpus()]


def of_the_cases() -> Iterator[Document]:
    for path in CASES:
        yield from map(_described, yaml.safe_load(path.read_text("utf-8"))["documents"])


def of_the_sample() -> Iterator[Document]:
    """Every article of the sample outlets with its actors and places, the edited ones in both versions."""
    for outlet in outlets():
        for story in outlet.articles:
            texts = list(dict.fromkeys(story.text_at(stage) for stage in (1, 2)))
            for version, text in enumerate(texts, 1):
                yield annotated(
                    document(
                        f"{outlet.key}{story.path}{version}", url=outlet.url(story.path), title=story.title, text=text,
                        source=f"sample/{outlet.key}", sitename=outlet.name, language=outlet.language_of(story),
                        country=None, published=story.published, authors=(story.author,), tags=story.tags,
                        version=version, state="live" if version == len(texts) else "superseded",
                    )
                )  # fmt: skip


def of_the_corpus() -> Iterator[Document]:
    truth = CORPUS / "truth.jsonl"
    for line in truth.read_text("utf-8").splitlines() if truth.is_file() else ():
        page = json.loads(line)
        if page["body"]:
            yield _of_a_page(page)


def _of_a_page(page: dict[str, Any]) -> Document:
    published = datetime.fromisoformat(page["published"]) if page["published"] else None
    if published and not published.tzinfo:
        published = published.replace(tzinfo=UTC)
    outlet, text = page["publisher"], page["body"][:LONGEST]
    return document(
        page["id"], url=page["url"], title=page["title"] or "", text=text, source=f"corpus/{outlet}", sitename=outlet,
        language=page["language"], country=None, published=published, authors=tuple(page["authors"] or ()), tags=(),
    )  # fmt: skip
