"""Benchmarks: figures beside a peer's in the same run, since machines are noisy.

`python -m tests.benchmarks` runs all, `python -m tests.benchmarks latency` one.
"""
