"""`newswarc crawl`: one round in this process, or rounds without end, each in a process of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from newswarc.commands.faults import OneSentence, UserError, WorkFault, explain
from newswarc.commands.printing import console, print_json, table
from newswarc.ledger import Ledger
from newswarc.settings import DataFolder, NetworkSettings, patience
from newswarc.sources import SHIPPED, Loaded, Source, load

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
ENDING = (signal.SIGINT, signal.SIGTERM)
COLUMNS = ("listed", "fetched", "new", "edited", "unchanged", "removed", "not_article", "redirects")


def run(
    names: Sequence[str],
    folder: Path | None,
    limit: int,
    recheck: bool,
    every: str | None,
    workers: int,
    data: Path,
    json: bool,
) -> int:
    if every is not None:
        return _rounds(interval(every))
    NetworkSettings.from_environment()  # a bad setting stops the crawl before its first request
    patience()
    loaded = load(folder or SHIPPED, *(names or _regions(folder)))
    for fault in loaded.faults:
        console(stderr=True).print(f"source refused: {fault}", style="yellow", markup=False)
    if not loaded.sources:
        raise UserError("no source is left to crawl; see the faults above, and `newswarc sources check`")
    from search.entities.annotator import prepare  # late: `--every` runs rounds in processes of their own

    unsound = prepare(DataFolder(data).watchlists)
    if unsound:
        console(stderr=True).print(f"watchlists not in service: {unsound}", style="yellow", markup=False)
    result = crawl_once(loaded, DataFolder(data), limit=limit, recheck=recheck, workers=workers, sources=folder)
    if not result["interrupted"]:
        _send_figures(data)
    if json:
        print_json(result)
    else:
        _print_summary(result)
    if result["interrupted"]:
        console(stderr=True).print("interrupted; the next crawl goes on from here", style="yellow")
        return 128 + signal.Signals[result["interrupted"]]
    return 1 if result["failed_sources"] or loaded.faults or unsound else 0


def _send_figures(data: Path) -> None:
    """For Kibana, where the index is on Elasticsearch. Whatever goes wrong with it: the crawl is done and well."""
    if not DataFolder(data).on_elasticsearch:
        return
    from newswarc.commands.index import send_figures

    try:
        send_figures(data)
    except Exception as fault:  # noqa: BLE001 - figures are made again by the next round
        why = explain(fault) or f"{type(fault).__name__}: {fault}"
        console(stderr=True).print(f"the figures wait for the next round: {why}", style="yellow", markup=False)


def _regions(folder: Path | None) -> list[str]:
    """Every region but the sample, which nobody but `make run` and the tests serves."""
    return [] if folder else sorted(p.name for p in SHIPPED.iterdir() if p.is_dir() and p.name != "sample")


def interval(text: str) -> timedelta:
    """`90s`, `15m`, `2h`, `1d`. UserError for anything else, and for under a second."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if not match or int(match[1]) == 0:
        raise UserError(f"--every {text!r} is no interval; write a number with s, m, h or d, as 15m")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _rounds(pause: timedelta) -> int:
    """A fresh process for each round: what one leaks or breaks ends with it."""
    command = [sys.executable, "-m", "newswarc", *_without_every(sys.argv[1:])]
    round_ = Round()
    while True:
        began = time.monotonic()
        code = round_.run(command)
        if code not in (0, 1):
            return code
        wait = max(0.0, pause.total_seconds() - (time.monotonic() - began))
        console(stderr=True).print(f"next round in {timedelta(seconds=round(wait))}", style="dim")
        time.sleep(wait)


class Round:
    """Runs one round after the other. A signal goes to the round at work, which ends well; between rounds it ends us.

    Rounds are in a process group of their own: Ctrl-C in a terminal would else reach them twice, and the second one
    ends a round at once.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._told = 0
        for number in ENDING:
            signal.signal(number, self._tell)

    def run(self, command: Sequence[str]) -> int:
        """Its exit code; 128 and the signal's number where it was told to end, by whatever code it ended."""
        self._process = subprocess.Popen(command, process_group=0)
        code = self._process.wait()
        self._process = None
        return 128 + self._told if self._told else code

    def _tell(self, number: int, _frame: object) -> None:
        self._told = number
        if self._process is None:
            raise SystemExit(128 + number)
        self._process.send_signal(number)


def _without_every(arguments: Sequence[str]) -> list[str]:
    kept, skip = [], False
    for argument in arguments:
        if skip or argument == "--every" or argument.startswith("--every="):
            skip = argument == "--every"
        else:
            kept.append(argument)
    return kept


