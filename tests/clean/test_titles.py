"""The headline is what the page's own statements agree on, without the site's name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.titles import Voices, choose_title, letters

URL = "https://www.valleynews.example/2022/04/raid"
HEADLINE = "Raid on the dam never carried out, rebels say"
TAGGED = f"{HEADLINE} - The Daily"
COLON = f"{HEADLINE}: VALLEYNEWS"
LATEST = f"{HEADLINE} - All the latest news - The Gazette"
STARS = f"{HEADLINE} * The Gazette of the Valley * by Jo Carter"
HYPHEN = f"{HEADLINE}-World|The Gazette"
DATED = "21.04.2022 14:05"


@pytest.mark.parametrize(
    ("why", "voices", "names"),
    [
        ("the heading alone", Voices(headings=[HEADLINE]), []),
        ("the title tag ends with the site", Voices(title_tag=f"{HEADLINE} | Valley News"), []),
        ("the title tag begins with the site", Voices(title_tag=f"Valley News - {HEADLINE}"), ["Valley News"]),
        ("a section stands between", Voices(title_tag=f"{HEADLINE} » World » The Daily"), []),
        ("og:title carries the site too", Voices([HEADLINE], og_title=TAGGED, title_tag=TAGGED), []),
        ("the only h1 is the logo", Voices(["Valley News"], title_tag=TAGGED), ["Valley News"]),
        ("the h1 is the logo, as the host", Voices(["Valley News"], title_tag=f"{HEADLINE} / Valley News"), []),
        ("teasers are h1 as well", Voices(["Sports today", HEADLINE, "Weather tomorrow"], title_tag=TAGGED), []),
        ("the h1 holds a date", Voices([f"{HEADLINE} {DATED}"], [HEADLINE, DATED], f"{HEADLINE} / {DATED}"), []),
        ("the h1 holds a kicker", Voices([f"Conflict{HEADLINE}"], ["Conflict", HEADLINE], og_title=HEADLINE), []),
        ("a name before a colon", Voices(title_tag=f"valleynews.example: {HEADLINE}"), []),
        ("metas set the site apart by a colon", Voices([HEADLINE, "News"], [], LATEST, COLON, COLON), []),
        ("the tag has site and author behind stars", Voices([HEADLINE], og_title=STARS, title_tag=STARS), []),
        ("a hyphen without spaces", Voices(headline=HEADLINE, og_title=HYPHEN, title_tag=HYPHEN), []),
        ("the page is signed in JSON-LD", Voices(headline=HEADLINE, title_tag=f"{HEADLINE} - News"), []),
    ],
)  # fmt: skip
def test_the_site_is_no_part_of_the_headline(why: str, voices: Voices, names: list[str]) -> None:
    assert choose_title(voices, names, URL) == HEADLINE, why


def test_a_dash_inside_a_headline_stays() -> None:
    headline = "Deal on gas - a bridge between neighbours"
    voices = Voices([headline], title_tag=f"{headline} - Valley News", og_title=f"{headline} - Valley News")
    assert choose_title(voices, ["Valley News"], URL) == headline


def test_a_heading_that_goes_on_in_words_is_not_cut() -> None:
    longer = f"{HEADLINE} in a statement"
    voices = Voices(["Raid on the dam", longer], og_title=longer, title_tag=longer)
    assert choose_title(voices, [], URL) == longer


def test_what_the_page_repeats_is_preferred() -> None:
    voices = Voices(title_tag=f"The Daily of the Whole Valley - {HEADLINE}")
    assert choose_title(voices, [], URL, lambda: {letters(HEADLINE)}) == HEADLINE


def test_no_headline_is_none() -> None:
    assert choose_title(Voices(), [], URL) is None
    assert choose_title(Voices(["Valley News"], title_tag="valleynews.example"), ["Valley News"], URL) is None


texts = st.text(max_size=80)


@given(st.lists(texts, max_size=4), texts, texts, texts, st.lists(texts, max_size=3))
def test_any_voices_give_one_of_their_own_words(
    heads: list[str], tag: str, og: str, headline: str, names: list[str]
) -> None:
    chosen = choose_title(Voices(heads, [], tag, og, og, headline), names, URL)
    assert chosen is None or any(letters(chosen) in letters(said) for said in (*heads, tag, og, headline))
