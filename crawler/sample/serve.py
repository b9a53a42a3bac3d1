"""Serves the sample outlets on loopback and says how to reach them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from crawler.sample.outlets import SampleOutlets
from crawler.sample.server import SampleServer


@contextmanager
def running(stage: int = 1, port: int = 0, outlets: SampleOutlets | None = None) -> Iterator[SampleServer]:
    """The sample server with all outlets, ready when entered. Give `outlets` to change their stage while it runs."""
    with SampleServer((outlets or SampleOutlets(stage)).sites(), port=port) as server:
        yield server


def environment(server: SampleServer) -> dict[str, str]:
    """What a crawler needs in its environment to reach the outlets under their own names."""
    return {
        "NEWSWARC_CONNECT_TO": f"*:*={server.address}:{server.port}",
        "NEWSWARC_ALLOW_NETWORKS": "127.0.0.0/8",
    }


def serve(port: int = 0, stage: int = 1) -> None:
    """Serves until interrupted; `port` 0 takes a free one."""
    with running(stage, port) as server:
        print(f"The sample outlets are served on {server.address}, port {server.port}. Ctrl-C ends it.", flush=True)
        for host in server.sites:
            print(f"  http://{host}/")
        print("In the shell of the crawler:")
        for name, value in environment(server).items():
            print(f"  export {name}='{value}'")
        print(flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
