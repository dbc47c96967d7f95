"""Frame intervals of the window at 60 frames per second, alone, in training and in practice."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from teleop import paths
from teleop.learning.policy import list_policies
from teleop.recording import Library
from teleop.runtime.protocol.session_messages import Request
from teleop.runtime.protocol.training_messages import StopTraining, Train
from teleop.ui.app import App
from teleop.ui.app_config import AppConfig
from teleop.ui.state.view_model import TrainingState
from tests.benchmarks.demonstrations import record_demonstrations
from tests.benchmarks.flash import ENV_ID
from tests.benchmarks.report import say, spread
from tests.benchmarks.screen import screen

SECONDS = 12.0
_LONGEST_S = 60.0  # until practice begins


def run() -> None:
    """Measure in a separate process on a private screen, and print."""
    import os

    with screen() as display:
        env = os.environ | {"DISPLAY": display.name}
        env.pop("SDL_VIDEODRIVER", None)
        subprocess.run([sys.executable, "-m", "tests.benchmarks.pacing"], env=env, check=True)


def measure() -> None:
    """Drive at 60 Hz and note when each frame is shown."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "recordings"
        root.mkdir()
        record_demonstrations(root, "train/demo-v0")
        app = App(AppConfig(ENV_ID, root, root, paths.assets_folder(), 0, pace_hz=60.0))
        _until(app, 5.0)
        app.router.engaged_changed(True)
        app.context.tell(Request.START_TAKE)
        _until(app, 2.0)
        alone = _intervals(app, SECONDS)
        app.context.tell_trainer(Train(root, "train/demo-v0"))
        _until(app, 1.0)
        training = _intervals(app, SECONDS)
        _practise(app, root)
        practice = _intervals(app, SECONDS)
        app.close()
    say("frame interval alone, ms", spread(alone))
    say("frame interval while training, ms", spread(training))
    say("frame interval while practising, ms", spread(practice))
    for name, busy in (("training", training), ("practising", practice)):
        late = float(np.percentile(busy, 99) - np.percentile(alone, 99))
        say(f"p99 while {name} minus alone, ms (aim < 2)", f"{late:+.2f}")


def _practise(app: App, root: Path) -> None:
    """Stop training, and practise from what it has learned; return once it plays."""
    app.context.tell_trainer(StopTraining())
    _until(app, 3.0)
    dataset = Library(root).existing("train/demo-v0")
    known = list_policies(dataset.policies)[-1]
    training = app.model.training = TrainingState("train/demo-v0")
    app.context.tell_trainer(
        Train(root, "train/demo-v0", recipe="practise", start=known, minutes=5.0)
    )
    end = time.perf_counter() + _LONGEST_S
    while training.phase != "Practising":
        if time.perf_counter() > end:
            raise TimeoutError(f"practice has not begun: {training.phase}")
        _until(app, 0.5)


def _until(app: App, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        app.turn(0.01)


def _intervals(app: App, seconds: float) -> list[float]:
    """Return the milliseconds between new frames."""
    shown, times = app.model.frames["drive"].number, []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        app.turn(0.02)
        number = app.model.frames["drive"].number
        if number != shown:
            shown = number
            times.append(time.perf_counter())
    return [float(ms) for ms in 1000 * np.diff(times)]


if __name__ == "__main__":
    measure()
