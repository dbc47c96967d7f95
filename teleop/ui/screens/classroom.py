"""The Class screen: what was handed in, and what all episodes together teach."""

from dataclasses import replace
from pathlib import Path

from pygame import Rect

from teleop.runtime.protocol.class_messages import StopStudy, StudyClass, TakeOut
from teleop.runtime.protocol.session_messages import ChooseDataset, Request
from teleop.text import joined, ntr, tr
from teleop.ui.charts.figure import Figure, draw_figure
from teleop.ui.chrome.enlarged_chart import draw_enlarge_button, draw_enlarged
from teleop.ui.classroom.class_figures import growth_figure, teachers_figure, verdict_text
from teleop.ui.classroom.class_table import class_table
from teleop.ui.classroom.folder_choice import choose_folder
from teleop.ui.commands import Command
from teleop.ui.state.classroom_state import Classroom, ClassRow
from teleop.ui.state.context import Purpose, UiContext
from teleop.ui.widgets.action_bar import draw_actions
from teleop.ui.widgets.tabs import draw_tabs

_HEAD, _FOOT, _LINE = 60, 64, 18
_MOST_LINES = 3  # of a problem below the table
_TABS = {"growth": tr("Class policy"), "teachers": tr("Who taught best")}


class ClassScreen:
    """View state: the table, and the chart beside it."""

    def __init__(self) -> None:
        self._table = class_table()
        self._tab = "growth"

    def enter(self, context: UiContext) -> None:
        """Watch the folder that was watched last, if it is still there."""
        context.tell(Request.PAUSE)
        watched, before = context.model.analyses.classroom.folder, context.settings.class_folder
        folder = watched or (Path(before) if before else None)
        if folder is not None and folder.is_dir():
            context.watch_class(str(folder))
            context.next.screen = ""
        focus = context.ui.events.focus
        focus.set("class.folder", "class head")
        focus.visible = not context.ui.events.used.clicked

    def leave(self, context: UiContext) -> None:
        """Do nothing: the folder stays watched."""
        del context

    def wakes_in(self, context: UiContext) -> float | None:
        """Return None: nothing changes without a message."""
        del context
        return None

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the table."""
        self._table.scroll(rows, at)

    def draw_moving(self, context: UiContext) -> Rect | None:
        """Return None: nothing moves on this screen."""
        del context
        return None

    def command(self, context: UiContext, command: Command) -> bool:
        """Go back to the lessons, or take the selected students out."""
        if command is Command.LEAVE:
            context.next.screen = "lesson"
        elif command is Command.DELETE:
            self._take_out(context)
        else:
            return False
        return True

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw the table on the left and a chart on the right, or the chart alone."""
        classroom = context.model.analyses.classroom
        if context.display.enlarged:
            draw_enlarged(context, area, self._figure(context, classroom))
            return
        px = context.ui.painter.px
        side = max(px(320), round(area.width * 0.38))
        table = Rect(area.x, area.y, area.width - side - px(16), area.height)
        context.ui.card(table)
        self._draw_head(context, table, classroom)
        if classroom.folder is None:
            _draw_empty(context, table)
        else:
            self._draw_table(context, table, classroom)
        card = Rect(table.right + px(16), area.y, side, area.height)
        context.ui.card(card)
        self._draw_study(context, card, classroom)

    # ------------------------------------------------------------ the table

    def _draw_head(self, context: UiContext, card: Rect, classroom: Classroom) -> None:
        """Draw the folder, how much of it is read, and the button that chooses another one."""
        ui, px = context.ui, context.ui.painter.px
        ui.group("class head")
        label = tr("Choose a folder…")
        width = ui.painter.width(label, "medium") + px(56)
        rect = Rect(card.right - px(12) - width, card.y + px(12), width, px(36))
        kind = "plain" if classroom.folder else "primary"
        if ui.button("class.folder", rect, label, "folder", kind):
            choose_folder(context, Purpose.CLASS, context.settings.class_folder)
        room = rect.x - card.x - px(28)
        title = classroom.folder.name if classroom.folder else tr("Class")
        ui.painter.text(title, (card.x + px(16), card.y + px(22)), "h2", width=room)
        at = (card.x + px(16), card.y + px(44))
        problem = classroom.listed.problem
        ink = ui.theme.recording if problem else ui.theme.text2
        ui.painter.text(problem or _state(classroom), at, "small", ink, width=room)

    def _draw_table(self, context: UiContext, card: Rect, classroom: Classroom) -> None:
        ui, px = context.ui, context.ui.painter.px
        listed = classroom.listed
        if listed.total:
            share = listed.done / listed.total
            track = Rect(card.x + px(12), card.y + px(56), card.width - px(24), px(3))
            ui.painter.box(track, ui.theme.line, 2)
            track.width = round(track.width * share)
            ui.painter.box(track, ui.theme.agent, 2)
        lines = self._problem_lines(context, card, classroom.rows)
        foot = px(_FOOT) + (px(_LINE) * len(lines) + px(16) if lines else 0)
        body = Rect(card.x + px(8), card.y + px(_HEAD), card.width - px(16), 0)
        body.height = card.bottom - foot - body.y
        used = self._table.draw(ui, body, classroom.rows)
        if used:
            self._table.current = "" if used == self._table.current else used
        y = card.bottom - foot + px(12)
        for line in lines:
            ui.painter.text(line, (card.x + px(16), y), "small", ui.theme.text2)
            y += px(_LINE)
        self._draw_actions(context, Rect(card.x, card.bottom - px(_FOOT), card.width, px(_FOOT)))

    def _problem_lines(
        self, context: UiContext, card: Rect, rows: tuple[ClassRow, ...]
    ) -> list[str]:
        """Return the problems of the row that was used, in lines."""
        row = next((row for row in rows if row.student.file == self._table.current), None)
        if row is None or not row.student.problems:
            return []
        painter = context.ui.painter
        text = joined(": ", (row.student.student, joined(" · ", row.student.problems)))
        return painter.wrapped(text, "small", card.width - painter.px(32))[:_MOST_LINES]

    def _meant(self, context: UiContext) -> list[ClassRow]:
        """Return the ticked rows; if none is ticked, the focused row or the one in use.

        Of a file that cannot be read, there is nothing to take out.
        """
        files = self._table.chosen or {self._table.focused(context.ui) or self._table.current}
        rows = context.model.analyses.classroom.rows
        return [row for row in rows if row.student.file in files and row.student.episodes]

    def _draw_actions(self, context: UiContext, bar: Rect) -> None:
        rows = self._meant(context)
        out = bool(rows) and all(row.student.is_out for row in rows)
        nothing = "" if rows else tr("Select a student first")
        label, icon = (tr("Put back"), "undo-2") if out else (tr("Take out"), "x")
        if draw_actions(context.ui, bar, "class", [("out", label, icon, nothing)]):
            self._take_out(context)

    def _take_out(self, context: UiContext) -> None:
        """Take the selected students' data out; put it back if all of it is out."""
        rows = self._meant(context)
        out = not all(row.student.is_out for row in rows)
        for row in rows:
            context.jobs.tell_classroom(TakeOut(row.student.student, out))

    # ------------------------------------------------------------ the study

    def _draw_study(self, context: UiContext, card: Rect, classroom: Classroom) -> None:
        """Draw the tabs, the chart, what it says, and the button that trains."""
        ui, px = context.ui, context.ui.painter.px
        self._draw_tabs(context, card)
        rect = Rect(card.right - px(48), card.y + px(12), px(36), px(36))
        if draw_enlarge_button(context, rect):
            context.display.enlarged = True
        figure = self._figure(context, classroom)
        y = card.bottom - px(60)
        self._draw_button(context, Rect(card.x + px(12), y, card.width - px(24), px(40)), classroom)
        for text, ink in reversed([*_remarks(classroom), (figure.note, "text2")]):
            for line in reversed(ui.painter.wrapped(text, "small", card.width - px(32))):
                y -= px(_LINE)
                ui.painter.text(line, (card.x + px(16), y + px(4)), "small", getattr(ui.theme, ink))
            y -= px(6)
        inside = Rect(card.x + px(12), card.y + px(56), card.width - px(24), 0)
        inside.height = y - inside.y - px(4)
        if classroom.found is None or figure.is_empty:
            _draw_promise(context, inside, self._tab)
        else:
            draw_figure(ui.painter, inside, replace(figure, note=""))

    def _draw_tabs(self, context: UiContext, card: Rect) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.group("class tabs")
        at = (card.x + px(12), card.y + px(14))
        self._tab = draw_tabs(ui, at, _TABS, self._tab) or self._tab

    def _figure(self, context: UiContext, classroom: Classroom) -> Figure:
        found = classroom.found
        if found is None:
            return Figure(_TABS[self._tab], "", "")
        if self._tab == "teachers":
            return teachers_figure(found)
        return growth_figure(found, context.ui.theme)

    def _draw_button(self, context: UiContext, rect: Rect, classroom: Classroom) -> None:
        """Draw the button that trains, or stops; beside it, the one that shows the policy."""
        ui, px, found = context.ui, context.ui.painter.px, classroom.found
        ui.group("class study")
        if classroom.is_studied:
            if ui.button("class.stop", rect, tr("Stop"), "square", "plain"):
                context.jobs.tell_classroom(StopStudy())
            return
        ready = any(row.student.takes and not row.student.is_out for row in classroom.rows)
        reason = "" if ready else tr("No episode counts yet")
        if classroom.listed.total:
            reason = tr("The folder is still being read")
        if found is not None and found.policy:
            half = Rect(rect.x, rect.y, (rect.width - px(8)) // 2, rect.height)
            if ui.button("class.show", half, tr("Show in Compare"), "play"):
                context.open_env(found.env_id)
                context.tell(ChooseDataset(found.dataset_id))
                context.next.rivals, context.next.screen = (found.policy,), "compare"
            rect = half.move(half.width + px(8), 0)
        if ui.button("class.study", rect, tr("Learn from all"), "brain", "primary",
                     reason=reason):  # fmt: skip
            context.jobs.tell_classroom(StudyClass())


def _state(classroom: Classroom) -> str:
    """Return how many files are in the folder, and how many of them have problems."""
    rows = classroom.listed.rows
    if classroom.folder is None:
        return tr("Watch the folder into which your class hands in")
    count = ntr("{n} bundle", "{n} bundles", len(rows))
    troubled = sum(bool(row.problems) for row in rows)
    parts = [count]
    if troubled:
        parts.append(ntr("{n} with a problem", "{n} with problems", troubled))
    if classroom.listed.total:
        done, total = classroom.listed.done // 100, classroom.listed.total // 100
        parts.append(tr("reading {done} of {total}", done=done, total=total))
    return joined(" · ", parts)


def _remarks(classroom: Classroom) -> list[tuple[str, str]]:
    """Return what is said below the chart, with the name of its colour."""
    said, study = [], classroom.study
    if classroom.is_studied and study is not None:
        share = study.done / study.total if study.total else 0.0
        said.append((tr("{phase}: {share}", phase=study.phase, share=f"{share:.0%}"), "text"))
    if classroom.found is not None and (verdict := verdict_text(classroom.found)):
        said.append((verdict, "text"))
    for name in classroom.listed.outdated:
        text = tr("{name} learned from episodes that were taken out: learn again.", name=name)
        said.append((text, "recording"))
    return said


def _draw_empty(context: UiContext, card: Rect) -> None:
    """Say what the screen is for, before a folder is chosen."""
    text = tr(
        "Each student chooses a codename and hands in with one button, into a folder that you "
        "both can reach: a USB stick, a network drive, a cloud folder. Choose that folder here. "
        "Everything in it is checked, every take is re-simulated, and every policy plays starts "
        "that nobody knew."
    )
    _draw_words(context, card.inflate(-context.ui.painter.px(64), 0), text)


def _draw_promise(context: UiContext, area: Rect, tab: str) -> None:
    """Say what a chart will show."""
    if tab == "growth":
        text = tr(
            "Learn from all: one policy from all episodes that count, and how success grows "
            "with the number of students."
        )
    else:
        text = tr(
            "Who taught best: a policy from each student's episodes alone plays the starts of all."
        )
    _draw_words(context, area, text)


def _draw_words(context: UiContext, area: Rect, text: str) -> None:
    painter = context.ui.painter
    lines = painter.wrapped(text, "body", area.width)
    y = area.centery - painter.px(22) * len(lines) // 2
    for line in lines:
        painter.text(line, (area.centerx, y), "body", context.ui.theme.text2, "cm")
        y += painter.px(22)
