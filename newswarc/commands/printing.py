"""How commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any
from unicodedata import category
from urllib.parse import unquote_to_bytes

from rich.console import Console
from rich.table import Table

WIDE = 200
"""Columns of a table that goes to a file or a pipe."""


def console(*, stderr: bool = False) -> Console:
    made = Console(stderr=stderr, highlight=False, soft_wrap=True)
    if not made.is_terminal:
        made.width = WIDE
    return made


def plain(value: Any) -> Any:
    """Dataclasses, datetimes and tuples as JSON has them."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def print_json(value: Any) -> None:
    json.dump(plain(value), sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], numbers: Sequence[int] = ()) -> Table:
    """A table without frame; `numbers` are the columns set to the right."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for position, heading in enumerate(headings):
        made.add_column(heading, justify="right" if position in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*(str(cell) if cell is not None else "–" for cell in row))
    return made


def counted(number: int, thing: str) -> str:
    """`1 source`, `2 sources`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


_DECEIVING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def visible(text: str) -> str:
    """Text from the network for a terminal: no control or direction characters that could change what is seen."""
    return "".join(" " if c in _DECEIVING or (category(c) == "Cc" and c not in "\n\t") else c for c in text)


def readable(url: str) -> str:
    """A URL for people: escaped letters that are not ASCII as letters, where they are whole UTF-8."""

    def letters(match: re.Match[str]) -> str:
        try:
            return unquote_to_bytes(match[0]).decode()
        except UnicodeDecodeError:
            return match[0]

    return visible(re.sub(r"(?:%[89A-Fa-f][0-9A-Fa-f])+", letters, url))
