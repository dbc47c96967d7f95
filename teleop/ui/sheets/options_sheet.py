"""The sheet of recording options."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from teleop.runtime.protocol.driving_options import DriveOptions, Preview, Seeds, Start
from teleop.text import tr
from teleop.ui.widgets.sheet import Line

Values = TypeVar("Values")
TASK = "option.task"  # a text, which a sheet of its own asks for
_BEFORE_TASK = 5  # rows


@dataclass(frozen=True, slots=True)
class Option:
    """A row of a sheet: a dataclass field, its possible values, and how to show them as text."""

    field: str
    label: str
    values: tuple[Any, ...]
    note: str
    say: Callable[[Any], str]


def _yes(value: Any) -> str:
    return tr("on") if value else tr("off")


def _at_least(value: Any) -> str:
    return tr("{value} steps", value=value) if value else tr("never")


def _idle(value: Any) -> str:
    return tr("never") if value >= 1 else f"{value:.0%}"


_OPTIONS = (
    Option(
        "start",
        tr("Start recording"),
        tuple(Start),
        tr("At once, when you first press something, or after 3, 2, 1"),
        lambda v: str(v.value),
    ),
    Option(
        "seeds",
        tr("Next seed"),
        tuple(Seeds),
        tr("The same start each time is easiest to learn from; many starts teach more"),
        lambda v: str(v.value),
    ),
    Option("practice", tr("Practice"), (False, True), tr("Drive without recording anything"), _yes),
    Option(
        "auto_next",
        tr("Continue automatically"),
        (False, True),
        tr("Each episode is saved when it ends, and the next begins, up to the goal"),
        _yes,
    ),
    Option(
        "goal", tr("Goal"), (5, 10, 15, 20, 30, 50, 100), tr("Episodes you want to record"), str
    ),
    Option(
        "shortest",
        tr("Discard short episodes"),
        (0, 10, 30, 60, 120),
        tr("Shorter episodes are discarded automatically; undo restores them"),
        _at_least,
    ),
    Option(
        "most_idle",
        tr("Discard idle episodes"),
        (1.0, 0.95, 0.9, 0.8, 0.7),
        tr("Episodes with no input for more than this share are discarded too"),
        _idle,
    ),
    Option(
        "turn_based",
        tr("Turn-based"),
        (None, True, False),
        tr("Every press is one step; the environment waits for you"),
        lambda v: tr("as the environment is") if v is None else _yes(v),
    ),
    Option(
        "preview",
        tr("Show the policy's input"),
        tuple(Preview),
        tr("The numbers or the picture that the environment returns"),
        lambda v: str(v.value),
    ),
    Option(
        "hand_back_s",
        tr("Hand back after"),
        (0.2, 0.5, 1.0, 2.0),
        tr("In Correct: how long you stay in control after you let go"),
        lambda v: f"{v:g} s",
    ),
    Option(
        "questions",
        tr("The policy may ask"),
        (0.0, 1.0, 2.0, 4.0, 8.0),
        tr("In Correct: it stops and asks you to take over when a gauge warns"),
        lambda v: tr("never") if v == 0 else tr("{n} times a minute", n=f"{v:g}"),
    ),
    Option(
        "noise",
        tr("Add noise (DART)"),
        (0.0, 0.1, 0.2, 0.3, 0.5),
        tr("Your actions are disturbed; the policy learns what you meant, and how to recover"),
        lambda v: tr("off") if v == 0 else f"{v:.0%}",
    ),
    Option(
        "rumble", tr("Rumble"), (False, True), tr("The gamepad vibrates when an episode ends"), _yes
    ),
)


def option_lines(options: DriveOptions) -> list[Line]:
    """Return the rows with their current values."""
    note = tr("Saved with each episode; used by exports and search")
    lines = lines_of(_OPTIONS, options)
    lines.insert(_BEFORE_TASK, Line(TASK, tr("Task"), options.task or tr("none"), note))
    return lines


def changed_options(options: DriveOptions, line_id: str, step: int) -> DriveOptions:
    """Return the options after a row was used."""
    return changed(_OPTIONS, options, line_id, step)


def lines_of(options: Sequence[Option], values: Any) -> list[Line]:
    """Return a row with the current value for each option; its id is `option.` and the field."""
    return [
        Line(f"option.{o.field}", o.label, o.say(getattr(values, o.field)), o.note, changes=True)
        for o in options
    ]


def changed(options: Sequence[Option], values: Values, line_id: str, step: int) -> Values:
    """Return the values after a row was used: its field has the next or the previous value."""
    field = line_id.removeprefix("option.")
    choices = next(o for o in options if o.field == field).values
    before: Any = values
    now = getattr(before, field)
    index = choices.index(now) if now in choices else 0
    after: Values = replace(before, **{field: choices[(index + step) % len(choices)]})
    return after
