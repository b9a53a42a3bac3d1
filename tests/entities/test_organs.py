"""Organs of states: what the templates expand to."""

import re
from collections import Counter, defaultdict

import pytest
import yaml

from search.entities.organs import FILE, Templates, filled, organs, slug
from search.entities.watchlist import TYPES, Alias, Entity, Placed, _Loader, alias_key, check_entities

REGION = ("UZ", "KG", "KZ", "TJ", "TM", "AF")
OWN = {"UZ": ["uz"], "KG": ["ky"], "KZ": ["kk"], "TJ": ["tg"], "TM": ["tk"], "AF": ["fa", "ps"]}
SCRIPTS = {
    "LATIN": ("en", "uz", "tr", "tk", "az"),
    "CYRILLIC": ("ru", "ky", "kk", "tg"),
    "ARABIC": ("fa", "ps", "ar", "ur"),
}


@pytest.fixture(scope="module")
def entities() -> dict[str, Entity]:
    return {entity.id: entity for entity in organs()}


@pytest.fixture(scope="module")
def content() -> dict:
    return yaml.load(FILE.read_text("utf-8"), yaml.CSafeLoader)


def names(entity: Entity, language: str) -> set[str]:
    return {alias.name for alias in entity.names[language] if not alias.bare}


def bare(entity: Entity, language: str) -> set[str]:
    return {alias.name for alias in entity.names[language] if alias.bare}


# Laws


def test_no_key_of_the_file_is_given_twice():
    yaml.load(FILE.read_text("utf-8"), _Loader)  # raises where one is


def test_ids_are_unique_and_are_the_slugs_of_the_names_but_for_missions_with_their_state_for_its_adjective():
    expanded = organs()
    assert [id for id, count in Counter(entity.id for entity in expanded).items() if count > 1] == []
    others = {entity.name: entity.id for entity in expanded if entity.id != slug(entity.name)}
    assert others["Russian Embassy in Kabul"] == "russia-embassy-in-kabul"
    assert all(" Embassy in " in name or " Consulate" in name for name in others)


def test_there_are_enough_of_them_and_each_of_the_six_has_its_share(entities):
    assert len(entities) > 1500
    by_country = Counter(entity.country for entity in entities.values())
    assert all(by_country[state] > 80 for state in REGION)


def test_names_are_clean(entities):
    for entity in entities.values():
        for language, alias in entity.aliases():
            name = alias.name
            assert not re.search(r"[{}\0]|  |^ | $|^\W*$", name), (entity.id, language, name)
            assert sum(map(str.isalpha, name)) > 1, (entity.id, language, name)


def test_no_name_is_given_twice_in_a_language(entities):
    for entity in entities.values():
        for language, aliases in entity.names.items():
            assert len({alias.name for alias in aliases}) == len(aliases), (entity.id, language)


def test_each_has_a_type_a_country_and_a_whole_that_is_there(entities):
    for entity in entities.values():
        assert (entity.kind, entity.type in TYPES["actor"]) == ("actor", True)
        assert entity.country
        assert entity.part_of is None or entity.part_of in entities
        assert entity.part_of != entity.id


def test_each_has_english_russian_and_the_language_of_its_state(entities):
    lacking = [
        (entity.id, language)
        for entity in entities.values()
        for language in ("en", "ru", *OWN.get(entity.country or "", ()))
        if not entity.names.get(language)
    ]
    assert lacking == []


def test_organs_of_every_other_state_have_names_in_its_language(content, entities):
    own = {state: forms.get("own", []) for state, forms in content["states"].items()}
    missions = {slug(mission["name"]) for mission in content["missions"]}
    lacking = [
        (entity.id, language)
        for entity in entities.values()
        if not missions & set(entity.id.split("-"))
        for language in own[entity.country]
        if not entity.names.get(language)
    ]
    assert lacking == []


def test_names_are_in_the_scripts_of_their_language(entities):
    ranges = {"LATIN": "A-Za-zÀ-ɏ", "CYRILLIC": "Ѐ-ԯ", "ARABIC": "؀-ݿ"}
    for script, languages in SCRIPTS.items():
        odd = [
            (entity.id, language, alias.name)
            for entity in entities.values()
            for language in languages
            for alias in entity.names.get(language, ())
            if not re.search(f"[{ranges[script]}]", alias.name) and not alias.name.isascii()
        ]
        assert odd == []


@pytest.mark.parametrize("state", ["KG", "TM"])
def test_the_check_finds_no_error_and_only_names_that_context_tells_apart(entities, state):
    placed = [Placed(entity, "organs.yaml") for entity in entities.values() if entity.country == state]
    problems = [problem for problem in check_entities(placed) if problem.key != "part_of"]  # a mission's is elsewhere
    assert [str(problem) for problem in problems if problem.level == "error"] == []
    assert all("also names" in problem.what for problem in problems)


