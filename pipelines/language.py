"""Which language a text is in: py3langid over the languages we may meet, and the script for Uzbek."""

from __future__ import annotations

import re
from functools import cache

from py3langid.langid import LanguageIdentifier

from pipelines.language_model import identifier_of

LANGUAGES = frozenset(
    (
        *(
            "en",
            "ru",
            "fa",
            "ps",
            "uz",
            "ky",
            "tg",
            "kk",
            "tk",
            "ar",
            "tr",
            "az",
            "ur",
            "uk",
            "be",
            "zh",
            "ja",
            "ko",
            "hi",
        ),
        *(
            "de",
            "fr",
            "es",
            "it",
            "pt",
            "pl",
            "el",
            "cs",
            "sk",
            "nl",
            "sv",
            "no",
            "da",
            "fi",
            "hu",
            "ro",
            "bg",
            "sr",
            "hr",
        ),
        *(
            "bs",
            "mn",
            "ka",
            "hy",
            "he",
            "id",
            "vi",
            "th",
            "bn",
            "gu",
            "my",
            "sq",
            "sw",
            "tl",
            "zu",
            "xh",
            "is",
            "lv",
            "lt",
        ),
        *("et", "sl", "mk", "ug"),
    )
)
"""The region's languages and the larger ones of its neighbours; py3langid guesses better among fewer."""
SURE = 0.5
"""Probability below which the source's own language is believed instead; single words reach 0.03 to 0.3."""
SAMPLE = 1200
"""Characters looked at: more changes no answer and costs time."""
CYRILLIC, LATIN = re.compile(r"[а-яёўқғҳ]", re.I), re.compile(r"[a-z]", re.I)


def language_of(text: str, hint: str | None = None) -> str | None:
    """BCP 47 tag of the text; the hint where it is too short or unclear, None where there is no hint either.

    `uz` is Uzbek in Latin script, `uz-Cyrl` in Cyrillic. Dari and Persian are both `fa`.
    """
    sample = text[:SAMPLE]
    if not re.search(r"\w", sample):
        return _tag(hint, sample)
    name, probability = _identifier().classify(sample)
    return _tag(str(name) if probability >= SURE else hint or None, sample)


@cache
def _identifier() -> LanguageIdentifier:
    return identifier_of(LANGUAGES)


def _tag(name: str | None, sample: str) -> str | None:
    """One spelling for each language, with the script where Uzbek needs it."""
    base = (name or "").replace("_", "-").split("-")[0].lower()
    base = {"prs": "fa", "pes": "fa", "uzb": "uz", "uzn": "uz", "nb": "no", "nn": "no"}.get(base, base)
    if base == "uz" and len(CYRILLIC.findall(sample)) > len(LATIN.findall(sample)):
        return "uz-Cyrl"
    return base or None
