"""Finds displays and gamepads with SDL, without opening a window."""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame
from pygame._sdl2 import controller

from teleop.ui.system.sdl import start_display


def display() -> tuple[str, bool]:
    """Return (driver and sizes of the displays, whether there is a display)."""
    try:
        start_display()
        driver = pygame.display.get_driver()
        sizes = ", ".join(f"{w}x{h}" for w, h in pygame.display.get_desktop_sizes())
    except pygame.error as problem:
        return f"none ({problem})", False
    return ("none", False) if driver in ("offscreen", "dummy") else (f"{driver}, {sizes}", True)


def gamepads() -> list[str]:
    """Return the names of the connected gamepads."""
    controller.init()
    names = [str(controller.Controller(index).name) for index in range(controller.get_count())]
    controller.quit()
    return names
