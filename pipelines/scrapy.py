"""The thin Scrapy end of the pipeline: tells the drain that something was archived."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from newswarc.items import Archived

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from pipelines.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Captured:
    """The item of our spiders: a receipt. What becomes of it is read from the archive and told to the ledger."""

    receipt: Archived


class DerivePipeline:
    """Starts the drain with the spider and ends it after it; an item only wakes it, for the ledger is the queue."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def workshop(self) -> Workshop:
        spider: Any = self.crawler.spider
        workshop: Workshop = spider.workshop
        return workshop

    def open_spider(self) -> None:
        self.workshop.start()

    def process_item(self, item: Any) -> Any:
        self.workshop.wake()
        return item

    async def close_spider(self) -> None:
        await asyncio.to_thread(self.workshop.close)
