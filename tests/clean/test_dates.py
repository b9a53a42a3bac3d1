"""Dates in the languages and calendars of the region."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from convertdate import persian
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dates import GREGORIAN, SOLAR, parse_date

TARGET = date(2022, 4, 21)
BYLINES = """
en: April 21, 2022
en: By Anna Field | April 21st, 2022 2:05 pm EDT
en: Thu, 21 Apr 2022 14:05:00 +0500
en: Updated 14:05 GMT+5, 21 April 2022
ru: 21 апреля 2022, 14:05
ru: 21 апр. 2022 г.
ru: Опубликовано: 21.04.2022 в 14:05
fa: ۱ اردیبهشت ۱۴۰۱
fa: پنج‌شنبه ۱ اردیبهشت ۱۴۰۱ - ۱۴:۰۵
fa: ۱۴۰۱/۰۲/۰۱
fa: ۲۱ آوریل ۲۰۲۲
fa: پنجشنبه، اول ثور ۱۴۰۱
ps: د ۱۴۰۱ د غويي ۱
ps: ۲۰۲۲ د اپرېل ۲۱
uz: 21-aprel 2022-yil
uz: 2022-yil 21-aprel, 14:05
uz: 2022-yilning 21-aprelida
uz-Cyrl: 2022 йил 21 апрель
ky: 21-апрель, 2022-жыл
ky: 2022-жылдын 21-апрели
tg: 21 апрели соли 2022
kk: 2022 жылғы 21 сәуір
kk: 2022 жылдың 21 сәуірінде
tk: 2022-nji ýylyň 21-nji apreli
ar: 21 أبريل 2022
ar: ٢١ نيسان ٢٠٢٢
ar: الخميس 21 أبريل / نيسان 2022
tr: 21 Nisan 2022 Perşembe 14:05
az: 21 aprel 2022-ci il
zh: 2022年4月21日 14:05
any: 2022-04-21T14:05:00+05:00
any: 2022.04.21
any: 20220421
any: 1650522300
""".strip().splitlines()


@pytest.mark.parametrize("line", BYLINES)
def test_a_byline_of_the_region_is_read(line: str) -> None:
    language, _, raw = line.partition(": ")
    parsed = parse_date(raw, language=language)
    assert parsed is not None
    assert parsed.moment.date() == TARGET


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "News",
        "2022-02-31",
        "۱۴۰۱/۱۳/۰۱",
        "99.99.2022",
        "April",
        "call 2022 for help",
        "21 апреля",
        "0000-00-00",
        "24:61",
    ],
)
def test_what_is_no_date_is_none(raw: str) -> None:
    assert parse_date(raw) is None


def test_precision_and_offset_are_kept() -> None:
    exact = parse_date("2022-04-21T14:05:09+05:00")
    assert exact is not None
    assert exact.precision == "second"
    assert exact.moment.isoformat() == "2022-04-21T14:05:09+05:00"
    bare = parse_date("21 апреля 2022", timezone="Asia/Tashkent")
    assert bare is not None
    assert bare.precision == "day"
    assert bare.moment.isoformat() == "2022-04-21T00:00:00+05:00"
    clock = parse_date("21 апреля 2022, 14:05", timezone="Asia/Bishkek")
    assert clock is not None
    assert clock.precision == "minute"
    assert clock.moment.isoformat() == "2022-04-21T14:05:00+06:00"


def test_an_unknown_zone_is_utc() -> None:
    parsed = parse_date("2022-04-21", timezone="Nowhere/Land")
    assert parsed is not None
    assert parsed.moment == datetime(2022, 4, 21, tzinfo=UTC)


def test_the_month_of_04_05_is_never_guessed_in_english() -> None:
    assert parse_date("04/05/2022", language="en") is None
    american = parse_date("04/05/2022", language="en", timezone="America/New_York")
    assert american is not None
    assert american.moment.date() == date(2022, 4, 5)
    european = parse_date("04/05/2022", language="ru")
    assert european is not None
    assert european.moment.date() == date(2022, 5, 4)


moments = st.datetimes(
    min_value=datetime(1991, 1, 1),
    max_value=datetime(2090, 1, 1),
    timezones=st.integers(-11, 14).map(lambda hours: timezone(timedelta(hours=hours))),
).map(lambda moment: moment.replace(microsecond=0))


@given(moments)
def test_iso_and_rfc_822_round_trip(moment: datetime) -> None:
    for raw in (moment.isoformat(), moment.isoformat(" "), format_datetime(moment)):
        parsed = parse_date(raw)
        assert parsed is not None
        assert parsed.moment == moment


@given(moments, st.timedeltas(timedelta(-9000), timedelta(9000)))
def test_nothing_is_later_than_the_upper_bound_and_a_day(moment: datetime, lead: timedelta) -> None:
    upper = moment + lead
    parsed = parse_date(moment.isoformat(), upper=upper)
    assert (parsed is not None) == (moment <= upper + timedelta(days=1))


NAMES = [row.split() for row in GREGORIAN.strip().splitlines()]
SOLAR_NAMES = [row.split() for row in SOLAR.strip().splitlines()]


@given(
    st.sampled_from(NAMES),
    st.dates(date(1991, 1, 1), date(2090, 1, 1)),
    st.sampled_from(["{d} {m} {y}", "{y} {d} {m}", "{m} {d}, {y}"]),
)
def test_every_month_name_stands_for_its_month(names: list[str], day: date, form: str) -> None:
    name = names[day.month - 1].replace("_", " ")
    if name != "-":
        parsed = parse_date(form.format(d=day.day, m=name, y=day.year))
        assert parsed is not None
        assert parsed.moment.date() == day


@settings(max_examples=40, deadline=None)  # convertdate takes 50 ms for a day
@given(st.sampled_from(SOLAR_NAMES), st.integers(1385, 1425), st.integers(1, 12), st.integers(1, 29), st.booleans())
def test_every_solar_month_name_stands_for_its_month(
    names: list[str], year: int, month: int, day: int, own: bool
) -> None:
    name = names[month - 1]
    raw = f"{day} {name} {year}"
    if own:
        raw = raw.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    if name != "-":
        parsed = parse_date(raw)
        assert parsed is not None
        assert parsed.moment.date() == date(*persian.to_gregorian(year, month, day))


def test_the_last_solar_month_has_30_days_in_leap_years_only() -> None:
    leap = parse_date("۳۰ حوت ۱۳۹۹")
    assert leap is not None
    assert leap.moment.date() == date(2021, 3, 20)
    assert parse_date("۳۰ حوت ۱۴۰۰") is None
    assert parse_date("۳۱ میزان ۱۴۰۰") is None


@given(st.text(max_size=400))
def test_no_text_raises(raw: str) -> None:
    parsed = parse_date(raw, language="en", timezone=raw[:20], upper=datetime(2026, 1, 1, tzinfo=UTC))
    assert parsed is None or parsed.moment.tzinfo is not None
