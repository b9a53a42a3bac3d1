"""The command line: what each command takes and says. What it does stands in `newswarc/commands/`.

Only typer is imported here, so that `--help` answers at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="newswarc",
    help="A self-hosted monitor for regional news that never loses the original.",
    no_args_is_help=True,
    rich_markup_mode=None,  # its panels alone take longer to import than `--help` may take
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
sources_app = typer.Typer(help="The registry of outlets.", no_args_is_help=True)
sample_app = typer.Typer(help="The sample outlets that come with newswarc.", no_args_is_help=True)
index_app = typer.Typer(help="The index: set up, look at, swap, keep, restore.", no_args_is_help=True)
kibana_app = typer.Typer(help="Kibana, the analyst's desk over an index on Elasticsearch.", no_args_is_help=True)
entities_app = typer.Typer(help="The registry of actors and places.", no_args_is_help=True)
app.add_typer(index_app, name="index")
app.add_typer(kibana_app, name="kibana")
app.add_typer(entities_app, name="entities")
app.add_typer(sources_app, name="sources")
app.add_typer(sample_app, name="sample")

DATA = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="The data folder: archive, ledger, index.", envvar="NEWSWARC_DATA")
]
JSON = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
SOURCES = Annotated[
    Path | None, typer.Option("--sources", metavar="DIR", help="A folder of sources in place of the shipped ones.")
]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[REGION|OUTLET]...", show_default=False, help="Regions or outlets; all.")
]
DATA_DEFAULT = Path("data")


def _use_index(url: str | None) -> str | None:
    """For this process and the rounds that it starts; `DataFolder.index_url` reads it."""
    if url:
        os.environ["NEWSWARC_INDEX"] = url
    return url


INDEX = Annotated[
    str | None,
    typer.Option(
        "--index",
        metavar="URL",
        help="The index on an engine of its own: elasticsearch:http://HOST:9200/NAME.",
        envvar="NEWSWARC_INDEX",
        callback=_use_index,
    ),
]


def _examples(*lines: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


@app.command(
    epilog=_examples(
        "newswarc crawl central-asia",
        "newswarc crawl akipress kloop --limit 20",
        "newswarc crawl central-asia --every 15m",
    )
)
def crawl(
    names: Names = None,
    sources: SOURCES = None,
    limit: Annotated[
        int, typer.Option(metavar="N", min=0, help="At most N articles of each source this round; 0: all.")
    ] = 0,
    recheck: Annotated[
        bool, typer.Option("--recheck", help="Fetch again what was fetched before, due or not.")
    ] = False,
    every: Annotated[
        str | None, typer.Option(metavar="TIME", help="Go on: a round every 15m, 2h, 1d, until interrupted.")
    ] = None,
    workers: Annotated[int, typer.Option(metavar="N", min=0, help="Worker processes for cleaning; 0: one a core.")] = 0,
    data: DATA = DATA_DEFAULT,
    index: INDEX = None,
    json: JSON = False,
) -> None:
    """Crawl one round (or rounds without end): fetch, archive, clean, index; then a summary for each source.

    Exit codes: 0 every source answered, 1 a source failed or the archive could not be written, 2 wrong use, 130 or
    143 interrupted: what was under way is archived, the next crawl goes on. Interrupted twice it ends at once.
    """
    from newswarc.commands.crawl import run

    raise typer.Exit(run(names or [], sources, limit, recheck, every, workers, data, json))


@app.command(
    epilog=_examples(
        "newswarc search 'Термез ракеты'",
        "newswarc search '\"border troops\" -football' --since 2026-04-18 --sort date",
        "newswarc search --actor ISKP --place Термез --since 2022-04-18",
        "newswarc search 'rocket*' --source sample/amudaryo-courier --json",
    )
)
def search(
    query: Annotated[
        str, typer.Argument(help='Words, names in any script, "phrases", AND OR NOT, prefix*, fuzzy~1, title:word.')
    ] = "",
    source: Annotated[list[str] | None, typer.Option(metavar="S", help="Only of this source; may be repeated.")] = None,
    language: Annotated[list[str] | None, typer.Option(metavar="L", help="Only in this language.")] = None,
    country: Annotated[list[str] | None, typer.Option(metavar="C", help="Only of outlets of this country.")] = None,
    state: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help="live, superseded or removed; default: the newest texts.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="D", help="Published on or after this day.")] = None,
    until: Annotated[str | None, typer.Option(metavar="D", help="Published on or before this day.")] = None,
    sort: Annotated[str, typer.Option(metavar="relevance|date", help="Order of the hits.")] = "relevance",
    limit: Annotated[int, typer.Option(metavar="N", min=0, max=1_000, help="Hits a page.")] = 10,
    offset: Annotated[int, typer.Option(metavar="N", min=0, max=100_000, help="Skip so many hits.")] = 0,
    actor: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only what names this actor, in any script; may be repeated: all of them."),
    ] = None,
    place: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only what names this place, in any script.")
    ] = None,
    facets: Annotated[
        bool, typer.Option("--facets", help="Count hits by source, language, country, actor, place, month.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Only the very forms typed: no stems, no names recognised.")
    ] = False,
    data: DATA = DATA_DEFAULT,
    index: INDEX = None,
    json: JSON = False,
) -> None:
    """Search the index.

    Exit codes: 0 (also with no hit), 1 the index cannot be read, 2 wrong use.
    """
    from newswarc.commands.search import Asked, run

    asked = Asked(
        query, source, language, country, state, since, until, sort, limit, offset, facets, strict, actor, place
    )
    raise typer.Exit(run(asked, data, json))


@app.command(
    epilog=_examples(
        "newswarc show 3f2a9c",
        "newswarc show 3f2a9c --original > page.html",
        "newswarc show 3f2a9c --record | less",
    )
)
def show(
    document: Annotated[str, typer.Argument(metavar="DOC", help="A document's id, or enough of its beginning.")],
    text: Annotated[bool, typer.Option("--text", help="Only the cleaned text.")] = False,
    original: Annotated[bool, typer.Option("--original", help="The archived page, its codings removed.")] = False,
    wire: Annotated[bool, typer.Option("--wire", help="The archived response as on the wire.")] = False,
    headers: Annotated[bool, typer.Option("--headers", help="Status line and headers as on the wire.")] = False,
    record: Annotated[bool, typer.Option("--record", help="The whole WARC record.")] = False,
    data: DATA = DATA_DEFAULT,
    index: INDEX = None,
    json: Annotated[bool, typer.Option("--json", help="The whole document as JSON.")] = False,
) -> None:
    """Show a document or its archived original, checked against its digests before it is shown.

    Exit codes: 0 shown, 1 the record is missing or corrupt, 2 no such document, or wrong use.
    """
    from newswarc.commands.show import run

    wanted = [name for name, on in locals().items() if on is True and name != "json"]
    raise typer.Exit(run(document, wanted, data, json))


@app.command(epilog=_examples("newswarc verify 3f2a9c", "newswarc verify --all"))
def verify(
    documents: Annotated[list[str] | None, typer.Argument(metavar="[DOC]...", help="Ids, or their beginnings.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every document, and every record of the archive.")] = False,
    data: DATA = DATA_DEFAULT,
    index: INDEX = None,
    json: JSON = False,
) -> None:
    """Recompute digests and make the text again from the record: verified, extractor changed, corrupt or missing.

    Exit codes: 0 nothing is corrupt or missing, 1 something is, 2 wrong use.
    """
    from newswarc.commands.verify import run

    raise typer.Exit(run(documents or [], everything, data, json))


@app.command(epilog=_examples("newswarc lookup https://www.example.org/news/1 --at 2026-04-21"))
def lookup(
    url: Annotated[str, typer.Argument(help="The URL.")],
    at: Annotated[str | None, typer.Option(metavar="TIME", help="Only the last capture up to this time.")] = None,
    data: DATA = DATA_DEFAULT,
    json: JSON = False,
) -> None:
    """Captures of a URL, as CDXJ lines in the order of time.

    Exit codes: 0 found, 1 none, 2 wrong use.
    """
    from newswarc.commands.lookup import run

    raise typer.Exit(run(url, at, data, json))


@app.command(
    epilog=_examples(
        "newswarc extract page.html --url https://www.example.org/news/1",
        "newswarc extract --jsonl < list.jsonl > articles.jsonl",
    )
)
def extract(
    file: Annotated[str | None, typer.Argument(metavar="FILE|-", help="A saved page; - for standard input.")] = None,
    url: Annotated[str | None, typer.Option(help="The page's address.")] = None,
    charset: Annotated[str | None, typer.Option(help="What the server said; wins over a meta tag.")] = None,
    language: Annotated[str | None, typer.Option(help="The outlet's language, where the text leaves it open.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Many pages: lines {"id", "path", "url"} on standard input.')
    ] = False,
) -> None:
    """Clean saved pages and print the articles as JSON.

    Exit codes: 0 done, 1 the page is no article or cannot be read, 2 wrong use.
    """
    from newswarc.commands.extract import run

    raise typer.Exit(run(file, url, charset, language, jsonl))


@app.command(epilog=_examples("newswarc rebuild", "newswarc rebuild --data /srv/newswarc"))
def rebuild(
    workers: Annotated[int, typer.Option(metavar="N", min=0, help="Worker processes for cleaning; 0: one a core.")] = 0,
    data: DATA = DATA_DEFAULT,
    index: INDEX = None,
    json: JSON = False,
) -> None:
    """Make ledger and index anew from the archive alone, then put them in place of the old ones.

    Exit codes: 0 done, 1 the archive is in use or damaged.
    """
    from newswarc.commands.rebuild import run

    raise typer.Exit(run(workers, data, json))


@app.command(epilog=_examples("newswarc status", "newswarc status --json"))
def status(data: DATA = DATA_DEFAULT, json: JSON = False) -> None:
    """What the archive holds, what is still to be done, and how each source stands.

    Exit codes: 0, 2 there is no ledger in the folder.
    """
    from newswarc.commands.status import run

    raise typer.Exit(run(data, json))


@app.command(epilog=_examples("newswarc serve", "newswarc serve --port 9000 --data /srv/newswarc"))
def serve(
    address: Annotated[
        str, typer.Option(metavar="IP", help="Where to listen.", envvar="NEWSWARC_SERVE_ADDRESS")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="0: any free one.", envvar="NEWSWARC_SERVE_PORT")
    ] = 8765,
    name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST", help="A further host name to answer to; may be repeated.", envvar="NEWSWARC_SERVE_NAMES"
        ),
    ] = None,
    data: DATA = DATA_DEFAULT,
    index: INDEX = None,
) -> None:
    """Serve search and the evidence of each document to a browser, until interrupted.

    Exit codes: 0 interrupted, 1 cannot listen or a part is not installed, 2 wrong use.
    """
    from newswarc.commands.serve import run

    raise typer.Exit(run(data, address, port, name or []))


@app.command(hidden=True)
def tour(region: str = "sample", data: DATA = DATA_DEFAULT) -> None:
    """The main job in plain sight, as `make run` does it: crawl, search, show and verify an original."""
    from newswarc.commands.tour import run

    raise typer.Exit(run(region, data))


@sources_app.command("check", epilog=_examples("newswarc sources check", "newswarc sources check akipress"))
def sources_check(names: Names = None, sources: SOURCES = None, json: JSON = False) -> None:
    """Check the files of the registry; each fault with file, key and remedy.

    Exit codes: 0 all good, 1 faults, 2 no such folder, region or outlet.
    """
    from newswarc.commands.sources import check

    raise typer.Exit(check(names or [], sources, json))


@index_app.command(
    "setup", epilog=_examples("newswarc index setup --index elasticsearch:http://127.0.0.1:9200/articles")
)
def index_setup(data: DATA = DATA_DEFAULT, index: INDEX = None, json: JSON = False) -> None:
    """Make the index ready: template, index and alias on Elasticsearch. Doing it again changes nothing."""
    from newswarc.commands.index import setup

    raise typer.Exit(setup(data, json))


@index_app.command("status", epilog=_examples("newswarc index status --json"))
def index_status(data: DATA = DATA_DEFAULT, index: INDEX = None, json: JSON = False) -> None:
    """Which index serves, how many documents it has, and how many the ledger has for it.

    Exit codes: 0 the index answers, 1 it does not.
    """
    from newswarc.commands.index import status

    raise typer.Exit(status(data, json))


@index_app.command("backlog", epilog=_examples("newswarc index backlog"))
def index_backlog(data: DATA = DATA_DEFAULT, json: JSON = False) -> None:
    """What waits in the ledger for the engine, and what the engine refused and why; asks no engine."""
    from newswarc.commands.index import backlog

    raise typer.Exit(backlog(data, json))


@index_app.command("swap", epilog=_examples("newswarc index swap"))
def index_swap(data: DATA = DATA_DEFAULT, index: INDEX = None, json: JSON = False) -> None:
    """Let the index that served before the last rebuild serve again (Elasticsearch); again undoes it.

    Exit codes: 0 done, 1 there is none.
    """
    from newswarc.commands.index import swap

    raise typer.Exit(swap(data, json))


REPOSITORY = Annotated[
    str,
    typer.Option(metavar="NAME", help="Where snapshots are kept.", envvar="NEWSWARC_ELASTICSEARCH_REPOSITORY"),
]


@app.command(epilog=_examples("newswarc annotate", "newswarc annotate --since 7d"))
def annotate(
    since: Annotated[str | None, typer.Option(metavar="D", help="Only documents captured since this day.")] = None,
    workers: Annotated[int, typer.Option(metavar="N", min=0, help="Worker processes; 0: one a core.")] = 0,
    data: DATA = DATA_DEFAULT,
    index: INDEX = None,
    json: JSON = False,
) -> None:
    """Find actors and places anew in all documents, after a watchlist has changed: from the archive, without fetching.

    Exit codes: 0 done, 1 a watchlist is not sound or the index cannot be written; what was done stays done.
    """
    from newswarc.commands.annotate import run

    raise typer.Exit(run(since, workers, data, json))


@entities_app.command("show", epilog=_examples("newswarc entities show ISKP", "newswarc entities show ترمذ --json"))
def entities_show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name in any script, or an id.")],
    data: DATA = DATA_DEFAULT,
    json: JSON = False,
) -> None:
    """What a name means: every entity it can be, best first, with all its names.

    Exit codes: 0 found, 1 no list holds it.
    """
    from newswarc.commands.entities import show

    raise typer.Exit(show(name, data, json))


@entities_app.command("check", epilog=_examples("newswarc entities check data/watchlists/my-list.yaml"))
def entities_check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE ...", help="Watchlists.")],
    data: DATA = DATA_DEFAULT,
    json: JSON = False,
) -> None:
    """A watchlist before it goes live: each problem with its line and what to do.

    Exit codes: 0 sound (notes may stand), 1 not.
    """
    from newswarc.commands.entities import check_file

    raise typer.Exit(check_file(files, data, json))


@entities_app.command(
    "try",
    epilog=_examples(
        "newswarc entities try 'ISKP claimed rockets at Termez'",
        "newswarc entities try article.txt --language ru --country UZ",
        "newswarc entities try --jsonl < texts.jsonl",
    ),
)
def entities_try(
    given: Annotated[str | None, typer.Argument(metavar="TEXT|FILE|-", help="A text, or a file that holds it.")] = None,
    title: Annotated[str, typer.Option(metavar="T", help="Its title.")] = "",
    language: Annotated[str | None, typer.Option(metavar="L", help="Its language; found by itself.")] = None,
    country: Annotated[str | None, typer.Option(metavar="C", help="The outlet's country, as UZ.")] = None,
    date: Annotated[str | None, typer.Option(metavar="DAY", help="Its day, as --since of search takes it.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Lines {"id", "language", "title", "text"} in, {"id", "mentions"} out.')
    ] = False,
    data: DATA = DATA_DEFAULT,
    json: JSON = False,
) -> None:
    """What is found in a text: actors, places, and who says what."""
    from newswarc.commands.entities import try_text

    raise typer.Exit(try_text(given, title, language, country, date, jsonl, data, json))


@entities_app.command(
    "same",
    epilog=_examples(
        "newswarc entities same Termez Термез",
        "newswarc entities same 'Inamullah Samangani' 'Инамулла Самангани' --kind person",
        "newswarc entities same --jsonl < pairs.jsonl",
    ),
)
def entities_same(
    a: Annotated[str | None, typer.Argument(metavar="NAME")] = None,
    b: Annotated[str | None, typer.Argument(metavar="NAME")] = None,
    kind: Annotated[str, typer.Option(metavar="person|organisation|place", help="What they are.")] = "organisation",
    a_language: Annotated[str | None, typer.Option(metavar="L", help="Language of the first.")] = None,
    b_language: Annotated[str | None, typer.Option(metavar="L", help="Language of the second.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Lines {"a", "a_lang", "b", "b_lang", "kind"} in, {"same", "why"} out.')
    ] = False,
    data: DATA = DATA_DEFAULT,
    json: JSON = False,
) -> None:
    """Whether two names mean one entity, in whatever scripts, listed or not, and why.

    Exit codes: 0 the same, 1 not.
    """
    from newswarc.commands.entities import same_names

    raise typer.Exit(same_names(a, b, kind, a_language, b_language, jsonl, data, json))


@entities_app.command("suggest", epilog=_examples("newswarc entities suggest --limit 50"))
def entities_suggest(
    limit: Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")] = 40,
    at_least: Annotated[int, typer.Option(metavar="N", min=1, help="In so many documents or more.")] = 1,
    data: DATA = DATA_DEFAULT,
    index: INDEX = None,
    json: JSON = False,
) -> None:
    """Persons and organisations that no list holds yet, spellings of one name together, for the watchlist."""
    from newswarc.commands.entities import suggest_names

    raise typer.Exit(suggest_names(limit, at_least, data, json))


@index_app.command("figures", epilog=_examples("newswarc index figures"))
def index_figures(data: DATA = DATA_DEFAULT, index: INDEX = None, json: JSON = False) -> None:
    """Send the ledger's figures to Elasticsearch, all of them; each crawl sends its own.

    Exit codes: 0 done, 1 the engine does not take them.
    """
    from newswarc.commands.index import figures

    raise typer.Exit(figures(data, json))


@index_app.command(
    "snapshot", epilog=_examples("newswarc index snapshot --location /srv/snapshots", "newswarc index snapshot")
)
def index_snapshot(
    repository: REPOSITORY = "newswarc",
    location: Annotated[
        Path | None, typer.Option(metavar="DIR", help="First make this folder the repository, on every node.")
    ] = None,
    data: DATA = DATA_DEFAULT,
    index: INDEX = None,
    json: JSON = False,
) -> None:
    """Keep the index that serves in a snapshot (Elasticsearch), whole when the command ends.

    Exit codes: 0 done, 1 the engine could not.
    """
    from newswarc.commands.index import snapshot

    raise typer.Exit(snapshot(repository, location, data, json))


@index_app.command("snapshots", epilog=_examples("newswarc index snapshots"))
def index_snapshots(
    repository: REPOSITORY = "newswarc", data: DATA = DATA_DEFAULT, index: INDEX = None, json: JSON = False
) -> None:
    """The snapshots there are of this index, oldest first."""
    from newswarc.commands.index import snapshots

    raise typer.Exit(snapshots(repository, data, json))


@index_app.command("restore", epilog=_examples("newswarc index restore articles-20261124t120000000000"))
def index_restore(
    snapshot: Annotated[str, typer.Argument(metavar="SNAPSHOT", help="Its name, see `newswarc index snapshots`.")],
    repository: REPOSITORY = "newswarc",
    data: DATA = DATA_DEFAULT,
    index: INDEX = None,
    json: JSON = False,
) -> None:
    """Bring a snapshot back as a new index, then let it serve; `newswarc index swap` undoes it.

    The next crawl sends it what the ledger has since.

    Exit codes: 0 done, 1 there is none, or it cannot be read.
    """
    from newswarc.commands.index import restore

    raise typer.Exit(restore(snapshot, repository, data, json))


@kibana_app.command(
    "install",
    epilog=_examples(
        "newswarc kibana install --index elasticsearch:http://127.0.0.1:9200/articles",
        "newswarc kibana install --kibana https://kibana.example.org --space news",
    ),
)
def kibana_install(
    kibana: Annotated[
        str | None, typer.Option(metavar="URL", help="Kibana's address.", envvar="NEWSWARC_KIBANA_URL")
    ] = None,
    space: Annotated[
        str | None, typer.Option(metavar="S", help="The id of a space.", envvar="NEWSWARC_KIBANA_SPACE")
    ] = None,
    evidence: Annotated[
        str | None,
        typer.Option(
            "--evidence-base",
            metavar="URL",
            help="Where readers' browsers find `newswarc serve`.",
            envvar="NEWSWARC_KIBANA_EVIDENCE_BASE",
        ),
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    data: DATA = DATA_DEFAULT,
    index: INDEX = None,
    json: JSON = False,
) -> None:
    """Put data views, the Discover session, map and dashboards in place; again replaces them.

    Exit codes: 0 done, 1 Kibana does not take them, 2 wrong use.
    """
    from newswarc.commands.kibana import install

    raise typer.Exit(install(kibana, space, evidence, dry, data, json))


@sample_app.command("serve", epilog=_examples("newswarc sample serve --port 8700"))
def sample_serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0: any free one.")] = 0,
    stage: Annotated[int, typer.Option(min=1, max=2, help="1: as first published; 2: edited since.")] = 1,
) -> None:
    """Serve the sample outlets on loopback until interrupted."""
    from crawler.sample.serve import serve

    serve(port=port, stage=stage)


def main() -> None:
    """The console script: faults that have a remedy are one sentence on standard error, never a traceback."""
    try:
        app()
    except Exception as e:
        from newswarc.commands.faults import explain

        sentence = explain(e)
        if sentence is None:
            raise
        print(f"newswarc: {sentence}", file=sys.stderr)
        sys.exit(2 if isinstance(e, ValueError | LookupError) else 1)
