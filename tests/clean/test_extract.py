"""`newswarc extract`: one saved page, or a list of them in order, whatever stands in the list."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from region_pages import Case, page_of

from newswarc.items import Cleaned, Hints
from pipelines.clean import clean_page
from pipelines.extract import AHEAD, UnreadablePage, article_json, extract_lines, read_page
from pipelines.pool import WorkerPool

CASES: list[Case] = yaml.safe_load((Path(__file__).parent / "region.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2) as made:
        yield made


@pytest.fixture
def saved(tmp_path: Path) -> list[dict[str, str]]:
    """The pages of the region, half of them gzipped, one in windows-1251."""
    lines = []
    for number, case in enumerate(CASES):
        charset = "windows-1251" if case["language"] == "ru" else "utf-8"
        data = page_of(case).encode(charset)
        path = tmp_path / f"{number}.html{'.gz' if number % 2 else ''}"
        path.write_bytes(gzip.compress(data) if number % 2 else data)
        lines.append(
            {"id": f"page-{number}", "path": str(path), "url": f"https://{case['host']}/a/1", "charset": charset}
        )
    return lines


def run(lines: list[str], pool: WorkerPool) -> list[dict[str, object]]:
    return [json.loads(line) for line in extract_lines(lines, pool)]


def test_a_list_comes_back_in_order(saved: list[dict[str, str]], pool: WorkerPool) -> None:
    got = run([json.dumps(line) + "\n" for line in saved] * 3, pool)
    assert [one["id"] for one in got] == [line["id"] for line in saved] * 3
    assert [one["title"] for one in got] == [case["title"] for case in CASES] * 3
    assert list(got[0])[:8] == ["id", "url", "title", "text", "authors", "published", "language", "sitename"]


def test_one_page_and_a_list_of_one_say_the_same(saved: list[dict[str, str]], pool: WorkerPool) -> None:
    line = saved[1]
    page = read_page(Path(line["path"]))
    alone = clean_page(page, url=line["url"], charset="utf-8", content_type=None, captured_at=None, hints=Hints())
    assert json.loads(json.dumps(article_json(alone, id=line["id"]))) == run([json.dumps(line)], pool)[0]


def test_bad_lines_and_missing_files_are_told_in_their_place(
    saved: list[dict[str, str]], tmp_path: Path, pool: WorkerPool
) -> None:
    good = saved[0]
    torn = tmp_path / "torn.gz"
    torn.write_bytes(gzip.compress(b"<p>x</p>" * 1000)[:50])
    lines = [
        "not json",
        "[1, 2]",
        json.dumps({"id": 3, "url": "https://news.example/"}),
        json.dumps({"id": 4, "path": str(tmp_path / "none.html"), "url": "https://news.example/"}),
        json.dumps({"id": 5, "path": str(torn), "url": "https://news.example/"}),
        json.dumps({"id": 6, "path": str(tmp_path), "url": "https://news.example/"}),
        json.dumps({"id": 7, "path": "a\0b", "url": "https://news.example/"}),
        json.dumps({**good, "charset": 5}),
        "",
        json.dumps(good),
    ]
    got = run(lines, pool)
    assert [one.get("outcome") for one in got] == ["error"] * 8 + [None]
    assert all(one["reason"] for one in got[:8])
    assert [one["id"] for one in got] == [None, None, 3, 4, 5, 6, 7, good["id"], good["id"]]


def test_no_more_is_read_than_is_under_way(saved: list[dict[str, str]], pool: WorkerPool) -> None:
    read = 0

    def endless() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield json.dumps(saved[0])

    lines = extract_lines(endless(), pool)
    for _ in range(5):
        next(lines)
    lines.close()  # type: ignore[attr-defined]
    assert read <= AHEAD + 6


def test_an_outcome_is_told_with_its_reason() -> None:
    assert article_json(Cleaned("empty", reason="no content"), id=1) == {
        "id": 1,
        "outcome": "empty",
        "reason": "no content",
    }


def test_a_page_too_large_is_not_read(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(bytes(21_000_000)))
    with pytest.raises(UnreadablePage, match="larger"):
        read_page(bomb)


@given(st.lists(st.text(max_size=60), max_size=5))
def test_no_list_raises(lines: list[str]) -> None:
    for line in extract_lines(lines, NOBODY):
        assert json.loads(line)["outcome"] == "error"


class _Nobody(WorkerPool):
    """Has no workers: none of these lines asks for one."""

    def __init__(self) -> None:
        self._threads = []


NOBODY = _Nobody()
