"""A real Elasticsearch with TLS, users, the roles of newswarc, and a folder for snapshots."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
from elastic_server import Node, request, workspace

ROLES = json.loads((Path(__file__).parents[2] / "search" / "elastic" / "roles.json").read_text())
PASSWORD = "correct horse"


@dataclass
class Secured:
    node: Node
    authority: Path
    """The file of the certificate that signed the server's."""
    repositories: Path
    context: ssl.SSLContext

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """As the superuser."""
        words = base64.b64encode(f"root:{PASSWORD}".encode()).decode()
        return request(f"{self.node.url}{path}", method, body, self.context, Authorization=f"Basic {words}")

    def key(self, *roles: str) -> str:
        """An API key with the rights of these roles."""
        descriptors = {role: {k: v for k, v in ROLES[role].items() if k != "description"} for role in roles}
        made = self.ask("/_security/api_key", "POST", {"name": "test", "role_descriptors": descriptors})
        return str(made["encoded"])

    def emptied(self) -> None:
        """Without the indices that the roles are for."""
        for made in self.ask("/articles-v*"):
            self.ask(f"/{made}", "DELETE")


@contextmanager
def secured_server() -> Iterator[Secured]:
    with workspace() as folder:
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        repositories = folder / "node" / "repositories"
        repositories.mkdir(parents=True)
        node = Node(folder / "node", _settings(repositories))
        (node.config / "certs").mkdir()
        certificate.private_key_pem.write_to_path(node.config / "certs" / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(node.config / "certs" / "cert.pem")
        authority.cert_pem.write_to_path(folder / "ca.pem")
        node.add_user("root", PASSWORD, "superuser")
        try:
            context = ssl.create_default_context(cafile=folder / "ca.pem")
            made = Secured(node.start(), folder / "ca.pem", repositories, context)
            for role, body in ROLES.items():
                made.ask(f"/_security/role/{role}", "PUT", body)
            made.ask("/_security/user/ann", "PUT", {"password": "battery staple", "roles": ["newswarc_admin"]})
            yield made
        finally:
            node.stop()


def _settings(repositories: Path) -> dict[str, Any]:
    tls = {"enabled": True, "key": "certs/key.pem", "certificate": "certs/cert.pem"}
    return {
        "xpack.security.enabled": True,
        "xpack.license.self_generated.type": "basic",
        "cluster.info.update.interval": "10s",
        "path.repo": str(repositories),
        **{f"xpack.security.http.ssl.{name}": value for name, value in tls.items()},
    }
