"""Through real Scrapy: every request leaves a record, every failure says so, nothing is seen that is not on disk."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from capture_kit import Taken, crawl, exchanges, full_target, records
from test_addresses import SPELLINGS
from test_proxies import CREDENTIALS, ProxyServer

from archive.store import WarcFolder
from crawler.sample.misbehaviour import Misbehaviour, bomb, closed_port, silent_port, token
from crawler.sample.server import SampleServer

HOST = "odd.example"
BASE = f"http://{HOST}"


def all_taken(data: Path) -> list[Taken]:
    return [one for more in exchanges(data / "archive").values() for one in more]


@pytest.mark.parametrize("fault", ["full", "dead"])
def test_fail_closed(fault: str, odd: SampleServer, tmp_path: Path) -> None:
    """Two appends work, then the archive fails: no further page reaches the spider, and the crawl ends and says why."""
    done = crawl(
        tmp_path,
        [f"{BASE}/plain?{number}" for number in range(30)],
        port=odd.port,
        fault=fault,
        settings={"CONCURRENT_REQUESTS": 1},
    )
    assert done.exit_code == 1
    assert done.facts["stopped_for"] == "archive_fault"
    seen = [r for r in done.results if "error" not in r]
    assert [r["asked"] for r in seen] == [f"{BASE}/plain?0", f"{BASE}/plain?1"]
    failed = [r for r in done.results if "error" in r]
    assert {(r["error"], r["receipt"]) for r in failed} == {(f"Archive{fault.capitalize()}", None)}
    assert len(odd.log) < 10
    assert "the crawl is stopped" in done.log


def test_a_folder_that_another_process_writes_into(odd: SampleServer, tmp_path: Path) -> None:
    with WarcFolder(tmp_path / "archive"):
        done = crawl(tmp_path, [f"{BASE}/plain"], port=odd.port)
    assert done.exit_code == 1
    assert "ArchiveLocked" in done.stats["archive_fault"]
    assert [r["error"] for r in done.results] == ["NotSupported"]
    assert odd.log == []


def test_every_request_leaves_a_record(tmp_path: Path) -> None:
    """Robots.txt, feed, redirect hops, retries, 404, 500, cut ones: as many request records as the server saw."""
    paths = ["/plain", "/feed.xml", "/missing", "/broken", "/flaky", "/cut", "/no-content", "/hang-up", "/etag"]
    requests: list[dict[str, Any]] = [{"url": BASE + path, "follow": True} for path in paths]
    requests += [{"url": f"{BASE}/to?/to?/redirect", "follow": True, "meta": {"newswarc": {"source": "lake/odd"}}}]
    settings = {"ROBOTSTXT_OBEY": True, "RETRY_ENABLED": True, "RETRY_TIMES": 2}
    with SampleServer({"*": Misbehaviour()}) as site:
        done = crawl(tmp_path, requests, port=site.port, settings=settings)
    seen = Counter(full_target(entry) for entry in site.log)
    assert seen == {
        "/robots.txt": 1,
        "/plain": 1,
        "/feed.xml": 1,
        "/missing": 1,
        "/broken": 3,
        "/flaky": 3,
        "/cut": 3,
        "/hang-up": 3,
        "/no-content": 1,
        "/etag": 1,
        "/to?/to?/redirect": 1,
        "/to?/redirect": 1,
        "/redirect": 1,
        "/plain?from=redirect": 1,
    }
    kept = Counter(
        r.headers["WARC-Target-URI"].removeprefix(BASE) for r in records(tmp_path / "archive") if r.type == "request"
    )
    assert kept == seen
    hop = exchanges(tmp_path / "archive")[f"{BASE}/plain?from=redirect"][0].meta()
    assert (hop["kind"], hop["source"], hop["via"]) == ("article", "lake/odd", f"{BASE}/redirect")
    assert exchanges(tmp_path / "archive")[f"{BASE}/robots.txt"][0].meta()["kind"] == "robots"
    cut = done.of("/cut")
    assert (cut["error"], cut["receipt"]["truncated"], cut["receipt"]["status"]) == (
        "ResponseDataLossError",
        "disconnect",
        200,
    )
    nothing = done.of("/hang-up")
    assert (nothing["error"], nothing["receipt"]["record_type"]) == ("DownloadFailedError", "metadata")


def test_no_body_under_another_url_and_no_open_port(odd: SampleServer, tmp_path: Path) -> None:
    kinds = ["plain", "late", "pipelined", "early", "surplus", "etag", "missing", "chunked"]
    targets = [f"/{kinds[number % 8]}?{number}" for number in range(200)]
    done = crawl(tmp_path, [BASE + target for target in targets], port=odd.port)
    assert done.exit_code == 0, done.log
    assert {r["url"]: r["token"] for r in done.results} == {BASE + t: token(HOST, t) for t in targets}
    assert all(r["synced"] for r in done.results)
    for url, (one,) in exchanges(tmp_path / "archive").items():
        assert one.response is not None
        assert token(HOST, url.removeprefix(BASE)).encode() in one.response.block
        assert b"NOT THE PAGE" not in one.response.block
    assert done.facts["listening"] == []


def test_what_scrapys_own_handlers_promise(odd: SampleServer, authority: Any, tmp_path: Path) -> None:
    """The list of Scrapy's own contract for download handlers, as far as it applies; docs/capture.md has the rest."""
    with silent_port() as silent, closed_port() as closed:
        requests: list[dict[str, Any]] = [
            {"url": f"{BASE}/plain?head", "method": "HEAD"},
            {"url": f"{BASE}/plain?post", "method": "POST", "body": "a=b", "headers": {"X-One": "1"}},
            {"url": f"{BASE}/no-content"},
            {"url": f"{BASE}/empty"},
            {"url": f"{BASE}/gzip"},
            {"url": f"{BASE}/broken"},
            {"url": f"{BASE}/big"},
            {"url": f"{BASE}/big-chunked"},
            {"url": f"{BASE}/big?more", "meta": {"download_maxsize": 4_000_000}},
            {"url": f"{BASE}/silent", "meta": {"download_timeout": 0.5}},
            {"url": f"{BASE}/slow", "meta": {"download_timeout": 0.5}},
            {"url": f"{BASE}/cut?lenient", "meta": {"download_fail_on_dataloss": False}},
            {"url": f"{BASE}/not-http"},
            {"url": f"https://{HOST}/plain", "meta": {"download_timeout": 0.5}},
            {"url": f"http://127.0.0.1:{closed}/"},
            {"url": f"https://127.0.0.1:{silent}/", "meta": {"download_timeout": 0.5}},
            {"url": "http://nowhere.invalid/"},
        ]
        done = crawl(
            tmp_path,
            requests,
            environment={"NEWSWARC_CONNECT_TO": f"{HOST}:*=127.0.0.1:{odd.port}"},
            settings={"DOWNLOAD_MAXSIZE": 1_000_000, "DOWNLOAD_WARNSIZE": 500_000, "DOWNLOAD_TIMEOUT": 3},
        )
    assert done.exit_code == 0, done.log
    failed = {r["asked"].removeprefix(BASE): r["error"] for r in done.results if "error" in r}
    assert failed == {
        "/big": "DownloadCancelledError",
        "/big-chunked": "DownloadCancelledError",
        "/silent": "DownloadTimeoutError",
        "/slow": "DownloadTimeoutError",
        "/cut?lenient": "ResponseDataLossError",
        "/not-http": "DownloadFailedError",
        f"https://{HOST}/plain": "DownloadTimeoutError",  # the odd site takes a TLS hello for half a request
        f"http://127.0.0.1:{closed}/": "DownloadConnectionRefusedError",
        f"https://127.0.0.1:{silent}/": "DownloadTimeoutError",
        "http://nowhere.invalid/": "CannotResolveHostError",
    }
    assert all(r["receipt"] for r in done.results)
    assert {done.of(path)["size"] for path in ("/plain?head", "/no-content", "/empty")} == {0}
    assert (done.of("/no-content")["status"], done.of("/broken")["status"]) == (204, 500)
    assert done.of("/plain?head")["headers"]["Content-Length"] != ["0"]
    assert done.of("/big?more")["size"] == 3_000_000
    assert "/big?more: 3000000 bytes" in done.log
    assert gzip.decompress(done.of("/gzip")["body"].encode("latin-1")).startswith(b"<!doctype html>")
    assert 0 < done.of("/plain?post")["latency"] < 3
    assert done.stats["downloader/response_status_count/200"] == 5


