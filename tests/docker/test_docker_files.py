"""What must hold of docker/ before a container runs: laws on its files, as docker compose's own library reads them."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from docker_kit import (
    COMPOSE,
    DOCKER,
    DOCKERFILE,
    ROOT,
    copied,
    instructions,
    is_once,
    loaded,
    project,
    services,
    stages,
    tool,
)
from elastic_server import VERSION
from packaging.requirements import Requirement

TEXT = COMPOSE.read_text(encoding="utf-8")
EXAMPLE = (DOCKER / ".env.example").read_text(encoding="utf-8")
NAMES = list(yaml.safe_load(TEXT)["services"])
OURS = [name for name in NAMES if not name.startswith(("es0", "kibana")) or name == "kibana-objects"]
LASTING = {"crawl", "serve", "kibana", "es01", "es02", "es03"}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


# ---- compose


def test_one_node_without_a_profile_and_three_with_it() -> None:
    one, three = loaded()["services"], loaded(COMPOSE_PROFILES="cluster")["services"]
    assert set(three) - set(one) == {"es02", "es03"}
    assert set(NAMES) - set(three) == {"rebuild", "snapshot"}
    assert one["es01"]["environment"]["discovery.type"] == "single-node"
    assert three["es01"]["environment"]["cluster.initial_master_nodes"] == "es01"
    nodes = services()["crawl"]["environment"]["NEWSWARC_ELASTICSEARCH_NODES"]
    assert nodes == ",".join(f"https://{node}:9200" for node in ("es01", "es02", "es03"))


def test_only_what_lasts_is_started_again_and_watched() -> None:
    for name, service in services().items():
        assert is_once(service) == (name not in LASTING), name
        watched = not service.get("healthcheck", {}).get("disable") and service["healthcheck"]["test"]
        assert bool(watched) == (name in LASTING), name
        assert service["restart"] == ("unless-stopped" if name in LASTING else "no")


@pytest.mark.parametrize("name", NAMES)
def test_every_service_has_limits_and_no_more_rights_than_it_needs(name: str) -> None:
    service = services()[name]
    assert int(service["mem_limit"]) >= 2**29
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == (["CHOWN", "DAC_OVERRIDE", "FOWNER"] if name == "prepare" else [])
    assert not service.get("privileged")
    assert service.get("network_mode") == ("none" if name == "prepare" else None)
    assert all(volume["type"] == "volume" for volume in service["volumes"])


@pytest.mark.parametrize("name", OURS)
def test_newswarc_runs_as_its_own_user_on_a_read_only_file_system(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp:size=512m,mode=1777"]
    assert service["user"] == ("0:0" if name == "prepare" else "10001:10001")
    assert service["image"] == f"newswarc:{PYPROJECT['version']}"


def test_every_port_is_on_loopback_unless_told_otherwise() -> None:
    def addresses(found: Any) -> set[str]:
        return {port["host_ip"] for service in found["services"].values() for port in service.get("ports", ())}

    assert addresses(project()) == {"127.0.0.1"}
    assert addresses(loaded(BIND="0.0.0.0")) == {"0.0.0.0"}


def test_who_waits_for_whom() -> None:
    found = services()
    for name, service in found.items():
        for other, wait in service.get("depends_on", {}).items():
            ended = wait["condition"] == "service_completed_successfully"
            assert ended == is_once(found[other]), (name, other)
            assert ended or wait["condition"] == "service_healthy"


def test_volumes_are_used_and_each_reads_only_its_own_keys() -> None:
    used: dict[str, set[str]] = {}
    for name, service in services().items():
        for volume in service["volumes"]:
            used.setdefault(volume["source"], set()).add(name)
            if volume["source"].startswith("keys-") and name != "prepare":
                assert volume["read_only"], (name, volume)
    assert set(used) == set(project()["volumes"])
    keys = {volume: readers - {"prepare"} for volume, readers in used.items() if volume.startswith("keys-")}
    assert keys == {
        "keys-authority": set(),
        "keys-elasticsearch": {"es01", "es02", "es03"},
        "keys-kibana": {"kibana"},
        "keys-admin": {"accounts", "index", "kibana-objects", "rebuild", "snapshot"},
        "keys-crawler": {"crawl"},
        "keys-reader": {"serve"},
    }


def test_no_secret_in_a_variable_or_on_a_command_line() -> None:
    for name, service in services().items():
        for variable in service.get("environment", {}):
            secret = re.search(r"PASSWORD|SECRET|TOKEN|API_KEY|ENCRYPTION", variable)
            assert not secret or variable.endswith("_FILE"), (name, variable)
        said = json.dumps([service.get("command"), service.get("entrypoint"), service.get("healthcheck")])
        assert not re.search(r"password|--user\b|\s-u\s", said.lower()), name


def test_the_three_nodes_differ_in_name_alone() -> None:
    def common(name: str) -> Any:
        service = json.loads(json.dumps(services()[name]).replace(name, "NAME"))
        for own in ("profiles", "ports", "env_file"):
            service.pop(own, None)
        formation = ("cluster.initial_master_nodes", "discovery.seed_hosts", "NEWSWARC_ELASTICSEARCH_NODES")
        service["environment"] = {k: v for k, v in service["environment"].items() if k not in formation}
        return service

    assert common("es02") == common("es03") == common("es01")
    assert {services()[f"es0{n}"]["environment"]["discovery.seed_hosts"] for n in (1, 2, 3)} == {"es01,es02,es03"}


def test_the_version_is_that_of_the_tests_and_the_client_takes_it() -> None:
    images = {
        service["image"].rpartition(":")[2] for service in services().values() if "elastic.co" in service["image"]
    }
    assert images == {VERSION}
    client = Requirement(PYPROJECT["optional-dependencies"]["elasticsearch"][0])
    assert VERSION in client.specifier


def test_every_variable_is_explained_with_its_default(tmp_path: Path) -> None:
    assert set(re.findall(r"\$\{([A-Z_]+)", TEXT)) == set(re.findall(r"(?m)^#([A-Z_]+)=", EXAMPLE))
    for name in re.findall(r"(?m)^#([A-Z_]+)=", EXAMPLE):
        assert re.search(rf"(?m)^# [^\n]+\.\n#{name}=", EXAMPLE), f"{name} has no sentence before it"
    for file in [COMPOSE, *DOCKER.glob("*.env")]:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    plain = _in_place(loaded(tmp_path), tmp_path)
    (tmp_path / ".env").write_text(re.sub(r"(?m)^#([A-Z_]+=)", r"\1", EXAMPLE))
    assert _in_place(loaded(tmp_path), tmp_path) == plain


def _in_place(found: Any, folder: Path) -> Any:
    return json.loads(json.dumps(found).replace(str(folder), "FOLDER"))


def test_podman_compose_reads_the_same(tmp_path: Path) -> None:
    """It asks podman for its version before it reads a file, and no more for `config`; this answers that."""
    podman = tmp_path / "podman"
    podman.write_text("#!/bin/sh\necho podman version 5.4.2\n")
    podman.chmod(0o755)
    done = subprocess.run(
        [tool("podman-compose"), "--profile", "cluster", "--profile", "demand", "-f", str(COMPOSE), "config"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "COMPOSE_PROFILES": "cluster"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = yaml.safe_load(done.stdout)["services"]
    assert set(found) == set(NAMES)
    for name, service in services().items():
        for field in ("command", "entrypoint", "image", "user", "restart"):
            assert (found[name].get(field) or None) == (service.get(field) or None), (name, field)
        own = found[name].get("environment", {})
        own = dict(line.split("=", 1) for line in own) if isinstance(own, list) else own
        assert own.items() <= {k: v or "" for k, v in service.get("environment", {}).items()}.items(), name
        assert found[name].get("env_file") in (None, ["nodes-cluster.env"])


def test_shell_lines_pass_shellcheck() -> None:
    lines = [s["healthcheck"]["test"] for s in services().values() if not s["healthcheck"].get("disable")]
    shell = [rest[0] for kind, *rest in lines if kind == "CMD-SHELL"]
    shell += [rest for name, rest in instructions() if name == "RUN"]
    shell += [path.read_text() for path in DOCKER.glob("*.sh")]
    assert len(shell) >= 4
    for line in shell:
        done = subprocess.run(
            [tool("shellcheck"), "--shell=sh", "--severity=style", "-"], input=line + "\n", text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


def test_the_files_have_plain_line_ends() -> None:
    for path in [*DOCKER.iterdir(), ROOT / ".dockerignore"]:
        if path.is_file():
            assert b"\r" not in path.read_bytes(), path.name


# ---- the image


def test_hadolint_finds_nothing() -> None:
    done = subprocess.run([tool("hadolint"), str(DOCKER / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    assert "hadolint ignore" not in DOCKERFILE


def test_the_last_stage_builds_nothing_and_is_not_root() -> None:
    build, last = stages()
    assert any(name == "RUN" and "pip install" in rest for name, rest in build)
    assert not any(re.search(r"\b(pip|apt-get|gcc|curl)\b", rest) for name, rest in last if name == "RUN")
    said = dict(last)
    assert said["USER"] == "10001:10001"
    assert {"HEALTHCHECK", "ENTRYPOINT", "EXPOSE"} <= set(said)


def test_every_install_is_hashed_or_our_own() -> None:
    installs = [part for name, rest in instructions() if name == "RUN" for part in rest.split("&&")]
    for part in installs:
        words = shlex.split(part)
        if words[1:4] == ["-m", "pip", "install"]:
            assert "--require-hashes" in words or (words[-1] == "." and "--no-deps" in words), part
            assert "--no-build-isolation" in words or "docker/requirements.lock" in words, part


def test_what_is_copied_is_there_and_let_through() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    open_ = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert {source for source, _ in copied()} == open_
    for source, _ in copied():
        assert list(ROOT.glob(source)), source


def test_every_room_is_copied() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    include = patterns["tool"]["setuptools"]["packages"]["find"]["include"]
    rooms = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and any(fnmatch.fnmatch(path.name, p) for p in include) and path.suffix != ".egg-info"
    }
    assert rooms == {source for source, target in copied() if source == target and (ROOT / source).is_dir()}


def test_the_locks_hold_all_that_the_image_needs() -> None:
    locked, tested = _versions("requirements.lock", "docker/requirements.lock"), _versions("requirements-test.lock")
    extras = PYPROJECT["optional-dependencies"]
    for text in [*PYPROJECT["dependencies"], *extras["elasticsearch"], *extras["speed"], *extras["web"]]:
        needed = Requirement(text)
        assert locked[needed.name.lower()] in needed.specifier, text
    assert {name: version for name, version in locked.items() if tested.get(name) != version}.keys() == {"setuptools"}


def _versions(*files: str) -> dict[str, str]:
    text = "\n".join((ROOT / file).read_text(encoding="utf-8") for file in files)
    return {name.lower(): version for name, version in re.findall(r"(?m)^([\w.-]+)(?:\[[^]]*])?==([\w.]+)", text)}
