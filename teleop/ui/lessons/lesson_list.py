"""The list of lessons: the course, then the user's own."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pygame import Rect

from teleop.errors import LessonError
from teleop.text import joined, ntr, tr
from teleop.ui.classroom.folder_choice import draw_codename
from teleop.ui.lessons.lesson_steps import open_lesson
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.scroll import Scroll

if TYPE_CHECKING:
    from teleop.lessons.lesson import Lesson

_ROW = 74


@dataclass(frozen=True, slots=True)
class _Found:
    folder: Path
    lesson: "Lesson | None"
    problem: str = ""


class LessonList:
    """View state: the lessons that were found, and the scroll position."""

    def __init__(self) -> None:
        self._found: tuple[_Found, ...] = ()
        self._scroll = Scroll()

    def read(self) -> None:
        """Read the lessons from disk."""
        from teleop.lessons.course import lesson_folders
        from teleop.lessons.lesson_file import read_lesson

        found = []
        for folder in lesson_folders():
            try:
                found.append(_Found(folder, read_lesson(folder)))
            except LessonError as problem:
                found.append(_Found(folder, None, problem.args[0]))
        self._found = tuple(found)

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the list under the mouse."""
        self._scroll.by(rows, at)

    def first_to_do(self, context: UiContext) -> str:
        """Return the id of the first lesson that is not complete."""
        for found in self._found:
            if found.lesson and not _is_done(context, found.lesson):
                return f"lesson.{found.lesson.name}"
        return "lesson." + self._found[0].folder.name if self._found else ""

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw a row for each lesson."""
        ui, px = context.ui, context.ui.painter.px
        ui.painter.text(tr("Lessons"), (area.x, area.y + px(16)), "h1")
        self._draw_head(context, area)
        words = tr("A course in imitation learning. You can leave a lesson and go on later.")
        at = (area.x, area.y + px(44))
        ui.painter.text(words, at, "body", ui.theme.text2, width=area.width)
        card = Rect(area.x, area.y + px(64), area.width, area.height - px(64))
        ui.card(card)
        ui.group("lessons")
        fit = max(1, (card.height - px(12)) // px(_ROW))
        ids = [f"lesson.{found.folder.name}" for found in self._found]
        inside = Rect(card.x, card.y + px(6), card.width - px(4), fit * px(_ROW))
        for place, index in enumerate(self._scroll.rows(ui, inside, ids, fit)):
            y = inside.y + place * px(_ROW)
            rect = Rect(card.x + px(8), y + px(2), card.width - px(20), px(_ROW - 4))
            self._draw_row(context, rect, self._found[index])
        self._scroll.draw_bar(ui, len(self._found), fit)

    def _draw_head(self, context: UiContext, area: Rect) -> None:
        """Draw the person's codename, and the way to the class."""
        ui, px = context.ui, context.ui.painter.px
        ui.group("lessons head")
        label = tr("Class")
        width = ui.painter.width(label, "medium") + px(56)
        rect = Rect(area.right - width, area.y, width, px(36))
        if ui.button("lessons.class", rect, label, "users"):
            context.next.screen = "class"
        draw_codename(context, Rect(rect.x - px(256), area.y, px(240), px(36)))

    def _draw_row(self, context: UiContext, rect: Rect, found: _Found) -> None:
        ui, px, code = context.ui, context.ui.painter.px, context.language_code
        node_id, lesson = f"lesson.{found.folder.name}", found.lesson
        title = lesson.content.title.to(code) if lesson else found.folder.name
        touch = ui.node(node_id, "button", title, rect, reason=found.problem)
        if touch.hovered and lesson:
            ui.painter.box(rect, ui.theme.hover, 10)
        done = lesson is not None and _is_done(context, lesson)
        middle = (rect.x + px(26), rect.centery)
        icon, ink = ("check", ui.theme.success) if done else ("graduation-cap", ui.theme.text2)
        ui.painter.icon(icon, middle, 22, ink)
        x, room = rect.x + px(56), rect.width - px(56) - px(220)
        ui.painter.text(title, (x, rect.y + px(22)), "h2", width=room)
        note = lesson.content.summary.to(code) if lesson else found.problem
        at = (x, rect.y + px(46))
        ui.painter.text(note, at, "body", ui.theme.text2, width=rect.width - px(72))
        if lesson is not None:
            at = (rect.right - px(14), rect.y + px(22))
            ui.painter.text(_state(context, lesson), at, "small-medium", ui.theme.text2, "rm")
        ui.ring(node_id, rect, 10)
        if touch.used:
            open_lesson(context, found.folder)


def _is_done(context: UiContext, lesson: "Lesson") -> bool:
    return context.guide.progress_of(lesson.name).done >= len(lesson.content.block)


def _state(context: UiContext, lesson: "Lesson") -> str:
    """Return how long the lesson takes, and how much of it is done."""
    done, all_blocks = context.guide.progress_of(lesson.name).done, len(lesson.content.block)
    minutes = ntr("{n} minute", "{n} minutes", round(lesson.minutes))
    if not done:
        return minutes
    return joined(" · ", (minutes, tr("{done} of {all} done", done=done, all=all_blocks)))
