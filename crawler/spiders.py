"""The spider: looks where a source lists its articles, fetches what is new or due, and hands on record pointers.

Spiders are made from the registry: `scrapy list` names the outlets, `scrapy crawl akipress` crawls one of them, and
`newswarc crawl` runs one spider for many outlets. What it remembers stands in the ledger; a spider only knows what is
under way.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from scrapy import Request, Spider, signals
from scrapy.exceptions import DontCloseSpider

from archive.errors import ArchiveError
from archive.http import header_values
from archive.store import ArchiveReader
from crawler.appender import Appender, opened
from crawler.contract import check
from crawler.discovery import FoundBy, Listing, places
from crawler.listings import discover_again, discover_record
from crawler.robots import RobotsRefused
from crawler.schedule import LOOK_BACK, SETTLED, is_due
from crawler.stopping import STOPPING, NotSent
from newswarc.items import Archived, Attempt, Kind
from newswarc.ledger import Ledger, ListingRow, entry_attempt
from newswarc.settings import DataFolder
from newswarc.sources import SHIPPED, Source, load
from pipelines.scrapy import Captured
from pipelines.workshop import Workshop

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings
    from twisted.python.failure import Failure

log = logging.getLogger(__name__)

UNDER_WAY = 64
"""Article requests of one source given to Scrapy at once; the rest wait in the ledger, so memory stays flat."""
LEFT_OUT = ("over-", "trap", "sub-sitemap-left-out", "listing-left-out")
"""Beginnings of what discovery counts where a bound of ours cut a listing short."""
MAX_NOTES = 20
"""Lines of a source in the summary of a round."""
MAX_LISTINGS = 40
"""Listings of one source looked at in one round."""
FORGET_FOR = timedelta(days=7)
"""A place that was only guessed and is not there is not looked at again for that long."""
INTERRUPTED = "interrupted"
"""The reason of a stop that somebody asked for; what is archived by then is indexed by the next run."""
GIVE_UP_AFTER = 5
"""Refusals by the server (403, 429, 503) in a row after which a source is left alone for the round."""


class OutletLoader:
    """Makes a spider class of every source: Scrapy's spider loader interface."""

    def __init__(self, folder: Path) -> None:
        self.loaded = load(folder)
        for fault in self.loaded.faults:
            log.error("source refused: %s", fault)
        short = Counter(source.key.rpartition("/")[2] for source in self.loaded.sources)
        self._sources = {
            name if short[name] == 1 else source.key: source
            for source in self.loaded.sources
            for name in (source.key.rpartition("/")[2],)
        }

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        return cls(Path(settings["NEWSWARC_SOURCES"] or SHIPPED))

    def load(self, spider_name: str) -> type[Spider]:
        source = self._sources.get(spider_name) or next(
            (s for s in self._sources.values() if s.key == spider_name), None
        )
        if source is None:
            raise KeyError(f"no outlet {spider_name!r} among the sources; `scrapy list` names them")
        return type("OneOutletSpider", (OutletSpider,), {"name": spider_name, "sources": (source,)})

    def list(self) -> list[str]:
        return sorted(self._sources)

    def find_by_request(self, request: Request) -> Sequence[str]:
        return []


def _warc_info(settings: BaseSettings) -> dict[str, str]:
    """What each WARC file says of the crawl that wrote it (WARC/1.1, 6.2)."""
    return {
        "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
        "http-header-user-agent": settings["USER_AGENT"],
    }


