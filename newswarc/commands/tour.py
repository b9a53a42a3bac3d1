"""The main job in plain sight, with the same commands that anyone would type."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from archive.http import charset
from newswarc.commands.printing import console, visible

QUESTION = {"sample": "Термез"}
"""What is searched for in a region: a name, which finds it in every script; others are asked what they all write of."""
DEFAULT_QUESTION = "Taliban OR Tashkent"


def run(region: str, data: Path) -> int:
    if region != "sample":
        return _commands(region, data, {})
    from crawler.sample.serve import environment, running

    with running() as server:
        console().print(f"[dim]the sample outlets are served on 127.0.0.1:{server.port}[/dim]\n")
        return _commands(region, data, environment(server))


def _commands(region: str, data: Path, environ: Mapping[str, str]) -> int:
    env = {**os.environ, **environ}
    question = QUESTION.get(region, DEFAULT_QUESTION)
    code = _say_and_run(["crawl", region, "--data", str(data)], env)
    if code not in (0, 1):
        return code
    _say_and_run(["search", question, "--limit", "3", "--data", str(data)], env)
    found = json.loads(_output(["search", question, "--limit", "1", "--data", str(data), "--json"], env))
    if not found["hits"]:
        console().print("nothing was found: no outlet of this region could be read, see the summary above", style="red")
        return 1
    document = found["hits"][0]["id"]
    _say_and_run(["show", document, "--data", str(data)], env)
    _say_and_run(["show", document, "--wire", "--data", str(data)], env, lines=24)
    code = _say_and_run(["verify", document, "--data", str(data)], env) or code
    go_on = f".venv/bin/newswarc search 'your words' --data {shlex.quote(str(data))}"
    console().print(f"\nGo on with: {go_on}", style="bold", markup=False)
    return code


def _say_and_run(arguments: Sequence[str], env: Mapping[str, str], lines: int | None = None) -> int:
    """Runs a command as a user would; with `lines` only the beginning of what it prints is shown."""
    console().print(f"\n$ newswarc {shlex.join(arguments)}", style="bold green", markup=False)
    sys.stdout.flush()
    command = [sys.executable, "-m", "newswarc", *arguments]
    if lines is None:
        return subprocess.run(command, env=dict(env), check=False).returncode
    done = subprocess.run(command, env=dict(env), check=False, capture_output=True)
    shown = done.stdout.decode(charset(done.stdout.partition(b"\r\n\r\n")[0]) or "utf-8", "replace").splitlines()
    console().print(visible("\n".join(shown[:lines])), markup=False)
    console().print(f"… {max(len(shown) - lines, 0)} more lines", style="dim")
    return done.returncode


def _output(arguments: Sequence[str], env: Mapping[str, str]) -> str:
    command = [sys.executable, "-m", "newswarc", *arguments]
    return subprocess.run(command, env=dict(env), check=True, capture_output=True, text=True).stdout