def test_certificates(authority: Any, tmp_path: Path) -> None:
    with SampleServer({"*": Misbehaviour()}, certificate=authority.context("good.example")) as site:
        urls = ["https://good.example/plain", "https://bad.example/plain", "https://excused.example/plain"]
        done = crawl(
            tmp_path,
            urls,
            port=site.port,
            environment={"NEWSWARC_CA_FILE": str(authority.ca_file)},
            settings={"NEWSWARC_UNVERIFIED_HOSTS": ["Excused.example"]},
        )
    assert done.of("good.example/plain")["certificate"] > 0
    assert done.of("excused.example/plain")["status"] == 200
    assert done.of("bad.example/plain")["error"] == "DownloadFailedError"
    assert "certificate verify failed" in done.of("bad.example/plain")["text"]
    assert done.of("bad.example/plain")["receipt"]["error"].startswith("tls: ")
    notes = {url: one.meta().get("note", "") for url, (one, *_) in exchanges(tmp_path / "archive").items()}
    assert "not verified" in notes[urls[2]]
    assert notes[urls[0]] == ""


def test_into_no_private_network(odd: SampleServer, tmp_path: Path) -> None:
    """Spellings of private addresses, local names, other schemes, though a server would answer there."""
    inside = [f"http://127.0.0.1:{odd.port}/plain", f"http://[::ffff:127.0.0.1]:{odd.port}/plain"]
    inside += [
        f"http://127.1:{odd.port}/plain",
        f"http://2130706433:{odd.port}/",
        "http://localhost/",
        "http://nas.local/",
    ]
    inside += [url for url in SPELLINGS if url.isascii()]
    schemes = ["file:///etc/hostname", "data:text/html,hello", "ftp://odd.example/x"]
    done = crawl(tmp_path, [*inside, *schemes], environment={"NEWSWARC_ALLOW_NETWORKS": ""})
    ends = {r["asked"]: (r["error"], r["receipt"] and r["receipt"]["error"].partition(":")[0]) for r in done.results}
    assert {ends.pop(url) for url in schemes} == {("NotSupported", None)}
    assert ends == dict.fromkeys(inside, ("RefusedRequest", "refused-address"))
    assert odd.log == []


