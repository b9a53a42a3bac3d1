"""Kinds of pages that outlets have, made of our own words: what is the headline, the text, the date, the author."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from newswarc.items import Article, Hints
from pipelines.body import Paragraph, combine
from pipelines.clean import clean_page

CAPTURED = datetime(2022, 4, 30, tzinfo=UTC)
HEADLINE = "Villagers near Termez rebuild the bridge over the canal"
SAID = (
    "The villagers said on Thursday that the bridge over the canal near Termez would be open before the harvest.",
    "An engineer of the district explained that the old piles had rotted and that oak from the mountains was dear.",
    "Nobody was hurt when the bridge fell in March, but the school bus has since had to go round the hill.",
    "The governor promised cement, and a cooperative of farmers lent its only tractor for as long as it is needed.",
    "By the evening the first beams had been laid, and the children were allowed to walk over them one by one.",
    "Next week the railings follow, for which a smith in the bazaar has asked no money since his mother lives there.",
)
TEXT = "".join(f"<p>{said}</p>" for said in SAID)


def article(body: str, *, head: str = f"<title>{HEADLINE}</title>", url: str = "https://paper.example/n/1") -> Article:
    page = f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"
    made = clean_page(
        page.encode(), url=url, charset="utf-8", content_type="text/html", captured_at=CAPTURED, hints=Hints()
    )
    assert made.article is not None, (made.outcome, made.reason)
    return made.article


# Headlines


@pytest.mark.parametrize("link", ["/", "https://www.paper.example/", "/ru/"])
def test_a_heading_that_leads_to_the_front_page_is_the_site_s_name(link: str) -> None:
    logo = f'<h1><a href="{link}">The Morning Paper of the South</a></h1>'
    head = "<title>A bridge for Termez — The Morning Paper of the South</title>"
    made = article(logo + TEXT, head=head)
    assert (made.title, made.sitename) == ("A bridge for Termez", "The Morning Paper of the South")


def test_a_heading_that_leads_to_its_own_page_is_a_headline() -> None:
    assert article(f'<h1><a href="/n/1">{HEADLINE}</a></h1>{TEXT}').title == HEADLINE


@pytest.mark.parametrize(
    "title",
    ["Why the readers of Paper.test rebuild a bridge", "Мост у Термеза: как читатели paper.test собрали деньги"],
)
def test_a_headline_may_name_the_site_s_address(title: str) -> None:
    made = article(f"<h1>{title}</h1>{TEXT}", head=f"<title>{title}</title>", url="https://paper.test/n/1")
    assert made.title == title


def test_the_address_in_a_few_words_is_the_site_s_name() -> None:
    head = f"<title>{HEADLINE} | Latest news of Paper.test</title>"
    assert article(f"<h1>{HEADLINE}</h1>{TEXT}", head=head, url="https://paper.test/n/1").title == HEADLINE


def test_where_all_that_is_said_is_called_the_site_s_name_it_is_the_headline_all_the_same() -> None:
    data = json.dumps({"@type": "WebSite", "name": HEADLINE})
    head = f'<title>{HEADLINE}</title><script type="application/ld+json">{data}</script>'
    made = article(f"<h1>{HEADLINE}</h1>{TEXT}", head=head)
    assert (made.title, made.sitename) == (HEADLINE, None)


# Texts


WHOLE = [Paragraph(said) for said in SAID]
LINK = Paragraph("Another story of the district", linked=1.0)


def test_an_article_in_several_containers_is_whole() -> None:
    assert combine(WHOLE, WHOLE[:3], HEADLINE) == WHOLE
    assert combine([*WHOLE[:5], LINK, *WHOLE[5:]], WHOLE[:2], HEADLINE) == WHOLE[:5]


def test_a_little_behind_an_article_is_no_part_of_it() -> None:
    assert combine(WHOLE, WHOLE[:4], HEADLINE) == WHOLE[:4]


def test_a_teaser_that_repeats_the_headline_is_not_the_article() -> None:
    teaser = [Paragraph(HEADLINE, heading=True), Paragraph(f"{HEADLINE}, as our paper heard from the smith himself.")]
    assert combine(teaser, WHOLE, HEADLINE) == WHOLE


def test_a_short_article_between_many_links_is_no_list() -> None:
    links = "".join(
        f'<p>{said}</p><div><a href="/n/{n}">Another story of the district, number {n}</a></div>'
        for n, said in enumerate(SAID * 2)
    )
    assert SAID[3] in article(f"<h1>{HEADLINE}</h1><article>{links}</article>").text


def test_a_brief_may_name_a_topic_of_the_menu() -> None:
    topics = ("The bridge over the canal", "Sports of the week", "About our paper")
    menu = "".join(f'<li class="menu-item"><a href="/t/{n}">{topic}</a></li>' for n, topic in enumerate(topics))
    brief = f"{SAID[0]} {SAID[1]}"
    assert (
        article(f'<ul>{menu}</ul><h1>A bridge near Termez opens</h1><div class="text"><p>{brief}</p></div>').text
        == brief
    )


# Dates


def test_the_date_of_a_post_that_is_shown_is_not_the_article_s() -> None:
    post = "<blockquote><p>The beams are here.</p>— The Smith (@smith) January 3, 2021</blockquote>"
    made = article(f"<h1>{HEADLINE}</h1>{post}{TEXT}<span class=date>21 April 2022</span>")
    assert made.published is not None
    assert made.published.date().isoformat() == "2022-04-21"


@pytest.mark.parametrize(
    "other",
    [
        '<time class="updated" datetime="2022-04-25">25 April</time>',
        '<span class="date">Updated: 25 April 2022</span>',
        '<span class="date">Обновлено 25 апреля 2022</span>',
        '<div class="comment"><span class="comment-date">25 April 2022</span></div>',
        '<ol class="commentlist"><li><time datetime="2022-04-25">25 April</time></li></ol>',
    ],
)
def test_a_change_or_a_comment_is_not_when_it_was_published(other: str) -> None:
    own = '<span class="date">21 April 2022</span>'
    made = article(f"<h1>{HEADLINE}</h1>{other}{TEXT}{own}")
    alone = article(f"<h1>{HEADLINE}</h1>{other}{TEXT}")
    assert made.published is not None
    assert made.published.date().isoformat() == "2022-04-21"
    assert alone.published is not None


@pytest.mark.parametrize(
    "written", ["21 апреля 2022, 14:05", "2022-йил 21-апрель", "۱ ثور ۱۴۰۱", "21.04.2022 | 14:05", "21 aprel 2022"]
)
def test_a_date_that_stands_alone_beside_the_heading_needs_no_name(written: str) -> None:
    for body in (f"<h1>{HEADLINE}</h1><div><i>{written}</i></div>{TEXT}", f"<b>{written}</b><h1>{HEADLINE}</h1>{TEXT}"):
        made = article(body)
        assert made.published is not None
        assert made.published.date().isoformat() == "2022-04-21"
        assert made.published_origin == "page"


# Authors


@pytest.mark.parametrize(
    "byline",
    [
        "<b>By</b><a>Dilnoza Karimova</a><span>April 21, 2022</span>",
        "<span>2:05 PM</span>, <a>Dilnoza Karimova</a>",
        "<a>Dilnoza Karimova</a> <i>Updated April 21, 2022 2:05 PM</i>",
        "<a>Dilnoza Karimova</a> <a>View all posts</a>",
        "<a>Дилноза Каримова</a> опубликовано 21 апреля 2022",
    ],
)
def test_a_byline_s_names_are_apart_from_what_stands_beside_them(byline: str) -> None:
    made = article(f'<h1>{HEADLINE}</h1><div class="byline">{byline}</div>{TEXT}')
    assert made.authors in (("Dilnoza Karimova",), ("Дилноза Каримова",))


def test_the_last_of_several_authors_has_no_conjunction() -> None:
    byline = "By Dilnoza Karimova, Sherzod Tolibov, and Anvar Salimov · Paper News"
    made = article(f'<h1>{HEADLINE}</h1><div class="byline">{byline}</div>{TEXT}')
    assert made.authors == ("Dilnoza Karimova", "Sherzod Tolibov", "Anvar Salimov", "Paper News")


def test_an_outlet_may_begin_with_a_number() -> None:
    assert article(f'<h1>{HEADLINE}</h1><div class="author">24.kg</div>{TEXT}').authors == ("24.kg",)
