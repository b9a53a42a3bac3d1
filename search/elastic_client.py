"""The way to Elasticsearch: a client made from the settings, and what goes wrong with it as one sentence each."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import elastic_transport
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError

from newswarc.settings import ElasticSettings
from search.index import IndexAway, IndexFault

SECONDS = 30.0
"""That one request may take."""
_OVERLOADED = (429, 502, 503, 504)


class Engine:
    """A client for several nodes of one cluster; `faults` goes around every use of it."""

    def __init__(self, settings: ElasticSettings) -> None:
        # It tells each failed try with its way through the code, above the sentence that `faults` makes of the last.
        logging.getLogger("elastic_transport").setLevel(logging.ERROR)
        self.nodes = ", ".join(settings.nodes)
        options: dict[str, Any] = {}
        if settings.api_key:
            options["api_key"] = settings.api_key
        elif settings.username:
            options["basic_auth"] = (settings.username, settings.password or "")
        if settings.ca_file:
            options["ca_certs"] = str(settings.ca_file)
        self.client = Elasticsearch(
            list(settings.nodes),
            request_timeout=SECONDS,
            # Another try goes to another node; with one node it is for a connection that the server has let go of.
            max_retries=max(1, len(settings.nodes)),
            retry_on_status=(502, 503, 504),
            **options,
        )

    @contextlib.contextmanager
    def faults(self, doing: str) -> Iterator[Elasticsearch]:
        """The client; what it raises becomes an IndexFault: `doing` says what failed ("be written")."""
        try:
            yield self.client
        except UnsupportedProductError as fault:
            raise self._foreign() from fault
        except ApiError as fault:
            raise self._refusal(fault, doing) from fault
        except elastic_transport.TransportError as fault:
            raise self._unreached(fault, doing) from fault

    def _foreign(self) -> IndexFault:
        return IndexFault(f"what answers at {self.nodes} is not Elasticsearch: check the address")

    def _refusal(self, fault: ApiError, doing: str) -> IndexFault:
        if fault.meta.headers.get("x-elastic-product") != "Elasticsearch" and fault.status_code not in (401, 403, 429):
            return IndexAway(self._overloaded(fault, doing)) if fault.status_code in _OVERLOADED else self._foreign()
        kind, reason = cause(fault.body)
        return self.item_fault(fault.status_code, kind, reason, doing)

    def _overloaded(self, fault: ApiError, doing: str) -> str:
        return f"the index could not {doing}: at {self.nodes} a server before Elasticsearch says {fault.status_code}"

    def item_fault(self, status: int, kind: str, reason: str, doing: str) -> IndexFault:
        """For what a request, or one document of a bulk, was refused with."""
        if kind == "cluster_block_exception":
            return IndexAway(self._blocked(reason))
        if status == 401:
            return IndexFault(
                f"Elasticsearch at {self.nodes} refused the user or the key: check NEWSWARC_ELASTICSEARCH_USERNAME and "
                "_PASSWORD, or _API_KEY"
            )
        if status == 403:
            return IndexFault(
                f"the user or key has not the right for the index to {doing} ({_short(reason)}): docs/elasticsearch.md "
                "has the roles"
            )
        if status == 429 or status >= 500:
            return IndexAway(
                f"Elasticsearch at {self.nodes} is overloaded or in trouble ({status} {kind}): the index could not "
                f"{doing} now"
            )
        if kind == "index_not_found_exception":
            return IndexFault(f"there is no such index at {self.nodes}: run `newswarc index setup`")
        return IndexFault(f"the index could not {doing}: Elasticsearch says {kind}: {_short(reason)}")

    def _blocked(self, reason: str) -> str:
        if "flood-stage" in reason or "read-only-allow-delete" in reason:
            return (
                f"the disk of Elasticsearch at {self.nodes} is full, it takes no more documents: make room there, "
                "then it goes on by itself"
            )
        return (
            f"the index at {self.nodes} is blocked for writing ({_short(reason)}): take the block away (index.blocks.*)"
        )

    def _unreached(self, fault: elastic_transport.TransportError, doing: str) -> IndexFault:
        reason = _short(str(fault.errors[-1] if fault.errors else fault.message))
        if isinstance(fault, elastic_transport.TlsError):
            if "CERTIFICATE_VERIFY_FAILED" in str(fault):
                return IndexFault(
                    f"the certificate of {self.nodes} is not trusted ({reason}): name its authority's PEM file in "
                    "NEWSWARC_ELASTICSEARCH_CA_FILE"
                )
            return IndexFault(f"{self.nodes} does not speak TLS as asked ({reason}): check http or https")
        if isinstance(fault, elastic_transport.SerializationError):
            return self._foreign()
        return IndexAway(f"Elasticsearch at {self.nodes} does not answer ({reason}): the index could not {doing} now")


def cause(body: Any) -> tuple[str, str]:
    """Type and reason of an error as Elasticsearch tells it, with the inmost cause of the reason."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return "error", str(error)
    inner, reason = error, str(error.get("reason"))
    while isinstance(inner.get("caused_by"), dict):
        inner = inner["caused_by"]
    if inner is not error and inner.get("reason"):
        reason += f": {inner['reason']}"
    return str(error.get("type")), reason


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 300 else f"{text[:300]} …"
