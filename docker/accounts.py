"""Puts newswarc's roles and users into Elasticsearch, and Kibana's own password.

The one-shot service `accounts` runs it at every start, as the user `elastic`; done again it changes nothing. Passwords
are read from the files that `prepare.py` made and go over TLS in a request's body.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

USERS = {
    "newswarc_admin": ["newswarc_admin"],
    "newswarc_crawler": ["newswarc_crawler"],
    "newswarc_reader": ["newswarc_reader"],
    "newswarc_snapshots": ["newswarc_snapshots"],
    "newswarc_kibana": ["kibana_admin", "newswarc_reader"],
}
"""Users of the services: each start gives them the password of their file."""
PEOPLE = {"analyst": ["kibana_admin", "newswarc_reader"]}
"""Users who sign in to Kibana: made once, from then on their passwords are their own."""
PATIENCE = "120"
"""Seconds that Elasticsearch may take until it does as asked; the variable PATIENCE may say another number."""


class Refused(Exception):
    """An answer that tells what to mend."""


class Engine:
    """Requests to one node as the user `elastic`."""

    def __init__(self, url: str, keys: Path, patience: float) -> None:
        self.url, self.keys = url.rstrip("/"), keys
        self.end = time.monotonic() + patience
        signed = base64.b64encode(f"elastic:{self.password('elastic')}".encode()).decode()
        self.headers = {"Authorization": f"Basic {signed}", "Content-Type": "application/json"}
        trust = ssl.create_default_context(cafile=str(keys / "ca.crt"))
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
        )

    def password(self, user: str) -> str:
        return (self.keys / user).read_text("utf-8").strip()

    def ask(self, path: str, method: str = "GET", body: Mapping[str, Any] | None = None) -> int:
        """The HTTP status: 200 or 404. Asks again while the engine starts or is in trouble. Refused, OSError."""
        while True:
            try:
                return self._ask(path, method, body)
            except urllib.error.HTTPError as fault:
                # Until it has read its own users a server that starts answers 401 to everyone.
                if (fault.code < 500 and fault.code not in (401, 408, 429)) or time.monotonic() > self.end:
                    raise _refusal(f"{method} {path}", fault) from fault
            except OSError as fault:
                untrusted = isinstance(getattr(fault, "reason", None), ssl.SSLCertVerificationError)
                if untrusted or time.monotonic() > self.end:
                    raise
            time.sleep(1)

    def _ask(self, path: str, method: str, body: Mapping[str, Any] | None) -> int:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, self.headers, method=method)
        try:
            with self.opener.open(request, timeout=60) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as fault:
            if fault.code != 404:
                raise
            fault.close()
            return 404


def _refusal(asked: str, fault: urllib.error.HTTPError) -> Refused:
    with fault:
        if fault.code == 401:
            return Refused(
                "Elasticsearch does not take the password of `elastic` that was made at the first start; if it was "
                "changed, write the new one into the file `elastic` of the volume keys-admin"
            )
        return Refused(f"{asked}: {fault.code} {fault.read(500).decode(errors='replace')}")


def put_accounts(engine: Engine) -> None:
    engine.ask("/_cluster/health?wait_for_status=yellow&timeout=30s")
    engine.ask("/_security/user/kibana_system/_password", "PUT", {"password": engine.password("kibana_system")})
    for role, body in json.loads((files("search") / "elastic" / "roles.json").read_text("utf-8")).items():
        engine.ask(f"/_security/role/{role}", "PUT", body)
    for user, roles in USERS.items():
        _put_user(engine, user, roles)
    for user, roles in PEOPLE.items():
        if engine.ask(f"/_security/user/{user}") == 404:
            _put_user(engine, user, roles)


def _put_user(engine: Engine, user: str, roles: list[str]) -> None:
    engine.ask(f"/_security/user/{user}", "PUT", {"password": engine.password(user), "roles": roles})


def main(environ: Mapping[str, str]) -> str | None:
    nodes = environ.get("NEWSWARC_ELASTICSEARCH_NODES", "https://es01:9200").split(",")
    try:
        keys, patience = Path(environ.get("KEYS", "/keys")), float(environ.get("PATIENCE", PATIENCE))
        put_accounts(Engine(nodes[0], keys, patience))
    except (Refused, OSError) as fault:
        return f"accounts: {nodes[0]}: {fault}"
    print(f"accounts are in place: {', '.join([*USERS, *PEOPLE])}")
    return None


if __name__ == "__main__":
    sys.exit(main(os.environ))
