"""Time from the command to the first frame and to a live environment, and of `--help`."""

import subprocess
import sys
import tempfile
import time

from tests.benchmarks.report import say, spread
from tests.benchmarks.screen import Screen, program, screen, wait

TIMES = 5
WINDOW = (11, 12, 16)  # the theme's background
PATIENCE_S = 20.0


def run() -> None:
    """Measure and print."""
    helps = []
    for _ in range(TIMES):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "teleop", "--help"], capture_output=True, check=True)
        helps.append(time.perf_counter() - began)
    say("teleop --help, s (aim 0.4)", spread(helps))
    firsts, lives = [], []
    with screen() as display, tempfile.TemporaryDirectory() as folder:
        for _ in range(TIMES):
            first, live = _start(display, folder)
            firsts.append(first)
            lives.append(live)
    say("command to first frame, s (aim 0.6)", spread(firsts))
    say("command to live environment, s (aim 2)", spread(lives))


def _start(display: Screen, folder: str) -> tuple[float, float]:
    began = time.perf_counter()
    root = f"{folder}/recordings"
    with program(display, "-m", "teleop", "LunarLander-v3", "--recordings", root):
        came = wait(lambda: display.pixel(5, 790) == WINDOW, PATIENCE_S)
        first = time.perf_counter() - began
        moon = (255, 255, 255)
        if not came or not wait(lambda: display.pixel(400, 640) == moon, PATIENCE_S):
            raise SystemExit("the window did not come up")
        return first, time.perf_counter() - began
