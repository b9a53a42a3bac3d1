"""A real Elasticsearch for the tests: fetched, started on free loopback ports, stopped by its own process id.

The build for integration tests from Maven Central is the whole server with security, but without some modules that
every ordinary one has; `languages/` gives back the analyzers. It runs as an unprivileged user, with its data and
configuration in a temporary folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

VERSION = "9.1.5"
OLDEST_JAVA = 21
HERE = Path(__file__).resolve().parent
EXTERNAL = HERE.parent / ".external"
NOBODY = 65534
HEAP = "512m"
QUICK = ("-XX:TieredStopAtLevel=1",)
"""Options of its Java: it starts with half the work, and what runs long is slower. Whoever measures goes without."""


class Unavailable(Exception):
    """The server cannot be had on this machine; the text says what is missing."""


# ---- having it


@cache
def java_home() -> Path:
    """Of a JDK that is new enough, wherever Linux keeps them."""
    named = [Path(os.environ[name]) for name in ("ES_JAVA_HOME", "JAVA_HOME") if os.environ.get(name)]
    found = [home for place in ("/usr/lib/jvm", "/opt", "/usr/java") for home in sorted(Path(place).glob("*"))]
    on_path = shutil.which("javac")
    for home in [*named, *found, *([Path(on_path).resolve().parent.parent] if on_path else [])]:
        if (home / "bin" / "javac").is_file() and _java_version(home) >= OLDEST_JAVA:
            return home
    raise Unavailable(f"no JDK {OLDEST_JAVA} or later: set JAVA_HOME to one")


def _java_version(home: Path) -> int:
    said = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    return int(version[1]) if version else 0


def installed() -> Path:
    """The server's home, unpacked and with the plugin, made on first use."""
    java, home = java_home(), EXTERNAL / f"elasticsearch-{VERSION}"
    EXTERNAL.mkdir(exist_ok=True)
    with (EXTERNAL / ".elasticsearch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "bin" / "elasticsearch").exists():
            _unpack(_fetch(), home)
        _add_plugin(home, java)
    return home


def _fetch() -> Path:
    archive = EXTERNAL / f"elasticsearch-{VERSION}.zip"
    if archive.exists():
        return archive
    if not shutil.which("mvn"):
        raise Unavailable("no Maven (mvn) to fetch Elasticsearch with")
    artifact = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
    plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
    quiet = ["mvn", "--batch-mode", "-q"]
    _run([*quiet, f"{plugin}:get", f"-Dartifact={artifact}", "-Dtransitive=false"])
    _run([*quiet, f"{plugin}:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={EXTERNAL}"])
    return archive


def _run(command: list[str]) -> None:
    # Maven looks for a project where it runs.
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=EXTERNAL)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()[-1500:]
        raise Unavailable(f"{' '.join(map(str, command[:4]))} … failed: {said}")


def _unpack(archive: Path, home: Path) -> None:
    with tempfile.TemporaryDirectory(dir=EXTERNAL) as folder, zipfile.ZipFile(archive) as content:
        for entry in content.infolist():
            path = Path(content.extract(entry, folder))
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        os.replace(Path(folder) / home.name, home)


def _add_plugin(home: Path, java: Path) -> None:
    source, plugin = HERE / "languages", home / "plugins" / "newswarc-test-languages"
    jar = plugin / "languages.jar"
    if jar.exists() and jar.stat().st_mtime > max(path.stat().st_mtime for path in source.iterdir()):
        return
    plugin.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=EXTERNAL) as classes:
        _run([str(java / "bin" / "javac"), "--release", str(OLDEST_JAVA), "-proc:none", "-cp", f"{home}/lib/*",
              "-d", classes, str(source / "LanguagesPlugin.java")])  # fmt: skip
        _run([str(java / "bin" / "jar"), "--create", "--file", str(jar), "-C", classes, "."])
    shutil.copy(source / "plugin-descriptor.properties", plugin)


# ---- running it


