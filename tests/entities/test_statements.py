"""Who says what: exact offsets always, and precision and recall on paragraphs of our own, half of them held out."""

import re
from pathlib import Path

import external
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.shared import SEED
from newswarc.items import Mention
from search.entities.annotate import annotate
from search.entities.registry import Registry
from search.entities.sentences import LONGEST, quotes, sentences
from search.entities.speech import forms, grammars
from search.entities.statements import attributed, positions, statements

HERE = Path(__file__).parent
PLACES = {"country", "city", "province", "river", "village", "region", "pass", "town"}
GOLD = yaml.load((HERE / "statements.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
ARTICLE = SEED / "article-2022-04-21.txt"


def mention(surface, type, field, start, canonical=None, id=None):
    return Mention(
        kind="place" if type in PLACES else "actor", type=type, id=id, canonical=canonical or surface, surface=surface,
        field=field, start=start, end=start + len(surface), confidence=1.0, listed=id is not None, reason="by hand",
    )  # fmt: skip


def marked(names, title, text):
    """A mention at every whole-word occurrence; `names`: type → surfaces, or surface → (canonical, id)."""
    found = []
    for type, surfaces in names.items():
        for surface in surfaces:
            known = surfaces[surface] if isinstance(surfaces, dict) else (surface, None)
            for field, content in (("title", title), ("text", text)):
                for one in re.finditer(rf"(?<!\w){re.escape(surface)}(?!\w)", content):
                    found.append(mention(surface, type, field, one.start(), *known))
    return found


def span(content, wanted):
    """Offsets of a whole-word quotation, `first … last` abbreviated."""
    first, _, last = wanted.partition(" … ")
    start = re.search(rf"(?<!\w){re.escape(first)}(?!\w)", content)
    end = re.compile(rf"(?<!\w){re.escape(last)}(?!\w)").search(content, start.end() if last else start.start())
    return start.start(), (end if last else start).end()


def overlap(a, b):
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))


def is_it(found, wanted, contents):
    """Same field, speaker and stance, the outlet as wanted, and at least half of the joint extent of the words."""
    content = contents[found.field]
    if found.field != wanted.get("field", "text") or found.stance != wanted["stance"]:
        return False
    if not any(
        overlap((found.speaker_start, found.speaker_end), one.span())
        for one in [re.search(rf"(?<!\w){re.escape(wanted['who'])}(?!\w)", content)]
    ):
        return False
    if "is" in wanted and found.canonical != wanted["is"]:
        return False
    if (found.via is None) != ("via" not in wanted) or (found.via and wanted["via"] not in (found.via,)):
        return False
    words = span(content, wanted["words"])
    return 2 * overlap((found.start, found.end), words) >= max(found.end, words[1]) - min(found.start, words[0])


def judged(language, half):
    """(right, wrong, missed) over all paragraphs of one half."""
    right, wrong, missed = [], [], []
    for paragraph in GOLD[language][half]:
        title, text = paragraph.get("title", ""), paragraph["text"].strip()
        found = statements(title, text, language, marked(paragraph["names"], title, text))
        left = list(paragraph["says"])
        for one in found:
            match = next((gold for gold in left if is_it(one, gold, {"title": title, "text": text})), None)
            left.remove(match) if match else None
            (right if match else wrong).append(one)
        missed += left
    return right, wrong, missed


FLOORS = [
    ("en", "seen", 0.95, 0.95),
    ("ru", "seen", 0.95, 0.95),
    ("en", "held_out", 0.9, 0.88),
    ("ru", "held_out", 0.85, 0.85),
]


@pytest.mark.parametrize(("language", "half", "precision", "recall"), FLOORS)
def test_precision_and_recall(language, half, precision, recall):
    right, wrong, missed = judged(language, half)
    assert len(right) / (len(right) + len(wrong)) >= precision
    assert len(right) / (len(right) + len(missed)) >= recall


