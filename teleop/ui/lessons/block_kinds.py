"""Draws the kind of a block."""

from teleop.lessons.block_words import KIND_WORDS
from teleop.ui.widgets.widgets import Ui


def draw_kind(ui: Ui, kind: str, at: tuple[int, int]) -> int:
    """Draw the kind of a block as a small label, and return its right edge."""
    px = ui.painter.px
    rect = ui.pill((at[0], at[1] - px(14)), KIND_WORDS[kind], ui.theme.raised, ui.theme.text)
    return rect.right
