"""The gazetteer: populated places of the region and large cities of the world, from GeoNames."""

from __future__ import annotations

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from search.entities.watchlist import Alias, Entity

FILE = Path(__file__).parent / "data" / "gazetteer.tsv.gz"
COLUMNS = ("geonameid", "name", "country", "part_of", "lat", "lon", "population", "names")
SEPARATOR = "|"
"""Between names, each `language:name`."""
CITY, TOWN = 100_000, 5_000
"""People from which a place is a city, a town."""


def gazetteer(file: Path = FILE) -> Iterator[Entity]:
    """The places of the file, in its order; ids are `gn` and GeoNames' number, which stays for ever."""
    with gzip.open(file, "rb") as packed:
        table = csv.DictReader(io.TextIOWrapper(packed, "utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE)
        for row in table:
            yield _entity(row)


def _entity(row: dict[str, str]) -> Entity:
    population = int(row["population"])
    names: dict[str, tuple[Alias, ...]] = defaultdict(tuple)
    for given in filter(None, row["names"].split(SEPARATOR)):
        language, name = given.split(":", 1)
        names[language] += (Alias(name),)
    return Entity(
        id=f"gn{row['geonameid']}",
        name=row["name"],
        kind="place",
        type="city" if population >= CITY else "town" if population > TOWN or not population else "village",
        country=row["country"] or None,
        part_of=row["part_of"] or None,
        lat=float(row["lat"]),
        lon=float(row["lon"]),
        population=population or None,
        names=dict(names),
    )
