"""Crashes, full and failing disks, two writers, bit rot, tampering: nothing acknowledged is lost, all is named."""

from __future__ import annotations

import contextlib
import errno
import gzip
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import archive_samples as samples
import pytest
from archive_samples import NOON, PAGE, attempt, exchange

from archive import cdxj, manifest
from archive.records import METADATA_LOST
from archive.store import (
    ArchiveDead,
    ArchiveError,
    ArchiveFull,
    ArchiveLocked,
    ArchiveReader,
    CorruptRecord,
    WarcFolder,
)
from archive.verify import Verdict, verify_folder, verify_record
from archive.warc import digest, member, members, parse
from newswarc.items import Archived, RecordPointer

WRITER = Path(__file__).with_name("archive_writer_process.py")


def no_fsync(_fd: int) -> None:
    """Where only the bytes matter and not when they reach the disk."""


def faults(folder: Path) -> list[Verdict]:
    return [verdict for verdict in verify_folder(ArchiveReader(folder)) if verdict.state != "verified"]


def start_writer(folder: Path, seed: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(WRITER), str(folder), str(seed)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


# ---- kill -9


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    rnd = random.Random(20261124)
    acknowledged: list[tuple[RecordPointer, str, int]] = []
    for seed in range(30):
        with start_writer(tmp_path, seed) as writer:
            lines = [writer.stdout.readline() for _ in range(rnd.randint(1, 25))]
            writer.send_signal(signal.SIGKILL)
            lines += writer.stdout.read().splitlines()
        for line in lines:
            warc, offset, length, record_id, payload_digest, size = json.loads(line)
            acknowledged.append((RecordPointer(warc, offset, length, record_id), payload_digest, size))
    assert len(acknowledged) > 30 * 5
    with WarcFolder(tmp_path):
        assert not list(tmp_path.glob("*.open"))
    reader = ArchiveReader(tmp_path)
    for pointer, payload_digest, size in acknowledged:
        capture = reader.read(pointer)
        assert digest(capture.payload) == payload_digest
        assert len(capture.head + capture.body) == size
    assert {pointer for pointer, _, _ in acknowledged} <= {receipt.pointer for receipt in reader.records()}
    assert faults(tmp_path) == []
    for path in tmp_path.glob("*.warc.gz"):
        with gzip.open(path) as file:
            assert file.read().endswith(b"\r\n\r\n")


# ---- torn append


def test_an_append_torn_at_any_byte_loses_itself_alone(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    store = WarcFolder(whole, fsync=no_fsync)
    earlier = store.append([exchange(1)])
    start = (whole / f"{earlier[0].pointer.warc}.open").stat().st_size
    (last,) = store.append([exchange(9, samples.noise(9, 60), certificate=b"DER")])
    data, name = (whole / f"{last.pointer.warc}.open").read_bytes(), last.pointer.warc
    store.close()
    lost = replace(last, kind="article", source=None, via=None, error=METADATA_LOST)
    seen = set()
    for cut in range(start, len(data) + 1):
        folder = tmp_path / "torn"
        folder.mkdir()
        (folder / f"{name}.open").write_bytes(data[:cut])
        kept = recovered_bytes(folder, name)
        assert kept == data[:cut]
        receipts = list(ArchiveReader(folder).records())
        assert receipts[:1] == earlier
        assert receipts[1:] in ([], [lost], [last])
        seen.add(receipts[1].error if receipts[1:] else "absent")
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    assert seen == {"absent", METADATA_LOST, None}


def recovered_bytes(folder: Path, name: str) -> bytes:
    """Opens the folder, checks the state it is in, and gives the file and its torn end joined again."""
    with WarcFolder(folder, fsync=no_fsync) as store:
        (recovered,) = store.recovered
        assert recovered.warc == name
    assert not list(folder.glob("*.open"))
    kept = (folder / name).read_bytes()
    assert len(kept) == recovered.kept
    torn = folder / f"{name}.torn-{recovered.kept}"
    assert torn.exists() == bool(recovered.torn)
    return kept + (torn.read_bytes() if recovered.torn else b"")


def test_a_file_torn_in_its_first_record_is_set_aside_whole(tmp_path: Path) -> None:
    (tmp_path / "newswarc-20261124120000000-00001-h.warc.gz.open").write_bytes(b"\x1f\x8b\x08half")
    (tmp_path / "newswarc-20261124120000000-00002-h.warc.gz.open").write_bytes(b"")
    with WarcFolder(tmp_path) as store:
        assert store.reader.files() == []
    assert [path.name for path in tmp_path.glob("*-h*")] == ["newswarc-20261124120000000-00001-h.warc.gz.torn-0"]


def test_damage_amid_an_open_file_costs_that_record_alone(tmp_path: Path) -> None:
    store = WarcFolder(tmp_path)
    receipts = store.append([exchange(n) for n in range(5)])
    path = tmp_path / f"{receipts[0].pointer.warc}.open"
    data = bytearray(path.read_bytes())
    data[receipts[2].pointer.offset + receipts[2].pointer.length // 2] ^= 0xFF
    store.close()
    (tmp_path / receipts[0].pointer.warc).unlink()
    path.write_bytes(bytes(data))
    with WarcFolder(tmp_path) as again:
        assert again.recovered[0].torn == 0
        reported: list[object] = []
        assert list(again.reader.records(reported.append)) == [*receipts[:2], *receipts[3:]]
        assert len(reported) == 1


def test_a_crash_between_closing_and_the_manifest_is_made_good(tmp_path: Path) -> None:
    with WarcFolder(tmp_path, max_bytes=1) as store:
        for n in range(3):
            store.append([exchange(n)])
    path = tmp_path / manifest.NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]) + lines[2][:20])
    assert [(v.state, v.cause[:6]) for v in faults(tmp_path) if v.warc == manifest.NAME] == [("corrupt", "line 3")]
    WarcFolder(tmp_path).close()
    assert path.read_bytes().splitlines(keepends=True) == lines
    assert faults(tmp_path) == []


