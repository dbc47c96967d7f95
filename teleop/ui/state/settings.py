"""What a person has set about the window, remembered from one start to the next."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from teleop.runtime.protocol.driving_options import DriveOptions, Preview, Seeds, Start

_ENUMS = {"start": Start, "seeds": Seeds, "preview": Preview}
_RANGES = {  # of what a file may say; anything else is as if it were not there
    "scale": (0.4, 4.0),
    "width": (0, 20_000),
    "height": (0, 20_000),
    "x": (-100_000, 100_000),
    "y": (-100_000, 100_000),
    "goal": (1, 1000),
    "shortest": (0, 1_000_000),
    "most_idle": (0.0, 1.0),
    "hand_back_s": (0.0, 60.0),
}
_NOT_KEPT = ("turn_based", "practice")  # of the moment, and of one environment


@dataclass(frozen=True, slots=True)
class Settings:
    """How the window looks and behaves.

    Attributes:
        theme: `ink`, `paper` or `contrast`.
        language: `en`, `de`, `es`, `fr`, `zh`; empty: as the computer is set.
        scale: of everything; 0 is by the display's height.
        reduced_motion: nothing blinks.
        sounds: short tones for start, save, discard and take-over.
        width: of the window in pixels; 0 is by the display.
        height: likewise.
        x: of its left edge on the desktop, which can be negative, if it was placed.
        y: of its top edge.
        placed: x and y are known.
        options: how the person drives and records.
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
    options: DriveOptions = field(default_factory=DriveOptions)


class SettingsFile:
    """`settings.json` in the user's folder; None keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> Settings:
        """What is there; whatever makes no sense is as if it were not there."""
        if self._path is None:
            return Settings()
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return Settings()
        if not isinstance(found, dict):
            return Settings()
        plain = {f.name: f.type for f in fields(Settings) if f.name != "options"}
        usual = Settings()
        kept = {
            name: found[name]
            for name in plain
            if name in found and _is_like(name, found[name], getattr(usual, name))
        }
        return replace(usual, **kept, options=_options(found.get("options")))

    def write(self, settings: Settings) -> None:
        """Remember them; where that cannot be done, they hold until the window closes."""
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


def _options(found: Any) -> DriveOptions:
    options = DriveOptions()
    if not isinstance(found, dict):
        return options
    for name, value in found.items():
        with contextlib.suppress(ValueError, TypeError):
            if name in _ENUMS:
                kind: Any = _ENUMS[name]
                options = replace(options, **{name: kind(value)})
            elif name not in _NOT_KEPT and _is_like(name, value, getattr(options, name, None)):
                options = replace(options, **{name: value})
    return options


def _is_like(name: str, value: Any, usual: Any) -> bool:
    """A value of the same kind, in its range; whole numbers do for others."""
    if isinstance(usual, bool) or isinstance(value, bool):
        return isinstance(usual, bool) and isinstance(value, bool)
    if name in _RANGES and value != usual:
        least, most = _RANGES[name]
        return isinstance(value, int | type(usual)) and least <= value <= most
    if isinstance(usual, float):
        return isinstance(value, int | float)
    return usual is not None and isinstance(value, type(usual))
