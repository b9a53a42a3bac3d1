"""`newswarc extract`: cleans saved pages, outside any archive."""

from __future__ import annotations

import sys
from pathlib import Path

from newswarc.commands.faults import UserError
from newswarc.commands.printing import print_json
from newswarc.items import Hints


def run(file: str | None, url: str | None, charset: str | None, language: str | None, jsonl: bool) -> int:
    if jsonl:
        if file or url:
            raise UserError("--jsonl takes its list on standard input: newswarc extract --jsonl < list.jsonl")
        return _many()
    if not file or not url:
        raise UserError("name a FILE (or -) and its --url; or give a list with --jsonl")
    from pipelines.clean import clean_page
    from pipelines.extract import article_json, read_page

    page = sys.stdin.buffer.read() if file == "-" else read_page(Path(file))
    hints = Hints(language=language)
    cleaned = clean_page(page, url=url, charset=charset, content_type=None, captured_at=None, hints=hints)
    print_json(article_json(cleaned))
    return 0 if cleaned.article else 1


def _many() -> int:
    from pipelines.extract import extract_lines

    for line in extract_lines(sys.stdin):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 0