def crawl_once(
    loaded: Loaded,
    data: DataFolder,
    *,
    limit: int = 0,
    recheck: bool = False,
    workers: int = 0,
    sources: Path | None = None,
) -> dict[str, Any]:
    """One round over the sources; returns what `--json` prints. Raises WorkFault where nothing could be archived."""
    from crawler.contract import check

    check()  # before the imports that another Scrapy may lack

    from scrapy import signals
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.settings import Settings

    import crawler.settings as project
    from crawler.spiders import OutletSpider

    settings = Settings()
    settings.setmodule(project, priority="project")
    settings.setdict(
        {
            "NEWSWARC_DATA": str(data.root),
            "NEWSWARC_LIMIT": limit,
            "NEWSWARC_RECHECK": recheck,
            "NEWSWARC_WORKERS": workers,
            "NEWSWARC_SOURCES": sources,
        },
        priority="cmdline",
    )
    process = AsyncCrawlerProcess(settings)
    crawling = process.create_crawler(OutletSpider)
    crawling.signals.connect(_tell_in_sentences, signal=signals.engine_started)
    interruption = Interruption(crawling)
    outcome: dict[str, BaseException] = {}
    task = process.crawl(crawling, sources=loaded.sources)
    task.add_done_callback(lambda t: outcome.update({"fault": fault} if (fault := t.exception()) else {}))
    with _Progress(crawling, data):
        process.start(install_signal_handlers=False)
    if "fault" in outcome:
        raise outcome["fault"]
    spider: Any = crawling.spider
    if spider is None:
        raise WorkFault("the crawl did not start; the log above says why")
    if fault := crawling.stats.get_value("archive_fault"):
        raise WorkFault(f"the crawl was stopped, nothing more could be archived: {fault}")
    if spider.workshop.drain.fault is not None:
        cause = spider.workshop.drain.fault
        raise WorkFault(
            f"all captures are archived, but indexing stopped: {explain(cause) or cause}; "
            "the next crawl goes on with it"
        )
    return {**summary(data, spider.round, loaded.sources), "interrupted": interruption.name}


def _tell_in_sentences() -> None:
    """Only now: Scrapy sets its log up anew with each crawl."""
    for handler in logging.root.handlers:
        handler.addFilter(OneSentence())


class Interruption:
    """Ends a round when it is told to: what is under way is finished, the rest is the next round's.

    Told again it ends at once; what that leaves half done, the next start mends.
    """

    def __init__(self, crawling: Any) -> None:
        from scrapy import signals

        self.crawling = crawling
        self.name: str | None = None
        """Of the signal that ended it."""
        crawling.signals.connect(self._listen, signal=signals.engine_started)

    def _listen(self) -> None:
        for number in ENDING:
            asyncio.get_running_loop().add_signal_handler(number, self._told, number)

    def _told(self, number: signal.Signals) -> None:
        from crawler.spiders import INTERRUPTED
        from crawler.stopping import stop

        if self.name is not None:
            os._exit(128 + number)
        self.name = number.name
        self._stopping = stop(self.crawling, INTERRUPTED)


def summary(data: DataFolder, number: int, sources: Sequence[Source]) -> dict[str, Any]:
    """Figures of a round, a source each, and which sources failed as a whole."""
    ledger = Ledger(data.ledger)
    try:
        figures = ledger.round_figures(number)
        notes = next(r["notes"] for r in ledger.rounds(50) if r["id"] == number)
        totals = ledger.totals()
    finally:
        ledger.close()
    for key, said in notes.get("sources", {}).items():
        figures[key]["notes"] = said
    failed = [key for key, f in figures.items() if not f["listed"] and not f["fetched"] and f["failed"]]
    return {
        "round": number,
        "sources": figures,
        "failed_sources": failed,
        "totals": totals,
        "names": {source.key: source.name for source in sources},
    }


def _print_summary(result: dict[str, Any]) -> None:
    rows = []
    for key, figures in result["sources"].items():
        failed = ", ".join(f"{cause} ×{n}" for cause, n in sorted(figures["failed"].items()))
        rows.append([key, *(figures[c] for c in COLUMNS), failed or "–"])
    headings = ["source", *(c.replace("_", " ") for c in COLUMNS), "failed"]
    console().print(table(headings, rows, numbers=range(1, len(COLUMNS) + 1)))
    for key, figures in result["sources"].items():
        for note in figures.get("notes", ()):
            console().print(f"{key}: {note}", style="yellow", markup=False)
    for key in result["failed_sources"]:
        console().print(f"{key}: nothing of this source could be read", style="red", markup=False)


class _Progress:
    """A line on standard error while a crawl is at work; where that is no terminal, one every ten seconds at most."""

    def __init__(self, crawling: Any, data: DataFolder) -> None:
        self.crawling, self.data = crawling, data
        self._end = threading.Event()
        self._console = console(stderr=True)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        logging.captureWarnings(True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        if not self._console.is_terminal:
            while not self._end.wait(10):
                self._console.print(self._line(), style="dim")
            return
        with self._console.status("starting") as status:
            while not self._end.wait(0.5):
                status.update(self._line())

    def _line(self) -> str:
        from crawler.capture import ANSWERS  # late, as all of the crawler

        stats = self.crawling.stats
        workshop = getattr(self.crawling.spider, "workshop", None)
        done = workshop.drain.drain.progress if workshop else None
        fetched = stats.get_value(ANSWERS, 0) if stats else 0
        cleaned, documents = (done.cleaned, done.documents) if done else (0, 0)
        return f"{fetched} answers archived, {cleaned} pages cleaned, {documents} documents"
