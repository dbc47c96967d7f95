"""The policy's action probabilities for the recorded observation, beside the recorded action."""

from pygame import Rect

from teleop.text import tr
from teleop.ui.commands import Command, label_of
from teleop.ui.comparison.action_spread import draw_action_spread, has_spread
from teleop.ui.drawing.theme import mix
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import Comparison

_MOST_BARS = 6


def draw_action_probabilities(
    context: UiContext, comparison: Comparison, card: Rect, step: int
) -> None:
    """Draw the policy's action probabilities at a step, beside the recorded action."""
    ui = context.ui
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    ui.card(card)
    kind = comparison.lanes[0].about.kind
    pressed_by = tr("you pressed") if kind == "human" else tr("recorded input")
    pressed_by = tr("recorded input") if context.model.run else pressed_by
    taken = painter.text(
        pressed_by, (card.right - px(18), card.y + px(22)), "small", theme.text2, "rm"
    )
    icon_x = card.right - px(18) - taken - px(14)
    painter.icon("keyboard", (icon_x, card.y + px(22)), 15, theme.human)
    at = (card.x + px(18), card.y + px(22))
    room = icon_x - px(16) - at[0]
    painter.text(tr("The agent would choose"), at, "h2", width=room)
    if not comparison.would:
        _draw_nothing(context, comparison, card)
        return
    at = (card.x + px(18), card.y + px(42))
    painter.text(_situation(comparison), at, "small", theme.text2, width=card.width - px(36))
    _draw_differences(context, comparison, card)
    card = Rect(card.x, card.y, card.width, card.height - px(26))
    step = min(step, len(comparison.would) - 1)
    rows = _rows(comparison, step)
    y = card.y + px(52)
    if not rows:
        inside = Rect(card.x + px(18), y + px(6), card.width - px(36), card.bottom - px(12) - y)
        _draw_numbers(context, comparison, inside, step)
        return
    height = (card.bottom - px(8) - y) / len(rows)
    names = max(painter.width(row[0], "bold") for row in rows)
    names = min(names, round(card.width * 0.4))
    for index, row in enumerate(rows):
        _draw_bar(context, card, round(y + height * (index + 0.5)), names, row)


def _draw_numbers(context: UiContext, comparison: Comparison, area: Rect, step: int) -> None:
    """Draw the actions of analog controls: a histogram once it is known, else as text."""
    if has_spread(comparison, step):
        draw_action_spread(context, comparison, area, step)
        return
    painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
    painter.text(comparison.would[step], (area.x, area.y + px(20)), "bold")
    at = (area.x, area.y + px(48))
    painter.text(comparison.lanes[0].actions[step], at, "body", theme.human)
    painter.icon("keyboard", (area.right - px(8), at[1]), 16, theme.human)


def _situation(comparison: Comparison) -> str:
    """Return which policy is asked about which situation."""
    agents = [lane.about.name for lane in comparison.lanes if lane.about.kind == "agent"]
    if len(agents) < 2:
        return tr("in the situation of the recording at this step")
    return tr("{name}, in the situation of the recording at this step", name=agents[0])


def _draw_nothing(context: UiContext, comparison: Comparison, card: Rect) -> None:
    """Explain why no probabilities are shown."""
    painter, px = context.ui.painter, context.ui.painter.px
    if any(lane.about.kind == "agent" for lane in comparison.lanes):
        return  # still being computed
    text = tr("Choose a policy as one of the sides to see what it would do")
    for index, line in enumerate(painter.wrapped(text, "small", card.width - px(36))):
        at = (card.x + px(18), card.y + px(52) + index * px(18))
        painter.text(line, at, "small", context.ui.theme.text2)


def _draw_differences(context: UiContext, comparison: Comparison, card: Rect) -> None:
    """Draw how often the policy would act differently from the recording."""
    ui, px = context.ui, context.ui.painter.px
    count, total = sum(comparison.differs), len(comparison.differs)
    key = label_of(Command.DIFFERENCE)
    text = tr(
        "Differs at {count} of {total} steps. Press {key} for the next one",
        count=count,
        total=total,
        key=key,
    )
    if context.model.run:
        text = tr("Differs at {count} of {total} steps", count=count, total=total)
    if not count:
        text = tr("The same action in every recorded situation")
    at = (card.x + px(18), card.bottom - px(18))
    ui.painter.text(text, at, "small", ui.theme.text2, width=card.width - px(36))


def _draw_bar(
    context: UiContext, card: Rect, y: int, names: int, row: tuple[str, float, bool, bool]
) -> None:
    painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
    word, share, best, pressed = row
    style, ink = ("bold", theme.text) if best else ("body", theme.text2)
    x = card.x + px(18)
    painter.text(word, (x, y), style, ink, width=names)
    track = Rect(x + names + px(12), y - px(7), 0, px(14))
    track.width = card.right - px(94) - track.x
    painter.box(track, theme.line if theme.is_dark else theme.sunken, 4)
    filled = Rect(track.x, track.y, round(track.width * share), track.height)
    if filled.width:
        painter.box(filled, theme.agent if best else mix(theme.agent, theme.surface, 0.45), 4)
    painter.text(f"{share * 100:.0f} %", (track.right + px(48), y), style, ink, "rm")
    if pressed:
        painter.icon("keyboard", (card.right - px(26), y), 16, theme.human)


def _rows(comparison: Comparison, step: int) -> list[tuple[str, float, bool, bool]]:
    """Return (word, probability, is likeliest, was pressed) of each choice.

    If there are too many to show, return only the likeliest choice of each branch.
    """
    rows = []
    branches = zip(
        comparison.about.words, comparison.likely[step], comparison.pressed[step], strict=False
    )
    for words, likely, pressed in branches:
        best = max(range(len(likely)), key=lambda i: likely[i])
        for index, (word, share) in enumerate(zip(words, likely, strict=False)):
            rows.append((word, share, index == best, index == pressed))
    return rows if len(rows) <= _MOST_BARS else [row for row in rows if row[2]][:_MOST_BARS]
