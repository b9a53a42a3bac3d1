"""Whether the Scrapy that a crawl stands on has the interface that capture was written for.

Some of what capture needs is no public promise of Scrapy. A release that changes it might let a request pass that is
not archived, or end a crawl without a word; so nothing is fetched on one, and one sentence says what to do.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet


class UnfitScrapy(RuntimeError):
    """The Scrapy that is installed is not one that newswarc fetches with; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something of Scrapy that we call, or that Scrapy calls on us."""

    module: str
    name: str
    gives: str | None = None
    """The arguments, space between them, that it must take, and it may need no other; None: it must be there."""
    awaited: bool = False


HANDLERS, HTTP = "scrapy.core.downloader.handlers", "scrapy.http"
ENGINE, EXCEPTIONS = "scrapy.core.engine", "scrapy.exceptions"
MIDDLEWARE = "scrapy.core.downloader.middleware"
PARTS = (
    Part(f"{HANDLERS}.base", "BaseDownloadHandler", "crawler"),
    Part(f"{HANDLERS}.base", "BaseDownloadHandler.download_request", "request", awaited=True),
    Part(f"{HANDLERS}.base", "BaseDownloadHandler.close", "", awaited=True),
    Part(HANDLERS, "DownloadHandlers.download_request_async", "request", awaited=True),
    Part(MIDDLEWARE, "DownloaderMiddlewareManager.download_async", "download_func request", awaited=True),
    Part(ENGINE, "ExecutionEngine.download_async", "request", awaited=True),
    Part(ENGINE, "ExecutionEngine.close_spider_async", "reason", awaited=True),
    Part("scrapy.core.downloader", "Slot.close", ""),
    Part(HTTP, "Request", "url callback method headers body meta priority dont_filter errback"),
    Part(HTTP, "Response", "url status headers body request certificate ip_address protocol"),
    Part("scrapy.responsetypes", "responsetypes.from_args", "headers url body"),
    Part("scrapy.utils.asyncio", "is_asyncio_available", ""),
    *(
        Part(EXCEPTIONS, name)
        for name in (
            "CannotResolveHostError",
            "DownloadCancelledError",
            "DownloadConnectionRefusedError",
            "DownloadFailedError",
            "DownloadTimeoutError",
            "IgnoreRequest",
            "NotConfigured",
            "ResponseDataLossError",
        )
    ),
)


def check() -> None:
    """Raises UnfitScrapy where the version is out of the range we ask for, or a part is not as it was."""
    version = import_module("scrapy").__version__
    asked = _asked_for()
    if asked is not None and not asked.contains(version, prereleases=True):
        raise UnfitScrapy(_sentence(version, f"newswarc needs Scrapy {asked}", asked))
    faults = [fault for part in PARTS if (fault := _fault(part))]
    if faults:
        raise UnfitScrapy(_sentence(version, "; ".join(faults), asked))


def _sentence(version: str, why: str, asked: SpecifierSet | None) -> str:
    return (
        f"nothing is fetched with Scrapy {version}, for what is not archived would not be noticed: {why}; "
        f"install one that fits: pip install 'scrapy{asked or ''}'"
    )


def _asked_for() -> SpecifierSet | None:
    """The range of pyproject.toml, as it was installed; None where newswarc runs without having been installed."""
    try:
        wanted = map(Requirement, requires("newswarc") or ())
    except PackageNotFoundError:
        return None
    return next((each.specifier for each in wanted if each.name == "scrapy"), None)


def _fault(part: Part) -> str | None:
    what = f"{part.module}.{part.name}"
    try:
        found = reduce(getattr, part.name.split("."), import_module(part.module))
    except (ImportError, AttributeError):
        return f"there is no {what}"
    if part.awaited and not inspect.iscoroutinefunction(found):
        return f"{what} is no coroutine"
    return _of_arguments(what, found, part.gives.split()) if part.gives is not None else None


def _of_arguments(what: str, found: Any, gives: list[str]) -> str | None:
    takes = {name: p for name, p in inspect.signature(found).parameters.items() if name != "self"}
    open_ended = any(p.kind is p.VAR_KEYWORD for p in takes.values())
    if not open_ended and (lost := [name for name in gives if name not in takes]):
        return f"{what} takes no {', '.join(lost)}"
    needed = [n for n, p in takes.items() if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return f"{what} needs {', '.join(more)}" if (more := [name for name in needed if name not in gives]) else None
