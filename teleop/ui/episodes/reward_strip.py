"""The learned reward along an episode, as a thin line above the slider of its player."""

import numpy as np
from pygame import Rect

from teleop.text import tr
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import Comparison

HEIGHT = 54
_LABEL = 20


def has_reward(comparison: Comparison | None) -> bool:
    """Return whether a learned reward of the episode is known."""
    return comparison is not None and len(comparison.lanes[0].learned) > 1


def draw_reward_strip(
    context: UiContext, comparison: Comparison, strip: Rect, track: Rect, step: float
) -> None:
    """Draw the reward of each step, and the one at the playhead.

    Args:
        context: the context that all screens share.
        comparison: the episode, played alone.
        strip: area to draw in.
        track: the slider below; both have the same time scale.
        step: the playhead.
    """
    painter, theme = context.ui.painter, context.ui.theme
    values = np.array(comparison.lanes[0].learned)
    low, high = float(values.min()), float(values.max())
    top = strip.y + painter.px(_LABEL)
    room = strip.bottom - painter.px(4) - top
    steps = np.arange(1, len(values) + 1)
    x = track.x + steps / max(1, comparison.steps) * track.width
    y = top + room * (1 - (values - low) / max(high - low, 1e-9))
    at = (strip.x + painter.px(4), strip.y + painter.px(10))
    words = tr("Learned reward ({name})", name=comparison.about.reward_of)
    now = min(len(values), max(1, round(step))) - 1
    shown = f"{values[now]:+.2f}".replace("-", "−")
    end = (strip.right - painter.px(4), at[1])
    taken = painter.text(shown, end, "small-bold", theme.agent, "rm")
    painter.text(words, at, "small", theme.text2, width=strip.width - taken - painter.px(20))
    thin = np.unique(np.linspace(0, len(values) - 1, min(len(values), 300)).astype(np.int64))
    painter.polyline(np.column_stack([x, y])[thin], theme.agent, theme.line_px)
    painter.dot((float(x[now]), float(y[now])), 4, theme.agent)