# ---- disk full


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[], None]]:
    """A file system of 2 MiB with some ballast; what is given takes the ballast away."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.strip()}")
    try:
        (folder / "ballast").write_bytes(bytes(400_000))
        yield (folder / "ballast").unlink
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextlib.contextmanager
def small_files(_folder: Path) -> Iterator[Callable[[], None]]:
    """No file may grow beyond 1 MiB; what is given lifts that. Needs no rights, so it runs everywhere."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("disk", [small_disk, small_files])
def test_a_full_disk_refuses_keeps_all_and_goes_on_when_there_is_room(
    tmp_path: Path, disk: Callable[..., object]
) -> None:
    receipts: list[Archived] = []
    with disk(tmp_path) as make_room, WarcFolder(tmp_path) as store:
        with pytest.raises(ArchiveFull, match="no room on the disk"):
            fill(store, receipts)
        assert len(receipts) > 10
        with pytest.raises(ArchiveFull):
            store.append([exchange(999, samples.noise(9, 60_000))])
        path = tmp_path / f"{receipts[0].pointer.warc}.open"
        assert all(found.record for found in members(path)), "the file ends on a member"
        assert list(store.reader.records()) == receipts
        make_room()
        receipts += store.append([exchange(1000, samples.noise(7, 60_000))])
        assert receipts[-1].pointer.warc == receipts[0].pointer.warc
        store.close()
        reader = ArchiveReader(tmp_path)
        assert [reader.read(r.pointer).archived for r in receipts] == receipts
        assert len(list(reader.lookup("http://news.example/1000"))) == 1
        assert faults(tmp_path) == []
        reader.close()


def fill(store: WarcFolder, receipts: list[Archived]) -> None:
    for n in range(1000):
        receipts += store.append([exchange(n, samples.noise(n, 60_000))])


def test_below_the_floor_of_free_space_nothing_is_written(tmp_path: Path) -> None:
    with WarcFolder(tmp_path, free_space_floor=1 << 62) as store:
        with pytest.raises(ArchiveFull, match="fewer than the floor"):
            store.append([exchange(1)])
        assert not list(tmp_path.glob("*.warc.gz*"))
        store.free_space_floor = store.free_space() // 2
        store.append([exchange(1)])


