"""One spelling per address."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.urls import canonical, on_hosts, within
from newswarc.sources import Source

HOSTS = st.sampled_from(
    ["example.org", "WWW.Example.ORG.", "пример.испытание", "[2001:db8::1]", "example.org:443", "1.2.3.4:80"]
)
TEXT = st.text(max_size=60)
URLS = st.builds(
    lambda scheme, host, path, query, fragment: f"{scheme}://{host}/{path}?{query}#{fragment}",
    st.sampled_from(["http", "https", "HTTPS"]),
    HOSTS,
    TEXT,
    TEXT,
    TEXT,
) | st.text("/.%2eEfFaA;=&?sid~-_+ ü\\", max_size=40).map(lambda tail: f"http://example.org/{tail}")


@given(URLS)
@example("http://example.org/%252e/%2E%2e/a;sid=1;jsessionid=2?b=%7e&a&&utm_source=x")
@example("http://example.org//a/../..//b/.")
def test_canonical_twice_is_canonical_once(url: str) -> None:
    try:
        once = canonical(url)
    except ValueError:
        return
    assert canonical(once) == once
    assert once.isascii()
    assert "#" not in once


@given(st.text())
def test_canonical_raises_nothing_but_value_error(text: str) -> None:
    for url in (text, f"http://{text}", f"https://example.org/{text}"):
        with contextlib.suppress(ValueError):
            assert canonical(url).startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Example.ORG:80", "http://example.org/"),
        ("https://example.org:443/a", "https://example.org/a"),
        ("https://example.org:8443/a#top", "https://example.org:8443/a"),
        (" https://exam\nple.org/a\t ", "https://example.org/a"),
        ("https://пример.рф/новости", "https://xn--e1afmkfd.xn--p1ai/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8"),
        ("https://example.org/a%7Eb/%d0%bd", "https://example.org/a~b/%D0%BD"),
        ("https://example.org/a/./b/../c", "https://example.org/a/c"),
        ("https://example.org//dpp/news", "https://example.org//dpp/news"),
        ("https://example.org/?utm_source=rss&utm_medium=feed", "https://example.org/"),
        ("https://example.org/a?fbclid=1&gclid=2&yclid=3&ysclid=4&_openstat=5&id=7", "https://example.org/a?id=7"),
        ("https://example.org/a?b=2&a=1", "https://example.org/a?a=1&b=2"),
        ("https://example.org/?p=123", "https://example.org/?p=123"),
        ("https://example.org/news?48211", "https://example.org/news?48211"),
        ("https://example.org/a?from=rss", "https://example.org/a"),
        ("https://example.org/a?ref=telegram&source=twitter", "https://example.org/a"),
        (
            "https://example.org/a?from=1650499200&source=akipress",
            "https://example.org/a?from=1650499200&source=akipress",
        ),
        ("https://example.org/a;jsessionid=AB12?x=1", "https://example.org/a?x=1"),
        ("https://example.org/a?PHPSESSID=abc", "https://example.org/a"),
        ("https://example.org/amp/a", "https://example.org/amp/a"),
        ("https://[2001:DB8:0::1]:443/", "https://[2001:db8::1]/"),
        ("http://24.kg/vlast/231098_a/", "http://24.kg/vlast/231098_a/"),
        ("https://t.me/s/channel", "https://t.me/s/channel"),
    ],
)
def test_spellings(url: str, expected: str) -> None:
    assert canonical(url) == expected


@pytest.mark.parametrize(
    "url",
    ["", "a", "/a", "mailto:a@b", "javascript:alert(1)", "file:///etc/passwd", "http://", "http://user:pw@example.org/",
     "http://exa mple.org/", "http://[::1", "http://example.org:99999/", "http://example.org/" + "a" * 2001],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        canonical(url)


def test_an_outlet_that_is_a_part_of_a_host() -> None:
    bbc = Source(key="r/bbc", name="BBC", homepage="https://www.bbc.com/uzbek")
    assert within(bbc, "https://www.bbc.com/uzbek/articles/c1")
    assert within(bbc, "http://bbc.com/uzbek")
    assert not within(bbc, "https://www.bbc.com/uzbekistan")
    assert not within(bbc, "https://www.bbc.com/russian/articles/c1")
    assert not within(bbc, "https://news.bbc.com/uzbek/1")
    assert on_hosts(bbc, "https://www.bbc.com/sitemap.xml")


def test_a_homepage_that_is_a_file_stands_for_its_folder() -> None:
    paper = Source(key="r/paper", name="Paper", homepage="https://example.org/index.php")
    assert within(paper, "https://example.org/2022/04/21/a")
    assert within(paper, "https://www.example.org/2022")
    assert within(paper, "https://sport.example.org/2022")
    assert not within(paper, "https://example.com/2022")
    assert not within(paper, "https://badexample.org/2022")
    assert not within(paper, "ftp://example.org/2022")
    assert not within(paper, "http://[")


def test_scope_and_domains_widen_and_narrow() -> None:
    source = Source(
        key="r/s", name="S", homepage="https://example.org/ru", scope=("https://example.org/news", "https://example.org/ru"),
        domains=("www.example.net",),
    )  # fmt: skip
    assert within(source, "https://example.org/news/1")
    assert within(source, "https://kg.example.net/1")
    assert not within(source, "https://example.org/en/1")


def test_what_is_excluded_is_another_source() -> None:
    source = Source(
        key="r/s",
        name="S",
        homepage="https://example.org/",
        exclude=("https://example.org/en", "https://kk.example.org/"),
    )
    assert within(source, "https://example.org/news/1")
    assert within(source, "https://example.org/english")
    assert not within(source, "https://www.example.org/en/news/1")
    assert not within(source, "https://kk.example.org/news/1")
