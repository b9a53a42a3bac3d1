"""The wire oracle: what lies in the archive is what was on the wire, or differs from it as documented."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from capture_kit import crawl, exchanges, hold_against, network, outgoing, run

from archive.store import WarcFolder
from crawler.sample.misbehaviour import EXCHANGES, Case, Misbehaviour, token
from crawler.sample.server import SampleServer
from crawler.wire import Client, Limits

HOST = "oracle.example"
IN_TIME, TOO_SLOW = 20.0, 0.9  # deadlines: of all, and of the one that is cut by it
# Scrapy follows the redirect and asks for robots.txt by itself; a client on the wire does not.
ON_THE_WIRE = (*EXCHANGES, Case("/plain?from=redirect"), Case("/robots.txt"))


def server(scheme: str, authority: Any) -> SampleServer:
    return SampleServer(
        {HOST: Misbehaviour(pause=0.4)}, certificate=authority.context(HOST) if scheme == "https" else None
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.usefixtures("every_loop")
def test_all_exchanges_on_the_wire(scheme: str, authority: Any, tmp_path: Path) -> None:
    base = f"{scheme}://{HOST}"
    with server(scheme, authority) as site, WarcFolder(tmp_path) as folder:
        client = Client(network(site.port, authority.ca_file))

        async def all_of_them() -> None:
            limits = [Limits(TOO_SLOW if case.cut == "time" else IN_TIME) for case in ON_THE_WIRE]
            outgoings = [outgoing(case, base) for case in ON_THE_WIRE]
            for outcome in await asyncio.gather(*map(client.exchange, outgoings, limits)):
                folder.append([outcome.record])

        run(all_of_them())
    assert hold_against(site.log, tmp_path, base) == (27, 27)
    taken = exchanges(tmp_path)
    assert all(b"\r\nConnection: close\r\n" in one.request.block for more in taken.values() for one in more)
    if scheme == "https":
        one = taken[f"{base}/plain"][0]
        assert one.response is not None
        assert one.response.headers["WARC-Cipher-Suite"].startswith("TLS_")
        assert len(one.meta()["tlsCertSha256"]) == 64


@pytest.mark.parametrize(
    ("scheme", "reactor", "loop"),
    [("http", True, None), ("https", True, "uvloop.Loop"), ("https", False, None), ("http", False, "uvloop.Loop")],
)
def test_all_exchanges_through_scrapy(
    scheme: str, reactor: bool, loop: str | None, authority: Any, tmp_path: Path
) -> None:
    base = f"{scheme}://{HOST}"
    requests: list[dict[str, Any]] = [
        {
            "url": base + case.path,
            "method": case.method,
            "headers": dict(case.headers),
            "body": case.body.decode(),
            "follow": case.path == "/redirect",
            "meta": {"download_timeout": TOO_SLOW if case.cut == "time" else IN_TIME},
        }
        for case in EXCHANGES
    ]
    with server(scheme, authority) as site:
        done = crawl(
            tmp_path,
            requests,
            port=site.port,
            reactor=reactor,
            environment={"NEWSWARC_CA_FILE": str(authority.ca_file)},
            settings={"ROBOTSTXT_OBEY": True, "ASYNCIO_EVENT_LOOP": loop},
        )
    assert done.exit_code == 0, done.log
    assert hold_against(site.log, tmp_path / "archive", base) == (27, 27)
    assert len(done.results) == len(EXCHANGES)
    failed = {r["asked"].removeprefix(base): r["error"] for r in done.results if "error" in r}
    assert failed == {
        "/cut": "ResponseDataLossError",
        "/cut-chunk": "ResponseDataLossError",
        "/slow": "DownloadTimeoutError",
    }
    assert all(r["synced"] for r in done.results if "error" not in r)
    plain = done.of("/plain")
    assert plain["token"] == token(HOST, "/plain")
    assert plain["headers"]["Set-Cookie"] == ["a=1; Path=/", "b=2; Path=/"]
    assert (plain["ip"], plain["protocol"], plain["certificate"] > 500) == ("127.0.0.1", "HTTP/1.1", scheme == "https")
    assert done.of("/redirect")["receipt"]["via"] == f"{base}/redirect"
    assert done.of("/redirect")["url"] == f"{base}/plain?from=redirect"
