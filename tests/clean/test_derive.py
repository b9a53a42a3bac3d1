"""A page that breaks what comes after cleaning costs its own names alone: it is indexed, and says what was missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.store import WarcFolder
from newswarc.items import Archived, Exchange, Hints, SourceFacts
from pipelines.derive import derive

PAGE = b"<html><head><title>Calm in Termez</title></head><body><h1>Calm in Termez</h1>" + b"".join(
    b"<p>%b the ministry said that in Termez the situation was calm and that nothing had been confirmed.</p>" % day
    for day in (b"On Monday", b"On Tuesday", b"On Wednesday", b"On Thursday")
)
FACTS = SourceFacts("test/site", "Site", "en", "UZ", None)


@pytest.fixture
def archived(tmp_path: Path) -> Archived:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(PAGE)
    exchange = Exchange(
        url="http://news.example/calm", started=datetime.now(UTC), request=b"GET /calm HTTP/1.1\r\n\r\n",
        response=head + PAGE, kind="article", source="test/site", ip="127.0.0.1",
    )  # fmt: skip
    with WarcFolder(tmp_path / "archive") as folder:
        [receipt] = folder.append([exchange])
    return receipt


def test_where_the_search_for_names_breaks_the_document_is_there_without_them(
    archived: Archived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = derive(tmp_path / "archive", archived, Hints(), FACTS)
    monkeypatch.setenv("NEWSWARC_TAGGER", "perhaps")  # changed while a crawl runs: the annotator refuses to work
    broken = derive(tmp_path / "archive", archived, Hints(), FACTS)
    assert (sound.outcome, sound.reason, broken.outcome) == ("article", None, "article")
    assert broken.reason is not None
    assert broken.reason.startswith("not annotated: BadSetting: NEWSWARC_TAGGER")
    assert sound.document is not None
    assert sound.document.mentions
    assert broken.document == replace(sound.document, mentions=(), statements=(), annotator=broken.reason)
