"""The ledger: what it says must follow from the archive's receipts and listings, in whatever order work was done."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newswarc.items import Archived, Candidate, RecordPointer
from newswarc.ledger import Derived, Ledger, LedgerFault, entry_attempt

T0 = datetime(2026, 4, 18, 6, 0, tzinfo=UTC)
SOURCE = "test/outlet"
PAGE = "https://outlet.example/news/1"


def receipt(n, url=PAGE, kind="article", status=200, digest=None, **more):
    pointer = RecordPointer("a.warc.gz", n * 100, 100, f"urn:uuid:{n}")
    values = {"record_type": "response", "source": SOURCE, "via": None, "truncated": None, "error": None, **more}
    return Archived(
        pointer,
        values.pop("record_type"),
        url,
        T0 + timedelta(minutes=n),
        status,
        digest or f"sha256:{n}",
        kind,
        **values,
    )


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(tmp_path / "ledger.sqlite")
    yield made
    made.close()


def clean(ledger, outcome="article", text="t1", article="a1"):
    """Cleans all that is pending, each page with the same result."""
    results = [
        Derived(row.id, outcome, row.hinted, None, article if text else None, f"{article}-{text}" if text else None)
        for row in ledger.pending(100)
    ]
    return ledger.settle(results)


def test_a_receipt_entered_twice_is_entered_once(ledger):
    ledger.record([receipt(1), receipt(1)])
    ledger.record([receipt(1)])
    assert ledger.totals()["exchanges"] == {"pending": 1}
    assert ledger.known_urls(SOURCE, T0).__next__().fetches == 1


def test_an_exchange_comes_back_as_it_was_entered(ledger):
    made = receipt(
        3, status=301, location="https://outlet.example/new", content_type="text/html", via="https://x.example/"
    )
    ledger.record([made])
    assert ledger.exchange("urn:uuid:3").archived == made
    assert ledger.last_exchange().archived == made


def test_only_article_fetches_wait_to_be_cleaned(ledger):
    ledger.record([receipt(1, kind="feed"), receipt(2), receipt(3, kind="robots")])
    assert [row.archived.kind for row in ledger.pending(10)] == ["article"]


def test_the_same_text_again_is_no_new_version(ledger):
    ledger.record([receipt(1)])
    assert [(d.version, d.state) for d in clean(ledger)] == [(1, "live")]
    ledger.record([receipt(2, record_type="revisit")])
    assert clean(ledger) == []


def test_an_edited_article_has_two_versions_and_the_newest_is_live(ledger):
    ledger.record([receipt(1)])
    clean(ledger, text="t1")
    ledger.record([receipt(2)])
    assert {(d.id, d.version, d.state) for d in clean(ledger, text="t2")} == {
        ("a1-t1", 1, "superseded"),
        ("a1-t2", 2, "live"),
    }


def test_a_text_that_comes_back_is_live_again_and_keeps_its_number(ledger):
    for n, text in enumerate(["t1", "t2", "t1"], 1):
        ledger.record([receipt(n)])
        clean(ledger, text=text)
    assert {(d.id, d.version, d.state) for d in ledger.documents()} == {
        ("a1-t1", 1, "live"),
        ("a1-t2", 2, "superseded"),
    }


def test_a_page_that_is_gone_takes_its_article_away_and_may_bring_it_back(ledger):
    ledger.record([receipt(1)])
    clean(ledger)
    ledger.record([receipt(2, status=410)])
    assert [d.state for d in clean(ledger, "removed", None)] == ["removed"]
    assert ledger.url_state(PAGE)[0] == "removed"
    ledger.record([receipt(3)])
    clean(ledger)
    assert [d.state for d in ledger.documents()] == ["live"]


def test_a_page_that_never_was_an_article_is_not_removed_but_failed(ledger):
    ledger.record([receipt(1, status=404)])
    clean(ledger, "removed", None)
    assert ledger.url_state(PAGE) == ("failed", "gone")


def test_a_failed_fetch_does_not_change_what_was_published(ledger):
    ledger.record([receipt(1)])
    clean(ledger)
    ledger.record([receipt(2, status=None, truncated="time", error="TookTooLong: 30 s")])
    assert clean(ledger, "failed", None) == []
    assert [d.state for d in ledger.documents()] == ["live"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(3)), cleaned_before=st.lists(st.booleans(), min_size=3, max_size=3))
def test_the_order_in_which_listings_are_read_makes_no_difference(tmp_path_factory, order, cleaned_before):
    """Law: hints are those of the earliest listing that has them, and a page cleaned with others is cleaned again."""
    offers = [
        Candidate(PAGE, None, T0, "18 April"),
        Candidate(PAGE, "Second title", None, None),
        Candidate(PAGE, "Third title", T0 + timedelta(days=1), "19 April"),
    ]
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")
    ledger.record([*(receipt(n, f"https://outlet.example/feed{n}", "feed") for n in range(3)), receipt(9)])
    hints_used = None
    for n, clean_now in zip(order, cleaned_before, strict=True):
        ledger.list_candidates(n + 1, SOURCE, [offers[n]])
        if clean_now and (rows := ledger.pending(10)):
            hints_used = ledger.hints(rows[0])
            clean(ledger)
    for row in ledger.pending(10):
        hints_used = ledger.hints(row)
    ledger.close()
    assert (hints_used.title, hints_used.published_raw) == ("Second title", "18 April")


def test_a_hint_that_comes_while_a_page_is_being_cleaned_has_it_cleaned_once_more(ledger):
    ledger.record([receipt(1, "https://outlet.example/feed", "feed"), receipt(2)])
    ledger.list_candidates(1, SOURCE, [Candidate(PAGE, "Title")])
    (under_way,) = ledger.pending(10)
    ledger.list_candidates(1, SOURCE, [Candidate(PAGE, "Title", T0, "18 April")])
    ledger.settle([Derived(under_way.id, "article", under_way.hinted, None, "a1", "a1-t1")])
    assert [row.id for row in ledger.pending(10)] == [under_way.id]


def test_a_redirected_page_has_the_hints_of_the_address_that_was_listed(ledger):
    listed = "https://outlet.example/old"
    ledger.record(
        [receipt(1, "https://outlet.example/feed", "feed"), receipt(2, listed, status=301), receipt(3, via=listed)]
    )
    ledger.list_candidates(1, SOURCE, [Candidate(listed, "As listed")])
    assert ledger.hints(ledger.exchange("urn:uuid:3")).title == "As listed"


def test_prior_is_the_first_whole_answer_with_that_payload(ledger):
    ledger.record(
        [
            receipt(1, digest="sha256:x", truncated="length"),
            receipt(2, digest="sha256:x", status=404),
            receipt(3, digest="sha256:x"),
            receipt(4, digest="sha256:x"),
            receipt(5, "https://other.example/", digest="sha256:x"),
        ]
    )
    assert ledger.prior(PAGE, "sha256:x").record_id == "urn:uuid:3"
    assert ledger.prior(PAGE, "sha256:y") is None


def test_what_the_registry_said_is_known_as_it_was_at_the_time(ledger):
    def entered(n, entry):
        attempt = entry_attempt(SOURCE, entry, T0)
        ledger.record(
            [
                receipt(
                    n, attempt.url, "source", None, record_type="metadata", error=f"{attempt.reason}: {attempt.detail}"
                )
            ]
        )

    entered(1, {"name": "Outlet", "timezone": None})
    ledger.record([receipt(2)])
    entered(3, {"name": "Outlet", "timezone": "Asia/Tashkent"})
    ledger.record([receipt(4)])
    assert [ledger.facts(SOURCE, n).timezone for n in (2, 4)] == [None, "Asia/Tashkent"]
    assert ledger.entry(SOURCE)["timezone"] == "Asia/Tashkent"


def test_figures_count_each_exchange_of_a_round_once(ledger):
    first = ledger.begin_round([SOURCE], T0)
    feed = "https://outlet.example/feed"
    ledger.record([receipt(1, feed, "feed"), receipt(2), receipt(3, "https://outlet.example/tag", status=200)])
    ledger.list_candidates(1, SOURCE, [Candidate(PAGE), Candidate("https://outlet.example/tag")])
    ledger.settle([Derived(2, "article", 0, None, "a1", "a1-t1"), Derived(3, "not-article", 0, "section page")])
    second = ledger.begin_round([SOURCE], T0)
    ledger.record(
        [receipt(4), receipt(5, "https://outlet.example/2", status=None, record_type="metadata", error="dns: no")]
    )
    ledger.settle([Derived(4, "article", 0, None, "a1", "a1-t2"), Derived(5, "failed", 0, "dns")])
    figures = ledger.round_figures(first)[SOURCE]
    assert (figures["listed"], figures["fetched"], figures["new"], figures["not_article"]) == (2, 2, 1, 1)
    figures = ledger.round_figures(second)[SOURCE]
    assert (figures["listed"], figures["fetched"], figures["edited"], figures["failed"]) == (0, 1, 1, {"dns": 1})


def test_a_ledger_of_another_version_is_refused_with_the_remedy(tmp_path):
    import sqlite3

    path = tmp_path / "ledger.sqlite"
    Ledger(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LedgerFault, match="newswarc rebuild"):
        Ledger(path)


def test_a_file_that_is_no_ledger_is_refused_with_the_remedy(tmp_path):
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no database at all, " * 100)
    with pytest.raises(LedgerFault, match="newswarc rebuild"):
        Ledger(path)
