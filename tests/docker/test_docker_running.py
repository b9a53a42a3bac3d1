"""Every command of compose.yaml, run outside a container: same arguments, same environment, on a real Elasticsearch.

What a container would give is put in its place: a folder for each volume, 127.0.0.1 and a free port for es01:9200. Not
run: Elasticsearch's and Kibana's own images and entrypoints, and Kibana.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import external
import pytest
import yaml
from docker_kit import DOCKER, ROOT, services
from elastic_server import Node, Unavailable, _as_nobody, _give, java_home, request, workspace

from crawler.sample.serve import environment, running

KEYSTORE = """
set -e
source "$ES_HOME/bin/elasticsearch-env-from-file"
"$ES_HOME/bin/elasticsearch-keystore" create
echo "$ELASTIC_PASSWORD" | "$ES_HOME/bin/elasticsearch-keystore" add -x bootstrap.password
"""
"""What the image's entrypoint does with ELASTIC_PASSWORD_FILE before it starts the server."""
SECONDS = 120


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@dataclass
class Outside:
    """The project without containers: `volumes` has a folder for each volume, `nodes` what runs."""

    folder: Path
    more: dict[str, str]
    nodes: dict[str, Node] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    kind: str = "one"
    printed: list[str] = field(default_factory=list)

    def volume(self, name: str) -> Path:
        path = self.folder / "volumes" / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def service(self, name: str) -> Any:
        return services(self.kind)[name]

    def here(self, name: str, text: str) -> str:
        """A text of a service, with what stands for containers, images and mounts put in."""
        for node, running_ in self.nodes.items():
            text = text.replace(f"https://{node}:9200", running_.url)
        text = text.replace("/opt/newswarc/docker/", f"{DOCKER}/")
        if name == "snapshot":  # a folder of the nodes, not its own
            text = text.replace("/usr/share/elasticsearch/snapshots", str(self.volume("snapshots")))
        mounts = {mount["target"]: self.volume(mount["source"]) for mount in self.service(name)["volumes"]}
        for target in sorted(mounts, key=len, reverse=True):
            if text == target or f"{target}/" in text:
                text = text.replace(target, str(mounts[target]), 1)
        return text

    def command(self, name: str, *arguments: str) -> list[str]:
        service = self.service(name)
        words = [*(service.get("entrypoint") or ["newswarc"]), *(arguments or service.get("command") or [])]
        words = [sys.executable, "-m", "newswarc", *words[1:]] if words[0] == "newswarc" else words
        words = [sys.executable, *words[1:]] if words[0] == "python" else words
        return [self.here(name, word) for word in words]

    def environ(self, name: str) -> dict[str, str]:
        given = {k: self.here(name, v or "") for k, v in self.service(name).get("environment", {}).items()}
        image = {"NEWSWARC_DATA": str(self.volume("data")), "NEWSWARC_SERVE_ADDRESS": "127.0.0.1"}
        # Where the scripts look by themselves is a mount of the container.
        mounts = {mount["target"]: mount["source"] for mount in self.service(name)["volumes"]}
        image |= {"KEYS": str(self.volume(mounts["/keys"]) if "/keys" in mounts else self.folder / "keys")}
        image |= {"SNAPSHOTS": str(self.volume("snapshots"))}
        kept = {k: v for k, v in os.environ.items() if not k.startswith("NEWSWARC_")}
        return {**kept, **image, **given, **self.more, "PYTHONPATH": str(ROOT)}

    def run(self, name: str, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            self.command(name, *arguments), env=self.environ(name), cwd=self.folder,
            capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
        self.printed += [done.stdout, done.stderr]
        assert done.returncode == code, (name, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def healthy(self, name: str) -> bool:
        """The health check of a service, as it stands but for ports and paths."""
        kind, *words = self.service(name)["healthcheck"]["test"]
        if kind == "CMD-SHELL":
            port = str(self.ports.get(name) or "")
            command = ["/bin/sh", "-c", self.here(name, words[0]).replace("localhost:9200", f"localhost:{port}")]
        else:
            command = self.command(name, *words[1:])[:3] if words[0] == "newswarc" else [sys.executable]
            command += [self.here(name, word) for word in words[1:]]
        return subprocess.run(command, env=self.environ(name), capture_output=True, timeout=60).returncode == 0

    # ---- Elasticsearch

    def node(self, name: str) -> Node:
        """The node of that name, with the settings compose gives it, as far as they do not name places."""
        env = self.service(name)["environment"]
        given = {key: value for key, value in env.items() if "." in key}
        if name not in self.nodes:
            (self.folder / name).mkdir()
            self.nodes[name] = Node(self.folder / name, heap="400m")
            self._keys(self.nodes[name], env)
            self.ports[f"{name} transport"] = free_port()
        node = self.nodes[name]
        given |= {"discovery.type": given.get("discovery.type"), "path.repo": str(self.volume("snapshots"))}
        ports = [self.ports[f"{other} transport"] for other in self.nodes]
        given["discovery.seed_hosts"] = ",".join(f"127.0.0.1:{port}" for port in ports)
        node.settings.update(given | {"transport.port": self.ports[f"{name} transport"]})
        return node

    def start(self, name: str) -> None:
        node = self.node(name)
        node.start()
        self.ports[name] = int(node.settings["http.port"])

    def _keys(self, node: Node, env: Mapping[str, str]) -> None:
        shutil.copytree(self.volume("keys-elasticsearch"), node.config / "certs")
        _give(node.folder)
        password = env["ELASTIC_PASSWORD_FILE"].replace("/usr/share/elasticsearch/config", str(node.config))
        kept = self.folder / "elasticsearch.keystore"
        if not kept.exists():
            done = subprocess.run(
                ["bash", "-c", KEYSTORE], capture_output=True, text=True, cwd=node.folder, check=False,
                env={"PATH": os.environ["PATH"], "ES_HOME": str(node.home), "ES_PATH_CONF": str(node.config),
                     "ES_JAVA_HOME": str(java_home()), "ELASTIC_PASSWORD_FILE": password,
                     "CLI_JAVA_OPTS": "-Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"}, **_as_nobody(),
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            shutil.copy(node.config / "elasticsearch.keystore", kept)
        shutil.copy(kept, node.config)

    def ask(self, user: str, path: str, method: str = "GET", body: Any = None, node: str = "es01") -> Any:
        password = (self.volume("keys-admin") / user).read_text()
        signed = base64.b64encode(f"{user}:{password}".encode()).decode()
        trust = ssl.create_default_context(cafile=str(self.volume("keys-admin") / "ca.crt"))
        return request(self.nodes[node].url + path, method, body, trust, Authorization=f"Basic {signed}")

    def secrets(self) -> list[str]:
        names = ("keys-admin", "keys-authority", "keys-crawler", "keys-reader", "keys-elasticsearch")
        files = [path for name in names for path in self.volume(name).iterdir() if path.suffix != ".crt"]
        return [path.read_text().strip() for path in files]


@pytest.fixture(scope="module")
def up() -> Iterator[Outside]:
    """`docker compose up` with one node, in the order of depends_on, and a first round of the crawl."""
    try:
        with workspace() as folder, running() as server:
            made = Outside(folder, environment(server))
            try:
                yield _up(made)
            finally:
                for node in made.nodes.values():
                    node.stop()
    except Unavailable as fault:
        external.cannot(f"no Elasticsearch to test with: {fault}")


def _up(made: Outside) -> Outside:
    prepare(made)
    made.start("es01")
    for name in ("accounts", "index"):
        made.run(name)
    assert crawl(made) == 143
    return made


def prepare(made: Outside) -> str:
    """Its folder of keys is one of links, a volume each."""
    volumes = {mount["target"]: mount["source"] for mount in made.service("prepare")["volumes"]}
    keys = made.folder / "keys"
    keys.mkdir(exist_ok=True, parents=True)
    for target, source in volumes.items():
        link = keys / Path(target).name
        if target.startswith("/keys/") and not link.exists():
            link.symlink_to(made.volume(source))
    said = made.run("prepare")
    _give(made.volume(volumes["/snapshots"]))  # the server runs here as another user than in its image
    return said


def crawl(made: Outside) -> int:
    """One round of `crawl --every`, ended while it waits for the next."""
    command = ["sample" if word == "central-asia" else word for word in made.command("crawl")]
    with subprocess.Popen(
        command, env=made.environ("crawl"), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        said = []
        for line in process.stderr:
            said.append(line)
            if "next round in" in line:
                process.send_signal(signal.SIGTERM)
        made.printed += [*said, process.stdout.read() if process.stdout else ""]
        assert process.wait(SECONDS) == 143, "".join(said)
    return process.returncode


@contextlib.contextmanager
def serving(made: Outside) -> Iterator[str]:
    port = free_port()
    made.more["NEWSWARC_SERVE_PORT"] = str(port)
    with subprocess.Popen(
        made.command("serve"), env=made.environ("serve"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            assert f":{port}/" in process.stdout.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            made.printed += process.communicate(timeout=SECONDS)
            del made.more["NEWSWARC_SERVE_PORT"]


# ---- one node


def test_the_crawl_wrote_and_the_pages_show_it(up: Outside) -> None:
    assert up.ask("newswarc_reader", "/articles/_count")["count"] > 20, "".join(up.printed)
    assert "has not the right" not in "".join(up.printed)
    assert not up.healthy("serve")
    with serving(up) as url:
        assert up.healthy("serve")
        found = request(f"{url}/api/search?q=Termez")
        assert found["hits"]
        opened = subprocess.run(
            ["curl", "--silent", "--fail", f"{url}/evidence/{found['hits'][0]['id']}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "verified" in opened.stdout.lower() or "intact" in opened.stdout.lower(), opened.stdout[:2000]


def test_health_of_elasticsearch_and_the_crawl(up: Outside) -> None:
    assert up.healthy("es01")
    assert up.healthy("crawl")
    up.ports["es01"], kept = free_port(), up.ports["es01"]
    try:
        assert not up.healthy("es01")
    finally:
        up.ports["es01"] = kept


def test_a_crawl_without_a_ledger_is_not_healthy(up: Outside, tmp_path: Path) -> None:
    empty = Outside(tmp_path, {})
    assert not empty.healthy("crawl")


@pytest.mark.parametrize(
    ("user", "may"),
    [
        ("newswarc_reader", {"/articles/_count"}),
        ("newswarc_crawler", {"/articles/_count"}),
        ("newswarc_kibana", {"/articles/_count"}),
        ("analyst", {"/articles/_count"}),
        ("newswarc_admin", {"/articles/_count", "/_index_template"}),
        ("newswarc_snapshots", {"/articles/_count", "/_index_template", "/_snapshot"}),
        ("kibana_system", {"/_index_template"}),
    ],
)
def test_each_user_has_its_password_and_only_its_rights(up: Outside, user: str, may: set[str]) -> None:
    assert up.ask(user, "/_security/_authenticate")["username"] == user
    for path in ("/articles/_count", "/_index_template", "/_snapshot", "/_security/user"):
        if path in may:
            up.ask(user, path)
        else:
            with pytest.raises(OSError, match=r"403|404"):
                up.ask(user, path)


def test_the_pages_cannot_write(up: Outside) -> None:
    with pytest.raises(OSError, match="403"):
        up.ask("newswarc_reader", "/articles/_doc/x", "PUT", {"id": "x"})
    with pytest.raises(OSError, match="403"):
        up.ask("analyst", "/articles", "DELETE")


def test_up_again_changes_nothing_and_keeps_a_persons_own_password(up: Outside) -> None:
    before, count = sorted(up.secrets()), up.ask("newswarc_reader", "/articles/_count")["count"]
    assert "new certificates: none needed" in prepare(up)
    assert sorted(up.secrets()) == before
    path = "/_security/user/analyst/_password"
    up.ask("elastic", path, "PUT", {"password": "a password of her own"})
    assert "analyst" in up.run("accounts")
    up.run("index")
    with pytest.raises(OSError, match="401"):
        up.ask("analyst", "/_security/_authenticate")
    up.ask("elastic", path, "PUT", {"password": (up.volume("keys-admin") / "analyst").read_text()})
    assert up.ask("newswarc_reader", "/articles/_count")["count"] == count


def test_a_new_password_reaches_everyone_who_needs_it(up: Outside) -> None:
    old = (up.volume("keys-reader") / "password").read_text()
    (up.volume("keys-admin") / "newswarc_reader").unlink()
    prepare(up)
    up.run("accounts")
    assert (up.volume("keys-reader") / "password").read_text() != old
    with serving(up) as url:
        assert request(f"{url}/api/search?q=Termez")["hits"]


def test_accounts_say_in_one_sentence_what_is_wrong(up: Outside) -> None:
    file = up.volume("keys-admin") / "elastic"
    held = file.read_bytes()
    replaced(file, b"not the password")
    up.more["PATIENCE"] = "1"
    try:
        said = up.run("accounts", code=1)
    finally:
        del up.more["PATIENCE"]
        replaced(file, held)
    assert "does not take the password of `elastic`" in said
    assert "Traceback" not in said
    ca = up.volume("keys-admin") / "ca.crt"
    held = ca.read_bytes()
    other = Outside(up.folder / "other", {})
    prepare(other)
    replaced(ca, (other.volume("keys-admin") / "ca.crt").read_bytes())
    try:
        said = up.run("accounts", code=1)
    finally:
        replaced(ca, held)
    assert "certificate verify failed" in said
    assert "Traceback" not in said


def replaced(file: Path, content: bytes) -> None:
    file.unlink()
    file.write_bytes(content)


def test_a_snapshot_is_kept_and_brought_back(up: Outside) -> None:
    count = up.ask("newswarc_reader", "/articles/_count")["count"]
    up.run("snapshot")
    (kept,) = json.loads(up.run("snapshot", "index", "snapshots", "--json"))
    assert any(up.volume("snapshots").iterdir())
    up.run("snapshot", "index", "restore", kept["name"])
    assert up.ask("newswarc_reader", "/articles/_count")["count"] == count


def test_the_index_is_made_again_from_the_archive(up: Outside) -> None:
    count, before = (up.ask("newswarc_reader", path) for path in ("/articles/_count", "/_alias/articles"))
    up.run("rebuild")
    assert up.ask("newswarc_reader", "/_alias/articles") != before
    assert up.ask("newswarc_reader", "/articles/_count")["count"] == count["count"]


def test_kibana_has_a_file_of_settings_that_elasticsearch_agrees_with(up: Outside) -> None:
    settings = up.volume("keys-kibana") / "kibana.yml"
    assert settings.stat().st_mode & 0o777 == 0o400
    read = yaml.safe_load(settings.read_text())
    assert read["elasticsearch.password"] == (up.volume("keys-admin") / "kibana_system").read_text()
    assert len(read["elasticsearch.hosts"]) in (1, 3)
    keys = [value for name, value in read.items() if name.endswith("encryptionKey")]
    assert len({*keys}) == 3
    assert all(len(key) >= 32 for key in keys)
    assert "keys/kibana.yml" in " ".join(up.service("kibana")["command"])
    mounts = {mount["target"] for mount in up.service("kibana")["volumes"]}
    (ca,) = read["elasticsearch.ssl.certificateAuthorities"]
    assert str(Path(ca).parent) in mounts


def test_the_objects_of_kibana_are_tried_and_say_where_it_does_not_answer(up: Outside) -> None:
    up.more["NEWSWARC_KIBANA_URL"] = f"http://127.0.0.1:{free_port()}"
    try:
        said = up.run("kibana-objects", code=1)
    finally:
        del up.more["NEWSWARC_KIBANA_URL"]
    assert "Kibana" in said
    assert "Traceback" not in said


def test_nothing_printed_a_secret(up: Outside) -> None:
    """With what the other tests of this module made it print until now; each of them checks the last of its own."""
    prepare(up)
    up.run("accounts")
    printed = "\n".join(up.printed)
    assert "accounts are in place" in printed
    for secret in up.secrets():
        assert secret not in printed


# ---- from one node to three


def test_one_node_becomes_three_and_one_of_them_may_die(up: Outside) -> None:
    before = up.ask("newswarc_reader", "/articles/_count")["count"]
    up.nodes["es01"].stop()
    up.kind = "cluster"
    names = ("es01", "es02", "es03")
    for name in names:
        up.node(name)  # all are there before the first starts, for it is told the others' ports
    for name in names:
        up.start(name)
    up.run("accounts")
    health = up.ask("elastic", "/_cluster/health?wait_for_nodes=3&wait_for_status=green&timeout=60s")
    assert (health["status"], health["number_of_nodes"], health["timed_out"]) == ("green", 3, False)
    voting = up.ask("elastic", "/_cluster/state/metadata")["metadata"]["cluster_coordination"]
    assert len(voting["last_committed_config"]) == 3
    assert up.healthy("es03")
    up.nodes["es03"].kill()
    assert not up.healthy("es03")
    assert up.ask("newswarc_reader", "/articles/_count", node="es02")["count"] == before
    with serving(up) as url:
        assert request(f"{url}/api/search?q=Termez")["hits"]
