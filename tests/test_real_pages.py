"""Real pages of 213 outlets, replayed from loopback under their own names through the whole job.

The pages belong to others and stand outside the repository, in `../shared/corpus`; without that folder these tests say
so and are left out, except in CI.
"""

import gzip
import json
import os
import random
import re
import subprocess
import sys
from collections import defaultdict
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import trustme

from archive.store import ArchiveReader
from benchmarks.shared import CORPUS
from crawler.sample.server import SampleServer, message, not_found
from crawler.urls import canonical
from newswarc.ledger import Ledger
from search.index import open_index
from search.query import Query, parse

LISTING = "/listing-of-the-test.xml"

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir() and not os.environ.get("CI"), reason=f"no folder of real pages at {CORPUS}"
)


def truth():
    return [json.loads(line) for line in (CORPUS / "truth.jsonl").read_text(encoding="utf-8").splitlines()]


class Replay:
    """One host: its pages, and a sitemap that lists them."""

    def __init__(self, pages):
        self.pages = {path_of(page["url"]): page for page in pages}

    def __call__(self, request):
        target = request.path + (f"?{request.query}" if request.query else "")
        if request.path == LISTING:
            urls = "".join(f"<url><loc>{escape(page['url'])}</loc></url>" for page in self.pages.values())
            xml = f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>"
            return message(xml, "application/xml")
        page = self.pages.get(target)
        if page is None:
            return not_found(request)
        return message(body_of(page), f"text/html; charset={page['charset']}")


def body_of(page):
    return gzip.decompress((CORPUS / "pages" / f"{page['id']}.html.gz").read_bytes())


def path_of(url):
    parts = urlsplit(canonical(url))
    return parts.path + (f"?{parts.query}" if parts.query else "")


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    """The data folder of a crawl over all pages, and what the command line said."""
    home = tmp_path_factory.mktemp("real")
    by_host = defaultdict(list)
    for page in truth():
        by_host[host(canonical(page["url"]))].append(page)
    write_sources(home / "sources" / "real", by_host)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(home / "ca.pem")
    context = server_context(authority, sorted(by_host))
    sites = {host: Replay(pages) for host, pages in by_host.items()}
    with ExitStack() as stack:
        plain = stack.enter_context(SampleServer(sites, keep_log=False))
        tls = stack.enter_context(SampleServer(sites, certificate=context, keep_log=False))
        environ = {
            **os.environ,
            "NEWSWARC_ALLOW_NETWORKS": "127.0.0.0/8",
            "NEWSWARC_CONNECT_TO": f"*:80=127.0.0.1:{plain.port},*:443=127.0.0.1:{tls.port}",
            "NEWSWARC_CA_FILE": str(home / "ca.pem"),
        }
        told = newswarc(
            "crawl", "--sources", str(home / "sources"), "--data", str(home / "data"), "--json", env=environ
        )
    return home / "data", json.loads(told)


def server_context(authority, hosts):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    return context


def write_sources(folder, by_host):
    """A source for each outlet; `www.` makes no other outlet."""
    folder.mkdir(parents=True)
    outlets = defaultdict(list)
    for name, pages in sorted(by_host.items()):
        outlets[name.removeprefix("www.")] += pages
    for number, pages in enumerate(outlets.values()):
        bases = sorted({f"{urlsplit(page['url']).scheme}://{host(canonical(page['url']))}" for page in pages})
        entry = {
            "name": pages[0]["publisher"],
            "homepage": f"{bases[0]}/",
            "sitemaps": [base + LISTING for base in bases],
            "articles": ".",
            "delay": 0,
        }
        # YAML takes JSON.
        (folder / f"site-{number}.yaml").write_text(json.dumps(entry), encoding="utf-8")


def newswarc(*arguments, env=None, code=(0, 1)):
    command = [sys.executable, "-m", "newswarc", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=170)
    assert done.returncode in code, (done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def test_every_page_is_archived_byte_for_byte(replayed):
    data, _ = replayed
    ledger, reader = Ledger(data / "ledger.sqlite"), ArchiveReader(data / "archive")
    try:
        for page in truth():
            rows = [row for row in ledger.captures(canonical(page["url"])) if row.archived.status == 200]
            assert rows, page["url"]
            assert reader.read(rows[0].archived.pointer).payload == body_of(page), page["url"]
    finally:
        ledger.close()
        reader.close()


def test_everything_verifies(replayed):
    data, _ = replayed
    told = json.loads(newswarc("verify", "--all", "--data", str(data), "--json", code=(0,)))
    assert set(told["counts"]) == {"verified"}
    assert told["records"] == []


def test_no_article_is_taken_for_something_else(replayed):
    """A page whose body is known is an article; one may be wrong in a hundred."""
    data, _ = replayed
    ledger = Ledger(data / "ledger.sqlite")
    try:
        wrong = {
            page["id"]: state
            for page in truth()
            if page["body"] and (state := ledger.url_state(canonical(page["url"]))) and state[0] != "article"
        }
    finally:
        ledger.close()
    assert not wrong


def test_every_document_is_found_by_a_phrase_of_its_own_text(replayed):
    data, _ = replayed
    chance = random.Random(2026)
    with open_index(str(data / "index")) as index:
        for id_ in index.ids():
            phrase = next(phrases(index.get(id_).text, chance))
            assert id_ in {hit.document.id for hit in index.search(Query(parse(quoted(phrase)).tree, limit=50)).hits}, (
                phrase
            )


def test_pages_are_found_by_a_phrase_of_the_body_that_people_read(replayed):
    """Of twelve phrases of the true body one must find the page; where cleaning lost the body none does."""
    data, _ = replayed
    chance, pages = random.Random(2026), [page for page in truth() if page["body"]]
    with open_index(str(data / "index")) as index:
        lost = [p["id"] for p in pages if not any(finds(index, p, phrase) for phrase in phrases(p["body"], chance))]
    assert len(lost) <= len(pages) // 40, lost


def phrases(body, chance):
    """Twelve runs of up to five words, from anywhere."""
    paragraphs = [p for p in re.split(r"\n+", body) if len(p.split()) >= 5] or [
        p for p in body.split("\n") if p.strip()
    ]
    for _ in range(12):
        words = chance.choice(paragraphs).split()
        start = chance.randrange(max(1, len(words) - 4))
        yield " ".join(words[start : start + 5])


def quoted(phrase):
    return '"' + re.sub(r'["“”„«»]', " ", phrase) + '"'


def finds(index, page, phrase):
    """Some pages say that their address is another of the same outlet; the outlet is enough then."""
    hits = index.search(Query(parse(quoted(phrase)).tree, limit=50)).hits
    return any(host(hit.document.url).removeprefix("www.") == host(page["url"]).removeprefix("www.") for hit in hits)


def host(url):
    return urlsplit(url).netloc
