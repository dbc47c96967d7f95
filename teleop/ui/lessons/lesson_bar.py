"""The bar over the other screens while a lesson is open: what to do, how far, and what is next."""

from typing import TYPE_CHECKING

from pygame import Rect

from teleop.text import tr
from teleop.ui.commands import Command, label_of
from teleop.ui.lessons.block_kinds import draw_kind
from teleop.ui.lessons.lesson_steps import go_forward, settle
from teleop.ui.state.context import UiContext
from teleop.ui.state.lesson_guide import goal_status

if TYPE_CHECKING:
    from teleop.lessons.lesson import Block

_HEAD, _LINE, _FOOT = 46, 17, 10
_MOST_LINES = 3


def bar_height(context: UiContext, screen: str, width: int) -> int:
    """Return the height of the bar on a screen; 0 if there is none."""
    guide = context.guide
    if guide.lesson is None or guide.block is None or screen == "lesson":
        return 0
    px = context.ui.painter.px
    return px(_HEAD + _FOOT) + px(_LINE) * len(_lines(context, width))


def draw_lesson_bar(context: UiContext, area: Rect) -> None:
    """Draw the bar, and prepare what the block needs."""
    guide, ui, px = context.guide, context.ui, context.ui.painter.px
    block = guide.block
    if block is None:
        return
    settle(context)
    guide.look(context.model, context.now)
    done = guide.entry().done
    ui.painter.box(area, ui.theme.surface, 12, ui.theme.success if done else ui.theme.agent)
    for row, line in enumerate(_lines(context, area.width)):
        at = (area.x + px(16), area.y + px(_HEAD) + px(8) + row * px(_LINE))
        ui.painter.text(line, at, "small", width=area.width - px(32))
    _offer(context, done or block.kind == "see")
    ui.node("lesson.text", "status", block.text.to(context.language_code), area)
    _draw_head(context, area, block, done)


def _offer(context: UiContext, finished: bool) -> None:
    """With a gamepad, put the focus on the button that goes on, once there is nothing to do."""
    needs, ui = context.guide.needs, context.ui
    if finished and ui.pad_hints and not context.input.driving and not needs.is_offered:
        needs.is_offered = True
        ui.events.focus.set("lesson.next", "lesson")
        ui.events.focus.visible = True


def _lines(context: UiContext, width: int) -> list[str]:
    """Return the text of the block in lines."""
    block, painter = context.guide.block, context.ui.painter
    text = block.text.to(context.language_code) if block else ""
    return painter.wrapped(text, "small", width - painter.px(32))[:_MOST_LINES]


def _draw_head(context: UiContext, area: Rect, block: "Block", done: bool) -> None:
    """Draw the kind of block, its title, how far its goal is met, and the buttons."""
    guide, ui, px = context.guide, context.ui, context.ui.painter.px
    ui.group("lesson")
    middle = area.y + px(26)
    rect = Rect(area.right - px(8) - px(140), middle - px(17), px(140), px(34))
    finished = done or block.kind == "see"
    label, kind = (tr("Next"), "primary") if finished else (tr("Skip"), "plain")
    if ui.button("lesson.next", rect, label, "arrow-right", kind, label_of(Command.NEXT_BLOCK)):
        go_forward(context)
    rect = Rect(rect.x - px(8) - px(132), rect.y, px(132), rect.height)
    count = len(guide.lesson.content.block) if guide.lesson else 0
    text = tr("Lesson {place}", place=f"{guide.index + 1}/{count}")
    if ui.button("lesson.page", rect, text, "graduation-cap"):
        context.next.screen = "lesson"
    counts = guide.counts(context.model)
    right = rect.x - px(14)
    if counts:
        ink = ui.theme.success if done else ui.theme.text2
        right -= ui.painter.text(goal_status(counts), (right, middle), "small-bold", ink, "rm")
    x = draw_kind(ui, block.kind, (area.x + px(12), middle)) + px(12)
    title = block.title.to(context.language_code)
    ui.painter.text(title, (x, middle), "bold", width=right - px(14) - x)
