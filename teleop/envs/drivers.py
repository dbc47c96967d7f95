"""Keep SDL, which many environments render with, from opening windows."""

import contextlib
import os
import sys
from collections.abc import Iterator


def use_offscreen_driver(*, always: bool = False) -> None:
    """Let environments of this process render to arrays, without windows or sound.

    Uses `offscreen` rather than `dummy`, because some environments (highway-env) draw nothing under
    `dummy`. SDL has `offscreen` on Linux only.

    Args:
        always: also replace a driver that is already set.
    """
    driver = "offscreen" if sys.platform.startswith("linux") else "dummy"
    for name, value in (("SDL_VIDEODRIVER", driver), ("SDL_AUDIODRIVER", "dummy")):
        if always or name not in os.environ:
            os.environ[name] = value


@contextlib.contextmanager
def offscreen() -> Iterator[None]:
    """Use the offscreen driver temporarily; the program may need a window later."""
    names = ("SDL_VIDEODRIVER", "SDL_AUDIODRIVER")
    before = {name: os.environ.get(name) for name in names}
    use_offscreen_driver()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
