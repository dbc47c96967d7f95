"""The person's settings of the window, stored from one start to the next."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from teleop.errors import RecordingError
from teleop.runtime.protocol.driving_options import DriveOptions, Preview, Seeds, Start
from teleop.types.metadata import LONGEST_TASK, checked_codename

_ENUMS = {"start": Start, "seeds": Seeds, "preview": Preview}
_RANGES = {  # allowed values in the file; other values are ignored
    "scale": (0.4, 4.0),
    "width": (0, 20_000),
    "height": (0, 20_000),
    "x": (-100_000, 100_000),
    "y": (-100_000, 100_000),
    "goal": (1, 1000),
    "shortest": (0, 1_000_000),
    "most_idle": (0.0, 1.0),
    "hand_back_s": (0.0, 60.0),
    "noise": (0.0, 1.0),
    "questions": (0.0, 60.0),
}
_MOST_GOALS = 1000
_NOT_KEPT = ("turn_based", "practice", "task")  # temporary, or specific to one environment


@dataclass(frozen=True, slots=True)
class Settings:
    """How the window looks and behaves.

    Attributes:
        theme: `ink`, `paper` or `contrast`.
        language: `en`, `de`, `es`, `fr`, `zh`; empty for the system's language.
        scale: scale of the window's content; 0 derives it from the display's height.
        reduced_motion: nothing blinks.
        sounds: short tones for start, save, discard and take-over.
        width: width of the window in pixels; 0 derives it from the display.
        height: height of the window in pixels; 0 derives it from the display.
        x: left edge of the window on the desktop, can be negative; valid if `placed`.
        y: top edge of the window on the desktop; valid if `placed`.
        placed: whether `x` and `y` are known.
        options: options for driving and recording.
        class_folder: the folder of a class that was watched last; empty for none.
        hand_in_folder: the folder that the person handed in to last; empty for none.
        goals: number of episodes that the person wants to record, by environment.
        tasks: what the person demonstrates, by environment.
    """

    theme: str = "ink"
    language: str = ""
    scale: float = 0.0
    reduced_motion: bool = False
    sounds: bool = False
    width: int = 0
    height: int = 0
    x: int = 0
    y: int = 0
    placed: bool = False
    class_folder: str = ""
    hand_in_folder: str = ""
    options: DriveOptions = field(default_factory=DriveOptions)
    goals: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, str] = field(default_factory=dict)


class SettingsFile:
    """Reads and writes `settings.json` in the user's folder; with path None it stores nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> Settings:
        """Read the settings, ignoring values that are missing or invalid."""
        if self._path is None:
            return Settings()
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return Settings()
        if not isinstance(found, dict):
            return Settings()
        plain = {f.name for f in fields(Settings)} - {"options", "goals", "tasks"}
        usual = Settings()
        kept = {
            name: found[name]
            for name in plain
            if name in found and _is_like(name, found[name], getattr(usual, name))
        }
        options, goals = _options(found.get("options")), _goals(found.get("goals"))
        tasks = _tasks(found.get("tasks"))
        return replace(usual, **kept, options=options, goals=goals, tasks=tasks)

    def write(self, settings: Settings) -> None:
        """Store the settings; if that fails, they last until the window closes."""
        if self._path is None:
            return
        data = asdict(settings)
        data["options"] = {
            name: value.value if name in _ENUMS else value
            for name, value in asdict(settings.options).items()
            if name not in _NOT_KEPT
        }
        partial = self._path.with_suffix(".part")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(data, indent=1), "utf-8")
            os.replace(partial, self._path)  # noqa: PTH105  replaces on Windows too


def _goals(found: Any) -> dict[str, int]:
    """Return the valid goals by environment, at most as many as anybody has environments."""
    pairs = list(found.items())[-_MOST_GOALS:] if isinstance(found, dict) else []
    return {env_id: goal for env_id, goal in pairs if _is_like("goal", goal, 0)}


def _tasks(found: Any) -> dict[str, str]:
    """Return the valid tasks by environment."""
    pairs = list(found.items())[-_MOST_GOALS:] if isinstance(found, dict) else []
    texts = {env_id: text for env_id, text in pairs if isinstance(text, str)}
    return {env_id: text for env_id, text in texts.items() if 0 < len(text) <= LONGEST_TASK}


def _options(found: Any) -> DriveOptions:
    options = DriveOptions()
    if not isinstance(found, dict):
        return options
    for name, value in found.items():
        with contextlib.suppress(ValueError, TypeError, RecordingError):
            if name in _ENUMS:
                kind: Any = _ENUMS[name]
                options = replace(options, **{name: kind(value)})
            elif name == "codename":
                options = replace(options, codename=checked_codename(str(value)))
            elif name not in _NOT_KEPT and _is_like(name, value, getattr(options, name, None)):
                options = replace(options, **{name: value})
    return options


def _is_like(name: str, value: Any, usual: Any) -> bool:
    """Return whether a value has the type and range of a setting; an int is a valid float."""
    if isinstance(usual, bool) or isinstance(value, bool):
        return isinstance(usual, bool) and isinstance(value, bool)
    if name in _RANGES and value != usual:
        least, most = _RANGES[name]
        return isinstance(value, int | type(usual)) and least <= value <= most
    if isinstance(usual, float):
        return isinstance(value, int | float)
    return usual is not None and isinstance(value, type(usual))
