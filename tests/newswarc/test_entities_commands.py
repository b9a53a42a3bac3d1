"""`newswarc entities` and `newswarc annotate`, as people run them, up to a watchlist that changes what is found."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from crawler.sample.outlets import manifest
from crawler.sample.serve import environment, running
from newswarc.cli import main
from search.entities.registry import HERE, Registry
from search.index import open_index

WATCHLIST = """\
title: People of the sample outlets
entities:
  - id: jahongir-ergashev
    name: Jahongir Ergashev
    kind: actor
    type: person
    country: UZ
    position: press secretary of the regional administration
    names:
      ru: [Жахонгир Эргашев]
      fa: [جهانگیر ارگشف]
      uz: [Jahongir Ergashev]
"""
UNSOUND = """\
title: People of the sample outlets
entities:
  - id: jahongir-ergashev
    name: Jahongir Ergashev
    kind: actor
    type: person
    names:
      ru: [Ж, Жаxонгир Эргашев]
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache of compiled registries of this module's own, in which the shipped one is already."""
    folder = tmp_path_factory.mktemp("cache")
    shipped = Registry.open().folder
    (folder / shipped.name).symlink_to(shipped)
    return folder


@pytest.fixture
def newswarc(monkeypatch, capsys, cache, tmp_path, read_once):
    """Runs the command line in this process: what it printed, what it complained of, its exit code."""
    for place in ("search.entities.registry", "newswarc.commands.entities"):
        monkeypatch.setattr(f"{place}.shipped_places", read_once)
    monkeypatch.setenv("NEWSWARC_CACHE", str(cache))
    monkeypatch.setenv("NEWSWARC_DATA", str(tmp_path / "data"))

    def run(*arguments, stdin=""):
        monkeypatch.setattr(sys, "argv", ["newswarc", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        return SimpleNamespace(**capsys.readouterr()._asdict(), code=end.value.code)

    return run


def lines(*objects):
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects)


# ---- show


@pytest.mark.parametrize("name", ["ISKP", "ИГИЛ-Хорасан", "داعش خراسان", "islamic-state-khorasan"])
def test_show_tells_what_a_name_means(newswarc, name):
    done = newswarc("entities", "show", name, "--json")
    assert done.code == 0
    first = json.loads(done.out)[0]
    assert (first["id"], first["kind"], first["type"]) == ("islamic-state-khorasan", "actor", "armed group")
    assert "ISKP" in first["names"]["en"]
    assert {"ru", "fa", "ar", "tr"} <= first["names"].keys()


def test_show_gives_a_place_its_country_and_point(newswarc):
    (place, *_) = json.loads(newswarc("entities", "show", "ترمذ", "--json").out)
    assert (place["id"], place["country"], round(place["lat"]), round(place["lon"])) == ("termez", "UZ", 37, 67)
    shown = newswarc("entities", "show", "Термез").out
    assert shown.startswith("Termez  termez\n")
    assert "place, city, UZ" in shown
    assert "Termiz" in shown


def test_show_gives_dates_as_iso(newswarc):
    (state, *_) = json.loads(newswarc("entities", "show", "Turkistan Region", "--json").out)
    assert state.get("since", "2018-06-19")[:4].isdecimal()


def test_show_of_a_name_that_no_list_holds_says_how_to_find_it(newswarc):
    done = newswarc("entities", "show", "Zzyzx Qwertyuiop")
    assert (done.code, done.out) == (2, "")
    assert "no list holds 'Zzyzx Qwertyuiop'" in done.err
    assert "entities suggest" in done.err


# ---- check


def test_check_of_a_sound_list(newswarc, tmp_path):
    file = tmp_path / "ours.yaml"
    file.write_text(WATCHLIST, encoding="utf-8")
    done = newswarc("entities", "check", file, "--json")
    assert (done.code, json.loads(done.out)) == (0, {"sound": True, "problems": []})


def test_check_names_each_problem_with_line_key_and_remedy(newswarc, tmp_path):
    file = tmp_path / "ours.yaml"
    file.write_text(UNSOUND, encoding="utf-8")
    done = newswarc("entities", "check", file, "--json")
    told = json.loads(done.out)
    assert (done.code, told["sound"]) == (1, False)
    for problem in told["problems"]:
        assert problem["file"] == str(file)
        assert (problem["line"], problem["entity"], problem["key"]) == (3, "jahongir-ergashev", "names.ru")
        assert problem["remedy"]
    one_letter, two_scripts = (problem["what"] for problem in told["problems"])
    assert "'Ж' has one letter" in one_letter
    assert "'Жаxонгир' mixes scripts: Latin x in Cyrillic" in two_scripts
    shown = newswarc("entities", "check", file).out
    assert f"{file}:3: error: jahongir-ergashev, names.ru: " in shown
    assert shown.rstrip().endswith("notes")


def test_check_compares_with_the_shipped_lists(newswarc, tmp_path):
    file = tmp_path / "ours.yaml"
    file.write_text(
        "title: T\nentities:\n  - {id: taliban, name: Talib Union, kind: actor, type: organisation}\n", encoding="utf-8"
    )
    done = newswarc("entities", "check", file, "--json")
    (problem,) = [problem for problem in json.loads(done.out)["problems"] if problem["level"] == "error"]
    assert (done.code, problem["entity"], problem["key"]) == (1, "taliban", "id")
    assert problem["remedy"] == "give one of them another id"
    assert (problem["file"], problem["line"]) == (str(file), 3)
    assert re.fullmatch(r"the id is also in the shipped central-asia-afghanistan\.yaml:\d+", problem["what"])


def test_check_compares_with_the_lists_that_are_live_and_not_with_the_one_it_replaces(newswarc, tmp_path, monkeypatch):
    live, shared = tmp_path / "data" / "watchlists", tmp_path / "shared"
    live.mkdir(parents=True)
    shared.mkdir()
    monkeypatch.setenv("NEWSWARC_WATCHLISTS", str(shared))
    (live / "people.yaml").write_text(WATCHLIST, encoding="utf-8")
    (shared / "theirs.yaml").write_text(
        "title: T\nentities:\n  - {id: white-union, name: White Union, kind: actor, type: organisation}\n",
        encoding="utf-8",
    )
    (shared / "broken.yaml").write_text("entities: [", encoding="utf-8")
    (tmp_path / "people.yaml").write_text(
        f"{WATCHLIST}  - {{id: white-union, name: Union, kind: actor, type: organisation}}\n"
        "  - {id: w-u, name: White Union, kind: actor, type: organisation}\n",
        encoding="utf-8",
    )
    done = newswarc("entities", "check", tmp_path / "people.yaml", "--json")
    problems = json.loads(done.out)["problems"]
    assert done.code == 1
    assert [(problem["entity"], problem["what"]) for problem in problems if problem["level"] == "error"] == [
        ("white-union", f"the id is also in {shared / 'theirs.yaml'}:3"),
        ("w-u", f"'White Union' also names white-union (White Union) in {shared / 'theirs.yaml'}:3"),
    ]
    assert [problem["file"] for problem in problems if problem["level"] == "note"] == [str(shared / "broken.yaml")]


def test_check_names_all_problems_at_once_and_those_that_going_live_would(newswarc, tmp_path):
    live = tmp_path / "data" / "watchlists"
    live.mkdir(parents=True)
    (live / "ours.yaml").write_text(
        UNSOUND + "  - {id: taliban, name: Talib Union, kind: actor, type: organisation}\n"
        "  - {id: x, name: X, kind: nobody, type: person}\n",
        encoding="utf-8",
    )
    problems = json.loads(newswarc("entities", "check", live, "--json").out)["problems"]
    errors = [problem for problem in problems if problem["level"] == "error"]
    assert [(problem["line"], problem["entity"]) for problem in errors] == [
        (3, "jahongir-ergashev"), (3, "jahongir-ergashev"), (9, "taliban"), (10, "x"),
    ]  # fmt: skip
    for _ in range(2):  # the second time from memory
        refused = newswarc("entities", "show", "Termez")
        assert refused.code == 2
        for problem in errors:
            assert f"{problem['file']}:{problem['line']}: error: {problem['entity']}, {problem['key']}: " in refused.err
            assert problem["what"] in refused.err


def test_check_does_not_compare_a_shipped_list_with_itself(newswarc):
    (file,) = (HERE / "watchlists").glob("*.yaml")
    told = json.loads(newswarc("entities", "check", file, "--json").out)
    assert told["sound"]
    assert not [problem for problem in told["problems"] if f"the shipped {file.name}" in problem["what"]]


def test_check_of_what_is_not_there_and_of_what_is_no_list(newswarc, tmp_path):
    done = newswarc("entities", "check", tmp_path / "nothing.yaml")
    assert done.code == 2
    assert "there is no such file" in done.err
    broken = tmp_path / "broken.yaml"
    broken.write_text("entities: [\n  - {id: x\n", encoding="utf-8")
    done = newswarc("entities", "check", broken, "--json")
    assert done.code == 1
    (problem,) = json.loads(done.out)["problems"]
    assert (problem["file"], problem["line"] > 0, problem["remedy"]) == (str(broken), True, "mend the file")


# ---- try

SAID = 'ISKP fired rockets at Termez. "Nothing fell here," said Sherzod Asadov.'


def test_try_prints_mentions_and_statements(newswarc, tmp_path):
    told = json.loads(newswarc("entities", "try", SAID, "--country", "UZ", "--language", "en", "--json").out)
    found = {mention["surface"]: mention for mention in told["mentions"]}
    assert {surface: mention["id"] for surface, mention in found.items()} == {
        "ISKP": "islamic-state-khorasan", "Termez": "termez", "Sherzod Asadov": "sherzod-asadov",
    }  # fmt: skip
    assert found["Termez"].keys() == {
        "kind", "type", "id", "canonical", "surface", "field", "start", "end", "confidence", "listed", "reason", "role",
        "country", "lat", "lon",
    }  # fmt: skip
    assert all(SAID[m["start"] : m["end"]] == m["surface"] for m in told["mentions"])
    (said,) = [one for one in told["statements"] if one["speaker"] == "Sherzod Asadov"]
    assert "Nothing fell here" in said["words"]
    file = tmp_path / "article.txt"
    file.write_text(SAID, encoding="utf-8")
    for given, stdin in ((file, ""), ("-", SAID)):
        again = newswarc("entities", "try", given, "--country", "UZ", "--language", "en", "--json", stdin=stdin)
        assert json.loads(again.out) == told


def test_try_finds_the_language_by_itself_and_reads_the_title(newswarc):
    text = "Жители Термеза слышали взрывы на рассвете, но в Афганистане сообщили, что мост остался цел."
    told = json.loads(newswarc("entities", "try", text, "--title", "Взрывы у Хайратона", "--json").out)
    assert [(m["field"], m["surface"], m["id"]) for m in told["mentions"]] == [
        ("title", "Хайратона", "hairatan"), ("text", "Термеза", "termez"), ("text", "Афганистане", "afghanistan"),
    ]  # fmt: skip


def test_try_shows_people_a_table_and_never_control_characters(newswarc):
    shown = newswarc("entities", "try", f"\x1b[31m {SAID}\u202e", "--language", "en").out
    assert "Islamic State Khorasan Province" in shown
    assert "Sherzod Asadov" in shown
    assert "\x1b[31m" not in shown
    assert "\u202e" not in shown


def test_try_many_answers_each_line_in_order(newswarc):
    given = lines(
        {"id": "a", "language": "en", "title": "", "text": SAID},
        {"id": "b", "text": 7},
        {"id": "c", "language": None, "title": None, "text": "بندر حیرتان در افغانستان باز شد."},
        ["no", "object"],
    )
    done = newswarc("entities", "try", "--jsonl", stdin=given + "{broken\n\n" + "[" * 100_000 + "\n")
    a, b, c, *others = map(json.loads, done.out.splitlines())
    assert done.code == 0
    assert [mention["id"] for mention in a["mentions"]][:2] == ["islamic-state-khorasan", "termez"]
    assert a["id"] == "a"
    assert b["id"] == "b"
    assert "needs text" in b["error"]
    assert [mention["canonical"] for mention in c["mentions"] if mention["kind"] == "place"] == [
        "Hairatan",
        "Afghanistan",
    ]
    assert others == [{"error": "not a JSON object"}] * 3


def test_try_without_a_text_is_wrong_use(newswarc):
    done = newswarc("entities", "try")
    assert done.code == 2
    assert "--jsonl" in done.err


# ---- same


@pytest.mark.parametrize(
    ("a", "b", "kind", "answer"),
    [
        ("Termez", "Термезе", "place", True),
        ("Termez", "Термитник", "place", False),
        ("ISKP", "داعش خراسان", "organisation", True),
        ("Farrukh Zamonov", "Фаррух Замонов", "person", True),
        ("Farrukh Zamonov", "Фируза Замонова", "person", False),
    ],
)
def test_same_answers_with_its_reason_and_its_exit_code(newswarc, a, b, kind, answer):
    done = newswarc("entities", "same", a, b, "--kind", kind, "--json")
    told = json.loads(done.out)
    assert told.keys() == {"same", "why"}
    assert (told["same"], done.code) == (answer, 0 if answer else 1), told["why"]
    assert told["why"]
    shown = newswarc("entities", "same", a, b, "--kind", kind).out
    assert shown == f"{'the same' if answer else 'not the same'}: {told['why']}\n"


def test_same_many_answers_each_line_in_order(newswarc):
    given = lines(
        {"a": "Termez", "a_lang": "en", "b": "ترمذ", "b_lang": "fa", "kind": "place"},
        {"a": "Termez", "b": "Kabul", "kind": "place"},
        {"a": "Termez", "b": None, "kind": "place"},
        {"a": "Termez", "b": "Termiz", "kind": "river"},
    )
    done = newswarc("entities", "same", "--jsonl", stdin=given)
    first, second, *others = map(json.loads, done.out.splitlines())
    assert done.code == 0
    assert (first["same"], second["same"]) == (True, False)
    assert [list(one) for one in others] == [["error"], ["error"]]


@pytest.mark.parametrize(("arguments", "says"), [(["Termez"], "--jsonl"), (["a", "b", "--kind", "river"], "--kind")])
def test_same_wrong_use(newswarc, arguments, says):
    done = newswarc("entities", "same", *arguments)
    assert done.code == 2
    assert says in done.err


# ---- dates


def test_try_takes_the_day_of_the_text(newswarc):
    text = "Депутаты Национального собрания Афганистана встретились в Кабуле."
    assert newswarc("entities", "try", text, "--language", "ru", "--date", "2020-05-06").code == 0
    assert newswarc("entities", "try", text, "--language", "ru", "--date", "yesterday").code == 0
    wrong = newswarc("entities", "try", text, "--date", "soon")
    assert (wrong.code, "--date: 'soon' is no date; write it as 2022-04-21" in wrong.err) == (2, True)
    asked = ({"id": 1, "text": text, "date": "2020-05-06"}, {"id": 2, "text": text, "date": "soon"})
    good, bad = map(json.loads, newswarc("entities", "try", "--jsonl", stdin=lines(*asked)).out.splitlines())
    assert good["mentions"]
    assert bad["id"] == 2
    assert bad["error"].startswith("date: 'soon' is no date; write it as 2022-04-21")


# ---- from a crawl to a changed watchlist


@pytest.fixture(scope="module")
def crawled(tmp_path_factory, cache):
    """The sample region, crawled once."""
    data = tmp_path_factory.mktemp("crawled") / "data"
    with running() as server:
        environ = {**os.environ, **environment(server), "NEWSWARC_CACHE": str(cache)}

        def run(*arguments, code=0):
            command = [sys.executable, "-m", "newswarc", *arguments, "--data", str(data)]
            done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=150, check=False)
            assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
            return done

        run("crawl", "sample")
        yield SimpleNamespace(data=data, run=run, server=server)


