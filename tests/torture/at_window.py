"""A walk through the window that looks at everything and changes something everywhere."""

import time
from collections.abc import Callable
from pathlib import Path

from teleop.ui.app import App
from tests.torture.folders import ENV
from tests.ui.test_window import Person

_PATIENCE_S = 3.0


def _has_learned(app: App) -> bool:
    training = app.model.training
    return training is not None and bool(training.losses or not training.running)


def walk(root: Path) -> None:
    """Drive, save, label, delete, undo, train, compare, in a window on this folder."""
    person = Person(root, ENV)
    app = person.app

    def soon(seen: Callable[[], object]) -> bool:
        end = time.monotonic() + _PATIENCE_S
        while not seen():
            if time.monotonic() > end or app.model.lost:
                return False
            app.turn(0.01)
        return True

    def click(node: str) -> None:
        if soon(lambda: node in app.ui.nodes):
            person.click(node)

    person.key("r")
    soon(lambda: app.model.live and app.model.live.steps >= 3)
    person.key("escape")
    person.key("return")
    person.turns(20)
    app.go("library")
    person.turns(20)
    for row in (app.model.library.episodes if app.model.library else ())[:1]:
        click(f"ep.{row.uuid}.star")
        click(f"ep.{row.uuid}.delete")
        click("toast.undo")
    app.go("train")
    click("train")
    soon(lambda: _has_learned(app))
    app.go("compare")
    soon(lambda: app.model.comparison and app.model.comparison.complete)
    lost = app.model.lost
    app.close()
    if lost:
        raise SystemExit(f"lost: {lost}")
