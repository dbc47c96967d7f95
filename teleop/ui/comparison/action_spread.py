"""What was demonstrated near the recorded state: a histogram of the actions, for analog controls.

Two humps with the policy's action between them are two right answers whose mean is wrong.
"""

from pygame import Rect

from teleop.runtime.protocol.comparison_messages import AxisSpread
from teleop.text import tr
from teleop.ui.drawing.theme import mix
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import Comparison

_MOST_AXES = 3


def has_spread(comparison: Comparison, step: int) -> bool:
    """Return whether there is a histogram for a step."""
    spreads = comparison.gauges.spreads
    return bool(spreads) and bool(spreads[min(step, len(spreads) - 1)])


def draw_action_spread(context: UiContext, comparison: Comparison, area: Rect, step: int) -> None:
    """Draw a histogram for each axis, with the policy's and the recorded action in it."""
    painter, px = context.ui.painter, context.ui.painter.px
    spreads = comparison.gauges.spreads
    axes = spreads[min(step, len(spreads) - 1)][:_MOST_AXES]
    height = (area.height - px(18)) // len(axes)
    for index, spread in enumerate(axes):
        row = Rect(area.x, area.y + index * height, area.width, height - px(6))
        _draw_axis(context, row, spread)
    theme = context.ui.theme
    x, y = area.x, area.bottom - px(6)
    legend = (
        (theme.text2, tr("demonstrated nearby")),
        (theme.agent, tr("the policy")),
        (theme.human, tr("recorded here")),
    )
    for colour, words in legend:
        painter.dot((x + px(4), y), 4, colour)
        x += px(14) + painter.text(words, (x + px(12), y), "small", theme.text2) + px(10)


def _draw_axis(context: UiContext, row: Rect, spread: AxisSpread) -> None:
    painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
    most = max(1, *spread.counts)
    width = row.width / len(spread.counts)
    floor = row.bottom - px(16)
    for index, count in enumerate(spread.counts):
        if not count:
            continue
        tall = max(px(2), round((row.height - px(10)) * count / most))
        bar = Rect(round(row.x + index * width), floor - tall, max(1, round(width) - 1), tall)
        painter.box(bar, mix(theme.text2, theme.surface, 0.35), 2)
    painter.rule(row.x, floor, row.width, theme.strong_line)
    ends = ((spread.low, row.x, "lm"), (spread.high, row.right, "rm"))
    for value, x, anchor in ends:
        text = f"{value:+.3g}".replace("-", "−")
        painter.text(text, (x, floor + px(8)), "small", theme.text2, anchor)
    for share, colour, shift in ((spread.did, theme.human, 0), (spread.would, theme.agent, 1)):
        x = round(row.x + share * row.width)
        painter.fill((x - px(1) + shift, row.y, px(3), floor - row.y), colour)
        painter.dot((x + shift, row.y + px(3)), 5, colour)
