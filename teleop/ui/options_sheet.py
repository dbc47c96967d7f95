"""The sheet that says how to drive and record."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from teleop.stage.options import DriveOptions, Preview, Seeds, Start
from teleop.ui.sheet import Line


@dataclass(frozen=True, slots=True)
class _Option:
    field: str
    label: str
    values: tuple[Any, ...]
    note: str
    say: Callable[[Any], str]


def _yes(value: Any) -> str:
    return "on" if value else "off"


def _at_least(value: Any) -> str:
    return f"{value} steps" if value else "keep all"


def _idle(value: Any) -> str:
    return "keep all" if value >= 1 else f"{value:.0%}"


_OPTIONS = (
    _Option(
        "start",
        "A take begins",
        tuple(Start),
        "At once, when you first press something, or after 3, 2, 1",
        lambda v: str(v.value),
    ),
    _Option(
        "seeds",
        "The next start",
        tuple(Seeds),
        "The same start each time is easiest to learn from; many starts teach more",
        lambda v: str(v.value),
    ),
    _Option("practice", "Practice", (False, True), "Drive without recording anything", _yes),
    _Option(
        "auto_next",
        "Next episode by itself",
        (False, True),
        "Each episode is saved when it ends, and the next begins, up to the goal",
        _yes,
    ),
    _Option("goal", "Goal", (5, 10, 15, 20, 30, 50, 100), "Episodes you want to record", str),
    _Option(
        "shortest",
        "Discard short takes",
        (0, 10, 30, 60, 120),
        "Episodes that end sooner are discarded by themselves; undo brings them back",
        _at_least,
    ),
    _Option(
        "most_idle",
        "Discard idle takes",
        (1.0, 0.95, 0.9, 0.8, 0.7),
        "Episodes with nothing pressed for more than this share, likewise",
        _idle,
    ),
    _Option(
        "turn_based",
        "Turn by turn",
        (None, True, False),
        "Every press is one step; the environment waits for you",
        lambda v: "as it comes" if v is None else _yes(v),
    ),
    _Option(
        "preview",
        "Show what a policy sees",
        tuple(Preview),
        "The numbers or the picture that the environment returns",
        lambda v: str(v.value),
    ),
    _Option(
        "hand_back_s",
        "Hand back after",
        (0.2, 0.5, 1.0, 2.0),
        "In Correct: how long you keep control after letting go",
        lambda v: f"{v:g} s",
    ),
    _Option("rumble", "Rumble", (False, True), "The pad shakes when an episode ends", _yes),
)


def option_lines(options: DriveOptions) -> list[Line]:
    """The rows, with what is chosen now."""
    return [
        Line(f"option.{o.field}", o.label, o.say(getattr(options, o.field)), o.note)
        for o in _OPTIONS
    ]


def changed_options(options: DriveOptions, line_id: str, step: int) -> DriveOptions:
    """The options after a row was used."""
    field = line_id.removeprefix("option.")
    option = next(o for o in _OPTIONS if o.field == field)
    values = option.values
    now = values.index(getattr(options, field)) if getattr(options, field) in values else 0
    return replace(options, **{field: values[(now + step) % len(values)]})
