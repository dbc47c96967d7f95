"""Every command that opens a window opens one, on a display of its own, and ends when told to."""

import ast
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.paths import samples_folder
from teleop.recording import Library
from tests.harness.cli import SCRIPT, lay_traps, sprung

ROOT = Path(__file__).parents[2]
SAMPLE = "cartpole-v1/sample-v0"
WIDTH, HEIGHT = 1280, 800
COMMANDS = {
    "lesson": ("lesson", "open", "1-drive"),
    "class": ("class", "open"),
    "nothing": (),
    "an environment": ("CartPole-v1",),
    "open": ("open", "CartPole-v1", "--seed", "3"),
    "an environment with an argument": ("open", "LunarLander-v3", "--arg", "gravity=-5"),
    "compare": ("compare", SAMPLE, "p"),
    "correct": ("correct", SAMPLE),
    "prefer": ("prefer", SAMPLE),
}
pytestmark = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb")


class Display:
    """An X server without a screen; its picture lies in a file."""

    def __init__(self, folder: Path) -> None:
        read, write = os.pipe()
        folder.mkdir()
        self._picture = folder / "Xvfb_screen0"
        self.server = subprocess.Popen(
            [
                *("Xvfb", "-displayfd", str(write), "-nolisten", "tcp"),
                *("-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", str(folder)),
            ],
            pass_fds=(write,),
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as pipe:
            self.name = f":{pipe.readline().strip()}"

    def colours(self) -> int:
        """How many different ones are on it."""
        data = np.fromfile(self._picture, np.uint8)[-WIDTH * HEIGHT * 4 :]
        return len(np.unique(data.view(np.uint32)[::7]))


@pytest.fixture(scope="module")
def display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Display]:
    display = Display(tmp_path_factory.mktemp("display") / "screen")
    yield display
    display.server.terminate()
    display.server.wait()


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = Library(tmp_path_factory.mktemp("display") / "recordings")
    library.ensure(samples_folder())
    dataset = library.dataset(SAMPLE)
    config = bc.Config(members=1, steps=60, lag_steps=3, budget_s=0)
    bc.clone(load_demonstrations(dataset), config).save(dataset.policies / "p")
    return library.root


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS.keys())
def test_the_command_opens_a_window_and_ends_in_order(
    display: Display, recordings: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert display.colours() < 50, "the one before is still there"
    where = () if not arguments else ("--recordings", str(recordings))
    env = {name: value for name, value in os.environ.items() if not name.startswith("SDL_")}
    env |= {"DISPLAY": display.name, "SDL_AUDIODRIVER": "dummy"}
    hears = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731  jobs ignore it
    with (
        (tmp_path / "said").open("w+") as said,
        subprocess.Popen(
            [SCRIPT, *arguments, *where],
            cwd=lay_traps(tmp_path / "here"),
            env=env,
            stdout=said,
            stderr=said,
            preexec_fn=hears,
        ) as app,
    ):
        end = time.monotonic() + 60
        while display.colours() < 50 and app.poll() is None and time.monotonic() < end:
            with pytest.raises(subprocess.TimeoutExpired):
                app.wait(0.2)
        shown, running = display.colours(), app.poll() is None
        app.send_signal(signal.SIGINT)
        try:
            code = app.wait(60)
        finally:
            app.kill()
        said.seek(0)
        assert (running, said.read()) == (True, "Stopped.\n")
    assert shown >= 50, "nothing was drawn"
    assert code == 130
    assert sprung(tmp_path / "here") == [], "a file of the current folder was run"


def test_every_command_that_opens_a_window_is_above() -> None:
    opening = set()
    for path in (ROOT / "teleop" / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(called, ast.Name) and called.id == "show_window" for called in calls
            ):
                opening.add(node.name.removesuffix("_window"))
    assert opening == {"open", "compare", "correct", "prefer", "open_lesson", "open_class"}
    above = {arguments[0] for arguments in COMMANDS.values() if arguments}
    assert opening - {"open_lesson", "open_class"} | {"lesson", "class"} <= above
