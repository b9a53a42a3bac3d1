from __future__ import annotations

import pytest
from web_kit import newswarc, serving

from crawler.sample.outlets import SampleOutlets
from crawler.sample.serve import environment, running


@pytest.fixture(scope="session")
def crawled(tmp_path_factory):
    """A data folder with the sample region after both rounds; nobody writes to it."""
    data, outlets = tmp_path_factory.mktemp("web") / "data", SampleOutlets(1)
    with running(outlets=outlets) as server:
        for more in ([], ["--recheck"]):
            done = newswarc("crawl", "sample", *more, "--data", str(data), environ=environment(server))
            assert done.returncode == 0, done.stderr
            outlets.stage = 2
    return data


@pytest.fixture(scope="session")
def served(crawled):
    with serving(crawled) as server:
        yield server
