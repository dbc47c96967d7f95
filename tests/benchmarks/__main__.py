"""Run benchmarks by name; without a name, all except those that take an hour."""

import sys
from collections.abc import Callable

from tests.benchmarks import (
    choices,
    corrections,
    jitter,
    latency,
    learning,
    pacing,
    recording,
    scale,
    soak,
    startup,
    training,
    window,
)

BENCHMARKS: dict[str, Callable[..., None]] = {
    "startup": startup.run,
    "latency": latency.run,
    "pacing": pacing.run,
    "jitter": jitter.run,
    "recording": recording.run,
    "scale": scale.run,
    "growth": scale.grow,
    "training": training.run,
    "learning": learning.run,
    "choices": choices.run,
    "corrections": corrections.run,
    "window": window.run,
    "soak": soak.run,
}

_HOURS = ("soak", "choices", "corrections")


def _run(name: str) -> None:
    """Run one benchmark or a part of it; if a tool is missing, exit with its name."""
    name, _, part = name.partition(":")
    if name not in BENCHMARKS:
        sys.exit(f"No benchmark is called {name}; there are: {', '.join(BENCHMARKS)}.")
    print(f"\n{name}", flush=True)  # noqa: T201
    try:
        BENCHMARKS[name](part) if part else BENCHMARKS[name]()
    except ImportError as missing:
        sys.exit(
            f"{name} needs the package {missing.name}. Install what benchmarks need: "
            "pip install -e '.[bench]'"
        )
    except FileNotFoundError as missing:
        sys.exit(f"{name} needs {missing.filename}, which is not on this computer.")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or [name for name in BENCHMARKS if name not in _HOURS]:
        _run(wanted)
