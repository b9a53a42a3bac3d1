"""Odd feeds, each with what it must give; and what must not happen on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.discovery import Discovered, discover
from crawler.discovery.feed import ENTRIES, plain_title
from newswarc.items import Candidate, Capture
from newswarc.sources import Source

ITEM = "<item><title>Rockets near Termez</title><link>https://paper.example/n/1</link>{}</item>"


def rss(*items: str, head: str = '<?xml version="1.0"?>') -> str:
    return f'{head}<rss version="2.0"><channel><title>Paper</title>{"".join(items)}</channel></rss>'


@pytest.fixture
def read(source: Source, capture: Callable[..., Capture]) -> Callable[..., Discovered]:
    return lambda body, **kinds: discover(capture(body, **kinds), source)


def only(found: Discovered) -> Candidate:
    assert len(found.candidates) == 1, found
    assert found.backend == "feed"
    return found.candidates[0]


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("Thu, 21 Apr 2022 10:30:00 +0500", datetime(2022, 4, 21, 5, 30, tzinfo=UTC)),
        ("Thu, 21 Apr 2022 05:30:00 GMT", datetime(2022, 4, 21, 5, 30, tzinfo=UTC)),
        ("2022-04-21T10:30:00+05:00", datetime(2022, 4, 21, 5, 30, tzinfo=UTC)),
        ("2022-04-21 10:30", datetime(2022, 4, 21, 5, 30, tzinfo=UTC)),
        ("21 апреля 2022, 10:30", datetime(2022, 4, 21, 5, 30, tzinfo=UTC)),
        ("Чт, 21 апр 2022 10:30:00 +0500", datetime(2022, 4, 21, 5, 30, tzinfo=UTC)),
        ("21-aprel 2022, 10:30", datetime(2022, 4, 21, 5, 30, tzinfo=UTC)),
        ("2022-жылдын 21-апрели 10:30", datetime(2022, 4, 21, 5, 30, tzinfo=UTC)),
        ("21.04.2022 10:30", datetime(2022, 4, 21, 5, 30, tzinfo=UTC)),
        ("۱ ثور ۱۴۰۱ ۱۰:۳۰", datetime(2022, 4, 21, 5, 30, tzinfo=UTC)),
        ("soon", None),
        ("Thu, 21 Apr 2072 10:30:00 +0500", None),
    ],
)
def test_dates_as_outlets_write_them(raw: str, moment: datetime | None, read: Callable[..., Discovered]) -> None:
    candidate = only(read(rss(ITEM.format(f"<pubDate>{raw}</pubDate>"))))
    assert (candidate.published, candidate.published_raw) == (moment, raw)


def test_no_date_is_none(read: Callable[..., Discovered]) -> None:
    candidate = only(read(rss(ITEM.format(""))))
    assert (candidate.title, candidate.published, candidate.published_raw) == ("Rockets near Termez", None, None)


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("Kabul &amp; Tashkent", "Kabul & Tashkent"),
        ("&amp;laquo;Термез&amp;raquo;", "«Термез»"),
        ("&amp;amp;quot;Termez&amp;amp;quot;", '"Termez"'),
        ("<![CDATA[Kabul & Tashkent &mdash; talks]]>", "Kabul & Tashkent — talks"),
        ("<![CDATA[A <b>bold</b> claim]]>", "A bold claim"),
        ("A <b>bold</b> claim", "A bold claim"),
        ("Kabul & Tashkent", "Kabul & Tashkent"),
        ("&laquo;Термез&raquo;&nbsp;молчит", "«Термез» молчит"),
        ("  two\n lines ", "two lines"),
        ("3 &lt; 5 &gt; 4", "3 < 5 > 4"),
    ],
)
def test_titles_are_plain_text(written: str, title: str, read: Callable[..., Discovered]) -> None:
    assert (
        only(read(rss(f"<item><title>{written}</title><link>https://paper.example/n/1</link></item>"))).title == title
    )


def test_a_title_that_is_only_markup_is_none() -> None:
    assert plain_title(" <b></b> ") is None


@pytest.mark.parametrize(
    ("head", "charset", "content_type"),
    [
        ("", "windows-1251", "text/html"),
        ('<?xml version="1.0" encoding="windows-1251"?>', "windows-1251", "application/rss+xml"),
        ('<?xml version="1.0" encoding="windows-1251"?>', "utf-8", "text/xml; charset=utf-8"),
        ('<?xml version="1.0" encoding="utf-8"?>', "windows-1251", "text/xml; charset=windows-1251"),
        ('<?xml version="1.0" encoding="utf-16"?>', "utf-16", "text/xml"),
        ("\ufeff", "utf-8", "text/plain"),
    ],
)
def test_charsets_declared_undeclared_and_wrong(
    head: str, charset: str, content_type: str, read: Callable[..., Discovered]
) -> None:
    title = "Минобороны опровергло сообщения о ракетном обстреле Термеза"
    words = "Граница с Афганистаном остаётся спокойной, сообщили в пресс-службе министерства."
    item = (
        f"<item><title>{title}</title><link>https://paper.example/n/1</link><description>{words}</description></item>"
    )
    assert only(read(rss(item, head=head).encode(charset), content_type=content_type)).title == title


def test_relative_links_follow_xml_base(read: Callable[..., Discovered]) -> None:
    found = read(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://paper.example/en/"><title>t</title>'
        '<entry xml:base="2022/"><title>A</title><link href="one"/></entry>'
        '<entry><title>B</title><link rel="self" href="self"/><link rel="alternate" href="../two"/></entry></feed>'
    )
    assert [c.url for c in found.candidates] == ["https://paper.example/en/2022/one", "https://paper.example/two"]


def test_relative_links_follow_the_feeds_own_address(read: Callable[..., Discovered]) -> None:
    found = read(rss("<item><link>n/1</link></item>"), url="https://paper.example/ru/rss")
    assert [c.url for c in found.candidates] == ["https://paper.example/ru/n/1"]


def test_rss_1_with_dublin_core_dates(read: Callable[..., Discovered]) -> None:
    candidate = only(
        read(
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
            ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"/><item rdf:about="https://paper.example/n/1">'
            "<title>A</title><link>https://paper.example/n/1</link><dc:date>2022-04-21T10:30:00+05:00</dc:date></item></rdf:RDF>"
        )
    )
    assert candidate.published == datetime(2022, 4, 21, 5, 30, tzinfo=UTC)


def test_prefixes_that_nobody_declared(read: Callable[..., Discovered]) -> None:
    body = ITEM.format(
        '<dc:date>2022-04-21</dc:date><media:content media:url="x"/><yandex:full-text>a</yandex:full-text>'
    )
    candidate = only(read(rss(body)))
    assert candidate.published_raw == "2022-04-21"


@pytest.mark.parametrize(
    "guid", ["<guid>https://paper.example/n/1</guid>", '<guid isPermaLink="false">https://paper.example/n/1</guid>']
)
def test_an_identity_that_is_an_address_stands_in_for_the_link(guid: str, read: Callable[..., Discovered]) -> None:
    assert only(read(rss(f"<item><title>A</title>{guid}</item>"))).url == "https://paper.example/n/1"


def test_entries_without_link_and_elsewhere_are_counted(read: Callable[..., Discovered]) -> None:
    found = read(
        rss(ITEM.format(""), "<item><title>A</title></item>", "<item><link>https://other.example/1</link></item>")
    )
    assert len(found.candidates) == 1
    assert found.faults == ("no-link: 1", "outside-source: 1")


def test_the_same_address_twice_is_one_candidate_with_what_both_knew(read: Callable[..., Discovered]) -> None:
    found = read(rss(
        "<item><link>https://paper.example/n/1?utm_source=rss</link></item>",
        "<item><link>https://paper.example/n/2</link></item>",
        ITEM.format("<pubDate>2022-04-21</pubDate>"),
    ))  # fmt: skip
    assert [c.url for c in found.candidates] == ["https://paper.example/n/1", "https://paper.example/n/2"]
    assert found.candidates[0].title == "Rockets near Termez"
    assert found.candidates[0].published_raw == "2022-04-21"
    assert found.faults == ("repeated: 1",)


def test_an_articles_pattern_decides(capture: Callable[..., Capture]) -> None:
    source = Source(key="r/p", name="P", homepage="https://paper.example/", articles=("^/n/\\d+",))
    found = discover(capture(rss(ITEM.format(""), "<item><link>https://paper.example/video/1</link></item>")), source)
    assert [c.url for c in found.candidates] == ["https://paper.example/n/1"]
    assert found.faults == ("not-an-article-address: 1",)


def test_json_feed(read: Callable[..., Discovered]) -> None:
    items = [
        {"id": "1", "url": "/n/1", "title": "A &amp; B", "date_published": "2022-04-21T10:30:00+05:00"},
        {"id": "https://paper.example/n/2", "content_text": "no title"},
        {"id": "3"},
        "no item",
    ]
    found = read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}), content_type="text/html")
    assert [(c.url, c.title) for c in found.candidates] == [
        ("https://paper.example/n/1", "A & B"),
        ("https://paper.example/n/2", None),
    ]
    assert found.candidates[0].published == datetime(2022, 4, 21, 5, 30, tzinfo=UTC)
    assert found.faults == ("no-link: 2",)


def test_warnings_before_the_feed_do_not_hide_it(read: Callable[..., Discovered]) -> None:
    assert only(read("<br />\n<b>Warning</b>: mysql in <b>/x.php</b>\n\n" + rss(ITEM.format("")))).title


def test_a_feed_that_ends_in_the_middle_gives_its_whole_entries(read: Callable[..., Discovered]) -> None:
    whole = rss(ITEM.format(""), "<item><title>B</title><link>https://paper.example/n/2</link></item>")
    found = read(whole[: whole.index("<link>https://paper.example/n/2") + 12])
    assert [c.url for c in found.candidates] == ["https://paper.example/n/1"]
    assert found.faults == ("cut-entry: 1",)


def test_html_in_a_feeds_place_offers_no_article(read: Callable[..., Discovered]) -> None:
    found = read(
        '<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/real.rss"></head>'
        '<body><a href="/2022/04/21/a-long-headline">A long headline about it</a></body></html>'
    )
    assert not found.candidates
    assert [(listing.url, listing.found_by) for listing in found.listings] == [
        ("https://paper.example/real.rss", "link")
    ]
    assert found.faults == ("html-instead-of-feed: 1",)


def test_entries_over_the_cap_are_left_and_said(read: Callable[..., Discovered]) -> None:
    items = "".join(f"<item><link>https://paper.example/n/{i}</link></item>" for i in range(ENTRIES + 5))
    found = read(rss(items))
    assert len(found.candidates) == ENTRIES
    assert found.candidates[-1].url == f"https://paper.example/n/{ENTRIES - 1}"
    assert found.faults == ("over-10000-entries: 1",)


def test_a_feed_of_fifty_megabytes_is_cut_at_a_whole_entry(read: Callable[..., Discovered]) -> None:
    item = ITEM.format(f"<description>{'x' * 1_000_000}</description>").replace("/n/1", "/n/{}")
    found = read(rss(*(item.format(i) for i in range(49))))
    assert 0 < len(found.candidates) < 12
    assert found.faults == ("over-10-MiB: 1",)


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))


def test_a_billion_laughs_and_a_stolen_file(read: Callable[..., Discovered], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("TOPSECRET")
    for definition in (f'<!ENTITY l0 "ha">{LAUGHS}<!ENTITY x "&l9;">', f'<!ENTITY x SYSTEM "{secret.as_uri()}">'):
        for kind, body in (
            (
                "feed",
                rss(
                    "<item><title>A&x;</title><link>https://paper.example/n/1&x;</link></item>",
                    head=f"<!DOCTYPE rss [{definition}]>",
                ),
            ),
            (
                "sitemap",
                f"<!DOCTYPE urlset [{definition}]><urlset xmlns='x'><url><loc>https://paper.example/n/12345&x;</loc></url></urlset>",
            ),
        ):
            found = read(body, kind=kind)
            assert "TOPSECRET" not in repr(found)
            assert len(repr(found)) < 1000


def test_a_body_that_names_a_file_is_not_that_file(read: Callable[..., Discovered], tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_text(rss(ITEM.format("")))
    assert not read(str(file), kind="feed").candidates


def test_an_empty_feed_is_readable(read: Callable[..., Discovered]) -> None:
    assert read(rss()) == Discovered(faults=("nothing-found: 1",), backend="feed")
    assert read("<urlset/>") == Discovered(faults=("nothing-found: 1",), backend="sitemap")
