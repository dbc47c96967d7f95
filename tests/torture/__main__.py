"""Run `python -m tests.torture [WHAT] [TRIALS]`, WHAT as in `RUNS`; all of it takes hours."""

import sys
import time
from collections.abc import Callable

from tests.torture import commands, crash, damage, folders, full, hostile, kill, scenario


def _crash(trials: int) -> list[str]:
    lost = []
    for kind in scenario.KINDS:
        tried, found = crash.run(trials, kind)
        print(f"  {kind}: {tried} states", flush=True)  # noqa: T201
        lost += found
    return lost


def _damage(trials: int) -> list[str]:
    tried, cut = damage.truncations()
    print(f"  {tried} truncations", flush=True)  # noqa: T201
    return cut + damage.flips(trials)[1]


RUNS: dict[str, tuple[Callable[[int], list[str]], int]] = {
    "kill": (kill.run, 1000),
    "crash": (_crash, 1000),
    "full": (lambda trials: full.run(trials) + full.run_by_limit(trials), 200),
    "damage": (_damage, 10_000),
    "hostile": (lambda _: hostile.run(), 0),
    "folders": (lambda _: folders.run(), 0),
    "commands": (lambda _: commands.run(), 0),
}


def main() -> None:
    """Run what was requested; exit with code 1 if anything was lost."""
    wanted = sys.argv[1:2] or list(RUNS)
    wrong = []
    for name in wanted:
        run, trials = RUNS[name]
        trials = int(sys.argv[2]) if len(sys.argv) > 2 else trials
        began = time.perf_counter()
        print(name, trials or "", flush=True)  # noqa: T201
        found = run(trials)
        seconds = time.perf_counter() - began
        print(f"  {len(found)} wrong, {seconds:.0f} s", *found[:20], sep="\n  ")  # noqa: T201
        wrong += found
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
