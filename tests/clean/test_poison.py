"""Pages made to exhaust a cleaner: each ends within its limits, with its text or with a named outcome."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from newswarc.items import Cleaned, Hints
from pipelines.clean import clean_page
from pipelines.pool import PagePoisoned, WorkerPool

SENTENCE = (
    "The ministry said on Thursday that the situation on the border was calm and that nothing had been confirmed. "
)
TEXT = "<h1>Calm on the border</h1>" + "".join(
    f"<p>{n} {SENTENCE * 3}</p>" for n in ("First", "Second", "Third", "Last")
)


def html(body: str, head: str = "") -> bytes:
    return (
        f"<!DOCTYPE html><html><head><title>Calm on the border</title>{head}</head><body>{body}</body></html>".encode()
    )


def result(page: bytes) -> Cleaned:
    return clean_page(
        page, url="https://news.example/a/1", charset="utf-8", content_type="text/html", captured_at=None, hints=Hints()
    )


ENTITIES = "<!DOCTYPE html [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9)
)
WITH_TEXT = {
    "300 nested divs": html("<div>" * 300 + TEXT + "</div>" * 300),
    "5,000 nested divs": html("<div>" * 5000 + TEXT + "</div>" * 5000),
    "20,000 nested divs": html("<div>" * 20_000 + TEXT),
    "20,000 open bold": html("<b>" * 20_000 + TEXT),
    "3,000 nested tables": html("<table><tr><td>" * 3000 + TEXT + "</td></tr></table>" * 3000),
    "nested spans and lists": html("<ul><li><span>" * 1000 + TEXT),
    "NUL bytes": html(TEXT).replace(b" the ", b" the \x00"),
    "bad UTF-8": html(TEXT).replace(b"border", b"bor\xffder"),
    "a huge colspan": html(f"<table><tr><td colspan=99999999>{TEXT}</td></tr></table>"),
    "deep JSON-LD": html(TEXT, f'<script type="application/ld+json">{"[" * 50_000}</script>'),
    "wide JSON-LD": html(TEXT, f'<script type="application/ld+json">[{"{}," * 50_000}{{}}]</script>'),
    "an entity bomb": (ENTITIES + "]>").encode() + html(f"{TEXT}<p>&j;</p>"),
    "an external entity": b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + html(f"{TEXT}<p>&x;</p>"),
    "a comment bomb": html(TEXT + "<!-- " + "<!--" * 100_000 + " -->"),
    "a million open brackets after the text": html(TEXT + "<" * 1_000_000),
    "a style sheet in a CDATA section": html(f"<style>/*<![CDATA[*/{'.a .b ' * 10_000}/*]]>*/</style>{TEXT}"),
    "one attribute of a megabyte": html(f'<div data-x="{"a b " * 250_000}">{TEXT}</div>'),
}


@pytest.mark.parametrize("name", WITH_TEXT)
def test_text_is_still_found(name: str) -> None:
    made = result(WITH_TEXT[name])
    assert made.article is not None, (made.outcome, made.reason)
    assert made.article.text.count("nothing had been confirmed") == 12
    assert "root:" not in made.article.text


WITHOUT_TEXT = {
    "40,000 attributes": html("<div " + " ".join(f"a{n}=1" for n in range(40_000)) + ">" + TEXT),
    "100,000 bare attributes": html("<p " + " ".join(f"a{n}" for n in range(100_000)) + ">"),
    "a million open brackets": html("<" * 1_000_000),
    "two megabytes of one word": html("a" * 2_000_000),
    "comments only": html("<!--" * 200_000),
}


@pytest.mark.parametrize("name", WITHOUT_TEXT)
def test_nothing_to_find_is_a_named_outcome_soon(name: str) -> None:
    before = time.process_time()
    made = result(WITHOUT_TEXT[name])
    assert made.article is None
    assert made.reason
    assert (
        time.process_time() - before < 10
    )  # of the processor's own time: without the check 40,000 attributes take 11 s


def test_attributes_are_counted_before_anything_is_parsed() -> None:
    made = result(WITHOUT_TEXT["40,000 attributes"])
    assert made.outcome == "poisoned"
    assert "attributes" in str(made.reason)


def test_a_page_beyond_the_limit_is_poisoned() -> None:
    made = result(b"<p>" + b"x" * 20_000_001)
    assert (made.outcome, "larger" in str(made.reason)) == ("poisoned", True)


@pytest.fixture(scope="module")
def small() -> Iterator[WorkerPool]:
    with WorkerPool(1, seconds=1.5, megabytes=250) as pool:
        yield pool


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("too long", html("".join(f"<p>{SENTENCE}{n}</p>" for n in range(60_000)))),
        ("too large", html("".join(f"<p><a href=/{n}>x</a><b>y</b></p>" for n in range(150_000)))),
    ],
)
def test_what_the_checks_let_through_ends_at_the_pool_s_limits(small: WorkerPool, name: str, page: bytes) -> None:
    future = small.submit(result, page)
    error = future.exception(timeout=60)
    if error is None:
        assert future.result().outcome == "poisoned", name
    else:
        assert isinstance(error, PagePoisoned)
    # On a busy machine even an innocent page may not make it within so short a time; one of ten does.
    after = (small.submit(result, html(TEXT)) for _ in range(10))
    assert any(f.exception(timeout=60) is None and f.result().outcome == "article" for f in after)
