"""The download handler of the crawl: fetches, archives, and only then lets Scrapy see the response.

Every end of a fetch is archived, also the failed ones; see `crawler.wire` for how they fail. The receipt (an
`Archived`) is in `request.meta["warc"]`, and so in `response.meta["warc"]`. Where the archive cannot take an exchange
there is no response: the request fails with the archive's error and the crawl is stopped with the reason
`archive_fault`.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotConfigured,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.responsetypes import responsetypes
from scrapy.utils.asyncio import is_asyncio_available

from crawler.addresses import RefusedAddress
from crawler.appender import Appender, opened
from crawler.contract import check
from crawler.proxies import Proxy, ProxyFailed, parse_proxy
from crawler.stopping import GRACE, STOPPING, NotSent, stop
from crawler.wire import (
    BadHttp,
    BadTls,
    CannotConnect,
    Client,
    Disconnected,
    Limits,
    NoSuchHost,
    Outcome,
    Outgoing,
    TookTooLong,
    TooLong,
)
from newswarc.items import Archived
from newswarc.settings import DataFolder, NetworkSettings

logger = logging.getLogger(__name__)

ARCHIVE_FAULT = "archive_fault"
"""The reason with which a crawl is stopped that could not archive; also a key of its stats, with the error's text."""
ANSWERS = "answers_archived"
"""The key of its stats that counts archived answers; Scrapy's own count takes one that is used twice for two."""


class RefusedRequest(IgnoreRequest):
    """The URL or one of its addresses is refused; asking again would not help."""


# Scrapy's own errors, so that its retries and statistics work.
_AS_SCRAPY_SAYS: dict[type[Exception], type[Exception]] = {
    RefusedAddress: RefusedRequest,
    NoSuchHost: CannotResolveHostError,
    CannotConnect: DownloadConnectionRefusedError,
    ProxyFailed: DownloadConnectionRefusedError,
    BadTls: DownloadFailedError,
    TookTooLong: DownloadTimeoutError,
    TooLong: DownloadCancelledError,
    Disconnected: ResponseDataLossError,
    BadHttp: DownloadFailedError,
}


