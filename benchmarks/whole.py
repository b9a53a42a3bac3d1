"""One whole run of newswarc as `newswarc crawl` does it: crawl, archive, clean in workers, index. One JSON line.

    python -m benchmarks.whole PORT OUTLETS DATA WORKERS

The outlets list their pages in sitemaps of the bench's site at PORT. The clock runs from the spider's making to the
end of the last commit; the cleaning processes start within that time.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def write_sources(folder: Path, outlets: int) -> None:
    region = folder / "bench"
    region.mkdir(parents=True)
    for n in range(outlets):
        host = f"outlet-{n}-of-{outlets}.example"
        (region / f"outlet-{n}.yaml").write_text(
            f"name: Outlet {n}\nhomepage: http://{host}/\nsitemaps: [http://{host}/sitemap.xml]\n"
            f"articles: ^/news/\ndelay: 0\n"
        )


def main() -> None:
    port, outlets, data, workers = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    os.environ |= {"NEWSWARC_ALLOW_NETWORKS": "127.0.0.0/8", "NEWSWARC_CONNECT_TO": f"*:*=127.0.0.1:{port}"}
    # Late, so that nothing is imported before the environment is set.
    from crawler import spiders
    from newswarc.commands.crawl import crawl_once
    from newswarc.settings import DataFolder
    from newswarc.sources import load

    began: list[float] = []
    make = spiders.OutletSpider.from_crawler.__func__  # type: ignore[attr-defined]

    def timed(cls: Any, *args: Any, **kwargs: Any) -> Any:
        began.append(time.perf_counter())
        return make(cls, *args, **kwargs)

    spiders.OutletSpider.from_crawler = classmethod(timed)  # type: ignore[assignment]
    write_sources(data / "sources", outlets)
    result = crawl_once(load(data / "sources"), DataFolder(data / "data"), workers=workers)
    wall = time.perf_counter() - began[0]
    fetched = sum(figures["fetched"] for figures in result["sources"].values())
    documents = sum(result["totals"]["documents"].values())
    print(json.dumps({"pages": fetched, "wall": wall, "documents": documents, "totals": result["totals"]}))


if __name__ == "__main__":
    main()
