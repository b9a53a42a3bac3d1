"""Dates as pages and listings write them: ISO 8601, RFC 822, bylines of the region in Gregorian and solar months."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from convertdate import persian

Precision = Literal["second", "minute", "day"]

EARLIEST = date(1990, 1, 1)
"""Before news pages: what is dated earlier is a misread number."""
ZONES = timedelta(days=1)
"""How far a date may lie past the upper bound: no two zones are further apart than 26 hours, few than 24."""
LONGEST = 200
"""Characters of a raw date that are looked at."""


class ParsedDate(NamedTuple):
    """A moment, aware, and how exactly it was given. A bare day is midnight in the source's zone (UTC if unknown)."""

    moment: datetime
    precision: Precision


# Twelve names a line, January first, `_` for a space within a name; a dash where the line lacks that month.
GREGORIAN = """
january february march april may june july august september october november december
jan feb mar apr - jun jul aug sep oct nov dec
- - - - - - - - sept - - -
январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
янв фев мар апр - июн июл авг сен окт ноя дек
- февр - - - - - - сент - нояб -
январ феврал - апрел - - - - сентябр октябр ноябр декабр
yanvar fevral mart aprel may iyun iyul avgust sentabr oktabr noyabr dekabr
- - - - - - - avqust sentyabr oktyabr - -
ýanwar fewral mart aprel maý iýun iýul awgust sentýabr oktýabr noýabr dekabr
қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан
qantar aqpan nauryz säuir mamyr mausym shilde tamyz qyrkuiek qazan qarasha jeltoqsan
ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
جانفي فيفري - أفريل ماي جوان جويلية أوت - - - -
كانون_الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين_الأول تشرين_الثاني كانون_الأول
ژانویه فوریه مارس آوریل مه ژوئن ژوئیه اوت سپتامبر اکتبر نوامبر دسامبر
- - - - می - - آگوست - - - -
جنوری فبروری مارچ اپریل می جون جولای اگست سپتمبر اکتوبر نومبر دسمبر
جنوري فبروري مارچ اپرېل مې جون جولای اګست سپټمبر اکتوبر نومبر ډسمبر
- فروری - - مئی - جولائی - ستمبر - - -
"""
# Solar Hijri: Iranian, Dari (the signs of the zodiac), Pashto.
SOLAR = """
فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند
حمل ثور جوزا سرطان اسد سنبله میزان عقرب قوس جدی دلو حوت
وری غويی غبرګولی چنګاښ زمری وږی تله لړم لیندۍ مرغومی سلواغه کب
- غوایی - - امرداد - - - - - - -
"""
DAY_WORDS = {"اول": 1, "یکم": 1, "دوم": 2, "سوم": 3}
ZONE_MINUTES = {
    "z": 0, "utc": 0, "gmt": 0, "bst": 60, "cet": 60, "cest": 120, "eet": 120, "eest": 180, "msk": 180, "мск": 180,
    "trt": 180, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
}  # fmt: skip

LETTERS = str.maketrans(
    "ىيكةأإآٱ", "ییکهاااا", "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeffـ"
)
CLOCK = r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,]\d{1,9})?)?(?!\d)"
TIME = re.compile(
    rf"(?<![\d:]){CLOCK}\s*(?P<half>[ap]\.?m\b\.?)?\s*\(?(?P<zone>(?:utc|gmt)?\s*[+-]\d\d?(?::?\d\d)?\b|[a-zа-я]{{1,4}}\b)?"
)
ISO = re.compile(
    r"(?<!\d)(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d\d?)(?P=sep)(?P<day>\d\d?)(?!\d)"
    rf"(?:t(?P<rest>{CLOCK}\s*(?:z|[+-]\d\d:?(?:\d\d)?)?))?"
)
COMPACT = re.compile(
    r"(?<!\d)(?P<year>20\d\d)(?P<month>\d\d)(?P<day>\d\d)(?:t?(?P<h>\d\d)(?P<m>\d\d)(?P<s>\d\d)(?P<zone>z)?)?(?!\d)"
)
HAN = re.compile(r"(?P<year>\d{4})\s*[年년]\s*(?P<month>\d\d?)\s*[月월]\s*(?P<day>\d\d?)\s*[日일]")
NUMBERS = re.compile(r"(?<![\d.])(?P<a>\d\d?)(?P<sep>[./-])(?P<b>\d\d?)(?P=sep)(?P<year>\d{4})(?!\d)")
TOKEN = re.compile(r"\d+|[^\W\d_]+")


