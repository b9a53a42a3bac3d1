"""What is written, field by field, and when a revisit may stand in for a body."""

from __future__ import annotations

import base64
import gzip
import hashlib
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import archive_samples as samples
import pytest
from archive_samples import NOON, PAGE, Ledger, attempt, exchange, held

from archive.records import IDENTICAL, METADATA_LOST, NOT_MODIFIED, parse_fields
from archive.store import ArchiveReader, CorruptRecord, MissingRecord, WarcFolder, open_store
from archive.warc import Record, digest, members
from newswarc.items import RecordPointer

NOT_MODIFIED_ANSWER = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'


def records(folder: Path) -> list[Record]:
    reader = ArchiveReader(folder)
    return [m.record for warc in reader.files() for m in reader.members(warc) if m.record is not None]


def test_an_exchange_over_tls_as_it_lies_in_the_file(tmp_path: Path) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    item = exchange(
        7, tls_version="tls/1.3", cipher="TLS_AES_128_GCM_SHA256", certificate=b"DER", surplus=3, ip="192.0.2.1"
    )
    item = replace(item, response=interim + item.response, proxy="http://proxy.example:3128")
    path, (receipt,) = samples.closed_file(
        tmp_path, [item], new_id=samples.serial_ids(), now=lambda: NOON, host="h", info={"robots": "obey"}
    )
    assert path.name == "newswarc-20261124120000000-00001-h.warc.gz"
    info, certificate, response, metadata, request = records(tmp_path)
    info_id = info.headers.get("WARC-Record-ID")
    assert info.headers.get("WARC-Filename") == path.name
    assert parse_fields(info.block)["robots"] == "obey"
    assert certificate.type == "resource"
    assert certificate.block == b"DER"
    assert list(response.headers) == [
        ("WARC-Type", "response"),
        ("WARC-Record-ID", f"<{receipt.pointer.record_id}>"),
        ("WARC-Date", "2026-11-24T12:00:00.007Z"),
        ("WARC-Warcinfo-ID", info_id),
        ("WARC-Target-URI", "http://news.example/7"),
        ("WARC-IP-Address", "192.0.2.1"),
        ("WARC-Protocol", "http/1.1"),
        ("WARC-Protocol", "tls/1.3"),
        ("WARC-Cipher-Suite", "TLS_AES_128_GCM_SHA256"),
        ("Content-Type", "application/http; msgtype=response"),
        ("WARC-Payload-Digest", digest(PAGE)),
        ("WARC-Block-Digest", digest(item.response[len(interim) :])),
        ("Content-Length", str(len(item.response) - len(interim))),
    ]
    assert response.block == item.response[len(interim) :]
    assert request.block == item.request
    for record in (metadata, request):
        assert record.headers.get("WARC-Concurrent-To") == f"<{response.id}>"
        assert record.headers.get("WARC-Date") == response.headers.get("WARC-Date")
    assert parse_fields(metadata.block) == {
        "source": "sample/herald",
        "kind": "article",
        "via": "http://news.example/feed",
        "surplusBytes": "3",
        "interimResponses": base64.b64encode(interim).decode(),
        "tlsCertSha256": hashlib.sha256(b"DER").hexdigest(),
        "proxy": "http://proxy.example:3128",
    }


def test_a_certificate_is_kept_once_per_file(tmp_path: Path) -> None:
    items = [exchange(n, certificate=b"one") for n in range(3)] + [exchange(3, certificate=b"two")]
    with WarcFolder(tmp_path) as store:
        store.append(items)
        store.append(items)
        store.rotate()
        store.append(items)
    assert [r.block for r in records(tmp_path) if r.type == "resource"] == [b"one", b"two"] * 2


def test_nothing_received_and_nothing_tried(tmp_path: Path) -> None:
    silent = exchange(1, response=b"", truncated="time", error="TimeoutError: no answer in 30 s")
    early = exchange(2, response=b"HTTP/1.1 103 E\r\n\r\n", truncated="disconnect", error="ConnectionResetError: peer")
    _, receipts = samples.closed_file(tmp_path, [silent, early, attempt(3)])
    assert [r.type for r in records(tmp_path)] == ["warcinfo", *["metadata", "request"] * 2, "metadata"]
    assert {r.record_type for r in receipts} == {"metadata"}
    assert [r.error for r in receipts] == [silent.error, early.error, "dns: no such name"]
    assert [r.truncated for r in receipts] == ["time", "disconnect", None]


