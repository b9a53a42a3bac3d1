"""In which order tests run, and which share a worker: the longest first, so that all workers end at the same time.

A file runs in one worker, and so do the files that share what is made once in a session. What is not named here takes
a few seconds at most.
"""

from __future__ import annotations

from collections.abc import Mapping

TOGETHER: Mapping[str, tuple[str, ...]] = {
    "a crawled sample behind a server": ("tests/web/",),
    "a crawl that nothing disturbs": ("tests/faults/test_faults_kill.py", "tests/faults/test_faults_disk.py"),
    "a secured Elasticsearch": ("tests/engine/test_engine_faults.py", "tests/engine/test_snapshot.py"),
}
"""What is shared → the beginnings of the paths of those that share it."""
SECONDS: Mapping[str, float] = {
    "tests/engine/test_engine_backlog.py": 95,
    "tests/docker/test_docker_running.py": 85,
    "a secured Elasticsearch": 85,
    "a crawled sample behind a server": 70,
    "tests/test_main_job.py": 46,
    "tests/newswarc/test_entities_commands.py": 45,
    "tests/docker/test_docker_image.py": 45,
    "a crawl that nothing disturbs": 40,
    "tests/engine/test_cluster.py": 38,
    "tests/faults/test_faults_loss.py": 35,
    "tests/entities/test_registry.py": 35,
    "tests/test_real_pages.py": 34,
    "tests/faults/test_faults_interrupt.py": 23,
    "tests/search/test_index_contract.py": 22,
    "tests/entities/test_names_in_search.py": 20,
    "tests/kibana/test_kibana_queries.py": 19,
    "tests/engine/test_engine_parity.py": 18,
    "tests/faults/test_faults_engine.py": 17,
    "tests/faults/test_faults_hostile.py": 14,
    "tests/capture/test_capture_crawl.py": 14,
    "tests/clean/test_scores.py": 12,
    "tests/entities/test_annotate.py": 12,
    "tests/test_gold.py": 11,
    "tests/capture/test_capture_oracle.py": 10,
    "tests/archive/test_archive_faults.py": 10,
    "tests/capture/test_wire.py": 8,
    "tests/faults/test_faults_two_at_once.py": 7,
}
"""What each takes on one of two cores, as `pytest --durations` has it; only their order counts."""


def share(nodeid: str) -> str:
    """What a test shares with those that run in the same worker: mostly its file."""
    file = nodeid.split("::", 1)[0]
    return next((name for name, files in TOGETHER.items() if file.startswith(files)), file)


def place(nodeid: str) -> tuple[float, str]:
    """By which tests are sorted."""
    shared = share(nodeid)
    return -SECONDS.get(shared, 0), shared
