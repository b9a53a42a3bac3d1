"""Robots.txt, fetched and archived like everything else: by the source that needs it, through that source's proxy."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Self

from protego import Protego
from scrapy import Request
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.httpobj import urlparse_cached

from archive.http import decoded

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

log = logging.getLogger(__name__)

MAX_ROBOTS = 512 * 1024
"""Bytes of a robots.txt that are read (RFC 9309, 2.5: at least 500 KiB)."""
MAX_CRAWL_DELAY = 30.0
"""Seconds between requests that a robots.txt may ask for; more would end the round."""


class RobotsRefused(IgnoreRequest):
    """robots.txt does not let us fetch this; the text says which rule."""


class ArchivedRobots:
    """Downloader middleware in place of Scrapy's: that one's request carries neither the source nor its proxy, takes an
    error page for rules, and knows no Crawl-delay."""

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self.crawler = crawler
        self.agent: str = crawler.settings["USER_AGENT"]
        self._rules: dict[str, asyncio.Task[Protego]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt"):
            return
        url = urlparse_cached(request)
        base = f"{url.scheme}://{url.netloc}"
        if base not in self._rules:
            self._rules[base] = asyncio.ensure_future(self._fetch(base, request))
        rules = await asyncio.shield(self._rules[base])
        if not rules.can_fetch(request.url, self.agent):
            raise RobotsRefused(f"{base}/robots.txt does not allow this")

    async def _fetch(self, base: str, request: Request) -> Protego:
        asked = request.meta.get("newswarc") or {}
        meta = {
            "dont_obey_robotstxt": True,
            "newswarc": {"kind": "robots", "source": asked.get("source"), "via": request.url},
        }
        if "proxy" in request.meta:
            meta["proxy"] = request.meta["proxy"]
        robots = Request(f"{base}/robots.txt", priority=1000, meta=meta, callback=NO_CALLBACK)
        try:
            response = await self.crawler.engine.download_async(robots)
        except Exception as e:  # noqa: BLE001 - whatever it was, the handler archived and named it; the page will say the same
            log.info("%s/robots.txt: %s", base, e)
            return Protego.parse("")
        rules = rules_of(response)
        self._slow_down(robots, rules)
        return rules

    def _slow_down(self, request: Request, rules: Protego) -> None:
        wanted = rules.crawl_delay(self.agent)
        slot = self.crawler.engine.downloader.slots.get(str(request.meta.get("download_slot")))
        if wanted and slot is not None:
            slot.delay = max(slot.delay, min(float(wanted), MAX_CRAWL_DELAY))


def rules_of(response: Response) -> Protego:
    """RFC 9309, 2.3.1: no such file allows all, a failing server allows nothing."""
    if response.status >= 500:
        return Protego.parse("User-agent: *\nDisallow: /")
    if response.status != 200:
        return Protego.parse("")
    head = b"HTTP/1.1 200 OK\r\n" + response.headers.to_string() + b"\r\n\r\n"
    try:
        body = decoded(head, response.body, MAX_ROBOTS)
    except ValueError:
        body = response.body[:MAX_ROBOTS]
    return Protego.parse(body.decode("utf-8", "replace"))