def test_texts_of_any_kind_come_back(tmp_path: Path) -> None:
    error = "line\r\nWARC-Type: response\r\n\r\n\\n \x00 \udc80 ж "
    _, (receipt,) = samples.closed_file(tmp_path, [exchange(error=error)])
    assert receipt.error == error
    assert list(ArchiveReader(tmp_path).records()) == [receipt]


@pytest.mark.parametrize("url", ["", "http://a.example/ b", "http://a.example/\r\nWARC-Type: x", "http://a/\udc80"])
def test_what_no_record_can_hold_is_refused_and_nothing_written(tmp_path: Path, url: str) -> None:
    with WarcFolder(tmp_path) as store:
        before = store.append([exchange(1)])
        with pytest.raises(ValueError, match="not a URL"):
            store.append([exchange(2), replace(exchange(3), url=url)])
        with pytest.raises(ValueError, match="without zone"):
            store.append([exchange(5, started=NOON.replace(tzinfo=None))])
        with pytest.raises(ValueError, match="line break"):
            store.append([exchange(6, cipher="a\r\nb")])
        assert list(store.reader.records()) == before


# ---- revisits


def test_the_same_page_again_is_a_revisit(tmp_path: Path) -> None:
    ledger = Ledger()
    with WarcFolder(tmp_path, prior=ledger.prior) as store:
        (first,) = ledger.note(store.append([exchange(1)]))
        store.rotate()
        later = replace(exchange(1, head=b"Age: 5\r\n"), started=NOON + timedelta(hours=1))
        (again,) = store.append([later])
        record = store.reader.record(again.pointer)
        assert record.block == samples.parts(later)[1]
        assert {name: record.headers.get(name) for name, _ in record.headers if "Refers" in name or "Prof" in name} == {
            "WARC-Profile": IDENTICAL,
            "WARC-Refers-To": f"<{first.pointer.record_id}>",
            "WARC-Refers-To-Target-URI": first.url,
            "WARC-Refers-To-Date": "2026-11-24T12:00:00.001Z",
            "WARC-Refers-To-Filename": first.pointer.warc,
            "WARC-Refers-To-File-Offset": str(first.pointer.offset),
        }
        assert record.headers.get("WARC-Truncated") == "length"
        assert record.headers.get("WARC-Payload-Digest") == first.payload_digest
        assert (again.record_type, again.truncated, again.refers_to) == ("revisit", None, first.pointer.record_id)
        capture = store.reader.read(again.pointer)
        assert (capture.head, capture.payload, capture.archived) == (record.block, PAGE, again)


def test_another_url_another_body_or_a_cut_one_is_kept_in_full(tmp_path: Path) -> None:
    ledger = Ledger()
    with WarcFolder(tmp_path, prior=ledger.prior) as store:
        ledger.note(store.append([exchange(1)]))
        others = [
            exchange(2),
            exchange(1, PAGE + b"!"),
            exchange(1, truncated="disconnect", error="IncompleteBody: cut"),
            exchange(1, b""),
            exchange(1, response=exchange(1).response.replace(b"200 OK", b"404 Not Found")),
        ]
        assert [r.record_type for r in store.append(others)] == ["response"] * len(others)


def test_nothing_refers_to_what_is_not_there_or_not_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    answers: list[samples.Held] = []
    with WarcFolder(tmp_path, prior=lambda url, _digest: answers[-1]) as store:
        answers.append(samples.Held("urn:uuid:x", "http://news.example/1", NOON, "gone.warc.gz", 0, digest(PAGE)))
        (first,) = store.append([exchange(1)])
        (cut,) = store.append([exchange(2, truncated="length")])
        (other,) = store.append([exchange(3, PAGE + b"?")])
        good = held(first)
        for wrong in (
            replace(good, record_id="urn:uuid:other"),
            replace(good, warc="../" + good.warc),
            replace(good, offset=good.offset + 1),
            replace(good, url="http://news.example/2"),
            replace(good, payload_digest=digest(b"")),
            replace(held(cut), url=first.url),
            replace(held(other), url=first.url),
        ):
            answers.append(wrong)
            assert store.append([exchange(1)])[0].record_type == "response", wrong
        answers.append(good)
        assert store.append([exchange(1)])[0].record_type == "revisit"
    assert "cannot be referred to" in caplog.text


