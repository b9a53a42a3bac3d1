"""The registry of outlets: one YAML file each, `<region>/<outlet>.yaml`, checked at the door.

A file that cannot be used is a `SourceFault` that names file, key, problem and remedy; the others still load.
Every key stands in docs/sources.md.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

# The data folder stands beside this package in a checkout and in a wheel alike; it holds no code to import it by.
SHIPPED = Path(__file__).resolve().parent.parent / "sources"
"""The folder of the sources that come with newswarc."""

MAX_URL = 2000
"""Longest URL taken, in characters; also the length at which matching an `articles` pattern stops."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class SourceFault:
    """Why one file gives no source."""

    file: str
    """Path within the folder: `central-asia/akipress.yaml`."""
    key: str | None
    """The key of the file that is at fault; None where it is the file itself."""
    problem: str
    remedy: str

    def __str__(self) -> str:
        remedy = self.remedy if self.remedy.endswith("?") else f"{self.remedy}."
        return f"{self.file}: {f'{self.key}: ' if self.key else ''}{self.problem}. {remedy}"


class UnknownSource(LookupError):
    """A region or outlet was asked for that the folder does not have; the message lists near names."""


def _fault(problem: str, remedy: str) -> PydanticCustomError:
    return PydanticCustomError("source", "{problem}", {"problem": problem, "remedy": remedy})


