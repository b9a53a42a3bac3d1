"""The archive's law: what is read is what was appended, and the receipts can be made again from the files alone."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import archive_samples as samples
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import http
from archive.records import parse_fields
from archive.store import BACKENDS, ArchiveReader, ArchiveStore, open_store
from archive.verify import verify_folder
from archive.warc import bare_id
from newswarc.items import Archived, Attempt, Exchange

ITEMS = st.lists(st.lists(samples.exchanges() | samples.attempts(), min_size=1, max_size=3), min_size=1, max_size=4)


@contextmanager
def opened(backend: str, **options) -> Iterator[tuple[ArchiveStore, Path]]:
    # Not tmp_path: it is one folder for all of Hypothesis' examples.
    with tempfile.TemporaryDirectory() as folder, open_store(f"{backend}:{folder}", **options) as store:
        yield store, Path(folder)


def assert_kept(reader: ArchiveReader, item: Exchange | Attempt, receipt: Archived) -> None:
    capture = reader.read(receipt.pointer)
    interim, head, body = (b"", b"", b"") if isinstance(item, Attempt) else samples.parts(item)
    assert capture.archived == receipt
    assert (capture.head, capture.body) == (head, body)
    assert capture.payload == http.entity(head, body)
    assert (receipt.url, receipt.kind, receipt.source, receipt.via) == (item.url, item.kind, item.source, item.via)
    if isinstance(item, Exchange):
        assert receipt.error == item.error
        assert_told_apart(reader, item, receipt, interim)


def assert_told_apart(reader: ArchiveReader, item: Exchange, receipt: Archived, interim: bytes) -> None:
    """The request, and what the metadata record says beside the message."""
    group = [m.record for m in reader.members(receipt.pointer.warc) if m.record and concerns(m.record, receipt)]
    (request,) = [record for record in group if record.type == "request"]
    (metadata,) = [record for record in group if record.type == "metadata"]
    told = parse_fields(metadata.block)
    assert request.block == item.request
    assert base64.b64decode(told.get("interimResponses", "")) == interim
    assert int(told["surplusBytes"]) == item.surplus
    assert told.get("proxy") == item.proxy


def concerns(record, receipt: Archived) -> bool:
    concurrent = bare_id(record.headers.get("WARC-Concurrent-To") or "")
    return receipt.pointer.record_id in (concurrent, record.id)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=80, deadline=None)
@given(batches=ITEMS)
def test_what_is_read_is_what_was_appended(backend: str, batches: list[list[Exchange | Attempt]]) -> None:
    with opened(backend) as (store, _):
        receipts = [store.append(batch) for batch in batches]
        for batch, got in zip(batches, receipts, strict=True):
            for item, receipt in zip(batch, got, strict=True):
                assert_kept(store.reader, item, receipt)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=50, deadline=None)
@given(batches=ITEMS, max_bytes=st.sampled_from([1, 2000, 10**9]))
def test_the_receipts_can_be_read_again_from_the_files(
    backend: str, batches: list[list[Exchange | Attempt]], max_bytes: int
) -> None:
    with opened(backend, max_bytes=max_bytes) as (store, folder):
        receipts = [receipt for batch in batches for receipt in store.append(batch)]
        assert list(store.reader.records()) == receipts, "while the writer writes"
        store.close()
        reader = ArchiveReader(folder)
        assert list(reader.records()) == receipts, "after it closed"
        assert [reader.read(receipt.pointer).archived for receipt in receipts] == receipts
        assert {verdict.state for verdict in verify_folder(reader)} == {"verified"}


@settings(max_examples=30, deadline=None)
@given(batches=ITEMS)
def test_an_identical_page_is_kept_once_and_read_twice(batches: list[list[Exchange | Attempt]]) -> None:
    ledger = samples.Ledger()
    with opened("file", prior=ledger.prior) as (store, _):
        pairs = [
            (item, receipt)
            for batch in [*batches, *batches]
            for item, receipt in zip(batch, ledger.note(store.append(batch)), strict=True)
        ]
        for item, receipt in pairs:
            assert store.reader.read(receipt.pointer).archived == receipt
            if isinstance(item, Exchange) and not (receipt.record_type == "revisit" and receipt.status == 304):
                assert_kept(store.reader, item, receipt)
        assert list(store.reader.records()) == [receipt for _, receipt in pairs]
