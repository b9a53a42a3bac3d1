"""A loopback server that answers as Kibana does, as far as `newswarc kibana install` asks it, and keeps what it got.

Not Kibana: it draws nothing. It refuses what Kibana refuses (no kbn-xsrf header, no login, no right, a body with
unknown keys, a form that is none, objects that refer to nothing) and answers in Kibana's words.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kibana_shapes import SAVED, DashboardBody, DataViewBody
from pydantic import ValidationError

Answer = tuple[int, Any]
USER = base64.b64encode(b"ann:battery staple").decode()
READER = base64.b64encode(b"bob:only looks").decode()
KEY = "a2V5OnNlY3JldA=="


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class FakeKibana:
    url: str = ""
    version: str = "9.1.5"
    secured: bool = True
    spaces: set[str] = field(default_factory=lambda: {"default"})
    instead: dict[str, Answer] = field(default_factory=dict)
    """Path → what is answered in place of what Kibana would say; bytes as they are, anything else as JSON."""
    asked: list[Asked] = field(default_factory=list)
    kept: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    """Space, type and id → the object."""

    def answer(self, asked: Asked) -> Answer:
        path, _, query = asked.path.partition("?")
        if path in self.instead:
            return self.instead[path]
        who = asked.headers.get("authorization")
        if self.secured and who not in (f"Basic {USER}", f"Basic {READER}", f"ApiKey {KEY}", None):
            return error(401, "Unauthorized", "[security_exception]: unable to authenticate user")
        if path == "/api/status":
            strangers = {"status": {"overall": {"level": "available"}}}
            known = {"name": "kibana", "version": {"number": self.version, "build_number": 1}, **strangers}
            return 200, strangers if self.secured and who is None else known
        if self.secured and who is None:
            return error(401, "Unauthorized", "Unauthorized")
        if asked.method != "GET" and "kbn-xsrf" not in asked.headers:
            return error(400, "Bad Request", "Request must contain a kbn-xsrf header.")
        if found := re.fullmatch(r"/api/spaces/space/([^/]+)", path):
            if found[1] not in self.spaces:
                return error(404, "Not Found", f"Saved object [space/{found[1]}] not found")
            return 200, {"id": found[1], "name": found[1], "disabledFeatures": []}
        space, path = self.space_of(path)
        if who == f"Basic {READER}":
            return error(403, "Forbidden", "Unable to create index-pattern")
        return self.write(asked, space, path, query)

    def space_of(self, path: str) -> tuple[str, str]:
        found = re.fullmatch(r"/s/([^/]+)(/.*)", path)
        return (found[1], found[2]) if found else ("default", path)

    def write(self, asked: Asked, space: str, path: str, query: str) -> Answer:
        if (asked.method, path) == ("POST", "/api/data_views/data_view"):
            return self.data_view(space, json.loads(asked.body), asked)
        if (asked.method, path) == ("POST", "/api/saved_objects/_import"):
            assert query == "overwrite=true"
            return self.imported(space, asked)
        found = re.fullmatch(r"/api/dashboards/([^/]+)", path)
        if found and asked.method == "PUT" and tuple(map(int, self.version.split(".")[:2])) >= (9, 5):
            return self.dashboard(space, found[1], asked)
        return error(404, "Not Found", "Not Found")

    def data_view(self, space: str, body: Any, asked: Asked) -> Answer:
        assert asked.headers["content-type"] == "application/json"
        try:
            view = DataViewBody.model_validate(body).data_view
        except ValidationError as fault:
            return error(400, "Bad Request", f"[request body]: {fault}")
        self.kept[space, "index-pattern", view.id] = body["data_view"]
        return 200, {"data_view": body["data_view"] | {"version": "WzEsMV0="}}

    def dashboard(self, space: str, id: str, asked: Asked) -> Answer:
        body = json.loads(asked.body)
        try:
            DashboardBody.model_validate(body)
        except ValidationError as fault:
            return error(400, "Bad Request", f"[request body]: {fault}")
        status = 200 if (space, "dashboard", id) in self.kept else 201
        self.kept[space, "dashboard", id] = body
        return status, {"id": id, "data": body, "meta": {"managed": False}}

    def imported(self, space: str, asked: Asked) -> Answer:
        form = message_from_bytes(
            b"Content-Type: " + asked.headers["content-type"].encode() + b"\r\n\r\n" + asked.body, policy=policy.HTTP
        )
        parts = list(form.iter_parts()) if form.is_multipart() else []  # type: ignore[attr-defined]
        if len(parts) != 1 or parts[0].get_param("name", header="content-disposition") != "file":
            return error(400, "Bad Request", "[request body.file]: expected value of type [Stream]")
        if not (parts[0].get_filename() or "").endswith(".ndjson"):
            return error(400, "Bad Request", "Invalid file extension")
        lines = parts[0].get_payload(decode=True).decode().splitlines()
        return self.put(space, [json.loads(line) for line in lines])

    def put(self, space: str, saved: list[dict[str, Any]]) -> Answer:
        known = {(kind, id) for where, kind, id in self.kept if where == space} | {(o["type"], o["id"]) for o in saved}
        good, errors = [], []
        for each in saved:
            SAVED[each["type"]].model_validate(each)
            missing = [r for r in each["references"] if (r["type"], r["id"]) not in known]
            if missing:
                cause = {"type": "missing_references", "references": missing}
                errors.append({"id": each["id"], "type": each["type"], "overwrite": True, "error": cause})
            else:
                good.append({"type": each["type"], "id": each["id"], "overwrite": True})
                self.kept[space, each["type"], each["id"]] = each
        told = {"success": not errors, "successCount": len(good), "successResults": good, "warnings": []}
        return 200, told | ({"errors": errors} if errors else {})


def error(status: int, name: str, message: str) -> Answer:
    return status, {"statusCode": status, "error": name, "message": message}


@contextmanager
def kibana(context: ssl.SSLContext | None = None, **settings: Any) -> Iterator[FakeKibana]:
    made = FakeKibana(**settings)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            made.asked.append(asked)
            status, said = made.answer(asked)
            written = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            if status in (301, 302):
                self.send_header("Location", f"{made.url}/login")
            self.send_header("Content-Length", str(len(written)))
            self.send_header("kbn-name", "kibana")
            self.end_headers()
            self.wfile.write(written)

        do_GET = do_POST = do_PUT = do_DELETE = handle_one

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    made.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
