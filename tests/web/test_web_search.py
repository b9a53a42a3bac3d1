"""Search over HTTP: the same answers as the command line's, limits on everything, and never a 500."""

import json
import shutil
import socket
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from web_kit import newswarc, serving

import web.asking
from newswarc.settings import DataFolder
from search.answers import answer

DESCRIPTION = json.loads((Path(web.asking.__file__).parent / "openapi.json").read_text(encoding="utf-8"))


def check(schema, value):
    Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": DESCRIPTION["components"]}).validate(
        value
    )


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("rocket*", {}),
        ("ракета", {"language": ["ru", "uz-Cyrl"]}),
        ("", {"source": "sample/pulnama", "sort": "date", "limit": 5, "offset": 3}),
        ("Termez", {"since": "2026-04-14", "until": "2026-04-16", "facets": "true"}),
        ('((("rocket', {"strict": "true"}),
        ("", {"state": ["superseded", "removed"]}),
    ],
)
def test_it_answers_as_the_command_line_does(served, crawled, query, options):
    arguments = []
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            arguments += [f"--{name}"] if one == "true" else [f"--{name}", str(one)]
    limit = [] if "limit" in options else ["--limit", "20"]
    done = newswarc("search", query, *arguments, *limit, "--data", str(crawled), "--json")
    found = served.get("/api/search", q=query, **options)
    assert found.status == 200
    assert found.json == json.loads(done.stdout)
    assert found.json["total"] > 0
    check("Answer", found.json)


def test_the_description_is_valid_and_names_every_parameter(served):
    told = served.get("/api/openapi.json")
    assert told.headers["Content-Type"] == "application/json"
    validate(told.json)
    (operation,) = told.json["paths"]["/api/search"].values()
    assert {p["name"] for p in operation["parameters"]} == {*web.asking.SINGLE, *web.asking.SEVERAL}
    limits = {p["name"]: p["schema"].get("maximum") for p in operation["parameters"]}
    assert (limits["limit"], limits["offset"]) == (web.asking.MOST_HITS, web.asking.FARTHEST)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=1e3", "limit"),
        ("limit=٣", "limit"),
        ("offset=10001", "offset"),
        ("sort=up", "sort"),
        ("since=yesteryear", "since"),
        ("until=2026-13-45", "until"),
        ("state=gone", "state"),
        ("strict=1", "strict"),
        ("langauge=ru", "langauge"),
        ("q=a&q=b", "q"),
        ("source=" + "x" * 201, "source"),
        ("&".join(f"source={n}" for n in range(21)), "source"),
    ],
)
def test_what_cannot_be_read_is_named(served, parameters, named):
    found = served.get("/api/search?" + quote(parameters, safe="=&"))
    assert found.status == 400
    assert named in found.json["error"]
    check("Fault", found.json)
    page = served.get("/?" + quote(parameters, safe="=&"))
    assert (page.status, page.headers["Content-Type"]) == (400, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    "query",
    [
        "(" * 10_000,
        "(a " * 3_000,
        "*rocket",
        "/.*(a+)+$/",
        "a* " * 1_500,
        "rocket~2 " * 400,
        "\x00\x1f\u202e",
        "source:\x00 url:%00",
        '"' * 999,
        "since:99999d",
        "title:" * 600,
    ],
    ids=lambda q: repr(q[:12]),
)
def test_a_monstrous_query_is_answered_soon(served, query):
    began = time.monotonic()
    found = served.get("/api/search", q=query)
    assert time.monotonic() - began < 2
    assert found.status == 200
    assert served.get("/", q=query).status == 200


