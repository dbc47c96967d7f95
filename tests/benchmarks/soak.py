"""Use the window without a pause: `python -m tests.benchmarks soak:60` runs for an hour.

Real keys on a private screen: drive, discard, sometimes save, visit every screen, train, play a
comparison. The memory of the window process is measured once per round.
"""

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from tests.benchmarks.report import say
from tests.benchmarks.screen import Screen, program, screen

MINUTES = 60.0
_DRIVEN_S, _LOOKED_S = 6.0, 3.0
_SAVED_EVERY, _TRAINED_EVERY = 10, 12  # rounds
_WARM = 4  # rounds until everything was used once


def run(minutes: str = "") -> None:
    """Print the window's memory at the start, in the middle and at the end."""
    with tempfile.TemporaryDirectory() as folder, screen() as display:
        root = Path(folder) / "recordings"
        arguments = ("-m", "teleop", "LunarLander-v3", "--recordings", str(root))
        with program(display, *arguments, HOME=folder, XDG_DATA_HOME=folder) as process:
            time.sleep(5)
            display.focus()
            watched = psutil.Process(process.pid)
            end = time.monotonic() + 60 * float(minutes or MINUTES)
            memory = list(_rounds(display, watched, end))
            assert process.poll() is None, "the program has ended"
    seen = np.array(memory[_WARM:] or memory) / 1e6
    say("rounds of all screens", f"{len(memory)}")
    say("the window's memory, MB: first, middle, last", _three(seen))
    say("  most (aim 120)", f"{seen.max():.0f}")


def _rounds(display: Screen, watched: psutil.Process, end: float) -> Iterator[float]:
    """Yield the memory of the window process in bytes, once per round."""
    number = 0
    while time.monotonic() < end:
        number += 1
        _drive(display, saved=number % _SAVED_EVERY == 0)
        for place, key in enumerate(("2", "3", "4", "l", "h", "1")):
            _with_ctrl(display, key)
            time.sleep(_LOOKED_S if place == 1 else 1.0)
            if key == "2" and number % _TRAINED_EVERY == 1:
                display.tap("r")
                time.sleep(12)
        yield float(watched.memory_info().rss)


def _drive(display: Screen, *, saved: bool) -> None:
    """Record a take with random keys, then save or discard it."""
    draw, end = random.Random(int(saved)), time.monotonic() + _DRIVEN_S
    display.tap("r")
    while time.monotonic() < end:
        key = draw.choice("wad")
        display.key(key, down=True)
        time.sleep(draw.uniform(0.05, 0.3))
        display.key(key, down=False)
    display.tap("F9")
    time.sleep(0.6)
    _with_ctrl(display, "Return" if saved else "BackSpace")
    time.sleep(0.4)


def _with_ctrl(display: Screen, key: str) -> None:
    display.key("Control_L", down=True)
    display.tap(key)
    display.key("Control_L", down=False)


def _three(values: np.ndarray) -> str:
    return ", ".join(f"{values[place]:.0f}" for place in (0, len(values) // 2, -1))
