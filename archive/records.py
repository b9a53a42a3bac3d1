"""From exchanges to WARC records and receipts, and from records back to the same receipts.

Of each exchange, in this order: `response` (or `revisit`), `metadata`, `request`. The metadata record stands next to
the response, so that a reader has both with one read, and a torn append loses it last but the response.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, cast

from archive import cdxj, http
from archive.warc import BadRecord, Record, bare_id, digest, member, parse_stamp, stamp
from newswarc.items import Archived, Attempt, Exchange, Kind, RecordPointer, Truncation

IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
METADATA_LOST = "MetadataLost: the response was kept, its metadata record was not"
"""The error of a receipt whose metadata record a crash took (it was never acknowledged) or damage."""

_RESPONSE = "application/http; msgtype=response"
_REQUEST = "application/http; msgtype=request"
_FIELDS = "application/warc-fields"
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f-\x9f\s\ud800-\udfff]")
_ESCAPED = re.compile(r"[\\\x00-\x1f\x7f\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(?:\\|u[0-9a-f]{4})")

Fields = Sequence[tuple[str, str | None]]


class Prior(Protocol):
    """A `response` record that holds a whole 200 response, which a revisit may refer to."""

    @property
    def record_id(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def date(self) -> datetime: ...
    @property
    def warc(self) -> str: ...
    @property
    def offset(self) -> int: ...
    @property
    def payload_digest(self) -> str: ...


def escape(text: str) -> str:
    """A text on one line: backslashes doubled, control characters and lone surrogates as `\\uXXXX`."""
    return _ESCAPED.sub(lambda m: "\\\\" if m[0] == "\\" else f"\\u{ord(m[0]):04x}", text)


def unescape(text: str) -> str:
    return _ESCAPE.sub(lambda m: "\\" if m[0] == "\\\\" else chr(int(m[0][2:], 16)), text)


def fields_block(values: Mapping[str, str | None]) -> bytes:
    """A block of application/warc-fields; absent values are left out."""
    return "".join(f"{name}: {escape(value)}\r\n" for name, value in values.items() if value is not None).encode()


def parse_fields(block: bytes) -> dict[str, str]:
    pairs = (text.partition(": ") for text in block.decode(errors="replace").split("\r\n") if text)
    return {name: unescape(value) for name, _, value in pairs}


@dataclass
class Batch:
    """The records of one append, as gzip members laid out from `offset` of a file, and the receipts for them."""

    warc: str
    offset: int
    info_id: str
    new_id: Callable[[], str]
    revisitable: Callable[[str, str | None], Prior | None]
    """The record a revisit of (url, payload digest) may refer to; with None as digest the newest of the URL."""
    certificates: set[str]
    """SHA-256 of the certificates that the file holds already."""
    members: list[bytes] = field(default_factory=list)
    receipts: list[Archived] = field(default_factory=list)
    index: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    new_certificates: set[str] = field(default_factory=set)

    def add(self, item: Exchange | Attempt) -> None:
        """Raises ValueError for a URL or time that no WARC record can hold."""
        if _NOT_IN_URL.search(item.url) or not item.url:
            raise ValueError(f"not a URL that can be archived: {item.url!r}")
        self.receipts.append(self._attempt(item) if isinstance(item, Attempt) else self._exchange(item))

    def warcinfo(self, date: str, info: Mapping[str, str]) -> None:
        """The first record of a file (6.2)."""
        fields = [("WARC-Filename", self.warc), ("Content-Type", _FIELDS)]
        self._put("warcinfo", self.info_id, date, fields_block(info), fields)

    def _put(
        self,
        record_type: str,
        record_id: str,
        date: str,
        block: bytes,
        fields: Fields,
        packed: int | None = None,
    ) -> RecordPointer:
        head: Fields = [
            ("WARC-Type", record_type),
            ("WARC-Record-ID", f"<{record_id}>"),
            ("WARC-Date", date),
            ("WARC-Warcinfo-ID", None if record_type == "warcinfo" else f"<{self.info_id}>"),
            *fields,
            ("WARC-Block-Digest", digest(block)),
        ]
        data = member(head, block, packed)
        pointer = RecordPointer(self.warc, self.offset, len(data), record_id)
        self.members.append(data)
        self.dates.append(date)
        self.offset += len(data)
        return pointer

    def _attempt(self, item: Attempt) -> Archived:
        date = stamp(item.started)
        error = f"{item.reason}: {item.detail}"
        block = fields_block(_provenance(item) | {"error": error, "proxy": item.proxy})
        fields = [("WARC-Target-URI", item.url), ("Content-Type", _FIELDS)]
        pointer = self._put("metadata", self.new_id(), date, block, fields)
        return _bare_receipt(pointer, item, date, None, error)

    def _exchange(self, item: Exchange) -> Archived:
        date = stamp(item.started)
        interim, head, rest = http.split_response(item.response)
        shared: Fields = [("WARC-Target-URI", item.url), ("WARC-IP-Address", item.ip), *_protocols(item, head)]
        self._certificate(item, date)
        main_id = self.new_id()
        if head:
            receipt = self._response(item, main_id, date, head, rest, item.response[len(interim) :], shared)
            self._metadata(item, self.new_id(), date, interim, [("WARC-Concurrent-To", f"<{main_id}>"), *shared])
        else:
            pointer = self._metadata(item, main_id, date, interim, [*shared, ("WARC-Truncated", item.truncated)])
            receipt = _bare_receipt(pointer, item, date, item.truncated, item.error)
        concurrent = [("WARC-Concurrent-To", f"<{main_id}>"), *shared, ("Content-Type", _REQUEST)]
        self._put("request", self.new_id(), date, item.request, concurrent)
        return receipt

    def _response(
        self, item: Exchange, record_id: str, date: str, head: bytes, rest: bytes, block: bytes, shared: Fields
    ) -> Archived:
        status = http.status_of(head)
        payload = http.entity(head, rest)
        # A 304 has no payload of its own: the digest of nothing would make all of them one (openwayback#224).
        payload_digest = None if status == 304 else digest(payload)
        profile, prior = self._revisit(item, status, payload, payload_digest)
        told = _refers_to(prior, profile) if prior else [("WARC-Truncated", item.truncated)]
        fields = [*shared, ("Content-Type", _RESPONSE), ("WARC-Payload-Digest", payload_digest), *told]
        record_type: Literal["response", "revisit"] = "revisit" if prior else "response"
        packed = len(head) if not prior and http.is_packed(head) else None
        pointer = self._put(record_type, record_id, date, head if prior else block, fields, packed)
        self.index.append(cdxj.entry(pointer, record_type, item.url, date, head, payload_digest))
        return Archived(
            pointer=pointer,
            record_type=record_type,
            url=item.url,
            captured_at=parse_stamp(date),
            status=status,
            payload_digest=payload_digest,
            kind=item.kind,
            source=item.source,
            via=item.via,
            truncated=item.truncated,
            error=item.error,
            location=http.location(head, item.url),
            content_type=http.content_type(head),
            refers_to=bare_id(prior.record_id) if prior else None,
        )

    def _revisit(
        self, item: Exchange, status: int | None, payload: bytes, payload_digest: str | None
    ) -> tuple[str, Prior | None]:
        """(profile, what to refer to); only a whole exchange may stand without its body."""
        if item.truncated or item.error:
            return "", None
        if status == 200 and payload:
            return IDENTICAL, self.revisitable(item.url, payload_digest)
        if status == 304 and not payload:
            return NOT_MODIFIED, self.revisitable(item.url, None)
        return "", None

    def _metadata(self, item: Exchange, record_id: str, date: str, interim: bytes, fields: Fields) -> RecordPointer:
        sha256 = hashlib.sha256(item.certificate).hexdigest() if item.certificate is not None else None
        block = fields_block(
            _provenance(item)
            | {
                "error": item.error,
                "note": item.note,
                "surplusBytes": str(item.surplus),
                "interimResponses": base64.b64encode(interim).decode() or None,
                "tlsCertSha256": sha256,
                "proxy": item.proxy,
            }
        )
        return self._put("metadata", record_id, date, block, [*fields, ("Content-Type", _FIELDS)])

    def _certificate(self, item: Exchange, date: str) -> None:
        """The certificate as a record of its own, once per file; before the exchange that names it."""
        if item.certificate is None:
            return
        sha256 = hashlib.sha256(item.certificate).hexdigest()
        if sha256 in self.certificates or sha256 in self.new_certificates:
            return
        self.new_certificates.add(sha256)
        # Not the site's own URL: a replay would show the certificate in place of the page.
        fields: Fields = [
            ("WARC-Target-URI", f"urn:sha256:{sha256}"),
            ("Content-Type", "application/pkix-cert"),
            ("WARC-Payload-Digest", f"sha256:{sha256}"),
        ]
        self._put("resource", self.new_id(), date, item.certificate, fields)


def _provenance(item: Exchange | Attempt) -> dict[str, str | None]:
    return {"source": item.source, "kind": item.kind, "via": item.via}


def _protocols(item: Exchange, head: bytes) -> list[tuple[str, str | None]]:
    return [
        ("WARC-Protocol", http.protocol(head)),
        ("WARC-Protocol", item.tls_version),
        ("WARC-Cipher-Suite", item.cipher),
    ]


def _refers_to(prior: Prior, profile: str) -> list[tuple[str, str | None]]:
    """6.7.2 and 6.7.3; the two last fields as Heritrix writes them, so that no index is needed to find the record."""
    return [
        ("WARC-Profile", profile),
        ("WARC-Truncated", "length" if profile == IDENTICAL else None),
        ("WARC-Refers-To", f"<{bare_id(prior.record_id)}>"),
        ("WARC-Refers-To-Target-URI", prior.url),
        ("WARC-Refers-To-Date", stamp(prior.date)),
        ("WARC-Refers-To-Filename", prior.warc),
        ("WARC-Refers-To-File-Offset", str(prior.offset)),
    ]


def _bare_receipt(
    pointer: RecordPointer, item: Exchange | Attempt, date: str, truncated: Truncation | None, error: str | None
) -> Archived:
    return Archived(
        pointer=pointer,
        record_type="metadata",
        url=item.url,
        captured_at=parse_stamp(date),
        status=None,
        payload_digest=None,
        kind=item.kind,
        source=item.source,
        via=item.via,
        truncated=truncated,
        error=error,
    )


def is_capture(record: Record) -> bool:
    """Whether a receipt points at this record: a response, a revisit, or metadata that stands for itself."""
    if record.type == "metadata":
        return record.headers.get("WARC-Concurrent-To") is None and record.headers.get("WARC-Refers-To") is None
    return record.type in ("response", "revisit")


def belongs_to(metadata: Record, capture: Record) -> bool:
    """Whether this is the metadata record of that response or revisit."""
    return metadata.type == "metadata" and bare_id(metadata.headers.get("WARC-Concurrent-To") or "") == capture.id


def receipt(pointer: RecordPointer, record: Record, metadata: Record | None) -> Archived:
    """The receipt of a capture's record, equal to the one that `append` gave.

    `metadata` is the record that goes with it; None where it is lost. Raises ValueError where a field makes no sense.
    """
    headers = record.headers
    about = record if record.type == "metadata" else metadata
    known = parse_fields(about.block) if about else _unknown(headers.get("WARC-Target-URI") or "")
    head = http.split_response(record.block)[1] if record.type != "metadata" else b""
    url = headers.get("WARC-Target-URI") or ""
    refers_to = headers.get("WARC-Refers-To")
    truncated = None if record.type == "revisit" else headers.get("WARC-Truncated")
    return Archived(
        pointer=pointer,
        record_type=cast(Literal["response", "revisit", "metadata"], record.type),
        url=url,
        captured_at=parse_stamp(headers.get("WARC-Date") or ""),
        status=http.status_of(head),
        payload_digest=headers.get("WARC-Payload-Digest"),
        kind=cast(Kind, known.get("kind", "article")),
        source=known.get("source"),
        via=known.get("via"),
        truncated=cast(Truncation | None, truncated),
        error=known.get("error"),
        location=http.location(head, url),
        content_type=http.content_type(head),
        refers_to=bare_id(refers_to) if refers_to else None,
    )


def check_payload(record: Record) -> bytes:
    """The payload of a response or resource record; raises BadRecord where WARC-Payload-Digest was made of another.

    Of other records (a revisit's payload lies elsewhere) it is empty and not checked.
    """
    if record.type == "resource":
        payload = record.block
    elif record.type == "response":
        payload = http.entity(*http.split_response(record.block)[1:])
    else:
        return b""
    stated = record.headers.get("WARC-Payload-Digest")
    if stated is not None and stated != digest(payload):
        raise BadRecord(f"payload digest is {digest(payload)}, WARC-Payload-Digest says {stated}")
    return payload


def _unknown(url: str) -> dict[str, str]:
    return {"kind": "robots" if url.endswith("/robots.txt") else "article", "error": METADATA_LOST}
