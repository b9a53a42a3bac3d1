"""The docs are kept by tests: commands, settings and links are there, and what the README says to type exists."""

import re
from pathlib import Path

import pytest
import typer

from newswarc.cli import app
from search.entities.watchlist import LANGUAGES, TYPES, AliasEntry, EntityEntry, check

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
GROUP = typer.main.get_command(app)


def commands(group, path=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        elif not command.hidden:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands(GROUP))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_docs(name):
    assert f"newswarc {name}" in TEXT


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_json_where_it_tells_something(name):
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert "--json" in options or name in ("extract", "serve", "sample serve")


def test_every_option_in_an_example_exists():
    for line in re.findall(r"newswarc ([a-z].*)", TEXT):
        name = next((n for n in sorted(COMMANDS, key=len, reverse=True) if line.startswith(n)), None)
        if name is None:
            continue
        known = {option for parameter in COMMANDS[name].params for option in parameter.opts} | {"--help"}
        used = set(re.findall(r"(?<=\s)--[a-z]+", line.split("#")[0].split("`")[0].split("|")[0]))
        assert used <= known, line


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_setting_is_in_the_docs():
    code = "\n".join(
        p.read_text(encoding="utf-8") for room in ("newswarc", "crawler") for p in (ROOT / room).rglob("*.py")
    )
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name in set(re.findall(r"\bNEWSWARC_[A-Z_]+\b", code)):
        assert f"`{name}`" in page, name


def test_make_targets_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"(?m)(?:`|^)make ([a-z]+)", TEXT)):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_watchlist_of_the_docs_is_sound_and_all_its_keys_are_told(tmp_path):
    page = (ROOT / "docs" / "entities.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"(?s)```yaml\n(.*?)```", page)
    file = tmp_path / "example.yaml"
    file.write_text(example, encoding="utf-8")
    assert check([file]) == []
    told = set(re.findall(r"`([a-z_]+)(?:: [^`]*)?`", page))
    assert {*EntityEntry.model_fields, *AliasEntry.model_fields} <= told
    flat = " ".join(page.split())
    for words in (*LANGUAGES, *(name for names in TYPES.values() for name in names)):
        assert re.search(rf"\b{words}\b", flat), words