def test_a_name_of_two_organs_is_bare_in_both(entities):
    plain, both = defaultdict(set), defaultdict(set)
    for entity in entities.values():
        for _, alias in entity.aliases():
            key = alias_key(alias)
            both[entity.country, key].add(entity.id)
            if not alias.bare:
                plain[key].add((entity.country, entity.id))
    assert {key: ids for key, ids in plain.items() if len(ids) > 1} == {}
    shared = {(next(iter(ids))[0], key) for key, ids in plain.items()} & {
        at for at, ids in both.items() if len(ids) > 1
    }
    assert shared == set()


def test_no_word_mixes_scripts(entities):
    mixed = re.compile("[A-Za-zÀ-ɏ][\u0400-\u052f\u0600-\u077f]|[\u0400-\u052f\u0600-\u077f][A-Za-zÀ-ɏ]")
    odd = [
        (entity.id, alias.name)
        for entity in entities.values()
        for _, alias in entity.aliases()
        if mixed.search(alias.name)
    ]
    assert odd == []


def test_a_whole_comes_to_an_end(entities):
    for entity in entities.values():
        seen = [entity.id]
        while (whole := entities[seen[-1]].part_of) is not None:
            assert whole not in seen
            seen.append(whole)


def test_every_exception_is_for_a_state_that_has_the_organ(content):
    templates = Templates(content)
    odd = [
        (o["id"], state) for o in content["organs"] for state in o.get("in", {}) if state not in templates.holders(o)
    ]
    assert odd == []


def test_every_key_of_an_organ_is_one_that_is_read(content):
    own = {"heads", "framed", "unique", "names", "bare"}
    common = own | {"name", "alone", "since", "until", "part_of"}
    for organ in content["organs"]:
        assert organ.keys() <= common | {"id", "type", "states", "not", "without", "in"}, organ["id"]
        for state, special in organ.get("in", {}).items():
            assert special.keys() <= common, (organ["id"], state)


# Templates


def test_frames_take_every_choice_of_words():
    words = {"head": ["МИД"], "gen": ["Узбекистана", "РУз"]}
    assert filled("{head} {gen}", words) == ["МИД Узбекистана", "МИД РУз"]
    assert filled("100 % {gen}", words) == ["100 % Узбекистана", "100 % РУз"]
    assert filled("{head} {abbr}", words) == []


def test_a_class_without_frames_is_named(content):
    organ = {"id": "x", "name": "X", "states": ["UZ"], "heads": {"ar": {"q": ["ديوان"]}}}
    with pytest.raises(ValueError, match="language ar has no frames for heads of class 'q'"):
        list(Templates({**content, "organs": [organ]}).organs())


def test_heads_framed_unique_and_names_differ_in_what_stands_alone(content):
    organ = {
        "id": "office",
        "name": "Office",
        "states": ["UZ"],
        "heads": {"en": ["Defence Office"]},
        "framed": {"en": ["Board"]},
        "unique": {"en": ["Devon"]},
        "names": {"en": ["House on the Hill"]},
        "without": ["Uzbekistani Board"],
    }
    (office,) = Templates({**content, "organs": [organ]}).organs()
    assert office.id == "office-of-uzbekistan"
    assert bare(office, "en") == {"Defence Office", "Defense Office"}
    assert {"Uzbek Defence Office", "Defense Office of Uzbekistan", "Uzbek Board", "Uzbek Devon", "Devon"} <= names(
        office, "en"
    )
    assert {"House on the Hill"} <= names(office, "en")
    assert not {"Board", "Uzbek House on the Hill", "Uzbekistani Board"} & names(office, "en")


# Examples


