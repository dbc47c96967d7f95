"""Benchmarks: figures next to another program's from the same run, because machines are noisy.

`python -m tests.benchmarks` runs all but the longest, `python -m tests.benchmarks latency` one.
"""
