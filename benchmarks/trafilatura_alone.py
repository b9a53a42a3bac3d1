"""Full trafilatura with metadata in two processes over pages on disk, and nothing else. One JSON line.

    python -m benchmarks.trafilatura_alone FOLDER COUNT PROCESSES

The clock runs once the processes are up and have cleaned a page each.
"""

from __future__ import annotations

import gzip
import json
import logging
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import trafilatura


def text_length(path: Path) -> int:
    logging.disable(logging.CRITICAL)
    url = f"http://outlet.example/news/{path.name.partition('.')[0]}.html"
    found = trafilatura.bare_extraction(gzip.decompress(path.read_bytes()), url=url, with_metadata=True)
    return len(getattr(found, "text", None) or "")


def main() -> None:
    folder, count, processes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    paths = [folder / f"{n}.html.gz" for n in range(count)]
    with ProcessPoolExecutor(processes) as pool:
        list(pool.map(text_length, paths[:1] * 8 * processes))
        began = time.perf_counter()
        lengths = list(pool.map(text_length, paths, chunksize=4))
        wall = time.perf_counter() - began
    print(json.dumps({"pages": count, "wall": wall, "documents": sum(length > 0 for length in lengths)}))


if __name__ == "__main__":
    main()
