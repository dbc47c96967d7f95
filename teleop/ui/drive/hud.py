"""The overlay on the environment's frame: state, return, key caps."""

import math

from pygame import Rect

from teleop.envs.catalogue import find_entry
from teleop.runtime.protocol.driving_options import Preview
from teleop.runtime.protocol.session_messages import EnvOpened, Hint, SessionSnapshot
from teleop.text import joined, tr
from teleop.ui.commands import Command, label_of
from teleop.ui.drawing.formatting import signed
from teleop.ui.drawing.theme import (
    KEY_LINE,
    ON_VEIL,
    ON_VEIL2,
    PRACTICE,
    VEIL,
    VEIL_RECORDING,
    VEIL_RECORDING_OFF,
)
from teleop.ui.drive.gauge_bars import draw_gauges
from teleop.ui.state.context import UiContext
from teleop.ui.system.keyboard_layout import control_label

_ASKS = {
    "help": tr("The policy asks for help — press any control to take over, Esc to stop"),
    "begin": tr("Press any control to drive on from here"),
}
_INSET = 14
_MARGIN = 128  # width of a margin that holds the return
_BAND = 64  # height of a margin that holds the state
_RETURN = 132  # width of the box of the return
_CAP = 44
_PROJECTOR_CAP = 64


def beside_overlay(context: UiContext, view: Rect, area: Rect) -> Rect:
    """Move a centred frame to the right if only both margins together hold the overlay."""
    margin, column = view.x - area.x, context.ui.painter.px(_MARGIN)
    if margin < column <= 2 * margin:
        return view.move(area.right - view.right, 0)
    return view


def draw_overlay(context: UiContext, view: Rect, area: Rect) -> None:
    """Draw the overlay on the frame of a driven environment.

    Args:
        context: the context that all screens share.
        view: area of the frame.
        area: area around the frame; the overlay uses its corners, to cover little of the frame.
    """
    live, env = context.model.live, context.model.env
    if live is None or env is None or context.display.plain_picture:
        return
    px = context.ui.painter.px
    inner, left = _places(context, view, area)
    beside = px(_RETURN + 8) if left is inner else 0
    state = _draw_state(context, left, live, left.width - beside)
    below = draw_gauges(context, left, state.bottom + px(8), live.gauges)
    keys = _keys_area(context, inner, left, env)
    right = inner
    if inner.right == left.right and left is not inner:  # a single column holds everything
        right = Rect(left.x, below, left.width, keys.y - px(8) - below)
    returned = _draw_return(context, right, live)
    _draw_keys(context, keys, env.hints)
    if live.waiting_s is not None and live.waiting_s >= 0:
        _draw_countdown(context, view, live.waiting_s)
    elif not live.engaged and not live.pending and not live.steps:
        _draw_welcome(context, view)
    top = returned.bottom + px(8)
    if context.options.preview in (Preview.PICTURE, Preview.BOTH):
        top = _draw_seen(context, right, top)
    if live.numbers:
        _draw_numbers(context, right, top, live.numbers)
    if context.input.driving:
        _draw_border(context, view)
        _draw_leave(context, right, above=keys if right.colliderect(keys) else None)


def _places(context: UiContext, view: Rect, area: Rect) -> tuple[Rect, Rect]:
    """Return (area of the overlay, its left column).

    With wide margins at both sides, everything lies in them; with one wide margin, at the left, in
    that one, and both areas are equal; with narrow ones, within the frame, and both are the same.
    """
    px = context.ui.painter.px
    margin = view.x - area.x
    if margin >= px(_MARGIN):
        inner = area.inflate(-2 * px(6), -2 * px(_INSET))
        left = Rect(inner.x, inner.y, margin - px(12), inner.height)
        return (inner if area.right - view.right >= px(_MARGIN) else left.copy()), left
    tall = area if view.y - area.y >= px(_BAND) else view
    inner = Rect(view.x, tall.y, view.width, tall.height).inflate(-2 * px(_INSET), -2 * px(_INSET))
    return inner, inner


