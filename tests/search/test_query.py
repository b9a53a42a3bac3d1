"""What a user types becomes a tree; never an exception."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from search.query import (
    All,
    And,
    DateRange,
    Field,
    Filters,
    Fuzzy,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    Query,
    Title,
    Tree,
    Word,
    leaves,
    moment,
    parse,
)

NOW = datetime(2022, 4, 22, 12, 30, tzinfo=UTC)
typed = st.text(max_size=200) | st.lists(
    st.sampled_from(
        ['"', "(", ")", "-", "+", "!", "OR", "AND", "NOT", "||", "~", "~2", "~9", "*", ":", "title:", "since:",
         "until:",         "source:", "url:", "2022-04", "7d",
         "http://a.b/c", "foo", "термез", "داعش\u200cخراسان", " ", " ", "«", "»", "“", "”"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=400)
@given(typed)
@example("*OR")
@example("*-a")
@example("*source:x")
@example("ab~3~1")
@example("0~{~")
@example('source:"-x" source:"(a"')
@example("title:(title:a b)")
@example("((a OR b) c) OR -(d e)")
def test_parsing_never_raises_and_a_tree_prints_what_parses_to_it(text: str) -> None:
    tree = parse(text, now=NOW).tree
    assert parse(str(tree), now=NOW).tree == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", All()),
        ("  \n", All()),
        ("...", Nothing()),
        ("kabul", Word("kabul")),
        ("a b", And((Word("a"), Word("b")))),
        ("a AND b", And((Word("a"), Word("b")))),
        ("+a +b", And((Word("a"), Word("b")))),
        ("a b OR c", Or((And((Word("a"), Word("b"))), Word("c")))),
        ("a (b OR c)", And((Word("a"), Or((Word("b"), Word("c")))))),
        ("-a", Not(Word("a"))),
        ("NOT a", Not(Word("a"))),
        ("NOT -a", Word("a")),
        ("-(a b)", Not(And((Word("a"), Word("b"))))),
        ('"a b"', Phrase("a b")),
        ('"a b"~3', Phrase("a b", 3)),
        ("„a b“ «c d»", And((Phrase("a b"), Phrase("c d")))),
        ("roc*", Prefix("roc")),
        ("termez~", Fuzzy("termez", 1)),
        ("termez~2", Fuzzy("termez", 2)),
        ("e-mail", Word("e-mail")),
        ("10:30", Word("10:30")),
        ("title:a b", And((Title(Word("a")), Word("b")))),
        ('title:"a b"', Title(Phrase("a b"))),
        ("title:(a OR b)", Title(Or((Word("a"), Word("b"))))),
        ("source:central-asia/akipress", Field("source", "central-asia/akipress")),
        ("lang:uz", Field("language", "uz")),
        ("-country:UZ", Not(Field("country", "UZ"))),
        ("https://kun.uz/a?b=c", Field("url", "https://kun.uz/a?b=c")),
        ("url:kun.uz/a", Field("url", "kun.uz/a")),
        ("since:2022-04", DateRange(since=datetime(2022, 4, 1, tzinfo=UTC))),
        ("until:2022-04", DateRange(until=datetime(2022, 5, 1, tzinfo=UTC))),
    ],
)
def test_what_is_typed_is_understood(text: str, tree: Tree) -> None:
    assert parse(text, now=NOW) == (type(parse(text)))(tree, parse(text, now=NOW).notes)
    assert parse(text, now=NOW).notes == () or isinstance(tree, Nothing)


@pytest.mark.parametrize(
    ("text", "tree", "note"),
    [
        ('a "b', And((Word("a"), Word("b"))), "quotation mark without its other half"),
        ("(a", Word("a"), "opening parenthesis without a closing one"),
        ("a)", Word("a"), "closing parenthesis without an opening one"),
        ("OR", Word("or"), "OR stands between nothing"),
        ("a AND", And((Word("a"), Word("and"))), "AND stands beside nothing"),
        ("a NOT", And((Word("a"), Word("not"))), "NOT stands before nothing"),
        ("foo:bar", Word("foo-bar"), "no field 'foo'"),
        ("since:yore", Phrase("yore"), "is no date"),
        ("since:2022-13", Phrase("2022-13"), "is no date"),
        ("until:9999", Phrase("9999"), "is no date"),
        ("*foo", Word("foo"), "at the beginning was ignored"),
        ("a*", Word("a"), "2 letters or more"),
        ("ab~1", Word("ab"), "three letters or more"),
        ("termez~7", Fuzzy("termez", 2), "two letters at most"),
        ('source:""', Nothing(), "has no value"),
    ],
)
def test_what_is_not_understood_is_searched_as_words_and_said(text: str, tree: Tree, note: str) -> None:
    parsed = parse(text, now=NOW)
    assert parsed.tree == tree
    assert note in " ".join(parsed.notes)


def test_a_long_query_is_cut_and_says_so() -> None:
    parsed = parse("word " * 1_000)
    assert isinstance(parsed.tree, And)
    assert len(parsed.tree.parts) == 128
    assert [note for note in parsed.notes if "first 4,000 characters" in note]
    assert [note for note in parsed.notes if "first 128 words" in note]


def test_the_words_of_phrases_count_too() -> None:
    parsed = parse(f'"{"word " * 100}" "{"other " * 100}" more')
    assert parsed.tree == And((Phrase(("word " * 100).strip()), Phrase(("other " * 28).strip())))
    assert parsed.notes == ("only the first 128 words of the query were searched",)
    assert parse("-".join(["a"] * 200)).tree == Word("-".join(["a"] * 128))


def test_only_some_words_may_be_beginnings_or_fuzzy() -> None:
    parsed = parse(" ".join(f"word{number}*" for number in range(20)))
    kinds = [type(leaf) for leaf, _ in leaves(parsed.tree)]
    assert kinds == [Prefix] * 16 + [Word] * 4
    assert "first 16 words with * or ~" in " ".join(parsed.notes)


def test_deep_parentheses_keep_their_words() -> None:
    parsed = parse("(" * 50 + "a OR b" + ")" * 50 + " c")
    assert {leaf for leaf, _ in leaves(parsed.tree)} >= {Word("a"), Word("b")}
    assert "more than 20 deep" in " ".join(parsed.notes)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2022", datetime(2022, 1, 1), datetime(2023, 1, 1)),
        ("2022-12", datetime(2022, 12, 1), datetime(2023, 1, 1)),
        ("2022-02", datetime(2022, 2, 1), datetime(2022, 3, 1)),
        ("2022-04-21", datetime(2022, 4, 21), datetime(2022, 4, 22)),
        ("today", datetime(2022, 4, 22), datetime(2022, 4, 23)),
        ("yesterday", datetime(2022, 4, 21), datetime(2022, 4, 22)),
        ("7d", datetime(2022, 4, 15, 12, 30), datetime(2022, 4, 15, 12, 30)),
        ("36h", datetime(2022, 4, 21, 0, 30), datetime(2022, 4, 21, 0, 30)),
        ("2022-04-21T10:00:00+05:00", datetime(2022, 4, 21, 5), datetime(2022, 4, 21, 5)),
        ("2022-04-21t10:00", datetime(2022, 4, 21, 10), datetime(2022, 4, 21, 10)),
    ],
)
def test_moments(text: str, start: datetime, end: datetime) -> None:
    assert moment(text, now=NOW) == start.replace(tzinfo=UTC)
    assert moment(text, until=True, now=NOW) == end.replace(tzinfo=UTC)


@given(st.text(max_size=30))
def test_what_is_no_moment_is_a_value_error(text: str) -> None:
    try:
        read = moment(text, now=NOW)
    except ValueError:
        return
    assert read.tzinfo is UTC


def test_filters_take_one_value_or_several() -> None:
    filters = Filters(source="a", language=("uz", "ru"))
    assert [filters.values(name) for name in ("source", "language", "state")] == [("a",), ("uz", "ru"), ()]


def test_pages_beyond_all_bounds_are_refused() -> None:
    for bounds in ({"limit": -1}, {"limit": 1_001}, {"offset": -1}, {"offset": 100_001}):
        with pytest.raises(ValueError, match="out of range"):
            Query(All(), **bounds)  # type: ignore[arg-type]
