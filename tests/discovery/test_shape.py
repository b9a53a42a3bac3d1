"""Which addresses look like an article's: measured on real articles, and on addresses that are none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from crawler.discovery.shape import is_section, looks_like_article

SHARED = Path(os.environ.get("NEWSWARC_SHARED", Path(__file__).parents[3] / "shared"))
CORPUS = SHARED / "corpus" / "truth.jsonl"

# Written for this test, in the shapes of many sites: homepages, sections, tags, authors, searches, logins, sharing,
# files, static pages, calendars, pagination, languages.
NO_ARTICLES = """
https://example.org/
https://example.org
https://example.org/index.html
https://example.org/index.php
https://example.org/en/
https://example.org/ru
https://example.org/uz/
https://example.org/fa-AF/
https://example.org/?lang=ru
https://example.org/?language=english
https://ru.example.org/
https://example.org/news
https://example.org/news/
https://example.org/ru/news/
https://example.org/politics
https://example.org/politics/
https://example.org/world/asia
https://example.org/world/middle-east/
https://example.org/section/world
https://example.org/central-asia/
https://example.org/south-and-central-asia/
https://example.org/news/asia-pacific
https://example.org/business/technology/
https://example.org/obshchestvo/
https://example.org/novosti/
https://example.org/vlast/
https://example.org/kriminal/
https://example.org/ekonomika/finansy/
https://example.org/lenta
https://example.org/latest-news
https://example.org/all-news/
https://example.org/breaking-news/
https://example.org/most-read
https://example.org/news/all
https://example.org/news/latest/
https://example.org/uz/yangiliklar
https://example.org/jamiyat/
https://example.org/sport/football
https://example.org/opinion/columnists
https://example.org/video
https://example.org/video/news
https://example.org/photo/
https://example.org/photos/gallery/
https://example.org/podcasts/
https://example.org/multimedia
https://example.org/special-projects/
https://example.org/live
https://example.org/tag/taliban
https://example.org/tag/islamic-state-khorasan-province/
https://example.org/tags/termez
https://example.org/topic/afghanistan-crisis-in-the-spotlight
https://example.org/topics/12345
https://example.org/themes/border-security/
https://example.org/keywords/48211
https://example.org/category/news/
https://example.org/category/politics/page/3/
https://example.org/categories/12
https://example.org/cat/482155
https://example.org/?cat=12345
https://example.org/?category_id=12345
https://example.org/rubric/12
https://example.org/author/john-smith
https://example.org/author/the-editorial-board-of-the-paper/
https://example.org/authors/12345
https://example.org/users/48211/
https://example.org/profile/48211
https://example.org/staff/jane-doe
https://example.org/search
https://example.org/search?q=termez
https://example.org/?s=termez
https://example.org/search/node/12345
https://example.org/login
https://example.org/login?return=%2Fnews%2F123456
https://example.org/user/login
https://example.org/account/signin
https://example.org/register/
https://example.org/auth/facebook
https://example.org/wp-login.php?redirect_to=https%3A%2F%2Fexample.org%2F2022%2F04%2F21%2Fa
https://example.org/wp-admin/
https://example.org/subscribe
https://example.org/newsletter/signup
https://example.org/donate/
https://example.org/about
https://example.org/about-us/
https://example.org/about/team
https://example.org/contact
https://example.org/contacts/
https://example.org/privacy-policy
https://example.org/terms-of-use/
https://example.org/terms-and-conditions
https://example.org/advertising
https://example.org/reklama
https://example.org/reklama-na-sajte/
https://example.org/pages/about
https://example.org/page/2
https://example.org/page/2/
https://example.org/news/page/12/
https://example.org/news?page=3
https://example.org/news/?page=12345
https://example.org/archive
https://example.org/archive/2022
https://example.org/2022/
https://example.org/2022/04/
https://example.org/2022/04/21/
https://example.org/archive/2022/04/21
https://example.org/news/2022-04-21
https://example.org/news/2022/04
https://example.org/calendar/2022/05
https://example.org/news?date=2022-04-21
https://example.org/sitemap
https://example.org/sitemap.xml
https://example.org/rss
https://example.org/feed/
https://example.org/feed/rss2.xml
https://example.org/2022/04/21/a-long-headline-about-termez/feed/
https://example.org/uploads/2022/04/21/photo-of-the-border.jpg
https://example.org/files/annual-report-of-the-agency-2022.pdf
https://example.org/static/js/app.12345678.js
https://example.org/wp-content/uploads/2022/04/picture-1024x768.png
https://example.org/share?url=https%3A%2F%2Fexample.org%2F123456
https://example.org/print/123456
https://example.org/news/48211/a-headline-of-some-words/print
https://example.org/news/48211/comments
https://example.org/news/123456?share=twitter
https://example.org/a-long-headline-about-termez/?replytocom=4821
https://example.org/weather
https://example.org/weather/tashkent-and-its-region-today
https://example.org/currency
https://example.org/horoscope/aries
https://example.org/jobs
https://example.org/faq
https://example.org/help/how-to-use-this-site
https://example.org/apps
https://example.org/mobile/
https://example.org/partners
https://example.org/regions/samarkand
https://example.org/tashkent
https://example.org/kyrgyzstan/bishkek/
https://example.org/company/example-media
""".split()


def real_articles() -> list[str]:
    if not CORPUS.is_file():
        pytest.skip(f"no corpus of real pages at {CORPUS}")
    return [json.loads(line)["url"] for line in CORPUS.read_text("utf-8").splitlines()]


def test_nine_in_ten_real_articles_look_like_one() -> None:
    urls = real_articles()
    missed = [url for url in urls if not looks_like_article(url)]
    assert 1 - len(missed) / len(urls) >= 0.95, missed


def test_one_in_twenty_of_other_addresses_looks_like_one_at_most() -> None:
    wrong = [url for url in NO_ARTICLES if looks_like_article(url)]
    assert len(wrong) / len(NO_ARTICLES) <= 0.05, wrong


@pytest.mark.parametrize(
    "url",
    [
        "https://24.kg/vlast/231098_boevik_rasskazal_o_termeze/",
        "https://kun.uz/ru/news/2022/04/21/minoborony-oproverglo",
        "https://www.gazeta.uz/ru/2022/04/21/termez/",
        "https://example.org/news/2022/04/18/termiz-chegarasida-nima-boldi",
        "https://example.org/?p=48211",
        "https://example.org/%D8%A7%D8%AE%D8%A8%D8%A7%D8%B1/48211",
        "https://www.bbc.com/uzbek/articles/c2q0gnrzd6po",
        "https://example.org/content/article/termez-rockets/31812345.html",
        "https://example.org/a/31812345.html",
        "https://example.org/news:1773825/",
    ],
)
def test_addresses_of_the_region(url: str) -> None:
    assert looks_like_article(url)


def test_the_words_of_a_link_help_outside_the_navigation_only() -> None:
    url = "https://example.org/news/termez-rockets"
    headline = "Rockets fall near Termez, ministry denies"
    assert looks_like_article(url, headline)
    assert not looks_like_article(url, headline, in_navigation=True)
    assert not looks_like_article("https://example.org/world/central-asia-and-its-many-neighbours", in_navigation=True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/politics/", True),
        ("https://example.org/ru/news", True),
        ("https://example.org/", False),
        ("https://example.org/a/b/c", False),
        ("https://example.org/login", False),
        ("https://example.org/news/123456", False),
        ("https://example.org/news?x=1", False),
    ],
)
def test_sections(url: str, expected: bool) -> None:
    assert is_section(url) is expected


@pytest.mark.parametrize(
    "url", ["", "http://[", "https://example.org/" + "a-" * 5000, "https://example.org/" + "1" * 50_000]
)
def test_odd_addresses_are_judged_without_fuss(url: str) -> None:
    assert looks_like_article(url) in (True, False)
