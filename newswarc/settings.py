"""Settings of the operator, from the environment, checked at the door."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadSetting(ValueError):
    """A setting that cannot be read: says which, what it holds and what would be right."""


@dataclass(frozen=True, slots=True)
class ConnectTo:
    """One rule of NEWSWARC_CONNECT_TO: as curl's --connect-to, `*` stands for any host or port."""

    host: str
    port: int | None
    to_address: str
    to_port: int

    def matches(self, host: str, port: int) -> bool:
        return self.host in ("*", host.lower()) and self.port in (None, port)


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What may be connected to."""

    allow_networks: tuple[Network, ...] = ()
    """NEWSWARC_ALLOW_NETWORKS: networks that may be reached though they are not public."""
    allow_ports: frozenset[int] = frozenset({80, 443})
    """NEWSWARC_ALLOW_PORTS: ports beside 80 and 443. An allowed network takes any port."""
    connect_to: tuple[ConnectTo, ...] = ()
    """NEWSWARC_CONNECT_TO: `host:port=address:port`, comma separated; `*` for any host or port."""
    ca_file: Path | None = None
    """NEWSWARC_CA_FILE: PEM authorities beside the system's."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> NetworkSettings:
        env = os.environ if environ is None else environ
        ca = env.get("NEWSWARC_CA_FILE", "").strip()
        if ca and not Path(ca).is_file():
            raise BadSetting(f"NEWSWARC_CA_FILE: no such file: {ca}")
        return cls(
            allow_networks=tuple(map(_network, _items(env, "NEWSWARC_ALLOW_NETWORKS"))),
            allow_ports=frozenset(
                {80, 443, *map(_port_of("NEWSWARC_ALLOW_PORTS"), _items(env, "NEWSWARC_ALLOW_PORTS"))}
            ),
            connect_to=tuple(map(_connect_to, _items(env, "NEWSWARC_CONNECT_TO"))),
            ca_file=Path(ca) if ca else None,
        )


def _items(env: Mapping[str, str], name: str) -> list[str]:
    return [item.strip() for item in env.get(name, "").split(",") if item.strip()]


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as e:
        raise BadSetting(
            f"NEWSWARC_ALLOW_NETWORKS: {text!r} is not a network; write it as 127.0.0.0/8 or fd00::/8"
        ) from e


def _port_of(name: str) -> Callable[[str], int]:
    def port(text: str) -> int:
        if not text.isdecimal() or not 0 < int(text) < 65536:
            raise BadSetting(f"{name}: {text!r} is not a port; write a number from 1 to 65535")
        return int(text)

    return port


def _connect_to(text: str) -> ConnectTo:
    remedy = (
        f"NEWSWARC_CONNECT_TO: {text!r} is not host:port=address:port (`*` for any), "
        "as example.org:443=127.0.0.1:8443 or *:*=127.0.0.1:8080"
    )
    left, equals, right = text.partition("=")
    host, _, port = left.rpartition(":")
    address, _, to_port = right.rpartition(":")
    try:
        ipaddress.ip_address(address.strip("[]"))
        if not (equals and host):
            raise BadSetting(remedy)
        number = _port_of("NEWSWARC_CONNECT_TO")
        return ConnectTo(
            host.lower().strip("[]"), None if port == "*" else number(port), address.strip("[]"), number(to_port)
        )
    except ValueError as e:
        raise BadSetting(remedy) from e


@dataclass(frozen=True, slots=True)
class DataFolder:
    """Where one installation keeps its things."""

    root: Path

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.sqlite"

    @property
    def index(self) -> Path:
        """Where the embedded index lies."""
        return self.root / "index"

    @property
    def index_url(self) -> str:
        """NEWSWARC_INDEX: the index on an engine of its own; the embedded one where it is not set."""
        return os.environ.get("NEWSWARC_INDEX", "").strip() or str(self.index)

    @property
    def embedded(self) -> bool:
        return self.index_url == str(self.index)


@dataclass(frozen=True, slots=True)
class ElasticSettings:
    """How Elasticsearch is reached, where it is the engine. Secrets come from the environment or a file, not a URL."""

    nodes: tuple[str, ...] = ("http://127.0.0.1:9200",)
    """NEWSWARC_ELASTICSEARCH_NODES: addresses of one cluster's nodes, comma separated."""
    username: str | None = None
    """NEWSWARC_ELASTICSEARCH_USERNAME."""
    password: str | None = field(default=None, repr=False)
    """NEWSWARC_ELASTICSEARCH_PASSWORD, or _PASSWORD_FILE: a file that holds it."""
    api_key: str | None = field(default=None, repr=False)
    """NEWSWARC_ELASTICSEARCH_API_KEY, or _API_KEY_FILE: the encoded form; comes before user and password."""
    ca_file: Path | None = None
    """NEWSWARC_ELASTICSEARCH_CA_FILE: PEM authorities in place of the system's."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> ElasticSettings:
        env = os.environ if environ is None else environ
        ca = env.get("NEWSWARC_ELASTICSEARCH_CA_FILE", "").strip()
        if ca and not Path(ca).is_file():
            raise BadSetting(f"NEWSWARC_ELASTICSEARCH_CA_FILE: no such file: {ca}")
        nodes = _items(env, "NEWSWARC_ELASTICSEARCH_NODES")
        username = env.get("NEWSWARC_ELASTICSEARCH_USERNAME", "").strip() or None
        password = _secret(env, "NEWSWARC_ELASTICSEARCH_PASSWORD", "NEWSWARC_ELASTICSEARCH_PASSWORD_FILE")
        if bool(username) != bool(password):
            raise BadSetting(
                "NEWSWARC_ELASTICSEARCH_USERNAME and NEWSWARC_ELASTICSEARCH_PASSWORD go together: one is not set"
            )
        return cls(
            tuple(node_address("NEWSWARC_ELASTICSEARCH_NODES", item) for item in nodes) or cls().nodes,
            username,
            password,
            _secret(env, "NEWSWARC_ELASTICSEARCH_API_KEY", "NEWSWARC_ELASTICSEARCH_API_KEY_FILE"),
            Path(ca) if ca else None,
        )


def node_address(name: str, text: str) -> str:
    """`http://host` or `https://host:port/prefix`, with the port written out (9200). BadSetting for anything else."""
    remedy = f"{name}: not an address of a node; write it as https://host:9200"
    try:
        parts = urlsplit(text.strip())
        port = parts.port or 9200
    except ValueError as e:
        raise BadSetting(remedy) from e
    if parts.username or parts.password:
        raise BadSetting(
            f"{name}: no user or password in an address: set NEWSWARC_ELASTICSEARCH_USERNAME and _PASSWORD"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise BadSetting(remedy)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}"


def _secret(env: Mapping[str, str], name: str, file_name: str) -> str | None:
    """A secret's text, or that of the file that the other variable names, without white space around it."""
    file = env.get(file_name, "").strip()
    if file:
        try:
            return Path(file).read_text("utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as e:
            raise BadSetting(f"{file_name}: {file} cannot be read") from e
    return env.get(name, "").strip() or None
