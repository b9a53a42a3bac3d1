"""What travels between the rooms: exchange → record pointer → capture → article → document → hit.

All of them are frozen dataclasses; what people write (sources, settings) is checked elsewhere, at the door.
Times are aware datetimes in UTC unless a field says otherwise.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Truncation = Literal["length", "time", "disconnect", "unspecified"]
"""Why a record is not whole: the values of WARC-Truncated (WARC/1.1, 5.13)."""

Kind = Literal["article", "section", "feed", "sitemap", "robots", "homepage", "source"]
"""What a URL was fetched as. A redirect hop has the kind of the request that led to it. `source` is no fetch: it is the
kind of the record that keeps what the registry said of a source when it was crawled, see `SourceFacts`."""


@dataclass(frozen=True, slots=True)
class RecordPointer:
    """Where one WARC record lies. It outlives rotation: the `.open` suffix is never part of the name."""

    warc: str
    """File name within the archive folder, as `newswarc-20261124120000000-00001-host.warc.gz`."""
    offset: int
    """Offset of the record's gzip member, in bytes of the compressed file."""
    length: int
    """Length of that member, in compressed bytes."""
    record_id: str
    """WARC-Record-ID without its angle brackets: `urn:uuid:…`."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back, byte for byte as on the wire."""

    url: str
    """The real target, also behind a proxy; without fragment."""
    started: datetime
    request: bytes
    """As sent to the peer (behind a proxy: in the absolute form that was sent)."""
    response: bytes
    """All that was received for this message: interim 1xx heads, head, body with its framing. May be empty."""
    kind: Kind
    source: str | None = None
    """Key of the source, `<region>/<outlet>`; None where the fetch belongs to no source."""
    via: str | None = None
    """The URL whose archived listing (or redirect) led here."""
    truncated: Truncation | None = None
    ip: str | None = None
    """The address that was dialled; a proxy's where a proxy was used with its own resolver."""
    tls_version: str | None = None
    """`tls/1.3`; None over plain http."""
    cipher: str | None = None
    certificate: bytes | None = None
    """The peer's leaf certificate, DER."""
    proxy: str | None = None
    """The proxy's URL without user and password."""
    surplus: int = 0
    """Bytes received after the end of the message; they are counted, not kept."""
    error: str | None = None
    """What ended the fetch early, `ExceptionName: text`; None where it ended as it should."""
    note: str | None = None
    """What a reader must know of how it was made, though nothing failed: a certificate that was not verified."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A fetch that left no exchange: no such name, refused address, refused by robots.txt, connection refused."""

    url: str
    started: datetime
    kind: Kind
    reason: str
    """One word: `dns`, `refused-address`, `robots`, `connect`, `tls`, `proxy`, `timeout`."""
    detail: str
    source: str | None = None
    via: str | None = None
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Archived:
    """The receipt for an exchange or attempt: all of it is on disk and flushed."""

    pointer: RecordPointer
    """Of the `response` or `revisit` record, or of the `metadata` record of an attempt."""
    record_type: Literal["response", "revisit", "metadata"]
    url: str
    captured_at: datetime
    status: int | None
    """HTTP status; None where no status line was received."""
    payload_digest: str | None
    """`sha256:<hex>` of the entity body, transfer coding removed, content coding kept."""
    kind: Kind
    source: str | None
    via: str | None
    truncated: Truncation | None
    error: str | None
    location: str | None = None
    """The Location header of a 3xx response as an absolute URL; None otherwise."""
    content_type: str | None = None
    """The Content-Type header as sent, decoded as latin-1."""
    refers_to: str | None = None
    """Of a revisit: the record id it refers to."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What the archive gives back for a pointer."""

    archived: Archived
    head: bytes
    """Status line and header lines as on the wire, with the empty line; for a revisit the head of this exchange."""
    body: bytes
    """Everything after the head, framing and codings as on the wire; for an identical-payload revisit that of the
    record it refers to."""
    payload: bytes
    """The entity body: transfer coding removed, content coding kept."""

    def content(self, limit: int) -> bytes:
        """The payload with its content coding removed, at most `limit` bytes (more raises ValueError)."""
        from archive.http import decoded  # late: items stand below the archive

        return decoded(self.head, self.payload, limit)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A URL that a listing offers as an article, with what the listing says of it."""

    url: str
    """Canonical: see `crawler.urls.canonical`."""
    title: str | None = None
    published: datetime | None = None
    """As the listing says; aware, or None."""
    published_raw: str | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """What listings said of an article before it was fetched; each field from the first listing that had it."""

    title: str | None = None
    published: datetime | None = None
    published_raw: str | None = None
    via: str | None = None
    language: str | None = None
    """The source's own language, where the registry gives one."""
    timezone: str | None = None
    """The source's IANA time zone, for dates without an offset."""
    sitename: str | None = None
    """The source's name."""


DateOrigin = Literal["json-ld", "meta", "page", "url", "listing"]


@dataclass(frozen=True, slots=True)
class Article:
    """The cleaned text of one page, and what the page says of itself."""

    url: str
    """Where it was fetched."""
    canonical_url: str
    title: str
    text: str
    """Paragraphs separated by one empty line; without title, captions, bylines and page furniture."""
    language: str | None
    """BCP 47: `en`, `ru`, `fa`, `ps`, `uz`, `uz-Cyrl`, `ky`, `kk`, `tg`, `tr`, `ar` …; None where unsure."""
    published: datetime | None = None
    """With its UTC offset where one is known; a bare date is midnight in the source's zone (UTC if none is known)."""
    published_raw: str | None = None
    """The same, as the page spells it."""
    published_precision: Literal["second", "minute", "day"] | None = None
    published_origin: DateOrigin | None = None
    modified: datetime | None = None
    authors: tuple[str, ...] = ()
    sitename: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    extractor: str = ""
    """Which extractor, version and rules made it: `trafilatura 2.3.1; newswarc-clean 1`."""


