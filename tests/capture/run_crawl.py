"""One crawl in a process of its own: reads a task as JSON from standard input, prints what came of it as JSON.

Not a test: `capture_kit.crawl` runs it, because Scrapy wants one reactor a process.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import psutil
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess

from archive.errors import ArchiveDead, ArchiveFull
from archive.store import WarcFolder
from crawler import appender
from newswarc.settings import DataFolder

task = json.loads(sys.stdin.read())
results: list[dict[str, Any]] = []
facts: dict[str, Any] = {"listening": [], "stopped_for": None}


def receipt_of(meta: dict[str, Any]) -> dict[str, Any] | None:
    receipt = meta.get("warc")
    if receipt is None:
        return None
    fields = ("record_type", "url", "status", "kind", "source", "via", "truncated", "error", "location")
    return {name: getattr(receipt, name) for name in fields} | {"record_id": receipt.pointer.record_id}


def peak_mib() -> int:
    """Of this program alone: ru_maxrss would count the process that started it, too, which fork and exec hand down."""
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak) // 1024


class TaskSpider(Spider):
    name = "task"

    async def start(self):
        for number, wanted in enumerate(task["requests"]):
            meta = {"asked": wanted["url"], "handle_httpstatus_all": True, **wanted.get("meta", {})}
            if wanted.get("follow"):
                del meta["handle_httpstatus_all"]
            yield Request(
                wanted["url"],
                method=wanted.get("method", "GET"),
                headers=wanted.get("headers"),
                body=wanted.get("body", "").encode(),
                meta=meta | {"number": number},
                callback=self.parse,
                errback=self.failed,
                dont_filter=True,
            )

    def parse(self, response):
        if not facts["listening"]:
            connections = psutil.Process().net_connections()
            facts["listening"] = [str(c.laddr) for c in connections if c.status == psutil.CONN_LISTEN]
        token = re.search(rb'name="page" content="(\w+)"', response.body)
        results.append(
            {
                "asked": response.meta["asked"],
                "url": response.url,
                "status": response.status,
                "size": len(response.body),
                "body": response.body.decode("latin-1") if len(response.body) < 100_000 else None,
                "token": token.group(1).decode() if token else None,
                "headers": {k.decode("latin-1"): [x.decode("latin-1") for x in v] for k, v in response.headers.items()},
                "ip": str(response.ip_address),
                "protocol": response.protocol,
                "certificate": len(response.certificate or b""),
                "flags": response.flags,
                "latency": response.meta.get("download_latency"),
                "receipt": receipt_of(response.meta),
                "synced": in_archive(response.meta["warc"].pointer),
            }
        )

    def failed(self, failure):
        request = failure.request
        results.append(
            {
                "asked": request.meta["asked"],
                "error": failure.type.__name__,
                "text": failure.getErrorMessage(),
                "receipt": receipt_of(request.meta),
            }
        )


def in_archive(pointer) -> bool:
    """Whether the record is whole on disk at the moment the spider sees the response."""
    found = list(Path(task["data"], "archive").glob(f"{pointer.warc}*"))
    return any(path.stat().st_size >= pointer.offset + pointer.length for path in found if path.suffix != ".cdxj")


settings = {
    "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "crawler.capture.CaptureHandler")
    | dict.fromkeys(("file", "data", "ftp", "s3")),
    "NEWSWARC_DATA": task["data"],
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "COOKIES_ENABLED": False,
    "RETRY_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
    "LOG_LEVEL": "WARNING",
    "USER_AGENT": "test/1",
    "CONCURRENT_REQUESTS": 8,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
    "DOWNLOAD_DELAY": 0,
    "DOWNLOAD_TIMEOUT": 15,
    "REDIRECT_MAX_TIMES": 5,
    "TWISTED_REACTOR_ENABLED": task["reactor"],
    "DOWNLOADER_MIDDLEWARES": {"scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None},
    **task["settings"],
}


class FailingFolder(WarcFolder):
    """A real archive that takes two appends and then fails as a disk does."""

    left = 2

    def append(self, items):
        if FailingFolder.left <= 0:
            raise {"full": ArchiveFull, "dead": ArchiveDead}[task["fault"]]("injected")
        FailingFolder.left -= 1
        return super().append(items)


if task["fault"]:
    data = DataFolder(Path(task["data"]))
    ledger = appender.Ledger(data.ledger)
    folder = FailingFolder(data.archive)
    appender._opened[data.root.resolve()] = appender.Appender(folder, ledger.record, on_close=[ledger.close])

process = AsyncCrawlerProcess(settings)
crawler = process.create_crawler(TaskSpider)
process.crawl(crawler)
process.start()
stats = crawler.stats.get_stats()
facts["stopped_for"] = stats.get("finish_reason")
facts["peak_mib"] = peak_mib()
print(json.dumps({"results": results, "stats": stats, "facts": facts}, default=str))
sys.exit(0 if "archive_fault" not in stats else 1)
