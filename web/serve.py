"""Runs the server until it is interrupted."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from newswarc.commands.faults import WorkFault
from web.app import application

LONGEST_REQUEST = 64 * 1024
"""Bytes of a request's line and headers; more is answered 400."""
MOST_REQUESTS = 64
"""Requests under way; more are answered 503."""


def serve(data: Path, address: str, port: int, names: Sequence[str]) -> None:
    """Serves on `address`; port 0 takes a free one. WorkFault where it cannot listen there."""
    with _listening(address, port) as listener:
        host, taken = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        config = uvicorn.Config(
            application(data, [*names, shown]),
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=LONGEST_REQUEST,
            limit_concurrency=MOST_REQUESTS,
            timeout_graceful_shutdown=5,
        )
        print(f"newswarc serves {data} on http://{shown}:{taken}/ until interrupted", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def is_loopback(address: str) -> bool:
    return address == "localhost" or (_is_address(address) and ipaddress.ip_address(address).is_loopback)


def _is_address(text: str) -> bool:
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(text)
        return True
    return False


def _listening(address: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((address, port), family=family)
    except OSError as e:
        why = "the port is taken; name another with --port" if e.errno == errno.EADDRINUSE else e.strerror or str(e)
        raise WorkFault(f"cannot listen on {address} port {port}: {why}") from e
