"""Settings of the operator, from the environment, checked at the door."""

from __future__ import annotations

import ipaddress
import os
import re
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


def named_watchlists() -> tuple[Path, ...]:
    """The folders of NEWSWARC_WATCHLISTS."""
    named = os.environ.get("NEWSWARC_WATCHLISTS", "").split(os.pathsep)
    return tuple(Path(folder) for folder in named if folder.strip())


PATIENCE = 30.0


def patience() -> float:
    """NEWSWARC_PATIENCE: seconds that a crawl, at its end, waits for an engine that is away."""
    given = os.environ.get("NEWSWARC_PATIENCE", "").strip()
    try:
        seconds = float(given or PATIENCE)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 86_400:
        raise BadSetting(f"NEWSWARC_PATIENCE: {given!r} is no number of seconds from 0 to 86400")
    return seconds


def tagger_wanted() -> bool:
    """NEWSWARC_TAGGER: whether a statistical tagger looks for names that neither lists nor rules have found."""
    match os.environ.get("NEWSWARC_TAGGER", "").strip():
        case "" | "0":
            return False
        case "1":
            return True
        case given:
            raise BadSetting(f"NEWSWARC_TAGGER: {given!r} is neither 1 (on) nor 0 (off)")


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
    def watchlists(self) -> tuple[Path, ...]:
        """The analysts' own watchlists: the data folder's, and the folders of NEWSWARC_WATCHLISTS (`:` between)."""
        return (self.root / "watchlists", *named_watchlists())

    @property
    def index_url(self) -> str:
        """NEWSWARC_INDEX: the index on an engine of its own; the embedded one where it is not set."""
        return os.environ.get("NEWSWARC_INDEX", "").strip() or str(self.index)

    @property
    def on_elasticsearch(self) -> bool:
        return self.index_url.startswith("elasticsearch:")

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
        nodes = _items(env, "NEWSWARC_ELASTICSEARCH_NODES")
        return cls(
            tuple(node_address("NEWSWARC_ELASTICSEARCH_NODES", item) for item in nodes) or cls().nodes,
            *_login(env, "ELASTICSEARCH"),
        )


@dataclass(frozen=True, slots=True)
class KibanaSettings:
    """How Kibana is reached, and what its link to the archived original begins with."""

    url: str = "http://127.0.0.1:5601"
    """NEWSWARC_KIBANA_URL: with its base path, without a space."""
    space: str = "default"
    """NEWSWARC_KIBANA_SPACE: the id of the space that the objects go to."""
    evidence: str = "http://127.0.0.1:8765"
    """NEWSWARC_KIBANA_EVIDENCE_BASE: where the reader's browser finds `newswarc serve`."""
    username: str | None = None
    """NEWSWARC_KIBANA_USERNAME."""
    password: str | None = field(default=None, repr=False)
    """NEWSWARC_KIBANA_PASSWORD, or _PASSWORD_FILE: a file that holds it."""
    api_key: str | None = field(default=None, repr=False)
    """NEWSWARC_KIBANA_API_KEY, or _API_KEY_FILE: the encoded form; comes before user and password."""
    ca_file: Path | None = None
    """NEWSWARC_KIBANA_CA_FILE: PEM authorities in place of the system's."""

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        url: str | None = None,
        space: str | None = None,
        evidence: str | None = None,
    ) -> KibanaSettings:
        """What is given comes before the environment."""
        env = os.environ if environ is None else environ
        usual = cls()
        space = space or env.get("NEWSWARC_KIBANA_SPACE", "").strip() or usual.space
        if not re.fullmatch(r"[a-z0-9_-]{1,200}", space):
            raise BadSetting(f"NEWSWARC_KIBANA_SPACE: {space!r} is no id of a space: small letters, digits, - and _")
        return cls(
            _address("NEWSWARC_KIBANA_URL", url or env.get("NEWSWARC_KIBANA_URL") or usual.url),
            space,
            _address(
                "NEWSWARC_KIBANA_EVIDENCE_BASE",
                evidence or env.get("NEWSWARC_KIBANA_EVIDENCE_BASE") or usual.evidence,
            ),
            *_login(env, "KIBANA"),
        )


def _login(env: Mapping[str, str], server: str) -> tuple[str | None, str | None, str | None, Path | None]:
    """User, password, API key and file of authorities."""
    prefix = f"NEWSWARC_{server}"
    ca = env.get(f"{prefix}_CA_FILE", "").strip()
    if ca and not Path(ca).is_file():
        raise BadSetting(f"{prefix}_CA_FILE: no such file: {ca}")
    username = env.get(f"{prefix}_USERNAME", "").strip() or None
    password = _secret(env, f"{prefix}_PASSWORD", f"{prefix}_PASSWORD_FILE")
    if bool(username) != bool(password):
        raise BadSetting(f"{prefix}_USERNAME and {prefix}_PASSWORD go together: one is not set")
    return username, password, _secret(env, f"{prefix}_API_KEY", f"{prefix}_API_KEY_FILE"), Path(ca) if ca else None


def _address(name: str, text: str) -> str:
    """`http(s)://host[:port][/path]` without a slash at the end. BadSetting for anything else."""
    text = text.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username or parts.password or parts.query or parts.fragment or re.search(r"[\s{}\\]", text):
        raise BadSetting(f"{name}: not an address; write it as https://host:port or https://host/path, without a user")
    return text


def elastic_name(place: str) -> str:
    """The index's name in `[ADDRESS,…/]NAME`. BadSetting where it is none that Elasticsearch takes."""
    name = place.rpartition("/")[2]
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,99}", name):
        raise BadSetting(
            f"elasticsearch:{place}: {name!r} is no index name; write elasticsearch:http://127.0.0.1:9200/articles, "
            "small letters, digits, - and _"
        )
    return name


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
