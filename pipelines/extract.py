"""Cleaning saved pages outside any archive: one, or a list of them on all cores."""

from __future__ import annotations

import gzip
import json
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newswarc.items import Article, Cleaned, Hints
from newswarc.settings import named_watchlists
from pipelines.clean import LARGEST, clean_page
from pipelines.pool import WorkerPool

GZIP = b"\x1f\x8b"
AHEAD = 64
"""Pages under way for each list at a time; what is read of the list beyond what is printed."""
LONGEST_LINE = 100_000

Waiting = tuple[object, "Future[dict[str, Any]] | str"]


class UnreadablePage(ValueError):
    """A saved page that cannot be read: no such file, not a gzip file, too large."""


def read_page(path: Path) -> bytes:
    """The bytes of a saved page, plain or gzipped. Raises UnreadablePage, which says why."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            page = (gzip.GzipFile(fileobj=raw) if packed else raw).read(LARGEST + 1)
    except (OSError, EOFError, ValueError) as error:  # ValueError: a NUL in the name
        raise UnreadablePage(f"{path}: {error.__class__.__name__}: {error}") from error
    if len(page) > LARGEST:
        raise UnreadablePage(f"{path}: larger than {LARGEST} bytes")
    return page


def article_json(cleaned: Cleaned, **first: object) -> dict[str, Any]:
    """What the command prints: `first`, then the article's fields (dates in ISO 8601), or its outcome and reason."""
    if cleaned.article is None:
        return {**first, "outcome": cleaned.outcome, "reason": cleaned.reason}
    fields = asdict(cleaned.article) | names_in(cleaned.article)
    leading = ("url", "title", "text", "authors", "published", "language", "sitename")
    ordered = {name: fields[name] for name in (*leading, *(n for n in fields if n not in leading))}
    return {**first, **{name: _plain(value) for name, value in ordered.items()}}


def names_in(article: Article) -> dict[str, Any]:
    """`mentions` and `statements` of an article, by the shipped registry and that of NEWSWARC_WATCHLISTS."""
    from search.entities.annotator import found, in_service  # late: a list's reader hands pages out, and needs none

    registry = in_service(named_watchlists())
    on = article.published.date() if article.published else None
    mentions, statements = found(article.title, article.text, article.language, None, registry, on)
    return {"mentions": [asdict(one) for one in mentions], "statements": [asdict(one) for one in statements]}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def extract_file(path: str, url: str, charset: str | None) -> dict[str, Any]:
    """One page of a list, as a worker does it."""
    try:
        page = read_page(Path(path))
    except UnreadablePage as error:
        return {"outcome": "error", "reason": str(error)}
    now = datetime.now(UTC)
    return article_json(clean_page(page, url=url, charset=charset, content_type=None, captured_at=now, hints=Hints()))


def extract_lines(lines: Iterable[str], pool: WorkerPool | None = None) -> Iterator[str]:
    """A line {"id", "path", "url", "charset"?} in, a line {"id", …article or outcome} out, in order.

    A line that cannot be read, a file that is missing, a page that breaks its worker: each gives a line with `outcome`
    and `reason`. Empty lines are passed over.
    """
    from search.entities.annotator import prepare

    prepare(named_watchlists())
    own = pool or WorkerPool()
    waiting: deque[Waiting] = deque()
    try:
        for line in lines:
            if line.strip():
                waiting.append(_started(line, own))
            while len(waiting) > AHEAD:
                yield _told(*waiting.popleft())
        while waiting:
            yield _told(*waiting.popleft())
    finally:
        for _, task in waiting:
            if isinstance(task, Future):
                task.cancel()
        if pool is None:
            own.close()


def _started(line: str, pool: WorkerPool) -> Waiting:
    try:
        wanted = json.loads(line) if len(line) <= LONGEST_LINE else None
    except (ValueError, RecursionError):
        wanted = None
    if not isinstance(wanted, dict):
        return None, "not a JSON object"
    path, url, charset = wanted.get("path"), wanted.get("url"), wanted.get("charset")
    if not isinstance(path, str) or not isinstance(url, str) or not isinstance(charset, str | None):
        return wanted.get("id"), "needs path and url, and charset only as text"
    return wanted.get("id"), pool.submit(extract_file, path, url, charset)


def _told(name: object, task: Future[dict[str, Any]] | str) -> str:
    if isinstance(task, str):
        told = {"outcome": "error", "reason": task}
    elif (error := task.exception()) is not None:
        told = {"outcome": "poisoned", "reason": f"{error}"}
    else:
        told = task.result()
    return json.dumps({"id": name, **told}, ensure_ascii=False)
