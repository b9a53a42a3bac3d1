"""Which URLs and addresses may be fetched at all: the gate against requests into private networks.

Two checks, both before a byte is sent. `check_url` reads what stands in the URL; `check_address` judges each address
a name resolves to. Redirects, robots.txt and listing links pass the same gate, for they are fetched the same way.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar
from urllib.parse import urlsplit

from newswarc.items import Truncation
from newswarc.settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_PORTS = {"http": 80, "https": 443}


class RefusedAddress(Exception):
    """The URL or address is refused before anything is sent; the text names it and why."""

    reason: ClassVar[str] = "refused-address"
    truncated: ClassVar[Truncation] = "unspecified"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads, read once; nothing downstream parses the URL's host again."""

    url: str
    """Without fragment."""
    scheme: str
    host: str
    """Lower case, IDNA form, without brackets and without a final dot."""
    port: int
    netloc: str
    """Host and port as the URL spells them: the Host header."""
    path: str
    """Request target in origin form: path and query, at least `/`."""
    address: Address | None
    """The host itself where it is a literal address."""


_NAT64 = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48")))  # RFC 6052, RFC 8215

# Special purpose, though some releases of `ipaddress` call parts of them global.
_NEVER: tuple[Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        ("0.0.0.0/8", "192.0.0.0/24", "192.88.99.0/24", "::/8", "64:ff9b:1::/48", "100::/64", "2001::/23", "3fff::/20"),
    )
)

# RFC 6761, 6762, 8375, 9476 and the usual names of private zones.
_LOCAL_SUFFIXES = (
    *("localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa"),
    *("alt", "onion"),
)

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_URL = re.compile(r"(([A-Za-z][A-Za-z0-9+.-]*)://([^/?#\s]*)([^#\s]*))(?:#.*)?", re.DOTALL)


def check_url(url: str, *, allow: Sequence[Network] = ()) -> Target:
    """What a URL asks for, or RefusedAddress: scheme http or https, no userinfo, no local name, and where the host is
    a literal address, a public one in its canonical spelling (or within `allow`). Resolves nothing."""
    match = _URL.fullmatch(url)
    scheme = match.group(2).lower() if match else ""
    if not match or scheme not in DEFAULT_PORTS:
        raise RefusedAddress(f"{url!r}: only http and https are fetched")
    netloc, path = match.group(3), match.group(4)
    host, port, address = _read_netloc(scheme, netloc, tuple(allow))
    if not netloc.isascii():
        netloc = f"{host}:{port}" if port != DEFAULT_PORTS[scheme] else host
    return Target(match.group(1), scheme, host, port, netloc, path if path.startswith("/") else f"/{path}", address)


@lru_cache(4096)  # a crawl asks for few hosts many times
def _read_netloc(scheme: str, netloc: str, allow: tuple[Network, ...]) -> tuple[str, int, Address | None]:
    if "@" in netloc:
        raise RefusedAddress(f"refused {netloc!r}: a URL with user name or password is not fetched")
    host, port = _host_and_port(scheme, netloc)
    address = _literal(host)
    if address is None:
        _check_name(host)
    else:
        check_address(address, allow)
    return host, port, address


def _host_and_port(scheme: str, netloc: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{netloc}")
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except ValueError as e:  # UnicodeError is one
        raise RefusedAddress(f"refused {netloc!r}: the host cannot be read ({e})") from e
    return host.lower().removesuffix("."), DEFAULT_PORTS[scheme] if port is None else port


def _literal(host: str) -> Address | None:
    """The address a host spells, None for a name. What a resolver might still take for one (`127.1`, `0x7f.1`,
    `2130706433`, `0177.0.0.1`, a zone) is refused: a host whose last label is a number is no name (WHATWG URL, 3.5)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError as e:
        if "%" in host or ":" in host or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]):
            raise RefusedAddress(f"refused {host}: an address must be written in full, without a zone") from e
        return None
    if address.version == 6 and address.scope_id:
        raise RefusedAddress(f"refused {host}: an address with a zone")
    return address


def _check_name(host: str) -> None:
    if not _HOST.fullmatch(host) or len(host) > 253:
        raise RefusedAddress(f"refused {host!r}: not a host name")
    if "." not in host:
        raise RefusedAddress(f"refused {host}: a name without a dot is local")
    if any(host == suffix or host.endswith(f".{suffix}") for suffix in _LOCAL_SUFFIXES):
        raise RefusedAddress(f"refused {host}: a local name")


def embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one carries (mapped, 6to4, Teredo, NAT64): where its packets end up."""
    if address.version == 4:
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def check_address(address: str | Address, allow: Sequence[Network] = ()) -> Address:
    """The address itself where it and the IPv4 address within it are public or in `allow`; else RefusedAddress."""
    return _check_address(address, tuple(allow))


@lru_cache(4096)
def _check_address(address: str | Address, allow: tuple[Network, ...]) -> Address:
    try:
        outer = ipaddress.ip_address(address)
    except ValueError as e:
        raise RefusedAddress(f"refused {address}: not an address") from e
    inner = embedded(outer)
    if within(outer, allow):
        return outer
    if not _public(outer, carries=inner):
        raise RefusedAddress(f"refused {outer}: not a public address")
    if inner is not None and not within(inner, allow) and not _public(inner):
        raise RefusedAddress(f"refused {outer}: it carries {inner}, which is not public")
    return outer


def _public(address: Address, carries: ipaddress.IPv4Address | None = None) -> bool:
    if address.version == 6 and address.scope_id:
        return False
    if carries is not None and (address.ipv4_mapped or address in _NAT64[0]):  # type: ignore[union-attr]
        return True  # these are nothing but the IPv4 address, which is judged beside them
    return address.is_global and not address.is_multicast and not within(address, _NEVER)


def within(address: Address, networks: Sequence[Network]) -> bool:
    """Whether the address lies in one of the networks; a mapped IPv4 address lies where the IPv4 address does."""
    plain = address.ipv4_mapped if address.version == 6 and address.ipv4_mapped else address
    return any(plain in network for network in networks if network.version == plain.version)


def check_port(address: Address | None, port: int, ports: Collection[int], allow: Sequence[Network] = ()) -> None:
    """RefusedAddress unless the port is one of `ports`; an allowed network takes any port."""
    if port in ports or (address is not None and port and within(address, allow)):
        return
    raise RefusedAddress(
        f"refused port {port}: only {', '.join(map(str, sorted(ports)))} (NEWSWARC_ALLOW_PORTS adds some)"
    )