@dataclass(frozen=True, slots=True)
class Mention:
    """An actor or a place named in a text: `text[start:end] == surface`, always."""

    kind: Literal["actor", "place"]
    type: str
    """`person`, `armed group`, `government`, `city`, `province` …: see `search.entities.watchlist`."""
    id: str | None
    """The registry's id; None where no list holds the name."""
    canonical: str
    """The entity's English name; of an unlisted one its fullest form, in English letters unless it is Arabic."""
    surface: str
    """As it stands, with its case ending."""
    field: Literal["title", "text"]
    start: int
    """Offsets into that field in characters, end exclusive."""
    end: int
    confidence: float
    """0 to 1."""
    listed: bool
    reason: str
    """What decided, in plain words."""
    role: Literal["dateline", "scene", "mentioned"] | None = None
    """Of a place: where it was reported from, where it happened, or neither."""
    country: str | None = None
    """ISO 3166-1 alpha-2."""
    lat: float | None = None
    lon: float | None = None


Stance = Literal["claims", "denies", "admits", "warns", "reports"]


@dataclass(frozen=True, slots=True)
class Statement:
    """What someone says according to the text, and who passed it on."""

    speaker: str
    """As it stands in the text."""
    speaker_id: str | None
    """The registry's id, where the speaker is a listed mention."""
    canonical: str | None
    stance: Stance
    words: str
    field: Literal["title", "text"]
    start: int
    """Offsets of the words into that field in characters, end exclusive; so are the other offsets."""
    end: int
    speaker_start: int
    speaker_end: int
    verb: str
    """The word that decided the stance."""
    via: str | None = None
    """The outlet or channel it is attributed to, as it stands."""
    via_id: str | None = None
    via_start: int | None = None
    via_end: int | None = None


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What the registry says of a source, as far as documents depend on it.

    The registry's whole entry is archived when it is first used and when it changes (`newswarc.ledger.entry_attempt`),
    so that documents can be made again from the archive alone.
    """

    key: str
    name: str
    language: str | None = None
    country: str | None = None
    timezone: str | None = None


Outcome = Literal[
    "article", "not-article", "challenge", "login", "empty", "poisoned", "soft-404", "not-html", "error-status"
]
"""What cleaning a page came to. Only `article` makes a document."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The result of cleaning: an article, or a named outcome with its reason."""

    outcome: Outcome
    article: Article | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the original of a document lies; what a reader needs to check it."""

    warc: str
    offset: int
    length: int
    record_id: str
    payload_digest: str
    captured_at: datetime

    @property
    def pointer(self) -> RecordPointer:
        return RecordPointer(self.warc, self.offset, self.length, self.record_id)


State = Literal["live", "superseded", "removed"]
"""`live`: the newest text of an article that still stands; `superseded`: an earlier text; `removed`: now 404 or 410."""


@dataclass(frozen=True, slots=True)
class Document:
    """One distinct text of one article, as the index keeps it."""

    id: str
    """`<article id>-<text digest>`, see `article_id` and `text_digest`."""
    article_id: str
    url: str
    title: str
    text: str
    source: str
    """Key of the source: `central-asia/akipress`."""
    sitename: str | None
    language: str | None
    country: str | None
    """ISO 3166-1 alpha-2 of the outlet."""
    published: datetime | None
    published_raw: str | None
    published_origin: str | None
    captured_at: datetime
    """When this text was first captured."""
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    version: int
    """1 for the first distinct text of the article, counted by capture time."""
    state: State
    extractor: str
    evidence: Evidence
    folded: str = field(default="", repr=False)
    """Words of title and text, folded, one space apart: `search.analysis.analyse`."""
    stems: str = field(default="", repr=False)
    """The same words, stemmed, one for one."""
    title_words: int = 0
    """How many of those words are the title's."""
    spelled: tuple[str, ...] | None = field(default=None, repr=False)
    """What a strict search must know of words that are not written as they fold: `search.analysis.Analysed`."""
    mentions: tuple[Mention, ...] = field(default=(), repr=False)
    """Actors and places that it names, in order."""
    statements: tuple[Statement, ...] = field(default=(), repr=False)
    annotator: str | None = None
    """Which rules and registry found them: `newswarc-entities 1; registry 0a1b2c3d4e5f`; None: it was not annotated."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that answers a query."""

    document: Document
    score: float | None
    """None where hits are sorted by date."""
    highlights: tuple[str, ...]
    """Fragments of the text as published, matched words between `[[` and `]]`."""


def article_id(canonical_url: str) -> str:
    """First 20 hex digits of SHA-256 of the canonical URL."""
    return hashlib.sha256(canonical_url.encode()).hexdigest()[:20]


def text_digest(title: str, text: str) -> str:
    """First 12 hex digits of SHA-256 over title and body after NFC and collapsed white space."""
    plain = "\n".join(re.sub(r"\s+", " ", unicodedata.normalize("NFC", part)).strip() for part in (title, text))
    return hashlib.sha256(plain.encode()).hexdigest()[:12]


def document_id(canonical_url: str, title: str, text: str) -> str:
    return f"{article_id(canonical_url)}-{text_digest(title, text)}"
