"""Open the window from a program."""

import dataclasses
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from teleop import paths
from teleop.doctor import pygame_problem
from teleop.errors import DisplayError

if TYPE_CHECKING:
    from teleop.api.episode_dataset import EpisodeDataset
    from teleop.ui.app_config import AppConfig

DEFAULT_ENV = "LunarLander-v3"


def open(  # noqa: A001  it is called teleop.open
    env_id: str = DEFAULT_ENV, *, root: str | Path | None = None, seed: int | None = None
) -> "EpisodeDataset | None":
    """Open the window on an environment; return when it is closed.

    Call it under `if __name__ == "__main__":`, because it starts other processes.

    Args:
        env_id: the environment.
        root: the recordings folder; default: ./recordings if it exists, else the user's folder.
        seed: seed of the first episode; default: random.

    Returns:
        The episodes that people have recorded of the environment; None if there are none.

    Raises:
        DisplayError: there is no screen, or pygame-ce is not usable.
    """
    from teleop.api.episode_dataset import EpisodeDataset, library_in
    from teleop.recording.datasets.dataset_library import human_dataset_id

    library = library_in(root)
    show_window(env_id, library.root, seed)
    dataset = library.dataset(human_dataset_id(env_id))
    return EpisodeDataset(dataset) if dataset.exists else None


def show_window(
    env_id: str,
    root: Path,
    seed: int | None = None,
    *,
    pair: tuple[str, str, str] = ("", "", ""),
    pace_hz: float | None = None,
    screen: str = "",
    lesson: Path | None = None,
    class_folder: Path | None = None,
) -> None:
    """Open the window on a screen; return when it is closed.

    Args:
        env_id: the environment.
        root: the recordings folder.
        seed: seed of the first episode; default: random.
        pair: (dataset id, episode file, policy name) to compare side by side.
        pace_hz: steps per second; None: a pace that people can play.
        screen: name of the screen; default: Compare with a pair, else Demonstrate.
        lesson: folder of a lesson to go through.
        class_folder: folder of a class to watch; default: the one that was watched last.

    Raises:
        DisplayError: there is no screen, or pygame-ce is not usable.
    """
    problem = pygame_problem()
    if problem:
        raise DisplayError(problem)
    from teleop.ui.app import App

    shown = screen or ("compare" if pair[0] else "demonstrate")
    config = _config(env_id, root, seed, shown)
    App(
        dataclasses.replace(
            config, pair=pair, pace_hz=pace_hz, lesson=lesson, class_folder=class_folder
        )
    ).run()


def _config(env_id: str, root: Path, seed: int | None, screen: str) -> "AppConfig":
    """Return the options of a window with the user's files."""
    from teleop.ui.app_config import AppConfig

    drawn = secrets.randbelow(40_000)  # the seeds that score policies are higher
    return AppConfig(
        env_id,
        root,
        paths.samples_folder(),
        paths.assets_folder(),
        drawn if seed is None else seed,
        screen,
        settings=paths.settings_file(),
        lessons=paths.lessons_file(),
        classes=paths.classes_file(),
    )