@pytest.mark.parametrize(
    ("id", "language", "expected"),
    [
        (
            "ministry-of-defence-of-uzbekistan",
            "en",
            "Uzbek Ministry of Defence|Uzbek Defense Ministry|Ministry of Defense of Uzbekistan|"
            "Uzbekistan Defence Ministry|Ministry of Defence of the Republic of Uzbekistan",
        ),
        (
            "ministry-of-defence-of-uzbekistan",
            "ru",
            "Министерство обороны Республики Узбекистан|Минобороны Узбекистана|узбекское Минобороны|Минобороны РУз",
        ),
        ("ministry-of-defence-of-uzbekistan", "uz", "Oʻzbekiston Mudofaa vazirligi"),
        ("ministry-of-defence-of-uzbekistan", "fa", "وزارت دفاع ازبکستان|وزارت دفاع ازبیکستان"),
        ("ministry-of-defence-of-uzbekistan", "ar", "وزارة الدفاع الأوزبكية|وزارة دفاع أوزبكستان"),
        ("ministry-of-defence-of-uzbekistan", "tr", "Özbekistan Savunma Bakanlığı"),
        ("ministry-of-foreign-affairs-of-tajikistan", "tg", "Вазорати корҳои хориҷии Тоҷикистон|ВКХ Тоҷикистон"),
        ("ministry-of-foreign-affairs-of-kazakhstan", "kk", "Қазақстан Сыртқы істер министрлігі"),
        ("ministry-of-foreign-affairs-of-kyrgyzstan", "ky", "Кыргыз Республикасы Тышкы иштер министрлиги"),
        ("ministry-of-foreign-affairs-of-turkmenistan", "tk", "Türkmenistan Daşary işler ministrligi"),
        ("ministry-of-defence-of-afghanistan", "ps", "د افغانستان د دفاع وزارت|د طالبانو د دفاع وزارت"),
        ("ministry-of-defence-of-afghanistan", "en", "Taliban Ministry of Defense|Afghan Defence Ministry"),
        ("ministry-of-foreign-affairs-of-the-united-arab-emirates", "ar", "وزارة الخارجية الإماراتية"),
        ("ministry-of-foreign-affairs-of-china", "zh", "中国外交部"),
        ("ministry-of-foreign-affairs-of-pakistan", "ur", "پاکستانی دفتر خارجہ"),
        ("united-states-department-of-defense", "en", "Pentagon|US Department of Defense"),
        ("united-states-department-of-state", "ru", "Госдеп|Госдепартамент США|американский Госдеп"),
        ("jogorku-kenesh", "ky", "Жогорку Кеңеш|Кыргыз Республикасы Жогорку Кеңеш"),
        ("oliy-majlis", "uz", "Oliy Majlis|Oʻzbekiston Respublikasi Oliy Majlis"),
        ("majlisi-oli", "tg", "Маҷлиси Олӣ"),
        ("mazhilis", "kk", "Мәжіліс"),
        ("state-security-service-of-uzbekistan", "uz", "DXX|Oʻzbekiston DXX"),
        ("state-committee-for-national-security-of-kyrgyzstan", "ky", "УКМК"),
        ("state-committee-for-national-security-of-tajikistan", "tg", "КДАМ"),
        ("national-security-committee-of-kazakhstan", "kk", "ҰҚК"),
        ("general-directorate-of-intelligence", "fa", "استخبارات طالبان|ریاست عمومی استخبارات افغانستان"),
        ("islamic-revolutionary-guard-corps", "fa", "سپاه پاسداران"),
        ("border-troops-of-uzbekistan", "ru", "Пограничные войска СГБ Узбекистана|погранвойска Узбекистана"),
        (
            "united-states-embassy-in-tashkent",
            "en",
            "US Embassy in Tashkent|U.S. Embassy Tashkent|American Embassy in Uzbekistan",
        ),
        ("united-states-embassy-in-tashkent", "ru", "посольство США в Ташкенте|американское посольство в Узбекистане"),
        ("uzbekistan-embassy-in-kabul", "uz", "Oʻzbekiston Kobuldagi elchixonasi"),
        ("uzbekistan-embassy-in-kabul", "fa", "سفارت ازبکستان در کابل"),
        ("uzbekistan-consulate-in-mazar-i-sharif", "en", "Consulate General of Uzbekistan in Mazar-i-Sharif"),
        ("surkhandarya-region-administration", "uz", "Surxondaryo viloyati hokimligi"),
        ("almaty-region-akimat", "ru", "акимат Алматинской области"),
        ("balkh-governor-s-office", "fa", "دفتر والی بلخ"),
    ],
)
def test_names_as_newspapers_write_them(entities, id, language, expected):
    assert set(expected.split("|")) <= names(entities[id], language)


@pytest.mark.parametrize(
    ("id", "language", "name"),
    [
        ("ministry-of-defence-of-uzbekistan", "en", "Defence Ministry"),
        ("ministry-of-defence-of-uzbekistan", "fa", "وزارت دفاع"),
        ("ministry-of-foreign-affairs-of-kyrgyzstan", "ru", "МИД"),
        ("ministry-of-foreign-affairs-of-kazakhstan", "ru", "МИД РК"),
        ("state-committee-for-national-security-of-kyrgyzstan", "ru", "ГКНБ"),
        ("state-committee-for-national-security-of-tajikistan", "ru", "ГКНБ"),
        ("united-states-embassy-in-tashkent", "en", "US Embassy"),
    ],
)
def test_names_that_many_states_have_are_bare(entities, id, language, name):
    assert name in bare(entities[id], language)


def test_short_capitals_have_their_endings_written_out(entities):
    assert Alias("МИДа", exact=True, bare=True) in entities["ministry-of-foreign-affairs-of-kyrgyzstan"].names["ru"]


def test_common_nouns_never_stand_alone(entities):
    for id, language, name in [
        ("government-of-uzbekistan", "en", "Government"),
        ("police-of-tajikistan", "ru", "полиция"),
        ("ministry-of-defence-of-russia", "ar", "دفاع"),
    ]:
        assert name not in {alias.name for alias in entities[id].names[language]}


def test_bodies_of_a_past_state_have_their_end(entities):
    assert str(entities["national-directorate-of-security"].until) == "2021-08-15"
    assert str(entities["general-directorate-of-intelligence"].since) == "2021-08-15"


def test_an_embassy_is_where_its_host_is_and_part_of_its_own_ministry(entities):
    embassy = entities["united-states-embassy-in-tashkent"]
    assert (embassy.country, embassy.part_of) == ("UZ", "united-states-department-of-state")
    assert "uzbekistan-embassy-in-tashkent" not in entities
