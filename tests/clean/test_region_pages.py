"""Pages in the region's languages come out as the article alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml
from region_pages import LAYOUTS, Case, page_of

from newswarc.items import Article, Hints
from pipelines.clean import clean_page

CASES: list[Case] = yaml.safe_load((Path(__file__).parent / "region.yaml").read_text(encoding="utf-8"))
CAPTURED = datetime(2022, 4, 22, tzinfo=UTC)


def cleaned(case: Case) -> Article:
    url = f"https://{case['host']}/news/17"
    made = clean_page(
        page_of(case).encode(), url=url, charset="utf-8", content_type="text/html", captured_at=CAPTURED, hints=Hints()
    )
    assert made.article is not None, made.reason
    return made.article


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", CASES, ids=[c["language"] for c in CASES])
def test_the_text_is_the_article_and_nothing_else(case: Case, layout: str) -> None:
    article = cleaned({**case, "layout": layout})
    assert article.text.split("\n\n") == case["body"]
    assert article.title == case["title"]
    assert article.language == case["language"]


@pytest.mark.parametrize("case", CASES, ids=[c["language"] for c in CASES])
def test_who_wrote_it_and_when(case: Case) -> None:
    article = cleaned(case)
    assert article.authors == (case["author"],)
    assert article.published is not None
    assert article.published.date() == (
        case["day"] if isinstance(case["day"], date) else date.fromisoformat(case["day"])
    )
    assert article.published_raw
    assert article.published_origin == ("json-ld" if case["layout"] == "json_ld" else "page")
