"""A crawl on a Scrapy that it was not written for does not start, and says why: each a real Scrapy with one change."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import scrapy

from crawler.contract import check
from crawler.sample.server import SampleServer, not_found

ROOT = Path(__file__).resolve().parents[2]
BASE = "core/downloader/handlers/base.py"
MORE = (
    BASE,
    "def download_request(self, request: Request)",
    "def download_request(self, request: Request, spider: object)",
    "BaseDownloadHandler.download_request needs spider",
)
NO_COROUTINE = (BASE, "async def close", "def close", "BaseDownloadHandler.close is no coroutine")
LESS = (
    "http/response/__init__.py",
    "ip_address: IPv4Address",
    "address: IPv4Address",
    "scrapy.http.Response takes no ip_address",
)
RENAMED = (
    "exceptions.py",
    "class ResponseDataLossError",
    "class ResponseCutError",
    "there is no scrapy.exceptions.ResponseDataLossError",
)
CHANGES = {
    "another version": [("VERSION", scrapy.__version__, "2.20.1", "newswarc needs Scrapy")],
    "arguments and coroutines": [MORE, NO_COROUTINE, LESS],
    "an error renamed": [RENAMED],
}


@pytest.fixture
def changed(tmp_path):
    """Path of a folder that holds the installed Scrapy with a change, and what is said of it."""

    def make(change):
        copy = tmp_path / "changed" / "scrapy"
        shutil.copytree(Path(scrapy.__file__).parent, copy)
        for file, before, after, _ in CHANGES[change]:
            text = (copy / file).read_text("utf-8")
            assert before in text
            (copy / file).write_text(text.replace(before, after), "utf-8")
        return copy.parent, [says for *_, says in CHANGES[change]]

    return make


@pytest.fixture
def outlet(tmp_path):
    """A source on loopback, the environment of a crawl of it, and the server."""
    (tmp_path / "sources" / "one").mkdir(parents=True)
    source = {"name": "Outlet", "homepage": "http://outlet.example/", "delay": 0}
    (tmp_path / "sources" / "one" / "outlet.yaml").write_text(json.dumps(source))
    with SampleServer({"*": not_found}) as server:
        environ = {
            **os.environ,
            "NEWSWARC_ALLOW_NETWORKS": "127.0.0.0/8",
            "NEWSWARC_CONNECT_TO": f"*:*=127.0.0.1:{server.port}",
        }
        yield tmp_path / "sources", environ, server


def test_the_scrapy_that_is_installed_fits():
    check()


@pytest.mark.parametrize("change", CHANGES)
def test_a_crawl_on_another_scrapy_does_not_start(changed, outlet, tmp_path, change):
    folder, says = changed(change)
    sources, environ, server = outlet
    done = subprocess.run(
        [sys.executable, "-m", "newswarc", "crawl", "--sources", str(sources), "--data", str(tmp_path / "data")],
        capture_output=True, text=True, cwd=ROOT, timeout=60, env=environ | {"PYTHONPATH": str(folder)},
    )  # fmt: skip
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert all(part in said for part in says)
    assert "install one that fits: pip install 'scrapy" in said
    assert server.log == []
    assert not (tmp_path / "data").exists()


def test_scrapys_own_command_does_not_start_either(changed, outlet, tmp_path):
    folder, says = changed("arguments and coroutines")
    sources, environ, server = outlet
    data = ("-s", f"NEWSWARC_DATA={tmp_path / 'data'}", "-s", f"NEWSWARC_SOURCES={sources}")
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "outlet", *data],
        capture_output=True, text=True, cwd=ROOT, timeout=60, env=environ | {"PYTHONPATH": str(folder)},
    )  # fmt: skip
    assert done.returncode == 1
    assert all(part in done.stderr for part in says)
    assert server.log == []
    assert not (tmp_path / "data").exists()


HANDLER_ALONE = """
import sys
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess

class Alone(Spider):
    name = "alone"
    async def start(self):
        yield Request("http://outlet.example/", errback=lambda failure: print(failure.getErrorMessage()))

handlers = {"http": "crawler.capture.CaptureHandler"}
settings = {"DOWNLOAD_HANDLERS": handlers, "NEWSWARC_DATA": sys.argv[1], "TELNETCONSOLE_ENABLED": False}
process = AsyncCrawlerProcess(settings | {"REMOTE_CONTROL_ENABLED": False})
process.crawl(Alone)
process.start()
"""


def test_the_handler_in_a_crawl_of_others_answers_nothing(changed, outlet, tmp_path):
    folder, says = changed("another version")
    _, environ, server = outlet
    done = subprocess.run(
        [sys.executable, "-c", HANDLER_ALONE, str(tmp_path / "data")],
        capture_output=True, text=True, cwd=ROOT, timeout=60, env=environ | {"PYTHONPATH": str(folder)},
    )  # fmt: skip
    assert all(part in done.stdout for part in says)
    assert server.log == []
    assert not (tmp_path / "data").exists()
