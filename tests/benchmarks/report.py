"""Format and print figures as lines of text."""

from collections.abc import Sequence

import numpy as np


def spread(values: Sequence[float]) -> str:
    """Format values as `22.10 (p99 31.00, n 200)`."""
    return f"{np.median(values):.2f} (p99 {np.percentile(values, 99):.2f}, n {len(values)})"


def say(label: str, text: str) -> None:
    """Print one line."""
    print(f"  {label:46} {text}", flush=True)  # noqa: T201


def ratio(ours: Sequence[float], theirs: Sequence[float], percentile: float) -> float:
    """Return our percentile divided by theirs."""
    return float(np.percentile(ours, percentile) / np.percentile(theirs, percentile))
