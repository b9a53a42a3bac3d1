"""news-please as a library, `from_urls` in fifties, images off. Runs in an environment of its own. One JSON line.

PYTHON benchmarks/news_please.py URLS
"""

import json
import logging
import sys
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
AT_ONCE = 50


def main() -> None:
    from newsplease import NewsPlease  # type: ignore[import-not-found]

    urls = Path(sys.argv[1]).read_text().split()

    def fetch(some: list[str]) -> int:
        found = NewsPlease.from_urls(some, request_args={"timeout": 60}, fetch_images=False)
        return sum(bool(article and article.maintext) for article in found.values())

    fetch(urls[:2])
    began = time.perf_counter()
    documents = sum(fetch(urls[start : start + AT_ONCE]) for start in range(0, len(urls), AT_ONCE))
    print(json.dumps({"pages": len(urls), "wall": time.perf_counter() - began, "documents": documents}))


if __name__ == "__main__":
    main()