def fold(text: str) -> str:
    """Lower case, one form for each Arabic letter, plain digits; what `parse_date` compares."""
    text = unicodedata.normalize("NFC", text.translate(LETTERS).casefold().replace("i\u0307", "i"))
    return "".join(str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c for c in text)


def _names(table: str) -> dict[str, int]:
    rows = (fold(row).split() for row in table.strip().splitlines())
    named = ((name.replace("_", " "), number) for row in rows for number, name in enumerate(row, 1))
    return {name: number for name, number in named if name != "-"}


GREGORIAN_MONTHS, SOLAR_MONTHS = _names(GREGORIAN), _names(SOLAR)
DAYS = {fold(word): number for word, number in DAY_WORDS.items()}
# Names long enough to carry case endings: апрелде, aprelning, сәуірдің, апрели, Nisan'da.
STEMS = sorted((name for name in GREGORIAN_MONTHS if len(name) > 3 and " " not in name), key=len, reverse=True)


def parse_date(
    raw: str | None, *, language: str | None = None, timezone: str | None = None, upper: datetime | None = None
) -> ParsedDate | None:
    """The first date in `raw`, or None where there is none, it cannot be, or it is later than `upper` plus a day.

    Args:
        language: BCP 47; decides whether 04/05/2022 is April (never guessed for English without a zone).
        timezone: IANA name, for dates without an offset; UTC where None or unknown.
        upper: aware; when the page was captured.
    """
    if not raw:
        return None
    text = fold(raw[:LONGEST]).strip()
    zone = zone_of(timezone)
    try:
        parsed = _epoch(text) or _iso(text, zone) or _compact(text, zone) or _written(text, zone, language, timezone)
    except (ValueError, OverflowError):  # 31 February, hour 24, year 9999: not a date
        return None
    return parsed if parsed and _possible(parsed.moment, upper) else None


