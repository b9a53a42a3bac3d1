"""Sitemaps: index, urlset, news fields, gzip files, text; and bombs."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from crawler.discovery import Discovered, discover
from crawler.discovery.sitemap import ENTRIES, SUBSITEMAPS
from newswarc.items import Capture
from newswarc.sources import Source

SITEMAP = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
NEWS = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


@pytest.fixture
def read(source: Source, capture: Callable[..., Capture]) -> Callable[..., Discovered]:
    return lambda body, **kinds: discover(capture(body, **{"kind": "sitemap", **kinds}), source)


def index(*entries: tuple[str, str | None]) -> str:
    def sitemap(url: str, lastmod: str | None) -> str:
        return f"<sitemap><loc>{url}</loc>{f'<lastmod>{lastmod}</lastmod>' if lastmod else ''}</sitemap>"

    return f"<sitemapindex {SITEMAP}>{''.join(sitemap(*entry) for entry in entries)}</sitemapindex>"


def test_a_news_sitemap_gives_title_and_date(read: Callable[..., Discovered]) -> None:
    found = read(
        f'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><!-- made by hand --><urlset {SITEMAP} {NEWS}><url>'
        "<loc>https://paper.example/a</loc><lastmod>2022-05-01</lastmod><news:news><news:publication><news:name>Paper</news:name>"
        "<news:language>ru</news:language></news:publication><news:publication_date>2022-04-21T10:30:00+05:00</news:publication_date>"
        "<news:title>&amp;laquo;Термез&amp;raquo;</news:title></news:news></url></urlset>"
    )
    (candidate,) = found.candidates
    assert (candidate.url, candidate.title) == ("https://paper.example/a", "«Термез»")
    assert candidate.published == datetime(2022, 4, 21, 5, 30, tzinfo=UTC)
    assert candidate.published_raw == "2022-04-21T10:30:00+05:00"
    assert found.backend == "sitemap"


def test_lastmod_is_no_publication_date(read: Callable[..., Discovered]) -> None:
    found = read(
        f"<urlset {SITEMAP}><url><loc>https://paper.example/n/12345</loc><lastmod>2022-04-21</lastmod></url></urlset>"
    )
    assert found.candidates[0].published_raw is None


def test_a_plain_sitemap_gives_what_looks_like_an_article(read: Callable[..., Discovered]) -> None:
    urls = ["", "about", "tag/termez", "n/12345", "2022/04/21/rockets", "image.jpg"]
    entries = "".join(
        f"<url><loc>https://paper.example/{u}</loc><image:loc>https://paper.example/i/12345</image:loc></url>"
        for u in urls
    )
    found = read(f"<urlset {SITEMAP}>{entries}</urlset>")
    assert [c.url for c in found.candidates] == [
        "https://paper.example/n/12345",
        "https://paper.example/2022/04/21/rockets",
    ]
    assert found.faults == ("homepage-or-listing: 1", "not-an-article-address: 3")


def test_without_namespace_with_stray_ampersands_and_cdata(read: Callable[..., Discovered]) -> None:
    found = read(
        "<urlset><url><loc> https://paper.example/?id=12345&lang=ru </loc></url>"
        "<url><loc><![CDATA[https://paper.example/?id=12346&lang=ru]]></loc></url><url><lastmod>x</lastmod></url>"
        "<url><loc>https://paper.example/?id=1234"
    )
    assert [c.url for c in found.candidates] == [f"https://paper.example/?id={i}&lang=ru" for i in (12345, 12346)]
    assert found.faults == ("no-link: 1",)


def test_a_gzip_file_is_opened_and_a_gzip_bomb_is_not(read: Callable[..., Discovered]) -> None:
    body = f"<urlset {SITEMAP}><url><loc>https://paper.example/n/12345</loc></url></urlset>"
    assert len(read(gzip.compress(body.encode()), content_type="application/gzip").candidates) == 1
    bomb = read(gzip.compress(b"<urlset>" + b" " * (60 * 1024 * 1024), 1))
    assert bomb.faults == ("unreadable (ValueError): 1",)


def test_a_text_sitemap(read: Callable[..., Discovered]) -> None:
    found = read("https://paper.example/n/12345\n\nhttps://paper.example/n/12346\r\nhttps://other.example/n/12347\n")
    assert [c.url for c in found.candidates] == ["https://paper.example/n/12345", "https://paper.example/n/12346"]
    assert found.faults == ("outside-source: 1",)
    assert found.backend == "sitemap"


def test_of_an_index_news_come_first_and_then_the_last_changed(read: Callable[..., Discovered]) -> None:
    months = [
        (f"https://paper.example/sitemap-{year}-{month:02}.xml", f"{year}-{month:02}-28")
        for year in range(2019, 2023)
        for month in range(1, 13)
    ]
    found = read(
        index(*months, ("https://paper.example/tags.xml", "2022-12-28"), ("https://paper.example/news.xml", None))
    )
    names = [listing.url.rpartition("/")[2] for listing in found.listings]
    assert names == ["news.xml", *(f"sitemap-2022-{month:02}.xml" for month in (12, 11, 10, 9, 8))]
    assert {(listing.kind, listing.found_by) for listing in found.listings} == {("sitemap", "index")}
    assert found.faults == ("sub-sitemap-left-out: 44",)


def test_of_an_index_without_dates_both_ends_are_followed(read: Callable[..., Discovered]) -> None:
    found = read(index(*((f"https://paper.example/s{i}.xml", None) for i in range(100))))
    numbers = [int(listing.url[len("https://paper.example/s") : -4]) for listing in found.listings]
    assert numbers == [*range(10), *range(90, 100)]
    assert len(numbers) == SUBSITEMAPS


def test_an_index_that_names_itself_leads_nowhere(read: Callable[..., Discovered]) -> None:
    found = read(index(("https://paper.example/listing", None)))
    assert not found.listings


def test_of_too_many_entries_the_last_changed_are_kept_in_order(read: Callable[..., Discovered]) -> None:
    def entry(number: int) -> str:
        year = 2020 + number // ENTRIES
        return f"<url><loc>https://paper.example/n/{number + 10000}</loc><lastmod>{year}-01-01</lastmod></url>"

    found = read(f"<urlset {SITEMAP}>{''.join(entry(i) for i in range(ENTRIES + 10))}</urlset>")
    assert len(found.candidates) == ENTRIES
    assert found.candidates[-1].url == f"https://paper.example/n/{ENTRIES + 10009}"
    assert found.faults == ("over-10000-entries: 1",)


def test_nested_without_end(read: Callable[..., Discovered]) -> None:
    assert not read(f"<urlset {SITEMAP}>" + "<url><x>" * 200_000).candidates
