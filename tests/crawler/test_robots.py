"""Robots.txt: RFC 9309, and what it means for a crawl."""

import gzip
import json
import os
import subprocess
import sys
from collections import Counter

import pytest
from scrapy.http import Response

from crawler.robots import MAX_ROBOTS, rules_of
from crawler.sample.server import Reply, SampleServer, message, not_found
from newswarc.ledger import Ledger

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


FEED = (
    "<rss version='2.0'><channel><title>x</title><item><title>A story of the day</title>"
    "<link>http://{0}/news/2026/a-story-of-the-day</link></item></channel></rss>"
)
PAGES = {
    "/robots.txt": message("User-agent: *\nSitemap: /news-sitemap.xml\n", "text/plain"),
    "/news/2026/a-story-of-the-day": message("<h1>A story</h1><p>" + "A sentence of the story. " * 20),
}


def plain(request):
    feed = message(FEED.format(request.host), "application/rss+xml")
    return (PAGES | {"/feed.xml": feed}).get(request.path) or not_found(request)


def moved(to):
    return lambda request: message(
        "", status="301 Moved Permanently", headers=[("Location", f"http://{to}{request.path}")]
    )


def failing(request):
    return message("", status="503 Service Unavailable") if request.path == "/robots.txt" else plain(request)


def silent(request):
    return Reply([], keep_alive=False) if request.path == "/robots.txt" else plain(request)


class Faltering:
    """Its robots.txt is given once, and then no more."""

    def __init__(self):
        self.given = 0

    def __call__(self, request):
        self.given += request.path == "/robots.txt"
        return plain(request) if self.given == 1 or request.path != "/robots.txt" else self.fail(request)


class FalteringServer(Faltering):
    fail = staticmethod(failing)


class FalteringLine(Faltering):
    fail = staticmethod(silent)


ROBOTS_SITES = {
    "faltering.example": FalteringServer(),
    "cut-off.example": FalteringLine(),
    "plain.example": plain,
    "moved.example": moved("www.moved.example"),
    "www.moved.example": plain,
    "circle.example": moved("www.circle.example"),
    "www.circle.example": moved("circle.example"),
    "failing.example": failing,
    "silent.example": silent,
}
HOMEPAGES = {name.partition(".")[0]: f"http://{name}/" for name in ROBOTS_SITES if not name.startswith("www.")}


@pytest.fixture(scope="module")
def two_rounds(tmp_path_factory):
    """What each of two rounds asked for and told, and the ledger they left."""
    folder = tmp_path_factory.mktemp("robots")
    (folder / "sources" / "one").mkdir(parents=True)
    sources = {name: {"name": name, "homepage": url, "delay": 0} for name, url in HOMEPAGES.items()}
    sources["plain-too"] = sources["plain"] | {"homepage": "http://plain.example/too/"}
    sources["moved-feed"] = sources["plain"] | {
        "homepage": "http://moved.example/too/",
        "feeds": ["http://www.moved.example/feed.xml"],
    }
    for name, source in sources.items():
        (folder / "sources" / "one" / f"{name}.yaml").write_text(json.dumps(source))
    rounds = []
    with SampleServer(ROBOTS_SITES) as server:
        environ = {**os.environ, "NEWSWARC_ALLOW_NETWORKS": "127.0.0.0/8"}
        environ["NEWSWARC_CONNECT_TO"] = f"*:*=127.0.0.1:{server.port}"
        command = [sys.executable, "-m", "newswarc", "crawl", "--workers", "1", "--json", "--recheck"]
        for _ in range(2):
            seen = len(server.log)
            done = subprocess.run(
                [*command, "--sources", str(folder / "sources"), "--data", str(folder / "data")],
                capture_output=True, text=True, env=environ, timeout=100,
            )  # fmt: skip
            requests = [entry.request for entry in server.log[seen:]]
            rounds.append((requests, json.loads(done.stdout)["sources"], done.stderr))
    ledger = Ledger(folder / "data" / "ledger.sqlite")
    yield rounds, ledger
    ledger.close()


@pytest.mark.parametrize("number", [0, 1], ids=["first round", "later round"])
def test_robots_txt_is_fetched_once_a_round_and_archived_once(two_rounds, number):
    """By whomever it is wanted: the rules, discovery, a second outlet of the host, a redirect to it; retries apart."""
    rounds, ledger = two_rounds
    asked = Counter(request.host for request in rounds[number][0] if request.path == "/robots.txt")
    in_vain = {"failing.example", "silent.example"} | ({"faltering.example", "cut-off.example"} if number else set())
    assert asked == {host: 1 + (host in in_vain) for host in ROBOTS_SITES}
    kept = {host: len(ledger.captures(f"http://{host}/robots.txt")) for host in ROBOTS_SITES}
    every = Counter(request.host for seen, _, _ in rounds for request in seen if request.path == "/robots.txt")
    assert kept == every


def state_of_robots(ledger, source):
    rows = ledger._db.execute("SELECT state, reason FROM listing WHERE source = ? AND kind = 'robots'", (source,))
    return [tuple(row) for row in rows]


def test_what_robots_txt_said_reaches_every_outlet_that_looks_there(two_rounds):
    rounds, ledger = two_rounds
    for source in ("one/plain", "one/plain-too", "one/moved"):
        assert state_of_robots(ledger, source) == [("works", None)]
    assert "Traceback" not in rounds[0][2] + rounds[1][2]


def test_a_robots_txt_that_fails_says_so(two_rounds):
    _, ledger = two_rounds
    assert state_of_robots(ledger, "one/failing") == [("failed", "HTTP 503")]
    ((state, reason),) = state_of_robots(ledger, "one/silent")
    assert (state, reason) == ("failed", "http://silent.example/robots.txt: no answer")
    ((state, reason),) = state_of_robots(ledger, "one/circle")
    assert state == "failed"
    assert "redirects in a circle" in reason
    for host, why in (("failing", "answered HTTP 503"), ("silent", "could not be fetched (no answer)")):
        refused = {row.archived.error for row in ledger.captures(f"http://{host}.example/")}
        assert refused == {f"robots: http://{host}.example/robots.txt {why}, so nothing may be fetched"}


@pytest.mark.parametrize("host", ["faltering.example", "cut-off.example"])
def test_while_robots_txt_cannot_be_had_the_last_one_serves(two_rounds, host):
    """RFC 9309, 2.4: an archived copy may be used for as long as the file cannot be reached."""
    rounds, _ = two_rounds
    for seen, told, _ in rounds:
        assert {"/", "/feed.xml", "/news/2026/a-story-of-the-day"} <= {r.path for r in seen if r.host == host}
        assert told[f"one/{host.partition('.')[0]}"]["failed"].keys() <= {"robots: HTTP 503", "robots: Disconnected"}


def test_a_host_without_rules_for_now_is_counted_once(two_rounds):
    """Two tries of a silent robots.txt are two failures in the summary, not three or four."""
    for _, told, _ in two_rounds[0]:
        assert [n for cause, n in told["one/silent"]["failed"].items() if cause.startswith("robots")] == [2]
        assert not told["one/silent"].get("notes")
