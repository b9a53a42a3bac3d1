"""What a search found, as JSON has it: the same for the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from newswarc.items import Hit
from search.index import Facets, Results
from search.names import named
from search.query import Query, named_in


def answer(
    results: Results, notes: Sequence[str] = (), facets: Facets | None = None, query: Query | None = None
) -> dict[str, Any]:
    """`notes` are the parser's; those of the engine follow them. Absent notes, facets and names leave no key.

    `names`: what in the query was recognised as a name, with the entities it is taken for.
    """
    shown: dict[str, Any] = {"total": results.total, "hits": [hit_json(hit) for hit in results.hits]}
    if every := [*notes, *results.notes]:
        shown["notes"] = every
    if query is not None and (found := named_in(query.tree)):
        shown["names"] = [{"typed": str(name), "ids": list(name.ids), "names": list(name.names)} for name in found]
    if facets is not None:
        shown["facets"] = {
            "total": facets.total,
            "counts": {name: dict(counts) for name, counts in facets.counts.items()},
            "histogram": dict(facets.histogram),
        }
    return shown


def hit_json(hit: Hit) -> dict[str, Any]:
    d = hit.document
    return {
        "id": d.id,
        "url": d.url,
        "title": d.title,
        "source": d.source,
        "language": d.language,
        "published": d.published.isoformat() if d.published else None,
        "score": hit.score,
        "highlights": list(hit.highlights),
        "state": d.state,
        "version": d.version,
        "actors": [{"id": m.id, "name": m.canonical, "type": m.type} for m in named(d, "actor")],
        "places": [
            {"id": m.id, "name": m.canonical, "type": m.type, "country": m.country, "lat": m.lat, "lon": m.lon}
            for m in named(d, "place")
        ],
        "evidence": {**asdict(d.evidence), "captured_at": d.evidence.captured_at.isoformat()},
    }
