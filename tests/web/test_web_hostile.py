"""Hostile pages in a real browser: no script runs, and no connection is opened but to our own server."""

import re
from datetime import UTC, datetime
from urllib.parse import quote

import lxml.html
import pytest
from chromium_pipe import Trap, chromium
from hostile_pages import JS, PAGES, TAG, TRAP
from web_kit import newswarc, serving

from archive.store import open_store
from crawler.sample.server import SampleServer, message
from newswarc.items import Exchange
from newswarc.ledger import entry_attempt
from newswarc.settings import DataFolder
from search.index import open_index

SOURCE = "hostile/site"
ASKED = (TAG, f'"><img src=x onerror="{JS}">', f"javascript:{JS}", "ferry", "[[" + TAG + "]]", "title:stands " + TAG)


@pytest.fixture(scope="module")
def archived(tmp_path_factory):
    """(data folder, page → document): the pages archived as sent, then everything made from the archive."""
    data, at = tmp_path_factory.mktemp("hostile") / "data", datetime(2026, 4, 21, tzinfo=UTC)
    sent = [
        Exchange(page.url.replace(" ", "%20"), at, b"GET / HTTP/1.1\r\n\r\n", page.response(), "article", SOURCE)
        for page in PAGES
    ]
    with open_store(DataFolder(data).archive) as store:
        store.append([entry_attempt(SOURCE, {"name": TAG, "language": "en", "country": "UZ"}, at), *sent])
    done = newswarc("rebuild", "--data", str(data))
    assert done.returncode == 0, done.stderr
    with open_index(str(DataFolder(data).index)) as index:
        documents = [index.get(id_) for id_ in index.ids()]
    by_words = {page: next(d for d in documents if f"{page.name.capitalize()}." in d.text) for page in PAGES}
    return data, by_words


@pytest.fixture(scope="module")
def visited(archived, tmp_path_factory):
    """(page by URL path, the browser's log, what the trap caught) after all of our pages were opened."""
    data, documents = archived
    log, trap = tmp_path_factory.mktemp("chromium") / "log", Trap()
    paths = [f"/evidence/{d.id}{part}" for d in documents.values() for part in ("?open=rendering", "/frame")]
    paths += [f"/?q={quote(q)}" for q in ASKED] + ["/?offset=20", f"/?since={quote(TAG)}", f"/?source={quote(TAG)}"]
    paths += [f"/evidence/{quote(TAG, safe='')}", f"/{quote(TAG)}"]
    try:
        with serving(data) as server, chromium(trap, log) as browser:
            pages = browser.visit(server.url + path for path in paths)
            caught, told = list(trap.caught), log.read_text(errors="replace")
            yield {url.removeprefix(server.url): page for url, page in pages.items()}, told, caught
    finally:
        trap.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_no_hostile_page_gets_anything_done(archived, visited, page):
    pages, _, _ = visited
    document = archived[1][page]
    for part in ("?open=rendering", "/frame"):
        shown = pages[f"/evidence/{document.id}{part}"]
        assert "<title>RAN" not in shown
        assert document.title.split()[0] in lxml.html.fromstring(shown).text_content()
    assert ">verified<" in pages[f"/evidence/{document.id}?open=rendering"]


def test_no_script_ran_anywhere(visited):
    assert not re.findall(r".*\"RAN\".*", visited[1])


def test_no_connection_was_opened(visited):
    assert visited[2] == []


def test_our_own_pages_hold_no_script_and_nothing_from_elsewhere(visited):
    for path, page in visited[0].items():
        if not path.endswith("/frame"):
            for element in lxml.html.fromstring(page).iter():
                assert element.tag not in ("script", "img", "svg", "object", "embed", "base", "math", "video"), path
                assert not any(name.startswith("on") or name == "style" for name in element.attrib), path
                assert (element.get("http-equiv"), element.get("srcdoc")) == (None, None), path


def test_every_link_of_ours_leads_to_us_or_to_the_site(visited):
    for path, page in visited[0].items():
        if "?open=" in path:
            links = [a.get("href") for a in lxml.html.fromstring(page).iter("a")]
            assert links
            assert all(link.startswith(("/", "#", "http://hostile.example/")) for link in links)


def test_what_is_asserted_can_happen(tmp_path):
    """The control: the same payloads from a server without our policies do run, and do reach the trap."""
    trap, log = Trap(), tmp_path / "log"
    wanted = [page for page in PAGES if page.name in ("a script", "an image that fails", "a preconnect", "images")]

    def site(request):
        return message(next(page.page() for page in wanted if page.url.endswith(request.path)))

    try:
        with SampleServer({"*": site}) as server, chromium(trap, log) as browser:
            base = f"http://127.0.0.1:{server.port}"
            pages = browser.visit(base + page.url.removeprefix("http://hostile.example") for page in wanted)
            ran = [url for url, page in pages.items() if "<title>RAN" in page]
            assert len(ran) == 2
            assert '"RAN"' in log.read_text(errors="replace")
            hosts = TRAP.removeprefix("http://").encode()
            assert any(hosts in first for first in trap.caught)
    finally:
        trap.close()
