"""`newswarc serve`: search and evidence pages in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from newswarc.commands.faults import NotFound, WorkFault
from newswarc.commands.printing import console

NEEDED = ("starlette", "jinja2", "uvicorn")


def run(data: Path, address: str, port: int, names: Sequence[str]) -> int:
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise WorkFault(
            f"serving pages needs {', '.join(missing)}, which is not installed: pip install 'newswarc[web]'"
        )
    if not data.is_dir():
        raise NotFound(f"no data folder {data}: crawl first, or name the folder with --data")
    from web.serve import is_loopback, serve

    if not is_loopback(address):
        console(stderr=True).print(
            f"{address} is not loopback: whoever reaches it can read all that is here, there is no login",
            style="yellow",
        )
    serve(data, address, port, names)
    return 0
