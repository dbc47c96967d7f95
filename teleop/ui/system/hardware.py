"""What SDL finds on this computer, before there is a window."""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame
from pygame._sdl2 import controller

from teleop.ui.system.sdl import start_display


def display() -> tuple[str, bool]:
    """(driver and sizes of the screens, whether there is one)."""
    try:
        start_display()
        driver = pygame.display.get_driver()
        sizes = ", ".join(f"{w}x{h}" for w, h in pygame.display.get_desktop_sizes())
    except pygame.error as problem:
        return f"none ({problem})", False
    return ("none", False) if driver in ("offscreen", "dummy") else (f"{driver}, {sizes}", True)


def gamepads() -> list[str]:
    """Names of the gamepads that are plugged in."""
    controller.init()
    names = [str(controller.Controller(index).name) for index in range(controller.get_count())]
    controller.quit()
    return names
