"""Do two names mean one entity: laws, invented persons in all scripts against each other, bodies, the registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from search.entities.same import same

PERSONS: list[dict[str, str]] = yaml.safe_load((Path(__file__).parent / "invented_persons.yaml").read_text("utf-8"))
SPELLINGS = [[(name, key.rstrip("2")) for key, name in person.items()] for person in PERSONS]
WORDS = [
    "Карим",
    "Karim",
    "کریم",
    "Толибов",
    "IS",
    "is",
    "Bank",
    "of",
    "uulu",
    "А.",
    "Al-",
    "«",
    "محمد",
    "الله",
    "Ahmad",
    "Shah",
    "Ministry",
]
names = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join) | st.text(max_size=40)
KINDS = st.sampled_from(["person", "organisation", "place"])
LANGUAGES = st.sampled_from(["en", "ru", "fa", "ar", "uz", "kk", None])


@settings(max_examples=300, deadline=None)
@given(a=names, b=names, a_language=LANGUAGES, b_language=LANGUAGES, kind=KINDS)
def test_same_is_symmetric_and_says_why(
    a: str, b: str, a_language: str | None, b_language: str | None, kind: str
) -> None:
    answer, why = same(a, a_language, b, b_language, kind)
    assert same(b, b_language, a, a_language, kind)[0] == answer
    assert why


@pytest.mark.parametrize("person", SPELLINGS, ids=lambda person: person[0][0])
def test_a_name_is_the_same_as_itself(person: list[tuple[str, str]]) -> None:
    for name, language in person:
        assert same(name, language, name, language, "person")[0]


def test_spellings_of_one_person_meet() -> None:
    pairs = [(a, b) for person in SPELLINGS for a, b in combinations(person, 2)]
    missed = [(a, b) for a, b in pairs if not same(*a, *b, "person")[0]]
    assert len(missed) <= 0.01 * len(pairs), missed


def test_different_persons_stay_apart() -> None:
    spelled = [(number, *name) for number, person in enumerate(SPELLINGS) for name in person[:4]]
    pairs = [(a, b) for a, b in combinations(spelled, 2) if a[0] != b[0] and abs(a[0] - b[0]) < 4]
    assert [(a, b) for a, b in pairs if same(*a[1:], *b[1:], "person")[0]] == []


@pytest.mark.parametrize(
    ("a", "a_language", "b", "b_language", "expected"),
    [
        ("S. Eshonov", "en", "Сардор Эшонов", "ru", True),
        ("D. Eshonov", "en", "Сардор Эшонов", "ru", False),
        ("Эшонов Сардор Каримович", "ru", "Sardor Eshonov", "uz", True),
        ("Eshonov", "en", "Sardor Eshonov", "en", True),
        ("Sardor", "en", "Sardor Eshonov", "en", False),
        ("Eshonova", "en", "Nilufar Eshonova", "en", True),
        ("Aziz Tolibov", "en", "Aziza Tolibova", "en", False),
        ("Ahmad Rahimi", "en", "Ahmad Zia Rahimi", "en", False),
        ("Mullah Sifatullah", "en", "Sifatullah", "en", True),
        ("eshonov", "en", "Eshonov", "en", False),
        ("Abdul Wasi Khogyani", "en", "عبدالواسع خوگیانی", "fa", True),
    ],
)
def test_persons(a: str, a_language: str, b: str, b_language: str, expected: bool) -> None:
    assert same(a, a_language, b, b_language, "person")[0] is expected


@pytest.mark.parametrize(
    ("a", "a_language", "b", "b_language", "expected"),
    [
        ("Ministry of Transport", "en", "Министерство транспорта", "ru", True),
        ("Ministry of Transport", "en", "Ministry of Justice", "en", False),
        ("Uzbek Ministry of Justice", "en", "Минюст Узбекистана", "ru", True),
        ("Uzbek Ministry of Justice", "en", "Минюст Казахстана", "ru", False),
        ("Bahor Bank", "en", "بانک بهار", "fa", True),
        ("Green Silk Bank", "en", "Банк «Грин Силк»", "ru", True),
        ("ООО «Синий холм»", "ru", "Синий холм", "ru", True),
        ("Red River Trust", "en", "RRT", "en", True),
        ("IS", "en", "is", "en", False),
        ("Dawn Movement", "en", "Dawn Movement Khorasan", "en", False),
    ],
)
def test_organisations(a: str, a_language: str, b: str, b_language: str, expected: bool) -> None:
    assert same(a, a_language, b, b_language, "organisation")[0] is expected


@dataclass(frozen=True)
class Listed:
    id: str
    name: str
    kind: str
    type: str
    spelled: tuple[tuple[str, str], ...]


class Few:
    """A registry of a few entities that knows names by their letters alone."""

    def __init__(self, *entities: Listed) -> None:
        self.entities = entities

    def find(self, name: str, language: str | None = None) -> Sequence[Listed]:
        plain = name.casefold().replace("-", "")
        found = [e for e in self.entities if any(plain == form.casefold().replace("-", "") for _, form in e.spelled)]
        return sorted(found, key=lambda e: name not in [form for _, form in e.spelled][:2])

    def forms(self, id: str) -> Sequence[tuple[str, str]]:
        return next(e.spelled for e in self.entities if e.id == id)


REGISTRY = Few(
    Listed("old-town", "Old Town", "place", "town", (("en", "Eskishahr"), ("en", "Old Town"), ("ru", "Эскишаар"))),
    Listed("new-town", "New Town", "place", "town", (("en", "Eski-Shahr"), ("en", "New Town"), ("en", "Eskishahr"))),
    Listed("dawn", "Dawn", "actor", "armed group", (("en", "DWN"), ("en", "Dawn Movement"))),
    Listed("k-tolibov", "Karim Tolibov", "actor", "person", (("en", "Karim Tolibov"), ("en", "Tolibov"))),
)


@pytest.mark.parametrize(
    ("a", "b", "kind", "expected"),
    [
        ("Old Town", "Эскишаар", "place", True),
        ("Eskishahr", "Eski-Shahr", "place", False),
        ("Old Town", "Old Town Road", "place", False),
        ("DWN", "Dawn Movement", "organisation", True),
        ("DWN", "dwn", "organisation", False),
        ("Tolibov", "Карим Толибов", "person", True),
        ("Karim Tolibov", "Sardor Tolibov", "person", False),
    ],
)
def test_the_registry_comes_first(a: str, b: str, kind: str, expected: bool) -> None:
    assert same(a, None, b, None, kind, REGISTRY)[0] is expected
    assert same(b, None, a, None, kind, REGISTRY)[0] is expected