def state_words(context: UiContext, live: SessionSnapshot) -> str:
    """Return the state in a few words, with the key to press next."""
    if live.asks:
        return _ASKS[live.asks]
    return _phase_words(context, live)


def _phase_words(context: UiContext, live: SessionSnapshot) -> str:
    if context.ui.pad_hints:
        record, go_on, save, discard = tr("Start"), tr("Start"), "A", "→ A"
    else:
        record, go_on = label_of(Command.RECORD), label_of(Command.PLAY)
        save, discard = label_of(Command.SAVE), label_of(Command.DISCARD)
    if live.rewinding:
        return tr("Rewinding — release to continue from here")
    if live.phase == "paused":
        return tr("Paused — press {go_on} to continue", go_on=go_on)
    if live.engaged:
        return _engaged_words(live)
    if live.pending:
        return tr(
            "Episode over — press {save} to save, {discard} to discard", save=save, discard=discard
        )
    if live.control:
        return tr("Ready — press {record} to start the policy", record=record)
    if context.options.practice:
        return tr("Practice — press {record} to start; nothing is recorded", record=record)
    return tr("Ready — press {record} to record", record=record)


def _engaged_words(live: SessionSnapshot) -> str:
    elapsed = f"{live.elapsed_s:4.1f} s"
    if live.control and live.waiting_s is None:
        who = (
            tr("You have control")
            if live.control == "person"
            else tr("Agent drives — touch to take over")
        )
        return joined("  ", (who, elapsed))
    if live.waiting_s is not None:
        return (
            tr("Press any control to start")
            if live.waiting_s < 0
            else tr("Begins in {waiting_s:.0f}", waiting_s=live.waiting_s)
        )
    if live.practice:
        return joined("  ", (tr("Practice — nothing is recorded"), elapsed))
    said = tr("Recording (starred)") if live.starred else tr("Recording")
    return joined("  ", (said, elapsed))


def _draw_state(context: UiContext, inner: Rect, live: SessionSnapshot, room: int) -> Rect:
    """Draw the state in lines that fit the room, left of the return; return the area."""
    painter, px = context.ui.painter, context.ui.painter.px
    lines = painter.wrapped(state_words(context, live), "small-bold", room - px(44))
    width = max(painter.width(line, "small-bold") for line in lines) + px(40)
    rect = Rect(inner.x, inner.y, min(width, room), px(12) + px(18) * len(lines))
    practice = live.practice or (context.options.practice and not live.recording)
    painter.box(rect, VEIL, 15, PRACTICE if practice else None, 2)
    running = live.recording and live.phase != "paused"
    lit = context.reduced_motion or int(context.now * 2) % 2 == 0
    idle = PRACTICE if practice else ON_VEIL2
    colour = (VEIL_RECORDING if lit else VEIL_RECORDING_OFF) if running else idle
    painter.dot((rect.x + px(17), rect.y + px(15)), 5, colour)
    for index, line in enumerate(lines):
        at = (rect.x + px(30), rect.y + px(15) + index * px(18))
        painter.text(line, at, "small-bold", ON_VEIL)
    return rect


def _draw_return(context: UiContext, right: Rect, live: SessionSnapshot) -> Rect:
    """Draw the return and the step at the top right of an area; return the area of the box."""
    painter, px = context.ui.painter, context.ui.painter.px
    step = tr("step {steps}", steps=live.steps)
    words = painter.width(tr("Return"), "small") + painter.width(step, "small")
    rect = Rect(0, right.y, min(px(_RETURN), right.width), px(58))
    stacked = words + px(36) > rect.width  # the step needs a line of its own
    rect.height += px(18) if stacked else 0
    rect.right = right.right
    painter.box(rect, VEIL, 10)
    painter.text(tr("Return"), (rect.x + px(14), rect.y + px(16)), "small", ON_VEIL2)
    at = (rect.right - px(14), rect.y + px(34 if stacked else 16))
    painter.text(step, at, "small", ON_VEIL2, "rm")
    at = (rect.right - px(14), rect.bottom - px(19))
    painter.text(signed(live.total_reward), at, "number", ON_VEIL, "rm")
    return rect


