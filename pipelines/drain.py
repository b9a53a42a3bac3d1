"""Takes the ledger's backlog through cleaning into the index: the one way a document comes to be.

It knows nothing of the crawl: it reads what the ledger says is pending, in the archive's order, has workers derive the
documents, settles versions and states in the ledger, and sends the documents to the engine. Whatever ends it early, the
next drain goes on from the ledger; doing a thing twice is doing it once.

Where the engine is away or takes nothing, cleaning goes on: the documents stay unindexed in the ledger, the engine is
tried again after a while that grows, and what it lacks is then made again from the archive.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from archive.store import CorruptRecord, MissingRecord
from newswarc.items import Document, State
from newswarc.ledger import Derived, DocumentRow, ExchangeRow, Ledger
from newswarc.settings import PATIENCE
from pipelines.derive import Derivation, derive, plain_outcome
from pipelines.pool import PagePoisoned, WorkerPool
from search.index import IndexAway, IndexRefused, IndexWriter

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AsBefore:
    """A revisit: the page is what an earlier record holds, so it comes to what that one came to."""

    record_id: str


Begun = Future[Derivation] | Derivation | AsBefore

WINDOW = 24
"""Pages under way at once: enough to keep every worker busy, few enough that memory stays flat."""
BATCH = 50
"""Results settled and sent together."""
COMMIT_EACH, COMMIT_AFTER = 400, 5.0
"""Documents and seconds after which the engine commits what it was sent: each commit makes it merge its smallest files.

What it was sent and has not committed, a crash leaves unindexed in the ledger: it is made again from the archive.
"""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds until an engine that is away is tried again, at first and at most: doubled each time, less up to a half."""


@dataclass
class Progress:
    """What a drain has done so far."""

    cleaned: int = 0
    documents: int = 0
    sent_again: int = 0
    """Documents of earlier runs that the engine lacked, or that are made anew."""
    outcomes: dict[str, int] = field(default_factory=dict)

    def count(self, outcome: str) -> None:
        self.cleaned += 1
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


