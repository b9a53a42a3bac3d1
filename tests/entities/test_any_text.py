"""Any text can be annotated, and what is found stands where it says."""

from __future__ import annotations

from any_words import LANGUAGES, TEXTS, TITLES
from hypothesis import given, settings
from hypothesis import strategies as st

from search.entities.annotator import found
from search.entities.registry import Registry


@settings(max_examples=80, deadline=None, derandomize=True)
@given(title=TITLES, text=TEXTS, language=st.sampled_from(LANGUAGES))
def test_names_and_statements_stand_where_they_say(
    shipped: Registry, title: str, text: str, language: str | None
) -> None:
    hold_annotation(shipped, title, text, language)


def hold_annotation(registry: Registry, title: str, text: str, language: str | None) -> None:
    fields = {"title": title, "text": text}
    mentions, said = found(title, text, language, None, registry)
    for mention in mentions:
        assert fields[mention.field][mention.start : mention.end] == mention.surface
        assert mention.surface.strip()
        assert mention.canonical.strip()
        assert 0 < mention.confidence <= 1
    for one in said:
        whole = fields[one.field]
        assert whole[one.start : one.end] == one.words
        assert one.words.strip()
        assert whole[one.speaker_start : one.speaker_end] == one.speaker
        assert one.speaker.strip()
        if one.via is not None:
            assert whole[one.via_start : one.via_end] == one.via
    assert (mentions, said) == found(title, text, language, None, registry)
