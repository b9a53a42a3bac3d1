"""The evidence page: what it shows of a document, how it judges it, and what it keeps back when something is wrong."""

import html
import json
import re
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_kit import Served, newswarc, serving

from archive.store import ArchiveReader, open_store
from archive.warc import digest
from newswarc.items import Document, Evidence, Exchange
from newswarc.ledger import Derived, Ledger
from newswarc.settings import DataFolder
from search.index import open_index
from web.evidence import _CONNECTING


@pytest.fixture(scope="module")
def documents(crawled):
    with open_index(str(crawled / "index")) as index:
        return {id_: index.get(id_) for id_ in index.ids()}


def one(documents, **wanted):
    return next(d for d in documents.values() if all(getattr(d, k) == v for k, v in wanted.items()))


def plain(page):
    """The page's text, white space collapsed."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.mark.parametrize("language", ["en", "ru", "fa", "uz-Cyrl"])
def test_the_page_shows_what_we_saw_and_where_it_lies(served, documents, language):
    d = one(documents, language=language, state="live")
    answer = served.get(f"/evidence/{d.id}")
    assert answer.status == 200
    text = plain(answer.text)
    e = d.evidence
    for told in (
        "verified",
        d.title,
        *(" ".join(p.split()) for p in d.text.split("\n\n")),
        d.captured_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        d.source,
        d.published.isoformat(" "),
        " ".join(d.published_raw.split()),
        f"from {d.published_origin}",
        e.warc,
        str(e.offset),
        str(e.length),
        e.record_id,
        e.payload_digest,
        "(the same)",
    ):
        assert told in text


def test_the_page_shows_what_the_site_sent(served, documents, crawled):
    d = one(documents, language="en", state="live")
    capture = ArchiveReader(crawled / "archive").read(d.evidence.pointer)
    page = html.unescape(served.get(f"/evidence/{d.id}").text)
    assert capture.head.decode().rstrip() in page.replace("\n", "\r\n")
    assert capture.content(1 << 24).decode().splitlines()[0] in page
    shown = re.sub("<[^>]+>", "", page)  # names in the text stand in elements of their own
    assert shown.index("What we saw") < shown.index(d.text[:40]) < shown.index("What the site sent")


def test_versions_lead_to_each_other(served, documents):
    old = one(documents, state="superseded")
    new = one(documents, article_id=old.article_id, state="live")
    page = served.get(f"/evidence/{old.id}").text
    assert f'href="/evidence/{new.id}"' in page
    assert "A later text of this article was captured" in page
    assert f'href="/evidence/{old.id}"' in served.get(f"/evidence/{new.id}").text


def test_a_removed_article_says_so(served, documents):
    d = one(documents, state="removed")
    assert "has removed this article" in served.get(f"/evidence/{d.id}").text


def test_the_record_is_what_the_archive_holds(served, documents, crawled):
    d = one(documents, language="fa", state="live")
    answer = served.get(f"/evidence/{d.id}/record")
    assert answer.body == ArchiveReader(crawled / "archive").raw(d.evidence.pointer)
    assert answer.headers["Content-Type"] == "application/warc"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{d.id}.warc"'


def test_the_frame_is_a_sandbox_with_nothing_of_the_archived_headers(served, documents):
    d = one(documents, language="uz-Cyrl", state="live")  # sent as windows-1251
    answer = served.get(f"/evidence/{d.id}/frame")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert "allow" not in policy
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Last-Modified" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert d.title in html.unescape(answer.text)


@pytest.mark.parametrize("path", ["x", "a" * 20 + "-" + "b" * 12, "%3Cscript%3E", "..%2F..%2Fetc", "a/b/c"])
def test_an_unknown_document_is_a_404(served, path):
    answer = served.get(f"/evidence/{path}")
    assert answer.status == 404
    assert "<script" not in answer.text


# ---- alarms


@dataclass(frozen=True)
class Hurt:
    """A server at work on a data folder that is damaged in several ways under its hands."""

    server: Served
    documents: dict[str, Document]
    judged: dict[str, str]
    """By `newswarc verify`."""


@pytest.fixture(scope="module")
def hurt(crawled, documents, tmp_path_factory):
    data = tmp_path_factory.mktemp("hurt") / "data"
    shutil.copytree(crawled, data)
    first, last = sorted({d.evidence.warc for d in documents.values()})
    lost = next(d for d in documents.values() if d.evidence.warc == last)
    names = ("changed byte", "forged text", "not in the index", "older extractor", "withdrawn")
    whole = [d for d in documents.values() if d.evidence.warc == first and d.state == "live" and d.language == "en"]
    chosen = {**dict(zip(names, whole, strict=False)), "lost file": lost}
    with serving(data) as server:
        assert {server.get(f"/evidence/{d.id}").status for d in chosen.values()} == {200}
        damage(data, chosen)
        done = newswarc("verify", *(d.id for d in chosen.values()), "--data", str(data), "--json")
        told = {v["what"]: v["verdict"] for v in json.loads(done.stdout)["documents"]}
        yield Hurt(server, chosen, {name: told.get(d.id) for name, d in chosen.items()})


def damage(data, chosen):
    with open_index(str(data / "index"), write=True) as index:
        forged, older = chosen["forged text"], chosen["older extractor"]
        index.upsert([replace(forged, text=forged.text + " forged")])
        index.upsert([replace(older, extractor="trafilatura 1.0", text=older.text + "\n\nOlder.")])
        index.delete([chosen["not in the index"].id])
        index.commit()
    flipped = chosen["changed byte"].evidence
    path = data / "archive" / flipped.warc
    whole = bytearray(path.read_bytes())
    whole[flipped.offset + flipped.length // 2] ^= 1
    path.write_bytes(whole)
    (data / "archive" / chosen["lost file"].evidence.warc).unlink()
    with closing(sqlite3.connect(data / "ledger.sqlite")) as db, db:
        db.execute("UPDATE document SET state = 'withdrawn' WHERE id = ?", (chosen["withdrawn"].id,))


@pytest.mark.parametrize(
    ("name", "word", "status"),
    [
        ("changed byte", "corrupt", 409),
        ("forged text", "corrupt", 409),
        ("lost file", "missing", 410),
        ("not in the index", "missing", 410),
    ],
)
@pytest.mark.parametrize("part", ["", "/frame", "/record"])
def test_what_is_damaged_is_an_alarm_and_never_shown(hurt, name, word, status, part):
    d = hurt.documents[name]
    answer = hurt.server.get(f"/evidence/{d.id}{part}")
    assert (answer.status, hurt.judged[name]) == (status, word)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    text = plain(answer.text)
    assert f"{word} " in text
    assert d.evidence.warc in text
    for kept_back in (" ".join(d.text.split())[:60], "forged", "HTTP/1.1 200"):
        assert kept_back not in text


def test_another_extractor_is_said_and_the_page_is_shown(hurt):
    d = hurt.documents["older extractor"]
    answer = hurt.server.get(f"/evidence/{d.id}")
    assert (answer.status, hurt.judged["older extractor"]) == (200, "extractor changed")
    assert "extractor changed" in plain(answer.text)
    assert "trafilatura 1.0" in answer.text
    assert "What the site sent" in answer.text


def test_a_withdrawn_document_is_a_404(hurt):
    answer = hurt.server.get(f"/evidence/{hurt.documents['withdrawn'].id}")
    assert (answer.status, "withdrawn" in answer.text) == (404, True)


def test_a_damaged_ledger_is_a_sentence(crawled, documents, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(crawled, data)
    for path in data.glob("ledger.sqlite*"):
        path.write_bytes(b"no database at all" * 100)
    with serving(data) as server:
        answer = server.get(f"/evidence/{next(iter(documents))}")
        assert answer.status == 503
        assert "newswarc rebuild" in answer.text
        assert server.get("/api/search", q="rocket").status == 200


# ---- odd records


OK = b"HTTP/1.1 200 OK\r\nContent-Type: "
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
ODD = {
    "cut": (OK + b"text/html\r\nContent-Length: 900000\r\n\r\n<p>Only this came", "disconnect"),
    "cut by the clock": (OK + b"text/html\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n<p>Only this came", "time"),
    "broken gzip": (OK + b"text/html\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00broken", None),
    "svg": (OK + b"image/svg+xml\r\n\r\n" + SVG, None),
    "xml": (OK + b"text/xml\r\n\r\n" + SVG, None),
    "script": (OK + b"application/javascript\r\n\r\nalert(1)", None),
    "no type at all": (OK + b"\xff/\xfe\r\n\r\n" + SVG, None),
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """(server, name → document id): a data folder in which odd records are documents, as no crawl makes them."""
    data = tmp_path_factory.mktemp("odd")
    ids = {name: entered(data, n, *ODD[name]) for n, name in enumerate(ODD)}
    with serving(data) as server:
        server.get(f"/evidence/{ids['cut']}")  # the worker has started then
        yield server, ids


def entered(data, n, response, truncated):
    at, request = datetime(2026, 4, 21, tzinfo=UTC), b"GET / HTTP/1.1\r\n\r\n"
    sent = Exchange(f"http://odd.example/{n}", at, request, response, "article", "odd/site", truncated=truncated)
    folder, article, id_ = DataFolder(data), f"{n:020x}", f"{n:020x}-{n:012x}"
    with open_store(folder.archive) as store:
        (receipt,) = store.append([sent])
    ledger = Ledger(folder.ledger)
    ledger.record([receipt])
    ledger.settle([Derived(ledger.exchange(receipt.pointer.record_id).id, "article", 0, None, article, id_)])
    ledger.close()
    p = receipt.pointer
    evidence = Evidence(p.warc, p.offset, p.length, p.record_id, receipt.payload_digest, receipt.captured_at)
    with open_index(str(folder.index), write=True) as index:
        index.upsert([odd_document(id_, article, sent.url, evidence)])
        index.commit()
    return id_


def odd_document(id_, article, url, evidence):
    none = dict.fromkeys(("sitename", "country", "published", "published_raw", "published_origin"))
    return Document(
        id=id_,
        article_id=article,
        url=url,
        title="A title",
        text="A text.",
        source="odd/site",
        language="en",
        captured_at=evidence.captured_at,
        authors=(),
        tags=(),
        version=1,
        state="live",
        extractor="an older one",
        evidence=evidence,
        **none,
    )


@pytest.mark.parametrize("name", ["cut", "cut by the clock"])
@pytest.mark.parametrize("part", ["", "/frame", "/record"])
def test_a_cut_record_answers_at_once(odd, name, part):
    server, ids = odd
    began = time.monotonic()
    answer = server.get(f"/evidence/{ids[name]}{part}")
    assert time.monotonic() - began < 2
    assert answer.status == 200
    assert "Only this came" in answer.text
    assert part or f"The record is cut ({ODD[name][1]})." in plain(answer.text)


def test_a_body_that_cannot_be_decoded_is_said(odd):
    server, ids = odd
    page = f"/evidence/{ids['broken gzip']}"
    assert "cannot be decoded: gzip" in plain(server.get(page).text)
    assert server.get(f"{page}/frame").status == 422
    assert server.get(f"{page}/record").status == 200


@pytest.mark.parametrize("name", ["svg", "xml", "script", "no type at all"])
def test_what_is_not_html_is_framed_as_plain_text(odd, name):
    server, ids = odd
    assert server.get(f"/evidence/{ids[name]}/frame").headers["Content-Type"] == "text/plain; charset=utf-8"


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(["<", "link", "meta", "IFRAME", " ", ">", '"', "'", "/", "a=b", "<li", "nk", "\x0c", "x"]))
)
def test_law_no_connecting_tag_is_left(pieces):
    text = "".join(pieces)
    left = _CONNECTING.sub(" ", text)
    assert not re.search(r"<(link|meta|iframe)\b", left, re.IGNORECASE)


def test_an_ordinary_page_keeps_its_words():
    page = '<meta content="a > b"><p>Words <link rel=x>stay <b>here</b>.</p>'
    assert " ".join(_CONNECTING.sub(" ", page).split()) == "<p>Words stay <b>here</b>.</p>"


def test_stripping_takes_time_in_proportion():
    began = time.monotonic()
    for text in ("<link " * 300_000, '<link "' * 300_000, "<link '\"" * 300_000, "<meta a='" + "<" * 1_000_000):
        _CONNECTING.sub(" ", text)
    assert time.monotonic() - began < 5


def test_the_digest_shown_is_made_of_the_payload(served, documents, crawled):
    d = one(documents, language="fa", state="live")
    payload = ArchiveReader(crawled / "archive").read(d.evidence.pointer).payload
    assert served.get(f"/evidence/{d.id}").text.count(digest(payload)) >= 2
