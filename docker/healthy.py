"""Health check of `newswarc serve`: exit code 0 where it answers, else a sentence and 1."""

from __future__ import annotations

import os
import sys
import urllib.request

SECONDS = 5.0
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main() -> str | None:
    port = os.environ.get("NEWSWARC_SERVE_PORT") or "8765"
    try:
        with NO_PROXY.open(f"http://127.0.0.1:{port}/api/openapi.json", timeout=SECONDS) as answer:
            answer.read()
    except OSError as fault:  # an HTTP status is one, too
        return f"newswarc does not answer on port {port}: {fault}"
    return None


if __name__ == "__main__":
    sys.exit(main())
