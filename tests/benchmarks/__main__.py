"""Run benchmarks by name; all without one."""

import sys

from tests.benchmarks import jitter, latency, pacing, recording, scale, startup, training

BENCHMARKS = {
    "startup": startup.run,
    "latency": latency.run,
    "pacing": pacing.run,
    "jitter": jitter.run,
    "recording": recording.run,
    "scale": scale.run,
    "growth": scale.grow,
    "training": training.run,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or BENCHMARKS:
        if name not in BENCHMARKS:
            sys.exit(f"No benchmark is called {name}; there are: {', '.join(BENCHMARKS)}.")
        print(f"\n{name}", flush=True)  # noqa: T201
        BENCHMARKS[name]()
