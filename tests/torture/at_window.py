"""A walk through the window that visits everything and changes something everywhere."""

import time
from collections.abc import Callable
from pathlib import Path

from teleop.ui.app import App
from tests.harness.window import Person
from tests.torture.folders import ENV

_PATIENCE_S = 6.0


def walk(root: Path) -> list[str]:
    """Drive, save, train, compare, label, delete, empty the trash; return what failed."""
    person = Person(root, ENV)
    problem = person.app.model.env_problem
    if problem:  # the message says why it cannot be driven here
        person.app.close()
        return [problem]
    return _walk(person)


def _walk(person: Person) -> list[str]:
    app, missed = person.app, list[str]()

    def soon(what: str, seen: Callable[[], object]) -> bool:
        end = time.monotonic() + _PATIENCE_S
        while not seen():
            if time.monotonic() > end or app.model.lost:
                missed.append(what)
                return False
            app.turn(0.01)
        return True

    def click(start: str) -> None:
        """Click the control with this name, or the first one with a name that starts like this."""
        if soon(start, lambda: any(node.startswith(start) for node in app.ui.events.nodes)):
            named = [node for node in app.ui.events.nodes if node.startswith(start)]
            person.click(start if start in named else named[0])

    person.key("r")
    soon("drive", lambda: app.model.live and app.model.live.steps >= 3)
    person.key("escape")
    person.key("return")
    soon("save", lambda: person.saved() > 2)
    app.go("train")
    click("train")
    soon("learn", lambda: _has_learned(app))
    app.go("compare")
    soon("compare", lambda: app.model.comparison and app.model.comparison.complete)
    for control in ("library", "row.", "verdict.success", "choose.all", "library.delete"):
        click(control)
    for control in ("trash", "purge", "purge"):
        click(control)
    soon("purge", lambda: app.model.listed and not app.model.listed.trash)
    lost = app.model.lost
    app.close()
    return [*missed, lost] if lost else missed


def _has_learned(app: App) -> bool:
    training = app.model.training
    return training is not None and bool(training.losses or not training.running)
