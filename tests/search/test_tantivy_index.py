"""The embedded engine's folder: one writer, many readers, swaps and crashes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from test_index_contract import document, found

from search import tantivy_index
from search.index import IndexDamaged, IndexFault, IndexLocked, IndexOutdated, open_index
from search.query import Query, parse
from search.tantivy_index import TantivyIndex, swap

WRITER = Path(__file__).with_name("writer_process.py")


def folders(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if path.is_dir())


def test_a_second_writer_is_refused_and_told_what_to_do(tmp_path: Path) -> None:
    with open_index(tmp_path, write=True):
        with open_index(tmp_path) as second, pytest.raises(IndexLocked, match=r"another process writes.*wait until"):
            second.upsert([document()])
        with pytest.raises(IndexLocked):
            open_index(tmp_path, write=True)
        with pytest.raises(IndexLocked):
            TantivyIndex.fresh(tmp_path)
    with open_index(tmp_path) as after:
        assert after.upsert([document()]) == 1


def test_a_reader_needs_no_lock_and_sees_commits_after_a_refresh(tmp_path: Path) -> None:
    with open_index(tmp_path, write=True) as writer, open_index(tmp_path) as reader:
        writer.upsert([document()])
        writer.commit()
        assert reader.count() == 0
        reader.refresh()
        assert found(reader, "text") == ["a"]


def test_a_writer_opened_late_keeps_what_others_committed(tmp_path: Path) -> None:
    with open_index(tmp_path) as early:
        with open_index(tmp_path) as other:
            other.upsert([document("other", title="newer")])
            other.commit()
        early.upsert([document("early")])
        early.commit()
        assert list(early.ids()) == ["early", "other"]


def test_a_rebuild_swaps_in_one_step_and_readers_go_on(tmp_path: Path) -> None:
    with open_index(tmp_path) as old:
        old.upsert([document("old")])
        old.commit()
    reader = TantivyIndex.open(tmp_path)
    with TantivyIndex.fresh(tmp_path) as fresh:
        fresh.upsert([document("new")])
        fresh.commit()
        with open_index(tmp_path) as between:
            assert list(between.ids()) == ["old"]
        swap(tmp_path, fresh)
        assert folders(tmp_path) == [fresh.folder]
        assert (found(reader, "text"), reader.get("old") is not None) == (["old"], True)
        reader.refresh()
        assert found(reader, "text") == ["new"]
        fresh.upsert([document("newer")])
        fresh.commit()
    reader.refresh()
    assert list(reader.ids()) == ["new", "newer"]


def test_a_broken_off_rebuild_leaves_the_old_index_and_is_swept_by_the_next(tmp_path: Path) -> None:
    with open_index(tmp_path) as old:
        old.upsert([document("old")])
        old.commit()
    with TantivyIndex.fresh(tmp_path) as broken:
        broken.upsert([document("half")])
    assert len(folders(tmp_path)) == 2
    with open_index(tmp_path) as index:
        assert list(index.ids()) == ["old"]
    with TantivyIndex.fresh(tmp_path) as fresh:
        assert len(folders(tmp_path)) == 2
        swap(tmp_path, fresh)
    assert folders(tmp_path) == [fresh.folder]


def test_an_index_of_another_schema_is_not_read_and_can_be_rebuilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_index(tmp_path).close()
    monkeypatch.setattr(tantivy_index, "SCHEMA_VERSION", tantivy_index.SCHEMA_VERSION + 1)
    with pytest.raises(IndexOutdated, match="run `newswarc rebuild`"):
        open_index(tmp_path)
    with TantivyIndex.fresh(tmp_path) as fresh:
        swap(tmp_path, fresh)
    open_index(tmp_path).close()


def test_a_damaged_index_says_so_and_can_be_rebuilt(tmp_path: Path) -> None:
    with TantivyIndex.open(tmp_path) as index:
        index.upsert([document()])
        index.commit()
        for file in (tmp_path / index.folder).glob("*.term"):
            file.unlink()
    with pytest.raises(IndexDamaged, match="run `newswarc rebuild`"):
        open_index(tmp_path)
    (tmp_path / "current").write_text("nonsense", "utf-8")
    with pytest.raises(IndexDamaged):
        open_index(tmp_path)
    with TantivyIndex.fresh(tmp_path) as fresh:
        swap(tmp_path, fresh)
    with open_index(tmp_path) as after:
        assert after.count() == 0


def test_a_failed_commit_is_named_and_the_lock_is_let_go(tmp_path: Path) -> None:
    with TantivyIndex.open(tmp_path) as index:
        index.upsert([document()])
        (tmp_path / index.folder).rename(tmp_path / "gone")
        with pytest.raises(IndexFault, match="could not be committed"):
            index.commit()
    with TantivyIndex.fresh(tmp_path) as fresh:
        fresh.upsert([document()])
        swap(tmp_path, fresh)
    with open_index(tmp_path) as after:
        assert list(after.ids()) == ["a"]


def test_a_process_that_holds_the_lock_is_felt_by_another_and_its_death_frees_it(tmp_path: Path) -> None:
    with _writer(tmp_path, 0) as process:
        _line(process)
        with pytest.raises(IndexLocked):
            open_index(tmp_path, write=True)
        process.kill()
    open_index(tmp_path, write=True).close()


def test_a_killed_writer_loses_nothing_it_committed(tmp_path: Path) -> None:
    """kill -9 at random moments: every committed document is there, whole, once; the next writer goes on."""
    dice = random.Random(20220421)
    committed = 0
    for _ in range(4):
        with _writer(tmp_path, committed) as process:
            for _ in range(dice.randrange(1, 6)):
                committed = _line(process)
            os.sched_yield()
            process.kill()
            rest = process.stdout.read().split() if process.stdout else []
            committed = int(rest[-1]) if rest else committed
        with open_index(tmp_path) as index:
            ids = list(index.ids())
            # A commit may be on disk that was not yet told.
            assert ids in ([f"{n:08}" for n in range(committed + more)] for more in (0, 7))
            for each in ids[-14:]:
                assert index.get(each) == replace(document(each, text=f"river number{int(each)}"), folded="", stems="")
            assert index.search(Query(parse("river").tree, limit=0)).total == len(ids)
            committed = len(ids)


def _writer(root: Path, start: int) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    return subprocess.Popen(
        [sys.executable, str(WRITER), str(root), str(start)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )


def _line(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())
