"""Any page can be cleaned: sound ones cut, doubled, nested and mislabelled, whose own data says what no one expects."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from region_pages import LAYOUTS, page_of

from newswarc.items import Archived, Cleaned, Hints, RecordPointer
from pipelines.authors import AUTHOR_METAS
from pipelines.charset import printable
from pipelines.clean import clean_page
from pipelines.derive import document_of
from pipelines.published import MODIFIED_METAS, PUBLISHED_METAS
from search.records import document_of as read_back
from search.records import record_of

CAPTURED = datetime(2026, 11, 20, 12, tzinfo=UTC)
URLS = (
    "https://news.example/news/17", "https://news.example/", "https://news.example/2022/04/21/a?id=1",
    "https://news.example/9999/12/31/a", "https://news.example/0001/01/01/a", "https://news.example/31.02.2022/a",
)  # fmt: skip
RECEIPT = Archived(
    pointer=RecordPointer("a.warc.gz", 0, 1, "urn:uuid:0"), record_type="response", url=URLS[0], captured_at=CAPTURED,
    status=200, payload_digest=None, kind="article", source="region/outlet", via=None, truncated=None, error=None,
)  # fmt: skip
SOUND = [
    page_of({**case, "layout": layout})
    for case in yaml.safe_load((Path(__file__).parent / "region.yaml").read_text("utf-8"))
    for layout in LAYOUTS
]

ODD_TEXT = st.sampled_from(
    [
        "", " ", "\x00", "\x0b", "\x85", "\x92", "\ud800", "\udfff\ud800", "\ufffe", "\u2028", "\u202e", "\u0301",
        "«", "-", "|", " | ", "::", "A",
        "null", "undefined", "NaN", "[object Object]", "{{ title }}", "<b>x</b>", "&lt;b&gt;", "&#1;", "&#xd800;",
        "%s", "x" * 3000, "By", "By By", "@",
        "http://[", "//", "https://", "javascript:1", "https://news.example:99999/", "https://news.example/\ud800",
        "http://news.example/ a\nb", "data:,x",
        "Calm in Termez", "news.example", "en_US", "uz-Cyrl-UZ-x-y", "😀", "١٤٠٤",
    ]
) | st.text(max_size=12)  # fmt: skip
ODD_DATES = st.sampled_from(
    [
        "0000-00-00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "9999-12-31T24:00", "2022-02-30",
        "2022-13-01", "2022-04-21T25:61:61",
        "2022-04-21T14:05:00+99:99", "2022-04-21T14:05:00+14:59", "-1", "1", "1650000000", "9999999999",
        "1650000000000", "99999999999999", "1e9",
        "20220421", "20229999", "21.04.99999", "31.12.9999", "29 февраля 9999 24:00", "1 January 0001", "1401/12/30",
        "1/1/1", "1499/12/29", "1300-01-01",
        "٢٠٢٢/٠٤/٢١", "۱۴۰۱/۰۲/۳۲", "2022年13月45日", "²⁰²²-04-21", "2022-04-21T14:05:00.999999999999Z",
        "Thu, 21 Apr 2022 14:05:00 GMT+0600 (+06)",
        "12 Dec 9999 11:59 pm PST", "/Date(1650000000000)/", "P1D", "today", "2022-04-21" * 50,
    ]
)  # fmt: skip
KEYS = (
    "@type", "@id", "@graph", "@context", "@value", "headline", "name", "author", "creator", "publisher", "url",
    "image", "contentUrl", "keywords",
    "datePublished", "dateCreated", "uploadDate", "dateModified", "mainEntity", "mainEntityOfPage", "itemListElement",
    "hasPart", "description",
    "givenName", "familyName", "articleBody", "isAccessibleForFree",
)  # fmt: skip
TYPES = (
    "NewsArticle", "Article", "WebSite", "WebPage", "ItemList", "ImageGallery", "Person", "BlogPosting",
    "NewsMediaOrganization",
)  # fmt: skip
LEAVES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | ODD_TEXT | ODD_DATES | st.sampled_from(TYPES)
)
DATA = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)
ARTICLE = st.builds(lambda kind, fields: {**fields, "@type": kind}, st.sampled_from(["NewsArticle", ["Article", 1,
None]]),
                    st.dictionaries(st.sampled_from(KEYS), DATA, min_size=3, max_size=12))  # fmt: skip
METAS = (
    "og:title", "og:url", "og:type", "og:site_name", "og:image", "og:description", "twitter:title", "twitter:site",
    "keywords", "news_keywords",
    "article:tag", "description", "application-name", "charset", *AUTHOR_METAS, *PUBLISHED_METAS, *MODIFIED_METAS,
)  # fmt: skip
DOTS = ("<p>", "</p>", "</div>", "<table>", "<tr>", "<h1>", "</h1>", "</title>", "<title>", "<script>", "<!--", "-->",
"<![CDATA[", "]]>", "<svg>", "<template>",
        "<select>", "<textarea>", "</body>", "</html>", "<base href='http://['>", "<link rel=canonical href='//[x'>",
        "<frameset>", "<plaintext>", "\x0b", "&#0;", "&nbsp;",
        "<time datetime='9999-12-31'>x</time>", "<span class=byline>By</span>", "<a rel=author>| , ;</a>", "<math>",
        "<x:y z:w=1>", "<p class='date'>31.12.9999 24:00</p>")  # fmt: skip
Mutation = Callable[[str, float, float, str], str]


def _cut(page: str, one: float, other: float) -> tuple[int, int]:
    """A piece of a page, of a tenth of it at most."""
    start = int(len(page) * one)
    return start, min(len(page), start + int(len(page) * other / 10))


def _mutations() -> dict[str, Mutation]:
    def without(page: str, one: float, other: float, _: str) -> str:
        start, end = _cut(page, one, other)
        return page[:start] + page[end:]

    def twice(page: str, one: float, other: float, _: str) -> str:
        start, end = _cut(page, one, other)
        return page[:end] + page[start:]

    def nested(page: str, one: float, other: float, dot: str) -> str:
        start, end = _cut(page, one, other)
        return page[:start] + dot * 60 + page[start:end] + page[end:]

    def dotted(page: str, one: float, _: float, dot: str) -> str:
        start, _end = _cut(page, one, 0)
        return page[:start] + dot + page[start:]

    def garbled(page: str, one: float, other: float, _: str) -> str:
        start, end = _cut(page, one, other)
        piece = page[start:end].replace('="', "=").replace('"', "'").replace(">", "/>")
        return page[:start] + piece + page[end:]

    def ended(page: str, one: float, _: float, dot: str) -> str:
        return page[: int(len(page) * one)] + dot

    return {f.__name__: f for f in (without, twice, nested, dotted, garbled, ended)}


MUTATIONS = _mutations()
STEP = st.tuples(
    st.sampled_from(sorted(MUTATIONS)), st.floats(0, 1, width=16), st.floats(0, 1, width=16), st.sampled_from(DOTS)
)


@st.composite
def pages(draw: st.DrawFn, sound: list[str] = SOUND) -> bytes:
    page = draw(st.sampled_from(sound))
    head = "".join(
        f'<meta {attribute}="{name}" content="{content}">'
        for attribute, name, content in draw(
            st.lists(st.tuples(st.sampled_from(["name", "property", "itemprop"]), st.sampled_from(METAS),
            ODD_TEXT | ODD_DATES), max_size=6)
        )
    )  # fmt: skip
    for data in draw(st.lists(ARTICLE | DATA, max_size=2)):
        written = json.dumps(data, ensure_ascii=draw(st.booleans()))
        head += f'<script type="application/ld+json">{written}</script>'
    at = page.find("<head>") + 6
    page = page[:at] + head + page[at:]
    for name, one, other, dot in draw(st.lists(STEP, max_size=4)):
        page = MUTATIONS[name](page, one, other, dot)
    charset = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "cp1251", "cp1256", "utf-16", "latin-1", "gb18030"]))
    return page.encode(charset, "surrogatepass" if charset == "utf-8" else "replace")


def hold_cleaning(page: bytes, url: str, charset: str | None, upper: datetime | None, hints: Hints) -> Cleaned:
    def clean() -> Cleaned:
        return clean_page(page, url=url, charset=charset, content_type="text/html", captured_at=upper, hints=hints)

    made = clean()
    assert made == clean()
    assert made.outcome != "poisoned", made.reason
    assert (made.article is None) == (made.outcome != "article") == (made.reason is not None)
    if made.article is None:
        return made
    article = made.article
    assert article.title == " ".join(article.title.split()) != ""
    assert article.text.strip() == article.text != ""
    assert all(part.strip() == part != "" for part in article.text.split("\n\n"))
    assert article.canonical_url.startswith(("http://", "https://"))
    told = (article.title, article.text, article.canonical_url, article.sitename or "", article.description or "",
            article.published_raw or "", *article.authors, *article.tags, *article.images)  # fmt: skip
    for value in told:
        assert printable(value) == value
        value.encode()
    for moment in (article.published, article.modified):
        assert moment is None or moment.tzinfo is not None
        assert moment is None or moment <= (upper or CAPTURED) + timedelta(days=1)
    document = document_of(article, RECEIPT, None)
    kept = read_back(record_of(document))
    assert (kept.title, kept.text, kept.published, kept.authors, kept.tags) == (
        document.title, document.text, document.published, document.authors, document.tags,
    )  # fmt: skip
    return made


HINTS = st.builds(
    Hints,
    title=st.none() | ODD_TEXT,
    published=st.none() | st.datetimes(timezones=st.just(UTC)),
    published_raw=st.none() | ODD_DATES,
    language=st.sampled_from(["en", "fa", "uz-Cyrl", "xx", "", None]),
    timezone=st.sampled_from(["Asia/Tashkent", "America/New_York", "No/Where", "../etc", "", None]),
    sitename=st.none() | ODD_TEXT,
)
CHARSETS = st.sampled_from([None, None, "utf-8", "windows-1251", "utf-16", "no-such", "gb18030"])


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(page=pages(), url=st.sampled_from(URLS), charset=CHARSETS, hints=HINTS)
def test_a_mutated_page_is_an_article_or_has_a_reason(page: bytes, url: str, charset: str | None, hints: Hints) -> None:
    hold_cleaning(page, url, charset, CAPTURED, hints)
