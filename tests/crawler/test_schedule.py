"""When pages are looked at again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crawler.schedule import AFTER_FAILURE, AGAIN, is_due
from newswarc.ledger import KnownUrl

T0 = datetime(2026, 4, 18, tzinfo=UTC)


def known(fetches=1, failures=0, state="article", fetched_at=T0):
    return KnownUrl("https://outlet.example/1", state, fetched_at, fetches, failures)


def test_an_article_is_looked_at_soon_and_then_ever_more_seldom():
    assert list(AGAIN) == sorted(AGAIN)
    for fetches, pause in enumerate(AGAIN, 1):
        assert not is_due(known(fetches), T0 + pause - timedelta(seconds=1))
        assert is_due(known(fetches), T0 + pause)


def test_an_article_that_stood_long_enough_is_left_alone():
    assert not is_due(known(len(AGAIN) + 1), T0 + timedelta(days=3650))


def test_a_failure_is_tried_again_and_then_given_up():
    for failures, pause in enumerate(AFTER_FAILURE, 1):
        assert not is_due(known(3, failures, "failed"), T0 + pause - timedelta(seconds=1))
        assert is_due(known(3, failures, "failed"), T0 + pause)
    assert not is_due(known(9, len(AFTER_FAILURE) + 1, "failed"), T0 + timedelta(days=3650))


def test_what_another_fetch_would_not_change_is_not_fetched():
    for state in ("refused", "redirected"):
        assert not is_due(known(state=state), T0 + timedelta(days=3650))


@given(
    st.integers(0, 20),
    st.integers(0, 20),
    st.timedeltas(timedelta(0), timedelta(days=400)),
    st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_what_is_due_stays_due(fetches, failures, wait, more):
    """Law: waiting longer never makes a page less due."""
    if is_due(known(fetches, failures), T0 + wait):
        assert is_due(known(fetches, failures), T0 + wait + more)
