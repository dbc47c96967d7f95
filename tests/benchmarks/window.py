"""Cost of the window itself: CPU time per frame with two live landers, idle CPU, memory."""

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from teleop.types.metadata import EpisodeRow
from teleop.ui.commands import Command
from tests.benchmarks.report import say
from tests.benchmarks.scale import memory_mb

if TYPE_CHECKING:
    from tests.harness.window import Person

_FRAMES = 400
_IDLE_S = 5.0
_SIZES = ((1280, 800, 4.0), (3840, 2160, 16.0))


def run() -> None:
    """Measure a race against a recording and a policy, at 1280x800 and 4K, then an idle window."""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    import pygame

    from teleop.learning.algorithms import bc
    from teleop.learning.data.demonstrations import load_demonstrations
    from teleop.paths import samples_folder
    from teleop.recording import Library
    from tests.harness.window import Person

    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder) / "recordings")
        library.ensure(samples_folder())
        dataset = library.dataset("lunarlander-v3/sample-v0")
        config = bc.Config(members=1, steps=300, lag_steps=3, budget_s=0)
        bc.clone(load_demonstrations(dataset), config).save(dataset.policies / "rival")
        person = Person(library.root, "LunarLander-v3")
        app = person.app
        try:
            person.key("3", mod=pygame.KMOD_CTRL)
            person.until(lambda: app.model.comparison and app.model.comparison.complete)
            for width, height, aim in _SIZES:
                pygame.display.set_mode((width, height), pygame.RESIZABLE)
                app.take(pygame.event.Event(pygame.VIDEORESIZE))
                person.turns(5)
                began, cpu = time.perf_counter(), time.process_time()
                costs = _race(person)
                share = (time.process_time() - cpu) / (time.perf_counter() - began)
                half, most = np.percentile(costs, [50, 99])
                say(
                    f"{width}x{height}, CPU ms a frame",
                    f"{half:.1f}, p99 {most:.1f} (aim {aim:g}); {share:.0%} of a core in all",
                )
            person.key("1", mod=pygame.KMOD_CTRL)
            person.until(lambda: all(episode.certificate for episode in _episodes(person)))
            person.turns(20)
            say("Idle", f"{_idle(person):.1%} of a core (aim 3 %)")
            say("Memory, with the tests' libraries", f"{memory_mb():.0f} MB")
        finally:
            app.close()


def _race(person: "Person") -> list[float]:
    """Return the CPU milliseconds of each frame while two landers fly."""
    app, costs = person.app, list[float]()
    while len(costs) < _FRAMES:
        live = app.model.live
        if live is None or not live.engaged:
            app.command(Command.RECORD)
            person.until(lambda: app.model.live and app.model.live.engaged)
        before, frames = time.process_time(), app.renderer.frames
        app.turn(1 / 60)
        if app.renderer.frames > frames:
            costs.append(1000 * (time.process_time() - before) / (app.renderer.frames - frames))
    return costs


def _episodes(person: "Person") -> tuple[EpisodeRow, ...]:
    library = person.app.model.library
    return library.episodes if library else ()


def _idle(person: "Person") -> float:
    """Return the share of a core that the window uses while nothing happens."""
    end, before = time.perf_counter() + _IDLE_S, time.process_time()
    while time.perf_counter() < end:
        person.app.turn(1.0)
    return (time.process_time() - before) / _IDLE_S