def documents(data):
    with open_index(str(data / "index")) as index:
        return {id_: index.get(id_) for id_ in index.ids()}


def of_archive(data):
    files = sorted(path for path in (data / "archive").rglob("*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def watchlist(data, text):
    (data / "watchlists").mkdir(exist_ok=True)
    (data / "watchlists" / "people.yaml").write_text(text, encoding="utf-8")


NAMING = {a.url for a in manifest() if a.since == 1 and re.search("Jahongir|Жахонгир|Жаҳонгир", a.body)}


def urls(done):
    return {hit["url"] for hit in json.loads(done.stdout)["hits"]}


def test_a_watchlist_changes_searches_at_once_and_documents_when_annotated(crawled):
    data, run = crawled.data, crawled.run
    before, archive, fetched = documents(data), of_archive(data), len(crawled.server.log)
    assert all(document.annotator for document in before.values())
    assert len({document.language for document in before.values() if document.url in NAMING}) > 1

    suggested = json.loads(run("entities", "suggest", "--json").stdout)
    (person,) = [one for one in suggested if one["name"].endswith("hongir Ergashev")]
    assert person.keys() == {"name", "type", "documents", "count", "spellings", "samples"}
    assert (person["type"], person["documents"] > 1, len(person["spellings"]) > 1) == ("person", True, True)
    assert json.loads(run("entities", "suggest", "--limit", "1", "--json").stdout) == suggested[:1]
    assert urls(run("search", '"Жахонгир Эргашев"', "--limit", "100", "--json")) < NAMING

    watchlist(data, WATCHLIST)
    found = run("search", "Jahongir Ergashev", "--limit", "100", "--json")
    assert json.loads(found.stdout)["names"][0]["ids"] == ["jahongir-ergashev"]
    assert urls(found) == NAMING
    assert urls(run("search", "--actor", "Жахонгир Эргашев", "--limit", "100", "--json")) == NAMING
    assert documents(data) == before

    assert json.loads(run("annotate", "--since", "2100-01-01", "--json").stdout)["documents"] == 0
    assert documents(data) == before
    told = json.loads(run("annotate", "--since", "1d", "--json").stdout)
    assert told.keys() == {"documents", "registry", "names"}
    assert told["documents"] == len(before)

    after = documents(data)
    assert after.keys() == before.keys()
    assert {d.url for d in after.values() if any(m.id == "jahongir-ergashev" for m in d.mentions)} == NAMING
    assert {d.annotator.rsplit(" ", 1)[1] for d in after.values()} == {told["registry"]}
    for id_, document in after.items():
        assert (document.title, document.text, document.evidence) == (
            before[id_].title, before[id_].text, before[id_].evidence,
        )  # fmt: skip
    assert (of_archive(data), len(crawled.server.log)) == (archive, fetched)
    assert urls(run("search", "Ergashev", "--limit", "100", "--json")) >= NAMING
    assert json.loads(run("verify", "--all", "--json").stdout)["counts"] == {"verified": len(after)}
    assert not [
        one
        for one in json.loads(run("entities", "suggest", "--json").stdout)
        if one["name"].endswith("hongir Ergashev")
    ]


def test_an_unsound_watchlist_is_named_and_nothing_is_lost(crawled):
    data, run = crawled.data, crawled.run
    watchlist(data, WATCHLIST)
    before, archive = documents(data), of_archive(data)
    watchlist(data, UNSOUND)
    done = run("annotate", code=1)
    for part in (str(data / "watchlists" / "people.yaml"), "error: jahongir-ergashev, names.ru: ", "(type it again in"):
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert (documents(data), of_archive(data)) == (before, archive)
    assert json.loads(run("status", "--json").stdout)["unindexed"] == 0

    found = json.loads(run("search", "Termez", "--json").stdout)
    assert found["total"] > 0
    assert any("people.yaml" in note for note in found["notes"])
    watchlist(data, WATCHLIST)
    assert "notes" not in json.loads(run("search", "Termez", "--json").stdout)


def test_an_unsound_watchlist_does_not_stop_a_crawl(crawled):
    data, run = crawled.data, crawled.run
    watchlist(data, UNSOUND)
    records = len(crawled.server.log)
    done = run("crawl", "sample", "--recheck", code=1)
    assert "people.yaml" in done.stderr
    assert len(crawled.server.log) > records
    assert json.loads(run("status", "--json").stdout)["unindexed"] == 0
    watchlist(data, WATCHLIST)


def test_annotate_without_a_crawl_is_wrong_use(newswarc, tmp_path):
    done = newswarc("annotate", "--data", tmp_path / "nowhere")
    assert done.code == 2
    assert "no ledger in" in done.err
    assert newswarc("annotate", "--since", "soon", "--data", tmp_path / "nowhere").code == 2
    assert not (tmp_path / "nowhere").exists()


# ---- extract


def test_extract_prints_mentions_and_statements(newswarc, tmp_path):
    page = tmp_path / "page.html"
    paragraphs = "".join(
        f"<p>{text}</p>"
        for text in (
            "ISKP said it had fired rockets at a garrison near Termez, and the port of Hairatan was closed for a day.",
            "“Nothing fell on our side of it,” said Sherzod Asadov, press secretary of the president of Uzbekistan.",
            "Traders on both banks said that they had heard nothing at all, and that the bridge stayed open all day.",
        )
    )
    page.write_text(
        f"<html><head><title>Rockets at Termez denied</title></head><body><article><h1>Rockets at Termez denied</h1>"
        f"{paragraphs}</article></body></html>",
        encoding="utf-8",
    )
    told = json.loads(newswarc("extract", page, "--url", "https://outlet.example/news/1").out)
    by_surface = {(mention["field"], mention["surface"]): mention for mention in told["mentions"]}
    assert {
        "kind",
        "type",
        "id",
        "canonical",
        "surface",
        "field",
        "start",
        "end",
        "confidence",
        "listed",
    } <= by_surface["text", "ISKP"].keys()
    assert by_surface["title", "Termez"]["id"] == "termez"
    assert by_surface["text", "Hairatan"]["id"] == "hairatan"
    for mention in told["mentions"]:
        assert told[mention["field"]][mention["start"] : mention["end"]] == mention["surface"]
    assert {one["speaker"] for one in told["statements"]} >= {"Sherzod Asadov"}
    (line,) = newswarc(
        "extract", "--jsonl", stdin=lines({"id": 1, "path": str(page), "url": told["url"]})
    ).out.splitlines()
    assert json.loads(line)["mentions"] == told["mentions"]
