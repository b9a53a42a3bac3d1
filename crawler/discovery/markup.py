"""XML of others made safe to parse: repaired, cut to a size, without entities, files or network."""

from __future__ import annotations

import html
import re
from typing import Any

OPTIONS: dict[str, Any] = {
    "recover": True,
    "no_network": True,
    "load_dtd": False,
    "resolve_entities": False,  # neither files nor bombs: an entity stays unexpanded
    "huge_tree": False,  # libxml2 stops at a depth of 256 and at 10 MB of one text
    "remove_comments": True,
    "remove_pis": True,
}
"""For every lxml parser that reads what the network sent."""

_STRAY = re.compile(r"&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|(?:amp|lt|gt|quot|apos);)(?:([a-zA-Z][a-zA-Z0-9]{1,31});)?")


def repaired(text: str) -> str:
    """XML text with its stray ampersands escaped and HTML's entities spelled out; CDATA stays as it is."""
    pieces: list[str] = []
    at = 0
    # By hand: a lazy regular expression takes quadratic time over CDATA that never ends.
    while (start := text.find("<![CDATA[", at)) >= 0 and (end := text.find("]]>", start)) >= 0:
        pieces += _STRAY.sub(_spelled, text[at:start]), text[start : end + 3]
        at = end + 3
    return "".join([*pieces, _STRAY.sub(_spelled, text[at:])])


def _spelled(match: re.Match[str]) -> str:
    character = html.unescape(match[0]) if match[1] else ""
    return character if character and not character.startswith("&") else f"&amp;{match[0][1:]}"


def whole(text: str, *names: str) -> str:
    """The text up to the end of its last whole element of one of these names; empty where there is none.

    A parser that repairs would take the half address of a cut entry for a whole one.
    """
    last = 0
    for end in re.finditer(rf"</(?:[\w.-]{{1,40}}:)?(?:{'|'.join(names)})\s*>", text):
        last = end.end()
    return text[:last]


def name_of(element: Any) -> tuple[str, str]:
    """(namespace, local name) of an lxml element; the prefix stands for a namespace that was never declared."""
    namespace, _, local = element.tag.rpartition("}" if element.tag.startswith("{") else ":")
    return namespace.removeprefix("{"), local
