"""An archived listing, as the archive gives it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from newswarc.items import Archived, Capture, Kind, RecordPointer, Truncation
from newswarc.sources import Source

CAPTURED = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def source() -> Source:
    return Source(key="central-asia/paper", name="Paper", homepage="https://paper.example/", timezone="Asia/Tashkent")


@pytest.fixture(scope="session")
def capture() -> Callable[..., Capture]:
    return make_capture


def make_capture(
    body: bytes | str,
    url: str = "https://paper.example/listing",
    content_type: str | None = "text/html",
    kind: Kind = "feed",
    status: int = 200,
    truncated: Truncation | None = None,
    headers: str = "",
) -> Capture:
    payload = body.encode() if isinstance(body, str) else body
    typed = f"Content-Type: {content_type}\r\n" if content_type else ""
    head = f"HTTP/1.1 {status} OK\r\n{typed}{headers}\r\n"
    archived = Archived(
        pointer=RecordPointer("a.warc.gz", 0, 1, "urn:uuid:0"), record_type="response", url=url, captured_at=CAPTURED,
        status=status, payload_digest=None, kind=kind, source="central-asia/paper", via=None, truncated=truncated,
        error=None, content_type=content_type,
    )  # fmt: skip
    return Capture(archived, head.encode(), payload, payload)
