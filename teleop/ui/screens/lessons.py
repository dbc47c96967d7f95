"""Lessons: the list of them, or the page of the open one."""

from pygame import Rect

from teleop.runtime.protocol.session_messages import Request
from teleop.ui.commands import Command
from teleop.ui.lessons.lesson_list import LessonList
from teleop.ui.lessons.lesson_page import LessonPage
from teleop.ui.lessons.lesson_steps import close_lesson
from teleop.ui.state.context import UiContext

_MAIN = {"predict": "choice.1", "do": "foot.screen", "see": "foot.screen", "say": "sentence"}


class LessonScreen:
    """View state: the list and the page."""

    def __init__(self) -> None:
        self._list, self._page = LessonList(), LessonPage()
        self._at: tuple[str, int] = ("", -1)

    def enter(self, context: UiContext) -> None:
        """Pause, and read the list of lessons."""
        context.tell(Request.PAUSE)
        self._list.read()
        self._at = ("", -1)

    def leave(self, context: UiContext) -> None:
        """Commit the sentence that is being typed."""
        context.edit(None)

    def wakes_in(self, context: UiContext) -> float | None:
        """Return None: nothing changes without input."""
        del context
        return None

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the list of lessons."""
        self._list.scroll(rows, at)

    def draw_moving(self, context: UiContext) -> Rect | None:
        """Return None: nothing moves on this screen."""
        del context
        return None

    def command(self, context: UiContext, command: Command) -> bool:
        """Close the lesson, or the screen."""
        if command is not Command.LEAVE:
            return False
        if context.editing is not None:
            context.edit(None)
        elif context.guide.lesson is not None:
            close_lesson(context)
        else:
            context.next.screen = "home"
        return True

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw the list, or the page of the open lesson."""
        self._keep_focus(context)
        lesson = context.guide.lesson
        if lesson is None:
            self._list.draw(context, area)
        else:
            self._page.draw(context, area, lesson)

    def _keep_focus(self, context: UiContext) -> None:
        """Focus the main control whenever another block or the list is shown."""
        guide, focus = context.guide, context.ui.events.focus
        lesson = guide.lesson
        at = (lesson.name if lesson else "", guide.index)
        if at == self._at:
            return
        self._at = at
        focus.visible = not context.ui.events.used.clicked
        if lesson is None:
            focus.set(self._list.first_to_do(context), "lessons")
        elif guide.block is None:
            focus.set("lesson.all", "foot")
        else:
            ready = guide.entry().done or (guide.block.kind == "see" and not guide.screen)
            focus.set("foot.next" if ready else _MAIN[guide.block.kind], "foot")
