"""The annotator: offsets always hold, the rest of the text decides, and cost grows with the text."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newswarc.items import Mention
from search.entities.annotate import annotate
from search.entities.registry import Record, Registry
from search.entities.watchlist import Entity, load

HERE = Path(__file__).parent
LANGUAGES = ["en", "ru", "fa", "ps", "uz", "uz-Cyrl", "ky", "kk", "tg", "tr", "ar", "zh", None]


class Counting(Registry):
    """A registry that counts what a text asks of it."""

    asked = 0

    def records(self, node: int) -> list[Record]:
        self.asked += 1
        return super().records(node)

    def node(self, key: str) -> int | None:
        self.asked += 1
        return super().node(key)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Counting:
    return Counting(Registry.of(load([HERE / "small-watchlist.yaml"]), tmp_path_factory.mktemp("compiled")).folder)


def mentions(
    text: str, language: str | None, registry: Registry, title: str = "", country: str | None = None
) -> dict[str, str]:
    found = annotate(title, text, language, country, registry, unlisted=False)
    return {mention.surface: mention.id or "" for mention in found}


# Laws

WORDS = st.sampled_from(
    [
        "Termez",
        "Термезе",
        "Ош",
        "IS",
        "ISKP",
        "Islamic",
        "State",
        "Khorasan",
        "Province",
        "داعش\u200cخراسان",
        "طالبانو",
        "وكابل",
        "Taşkent'te",
        "O‘zbekistonda",
        "of",
        "Мирзиёевым",
        "Шавкат",
        "Миромонович",
        "Jalal-Abad",
        "é",
        "́",
        "\u200f",
        "\u202e",
        "\x00",
        ".",
        ",",
        "«",
        "»",
        "-",
        "–",
        "\n",
        "’s",
        "İ",
        "ß",
        "ﷺ",
        "ｔｅｒｍｅｚ",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(WORDS, st.text(max_size=3)), max_size=30).map(" ".join),
    st.lists(WORDS, max_size=30).map("".join),
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, st.sampled_from(LANGUAGES), st.sampled_from([None, "UZ", "AF"]))
def test_offsets_hold_for_any_text(
    small: Registry, title: str, text: str, language: str | None, country: str | None
) -> None:
    found = annotate(title, text, language, country, small, unlisted=False)
    for mention in found:
        assert (title if mention.field == "title" else text)[mention.start : mention.end] == mention.surface != ""
        assert 0 < mention.confidence <= 1
        assert mention.reason
        assert (mention.role is None) == (mention.kind == "actor")
    places = [(mention.field == "text", mention.start, -mention.end) for mention in found]
    assert places == sorted(places)
    assert found == annotate(title, text, language, country, small, unlisted=False)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["Termez", "Kabul", "Taliban", "Osh", "and", "the", "old", "market"]), max_size=30))
def test_every_occurrence_is_given(small: Registry, words: list[str]) -> None:
    text = ", ".join(["x", *words])
    found = [mention.surface for mention in annotate("", text, "en", None, small, unlisted=False)]
    assert found == [word for word in words if word[0].isupper()]


HOSTILE = {
    "combining marks": "\u0301",
    "one name": "Termez ",
    "one beginning of a name": "Islamic ",
    "hyphens": "Jalal-",
    "patronymics": "Шавкат Миромонович ",
    "no spaces": "Термез",
    "mixed direction": "\u202eТермез طالبان Osh\u202c ",
    "apostrophes": "O'",
    "initials": "U.N.",
    "new lines": "Osh\n",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("language", ["en", "ru"])
def test_steps_grow_with_the_text_and_no_faster(small: Counting, piece: str, language: str) -> None:
    def steps(characters: int) -> int:
        small.asked = 0
        annotate("", piece * (characters // len(piece)), language, None, small, unlisted=False)
        return small.asked

    assert steps(40_000) <= 2.2 * steps(20_000) + 100


@pytest.mark.parametrize("piece", ["\u0301", "Термез ", "слово "])
def test_ten_megabytes_are_read(small: Registry, piece: str) -> None:
    text = piece * (10_000_000 // len(piece.encode()))
    found = annotate("", text, "ru", None, small, unlisted=False)
    assert len(found) <= 50_000
    assert {mention.surface for mention in found} <= {"Термез"}


# What decides


def test_the_longest_name_wins_and_what_stands_inside_is_given_too(small: Registry) -> None:
    found = annotate(
        "", "The US Embassy in Tashkent spoke of Islamic State Khorasan Province.", "en", None, small, False
    )
    assert [(mention.surface, mention.id) for mention in found] == [
        ("US Embassy in Tashkent", "us-embassy-tashkent"),
        ("Tashkent", "tashkent"),
        ("Islamic State Khorasan Province", "islamic-state-khorasan"),
    ]


def test_letter_case_and_letters_tell_words_from_names(small: Registry) -> None:
    assert mentions("IS is what it is; Is it? THIS IS", "en", small) == {"IS": "islamic-state"}
    assert mentions("ИГРА и ИГ; мы ошиблись в Оше", "ru", small) == {"ИГ": "islamic-state", "Оше": "osh"}
    assert mentions("he said kabul and termez", "en", small) == {}


def test_a_cue_decides_for_an_ordinary_word(small: Registry) -> None:
    assert mentions("پنج نفر از رود پنج گذشتند", "fa", small) == {"پنج": "panj"}
    assert mentions("پنج نفر کشته شدند", "fa", small) == {}


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("Fighting in Balkh province", "balkh-province"),
        ("the province of Balkh", "balkh-province"),
        ("the city of Balkh", "balkh"),
        ("the ancient town of Balkh", "balkh"),
    ],
)
def test_a_type_word_tells_a_city_from_its_province(small: Registry, text: str, id: str) -> None:
    assert [entity for surface, entity in mentions(text, "en", small).items() if "Balkh" in surface] == [id]


@pytest.mark.parametrize(
    ("text", "country", "id"),
    [
        ("Doctors flew to Jalalabad from Kabul in Afghanistan", None, "jalalabad"),
        ("Doctors flew to Jalal-Abad from Osh in Kyrgyzstan", None, "jalal-abad"),
        ("Doctors flew to Jalal Abad", "KG", "jalal-abad"),
    ],
)
def test_spelling_and_country_tell_namesakes_apart(small: Registry, text: str, country: str | None, id: str) -> None:
    assert id in mentions(text, "en", small, country=country).values()


def test_a_body_that_every_country_has_is_that_of_the_country_in_context(small: Registry) -> None:
    assert mentions("Министерство обороны сообщило", "ru", small, country="UZ") == {
        "Министерство обороны": "defence-uz"
    }
    assert mentions("Министерство обороны сообщило", "ru", small, country="KG") == {
        "Министерство обороны": "defence-kg"
    }
    assert mentions("Министерство обороны сообщило", "ru", small) == {}
    assert mentions("В Киргизии министерство обороны сообщило", "ru", small)["министерство обороны"] == "defence-kg"


def test_a_surname_stands_for_the_person_named_in_full(small: Registry) -> None:
    found = mentions(
        "Шерзод Асадов выступил. По словам Асадова, Асадову верят.", "ru", small, title="Асадов: всё спокойно"
    )
    assert set(found.values()) == {"sherzod-asadov"}
    assert set(found) == {"Шерзод Асадов", "Асадова", "Асадову", "Асадов"}
    assert mentions("По словам Асадова", "ru", small) == {}
    assert mentions("Саида Асадова спела. Асадовой хлопали", "ru", small) == {
        "Саида Асадова": "saida-asadova",
        "Асадовой": "saida-asadova",
    }
    assert mentions("Мирзиёевым подписан указ", "ru", small) == {"Мирзиёевым": "shavkat-mirziyoyev"}
    assert mentions("Шавката Миромоновича Мирзиёева ждут", "ru", small) == {
        "Шавката Миромоновича Мирзиёева": "shavkat-mirziyoyev"
    }


def test_what_is_joined_to_a_name_is_left_out(small: Registry) -> None:
    assert mentions("Kabul's markets; the Taliban’s men", "en", small) == {"Kabul": "kabul", "Taliban": "taliban"}
    assert mentions("Taşkent'te ve Kabil’in", "tr", small) == {"Taşkent": "tashkent", "Kabil": "kabul"}
    assert mentions("قال وكابل", "ar", small) == {"كابل": "kabul"}


def test_a_host_name_is_no_place(small: Registry) -> None:
    assert mentions("see kabul.example, Kabul.news and info@Kabul.example", "en", small) == {}


@pytest.mark.parametrize(
    ("text", "language", "role"),
    [
        ("TERMEZ (Agency) — Rockets fell", "en", "dateline"),
        ("Termez, Uzbekistan, April 20 – Rockets fell", "en", "dateline"),
        ("ТЕРМЕЗ, 20 апреля. /Агентство/. Упали ракеты", "ru", "dateline"),
        ("An explosion killed two in Termez", "en", "scene"),
        ("Взрыв прогремел в Термезе", "ru", "scene"),
        ("Termizda portlash", "uz", "scene"),
        ("Termez, a town of melons, is old", "en", "mentioned"),
    ],
)
def test_the_role_of_a_place(small: Registry, text: str, language: str, role: str) -> None:
    found = [mention for mention in annotate("", text, language, None, small, False) if mention.id == "termez"]
    assert [mention.role for mention in found] == [role]


def test_more_than_one_reading_is_less_sure(small: Registry) -> None:
    sure, unsure = (annotate("", text, "en", None, small, False)[0] for text in ("in Termez", "near Balkh"))
    assert sure.confidence > unsure.confidence
    assert isinstance(sure, Mention)
    assert (sure.country, sure.lat, sure.lon, sure.listed) == ("UZ", 37.224, 67.278, True)


def test_what_is_near_makes_an_unsupported_place_surer(tmp_path: Path) -> None:
    places = [
        Entity("torkham", "Torkham", "place", "border crossing", "AF", lat=34.12, lon=71.09),
        Entity("peshawar", "Peshawar", "place", "city", "PK", lat=34.01, lon=71.54, population=1_900_000),
        Entity("lima", "Lima", "place", "city", "PE", lat=-12.05, lon=-77.04, population=8_000_000),
    ]
    registry = Registry.of(places, tmp_path)

    def confidence(text: str, country: str | None) -> float:
        found = annotate("", text, "en", country, registry, False)
        return next(mention.confidence for mention in found if mention.id == "torkham")

    alone = confidence("A blast was heard at Torkham", None)
    assert (
        alone == confidence("A blast was heard at Torkham", "PE") == confidence("In Lima they spoke of Torkham", None)
    )
    assert 0.6 < alone < confidence("A blast was heard at Torkham", "UZ") < confidence("A blast at Torkham", "AF")
    assert alone < confidence("In Peshawar they spoke of Torkham", None)


@pytest.mark.parametrize("text", ["a blast at Dostlik", "Torkham", "a blast at Navruz"])
def test_one_of_several_and_a_place_of_the_gazetteer_need_support(tmp_path: Path, text: str) -> None:
    places = [
        Entity("dostlik", "Dostlik", "place", "town", "UZ", lat=40.5, lon=68.0),
        Entity("dostlik-kg", "Dostlik", "place", "town", "KG", lat=41.0, lon=73.0),
        Entity("gn12345", "Torkham", "place", "town", "AF", lat=34.12, lon=71.09),
        Entity("navruz", "Navruz", "place", "town", "UZ", lat=40.5, lon=68.0),
        Entity("somebody", "Otabek Navruz", "actor", "person", "UZ"),
    ]
    registry = Registry.of(places, tmp_path)
    assert mentions(text, "en", registry) == {}
    supported = mentions(text, "en", registry, country="AF" if text == "Torkham" else "UZ")
    assert len(supported) == 1


# Names of a time


@pytest.fixture(scope="module")
def renamed(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Two towns of one country of which the younger one took the older one's name; a council before and after a law."""
    lists = tmp_path_factory.mktemp("lists")
    (lists / "renamed.yaml").write_text(
        """entities:
  - {id: old-town, name: Old Town, kind: place, type: town, country: UZ,
     names: {en: [Old Town, {name: Navgorod, until: 2010-01-01}], ru: [{name: Навгород, until: 2010-01-01}]}}
  - {id: new-town, name: New Town, kind: place, type: town, country: UZ,
     names: {en: [New Town, {name: Navgorod, since: 2010-01-01}], ru: [{name: Навгород, since: 2010-01-01}]}}
  - {id: old-council, name: Old Grand Council, kind: actor, type: government, country: UZ, until: 2015-06-01,
     names: {en: [Grand Council]}}
  - {id: new-council, name: New Grand Council, kind: actor, type: government, country: UZ, since: 2015-06-01,
     names: {en: [Grand Council]}}
  - {id: third-city, name: Third City, kind: place, type: city, country: UZ, population: 600000,
     names: {en: [Third City, {name: Zargorod, until: 2010-01-01}]}}
  - {id: samgorod, name: Samgorod, kind: place, type: city, country: UZ}
  - {id: sam-province, name: Sam Province, kind: place, type: province, country: UZ,
     names: {en: [{name: Samgorod, until: 2010-01-01}]}}
""",
        "utf-8",
    )
    return Registry.of(load([lists]), tmp_path_factory.mktemp("compiled"))


