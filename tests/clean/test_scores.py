"""What cleaning reaches on real pages never falls below its floors."""

from __future__ import annotations

import os

import pytest
from score_corpus import CEILINGS, CORPUS, Predictions, floors, measure, pinned, predictions, truth

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir() and not os.environ.get("CI"), reason="the real pages are not on this machine (../shared/corpus)"
)
# In numbers: bare trafilatura 2.3.1 with its defaults on the same pages, by language.
BARE = {"ru": 0.811, "en": 0.937, "de": 0.938, "zh": 0.848, "pl": 0.785, "el": 0.939}


@pytest.fixture(scope="module")
def made() -> Predictions:
    return predictions()


@needs_corpus
def test_no_score_falls_below_its_floor(made: Predictions) -> None:
    reached = measure(made)
    kept = floors()
    worse = {
        name: (round(reached[name], 4), floor)
        for name, floor in kept.items()
        if (reached[name] > floor if name in CEILINGS else reached[name] < floor)
    }
    assert not worse
    assert reached.keys() == kept.keys()


@needs_corpus
def test_no_article_of_the_corpus_is_called_something_else(made: Predictions) -> None:
    articles = {page["id"] for page in truth() if page["body"]}
    assert {name: made[name]["reason"] for name in articles if "outcome" in made[name]} == {}


def test_the_floors_are_the_ones_we_promise() -> None:
    kept = floors()
    assert kept["body"] >= 0.91
    assert kept["title"] >= 0.85
    assert kept["date"] >= 0.945
    assert kept["date_wrong"] <= 4 / 220
    assert kept["authors"] >= 0.84
    assert {name: kept[f"body:{name}"] for name, bare in BARE.items() if kept[f"body:{name}"] < bare} == {}


def test_pinning_never_makes_anything_worse_unless_it_is_named() -> None:
    old = {"body": 0.9, "date_wrong": 0.01}
    assert pinned(old, {"body": 0.8999, "date_wrong": 0.02}, set()) == old
    assert pinned(old, {"body": 0.8999, "date_wrong": 0.02}, {"body"}) == {"body": 0.899, "date_wrong": 0.01}
    assert pinned(old, {"body": 0.9123, "date_wrong": 0.0012}, set()) == {"body": 0.912, "date_wrong": 0.002}
    assert pinned({}, {"body": 0.9123}, set()) == {"body": 0.912}
