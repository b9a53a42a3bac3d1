"""The command line in processes of its own, small outlets on loopback, and what a data folder holds afterwards."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from archive.store import ArchiveReader
from archive.verify import Verdict, verify_record
from crawler.sample.serve import environment
from crawler.sample.server import Reply, SampleServer, Site, WireRequest, message, not_found
from newswarc.items import Document, RecordPointer
from newswarc.settings import DataFolder
from search.index import open_index

ROOT = Path(__file__).resolve().parents[2]
MARK = "NEWSWARC_TEST_RUN"
"""In the environment of all that a test starts: by it the processes of a run are known, orphans too."""
PATIENCE = 90.0
"""Seconds after which something that a test waits for counts as never coming."""


# ---- the program


@dataclass
class Newswarc:
    """The command line on one data folder, with the loopback server in place of the network."""

    data: Path
    server: SampleServer
    sources: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.mark = uuid4().hex
        self._environ = {**os.environ, **environment(self.server), MARK: self.mark, **self.environ}

    @contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """A run in a process group of its own, as a shell starts it; what is left of it at the end is killed."""
        command = [sys.executable, "-m", "newswarc", *self._whole(arguments)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=self._environ, process_group=0) as run:
            try:
                yield run
            finally:
                if run.poll() is None:
                    run.kill()
                    run.communicate()

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "newswarc", *self._whole(arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=self._environ, timeout=PATIENCE * 2)
        assert done.returncode == code, (arguments, done.returncode, done.stdout[-3000:], done.stderr[-3000:])
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def crawl(self, *names: str, code: int = 0) -> Any:
        return self.json("crawl", *names, code=code)

    def _whole(self, arguments: Sequence[str]) -> list[str]:
        more = ["--data", str(self.data)]
        if arguments[0] in ("crawl", "rebuild"):
            more += ["--workers", "1"]
        if arguments[0] == "crawl" and self.sources:
            more += ["--sources", str(self.sources)]
        return [*arguments, *more]

    def processes(self) -> list[psutil.Process]:
        """All that lives of what was started here, however it is related to us now."""
        return [p for p in psutil.process_iter() if _environ_of(p).get(MARK) == self.mark]

    def survivors(self) -> list[psutil.Process]:
        """What still lives a while after it should have ended."""
        return psutil.wait_procs(self.processes(), timeout=20)[1]


def _environ_of(process: psutil.Process) -> Mapping[str, str]:
    try:
        return process.environ() if process.status() != psutil.STATUS_ZOMBIE else {}
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return {}


class EndedEarly(AssertionError):
    """The process ended before what was waited for came."""


def until(what: Callable[[], Any], process: subprocess.Popen[str]) -> Any:
    """What `what` says once it says something; EndedEarly where the process ends before."""
    end = time.monotonic() + PATIENCE
    while not (found := what()):
        assert time.monotonic() < end, "it never came"
        try:
            process.wait(0.01)
        except subprocess.TimeoutExpired:
            continue
        raise EndedEarly(process.returncode, *process.communicate())
    return found


def sentence(stderr: str) -> str:
    """The one sentence that a fault is told in: the last line, and no traceback before it."""
    assert "Traceback" not in stderr, stderr
    line = stderr.strip().splitlines()[-1]
    assert line.startswith("newswarc: "), stderr
    return line.removeprefix("newswarc: ")


# ---- what a data folder holds


def documents(data: Path) -> dict[str, Document]:
    with open_index(str(data / "index")) as index:
        found = {id_: document for id_ in index.ids() if (document := index.get(id_))}
        assert index.count() == len(found), "the index holds a document twice"
        return found


def gist(found: Mapping[str, Document]) -> dict[str, tuple[object, ...]]:
    """What documents say, without when and where they were captured."""
    return {id_: (d.url, d.title, d.text, d.version, d.state, d.source, d.published) for id_, d in found.items()}


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A row of the ledger's exchanges."""

    pointer: RecordPointer
    record_type: str
    url: str
    kind: str
    status: int | None
    payload_digest: str | None
    truncated: str | None
    error: str | None
    outcome: str | None
    reason: str | None


def acknowledged(data: Path) -> list[Acknowledged]:
    """What the ledger has acknowledged; read from a copy, so that nothing here repairs what a kill has left."""
    aside = data.parent / f"aside-{uuid4().hex}"
    aside.mkdir()
    for path in data.glob("ledger.sqlite*"):
        shutil.copy(path, aside)
    try:
        with closing(sqlite3.connect(aside / "ledger.sqlite")) as db:
            rows = db.execute(
                "SELECT warc, offset, length, record_id, record_type, url, kind, status, payload_digest, truncated, "
                "error, outcome, reason FROM exchange ORDER BY id"
            ).fetchall()
    except sqlite3.OperationalError:  # killed before it had tables
        return []
    finally:
        shutil.rmtree(aside)
    return [Acknowledged(RecordPointer(*row[:4]), *row[4:]) for row in rows]


