"""From bytes to text: byte order mark, then the server's word, then the page's own, then what the bytes look like."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes
from w3lib.encoding import resolve_encoding

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED = re.compile(rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.I)
XML_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})""", re.I)
NO_CHARSETS = frozenset(("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "utf-7"))
PROLOGUE = 4096
"""Bytes in which a page's own declaration is looked for; browsers read 1,024, many pages declare later."""
SAMPLE = 65536
"""Bytes handed to detection."""
NO_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
AS_MEANT = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
"""C1 controls are nobody's text: they are windows-1252 that was taken for latin-1."""
DAMAGE = 0.01
"""Share of replacement characters above which a declared charset is not believed."""


def decode(payload: bytes, declared: str | None = None) -> str:
    """The text of a page, without byte order mark and NULs; what cannot be decoded becomes U+FFFD. Never raises.

    `declared` is the charset of the server's Content-Type; it wins over a meta tag, and loses to a byte order mark.
    """
    for mark, name in MARKS:
        if payload.startswith(mark):
            return _plain(payload[len(mark) :].decode(name, "replace"))
    candidates = [*filter(None, (_known(declared), *_own(payload)))]
    for name in _utf8_before_one_byte(candidates, payload):
        text = payload.decode(name, "replace")
        if text.count("\ufffd") <= DAMAGE * len(text):
            return _plain(text)
    return _plain(payload.decode(_detected(payload, candidates), "replace"))


def _known(label: str | None) -> str | None:
    """Python's codec for a label, as browsers read it: latin-1 means windows-1252 (WHATWG encoding standard, 4.2)."""
    name = resolve_encoding(label.strip().strip("\"'")) if label else None
    return name if name and _is_text(name) else None


def _is_text(name: str) -> bool:
    """Python knows codecs that are no charsets (`hex`), and some that no page is in (`idna`, `unicode_escape`)."""
    try:
        return codecs.lookup(name)._is_text_encoding and name.replace("_", "-") not in NO_CHARSETS
    except LookupError:
        return False


def _own(payload: bytes) -> list[str | None]:
    head = payload[:PROLOGUE]
    labels = [
        found[1].decode("ascii", "replace") for found in (XML_DECLARED.search(head), DECLARED.search(head)) if found
    ]
    # A page whose bytes can be read as ASCII is not in UTF-16, whatever its tag says (WHATWG HTML, 13.2.3.2).
    return [name for name in map(_known, labels) if name and "16" not in name]


def _utf8_before_one_byte(candidates: list[str], payload: bytes) -> list[str]:
    """A one-byte charset accepts anything, so UTF-8 comes first where the bytes are valid UTF-8 beyond ASCII."""
    if "utf-8" in candidates[:1] or payload.isascii():
        return candidates or ["utf-8"]
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return candidates
    return ["utf-8", *candidates]


def _detected(payload: bytes, candidates: list[str]) -> str:
    likely = from_bytes(payload[:SAMPLE]).best()
    name = _known(likely.encoding) if likely else None
    return name or next((c for c in candidates if c != "utf-8"), "cp1252" if not candidates else candidates[0])


def _plain(text: str) -> str:
    return text.lstrip("\ufeff").replace("\x00", "")


def printable(text: str) -> str:
    """Without control characters, halves of surrogate pairs and what is no character; white space stays."""
    return NO_TEXT.sub(lambda found: AS_MEANT.get(ord(found[0]), ""), text) if NO_TEXT.search(text) else text