def zone_of(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _possible(moment: datetime, upper: datetime | None) -> bool:
    return moment.date() >= EARLIEST and (upper is None or moment <= upper + ZONES)


def _epoch(text: str) -> ParsedDate | None:
    """Unix time in seconds or milliseconds, as some data attributes and feeds have it."""
    if not re.fullmatch(r"1\d{9}(\d{3})?", text):
        return None
    return ParsedDate(datetime.fromtimestamp(int(text[:10]), UTC), "second")


def _iso(text: str, zone: tzinfo) -> ParsedDate | None:
    found = ISO.search(text)
    if not found:
        return None
    year, month, day = int(found["year"]), int(found["month"]), int(found["day"])
    if not (1300 <= year < 1500 or 1900 <= year < 2200):
        return None
    return _at(_day(year, month, day), found["rest"] or text[found.end() :] or text[: found.start()], zone)


def _compact(text: str, zone: tzinfo) -> ParsedDate | None:
    found = COMPACT.search(text)
    if not found:
        return None
    day = date(int(found["year"]), int(found["month"]), int(found["day"]))
    if not found["h"]:
        return _at(day, "", zone)
    moment = datetime.combine(
        day, time(int(found["h"]), int(found["m"]), int(found["s"])), UTC if found["zone"] else zone
    )
    return ParsedDate(moment, "second")


def _written(text: str, zone: tzinfo, language: str | None, timezone: str | None) -> ParsedDate | None:
    if han := HAN.search(text):
        return _at(date(int(han["year"]), int(han["month"]), int(han["day"])), text[han.end() :], zone)
    day = _named(text) or _numbers(text, language, timezone)
    return _at(day, text, zone) if day else None


def _day(year: int, month: int, day: int) -> date:
    """A year before 1900 is one of the solar Hijri calendar."""
    return _solar_day(year, month, day) if year < 1900 else date(year, month, day)


def _solar_day(year: int, month: int, day: int) -> date:
    """Six months of 31 days, five of 30, the last ends where the next year begins."""
    before = 31 * (month - 1) if month <= 7 else 186 + 30 * (month - 7)
    found = _solar_new_year(year) + timedelta(days=before + day - 1)
    longest = 31 if month <= 6 else 30
    if not (1 <= month <= 12 and 1 <= day <= longest) or found >= _solar_new_year(year + 1):
        raise ValueError(f"no such day: {year}-{month}-{day}")
    return found


@cache
def _solar_new_year(year: int) -> date:
    """Asked of convertdate once a year: it reckons the equinox, which takes it 50 ms."""
    return date(*persian.to_gregorian(year, 1, 1))


def _at(day: date, rest: str, zone: tzinfo) -> ParsedDate:
    """The day with the clock time that stands in `rest`, if any."""
    found = TIME.search(rest)
    if not found:
        return ParsedDate(datetime.combine(day, time(), zone), "day")
    hour = int(found["hour"])
    if half := found["half"]:
        hour = hour % 12 + (12 if half[0] == "p" else 0)
    late, hour = divmod(hour, 24)  # 24:00 is the next day's first minute
    at = time(hour, int(found["minute"]), int(found["second"] or 0))
    moment = datetime.combine(day, at, _offset(found["zone"]) or zone) + timedelta(days=late)
    return ParsedDate(moment, "second" if found["second"] else "minute")


def _offset(text: str | None) -> tzinfo | None:
    """`+0500`, `+05:00`, `gmt+5`, `msk`; None where it is no zone we know."""
    signed = re.search(r"([+-])(\d\d?):?(\d\d)?$", (text or "").strip())
    if signed:
        minutes = int(signed[2]) * 60 + int(signed[3] or 0)
        return timezone(timedelta(minutes=-minutes if signed[1] == "-" else minutes)) if minutes < 15 * 60 else None
    minutes_known = ZONE_MINUTES.get(text or "")
    return None if minutes_known is None else timezone(timedelta(minutes=minutes_known))


def _numbers(text: str, language: str | None, timezone: str | None) -> date | None:
    """21.04.2022, 21/04/2022; the month comes first only where the day cannot, or in America."""
    found = NUMBERS.search(text)
    if not found:
        return None
    a, b, year = int(found["a"]), int(found["b"]), int(found["year"])
    american = (timezone or "").startswith("America/")
    if found["sep"] == "/" and a <= 12 and b <= 12 and a != b and (language or "").startswith("en") and not timezone:
        return None
    day_first = a > 12 or (b <= 12 and not american) or found["sep"] == "."
    return _day(year, b, a) if day_first else _day(year, a, b)


def _named(text: str) -> date | None:
    """A month by name with its day and year beside it, in any order."""
    tokens = TOKEN.findall(TIME.sub(" ", text))
    for at in range(len(tokens)):
        near = tokens[max(0, at - 6) : at] + tokens[at + 1 : at + 6]
        year = next((int(n) for n in near if len(n) == 4 and n.isdigit()), None)
        month = _month(tokens, at, solar=year is not None and year < 1900) if year else None
        day = _nearest_day(tokens, at) if month else None
        if year and month and day:
            return _day(year, month, day)
    return None


def _month(tokens: list[str], at: int, *, solar: bool) -> int | None:
    word = tokens[at]
    if solar:
        return SOLAR_MONTHS.get(word)
    pair = " ".join(tokens[at : at + 2])
    exact = GREGORIAN_MONTHS.get(pair) or GREGORIAN_MONTHS.get(word)
    if exact:
        return exact
    stem = next((name for name in STEMS if word.startswith(name) and len(word) <= len(name) + 5), None)
    return GREGORIAN_MONTHS[stem] if stem else None


def _nearest_day(tokens: list[str], at: int) -> int | None:
    """The number from 1 to 31 closest to the month; the one before it wins a tie, as in 21 April 2022."""
    for distance in (1, 2, 3, 4):
        for index in (at - distance, at + distance):
            token = tokens[index] if 0 <= index < len(tokens) else ""
            number = int(token) if token.isdigit() and len(token) <= 2 else DAYS.get(token, 0)
            if 1 <= number <= 31:
                return number
    return None
