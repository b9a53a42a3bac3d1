"""The server's routes: search over pages and JSON, and the evidence of each document."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from archive.errors import ArchiveError
from newswarc.commands.faults import NotFound, explain
from newswarc.commands.printing import readable, visible
from newswarc.ledger import LedgerFault
from newswarc.settings import DataFolder
from pipelines.pool import WorkerPool
from search.answers import answer
from search.entities.annotator import prepare
from search.highlight import unmarked
from search.index import IndexFault
from search.query import named_in
from web import mentions
from web.asking import FARTHEST, BadQuestion, Indexes, Question, read
from web.evidence import FRAME_POLICY, MOST_SOURCE, Inspected, Inspector, Original, page_text, rendering
from web.guard import Guard

HERE = Path(__file__).parent
PAGE = 20
"""Hits of one page."""
ALARMS = {"corrupt": 409, "missing": 410}
"""HTTP status of an original that must not be shown."""


def application(data: Path, names: Collection[str] = ()) -> ASGIApp:
    """The server for one data folder, under the loopback names and those given."""
    folder = DataFolder(data)
    indexes = Indexes(folder)
    prepare(folder.watchlists)
    pool = WorkerPool(workers=1)
    desk = Desk(indexes, Inspector(folder, indexes, pool))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        pool.submit(int)  # the first worker takes a second to start: let it do so now
        try:
            yield
        finally:
            pool.close()
            indexes.close()

    faults = (NotFound, IndexFault, ArchiveError, LedgerFault, sqlite3.Error, OSError, HTTPException)
    return Guard(
        Starlette(routes=desk.routes(), lifespan=lifespan, exception_handlers=dict.fromkeys(faults, fault)), names
    )


class Desk:
    """What answers to each address. The methods run in threads: reading disks and waiting for workers blocks."""

    def __init__(self, indexes: Indexes, inspector: Inspector) -> None:
        self.indexes, self.inspector = indexes, inspector
        self.watchlists = indexes.folder.watchlists

    def routes(self) -> list[Route | Mount]:
        return [
            Route("/", self.search),
            Route("/api/search", self.api_search),
            Route("/api/openapi.json", description),
            Route("/evidence/{id}", self.evidence),
            Route("/evidence/{id}/frame", self.frame),
            Route("/evidence/{id}/record", self.record),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ]

    # ---- search

    def api_search(self, request: Request) -> Response:
        try:
            question = read(request.query_params.multi_items(), self.watchlists)
        except BadQuestion as e:
            return as_json({"error": str(e)}, 400)
        found = self.indexes.answer(question)
        return as_json(answer(found.results, question.notes, found.facets, question.query))

    def search(self, request: Request) -> Response:
        given = [(name, value) for name, value in request.query_params.multi_items() if name != "facets"]
        newest = not request.query_params.get("q", "").strip()
        try:
            question = read(
                [*given, ("facets", "true")], self.watchlists, sort="date" if newest else "relevance", limit=PAGE
            )
        except BadQuestion as e:
            return page("fault.html", 400, title="That cannot be searched", sentence=str(e))
        found = self.indexes.answer(question)
        return page(
            "search.html",
            question=question,
            asked=request.query_params,
            results=found.results,
            facets=found.facets,
            notes=[*question.notes, *found.results.notes],
            taken=named_in(question.query.tree),
            strictly=_strictly(request),
            turn=partial(_turned, request, question),
            farthest=FARTHEST,
        )

    # ---- evidence

    def evidence(self, request: Request) -> Response:
        seen = self.inspector.inspect(request.path_params["id"])
        if seen.original is None:
            return alarm(seen)
        return page(
            "evidence.html",
            seen=seen,
            original=seen.original,
            mentions=mentions,
            record_head=seen.original.record.partition(b"\r\n\r\n")[0],
            open_rendering=request.query_params.get("open") == "rendering",
            **_source(seen.original),
        )

    def frame(self, request: Request) -> Response:
        seen = self.inspector.inspect(request.path_params["id"])
        if seen.original is None:
            return alarm(seen)
        try:
            media_type, text = rendering(seen.original.capture)
        except ValueError as e:
            return page("fault.html", 422, title="The page cannot be decoded", sentence=str(e))
        headers = {"Content-Security-Policy": FRAME_POLICY, "Content-Type": f"{media_type}; charset=utf-8"}
        return Response(text.encode(errors="replace"), headers=headers)

    def record(self, request: Request) -> Response:
        seen = self.inspector.inspect(request.path_params["id"])
        if seen.original is None:
            return alarm(seen)
        headers = {"Content-Disposition": f'attachment; filename="{seen.row.id}.warc"'}
        return Response(seen.original.record, media_type="application/warc", headers=headers)


def _source(original: Original) -> dict[str, Any]:
    """The page's source as far as it is shown, how many characters are not, and why there is none."""
    try:
        text = page_text(original.capture)
    except ValueError as e:
        return {"source": None, "source_left": 0, "source_fault": str(e)}
    return {
        "source": text[:MOST_SOURCE].replace("\r\n", "\n"),
        "source_left": max(0, len(text) - MOST_SOURCE),
        "source_fault": None,
    }


