"""What is no part of an article goes; sentences that look a little like it stay."""

from __future__ import annotations

import pytest

from pipelines.body import Paragraph
from pipelines.furniture import byline_names, clear, is_byline

TEXT = "The ministry said on Thursday that the situation on the border was calm and that nothing had been confirmed."
GONE = [
    "News", "Dismiss", "Share this", "Advertisement", "Print", "Поделиться в Telegram", "Версия для печати",
    "Реклама",
    "Read also: A bridge opens", "Читайте также: В городе открыли мост", "Читайте: Мост открыт",
    "Дагы окуңуз: Жаңы көпүрө",
    "Mavzuga oid: Yangi maktab ochildi", "بیشتر بخوانید: سرک نو", "نور ولولئ: نوی پل", "اقرأ أيضًا: مدرسة جديدة",
    "Подписывайтесь на наш канал в Telegram!", "Follow us on Facebook and Twitter.", "Obuna boʻling: Telegram",
    "All rights reserved.", "Выделите её и нажмите Ctrl+Enter.", "We use cookies to improve this site.",
    "При использовании материалов активная ссылка на сайт обязательна.",
    "Photo: regional press office", "Фото: пресс-служба", "Сүрөт: администрация", "عکس: آرشیف", "© Agency / A. Field",
    "Fot. Agencja", TEXT,
]  # fmt: skip
STAYS = [
    "He posted a screenshot of the message and asked his followers to print it out and bring it to the square.",
    "On 21 April 2022 the bridge was closed.",
    "By Friday evening the road was open again.",
    "Related companies were fined as well, the court said in its ruling of last week.",
    "Recommended doses were exceeded in every third sample that the laboratory took.",
    "По теме безопасности на границе выступил министр, его речь длилась двадцать минут.",
    "The agency's Telegram channel has lost half of those who subscribe to it since the law was passed.",
    "Новости о закрытии моста застали водителей врасплох.",
    "The photo shows three men beside a launcher, the officials say.",
]


def left(*texts: str, title: str = "Calm on the border") -> list[str]:
    return clear([Paragraph(text) for text in texts], [title], ["The Daily"]).paragraphs


@pytest.mark.parametrize("text", GONE)
def test_furniture_goes_from_anywhere(text: str) -> None:
    body = [f"{TEXT} It was the {n} statement." for n in ("first", "second", "third")]
    assert left(body[0], text, *body[1:], text, title=TEXT) == body


@pytest.mark.parametrize("text", STAYS)
def test_a_sentence_stays(text: str) -> None:
    assert left(TEXT, text, TEXT + " Again.") == [TEXT, text, TEXT + " Again."]
    assert left(text, TEXT) == [text, TEXT]


def test_title_copies_captions_and_bylines_at_the_start_go() -> None:
    caption = "Fighters who handed in their weapons in the spring. / Agency, wiki."
    byline = "By Anna Field April 21, 2022"
    cleared = clear([Paragraph(t) for t in ("Calm on the BORDER", caption, byline, TEXT)], ["Calm on the border"], [])
    assert cleared.paragraphs == [TEXT]
    assert cleared.byline == byline


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("By Anna Field April 21, 2022", ["Anna Field"]),
        ("By Anna Field and Bo Lund", ["Anna Field", "Bo Lund"]),
        ("Автор: Марина Ли, 21 апреля 2022", ["Марина Ли"]),
        ("Муаллиф: Баҳром Юсупов", ["Баҳром Юсупов"]),
        ("نویسنده: فرهاد نوری", ["فرهاد نوری"]),
        ("By", []),
        ("Anna Field", []),
    ],
)
def test_the_names_of_a_byline(line: str, names: list[str]) -> None:
    assert byline_names(line) == names


def test_the_site_s_own_name_is_a_byline() -> None:
    assert is_byline("The Daily", ["The Daily"])
    assert is_byline("The DaiIy", ["The Daily"])
    assert not is_byline("The Weekly", ["The Daily"])


def test_labels_at_the_end_go_and_a_last_sentence_stays() -> None:
    assert left(TEXT, "More", "World", "Sport") == [TEXT]
    assert left(TEXT, "An inquiry has begun.") == [TEXT, "An inquiry has begun."]
    assert clear([Paragraph(TEXT), Paragraph("What follows", heading=True)], [], []).paragraphs == [TEXT]