def _columns(hints: tuple[Hint, ...]) -> dict[float, float]:
    """Return the column of each horizontal place; columns without keys are left out."""
    columns: dict[float, float] = {}
    last, column = 0.0, 0.0
    for place in sorted({hint.place[0] for hint in hints}):
        column += min(1.0, place - last)
        last, columns[place] = place, column
    return columns


def _keys_area(context: UiContext, inner: Rect, left: Rect, env: EnvOpened) -> Rect:
    """Return the area of the key caps, at the bottom; of no height if there is no room."""
    px = context.ui.painter.px
    columns = max(_columns(env.hints).values(), default=0) + 1
    rows = max((hint.place[1] for hint in env.hints), default=0) + 1
    cap = px(_CAP if context.ui.theme.is_dark else _PROJECTOR_CAP / 1.35)
    cap = min(cap, round(left.width / columns) - px(6))
    width, height = round(columns * (cap + px(6))), round(rows * (cap + px(6))) - px(6)
    if inner.height < cap * (rows + 2.5):
        height = 0
    at_right = left is inner and find_entry(env.env_id).keys_right
    return Rect(inner.right - width if at_right else left.x, inner.bottom - height, width, height)


def _draw_keys(context: UiContext, area: Rect, hints: tuple[Hint, ...]) -> None:
    ui = context.ui
    painter, px = ui.painter, ui.painter.px
    if not area.height:
        return
    columns = _columns(hints)
    step = round(area.width / (max(columns.values(), default=0) + 1))
    size = step - px(6)
    layer = _held_layer(context) if any(hint.layer for hint in hints) else 0
    for hint in hints:
        if hint.layer != layer:
            continue
        label = control_label(hint.pad if ui.pad_hints and hint.pad else hint.key)
        rect = Rect(area.x + round(columns[hint.place[0]] * step), area.y, size, size)
        rect.y += round(hint.place[1] * step)
        down = (
            any(control in context.input.held for control in hint.controls)
            and context.input.driving
        )
        painter.box(rect, ui.theme.human if down else VEIL, 9, None if down else KEY_LINE)
        ink = ui.theme.on_human if down else ON_VEIL
        style = "bold" if painter.width(label, "bold") < size - px(6) else "small-bold"
        painter.text(label, (rect.centerx, rect.centery - px(7)), style, ink, "cm")
        at = (rect.centerx, rect.bottom - px(11))
        word = painter.fitted(hint.word, "small", size - px(4))
        painter.text(word, at, "small", ink if down else ON_VEIL2, "cm")


def _held_layer(context: UiContext) -> int:
    """Return the layer of the held modifiers; key caps show what keys do in that layer."""
    layers = context.model.env.layers if context.model.env else ()
    held = (any(control in context.input.touched for control in layer) for layer in layers)
    return sum(1 << index for index, is_held in enumerate(held) if is_held)


def _draw_countdown(context: UiContext, view: Rect, seconds: float) -> None:
    painter, px = context.ui.painter, context.ui.painter.px
    disc = Rect(0, 0, px(96), px(96))
    disc.center = view.center
    painter.box(disc, VEIL, 48)
    painter.text(str(math.ceil(seconds)), disc.center, "display", ON_VEIL, "cm")


