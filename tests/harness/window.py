"""The window under SDL's dummy driver, with real events, real processes and named controls."""

import time
from collections.abc import Callable
from pathlib import Path

import pygame

from teleop import paths
from teleop.ui.app import App
from teleop.ui.app_config import AppConfig
from teleop.ui.widgets.focus import Node

PATIENCE_S = 60.0


class Person:
    """A simulated person at the window: presses keys, looks, and waits for what they expect."""

    def __init__(self, root: Path, env_id: str, app: App | None = None) -> None:
        config = AppConfig(env_id, root, paths.samples_folder(), paths.assets_folder(), 11)
        self.app = app or App(config)
        model = self.app.model
        self.until(lambda: (model.live and model.library is not None) or model.env_problem)

    def until(self, seen: Callable[[], object]) -> None:
        """Run the window until a condition is true."""
        end = time.perf_counter() + PATIENCE_S
        while not seen():
            assert time.perf_counter() < end, "waited in vain"
            self.app.turn(0.02)

    def turns(self, count: int = 3) -> None:
        for _ in range(count):
            self.app.turn(0.02)

    def key(self, name: str, *, down: bool = True, up: bool = True, mod: int = 0) -> None:
        code = pygame.key.key_code(name)
        scancode = getattr(pygame, f"KSCAN_{name.upper()}", 0)
        for kind, wanted in ((pygame.KEYDOWN, down), (pygame.KEYUP, up)):
            if wanted:
                pygame.event.post(
                    pygame.event.Event(kind, key=code, scancode=scancode, mod=mod, unicode="")
                )
        self.turns()

    def click(self, node_id: str) -> None:
        at = self.node(node_id).rect.center
        for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            pygame.event.post(pygame.event.Event(kind, pos=at, button=1))
        self.turns()

    def node(self, node_id: str) -> Node:
        self.until(lambda: node_id in self.app.ui.events.nodes)
        return self.app.ui.events.nodes[node_id]

    def saved(self) -> int:
        library = self.app.model.library
        return len(library.episodes) if library else 0

    def until_saved(self, count: int) -> None:
        self.until(lambda: self.saved() == count)

    def phase(self) -> str:
        return self.app.model.live.phase if self.app.model.live else ""

    def record(self, steps: int = 3) -> None:
        self.key("r")
        self.until(lambda: self.app.context.input.driving)
        self.until(lambda: self.app.model.live and self.app.model.live.steps >= steps)
