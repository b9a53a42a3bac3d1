"""When a page that was fetched is due again: soon after it came out, then ever more seldom.

Most edits and removals come within hours; a page that stood for a month is left to stand.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from newswarc.ledger import KnownUrl

AGAIN = tuple(map(timedelta, (0, 0, 1, 3, 7, 21), (3600, 6 * 3600, 0, 0, 0, 0)))
"""Pauses before the second, third … fetch of an article."""
AFTER_FAILURE = tuple(timedelta(minutes=m) for m in (10, 60, 6 * 60, 24 * 60))
"""Pauses after the first, second … failure in a row; then it is given up until it is listed anew."""
LOOK_BACK = timedelta(days=40)
"""Pages fetched before that are not looked at."""
SETTLED = ("refused", "redirected")
"""States that another fetch would not change."""


def is_due(known: KnownUrl, now: datetime) -> bool:
    """Whether a URL that was fetched before is to be fetched again."""
    if known.fetched_at is None or known.state in SETTLED:
        return False
    pauses, step = (AFTER_FAILURE, known.failures) if known.failures else (AGAIN, known.fetches)
    return 0 < step <= len(pauses) and now >= known.fetched_at + pauses[step - 1]