def test_the_paragraphs_are_many_and_half_of_them_held_out():
    for language in ("en", "ru"):
        halves = GOLD[language]
        assert len(halves["held_out"]) >= 30 <= len(halves["seen"])
        assert sum(not one["says"] for one in halves["held_out"]) >= 5


# Laws.

PIECES = [
    "Karimov", "Reuters", "Taliban", "Kabul", "the ministry", "a spokesman for the Taliban", "he", "she", "they", "it",
    "said", "denied", "claimed responsibility for", "admitted", "warned that", "told", "according to", "as saying",
    "was quoted", "issued a warning of", "called", "fake", "that", "and", "but", "while", "“", "”", '"', "«", "»", ",",
    ".", "\n\n", ":", "—", "заявил, что", "сообщил", "по словам", "опроверг", "взял на себя ответственность за",
    "ссылкой на", "МВД", "в интервью", "это", "в", "on April 5", "in a statement", "not", "İstanbul",
    "Об этом", "ß", "\u0301", "\u202e",
]  # fmt: skip
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=40).map("".join),
)


@st.composite
def annotated(draw):
    title, text = draw(TEXTS), draw(TEXTS)
    found = []
    for field, content in (("title", title), ("text", text)):
        for _ in range(draw(st.integers(0, 6)) if content else 0):
            start = draw(st.integers(0, len(content) - 1))
            surface = content[start : start + draw(st.integers(1, 20))]
            type = draw(st.sampled_from(["person", "media", "government", "city", "river"]))
            found.append(mention(surface, type, field, start, id=draw(st.sampled_from([None, "x"]))))
        for name in ("Karimov", "Reuters", "Taliban", "МВД"):
            found += [mention(name, "media", field, one.start()) for one in re.finditer(name, content)]
    return title, text, found


@settings(max_examples=300, deadline=None)
@given(annotated(), st.sampled_from(["en", "ru", "en-GB"]))
def test_offsets_are_always_those_of_the_words(case, language):
    title, text, found = case
    for one in statements(title, text, language, found):
        content = title if one.field == "title" else text
        assert content[one.start : one.end] == one.words != ""
        assert content[one.speaker_start : one.speaker_end] == one.speaker != ""
        assert (one.via is None) == (one.via_start is None) == (one.via_end is None)
        if one.via is not None:
            assert content[one.via_start : one.via_end] == one.via != ""
        assert one.verb in content


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_sentences_are_in_order_short_and_leave_out_white_space_only(text):
    at = 0
    for one in sentences(text, frozenset({"mr"})):
        assert not text[at : one.start].strip()
        assert one.start < one.end <= one.start + LONGEST
        assert all(one.start <= quote.start < quote.end <= one.end for quote in one.quotes)
        at = one.end
    assert not text[at:].strip()


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_quotations_do_not_overlap_or_cross_a_line(text):
    at = 0
    for one in quotes(text):
        assert at <= one.start < one.inner <= one.inner_end < one.end
        assert "\n" not in text[one.start : one.end]
        at = one.end


@pytest.mark.parametrize(
    "piece",
    ["said ", "“", '"', "«", "he said, ", "according to ", "по словам ", "(", "\u0301", ". ", "Karimov said that "],
)
def test_long_and_senseless_texts_come_to_an_end(piece):
    text = piece * 20_000
    for language in ("en", "ru"):
        for one in statements("", text, language, ()):
            assert one.end - one.start <= LONGEST


# Named cases.


def said(text, language="en", title="", **names):
    found = statements(
        title, text, language, marked({key.replace("_", " "): value for key, value in names.items()}, title, text)
    )
    return [(one.speaker, one.stance, one.words) for one in found]


def test_other_languages_have_no_rules():
    assert statements("Vazir: suv bor", "Vazir suv borligini aytdi.", "uz", ()) == ()
    assert statements("", "He said it.", None, ()) == ()


