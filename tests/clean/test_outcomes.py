"""What is no article gets a name, and what is one is never mistaken."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.http import decoded
from newswarc.items import Archived, Capture, Cleaned, Hints, RecordPointer
from pipelines.clean import EXTRACTOR, clean, clean_page
from pipelines.extract import article_json

CAPTURED = datetime(2022, 4, 22, tzinfo=UTC)
SENTENCE = (
    "The ministry said on Thursday that the situation on the border was calm and that nothing had been confirmed. "
)
TEXT = f"<p>{SENTENCE * 2}</p>" * 4
ARTICLE = f"<html><head><title>Calm on the border</title></head><body><h1>Calm on the border</h1>{TEXT}</body></html>"


def result(
    html: str, *, url: str = "https://news.example/a/1", kind: str | None = "text/html", status: int = 200
) -> Cleaned:
    return clean_page(
        html.encode(), url=url, charset="utf-8", content_type=kind, captured_at=CAPTURED, hints=Hints(), status=status
    )


def page(title: str, body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


TEASERS = "".join(
    f'<div class="news"><h3><a href="/a/{n}">Border post number {n} was opened again</a></h3>'
    f"<p>The ministry said on Thursday that post number {n} would work day and night from now on.</p></div>"
    for n in range(20)
)
STATED = '<meta property="og:type" content="article">'
COLLECTION = '<script type="application/ld+json">{"@type":"CollectionPage"}</script>'
CLOUDFLARE = '<div id="cf-challenge">Enable JavaScript and cookies to continue</div>'
CAPTCHA = '<form class="g-recaptcha"></form><p>Please confirm that you are not a robot.</p>'
SIGN_IN = '<form><input name="u"><input type="password" name="p"></form>'
WALL = "<h1>Raid on the dam</h1><p>To continue reading, please log in.</p>"
GONE = "<h1>Страница не найдена</h1><p>Возможно, она была удалена или никогда не существовала.</p>"
PICTURES = "".join(f"<img src=/{n}.jpg><p>Picture {n}</p>" for n in range(20))
NOT_ARTICLES = [
    ("challenge", "cloudflare", page("Just a moment...", CLOUDFLARE), 403),
    (
        "challenge",
        "cloudflare with 200",
        page("Just a moment...", "<p>Checking if the site connection is secure</p>"),
        200,
    ),
    (
        "challenge",
        "ddos-guard",
        page("DDoS-Guard", "<h1>Checking your browser before accessing news.example</h1>"),
        403,
    ),
    ("challenge", "in Russian", page("Один момент…", "<p>Проверка браузера перед переходом на сайт</p>"), 503),
    ("challenge", "captcha", page("news.example", CAPTCHA), 200),
    ("login", "a form", page("Sign in", SIGN_IN), 200),
    ("login", "a wall", page("Raid on the dam", WALL, STATED), 200),
    ("login", "in Russian", page("Вход на сайт", '<h1>Вход на сайт</h1><input type="password">'), 200),
    (
        "soft-404",
        "English",
        page("Page not found - News", "<h1>Page not found</h1><p>What you asked for is not here.</p>"),
        200,
    ),
    ("soft-404", "Russian", page("404", GONE), 200),
    ("soft-404", "Uzbek", page("Sahifa topilmadi", "<h1>Sahifa topilmadi</h1>"), 200),
    ("soft-404", "Dari", page("صفحه مورد نظر یافت نشد", "<h1>صفحه مورد نظر یافت نشد</h1>"), 200),
    ("error-status", "gone", page("Gone", "<p>Gone</p>"), 410),
    ("error-status", "server error", ARTICLE, 500),
    ("error-status", "not modified", "", 304),
    ("empty", "no bytes", "", 200),
    ("empty", "no body", page("Raid on the dam", ""), 200),
    ("empty", "scripts only", page("Raid on the dam", f"<div id=root></div><script>{'x=1;' * 500}</script>"), 200),
    ("not-article", "a section", page("World - The Daily", f"<h1>World</h1>{TEASERS}"), 200),
    ("not-article", "a section without h1", page("World - The Daily", f"<main>{TEASERS}</main>"), 200),
    ("not-article", "a section that says so", page("World", TEASERS, COLLECTION), 200),
    ("not-article", "headlines", page("World", "".join(re.findall("<h3>.*?</h3>", TEASERS))), 200),
    ("not-article", "pictures", page("The week in pictures", PICTURES), 200),
]


@pytest.mark.parametrize(
    ("outcome", "why", "html", "status"), NOT_ARTICLES, ids=[f"{o}: {w}" for o, w, _, _ in NOT_ARTICLES]
)
def test_what_is_no_article_gets_a_name(outcome: str, why: str, html: str, status: int) -> None:
    made = result(html, status=status)
    assert (made.outcome, made.article) == (outcome, None), (why, made.reason)
    assert made.reason


def test_the_front_page_is_no_article() -> None:
    assert result(ARTICLE, url="https://news.example/").outcome == "not-article"


@pytest.mark.parametrize("kind", ["application/pdf", "image/jpeg", "application/json; charset=utf-8"])
def test_what_is_not_html_says_its_type(kind: str) -> None:
    made = result(ARTICLE, kind=kind)
    assert (made.outcome, made.reason) == ("not-html", kind.split(";")[0])


def test_json_called_html_is_not_html() -> None:
    assert result(json.dumps({"text": SENTENCE}), kind="text/html").outcome == "not-html"


@pytest.mark.parametrize(
    ("why", "html"),
    [
        ("a plain page", ARTICLE),
        ("with a login form in its head", ARTICLE.replace("<body>", '<body><form><input type="password"></form>')),
        ("with teasers beside it", ARTICLE.replace("</body>", f"<aside>{TEASERS}</aside></body>")),
        ("about a missing page", ARTICLE.replace("Calm on the border", "Why error 404 means page not found")),
        ("about captchas", ARTICLE.replace("Calm on the border", "Are you a robot? The captcha turns twenty")),
        ("one sentence, but its own data call it an article", page("Calm on the border", f"<p>{SENTENCE}</p>", STATED)),
        ("a long read with pictures", ARTICLE.replace("</p>", "</p><img src=/a.jpg>")),
        ("behind Cloudflare", ARTICLE.replace("</body>", '<script src="/cdn-cgi/challenge-platform/x.js"></script>')),
    ],
)  # fmt: skip
def test_an_article_stays_one(why: str, html: str) -> None:
    made = result(html)
    assert made.outcome == "article", (why, made.reason)


def test_an_article_tells_what_made_it() -> None:
    article = result(ARTICLE).article
    assert article is not None
    assert article.extractor == EXTRACTOR
    assert EXTRACTOR.startswith("trafilatura ")
    assert "newswarc-clean" in EXTRACTOR


def test_the_listing_helps_where_the_page_is_silent() -> None:
    hints = Hints(
        title="Calm on the border",
        published=datetime(2022, 4, 21, 9, tzinfo=UTC),
        published_raw="Thu, 21 Apr",
        sitename="The Daily",
    )
    html = ARTICLE.replace("<h1>Calm on the border</h1>", "").replace("<title>Calm on the border</title>", "")
    made = clean_page(
        html.encode(),
        url="https://news.example/a/1",
        charset=None,
        content_type="text/html",
        captured_at=CAPTURED,
        hints=hints,
    )
    assert made.article is not None
    assert made.article.title == "Calm on the border"
    assert (made.article.published, made.article.published_origin) == (hints.published, "listing")
    assert made.article.published_raw == "Thu, 21 Apr"
    assert made.article.sitename == "The Daily"


def words_of(page: str) -> tuple[str, str]:
    article = result(page).article
    assert article is not None
    return article.title, article.text


@pytest.mark.parametrize("sign", ["\x01", "&#1;", "&#x1F;", "&#0008", "\x8d", "\ufffe", "&#xFFFE;"])
def test_a_control_character_leaves_no_trace(sign: str) -> None:
    assert words_of(ARTICLE.replace("border", f"bor{sign}der")) == words_of(ARTICLE)


@pytest.mark.parametrize("white", ["\x0b", "\x0c", "&#11;", "&#12;"])
def test_a_line_tabulation_divides_words(white: str) -> None:
    assert words_of(ARTICLE.replace("on the border", f"on{white}the{white}border")) == words_of(ARTICLE)


def test_half_a_surrogate_pair_in_its_data_spoils_no_document() -> None:
    data = json.dumps(
        {
            "@type": "NewsArticle",
            "headline": "Calm on the border \ud83d",
            "keywords": ["calm\ud83d"],
            "author": "A. B\udc00",
        }
    )
    made = result(page("Calm on the border", SENTENCE, f'<script type="application/ld+json">{data}</script>'))
    assert made.article is not None
    assert made.article.tags == ("calm",)
    assert "Calm on the border" in json.dumps(article_json(made), ensure_ascii=False).encode().decode()


def test_a_date_after_the_capture_is_not_believed() -> None:
    html = ARTICLE.replace("</head>", '<meta property="article:published_time" content="2031-01-01"></head>')
    article = result(html).article
    assert article is not None
    assert article.published is None


def test_a_canonical_link_to_another_site_is_not_followed() -> None:
    for href, canonical in (
        ("https://other.example/a/1", "https://news.example/a/1"),
        ("https://news.example/", "https://news.example/a/1"),
        ("/a/one", "https://news.example/a/one"),
        ("//www.news.example/a/one#top", "https://www.news.example/a/one"),
        ("http://[bad", "https://news.example/a/1"),
    ):
        article = result(ARTICLE.replace("</head>", f'<link rel="canonical" href="{href}"></head>')).article
        assert article is not None
        assert article.canonical_url == canonical


def test_a_capture_is_cleaned_as_it_was_received() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=windows-1251\r\n\r\n"
    text = ARTICLE.replace("Calm on the border", "Граница: обстановка спокойная")
    payload = text.encode("windows-1251")
    archived = Archived(
        RecordPointer("a.warc.gz", 0, 1, "urn:uuid:1"), "response", "https://news.example/a/1", CAPTURED, 200, None,
        "article", None, None, None, None, content_type="text/html; charset=windows-1251",
    )  # fmt: skip
    assert decoded(head, payload, 10**6) == payload
    article = clean(Capture(archived, head, payload, payload), Hints()).article
    assert article is not None
    assert article.title == "Граница: обстановка спокойная"


@given(st.text(max_size=200), st.sampled_from([200, 404, 0, 301]), st.none() | st.text(max_size=20))
def test_no_page_raises(html: str, status: int, kind: str | None) -> None:
    made = result(html, kind=kind, status=status)
    assert (made.article is None) == (made.outcome != "article")
    assert made.outcome != "poisoned"


DATA = '{"@type":"NewsArticle","headline":["x"],"author":[[]],"datePublished":7}'
PIECES = [
    *(
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<h1>",
        "</h1>",
        "<title>",
        "</title>",
        "<table><tr><td>",
        "<a href='/x'>",
        "</a>",
    ),
    *(
        "<br>",
        "<script type='application/ld+json'>",
        "</script>",
        DATA,
        "<meta property='og:title' content='Headline of it'>",
    ),
    *("<link rel=canonical href='::'>", "<time datetime='x'>", SENTENCE, "<!--", "&#0;", "<svg>", "\x0b"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_no_broken_markup_raises(html: str) -> None:
    made = result(html)
    assert made.outcome != "poisoned", made.reason
