"""How SDL, which many environments draw with, is kept from opening windows."""

import contextlib
import os
import sys
from collections.abc import Iterator


def use_offscreen_driver(*, always: bool = False) -> None:
    """Environments of this process draw to arrays; no window of theirs, no sound.

    `offscreen` rather than `dummy`: some environments draw nothing under `dummy` (highway-env).
    SDL has it on Linux only.

    Args:
        always: also where somebody has chosen another driver.
    """
    driver = "offscreen" if sys.platform.startswith("linux") else "dummy"
    for name, value in (("SDL_VIDEODRIVER", driver), ("SDL_AUDIODRIVER", "dummy")):
        if always or name not in os.environ:
            os.environ[name] = value


@contextlib.contextmanager
def offscreen() -> Iterator[None]:
    """The same for a while: the program may want a window later."""
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
