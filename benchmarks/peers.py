"""Programs of others, each in an environment of its own under tests/.external/, for their pins clash with ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXTERNAL = Path(__file__).resolve().parents[1] / "tests" / ".external"
NEWS_PLEASE = "news-please==1.6.16"


def news_please() -> tuple[Path | None, str]:
    """(its interpreter, "") or (None, why there is none); installs it where it is not there yet."""
    folder = EXTERNAL / "news-please"
    python = folder / "bin" / "python"
    if not _imports(python, "newsplease"):
        commands = ([sys.executable, "-m", "venv", folder], [python, "-m", "pip", "install", "--quiet", NEWS_PLEASE])
        for command in commands:
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
            if done.returncode:
                return None, f"{NEWS_PLEASE} could not be installed: {done.stderr.strip().splitlines()[-1:]}"
    return (python, "") if _imports(python, "newsplease") else (None, f"{NEWS_PLEASE} is installed but does not start")


def _imports(python: Path, module: str) -> bool:
    if not python.exists():
        return False
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0
