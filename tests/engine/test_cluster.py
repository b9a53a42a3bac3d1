"""Three nodes on loopback, one replica: nodes are killed while documents are written and while others search."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import external
import pytest
from elastic_server import Node, Unavailable, request, workspace
from test_index_contract import document

from search.index import IndexAway, SearchIndex, open_index
from search.query import All, Query

NAMES = ("one", "two", "three")
NAME = "articles"
BATCHES, BATCH = 40, 50


class Cluster:
    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.index = "elasticsearch:" + ",".join(node.url for node in nodes) + f"/{NAME}"

    def ask(self, path: str) -> object:
        """Of the first node that lives."""
        return request(next(node for node in self.nodes if node.pid).url + path)

    def green(self) -> None:
        self.ask("/_cluster/health?wait_for_status=green&wait_for_no_relocating_shards=true&timeout=90s")

    def holder_of_the_primary(self) -> Node:
        shards = self.ask(f"/_cat/shards/{NAME}?format=json&h=prirep,node")
        assert isinstance(shards, list)
        name = next(shard["node"] for shard in shards if shard["prirep"] == "p")
        return next(node for node in self.nodes if node.settings["node.name"] == name)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with workspace() as folder, contextlib.ExitStack() as ends:
        ports = dict(zip(NAMES, _free_ports(len(NAMES) * 2), strict=False))
        http = dict(zip(NAMES, _free_ports(len(NAMES)), strict=True))
        nodes = []
        try:
            for name in NAMES:
                (folder / name).mkdir()
                nodes.append(Node(folder / name, _settings(name, ports, http), heap="400m"))
        except Unavailable as reason:
            external.cannot(f"no Elasticsearch to test with: {reason}")
        for node in nodes:
            ends.callback(node.stop)
        with ThreadPoolExecutor(len(nodes)) as starters:  # each waits for the others
            list(starters.map(Node.start, nodes))
        yield Cluster(nodes)


def _settings(name: str, ports: dict[str, int], http: dict[str, int]) -> dict[str, object]:
    return {
        "cluster.name": "newswarc-three",
        "discovery.type": "multi-node",
        "discovery.seed_hosts": [f"127.0.0.1:{port}" for port in ports.values()],
        "cluster.initial_master_nodes": list(NAMES),
        "transport.port": ports[name],
        "http.port": http[name],
    }


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@pytest.mark.timeout(600)  # three servers start, one of them twice
def test_no_document_is_lost_and_no_search_fails_when_nodes_are_killed(cluster: Cluster) -> None:
    with open_index(cluster.index, write=True) as index:
        cluster.green()
        killed = cluster.holder_of_the_primary()
        for batch in range(BATCHES):
            if batch == BATCHES // 3:
                killed.kill()
            _written(index, [f"{batch:02}-{number:02}" for number in range(BATCH)])
        assert list(index.ids()) == sorted(f"{batch:02}-{n:02}" for batch in range(BATCHES) for n in range(BATCH))
        killed.start()
        cluster.green()

    with open_index(cluster.index) as reader:
        other = next(node for node in cluster.nodes if node is not killed)
        enough, answered, totals = threading.Event(), threading.Semaphore(0), []
        searching = threading.Thread(target=_search_on, args=(reader, totals, answered, enough))
        searching.start()
        try:
            _wait_for(20, answered, totals)
            other.kill()
            _wait_for(len(totals), answered, totals)  # with the 20 before: 20 more than have ended by now
        finally:
            enough.set()
            searching.join()
        assert set(totals) == {BATCHES * BATCH}


def _written(index: SearchIndex, ids: list[str]) -> None:
    """As the drain does: what the engine did not take is sent again."""
    for _ in range(60):
        try:
            index.upsert([document(id) for id in ids])
            index.commit()
        except IndexAway:
            continue
        return
    pytest.fail(f"the cluster took nothing of {ids[0]} …")


def _search_on(
    index: SearchIndex, totals: list[object], answered: threading.Semaphore, enough: threading.Event
) -> None:
    while not enough.is_set():
        try:
            totals.append(index.search(Query(All(), limit=5)).total)
        except Exception as fault:  # noqa: BLE001  whatever it is, the test tells it
            totals.append(fault)
        answered.release()


def _wait_for(searches: int, answered: threading.Semaphore, totals: list[object]) -> None:
    for _ in range(searches):
        if not answered.acquire(timeout=100):
            pytest.fail(f"{len(totals)} searches ended, more were waited for: {totals[-3:]}")
