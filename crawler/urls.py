"""One spelling per address, so that an article has one identity, and which addresses belong to an outlet."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import SplitResult, quote, urlsplit

from newswarc.sources import MAX_URL, Source

_DEFAULT_PORTS = {"http": 80, "https": 443}

_TRACKING = re.compile(
    r"(?i)utm_.*|mtm_.*|pk_(campaign|kwd|source|medium|content)|hsa_.*|at_(campaign|medium|custom\d|link.*|format|ptr_name|bbc_team)"
    r"|fbclid|gclid|yclid|gbraid|wbraid|dclid|msclkid|twclid|ttclid|igshid|igsh|ysclid|_openstat|openstat_.*|mc_[ce]id|_ga|_gl|ns_.*"
    r"|maca|ocid|cmpid|cmp|ico|xtor|fb_(ref|source|action_.*)|action_(object|type|ref)_map|__twitter_impression|spm|wt_mc|_hsenc|_hsmi"
    r"|oly_(anon|enc)_id|vero_id|rb_clid|s_cid|guccounter|guce_referrer.*"
)
"""Names of parameters that say where a reader came from and never which page it is."""

_SESSION = re.compile(r"(?i)(php|asp|j)?sess(ion)?_?id|aspsessionid\w*|cftoken|cfid")
_PATH_SESSION = re.compile(r"(?i);(jsessionid|phpsessid|sid)=[^/;?]*")

_REFERRER_NAMES = frozenset({"from", "ref", "source", "src", "r", "via"})
_REFERRERS = re.compile(
    r"(?i)rss2?|rss_feed|feeds?|atom|twitter|tw|x|facebook|fb|telegram|tg|vk|vkontakte|ok|yandex|google|newsletter|e?mail"
    r"|share|social|whatsapp|wa|insta(gram)?|push"
)
"""`from=rss` is dropped, `from=2022` or `source=akipress` may choose the page and stay."""

_UNRESERVED_ESCAPE = re.compile(r"%(2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9AaEe])")
_STRAY_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")


def canonical(url: str) -> str:
    """The one spelling of an absolute http(s) URL; `canonical(canonical(u)) == canonical(u)`.

    Lower-case scheme and host (IDNA), no default port, no fragment, no tracking or session parameters, parameters
    sorted, escapes in one form, dot segments resolved (RFC 3986, 6.2). AMP and mobile addresses stay as they are: only
    the page itself can say what it is a copy of. ValueError for anything else, and for over 2,000 characters.
    Not w3lib's canonicalize_url: it makes `?48211` of a page into `?48211=`, another page on some servers.
    """
    text = re.sub(r"[\t\r\n]", "", url.strip(" \t\r\n\f\0"))
    if len(text) > MAX_URL:
        raise ValueError(f"a URL of over {MAX_URL} characters")
    parts = urlsplit(text.replace("\\", "/") if "\\" in text.partition("?")[0] else text)
    if parts.scheme not in _DEFAULT_PORTS or "@" in parts.netloc:
        raise ValueError("not an http(s) URL without user name")
    path, query = _path(parts.path), _query(parts.query)
    spelled = f"{parts.scheme}://{_netloc(parts)}{path}" + (f"?{query}" if query else "")
    if len(spelled) > MAX_URL:
        raise ValueError(f"a URL of over {MAX_URL} characters")
    return spelled


def _netloc(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    host = f"[{ipaddress.IPv6Address(host).compressed}]" if parts.netloc.startswith("[") else _ascii_host(host)
    port = parts.port
    return host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"


def _ascii_host(host: str) -> str:
    ascii_host = host.encode("idna").decode("ascii").lower().rstrip(".") if not host.isascii() else host
    if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", ascii_host):
        raise ValueError(f"no host name: {host[:80]!r}")
    return ascii_host


def _escaped(text: str) -> str:
    """Escapes in one form: unreserved characters bare, all others UTF-8 in capital hex digits; a stray % is %25."""
    safe = quote(_STRAY_PERCENT.sub("%25", text), safe="%/:@!$&'()*+,;=-._~?[]|")
    plain = _UNRESERVED_ESCAPE.sub(lambda match: chr(int(match[1], 16)), safe)
    return _ESCAPE.sub(lambda match: match[0].upper(), plain)


def _path(path: str) -> str:
    escaped = _PATH_SESSION.sub("", _escaped(path.lstrip("/") if not path.startswith("//") else path[1:]))
    kept: list[str] = []
    segments = escaped.split("/")
    for position, segment in enumerate(segments):
        if segment == "..":
            kept[-1:] = []
        elif segment != ".":
            kept.append(segment)
            continue
        if position == len(segments) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def _query(query: str) -> str:
    pairs = [_escaped(pair) for pair in query.split("&") if pair]
    return "&".join(sorted(pair for pair in pairs if not _is_tracking(*pair.partition("=")[::2])))


def _is_tracking(name: str, value: str) -> bool:
    if name.lower() in _REFERRER_NAMES:
        return bool(_REFERRERS.fullmatch(value))
    return bool(_TRACKING.fullmatch(name) or _SESSION.fullmatch(name) or (name.lower() == "rss" and value in ("", "1")))


def on_hosts(source: Source, url: str) -> bool:
    """Whether an absolute URL is on one of the source's hosts, or on a subdomain of one."""
    return any(_is_host_of(_host(url), own) for own in source.hosts)


def within(source: Source, url: str) -> bool:
    """Whether an absolute URL may be an article of this outlet: below one of `source.prefixes`, none of `excluded`.

    A prefix that is a host takes its subdomains in; one with a path ends at a segment: `bbc.com/uzbek` has
    `/uzbek/articles/…` and not `/uzbekistan`.
    """
    return _below(source.prefixes, url) and not _below(source.excluded, url)


def _below(prefixes: Iterable[str], url: str) -> bool:
    host = _host(url)
    page = f"{host}{urlsplit(url).path}/" if host else ""
    return any(
        page.startswith(f"{prefix}/") or ("/" not in prefix and _is_host_of(host, prefix)) for prefix in prefixes
    )


def _is_host_of(host: str | None, own: str) -> bool:
    return host is not None and (host == own or host.endswith(f".{own}"))


def _host(url: str) -> str | None:
    """Host of an absolute http(s) URL without `www.`; None for anything else."""
    try:
        parts = urlsplit(url)
        return (
            parts.hostname.rstrip(".").removeprefix("www.")
            if parts.scheme in _DEFAULT_PORTS and parts.hostname
            else None
        )
    except ValueError:
        return None