def _draw_seen(context: UiContext, inner: Rect, top: int) -> int:
    """Draw the image that the policy will see, below the return, and return its bottom edge."""
    painter, px = context.ui.painter, context.ui.painter.px
    view = context.view("seen")
    if view.aspect is None:
        return top
    height = min(px(140), inner.height // 3)
    box = Rect(0, top, min(round(height * view.aspect), inner.width // 2), height)
    box.right = inner.right
    view.draw(painter, box, 4, VEIL)
    painter.box(box, None, 4, KEY_LINE)
    return box.bottom + px(8)


def _draw_numbers(
    context: UiContext, inner: Rect, top: int, numbers: tuple[tuple[str, float], ...]
) -> None:
    """Draw the numbers that the policy will see, with bars, below the return."""
    painter, px = context.ui.painter, context.ui.painter.px
    rows = min(len(numbers), max(0, (inner.bottom - top - px(84)) // px(17)))
    names = max(painter.width(name, "small") for name, _ in numbers)
    names = min(max(px(70), names), inner.width // 4)
    box = Rect(0, top, names + px(106), px(12) + rows * px(17))
    box.right = inner.right
    painter.box(box, VEIL, 10)
    for row, (name, value) in enumerate(numbers[:rows]):
        y = box.y + px(14) + row * px(17)
        painter.text(name, (box.x + px(10), y), "small", ON_VEIL2, width=names)
        share = math.tanh(value) if math.isfinite(value) else 0.0
        middle, half = box.right - px(70), px(24)
        length = max(1, round(abs(share) * half))
        bar = (middle - length if share < 0 else middle, y - px(4), length, px(8))
        painter.fill(bar, ON_VEIL2)
        painter.text(f"{value:+.2f}", (box.right - px(8), y), "small", ON_VEIL, "rm")


def _draw_border(context: UiContext, view: Rect) -> None:
    """Draw a border while keys go to the environment."""
    live = context.model.live
    practice = live is not None and live.practice
    colour = PRACTICE if practice else context.ui.theme.human
    thick = 2
    if live is not None and live.control:
        mine = live.control == "person"
        colour, thick = (context.ui.theme.human, 5) if mine else (context.ui.theme.agent, 2)
    context.ui.painter.box(view, None, 12, colour, thick)


def _draw_leave(context: UiContext, inner: Rect, above: Rect | None) -> None:
    """Draw the key to leave, in the corner or above the key caps that lie there."""
    px = context.ui.painter.px
    leave = (
        tr("Start to pause")
        if context.ui.pad_hints
        else tr("{key} to pause", key=label_of(Command.LEAVE))
    )
    bottom = above.y - px(8) if above and above.right > inner.right - px(_RETURN) else inner.bottom
    context.ui.pill((inner.right, bottom - px(28)), leave, VEIL, ON_VEIL, right=True)


def _draw_welcome(context: UiContext, view: Rect) -> None:
    """Draw a short introduction for a person who has not recorded here yet."""
    library, env, live = context.model.library, context.model.env, context.model.live
    if live is None or live.control or library is None or env is None:
        return
    if any(e.driver == "human" for e in library.episodes):
        return
    painter, px = context.ui.painter, context.ui.painter.px
    pad = context.ui.pad_hints
    hints = [hint for hint in env.hints if not hint.layer]
    labels = [control_label(hint.pad if pad and hint.pad else hint.key) for hint in hints]
    shown = joined(" ", labels[:6])
    practice = context.options.practice
    key = tr("Start") if pad else label_of(Command.RECORD)
    lines = (
        env.summary or env.env_id,
        tr("Drive with {shown}", shown=shown),
        tr("Press {key} to start. Nothing is recorded", key=key)
        if practice
        else tr("Press {key} to record, then save or discard", key=key),
    )
    width = max(painter.width(line, "medium") for line in lines) + px(56)
    rect = Rect(0, 0, width, px(104))
    rect.center = (view.centerx, view.y + view.height * 2 // 5)
    if rect.width > view.width - px(20):
        return
    painter.box(rect, VEIL, 12)
    for index, line in enumerate(lines):
        style = "bold" if index == 0 else "medium"
        at = (rect.centerx, rect.y + px(26) + index * px(26))
        painter.text(line, at, style, ON_VEIL if index == 0 else ON_VEIL2, "cm")
