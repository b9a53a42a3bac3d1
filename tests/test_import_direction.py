"""The layout is the sentence: no room imports from one that stands above it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "newswarc": set(),
    "archive": {"newswarc"},
    "search": {"newswarc"},
    "pipelines": {"newswarc", "archive", "search"},
    "crawler": {"newswarc", "archive", "search", "pipelines"},
    "web": {"newswarc", "archive", "search", "pipelines"},
}
DOORS = ("newswarc/cli.py", "newswarc/commands/", "newswarc/__main__.py")
"""The command line opens every room."""
LATE = {("newswarc/items.py", "archive")}
"""A capture decodes its own body, with the archive's knowledge of HTTP, imported when it is needed."""


def imported(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
        rooms |= {name.partition(".")[0] for name in names}
    return rooms & MAY_IMPORT.keys()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_stands_below_it(room):
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    wrong = [
        f"{name} imports {other}"
        for path in files
        for name in [path.relative_to(ROOT).as_posix()]
        if not name.startswith(DOORS)
        for other in sorted(imported(path) - {room} - MAY_IMPORT[room])
        if (name, other) not in LATE
    ]
    assert not wrong


def test_the_sources_hold_no_code():
    assert not list((ROOT / "sources").rglob("*.py"))