class OutletSpider(Spider):
    """One round over `sources`."""

    name = "newswarc"
    sources: Sequence[Source] = ()

    def __init__(self, sources: Sequence[Source] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.by_key = {source.key: source for source in (sources or self.sources)}
        self.began = datetime.now(UTC)
        self.refusals: Counter[str] = Counter()
        self.notes: dict[str, list[str]] = defaultdict(list)
        self._under_way: dict[str, set[str]] = defaultdict(set)
        self._fetched: Counter[str] = Counter()
        self._due: dict[str, Iterator[str]] = {}
        self._looked: dict[str, set[str]] = defaultdict(set)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        check()  # Scrapy only logs a download handler that does not load; without its spider it does not start
        spider: Self = super().from_crawler(crawler, *args, **kwargs)
        settings = crawler.settings
        data = DataFolder(Path(settings["NEWSWARC_DATA"]))
        spider.limit = settings.getint("NEWSWARC_LIMIT") or 1 << 31
        # The archive first: its lock says whether another crawl is at work, and opening it repairs what a crash left.
        spider.appender = opened(data, info=_warc_info(settings))
        spider.workshop = Workshop.opened(
            data, workers=settings.getint("NEWSWARC_WORKERS") or os.cpu_count() or 1, index=settings["NEWSWARC_INDEX"]
        )
        spider.workshop.reconcile(discover_again)
        spider.data, spider.ledger = data, spider.workshop.ledger
        spider.round = spider.ledger.begin_round(list(spider.by_key), spider.began)
        spider._reader = ArchiveReader(data.archive)
        crawler.signals.connect(spider._idle, signal=signals.spider_idle)
        crawler.signals.connect(spider._opened, signal=signals.spider_opened)
        crawler.signals.connect(spider._closed, signal=signals.spider_closed)
        crawler.signals.connect(spider._stopping, signal=STOPPING)
        return spider

    limit: int
    round: int
    """The ledger's number of this round."""
    ledger: Ledger
    appender: Appender
    workshop: Workshop
    data: DataFolder
    _reader: ArchiveReader

    def _opened(self) -> None:
        for source in self.by_key.values():
            self._set_pace(source)

    def _set_pace(self, source: Source) -> None:
        """Scrapy keeps one slot a host; a source's own delay is that of its hosts."""
        if source.delay is None:
            return
        slots = self.crawler.engine.downloader.per_slot_settings
        for host in source.hosts:
            for name in (host, f"www.{host}"):
                slots[name] = {"delay": source.delay, "concurrency": 1 if source.delay else 8}

    def _stopping(self, reason: str) -> None:
        if reason == INTERRUPTED:
            self.workshop.hurry()

    def _closed(self, reason: str) -> None:
        try:
            self.ledger.end_round(self.round, datetime.now(UTC), {"reason": reason, "sources": self.notes})
        finally:
            self.appender.close()

    # ---- the round

    async def start(self) -> AsyncIterator[Request]:
        for source in self.by_key.values():
            await self._keep_entry(source)
            for listing in self._places(source):
                yield self._listing_request(source, listing)

    async def _keep_entry(self, source: Source) -> None:
        """What the registry says of the source is archived before anything of it, when it is new."""
        entry = source.model_dump(mode="json", exclude={"key", "proxy"})
        if await asyncio.to_thread(self.ledger.entry, source.key) != entry:
            await self.appender.append(entry_attempt(source.key, entry, datetime.now(UTC)))

    def _places(self, source: Source) -> Iterator[Listing]:
        """What worked before, then what the source's file and common sense say."""
        remembered = {row.url: row for row in self.ledger.listings(source.key)}
        for row in remembered.values():
            if row.state == "works":
                yield Listing(row.url, cast(Kind, row.kind), cast(FoundBy, row.found_by))
        for listing in places(source):
            known = remembered.get(listing.url)
            if known is None or (known.state != "works" and not self._is_forgotten(known)):
                yield listing

    def _is_forgotten(self, known: ListingRow) -> bool:
        """A place that was only guessed and holds nothing is looked at again after a week."""
        recent = known.checked_at is not None and self.began - known.checked_at < FORGET_FOR
        return known.found_by == "common-place" and known.state in ("gone", "empty") and recent

    def _listing_request(self, source: Source, listing: Listing) -> Request:
        self._looked[source.key].add(listing.url)
        self.ledger.remember_listing(source.key, listing.url, listing.kind, listing.found_by)
        request = self._request(source, listing.url, listing.kind, self.parse_listing, priority=10, listing=listing)
        request.headers.update(self._validators(listing.url))
        return request

    def _validators(self, url: str) -> dict[str, str]:
        """What makes a request conditional (RFC 9110, 13.1): only where the archive holds the whole page, and it
        verifies: a 304 to an original that is lost would be nothing."""
        prior = self.ledger.prior(url, None)
        held = self.ledger.exchange(prior.record_id) if prior else None
        if held is None:
            return {}
        try:
            head = self._reader.read(held.archived.pointer).head
        except ArchiveError as e:
            log.error("%s is fetched anew, for what the archive holds of it is damaged: %s", url, e)
            return {}
        names = {b"etag": "If-None-Match", b"last-modified": "If-Modified-Since"}
        found = {asked: header_values(head, name) for name, asked in names.items()}
        return {asked: values[-1].decode("latin-1") for asked, values in found.items() if values}

    def _request(
        self,
        source: Source,
        url: str,
        kind: Kind,
        callback: Any,
        priority: int = 0,
        via: str | None = None,
        **more: Any,
    ) -> Request:
        meta: dict[str, Any] = {"newswarc": {"kind": kind, "source": source.key, "via": via}, **more}
        if source.proxy:
            meta["proxy"] = source.proxy_url()
        return Request(url, callback=callback, errback=self.failed, priority=priority, dont_filter=True, meta=meta)

    async def parse_listing(self, response: Response) -> AsyncIterator[Request]:
        source, listing = self._source(response.request), response.meta["listing"]
        receipt: Archived = response.meta["warc"]
        pointer = receipt.pointer
        if response.status == 304 and receipt.refers_to and (held := self.ledger.exchange(receipt.refers_to)):
            pointer = held.archived.pointer
        elif response.status != 200:
            gone = "gone" if response.status in (404, 410) else "failed"
            self.ledger.checked_listing(
                source.key, listing.url, gone, f"HTTP {response.status}", 0, receipt.captured_at
            )
            return
        found = await asyncio.wrap_future(
            self.workshop.pool.submit(discover_record, self.data.archive, pointer, source)
        )
        exchange = self.ledger.exchange(receipt.pointer.record_id)
        assert exchange is not None, "a receipt is in the ledger before its response is returned"
        await asyncio.to_thread(self.ledger.list_candidates, exchange.id, source.key, found.candidates)
        works = bool(found.candidates or found.listings)
        self.ledger.checked_listing(
            source.key,
            listing.url,
            "works" if works else "empty",
            "; ".join(found.faults) or None,
            len(found.candidates),
            receipt.captured_at,
        )
        self._note_left_out(source, listing.url, found.faults)
        for further in found.listings:
            if further.url in self._looked[source.key]:
                continue
            if len(self._looked[source.key]) >= MAX_LISTINGS:
                self._note(source, f"more than {MAX_LISTINGS} listings; left out in this round: {further.url}")
                break
            yield self._listing_request(source, further)
        for request in self._top_up(source):
            yield request

    async def parse_article(self, response: Response) -> AsyncIterator[Captured | Request]:
        request = cast(Request, response.request)
        source = self._source(request)
        self._ended(source, request)
        self._mind_refusals(source, response.status)
        yield Captured(response.meta["warc"])
        for request in self._top_up(source):
            yield request

    async def failed(self, failure: Failure) -> AsyncIterator[Captured | Request]:
        """Names what failed; what left no record by itself (refused by robots.txt) gets one."""
        if isinstance(failure.value, NotSent):
            return
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
        source = self._source(request)
        asked = request.meta["newswarc"]
        receipt: Archived | None = request.meta.get("warc")
        text = failure.getErrorMessage()[:300]
        if isinstance(failure.value, RobotsRefused):
            receipt = await self.appender.append(
                Attempt(
                    request.url,
                    datetime.now(UTC),
                    asked["kind"],
                    "robots",
                    failure.getErrorMessage(),
                    source.key,
                    asked["via"],
                )
            )
        elif receipt is None:  # the archive itself failed; the appender's fault ends the crawl, see _archive_fault
            self._note(source, text)
        elif receipt.location and not receipt.truncated and (hops := request.meta.get("redirect_urls")):
            self._note(source, f"redirects without end, given up after {len(hops)}: {hops[0]}")
        if "listing" in request.meta:
            listing = request.meta["listing"]
            self.ledger.checked_listing(source.key, listing.url, "failed", text, 0, datetime.now(UTC))
            return
        self._ended(source, request)
        if receipt is not None:
            yield Captured(receipt)
        for further in self._top_up(source):
            yield further

    # ---- what to fetch next

    def _top_up(self, source: Source) -> list[Request]:
        """Article requests up to UNDER_WAY; what is listed for the first time before what is due again.

        All of them count as under way at once: callbacks take turns, and two of them must not take the same page.
        """
        under_way = self._under_way[source.key]
        room = min(UNDER_WAY - len(under_way), self.limit - self._fetched[source.key] - len(under_way))
        if (under_way and room < UNDER_WAY // 4) or room <= 0 or self.refusals[source.key] >= GIVE_UP_AFTER:
            return []
        requests = list(self._new_requests(source, room))
        requests += self._due_requests(source, room - len(requests))
        under_way.update(request.url for request in requests)
        return requests

    def _new_requests(self, source: Source, room: int) -> Iterator[Request]:
        under_way = self._under_way[source.key]
        listed = self.ledger.to_fetch(source.key, room + len(under_way))
        for url, via in [pair for pair in listed if pair[0] not in under_way][:room]:
            yield self._request(source, url, "article", self.parse_article, via=via)

    def _due_requests(self, source: Source, room: int) -> Iterator[Request]:
        due = self._due.setdefault(source.key, self._due_urls(source))
        fresh = (url for url in due if url not in self._under_way[source.key])
        for url in itertools.islice(fresh, max(room, 0)):
            request = self._request(source, url, "article", self.parse_article)
            request.headers.update(self._validators(url))
            yield request

    def _due_urls(self, source: Source) -> Iterator[str]:
        """What was fetched before this round and is due again; with NEWSWARC_RECHECK all of it."""
        known = self.ledger.known_urls(source.key, self.began - LOOK_BACK)
        everything = self.settings.getbool("NEWSWARC_RECHECK")
        return (
            k.url
            for k in known
            if is_due(k, self.began)
            or (everything and k.state not in SETTLED and (k.fetched_at or self.began) < self.began)
        )

    def _idle(self) -> None:
        """Nothing is under way: what the ledger still has to be fetched goes on before the spider may close."""
        more = [r for source in self.by_key.values() for r in self._top_up(source)]
        for request in more:
            self.crawler.engine.crawl(request)
        if more:
            raise DontCloseSpider

    def _ended(self, source: Source, request: Request) -> None:
        first = (request.meta.get("redirect_urls") or [request.url])[0]
        self._under_way[source.key].discard(first)
        self._fetched[source.key] += 1

    def _mind_refusals(self, source: Source, status: int) -> None:
        self.refusals[source.key] = self.refusals[source.key] + 1 if status in (403, 429, 503) else 0
        if self.refusals[source.key] == GIVE_UP_AFTER:
            self._note(source, f"left alone for this round after {GIVE_UP_AFTER} refusals (HTTP {status})")

    def _note_left_out(self, source: Source, listing: str, faults: Sequence[str]) -> None:
        """Says in the summary where a bound has cut a listing short."""
        cut = [fault for fault in faults if fault.startswith(LEFT_OUT)]
        if cut:
            self._note(source, f"left out of {listing}: {'; '.join(cut)}")

    def _note(self, source: Source, text: str) -> None:
        notes = self.notes[source.key]
        if len(notes) < MAX_NOTES and text not in notes:
            notes.append(text if len(notes) < MAX_NOTES - 1 else "and more")

    def _source(self, request: Request | None) -> Source:
        assert request is not None, "Scrapy gives every response its request"
        return self.by_key[request.meta["newswarc"]["source"]]
