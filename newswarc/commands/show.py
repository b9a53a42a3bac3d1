"""`newswarc show`: a document, or its original after its digests were checked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from archive.store import ArchiveReader
from newswarc.commands.faults import NotFound, UserError
from newswarc.commands.opening import document_row, exchange_of, index_of, ledger_of
from newswarc.commands.printing import console, plain, print_json, readable, visible
from newswarc.items import Document, RecordPointer
from newswarc.settings import DataFolder

LIMIT = 64 * 1024 * 1024
"""Bytes of a page, decoded, that are shown."""


def run(prefix: str, wanted: Sequence[str], data: Path, json: bool) -> int:
    if len([w for w in wanted if w != "wire"]) > 1:
        raise UserError(f"one view at a time: --{wanted[0]} or --{wanted[1]}")
    if json and wanted:
        raise UserError(f"--json prints the whole document; leave away --json or --{wanted[0]}")
    with ledger_of(data) as ledger:
        row = document_row(ledger, prefix)
        pointer = exchange_of(ledger, row).archived.pointer
    view = wanted[0] if wanted else "summary"
    folder = DataFolder(data)
    if view in ("original", "wire", "headers", "record"):
        sys.stdout.buffer.write(_original(ArchiveReader(folder.archive), pointer, view))
        return 0
    index = index_of(folder)
    try:
        document = index.get(row.id)
    finally:
        index.close()
    if document is None:
        raise NotFound(
            f"{row.id} is archived but not in the index yet; the next crawl or `newswarc rebuild` brings it in"
        )
    if json:
        print_json({k: v for k, v in plain(document).items() if k not in ("folded", "stems", "title_words", "spelled")})
    elif view == "text":
        sys.stdout.write(f"{document.title}\n\n{document.text}\n")
    else:
        _print(document)
    return 0


def _original(reader: ArchiveReader, pointer: RecordPointer, view: str) -> bytes:
    capture = reader.read(pointer)  # raises on any digest that disagrees: an altered page is never shown
    if view == "record":
        return reader.raw(pointer)
    if view == "headers":
        return capture.head
    return capture.head + capture.body if view == "wire" else capture.content(LIMIT)


def _print(d: Document) -> None:
    out, e = console(), d.evidence
    out.print(f"[bold]{escape(visible(d.title))}[/bold]")
    facts = [
        ("id", d.id),
        ("url", readable(d.url)),
        ("source", f"{d.source} ({d.sitename or '–'}, {d.country or '–'})"),
        ("language", d.language or "–"),
        ("published", f"{d.published.isoformat() if d.published else 'unknown'} (from {d.published_origin or '–'})"),
        ("authors", ", ".join(d.authors) or "–"),
        ("version", f"{d.version}, {d.state}"),
        ("captured", e.captured_at.isoformat()),
        ("record", f"{e.warc} offset {e.offset} length {e.length} {e.record_id}"),
        ("payload", e.payload_digest),
        ("made by", d.extractor),
    ]
    for name, value in facts:
        out.print(f"[dim]{name:>10}[/dim]  {escape(visible(value))}")
    out.print()
    out.print(visible(d.text), markup=False)