@pytest.mark.parametrize(
    ("text", "language", "on", "id"),
    [
        ("Rain in Navgorod", "en", date(2009, 12, 31), "old-town"),
        ("Rain in Navgorod", "en", date(2010, 1, 1), "new-town"),
        ("Дождь в Навгороде", "ru", date(2001, 2, 3), "old-town"),
        ("Дождь в Навгороде", "ru", date(2024, 2, 3), "new-town"),
        ("The Grand Council met", "en", date(2015, 5, 31), "old-council"),
        ("The Grand Council met", "en", date(2015, 6, 1), "new-council"),
    ],
)
def test_of_two_with_one_name_the_one_that_had_it_at_the_time_is_meant(
    renamed: Registry, text: str, language: str, on: date, id: str
) -> None:
    (mention,) = annotate("", text, language, "UZ", renamed, False, on=on)
    assert (mention.id, mention.reason) == (id, f"had this name on {on}")
    (unsure,) = annotate("", text, language, "UZ", renamed, False)
    assert unsure.confidence < mention.confidence


@pytest.mark.parametrize("on", [date(2001, 1, 1), date(2024, 1, 1), None])
def test_an_old_name_that_is_nobody_elses_is_never_lost(renamed: Registry, on: date | None) -> None:
    texts = [("Rain in Zargorod", "third-city"), ("Rain in Old Town", "old-town"), ("Old Grand Council", "old-council")]
    for text, id in texts:
        (mention,) = annotate("", text, "en", "UZ", renamed, False, on=on)
        assert mention.id == id
        assert mention.confidence == annotate("", text, "en", "UZ", renamed, False)[0].confidence
        assert "had this name" not in mention.reason


