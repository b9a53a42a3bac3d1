"""The sample region: what its pages, feeds and sitemaps say agrees with its manifest, at both stages."""

from __future__ import annotations

import gzip
import http.client
import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

import feedparser
import pytest
from convertdate import persian
from lxml import etree, html
from w3lib.url import canonicalize_url

import crawler.sample.outlets as sample
from crawler.sample.content import outlets
from crawler.sample.outlets import SampleArticle, SampleOutlets, manifest, oddities
from crawler.sample.serve import environment, running
from crawler.sample.server import SampleServer
from newswarc.settings import NetworkSettings
from newswarc.sources import load

SOURCES = Path(__file__).resolve().parents[2] / "sources"
CHARSETS = {"sample/vestnik-termez": "windows-1251"}
ARTICLES = manifest()
NAMES = [f"{a.source}:{unquote(urlsplit(a.url).path)}" for a in ARTICLES]


@pytest.fixture(scope="module")
def outlets_served() -> SampleOutlets:
    return SampleOutlets()


@pytest.fixture(scope="module")
def server(outlets_served: SampleOutlets) -> Iterator[SampleServer]:
    with running(outlets=outlets_served) as running_server:
        yield running_server


@pytest.fixture
def outlets_at(outlets_served: SampleOutlets) -> Iterator[SampleOutlets]:
    yield outlets_served
    outlets_served.stage = 1


