"""Questions that are meant to hurt an engine, by what they are made of; `benchmarks/elastic.py` asks them too."""

from __future__ import annotations

from itertools import product
from string import ascii_lowercase

HOSTILE = {
    "parentheses": "(" * 10_000 + "rocket",
    "stars": "*rocket* " * 500,
    "megabyte": "rocket " * 150_000,
    "regular": "/(a+)+$/ /.*.*.*x/",
    "letters": " ".join(map("".join, product("abcdefghij", "klmnopqrst"))),
    "beginnings": "ra* " * 1_000,
    "beginnings after hyphens": " ".join(f"the-{letter}*" for letter in ascii_lowercase),
    "fuzzy": "termez~2 " * 500,
    "long phrase": '"' + "a b c " * 600 + '"',
    "phrases": '"a b" ' * 600,
    "script": '{"script": {"source": "while(true){}"}}',
}