def test_a_type_word_outweighs_the_dates(renamed: Registry) -> None:
    for text, id in (("Samgorod province", "sam-province"), ("Rain in Samgorod", "samgorod")):
        (mention,) = annotate("", text, "en", "UZ", renamed, False, on=date(2024, 1, 1))
        assert (mention.id, "had this name" in mention.reason) == (id, id == "samgorod")


@pytest.mark.parametrize("on", [date(2018, 1, 1), date(2020, 1, 1), date(2024, 1, 1)])
def test_a_capital_that_changed_its_name_is_found_by_either(shipped: Registry, on: date) -> None:
    found = annotate("", "Из Астаны вылетели в Нур-Султан.", "ru", "KZ", shipped, False, on=on)
    assert [(mention.surface, mention.id) for mention in found] == [("Астаны", "astana"), ("Нур-Султан", "astana")]


# Sentences over the shipped registry

SENTENCES = yaml.safe_load((HERE / "sentences.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", SENTENCES, ids=[f"{case['language']}-{n}" for n, case in enumerate(SENTENCES)])
def test_sentences(shipped: Registry, case: dict[str, object]) -> None:
    language, text, country = str(case["language"]), str(case["text"]), case.get("country")
    found = annotate("", text, language, str(country) if country else None, shipped, unlisted=False)
    given = {mention.surface: mention.canonical for mention in found}
    wanted: dict[str, str] = case.get("names") or {}  # type: ignore[assignment]
    assert {surface: given.get(surface) for surface in wanted} == wanted
    for trap in case.get("traps") or ():  # type: ignore[attr-defined]
        assert trap not in given
