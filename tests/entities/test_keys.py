"""Keys and endings: an inflected word of a text is a form of the word of a name, and what is no ending is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.entities import keys


def is_form(surface: str, name: str, text_language: str | None, name_language: str) -> bool:
    masks = {}
    for key in keys.keys(name, name_language):
        for stem, mask in keys.stems(key):
            masks[stem] = masks.get(stem, 0) | mask
    wanted = set(keys.keys(name, name_language))
    return any(
        wanted & set(keys.completed(stem, mask, key[len(stem) :], endings, surface))
        for key, endings, _, _ in keys.candidates(surface, text_language)
        for stem, mask in masks.items()
        if key.startswith(stem)
    )


@pytest.mark.parametrize(
    ("language", "name", "surfaces"),
    [
        ("ru", "Ташкент", "Ташкент Ташкента Ташкенту Ташкентом Ташкенте"),
        ("ru", "Москва", "Москвы Москве Москву Москвой"),
        ("ru", "Киргизия", "Киргизии Киргизию Киргизией"),
        ("ru", "Казань", "Казани Казанью"),
        ("ru", "Китай", "Китая Китаю Китаем Китае"),
        ("ru", "Ош", "Оша Ошу Ошем Оше"),
        ("ru", "Исламское", "Исламского Исламскому Исламским Исламском"),
        ("ru", "Асадова", "Асадовой Асадову"),
        ("ru", "Мирзиёев", "Мирзиёева Мирзиёеву Мирзиёевым Мирзиёеве Мирзиеев"),
        ("ru", "талибы", "талибов талибам талибами талибах"),
        ("ru", "министерство", "министерства министерству министерством министерстве"),
        ("uz", "Toshkent", "Toshkentda Toshkentning Toshkentdan Toshkentga Toshkentni Toshkentdagi Toshkentgacha"),
        ("uz-Cyrl", "Тошкент", "Тошкентда Тошкентнинг Тошкентдан Тошкентга Тошкентни Тошкентдаги"),
        ("uz", "vazirligi", "vazirligining vazirligiga vazirligida"),
        ("ky", "Бишкек", "Бишкекте Бишкектин Бишкекке Бишкектен Бишкектеги Бишкекти"),
        ("ky", "Ош", "Ошто Оштун Ошко Оштон"),
        ("ky", "Өзбекстан", "Өзбекстандын Өзбекстанда Өзбекстанга"),
        ("kk", "Алматы", "Алматыда Алматының Алматыға Алматыдан Алматымен"),
        ("kk", "Қазақстан", "Қазақстанның Қазақстанда Казакстанга"),
        ("tg", "Душанбе", "Душанберо Душанбеи"),
        ("tg", "Тоҷикистон", "Тоҷикистони Тоҷикистонро Тоҷикистону Точикистон"),
        ("ps", "طالبان", "طالبانو"),
        ("ps", "کندهار", "کندهاره"),
        ("fa", "آسیا", "آسیای"),
        ("fa", "طالبان", "طالبانها طالبان‌ها"),
        ("ar", "طالبان", "طالبان وطالبان بطالبان لطالبان الطالبان"),
        ("ar", "الأمم", "للأمم والأمم الامم"),
        ("en", "Taliban", "Taliban Taliban's Taliban’s Talibans"),
        ("tr", "Taşkent", "Taşkent'te Taşkent’in TAŞKENT Taşkentte"),
        ("tr", "Bakanlığı", "Bakanlığının Bakanlığına Bakanlığından Bakanlığı'nın"),
    ],
)
def test_forms_of_a_name(language: str, name: str, surfaces: str) -> None:
    missed = [
        s
        for surface in surfaces.split()
        for s in [surface.split("\u200c")[0]]
        if not is_form(s, name, language, language)
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("language", "name", "surface"),
    [
        ("ru", "ИГ", "ИГРА"),
        ("ru", "Ош", "ошиблись"),
        ("ru", "Талас", "Талассотерапия"),
        ("fa", "کابل", "کابلی"),
        ("ps", "سمنګان", "سمنګاني"),
        ("tg", "Кобул", "Кобулӣ"),
        ("uz", "Fargʻona", "Fargʻonalik"),
        ("ky", "Ош", "Оштук"),
        ("en", "Kabul", "Kabulis"),
    ],
)
def test_what_is_no_form(language: str, name: str, surface: str) -> None:
    assert not is_form(surface, name, language, language)


def test_spellings_of_uzbek_meet_in_one_key() -> None:
    spelled = [
        ("Oʻzbekiston", "uz"),
        ("O'zbekiston", "uz"),
        ("O‘zbekiston", "uz"),
        ("Özbekiston", "uz"),
        ("Ўзбекистон", "uz-Cyrl"),
    ]
    assert {keys.keys(word, language)[0] for word, language in spelled} == {"ozbekiston"}
    assert keys.keys("Toşkent", "uz")[0] == keys.keys("Тошкент", "uz-Cyrl")[0] == keys.keys("Toshkent", "uz")[0]


@given(st.text(max_size=40), st.sampled_from([None, "en", "ru", "uz", "ky", "kk", "tg", "tr", "fa", "ps", "ar", "zh"]))
def test_any_word_has_keys_and_candidates(word: str, language: str | None) -> None:
    assert list(keys.keys(word, language)) == list(keys.keys(word, language))
    for key, _, skipped, cut in keys.candidates(word, language):
        assert key
        assert skipped >= 0
        assert skipped + cut <= len(word) + 3
