"""The law of discovery, for every backend: absolute, within the source, each once; garbage gives a reason."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.shared import CORPUS
from crawler.discovery import BACKENDS, DEPTH, FURTHER, Discovered, discover, is_trap
from crawler.urls import canonical, within
from newswarc.items import Capture
from newswarc.sources import Source

FEEDS = CORPUS / "feeds"

KINDS = st.sampled_from(["feed", "sitemap", "section", "homepage", "robots"])
TYPES = st.sampled_from(
    [None, "text/html", "application/rss+xml; charset=windows-1251", "text/xml; charset=nonsense", "\x00"]
)
ADDRESSES = st.sampled_from(
    ["/2022/04/21/a", "news/123456", "https://paper.example/n/1?utm_source=rss", "HTTPS://WWW.Paper.Example:443/n/2#x",
     "//paper.example/n/3", "https://other.example/n/4", "javascript:alert(1)", "mailto:a@b.c", "http://[", "",
     " /n/5\n",
     "https://user:pw@paper.example/n/6", "/a/a/a/a", "/" + "x/" * 30, "/статья-о-термезе-123456", "\x00", "&amp;"]
)  # fmt: skip
TEXTS = st.text(max_size=40)


def _rss(entries: list[tuple[str, str]]) -> str:
    items = "".join(f"<item><title>{t}</title><link>{u}</link><pubDate>{t}</pubDate></item>" for u, t in entries)
    return f'<rss version="2.0"><channel>{items}</channel></rss>'


def _atom(entries: list[tuple[str, str]]) -> str:
    items = "".join(
        f'<entry><title type="html">{t}</title><link href="{u}"/><updated>{t}</updated></entry>' for u, t in entries
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://paper.example/">{items}</feed>'


def _json(entries: list[tuple[str, str]]) -> str:
    return json.dumps({"items": [{"url": u, "title": t, "date_published": t} for u, t in entries]})


def _sitemap(entries: list[tuple[str, str]]) -> str:
    items = "".join(f"<url><loc>{u}</loc><lastmod>{t}</lastmod></url>" for u, t in entries)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</urlset>'


def _index(entries: list[tuple[str, str]]) -> str:
    return "<sitemapindex>" + "".join(f"<sitemap><loc>{u}</loc><lastmod>{t}</lastmod></sitemap>" for u, t in entries)


def _lines(entries: list[tuple[str, str]]) -> str:
    return "https://paper.example/\n" + "\n".join(u for u, _ in entries)


def _html(entries: list[tuple[str, str]]) -> str:
    links = "".join(
        f'<nav><a href="{u}">{t}</a></nav><a href="{u}">{t}</a><link rel=alternate href="{u}">' for u, t in entries
    )
    return f'<!doctype html><html><base href="https://paper.example/b/">{links}'


def _robots(entries: list[tuple[str, str]]) -> str:
    return "User-agent: *\n" + "\n".join(f"Sitemap: {u}" for u, _ in entries)


WRITERS = st.sampled_from([_rss, _atom, _json, _sitemap, _index, _lines, _html, _robots])
PAGES = st.builds(
    lambda write, entries: write(entries).encode("utf-8", "replace"), WRITERS, st.lists(st.tuples(ADDRESSES, TEXTS))
)
CUT = st.builds(lambda page, at: page[: int(len(page) * at)], PAGES, st.floats(0, 1))


def hold_to_the_law(found: Discovered, source: Source) -> None:
    addresses = [candidate.url for candidate in found.candidates]
    assert len(set(addresses)) == len(addresses)
    for candidate in found.candidates:
        assert re.match(r"https?://", candidate.url)
        assert canonical(candidate.url) == candidate.url
        assert within(source, candidate.url)
        assert not is_trap(candidate.url)
        assert candidate.published is None or candidate.published.tzinfo is not None
    assert all(canonical(listing.url) == listing.url for listing in found.listings)
    assert len({listing.url for listing in found.listings}) == len(found.listings) <= sum(FURTHER.values())
    assert all(re.fullmatch(r"[^:]+: [1-9]\d*", fault) for fault in found.faults)
    assert found.candidates or found.listings or found.faults
    assert found.backend in (None, *BACKENDS)
    assert pickle.loads(pickle.dumps(found)) == found


@settings(max_examples=150, deadline=None)
@given(body=PAGES | CUT | st.binary(max_size=300), kind=KINDS, content_type=TYPES)
def test_the_law(body: bytes, kind: str, content_type: str, source: Source, capture: Callable[..., Capture]) -> None:
    hold_to_the_law(discover(capture(body, kind=kind, content_type=content_type), source), source)


@settings(max_examples=100, deadline=None)
@given(body=st.text("<>/&;!-[]CDATA?xmlrsitemfd:'\"= \n", max_size=300))
def test_broken_markup_never_raises(body: str, source: Source, capture: Callable[..., Capture]) -> None:
    for start in ("<rss version='2.0'>", "<urlset xmlns='x'>", "<html>", '{"items": [', ""):
        hold_to_the_law(discover(capture(start + body), source), source)


def test_a_source_and_a_capture_pickle(source: Source, capture: Callable[..., Capture]) -> None:
    assert pickle.loads(pickle.dumps((source, capture(b"x")))) == (source, capture(b"x"))


@pytest.mark.parametrize("status", [301, 304, 403, 404, 500])
def test_an_error_offers_nothing(status: int, source: Source, capture: Callable[..., Capture]) -> None:
    assert discover(capture(_rss([("/1", "a")]), status=status), source) == Discovered(faults=(f"status-{status}: 1",))


def test_a_cut_listing_offers_nothing(source: Source, capture: Callable[..., Capture]) -> None:
    found = discover(capture(_rss([("/1", "a")]), truncated="disconnect"), source)
    assert found == Discovered(faults=("cut-by-disconnect: 1",))


def test_a_body_that_does_not_decode_is_a_reason(source: Source, capture: Callable[..., Capture]) -> None:
    found = discover(capture(b"no gzip at all", headers="Content-Encoding: gzip\r\n"), source)
    assert not found.candidates
    assert len(found.faults) == 1


def test_traps_are_counted(source: Source, capture: Callable[..., Capture]) -> None:
    entries = [("/a/a/a/x", "t"), ("/" + "/".join(f"s{i}" for i in range(DEPTH + 1)), "t"), ("/2022/04/04/04-x", "t")]
    found = discover(capture(_rss(entries)), source)
    assert [c.url for c in found.candidates] == ["https://paper.example/2022/04/04/04-x"]
    assert found.faults == ("trap: 2",)


def test_session_ids_make_no_second_article(source: Source, capture: Callable[..., Capture]) -> None:
    found = discover(capture(_rss([(f"/n/123456?PHPSESSID={i:032x}", "t") for i in range(50)])), source)
    assert [c.url for c in found.candidates] == ["https://paper.example/n/123456"]
    assert found.faults == ("repeated: 49",)


def real_listings() -> list[dict[str, object]]:
    catalogue = FEEDS / "feeds.jsonl"
    return [json.loads(line) for line in catalogue.read_text("utf-8").splitlines()] if catalogue.is_file() else []


@pytest.mark.skipif(not real_listings(), reason=f"no corpus of real feeds at {FEEDS}")
def test_real_listings_lose_no_entry(capture: Callable[..., Capture]) -> None:
    """Every entry that the corpus counted is a candidate, a further listing, or in a counted reason."""
    backends = {"rss": "feed", "atom": "feed", "rdf": "feed", "jsonfeed": "feed", "robots": "robots"}
    for entry in real_listings():
        name, kind = str(entry["file"]), str(entry["kind"])
        body = (FEEDS / name).read_bytes()
        hosts = {h.decode().lower() for h in re.findall(rb"https?:\\?/\\?/([A-Za-z0-9.-]+\.[A-Za-z]+)", body)}
        source = Source(key="r/o", name="O", homepage="https://o.example/", domains=tuple(hosts))
        found = discover(capture(body, kind="robots" if kind == "robots" else "feed"), source)
        hold_to_the_law(found, source)
        if "HTML page" in str(entry["notes"]):
            assert "html-instead-of-robots: 1" in found.faults, name
            continue
        assert found.backend == backends.get(kind, "sitemap"), name
        if entry["entries"] is not None:
            counted = sum(int(fault.rpartition(": ")[2]) for fault in found.faults)
            assert len(found.candidates) + len(found.listings) + counted == entry["entries"], (name, found.faults)
