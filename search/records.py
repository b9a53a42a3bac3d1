"""A document as the bytes an index keeps, and back: every field but `folded` and `stems`, unchanged."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from typing import Any

from newswarc.items import Document, Evidence

_NOT_KEPT = {"folded", "stems"}
_DOCUMENT = tuple(field.name for field in fields(Document) if field.name not in _NOT_KEPT)
_EVIDENCE = tuple(field.name for field in fields(Evidence))


def record_of(document: Document) -> bytes:
    """JSON in UTF-8; times in ISO 8601 with their offset."""
    record = {name: getattr(document, name) for name in _DOCUMENT}
    record["evidence"] = {name: getattr(document.evidence, name) for name in _EVIDENCE}
    text = json.dumps(record, ensure_ascii=False, default=datetime.isoformat, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which a page's JavaScript can hold
        return json.dumps(record, default=datetime.isoformat, separators=(",", ":")).encode()


def document_of(record: bytes) -> Document:
    values: dict[str, Any] = json.loads(record)
    evidence = values["evidence"]
    evidence["captured_at"] = datetime.fromisoformat(evidence["captured_at"])
    published = values["published"]
    return Document(
        **values
        | {
            "evidence": Evidence(**evidence),
            "captured_at": datetime.fromisoformat(values["captured_at"]),
            "published": datetime.fromisoformat(published) if published else None,
            "authors": tuple(values["authors"]),
            "tags": tuple(values["tags"]),
        }
    )