def test_a_query_of_a_megabyte_is_refused_and_the_server_lives(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        try:
            connection.sendall(b"GET /api/search?q=" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = connection.recv(64)
        except (BrokenPipeError, ConnectionResetError):
            answer = b"HTTP/1.1 400"  # closed before all was read: refused as well
    assert answer.startswith(b"HTTP/1.1 400")
    assert served.get("/api/search", q="rocket").status == 200


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(codec=None) | st.sampled_from('"()*~:-/\\[]{}%&^ '), max_size=120),
    values=st.lists(st.tuples(st.sampled_from(web.asking.FILTERS[:3]), st.text(max_size=20)), max_size=4),
)
def test_law_whatever_is_asked_is_answered(indexes, text, values):
    question = web.asking.read([("q", text), *values, ("facets", "true")])
    found = indexes.answer(question)
    json.dumps(answer(found.results, question.parsed.notes, found.facets), ensure_ascii=False).encode(errors="replace")


@pytest.fixture(scope="module")
def indexes(crawled):
    made = web.asking.Indexes(DataFolder(crawled), readers=1)
    yield made
    made.close()


def test_the_front_page_has_the_newest_and_each_hit_leads_to_its_evidence(served):
    front = served.get("/")
    assert front.status == 200
    newest = served.get("/api/search", sort="date").json
    at = [front.text.index(f'href="/evidence/{hit["id"]}"') for hit in newest["hits"]]
    assert at == sorted(at)
    assert len(at) == 20
    assert "offset=20" in front.text


def test_the_hits_are_marked_and_paged_without_any_script(served):
    page = served.get("/", q="ракета", language="ru")
    assert "<mark>" in page.text
    assert 'dir="auto"' in page.text
    assert "<script" not in page.text
    assert 'value="ракета"' in page.text


def test_a_folder_without_an_index_says_so(tmp_path):
    with serving(tmp_path) as server:
        assert "no index" in server.get("/api/search").json["error"]
        assert server.get("/").status == 404
    assert list(tmp_path.iterdir()) == []


def test_a_rebuilt_index_is_seen_at_once(crawled, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(crawled, data)
    with serving(data) as server:
        before = server.get("/api/search", limit=100, sort="date").json
        assert newswarc("rebuild", "--data", str(data)).returncode == 0
        assert server.get("/api/search", limit=100, sort="date").json == before


# ---- the door


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8765", "LOCALHOST", "[::1]:1", "127.0.0.1."])
def test_loopback_names_are_answered(served, host):
    assert served.get("/api/search", {"Host": host}).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "", "127.0.0.1@evil"])
def test_other_names_are_refused(served, host):
    found = served.get("/api/search", {"Host": host})
    assert found.status in (400, 421)
    assert b"hits" not in found.body


def test_a_configured_name_is_answered(crawled):
    with serving(crawled, "--name", "desk.example") as server:
        assert server.get("/api/search", {"Host": "desk.example:80"}).status == 200
        assert server.get("/api/search", {"Host": "other.example"}).status == 421


def test_other_sites_may_link_here_and_nothing_else(served):
    fetched = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert served.get("/", fetched).status == 403
    assert served.get("/", linked).status == 200


@pytest.mark.parametrize("path", ["/", "/api/search", "/nowhere", "/evidence/x", "/static/newswarc.css", "/?limit=x"])
def test_every_answer_carries_the_headers(served, path):
    headers = served.get(path, {"Origin": "https://evil.example"}).headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert not any(name.lower().startswith("access-control") or name.lower() == "set-cookie" for name in headers)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_reading_is_served(served, method):
    assert served.get("/api/search", method=method).status == 405


def test_a_taken_port_is_said_in_a_sentence(served, crawled):
    done = newswarc("serve", "--port", str(served.port), "--data", str(crawled))
    assert done.returncode == 1
    assert done.stderr.startswith("newswarc: cannot listen on 127.0.0.1")
    assert "--port" in done.stderr


def test_without_the_extra_a_sentence_says_what_to_install(crawled, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nreal = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name == 'uvicorn' else real(name, package)\n"
    )
    done = newswarc("serve", "--data", str(crawled), environ={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert done.stderr == (
        "newswarc: serving pages needs uvicorn, which is not installed: pip install 'newswarc[web]'\n"
    )
