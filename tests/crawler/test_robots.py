"""Robots.txt: RFC 9309, and what it means for a crawl."""

import gzip
import json
import os
import subprocess
import sys

import pytest
from scrapy.http import Response

from crawler.robots import MAX_ROBOTS, rules_of
from crawler.sample.server import SampleServer, message, not_found

AGENT = "newswarc/1 (archiving news monitor)"


def rules(body=b"", status=200, **headers):
    return rules_of(Response("http://outlet.example/robots.txt", status=status, body=body, headers=headers))


def test_rules_are_obeyed():
    found = rules(b"User-agent: *\nDisallow: /private\nCrawl-delay: 3\n")
    assert not found.can_fetch("http://outlet.example/private/1", AGENT)
    assert found.can_fetch("http://outlet.example/news/1", AGENT)
    assert found.crawl_delay(AGENT) == 3


def test_a_rule_for_us_by_name_counts():
    found = rules(b"User-agent: newswarc\nDisallow: /\n\nUser-agent: *\nDisallow:\n")
    assert not found.can_fetch("http://outlet.example/", AGENT)


@pytest.mark.parametrize("status", [404, 403, 410, 400])
def test_no_robots_txt_allows_all(status):
    found = rules(b"User-agent: *\nDisallow: /", status)
    assert found.can_fetch("http://outlet.example/x", AGENT)


@pytest.mark.parametrize("status", [500, 503])
def test_a_failing_server_allows_nothing(status):
    assert not rules(b"", status).can_fetch("http://outlet.example/x", AGENT)


def test_a_compressed_robots_txt_is_read():
    found = rules(gzip.compress(b"User-agent: *\nDisallow: /private\n"), **{"Content-Encoding": "gzip"})
    assert not found.can_fetch("http://outlet.example/private", AGENT)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"<html>not rules</html>",
        b"Disallow: /" + b"a" * MAX_ROBOTS,
        gzip.compress(b"x", mtime=0)[:10],
    ],
)
def test_garbage_allows_all(body):
    assert rules(body).can_fetch("http://outlet.example/x", AGENT)


def test_a_crawl_asks_for_robots_txt_first_and_keeps_what_was_refused(tmp_path):
    """The refusal is in the archive: "we did not fetch it, and this is why" must be provable, too."""
    feed = (
        "<rss version='2.0'><channel><title>x</title>"
        "<item><title>Open</title><link>http://outlet.example/news/2026/open-story-of-the-day</link></item>"
        "<item><title>Closed</title><link>http://outlet.example/closed/2026/closed-story-of-the-day</link></item>"
        "</channel></rss>"
    )

    def site(request):
        pages = {
            "/robots.txt": message("User-agent: *\nDisallow: /closed/\n", "text/plain"),
            "/feed.xml": message(feed, "application/rss+xml"),
            "/news/2026/open-story-of-the-day": message("<h1>Open</h1><p>" + "A sentence of the story. " * 20),
        }
        return pages.get(request.path) or not_found(request)

    (tmp_path / "sources" / "one").mkdir(parents=True)
    source = {
        "name": "Outlet",
        "homepage": "http://outlet.example/",
        "feeds": ["http://outlet.example/feed.xml"],
        "delay": 0,
    }
    (tmp_path / "sources" / "one" / "outlet.yaml").write_text(json.dumps(source))
    with SampleServer({"outlet.example": site}) as server:
        environ = {
            **os.environ,
            "NEWSWARC_ALLOW_NETWORKS": "127.0.0.0/8",
            "NEWSWARC_CONNECT_TO": f"*:*=127.0.0.1:{server.port}",
        }
        command = [
            sys.executable,
            "-m",
            "newswarc",
            "crawl",
            "--workers",
            "1",
            "--json",
            "--sources",
            str(tmp_path / "sources"),
        ]
        done = subprocess.run(
            [*command, "--data", str(tmp_path / "data")], capture_output=True, text=True, env=environ, timeout=100
        )
        asked = [entry.request.path for entry in server.log]
    told = json.loads(done.stdout)["sources"]["one/outlet"]
    assert asked[0] == "/robots.txt"
    assert not any(path.startswith("/closed/") for path in asked)
    assert (told["listed"], told["new"], told["failed"]) == (2, 1, {"robots": 1})
    looked = subprocess.run(
        [sys.executable, "-m", "newswarc", "status", "--json", "--data", str(tmp_path / "data")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(looked.stdout)["urls"]["refused"] == 1
