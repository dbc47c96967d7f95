"""Screens beside the pictures they had when somebody last looked at them.

`python -m tests.ui.test_references` draws the pictures anew, after a change that was looked at.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")

import numpy as np
import pygame
import pytest
from PIL import Image

from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.recording import Library
from teleop.runtime.protocol.session_messages import ChooseDataset
from teleop.ui.drawing.painter import Painter
from tests.harness.window import Person
from tests.screenshots import SAMPLE, look, show

FOLDER = Path(__file__).parent / "references"
SIZE = (1024, 640)
NAMES = (
    *("demonstrate", "train", "correct", "home", "library", "settings", "help"),
    *("demonstrate-paper", "compare", "contrast"),
)
_CLOSE = 24  # of 255: what a letter's edge may differ by on another computer
_TILE = (32, 24)
_STRIDE = 4
_MOST = 0.04  # share of a tile's pixels that may be further off
_VARIES = {"help": ((0, 590, 1024, 50),)}  # (x, y, width, height): where the recordings are


def pictures(root: Path) -> Iterator[tuple[str, pygame.Surface]]:
    """(name, picture) of each."""
    person = Person(root, "LunarLander-v3")
    app = person.app
    try:
        look(person, "ink", SIZE)
        for name in NAMES:
            _go(person, name)
            app.renderer.draw_all()
            yield name, app.window.surface
            if name in ("settings", "help"):
                person.key("escape")
    finally:
        app.close()


def _go(person: Person, name: str) -> None:
    if name == "settings":
        person.app.context.toggle_sheet("settings")
    elif name == "help":
        person.key("f1")
    elif name in ("train", "correct"):
        person.app.go(name)  # before there is a policy
        person.turns(6)
        person.until(lambda: person.app.model.analyses.profile or name == "correct")
    elif name == "compare":
        _beside_the_script(person)
    elif name == "demonstrate-paper":
        look(person, "paper", SIZE)
        show(person, "demonstrate")
    elif name == "contrast":
        look(person, "contrast", SIZE)
    else:
        show(person, name)


def _beside_the_script(person: Person) -> None:
    """A recording and the scripted expert: nothing that was learned, which computers differ in."""
    model, dataset = person.app.model, Library(person.app.context.recordings).dataset(SAMPLE)
    config = bc.Config(members=1, steps=10, lag_steps=3, budget_s=0)
    bc.clone(load_demonstrations(dataset), config).save(dataset.policies / "barely")
    person.app.context.tell(ChooseDataset(SAMPLE))
    person.until(lambda: model.library and model.library.policies)
    show(person, "compare")
    person.click("menu.1")
    person.click("side1.1")
    person.until(lambda: model.comparison and model.comparison.lanes[1].about.kind == "script")
    show(person, "compare")


def _keep(picture: pygame.Surface, file: Path) -> None:
    """Write a picture with every colour: which ones a palette drops depends on all others."""
    data = pygame.image.tobytes(picture, "RGB")
    Image.frombytes("RGB", picture.get_size(), data).save(file, optimize=True)


def _read(file: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.int16]]":
    with Image.open(file) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)


def _worst_tile(off: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> tuple[float, int, int]:
    """(share, x, y) of the tile with the most pixels that differ; tiles overlap."""
    sums = np.pad(off.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    width, height = _TILE
    inside = (
        sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width]
        + sums[:-height, :-width]
    )[::_STRIDE, ::_STRIDE]  # fmt: skip
    y, x = np.unravel_index(int(inside.argmax()), inside.shape)
    return float(inside.max()) / (width * height), int(x) * _STRIDE, int(y) * _STRIDE


def wrong_places(root: Path, drawn: Path) -> list[str]:
    """Where screens do not look as they did; what is drawn now is left in a folder."""
    wrong = []
    for name, picture in pictures(root):
        now = drawn / f"{name}.png"
        _keep(picture, now)
        off = np.abs(_read(now) - _read(FOLDER / now.name)).max(2) > _CLOSE
        for x, y, width, height in _VARIES.get(name, ()):
            off[y : y + height, x : x + width] = False
        share, x, y = _worst_tile(off)
        if share > _MOST:
            wrong.append(f"{name}: {share:.1%} differ at {x}, {y}, see {now}")
    return wrong


def test_the_screens_look_as_they_did(tmp_path: Path) -> None:
    assert wrong_places(tmp_path / "recordings", tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", ["icon", "key cap"])
def test_a_part_that_is_missing_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    if part == "icon":
        monkeypatch.setattr(Painter, "icon", lambda *_, **__: None)
    else:
        monkeypatch.setattr(Painter, "text", _without(Painter.text, "R"))
    wrong = wrong_places(tmp_path / "recordings", tmp_path)
    assert len(wrong) >= (len(NAMES) if part == "icon" else 1)


def _without(text: Callable[..., int], what: str) -> Callable[..., int]:
    """Everything is written but one word."""
    return lambda self, said, *args, **more: 0 if said == what else text(self, said, *args, **more)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        for drawn, surface in pictures(Path(home) / "recordings"):
            _keep(surface, FOLDER / f"{drawn}.png")
    sys.exit()
