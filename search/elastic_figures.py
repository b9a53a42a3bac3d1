"""The ledger's figures as documents, so that Kibana can draw how sources do and how the archive grows.

One index beside that of the articles, `<name>-figures`, with two kinds of documents:

    source-<start of the round>-<source>    what the round listed, fetched, failed …, and how the source stood after it
    archive-<day>                           what the day added to the archive, and how large it was in the evening

All of it is made from the ledger and the archive's files, again and the same: the ids are the same too, so that a
replay replaces. Nothing waits for it: what could not be sent now is sent after the next round.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from newswarc.ledger import Ledger
from search.elastic_client import Engine, cause
from search.index import IndexFault

TEMPLATE: dict[str, Any] = json.loads(files("search").joinpath("elastic/figures.json").read_text("utf-8"))
SCHEMA: int = TEMPLATE["mappings"]["_meta"]["newswarc"]["schema"]
SECONDS = 10.0
"""That one request may take."""
AT_ONCE = 500
"""Documents of a request."""
COUNTED = ("listed", "fetched", "new", "edited", "unchanged", "not_article", "removed", "redirects", "pending")

Figure = tuple[str, dict[str, Any]]
"""Id and document."""


def set_up(engine: Engine, name: str) -> None:
    """The index of figures beside that of the articles; doing it again changes nothing."""
    with engine.faults("be set up") as client:
        _set_up(client, f"{name}-figures")


def send(engine: Engine, name: str, ledger: Ledger, archive: Path, *, everything: bool = False) -> int:
    """Sends the figures of the rounds and days since those that the engine has last; returns how many documents.

    The last ones it has are sent again, since they may have grown. `name` is that of the index of articles.
    """
    index = f"{name}-figures"
    with engine.faults("take figures") as client:
        client = client.options(request_timeout=SECONDS, max_retries=0)
        _set_up(client, index)
        since = "" if everything else _newest(client, index)
        sent = 0
        figures = iter(figures_since(ledger, archive, since))
        while chunk := list(islice(figures, AT_ONCE)):
            _bulk(client, index, chunk)
            sent += len(chunk)
        client.indices.refresh(index=index)
    return sent


def figures_since(ledger: Ledger, archive: Path, since: str) -> Iterator[Figure]:
    """Rounds begun at `since` or later (ISO 8601 in UTC; "": all), and the days from that one's on."""
    for each in ledger.rounds_since(since):
        yield from _round(ledger, each)
    yield from (each for each in _days(ledger, archive) if each[1]["at"][:10] >= since[:10])


def _round(ledger: Ledger, round_: Mapping[str, Any]) -> Iterator[Figure]:
    standing = ledger.round_standing(round_["id"])
    for source, figures in ledger.round_figures(round_["id"]).items():
        stands = standing.get(source, {"last_seen": None, "documents": 0, "lags": []})
        yield (
            f"source-{round_['started_at']}-{source}",
            {
                "kind": "source",
                "at": round_["started_at"],
                "round": round_["id"],
                "source": source,
                **{name: figures[name] for name in COUNTED},
                "failed": sum(figures["failed"].values()),
                "causes": sorted(figures["failed"]),
                "last_seen": stands["last_seen"],
                "documents": stands.get("documents", 0),
                "lag": median(stands["lags"]) if stands["lags"] else None,
            },
        )


def _days(ledger: Ledger, archive: Path) -> Iterator[Figure]:
    records, sizes = ledger.days(), archive_days(archive)
    totals = dict.fromkeys(("files", "bytes", "records", "documents"), 0)
    for day in sorted(records.keys() | sizes.keys()):
        (n_files, n_bytes), (n_records, n_texts) = sizes.get(day, (0, 0)), records.get(day, (0, 0))
        for name, n in zip(totals, (n_files, n_bytes, n_records, n_texts), strict=True):
            totals[name] += n
        yield (
            f"archive-{day}",
            {
                "kind": "archive",
                "at": f"{day}T00:00:00.000Z",
                "files": n_files,
                "bytes": n_bytes,
                "records": n_records,
                "texts": n_texts,
                **{f"total_{name}": n for name, n in totals.items()},
            },
        )


def archive_days(archive: Path) -> dict[str, tuple[int, int]]:
    """Day (UTC) on which WARC files were begun, by their names → files and their bytes, as large as they are now."""
    days: dict[str, tuple[int, int]] = {}
    for file in archive.iterdir() if archive.is_dir() else ():
        if not re.search(r"\.warc\.gz(\.open)?$", file.name):
            continue
        try:
            stat = file.stat()
        except FileNotFoundError:  # just renamed: it was being written; it is counted after the next round
            continue
        named = re.search(r"-((?:19|20)\d{2})(\d{2})(\d{2})\d{6,}-", file.name)
        day = "-".join(named.groups()) if named else datetime.fromtimestamp(stat.st_mtime, UTC).date().isoformat()
        n_files, n_bytes = days.get(day, (0, 0))
        days[day] = n_files + 1, n_bytes + stat.st_size
    return days


def _set_up(client: Elasticsearch, index: str) -> None:
    """The index, made where it is not; one of another schema is made anew, since the ledger has all of it."""
    try:
        found = client.indices.get(index=index, filter_path=["*.mappings._meta"])
    except NotFoundError as fault:
        if cause(fault.body)[0] != "index_not_found_exception":
            raise
    else:
        about: dict[str, Any] = next(iter(dict(found).values()), {})
        if about.get("mappings", {}).get("_meta", {}).get("newswarc", {}).get("schema") == SCHEMA:
            return
        client.indices.delete(index=index)
    client.indices.create(index=index, **TEMPLATE)


def _newest(client: Elasticsearch, index: str) -> str:
    """When the last round began that the engine knows; "" where it knows none."""
    found = client.search(
        index=index, size=1, query={"term": {"kind": "source"}}, sort=[{"at": "desc"}], source_includes=["at"]
    )
    return str(found["hits"]["hits"][0]["_source"]["at"]) if found["hits"]["hits"] else ""


def _bulk(client: Elasticsearch, index: str, chunk: list[Figure]) -> None:
    operations: list[Mapping[str, Any]] = []
    for id, document in chunk:
        operations += [{"index": {"_id": id}}, document]
    answer = client.bulk(operations=operations, index=index, filter_path=["errors", "items.*._id", "items.*.error"])
    for item in answer["items"] if answer["errors"] else ():
        if "error" in item["index"]:
            raise IndexFault(f"Elasticsearch refused the figures {item['index']['_id']}: {cause(item['index'])[1]}")
