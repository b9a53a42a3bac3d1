"""The whole pipeline on other saved pages than the corpus's: those of the folder NEWSWARC_SAVED_PAGES.

The goals were set on the test pages of two public projects, flairNLP/fundus (tests/resources/parser/test_data) and
scrapinghub/article-extraction-benchmark (html): unpack both below one folder.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.pipeline import compared
from benchmarks.report import Result
from benchmarks.shared import SAVED


def bench(*, quick: bool) -> Result:
    title = "The whole pipeline, on other pages"
    if SAVED is None:
        return Result("saved", title, [], ["Left out: NEWSWARC_SAVED_PAGES names no folder of saved pages."])
    made = compared("saved", title, quick=quick, saved=Path(SAVED), of=", other pages")
    made.tables.insert(
        0, "Test pages of two public projects, on which the goals were set; most are in English and German."
    )
    return made
