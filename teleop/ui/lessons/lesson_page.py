"""The page of an open lesson: its blocks on the left, the current one on the right."""

from typing import TYPE_CHECKING

import pygame
from pygame import Rect, Surface

from teleop.lessons.block_words import KIND_WORDS
from teleop.text import ntr, tr
from teleop.ui.classroom.folder_choice import hand_in
from teleop.ui.commands import Command, label_of
from teleop.ui.drawing.painter import ImageCache
from teleop.ui.lessons.block_kinds import draw_kind
from teleop.ui.lessons.lesson_steps import (
    close_lesson,
    go_forward,
    go_to_block,
    show_block,
)
from teleop.ui.state.context import UiContext
from teleop.ui.state.lesson_guide import goal_status
from teleop.ui.widgets.image_view import fitted
from teleop.ui.widgets.text_edit import TextEdit

if TYPE_CHECKING:
    from teleop.lessons.lesson import Block, Lesson, Predict, Say

_SIDE, _ROW, _LINE = 270, 52, 22
_SCREENS = {
    "demonstrate": tr("Demonstrate"),
    "train": tr("Train"),
    "compare": tr("Compare"),
    "correct": tr("Correct"),
    "library": tr("Library"),
}


class LessonPage:
    """View state: the pictures of the lesson, at the size at which they are shown."""

    def __init__(self) -> None:
        self._pictures: ImageCache[Surface | None] = ImageCache(12)

    def draw(self, context: UiContext, area: Rect, lesson: "Lesson") -> None:
        """Draw the list of blocks and the current block, or what was learned at the end."""
        px, guide = context.ui.painter.px, context.guide
        guide.look(context.model, context.now)
        _draw_blocks(context, Rect(area.x, area.y, px(_SIDE), area.height), lesson)
        card = Rect(area.x + px(_SIDE + 16), area.y, area.width - px(_SIDE + 16), area.height)
        context.ui.card(card)
        inside = card.inflate(-px(48), -px(36))
        if guide.lesson is None:
            return  # it was closed a moment ago
        if guide.block is None:
            _draw_summary(context, inside, lesson)
        else:
            self._draw_block(context, inside, guide.block)

    def _draw_block(self, context: UiContext, area: Rect, block: "Block") -> None:
        ui, px, code = context.ui, context.ui.painter.px, context.language_code
        draw_kind(ui, block.kind, (area.x, area.y + px(12)))
        minutes = ntr("about {n} minute", "about {n} minutes", round(block.minutes))
        at = (area.right, area.y + px(12))
        ui.painter.text(minutes, at, "small-medium", ui.theme.text2, "rm")
        y = area.y + px(50)
        ui.painter.text(block.title.to(code), (area.x, y), "h1", width=area.width)
        y = _paragraph(context, block.text.to(code), Rect(area.x, y + px(18), area.width, 0))
        foot = area.bottom - px(52)
        if block.picture:
            y = self._draw_picture(context, block.picture, Rect(area.x, y, area.width, foot - y))
        rect = Rect(area.x, y + px(8), area.width, foot - y)
        if block.kind == "predict":
            _draw_choices(context, rect, block)
        elif block.kind == "say":
            _draw_sentence(context, rect, block)
        elif block.kind == "do":
            status = goal_status(context.guide.counts(context.model))
            ui.painter.text(status, (rect.x, rect.y + px(12)), "bold")
        _draw_foot(context, Rect(area.x, foot + px(12), area.width, px(40)), block)

    def _draw_picture(self, context: UiContext, name: str, room: Rect) -> int:
        """Draw a picture of the lesson in at most half of the room; return its bottom edge."""
        lesson = context.guide.lesson
        most = room.height // 2
        if lesson is None or most < context.ui.painter.px(60):
            return room.y
        file = lesson.folder / name
        key = (str(file), room.width, most)
        picture = self._pictures.get(key, lambda: _loaded(file, (room.width, most)))
        if picture is None:
            return room.y
        context.ui.painter.surface.blit(picture, (room.x, room.y + context.ui.painter.px(8)))
        return room.y + picture.get_height() + context.ui.painter.px(16)


def _loaded(file: object, size: tuple[int, int]) -> Surface | None:
    """Return a picture that fits into a size; None if it cannot be read."""
    try:
        picture = pygame.image.load(str(file)).convert(32)
    except (pygame.error, OSError):
        return None
    box = fitted(Rect(0, 0, *size), picture.get_width() / picture.get_height())
    return pygame.transform.smoothscale(picture, box.size)


