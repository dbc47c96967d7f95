"""Screen 1: choose an environment, drive it, save or discard takes, see saved episodes."""

import time
from dataclasses import replace

from pygame import Rect

from teleop.envs.catalogue import CATALOGUE
from teleop.runtime.protocol.session_messages import LibraryChanged, Notice, Request, Tone
from teleop.text import joined, ntr, tr
from teleop.ui.commands import Command
from teleop.ui.drawing.formatting import size_text
from teleop.ui.drive.drive_view import DriveView
from teleop.ui.episodes.episode_list import EpisodeList
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.popover import MenuItem
from teleop.ui.widgets.text_edit import TextEdit

_MOST_GOAL = 1000
_TOOLS = 136  # width in pixels of the icons beside the picker


class Demonstrate:
    """View state: the driven environment and the episode list beside it."""

    def __init__(self) -> None:
        self.episodes = EpisodeList()
        self._drive_view = DriveView()

    def enter(self, context: UiContext) -> None:
        """Return to the person's own session."""
        context.tell(Request.SHOW_DRIVE)
        context.ui.offer("record", "transport")
        beginning, context.next.beginning = context.next.beginning, None
        if beginning is not None:
            context.tell(beginning)

    def leave(self, context: UiContext) -> None:
        """Pause a running take; nothing is lost."""
        context.pause()

    def wakes_in(self, context: UiContext) -> float | None:
        """Return the seconds until the recording dot blinks."""
        return self._drive_view.wakes_in(context)

    def command(self, context: UiContext, command: Command) -> bool:
        """Handle the shortcuts of this screen."""
        if command is Command.ENVIRONMENT:
            self._open_picker(context)
        elif command in (Command.STAR, Command.DELETE):
            self.episodes.on_chosen(context, command)
        else:
            return self._drive_view.command(context, command)
        return True

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the episode list."""
        self.episodes.scroll(rows, at)

    def draw_moving(self, context: UiContext) -> Rect | None:
        """Redraw only the frame and its overlay."""
        return self._drive_view.draw_moving(context)

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw the screen."""
        px = context.ui.painter.px
        bar, gap = px(72), px(16)
        header = px(52)
        view_height = area.height - header - gap - bar
        panel = min(px(420), max(px(300), area.width - gap - int(view_height * 1.5)))
        left = Rect(area.x, area.y, area.width - gap - panel, area.height)
        self._drive_view.draw(context, Rect(left.x, left.y + header, left.width, view_height))
        start = (
            (tr("Practice"), "play") if context.options.practice else (tr("Record"), "circle-dot")
        )
        bottom = Rect(left.x, left.bottom - bar, left.width, bar)
        self._draw_goal(context, self._drive_view.draw_transport(context, bottom, start))
        self._draw_header(context, left)
        self.episodes.draw(context, Rect(area.right - panel, area.y, panel, area.height))

    def _draw_header(self, context: UiContext, left: Rect) -> None:
        ui, env = context.ui, context.model.env
        px = ui.painter.px
        ui.group("picker")
        ui.group("chips")
        chips = self._drive_view.draw_chips(context, left, left.y + px(6))
        room = chips - left.x - px(_TOOLS)
        ui.group("picker")
        rect = Rect(left.x, left.y, min(px(290), room), px(40))
        name = env.env_id if env else tr("Opening…")
        shown = (
            tr("Opening {opening}…", opening=context.model.opening)
            if context.model.opening
            else name
        )
        if ui.combo("env", rect, shown, env.icon if env else "gamepad-2", tr("Environment")):
            self._open_picker(context)
        self._drive_view.draw_tools(context, (rect.right + px(8), left.y + px(2)))
        choices = [MenuItem(e.env_id, e.env_id, e.summary) for e in CATALOGUE]
        picked = context.popover.draw(ui, "env", rect, choices, name, 330)
        if picked and env and picked != env.env_id:
            context.open_env(picked)

    def _open_picker(self, context: UiContext) -> None:
        if context.input.driving:
            return
        ids = [entry.env_id for entry in CATALOGUE]
        env_id = context.model.env.env_id if context.model.env else ids[0]
        chosen = ids.index(env_id) if env_id in ids else 0
        context.popover.toggle(context.ui, "env", "env", chosen)

    def _draw_goal_text(self, context: UiContext, rect: Rect, count: int, *, own: bool) -> int:
        """Draw how many episodes there are, and return its width; a click changes the goal."""
        ui, px, goal = context.ui, context.ui.painter.px, context.options.goal
        y = rect.centery - px(9)
        if not own:
            text = ntr("{n} episode", "{n} episodes", count)
            return ui.painter.text(text, (rect.x, y), "medium", width=rect.width)
        ui.group("goal")
        area = Rect(rect.x - px(6), y - px(14), px(120), px(28))
        if context.editing is not None and context.editing.node_id == "goal":
            ui.field("goal", area, context.editing, str(goal), "")
            return area.width
        text = tr("{count} of {goal} episodes", count=count, goal=goal)
        area.width = ui.painter.width(text, "medium") + px(14)
        touch = ui.node("goal", "button", tr("Goal: {goal} episodes", goal=goal), area, value=goal)
        if touch.hovered:
            ui.painter.box(area, ui.theme.hover, 6)
        ui.painter.text(text, (rect.x, y), "medium")
        ui.ring("goal", area, 6)
        if touch.used and not context.input.driving:
            context.edit(TextEdit("goal", "", 0, lambda typed: _set_goal(context, typed)))
        return area.width

    def _draw_goal(self, context: UiContext, rect: Rect) -> None:
        painter, theme, library = context.ui.painter, context.ui.theme, context.model.library
        px = painter.px
        episodes = library.episodes if library else ()
        count = sum(episode.label.success is not False for episode in episodes)
        steps = sum(e.total_steps for e in episodes)
        own = library is None or library.dataset_id.endswith("/human-v0")
        used = self._draw_goal_text(context, rect, count, own=own)
        y = rect.centery - px(9)
        room = rect.width - used - px(16)
        for text in _on_disk(library, steps):
            if painter.width(text, "small") <= room:
                painter.text(text, (rect.right, y), "small", theme.text2, "rm")
                break
        gap = px(4)
        goal, done = context.options.goal, min(count, context.options.goal) if own else 0
        width = (rect.width - gap * (goal - 1)) / goal
        if width < px(4):  # too many to tell apart: draw a single bar
            goal, done, width = 1, 0, float(rect.width)
        for index in range(goal):
            x = round(rect.x + index * (width + gap))
            colour = theme.human if index < done else theme.track
            painter.box(Rect(x, rect.centery + px(9), round(width), px(8)), colour, 4)
        if goal == 1 < context.options.goal and own and count:
            share = round(rect.width * min(1.0, count / context.options.goal))
            painter.box(Rect(rect.x, rect.centery + px(9), share, px(8)), theme.human, 4)


def _set_goal(context: UiContext, typed: str) -> None:
    """Set the goal to a number that was typed; say what is expected if it is not one."""
    if typed.strip().isdecimal() and 1 <= int(typed) <= _MOST_GOAL:
        context.change_options(replace(context.options, goal=int(typed)))
    elif typed.strip():
        text = tr("The goal is a number from 1 to {most}.", most=_MOST_GOAL)
        context.model.notices.append(Notice(Tone.PLAIN, text))


def _on_disk(library: LibraryChanged | None, steps: int) -> tuple[str, ...]:
    """Return texts about the saved data and when it was saved, the longest text first."""
    if library is None or not library.saved_s:
        return ()
    size = size_text(library.size)
    saved = tr("saved {time}", time=time.strftime("%H:%M", time.localtime(library.saved_s)))
    moves = ntr("{n:,} transition", "{n:,} transitions", steps)
    return joined(" · ", (moves, size, saved)), joined(" · ", (size, saved)), saved
