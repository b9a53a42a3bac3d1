"""Outlets that mean harm, or are merely broken: poisoned pages, traps without end, ways into private networks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from faults_kit import (
    Acknowledged,
    Newswarc,
    Paper,
    acknowledged,
    documents,
    not_verified,
    page,
    registry,
    rss,
    sites,
)

from archive.store import ArchiveReader
from crawler.sample.misbehaviour import bomb
from crawler.sample.server import Reply, SampleServer, WireRequest, message, not_found
from newswarc.items import Document

# ---- poison


def _gzip_bomb() -> Reply:
    return message(bomb("gzip"), headers=[("Content-Encoding", "gzip, gzip")])


def _laughs() -> str:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a0 "ha"><!ENTITY x SYSTEM "file:///etc/passwd">{entities}]>'
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Laughs</title></head><body><p>&a9;&x;</p></body></html>'
    )


TITLE = "Poisoned report from the lake"
POISON = {
    "attributes": message(f"<html><body><p {' '.join(f'a{n}=1' for n in range(30_000))}>{page(0, TITLE)}"),
    "one-text": message(f"<html><title>{TITLE}</title><body><article><h1>{TITLE}</h1><p>{'word ' * 900_000}</p>"),
    "deep": message(f"<html><body>{'<div>' * 100_000}{page(1, TITLE)}"),
    "laughs": message(_laughs(), "application/xhtml+xml"),
    "bomb": _gzip_bomb(),
    "nul": message(page(2, TITLE).replace("the", "t\0he").encode() + b"\0" * 10_000),
    "less-than": message(f"<html><title>{TITLE}</title><body>{'<' * 1_000_000}"),
    "tables": message(f"<html><title>{TITLE}</title><body>{'<table><tr><td>' * 3_000}{page(3, TITLE)}"),
}
POISONED = Paper("poison.example", 8, {f"/news/2026/{name}-story-2001": reply for name, reply in POISON.items()})

# ---- traps

DAYS = [f"/calendar/2026/{n}" for n in range(1, 4)]
DEEP = "/deep" * 30 + "/report-1001"
AGAIN = "/a/a/a/a/report-1002"


def _calendar(request: WireRequest) -> Reply:
    day = int(request.path.rsplit("/", 1)[1])
    return message(f'<html><body><nav><a href="/calendar/2026/{day + 1}">next</a></nav><p>No events.')


def _section(request: WireRequest) -> Reply:
    """Thirty sections, each of which has all the others in its navigation, and two traps in its text."""
    links = "".join(f'<a href="/section{n}/">Section {n}</a>' for n in range(30))
    return message(
        f'<html><body><nav>{links}<a href="/calendar/2026/1">days</a></nav>'
        f'<a href="{DEEP}">A long way down to the report of today</a><a href="{AGAIN}">The report of today again</a>'
    )


def _loop(request: WireRequest) -> Reply:
    return message(b"", status="302 Found", headers=[("Location", f"{request.path}x")])


class Maze(Paper):
    """A homepage of sections, calendars and loops; a feed that lists one story under a new session id each time."""

    def feed(self, request: WireRequest) -> Reply:
        story = f"{request.base}{self.articles[0]}"
        sessions = [f"{story}?PHPSESSID={n}" for n in range(5)] + [f"{story};jsessionid={n}" for n in range(5)]
        return rss(request.base, [*sessions, "/news/2026/endless-loop-3001", DEEP, AGAIN, *self.articles])

    def __call__(self, request: WireRequest) -> Reply:
        if request.path == "/" or request.path.startswith("/section"):
            return _section(request)
        if request.path.startswith("/calendar/"):
            return _calendar(request)
        if request.path.startswith("/news/2026/endless-loop"):
            return _loop(request)
        if request.path.startswith(("/deep/", "/a/")):
            return message(page(request.path, "A page of the trap"))
        return super().__call__(request)


class Nested(Paper):
    """Sitemaps within sitemaps, three in each, without end."""

    def __call__(self, request: WireRequest) -> Reply:
        if not request.path.endswith(".xml"):
            return super().__call__(request)
        name = request.path.removesuffix(".xml")
        inner = "".join(f"<sitemap><loc>{request.base}{name}-{n}.xml</loc></sitemap>" for n in range(3))
        return message(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inner}</sitemapindex>')


class Flood(Paper):
    """More entries than a feed may have; the pages are tiny."""

    ENTRIES = 10_050

    def feed(self, request: WireRequest) -> Reply:
        return rss(request.base, [f"/news/2026/flood-{100_000 + n}" for n in range(self.ENTRIES)])

    def __call__(self, request: WireRequest) -> Reply:
        if request.path.startswith("/news/2026/flood-"):
            return message("nothing", "text/plain")
        return super().__call__(request)


LIMIT = 1_400
"""Articles of one source in the round: enough that each answer has asked for more many times."""
MAZE, NESTED, FLOOD = Maze("maze.example", 4), Nested("nested.example", 0), Flood("flood.example", 0)

# ---- ways into private networks


LISTED, MAPPED = "story_id=50001", "story_id=50002"
"""Queries by which an address looks like an article's."""


