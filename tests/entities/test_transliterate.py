"""Words of names across scripts: laws of the distance, then names that must meet and names that must not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.entities.transliterate import FAR, alike, distance, english, nominatives, readings
from search.entities.transliterate import given as given_names

LETTERS = (
    "abcdefghijklmnopqrstuvwxyzʻ'’ğışçöüабвгдежзийклмнопрстуфхцчшщъыьэюяўқғҳңөүіәұӣӯҷابپتجچحخدذرزژسشصضطظعغفقکگلمنوهیآئء‌"
)
words = st.text(LETTERS, min_size=1, max_size=12) | st.text(max_size=30)
LANGUAGES = st.sampled_from(["en", "ru", "fa", "ps", "ar", "uz", "ky", "kk", "tg", "tr", None])


@settings(max_examples=300, deadline=None)
@given(a=words, b=words, a_language=LANGUAGES, b_language=LANGUAGES)
def test_distance_is_symmetric_and_never_negative(
    a: str, b: str, a_language: str | None, b_language: str | None
) -> None:
    there = distance(a, b, a_language, b_language)
    assert there == pytest.approx(distance(b, a, b_language, a_language))
    assert there >= 0
    assert alike(a, b, a_language, b_language) == pytest.approx(alike(b, a, b_language, a_language))


@settings(max_examples=200, deadline=None)
@given(word=words, language=LANGUAGES)
def test_a_word_is_like_itself(word: str, language: str | None) -> None:
    assert distance(word, word, language, language) <= 0 or not readings(word, language)
    assert word[:40].casefold() == nominatives(word, language)[0]


SAME = [
    ("Sifatullah", "en", "صفت‌الله", "fa"), ("Sifatullah", "en", "Сифатулло", "tg"),
    ("Stanikzai", "en", "ستانکزی", "ps"),
    ("Qodirov", "uz", "Кадыров", "ru"), ("Joʻraboyev", "uz", "Джурабаев", "ru"), ("Xoʻjayev", "uz", "Khodzhaev", "en"),
    ("Erdoğan", "tr", "Эрдоган", "ru"), ("Cevdet", "tr", "Джевдет", "ru"), ("Zhumabekov", "en", "Жумабеков", "ky"),
    ("Jumabekov", "en", "Жұмабековтың", "kk"), ("Mohammed", "en", "محمد", "ar"), ("Magomed", "en", "Мухаммад", "ru"),
    ("Abdurrahman", "tr", "عبدالرحمن", "fa"), ("Salohiddin", "uz", "صلاح‌الدین", "fa"),
    ("Berdimuhamedow", "tk", "Бердымухамедов", "ru"),
    ("Sharipov", "en", "شریپوف", "fa"), ("Aslanbekova", "en", "Асланбеков", "ru"), ("Noorzai", "en", "Нурзай", "ru"),
]  # fmt: skip
APART = [
    ("Sherzod", "Sherali"), ("Karim", "Karam"), ("Rahimov", "Rahmonov"), ("Jalilov", "Jalolov"), ("Aziz", "Aziza"),
    ("Safarov", "Japarov"), ("Mahmud", "Muhammad"), ("Hasan", "Husain"), ("Yusupov", "Yunusov"), ("Karimi", "Karim"),
    ("Nabiev", "Nabizoda"), ("Aliev", "Valiev"), ("Umarov", "Amirov"),
]  # fmt: skip


@pytest.mark.parametrize(("a", "a_language", "b", "b_language"), SAME)
def test_one_name_in_two_spellings(a: str, a_language: str, b: str, b_language: str) -> None:
    assert alike(a, b, a_language, b_language) is not None


@pytest.mark.parametrize(("a", "b"), APART)
def test_two_names(a: str, b: str) -> None:
    assert alike(a, b, "en", "en") is None


def test_arabic_script_tells_listed_names_apart() -> None:
    assert alike("Mahmud", "محمود", "en", "fa") is not None
    assert alike("Mahmud", "محمد", "en", "fa") is None
    assert alike("Amirov", "عمروف", "en", "fa") is None
    assert given_names("محمد") & given_names("Muhammad")


def test_what_has_no_letters_is_far_from_everything() -> None:
    assert distance("", "a") == distance("123", "abc") == FAR
    assert readings("漢字") == ()


@pytest.mark.parametrize(
    ("name", "language", "printed"),
    [
        ("Жылдыз Асанова", "ky", "Jyldyz Asanova"), ("Жанна Оспанова", "kk", "Zhanna Ospanova"),
        ("Дилшод Жўраев", "uz-Cyrl", "Dilshod Juraev"), ("O‘ktam Xolmatov", "uz", "Uktam Kholmatov"),
        ("Джамшед Шарипов", "ru", "Jamshed Sharipov"), ("کریم", "fa", "کریم"), ("Karim", "en", "Karim"),
        ("Жахонгир Эргашев", "ru", "Jahongir Ergashev"), ("Жамшид Жалилов", "ru", "Jamshid Zhalilov"),
        ("Жомарт Жанна Жан Жоробек", "ru", "Zhomart Zhanna Zhan Zhorobek"), ("Жасұр", "kk", "Zhasur"),
    ],
)  # fmt: skip
def test_english(name: str, language: str, printed: str) -> None:
    assert english(name, language) == printed
