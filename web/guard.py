"""The door of the server: who may ask, and the headers every answer carries."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset(("127.0.0.1", "localhost", "[::1]"))
POLICY = (
    "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer, unless it has its own."""


class Guard:
    """Refuses requests for other names than ours, and those that other sites make behind a user's back.

    The first is what a rebound DNS name looks like: a page of `evil.example` whose address became 127.0.0.1 would else
    read all that is here. The second are images, scripts and fetches of other sites; to follow a link is none of these.
    """

    def __init__(self, app: ASGIApp, names: Collection[str] = ()) -> None:
        self.app = app
        self.names = LOOPBACK | {name.lower() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await (self._refusal(Headers(scope=scope)) or self.app)(scope, receive, with_headers)

    def _refusal(self, headers: Headers) -> ASGIApp | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _name(hosts[0]) not in self.names:
            told = hosts[0][:80] if hosts else "none"
            return PlainTextResponse(
                f"not served under the name {told!r}: newswarc serve --name allows one\n", status_code=421
            )
        strange = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        if strange and headers.get("sec-fetch-mode") != "navigate":
            return PlainTextResponse("not served into pages of other sites\n", status_code=403)
        return None


def _name(host: str) -> str:
    """A Host header without its port, in lower case; an IPv6 address keeps its brackets."""
    name, colon, port = host.lower().rpartition(":")
    return name.rstrip(".") if colon and port.isdecimal() else host.lower().rstrip(".")
