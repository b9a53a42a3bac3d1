"""The text of a page is right whatever its header, its tag and its bytes say of its charset."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.charset import decode, printable

RUSSIAN = "Пограничная служба в четверг опровергла сообщения об обстреле приграничного района. " * 3
TEXTS = {
    "utf-8": "Тошкент — ازبکستان – Özbekistan",
    "windows-1251": RUSSIAN,
    "koi8-r": RUSSIAN,
    "iso-8859-5": RUSSIAN,
    "cp866": RUSSIAN,
    "windows-1252": "Le ministère a démenti “l’attaque” – naturellement.",
    "iso-8859-9": "Savunma Bakanlığı sınır kentine roket düştüğünü yalanladı.",
    "windows-1254": "Savunma Bakanlığı sınır kentine roket düştüğünü yalanladı.",
    "windows-1256": "نفت وزارة الدفاع سقوط صواريخ على المدينة",
    "gb18030": "国防部否认火箭弹落入边境城镇的消息",
    "big5": "國防部否認火箭彈落入邊境城鎮",
    "euc-kr": "국방부는 국경 도시에 로켓이 떨어졌다는 보도를 부인했다",
    "shift_jis": "国防省は国境の町にロケット弾が落ちたとの報道を否定した",
}


def page(text: str, tag: str | None) -> str:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={tag}">' if tag else ""
    return f"<html><head>{meta}<title>t</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("tag", ["same", "wrong", None])
def test_the_server_says_it(name: str, tag: str | None) -> None:
    html = page(TEXTS[name], {"same": name, "wrong": "iso-8859-1", None: None}[tag])
    assert decode(html.encode(name), name) == html


@pytest.mark.parametrize("name", TEXTS)
def test_only_the_page_says_it(name: str) -> None:
    html = page(TEXTS[name], name)
    assert decode(html.encode(name)) == html


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_wins(mark: str) -> None:
    html = page(RUSSIAN, "windows-1251")
    assert decode(html.encode(mark), "koi8-r") == html


@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", None])
def test_windows_1251_called_something_else(declared: str | None) -> None:
    html = page(RUSSIAN, None)
    got = decode(html.encode("windows-1251"), "utf-8" if declared == "utf-8" else None)
    assert RUSSIAN in got


def test_windows_1252_called_latin_1() -> None:
    html = page(TEXTS["windows-1252"], "iso-8859-1")
    assert decode(html.encode("windows-1252"), "ISO-8859-1") == html


def test_utf_8_called_latin_1() -> None:
    html = page(RUSSIAN, "iso-8859-1")
    assert decode(html.encode("utf-8"), "iso-8859-1") == html


def test_a_few_bad_bytes_do_not_spoil_utf_8() -> None:
    html = page(RUSSIAN, "utf-8").encode()
    got = decode(html[:200] + b"\xff" + html[200:], "utf-8")
    assert got.count("Пограничная") >= 2


def test_nul_bytes_are_dropped() -> None:
    assert decode(b"<p>a\x00b</p>", "utf-8") == "<p>ab</p>"


@given(st.binary(max_size=300), st.sampled_from(["utf-8", "hex", "rot13", "no-such", "", "utf-16", "idna", None]))
def test_no_bytes_raise(payload: bytes, declared: str | None) -> None:
    assert "\x00" not in decode(payload, declared)


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\x00\ufeff"), max_size=100))
def test_utf_8_round_trips(text: str) -> None:
    if not text.encode().startswith(tuple(mark for mark, _ in [(codecs.BOM_UTF16_LE, ""), (codecs.BOM_UTF16_BE, "")])):
        assert decode(text.encode(), "utf-8") == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("a\x01b\x1bc\x7f", "abc"),
        ("it\x92s \x93quoted\x94 \x96 so\x8d", "it’s “quoted” – so"),
        ("half \ud83d a pair\ufffe\uffff", "half  a pair"),
    ],
)
def test_control_characters_are_no_text(text: str, told: str) -> None:
    assert printable(text) == told
