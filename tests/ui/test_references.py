"""Screens beside the pictures they had when somebody last looked at them.

`python -m tests.ui.test_references` draws the pictures anew, after a change that was looked at.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
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
from tests.screenshots import SAMPLE, look, save, show
from tests.ui.test_window import Person

FOLDER = Path(__file__).parent / "references"
SIZE = (1024, 640)
NAMES = (
    *("demonstrate", "train", "correct", "home", "library", "settings", "help"),
    *("demonstrate-paper", "compare", "contrast"),
)
_CLOSE = 24  # of 255: what a letter's edge may differ by on another computer
_MOST = 0.01  # share of pixels that may be further off


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
        person.until(lambda: person.app.model.profile or name == "correct")
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


def _bytes(picture: pygame.Surface) -> "np.ndarray[tuple[int, ...], np.dtype[np.int16]]":
    found = pygame.surfarray.array3d(picture).swapaxes(0, 1)
    return found.astype(np.int16)


def test_the_screens_look_as_they_did(tmp_path: Path) -> None:
    wrong = []
    for name, picture in pictures(tmp_path / "recordings"):
        with Image.open(FOLDER / f"{name}.png") as reference:
            before = np.asarray(reference.convert("RGB"), np.int16)
        off = np.abs(_bytes(picture) - before).max(2) > _CLOSE
        if off.mean() > _MOST:
            save(picture, tmp_path / f"{name}.png")
            wrong.append(f"{name}: {off.mean():.1%} differ, see {tmp_path / name}.png")
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_is_there(name: str) -> None:
    assert (FOLDER / f"{name}.png").is_file()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        for drawn, surface in pictures(Path(home) / "recordings"):
            save(surface, FOLDER / f"{drawn}.png")
    sys.exit()