@pytest.fixture
def elsewhere() -> Any:
    """The odd site on an address of loopback that is not 127.0.0.1."""
    try:
        with SampleServer({"*": Misbehaviour()}, address="127.0.0.9") as server:
            yield server
    except OSError as e:
        pytest.skip(f"this system has no 127.0.0.9: {e}")


def test_redirected_into_no_private_network(elsewhere: SampleServer, tmp_path: Path) -> None:
    inside = [
        "http://127.0.0.1/",
        "http://10.0.0.1/",
        "http://localhost/",
        "http://nas.local/",
        "http://169.254.169.254/a",
    ]
    inside += [url for url in SPELLINGS if url.isascii()] + ["file:///etc/hostname", "data:text/html,hello"]
    done = crawl(
        tmp_path,
        [{"url": f"http://start.example/to?{url}", "follow": True} for url in inside],
        environment={
            "NEWSWARC_ALLOW_NETWORKS": "127.0.0.9/32",
            "NEWSWARC_CONNECT_TO": f"start.example:80=127.0.0.9:{elsewhere.port}",
        },
    )
    assert len(elsewhere.settled(len(inside))) == len(inside)
    assert {full_target(e).startswith("/to?") for e in elsewhere.log} == {True}
    ends = {r["asked"].partition("?")[2]: r["error"] for r in done.results}
    assert len(ends) == len(inside)
    # What Scrapy itself does not follow arrives as the redirect it is.
    assert {url for url, end in ends.items() if end == "HttpError"} == set(inside[-2:])
    assert {end for url, end in ends.items() if url not in inside[-2:]} == {"RefusedRequest"}


