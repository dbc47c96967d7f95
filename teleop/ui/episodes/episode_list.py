"""The list of saved episodes: returns, stars, delete, and the button that leads to training."""

import math
import statistics
from collections.abc import Callable, Sequence

from pygame import Rect

from teleop.runtime.protocol.session_messages import (
    DeleteEpisode,
    Request,
    StarEpisode,
)
from teleop.text import joined, ntr, tr
from teleop.types.metadata import EpisodeRow
from teleop.ui.commands import Command, label_of
from teleop.ui.drawing.formatting import signed
from teleop.ui.episodes.dataset_menu import draw_dataset_menu
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.scroll import Scroll, index_in

_ROW = 56


class EpisodeList:
    """View state: the scroll position and the order of the list."""

    def __init__(self) -> None:
        self._scroll = Scroll()
        self._order = tr("Newest")

    def draw(self, context: UiContext, panel: Rect) -> None:
        """Draw the panel and handle the controls that were used."""
        ui = context.ui
        painter, px = ui.painter, ui.painter.px
        ui.card(panel)
        painter.text(tr("Episodes"), (panel.x + px(20), panel.y + px(28)), "h2")
        library = context.model.library
        episodes = list(library.episodes) if library else []
        ui.group("episodes")
        if len(episodes) > 1:
            right = panel.x + px(20) + painter.width(tr("Episodes"), "h2") + px(124)
            _, used = ui.chip("order", right, panel.y + px(14), tr("Sort"), self._order)
            if used:
                names = list(_ORDERS)
                self._order = names[(names.index(self._order) + 1) % len(names)]
                self._scroll = Scroll()
        foot = panel.bottom - px(104)
        if episodes:
            self._draw_figures(context, panel, episodes)
            rows = Rect(panel.x + px(8), panel.y + px(128), panel.width - px(16), 0)
            rows.height = foot - rows.y - px(4)
            self._draw_rows(context, rows, _ORDERS[self._order](episodes))
        else:
            self._draw_empty(context, Rect(panel.x, panel.y + px(52), panel.width, foot - panel.y))
        painter.rule(panel.x + 1, foot, panel.width - 2)
        self._draw_next(context, panel, episodes)
        draw_dataset_menu(context, panel, "episodes", tr("Dataset"))

    def _draw_figures(self, context: UiContext, panel: Rect, episodes: list[EpisodeRow]) -> None:
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        returns = [episode.total_reward for episode in episodes]
        figures = (
            (tr("Best"), signed(max(returns), plus=False)),
            (tr("Median"), signed(statistics.median(returns), plus=False)),
            (tr("Starred"), str(sum(episode.starred for episode in episodes))),
        )
        width = (panel.width - px(40) - 2 * px(8)) // 3
        for index, (label, value) in enumerate(figures):
            x = panel.x + px(20) + index * (width + px(8))
            cell = Rect(x, panel.y + px(52), width, px(60))
            painter.box(cell, theme.sunken, 8, theme.line)
            painter.text(label, (cell.x + px(12), cell.y + px(18)), "small", theme.text2)
            at = (cell.x + px(12), cell.y + px(41))
            painter.text(value, at, "h1", width=cell.width - px(16))

    def _draw_rows(self, context: UiContext, area: Rect, episodes: list[EpisodeRow]) -> None:
        ui, row = context.ui, context.ui.painter.px(_ROW)
        if not episodes:
            at = (area.centerx, area.y + ui.painter.px(40))
            ui.painter.text(tr("No episode has a star"), at, "body", ui.theme.text2, "cm")
            return
        fit = max(1, area.height // row)
        parts = (ui.events.focus.id or "").split(".") if ui.events.focus.visible else [""]
        uuid = parts[1] if parts[0] == "ep" else ""
        focused = index_in([episode.uuid for episode in episodes], uuid)
        place_of = Rect(area.x, area.y, area.width, fit * row)
        rows = self._scroll.window(place_of, len(episodes), fit, focused)
        returns = [episode.total_reward for episode in episodes]
        low, high = min(returns), max(returns)
        for place, index in enumerate(rows):
            episode = episodes[index]
            rect = Rect(area.x, area.y + place * row, area.width, row)
            share = (episode.total_reward - low) / (high - low) if high > low else 1.0
            share = share if math.isfinite(share) else 0.0
            self._draw_row(context, rect, episode, share, first=place == 0)
        self._scroll.draw_bar(ui, len(episodes), fit)

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the list if the mouse is over it."""
        self._scroll.by(rows, at)

    def _draw_row(
        self, context: UiContext, rect: Rect, episode: EpisodeRow, share: float, *, first: bool
    ) -> None:
        ui = context.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        node_id = f"ep.{episode.uuid}"
        steps = ntr("{n:,} step", "{n:,} steps", episode.total_steps)
        label = tr(
            "Episode {ordinal}, return {total_reward:.1f}, {steps}",
            ordinal=episode.number,
            total_reward=episode.total_reward,
            steps=steps,
        )
        touch = ui.node(node_id, "listitem", label, rect, value=episode.starred)
        if touch.hovered:
            painter.box(rect, theme.hover, 8)
        elif not first:
            painter.rule(rect.x + px(12), rect.y, rect.width - px(24))
        middle, x = rect.centery, rect.x + px(42)
        number = (rect.x + px(26), middle)
        painter.text(str(episode.number), number, "small-medium", theme.text3, "rm")
        painter.text(signed(episode.total_reward), (x, middle - px(9)), "bold")
        notes = [steps, *_NOTES.get(episode.driver, ())]
        notes += _findings(episode)
        room = rect.right - px(88) - x if len(notes) > 1 else px(130)  # the bar moves up
        text = joined(" · ", notes)
        painter.text(text, (x, middle + px(11)), "small", theme.text2, width=room)
        _draw_bar(context, rect, episode, share, lifted=len(notes) > 1)
        self._draw_row_buttons(context, rect, episode)
        if touch.used:
            context.next.episode, context.next.screen = episode.uuid, "library"
        ui.ring(node_id, rect.inflate(-px(8), -px(6)), 8)

    def _draw_row_buttons(self, context: UiContext, rect: Rect, episode: EpisodeRow) -> None:
        ui, px = context.ui, context.ui.painter.px
        star = Rect(rect.right - px(76), rect.centery - px(17), px(34), px(34))
        label = tr("Remove the star") if episode.starred else tr("Star")
        colour = ui.theme.human if episode.starred else None
        if ui.icon_button(f"ep.{episode.uuid}.star", star, "star", label, colour):
            context.tell(StarEpisode(episode.uuid, not episode.starred))
        if episode.starred:
            ui.painter.star(star.center, ui.theme.human)
        trash = star.move(px(34), 0)
        if ui.icon_button(f"ep.{episode.uuid}.delete", trash, "trash-2", tr("Delete")):
            context.tell(DeleteEpisode(episode.file))

    def on_chosen(self, context: UiContext, command: Command) -> None:
        """Star or delete the focused row, by key or pad.

        On a gamepad, delete without a focused row undoes the last discard or deletion.
        """
        parts = (context.ui.events.focus.id or "").split(".")
        library = context.model.library
        for episode in library.episodes if library else ():
            if parts[0] == "ep" and episode.uuid == parts[1]:
                if command is Command.STAR:
                    context.tell(StarEpisode(episode.uuid, not episode.starred))
                else:
                    context.tell(DeleteEpisode(episode.file))
                return
        if command is Command.DELETE and context.ui.pad_hints:
            context.tell(Request.UNDO)

    def _draw_empty(self, context: UiContext, rect: Rect) -> None:
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        painter.icon("database", (rect.centerx, rect.y + px(70)), 32, theme.text3)
        painter.text(
            tr("Nothing recorded yet"), (rect.centerx, rect.y + px(112)), "bold", None, "cm"
        )
        text = tr("Press Record and drive. Saved episodes appear here. Deleting can be undone.")
        for index, line in enumerate(painter.wrapped(text, "body", rect.width - px(80))):
            at = (rect.centerx, rect.y + px(140) + index * px(22))
            painter.text(line, at, "body", theme.text2, "cm")

    def _draw_next(self, context: UiContext, panel: Rect, episodes: list[EpisodeRow]) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.group("primary")
        rect = Rect(panel.x + px(20), panel.bottom - px(88), panel.width - px(40), px(48))
        env = context.model.env
        cannot = env.cannot_learn if env else ""
        reason = cannot or ("" if episodes else tr("Record at least 1 episode"))
        key = label_of(Command.TRAIN)
        if ui.button("next", rect, tr("Train a policy"), "sparkles", "primary", key, reason, 10):
            context.next.screen = "train"
        caption = reason or tr("The first policy plays after about a second")
        first, *_ = ui.painter.translated(caption).split(". ")  # the tool tip shows all of it
        lines = ui.painter.wrapped(first, "small", panel.width - px(32))[:2]
        for index, line in enumerate(lines):
            at = (
                panel.centerx,
                panel.bottom - px(21) + round(px(15) * (index - len(lines) / 2 + 0.5)),
            )
            ui.painter.text(line, at, "small", ui.theme.text2, "cm")


def _draw_bar(
    context: UiContext, rect: Rect, episode: EpisodeRow, share: float, *, lifted: bool
) -> None:
    """Draw the return of an episode as a share of the best one."""
    painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
    middle = rect.centery
    bar = Rect(rect.x + px(150), middle - px(12), rect.right - px(92) - rect.x - px(150), px(6))
    if bar.width > px(24):
        bar.y = middle - px(3) - (px(6) if lifted else 0)
        painter.box(bar, theme.line, 3)
        good = episode.total_reward > 0 or share > 0.5
        colour = theme.human if episode.driver == "human" else theme.agent
        if episode.driver in ("script", "other"):
            colour = theme.text2
        colour = colour if good else theme.text3
        filled = Rect(bar.x, bar.y, round(bar.width * share), bar.height)
        painter.box(filled, colour, 3)


def _findings(episode: EpisodeRow) -> list[str]:
    """Return short remarks about an episode, the most urgent first."""
    judged = {None: "", True: tr("success"), False: tr("failure")}[episode.label.success]
    replay = {"exact": tr("exact"), "diverges": tr("diverges")}.get(episode.verdict, "")
    found = (tr("flagged") if episode.flags else "", judged, replay, *episode.label.tags)
    return [word for word in (tr("recovered") if episode.recovered else "", *found) if word]


_ORDERS: dict[str, Callable[[Sequence[EpisodeRow]], list[EpisodeRow]]] = {
    tr("Newest"): lambda episodes: list(reversed(episodes)),
    tr("Best"): lambda episodes: sorted(episodes, key=lambda e: -e.total_reward),
    tr("Worst"): lambda episodes: sorted(episodes, key=lambda e: e.total_reward),
    tr("Longest"): lambda episodes: sorted(episodes, key=lambda e: -e.total_steps),
    tr("Starred"): lambda episodes: [e for e in reversed(episodes) if e.starred],
}
_NOTES = {"script": (tr("scripted"),), "policy": (tr("by a policy"),), "other": (tr("imported"),)}