class Smuggler(Paper):
    """Its feed, its sitemap and its redirects lead to `trap`, a server on another loopback address, and to the like."""

    def __init__(self, host: str, trap: str) -> None:
        super().__init__(host, 2)
        self.trap = trap
        port = trap.rsplit(":", 1)[1]
        self.targets = [
            f"http://{trap}/secret",
            f"http://localhost:{port}/secret",
            f"http://[::ffff:127.0.0.2]:{port}/secret",
            f"http://0x7f.2:{port}/secret",
            f"http://2130706434:{port}/secret",
            f"http://user@{trap}/secret",
            "http://169.254.169.254/latest/meta-data/",
            "http://10.0.0.1/",
            "http://router.internal/",
            "file:///etc/passwd",
            f"ftp://{trap}/secret",
        ]
        self.redirecting = {f"/news/2026/way-{4001 + n}": target for n, target in enumerate(self.targets)}

    def feed(self, request: WireRequest) -> Reply:
        return rss(request.base, [*self.articles, *self.redirecting, *(f"{t}?{LISTED}" for t in self.targets)])

    def __call__(self, request: WireRequest) -> Reply:
        if request.path in self.redirecting:
            return message(b"", status="302 Found", headers=[("Location", self.redirecting[request.path])])
        if request.path == "/maps.xml":
            maps = (f"{request.base}/map.xml", f"http://{self.trap}/inner.xml", "http://10.0.0.1/inner.xml")
            locs = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in maps)
            return message(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{locs}</sitemapindex>')
        if request.path == "/map.xml":
            locs = "".join(f"<url><loc>{t}?{MAPPED}</loc></url>" for t in self.targets)
            return message(f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{locs}</urlset>')
        return super().__call__(request)


@dataclass
class Met:
    """What a round over all of them came to."""

    program: Newswarc
    server: SampleServer
    trap: SampleServer
    smuggler: Smuggler
    told: dict[str, Any]
    rows: list[Acknowledged]
    documents: dict[str, Document]
    seconds: float

    def of(self, url: str) -> list[Acknowledged]:
        return [row for row in self.rows if row.url == url]

    def notes(self, source: str) -> str:
        return "\n".join(self.told["sources"][source].get("notes", ()))


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Met]:
    folder = tmp_path_factory.mktemp("hostile")
    with SampleServer({"*": not_found}, address="127.0.0.2") as trap:
        smuggler = Smuggler("smuggler.example", f"127.0.0.2:{trap.port}")
        papers = (POISONED, MAZE, NESTED, FLOOD, smuggler)
        with SampleServer(sites(*papers)) as server:
            sources = registry(folder / "sources", POISONED, MAZE, FLOOD)
            registry(sources, NESTED, feeds=[], sitemaps=["http://nested.example/map.xml"])
            # The operator takes the private addresses in, by mistake: they are refused all the same.
            within = ["127.0.0.2", "router.internal", "169.254.169.254", "10.0.0.1"]
            registry(sources, smuggler, sitemaps=["http://smuggler.example/maps.xml"], domains=within)
            environ = {
                "NEWSWARC_CONNECT_TO": ",".join(f"{paper.host}:*=127.0.0.1:{server.port}" for paper in papers),
                "NEWSWARC_ALLOW_NETWORKS": "127.0.0.1/32",
                "NEWSWARC_ALLOW_PORTS": str(trap.port),
            }
            program = Newswarc(folder / "data", server, sources, environ)
            began = time.monotonic()
            told = program.crawl("faults", "--limit", str(LIMIT))
            seconds = time.monotonic() - began
            found = documents(program.data)
            yield Met(program, server, trap, smuggler, told, acknowledged(program.data), found, seconds)


def test_the_round_ends(met: Met) -> None:
    assert met.told["failed_sources"] == []
    assert all(figures["pending"] == 0 for figures in met.told["sources"].values())
    assert met.told["totals"]["unindexed"] == 0


def test_every_original_is_archived_and_whole(met: Met) -> None:
    assert not_verified(met.program.data, met.rows) == []
    captures = [row for row in met.rows if row.record_type != "metadata"]
    assert len(captures) == len(met.server.log)


OUTCOMES = {
    "attributes": {"poisoned"},
    "one-text": {"article"},
    "deep": {"article"},
    "laughs": {"empty", "not-article", "poisoned"},
    "bomb": {"poisoned"},
    "nul": {"article"},
    "less-than": {"empty", "not-article"},
    "tables": {"article"},
}


@pytest.mark.parametrize("name", POISON)
def test_a_poisoned_page_has_a_named_outcome(met: Met, name: str) -> None:
    (row,) = met.of(f"http://poison.example/news/2026/{name}-story-2001")
    assert row.outcome in OUTCOMES[name]
    assert row.outcome == "article" or row.reason


def test_poisoned_pages_are_counted_in_the_summary(met: Met) -> None:
    figures = met.told["sources"]["faults/poison"]
    outcomes = Counter(row.outcome for row in met.rows if row.kind == "article" and "poison.example" in row.url)
    assert sum(figures["failed"].values()) == outcomes["poisoned"] == 2
    assert figures["new"] == outcomes["article"]
    assert figures["fetched"] == len(POISON) + POISONED.count == sum(outcomes.values())


def test_the_poisoned_ones_originals_are_what_was_sent(met: Met) -> None:
    sent = {e.request.base + e.request.path: e.sent for e in met.server.log}
    with closing(ArchiveReader(met.program.data / "archive")) as reader:
        for name in POISON:
            url = f"http://poison.example/news/2026/{name}-story-2001"
            (row,) = met.of(url)
            assert reader.record(row.pointer).block == sent[url]


def test_its_other_articles_are_all_indexed(met: Met) -> None:
    assert POISONED.urls <= {d.url for d in met.documents.values()}


def test_traps_of_a_maze_are_not_entered(met: Met) -> None:
    asked = [e.request.path for e in met.server.log if e.request.host == MAZE.host]
    assert len(asked) < 60
    assert DEEP not in asked
    assert AGAIN not in asked
    assert "trap" in met.notes("faults/maze")


def test_a_story_with_session_ids_is_fetched_once(met: Met) -> None:
    asked = [e.request.path for e in met.server.log if e.request.host == MAZE.host]
    assert asked.count(MAZE.articles[0]) == 1
    assert MAZE.urls <= {d.url for d in met.documents.values()}


def test_a_redirect_loop_is_left_and_said(met: Met) -> None:
    asked = [e.request.path for e in met.server.log if "endless-loop" in e.request.path]
    assert 2 < len(asked) <= 12
    assert "endless-loop" in met.notes("faults/maze")
    assert "redirect" in met.notes("faults/maze")


def test_sitemaps_within_sitemaps_end_and_it_is_said(met: Met) -> None:
    asked = [e.request.path for e in met.server.log if e.request.host == NESTED.host]
    assert len(asked) <= 45
    assert "more than 40 listings; left out in this round: http://nested.example/map" in met.notes("faults/nested")


def test_a_feed_of_too_many_entries_is_cut_and_it_is_said(met: Met) -> None:
    figures = met.told["sources"]["faults/flood"]
    assert figures["listed"] == 10_000
    assert "over-10000-entries" in met.notes("faults/flood")


def test_a_long_round_leaves_none_out_below_its_limit(met: Met) -> None:
    assert met.told["sources"]["faults/flood"]["fetched"] == LIMIT


def test_no_private_address_is_dialled(met: Met) -> None:
    assert met.trap._connections == 0
    assert met.trap.log == []


def test_each_way_into_a_private_network_is_named(met: Met) -> None:
    """By redirect: an attempt in the archive, with its cause, unless the address was no web address at all."""
    with closing(ArchiveReader(met.program.data / "archive")) as reader:
        attempts = {a.url: a.error or "" for a in reader.records() if a.record_type == "metadata"}
    for path, target in met.smuggler.redirecting.items():
        (hop,) = met.of(f"http://{met.smuggler.host}{path}")
        assert hop.outcome == "redirect"
        if not target.startswith("http"):
            continue
        assert attempts[target].startswith("refused-address"), target
        (row,) = met.of(target)
        assert (row.record_type, row.outcome) == ("metadata", "refused")


def test_listed_private_addresses_are_refused_by_name(met: Met) -> None:
    """Those that the source takes in; the others are no candidates at all."""
    for end in (LISTED, MAPPED):
        for target in ("http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://router.internal/"):
            (row,) = met.of(f"{target}?{end}")
            assert row.outcome == "refused"
            assert (row.error or "").startswith("refused-address")
    failed = met.told["sources"]["faults/smuggler"]["failed"]
    assert failed["refused-address"] == sum(row.outcome == "refused" for row in met.rows)
    for url in (f"http://{met.smuggler.trap}/inner.xml", "http://10.0.0.1/inner.xml"):
        (row,) = met.of(url)
        assert (row.kind, row.record_type) == ("sitemap", "metadata")
        assert (row.error or "").startswith("refused-address")
    assert failed["sitemap: refused-address"] == 2


def test_nothing_is_left_running(met: Met) -> None:
    assert met.program.survivors() == []
