"""Readers written by others, fetched on first use into `tests/.external/` (git-ignored), each run as its own program.

Where one cannot be had the test is skipped with the reason; under CI (env `CI` set) it fails instead.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

FOLDER = Path(__file__).parent / ".external"
JWARC = "0.36.0"
PYWB = "2.10.0"


def jwarc_jar() -> Path:
    """jwarc from Maven Central, run as `java -jar`."""
    jar = FOLDER / f"jwarc-{JWARC}.jar"
    for program in ("java", "mvn"):
        if not shutil.which(program) and not (program == "mvn" and jar.exists()):
            cannot(f"jwarc needs {program}, which is not installed")
    with once():
        if not jar.exists():
            artifact = f"-Dartifact=org.netpreserve:jwarc:{JWARC}"
            # The plugin's version is pinned: the one Maven would choose by itself changes.
            plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
            run(["mvn", "--batch-mode", "-q", plugin, artifact, f"-DoutputDirectory={FOLDER}"])
    return jar


def pywb_python() -> Path:
    """The Python of an environment that holds pywb (GPL: it is run, never imported); its programs lie beside it."""
    environment = FOLDER / f"pywb-{PYWB}"
    python = environment / "bin" / "python"
    with once():
        if not (environment / "bin" / "wayback").exists():
            shutil.rmtree(environment, ignore_errors=True)
            run([sys.executable, "-m", "venv", str(environment)])
            run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"pywb=={PYWB}"])
    return python


def chromium() -> str:
    """A headless-capable Chromium; as root in CI Debian's package is installed where there is none."""
    with once():
        found = _chromium()
        if not found and os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get"):
            run(["apt-get", "update", "-qq"])
            run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"])
            found = _chromium()
    return found or cannot("no Chromium is installed (Debian: apt-get install chromium)")


def _chromium() -> str | None:
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def once() -> Iterator[None]:
    """One test process installs at a time."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=FOLDER)
    if done.returncode:
        cannot(f"{' '.join(command[:4])} … failed: {(done.stderr or done.stdout).strip()[-500:]}")


def cannot(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"CI must run this: {reason}")
    pytest.skip(reason)
