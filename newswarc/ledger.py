"""The ledger: what was listed, fetched, archived, cleaned and indexed, and what is still to be done.

SQLite in WAL mode. It holds no fact that the archive does not hold: `record` and `list_candidates`, fed again with the
archive's receipts and listings in their order, give the same rows. So `synchronous=NORMAL` is enough: what a power cut
takes from the last commits, the next start reads again from the archive.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from newswarc.items import Archived, Attempt, Candidate, Hints, Kind, RecordPointer, SourceFacts

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE url (
  url TEXT PRIMARY KEY, source TEXT NOT NULL, kind TEXT NOT NULL,
  state TEXT NOT NULL,            -- listed, then what the last fetch came to: see UrlState
  reason TEXT,                    -- why, in a word and a text
  listed_at TEXT, listed_by INTEGER, seen_by INTEGER,
  title TEXT, title_by INTEGER, published TEXT, published_raw TEXT, published_by INTEGER,
  fetched_at TEXT, fetches INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX url_by_source ON url (source, kind, state);
CREATE TABLE exchange (
  id INTEGER PRIMARY KEY,         -- the order of the archive
  record_id TEXT NOT NULL UNIQUE, record_type TEXT NOT NULL,
  url TEXT NOT NULL, source TEXT, kind TEXT NOT NULL, via TEXT,
  warc TEXT NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
  captured_at TEXT NOT NULL, status INTEGER, payload_digest TEXT, truncated TEXT, error TEXT,
  location TEXT, content_type TEXT, refers_to TEXT,
  state TEXT NOT NULL,            -- pending: still to be cleaned; done: see outcome; kept: archived, never a document
  outcome TEXT, reason TEXT, article_id TEXT, document_id TEXT,
  hinted INTEGER NOT NULL DEFAULT 0 -- grows when a listing says something new of the page: cleaned before, clean again
);
CREATE INDEX exchange_by_url ON exchange (url, payload_digest);
CREATE INDEX exchange_pending ON exchange (id) WHERE state = 'pending';
CREATE INDEX exchange_by_article ON exchange (article_id) WHERE article_id IS NOT NULL;
CREATE TABLE document (
  id TEXT PRIMARY KEY, article_id TEXT NOT NULL, exchange INTEGER NOT NULL REFERENCES exchange (id),
  version INTEGER NOT NULL, state TEXT NOT NULL,
  indexed INTEGER NOT NULL        -- 0: the engine has not acknowledged it in this form
) WITHOUT ROWID;
CREATE INDEX document_by_article ON document (article_id);
CREATE INDEX document_unindexed ON document (id) WHERE indexed = 0;
CREATE TABLE quarantine (document_id TEXT PRIMARY KEY, reason TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE listing (
  source TEXT NOT NULL, url TEXT NOT NULL, kind TEXT NOT NULL, found_by TEXT NOT NULL,
  state TEXT NOT NULL,            -- new, works, empty, gone, failed
  reason TEXT, checked_at TEXT, candidates INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (source, url)
) WITHOUT ROWID;
CREATE TABLE entry (exchange INTEGER PRIMARY KEY, source TEXT NOT NULL, entry TEXT NOT NULL);
CREATE TABLE round (
  id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, ended_at TEXT, first_exchange INTEGER NOT NULL,
  sources TEXT NOT NULL, notes TEXT NOT NULL DEFAULT '{}'
);
"""

ARCHIVED_COLUMNS = (
    "record_id, record_type, url, source, kind, via, warc, offset, length, captured_at, status, payload_digest, "
    "truncated, error, location, content_type, refers_to"
)

UrlState = Literal[
    "listed", "fetched", "article", "not-article", "removed", "blocked", "failed", "refused", "redirected"
]


class LedgerFault(RuntimeError):
    """The ledger cannot be used: says which file and what to do."""


@dataclass(frozen=True, slots=True)
class Prior:
    """A whole 200 response that we hold, as a revisit may refer to it."""

    record_id: str
    url: str
    date: datetime
    warc: str
    offset: int
    payload_digest: str


@dataclass(frozen=True, slots=True)
class ExchangeRow:
    """A receipt with its place in the ledger and what became of it."""

    id: int
    archived: Archived
    state: str
    outcome: str | None
    reason: str | None
    article_id: str | None
    document_id: str | None
    hinted: int


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One distinct text of an article: where its first capture is, and its standing."""

    id: str
    article_id: str
    exchange: int
    version: int
    state: str


@dataclass(frozen=True, slots=True)
class KnownUrl:
    """What the ledger knows of an article's URL, for the schedule."""

    url: str
    state: str
    fetched_at: datetime | None
    fetches: int
    failures: int


