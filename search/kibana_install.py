"""Puts the objects of `search/kibana/` in place: through Kibana's APIs where they have the kind, by import where not.

Everything may be done any number of times: an object of ours is replaced, whatever was changed in it by hand.
"""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from newswarc.settings import KibanaSettings
from search.kibana_objects import dashboard_body, in_api, ndjson, objects, saved

OLDEST = (9, 0)
WITH_DASHBOARDS_API = (9, 5)
SECONDS = 60.0
"""That one request may take; an import of all our objects is the longest."""
MOST_BYTES = 10_000_000
"""Of an answer."""


class KibanaFault(Exception):
    """Kibana is not there or does not do it; the text says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """A request that puts objects in place."""

    method: str
    path: str
    body: bytes
    content_type: str
    objects: tuple[tuple[str, str], ...]
    """Kind and id of each."""


@dataclass
class Installed:
    kibana: str
    version: str
    space: str
    steps: list[Step] = field(default_factory=list)


def install(settings: KibanaSettings, index: str, *, dry: bool = False) -> Installed:
    """Installs all objects for the index of that name; `dry`: asks for version and space, and changes nothing."""
    kibana = Kibana(settings)
    version = kibana.version()
    kibana.check_space()
    done = Installed(settings.url, version, settings.space, plan(settings, index, _numbers(version)))
    if not dry:
        for step in done.steps:
            kibana.take(step)
    return done


def plan(settings: KibanaSettings, index: str, version: tuple[int, int]) -> list[Step]:
    """The steps for a server of that version, in their order: what others refer to comes first."""
    found = objects(index, settings.evidence)
    steps = [_data_view(view) for view in found["data-view"]]
    by_api = [d for d in found["dashboard"] if version >= WITH_DASHBOARDS_API and in_api(d)]
    by_import = [(kind, each) for kind in ("discover", "map", "dashboard") for each in found[kind]
                 if each not in by_api]  # fmt: skip
    steps.append(_import([saved(kind, each) for kind, each in by_import], tuple((k, e["id"]) for k, e in by_import)))
    return steps + [_dashboard(each) for each in by_api]


def _data_view(view: Mapping[str, Any]) -> Step:
    body = {"override": True, "data_view": view}
    return _step("POST", "/api/data_views/data_view", body, ("data-view", view["id"]))


def _dashboard(dashboard: Mapping[str, Any]) -> Step:
    return _step("PUT", f"/api/dashboards/{dashboard['id']}", dashboard_body(dashboard), ("dashboard", dashboard["id"]))


def _step(method: str, path: str, body: Any, which: tuple[str, str]) -> Step:
    return Step(method, path, json.dumps(body, ensure_ascii=False).encode(), "application/json", (which,))


def _import(saved_objects: list[dict[str, Any]], which: tuple[tuple[str, str], ...]) -> Step:
    boundary = f"newswarc-{uuid.uuid4().hex}"
    head = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="file"; filename="newswarc.ndjson"\r\n'
        "Content-Type: application/ndjson\r\n\r\n"
    )
    body = head.encode() + ndjson(saved_objects) + f"\r\n--{boundary}--\r\n".encode()
    path = "/api/saved_objects/_import?overwrite=true"
    return Step("POST", path, body, f"multipart/form-data; boundary={boundary}", which)


def _numbers(version: str) -> tuple[int, int]:
    major, minor, *_ = version.split(".")
    return int(major), int(minor)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the password along to wherever it points."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Kibana:
    """One Kibana, spoken to as the settings say."""

    def __init__(self, settings: KibanaSettings) -> None:
        self.settings = settings
        self.headers = {"kbn-xsrf": "true", "Accept": "application/json", **_authorization(settings)}
        context = ssl.create_default_context(cafile=settings.ca_file)
        self._open: Callable[..., Any] = urllib.request.build_opener(
            _NoRedirect, urllib.request.HTTPSHandler(context=context)
        ).open

    def version(self) -> str:
        """Of the server. KibanaFault where it is too old, not ready, or nothing like Kibana."""
        status, said = self._ask("GET", "/api/status")
        number = said.get("version", {}).get("number") if isinstance(said.get("version"), dict) else None
        if status not in (200, 503) or not isinstance(said.get("status"), dict):
            raise self._foreign() if status == 200 else self._fault(status, said, "its version could not be asked for")
        if number is None:  # it tells strangers only whether it lives
            raise KibanaFault(f"Kibana at {self.settings.url} does not say its version: {_SET_LOGIN}")
        if not re.match(r"[0-9]+\.[0-9]+", str(number)):
            raise self._foreign()
        if status == 503:
            raise KibanaFault(f"Kibana {number} at {self.settings.url} is not ready yet: try again in a minute")
        if _numbers(number) < OLDEST:
            raise KibanaFault(f"Kibana {number} at {self.settings.url} is too old: newswarc needs 9.0 or later")
        return str(number)

    def check_space(self) -> None:
        """Kibana would import into a space that is not there, and nobody would ever see it."""
        space = self.settings.space
        status, said = self._ask("GET", f"/api/spaces/space/{space}")
        if status == 404:
            raise KibanaFault(
                f"there is no space {space!r} at {self.settings.url}: make it in Kibana (Stack Management, Spaces), "
                "or name another with --space"
            )
        if status != 200:
            raise self._fault(status, said, f"the space {space!r} could not be looked at")
        if said.get("id") != space:
            raise self._foreign()

    def take(self, step: Step) -> None:
        what = ", ".join(id for _, id in step.objects)
        prefix = "" if self.settings.space == "default" else f"/s/{self.settings.space}"
        status, said = self._ask(step.method, prefix + step.path, step.body, step.content_type)
        if status not in (200, 201):
            raise self._fault(status, said, f"{what} could not be put in place")
        if "_import" not in step.path:
            return
        if "success" not in said:
            raise self._foreign()
        if said["success"] is not True or said.get("successCount") != len(step.objects):
            raise KibanaFault(f"Kibana at {self.settings.url} did not take everything: {_refused(said)}")

    def _ask(
        self, method: str, path: str, body: bytes | None = None, content_type: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON; {} where the answer is none."""
        headers = self.headers | ({"Content-Type": content_type} if content_type else {})
        asked = urllib.request.Request(self.settings.url + path, body, headers, method=method)
        try:
            with self._open(asked, timeout=SECONDS) as answer:
                return answer.status, _read(answer)
        except urllib.error.HTTPError as fault:
            with fault:
                return fault.code, _read(fault)
        except (urllib.error.URLError, http.client.HTTPException, OSError) as fault:
            raise self._unreached(fault) from fault

    def _unreached(self, fault: Exception) -> KibanaFault:
        reason = getattr(fault, "reason", fault)
        url = self.settings.url
        if isinstance(reason, ssl.SSLCertVerificationError):
            return KibanaFault(
                f"the certificate of {url} is not trusted ({reason.verify_message}): name its authority's PEM file in "
                "NEWSWARC_KIBANA_CA_FILE"
            )
        if isinstance(reason, ssl.SSLError):
            return KibanaFault(f"{url} does not speak TLS as asked ({reason}): check http or https")
        if isinstance(reason, http.client.BadStatusLine) and not isinstance(reason, ConnectionError):
            return self._foreign()
        return KibanaFault(f"Kibana at {url} does not answer ({_short(str(reason) or type(reason).__name__)})")

    def _foreign(self) -> KibanaFault:
        host = urlsplit(self.settings.url).netloc
        return KibanaFault(f"what answers at {host} is not Kibana: check the address {self.settings.url}")

    def _fault(self, status: int, said: Mapping[str, Any], what: str) -> KibanaFault:
        url, reason = self.settings.url, _short(str(said.get("message") or ""))
        if status == 401:
            return KibanaFault(f"Kibana at {url} refused the user or the key: {_SET_LOGIN}")
        if status == 403:
            return KibanaFault(
                f"the user or key has not the right in Kibana's space {self.settings.space!r}, {what} ({reason}): "
                "docs/kibana.md has the role"
            )
        if not said or status in (301, 302, 303, 307, 308):
            if status >= 500:
                return KibanaFault(f"a server before Kibana at {url} says {status}: {what}; try again later")
            return self._foreign()
        if status == 409:
            return KibanaFault(f"someone else changed it at the same time, {what} ({reason}): run the same again")
        if status == 429 or status >= 500:
            return KibanaFault(f"Kibana at {url} is in trouble ({status} {reason}), {what}: try again later")
        return KibanaFault(f"{what}: Kibana at {url} says {status} {reason}")


_SET_LOGIN = "check NEWSWARC_KIBANA_USERNAME and _PASSWORD, or _API_KEY"


def _authorization(settings: KibanaSettings) -> dict[str, str]:
    if settings.api_key:
        return {"Authorization": f"ApiKey {settings.api_key}"}
    if settings.username:
        words = f"{settings.username}:{settings.password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(words).decode()}"}
    return {}


def _read(answer: Any) -> dict[str, Any]:
    body = answer.read(MOST_BYTES + 1)
    try:
        said = json.loads(body) if len(body) <= MOST_BYTES else {}
    except ValueError:  # a page of something else
        return {}
    return said if isinstance(said, dict) else {}


def _refused(said: Mapping[str, Any]) -> str:
    """What an import says of the objects it left out; the others it has taken."""
    told = []
    for error in said.get("errors") or []:
        cause = error.get("error") or {}
        reason = str(cause.get("message") or cause.get("type") or "?")
        missing = ", ".join(str(each.get("id")) for each in cause.get("references") or [])
        told.append(f"{error.get('type')} {error.get('id')}: {reason}{f' ({missing})' if missing else ''}")
    return _short("; ".join(told)) or f"{said.get('successCount')} objects of those sent"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else f"{text[:300]} …"
