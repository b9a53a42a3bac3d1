"""Run as a process: writes documents to an index without end, prints each number once it is committed."""

from __future__ import annotations

import sys

from test_index_contract import document

from search.index import open_index

with open_index(sys.argv[1], write=True) as index:
    number = int(sys.argv[2])
    while True:
        index.upsert([document(f"{each:08}", text=f"river number{each}") for each in range(number, number + 7)])
        index.commit()
        number += 7
        print(number, flush=True)
