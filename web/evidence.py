"""A document and its original, judged on the spot; what of them may be shown, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from archive.http import charset
from archive.store import ArchiveReader, CorruptRecord, MissingRecord
from archive.warc import digest
from newswarc.commands.faults import NotFound
from newswarc.commands.opening import exchange_of, ledger_of
from newswarc.items import Capture, Document, RecordPointer
from newswarc.ledger import DocumentRow, Ledger
from newswarc.settings import DataFolder
from pipelines.charset import decode
from pipelines.judge import BAD, Verdict, damaged, judge, made_again
from pipelines.pool import WorkerPool
from web.asking import Indexes

FRAME_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""An origin of its own, no script, no form, no connection."""
LARGEST = 16 * 1024 * 1024
"""Bytes of a page, decoded, that are shown."""
MOST_SOURCE = 500_000
"""Characters of a page's source on the evidence page; the frame and the download have all."""
MOST_VERSIONS = 100
_CONNECTING = re.compile(
    r"""<(?:link|meta|base|i?frame|fencedframe|object|embed|portal)\b(?:"[^"]*"|'[^']*'|[^'">])*>?""", re.IGNORECASE
)
"""Tags that no policy wholly stops: Chromium connects for `preconnect`, and for a frame that is then refused.

Each is replaced by a space, so that what stood around it cannot become one.
"""


@dataclass(frozen=True, slots=True)
class Version:
    """One text of the article."""

    id: str
    version: int
    state: str
    captured_at: datetime


@dataclass(frozen=True, slots=True)
class Original:
    """What the archive holds for the document, its digests checked."""

    capture: Capture
    record: bytes
    """The whole WARC record, uncompressed."""
    recomputed: str
    """The payload's digest, made anew."""


@dataclass(frozen=True, slots=True)
class Inspected:
    row: DocumentRow
    pointer: RecordPointer
    verdict: Verdict
    document: Document | None
    """As the index keeps it."""
    original: Original | None
    """None where the verdict is corrupt or missing: then nothing of it is shown."""
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Inspector:
    """Judges documents of one data folder as `newswarc verify` does."""

    folder: DataFolder
    indexes: Indexes
    pool: WorkerPool

    def inspect(self, document_id: str) -> Inspected:
        """NotFound where the ledger knows no such document."""
        with ledger_of(self.folder.root) as ledger:
            row = _row(ledger, document_id)
            exchange, versions = exchange_of(ledger, row), _versions(ledger, row)
            future = made_again(self.pool, self.folder.archive, ledger, exchange)
            waits = ledger.waits_for_index(row.id)  # asked before the index, which may take it meanwhile
        with self.indexes.reader() as index:
            document = index.get(row.id)
        verdict, original, pointer = judge(row, future, document, waits=waits), None, exchange.archived.pointer
        if document is not None and verdict.verdict not in BAD:
            try:
                original = _original(self.folder, pointer, document)
            except (CorruptRecord, MissingRecord) as e:
                verdict = damaged(row, e)
        return Inspected(row, pointer, verdict, document, original, versions)


def _row(ledger: Ledger, document_id: str) -> DocumentRow:
    row = ledger.document(document_id)
    if row is None:
        raise NotFound(f"no document {document_id[:60]!r}")
    if row.state == "withdrawn":
        raise NotFound(f"{row.id} was withdrawn: the same page now gives another text")
    return row


def _versions(ledger: Ledger, row: DocumentRow) -> tuple[Version, ...]:
    rows = sorted(ledger.documents_like(f"{row.article_id}-", MOST_VERSIONS), key=lambda r: r.version)
    return tuple(
        Version(r.id, r.version, r.state, exchange_of(ledger, r).archived.captured_at)
        for r in rows
        if r.state != "withdrawn"
    )


def _original(folder: DataFolder, pointer: RecordPointer, document: Document) -> Original:
    """Read with a reader of its own, so that files which are gone are not read through old descriptors."""
    with ArchiveReader(folder.archive) as reader:
        capture, record = reader.read(pointer), reader.raw(pointer)
    recomputed = digest(capture.payload)
    if recomputed != document.evidence.payload_digest:
        raise CorruptRecord(f"the payload's digest is {recomputed}, the index has {document.evidence.payload_digest}")
    return Original(capture, record, recomputed)


def page_text(capture: Capture) -> str:
    """The page as text, its codings removed, in the charset that cleaning reads it in. ValueError says why not."""
    return decode(capture.content(LARGEST), charset(capture.head))


def rendering(capture: Capture) -> tuple[str, str]:
    """(media type, text) for the frame; ValueError where the page cannot be decoded.

    The type is the archived one as far as it matters: HTML is HTML, all else (SVG, XML, scripts) plain text. The text
    is sent anew in UTF-8, so that no charset trick gives it another meaning than the one that was looked through here.
    """
    kind = (capture.archived.content_type or "text/html").lower()
    text = page_text(capture)
    return ("text/html", _CONNECTING.sub(" ", text)) if "html" in kind else ("text/plain", text)