class CaptureHandler(BaseDownloadHandler):
    """Scrapy's documented interface of download handlers, for `http` and `https`.

    Settings: NEWSWARC_DATA (folder), DOWNLOAD_TIMEOUT, DOWNLOAD_MAXSIZE, DOWNLOAD_WARNSIZE, NEWSWARC_LOWEST_RATE
    (bytes a second after 10 s), NEWSWARC_UNVERIFIED_HOSTS (hosts whose certificate is not checked; their records say
    so). DOWNLOAD_VERIFY_CERTIFICATES counts where it is set: Scrapy's default, no check at all, is not ours.
    On a Scrapy that it was not written for it does not start, see `crawler.contract`.
    """

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        check()
        super().__init__(crawler)
        if not is_asyncio_available():
            raise NotConfigured("CaptureHandler needs asyncio: the asyncio reactor, or TWISTED_REACTOR_ENABLED = False")
        settings = crawler.settings
        self._timeout = settings.getfloat("DOWNLOAD_TIMEOUT")
        self._maxsize = settings.getint("DOWNLOAD_MAXSIZE")
        self._warnsize = settings.getint("DOWNLOAD_WARNSIZE")
        self._lowest_rate = settings.getfloat("NEWSWARC_LOWEST_RATE", Limits().lowest_rate)
        self._client = Client(NetworkSettings.from_environment(), unverified=_unverified(crawler))
        self._appender = self._open(DataFolder(Path(settings["NEWSWARC_DATA"])))
        self._stopping: asyncio.Task[None] | None = None
        self._stopped: str | None = None
        crawler.signals.connect(self._hurry, signal=STOPPING)

    async def download_request(self, request: Request) -> Response:
        request.meta.pop("warc", None)  # of an earlier hop or try
        if self._stopped:
            raise NotSent(f"not sent: the crawl was stopped ({self._stopped})")
        outcome = await self._client.exchange(self._outgoing(request), self._limits(request))
        try:
            receipt = await self._appender.append(outcome.record)
        except Exception as e:
            if not isinstance(e, ValueError):  # that one is of this exchange alone
                self._stop(e)
            raise
        request.meta["warc"] = receipt
        request.meta["download_latency"] = outcome.latency
        self.crawler.stats.inc_value(ANSWERS, int(outcome.status is not None))
        if outcome.failure:
            raise _as_scrapy_says(outcome) from outcome.failure
        if self._warnsize and len(outcome.body) > self._warnsize:
            logger.warning("%s: %d bytes, more than %d", receipt.url, len(outcome.body), self._warnsize)
        return _response(receipt, outcome)

    async def close(self) -> None:
        await asyncio.to_thread(self._appender.close)

    def _open(self, data: DataFolder) -> Appender:
        try:
            return opened(data)
        except Exception as e:
            self._note_fault(e)  # Scrapy only logs a handler that does not load
            raise

    def _limits(self, request: Request) -> Limits:
        return Limits(
            deadline=request.meta.get("download_timeout", self._timeout),
            body=request.meta.get("download_maxsize", self._maxsize),
            lowest_rate=self._lowest_rate,
        )

    def _outgoing(self, request: Request) -> Outgoing:
        asked: dict[str, Any] = request.meta.get("newswarc") or {}
        robots = request.url.partition("?")[0].endswith("/robots.txt") and request.url.count("/") == 3
        redirects = request.meta.get("redirect_urls")
        return Outgoing(
            url=request.url,
            method=request.method,
            headers=[(name, value) for name, values in request.headers.items() for value in values],
            body=request.body,
            kind=asked.get("kind") or ("robots" if robots else "article"),
            source=asked.get("source"),
            via=redirects[-1] if redirects else asked.get("via"),
            proxy=_proxy(request),
        )

    def _stop(self, error: Exception) -> None:
        """No response without its record, and no further request either."""
        self._note_fault(error)
        if self._stopping is None and self.crawler.engine is not None:
            logger.critical("the crawl is stopped, for the archive takes nothing more: %s", error)
            self._stopping = stop(self.crawler, ARCHIVE_FAULT)

    def _hurry(self, reason: str) -> None:
        self._stopped = reason
        self._client.hurry(GRACE)

    def _note_fault(self, error: Exception) -> None:
        self.crawler.stats.set_value(ARCHIVE_FAULT, f"{type(error).__name__}: {error}")


def _unverified(crawler: Crawler) -> frozenset[str]:
    settings = crawler.settings
    off = settings.getpriority("DOWNLOAD_VERIFY_CERTIFICATES") and not settings.getbool("DOWNLOAD_VERIFY_CERTIFICATES")
    return frozenset(map(str.lower, settings.getlist("NEWSWARC_UNVERIFIED_HOSTS"))) | ({"*"} if off else set())


def _proxy(request: Request) -> Proxy | None:
    url = request.meta.get("proxy")
    return parse_proxy(url, request.headers.get(b"Proxy-Authorization")) if url else None


def _as_scrapy_says(outcome: Outcome) -> Exception:
    failure = outcome.failure
    assert failure is not None
    kind = _AS_SCRAPY_SAYS[type(failure)]
    if isinstance(failure, Disconnected) and outcome.status is None:
        kind = DownloadFailedError  # there was no response to lose data of
    return kind(f"{outcome.record.url}: {failure}")


def _response(receipt: Archived, outcome: Outcome) -> Response:
    by_name: dict[bytes, list[bytes]] = {}
    for name, value in outcome.headers:
        by_name.setdefault(name.title(), []).append(value)
    last = {name: values[-1] for name, values in by_name.items()}
    response_type = responsetypes.from_args(headers=last, url=receipt.url, body=outcome.body)
    return response_type(
        url=receipt.url,
        status=outcome.status or 0,
        headers=by_name,
        body=outcome.body,
        certificate=getattr(outcome.record, "certificate", None),
        ip_address=outcome.address,
        protocol=f"HTTP/{outcome.http_version}",
    )
