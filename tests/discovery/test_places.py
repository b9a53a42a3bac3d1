"""Where to look first."""

from __future__ import annotations

from crawler.discovery import Listing, places
from crawler.urls import canonical
from newswarc.sources import Source


def test_with_a_name_and_a_homepage_alone_everything_usual_is_tried() -> None:
    found = places(Source(key="r/p", name="P", homepage="https://paper.example"))
    assert found[0] == Listing("https://paper.example/", "homepage", "homepage")
    assert found[1] == Listing("https://paper.example/robots.txt", "robots", "common-place")
    tried = {listing.url: (listing.kind, listing.found_by) for listing in found[1:]}
    for path in ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml"):
        assert tried[f"https://paper.example/{path}"] == ("feed", "common-place")
    for path in ("sitemap.xml", "news-sitemap.xml", "sitemap_index.xml", "sitemap-news.xml"):
        assert tried[f"https://paper.example/{path}"] == ("sitemap", "common-place")
    assert len({listing.url for listing in found}) == len(found)
    assert all(canonical(listing.url) == listing.url for listing in found)


def test_hints_come_first_and_make_guessing_needless() -> None:
    source = Source(
        key="r/p", name="P", homepage="https://paper.example/", feeds=("https://feeds.example/p",),
        sitemaps=("https://paper.example/news.xml",), sections=("https://paper.example/world/",),
    )  # fmt: skip
    assert [(listing.url, listing.kind, listing.found_by) for listing in places(source)] == [
        ("https://feeds.example/p", "feed", "hint"),
        ("https://paper.example/news.xml", "sitemap", "hint"),
        ("https://paper.example/world/", "section", "hint"),
        ("https://paper.example/", "homepage", "homepage"),
    ]


def test_an_outlet_within_a_host_is_sought_in_its_own_folder() -> None:
    found = {listing.url for listing in places(Source(key="r/p", name="P", homepage="https://host.example/uzbek"))}
    assert "https://host.example/uzbek/rss.xml" in found
    assert "https://host.example/robots.txt" in found
    assert "https://host.example/rss.xml" not in found
