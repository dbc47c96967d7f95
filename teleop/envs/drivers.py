"""How SDL, which many environments draw with, is kept from opening windows."""

import os
import sys


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
