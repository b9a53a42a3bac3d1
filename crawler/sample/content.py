"""What the sample outlets print: stories and settings, read from `content/*.yaml`."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from string import Template
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

FOLDER = Path(__file__).parent / "content"

Markup = Literal["json-ld", "json-ld-comma", "json-ld-cut", "opengraph", "none"]
"""What a page says of itself to machines. `-comma` has a trailing comma, `-cut` lacks its end, as on real pages."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Section(Part):
    path: str
    name: str
    language: str


class Edit(Part):
    """What changes at stage 2: texts replaced one for one, a paragraph added at the end."""

    replace: dict[str, str] = {}
    add: str = ""
    at: datetime


class Story(Part):
    """One article; paragraphs of `body` are separated by an empty line, subheads start with `## `."""

    path: str
    section: str
    title: str
    published: datetime
    author: str
    lead: str
    caption: str
    phrase: str
    body: str
    language: str = ""
    """Only where it is not the section's."""
    tags: tuple[str, ...] = ()
    markup: Markup = "none"
    meta_charset: str = ""
    """Only where the page's meta tag contradicts the server."""
    note: str = ""
    """What it has to do with the others: `quotes`, `wire`."""
    since: int = 1
    removed: int = 99
    edit: Edit | None = None

    def stands_at(self, stage: int) -> bool:
        return self.since <= stage < self.removed

    def text_at(self, stage: int) -> str:
        text = self.body.strip()
        if self.edit is None or stage < 2:
            return text
        for old, new in self.edit.replace.items():
            text = text.replace(old, new)
        return f"{text}\n\n{self.edit.add}" if self.edit.add else text

    def modified_at(self, stage: int) -> datetime:
        return self.edit.at if self.edit and stage >= 2 else self.published


class Other(Part):
    """A page that is no article, though something links to it as if it were one."""

    path: str
    title: str
    outcome: Literal["not-article", "login", "soft-404", "robots"]
    main: str
    section: str = ""
    """Listed on the homepage and among this section's teasers."""
    in_feed: datetime | None = None
    """Listed in the feed, with this date."""


class Feed(Part):
    path: str
    form: Literal["rss", "atom"]
    language: str
    charset: str = "utf-8"
    limit: int = 100


class DateForm(Part):
    form: str
    """Of `{day}`, `{month}`, `{year}` and `{time}`."""
    months: tuple[str, ...] = tuple(f"{n:02}" for n in range(1, 13))
    solar: bool = False
    """The solar calendar, in Persian digits."""


class Outlet(Part):
    key: str
    host: str
    name: str
    charset: str = "utf-8"
    header_charset: dict[str, str] = {}
    """What the Content-Type says by language; by default the charset itself, empty for none."""
    dates: dict[str, DateForm]
    """How a byline spells a date, by language."""
    compress: bool = False
    chunked: bool = False
    validators: tuple[Literal["etag", "last-modified"], ...] = ()
    robots: str
    sections: dict[str, Section]
    feeds: tuple[Feed, ...] = ()
    news_sitemap: bool = False
    redirects: dict[str, str] = {}
    labels: dict[str, dict[str, str]]
    furniture: dict[str, tuple[str, ...]]
    """Words that stand on every page of a language and in no body."""
    teaser: str
    others: tuple[Other, ...] = ()
    articles: tuple[Story, ...]

    def language_of(self, story: Story) -> str:
        return story.language or self.sections[story.section].language

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def listed_at(self, stage: int) -> list[Story]:
        """Newest first."""
        return sorted((s for s in self.articles if s.stands_at(stage)), key=lambda s: s.published, reverse=True)

    def template(self, name: Literal["frame", "article"]) -> Template:
        return Template((FOLDER / f"{self.key}.{name}.html").read_text("utf-8"))


@cache
def outlets() -> tuple[Outlet, ...]:
    files = sorted(FOLDER.glob("*.yaml"))
    return tuple(Outlet.model_validate(yaml.safe_load(path.read_text("utf-8"))) for path in files)
