"""One crawl of a list of URLs, in a process of its own: bare Scrapy in several forms, or newswarc without cleaning.

    python -m benchmarks.fetchers CASE URLS DATA

Robots, cookies and retries are off, 32 requests at once, nothing is parsed. Prints one JSON line.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response

import crawler.settings as ours

ALIKE = {  # of every case
    "LOG_LEVEL": "ERROR",
    "TELNETCONSOLE_ENABLED": False,
    "COOKIES_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
    "RETRY_ENABLED": False,
    "CONCURRENT_REQUESTS": 32,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
    "DOWNLOAD_DELAY": 0,
    "LOGSTATS_INTERVAL": 0,
}
ONLY_OURS = ("DOWNLOAD_HANDLERS", "ITEM_PIPELINES", "SPIDER_LOADER_CLASS", "SPIDER_MODULES", "BOT_NAME")
COMPRESSION = "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware"
AIOHTTP = "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler"


def settings_of(case: str, data: Path) -> dict[str, Any]:
    if case == "defaults":
        return dict(ALIKE)
    settings = {name: getattr(ours, name) for name in dir(ours) if name.isupper()} | ALIKE
    if case == "newswarc":
        return settings | {"NEWSWARC_DATA": str(data), "ITEM_PIPELINES": {}, "SPIDER_LOADER_CLASS": _default_loader()}
    for name in ONLY_OURS:
        del settings[name]
    if case == "same-isal":
        _inflate_with_isal()
    if case in ("same-decoded", "same-isal"):
        middlewares = {name: at for name, at in settings["DOWNLOADER_MIDDLEWARES"].items() if name != COMPRESSION}
        return settings | {"DOWNLOADER_MIDDLEWARES": middlewares}
    if case == "same-aiohttp":
        handlers = {"http": AIOHTTP, "https": AIOHTTP}
        return settings | {"TWISTED_REACTOR_ENABLED": False, "DOWNLOAD_HANDLERS": handlers}
    if case == "same":
        return settings
    raise SystemExit(f"no case {case!r}")


def _inflate_with_isal() -> None:
    """In place of zlib: what makes bare Scrapy's own decoding as quick as it can be had."""
    from isal import igzip
    from scrapy.downloadermiddlewares import httpcompression

    httpcompression.gunzip = lambda data, *, max_size=0: igzip.decompress(data)


def _default_loader() -> str:
    from scrapy.settings import default_settings

    return str(default_settings.SPIDER_LOADER_CLASS)


class Listed(Spider):
    """Fetches the URLs it is given and does nothing with what comes."""

    name = "listed"
    urls: list[str]

    async def start(self) -> AsyncIterator[Request]:
        self.pages = self.size = 0
        self.began = time.perf_counter(), time.process_time()
        for url in self.urls:
            yield Request(url, dont_filter=True, meta={"newswarc": {"kind": "article", "source": "bench/site"}})

    def parse(self, response: Response) -> None:
        if response.status == 200:
            self.pages += 1
            self.size += len(response.body)
        self.ended = time.perf_counter(), time.process_time()


def main() -> None:
    case, urls, data = sys.argv[1], Path(sys.argv[2]).read_text().split(), Path(sys.argv[3])
    process = AsyncCrawlerProcess(settings_of(case, data))
    crawling = process.create_crawler(Listed)
    process.crawl(crawling, urls=urls)
    process.start()
    spider: Any = crawling.spider
    wall, cpu = (after - before for after, before in zip(spider.ended, spider.began, strict=True))
    print(json.dumps({"pages": spider.pages, "bytes": spider.size, "wall": wall, "cpu": cpu}))


if __name__ == "__main__":
    main()