def test_two_bodies_that_speak_together_each_have_a_statement():
    text = "The Interior Ministry and the Border Service denied the shooting."
    assert said(text, government=["Interior Ministry", "Border Service"]) == [
        ("Border Service", "denies", "the shooting"),
        ("Interior Ministry", "denies", "the shooting"),
    ]


def test_a_nameless_spokesman_speaks_for_his_body():
    text = "A spokesman for the Taliban said the road was open."
    (one,) = statements("", text, "en", marked({"armed group": {"Taliban": ("Taliban", "taliban")}}, "", text))
    assert (one.speaker, one.speaker_id) == ("A spokesman for the Taliban", "taliban")


@pytest.mark.parametrize(
    "text",
    [
        "Karimov did not say who had paid.",
        "Karimov may deny the claims.",
        "Karimov was told that the shop had closed.",
        "Karimov declined to confirm the arrest.",
        "Neither ministry nor police said anything.",
        "The quake claimed 40 lives, and the hospital admitted 60 patients.",
    ],
)
def test_what_was_not_said_is_no_statement(text):
    assert said(text, person=["Karimov"]) == []


def test_a_pronoun_is_left_open_where_it_may_be_either_of_two():
    text = "Rustam Aliev met Farid Gulov in Osh. He said the talks were useful."
    (one,) = statements("", text, "en", marked({"person": ["Rustam Aliev", "Farid Gulov"]}, "", text))
    assert (one.speaker, one.canonical) == ("He", None)


def test_a_pronoun_does_not_stand_for_a_name_of_the_other_gender():
    text = "Анна Ковалева открыла школу. Он сообщил, что ремонт продолжится."
    (one,) = statements("", text, "ru", marked({"person": ["Анна Ковалева"]}, "", text))
    assert (one.speaker, one.canonical) == ("Он", None)


def test_a_place_in_quotation_marks_is_an_outlet():
    text = "Мост закрыт, пишет «Фергана»."
    (one,) = statements("", text, "ru", marked({"city": {"Фергана": ("Fergana", "fergana")}}, "", text))
    assert (one.speaker, one.speaker_id, one.via) == ("Фергана", None, "Фергана")


@pytest.mark.parametrize(
    ("text", "stance"),
    [("Two witnesses confirmed the arrest.", "reports"), ("The prosecutor confirmed the arrest.", "admits")],
)
def test_only_those_concerned_admit_by_confirming(text, stance):
    assert [one[1] for one in said(text)] == [stance]


def test_endings_that_are_no_words_of_their_own():
    assert list(forms("sa|y,id told отверг|,ла")) == ["say", "said", "told", "отверг", "отвергла"]
    assert {"said", "denied"} <= grammars()["en"].cues
    assert {"заявил", "опровергла"} <= grammars()["ru"].cues


# The story that the project was built around.

STORY = {
    "armed group": {
        "ISKP": ("Islamic State Khorasan Province", "iskp"),
        "Islamic State Khorasan Province": ("Islamic State Khorasan Province", "iskp"),
        "Taliban": ("Taliban", "taliban"),
    },
    "person": {
        "Enamulla Samangani": ("Enamulla Samangani", "samangani"),
        "Sherzod Asadov": ("Sherzod Asadov", "asadov"),
    },
    "media": {"AKIPRESS": ("AKIpress", "akipress"), "bne IntelliNews": ("bne IntelliNews", "bne")},
    "government": {
        "US\u00a0Embassy\u00a0in Tashkent": ("United States Embassy in Tashkent", "us-embassy"),
        "Ministry of Defence": ("Ministry of Defence of Uzbekistan", "defence"),
        "Border Troops of Uzbekistan": ("Border Troops of Uzbekistan", "border-troops"),
    },
    "country": {"Uzbekistan": ("Uzbekistan", "uz"), "Afghanistan": ("Afghanistan", "af")},
    "city": {"Termez": ("Termez", "termez")},
}