@dataclass(frozen=True, slots=True)
class ListingRow:
    url: str
    kind: str
    found_by: str
    state: str
    checked_at: datetime | None
    candidates: int
    failures: int


@dataclass(frozen=True, slots=True)
class Derived:
    """What cleaning an exchange came to, as the ledger keeps it."""

    exchange: int
    outcome: str
    hinted: int
    """The row's `hinted` when cleaning began: where it has grown since, the page is cleaned once more."""
    reason: str | None = None
    article_id: str | None = None
    document_id: str | None = None


_WAITS = "indexed = 0 AND id NOT IN (SELECT document_id FROM quarantine)"
"""Which documents the engine has still to take: not those that it refused."""


class Ledger:
    """One connection a thread; every method is one transaction.

    `Ledger(path)` opens or creates it. A file of another schema version raises LedgerFault: it is rebuilt from the
    archive by `newswarc rebuild`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._write() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in SCHEMA.split(";\n"):
                    if statement.strip():
                        db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            elif version != SCHEMA_VERSION:
                raise LedgerFault(
                    f"{path} has schema {version}, this newswarc knows {SCHEMA_VERSION}: run `newswarc rebuild`"
                )

    @property
    def _db(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            try:
                db = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
                db.row_factory = sqlite3.Row
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = NORMAL")
            except sqlite3.OperationalError:
                raise  # no room, no rights, another at work: the file itself may be good
            except sqlite3.DatabaseError as e:
                raise LedgerFault(
                    f"{self.path}: {e}: run `newswarc rebuild`, which makes it anew from the archive"
                ) from e
            self._local.db = db
            with self._guard:
                self._connections.append(db)
        return db

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")

    def close(self) -> None:
        with self._guard:
            for db in self._connections:
                db.close()
            self._connections.clear()
        self._local = threading.local()

    # ---- exchanges

    def record(self, receipts: Sequence[Archived]) -> None:
        """Enters receipts in the archive's order. A receipt that is there already changes nothing."""
        with self._write() as db:
            for receipt in receipts:
                state = "pending" if receipt.kind == "article" else "kept"
                entered = db.execute(
                    f"INSERT OR IGNORE INTO exchange ({ARCHIVED_COLUMNS}, state) VALUES ({','.join('?' * 18)})",
                    (*_archived_values(receipt), state),
                ).rowcount
                if entered and receipt.kind == "article":
                    _note_fetch(db, receipt)
                elif entered and receipt.kind == "source":
                    _note_entry(db, receipt)

    def prior(self, url: str, payload_digest: str | None) -> Prior | None:
        """The first whole 200 response of this URL with this payload; with no digest the newest of the URL."""
        which, order = ("AND payload_digest = ?", "id") if payload_digest else ("", "id DESC")
        row = self._db.execute(
            "SELECT * FROM exchange WHERE url = ? AND record_type = 'response' AND status = 200 AND truncated IS NULL "
            f"{which} ORDER BY {order} LIMIT 1",
            (url, payload_digest) if payload_digest else (url,),
        ).fetchone()
        if row is None:
            return None
        return Prior(
            row["record_id"], url, _time(row["captured_at"]), row["warc"], row["offset"], row["payload_digest"]
        )

    def last_exchange(self) -> ExchangeRow | None:
        return self._one("SELECT * FROM exchange ORDER BY id DESC LIMIT 1")

    def exchange(self, record_id: str) -> ExchangeRow | None:
        return self._one("SELECT * FROM exchange WHERE record_id = ?", record_id)

    def exchange_by_id(self, number: int) -> ExchangeRow | None:
        return self._one("SELECT * FROM exchange WHERE id = ?", number)

    def captures(self, url: str) -> list[ExchangeRow]:
        """All exchanges of a URL, oldest first."""
        return list(map(_exchange_row, self._db.execute("SELECT * FROM exchange WHERE url = ? ORDER BY id", (url,))))

    def pending(self, limit: int, after: int = 0) -> list[ExchangeRow]:
        """Exchanges still to be cleaned, oldest first, with ids above `after`."""
        rows = self._db.execute(
            "SELECT * FROM exchange WHERE state = 'pending' AND id > ? ORDER BY id LIMIT ?", (after, limit)
        )
        return [_exchange_row(row) for row in rows]

    def pending_count(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM exchange WHERE state = 'pending'").fetchone()[0])

    def _one(self, sql: str, *values: object) -> ExchangeRow | None:
        row = self._db.execute(sql, values).fetchone()
        return _exchange_row(row) if row else None

    # ---- sources

    def entry(self, source: str, exchange: int | None = None) -> dict[str, Any] | None:
        """The registry's entry of a source when an exchange was made; without one, the last that was archived."""
        row = self._db.execute(
            "SELECT entry FROM entry WHERE source = ? AND exchange <= ? ORDER BY exchange DESC LIMIT 1",
            (source, 1 << 62 if exchange is None else exchange),
        ).fetchone()
        return dict(json.loads(row[0])) if row else None

    def facts(self, source: str, exchange: int) -> SourceFacts | None:
        entry = self.entry(source, exchange)
        if entry is None:
            return None
        return SourceFacts(source, entry["name"], entry.get("language"), entry.get("country"), entry.get("timezone"))

    # ---- listings and candidates

    def list_candidates(self, exchange: int, source: str, candidates: Iterable[Candidate]) -> tuple[int, int]:
        """Enters what the listing archived as `exchange` offers; returns (all, those never seen before).

        Of each hint the earliest listing's counts. Where a hint of an article that was already cleaned changes by this,
        its exchanges are pending again, so that the order in which listings were read makes no difference.
        """
        seen = new = 0
        with self._write() as db:
            at = db.execute("SELECT captured_at FROM exchange WHERE id = ?", (exchange,)).fetchone()
            for candidate in candidates:
                seen += 1
                new += _list_one(db, exchange, at[0] if at else None, source, candidate)
        return seen, new

    def hints(self, row: ExchangeRow) -> Hints:
        """What the listings said of the article that this exchange fetched (or of the URL that redirected to it)."""
        for url in (row.archived.url, row.archived.via):
            found = self._db.execute("SELECT * FROM url WHERE url = ? AND kind = 'article'", (url,)).fetchone()
            if found and (found["title"] or found["published_raw"] or found["published"]):
                published = _time(found["published"]) if found["published"] else None
                return Hints(found["title"], published, found["published_raw"], row.archived.via)
        return Hints(via=row.archived.via)

    def to_fetch(self, source: str, limit: int) -> list[tuple[str, str | None]]:
        """Listed and never fetched, newest listing first: the URL, and the listing's."""
        rows = self._db.execute(
            "SELECT u.url, e.url FROM url u LEFT JOIN exchange e ON e.id = u.listed_by "
            "WHERE u.source = ? AND u.kind = 'article' AND u.state = 'listed' ORDER BY u.listed_by DESC, u.url LIMIT ?",
            (source, limit),
        )
        return [(row[0], row[1]) for row in rows]

    def known_urls(self, source: str, fetched_since: datetime) -> Iterator[KnownUrl]:
        """Articles' URLs fetched since a time, longest ago first."""
        rows = self._db.execute(
            "SELECT * FROM url WHERE source = ? AND kind = 'article' AND fetched_at >= ? ORDER BY fetched_at",
            (source, _stamp(fetched_since)),
        )
        for row in rows.fetchall():
            yield KnownUrl(row["url"], row["state"], _time(row["fetched_at"]), row["fetches"], row["failures"])

    def url_state(self, url: str) -> tuple[str, str | None] | None:
        row = self._db.execute("SELECT state, reason FROM url WHERE url = ?", (url,)).fetchone()
        return (row["state"], row["reason"]) if row else None

    def remember_listing(self, source: str, url: str, kind: str, found_by: str) -> None:
        with self._write() as db:
            db.execute(
                "INSERT OR IGNORE INTO listing (source, url, kind, found_by, state) VALUES (?,?,?,?,'new')",
                (source, url, kind, found_by),
            )

    def checked_listing(
        self, source: str, url: str, state: str, reason: str | None, candidates: int, at: datetime
    ) -> None:
        """Notes how a listing answered: `works`, `empty`, `gone` (404, 410) or `failed`."""
        failed = state in ("gone", "failed")
        with self._write() as db:
            db.execute(
                "UPDATE listing SET state = ?, reason = ?, candidates = ?, checked_at = ?, "
                "failures = CASE WHEN ? THEN failures + 1 ELSE 0 END WHERE source = ? AND url = ?",
                (state, reason, candidates, _stamp(at), failed, source, url),
            )

    def listings(self, source: str) -> list[ListingRow]:
        rows = self._db.execute("SELECT * FROM listing WHERE source = ? ORDER BY kind, url", (source,))
        return [
            ListingRow(
                r["url"],
                r["kind"],
                r["found_by"],
                r["state"],
                _maybe_time(r["checked_at"]),
                r["candidates"],
                r["failures"],
            )
            for r in rows
        ]

    # ---- cleaning and indexing

    def settle(self, results: Sequence[Derived]) -> list[DocumentRow]:
        """Enters what cleaning came to and works out versions and states of every article touched.

        Returns the documents whose standing is new or changed, or whose first capture was cleaned just now; they count
        as
        unindexed until `indexed` is told.
        """
        with self._write() as db:
            touched: dict[str, None] = {}
            for result in results:
                before = db.execute("SELECT url, article_id FROM exchange WHERE id = ?", (result.exchange,)).fetchone()
                article = result.article_id or _article_of(db, before["url"], result.exchange)
                outcome, reason = result.outcome, result.reason
                if outcome == "removed" and article is None:  # it never was an article here: nothing was taken away
                    outcome, reason = "failed", result.reason or "gone"
                db.execute(
                    "UPDATE exchange SET state = CASE WHEN hinted > ? THEN 'pending' ELSE 'done' END, "
                    "outcome = ?, reason = ?, article_id = ?, document_id = ? WHERE id = ?",
                    (result.hinted, outcome, reason, article, result.document_id, result.exchange),
                )
                _note_outcome(db, before["url"], result.exchange, outcome, reason)
                touched.update(dict.fromkeys(filter(None, (before["article_id"], article))))
            fresh = {result.exchange for result in results}
            return [row for article in touched for row in _settle_article(db, article, fresh)]

    def indexed(self, ids: Iterable[str]) -> None:
        """The engine has acknowledged these documents as they stand."""
        with self._write() as db:
            for document in ids:
                db.execute("UPDATE document SET indexed = 1 WHERE id = ?", (document,))
                db.execute("DELETE FROM quarantine WHERE document_id = ?", (document,))

    def unindexed(self, limit: int) -> list[DocumentRow]:
        rows = self._db.execute(
            f"SELECT * FROM document WHERE {_WAITS} LIMIT ?",
            (limit,),
        )
        return [_document_row(row) for row in rows]

    def waits_for_index(self, document: str) -> bool:
        """Whether the document is among the `unindexed`."""
        return bool(self._db.execute(f"SELECT 1 FROM document WHERE id = ? AND {_WAITS}", (document,)).fetchone())

    def indexed_count(self) -> int:
        """Documents that the engine has acknowledged."""
        return int(
            self._db.execute("SELECT count(*) FROM document WHERE indexed = 1 AND state != 'withdrawn'").fetchone()[0]
        )

    def withdrawn(self) -> list[str]:
        """Documents that no exchange stands for any more (a page cleaned again came out otherwise)."""
        return [row[0] for row in self._db.execute("SELECT id FROM document WHERE state = 'withdrawn'")]

    def forget_withdrawn(self, ids: Iterable[str]) -> None:
        with self._write() as db:
            db.executemany("DELETE FROM document WHERE id = ? AND state = 'withdrawn'", [(i,) for i in ids])

    def quarantine(self, document: str, reason: str, at: datetime) -> None:
        """The engine refuses this document; it is left alone until a rebuild."""
        with self._write() as db:
            db.execute("INSERT OR REPLACE INTO quarantine VALUES (?,?,?)", (document, reason, _stamp(at)))

    def quarantined(self) -> list[tuple[str, str, str]]:
        """Document id, reason and time of each that is left alone until a rebuild."""
        return [tuple(row) for row in self._db.execute("SELECT document_id, reason, at FROM quarantine ORDER BY at")]

    def document(self, document_id: str) -> DocumentRow | None:
        row = self._db.execute("SELECT * FROM document WHERE id = ?", (document_id,)).fetchone()
        return _document_row(row) if row else None

    def documents_like(self, prefix: str, limit: int = 20) -> list[DocumentRow]:
        rows = self._db.execute(
            "SELECT * FROM document WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", (prefix, prefix + "~", limit)
        )
        return [_document_row(row) for row in rows]

    def documents(self) -> list[DocumentRow]:
        return [_document_row(row) for row in self._db.execute("SELECT * FROM document ORDER BY article_id, version")]

    def all_unindexed(self) -> None:
        """A fresh index knows nothing yet: every document is to be sent again."""
        with self._write() as db:
            db.execute("UPDATE document SET indexed = 0")
            db.execute("DELETE FROM quarantine")

    def send_again(self, since: datetime | None = None) -> int:
        """Documents captured since then are to be made and sent again, as after a change of the registry; how many."""
        with self._write() as db:
            return db.execute(
                "UPDATE document SET indexed = 0 WHERE state != 'withdrawn'"
                " AND exchange IN (SELECT id FROM exchange WHERE captured_at >= ?)",
                (_stamp(since) if since else "",),
            ).rowcount

    # ---- rounds and figures

    def begin_round(self, sources: Sequence[str], at: datetime) -> int:
        with self._write() as db:
            first = db.execute("SELECT coalesce(max(id), 0) + 1 FROM exchange").fetchone()[0]
            cursor = db.execute(
                "INSERT INTO round (started_at, first_exchange, sources) VALUES (?,?,?)",
                (_stamp(at), first, json.dumps(list(sources))),
            )
            return int(cursor.lastrowid or 0)

    def end_round(self, number: int, at: datetime, notes: dict[str, Any]) -> None:
        with self._write() as db:
            db.execute(
                "UPDATE round SET ended_at = ?, notes = ? WHERE id = ?",
                (_stamp(at), json.dumps(notes, ensure_ascii=False), number),
            )

    def take_rounds(self, other: Path) -> None:
        """Takes over the history of rounds from another ledger, as far as it can be read: the archive has no rounds."""
        db = self._db
        try:
            db.execute("ATTACH DATABASE ? AS other", (str(other),))
            db.execute("INSERT OR IGNORE INTO round SELECT * FROM other.round")
        except sqlite3.DatabaseError:
            log.warning("%s: the history of rounds could not be read; figures of earlier rounds are gone", other)
        if any(row["name"] == "other" for row in db.execute("PRAGMA database_list")):
            db.execute("DETACH DATABASE other")

    def rounds(self, limit: int = 1) -> list[dict[str, Any]]:
        rows = self._db.execute("SELECT * FROM round ORDER BY id DESC LIMIT ?", (limit,))
        return [{**dict(row), "sources": json.loads(row["sources"]), "notes": json.loads(row["notes"])} for row in rows]

    def round_figures(self, number: int) -> dict[str, dict[str, Any]]:
        """For each source of a round: listed, fetched, new, edited, unchanged, not_article, removed, failed {cause: n}.

        Each exchange of the round is counted once, under one of the names.
        """
        row = self._db.execute("SELECT first_exchange, sources FROM round WHERE id = ?", (number,)).fetchone()
        nxt = self._db.execute("SELECT min(first_exchange) FROM round WHERE id > ?", (number,)).fetchone()[0]
        span = (row["first_exchange"], nxt if nxt is not None else 1 << 62)
        figures = {source: _no_figures() for source in json.loads(row["sources"])}
        for source, n in self._db.execute(
            "SELECT source, count(*) FROM url WHERE kind = 'article' AND seen_by >= ? AND seen_by < ? GROUP BY source",
            span,
        ):
            figures.setdefault(source, _no_figures())["listed"] = n
        firsts = {r[0]: r[1] for r in self._db.execute("SELECT exchange, version FROM document")}
        for exchange in map(_exchange_row, self._db.execute("SELECT * FROM exchange WHERE id >= ? AND id < ?", span)):
            if exchange.archived.source is not None:
                _count(figures.setdefault(exchange.archived.source, _no_figures()), exchange, firsts.get(exchange.id))
        return figures

    def totals(self) -> dict[str, Any]:
        """Figures for `newswarc status`; the sums hold: exchanges = Σ states, URLs = Σ states."""

        def grouped(sql: str) -> dict[str, int]:
            return {str(key): n for key, n in self._db.execute(sql)}

        return {
            "urls": grouped("SELECT state, count(*) FROM url GROUP BY state"),
            "exchanges": grouped("SELECT state, count(*) FROM exchange GROUP BY state"),
            "outcomes": grouped("SELECT outcome, count(*) FROM exchange WHERE outcome IS NOT NULL GROUP BY outcome"),
            "documents": grouped("SELECT state, count(*) FROM document GROUP BY state"),
            "unindexed": self._db.execute("SELECT count(*) FROM document WHERE indexed = 0").fetchone()[0],
            "quarantined": self._db.execute("SELECT count(*) FROM quarantine").fetchone()[0],
        }

    def source_health(self) -> list[dict[str, Any]]:
        """For each source ever seen: last exchange, documents, URLs by state, working listings, last failure."""
        sources = [
            r[0] for r in self._db.execute("SELECT DISTINCT source FROM exchange WHERE source IS NOT NULL ORDER BY 1")
        ]
        return [self._health_of(source) for source in sources]

    def rounds_since(self, at: str) -> list[dict[str, Any]]:
        """Rounds begun at that time (ISO 8601 in UTC) or later, oldest first: id, started_at, ended_at."""
        rows = self._db.execute(
            "SELECT id, started_at, ended_at FROM round WHERE started_at >= ? ORDER BY id", (at,)
        ).fetchall()
        return [dict(row) for row in rows]

    def round_standing(self, number: int) -> dict[str, dict[str, Any]]:
        """For each source as it stood after a round: last_seen (its last good answer), documents; lags of the round.

        `lags`: of each text that the round found first, the seconds from publication, as the listing says, to capture.
        """
        first = self._db.execute("SELECT first_exchange FROM round WHERE id = ?", (number,)).fetchone()[0]
        after = self._db.execute("SELECT min(first_exchange) FROM round WHERE id > ?", (number,)).fetchone()[0]
        end = after if after is not None else 1 << 62
        standing: dict[str, dict[str, Any]] = {}
        for source, seen in self._db.execute(
            "SELECT source, max(captured_at) FROM exchange WHERE id < ? AND source IS NOT NULL AND kind != 'source' "
            "AND error IS NULL AND status < 400 GROUP BY source",
            (end,),
        ):
            standing[source] = {"last_seen": seen, "documents": 0, "lags": []}
        for source, n in self._db.execute(
            "SELECT e.source, count(*) FROM document d JOIN exchange e ON e.id = d.exchange "
            "WHERE e.id < ? AND d.state != 'withdrawn' AND e.source IS NOT NULL GROUP BY e.source",
            (end,),
        ):
            standing.setdefault(source, {"last_seen": None, "lags": []})["documents"] = n
        for source, captured, published in self._db.execute(
            "SELECT e.source, e.captured_at, u.published FROM document d JOIN exchange e ON e.id = d.exchange "
            "JOIN url u ON u.url = e.url WHERE e.id >= ? AND e.id < ? AND u.published IS NOT NULL",
            (first, end),
        ):
            if source in standing:
                standing[source]["lags"].append((_time(captured) - _aware(_time(published))).total_seconds())
        return standing

    def days(self) -> dict[str, tuple[int, int]]:
        """Day (UTC, ISO 8601) → records captured on it, and documents of which it saw the first capture."""
        records = dict(
            self._db.execute("SELECT substr(captured_at, 1, 10), count(*) FROM exchange GROUP BY 1").fetchall()
        )
        texts = dict(
            self._db.execute(
                "SELECT substr(e.captured_at, 1, 10), count(*) FROM document d JOIN exchange e ON e.id = d.exchange "
                "WHERE d.state != 'withdrawn' GROUP BY 1"
            ).fetchall()
        )
        return {day: (n, texts.get(day, 0)) for day, n in sorted(records.items())}

    def _health_of(self, source: str) -> dict[str, Any]:
        def value(sql: str) -> Any:
            row = self._db.execute(sql, (source,)).fetchone()
            return row[0] if row else None

        states = dict(
            self._db.execute("SELECT state, count(*) FROM url WHERE source = ? GROUP BY state", (source,)).fetchall()
        )
        return {
            "source": source,
            "urls": states,
            "documents": value(
                "SELECT count(*) FROM document d JOIN exchange e ON e.id = d.exchange WHERE e.source = ?"
            ),
            "last_exchange": value("SELECT max(captured_at) FROM exchange WHERE source = ? AND kind != 'source'"),
            "listings": value("SELECT count(*) FROM listing WHERE source = ? AND state = 'works'"),
            "last_failure": value(
                "SELECT captured_at || ' ' || coalesce(error, 'HTTP ' || status) || ' ' || url FROM exchange "
                "WHERE source = ? AND kind != 'source' AND (error IS NOT NULL OR status >= 400) "
                # A place that was only looked into, and is not there, is no failure.
                "AND NOT (kind != 'article' AND status IN (404, 410)) ORDER BY id DESC LIMIT 1"
            ),
        }


def _note_fetch(db: sqlite3.Connection, receipt: Archived) -> None:
    failed = receipt.status is None or receipt.truncated is not None or receipt.status in (429, *range(500, 600))
    state = "failed" if failed else "fetched"
    if (
        receipt.record_type == "metadata"
        and receipt.error
        and receipt.error.partition(":")[0] in ("robots", "refused-address")
    ):
        state = "refused"
    db.execute(
        "INSERT INTO url (url, source, kind, state, reason, fetched_at, fetches, failures) VALUES (?,?,?,?,?,?,1,?) "
        "ON CONFLICT (url) DO UPDATE SET state = excluded.state, reason = excluded.reason, "
        "fetched_at = excluded.fetched_at, "
        "fetches = fetches + 1, failures = CASE WHEN excluded.failures THEN failures + 1 ELSE 0 END",
        (
            receipt.url,
            receipt.source or "",
            receipt.kind,
            state,
            receipt.error or (f"HTTP {receipt.status}" if failed else None),
            _stamp(receipt.captured_at),
            int(failed),
        ),
    )


def entry_attempt(source: str, entry: dict[str, Any], at: datetime) -> Attempt:
    """The archive's record of what the registry says of a source: a metadata record with the entry as JSON."""
    detail = json.dumps(entry, sort_keys=True)  # ASCII on one line: fit for a warc-fields value
    return Attempt(f"urn:newswarc:source:{source}", at, "source", "source", detail, source)


def _note_entry(db: sqlite3.Connection, receipt: Archived) -> None:
    entry = (receipt.error or "").partition(": ")[2]
    db.execute(
        "INSERT OR REPLACE INTO entry VALUES ((SELECT id FROM exchange WHERE record_id = ?), ?, ?)",
        (receipt.pointer.record_id, receipt.source, entry),
    )


OUTCOME_STATES: dict[str, UrlState] = {
    "article": "article",
    "unchanged": "article",
    "removed": "removed",
    "challenge": "blocked",
    "blocked": "blocked",
    "redirect": "redirected",
    "failed": "failed",
    "refused": "refused",
}


def _note_outcome(db: sqlite3.Connection, url: str, exchange: int, outcome: str, reason: str | None) -> None:
    newest = db.execute("SELECT max(id) FROM exchange WHERE url = ?", (url,)).fetchone()[0]
    if newest == exchange:  # an older page cleaned late says nothing of how the URL stands now
        state = OUTCOME_STATES.get(outcome, "not-article")
        reason = reason or (None if state == "article" else outcome)
        db.execute("UPDATE url SET state = ?, reason = ? WHERE url = ?", (state, reason, url))


def _list_one(db: sqlite3.Connection, exchange: int, at: str | None, source: str, candidate: Candidate) -> int:
    row = db.execute("SELECT * FROM url WHERE url = ?", (candidate.url,)).fetchone()
    new = row is None
    if new:
        db.execute(
            "INSERT INTO url (url, source, kind, state, listed_at, listed_by, seen_by) "
            "VALUES (?,?,'article','listed',?,?,?)",
            (candidate.url, source, at, exchange, exchange),
        )
    else:
        db.execute(
            "UPDATE url SET seen_by = max(coalesce(seen_by, 0), ?), listed_by = min(coalesce(listed_by, ?), ?), "
            "listed_at = coalesce(listed_at, ?) WHERE url = ?",
            (exchange, exchange, exchange, at, candidate.url),
        )
    changed = False
    if candidate.title and (new or row["title_by"] is None or exchange < row["title_by"]):
        changed |= new or row["title"] != candidate.title
        db.execute("UPDATE url SET title = ?, title_by = ? WHERE url = ?", (candidate.title, exchange, candidate.url))
    if (candidate.published or candidate.published_raw) and (
        new or row["published_by"] is None or exchange < row["published_by"]
    ):
        published = _stamp_zone(candidate.published) if candidate.published else None
        changed |= new or row["published"] != published or row["published_raw"] != candidate.published_raw
        db.execute(
            "UPDATE url SET published = ?, published_raw = ?, published_by = ? WHERE url = ?",
            (published, candidate.published_raw, exchange, candidate.url),
        )
    if changed and not new:
        db.execute(
            "UPDATE exchange SET state = 'pending', hinted = hinted + 1 "
            "WHERE kind = 'article' AND (url = ? OR via = ?)",
            (candidate.url, candidate.url),
        )
    return int(new)


def _article_of(db: sqlite3.Connection, url: str, before: int) -> str | None:
    """The article that this URL last held before an exchange."""
    row = db.execute(
        "SELECT article_id FROM exchange WHERE url = ? AND id < ? AND document_id IS NOT NULL ORDER BY id DESC LIMIT 1",
        (url, before),
    ).fetchone()
    return row[0] if row else None


def _settle_article(db: sqlite3.Connection, article: str, fresh: set[int]) -> list[DocumentRow]:
    """Versions by first capture; the text seen last is live, or removed where the URL answered 404 or 410 after it."""
    rows = db.execute(
        "SELECT id, outcome, document_id FROM exchange WHERE article_id = ? ORDER BY captured_at, id",
        (article,),
    ).fetchall()
    first: dict[str, int] = {}
    newest, removed = None, False
    for row in rows:
        if row["document_id"]:
            first.setdefault(row["document_id"], row["id"])
            newest, removed = row["document_id"], False
        elif row["outcome"] == "removed":
            removed = True
    standing = {
        document: DocumentRow(
            document,
            article,
            exchange,
            number,
            "superseded" if document != newest else "removed" if removed else "live",
        )
        for number, (document, exchange) in enumerate(first.items(), 1)
    }
    before = {r["id"]: _document_row(r) for r in db.execute("SELECT * FROM document WHERE article_id = ?", (article,))}
    for gone in before.keys() - standing.keys():
        db.execute("UPDATE document SET state = 'withdrawn', indexed = 1 WHERE id = ?", (gone,))
    changed = [row for row in standing.values() if before.get(row.id) != row or row.exchange in fresh]
    db.executemany(
        "INSERT OR REPLACE INTO document (id, article_id, exchange, version, state, indexed) VALUES (?,?,?,?,?,0)",
        [(d.id, d.article_id, d.exchange, d.version, d.state) for d in changed],
    )
    return changed


def _no_figures() -> dict[str, Any]:
    names = ("listed", "fetched", "new", "edited", "unchanged", "not_article", "removed", "redirects", "pending")
    return {**dict.fromkeys(names, 0), "failed": {}}


def _count(figures: dict[str, Any], exchange: ExchangeRow, version: int | None) -> None:
    a = exchange.archived
    if a.kind == "source":
        return
    if a.kind != "article":
        if a.error or (a.status or 0) >= 500 or a.status == 429:
            cause = f"{a.kind}: {_cause(a)}"
            figures["failed"][cause] = figures["failed"].get(cause, 0) + 1
        return
    figures["fetched"] += a.record_type != "metadata"
    name = _figure_name(exchange, version)
    if name == "failed":
        cause = exchange.reason or _cause(a)
        figures["failed"][cause] = figures["failed"].get(cause, 0) + 1
    else:
        figures[name] += 1


def _figure_name(exchange: ExchangeRow, version: int | None) -> str:
    if exchange.state == "pending":
        return "pending"
    if exchange.outcome in ("failed", "refused", "blocked", "challenge", "poisoned"):
        return "failed"
    if exchange.outcome in ("removed", "redirect"):
        return {"removed": "removed", "redirect": "redirects"}[exchange.outcome]
    if exchange.document_id is None:
        return "not_article"
    if version is None:  # this capture is not the first of its text
        return "unchanged"
    return "new" if version == 1 else "edited"


def _cause(a: Archived) -> str:
    return a.error.partition(":")[0] if a.error else f"HTTP {a.status}"


def _archived_values(a: Archived) -> tuple[object, ...]:
    p = a.pointer
    return (
        p.record_id, a.record_type, a.url, a.source, a.kind, a.via, p.warc, p.offset, p.length, _stamp(a.captured_at),
        a.status, a.payload_digest, a.truncated, a.error, a.location, a.content_type, a.refers_to,
    )  # fmt: skip


def _exchange_row(row: sqlite3.Row) -> ExchangeRow:
    kind: Kind = row["kind"]
    return ExchangeRow(
        id=row["id"],
        archived=Archived(
            pointer=RecordPointer(row["warc"], row["offset"], row["length"], row["record_id"]),
            record_type=row["record_type"],
            url=row["url"],
            captured_at=_time(row["captured_at"]),
            status=row["status"],
            payload_digest=row["payload_digest"],
            kind=kind,
            source=row["source"],
            via=row["via"],
            truncated=row["truncated"],
            error=row["error"],
            location=row["location"],
            content_type=row["content_type"],
            refers_to=row["refers_to"],
        ),
        state=row["state"],
        outcome=row["outcome"],
        reason=row["reason"],
        article_id=row["article_id"],
        document_id=row["document_id"],
        hinted=row["hinted"],
    )


def _document_row(row: sqlite3.Row) -> DocumentRow:
    return DocumentRow(row["id"], row["article_id"], row["exchange"], row["version"], row["state"])


def _stamp(when: datetime) -> str:
    """UTC with milliseconds, so that text order is time order."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _stamp_zone(when: datetime) -> str:
    """With its own offset, which is part of what an outlet says."""
    return when.isoformat()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _aware(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _maybe_time(text: str | None) -> datetime | None:
    return _time(text) if text else None