def test_traps_and_bombs(odd: SampleServer, tmp_path: Path) -> None:
    codings = ["gzip", "br", "deflate", "zstd"]
    requests: list[Any] = [{"url": f"{BASE}/bomb/{coding}", "follow": True} for coding in codings]
    requests += [{"url": f"{BASE}/loop", "follow": True}]
    # With Scrapy's decoding on, as others may run it: its own limit stops the bombs, the archive has the original.
    settings = {"DOWNLOADER_MIDDLEWARES": {}, "DOWNLOAD_MAXSIZE": 4_000_000}
    done = crawl(tmp_path, [*requests, f"{BASE}/gzip"], port=odd.port, settings=settings)
    for coding in codings:
        assert done.of(f"/bomb/{coding}").get("error") == "IgnoreRequest", done.of(f"/bomb/{coding}")
        (one,) = exchanges(tmp_path / "archive")[f"{BASE}/bomb/{coding}"]
        assert one.response is not None
        assert one.response.block.endswith(bomb(coding))
        assert len(bomb(coding)) < 100_000
    assert done.facts["peak_mib"] < 300
    assert done.of("/loop")["error"] == "IgnoreRequest"
    loops = [url for url in exchanges(tmp_path / "archive") if "/loop" in url]
    assert len(loops) == 6  # the first, and REDIRECT_MAX_TIMES more
    assert done.of(f"{HOST}/gzip")["token"] == token(HOST, "/gzip")


def test_proxies_of_the_operator(authority: Any, tmp_path: Path) -> None:
    """As an operator writes them, with the password in the URL; it is found nowhere afterwards."""
    user, password = (quote(part, safe="") for part in CREDENTIALS)
    with (
        SampleServer({"*": Misbehaviour()}) as site,
        SampleServer({"*": Misbehaviour()}, certificate=authority.context("behind.example")) as safe,
        ProxyServer(site.port, "http", CREDENTIALS) as plain,
        ProxyServer(safe.port, "http", CREDENTIALS) as tunnel,
        ProxyServer(safe.port, "socks5", CREDENTIALS) as socks,
    ):
        ways = {
            "http://behind.example/plain?1": f"http://{user}:{password}@127.0.0.1:{plain.port}",
            "https://behind.example/plain?2": f"http://{user}:{password}@127.0.0.1:{tunnel.port}",
            "https://behind.example/plain?3": f"socks5://{user}:{password}@127.0.0.1:{socks.port}",
            "https://behind.example/plain?4": f"http://{user}:wrong@127.0.0.1:{tunnel.port}",
            "http://printer.local/": f"http://{user}:{password}@127.0.0.1:{plain.port}",
        }
        done = crawl(
            tmp_path,
            [{"url": url, "meta": {"proxy": proxy}} for url, proxy in ways.items()],
            environment={"NEWSWARC_ALLOW_NETWORKS": "", "NEWSWARC_CA_FILE": str(authority.ca_file)},
            settings={"HTTPPROXY_AUTH_ENCODING": "utf-8"},
        )
        assert plain.asked == ["behind.example"]
        assert tunnel.asked == ["behind.example:443"]
        assert socks.asked == ["behind.example:443"]
    for number in (1, 2, 3):
        result = done.of(f"?{number}")
        assert result["token"] == token("behind.example", f"/plain?{number}"), result
        assert result["receipt"]["url"] == result["asked"]
    assert done.of("?4")["error"] == "DownloadConnectionRefusedError"
    assert done.of("?4")["receipt"]["error"].startswith("proxy: ")
    assert done.of("printer.local/")["error"] == "RefusedRequest"
    proxies = {one.meta()["proxy"] for one in all_taken(tmp_path)}
    assert proxies == {
        f"http://127.0.0.1:{plain.port}",
        f"http://127.0.0.1:{tunnel.port}",
        f"socks5://127.0.0.1:{socks.port}",
    }
    secrets = [CREDENTIALS[1].encode(), password.encode(), b"Z3Vlc3Q6", b"wrong"]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            assert not [secret for secret in secrets if secret in data], path
