"""Calls SDL directly for what pygame does not offer: names of keys, areas of displays."""

import contextlib
import ctypes
import glob
import os
import sys
from functools import cache
from pathlib import Path

import pygame
from pygame import Rect


@cache
def sdl() -> ctypes.CDLL | None:
    """Return the SDL library that pygame has already loaded; None if it cannot be found."""
    folder = Path(pygame.__file__).parent
    names = {"win32": ["SDL2.dll"], "darwin": [".dylibs/libSDL2*.dylib"]}.get(
        sys.platform, ["../pygame_ce.libs/libSDL2-2*.so*", "../pygame.libs/libSDL2-2*.so*"]
    )
    for name in names:
        for path in glob.glob(str(folder / name)):  # noqa: PTH207  the pattern leaves the folder
            try:
                library = ctypes.CDLL(path)
            except OSError:
                continue
            library.SDL_GetKeyName.restype = ctypes.c_char_p
            return library
    return None


def start_display() -> None:
    """Let SDL look for a display, and hide what its libraries print to the terminal.

    Without a desktop session, Wayland's library prints a line about XDG_RUNTIME_DIR before SDL
    tries the next driver. Errors of SDL itself are in the exception.

    Raises:
        pygame.error: there is no display.
    """
    sys.stderr.flush()
    with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        kept = os.dup(2)
        try:
            os.dup2(nowhere.fileno(), 2)
            pygame.display.init()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    pygame.display.init()  # does nothing if the display is already initialised


def key_name(scancode: int) -> str:
    """Return the label of a key in the user's layout; empty if SDL cannot be asked."""
    library = sdl()
    if library is None:
        return ""
    name: bytes = library.SDL_GetKeyName(library.SDL_GetKeyFromScancode(scancode))
    return name.decode("utf-8", "replace")


def displays() -> list[Rect]:
    """Return the area of each display without taskbars and the like, the main display first."""
    library, found = sdl(), list[Rect]()
    count = library.SDL_GetNumVideoDisplays() if library else 0
    for index in range(count):
        box = (ctypes.c_int * 4)()
        if library and library.SDL_GetDisplayUsableBounds(index, ctypes.byref(box)) == 0:
            found.append(Rect(*box))
    return found or [Rect((0, 0), size) for size in pygame.display.get_desktop_sizes()[:1]]
