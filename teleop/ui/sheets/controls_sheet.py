"""The sheet of keys, buttons and axes: what each does, lit while pressed, changed by a press."""

from collections.abc import Callable

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
    Tone,
    ToStage,
    TuneAxis,
)
from teleop.ui.commands import RESERVED
from teleop.ui.state.context import UiContext
from teleop.ui.system.keyboard_layout import control_label
from teleop.ui.widgets.sheet import Line

_HANDS = {"both": "both hands", "left": "left hand", "right": "right hand only"}
_LAYERS = ("", "Shift + ", "Space + ", "Shift + Space + ")
_TUNING: dict[str, tuple[str, tuple[float, ...], Callable[[float], str]]] = {
    "ramp_s": (
        "keys reach the end",
        (0.0, 0.06, 0.12, 0.25, 0.5, 1.0),
        lambda v: f"in {v * 1000:.0f} ms" if v else "immediately",
    ),
    "dead_zone": ("dead zone", (0.0, 0.05, 0.1, 0.15, 0.25, 0.4), lambda v: f"{v:.0%}"),
    "curve": ("curve", (0.5, 1.0, 1.5, 2.0, 3.0), lambda v: f"{v:g}"),
    "scale": ("full is", (0.25, 0.5, 0.75, 1.0), lambda v: f"{v:.0%}"),
    "invert": ("turned round", (0.0, 1.0), lambda v: "yes" if v else "no"),
}


def control_lines(env: EnvOpened, touched: set[str], listening: str) -> list[Line]:
    """The rows of an environment's controls.

    Args:
        env: what is driven.
        touched: controls that are down now.
        listening: name of the move that waits for a press; empty if none does.
    """
    lines = [Line("hand", "Layout", _HANDS[env.hand]), Line("", "Moves")]
    lines += [_move_line(hint, touched, listening) for hint in env.hints]
    if env.idle_choices:
        word = env.idle_choices[env.idle] if env.idle >= 0 else "repeat the last action"
        lines.append(Line("idle", "When nothing is held", word))
        for hint in env.hints:
            how = "once per press" if hint.taps else "while held"
            lines.append(Line(f"tap.{hint.name}", f"{_word(hint)} acts", how))
    for axis in env.axes:
        lines.append(Line("", f"Axis {axis.name}: {axis.word}"))
        for name, (label, _, say) in _TUNING.items():
            value = say(float(getattr(axis, name)))
            lines.append(Line(f"axis.{axis.name}.{name}", label.capitalize(), value))
    lines.append(Line("reset", "Reset to default controls", "" if env.is_own else "default"))
    return lines


def controls_request(env: EnvOpened, line_id: str, step: int) -> ToStage | None:
    """What a used row asks for; None for a move: that waits for a press."""
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
    """A press was heard for the move that waits for one; empty: never mind."""
    move, context.listening = context.listening, ""
    if control in RESERVED:
        text = f"{control_label(control)} belongs to the window; choose another"
        context.model.notices.append(Notice(Tone.BAD, text))
    elif control:
        context.tell(BindMove(move, control))


def _word(hint: Hint) -> str:
    """What a move does; actions without a word have a number."""
    return f"Action {hint.word}" if hint.word.isdigit() else hint.word.capitalize()


def _move_line(hint: Hint, touched: set[str], listening: str) -> Line:
    label = f"{_LAYERS[hint.layer]}{_word(hint)}"
    caps = tuple(_cap(control) for control in hint.controls)
    lit = any(control in touched for control in hint.controls)
    return Line(
        f"move.{hint.name}",
        label,
        ", ".join(caps),
        caps=caps or ("nothing",),
        lit=lit,
        listening=hint.name == listening,
    )


def _cap(control: str) -> str:
    """A pad's A is not the keyboard's."""
    label = control_label(control)
    return f"Pad {label}" if control.startswith("pad.") and len(label) == 1 else label


def _next(axis: AxisItem, name: str, step: int) -> float:
    values = _TUNING[name][1]
    now = float(getattr(axis, name))
    nearest = min(range(len(values)), key=lambda i: abs(values[i] - now))
    return values[(nearest + step) % len(values)]