class Node:
    """One server with its data in a folder of its own. `start` again after `stop` or `kill` is the same node."""

    def __init__(
        self, folder: Path, settings: Mapping[str, Any] | None = None, heap: str = HEAP, java: Sequence[str] = QUICK
    ) -> None:
        """`settings` are added to those of a single node without security."""
        self.folder, self.java = folder, (f"-Xms{heap}", f"-Xmx{heap}", *java)
        self.home = _reachable(installed(), folder)
        self.config = folder / "config"
        shutil.copytree(self.home / "config", self.config)
        self.settings: dict[str, Any] = {
            "node.name": folder.name,
            "path.data": str(folder / "data"),
            "path.logs": str(folder / "logs"),
            "network.host": "127.0.0.1",
            "http.port": 0,
            "transport.port": 0,
            "node.portsfile": True,
            "discovery.type": "single-node",
            "xpack.security.enabled": False,
            "cluster.routing.allocation.disk.threshold_enabled": False,
            **(settings or {}),
        }
        self.pid: int | None = None

    @property
    def url(self) -> str:
        scheme = "https" if self.settings.get("xpack.security.http.ssl.enabled") else "http"
        return f"{scheme}://127.0.0.1:{self.settings['http.port']}"

    def start(self) -> Node:
        """Starts it and returns once it listens; its ports stay the same from then on."""
        settings = {name: value for name, value in self.settings.items() if value is not None}
        (self.config / "elasticsearch.yml").write_text("".join(f"{k}: {json.dumps(v)}\n" for k, v in settings.items()))
        (self.config / "jvm.options.d" / "tests.options").write_text("\n".join(self.java) + "\n")
        _give(self.folder)
        done = self._program("elasticsearch", "-d", "-p", str(self.folder / "pid"))
        if done.returncode:
            raise RuntimeError(f"Elasticsearch did not start:\n{done.stdout}\n{done.stderr}\n{self.log()}")
        self.pid = int((self.folder / "pid").read_text())
        for kind in ("http", "transport"):
            self.settings[f"{kind}.port"] = self._port(kind)
        return self

    def _program(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "ES_JAVA_HOME": str(java_home()),
            "ES_PATH_CONF": str(self.config),
            "ES_TMPDIR": str(self.folder / "tmp"),
            # Its launcher and tools need little; their own default is a quarter of the machine.
            "CLI_JAVA_OPTS": "-Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        }
        (self.folder / "tmp").mkdir(exist_ok=True)
        _give(self.folder / "tmp")
        return subprocess.run(
            ["nice", "-n", "10", str(self.home / "bin" / name), *arguments],
            env=environment, cwd=self.folder, capture_output=True, text=True, check=False, timeout=150, **_as_nobody(),
        )  # fmt: skip

    def add_user(self, name: str, password: str, *roles: str) -> None:
        """A user of the file realm."""
        _give(self.folder)
        done = self._program("elasticsearch-users", "useradd", name, "-p", password, "-r", ",".join(roles))
        if done.returncode:
            raise RuntimeError(f"no user {name}: {done.stdout} {done.stderr}")
        _give(self.config)

    def _port(self, kind: str) -> int:
        addresses = (self.folder / "logs" / f"{kind}.ports").read_text().split()
        return int(next(a for a in addresses if a.startswith("127.0.0.1:")).rpartition(":")[2])

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
            until(lambda: not _alive(self.pid), "the server has ended", 60)
            self.pid = None

    def log(self) -> str:
        logs = sorted((self.folder / "logs").glob("*.log"), key=lambda path: path.stat().st_size)
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-6000:]}" for path in logs)


@contextlib.contextmanager
def node(settings: Mapping[str, Any] | None = None, **more: Any) -> Iterator[Node]:
    """A node in a temporary folder, started, and stopped in the end."""
    with workspace() as folder:
        (folder / "node").mkdir()
        made = Node(folder / "node", settings, **more)
        try:
            yield made.start()
        finally:
            made.stop()


@contextlib.contextmanager
def workspace() -> Iterator[Path]:
    """A temporary folder that the server's user may enter."""
    with tempfile.TemporaryDirectory(prefix="newswarc-elastic-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def request(
    url: str, method: str = "GET", body: Any = None, context: ssl.SSLContext | None = None, **headers: str
) -> Any:
    """One request to a server, apart from the client under test; its JSON. OSError: what it was refused with."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers}, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=60, context=context) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as fault:
        with fault:
            raise OSError(f"{fault.code} {fault.read().decode(errors='replace')}") from fault


def remove_indices(url: str, name: str) -> None:
    """What newswarc made under that name: indices and templates."""
    made = [f"_index_template/newswarc-{name}", f"_component_template/newswarc-{name}"]
    with contextlib.suppress(OSError):  # no right to look
        made = [*request(f"{url}/{name}-v*,{name}-figures*"), *made]  # by their names: a server removes nothing by *
    for path in made:
        with contextlib.suppress(OSError):  # not made, or not the right to make it
            request(f"{url}/{path}", "DELETE")


def _as_nobody() -> dict[str, Any]:
    """Elasticsearch refuses to run as root."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _give(folder: Path) -> None:
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)


def _reachable(home: Path, folder: Path) -> Path:
    """The home itself where the server's user can enter it, a copy beside the node's folder where not (as in /root)."""
    if os.geteuid() != 0 or all(path.stat().st_mode & 0o001 for path in (home, *home.parents)):
        return home
    copy = folder.parent / home.name
    if not copy.exists():
        shutil.copytree(home, copy)
    return copy


def _alive(pid: int | None) -> bool:
    """Whether a process runs; one that has ended but whose end nobody has read runs no more."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")


def until(true: Callable[[], Any], what: str, seconds: float) -> None:
    """Waits for it; TimeoutError where it does not come."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


# ---- one for the whole run


@contextlib.contextmanager
def shared(folder: Path) -> Iterator[str]:
    """The URL of the run's one server: the first of the test processes starts it, the last one stops it."""
    state = folder / "elasticsearch.json"
    with _locked(state):
        running = json.loads(state.read_text()) if state.exists() else None
        running = running or _started()
        running["users"] += 1
        state.write_text(json.dumps(running))
    try:
        yield running["url"]
    finally:
        with _locked(state):
            running = json.loads(state.read_text())
            running["users"] -= 1
            if not running["users"]:
                _ended(running)
                running = None
            state.write_text(json.dumps(running))


def _started() -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="newswarc-elastic-"))
    folder.chmod(0o755)
    (folder / "node").mkdir()
    made = Node(folder / "node").start()
    return {"url": made.url, "pid": made.pid, "folder": str(folder), "users": 0}


def _ended(running: dict[str, Any]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(running["pid"], signal.SIGTERM)
    until(lambda: not _alive(running["pid"]), "the server has ended", 60)
    shutil.rmtree(running["folder"], ignore_errors=True)


@contextlib.contextmanager
def _locked(state: Path) -> Iterator[None]:
    with state.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
