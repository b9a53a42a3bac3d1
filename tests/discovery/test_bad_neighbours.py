"""One bad entry costs a listing no other: whatever stands beside them, the sound entries of every kind are found."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_contract import hold_to_the_law

from crawler.discovery import discover
from newswarc.items import Capture
from newswarc.sources import Source
from pipelines.charset import printable

GOOD = tuple(f"https://paper.example/2022/04/21/calm-on-the-border-of-termez-{n}" for n in range(1, 6))
ODD_ADDRESSES = st.sampled_from(
    ["http://[", "https://[::1", "http://paper.example:99999/a", "http://paper.example:x/a", "//[",
     "http://\u2100.example/", "https://paper.example/\ud800",
     "https://paper.example/\x00", "http:///", "://", "?", "#", "javascript:void(0)", "mailto:a@b.c", "tel:+1",
     "data:text/html,x", "/a b\tc", "/%zz%", "\\\\x\\y",
     "https://пример.example/а", "https://" + "a" * 300 + ".example/", "https://xn--.example/",
     "https://\xad.example/", "http://a@b@c/", "/" * 50, "x" * 5000, "", " ",
     "https://paper.example./n/1", "HTTP://PAPER.EXAMPLE", "http://1.2.3.4.5/", "http://٣.example/",
     "https://paper.example/n/1;jsessionid=" + "A" * 40]
) | st.text(max_size=12)  # fmt: skip
ODD_WORDS = st.sampled_from(
    ["", "\x00", "\x0b", "\ud800", "\ufffe", "\u0085", "&#0;", "&#xd800;", "&#1;", "&lt;b", "<b>", "]]>",
     "<![CDATA[x", "\u202e", "9999-12-31T23:59:59-14:00", "0001-01-01",
     "Thu, 31 Dec 9999 23:59:59 -1200", "Thu, 99 Foo 20 99:99:99 +9999", "1e400", "2022-04-21T25:00:00+99:00",
     "31.02.2022", "١٤٠١", "-1", "9" * 400, "😀" * 50]
) | st.text(max_size=8)  # fmt: skip
Entry = tuple[str, str, str]
"""Address, title, date."""
ENTRIES = st.lists(st.tuples(ODD_ADDRESSES, ODD_WORDS, ODD_WORDS), max_size=4)


def _tag(name: str, text: str) -> str:
    return f"<{name}>{html.escape(text)}</{name}>"


def _rss(entries: list[Entry]) -> str:
    items = "".join(f"<item>{_tag('title', t)}{_tag('link', u)}{_tag('pubDate', d)}</item>" for u, t, d in entries)
    return f'<rss version="2.0"><channel>{items}</channel></rss>'


def _atom(entries: list[Entry]) -> str:
    items = "".join(
        f'<entry>{_tag("title", t)}<link href="{html.escape(u)}"/>{_tag("updated", d)}</entry>' for u, t, d in entries
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{items}</feed>'


def _rdf(entries: list[Entry]) -> str:
    items = "".join(
        f'<item rdf:about="{html.escape(u)}">{_tag("title", t)}{_tag("link", u)}{_tag("dc:date", d)}</item>'
        for u, t, d in entries
    )
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/">{items}</rdf:RDF>'
    )


def _json(entries: list[Entry]) -> str:
    return json.dumps({"items": [{"url": u, "title": t, "date_published": d} for u, t, d in entries]})


def _sitemap(entries: list[Entry]) -> str:
    items = "".join(f"<url>{_tag('loc', u)}{_tag('lastmod', d)}</url>" for u, _, d in entries)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</urlset>'


def _news(entries: list[Entry]) -> str:
    items = "".join(
        f"<url>{_tag('loc', u)}<n:news>{_tag('n:publication_date', d)}{_tag('n:title', t)}</n:news></url>"
        for u, t, d in entries
    )
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">{items}</urlset>'
    )


def _section(entries: list[Entry]) -> str:
    links = "".join(
        f'<p><a href="{html.escape(u)}">{html.escape(t)}</a> <i>{html.escape(d)}</i>'
        f'<link rel="alternate" type="application/rss+xml" href="{html.escape(u)}"></p>'
        for u, t, d in entries
    )
    return f"<!doctype html><html><body>{links}</body></html>"


def _lines(entries: list[Entry]) -> str:
    return "https://paper.example/\n" + "\n".join(" ".join(u.split()) for u, _, _ in entries)


WRITERS: dict[str, tuple[Callable[[list[Entry]], str], Any]] = {
    "rss": (_rss, "feed"), "atom": (_atom, "feed"), "rdf": (_rdf, "feed"), "json": (_json, "feed"),
    "sitemap": (_sitemap, "sitemap"),
    "news": (_news, "sitemap"), "section": (_section, "section"), "homepage": (_section, "homepage"),
    "lines": (_lines, "sitemap"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(bad=ENTRIES, at=st.integers(0, len(GOOD)))
@example(bad=[("http://[", "x", "x")], at=2)
def test_sound_entries_are_found(
    name: str, bad: list[Entry], at: int, source: Source, capture: Callable[..., Capture]
) -> None:
    hold_neighbours(name, bad, at, source, capture)


def hold_neighbours(name: str, bad: list[Entry], at: int, source: Source, capture: Callable[..., Capture]) -> None:
    write, kind = WRITERS[name]
    good = [(url, f"Calm on the border {n}", "2022-04-21T10:00:00Z") for n, url in enumerate(GOOD)]
    page = write([*good[:at], *bad, *good[at:]]).encode("utf-8", "surrogatepass")
    made = capture(page, kind=kind, content_type="text/html; charset=utf-8")
    found = discover(made, source)
    hold_to_the_law(found, source)
    assert [c.url for c in found.candidates if c.url in GOOD] == list(GOOD), found.faults
    for candidate in found.candidates:
        assert candidate.title is None or printable(candidate.title) == candidate.title != ""
        assert candidate.published is None or candidate.published <= made.archived.captured_at + timedelta(days=1)
        candidate.url.encode("ascii")
