"""Screen 1: choose an environment, drive it, keep or discard, see what is saved."""

import time

from pygame import Rect

from teleop.envs.catalogue import CATALOGUE
from teleop.stage.messages import Deed, LibraryChanged
from teleop.ui.cockpit import Cockpit
from teleop.ui.desk import Desk
from teleop.ui.episode_list import EpisodeList
from teleop.ui.popover import Choice
from teleop.ui.shortcuts import Command
from teleop.ui.words import count_of, size_text

_TOOLS = 136  # pixels that the icons beside the picker take


class Demonstrate:
    """View state: the cockpit, and the list beside it."""

    def __init__(self) -> None:
        self.episodes = EpisodeList()
        self._cockpit = Cockpit()

    def enter(self, desk: Desk) -> None:
        """Bring the person's session back on stage."""
        desk.tell(Deed.SHOW_DRIVE)

    def leave(self, desk: Desk) -> None:
        """Hold a running take still; nothing is lost."""
        desk.pause()

    def wakes_in(self, desk: Desk) -> float | None:
        """The recording dot blinks."""
        return self._cockpit.wakes_in(desk)

    def command(self, desk: Desk, command: Command) -> bool:
        """Shortcuts of this screen."""
        if command is Command.ENVIRONMENT:
            self._open_picker(desk)
        elif command in (Command.STAR, Command.DELETE):
            self.episodes.on_chosen(desk, command)
        else:
            return self._cockpit.command(desk, command)
        return True

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """The list beside the picture scrolls."""
        self.episodes.scroll(rows, at)

    def draw_moving(self, desk: Desk) -> Rect | None:
        """Only the picture and what lies on it."""
        return self._cockpit.draw_moving(desk)

    def draw(self, desk: Desk, area: Rect) -> None:
        """Everything."""
        px = desk.ui.painter.px
        bar, gap = px(72), px(16)
        header = px(52)
        view_height = area.height - header - gap - bar
        panel = min(px(420), max(px(300), area.width - gap - int(view_height * 1.5)))
        left = Rect(area.x, area.y, area.width - gap - panel, area.height)
        self._cockpit.draw(desk, Rect(left.x, left.y + header, left.width, view_height))
        start = ("Practice", "play") if desk.options.practice else ("Record", "circle-dot")
        bottom = Rect(left.x, left.bottom - bar, left.width, bar)
        self._draw_goal(desk, self._cockpit.draw_transport(desk, bottom, start))
        self._draw_header(desk, left)
        self.episodes.draw(desk, Rect(area.right - panel, area.y, panel, area.height))

    def _draw_header(self, desk: Desk, left: Rect) -> None:
        ui, env = desk.ui, desk.model.env
        px = ui.painter.px
        ui.group("picker")
        ui.group("chips")
        chips = self._cockpit.draw_chips(desk, left, left.y + px(6))
        room = chips - left.x - px(_TOOLS)
        ui.group("picker")
        rect = Rect(left.x, left.y, min(px(290), room), px(40))
        name = env.env_id if env else "Opening…"
        shown = f"Opening {desk.model.opening}…" if desk.model.opening else name
        if ui.combo("env", rect, shown, env.icon if env else "gamepad-2", "Environment"):
            self._open_picker(desk)
        self._cockpit.draw_tools(desk, (rect.right + px(8), left.y + px(2)))
        choices = [Choice(e.env_id, e.env_id, e.summary) for e in CATALOGUE]
        picked = desk.popover.draw(ui, "env", rect, choices, name, 330)
        if picked and env and picked != env.env_id:
            desk.open_env(picked)

    def _open_picker(self, desk: Desk) -> None:
        if desk.driving:
            return
        ids = [entry.env_id for entry in CATALOGUE]
        env_id = desk.model.env.env_id if desk.model.env else ids[0]
        chosen = ids.index(env_id) if env_id in ids else 0
        desk.popover.toggle(desk.ui, "env", "env", chosen)

    def _draw_goal(self, desk: Desk, rect: Rect) -> None:
        painter, theme, library = desk.ui.painter, desk.ui.theme, desk.model.library
        px = painter.px
        count = len(library.episodes) if library else 0
        steps = sum(e.total_steps for e in library.episodes) if library else 0
        y = rect.centery - px(9)
        own = library is None or library.dataset_id.endswith("/human-v0")
        if not own:
            used = painter.text(count_of(count, "sample episode"), (rect.x, y), "medium")
        elif count < desk.options.goal:
            used = painter.text(f"{count} of {desk.options.goal} episodes", (rect.x, y), "medium")
        else:
            used = painter.text(f"{count_of(count, 'episode')} saved", (rect.x, y), "medium")
        room = rect.width - used - px(16)
        for text in _on_disk(library, steps):
            if painter.width(text, "small") <= room:
                painter.text(text, (rect.right, y), "small", theme.text2, "rm")
                break
        gap = px(4)
        goal, done = desk.options.goal, min(count, desk.options.goal) if own else 0
        width = (rect.width - gap * (goal - 1)) / goal
        if width < px(4):  # too many to be told apart: one bar
            goal, done, width = 1, 0, float(rect.width)
        for index in range(goal):
            x = round(rect.x + index * (width + gap))
            colour = theme.human if index < done else theme.track
            painter.box(Rect(x, rect.centery + px(9), round(width), px(8)), colour, 4)
        if goal == 1 < desk.options.goal and own and count:
            share = round(rect.width * min(1.0, count / desk.options.goal))
            painter.box(
                Rect(rect.x, rect.centery + px(9), max(px(4), share), px(8)), theme.human, 4
            )


def _on_disk(library: LibraryChanged | None, steps: int) -> tuple[str, ...]:
    """What is on disk and since when, the longest text first."""
    if library is None or not library.saved_s:
        return ()
    size = size_text(library.size)
    saved = f"saved {time.strftime('%H:%M', time.localtime(library.saved_s))}"
    return f"{steps:,} transitions · {size} · {saved}", f"{size} · {saved}", saved