def get(
    server: SampleServer, url: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[http.client.HTTPResponse, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(server.address, server.port, timeout=20)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, headers={"Host": parts.netloc, **(headers or {})})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def page(article: SampleArticle, stage: int) -> bytes:
    return sample.pages(article.source.partition("/")[2], stage)[unquote(urlsplit(article.url).path)].body


def visible(article: SampleArticle, stage: int) -> str:
    parser = html.HTMLParser(encoding=CHARSETS.get(article.source, "utf-8"))
    tree = html.fromstring(page(article, stage), parser=parser)
    for element in tree.xpath("//script|//style"):
        element.drop_tree()
    return " ".join(tree.text_content().split())


def standing(stage: int, source: str | None = None) -> list[SampleArticle]:
    return [
        a
        for a in ARTICLES
        if a.since <= stage and (a.removed is None or stage < a.removed) and source in (None, a.source)
    ]


# The region as a whole


def test_there_are_thirty_to_thirty_six_articles_in_five_languages() -> None:
    assert 30 <= len(standing(1)) <= 36
    assert {a.language for a in ARTICLES} == {"en", "ru", "fa", "uz", "uz-Cyrl"}


@pytest.mark.parametrize("article", ARTICLES, ids=NAMES)
def test_articles_have_the_length_of_a_wire_story(article: SampleArticle) -> None:
    assert 145 <= len(article.body.split()) <= 450


def test_each_article_has_an_address_of_its_own() -> None:
    addresses = [a.url for a in ARTICLES] + [p.url for p in oddities()]
    assert [address for address, n in Counter(addresses).items() if n > 1] == []
    assert [a.url for a in ARTICLES if canonicalize_url(a.url) != a.url] == []


def test_hosts_are_under_the_reserved_domain() -> None:
    assert all(host.endswith(".example") for host in SampleOutlets().sites())  # RFC 2606


def test_sources_are_valid_and_name_the_served_hosts() -> None:
    loaded = load(SOURCES, "sample")
    assert not loaded.faults
    assert {source.key for source in loaded.sources} == {article.source for article in ARTICLES}
    assert {urlsplit(source.homepage).hostname for source in loaded.sources} <= set(SampleOutlets().sites())
    assert {feed for source in loaded.sources for feed in source.feeds} <= {
        outlet.url(feed.path) for outlet in outlets() for feed in outlet.feeds
    }


DIGEST = """
import hashlib
from crawler.sample.content import outlets
from crawler.sample.pages import build
print(hashlib.sha256(repr([build(o, stage) for o in outlets() for stage in (1, 2)]).encode()).hexdigest())
"""


def test_two_builds_give_the_same_bytes() -> None:
    root = Path(__file__).resolve().parents[2]
    digests = {
        subprocess.check_output([sys.executable, "-c", DIGEST], cwd=root, env={**os.environ, "PYTHONHASHSEED": seed})
        for seed in ("1", "2")
    }
    assert len(digests) == 1


# Article pages


@pytest.mark.parametrize("article", ARTICLES, ids=NAMES)
def test_a_page_shows_what_the_manifest_promises(article: SampleArticle) -> None:
    text = visible(article, article.since)
    for paragraph in article.body.split("\n\n"):
        assert " ".join(paragraph.split()) in text
    assert article.phrase in article.body
    assert article.title in text
    assert article.author in text
    assert article.published_raw in text


@pytest.mark.parametrize("article", ARTICLES, ids=NAMES)
def test_what_must_not_be_in_the_body_stands_on_the_page_around_it(article: SampleArticle) -> None:
    text = visible(article, article.since)
    assert [words for words in article.absent if words not in text] == []
    assert [words for words in article.absent if words in article.body] == []


@pytest.mark.parametrize("article", ARTICLES, ids=NAMES)
def test_every_page_says_that_it_is_an_invented_sample(article: SampleArticle) -> None:
    assert re.search("invented sample|вымышлены|ساختگی", visible(article, article.since))


@pytest.mark.parametrize("article", [a for a in ARTICLES if a.language == "fa"], ids=str)
def test_dari_bylines_give_the_solar_date_and_nothing_else_does(article: SampleArticle) -> None:
    months = ("حمل", "ثور")
    day, month, year = article.published_raw.translate(str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")).split()
    assert persian.to_gregorian(int(year), months.index(month) + 1, int(day)) == (
        article.published.year,
        article.published.month,
        article.published.day,
    )
    assert b"2026-04" not in page(article, article.since)


def test_solar_dates_are_those_of_the_calendar() -> None:
    nawruz = date(2026, 3, 21)  # 1 Hamal 1405
    claim = next(a for a in ARTICLES if "ترمذ شد" in a.title)
    assert claim.published_raw == "۲۴ حمل ۱۴۰۵"
    assert (claim.published.date() - nawruz).days == 23


@pytest.mark.parametrize("article", ARTICLES, ids=NAMES)
def test_json_ld_is_whole_broken_or_absent_as_intended(article: SampleArticle) -> None:
    outlet = next(o for o in outlets() if article.source.endswith(o.key))
    story = next(s for s in outlet.articles if outlet.url(s.path) == unquote(article.url))
    text = page(article, article.since).decode(outlet.charset)
    blocks = re.findall(r'(?s)<script type="application/ld\+json">(.*?)</script>', text)
    assert len(blocks) == story.markup.startswith("json-ld")
    for block in blocks:
        if story.markup == "json-ld":
            assert json.loads(block)["datePublished"] == article.published.isoformat()
        else:
            with pytest.raises(json.JSONDecodeError):
                json.loads(block)
    assert ('property="article:published_time"' in text) == (story.markup == "opengraph")


def test_each_kind_of_markup_occurs() -> None:
    kinds = {story.markup for outlet in outlets() for story in outlet.articles}
    assert kinds == {"json-ld", "json-ld-comma", "json-ld-cut", "opengraph", "none"}


def test_the_wire_story_is_carried_nearly_word_for_word_by_a_second_outlet() -> None:
    first, second = (set(re.findall(r"\w+ \w+ \w+", a.body)) for a in ARTICLES if a.note == "wire")
    assert len({a.source for a in ARTICLES if a.note == "wire"}) == 2
    assert 0.7 < len(first & second) / len(first | second) < 1


def test_outlets_that_quote_another_name_it() -> None:
    quoting = [a for a in ARTICLES if a.note.startswith("quotes")]
    assert {a.language for a in quoting} == {"en", "ru", "uz"}
    assert all(re.search("Pulnama|Пульнама", a.body) for a in quoting)


# Listings


def entries(server: SampleServer, url: str) -> list[feedparser.FeedParserDict]:
    response, body = get(server, url)
    parsed = feedparser.parse(body, response_headers={"content-type": response.getheader("content-type")})
    assert not parsed.bozo
    return list(parsed.entries)


def plain(url: str) -> str:
    return url.partition("?")[0]


@pytest.mark.parametrize("stage", [1, 2])
def test_feeds_list_what_stands(server: SampleServer, outlets_at: SampleOutlets, stage: int) -> None:
    outlets_at.stage = stage
    others = {p.url for p in oddities()}
    for outlet in outlets():
        for feed in outlet.feeds:
            found = entries(server, outlet.url(feed.path))
            listed = {plain(e.link): e for e in found if plain(e.link) not in others}
            source = f"sample/{outlet.key}"
            mine = [a for a in standing(stage, source) if a.language[:2] == feed.language]
            mine = sorted(mine, key=lambda a: a.published, reverse=True)[: feed.limit]
            assert list(listed) == [a.url for a in mine]
            assert [listed[a.url].title for a in mine] == [a.title for a in mine]
            assert [listed[a.url].published_parsed for a in mine] == [a.published.utctimetuple() for a in mine]
            assert all(re.search(r"\?utm_source=", e.link) for e in found)


def test_feed_counts_are_those_of_the_first_day(server: SampleServer) -> None:
    counts = {feed.path: len(entries(server, o.url(feed.path))) for o in outlets() for feed in o.feeds}
    assert counts == {"/feed/": 15, "/atom.xml": 8, "/uz/rss.xml": 4}


def test_the_russian_feed_is_atom_in_windows_1251(server: SampleServer) -> None:
    response, body = get(server, "http://vestnik-termez.example/atom.xml")
    assert response.getheader("content-type") == "application/atom+xml; charset=windows-1251"
    assert etree.fromstring(body).getroottree().docinfo.encoding.lower() == "windows-1251"
    with pytest.raises(UnicodeDecodeError):
        body.decode()


def test_homepages_name_the_feeds_in_link_tags(server: SampleServer) -> None:
    for outlet in outlets():
        _, body = get(server, outlet.url("/"))
        named = html.fromstring(body).xpath("//link[@rel='alternate']/@href")
        assert named == [feed.path for feed in outlet.feeds]


@pytest.mark.parametrize("stage", [1, 2])
def test_the_dari_outlet_is_found_by_robots_sitemap_index_and_news_sitemap(
    server: SampleServer, outlets_at: SampleOutlets, stage: int
) -> None:
    outlets_at.stage = stage
    _, robots = get(server, "http://www.pulnama.example/robots.txt")
    index = re.findall(r"(?m)^Sitemap: (\S+)$", robots.decode())
    assert index == ["http://www.pulnama.example/sitemap_index.xml"]
    children = locations(get(server, index[0])[1])
    assert [url.rpartition("/")[2] for url in children] == ["news.xml.gz", "pages.xml"]
    zipped = get(server, children[0])[1]
    news = gzip.GzipFile(fileobj=io.BytesIO(zipped)).read()
    assert set(locations(news)) == {a.url for a in standing(stage, "sample/pulnama")}
    assert b"news:publication_date>2026-04-16T09:10:00+04:30<" in news


def locations(sitemap: bytes) -> list[str]:
    return [str(loc.text) for loc in etree.fromstring(sitemap).iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]


@pytest.mark.parametrize("stage", [1, 2])
def test_every_article_is_linked_from_its_section_page(
    server: SampleServer, outlets_at: SampleOutlets, stage: int
) -> None:
    outlets_at.stage = stage
    for outlet in outlets():
        linked: set[str] = set()
        for section in outlet.sections.values():
            tree = html.fromstring(get(server, outlet.url(section.path))[1], base_url=outlet.url(section.path))
            tree.make_links_absolute()
            linked |= {
                plain(link)
                for link in tree.xpath("//*[@class='teaser' or @class='item' or @class='post-item']//a/@href")
            }
        assert {a.url for a in standing(stage, f"sample/{outlet.key}")} <= linked
        assert not {a.url for a in ARTICLES if a not in standing(stage)} & linked


def test_the_manifest_says_where_an_article_is_listed() -> None:
    assert [a.title for a in ARTICLES if a.listed == ("section",)] == [
        "Cotton yarn prices edge up as Surkhandarya mills reopen"
    ]
    assert all("sitemap" in a.listed for a in ARTICLES if a.source == "sample/pulnama")


# On the wire


@pytest.mark.parametrize("article", standing(1), ids=str)
def test_articles_answer_on_the_wire_with_the_page_as_built(server: SampleServer, article: SampleArticle) -> None:
    response, body = get(server, article.url + "?utm_source=rss&utm_medium=feed")
    assert (response.status, body) == (200, page(article, 1))


def test_the_russian_page_claims_utf_8_while_server_and_bytes_are_windows_1251(server: SampleServer) -> None:
    article = next(a for a in ARTICLES if a.title.startswith("«ИГИЛ-Хорасан»"))
    response, body = get(server, article.url)
    assert response.getheader("content-type") == "text/html; charset=windows-1251"
    assert b"charset=utf-8" in body
    assert article.phrase in body.decode("windows-1251")
    with pytest.raises(UnicodeDecodeError):
        body.decode()


def test_the_uzbek_pages_have_their_charset_in_the_meta_tag_alone(server: SampleServer) -> None:
    article = next(a for a in ARTICLES if a.language == "uz")
    response, body = get(server, article.url)
    assert response.getheader("content-type") == "text/html"
    assert b"charset=windows-1251" in body
    assert article.phrase in body.decode("windows-1251")


def test_uzbek_cyrillic_letters_outside_windows_1251_are_character_references(server: SampleServer) -> None:
    article = next(a for a in ARTICLES if a.language == "uz-Cyrl")
    _, body = get(server, article.url)
    assert "Ҳайратон".encode("windows-1251", "xmlcharrefreplace") in body
    assert article.title in visible(article, 1)


def test_the_english_outlet_sends_gzip_in_chunks_to_those_who_take_it(server: SampleServer) -> None:
    article = standing(1, "sample/amudaryo-courier")[0]
    response, body = get(server, article.url, {"Accept-Encoding": "gzip"})
    assert response.getheader("transfer-encoding") == "chunked"
    assert response.getheader("content-encoding") == "gzip"
    assert gzip.decompress(body) == page(article, 1)
    assert get(server, article.url)[0].getheader("content-encoding") is None


def test_chunked_pages_are_sent_in_more_than_one_chunk(server: SampleServer) -> None:
    article = standing(1, "sample/amudaryo-courier")[0]
    get(server, article.url)
    entry = list(server.entries(urlsplit(article.url).path))[-1]
    assert len(re.findall(rb"\r\n[0-9a-f]+\r\n", entry.sent)) > 2


@pytest.mark.parametrize(
    ("source", "validator", "condition"),
    [
        ("sample/amudaryo-courier", "etag", "If-None-Match"),
        ("sample/amudaryo-courier", "last-modified", "If-Modified-Since"),
        ("sample/vestnik-termez", "last-modified", "If-Modified-Since"),
    ],
)
def test_an_unchanged_page_answers_304(server: SampleServer, source: str, validator: str, condition: str) -> None:
    article = standing(1, source)[0]
    value = get(server, article.url)[0].getheader(validator)
    assert value
    response, body = get(server, article.url, {condition: value})
    assert (response.status, body) == (304, b"")


def test_validators_that_do_not_match_get_the_page(server: SampleServer) -> None:
    article = standing(1, "sample/amudaryo-courier")[0]
    for headers in ({"If-None-Match": '"other"'}, {"If-Modified-Since": "yesterday"}):
        assert get(server, article.url, headers)[0].status == 200


def test_the_dari_outlet_has_no_validators(server: SampleServer) -> None:
    response, _ = get(server, standing(1, "sample/pulnama")[0].url)
    assert response.getheader("etag") is None
    assert response.getheader("last-modified") is None


def test_head_gets_the_head_alone(server: SampleServer) -> None:
    response, body = get(server, "http://vestnik-termez.example/", method="HEAD")
    assert (response.status, body) == (200, b"")
    assert int(response.getheader("content-length", "0")) > 1000


def test_images_are_real(server: SampleServer) -> None:
    response, photo = get(server, "http://www.pulnama.example/img/photo.jpg")
    assert response.getheader("content-type") == "image/jpeg"
    assert photo.startswith(b"\xff\xd8\xff")
    assert photo.endswith(b"\xff\xd9")
    assert get(server, "http://www.pulnama.example/img/logo.png")[1].startswith(b"\x89PNG\r\n\x1a\n")


def test_an_unknown_path_is_404_and_an_unknown_host_too(server: SampleServer) -> None:
    assert get(server, "http://www.pulnama.example/no-such-page/")[0].status == 404
    assert get(server, "http://elsewhere.example/")[0].status == 404


def test_an_outlet_answers_without_www_with_a_redirect(server: SampleServer) -> None:
    response, _ = get(server, "http://pulnama.example/khabar/?page=2")
    assert (response.status, response.getheader("location")) == (301, "http://www.pulnama.example/khabar/?page=2")


# Pages that are no articles


def test_every_kind_of_oddity_occurs() -> None:
    assert {p.outcome for p in oddities()} == {"not-article", "login", "soft-404", "robots", "redirect"}


@pytest.mark.parametrize("odd", oddities(), ids=str)
def test_oddities_answer_as_they_should(server: SampleServer, odd: sample.SamplePage) -> None:
    response, body = get(server, odd.url)
    if odd.outcome == "redirect":
        assert (response.status, response.getheader("location")) == (301, odd.target)
        assert odd.target in {a.url for a in ARTICLES}
    else:
        assert response.status == 200
        assert html.fromstring(body).xpath("//h1")


@pytest.mark.parametrize("odd", oddities(), ids=str)
def test_oddities_are_linked_from_the_homepage_or_a_menu(server: SampleServer, odd: sample.SamplePage) -> None:
    home = f"http://{urlsplit(odd.url).netloc}/"
    tree = html.fromstring(get(server, home)[1], base_url=home)
    tree.make_links_absolute()
    assert odd.url in tree.xpath("//a/@href")


def test_robots_txt_closes_what_the_manifest_says_it_closes(server: SampleServer) -> None:
    for odd in oddities():
        _, robots = get(server, f"http://{urlsplit(odd.url).netloc}/robots.txt")
        closed = re.findall(r"(?m)^Disallow: (\S+)$", robots.decode())
        assert any(urlsplit(odd.url).path.startswith(path) for path in closed) == (odd.outcome == "robots")
    for article in ARTICLES:
        assert not urlsplit(article.url).path.startswith("/print/")


# Stages


def test_stage_two_edits_one_removes_one_and_adds_two() -> None:
    before, after = standing(1), standing(2)
    assert len([a for a in after if a not in before]) == 2
    assert [a.title for a in before if a not in after] == [
        "«Два хлопка, и собаки замолчали»: что слышали в махаллях у реки"
    ]
    assert [a.title for a in ARTICLES if a.edited] == ["Rockets were launched but fell short, Balkh officials admit"]


def test_the_edited_article_changes_a_number_and_gains_a_sentence_without_a_note() -> None:
    article = next(a for a in ARTICLES if a.edited)
    before, after = visible(article, 1), visible(article, 2)
    assert "seized four rockets that" in before
    assert "seized six rockets that" in after
    assert article.edited
    assert article.edited not in before
    assert article.edited in after
    assert article.phrase in after
    assert not re.search("(?i)correct(ed|ion)|updated|editor's note", after)


@pytest.mark.parametrize("article", [a for a in standing(1) if a in standing(2) and not a.edited], ids=str)
def test_other_articles_keep_their_text(article: SampleArticle) -> None:
    for paragraph in article.body.split("\n\n"):
        assert " ".join(paragraph.split()) in visible(article, 2)


def test_the_stage_changes_while_the_outlets_are_served(server: SampleServer, outlets_at: SampleOutlets) -> None:
    removed = next(a for a in ARTICLES if a.removed)
    added = [a for a in ARTICLES if a.since == 2]
    edited = next(a for a in ARTICLES if a.edited)
    tag = get(server, edited.url)[0].getheader("etag") or ""
    assert [get(server, a.url)[0].status for a in (removed, *added)] == [200, 404, 404]
    outlets_at.stage = 2
    assert [get(server, a.url)[0].status for a in (removed, *added)] == [410, 200, 200]
    response, body = get(server, edited.url, {"If-None-Match": tag})
    assert (response.status, body) == (200, page(edited, 2))
    assert response.getheader("last-modified") == "Wed, 22 Apr 2026 05:15:00 GMT"


def test_the_removed_article_is_gone_from_every_listing() -> None:
    removed = next(a for a in ARTICLES if a.removed)
    path = urlsplit(removed.url).path.encode()
    key = removed.source.partition("/")[2]
    assert [name for name, p in sample.pages(key, 1).items() if path in p.body]
    assert [name for name, p in sample.pages(key, 2).items() if path in p.body] == []


# Serving


def test_the_environment_printed_is_one_the_crawler_understands(server: SampleServer) -> None:
    settings = NetworkSettings.from_environment(environment(server))
    rule = settings.connect_to[0]
    assert rule.matches("www.pulnama.example", 80)
    assert (rule.to_address, rule.to_port) == (server.address, server.port)


def test_running_gives_a_server_of_a_given_stage() -> None:
    added = next(a for a in ARTICLES if a.since == 2)
    with running(stage=2) as server:
        assert get(server, added.url)[0].status == 200
