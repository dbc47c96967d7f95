"""Figures as lines of text."""

from collections.abc import Sequence

import numpy as np


def spread(values: Sequence[float]) -> str:
    """`22.1 (p99 31.0, n 200)`."""
    return f"{np.median(values):.2f} (p99 {np.percentile(values, 99):.2f}, n {len(values)})"


def say(label: str, text: str) -> None:
    """One line."""
    print(f"  {label:46} {text}", flush=True)  # noqa: T201


def ratio(ours: Sequence[float], theirs: Sequence[float], percentile: float) -> float:
    """Ours by theirs at a percentile."""
    return float(np.percentile(ours, percentile) / np.percentile(theirs, percentile))