def not_verified(data: Path, rows: Iterable[Acknowledged]) -> list[tuple[str, Verdict]]:
    """Which of these exchanges the archive does not hold whole."""
    with closing(ArchiveReader(data / "archive")) as reader:
        verdicts = [(row.url, verify_record(reader, row.pointer)) for row in rows]
    return [(url, verdict) for url, verdict in verdicts if verdict.state != "verified"]


def ask(data: Path, sql: str, *values: object) -> list[Any]:
    """Rows of the ledger that a running crawl writes; none where there is no ledger yet."""
    return ask_file(DataFolder(data).ledger, sql, *values)


def ask_file(path: Path, sql: str, *values: object) -> list[Any]:
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(sql, values).fetchall()
    except sqlite3.OperationalError:
        return []


def indexed(data: Path) -> int:
    rows = ask(data, "SELECT count(*) FROM document WHERE indexed = 1")
    return int(rows[0][0]) if rows else 0


@dataclass
class Undisturbed:
    """The sample region, crawled in one go."""

    program: Newswarc
    server: SampleServer
    requests: int
    """That the server saw."""
    gist: dict[str, tuple[object, ...]]
    totals: dict[str, object]


# ---- small outlets

_SUBJECTS = [
    "the ferry",
    "the harbour master",
    "a delegation",
    "the border post",
    "the district court",
    "the power station",
]
_VERBS = ["announced", "denied", "postponed", "described", "inspected", "reopened"]
_OBJECTS = [
    "the upper crossing",
    "a new timetable",
    "the spring survey",
    "three damaged pumps",
    "the old customs house",
]
_PLACES = [
    "near the lake",
    "in the northern district",
    "after a week of rain",
    "before the holiday",
    "on the left bank",
]


def prose(seed: object, paragraphs: int = 4) -> list[str]:
    """Paragraphs of plain English that no other seed has."""
    chance = random.Random(str(seed))

    def clause() -> str:
        parts = (chance.choice(words) for words in (_SUBJECTS, _VERBS, _OBJECTS, _PLACES))
        return f"{' '.join(parts)}, where {chance.randrange(10, 9999)} people were counted"

    return [" ".join(f"{clause().capitalize()}." for _ in range(4)) for _ in range(paragraphs)]


def page(seed: object, title: str, more: str = "", head: str = "") -> str:
    body = "\n".join(f"<p>{paragraph}</p>" for paragraph in prose(seed))
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>{head}'
        f'<meta property="article:published_time" content="2026-04-20T08:00:00Z"></head>\n'
        f"<body><main><article><h1>{title}</h1>\n{body}\n{more}</article></main></body></html>"
    )


def rss(base: str, links: Iterable[str]) -> Reply:
    """A feed of these addresses; those that begin with a slash are the outlet's own."""
    items = "".join(
        f"<item><title>Report on {link.rsplit('/', 1)[-1][:60]}</title>"
        f"<link>{(base + link if link.startswith('/') else link).replace('&', '&amp;')}</link></item>"
        for link in links
    )
    return message(f'<rss version="2.0"><channel><title>Paper</title>{items}</channel></rss>', "application/rss+xml")


Answer = Reply | Callable[[WireRequest], Reply]


class Paper:
    """An outlet with a feed and `count` plain articles; `more` answers further addresses, which the feed lists too."""

    def __init__(self, host: str, count: int = 8, more: Mapping[str, Answer] | None = None, **listed: str) -> None:
        self.host, self.count, self.more = host, count, dict(more or {})
        self.listed: list[str] = list(listed.values())

    @property
    def articles(self) -> list[str]:
        return [f"/news/2026/report-{1000 + n}" for n in range(self.count)]

    @property
    def urls(self) -> set[str]:
        return {f"http://{self.host}{path}" for path in self.articles}

    def feed(self, request: WireRequest) -> Reply:
        return rss(request.base, [*self.articles, *self.more, *self.listed])

    def __call__(self, request: WireRequest) -> Reply:
        target = request.path + (f"?{request.query}" if request.query else "")
        answer = self.more.get(target) or self.more.get(request.path)
        if answer is not None:
            return answer if isinstance(answer, Reply) else answer(request)
        if request.path == "/feed.xml":
            return self.feed(request)
        if request.path in self.articles:
            number = request.path.rsplit("-", 1)[1]
            return message(page((self.host, number), f"Harbour report number {number} from the lake"))
        return message("<title>Paper</title><p>Welcome.") if request.path == "/" else not_found(request)


def sites(*papers: Paper) -> dict[str, Site]:
    return {paper.host: paper for paper in papers}


def registry(folder: Path, *papers: Paper, **keys: object) -> Path:
    """A folder of sources: `faults/<first label of the host>.yaml`, each with its feed as a hint and `keys`."""
    (folder / "faults").mkdir(parents=True, exist_ok=True)
    for paper in papers:
        entry = {
            "name": paper.host,
            "homepage": f"http://{paper.host}/",
            "feeds": [f"http://{paper.host}/feed.xml"],
            "delay": 0,
            "language": "en",
            **keys,
        }
        name = paper.host.partition(".")[0]
        (folder / "faults" / f"{name}.yaml").write_text("".join(f"{k}: {json.dumps(v)}\n" for k, v in entry.items()))
    return folder