def test_a_304_refers_to_the_full_response_only_where_there_is_one(tmp_path: Path) -> None:
    ledger = Ledger()
    answer = exchange(1, response=NOT_MODIFIED_ANSWER)
    with WarcFolder(tmp_path, prior=ledger.prior) as store:
        (unasked,) = store.append([answer])
        assert (unasked.record_type, unasked.payload_digest) == ("response", None)
        (first,) = ledger.note(store.append([exchange(1)]))
        (again,) = store.append([answer])
        assert (again.record_type, again.status, again.refers_to) == ("revisit", 304, first.pointer.record_id)
        headers = store.reader.record(again.pointer).headers
        assert headers.get("WARC-Profile") == NOT_MODIFIED
        assert headers.get("WARC-Refers-To-Target-URI") == first.url
        assert headers.get("WARC-Truncated") is None
        capture = store.reader.read(again.pointer)
        assert (capture.head, capture.body, capture.payload) == (NOT_MODIFIED_ANSWER, b"", b"")
        (cut,) = store.append([replace(answer, response=NOT_MODIFIED_ANSWER[:20], truncated="disconnect")])
        assert cut.record_type == "response"


def test_a_revisit_whose_original_is_lost_says_so(tmp_path: Path) -> None:
    ledger = Ledger()
    with WarcFolder(tmp_path, prior=ledger.prior) as store:
        (first,) = ledger.note(store.append([exchange(1)]))
        store.rotate()
        (again,) = store.append([exchange(1)])
    (tmp_path / first.pointer.warc).unlink()
    with pytest.raises(MissingRecord, match=f"{again.pointer.record_id}: it refers to .* no file {first.pointer.warc}"):
        ArchiveReader(tmp_path).read(again.pointer)


# ---- reading


def test_a_wrong_pointer_is_named(tmp_path: Path) -> None:
    path, (one, two) = samples.closed_file(tmp_path, [exchange(1), exchange(2)])
    reader, pointer = ArchiveReader(tmp_path), one.pointer
    for wrong, error, says in (
        (replace(pointer, warc="other.warc.gz"), MissingRecord, "no file other.warc.gz"),
        (replace(pointer, warc="../x.warc.gz"), MissingRecord, "not the name of a WARC file"),
        (replace(pointer, offset=10**9), MissingRecord, "ends before it"),
        (replace(pointer, offset=pointer.offset + 1), CorruptRecord, "gzip"),
        (replace(pointer, length=pointer.length + 1), CorruptRecord, "bytes long"),
        (
            replace(pointer, record_id=two.pointer.record_id),
            CorruptRecord,
            f"the record there is '{pointer.record_id}'",
        ),
        (
            RecordPointer(path.name, 0, next(members(path)).length, next(members(path)).record.id),
            CorruptRecord,
            "'warcinfo'",
        ),
    ):
        with pytest.raises(error, match=says):
            reader.read(wrong)


def test_a_reader_keeps_few_files_open(tmp_path: Path) -> None:
    with WarcFolder(tmp_path, max_bytes=1) as store:
        receipts = [store.append([exchange(n)])[0] for n in range(8)]
    with ArchiveReader(tmp_path, open_files=2) as reader:
        assert [reader.read(r.pointer).archived for r in receipts * 2] == receipts * 2
        assert len(reader._files) == 2


def test_lost_metadata_leaves_the_page_readable(tmp_path: Path) -> None:
    path, (first, second) = samples.closed_file(
        tmp_path, [exchange(1), exchange(2, url="http://news.example/robots.txt")]
    )
    path.write_bytes(path.read_bytes()[: second.pointer.offset + second.pointer.length])
    lost = replace(second, kind="robots", source=None, via=None, error=METADATA_LOST)
    assert list(ArchiveReader(tmp_path).records()) == [first, lost]
    assert ArchiveReader(tmp_path).read(second.pointer).archived == lost


# ---- the index


def test_lookup_finds_each_capture_of_a_url_in_time_order(tmp_path: Path) -> None:
    def at(hour: int, url: str = "http://www.news.example/A?x=1"):
        return exchange(hour, PAGE + bytes([hour]), url=url, started=NOON + timedelta(hours=hour))

    with WarcFolder(tmp_path) as store:
        receipts = store.append(
            [at(3), at(1), at(2, "http://www.news.example/a?x=1"), at(9, "http://www.news.example/A")]
        )
        store.rotate()
        receipts += store.append([at(2), at(0, "https://WWW.news.example:443/A?x=1")])
        found = list(store.reader.lookup("http://www.news.example/A?x=1"))
        assert [line.split()[1] for line in found] == [f"202611241{n}0000000" for n in (2, 3, 4, 5)]
        assert {line.split()[0] for line in found} == {"example,news,www)/a?x=1"}
        before = NOON + timedelta(hours=2, minutes=59)
        assert list(store.reader.lookup("http://www.news.example/A?x=1", before)) == found[:3]
        assert store.reader.capture_before("http://www.news.example/A?x=1", before) == receipts[4].pointer
        assert store.reader.capture_before("http://www.news.example/A?x=1", NOON - timedelta(1)) is None
        assert list(store.reader.lookup("http://www.news.example/none")) == []


