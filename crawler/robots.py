"""Robots.txt, fetched and archived like everything else: by the source that needs it, through that source's proxy."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from protego import Protego
from scrapy import Request
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.httpobj import urlparse_cached

from archive.errors import ArchiveError
from archive.http import decoded
from archive.store import ArchiveReader
from newswarc.items import Archived

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

log = logging.getLogger(__name__)

MAX_ROBOTS = 512 * 1024
"""Bytes of a robots.txt that are read (RFC 9309, 2.5: at least 500 KiB)."""
MAX_CRAWL_DELAY = 30.0
"""Seconds between requests that a robots.txt may ask for; more would end the round."""


class RobotsRefused(IgnoreRequest):
    """robots.txt does not let us fetch this; the text says which one, and why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a robots.txt in this round: a response, or the fault that kept it from us."""

    rules: Protego
    receipt: Archived | None
    response: Response | None = None
    fault: Exception | None = None
    is_of_before: bool = False
    """Whether the rules are the last ones the archive holds, for now there are none to be had."""

    def given(self, request: Request) -> Response:
        """The answer to a request for the file itself, which was fetched and archived before; raises the fault."""
        request.meta.update(warc=self.receipt, dont_retry=True)
        if self.fault is not None:
            raise self.fault
        assert self.response is not None, "an answer is a response or a fault"
        return self.response.replace(request=request)

    def objection(self, url: str, agent: str) -> str | None:
        """Why a page may not be fetched, as a predicate of robots.txt; None where it may."""
        if self.rules.can_fetch(url, agent):
            return None
        if self.is_of_before or (self.response and self.response.status < 500):
            return "does not allow this"
        cause = str(self.fault).rpartition("/robots.txt: ")[2]
        how = f"answered HTTP {self.response.status}" if self.response else f"could not be fetched ({cause})"
        return f"{how}, so nothing may be fetched"


class ArchivedRobots:
    """Downloader middleware in place of Scrapy's: that one's request carries neither the source nor its proxy, takes an
    error page for rules, and knows no Crawl-delay.

    Each robots.txt is fetched once a round, before anything else of its host; who asks for the file itself, as
    discovery does, is given that answer and its receipt.
    """

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self.crawler = crawler
        self.agent: str = crawler.settings["USER_AGENT"]
        self._answers: dict[str, asyncio.Task[Answer]] = {}
        self._leads: dict[str, str] = {}
        self._failed: dict[str, Archived | None] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> Response | None:
        url, of = urlparse_cached(request), request.meta.get("robots_of")
        base = f"{url.scheme}://{url.netloc}"
        is_file = request.url == f"{base}/robots.txt"
        if request.meta.get("dont_obey_robotstxt") or of == base or (of and not is_file):
            return None
        if of:
            self._lead(of, base)
        if base not in self._answers:
            self._answers[base] = asyncio.ensure_future(self._fetch(base, request))
        answer = await asyncio.shield(self._answers[base])
        if is_file and _kind(request) != "article":
            return answer.given(request)
        if objection := answer.objection(request.url, self.agent):
            raise RobotsRefused(f"{base}/robots.txt {objection}")
        return None

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Comes after the last try: Scrapy keeps no other way from a failed fetch to its receipt."""
        if of := request.meta.get("robots_of"):
            self._failed[of] = request.meta.get("warc")

    async def _fetch(self, base: str, request: Request) -> Answer:
        robots = self._request(base, request)
        try:
            response = await self.crawler.engine.download_async(robots)
        except Exception as e:  # noqa: BLE001 - whatever it was, the handler archived and named it
            log.info("%s/robots.txt: %s", base, e)
            if isinstance(e, IgnoreRequest):  # not for us, as the page says too; endless redirects
                return Answer(Protego.parse(""), self._failed.get(base), fault=e)
            before = await asyncio.to_thread(self._rules_before, base)
            answer = Answer(before or _NOTHING, self._failed.get(base), fault=e, is_of_before=before is not None)
        else:
            before = await asyncio.to_thread(self._rules_before, base) if response.status >= 500 else None
            # Kept for the round, and read from the archive where it is read again: its body would only take room.
            kept = response.replace(body=b"")
            rules = before or rules_of(response)
            answer = Answer(rules, response.meta.get("warc"), kept, is_of_before=before is not None)
        self._slow_down(robots, answer.rules)
        return answer

    def _rules_before(self, base: str) -> Protego | None:
        """Those of the last robots.txt of this host in the archive, whole and with rules in it; None where it has none.

        RFC 9309, 2.3.1.4 and 2.4: one that cannot be reached forbids everything, but an older copy may serve meanwhile.
        """
        spider: Any = self.crawler.spider
        prior = spider.ledger.prior(f"{base}/robots.txt", None)
        held = spider.ledger.exchange(prior.record_id) if prior else None
        if held is None:
            return None
        try:
            body = ArchiveReader(spider.data.archive).read(held.archived.pointer).content(MAX_ROBOTS)
        except (ArchiveError, ValueError) as e:
            log.error("the last robots.txt of %s in the archive is damaged: %s", base, e)
            return None
        return Protego.parse(body.decode("utf-8", "replace"))

    def _request(self, base: str, request: Request) -> Request:
        asked = request.meta.get("newswarc") or {}
        meta = {
            "robots_of": base,
            "newswarc": {"kind": "robots", "source": asked.get("source"), "via": request.url},
        }
        if request.meta.get("robots_of"):  # the redirects of one robots.txt count together, over however many hosts
            meta["redirect_times"] = request.meta.get("redirect_times", 0)
        if "proxy" in request.meta:
            meta["proxy"] = request.meta["proxy"]
        return Request(f"{base}/robots.txt", priority=1000, meta=meta, callback=NO_CALLBACK)

    def _lead(self, base: str, to: str) -> None:
        """Notes that one robots.txt redirects to another and waits for its answer; two must not wait for each other."""
        self._leads[base] = further = to
        while further != base and further in self._leads:
            further = self._leads[further]
        if further == base:
            raise IgnoreRequest(f"{base}/robots.txt redirects in a circle")

    def _slow_down(self, request: Request, rules: Protego) -> None:
        wanted = rules.crawl_delay(self.agent)
        slot = self.crawler.engine.downloader.slots.get(str(request.meta.get("download_slot")))
        if wanted and slot is not None:
            slot.delay = max(slot.delay, min(float(wanted), MAX_CRAWL_DELAY))


_NOTHING = Protego.parse("User-agent: *\nDisallow: /")


def _kind(request: Request) -> str:
    return str((request.meta.get("newswarc") or {}).get("kind", "article"))


def rules_of(response: Response) -> Protego:
    """RFC 9309, 2.3.1: no such file allows all, a failing server allows nothing."""
    if response.status >= 500:
        return _NOTHING
    if response.status != 200:
        return Protego.parse("")
    head = b"HTTP/1.1 200 OK\r\n" + response.headers.to_string() + b"\r\n\r\n"
    try:
        body = decoded(head, response.body, MAX_ROBOTS)
    except ValueError:
        body = response.body[:MAX_ROBOTS]
    return Protego.parse(body.decode("utf-8", "replace"))
