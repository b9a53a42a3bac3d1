"""`python -m benchmarks [NAME...] [--quick]`: runs benches, prints their tables, writes docs/benchmarks.md."""

from __future__ import annotations

import argparse
from importlib import import_module

from benchmarks.report import Result, goals_table, keep, text_of

BENCHES = ("crawl", "pipeline", "saved", "memory", "archive", "search", "elastic", "names", "annotation")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}; default: all")
    parser.add_argument("--quick", action="store_true", help="small and rough: tries the benches out, writes nothing")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHES):
        parser.error(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    results = []
    for name in arguments.names or BENCHES:
        result: Result = import_module(f"benchmarks.{name}").bench(quick=arguments.quick)
        print(text_of(result), "\n", flush=True)
        results.append(result)
        if result.goals and not arguments.quick:
            keep([result], BENCHES)
    print(goals_table(results))


if __name__ == "__main__":
    main()
