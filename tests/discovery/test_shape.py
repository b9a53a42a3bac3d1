"""Which addresses look like an article's: measured on real articles, and on addresses that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.shared import CORPUS
from crawler.discovery.shape import is_section, looks_like_article

TRUTH = CORPUS / "truth.jsonl"

NO_ARTICLES = [
    line
    for line in Path(__file__).with_name("no_articles.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def real_articles() -> list[str]:
    if not TRUTH.is_file():
        pytest.skip(f"no corpus of real pages at {TRUTH}")
    return [json.loads(line)["url"] for line in TRUTH.read_text("utf-8").splitlines()]


def test_nine_in_ten_real_articles_look_like_one() -> None:
    urls = real_articles()
    missed = [url for url in urls if not looks_like_article(url)]
    assert 1 - len(missed) / len(urls) >= 0.95, missed


def test_one_in_twenty_of_other_addresses_looks_like_one_at_most() -> None:
    wrong = [url for url in NO_ARTICLES if looks_like_article(url)]
    assert len(wrong) / len(NO_ARTICLES) <= 0.05, wrong


@pytest.mark.parametrize(
    "url",
    [
        "https://24.kg/vlast/231098_boevik_rasskazal_o_termeze/",
        "https://kun.uz/ru/news/2022/04/21/minoborony-oproverglo",
        "https://www.gazeta.uz/ru/2022/04/21/termez/",
        "https://example.org/news/2022/04/18/termiz-chegarasida-nima-boldi",
        "https://example.org/?p=48211",
        "https://example.org/%D8%A7%D8%AE%D8%A8%D8%A7%D8%B1/48211",
        "https://www.bbc.com/uzbek/articles/c2q0gnrzd6po",
        "https://example.org/content/article/termez-rockets/31812345.html",
        "https://example.org/a/31812345.html",
        "https://example.org/news:1773825/",
    ],
)
def test_addresses_of_the_region(url: str) -> None:
    assert looks_like_article(url)


def test_the_words_of_a_link_help_outside_the_navigation_only() -> None:
    url = "https://example.org/news/termez-rockets"
    headline = "Rockets fall near Termez, ministry denies"
    assert looks_like_article(url, headline)
    assert not looks_like_article(url, headline, in_navigation=True)
    assert not looks_like_article("https://example.org/world/central-asia-and-its-many-neighbours", in_navigation=True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/politics/", True),
        ("https://example.org/ru/news", True),
        ("https://example.org/", False),
        ("https://example.org/a/b/c", False),
        ("https://example.org/login", False),
        ("https://example.org/news/123456", False),
        ("https://example.org/news?x=1", False),
    ],
)
def test_sections(url: str, expected: bool) -> None:
    assert is_section(url) is expected


@pytest.mark.parametrize(
    "url", ["", "http://[", "https://example.org/" + "a-" * 5000, "https://example.org/" + "1" * 50_000]
)
def test_odd_addresses_are_judged_without_fuss(url: str) -> None:
    assert looks_like_article(url) in (True, False)
