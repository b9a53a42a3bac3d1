"""`serve` prints where the outlets are and serves until interrupted."""

from __future__ import annotations

import http.client
import re
import signal
import subprocess
import sys
from pathlib import Path


def test_serve_prints_the_environment_serves_and_ends_on_interrupt() -> None:
    command = [sys.executable, "-c", "from crawler.sample.serve import serve; serve()"]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        try:
            said = "".join(iter(process.stdout.readline, "\n"))
            port = re.search(r"export NEWSWARC_CONNECT_TO='\*:\*=127\.0\.0\.1:(\d+)'", said)
            assert port
            assert "export NEWSWARC_ALLOW_NETWORKS='127.0.0.0/8'" in said
            connection = http.client.HTTPConnection("127.0.0.1", int(port[1]), timeout=20)
            connection.request("GET", "/", headers={"Host": "vestnik-termez.example"})
            assert connection.getresponse().status == 200
            connection.close()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
