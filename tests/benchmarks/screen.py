"""A private X screen with real key events, for benchmarks; needs Xvfb and python-xlib."""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIZE = (1280, 840)


class Screen:
    """Presses keys through XTEST and reads pixels."""

    def __init__(self, number: int, folder: Path, *, hurry: bool) -> None:
        from Xlib import X, display
        from Xlib.ext import xtest

        self.name, self.hurry = f":{number}", hurry
        self._x, self._xtest = X, xtest
        self._display = display.Display(self.name)  # once the server answers, its screen exists
        self._pixels = _frame_buffer(folder / "Xvfb_screen0")
        self._root = self._display.screen().root

    def key(self, name: str, *, down: bool) -> float:
        """Press or release a key; return the time."""
        from Xlib import XK

        code = self._display.keysym_to_keycode(XK.string_to_keysym(name))
        kind = self._x.KeyPress if down else self._x.KeyRelease
        now = time.perf_counter()
        self._xtest.fake_input(self._display, kind, code)
        self._display.sync()
        return now

    def tap(self, name: str) -> None:
        """Press and release a key."""
        self.key(name, down=True)
        self.key(name, down=False)

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        """Return red, green and blue of a pixel."""
        blue, green, red, _ = self._pixels[y, x].tolist()
        return red, green, blue

    def picture(self) -> NDArray[np.uint8]:
        """Return the whole screen: (height, width, 3)."""
        return self._pixels[:, :, 2::-1].copy()

    def focus(self) -> None:
        """Give the keyboard focus to the only window."""
        for child in self._root.query_tree().children:
            if child.get_attributes().map_state == self._x.IsViewable:
                child.set_input_focus(self._x.RevertToParent, self._x.CurrentTime)
        self._display.sync()


@contextlib.contextmanager
def screen(*, hurry: bool = False) -> Iterator[Screen]:
    """Start a private X server.

    Args:
        hurry: as root, schedule the server and the programs before other work on this machine.

    Raises:
        SystemExit: Xvfb or python-xlib is missing.
    """
    if not shutil.which("Xvfb"):
        raise SystemExit("This benchmark needs Xvfb: apt-get install xvfb")
    number = random.randint(200, 900)
    in_memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="teleop-bench-", dir=in_memory))
    server = subprocess.Popen(
        [
            *("Xvfb", f":{number}", "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24"),
            *("-nolisten", "tcp", "-fbdir", str(folder)),
        ],
        stderr=subprocess.DEVNULL,
    )
    if hurry:
        _hurry(server.pid)
    try:
        socket = Path(f"/tmp/.X11-unix/X{number}")
        while not socket.exists():
            time.sleep(0.01)
        yield Screen(number, folder, hurry=hurry)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


@contextlib.contextmanager
def program(screen: Screen, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python program on this screen."""
    env = os.environ | {"DISPLAY": screen.name, "SDL_FRAMEBUFFER_ACCELERATION": "0"} | variables
    env.pop("SDL_VIDEODRIVER", None)
    process = subprocess.Popen(
        [sys.executable, *arguments], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if screen.hurry:
        _hurry(process.pid)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _hurry(process: int) -> None:
    """Schedule a process and its children before other work; requires root."""
    if hasattr(os, "SCHED_RR"):
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(process, os.SCHED_RR, os.sched_param(5))


def _frame_buffer(path: Path) -> NDArray[np.uint8]:
    """Map the server's screen from its XWD file: (height, width, 4), without asking the server.

    Asking the server for pixels in a loop would take a core away from the measured programs.
    """
    data = np.memmap(path, np.uint8, "r")
    head = data[:100].view(">u4")
    size, width, height, line, colours = (int(head[i]) for i in (0, 4, 5, 12, 19))
    rows = data[size + 12 * colours :][: height * line].reshape(height, line)
    return rows[:, : 4 * width].reshape(height, width, 4)


def wait(until: Callable[[], bool], patience_s: float) -> bool:
    """Check a condition every 0.2 ms until it is true; return False after the timeout."""
    end = time.perf_counter() + patience_s
    while not until():
        if time.perf_counter() > end:
            return False
        time.sleep(0.0002)
    return True


def is_colour(pixel: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    """Return whether a pixel is close enough to a colour (frames are scaled)."""
    return max(abs(a - b) for a, b in zip(pixel, wanted, strict=True)) < 40