def _strictly(request: Request) -> str:
    """The same search without names recognised."""
    kept = [pair for pair in request.query_params.multi_items() if pair[0] not in ("strict", "offset")]
    return "/?" + urlencode([*kept, ("strict", "true")])


def _turned(request: Request, question: Question, by: int) -> str:
    """The address of the page of hits before (-1) or after (1) this one."""
    offset = max(0, question.query.offset + by * question.query.limit)
    others = [(name, value) for name, value in request.query_params.multi_items() if value and name != "offset"]
    return "/?" + urlencode([*others, ("offset", str(offset))], errors="replace")


def description(request: Request) -> Response:
    return FileResponse(HERE / "openapi.json", media_type="application/json")


# ---- answers


def as_json(value: Any, status: int = 200) -> Response:
    body = json.dumps(value, ensure_ascii=False).encode(errors="replace")
    return Response(body, status, media_type="application/json")


def page(template: str, status: int = 200, **values: Any) -> Response:
    text = PAGES.get_template(template).render(**values)
    return Response(text.encode(errors="replace"), status, media_type="text/html")


def alarm(seen: Inspected) -> Response:
    return page("alarm.html", ALARMS[seen.verdict.verdict], seen=seen)


def fault(request: Request, error: Exception) -> Response:
    """One sentence for what can be mended; anything else is ours, and is raised on."""
    if isinstance(error, HTTPException):
        status, sentence = error.status_code, f"{error.detail}: {request.url.path[:200]}"
    else:
        status, sentence = 404 if isinstance(error, NotFound) else 503, explain(error) or ""
        if not sentence:
            raise error
    if request.url.path.startswith("/api/"):
        return as_json({"error": sentence}, status)
    return page("fault.html", status, title="Not here" if status == 404 else "Not now", sentence=sentence)


# ---- templates


def _linked(url: str) -> str | None:
    """A URL that may be an href: what pages call their address can be `javascript:` too."""
    try:
        return url if urlsplit(url).scheme in ("http", "https") else None
    except ValueError:
        return None


def _utc(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _day(when: datetime) -> str:
    """In the outlet's own zone; without the time where it is midnight, which mostly means that none was given."""
    return f"{when:%Y-%m-%d}" if (when.hour, when.minute) == (0, 0) else f"{when:%Y-%m-%d %H:%M}"


def _as_sent(head: bytes) -> str:
    """Header bytes for people: UTF-8 where they are that, else one letter a byte."""
    try:
        text = head.decode()
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    return text.replace("\r\n", "\n")


PAGES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters |= {
    "visible": visible,
    "readable": readable,
    "linked": _linked,
    "utc": _utc,
    "day": _day,
    "as_sent": _as_sent,
    "pieces": unmarked,
}
