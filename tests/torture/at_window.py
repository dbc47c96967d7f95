"""A walk through the window that looks at everything and changes something everywhere."""

import time
from collections.abc import Callable
from pathlib import Path

from teleop.ui.app import App
from tests.torture.folders import ENV
from tests.ui.test_window import Person

_PATIENCE_S = 4.0


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

    def click(start: str) -> bool:
        """Click the control of this name, or the first whose name begins so."""
        if not soon(lambda: any(node.startswith(start) for node in app.ui.nodes)):
            return False
        named = [node for node in app.ui.nodes if node.startswith(start)]
        person.click(start if start in named else named[0])
        return True

    person.key("r")
    soon(lambda: app.model.live and app.model.live.steps >= 3)
    person.key("escape")
    person.key("return")
    soon(lambda: person.saved() > 0)
    app.go("train")
    click("train")
    soon(lambda: _has_learned(app))
    app.go("compare")
    soon(lambda: app.model.comparison)
    click("library")
    _change(click)
    if app.model.lost:
        raise SystemExit(f"lost: {app.model.lost}")
    app.close()


def _change(click: Callable[[str], bool]) -> None:
    """Label an episode, delete all of them, empty the trash."""
    click("row.")
    click("verdict.success")
    click("choose.all")
    click("shelf.delete")
    if click("trash") and click("purge"):
        click("purge")
