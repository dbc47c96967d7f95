"""The gauges of a policy that drives, as bars over the frame."""

from pygame import Rect

from teleop.runtime.protocol.diagnosis_messages import GaugeReading
from teleop.text import joined, tr
from teleop.ui.drawing.theme import KEY_LINE, ON_VEIL, VEIL, VEIL_RECORDING, Colour
from teleop.ui.state.context import UiContext

_FULL = 1.6  # value of a gauge, as a share of its limit, that fills its bar


def draw_gauges(context: UiContext, left: Rect, top: int, gauges: tuple[GaugeReading, ...]) -> int:
    """Draw the gauges of the policy that drives: a bar each, full at the value that warns.

    Returns the top of what comes below them.
    """
    if not gauges:
        return top
    painter, px = context.ui.painter, context.ui.painter.px
    rows = [(gauge_title(gauge.name), gauge) for gauge in gauges]
    names = max(painter.width(name, "small-medium") for name, _ in rows)
    beside = left.width >= names + px(110)  # else the bar lies below the name
    height = px(20) if beside else px(34)
    width = names + px(120) if beside else min(left.width, names + px(24))
    rect = Rect(left.x, top, width, px(12) + height * len(rows))
    painter.box(rect, VEIL, 10)
    for index, (name, gauge) in enumerate(rows):
        y = rect.y + px(16) + index * height
        colour = VEIL_RECORDING if gauge.value > 1 else ON_VEIL
        room = rect.width - px(20)
        painter.text(name, (rect.x + px(10), y), "small-medium", colour, width=room)
        track = Rect(rect.x + px(10), y + px(12), room, px(8))
        if beside:
            track = Rect(rect.x + names + px(20), y - px(4), rect.width - names - px(32), px(8))
        _draw_bar(context, track, gauge.value, colour)
    return rect.bottom + px(8)


def _draw_bar(context: UiContext, track: Rect, value: float, colour: Colour) -> None:
    """Draw a bar with a mark at the value that warns."""
    painter, px = context.ui.painter, context.ui.painter.px
    painter.box(track, KEY_LINE, 4)
    share = min(1.0, value / _FULL)
    if share > 0.02:
        filled = max(px(6), round(track.width * share))
        painter.box(Rect(track.x, track.y, filled, track.height), colour, 4)
    limit = track.x + round(track.width / _FULL)
    painter.fill((limit, track.y - px(3), max(1, px(2)), track.height + px(6)), ON_VEIL)


def gauge_title(name: str) -> str:
    """Return the name of a gauge as text."""
    return tr("Distance from the data") if name == "distance" else tr("Disagreement")


def gauge_words(gauges: tuple[GaugeReading, ...]) -> str:
    """Return how reliable the gauges were, as sentences; empty if that was not measured."""
    words = [joined(": ", (gauge_title(g.name), g.words)) for g in gauges if g.words]
    return joined(". ", words) if words else ""
