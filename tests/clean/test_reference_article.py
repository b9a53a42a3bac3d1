"""The reference story, laid out as its outlet carried it, comes out clean; so does a twin of our own making."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from benchmarks.shared import SEED
from newswarc.items import Hints
from pipelines.clean import clean_page

CAPTURED = datetime(2022, 4, 22, tzinfo=UTC)
TWIN = """\
Raid on the dam WAS ordered but never carried out say rebels

Raid on the dam WAS ordered but never carried out say rebels
Fighters who handed in their weapons to the provincial council in the spring. / Agency, wiki, public domain.
By The Valley IlIad May 3, 2022

The rebels' council has explained that a raid on the dam above the town was in fact ordered
on April 30, but that the men turned back before they reached it.

A news agency on May 3 reported a member of the council as saying that three men had since been
arrested, and that the place where they had gathered was known.

“The information spread by some channels about a raid is absolutely false,” the governor's press
secretary said. “We ask you not to succumb to provocations.”

In the town itself people said that they had seen lights on the slope that night and that the road
was closed until noon.

News

Dismiss"""


@dataclass(frozen=True)
class Printed:
    """A carried text in its parts."""

    title: str
    caption: str
    byline: str
    body: list[str]
    furniture: list[str]

    @classmethod
    def of(cls, text: str) -> Printed:
        blocks = [block.strip() for block in text.strip().split("\n\n")]
        title, (copy, caption, byline) = blocks[0], blocks[1].splitlines()
        assert copy == title
        return cls(title, caption, byline, blocks[2:-2], blocks[-2:])

    def page(self, site: str) -> str:
        text = "".join(f"<p>{paragraph}</p>" for paragraph in self.body)
        rest = "".join(f"<div>{word}</div>" for word in self.furniture)
        return f"""<!DOCTYPE html><html><head><title>{site} - {self.title}</title>
<meta property="og:site_name" content="{site}"></head><body>
<div id="menu"><a href="/">Home</a> <a href="/s/1">World</a></div>
<div class="article-view"><h1>{self.title}</h1><div class="body"><p>{self.title}</p><p>{self.caption}</p>
<p>{self.byline}</p>{text}{rest}</div></div></body></html>"""


def check(printed: Printed, site: str, day: str) -> None:
    page = printed.page(site).encode()
    made = clean_page(
        page,
        url="https://news.example/raid-239486/",
        charset="utf-8",
        content_type="text/html",
        captured_at=CAPTURED if day < "2022-05" else datetime(2022, 5, 4, tzinfo=UTC),
        hints=Hints(),
    )
    assert made.article is not None
    assert made.article.title == printed.title
    assert made.article.text.split("\n\n") == [" ".join(paragraph.split()) for paragraph in printed.body]
    assert made.article.authors == (site,)
    assert made.article.published is not None
    assert made.article.published.date().isoformat() == day
    assert made.article.published_raw is not None
    assert made.article.published_raw in printed.byline


def test_a_twin_of_the_reference_article_comes_out_clean() -> None:
    check(Printed.of(TWIN), "The Valley Iliad", "2022-05-03")


@pytest.mark.skipif(not SEED.is_dir(), reason="the reference article is not on this machine (../shared/seed-case)")
def test_the_reference_article_comes_out_clean() -> None:
    facts = json.loads((SEED / "facts.json").read_text(encoding="utf-8"))["article"]
    printed = Printed.of((SEED / "article-2022-04-21.txt").read_text(encoding="utf-8"))
    check(printed, facts["outlet"], facts["published"])
