"""Step jitter at 50 Hz: alone, while resized, while training, on a busy disk; and rewinding.

Read from the step times in the recorded episodes.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pygame

from teleop import paths
from teleop.envs.factory import make_env
from teleop.evaluation.scoring import RandomPolicy
from teleop.recording import Library
from teleop.runtime.protocol.session_messages import Request
from teleop.runtime.protocol.training_messages import Train
from teleop.session import Session, seeds_from
from teleop.ui.app import App
from teleop.ui.app_config import AppConfig
from tests.benchmarks.demonstrations import record_demonstrations
from tests.benchmarks.flash import ENV_ID
from tests.benchmarks.report import say
from tests.benchmarks.screen import screen

SECONDS = 8.0
PACE_HZ = 50.0
SIZES = ((1280, 800), (1100, 700), (1024, 640), (1200, 760))
_BUSY_DISK = """
import os, sys
while True:
    with open(sys.argv[1], "wb") as file:
        for _ in range(16):
            file.write(bytes(1 << 22))
            file.flush()
            os.fsync(file.fileno())
"""


def run() -> None:
    """Measure in a separate process on a private screen, and print."""
    with screen() as display:
        env = os.environ | {"DISPLAY": display.name}
        env.pop("SDL_VIDEODRIVER", None)
        subprocess.run([sys.executable, "-m", "tests.benchmarks.jitter"], env=env, check=True)
    _go_back()


def measure() -> None:
    """Record one take in each condition."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "recordings"
        root.mkdir()
        record_demonstrations(root, "train/demo-v0")
        app = App(AppConfig(ENV_ID, root, root, paths.assets_folder(), 0, pace_hz=PACE_HZ))
        _until(app, 5.0)
        _take(app, "alone", lambda _: None)
        _take(app, "while resized 10 times a second", _resize)
        disk = [sys.executable, "-c", _BUSY_DISK, str(Path(folder) / "busy")]
        with subprocess.Popen(disk) as busy:
            _take(app, "while the disk is busy with 4 MB fsyncs", lambda _: None)
            busy.kill()
        app.context.tell_trainer(Train(root, "train/demo-v0"))
        _until(app, 2.0)
        _take(app, "while training", lambda _: None)
        _until(app, 1.0)
        app.close()
        library = Library(root)
        dataset = library.dataset(library.best_dataset_id(ENV_ID))
        for name, row in zip(_TAKEN, dataset.rows(), strict=True):
            gaps = 1000 * np.diff(dataset.read(row).times_s[1:])
            off = np.abs(gaps - 1000 / PACE_HZ)
            words = f"p50 {np.median(off):.2f}  p99 {np.percentile(off, 99):.2f}"
            say(f"step off its moment, ms, {name}", f"{words}  (n {len(off)})")


_TAKEN: list[str] = []


def _take(app: App, name: str, disturb: Callable[[int], None]) -> None:
    _TAKEN.append(name)
    app.context.tell(Request.START_TAKE)
    end, number = time.perf_counter() + SECONDS, 0
    while time.perf_counter() < end:
        disturb(number)
        _until(app, 0.1)
        number += 1
    app.context.tell(Request.KEEP_TAKE)
    _until(app, 1.0)


def _resize(number: int) -> None:
    pygame.display.set_mode(SIZES[number % len(SIZES)], pygame.RESIZABLE)


def _until(app: App, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        app.turn(0.01)


def _go_back() -> None:
    """Measure rewinding LunarLander from step 600 by 5 s."""
    policy = RandomPolicy(ENV_ID)
    lasted = []
    for seed in range(10):
        session = Session(lambda: make_env(ENV_ID), policy, seeds_from(seed), can_rewind=True)
        session.start(0.0)
        for step in range(1, 601):
            session.tick(step / session.pace_hz + 1e-6)
        began = time.perf_counter()
        session.rewind(600 - int(5 * session.pace_hz), 0.0)
        session.draw()
        lasted.append(time.perf_counter() - began)
        session.close()
    say(
        "back 5 s from step 600, picture included, s (aim 0.3)",
        f"{np.median(lasted):.3f}, at most {max(lasted):.3f}",
    )


if __name__ == "__main__":
    measure()
