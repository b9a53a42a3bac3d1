"""The main job, end to end, as people run it: the sample outlets crawled in two rounds, searched, verified, rebuilt.

One data folder for the whole module; each test reads it, and those that change it work on a copy.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.sample.outlets import SampleOutlets, manifest, oddities
from crawler.sample.serve import environment, running
from newswarc.ledger import Ledger
from search.analysis import words
from search.index import open_index

ROOT = Path(__file__).resolve().parent.parent


class Region:
    """The sample region, crawled."""

    def __init__(self, data, server, outlets):
        self.data, self.server, self.outlets = data, server, outlets
        self.environ = {**os.environ, **environment(server)}

    def run(self, *arguments, data=None, code=0, text=True, cwd=None):
        command = [sys.executable, "-m", "newswarc", *arguments, "--data", str(data or self.data)]
        done = subprocess.run(command, capture_output=True, text=text, env=self.environ, cwd=cwd, timeout=150)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout

    def json(self, *arguments, **more):
        return json.loads(self.run(*arguments, "--json", **more))


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """After round one, and after round two in which one text was edited, one removed, two added."""
    outlets = SampleOutlets(1)
    with running(outlets=outlets) as server:
        made = Region(tmp_path_factory.mktemp("region") / "data", server, outlets)
        made.first = made.json("crawl", "sample")
        made.after_first = documents(made.data)
        made.seen_first = len(server.log)
        outlets.stage = 2
        made.second = made.json("crawl", "sample", "--recheck")
        made.after_second = documents(made.data)
        yield made


def documents(data):
    """Every document of the index, whole."""
    with open_index(str(data / "index")) as index:
        return {id_: index.get(id_) for id_ in index.ids()}


def folded(text):
    return " ".join(word.folded for word in words(text))


def live(found):
    return {d.url: d for d in found.values() if d.state == "live"}


@pytest.fixture(scope="module")
def copy(region, tmp_path_factory):
    def make():
        to = tmp_path_factory.mktemp("copy") / "data"
        shutil.copytree(region.data, to)
        return to

    return make


# ---- crawl and clean


@pytest.mark.parametrize(
    "article", [a for a in manifest() if a.since == 1], ids=lambda a: a.url.rsplit("//", 1)[1][:60]
)
def test_every_article_of_the_sample_becomes_a_document(region, article):
    document = live(region.after_first).get(article.url)
    assert document is not None, region.first["sources"][article.source]
    assert folded(document.title) == folded(article.title)
    assert document.source == article.source
    assert document.published.date() == article.published.date()
    assert folded(article.phrase) in folded(document.text)
    for furniture in article.absent:
        assert folded(furniture) not in folded(document.text)


@pytest.mark.parametrize("page", oddities(), ids=lambda p: f"{p.outcome}-{p.url.rsplit('//', 1)[1][:50]}")
def test_what_only_looks_like_an_article_is_no_document(region, page):
    assert page.url not in live(region.after_first)


def test_the_summary_counts_each_answer_once(region):
    for figures in (*region.first["sources"].values(), *region.second["sources"].values()):
        failed = sum(n for cause, n in figures["failed"].items() if cause == "robots")
        named = ("new", "edited", "unchanged", "removed", "not_article", "redirects", "pending")
        assert figures["fetched"] + failed == sum(figures[name] for name in named) + failed
        assert figures["pending"] == 0


def test_the_second_round_sees_what_was_edited_removed_and_added(region):
    totals = {name: sum(f[name] for f in region.second["sources"].values()) for name in ("new", "edited", "removed")}
    assert totals == {"new": 2, "edited": 1, "removed": 1}


def test_an_edited_article_has_both_texts(region):
    (article,) = [a for a in manifest() if a.edited]
    texts = {d.version: d for d in region.after_second.values() if d.url == article.url}
    assert (texts[1].state, texts[2].state) == ("superseded", "live")
    assert folded(article.edited) in folded(texts[2].text)
    assert folded(article.edited) not in folded(texts[1].text)


def test_a_removed_article_stays_and_says_so(region):
    (article,) = [a for a in manifest() if a.removed]
    assert [d.state for d in region.after_second.values() if d.url == article.url] == ["removed"]


def test_the_archive_has_every_exchange_the_server_saw(region):
    ledger = Ledger(region.data / "ledger.sqlite")
    try:
        row = ledger._db.execute("SELECT count(*) FROM exchange WHERE record_type != 'metadata'").fetchone()
    finally:
        ledger.close()
    assert row[0] == len(region.server.log)


def test_an_unchanged_page_is_asked_for_conditionally_and_answers_304(region):
    second = region.server.log[region.seen_first :]
    assert any(entry.sent.startswith(b"HTTP/1.1 304") for entry in second)


# ---- search, show, verify, lookup


def test_search_prints_the_shape_that_is_promised(region):
    found = region.json("search", "rocket*", "--limit", "2")
    assert found["total"] >= 2
    for hit in found["hits"]:
        assert {
            "id",
            "url",
            "title",
            "source",
            "language",
            "published",
            "score",
            "highlights",
            "evidence",
        } <= hit.keys()
        assert {"warc", "offset", "length", "record_id", "payload_digest", "captured_at"} <= hit["evidence"].keys()


@pytest.mark.parametrize("article", [a for a in manifest() if a.removed is None][::5], ids=lambda a: a.language)
def test_a_phrase_of_an_article_finds_it(region, article):
    assert article.url in {hit["url"] for hit in region.json("search", f'"{article.phrase}"')["hits"]}


def test_search_narrows_by_source_language_and_day(region):
    for options, check in [
        (["--source", "sample/pulnama"], lambda h: h["source"] == "sample/pulnama"),
        (["--language", "ru"], lambda h: h["language"] == "ru"),
        (
            ["--since", "2026-04-16", "--until", "2026-04-17"],
            lambda h: "2026-04-15" < h["published"][:10] < "2026-04-18",
        ),
    ]:
        hits = region.json("search", "", "--limit", "100", *options)["hits"]
        assert hits
        assert all(check(hit) for hit in hits)


def test_search_by_date_has_the_newest_first(region):
    dates = [hit["published"] for hit in region.json("search", "Termez", "--sort", "date")["hits"]]
    assert len(dates) > 3
    assert [d[:10] for d in dates] == sorted((d[:10] for d in dates), reverse=True)


def test_search_prints_each_hit_with_the_words_that_were_found(region):
    """Found words stand in lower case here: what would be read as markup of our own."""
    said = region.run("search", "rocket*", "--limit", "3", "--facets")
    assert "rockets" in said
    assert "[[" not in said
    assert "(none)" in said, "facets name what has no value"


def test_a_filter_that_no_document_has_is_said(region):
    told = region.json("search", "rocket*", "--source", "sample/nosuch", "--language", "russian", "--country", "uz")
    assert told["total"] == 0
    source, language = told["notes"]
    assert source.startswith("no document has --source 'sample/nosuch'; there are ")
    assert "sample/pulnama" in source
    assert language.startswith("no document has --language 'russian'; there are ")
    assert "notes" not in region.json("search", "nosuchword", "--source", "pulnama")


def test_a_query_that_cannot_be_parsed_is_searched_as_words(region):
    found = region.json("search", '((("rocket')
    assert found["total"] > 0
    assert found["notes"]


def test_the_original_is_what_the_server_sent(region):
    sent = {e.request.base + e.request.path: e.sent for e in region.server.log[: region.seen_first]}
    for document in list(live(region.after_first).values())[::6]:
        assert region.run("show", document.id, "--wire", text=False) == sent[document.url]


def test_the_original_is_shown_with_its_codings_removed(region):
    document = next(d for d in live(region.after_first).values() if d.language == "fa")
    assert region.run("show", document.id, "--original", text=False).lstrip().lower().startswith(b"<!doctype html")
    assert b"WARC-Record-ID" in region.run("show", document.id, "--record", text=False)
    assert region.run("show", document.id, "--headers").startswith("HTTP/1.1 200")
    assert region.run("show", document.id, "--text").startswith(document.title)
    assert region.json("show", document.id)["evidence"]["record_id"] == document.evidence.record_id


def test_everything_verifies(region):
    told = region.json("verify", "--all")
    assert set(told["counts"]) == {"verified"}
    assert told["counts"]["verified"] == len(region.after_second)
    assert told["records"] == []


def test_a_changed_byte_is_found_and_never_shown(region, copy):
    data = copy()
    document = next(iter(live(region.after_second).values()))
    path = next((data / "archive").glob(f"{document.evidence.warc}*"))
    whole = bytearray(path.read_bytes())
    whole[document.evidence.offset + document.evidence.length // 2] ^= 1
    path.write_bytes(whole)
    (verdict,) = region.json("verify", document.id, data=data, code=1)["documents"]
    assert verdict["verdict"] == "corrupt"
    region.run("show", document.id, "--original", data=data, code=1)


def test_lookup_prints_the_captures_of_a_url_in_time_order(region):
    (article,) = [a for a in manifest() if a.edited]
    lines = region.run("lookup", article.url).splitlines()
    assert len(lines) == 2
    assert lines == sorted(lines)
    assert region.run("lookup", "http://never.example/", code=1) == ""


def test_status_adds_up(region):
    told = region.json("status")
    assert told["exchanges"].get("pending", 0) == 0
    assert told["unindexed"] == 0
    assert sum(told["documents"].values()) == len(region.after_second)
    assert {s["source"] for s in told["sources"]} == set(region.first["sources"])


def test_status_names_failures_and_nothing_else_so(region):
    """Neither what the registry says of a source nor a place that was only guessed and is not there."""
    failures = {s["source"]: s["last_failure"] for s in region.json("status")["sources"] if s["last_failure"]}
    assert failures
    assert not any("urn:newswarc:source" in said or "sitemap" in said for said in failures.values())
    lines = region.run("status").splitlines()
    assert lines[-len(failures) - 1] == "last failures"
    assert [line.partition(":")[0] for line in lines[-len(failures) :]] == sorted(failures)
    table = lines[lines.index("") + 1 : -len(failures) - 2]
    assert all(len(line.rstrip()) <= 80 for line in table)


# ---- the index is disposable


def test_a_rebuild_from_the_archive_alone_gives_the_same_documents(region, copy):
    data = copy()
    region.run("rebuild", data=data)
    assert documents(data) == region.after_second


def test_a_lost_index_says_so_and_is_not_made_by_looking(region, copy):
    data = copy()
    shutil.rmtree(data / "index")
    document = next(iter(region.after_second))
    for command in (["search", "rocket"], ["show", document]):
        assert region.run(*command, data=data, code=2) == ""
    assert not (data / "index").exists()
    (data / "index").mkdir()
    assert "newswarc rebuild" in region.json("search", "rocket", data=data)["notes"][0]


def test_a_lost_ledger_and_index_are_made_again(region, copy):
    data = copy()
    shutil.rmtree(data / "index")
    for file in data.glob("ledger.sqlite*"):
        file.unlink()
    for file in (data / "archive").glob("*.cdxj*"):
        file.unlink()
    region.run("rebuild", data=data)
    assert documents(data) == region.after_second
    assert region.json("verify", "--all", data=data)["counts"] == {"verified": len(region.after_second)}


def test_a_crawl_that_finds_its_ledger_gone_reads_the_archive_first(region, copy):
    data = copy()
    for file in data.glob("ledger.sqlite*"):
        file.unlink()
    told = region.json("crawl", "sample", data=data)
    assert sum(f["new"] for f in told["sources"].values()) == 0
    assert documents(data) == region.after_second


# ---- the other ways in


def test_scrapy_lists_and_crawls_outlets(region, tmp_path):
    def scrapy(*arguments):
        command = [sys.executable, "-m", "scrapy", *arguments, "-s", f"NEWSWARC_DATA={tmp_path / 'data'}"]
        return subprocess.run(command, capture_output=True, text=True, env=region.environ, cwd=ROOT, timeout=100)

    assert {"pulnama", "akipress"} <= set(scrapy("list").stdout.split())
    done = scrapy("crawl", "pulnama")
    assert done.returncode == 0, done.stderr
    assert {d.source for d in documents(tmp_path / "data").values()} == {"sample/pulnama"}


def test_a_source_that_cannot_be_reached_is_named_with_its_cause(region, tmp_path):
    sources = tmp_path / "sources" / "broken"
    sources.mkdir(parents=True)
    (sources / "nowhere.yaml").write_text("name: Nowhere\nhomepage: http://nowhere.invalid/\ndelay: 0\n")
    (sources / "misspelt.yaml").write_text(
        "name: Misspelt\nhomepage: http://x.example/\nfeed: [http://x.example/rss]\n"
    )
    environ = {k: v for k, v in region.environ.items() if k != "NEWSWARC_CONNECT_TO"}
    command = [sys.executable, "-m", "newswarc", "crawl", "--sources", str(tmp_path / "sources"), "--json"]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "data")], capture_output=True, text=True, env=environ, timeout=100
    )
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["failed_sources"] == ["broken/nowhere"]
    assert any(cause.endswith("dns") for cause in told["sources"]["broken/nowhere"]["failed"])
    assert "broken/misspelt.yaml: feed: unknown key" in done.stderr
    assert "feeds" in done.stderr
