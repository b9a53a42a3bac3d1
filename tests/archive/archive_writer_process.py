"""A process of its own that writes into the folder it is told, and says each receipt after `append` returned it.

    python archive_writer_process.py FOLDER SEED

It ends by being killed, or with exit status 3 and one line on stderr where the folder is taken.
"""

import json
import os
import random
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive.store import ArchiveLocked, WarcFolder
from newswarc.items import Exchange


def exchange(rnd: random.Random, number: int) -> Exchange:
    body = rnd.randbytes(rnd.randint(100, 60_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body)
    return Exchange(
        f"http://news.example/{number}", datetime.now(UTC), b"GET / HTTP/1.1\r\n\r\n", head + body, "article"
    )


def main(folder: str, seed: str) -> int:
    rnd, number = random.Random(int(seed)), 0
    try:
        store = WarcFolder(Path(folder), max_bytes=300_000)
    except ArchiveLocked as e:
        print(f"newswarc: {e}", file=sys.stderr)
        return 3
    while True:
        items = [exchange(rnd, number + n) for n in range(rnd.randint(1, 3))]
        number += len(items)
        for item, receipt in zip(items, store.append(items), strict=True):
            pointer = receipt.pointer
            place = (pointer.warc, pointer.offset, pointer.length, pointer.record_id)
            os.write(1, (json.dumps([*place, receipt.payload_digest, len(item.response)]) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
