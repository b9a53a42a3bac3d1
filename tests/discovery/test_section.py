"""Homepages and section pages: their articles, feeds and sections; and robots.txt."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler.discovery import Discovered, discover
from newswarc.items import Capture
from newswarc.sources import Source

HOMEPAGE = Path(__file__).with_name("homepage.html").read_text("utf-8")


@pytest.fixture
def read(source: Source, capture: Callable[..., Capture]) -> Callable[..., Discovered]:
    return lambda body, **kinds: discover(
        capture(body, **{"kind": "homepage", "url": source.homepage, **kinds}), source
    )


def test_a_homepage_gives_its_articles_with_their_headlines(read: Callable[..., Discovered]) -> None:
    found = read(HOMEPAGE)
    assert [(c.url.removeprefix("https://paper.example"), c.title) for c in found.candidates] == [
        ("/politics/rockets-near-termez-ministry-denies/", "Минобороны опровергло обстрел Термеза"),
        ("/news/231098_talibs/", "Талибы задержали троих"),
        ("/news/kabul-reply", "Кабул ответил на сообщения о ракетах"),
    ]
    assert found.faults == ()
    assert found.backend == "section"


def test_a_homepage_gives_feeds_first_and_sections_of_its_navigation(read: Callable[..., Discovered]) -> None:
    assert [(x.url.removeprefix("https://paper.example"), x.kind, x.found_by) for x in read(HOMEPAGE).listings] == [
        ("/rss/all.xml", "feed", "link"),
        ("/rss", "feed", "anchor"),
        ("/politics/", "section", "navigation"),
        ("/world/central-asia-and-afghanistan-news/", "section", "navigation"),
    ]


def test_a_section_page_gives_no_further_sections(read: Callable[..., Discovered]) -> None:
    found = read(HOMEPAGE, kind="section", url="https://paper.example/politics/")
    assert len(found.candidates) == 3
    assert {listing.kind for listing in found.listings} == {"feed"}


def test_the_headline_is_the_title_and_not_read_more(read: Callable[..., Discovered]) -> None:
    for texts in (
        ("Подробнее", "Талибы задержали троих"),
        ("", "Талибы задержали троих", "Талибы задержали троих. Длинный пересказ"),
    ):
        found = read("<html>" + "".join(f'<a href="/news/123456">{text}</a>' for text in texts))
        assert [c.title for c in found.candidates] == ["Талибы задержали троих"]


def test_a_base_element_counts(read: Callable[..., Discovered]) -> None:
    found = read('<html><base href="/ru/"><a href="news/123456">Новость</a>')
    assert [c.url for c in found.candidates] == ["https://paper.example/ru/news/123456"]


@pytest.mark.parametrize("link", ["http://[", "//[x", "https://\u2100.example/"])
def test_a_link_that_is_no_address_costs_no_other(link: str, read: Callable[..., Discovered]) -> None:
    feed = f'<link rel="alternate" type="application/rss+xml" href="{link}">'
    found = read(f'<html><base href="{link}">{feed}<a href="{link}">x</a><a href="/ru/news/123456">Новость</a>')
    assert [c.url for c in found.candidates] == ["https://paper.example/ru/news/123456"]
    assert found.faults == ("no-web-address: 1",)


def test_a_page_in_windows_1251_that_says_nothing(read: Callable[..., Discovered]) -> None:
    body = "<html><body>" + "".join(
        f'<a href="/news/12345{i}">Минобороны опровергло обстрел Термеза {i}</a>' for i in range(9)
    )
    assert read(body.encode("windows-1251")).candidates[3].title == "Минобороны опровергло обстрел Термеза 3"


def test_with_a_pattern_navigation_and_shape_do_not_matter(capture: Callable[..., Capture]) -> None:
    source = Source(key="r/p", name="P", homepage="https://paper.example/", articles=(r"^/n\d$",))
    found = discover(
        capture('<html><nav><a href="/n1">One</a></nav><a href="/news/123456">Two</a>', kind="section"), source
    )
    assert [c.url for c in found.candidates] == ["https://paper.example/n1"]


def test_links_beyond_the_cap_are_said(read: Callable[..., Discovered]) -> None:
    found = read("<html>" + "".join(f'<a href="/news/{i}">x</a>' for i in range(10_000, 16_000)))
    assert len(found.candidates) == 5000
    assert found.faults == ("over-5000-links: 1",)


def test_an_endless_calendar_offers_no_article(read: Callable[..., Discovered]) -> None:
    days = (
        f'<a href="/archive/20{year:02}/{month:02}/{day:02}/">{day}</a>'
        for year in range(99)
        for month in (1, 2)
        for day in (1, 9)
    )
    assert not read("<html>" + "".join(days)).candidates


def test_robots_names_sitemaps_news_first(read: Callable[..., Discovered]) -> None:
    found = read(
        "# hello\nUser-agent: *\nDisallow: /admin\nSITEMAP: https://paper.example/sitemap.xml # all\n"
        "Sitemap:https://www.paper.example/news-sitemap.xml\r\n"
        "Sitemap: https://other.example/s.xml\nSitemap: /relative.xml\n",
        kind="robots", url="https://paper.example/robots.txt", content_type="text/plain",
    )  # fmt: skip
    assert [listing.url for listing in found.listings] == [
        "https://www.paper.example/news-sitemap.xml",
        "https://paper.example/sitemap.xml",
        "https://paper.example/relative.xml",
    ]
    assert {(listing.kind, listing.found_by) for listing in found.listings} == {("sitemap", "robots")}
    assert found.faults == ("listing-outside-source: 1",)
    assert found.backend == "robots"


@pytest.mark.parametrize("kind", ["feed", "sitemap", "section", "homepage", "robots"])
def test_nothing_at_all_is_said(kind: str, read: Callable[..., Discovered]) -> None:
    assert read(b" \n", kind=kind) == Discovered(faults=("empty: 1",))
    assert read(b"\x89PNG\r\n\x1a\n\x00\x01", kind=kind).faults
    assert re.fullmatch(
        "nothing-found: 1|unrecognised: 1", read("<p>hello</p>" if kind == "section" else "hello", kind=kind).faults[0]
    )