@pytest.fixture(scope="module")
def story():
    if not ARTICLE.exists():
        external.cannot(f"{ARTICLE} is not there")
    title, _, text = ARTICLE.read_text(encoding="utf-8").partition("\n\n")
    text = "\n\n".join(text.split("\n")[3:])
    return statements(title, text, "en", marked(STORY, title, text))


def test_the_story_has_its_five_positions(story):
    held = {(one.speaker_id, one.stance): one for one in positions(story)}
    assert "10 rockets at a military base" in held["iskp", "claims"].statements[0].words
    assert "absolutely fake" in held["asadov", "denies"].statements[0].words
    for body in ("defence", "border-troops"):
        (one,) = held[body, "denies"].statements
        assert (one.words[:29], one.via) == ("there is no military activity", "Sherzod Asadov")
    (admission,) = held["samangani", "admits"].statements
    assert (admission.via, admission.via_id) == ("AKIPRESS", "akipress")
    warning, quotation = held["us-embassy", "warns"].statements
    assert (warning.via, quotation.speaker) == ("security alert", "the alert")


def test_nobody_in_the_story_holds_what_nobody_said(story):
    assert {(one.speaker_id or one.speaker, one.stance) for one in story} == {
        ("taliban", "admits"), ("samangani", "admits"), ("samangani", "reports"), ("iskp", "claims"), ("uz", "denies"),
        ("asadov", "denies"), ("defence", "denies"), ("border-troops", "denies"), ("us-embassy", "warns"),
        ("a US think-tank", "reports"),
    }  # fmt: skip


def test_the_story_has_them_with_the_real_annotator_too():
    if not ARTICLE.exists():
        external.cannot(f"{ARTICLE} is not there")
    title, _, text = ARTICLE.read_text(encoding="utf-8").partition("\n\n")
    text = "\n\n".join(text.split("\n")[3:])
    found = statements(title, text, "en", annotate(title, text, "en", None, Registry.open()))
    held = {(one.canonical, one.stance): one for one in found}
    assert {
        ("Islamic State Khorasan Province", "claims"), ("Sherzod Asadov", "denies"),
        ("Ministry of Defence of Uzbekistan", "denies"), ("Border Troops of Uzbekistan", "denies"),
        ("Inamullah Samangani", "admits"), ("United States Embassy in Tashkent", "warns"),
    } <= held.keys()  # fmt: skip
    assert attributed(held["Inamullah Samangani", "admits"], sources()) == "central-asia/akipress"


# From an attribution to the outlet's own report.


def sources():
    for path in sorted((HERE.parents[1] / "sources" / "central-asia").glob("*.yaml")):
        entry = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        yield f"central-asia/{path.stem}", entry["name"], entry["homepage"]


def via(name, id=None):
    text = f"{name} reported that the bridge was closed."
    (one,) = statements("", text, "en", marked({"media": {name: (name, id)}}, "", text))
    return one


@pytest.mark.parametrize(
    ("name", "id", "key"),
    [
        ("AKIPRESS", None, "central-asia/akipress"),
        ("АКИpress", "akipress", None),
        ("24.kg", None, "central-asia/24kg"),
        ("Amu TV", None, "central-asia/amu"),
        ("Hasht-e Subh", None, "central-asia/8am-en"),
        ("The Unheard Of Times", None, None),
    ],
)
def test_an_attribution_leads_to_the_source(name, id, key):
    assert attributed(via(name, id), sources()) == key


def test_a_statement_without_an_outlet_leads_nowhere():
    text = "Residents said the bridge was closed."
    (one,) = statements("", text, "en", ())
    assert attributed(one, sources()) is None


def test_further_names_of_the_outlet_help():
    only = [("x/tolo", "TOLOnews", "https://tolonews.com/")]
    assert attributed(via("Tulu"), only) is None
    assert attributed(via("Tulu"), only, names=["TOLOnews"]) == "x/tolo"
