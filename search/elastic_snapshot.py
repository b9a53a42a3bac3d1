"""Snapshots of the index to a repository on a shared file system, and back.

A snapshot holds the one index that serves. It comes back as a new index beside it, which is then turned to as after a
rebuild: no search sees half of it. The archive remains the truth; a snapshot saves the hours that a rebuild takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from elasticsearch import ApiError, NotFoundError

from search.elastic_client import Engine, cause
from search.elastic_index import SCHEMA_VERSION, ElasticIndex
from search.index import IndexFault, IndexOutdated

SECONDS = 6 * 3600.0
"""That making one, or its coming back, may take."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    name: str
    state: str
    """SUCCESS, IN_PROGRESS, PARTIAL, FAILED …"""
    indices: tuple[str, ...]
    started_at: str
    seconds: float


def register(engine: Engine, repository: str, location: Path) -> None:
    """Makes a folder known as a repository; it has to lie under `path.repo` of every node. Again changes nothing."""
    with engine.faults("have its repository") as client:
        try:
            client.snapshot.create_repository(
                name=repository, repository={"type": "fs", "settings": {"location": str(location)}}
            )
        except ApiError as fault:
            kind, reason = cause(fault.body)
            if not kind.startswith("repository_"):
                raise
            raise IndexFault(
                f"Elasticsearch cannot keep snapshots in {location} ({reason}): the folder has to lie under path.repo "
                "of every node, and every node has to write there"
            ) from fault


def take(index: ElasticIndex, repository: str, *, now: datetime | None = None) -> Snapshot:
    """Makes a snapshot of the index that serves, and returns once it is whole."""
    (serving,) = index.standing() or (None,)
    if serving is None:
        raise IndexFault(f"there is no index {index.name} to keep: run `newswarc index setup`")
    name = f"{index.name}-{(now or datetime.now(UTC)):%Y%m%dt%H%M%S%f}"
    with index.engine.faults("be kept") as client:
        client.indices.refresh(index=serving)
        try:
            made = client.options(request_timeout=SECONDS).snapshot.create(
                repository=repository,
                snapshot=name,
                indices=serving,
                include_global_state=False,
                wait_for_completion=True,
            )
        except NotFoundError as fault:
            raise _missing(index, repository, fault) from fault
    snapshot = _snapshot(made["snapshot"])
    if snapshot.state != "SUCCESS":
        raise IndexFault(f"the snapshot {name} is {snapshot.state}: {made['snapshot'].get('failures')}")
    return snapshot


def kept(index: ElasticIndex, repository: str) -> list[Snapshot]:
    """Snapshots of indices of this name, oldest first."""
    with index.engine.faults("be looked for in its repository") as client:
        try:
            found = client.snapshot.get(repository=repository, snapshot=f"{index.name}-*", sort="start_time")
        except NotFoundError as fault:
            raise _missing(index, repository, fault) from fault
    ours = f"{index.name}-v"
    return [s for s in map(_snapshot, found["snapshots"]) if all(each.startswith(ours) for each in s.indices)]


def restore(index: ElasticIndex, repository: str, snapshot: str) -> ElasticIndex:
    """Brings a snapshot back as an index beside the one that serves; `put_in_place` of what is returned turns to it.

    IndexOutdated where it was made by another version of newswarc, and nothing stays of it then.
    """
    chosen = next((each for each in kept(index, repository) if each.name == snapshot), None)
    if chosen is None or len(chosen.indices) != 1:
        raise IndexFault(
            f"there is no snapshot {snapshot!r} of {index.name} in {repository}: `newswarc index snapshots`"
        )
    fresh = index.next_name()
    with index.engine.faults("be brought back") as client:
        done = client.options(request_timeout=SECONDS).snapshot.restore(
            repository=repository,
            snapshot=snapshot,
            indices=chosen.indices[0],
            rename_pattern="^.*$",
            rename_replacement=fresh,
            include_aliases=False,
            include_global_state=False,
            wait_for_completion=True,
        )
        shards = done["snapshot"]["shards"]
        about = client.indices.get_mapping(index=fresh)[fresh]
        schema = about["mappings"].get("_meta", {}).get("newswarc", {}).get("schema")
        if schema != SCHEMA_VERSION or shards["failed"]:
            client.indices.delete(index=fresh)
    if shards["failed"]:
        raise IndexFault(f"the snapshot {snapshot} could not be read: {shards['failed']} part(s) of it failed")
    if schema != SCHEMA_VERSION:
        raise IndexOutdated(
            f"the snapshot {snapshot} has schema {schema}, not {SCHEMA_VERSION}: run `newswarc rebuild`"
        )
    return ElasticIndex(index.engine, index.name, fresh)


def _snapshot(told: Any) -> Snapshot:
    return Snapshot(
        told["snapshot"],
        told["state"],
        tuple(told["indices"]),
        told["start_time"],
        told.get("duration_in_millis", 0) / 1000,
    )


def _missing(index: ElasticIndex, repository: str, fault: NotFoundError) -> Exception:
    if cause(fault.body)[0] != "repository_missing_exception":
        return fault
    return IndexFault(
        f"there is no repository {repository!r} at {index.engine.nodes}: give its folder once, with --location "
        "(docs/elasticsearch.md, Snapshots)"
    )