def test_half_a_write_is_finished_and_a_failed_one_taken_back(tmp_path: Path) -> None:
    room = [100_000]

    def write(fd: int, data: bytes | memoryview) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = min(room[0], 700, len(data))
        room[0] -= taken
        return os.write(fd, data[:taken])

    receipts: list[Archived] = []
    with WarcFolder(tmp_path, write=write) as store:
        for n in range(40):
            try:
                receipts += store.append(
                    [exchange(n, samples.noise(n, 5000), certificate=b"c%d" % (n // 7)), attempt(n)]
                )
            except ArchiveFull:
                assert list(store.reader.records()) == receipts
                room[0] = 50_000
        assert 40 < len(receipts) < 80
    assert list(ArchiveReader(tmp_path).records()) == receipts
    assert faults(tmp_path) == []


# ---- failing disk


def test_a_failed_flush_is_never_tried_again(tmp_path: Path) -> None:
    calls, failing = [0], [False]

    def fsync(fd: int) -> None:
        calls[0] += 1
        if failing[0]:
            raise OSError(errno.EIO, "Input/output error")
        os.fsync(fd)

    store = WarcFolder(tmp_path, fsync=fsync)
    receipts = store.append([exchange(1)])
    failing[0] = True
    with pytest.raises(ArchiveDead, match="flushing to disk failed"):
        store.append([exchange(2)])
    failing[0], tried = False, calls[0]
    for act in (lambda: store.append([exchange(3)]), store.rotate):
        with pytest.raises(ArchiveDead, match="open the archive anew"):
            act()
    store.close()
    assert calls[0] == tried
    assert list(tmp_path.glob("*.warc.gz.open"))
    with WarcFolder(tmp_path) as again:
        found = list(again.reader.records())
        assert found[:1] == receipts
        assert [r.url for r in found[1:]] in ([], ["http://news.example/2"]), "unacknowledged: there or not, but whole"
    assert faults(tmp_path) == []


def test_other_errors_of_the_disk_leave_the_store_usable(tmp_path: Path) -> None:
    broken = [True]

    def write(fd: int, data: bytes | memoryview) -> int:
        if broken[0]:
            os.write(fd, data[:300])
            raise OSError(errno.EIO, "Input/output error")
        return os.write(fd, data)

    with WarcFolder(tmp_path, write=write) as store:
        with pytest.raises(OSError, match="Input/output error"):
            store.append([exchange(1)])
        broken[0] = False
        receipts = store.append([exchange(1)])
        assert list(store.reader.records()) == receipts
    with pytest.raises(ArchiveError, match="closed"):
        store.append([exchange(2)])


# ---- two writers


def test_a_second_writer_is_told_who_writes_and_leaves_at_once(tmp_path: Path) -> None:
    with WarcFolder(tmp_path) as store:
        receipts = store.append([exchange(1)])
        began = time.monotonic()
        second = subprocess.run(
            [sys.executable, str(WRITER), str(tmp_path), "1"], capture_output=True, text=True, timeout=30
        )
        assert second.returncode == 3
        assert (
            second.stderr == f"newswarc: {tmp_path} is being written by process {os.getpid()}; one writer at a time\n"
        )
        assert time.monotonic() - began < 10, "2 s on a quiet machine"
        with pytest.raises(ArchiveLocked):
            WarcFolder(tmp_path)
        assert store.append([exchange(2)])
        assert list(store.reader.records())[:1] == receipts
    WarcFolder(tmp_path).close()


def test_a_forked_worker_neither_holds_the_lock_nor_writes(tmp_path: Path) -> None:
    store = WarcFolder(tmp_path)
    store.append([exchange(1)])
    hold, let_go = os.pipe()
    told, tell = os.pipe()
    worker = os.fork()
    if not worker:
        try:
            store.append([exchange(2)])
        except ArchiveDead:
            os.write(tell, b"refused")
        os.close(let_go)
        os.read(hold, 1)
        os._exit(0)
    os.close(hold)
    assert os.read(told, 10) == b"refused"
    store.close()
    with WarcFolder(tmp_path) as again:
        assert len(list(again.reader.records())) == 1
    os.close(let_go)
    os.waitpid(worker, 0)
    os.close(told)
    os.close(tell)


# ---- bit rot and tampering


def test_each_of_300_flipped_bits_is_found_and_the_rest_stays_readable(tmp_path: Path) -> None:
    items = [exchange(n, samples.noise(n, 300) if n % 2 else PAGE) for n in range(12)]
    path, receipts = samples.closed_file(tmp_path, items)
    data, rnd = path.read_bytes(), random.Random(2)
    by_file_alone = 0
    for _ in range(300):
        position = rnd.randrange(len(data))
        rotten = bytearray(data)
        rotten[position] ^= 1 << rnd.randrange(8)
        path.write_bytes(rotten)
        found = faults(tmp_path)
        assert any(v.warc == path.name and v.offset is None for v in found), "the manifest sees each"
        inner = [v for v in found if v.offset is not None]
        assert all(v.offset <= position for v in inner)
        by_file_alone += not inner
        with ArchiveReader(tmp_path) as reader:
            assert_rest_is_read(reader, receipts, position, bool(inner))
    assert by_file_alone < 10, "only the bytes of a gzip header that carry no meaning"


def assert_rest_is_read(reader: ArchiveReader, receipts: list[Archived], position: int, damaged: bool) -> None:
    for receipt in receipts:
        pointer = receipt.pointer
        verdict = verify_record(reader, pointer)
        hit = pointer.offset <= position < pointer.offset + pointer.length
        assert verdict.state == ("corrupt" if hit and damaged else "verified")
        assert (verdict.warc, verdict.offset, verdict.record_id) == (pointer.warc, pointer.offset, pointer.record_id)
    listed = {receipt.pointer for receipt in reader.records(lambda damage: None)}
    whole = [r.pointer for r in receipts if not r.pointer.offset <= position < r.pointer.offset + r.pointer.length]
    assert listed >= set(whole)


def test_a_record_within_an_archived_page_is_never_taken_for_one_of_ours(tmp_path: Path) -> None:
    forged = member(
        [
            ("WARC-Type", "response"),
            ("WARC-Record-ID", "<urn:uuid:forged>"),
            ("WARC-Date", "2026-11-24T12:00:00Z"),
            ("WARC-Warcinfo-ID", "<urn:uuid:guessed>"),
            ("WARC-Target-URI", "http://news.example/forged"),
        ],
        b"HTTP/1.1 200 OK\r\n\r\nforged",
    )
    trap = exchange(1, forged + samples.noise(1, 500) + forged, head=b"Content-Encoding: gzip\r\n")
    path, receipts = samples.closed_file(tmp_path, [exchange(0), trap, exchange(2)])
    data = bytearray(path.read_bytes())
    data[receipts[1].pointer.offset] ^= 0xFF
    assert bytes(data).count(forged) == 2
    path.write_bytes(data)
    reported: list[object] = []
    assert list(ArchiveReader(tmp_path).records(reported.append)) == [receipts[0], receipts[2]]
    assert [(d.offset, d.length) for d in reported] == [(receipts[1].pointer.offset, receipts[1].pointer.length)]


def repaired(path: Path, old: bytes, new: bytes, *which: str) -> bytes:
    """The file with a word changed in its records and these digests within made right again."""
    out = b""
    for found in members(path):
        fields, block = found.record.headers, found.record.block.replace(old, new)
        payload = block.partition(b"\r\n\r\n")[2]
        right = {"WARC-Block-Digest": digest(block), "WARC-Payload-Digest": digest(payload)}
        right = {name: value for name, value in right.items() if name in which}
        out += member([(k, right.get(k, v)) for k, v in fields if k != "Content-Length"], block)
    return out


@pytest.mark.parametrize(
    ("word", "which", "says"),
    [
        (b"noon", [], "block digest is"),
        (b"noon", ["WARC-Block-Digest"], "payload digest is"),
        (b"GET", [], "block digest is"),
        (b"DER", ["WARC-Block-Digest"], "payload digest is"),
    ],
)
def test_a_digest_that_disagrees_is_named(tmp_path: Path, word: bytes, which: list[str], says: str) -> None:
    path, (receipt,) = samples.closed_file(tmp_path, [exchange(1, certificate=b"DER")])
    path.write_bytes(repaired(path, word, word.swapcase(), *which))
    (record,) = [verdict for verdict in faults(tmp_path) if verdict.offset is not None]
    assert (record.state, record.warc) == ("corrupt", path.name)
    assert says in record.cause
    if word == b"noon":
        (found,) = [m for m in members(path) if m.offset == record.offset]
        pointer = replace(receipt.pointer, offset=found.offset, length=found.length)
        with pytest.raises(CorruptRecord, match=f"{path.name} at {found.offset}, record {pointer.record_id}: {says}"):
            ArchiveReader(tmp_path).read(pointer)
        assert verify_record(ArchiveReader(tmp_path), pointer).state == "corrupt"


def test_a_changed_file_with_repaired_digests_is_found_by_the_manifest(tmp_path: Path) -> None:
    with WarcFolder(tmp_path, max_bytes=1) as store:
        receipts = [store.append([exchange(n)])[0] for n in range(3)]
    path = tmp_path / receipts[1].pointer.warc
    path.write_bytes(repaired(path, b"noon", b"moon", "WARC-Block-Digest", "WARC-Payload-Digest"))
    cdxj.rebuild(path)
    reader = ArchiveReader(tmp_path)
    (changed,) = [r for r in reader.records() if r.url == receipts[1].url]
    assert b"moon" in reader.read(changed.pointer).payload, "all inner digests agree"
    (verdict,) = faults(tmp_path)
    assert (verdict.state, verdict.warc, verdict.offset) == ("corrupt", path.name, None)
    assert "manifest.jsonl says" in verdict.cause


def test_the_chain_names_what_was_done_to_the_manifest(tmp_path: Path) -> None:
    with WarcFolder(tmp_path, max_bytes=1) as store:
        receipts = [store.append([exchange(n)])[0] for n in range(4)]
    path = tmp_path / manifest.NAME
    lines = path.read_bytes().splitlines(keepends=True)

    def told(changed: list[bytes]) -> list[str]:
        path.write_bytes(b"".join(changed))
        return [f"{v.state} {v.warc} {v.cause}" for v in faults(tmp_path)]

    edited = lines[1].replace(b'"records": 4', b'"records": 5')
    assert edited != lines[1]
    assert told([lines[0], edited, *lines[2:]]) == [
        "corrupt manifest.jsonl line 3 of manifest.jsonl does not follow from the line before it"
    ]
    removed = told([lines[0], *lines[2:]])
    assert removed[0] == "corrupt manifest.jsonl line 2 of manifest.jsonl does not follow from the line before it"
    assert removed[1] == f"corrupt {receipts[1].pointer.warc} the file is closed and manifest.jsonl does not list it"
    assert told(lines) == []
    (tmp_path / receipts[0].pointer.warc).unlink()
    assert told(lines) == [f"missing {receipts[0].pointer.warc} manifest.jsonl lists the file and it is not there"]


# ---- names


def test_100_files_of_one_second_by_two_hosts_have_100_names(tmp_path: Path) -> None:
    for host in ("a", "b"):
        with WarcFolder(tmp_path / host, now=lambda: NOON, host=host, max_bytes=1, fsync=no_fsync) as store:
            for n in range(50):
                store.append([exchange(n)])
    names = [path.name for path in tmp_path.glob("*/*.warc.gz")]
    assert len(names) == len(set(names)) == 100
    urls = [r.url for r in ArchiveReader(tmp_path / "a").records()]
    assert urls == [exchange(n).url for n in range(50)], "file names sort in the order of writing"


def test_a_name_that_is_there_is_never_written_to(tmp_path: Path) -> None:
    with WarcFolder(tmp_path, now=lambda: NOON, host="h") as store:
        theirs = tmp_path / "newswarc-20261124120000000-00001-h.warc.gz"
        open_too = tmp_path / "newswarc-20261124120000000-00002-h.warc.gz.open"
        for path in (theirs, open_too):
            path.write_bytes(b"theirs")
        (receipt,) = store.append([exchange(1)])
        assert receipt.pointer.warc == "newswarc-20261124120000000-00003-h.warc.gz"
        (tmp_path / receipt.pointer.warc).write_bytes(b"in the way")
        with pytest.raises(FileExistsError, match="is there already"):
            store.rotate()
        (tmp_path / receipt.pointer.warc).unlink()
        store.rotate()
        assert (theirs.read_bytes(), open_too.read_bytes()) == (b"theirs", b"theirs")
        assert store.reader.read(receipt.pointer).archived == receipt


def test_a_restart_within_the_millisecond_takes_the_next_name(tmp_path: Path) -> None:
    for wall in (NOON, NOON, NOON - timedelta(hours=1)):
        with WarcFolder(tmp_path, now=lambda wall=wall: wall, host="h") as store:
            store.append([exchange(1)])
    assert ArchiveReader(tmp_path).files() == [f"newswarc-20261124120000000-0000{n}-h.warc.gz" for n in (1, 2, 3)]


def test_a_record_is_one_member_that_any_gzip_reads(tmp_path: Path) -> None:
    path, receipts = samples.closed_file(tmp_path, [samples.typical(1), exchange(2)])
    for receipt in receipts:
        pointer = receipt.pointer
        stored = path.read_bytes()[pointer.offset : pointer.offset + pointer.length]
        assert parse(gzip.decompress(stored)).id == pointer.record_id
        assert gzip.decompress(stored) == ArchiveReader(tmp_path).raw(pointer)
