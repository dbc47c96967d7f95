"""The sheet that says how the window looks and behaves."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from teleop.ui.languages import LANGUAGES
from teleop.ui.settings import Settings
from teleop.ui.sheet import Line


@dataclass(frozen=True, slots=True)
class _Setting:
    field: str
    label: str
    values: tuple[Any, ...]
    note: str
    say: Callable[[Any], str]


_THEMES = {"ink": "Dark", "paper": "Light", "contrast": "High contrast"}
_SETTINGS = (
    _Setting(
        "theme",
        "Colours",
        tuple(_THEMES),
        "Projector mode (F2) is light, whatever is chosen here",
        lambda v: _THEMES[v],
    ),
    _Setting(
        "language",
        "Language",
        ("", *LANGUAGES),
        "Words of the environments and of files stay as they are",
        lambda v: LANGUAGES.get(v, "As this computer"),
    ),
    _Setting(
        "reduced_motion",
        "Reduced motion",
        (False, True),
        "Nothing blinks",
        lambda v: "on" if v else "off",
    ),
    _Setting(
        "sounds",
        "Sounds",
        (False, True),
        "Short tones for start, save, discard and take-over",
        lambda v: "on" if v else "off",
    ),
)


def setting_lines(settings: Settings) -> list[Line]:
    """The rows, with what is chosen now."""
    return [
        Line(f"setting.{s.field}", s.label, s.say(getattr(settings, s.field)), s.note)
        for s in _SETTINGS
    ]


def changed_settings(settings: Settings, line_id: str, step: int) -> Settings:
    """The settings after a row was used."""
    field = line_id.removeprefix("setting.")
    found = next(s for s in _SETTINGS if s.field == field)
    now = getattr(settings, field)
    index = found.values.index(now) if now in found.values else 0
    return replace(settings, **{field: found.values[(index + step) % len(found.values)]})
