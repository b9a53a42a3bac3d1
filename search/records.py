"""A document as the bytes an index keeps, and back: every field but `folded`, `stems` and `spelled`, unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from newswarc.items import Document, Evidence, Mention, Statement

_NOT_KEPT = {"folded", "stems", "spelled"}
_DOCUMENT = tuple(field.name for field in fields(Document) if field.name not in _NOT_KEPT)
_EVIDENCE = tuple(field.name for field in fields(Evidence))
_MENTION = tuple(field.name for field in fields(Mention))
_STATEMENT = tuple(field.name for field in fields(Statement))


def values_of(document: Document) -> dict[str, Any]:
    """The fields that are kept; evidence, mentions and statements as dictionaries, times as they are."""
    values = _values(document, _DOCUMENT)
    values["mentions"] = [_values(mention, _MENTION) for mention in document.mentions]
    values["statements"] = [_values(said, _STATEMENT) for said in document.statements]
    values["evidence"] = _values(document.evidence, _EVIDENCE)
    return values


def _values(of: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(of, name) for name in names}


def record_of(document: Document) -> bytes:
    """JSON in UTF-8; times in ISO 8601 with their offset."""
    record = values_of(document)
    text = json.dumps(record, ensure_ascii=False, default=datetime.isoformat, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which a page's JavaScript can hold
        return json.dumps(record, default=datetime.isoformat, separators=(",", ":")).encode()


def document_of(record: bytes) -> Document:
    return document_from(json.loads(record))


def document_from(read: Mapping[str, Any]) -> Document:
    """From what JSON holds of `values_of`; what else it holds is left out."""
    values = {name: read[name] for name in _DOCUMENT}
    evidence = {name: values["evidence"][name] for name in _EVIDENCE}
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
            "mentions": tuple(Mention(**mention) for mention in values["mentions"]),
            "statements": tuple(Statement(**said) for said in values["statements"]),
        }
    )
