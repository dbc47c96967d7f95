"""Time from key press to changed frame at 50 Hz, compared with `gymnasium.utils.play`.

There are three environments; the two programs alternate.
"""

import random
import time

import numpy as np

from tests.benchmarks.flash import COLOURS, FLASHES
from tests.benchmarks.report import ratio, say, spread
from tests.benchmarks.screen import Screen, is_colour, program, screen, wait

ROUNDS = 2
PRESSES = 100
START_S = 4.0
TRIES = 5
LOST_S = 0.5


def run(rounds: int = ROUNDS, presses: int = PRESSES) -> None:
    """Measure both programs alternately, and print."""
    for env_id, (beneath, _, keys) in FLASHES.items():
        found: dict[str, list[float]] = {"teleop": [], "play": []}
        with screen(hurry=True) as display:
            for number in range(rounds):
                for name, latencies in found.items():
                    with program(display, "-m", "tests.benchmarks.flash", name, env_id):
                        time.sleep(START_S)
                        at = _mark(display, name, keys)
                        latencies += _press(display, at, keys, presses, random.Random(number))
        for name, latencies in found.items():
            say(f"{beneath}, {name}: key to changed picture, ms", spread(latencies))
        ours, theirs = found["teleop"], found["play"]
        say(f"{beneath}: ratio at the median (aim 0.7)", f"{ratio(ours, theirs, 50):.2f}")
        say(f"{beneath}: ratio at p99 (aim 0.6)", f"{ratio(ours, theirs, 99):.2f}")


def _mark(display: Screen, name: str, keys: dict[str, int]) -> tuple[int, int]:
    """Return the middle of the coloured square once it reacts to a key; R starts a take."""
    for _ in range(TRIES):
        display.focus()
        display.tap("r")
        time.sleep(0.6)
        key, action = list(keys.items())[-1]
        display.key(key, down=True)
        time.sleep(0.3)
        picture = display.picture().astype(int)
        display.key(key, down=False)
        ys, xs = np.nonzero(np.abs(picture - np.array(COLOURS[action])).max(axis=2) < 30)
        if len(xs) > 500:
            return int(np.median(xs)), int(np.median(ys))
    raise SystemExit(f"{name} shows no mark: is its window up?")


def _press(
    display: Screen,
    at: tuple[int, int],
    keys: dict[str, int],
    presses: int,
    rng: random.Random,
) -> list[float]:
    """Return the milliseconds from each press to the square's new colour."""
    latencies = []
    for index in range(presses):
        key, action = list(keys.items())[index % 2]
        time.sleep(rng.uniform(0.08, 0.14))
        began = display.key(key, down=True)
        _seen(display, at, COLOURS[action])
        latencies.append(1000 * (time.perf_counter() - began))
        time.sleep(0.06)
        display.key(key, down=False)
    return latencies


def _seen(display: Screen, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    wait(lambda: is_colour(display.pixel(*at), colour), LOST_S)
