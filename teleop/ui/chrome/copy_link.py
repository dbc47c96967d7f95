"""A link that copies what a button does as a line for a terminal."""

from pygame import Rect

from teleop.runtime.protocol.session_messages import Notice, Tone
from teleop.text import tr
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.text_edit import copy


def draw_copy_link(context: UiContext, right: tuple[int, int], line: str) -> int:
    """Draw the link with its right end at a point; return its width."""
    ui, px = context.ui, context.ui.painter.px
    label = tr("Copy as command")
    width = ui.painter.width(label, "small-medium")
    rect = Rect(right[0] - width - px(6), right[1] - px(12), width + px(12), px(24))
    touch = ui.node("copy.command", "button", label, rect, value=line)
    ink = ui.theme.text if touch.hovered else ui.theme.text2
    ui.painter.text(label, right, "small-medium", ink, "rm")
    ui.painter.rule(right[0] - width, right[1] + px(8), width, ui.theme.edge)
    ui.ring("copy.command", rect, 6)
    if touch.used:
        copy_line(context, line)
    return width


def copy_line(context: UiContext, line: str) -> None:
    """Copy a command, and show it."""
    copy(line)
    context.model.notices.append(Notice(Tone.PLAIN, tr("Copied: {text}", text=line)))