@dataclass
class Drain:
    """One pass, or one that goes on while a crawl feeds it.

    `index=None` cleans and settles without an engine; the documents stay unindexed in the ledger.
    """

    ledger: Ledger
    archive: Path
    pool: WorkerPool
    index: IndexWriter | None
    progress: Progress = field(default_factory=Progress)
    on_progress: Callable[[Progress], None] | None = None
    hurried: bool = False
    """Once true, a run ends when what is under way is done."""
    patience: float = PATIENCE
    """Seconds that an engine which is away is waited for when all else is done."""
    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], object] = time.sleep
    _sent: dict[str, bool] = field(default_factory=dict)
    """Documents of the ledger that wait for the engine's commit; False: it could not be made again."""
    _sent_since: float = 0.0
    _away: IndexAway | None = None
    """Why the engine lacks documents that the ledger has; None where it lacks none."""
    _tries: int = 0
    _next_try: float = 0.0

    def run(self, more: Callable[[], bool] = lambda: False) -> Progress:
        """Drains until nothing is pending and `more()` (which may wait) says that nothing will come.

        Raises IndexAway where all is cleaned and the engine stays away: the next run sends what it lacks.
        """
        self.catch_up()
        after = 0
        under_way: deque[tuple[ExchangeRow, Begun]] = deque()
        done: list[tuple[ExchangeRow, Derivation]] = []
        while True:
            room = WINDOW - len(under_way)
            rows = self.ledger.pending(room, after) if room > WINDOW // 2 and not self.hurried else []
            for row in rows:
                under_way.append((row, self._begin(row)))
                after = row.id
            if under_way:
                row, begun = under_way.popleft()
                derivation = self._result(row, begun, done)
                done.append((row, derivation))
                self.progress.count(derivation.outcome)
            idle = not under_way and not rows
            if done and (len(done) >= BATCH or idle or not under_way):
                self._finish(done)
                done = []
            if self._away and self._may_send():
                self.catch_up()
            elif self.until_commit() == 0:
                self._commit()
            if idle:
                if self.hurried:
                    self._commit()
                    return self.progress
                if self.ledger.pending(1) and after:
                    after = 0  # hints that came late put older pages back among the pending
                elif not more():
                    self._commit()
                    self._outlast()
                    return self.progress

    def until_commit(self) -> float | None:
        """Seconds until what was sent is due to be committed; None where nothing waits for that."""
        if not self._sent:
            return None
        if len(self._sent) >= COMMIT_EACH:
            return 0.0
        return max(0.0, self._sent_since + COMMIT_AFTER - self.clock())

    def catch_up(self) -> None:
        """Sends what the engine has not acknowledged, as after a crash between ledger and engine."""
        if self.index is None:
            return
        while not self.hurried and (rows := self.ledger.unindexed(BATCH)):
            if not (self._send(list(zip(rows, self._all_made_again(rows), strict=True))) and self._commit()):
                return
            self.progress.sent_again += len(rows)
            if self.on_progress:
                self.on_progress(self.progress)
        if not self.hurried and self._away:
            log.warning("the engine is back and has all documents")
            self._away = None

    def _may_send(self) -> bool:
        return self._away is None or self.clock() >= self._next_try

    def _put_off(self, fault: IndexAway) -> None:
        if self._away is None:
            log.warning("%s; the crawl goes on, the documents wait in the ledger", fault)
        pause = min(FIRST_WAIT * 2 ** min(self._tries, 30), LONGEST_WAIT) * random.uniform(0.5, 1)
        self._away, self._tries, self._next_try = fault, self._tries + 1, self.clock() + pause
        self._sent.clear()  # the ledger has them as unindexed

    def _outlast(self) -> None:
        """Waits a while for an engine that is away, and raises what keeps it away in the end."""
        end = self.clock() + self.patience
        self._tries, self._next_try = 0, self.clock()
        while self._away and not self.hurried:
            if self._may_send():
                self.catch_up()
            elif self._next_try > end:
                raise self._away
            else:
                self.wait(min(1.0, self._next_try - self.clock()))  # in small pieces: one may come to be hurried

    def _begin(self, row: ExchangeRow) -> Begun:
        archived = row.archived
        decided = plain_outcome(archived)
        if decided is not None:
            return decided
        if archived.record_type == "revisit" and archived.refers_to:
            return AsBefore(archived.refers_to)
        return self._clean(row)

    def _clean(self, row: ExchangeRow) -> Future[Derivation]:
        archived = row.archived
        facts = self.ledger.facts(archived.source, row.id) if archived.source else None
        future: Future[Derivation] = self.pool.submit(derive, self.archive, archived, self.ledger.hints(row), facts)
        return future

    def _result(
        self, row: ExchangeRow, begun: Begun, done: Sequence[tuple[ExchangeRow, Derivation]] = ()
    ) -> Derivation:
        if isinstance(begun, Derivation):
            return begun
        if isinstance(begun, AsBefore):
            return self._as_before(row, begun.record_id, done)
        try:
            derivation = begun.result()
            if derivation.reason and derivation.outcome in ("article", "poisoned"):
                log.warning("%s: %s: %s", row.archived.url, derivation.outcome, derivation.reason)
            return derivation
        except PagePoisoned as e:
            log.warning("%s: poisoned page: %s", row.archived.url, e)
            return Derivation("poisoned", str(e))
        except (CorruptRecord, MissingRecord) as e:
            log.error("%s: %s", row.archived.url, e)
            return Derivation("failed", f"archive: {e}")

    def _as_before(
        self, row: ExchangeRow, record_id: str, done: Sequence[tuple[ExchangeRow, Derivation]]
    ) -> Derivation:
        for earlier, derivation in done:
            if earlier.archived.pointer.record_id == record_id:
                return Derivation(derivation.outcome, derivation.reason, None, **_identity(derivation))
        before = self.ledger.exchange(record_id)
        if before is None or before.outcome is None:
            return self._result(row, self._clean(row))
        return Derivation(before.outcome, before.reason, None, before.article_id, before.document_id)

    def _finish(self, done: Sequence[tuple[ExchangeRow, Derivation]]) -> None:
        fresh = {row.id: d.document for row, d in done if d.document is not None}
        settled = self.ledger.settle([_derived(row, derivation) for row, derivation in done])
        standing = [(row, self._standing(row, fresh.get(row.exchange))) for row in settled]
        if self._may_send() and self._send(standing) and self._away:
            self._commit()
        self.progress.documents += sum(document is not None for _, document in standing)
        if self.on_progress:
            self.on_progress(self.progress)

    def _standing(self, row: DocumentRow, document: Document | None) -> Document | None:
        """The document with the version and state that the ledger gives it."""
        if document is None or document.id != row.id:
            return self._all_made_again([row])[0]
        return replace(document, version=row.version, state=_state(row.state))

    def _all_made_again(self, rows: Sequence[DocumentRow]) -> list[Document | None]:
        exchanges = [self.ledger.exchange_by_id(row.exchange) for row in rows]
        begun = [(exchange, self._begin(exchange)) if exchange else None for exchange in exchanges]
        return [self._made_again(row, *pair) if pair else None for row, pair in zip(rows, begun, strict=True)]

    def _made_again(self, row: DocumentRow, exchange: ExchangeRow, begun: Begun) -> Document | None:
        derivation = self._result(exchange, begun)
        if derivation.document is None or derivation.document.id != row.id:
            log.error("%s: cleaned again it came out as %s %s", row.id, derivation.outcome, derivation.reason or "")
            return None
        return replace(derivation.document, version=row.version, state=_state(row.state))

    def _send(self, standing: Sequence[tuple[DocumentRow, Document | None]]) -> bool:
        """Whether the engine is there to take it; it is kept from the commit on."""
        if self.index is None:
            return True
        if not self._sent:
            self._sent_since = self.clock()
        try:
            if documents := [document for _, document in standing if document]:
                self.index.upsert(documents)
        except IndexAway as fault:
            self._put_off(fault)
            return False
        self._sent |= {row.id: document is not None for row, document in standing}
        return True

    def _commit(self) -> bool:
        """Whether the engine keeps all it was sent. What cannot be made again or is refused is set apart by name."""
        gone = self.ledger.withdrawn()
        if self.index is None or not (self._sent or gone):
            return True
        sent, self._sent = self._sent, {}
        try:
            refused = _committed(self.index, gone)
        except IndexAway as fault:
            self._put_off(fault)
            return False
        self._tries = 0
        self.ledger.indexed([id for id, made in sent.items() if made and id not in refused])
        again = "its page, cleaned again, gives another text"
        for id, reason in ({id: again for id, made in sent.items() if not made} | refused).items():
            log.error("%s is set apart until a rebuild: %s", id, reason)
            self.ledger.quarantine(id, reason, datetime.now(UTC))
        self.ledger.forget_withdrawn(gone)
        return True


