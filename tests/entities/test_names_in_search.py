"""A name asked for in one script finds documents that name it in any, on both engines; strict finds what was typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_index_contract import NewPlace, document, kept

from newswarc.items import Document, Mention, Statement
from search.answers import answer
from search.entities.annotator import found, name_of
from search.entities.registry import Registry
from search.entities.watchlist import Alias, Entity, load
from search.highlight import unmarked
from search.index import BACKENDS, SearchIndex, open_index
from search.names import unlisted_term
from search.query import All, And, Named, Not, Or, Query, Title, Tree, named_in, parse
from search.records import document_of, record_of
from search.resolving import resolved, resolved_tree, with_names

HERE = Path(__file__).parent

TEXTS = {
    "en": ("en", "GB", "Termez residents heard two blasts at dawn, and ISKP said nothing of it."),
    "ru": ("ru", "RU", "Жители Термеза слышали взрывы, а ИГИЛ-Хорасан промолчал."),
    "uz": ("uz", "UZ", "Termizda eski bozor yana ochildi."),
    "uz-Cyrl": ("uz-Cyrl", "UZ", "Эски бозор Термизда яна очилди."),
    "kk": ("kk", "KZ", "Термезде жаңа базар ашылды."),
    "ky": ("ky", "KG", "Термезде жаңы базар ачылды."),
    "tg": ("tg", "TJ", "Бозори кӯҳна дар Тирмиз кушода шуд."),
    "fa": ("fa", "AF", "بازار کهنه در ترمذ باز شد و داعش خراسان چیزی نگفت."),
    "ps": ("ps", "AF", "په ترمذ کې زوړ بازار بیا پرانیستل شو."),
    "ar": ("ar", "EG", "فُتح السوق القديم في ترمذ يوم السبت."),
    "tr": ("tr", "TR", "Eski pazar Tirmiz'de yeniden açıldı."),
    "other": ("en", "GB", "The term ends in June, and termites eat what is left of the old market."),
}
"""Id → language, country of the outlet, text."""
TERMEZ = set(TEXTS) - {"other"}
ISKP = {"en", "ru", "fa"}
ISKP_NAME = "Islamic State Khorasan Province"


def annotated(registry: Registry, id: str, language: str, country: str, text: str, title: str = "–") -> Document:
    mentions, statements = found(title, text, language, country, registry)
    made = document(id, language=language, country=country, title=title, text=text, folded="", stems="")
    return replace(made, mentions=mentions, statements=statements, annotator=name_of(registry))


def filled(place: str, documents: Sequence[Document]) -> SearchIndex:
    index = open_index(place)
    index.upsert(documents)
    index.commit()
    return index


@pytest.fixture(scope="module", params=BACKENDS)
def index(request: pytest.FixtureRequest, new_place: NewPlace, shipped: Registry) -> Iterator[SearchIndex]:
    documents = [annotated(shipped, id, *story) for id, story in TEXTS.items()]
    with filled(new_place(request.param), documents) as index:
        yield index


def asked(text: str, registry: Registry, **options: Any) -> Query:
    return resolved(Query(parse(text).tree, limit=100, **options), registry)


def ids(index: SearchIndex, query: Query) -> set[str]:
    return {hit.document.id for hit in index.search(query).hits}


# Any script


@pytest.mark.parametrize(
    "name",
    ["Termez", "termez", "Termiz", "Термез", "Термезом", "ТЕРМЕЗ", "Термиз", "Termizga", "Тирмиз", "Tirmiz", "ترمذ"],
)
def test_a_place_in_any_script_finds_all_who_name_it(index: SearchIndex, shipped: Registry, name: str) -> None:
    assert ids(index, asked(name, shipped)) == TERMEZ
    assert ids(index, asked(f"place:{name}", shipped)) == TERMEZ


@pytest.mark.parametrize(
    "name",
    ["ISKP", "iskp", "ISIS-K", "Islamic State Khorasan Province", "ИГИЛ-Хорасан", "داعش خراسان", "داعش\u200cخراسان"],
)
def test_an_actor_in_any_script_finds_all_who_name_it(index: SearchIndex, shipped: Registry, name: str) -> None:
    assert ids(index, asked(name, shipped)) == ISKP
    assert ids(index, asked(f'actor:"{name}"', shipped)) == ISKP


def test_a_field_asks_for_its_own_kind(index: SearchIndex, shipped: Registry) -> None:
    assert ids(index, asked("actor:Termez", shipped)) == set()
    assert ids(index, asked("place:ISKP", shipped)) == set()


def test_fields_know_the_id_the_name_and_the_surface(index: SearchIndex, shipped: Registry) -> None:
    assert ids(index, asked("place:termez", shipped, strict=True)) == TERMEZ
    assert ids(index, asked("place:Термезде", shipped, strict=True)) == {"kk", "ky"}
    assert ids(index, asked('actor:"islamic state khorasan province"', shipped, strict=True)) == ISKP
    assert ids(index, asked("actor:ИГИЛ-Хорасан", shipped, strict=True)) == {"ru"}


def test_options_are_more_conditions_each(index: SearchIndex, shipped: Registry) -> None:
    def with_options(text: str, actors: Sequence[str], places: Sequence[str]) -> set[str]:
        tree = with_names(parse(text).tree, actors, places)
        return ids(index, resolved(Query(tree, limit=100), shipped))

    assert with_options("", ["ISKP"], ["Термез"]) == ISKP
    assert with_options("", [], ["Termez", "Kabul"]) == set()
    assert with_options("blasts", ["ИГИЛ-Хорасан"], []) == {"en"}
    assert with_options("blasts OR market", [], ["ترمذ"]) == {"en"}
    assert with_options("", [], []) == {*TEXTS}


def test_an_unlisted_name_is_asked_for_as_it_is_spelled(
    index: SearchIndex, shipped: Registry, new_place: NewPlace
) -> None:
    text = "The blast was heard far off, said Odil Zamonbekov, a spokesman for the town."
    made = annotated(shipped, "said", "en", "UZ", text)
    person = next(mention for mention in made.mentions if mention.surface == "Odil Zamonbekov")
    assert (person.id, person.listed, unlisted_term(person.canonical)) == (None, False, "~odil_zamonbekov")
    with filled(new_place("tantivy"), [made]) as own:
        assert ids(own, asked('actor:"odil zamonbekov"', shipped)) == {"said"}


# Names among other parts of a question


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("Термез -ISKP", TERMEZ - ISKP),
        ("NOT ترمذ", {"other"}),
        ("-(Термез ISKP)", {*TEXTS} - ISKP),
        ("ISKP OR termites", ISKP | {"other"}),
        ("(Термез OR ISKP) -bozor", TERMEZ - {"uz", "uz-Cyrl"}),
        ('"Islamic State Khorasan" Tirmiz', ISKP),
        ('"ИГИЛ-Хорасан"', ISKP),
        ('"two blasts" Термез', {"en"}),
        ('"blasts at Termez"', set()),
        ("islamic state khorasan termez", ISKP),
        ("market ترمذ", set()),
        ("title:Термез", set()),
        ("language:fa Termez", {"fa"}),
    ],
)
def test_names_in_questions_of_several_parts(index: SearchIndex, shipped: Registry, text: str, finds: set[str]) -> None:
    assert ids(index, asked(text, shipped)) == finds


def test_what_was_recognised_is_told(index: SearchIndex, shipped: Registry) -> None:
    query = asked("islamic state khorasan market Термез", shipped)
    told = answer(index.search(query), query=query)
    assert told["names"] == [
        {"typed": "islamic state khorasan", "ids": ["islamic-state-khorasan"], "names": [ISKP_NAME]},
        {"typed": "Термез", "ids": ["termez"], "names": ["Termez"]},
    ]
    query = asked("market", shipped)
    assert "names" not in answer(index.search(query), query=query)


# Strict


@pytest.fixture(scope="module", params=BACKENDS)
def spelled(request: pytest.FixtureRequest, new_place: NewPlace, shipped: Registry) -> Iterator[SearchIndex]:
    """The same names in letters that fold to one another."""
    texts = {
        "persian yeh": ("fa", "AF", "کاروان از حیرتان گذشت."),
        "arabic yeh": ("fa", "AF", "کاروان از حيرتان گذشت."),
        "u+0027": ("uz", "UZ", "Kecha Farg'ona bozori ochildi."),
        "u+02bb": ("uz", "UZ", "Kecha Fargʻona bozori ochildi."),
        "u+2018": ("uz", "UZ", "Kecha Farg‘ona bozori ochildi."),
        "capitals": ("en", "GB", "TERMEZ: the bridge is open"),
        "small": ("en", "GB", "They wrote termez and kept the Termezians out."),
        "yo": ("ru", "RU", "Поезд идёт в Орёл."),
        "ye": ("ru", "RU", "Поезд идет в Орел."),
    }
    with filled(new_place(request.param), [annotated(shipped, id, *story) for id, story in texts.items()]) as index:
        yield index


@pytest.mark.parametrize(
    ("text", "finds"),
    [
        ("حیرتان", {"persian yeh"}),
        ("حيرتان", {"arabic yeh"}),
        ("Farg'ona", {"u+0027"}),
        ("Fargʻona", {"u+02bb"}),
        ("FARG‘ONA", {"u+2018"}),
        ("Fargona", set()),
        ("Termez", {"capitals", "small"}),
        ("TERMEZ", {"capitals", "small"}),
        ("Термез", set()),
        ("идёт", {"yo"}),
        ("идет", {"ye"}),
        ('"از حیرتان"', {"persian yeh"}),
        ('"Farg‘ona bozori"', {"u+2018"}),
        ("Hairatan", set()),
        ("Kecha -Farg'ona", {"u+02bb", "u+2018"}),
    ],
)
def test_strict_finds_the_very_letters_typed(
    spelled: SearchIndex, shipped: Registry, text: str, finds: set[str]
) -> None:
    assert ids(spelled, asked(text, shipped, strict=True)) == finds


def test_without_strict_letters_of_one_name_are_one(spelled: SearchIndex, shipped: Registry) -> None:
    assert ids(spelled, asked("حيرتان", shipped)) == {"persian yeh", "arabic yeh"}
    assert ids(spelled, asked("Fergana", shipped)) == {"u+0027", "u+02bb", "u+2018"}


def test_a_strict_question_has_no_names(shipped: Registry) -> None:
    query = Query(parse("Termez actor:ISKP").tree, strict=True)
    assert resolved(query, shipped) is query


# Facets and highlights


def test_facets_count_a_document_once_for_each_name(index: SearchIndex, shipped: Registry) -> None:
    facets = index.aggregate(asked("", shipped), ("actors", "places"))
    assert facets.counts["places"]["Termez"] == len(TERMEZ)
    assert facets.counts["actors"][ISKP_NAME] == len(ISKP)
    assert facets.total == len(TEXTS)
    narrowed = index.aggregate(asked("داعش خراسان", shipped), ("places",))
    assert (narrowed.total, narrowed.counts["places"]["Termez"]) == (len(ISKP), len(ISKP))


def test_highlights_mark_the_name_in_its_own_script(index: SearchIndex, shipped: Registry) -> None:
    hits = index.search(asked("Termez", shipped)).hits
    marked = {
        hit.document.id: [piece for fragment in hit.highlights for piece, is_marked in unmarked(fragment) if is_marked]
        for hit in hits
    }
    assert marked == {
        "en": ["Termez"], "ru": ["Термеза"], "uz": ["Termizda"], "uz-Cyrl": ["Термизда"], "kk": ["Термезде"],
        "ky": ["Термезде"], "tg": ["Тирмиз"], "fa": ["ترمذ"], "ps": ["ترمذ"], "ar": ["ترمذ"], "tr": ["Tirmiz'de"],
    }  # fmt: skip


def test_a_hit_tells_its_actors_and_places(index: SearchIndex, shipped: Registry) -> None:
    (hit,) = [hit for hit in answer(index.search(asked("ISKP", shipped)))["hits"] if hit["id"] == "ru"]
    assert hit["actors"][0] == {"id": "islamic-state-khorasan", "name": ISKP_NAME, "type": "armed group"}
    (place,) = [place for place in hit["places"] if place["id"] == "termez"]
    assert (place["name"], place["type"], place["country"]) == ("Termez", "city", "UZ")
    assert (round(place["lat"]), round(place["lon"])) == (37, 67)


# A watchlist that changes after the documents were indexed

SMALL = load([HERE / "small-watchlist.yaml"])


def person(id: str, name: str, russian: str) -> Entity:
    return Entity(id, name, "actor", "person", country="UZ", names={"ru": (Alias(russian),)})


CARAVAN = Entity(
    "white-caravan", "White Caravan Union", "actor", "organisation", country="UZ",
    names={
        "ru": (Alias("Союз белых караванов"),), "fa": (Alias("اتحاد کاروان سفید"),),
        "uz": (Alias("Oq karvon uyushmasi"),),
    },
)  # fmt: skip
NODIROVS = [
    person("anvar-nodirov", "Anvar Nodirov", "Анвар Нодиров"),
    person("botir-nodirov", "Botir Nodirov", "Ботир Нодиров"),
]
CHANGED_TEXTS = {
    "ru": ("ru", "RU", "Склад в Термезе заняли люди Союза белых караванов, сказал Анвар Нодиров."),
    "fa": ("fa", "AF", "اتحاد کاروان سفید انبار را در ترمذ گرفت."),
    "uz": ("uz", "UZ", "Oq karvon uyushmasi omborni Termizda oldi."),
    "uz-Cyrl": ("uz-Cyrl", "UZ", "Оқ карвон уюшмасига Термизда омбор берилди."),
    "en": ("en", "GB", "The warehouse was not theirs, said Botir Nodirov."),
    "other": ("en", "GB", "A white warehouse, a caravan and a union."),
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry.of(SMALL, tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry.of([*SMALL, CARAVAN, *NODIROVS], tmp_path_factory.mktemp("later"))


@pytest.fixture(scope="module", params=BACKENDS)
def earlier(request: pytest.FixtureRequest, new_place: NewPlace, small: Registry) -> Iterator[SearchIndex]:
    """Documents that were annotated before the list had its last entries."""
    documents = [annotated(small, id, *story) for id, story in CHANGED_TEXTS.items()]
    with filled(new_place(request.param), documents) as index:
        yield index


NAMED = {"ru", "fa", "uz", "uz-Cyrl"}


@pytest.mark.parametrize(
    "name",
    [
        '"White Caravan Union"',
        "White Caravan Union",
        "Союзом белых караванов",
        "Oq karvon uyushmasi",
        "اتحاد کاروان سفید",
    ],
)
def test_a_watchlist_changes_searches_at_once(
    earlier: SearchIndex, small: Registry, later: Registry, name: str
) -> None:
    assert ids(earlier, asked(name, later)) == NAMED
    assert ids(earlier, asked(name, small)) != NAMED


def test_what_an_earlier_registry_annotated_is_found_by_every_spelling(earlier: SearchIndex, later: Registry) -> None:
    for name in ("Termez", "Термез", "ترمذ", "Termizda"):
        assert ids(earlier, asked(name, later)) == NAMED
    hits = earlier.search(asked("Termez", later)).hits
    assert all("[[" in "".join(hit.highlights) for hit in hits)


def test_documents_annotated_anew_are_found_by_their_mentions(
    new_place: NewPlace, small: Registry, later: Registry
) -> None:
    with filled(new_place("tantivy"), [annotated(small, id, *story) for id, story in CHANGED_TEXTS.items()]) as index:
        assert index.aggregate(asked("", later), ("actors",)).counts["actors"].get("White Caravan Union") is None
        index.upsert([annotated(later, id, *story) for id, story in CHANGED_TEXTS.items()])
        index.commit()
        assert index.aggregate(asked("", later), ("actors",)).counts["actors"]["White Caravan Union"] == len(NAMED)
        assert ids(index, asked("White Caravan Union", later)) == NAMED


def test_a_surname_that_several_listed_persons_have_means_any_of_them(earlier: SearchIndex, later: Registry) -> None:
    query = asked("Нодиров", later)
    assert sorted(named_in(query.tree)[0].ids) == ["anvar-nodirov", "botir-nodirov"]
    assert ids(earlier, query) == {"ru", "en"}
    assert ids(earlier, asked('"Ботир Нодиров"', later)) == {"en"}
    assert ids(earlier, asked("actor:Nodirov", later)) == {"ru", "en"}


# Laws


def test_an_annotated_document_comes_back_from_the_index_unchanged(index: SearchIndex, shipped: Registry) -> None:
    for id, story in TEXTS.items():
        made = annotated(shipped, id, *story)
        assert made.mentions or id == "other"
        assert index.get(id) == kept(made)


words = st.text(st.characters(), max_size=20)
offsets = st.integers(0, 10_000)
degrees = st.none() | st.floats(-90, 90)
mentions = st.builds(
    Mention, kind=st.sampled_from(["actor", "place"]), type=words, id=st.none() | words, canonical=words, surface=words,
    field=st.sampled_from(["title", "text"]), start=offsets, end=offsets, confidence=st.floats(0, 1),
    listed=st.booleans(), reason=words, role=st.sampled_from([None, "dateline", "scene", "mentioned"]),
    country=st.sampled_from([None, "UZ"]),
    lat=degrees, lon=degrees,
)  # fmt: skip
statements = st.builds(
    Statement, speaker=words, speaker_id=st.none() | words, canonical=st.none() | words,
    stance=st.sampled_from(["claims", "denies", "admits", "warns", "reports"]), words=words,
    field=st.sampled_from(["title", "text"]), start=offsets, end=offsets, speaker_start=offsets, speaker_end=offsets,
    verb=words, via=st.none() | words, via_id=st.none() | words, via_start=st.none() | offsets,
    via_end=st.none() | offsets,
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(mentions, max_size=4), st.lists(statements, max_size=3), st.none() | words)
def test_mentions_and_statements_survive_the_record(
    named: list[Mention], said: list[Statement], annotator: str | None
) -> None:
    made = document("a", mentions=tuple(named), statements=tuple(said), annotator=annotator)
    assert document_of(record_of(made)) == kept(made)


PARTS = [
    "Termez", "термез", "ترمذ", "Islamic", "State", "Khorasan", "ISKP", "ИГИЛ-Хорасан", "Асадов", "Osh", "x-Termez",
    "is", '"Islamic State"', '"Шерзод Асадов"', "«ترمذ»", "actor:", "place:", "actor:ISKP", "place:Термез", "title:",
    "-", "(", ")", "OR", "AND", "NOT", "*", "~1", '"', " ", "Termez*",
    "'s", "ʻ", "\u200c", "\u0301", "\x00", "İ", "mazar-i-sharif",
]  # fmt: skip
questions = st.text(max_size=80) | st.lists(st.sampled_from(PARTS), max_size=14).map(" ".join) | st.lists(
    st.sampled_from(PARTS), max_size=14
).map("".join)  # fmt: skip


def as_typed(tree: Tree) -> Tree:
    """The tree with each name as the words that were typed for it."""
    match tree:
        case Named(typed):
            return typed
        case And(parts):
            flat: list[Tree] = []
            for part in map(as_typed, parts):
                flat += part.parts if isinstance(part, And) else [part]
            return And(tuple(flat))
        case Or((typed, Named() as name)) if name.typed == typed:  # a surname: also as the word that it is
            return typed
        case Or(parts):
            return Or(tuple(map(as_typed, parts)))
        case Not(part):
            return Not(as_typed(part))
        case Title(part):
            return Title(as_typed(part))
    return tree


@settings(max_examples=500, deadline=None)
@given(questions)
def test_resolving_never_raises_and_keeps_what_was_typed(small: Registry, text: str) -> None:
    tree = parse(text).tree
    made = resolved_tree(tree, small)
    assert as_typed(made) == tree
    for name in named_in(made):
        assert name.ids
        assert len(name.ids) == len(name.names)
        assert name.annotator == name_of(small)
        assert str(name) == str(name.typed)
    assert with_names(tree, (), ()) is tree
    assert resolved_tree(All(), small) == All()


@settings(max_examples=60, deadline=None)
@given(questions)
def test_any_question_with_names_is_answered(answering: SearchIndex, small: Registry, text: str) -> None:
    query = asked(text, small)
    results = answering.search(query)
    assert results.total == answering.aggregate(query).total == len(results.hits)


@pytest.fixture(scope="module", params=BACKENDS)
def answering(request: pytest.FixtureRequest, new_place: NewPlace, small: Registry) -> Iterator[SearchIndex]:
    with filled(new_place(request.param), [annotated(small, id, *story) for id, story in TEXTS.items()]) as index:
        yield index