@pytest.mark.parametrize("loss", [["*.cdxj"], ["*.cdxj", "*.cdxj.open"]])
def test_a_lost_index_changes_no_answer_and_comes_back(tmp_path: Path, loss: list[str]) -> None:
    urls = [f"http://news.example/{n % 7}" for n in range(40)]
    with WarcFolder(tmp_path, max_bytes=4000) as store:
        for n, url in enumerate(urls):
            store.append([exchange(n, PAGE + bytes([n]), url=url)])
        answers = {url: list(store.reader.lookup(url)) for url in urls}
        for pattern in loss:
            for path in tmp_path.glob(pattern):
                path.unlink()
        assert {url: list(store.reader.lookup(url)) for url in urls} == answers
    with WarcFolder(tmp_path) as store:
        indexes = sorted(tmp_path.glob("*.cdxj"))
        assert len(indexes) == len(list(tmp_path.glob("*.warc.gz"))) > 5
        for index in indexes:
            lines = index.read_bytes().splitlines(keepends=True)
            assert lines == sorted(lines)
            assert lines[0].startswith(b"!meta ")
        assert {url: list(store.reader.lookup(url)) for url in urls} == answers


# ---- files


def test_a_file_is_closed_at_its_size_and_at_its_age(tmp_path: Path) -> None:
    clock = [0.0]
    with WarcFolder(tmp_path, max_bytes=5000, max_age=timedelta(hours=1), monotonic=lambda: clock[0]) as store:
        for n in range(6):
            store.append([exchange(n, samples.noise(n, 2000))])
        assert len(store.reader.files()) == 3
        clock[0] = 3601.0
        store.append([exchange(9)])
        assert len(store.reader.files()) == 4
        assert len(list(tmp_path.glob("*.open"))) == 2, "one WARC and its index"
    assert not list(tmp_path.glob("*.open"))
    sizes = [path.stat().st_size for path in tmp_path.glob("*.warc.gz")]
    assert all(size < 5000 + 4000 for size in sizes)


def test_an_unused_store_leaves_no_file(tmp_path: Path) -> None:
    with WarcFolder(tmp_path) as store:
        assert store.append([]) == []
        store.rotate()
    assert ArchiveReader(tmp_path).files() == []


def test_a_step_of_the_clock_is_logged_and_names_stay_in_order(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wall, steady = [NOON], [0.0]
    with (
        WarcFolder(tmp_path, now=lambda: wall[0], monotonic=lambda: steady[0]) as store,
        caplog.at_level(logging.WARNING),
    ):
        receipts = store.append([exchange(1, started=wall[0])])
        for step in (timedelta(hours=-1), timedelta(days=1), timedelta(0)):
            wall[0] += step + timedelta(seconds=5)
            steady[0] += 5
            store.rotate()
            receipts += store.append([exchange(2, started=wall[0])])
        assert list(store.reader.records()) == receipts
    assert [r.message.split(" s at")[0] for r in caplog.records] == [
        "the clock was set by -3600.000",
        "the clock was set by +86400.000",
    ]


def test_a_store_is_opened_by_its_address(tmp_path: Path) -> None:
    for address in (tmp_path, str(tmp_path), f"file:{tmp_path}"):
        with open_store(address, prefix="p") as store:
            store.append([exchange(1)])
    assert len(ArchiveReader(tmp_path).files()) == 3
    with pytest.raises(ValueError, match="no archive store for 's4'; there are: file"):
        open_store("s4:bucket")


def test_a_page_that_came_compressed_grows_by_little(tmp_path: Path) -> None:
    body = gzip.compress(samples.noise(1, 50_000))
    path, (receipt,) = samples.closed_file(tmp_path, [exchange(1, body, head=b"Content-Encoding: gzip\r\n")])
    assert receipt.pointer.length < len(body) + 700
    assert gzip.decompress(path.read_bytes()).count(body) == 1
