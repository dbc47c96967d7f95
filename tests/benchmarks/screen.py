"""A private X screen with real keys, for benchmarks: needs Xvfb and python-xlib."""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SIZE = (1280, 840)


class Screen:
    """Presses keys through XTEST and looks at pixels."""

    def __init__(self, number: int) -> None:
        from Xlib import X, display
        from Xlib.ext import xtest

        self.name = f":{number}"
        self._x, self._xtest = X, xtest
        self._display = display.Display(self.name)
        self._root = self._display.screen().root

    def key(self, name: str, *, down: bool) -> float:
        """Press or release a key; returns when."""
        from Xlib import XK

        code = self._display.keysym_to_keycode(XK.string_to_keysym(name))
        kind = self._x.KeyPress if down else self._x.KeyRelease
        now = time.perf_counter()
        self._xtest.fake_input(self._display, kind, code)
        self._display.sync()
        return now

    def tap(self, name: str) -> None:
        """Press and release."""
        self.key(name, down=True)
        self.key(name, down=False)

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        """Red, green, blue of a pixel."""
        data = self._root.get_image(x, y, 1, 1, self._x.ZPixmap, 0xFFFFFFFF).data
        return data[2], data[1], data[0]

    def picture(self) -> Any:
        """The whole screen: (height, width, 3)."""
        import numpy as np

        image = self._root.get_image(0, 0, *SIZE, self._x.ZPixmap, 0xFFFFFFFF).data
        return np.frombuffer(image, np.uint8).reshape(SIZE[1], SIZE[0], 4)[:, :, 2::-1]

    def focus(self) -> None:
        """Give the keyboard to the one window there is."""
        for child in self._root.query_tree().children:
            if child.get_attributes().map_state == self._x.IsViewable:
                child.set_input_focus(self._x.RevertToParent, self._x.CurrentTime)
        self._display.sync()


@contextlib.contextmanager
def screen() -> Iterator[Screen]:
    """An X server of our own.

    Raises:
        SystemExit: Xvfb or python-xlib is missing.
    """
    if not shutil.which("Xvfb"):
        raise SystemExit("This benchmark needs Xvfb: apt-get install xvfb")
    number = random.randint(200, 900)
    server = subprocess.Popen(
        ["Xvfb", f":{number}", "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp"],
        stderr=subprocess.DEVNULL,
    )
    try:
        socket = Path(f"/tmp/.X11-unix/X{number}")
        while not socket.exists():
            time.sleep(0.01)
        yield Screen(number)
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def program(screen: Screen, *arguments: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python program on that screen."""
    env = os.environ | {"DISPLAY": screen.name, "SDL_FRAMEBUFFER_ACCELERATION": "0"} | variables
    env.pop("SDL_VIDEODRIVER", None)
    process = subprocess.Popen(
        [sys.executable, *arguments], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def is_colour(pixel: tuple[int, int, int], wanted: tuple[int, int, int]) -> bool:
    """Near enough (pictures are scaled)."""
    return max(abs(a - b) for a, b in zip(pixel, wanted, strict=True)) < 40
