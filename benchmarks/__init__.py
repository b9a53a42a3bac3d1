"""Benches of newswarc: what it must reach, as ratios taken in one run. `python -m benchmarks --help`."""
