"""Ending a crawl before its end: what was not sent yet is not sent any more, what is under way gets a few seconds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest
from twisted.python.failure import Failure

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

STOPPING = object()
"""The signal that a crawl is being stopped, with its `reason`."""
GRACE = 5.0
"""Seconds that exchanges under way have left then; they are archived as cut by time."""


class NotSent(IgnoreRequest):
    """The crawl was stopped before this request was sent. The ledger still has its URL as it was."""


def stop(crawler: Crawler, reason: str) -> asyncio.Task[None]:
    """Stops from within the crawl's event loop; the task ends when the spider is closed.

    Scrapy's own stop would first send all that waits in its queues, each after its delay.
    """
    crawler.signals.send_catch_log(STOPPING, reason=reason)
    return asyncio.ensure_future(_close(crawler, reason))


async def _close(crawler: Crawler, reason: str) -> None:
    closing = asyncio.ensure_future(crawler.engine.close_spider_async(reason=reason))
    await asyncio.sleep(0)  # from here on the engine takes up nothing new
    for slot in list(crawler.engine.downloader.slots.values()):
        slot.close()  # the pause before its next request
        slot.delay = 0.0
        while slot.queue:
            _, waiting = slot.queue.popleft()
            not_sent = NotSent(f"not sent: the crawl was stopped ({reason})")
            waiting.errback(Failure(not_sent))  # type: ignore[no-untyped-call]
    await closing