def _draw_blocks(context: UiContext, area: Rect, lesson: "Lesson") -> None:
    """Draw the title of the lesson and a row for each block."""
    ui, px, code = context.ui, context.ui.painter.px, context.language_code
    guide, y = context.guide, area.y
    for line in ui.painter.wrapped(lesson.content.title.to(code), "h1", area.width)[:2]:
        ui.painter.text(line, (area.x, y + px(14)), "h1", width=area.width)
        y += px(28)
    ui.group("blocks")
    y += px(8)
    count = len(lesson.content.block) + 1
    row = max(px(30), min(px(_ROW), (area.bottom - px(56) - y) // count))
    for index in range(count):
        rect = Rect(area.x, y, area.width, row - px(4))
        block = lesson.content.block[index] if index < count - 1 else None
        title = block.title.to(code) if block else tr("What you learned")
        done = block is not None and guide.entry(index).done
        _draw_row(context, rect, index, (title, KIND_WORDS[block.kind] if block else ""), done)
        y += row
    rect = Rect(area.x, area.bottom - px(40), area.width, px(40))
    if ui.button("lesson.close", rect, tr("All lessons"), "chevron-left"):
        close_lesson(context)


def _draw_row(
    context: UiContext, rect: Rect, index: int, texts: tuple[str, str], done: bool
) -> None:
    """Draw one block of the list: a tick or its number, its title, its kind."""
    ui, px = context.ui, context.ui.painter.px
    current = context.guide.index == index
    title, kind = texts
    touch = ui.node(f"block.{index}", "button", title, rect, value=current)
    if current:
        ui.painter.box(rect, ui.theme.raised, 8, ui.theme.strong_line)
    elif touch.hovered:
        ui.painter.box(rect, ui.theme.hover, 8)
    middle = (rect.x + px(20), rect.centery)
    if done:
        ui.painter.icon("check", middle, 16, ui.theme.success)
    elif kind:
        ui.painter.text(str(index + 1), middle, "small-bold", ui.theme.text2, "cm")
    else:
        ui.painter.icon("flag", middle, 15, ui.theme.text2)
    x, room = rect.x + px(42), rect.width - px(50)
    style = "bold" if current else "medium"
    lines = ui.painter.wrapped(title, style, room)[:2]
    two = len(lines) > 1 or (kind and rect.height > px(40))
    for row, line in enumerate(lines):
        at = (x, rect.centery - (px(9) if two else 0) + row * px(18))
        ui.painter.text(line, at, style, width=room)
    if two and len(lines) == 1:
        ui.painter.text(kind, (x, rect.centery + px(10)), "small", ui.theme.text2, width=room)
    ui.ring(f"block.{index}", rect, 8)
    if touch.used:
        show_block(context, index)


def _draw_choices(context: UiContext, area: Rect, block: "Predict") -> None:
    """Draw the answers to choose from; what is right is said at the end of the lesson."""
    ui, px, code = context.ui, context.ui.painter.px, context.language_code
    ui.group("choices")
    chosen = context.guide.entry().choice
    height = max(px(32), min(px(44), area.height // len(block.choices) - px(6)))
    for number, choice in enumerate(block.choices, start=1):
        rect = Rect(area.x, area.y + (number - 1) * (height + px(6)), area.width, height)
        ui.painter.box(rect, ui.theme.sunken, 8, ui.theme.edge)
        if ui.option(f"choice.{number}", rect, choice.to(code), "", chosen == number):
            context.guide.choose(number)
            ui.events.focus.set("foot.next", "foot")


def _draw_sentence(context: UiContext, area: Rect, block: "Say") -> None:
    """Draw the sentence to complete: typed, or said aloud."""
    ui, px, code = context.ui, context.ui.painter.px, context.language_code
    guide = context.guide
    y = _paragraph(context, block.sentence.to(code), Rect(area.x, area.y, area.width, 0), "h2")
    ui.group("sentence")
    entry = guide.entry()
    rect = Rect(area.x, y + px(6), area.width, px(44))
    if ui.field("sentence", rect, context.editing, entry.text, tr("Type here, then press Enter")):

        def done(text: str) -> None:
            if text.strip():
                guide.say(text.strip())
                ui.events.focus.set("foot.next", "foot")

        context.edit(TextEdit("sentence", entry.text, len(entry.text), done))
    rect = Rect(area.x, rect.bottom + px(12), px(240), px(40))
    if ui.button("sentence.aloud", rect, tr("We said it aloud"), "volume-2"):
        guide.say("")
        ui.events.focus.set("foot.next", "foot")
    if entry.done and block.example is not None:
        text = tr("For example: … {text}", text=block.example.to(code))
        _paragraph(context, text, Rect(area.x, rect.bottom + px(16), area.width, 0))


def _draw_foot(context: UiContext, bar: Rect, block: "Block") -> None:
    """Draw what leads back, to the block's screen, and on."""
    ui, px, guide = context.ui, context.ui.painter.px, context.guide
    ui.group("foot")
    if ui.button("foot.back", Rect(bar.x, bar.y, px(130), bar.height), tr("Back"), "chevron-left",
                 reason="" if guide.index else tr("This is the first block")):  # fmt: skip
        go_to_block(context, guide.index - 1)
    ready = guide.entry().done or (block.kind == "see" and not guide.screen)
    rect = Rect(bar.right - px(190), bar.y, px(190), bar.height)
    label = tr("Next") if ready else tr("Skip")
    kind = "primary" if ready else "plain"
    if ui.button("foot.next", rect, label, "arrow-right", kind, label_of(Command.NEXT_BLOCK)):
        go_forward(context)
    if guide.screen:
        rect = Rect(rect.x - px(222), bar.y, px(210), bar.height)
        label = tr("Open {screen}", screen=_SCREENS[guide.screen])
        if ui.button("foot.screen", rect, label, "play", "plain" if ready else "primary"):
            go_to_block(context, guide.index)


def _draw_summary(context: UiContext, area: Rect, lesson: "Lesson") -> None:
    """Draw each prediction beside what is right, and each completed sentence."""
    ui, px = context.ui, context.ui.painter.px
    ui.painter.text(tr("What you learned"), (area.x, area.y + px(12)), "h1")
    rect = Rect(area.x, area.y + px(34), area.width, 0)
    limit = area.bottom - px(64)
    for title, lines in _summary(context, lesson):
        if rect.y > limit - px(60):
            break
        ui.painter.text(title, (rect.x, rect.y + px(14)), "h2", width=rect.width)
        rect.y += px(26)
        for text, ink in lines:
            rect.y = _paragraph(context, text, rect, ink=ink, limit=limit)
        rect.y += px(10)
    _draw_summary_foot(context, Rect(area.x, area.bottom - px(40), area.width, px(40)))


def _draw_summary_foot(context: UiContext, bar: Rect) -> None:
    """Draw the buttons for what comes after the lesson, as wide as their words."""
    ui, library = context.ui, context.model.library
    px = ui.painter.px
    reason = "" if library and library.episodes else tr("Record at least 1 episode")
    buttons = (
        ("again", tr("Start again"), "repeat", ""),
        ("report", tr("Report"), "download", reason),
        ("hand-in", tr("Hand in"), "upload", reason),
    )
    ui.group("foot")
    used, x = "", bar.x
    for name, label, icon, missing in buttons:
        rect = Rect(x, bar.y, ui.painter.width(label, "bold") + px(52), bar.height)
        if ui.button(f"lesson.{name}", rect, label, icon, reason=missing):
            used = name
        x = rect.right + px(12)
    label = tr("All lessons")
    rect = Rect(0, bar.y, min(ui.painter.width(label, "bold") + px(52), bar.right - x), bar.height)
    rect.right = bar.right
    if ui.button("lesson.all", rect, label, "graduation-cap", "primary"):
        close_lesson(context)
    elif used == "again":
        context.guide.forget()
    elif used == "report" and library:
        context.write_report(library.dataset_id)
    elif used == "hand-in" and library:
        hand_in(context, library.dataset_id)


def _summary(context: UiContext, lesson: "Lesson") -> list[tuple[str, list[tuple[str, str]]]]:
    """Return (title, [(text, name of its colour)]) of each question and sentence."""
    code, guide = context.language_code, context.guide
    found = []
    for index, block in enumerate(lesson.content.block):
        lines: list[tuple[str, str]] = []
        if block.kind == "predict":
            lines = _predicted(block, guide.entry(index).choice, code)
        elif block.kind == "say":
            lines = _said(block, guide.entry(index).text, code)
        if lines:
            found.append((block.title.to(code), lines))
    seconds = sum(guide.entry(index).seconds for index in range(len(lesson.content.block)))
    minutes = ntr("{n} minute", "{n} minutes", max(1, round(seconds / 60)))
    found.append((tr("Time"), [(minutes, "text2")]))
    return found


def _predicted(block: "Predict", choice: int, code: str) -> list[tuple[str, str]]:
    lines = []
    if 0 < choice <= len(block.choices):
        text = tr("You predicted: {answer}", answer=block.choices[choice - 1].to(code))
        lines.append((text, "text2"))
    if block.answer:
        text = tr("What happens: {answer}", answer=block.choices[block.answer - 1].to(code))
        lines.append((text, "success" if choice == block.answer else "text"))
    if block.explanation:
        lines.append((block.explanation.to(code), "text"))
    return lines


def _said(block: "Say", text: str, code: str) -> list[tuple[str, str]]:
    sentence = block.sentence.to(code)
    lines = [(f"{sentence} {text}", "text")] if text else []
    if block.example:
        example = tr("For example: {text}", text=f"{sentence} {block.example.to(code)}")
        lines.append((example, "text2"))
    return lines


def _paragraph(
    context: UiContext, text: str, rect: Rect, style: str = "body", ink: str = "text",
    limit: int = 100_000,
) -> int:  # fmt: skip
    """Draw a text in lines, and return its bottom edge."""
    painter, y = context.ui.painter, rect.y
    line_height = painter.px(_LINE)
    for line in painter.wrapped(text, style, rect.width):
        if y + line_height > limit:
            break
        painter.text(line, (rect.x, y + line_height // 2), style, getattr(context.ui.theme, ink))
        y += line_height
    return y
