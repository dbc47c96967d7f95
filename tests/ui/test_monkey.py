"""Anything at all, in any order: no crash, no stuck key, and the window says what the disk has.

`python -m tests.ui.test_monkey 1000000 [SEED]` goes on for as many events as are asked for.
"""

import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pygame
import pytest

from teleop.recording import Library
from tests.harness.window import Person

_LETTERS = tuple("abdelnprstwxz.[],1234h")
_NAMED = ("space", "return", "backspace", "delete", "escape", "tab", "home", "end")
_ARROWS = ("left", "right", "up", "down")
_KEYS = (*_LETTERS, *_NAMED, *_ARROWS, *(f"f{number}" for number in range(1, 10)))
_SIZES = ((1024, 640), (1280, 800), (1500, 900), (800, 560))
_TEXTS = ("a", "é", "你好", "LunarLander-v3", "; rm -rf", "\u202e")
EVENTS = 1500


class Monkey:
    """Presses, clicks, drags, types, plugs and resizes at random."""

    def __init__(self, root: Path, seed: int) -> None:
        self.person = Person(root, "CartPole-v1")
        self._draw = random.Random(seed)
        self._down: set[str] = set()
        self._actions: tuple[tuple[int, Callable[[], None]], ...] = (
            (50, self._key),
            (30, self._click),
            (8, self._pad),
            (6, self._text),
            (3, self._wheel),
            (1, self._resize),
            (1, self._lose_focus),
            (1, self._drop),
        )

    def run(self, events: int) -> None:
        """So many actions, with the window answering in between."""
        weights = [weight for weight, _ in self._actions]
        for number in range(events):
            _, action = self._draw.choices(self._actions, weights)[0]
            action()
            if number % 3 == 0:
                self.person.app.turn(0.001)
        self.person.turns(5)

    def let_go(self) -> None:
        """Everything is let go, whatever is open is closed, and takes are saved."""
        for name in sorted(self._down):
            self._post_key(name, down=False, mod=0)
        for _ in range(4):
            self.person.key("escape")
        self.person.app.go("demonstrate")
        self.person.turns(5)
        live = self.person.app.model.live
        assert live is not None
        if live.recording or live.pending:
            self.person.click("save")
        elif live.engaged:
            self.person.click("record")  # which stops
        try:
            self.person.until(self._is_quiet)
        except AssertionError as problem:
            app = self.person.app
            state = (
                app.model.live,
                app.current,
                app.ui.events.modal,
                app.context.input.driving,
                app.model.lost,
            )
            raise AssertionError(f"still busy: {state}") from problem

    def _is_quiet(self) -> bool:
        live = self.person.app.model.live
        return live is not None and not live.engaged and not live.pending

    def _key(self) -> None:
        name = self._draw.choice(_KEYS)
        mod = self._draw.choice([0, 0, 0, pygame.KMOD_CTRL, pygame.KMOD_SHIFT])
        down = name not in self._down
        if down:
            self._down.add(name)
        else:
            self._down.discard(name)
        self._post_key(name, down=down, mod=mod)

    def _post_key(self, name: str, *, down: bool, mod: int) -> None:
        kind = pygame.KEYDOWN if down else pygame.KEYUP
        scancode = getattr(pygame, f"KSCAN_{name.upper()}", 0)
        code = pygame.key.key_code(name)
        text = name if len(name) == 1 else ""
        event = pygame.event.Event(kind, key=code, scancode=scancode, mod=mod, unicode=text)
        pygame.event.post(event)

    def _click(self) -> None:
        nodes = list(self.person.app.ui.events.nodes.values())
        if not nodes:
            return
        at = self._draw.choice(nodes).rect.center
        pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, pos=at, rel=(0, 0), buttons=()))
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=at, button=1))
        if self._draw.random() < 0.2:  # a drag
            at = (at[0] + self._draw.randint(-90, 90), at[1] + self._draw.randint(-30, 30))
            moved = pygame.event.Event(pygame.MOUSEMOTION, pos=at, rel=(0, 0), buttons=())
            pygame.event.post(moved)
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=at, button=1))

    def _pad(self) -> None:
        if self._draw.random() < 0.5:
            axis, value = self._draw.randrange(6), self._draw.randint(-32768, 32767)
            kind = pygame.CONTROLLERAXISMOTION
            event = pygame.event.Event(kind, instance_id=0, axis=axis, value=value)
        else:
            down = self._draw.random() < 0.5
            code = pygame.CONTROLLERBUTTONDOWN if down else pygame.CONTROLLERBUTTONUP
            event = pygame.event.Event(code, button=self._draw.randrange(15), instance_id=0)
        pygame.event.post(event)

    def _text(self) -> None:
        text = self._draw.choice(_TEXTS)
        kind = self._draw.choice([pygame.TEXTINPUT, pygame.TEXTEDITING])
        pygame.event.post(pygame.event.Event(kind, text=text, start=0, length=1))

    def _wheel(self) -> None:
        turn = self._draw.choice([-3, -1, 1, 3])
        pygame.event.post(pygame.event.Event(pygame.MOUSEWHEEL, x=0, y=turn))

    def _resize(self) -> None:
        pygame.display.set_mode(self._draw.choice(_SIZES), pygame.RESIZABLE)
        pygame.event.post(pygame.event.Event(pygame.VIDEORESIZE))

    def _lose_focus(self) -> None:
        pygame.event.post(pygame.event.Event(pygame.WINDOWFOCUSLOST))
        gone = pygame.event.Event(pygame.CONTROLLERDEVICEREMOVED, instance_id=0)
        pygame.event.post(gone)
        self._down.clear()

    def _drop(self) -> None:
        pygame.event.post(pygame.event.Event(pygame.DROPFILE, file="/nonexistent/x.teleop.zip"))


def check(root: Path, seed: int, events: int) -> None:
    """Let a monkey loose; afterwards nothing is held and the list is what the disk has."""
    monkey = Monkey(root, seed)
    app = monkey.person.app
    try:
        monkey.run(events)
        assert app.running  # Ctrl Q is not among the keys
        monkey.let_go()
        assert not app.context.input.held
        assert not app.model.lost
        library = app.model.library
        assert library is not None
        on_disk = Library(root).dataset(library.dataset_id)
        rows = on_disk.rows() if on_disk.exists else []
        monkey.person.until(lambda: _listed(monkey.person) == [row.uuid for row in rows])
    finally:
        app.close()
    for summary in Library(root).summaries():
        assert not summary.problem
        dataset = Library(root).dataset(summary.dataset_id)
        for row in dataset.rows():
            dataset.read(row)


def _listed(person: Person) -> list[str]:
    library = person.app.model.library
    return [episode.uuid for episode in library.episodes] if library else []


@pytest.mark.parametrize("seed", [1, pytest.param(7, marks=pytest.mark.slow)])
def test_a_monkey_at_the_window_breaks_and_loses_nothing(tmp_path: Path, seed: int) -> None:
    check(tmp_path / "recordings", seed, EVENTS)


if __name__ == "__main__":
    wanted, first = int(sys.argv[1]), int((*sys.argv, "0")[2])
    for number in range(first, first + -(-wanted // 10_000)):
        with tempfile.TemporaryDirectory() as folder:
            check(Path(folder) / "recordings", number, min(10_000, wanted))
        print(f"{min(wanted, 10_000 * (number - first + 1)):,} events", flush=True)  # noqa: T201