def _committed(index: IndexWriter, gone: Sequence[str]) -> dict[str, str]:
    """Returns the documents that the engine refuses for themselves, and why."""
    try:
        if gone:
            index.delete(gone)
        index.commit()
    except IndexRefused as fault:
        return dict(fault.refused)
    return {}


class DrainThread:
    """A drain beside a crawl: `wake` when something was archived, `finish` when nothing more will be."""

    def __init__(self, drain: Drain) -> None:
        self.drain = drain
        self.fault: BaseException | None = None
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def finish(self) -> None:
        """Waits until the backlog is indexed; raises what ended the drain early, if anything did."""
        self._closing = True
        self._wake.set()
        self._thread.join()
        if self.fault is not None:
            raise self.fault

    def _run(self) -> None:
        try:
            self.drain.run(self._more)
        except BaseException as e:
            log.exception("indexing stopped; the archive is whole and the next run goes on from the ledger")
            self.fault = e

    def _more(self) -> bool:
        """Waits for the crawl, or until a commit is due; once it has ended, one last look at the ledger is due."""
        if self._closing and not self._wake.is_set():
            return False
        self._wake.wait(self.drain.until_commit())
        self._wake.clear()
        return True


def _derived(row: ExchangeRow, derivation: Derivation) -> Derived:
    return Derived(row.id, derivation.outcome, row.hinted, derivation.reason, **_identity(derivation))


def _identity(derivation: Derivation) -> dict[str, str | None]:
    document = derivation.document
    if document is None:
        return {"article_id": derivation.article_id, "document_id": derivation.document_id}
    return {"article_id": document.article_id, "document_id": document.id}


def _state(text: str) -> State:
    if text not in ("live", "superseded", "removed"):
        raise ValueError(f"no state of a document: {text}")
    return text  # type: ignore[return-value]
