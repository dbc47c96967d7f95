"""The controls sheet: what keys, buttons and axes do, and how to change that.

A row lights up while its control is pressed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from teleop.runtime.protocol.session_messages import (
    AxisItem,
    BindMove,
    ChooseHand,
    EnvOpened,
    Hint,
    Notice,
    ResetControls,
    SetIdle,
    SetTap,
    ToEnvironment,
    Tone,
    TuneAxis,
)
from teleop.text import joined, tr
from teleop.ui.commands import RESERVED
from teleop.ui.state.context import UiContext
from teleop.ui.system.keyboard_layout import control_name
from teleop.ui.widgets.sheet import Line

_HANDS = {"both": tr("both hands"), "left": tr("left hand"), "right": tr("right hand only")}
_LAYERS = ("", tr("Shift + "), tr("Space + "), tr("Shift + Space + "))


@dataclass(frozen=True, slots=True)
class _Tuning:
    """A setting of an axis: its label, the values to choose from, and how one is written."""

    label: str
    values: tuple[float, ...]
    read: Callable[[AxisItem], float]
    say: Callable[[float], str]


_TUNING = {
    "ramp_s": _Tuning(
        tr("Time for a key to reach full deflection"),
        (0.0, 0.06, 0.12, 0.25, 0.5, 1.0),
        lambda axis: axis.ramp_s,
        lambda v: tr("in {v:.0f} ms", v=v * 1000) if v else tr("immediately"),
    ),
    "dead_zone": _Tuning(
        tr("Dead zone"),
        (0.0, 0.05, 0.1, 0.15, 0.25, 0.4),
        lambda axis: axis.dead_zone,
        lambda v: f"{v:.0%}",
    ),
    "curve": _Tuning(
        tr("Curve"), (0.5, 1.0, 1.5, 2.0, 3.0), lambda axis: axis.curve, lambda v: f"{v:g}"
    ),
    "scale": _Tuning(
        tr("Full deflection"),
        (0.25, 0.5, 0.75, 1.0),
        lambda axis: axis.scale,
        lambda v: f"{v:.0%}",
    ),
    "invert": _Tuning(
        tr("Inverted"),
        (0.0, 1.0),
        lambda axis: float(axis.invert),
        lambda v: tr("yes") if v else tr("no"),
    ),
}


def control_lines(env: EnvOpened, touched: set[str], listening: str) -> list[Line]:
    """Return the rows of an environment's controls.

    Args:
        env: environment that is driven.
        touched: controls that are pressed now.
        listening: name of the move that waits for a press; empty if none does.
    """
    lines = [
        Line("hand", tr("Layout"), _HANDS[env.hand], changes=True),
        Line("", tr("Actions")),
    ]
    lines += [_move_line(hint, touched, listening) for hint in env.hints]
    if env.idle_choices:
        word = env.idle_choices[env.idle] if env.idle >= 0 else tr("repeat the last action")
        lines.append(Line("idle", tr("When nothing is held"), word, changes=True))
        for hint in env.hints:
            how = tr("once per press") if hint.taps else tr("while held")
            label = tr("{hint} acts", hint=_word(hint))
            lines.append(Line(f"tap.{hint.name}", label, how, changes=True))
    for axis in env.axes:
        lines.append(Line("", tr("Axis {name}: {word}", name=axis.name, word=axis.word)))
        for name, tuning in _TUNING.items():
            value = tuning.say(tuning.read(axis))
            lines.append(Line(f"axis.{axis.name}.{name}", tuning.label, value, changes=True))
    lines.append(
        Line("reset", tr("Reset to default controls"), "" if env.is_own else tr("default"))
    )
    return lines


def controls_request(env: EnvOpened, line_id: str, step: int) -> ToEnvironment | None:
    """Return the request of a used row; None for a move, because it waits for a press."""
    if line_id == "hand":
        router = list(_HANDS)
        return ChooseHand(router[(router.index(env.hand) + step) % len(router)])
    if line_id == "reset":
        return ResetControls()
    if line_id == "idle":
        return SetIdle((env.idle + 1 + step) % (len(env.idle_choices) + 1) - 1)
    if line_id.startswith("tap."):
        name = line_id.removeprefix("tap.")
        return SetTap(name, not next(hint.taps for hint in env.hints if hint.name == name))
    if line_id.startswith("axis."):
        axis_name, name = line_id.removeprefix("axis.").rsplit(".", 1)
        axis = next(a for a in env.axes if a.name == axis_name)
        return TuneAxis(axis_name, name, _next(axis, name, step))
    return None


def bind(context: UiContext, control: str) -> None:
    """Bind a pressed control to the move that waits for it; an empty control cancels."""
    move, context.sheet.listening = context.sheet.listening, ""
    if control in RESERVED:
        text = tr(
            "{control} is reserved for the window. Choose another control.",
            control=control_name(control),
        )
        context.model.notices.append(Notice(Tone.BAD, text))
    elif control:
        context.tell(BindMove(move, control))


def _word(hint: Hint) -> str:
    """Return what a move does, as text; actions without a word have a number."""
    return tr("Action {word}", word=hint.word) if hint.word.isdigit() else hint.word.capitalize()


def _move_line(hint: Hint, touched: set[str], listening: str) -> Line:
    label = joined("", (_LAYERS[hint.layer], _word(hint)))
    caps = tuple(control_name(control) for control in hint.controls)
    lit = any(control in touched for control in hint.controls)
    return Line(
        f"move.{hint.name}",
        label,
        joined(", ", caps),
        caps=caps or (tr("nothing"),),
        lit=lit,
        listening=hint.name == listening,
    )


def _next(axis: AxisItem, name: str, step: int) -> float:
    values, now = _TUNING[name].values, _TUNING[name].read(axis)
    nearest = min(range(len(values)), key=lambda i: abs(values[i] - now))
    return values[(nearest + step) % len(values)]