def _split(url: str, schemes: tuple[str, ...], remedy: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # a port that is none raises when it is asked for
    except ValueError as e:
        raise _fault(f"{url!r} is not a URL ({e})", remedy) from e
    if parts.scheme not in schemes or not _is_host(parts.hostname) or re.search(r"[\s\\<>\"^`{|}]", url):
        raise _fault(f"{url!r} is not a URL of {' or '.join(schemes)}", remedy)
    return parts


def _is_host(host: str | None) -> bool:
    try:
        name = (host or "").encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return ":" in (host or "") or re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", name) is not None


def _url(url: str) -> str:
    remedy = "Write it in full, as https://example.org/news/"
    parts = _split(url, ("http", "https"), remedy)
    if parts.username is not None or len(url) > MAX_URL:
        raise _fault(f"{url!r} holds a user name or is over {MAX_URL} characters", remedy)
    return url


def _proxy(url: str) -> str:
    remedy = "Write it as http://proxy.example.org:8080 or socks5://user:${PROXY_PASSWORD}@proxy.example.org:1080"
    plain = _VARIABLE.sub("x", url)
    parts = _split(plain, ("http", "https", "socks5"), remedy)
    if parts.password is not None and not re.search(r":(\$\{\w+\})@", url):
        raise _fault("a password stands in the file", "Put it in an environment variable and write ${ITS_NAME} instead")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _fault("a proxy has no path", remedy)
    return url


def _domain(name: str) -> str:
    if not re.fullmatch(r"(?i)[^\s/:@.]+(\.[^\s/:@.]+)+", name):
        raise _fault(f"{name!r} is not a domain", "Write the bare name, as example.org, without https:// and path")
    return name.lower()


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as e:
        raise _fault(f"{name!r} is not an IANA time zone", "Write one as Asia/Tashkent") from e
    return name


def _language(tag: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?", tag):
        raise _fault(f"{tag!r} is not a language tag", "Write it as BCP 47 does: ru, uz, uz-Cyrl, fa-AF")
    return tag


def _country(code: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", code):
        raise _fault(f"{code!r} is not a country code", "Write two capital letters of ISO 3166-1, as UZ")
    return code


def _pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as e:
        raise _fault(
            f"{pattern!r} is not a regular expression ({e})", "Correct it, as /news/\\d+ or ^/\\d{4}/\\d{2}/"
        ) from e
    if trap := _catastrophe(pattern):
        raise _fault(
            f"{pattern!r} may take for ever ({trap})",
            "Repeat once, give a bounded count, or make the inner repeat possessive, as (?:[a-z]++/)+",
        )
    return pattern


def _catastrophe(pattern: str) -> str | None:
    """What can make `pattern` backtrack without end: repeats or alternatives in a repeated group, or many `.*`.

    It errs on the side of refusing; patterns of addresses need neither.
    """
    bare = re.sub(r"\\.", "x", pattern)
    bare = re.sub(r"\[\^?\]?[^\]]*\]", "x", bare)
    if len(re.findall(r"\.[*+](?!\+)|\.\{\d*,\d*\}(?!\+)", bare)) > 2:
        return "more than two .* or .+"
    open_groups = [False]
    for token in re.finditer(r"\(|\)|\||([*+]|\{\d*,\d*\})(\+)?", bare):
        if token[0] == "(":
            open_groups.append(False)
        elif token[0] == ")":
            repeats = open_groups.pop() if len(open_groups) > 1 else False
            if repeats and re.match(r"([*+]|\{\d*,\d*\}|\{\d\d+\})(?!\+)", bare[token.end() :]):
                return "a repeat or a choice within a repeated group"
            open_groups[-1] = open_groups[-1] or repeats
        elif not token[2]:
            open_groups[-1] = True
    return None


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Url = Annotated[str, AfterValidator(_url)]
Urls = tuple[Url, ...]


class Source(BaseModel):
    """One outlet, or one language edition of one. Only `name` and `homepage` are required of a file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    """`<region>/<outlet>`, from the path of the file; not a key in it."""
    name: str = Field(min_length=1, max_length=200, description="the outlet's name, as it calls itself")
    homepage: Url = Field(description="one http(s) URL")
    feeds: Urls = Field((), description="a list of http(s) URLs")
    sitemaps: Urls = Field((), description="a list of http(s) URLs")
    sections: Urls = Field((), description="a list of http(s) URLs")
    articles: Annotated[tuple[Annotated[str, AfterValidator(_pattern)], ...], BeforeValidator(_one_or_many)] = Field(
        (), description="a regular expression, or a list of them"
    )
    language: Annotated[str, AfterValidator(_language)] | None = Field(
        None, description="a BCP 47 tag, as ru or uz-Cyrl"
    )
    country: Annotated[str, AfterValidator(_country)] | None = Field(None, description="two capital letters, as UZ")
    timezone: Annotated[str, AfterValidator(_timezone)] | None = Field(
        None, description="an IANA zone, as Asia/Tashkent"
    )
    proxy: Annotated[str, AfterValidator(_proxy)] | None = Field(None, description="an http, https or socks5 URL")
    delay: float | None = Field(None, ge=0, le=3600, description="seconds between two requests, 0 to 3600")
    domains: tuple[Annotated[str, AfterValidator(_domain)], ...] = Field((), description="a list of bare domain names")
    scope: Urls = Field((), description="a list of http(s) URLs")
    exclude: Urls = Field((), description="a list of http(s) URLs")
    enabled: bool = Field(True, description="true or false")

    @property
    def prefixes(self) -> tuple[str, ...]:
        """`host` or `host/path` that the outlet's pages begin with, without `www.` and closing slash.

        They are those of `scope`, else of the homepage (`https://www.bbc.com/uzbek` is part of bbc.com), and `domains`.
        """
        places = (*map(_folder, self.scope or (self.homepage,)), *(d.removeprefix("www.") for d in self.domains))
        return tuple(dict.fromkeys(places))

    @property
    def excluded(self) -> tuple[str, ...]:
        """Prefixes as in `prefixes` whose pages are another's: another language's edition, a shop."""
        return tuple(map(_folder, self.exclude))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that the outlet's listings may be on; their subdomains too."""
        return tuple(dict.fromkeys((_host(self.homepage), *(prefix.partition("/")[0] for prefix in self.prefixes))))

    def is_article(self, url: str) -> bool | None:
        """Whether an `articles` pattern is found in the URL; None where the file gives no pattern.

        A pattern with `://` is sought in the whole URL, any other in path and query.
        """
        if not self.articles:
            return None
        parts = urlsplit(url[:MAX_URL])
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return any(re.search(pattern, url[:MAX_URL] if "://" in pattern else path) for pattern in self.articles)

    def proxy_url(self, environ: Mapping[str, str] | None = None) -> str | None:
        """`proxy` with its `${VARIABLES}` filled in; KeyError where one is not set (`load` has checked that)."""
        env = os.environ if environ is None else environ
        return _VARIABLE.sub(lambda match: env[match[1]], self.proxy) if self.proxy else None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _folder(url: str) -> str:
    """`bbc.com/uzbek` of `https://www.bbc.com/uzbek/index.html`; a last segment with a dot is a file."""
    path = urlsplit(url).path
    head, _, last = path.rpartition("/")
    return _host(url) + (head if "." in last else path).rstrip("/")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a folder gave: sources in the order of their keys, and what was wrong with the other files."""

    sources: tuple[Source, ...]
    faults: tuple[SourceFault, ...]


def load(folder: Path, *names: str, environ: Mapping[str, str] | None = None) -> Loaded:
    """The sources of `<folder>/<region>/<outlet>.yaml` that `names` ask for.

    A name is a region, an outlet (`akipress`) or both (`central-asia/akipress`); no name asks for all. A source with
    `enabled: false` comes only when its outlet is named. An unknown name raises `UnknownSource`.
    """
    files = {path.relative_to(folder).with_suffix("").as_posix(): path for path in _files(folder)}
    wanted = _wanted(files, names)
    sources: dict[str, Source] = {}
    faults: list[SourceFault] = []
    owner: dict[str, str] = {}
    for key, path in files.items():
        found = _read(key, path, path.relative_to(folder).as_posix(), os.environ if environ is None else environ)
        if isinstance(found, Source):
            place = found.homepage.lower().rstrip("/").replace("://www.", "://").replace("http://", "https://")
            first = owner.setdefault(place, key)
            if first == key:
                sources[key] = found
                continue
            found = [_same_homepage(path.relative_to(folder).as_posix(), first)]
        faults += found if key in wanted else []
    named = {name.rpartition("/")[2] for name in names}
    chosen = (s for key, s in sources.items() if key in wanted and (s.enabled or key.rpartition("/")[2] in named))
    return Loaded(tuple(chosen), tuple(faults))


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UnknownSource(f"no such folder of sources: {folder}")
    # Not rglob: a checkout's .git or a stray deep folder is no registry.
    return sorted(path for depth in ("*", "*/*") for path in folder.glob(depth) if path.suffix in (".yaml", ".yml"))


def _wanted(files: Iterable[str], names: Iterable[str]) -> set[str]:
    keys = list(files)
    by_name: dict[str, set[str]] = {}
    for key in keys:
        for name in {key, *key.split("/")}:
            by_name.setdefault(name, set()).add(key)
    wanted = {key for name in names for key in by_name.get(name, ())}
    if unknown := [name for name in names if name not in by_name]:
        raise UnknownSource("; ".join(_unknown(name, by_name) for name in unknown))
    return wanted if names else set(keys)


def _unknown(name: str, known: Iterable[str]) -> str:
    known = sorted(known)
    near = (
        difflib.get_close_matches(name.lower(), known, 5, 0.5) or [n for n in known if "/" not in n and name in n][:5]
    )
    regions = sorted({key.split("/")[0] for key in known if "/" in key})
    return f"no region or outlet {name!r}; " + (
        f"near names: {', '.join(near)}" if near else f"regions: {', '.join(regions) or 'none'}"
    )


def _same_homepage(file: str, first: str) -> SourceFault:
    return SourceFault(
        file, "homepage", f"{first} has the same homepage", "Keep one of the two, or name the edition's own page"
    )


def _read(key: str, path: Path, file: str, environ: Mapping[str, str]) -> Source | list[SourceFault]:
    if path.suffix != ".yaml" or not all(_NAME.fullmatch(part) for part in key.split("/")) or key.count("/") != 1:
        return [
            SourceFault(file, None, "not where a source stands", "Name it <region>/<outlet>.yaml in a-z, 0-9 and -")
        ]
    try:
        values = yaml.load(path.read_bytes(), Loader=_Loader)
    except yaml.MarkedYAMLError as e:
        line = f" in line {e.problem_mark.line + 1}" if e.problem_mark else ""
        return [SourceFault(file, None, f"not YAML{line}: {e.problem or e.context}", "Correct that line")]
    except (yaml.YAMLError, OSError, UnicodeDecodeError, ValueError) as e:
        return [SourceFault(file, None, f"unreadable: {' '.join(str(e).split())}", "Save it as YAML in UTF-8")]
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        return [SourceFault(file, None, "not a list of keys and values", "Begin with `name: …` and `homepage: …`")]
    faults = [_unknown_key(file, name) for name in values if name not in KEYS]
    try:
        source = Source(key=key, **{name: value for name, value in values.items() if name in KEYS})
    except ValidationError as e:
        return faults + [_wrong(file, error) for error in e.errors(include_url=False)]
    faults += [_unset(file, name) for name in _VARIABLE.findall(source.proxy or "") if name not in environ]
    return faults or source


KEYS: Mapping[str, str] = {
    name: field.description or "" for name, field in Source.model_fields.items() if name != "key"
}
"""Every key a file may have, with what it takes."""


def _unknown_key(file: str, name: str) -> SourceFault:
    near = difflib.get_close_matches(name.lower(), KEYS, 1, 0.5)
    return SourceFault(
        file, name, "unknown key", f"Did you mean `{near[0]}`?" if near else f"Known keys: {', '.join(KEYS)}"
    )


def _unset(file: str, variable: str) -> SourceFault:
    return SourceFault(file, "proxy", f"the environment variable {variable} is not set", "Set it before you start")


def _wrong(file: str, error: Mapping[str, Any]) -> SourceFault:
    key = str(error["loc"][0]) if error["loc"] else None
    context = error.get("ctx") or {}
    if error["type"] == "source":
        return SourceFault(file, key, context["problem"], context["remedy"])
    if error["type"] == "missing":
        return SourceFault(file, key, "missing", f"Add `{key}: …`: {KEYS[str(key)]}")
    shown = repr(error["input"])
    problem = f"{shown if len(shown) <= 80 else shown[:77] + '…'} will not do ({error['msg'].lower()})"
    return SourceFault(file, key, problem, f"Write {KEYS.get(str(key), 'another value')}")


class _Loader(yaml.SafeLoader):
    """YAML as people mean it: a key stands once, `NO` is Norway and not false, a date is text."""


def _once(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for name, _ in node.value:
        if name.value in seen:
            raise yaml.constructor.ConstructorError(None, None, f"key {name.value!r} stands twice", name.start_mark)
        seen.add(str(name.value))
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _once)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag.rpartition(":")[2] not in ("bool", "timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?i:true|false)"), list("tTfF"))
