"""`newswarc kibana install` over HTTP, against a loopback server that checks and answers as Kibana does."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from kibana_server import KEY, FakeKibana, error, kibana
from typer.testing import CliRunner

from newswarc.cli import app
from newswarc.commands.faults import UserError, WorkFault, explain
from newswarc.settings import BadSetting, KibanaSettings
from search.kibana_install import KibanaFault, install

DATA_VIEWS = {("index-pattern", "newswarc-articles"), ("index-pattern", "newswarc-figures")}
OTHERS = {
    ("search", "newswarc-articles-session"),
    ("map", "newswarc-places"),
    ("dashboard", "newswarc-coverage"),
    ("dashboard", "newswarc-source-health"),
    ("dashboard", "newswarc-archive-growth"),
}
PUTS = {"/api/dashboards/newswarc-source-health", "/api/dashboards/newswarc-archive-growth"}


def settings(server: FakeKibana, **more: Any) -> KibanaSettings:
    return KibanaSettings(**{"url": server.url, "username": "ann", "password": "battery staple"} | more)


@pytest.fixture
def server() -> Iterator[FakeKibana]:
    with kibana() as made:
        yield made


def kept(server: FakeKibana, space: str = "default") -> set[tuple[str, str]]:
    return {(kind, id) for where, kind, id in server.kept if where == space}


@pytest.mark.parametrize("version", ["9.0.0", "9.1.5", "9.4.2", "9.5.0", "9.10.1", "10.0.0-SNAPSHOT"])
def test_everything_is_put_in_place(server: FakeKibana, version: str) -> None:
    server.version = version
    done = install(settings(server), "articles")
    assert done.version == version
    assert kept(server) == DATA_VIEWS | OTHERS
    put = {asked.path for asked in server.asked if asked.method == "PUT"}
    assert put == (set() if version.startswith(("9.0", "9.1.", "9.4")) else PUTS)
    assert all("kbn-xsrf" in asked.headers for asked in server.asked)


@pytest.mark.parametrize("version", ["9.1.5", "9.5.0"])
def test_doing_it_again_changes_nothing(server: FakeKibana, version: str) -> None:
    server.version = version
    install(settings(server), "articles")
    before = dict(server.kept)
    install(settings(server), "articles")
    assert server.kept == before


def test_what_was_changed_by_hand_is_replaced(server: FakeKibana) -> None:
    install(settings(server), "articles")
    before = dict(server.kept)
    server.kept["default", "dashboard", "newswarc-coverage"] = {"changed": True}
    server.kept["default", "dashboard", "of-someone-else"] = {"theirs": True}
    install(settings(server), "articles")
    theirs = server.kept.pop(("default", "dashboard", "of-someone-else"))
    assert theirs == {"theirs": True}
    assert server.kept == before


def test_names_and_addresses_are_filled_in(server: FakeKibana) -> None:
    install(settings(server, evidence="https://desk.example/news"), "regional")
    view = server.kept["default", "index-pattern", "newswarc-articles"]
    assert view["title"] == "regional"
    assert view["fieldFormats"]["id"]["params"]["urlTemplate"] == "https://desk.example/news/evidence/{{value}}"
    assert server.kept["default", "index-pattern", "newswarc-figures"]["title"] == "regional-figures"
    assert "{index}" not in json.dumps(list(server.kept.values()))


def test_it_goes_to_the_space_named_and_to_no_other(server: FakeKibana) -> None:
    server.spaces.add("news")
    install(settings(server, space="news"), "articles")
    assert kept(server, "news") == DATA_VIEWS | OTHERS
    assert not kept(server)


def test_a_dry_run_changes_nothing(server: FakeKibana) -> None:
    done = install(settings(server), "articles", dry=True)
    assert {asked.method for asked in server.asked} == {"GET"}
    assert {id for step in done.steps for _, id in step.objects} == {id for _, id in DATA_VIEWS | OTHERS}


def test_an_api_key_comes_before_user_and_password(server: FakeKibana) -> None:
    install(settings(server, api_key=KEY), "articles")
    assert {asked.headers["authorization"] for asked in server.asked} == {f"ApiKey {KEY}"}


def test_without_security_no_login_is_needed(server: FakeKibana) -> None:
    server.secured = False
    install(KibanaSettings(url=server.url), "articles")
    assert kept(server) == DATA_VIEWS | OTHERS


# ---- what goes wrong


def fault(server: FakeKibana, **more: Any) -> str:
    with pytest.raises(KibanaFault) as raised:
        install(settings(server, **more), "articles")
    said = str(raised.value)
    assert "battery" not in said
    assert "\n" not in said
    return said


def test_a_wrong_password(server: FakeKibana) -> None:
    assert "refused the user or the key: check NEWSWARC_KIBANA_USERNAME" in fault(server, password="guess")
    assert not server.kept


def test_no_login_where_one_is_needed(server: FakeKibana) -> None:
    said = fault(server, username=None, password=None)
    assert "does not say its version: check NEWSWARC_KIBANA_USERNAME" in said


def test_no_right(server: FakeKibana) -> None:
    said = fault(server, username="bob", password="only looks")
    assert "has not the right in Kibana's space 'default'" in said
    assert "docs/kibana.md" in said


def test_no_such_space(server: FakeKibana) -> None:
    assert "there is no space 'news'" in fault(server, space="news")
    assert not [asked for asked in server.asked if asked.method != "GET"]


@pytest.mark.parametrize("version", ["8.19.7", "7.17.0"])
def test_too_old(server: FakeKibana, version: str) -> None:
    server.version = version
    assert f"Kibana {version} at {server.url} is too old: newswarc needs 9.0 or later" in fault(server)
    assert not server.kept


@pytest.mark.parametrize(
    "answer",
    [(200, b"<title>Hello</title>"), (200, {"tagline": "You Know, for Search"}), (404, b"no such page"), (302, b""),
     (200, []), (200, {"status": {}, "version": {"number": "latest"}}), (200, {"status": 3})],
)  # fmt: skip
def test_what_is_not_kibana(server: FakeKibana, answer: Any) -> None:
    server.instead["/api/status"] = answer
    assert "is not Kibana: check the address" in fault(server)


def test_a_password_never_follows_a_redirect(server: FakeKibana) -> None:
    server.instead["/api/status"] = (302, b"")
    fault(server)
    assert [asked.path for asked in server.asked] == ["/api/status"]


def test_not_ready_yet(server: FakeKibana) -> None:
    status = {"version": {"number": "9.1.5"}, "status": {"overall": {"level": "unavailable"}}}
    server.instead["/api/status"] = (503, status)
    assert "is not ready yet: try again" in fault(server)
    server.instead["/api/status"] = (503, b"Kibana server is not ready yet")
    assert "says 503" in fault(server)


def test_nothing_there() -> None:
    with pytest.raises(KibanaFault, match=r"Kibana at http://127.0.0.1:9 does not answer \(.*refused"):
        install(KibanaSettings(url="http://127.0.0.1:9"), "articles")


def test_a_conflict_an_overload_and_what_is_refused_outright(server: FakeKibana) -> None:
    path = "/api/saved_objects/_import"
    for status, expected in ((409, "run the same again"), (500, "try again later"), (429, "try again later")):
        server.instead[path] = error(status, "Error", "because")
        said = fault(server)
        assert expected in said
        assert "newswarc-articles-session" in said
        assert "because" in said
    server.instead[path] = error(415, "Unsupported Media Type", "Unsupported Media Type")
    assert "says 415 Unsupported Media Type" in fault(server)


def test_a_dashboard_that_the_api_refuses(server: FakeKibana) -> None:
    server.version = "9.5.0"
    server.instead["/api/dashboards/newswarc-source-health"] = error(400, "Bad Request", "[request body.panels.0]: no")
    assert "newswarc-source-health could not be put in place" in fault(server)


def test_an_import_that_took_a_part(server: FakeKibana) -> None:
    view = "/api/data_views/data_view"
    server.instead[view] = (200, {"data_view": {}})  # says yes and keeps nothing: the references lead nowhere
    said = fault(server)
    assert "did not take everything" in said
    assert "search newswarc-articles-session: missing_references (newswarc-articles)" in said


@pytest.mark.parametrize(
    "answer",
    [{"success": False, "successCount": 4, "errors": [{"id": "x", "type": "map", "error": {"type": "conflict"}}]},
     {"success": True, "successCount": 1}],
)  # fmt: skip
def test_an_import_that_took_less_than_it_was_sent(server: FakeKibana, answer: Any) -> None:
    server.instead["/api/saved_objects/_import"] = (200, answer)
    assert "did not take everything" in fault(server)


def test_an_answer_without_end(server: FakeKibana) -> None:
    server.instead["/api/status"] = (200, b'{"a": "' + b"x" * 11_000_000 + b'"}')
    assert "is not Kibana" in fault(server)


def test_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with kibana(context) as server:
        install(settings(server, ca_file=tmp_path / "ca.pem"), "articles")
        assert kept(server) == DATA_VIEWS | OTHERS
        with pytest.raises(KibanaFault, match=r"is not trusted .*NEWSWARC_KIBANA_CA_FILE"):
            install(settings(server), "articles")
        with pytest.raises(KibanaFault):
            install(settings(server, url=server.url.replace("https", "http")), "articles")


# ---- settings and command line


def test_settings_come_from_the_environment_and_secrets_are_never_shown(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    environ = {
        "NEWSWARC_KIBANA_URL": "https://kibana.example/base/",
        "NEWSWARC_KIBANA_SPACE": "news",
        "NEWSWARC_KIBANA_EVIDENCE_BASE": "https://desk.example",
        "NEWSWARC_KIBANA_API_KEY_FILE": str(tmp_path / "key"),
    }
    read = KibanaSettings.from_environment(environ)
    assert (read.url, read.space, read.api_key) == ("https://kibana.example/base", "news", KEY)
    assert KEY not in repr(read)
    assert KibanaSettings.from_environment(environ, space="other").space == "other"
    assert KibanaSettings.from_environment({}) == KibanaSettings()


@pytest.mark.parametrize(
    ("name", "value"),
    [("URL", "kibana.example"), ("URL", "http://ann:secret@kibana.example"), ("URL", "http://kibana.example:port"),
     ("SPACE", "../default"), ("SPACE", "News"), ("EVIDENCE_BASE", "javascript:alert(1)//"),
     ("EVIDENCE_BASE", "https://desk.example/{{value}}"), ("USERNAME", "ann"), ("CA_FILE", "/no/such/file")],
)  # fmt: skip
def test_settings_that_cannot_be_used(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"NEWSWARC_KIBANA_{name}") as raised:
        KibanaSettings.from_environment({f"NEWSWARC_KIBANA_{name}": value})
    assert "secret" not in str(raised.value)


@pytest.fixture
def here(server: FakeKibana, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"URL": server.url, "API_KEY": KEY}.items():
        monkeypatch.setenv(f"NEWSWARC_KIBANA_{name}", value)
    monkeypatch.setenv("NEWSWARC_INDEX", "elasticsearch:http://127.0.0.1:9200/regional")


@pytest.mark.usefixtures("here")
def test_the_command(server: FakeKibana) -> None:
    done = CliRunner().invoke(app, ["kibana", "install", "--json"], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert (told["version"], told["space"], told["dry_run"]) == ("9.1.5", "default", False)
    assert [step["path"] for step in told["steps"]][-1] == "/api/saved_objects/_import?overwrite=true"
    assert kept(server) == DATA_VIEWS | OTHERS
    shown = CliRunner().invoke(app, ["kibana", "install"], catch_exceptions=False).stdout
    assert "newswarc-coverage" in shown
    assert KEY not in shown


@pytest.mark.usefixtures("here")
def test_the_command_run_dry_shows_what_it_would_send(server: FakeKibana) -> None:
    done = CliRunner().invoke(app, ["kibana", "install", "--dry-run", "--json"], catch_exceptions=False)
    steps = json.loads(done.stdout)["steps"]
    assert json.loads(steps[0]["body"])["data_view"]["title"] == "regional"
    assert not server.kept


@pytest.mark.usefixtures("here")
def test_the_command_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSWARC_KIBANA_API_KEY", "Z3Vlc3M=")
    fault = CliRunner().invoke(app, ["kibana", "install"]).exception
    assert isinstance(fault, WorkFault)
    assert "refused the user or the key" in str(explain(fault))
    monkeypatch.delenv("NEWSWARC_INDEX")
    assert isinstance(CliRunner().invoke(app, ["kibana", "install"]).exception, UserError)
