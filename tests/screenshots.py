"""The pictures of the README, from the real app: `python -m tests.screenshots [FOLDER]`.

Every screen, in both themes at 1024x640 and 1280x800, and as a projector shows it at 1920x1200.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")

import pygame
from PIL import Image

from teleop import paths
from teleop.runtime.protocol.library_messages import ListEpisodes
from teleop.ui.commands import Command
from tests.harness.window import Person

SAMPLE = "lunarlander-v3/sample-v0"
SCREENS = ("home", "demonstrate", "train", "compare", "correct", "library", "prefer")
_LOOKS = (
    ("ink", (1280, 800), False),
    ("paper", (1280, 800), False),
    ("ink", (1024, 640), False),
    ("paper", (1024, 640), False),
    ("paper", (1920, 1200), True),
)


def main(folder: Path) -> None:
    """Train on the sample recordings, then go through all screens."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        root = Path(home) / "recordings"
        person = Person(root, "LunarLander-v3")
        try:
            person.app.go("train")
            person.click("train")
            training = person.app.model.training
            person.until(lambda: training and not training.running)
            for name, picture in shots(person):
                save(picture, folder / f"{name}.png")
            look(person, "ink", (1280, 800))
            race(person)
            save(person.app.window.surface, folder / "race-ink-1280x800.png")
            lessons(person, folder)
        finally:
            person.app.close()


def shots(person: Person) -> Iterator[tuple[str, pygame.Surface]]:
    """(name, picture) of each screen in each look."""
    for theme, size, projector in _LOOKS:
        look(person, theme, size, projector=projector)
        tag = "projector" if projector else f"{theme}-{size[0]}x{size[1]}"
        for screen in SCREENS:
            show(person, screen)
            person.app.ui.events.pointer.at = (-1, -1)  # no tool tip
            person.app.renderer.draw_all()
            yield f"{screen}-{tag}", person.app.window.surface


def look(person: Person, theme: str, size: tuple[int, int], *, projector: bool = False) -> None:
    """The window of another size, in other colours."""
    pygame.display.set_mode(size, pygame.RESIZABLE)
    app = person.app
    app.take(pygame.event.Event(pygame.VIDEORESIZE))
    if app.window.projector != projector:
        app.command(Command.PROJECTOR)
    app.context.change_settings(replace(app.context.settings, theme=theme))
    person.turns(4)


def show(person: Person, screen: str) -> None:
    """Go to a screen, and wait until there is something to see."""
    app = person.app
    app.go(screen)
    person.turns(3)
    if screen == "compare":
        person.until(lambda: app.model.comparison and app.model.comparison.complete)
        person.key("home")
        for _ in range(6):
            person.key("right", mod=pygame.KMOD_SHIFT)
        person.turns(10)
    elif screen == "train":
        person.until(lambda: app.model.preview and app.model.preview.steps > 60)
    elif screen == "correct":
        person.until(lambda: app.model.analyses.rounds is not None)
    elif screen == "library":
        person.until(lambda: app.model.datasets)
        app.context.tell(ListEpisodes(SAMPLE))
        person.until(lambda: app.model.listed and app.model.listed.dataset_id == SAMPLE)
        row = app.model.listed.rows[-1]  # type: ignore[union-attr]
        person.click(f"row.{row.uuid}")
        person.until(lambda: app.model.comparison and app.model.comparison.complete)
        person.key("home")
        for _ in range(3):
            person.key("right", mod=pygame.KMOD_SHIFT)
    person.turns(6)


def race(person: Person) -> None:
    """A person, not a good one, beside what was recorded and the policy."""
    app = person.app
    show(person, "compare")
    app.command(Command.RECORD)

    def fly_on(steps: int) -> None:
        goal = app.model.live.steps + steps if app.model.live else 0
        person.until(lambda: app.model.live and app.model.live.steps >= goal)

    person.until(lambda: app.context.input.driving)
    fly_on(30)
    for _ in range(3):
        person.key("w", up=False)
        fly_on(6)
        person.key("w", down=False)
        fly_on(5)
    person.key("escape")
    app.ui.events.pointer.at = (-1, -1)
    person.turns(6)


def lessons(person: Person, folder: Path) -> None:
    """Show the list of lessons, and a task with its bar above the Train screen."""
    person.app.go("lesson")
    person.turns(5)
    save(person.app.window.surface, folder / "lessons-ink-1280x800.png")
    person.click("lesson.3-covariate-shift")
    person.click("choice.3")
    person.click("foot.next")
    guide = person.app.context.guide
    person.until(lambda: person.app.current == "train" and guide.needs.are_met)
    person.turns(60)
    save(person.app.window.surface, folder / "lesson-train-ink-1280x800.png")


def save(picture: pygame.Surface, file: Path) -> None:
    """As a small PNG."""
    data = pygame.image.tobytes(picture, "RGB")
    image = Image.frombytes("RGB", picture.get_size(), data)
    image.quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else paths.assets_folder() / "screenshots"
    main(chosen)
