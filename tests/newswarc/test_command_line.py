"""What people see of the command line: help at once, faults in one sentence, never a traceback."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from newswarc.commands.crawl import _without_every, interval
from newswarc.commands.faults import UserError
from newswarc.commands.printing import visible
from newswarc.commands.search import _marked
from search.query import All, Query

COMMANDS = [
    "crawl",
    "search",
    "show",
    "verify",
    "lookup",
    "extract",
    "rebuild",
    "status",
    "sources check",
    "sample serve",
    "annotate",
    "entities show",
    "entities check",
    "entities try",
    "entities same",
    "entities suggest",
]


def newswarc(*arguments, cwd=None, **more):
    return subprocess.run(
        [sys.executable, "-m", "newswarc", *arguments], capture_output=True, text=True, cwd=cwd, **more
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command):
    done = newswarc(*command.split(), "--help")
    assert done.returncode == 0
    assert "Examples" in done.stdout
    assert f"newswarc {command}" in " ".join(done.stdout.split())


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['newswarc', '--help']\n"
        "try:\n    from newswarc.cli import main; main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'scrapy', 'twisted', 'trafilatura', 'tantivy', 'pydantic', 'lxml', 'marisa_trie'}\n"
        "print(sorted(set(sys.modules) & heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["search", "word"], "no index in"),
        (["show", "abcd"], "no ledger in"),
        (["verify"], "name the documents to verify, or --all"),
        (["crawl", "atlantis"], "atlantis"),
        (["crawl", "--every", "soon"], "--every"),
        (["search", "word", "--sort", "size"], "relevance and date"),
        (["lookup", "https://outlet.example/"], "no archive in"),
        (["rebuild"], "no archive in"),
        (["extract"], "--url"),
        (["status"], "no ledger in"),
        (["search", "word", "--state", "alive"], "there are live, superseded, removed"),
        (["search", "word", "--since", "2026-13-45"], "'2026-13-45' is no date; write it as 2022-04-21"),
        (["search", "word", "--since", "2026-05", "--until", "2026-04"], "no day lies between"),
        (["search", "word", "--index", "pigeon:post"], "known: tantivy, elasticsearch"),
        (["verify", "abcd", "--all"], "either the documents that are named, or --all"),
        (["show", "abcd", "--original", "--json"], "leave away --json or --original"),
        (["sources", "check", "atlantis"], "no region or outlet 'atlantis'"),
        (["sources", "check", "--sources", "."], "no source in .; a source is a file <region>/<outlet>.yaml"),
        (["sources", "check", "--sources", "atlantis"], "no such folder of sources: atlantis"),
    ],
)
def test_wrong_use_is_one_sentence_and_code_2(tmp_path, arguments, says):
    done = newswarc(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir()), "wrong use leaves nothing behind"


def test_search_takes_no_more_than_an_index_does():
    Query(All(), limit=1_000, offset=100_000)
    for option, most in (("--limit", 1_000), ("--offset", 100_000)):
        done = newswarc("search", "word", option, str(most + 1))
        assert (done.returncode, f"'{option}'" in done.stderr) == (2, True)


def test_a_source_with_a_slip_of_the_pen_is_named_with_its_remedy(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "good.yaml").write_text("name: Good\nhomepage: http://good.example/\n")
    (tmp_path / "one" / "slip.yaml").write_text("name: Slip\nhomepage: http://slip.example/\nfeed: [x]\n")
    (tmp_path / "one" / "latin.yaml").write_bytes("name: Café\nhomepage: http://cafe.example/\n".encode("latin-1"))
    done = newswarc("sources", "check", "--sources", str(tmp_path))
    assert done.returncode == 1
    latin, slip = done.stderr.splitlines()
    assert slip == "one/slip.yaml: feed: unknown key. Did you mean `feeds`?"
    assert latin.startswith("one/latin.yaml: unreadable: ")
    assert latin.endswith("Save it as YAML in UTF-8.")
    assert done.stdout.splitlines()[-1] == "1 source, 2 faults"
    told = json.loads(newswarc("sources", "check", "--sources", str(tmp_path), "--json").stdout)
    assert [source["key"] for source in told["sources"]] == ["one/good"]
    assert [fault["file"] for fault in told["faults"]] == ["one/latin.yaml", "one/slip.yaml"]


def test_found_words_are_set_off_and_the_brackets_of_a_page_stay():
    marked = _marked("[bold]the [[rockets]] of [/reverse] [[Термез]] [x]")
    assert marked.plain == "[bold]the rockets of [/reverse] Термез [x]"
    assert [marked.plain[span.start : span.end] for span in marked.spans] == ["rockets", "Термез"]


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400)])
def test_intervals(text, seconds):
    assert interval(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "0m", "15", "m", "-5m", "15 minutes", "99999999m"])
def test_what_is_no_interval(text):
    with pytest.raises(UserError):
        interval(text)


def test_a_round_of_its_own_has_no_every():
    assert _without_every(["crawl", "x", "--every", "15m", "--limit", "3"]) == ["crawl", "x", "--limit", "3"]
    assert _without_every(["crawl", "--every=1h", "x"]) == ["crawl", "x"]


def test_text_from_the_network_cannot_steer_a_terminal():
    assert visible("a\x1b[31mb\u202ec\nd") == "a [31mb c\nd"
    assert visible("می‌شود") == "می‌شود"
