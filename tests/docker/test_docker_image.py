"""What docker/Dockerfile does, done outside a container: its RUN lines, and what they leave run as the image's user.

The base image is not there: the Python is that of the tests, the file system this machine's, on which the image's user
may write as little as on a read-only one. The layers, the image's own /etc/passwd and HEALTHCHECK are not tried.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from docker_kit import DOCKER, ROOT, stages
from elastic_server import workspace

from crawler.sample.serve import environment, running

USER = 10001
SECONDS = 280


@dataclass(frozen=True)
class Image:
    """`opt` stands for /opt, `data` for /data; the rest of `folder` is the build stage's."""

    folder: Path

    @property
    def opt(self) -> Path:
        return self.folder / "opt"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*as_user(), str(self.opt / "newswarc" / "bin" / command[0]), *command[1:]],
            env=self.environ(more), cwd=self.data, capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip

    def environ(self, more: Mapping[str, str]) -> dict[str, str]:
        """What the last stage sets, and nothing of this machine's but where programs are."""
        text = " ".join(rest for name, rest in stages()[-1] if name == "ENV")
        given = dict(pair.split("=", 1) for pair in text.split())
        given |= {"PATH": f"{self.opt}/newswarc/bin:{os.environ['PATH']}", "NEWSWARC_DATA": str(self.data)}
        return given | {"LANG": "C.UTF-8", "NEWSWARC_SERVE_ADDRESS": "127.0.0.1", **more}


def as_user() -> list[str]:
    """The image's user, who may read all here, for this Python may lie in the home of root, and write only his own."""
    read = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "--no-new-privs"]
    user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *read]
    return user if os.geteuid() == 0 and shutil.which("setpriv") else []


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with workspace() as folder:
        made = Image(folder)
        for path in (made.opt, made.data, folder / "src"):
            path.mkdir()
        if os.geteuid() == 0:
            os.chown(made.data, USER, USER)
        for name, rest in stages()[0]:
            if name == "COPY":
                copy(rest, folder / "src")
            elif name == "RUN":
                build(rest, made)
        yield made


def copy(rest: str, to: Path) -> None:
    *sources, target = rest.split()
    for source in sources:
        place = to / target / (Path(source).name if target.endswith("/") else "")
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, place)


def build(line: str, made: Image) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSWARC_", "VIRTUAL_ENV"))}
    environ["PATH"] = f"{made.opt}/newswarc/bin:{Path(sys.executable).parent}:{environ['PATH']}"
    environ |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    done = subprocess.run(
        ["/bin/sh", "-c", line.replace("/opt/newswarc", f"{made.opt}/newswarc")], cwd=made.folder / "src",
        env=environ, capture_output=True, text=True, check=False, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, (line, done.stdout[-3000:], done.stderr[-3000:])


def test_it_holds_what_newswarc_needs_and_no_tool_to_build_with(image: Image) -> None:
    (site,) = (image.opt / "newswarc" / "lib").glob("python*/site-packages")
    there = {path.name for path in site.iterdir()}
    assert not {"pip", "setuptools", "wheel"} & there
    assert {"elasticsearch", "starlette", "uvloop"} <= there
    for room in ("search", "sources", "web"):
        for path in (ROOT / room).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert (site / path.relative_to(ROOT)).is_file(), f"{path.relative_to(ROOT)} is not installed"
    assert not [path for path in site.rglob("*.py") if path.parent.name == "tests" and path.parent.parent == site]


def test_it_does_its_work_as_a_user_who_may_write_nothing_but_its_data(image: Image) -> None:
    with running() as server:
        crawled = image.run("newswarc", "crawl", "sample", "--json", **environment(server))
    assert crawled.returncode == 0, crawled.stderr
    assert json.loads(crawled.stdout)["totals"]["documents"]
    for words in (["search", "Termez"], ["verify", "--all"], ["status", "--json"]):
        done = image.run("newswarc", *words)
        assert done.returncode == 0, done.stderr
    if os.geteuid() == 0:
        assert not [path for path in image.opt.rglob("*") if path.stat().st_uid == USER]


def test_its_default_command_answers_its_health_check(image: Image) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    said = dict(stages()[-1])
    (command,) = json.loads(said["CMD"])
    (entrypoint,) = json.loads(said["ENTRYPOINT"])
    check = json.loads(re.search(r"CMD (\[.*])", said["HEALTHCHECK"])[1])  # type: ignore[index]
    check = [word.replace("/opt/newswarc/docker", str(DOCKER)) for word in check]
    assert image.run(*check, NEWSWARC_SERVE_PORT=port).returncode == 1
    with subprocess.Popen(
        [*as_user(), str(image.opt / "newswarc" / "bin" / entrypoint), command],
        env=image.environ({"NEWSWARC_SERVE_PORT": port}), cwd=image.data, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert f":{port}/" in process.stdout.readline()
            healthy = image.run(*check, NEWSWARC_SERVE_PORT=port)
            assert healthy.returncode == 0, healthy.stderr
        finally:
            process.terminate()


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("useradd"), reason="adding users takes root and Debian's tools"
)
def test_its_user_has_a_fixed_number_and_no_shell(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "group", "shadow", "gshadow"):
        (tmp_path / "etc" / name).write_text("")
    (line,) = (rest for name, rest in stages()[-1] if name == "RUN")
    add = " && ".join(part for part in line.split("&&") if "add " in part)
    add = re.sub(r"\b(groupadd|useradd)\b", rf"\1 --prefix {tmp_path}", add)
    done = subprocess.run(["/bin/sh", "-c", add], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "etc" / "passwd").read_text() == f"newswarc:x:{USER}:{USER}::/tmp:/usr/sbin/nologin\n"
