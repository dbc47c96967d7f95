"""The library screen: all datasets, a table of their episodes, a player and the trash."""

import time

from pygame import Rect

from teleop.runtime.protocol.comparison_messages import ShowReplay, WriteReplay
from teleop.runtime.protocol.diagnosis_messages import ContinueFrom
from teleop.runtime.protocol.library_messages import (
    Curate,
    EpisodeOperation,
    EpisodesListed,
    ListEpisodes,
    ListLibrary,
)
from teleop.runtime.protocol.session_messages import ChooseDataset, Request
from teleop.text import joined, tr
from teleop.types.metadata import DatasetSummary, EpisodeRow
from teleop.ui.chrome.copy_link import copy_line
from teleop.ui.classroom.folder_choice import hand_in
from teleop.ui.commands import Command
from teleop.ui.drawing.formatting import episodes_text, time_left, two_lines
from teleop.ui.episodes.episode_card import EpisodeCard
from teleop.ui.episodes.episode_table import episode_table
from teleop.ui.episodes.import_button import draw_import, draw_import_menu
from teleop.ui.policies.policy_panel import PolicyPanel
from teleop.ui.state.command_lines import export_line
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.action_bar import draw_actions
from teleop.ui.widgets.popover import MenuItem
from teleop.ui.widgets.scroll import Scroll
from teleop.ui.widgets.tabs import draw_tabs
from teleop.ui.widgets.text_edit import TextEdit

_FORMS = (
    MenuItem("bundle", tr("Share as one file"), ".teleop.zip"),
    MenuItem("minari", "Minari", tr("Self-contained dataset")),
    MenuItem("robomimic", "robomimic", tr("One HDF5 file")),
    MenuItem("lerobot", "LeRobot", tr("Version 3.0")),
    MenuItem("lerobot-video", "LeRobot", tr("With video")),
    MenuItem("npz", "NumPy", ".npz"),
    MenuItem("csv", tr("Table of steps"), ".csv"),
    MenuItem("parquet", tr("Table of episodes"), ".parquet"),
)
_ENDINGS = {
    "bundle": ".teleop.zip",
    "robomimic": ".hdf5",
    "npz": ".npz",
    "csv": ".csv",
    "parquet": ".parquet",
}
_COMMAND, _FILM, _REPORT, _HAND_IN = "command", "film", "report", "hand-in"
_TABS = {"episodes": tr("Episodes"), "policies": tr("Policies"), "trash": tr("Trash")}


class LibraryScreen:
    """View state: the chosen dataset, its table and the episode in the player."""

    def __init__(self) -> None:
        self._table, self._card = episode_table(), EpisodeCard()
        self._datasets, self._trash = Scroll(), Scroll()
        self._imported: EpisodesListed | None = None  # it was chosen already
        self._dataset = self._followed = ""  # shown here, and last shown on the other screens
        self._asked = ("", "")  # dataset and file in the player
        self._policies = PolicyPanel()
        self._tab, self._sure = "episodes", False

    def enter(self, context: UiContext) -> None:
        """Request the lists of datasets and episodes again."""
        context.tell(Request.PAUSE)
        context.tell(ListLibrary())
        self._asked, self._tab, self._sure = ("", ""), "episodes", False
        library = context.model.library
        if library and (context.next.episode or library.dataset_id != self._followed):
            self._dataset = self._followed = library.dataset_id
            self._policies.forget()
        if context.next.episode:
            self._table.forget()
            self._table.current, context.next.episode = context.next.episode, ""
        if self._dataset:
            context.tell(ListEpisodes(self._dataset))
        context.ui.events.focus.set("choose.all", "table head")

    def leave(self, context: UiContext) -> None:
        """Commit edited text and close the player."""
        context.next.ticked = frozenset(self._table.chosen)
        context.edit(None)
        context.tell(Request.SHOW_NOTHING)

    def wakes_in(self, context: UiContext) -> float | None:
        """Return the seconds until the next step while an episode plays."""
        shown = self._policies if self._tab == "policies" else self._card.player
        if isinstance(shown, PolicyPanel):
            return shown.wakes_in(context)
        return shown.wakes_in(context.model.comparison)

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the list under the mouse."""
        self._datasets.by(rows, at)
        lists = {"trash": self._trash.by, "policies": self._policies.scroll}
        lists.get(self._tab, self._table.scroll)(rows, at)

    def draw_moving(self, context: UiContext) -> Rect | None:
        """Return None: this screen is always redrawn as a whole."""
        del context
        return None

    def command(self, context: UiContext, command: Command) -> bool:
        """Handle star, delete, undo and the shortcuts of the player."""
        listed = self._listed(context)
        if command is Command.UNDO:
            if context.model.library_undo:
                context.tell(context.model.library_undo.pop())
        elif command is Command.LEAVE and self._tab != "episodes":
            self._show(context, "episodes")
        elif self._tab == "policies" and listed is not None:
            return self._policies.command(context, listed, command)
        else:
            return self._episode_command(context, command)
        return True

    def _episode_command(self, context: UiContext, command: Command) -> bool:
        if command is Command.CONTINUE:
            self._continue(context)
        elif command is Command.DELETE:
            self._curate(context, EpisodeOperation.DELETE)
        elif command is Command.STAR:
            rows = self._meant(context)
            self._curate(context, EpisodeOperation.STAR, value=not all(row.starred for row in rows))
        elif command is Command.MARK:
            row = self._current(self._listed(context))
            if row is not None:
                self._card.mark(context, row, self._dataset)
        elif context.model.comparison is not None:
            return self._card.player.command(context, context.model.comparison, command)
        return True

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw the datasets on the left, the table in the middle and the episode on the right."""
        px = context.ui.painter.px
        gap, side = px(16), max(px(192), min(px(230), round(area.width * 0.185)))
        right = max(px(300), min(px(460), round(area.width * 0.33)))
        datasets = Rect(area.x, area.y, side, area.height)
        middle = Rect(datasets.right + gap, area.y, area.width - side - right - 2 * gap, 0)
        middle.height = area.height
        listed = self._listed(context)
        self._draw_datasets(context, datasets)
        context.ui.card(middle)
        if listed is None:
            text = tr("Choose a dataset") if not self._dataset else tr("Reading…")
            at = (middle.centerx, middle.centery)
            context.ui.painter.text(text, at, "medium", context.ui.theme.text2, "cm")
        else:
            self._draw_middle(context, middle, listed)
        card = Rect(area.right - right, area.y, right, area.height)
        if self._tab == "policies" and listed is not None:
            self._policies.draw_card(context, card, listed)
        else:
            self._card.ticked = frozenset(self._table.chosen)
            changed = self._card.draw(context, card, self._current(listed), self._dataset)
            if changed is not None:
                context.tell(changed)
        if listed is not None:
            self._draw_menus(context, middle, listed)
        anchor = Rect(datasets.x + px(12), datasets.bottom - px(260), datasets.width, px(36))
        draw_import_menu(context, anchor)

    def _draw_middle(self, context: UiContext, card: Rect, listed: EpisodesListed) -> None:
        """Draw the tabs, and what the open one shows."""
        self._draw_tabs(context, card, listed)
        if self._tab == "trash":
            self._draw_trash(context, card, listed)
        elif self._tab == "policies":
            self._policies.draw_table(context, card, listed)
        else:
            self._draw_table(context, card, listed)

    def _draw_tabs(self, context: UiContext, card: Rect, listed: EpisodesListed) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.group("tabs")
        counts = {
            "episodes": len(listed.rows),
            "policies": len(listed.policies),
            "trash": len(listed.trash),
        }
        labels = {name: joined(" ", (word, str(counts[name]))) for name, word in _TABS.items()}
        if used := draw_tabs(ui, (card.x + px(12), card.y + px(12)), labels, self._tab):
            self._show(context, used)

    def _show(self, context: UiContext, tab: str) -> None:
        """Open a tab; the player of another tab stops."""
        self._tab, self._sure, self._asked = tab, False, ("", "")
        context.model.comparison, context.model.replay_problem = None, ""
        context.edit(None)

    # ------------------------------------------------------------ datasets

    def _listed(self, context: UiContext) -> EpisodesListed | None:
        listed = context.model.listed
        if not self._dataset and context.model.library:
            self._choose(context, context.model.library.dataset_id)
        if listed and listed.is_new and listed is not self._imported:
            self._imported = listed
            self._choose(context, listed.dataset_id)
        return listed if listed and listed.dataset_id == self._dataset else None

    def _choose(self, context: UiContext, dataset_id: str) -> None:
        self._dataset = dataset_id
        self._show(context, "policies" if self._tab == "policies" else "episodes")
        self._table.forget()
        self._policies.forget()
        context.tell(ListEpisodes(dataset_id))
        context.tell(ChooseDataset(dataset_id))  # the other screens show it too, if it fits

    def _draw_datasets(self, context: UiContext, card: Rect) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.card(card)
        ui.painter.text(tr("Datasets"), (card.x + px(16), card.y + px(28)), "h2")
        ui.group("datasets")
        lines = context.model.datasets or ()
        area = Rect(card.x, card.y + px(52), card.width - px(3), card.height - px(118))
        fit = max(1, area.height // px(56))
        ids = [f"dataset.{line.dataset_id}" for line in lines]
        for place, index in enumerate(self._datasets.rows(ui, area, ids, fit)):
            rect = Rect(card.x + px(8), area.y + place * px(56), card.width - px(16), px(52))
            self._draw_dataset(context, rect, lines[index])
        self._datasets.draw_bar(ui, len(lines), fit)
        ui.group("import")
        draw_import(
            context, Rect(card.x + px(12), card.bottom - px(50), card.width - px(24), px(36))
        )

    def _draw_dataset(self, context: UiContext, rect: Rect, line: DatasetSummary) -> None:
        ui, px = context.ui, context.ui.painter.px
        node_id, mine = f"dataset.{line.dataset_id}", line.dataset_id == self._dataset
        touch = ui.node(node_id, "option", line.dataset_id, rect, reason=line.problem, value=mine)
        if mine:
            ui.painter.box(rect, ui.theme.raised, 8, ui.theme.strong_line)
        elif touch.hovered:
            ui.painter.box(rect, ui.theme.hover, 8)
        ink = ui.theme.text3 if line.problem else ui.theme.text
        room = rect.width - px(20)
        at = (rect.x + px(10), rect.centery - px(9))
        fits = ui.painter.width(line.dataset_id, "medium") <= room
        note = line.problem or episodes_text(line.total_episodes)
        title, note = two_lines(line.dataset_id, note, fits)
        ui.painter.text(title, at, "medium", ink, width=room)
        at = (rect.x + px(10), rect.centery + px(11))
        ui.painter.text(note, at, "small", ui.theme.text2, width=room)
        ui.ring(node_id, rect.inflate(-px(4), -px(4)), 8)
        if touch.used:
            self._choose(context, line.dataset_id)

    # ------------------------------------------------------------ the table

    def _current(self, listed: EpisodesListed | None) -> EpisodeRow | None:
        rows = listed.rows if listed else ()
        return next((row for row in rows if row.uuid == self._table.current), None)

    def _meant(self, context: UiContext) -> list[EpisodeRow]:
        """Return the ticked rows; if none is ticked, the focused row or the one in the player."""
        listed = self._listed(context)
        if listed is None:
            return []
        uuids = self._table.chosen or {self._table.focused(context.ui) or self._table.current}
        return [row for row in listed.rows if row.uuid in uuids]

    def _curate(
        self, context: UiContext, operation: EpisodeOperation, value: bool | str | None = None
    ) -> None:
        rows = self._meant(context)
        if rows:
            uuids = tuple(row.uuid for row in rows)
            context.tell(Curate(self._dataset, operation, uuids, value))

    def _draw_table(self, context: UiContext, card: Rect, listed: EpisodesListed) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.group("filter")
        width = min(px(240), round(card.width * 0.45))
        find = Rect(card.x + px(12), card.y + px(52), width, px(36))
        if ui.field(
            "filter", find, context.editing, self._table.filter, tr("Filter: success, starred…")
        ):
            text = self._table.filter
            context.edit(TextEdit("filter", text, len(text), self._filter, self._filter))
        count = episodes_text(len(self._table.shown(listed.rows)))
        if self._table.chosen:
            chosen = tr("{count} selected", count=len(self._table.chosen))
            count = joined(" · ", (count, chosen))
        working = context.model.working
        if working:
            left = working.seconds_left
            count = working.text if left is None else time_left(left)
        at = (find.right + px(14), find.centery)
        room = card.right - px(12) - at[0]
        ui.painter.text(count, at, "small", ui.theme.text2, width=room)
        foot = px(64)
        body = Rect(card.x + px(8), find.bottom + px(8), card.width - px(16), 0)
        body.height = card.bottom - foot - body.y
        used = self._table.draw(context.ui, body, listed.rows)
        if used:
            self._table.current = used
        row = self._current(listed)
        if row is not None and self._asked != (listed.dataset_id, row.file):
            self._asked = (listed.dataset_id, row.file)
            self._card.player.begin(context.now)
            context.model.comparison, context.model.replay_problem = None, ""
            context.tell(ShowReplay(listed.dataset_id, row.file))
        self._draw_actions(context, Rect(card.x, card.bottom - foot, card.width, foot))

    def _continue(self, context: UiContext) -> None:
        """Let the person drive on from the shown step of the recording."""
        listed = self._listed(context)
        row = self._current(listed) if listed and self._tab == "episodes" else None
        if listed and row:
            place = ("", row.file, row.seed or 0, int(self._card.player.step))
            context.drive_on(ContinueFrom(listed.dataset_id, *place), listed.env_id)

    def _filter(self, text: str) -> None:
        self._table.filter = text

    def _draw_actions(self, context: UiContext, bar: Rect) -> None:
        ui, px = context.ui, context.ui.painter.px
        rows = self._meant(context)
        nothing = "" if rows else tr("Select an episode first")
        works = context.model.working
        busy = works.text if works else ""
        buttons = (
            ("star", tr("Star"), "star", nothing),
            ("delete", tr("Delete"), "trash-2", nothing),
            ("verify", tr("Verify"), "check", busy),
            ("export", tr("Export"), "download", busy),
        )
        if used := draw_actions(ui, bar, "library", buttons):
            self._do(context, used)
        if works:
            share = works.done / max(1, works.total)
            track = Rect(bar.x + px(12), bar.y - px(3), round((bar.width - px(24)) * share), px(3))
            ui.painter.box(track, ui.theme.agent, 2)

    def _do(self, context: UiContext, name: str) -> None:
        if name == "star":
            self.command(context, Command.STAR)
        elif name == "delete":
            self._curate(context, EpisodeOperation.DELETE)
        elif name == "verify":
            chosen = tuple(self._table.chosen)
            context.tell(Curate(self._dataset, EpisodeOperation.VERIFY, chosen))
        else:
            context.popover.toggle(context.ui, "forms", "library.export")

    def _draw_menus(self, context: UiContext, card: Rect, listed: EpisodesListed) -> None:
        px = context.ui.painter.px
        line = export_line(listed.dataset_id, "bundle")
        film = MenuItem(_FILM, tr("Video of this episode"), tr("MP4, with the keys that were held"))
        played = context.model.comparison is not None and self._table.current
        report = MenuItem(_REPORT, tr("Report"), tr("HTML, with figures; can be checked"))
        handed = MenuItem(_HAND_IN, tr("Hand in"), tr("To the folder of your class"))
        command = MenuItem(_COMMAND, tr("Copy as command"), line)
        choices = [*_FORMS, *([film] if played else []), report, handed, command]
        top = max(px(8), card.bottom - px(118 + 52 * len(choices)))
        anchor = Rect(card.right - px(300), top, px(280), px(36))
        picked = context.popover.draw(context.ui, "forms", anchor, choices, "", 280)
        if picked == _COMMAND:
            copy_line(context, line)
        elif picked == _REPORT:
            context.write_report(listed.dataset_id)
        elif picked == _HAND_IN:
            hand_in(context, listed.dataset_id)
        elif picked == _FILM:
            name = f"episode-{time.strftime('%Y%m%d-%H%M%S')}.mp4"
            context.tell(WriteReplay(str(context.exports / name)))
        elif picked:
            slug = listed.dataset_id.replace("/", "-")
            name = f"{slug}-{picked}-{time.strftime('%Y%m%d-%H%M%S')}{_ENDINGS.get(picked, '')}"
            where = (picked, str(context.exports / name))
            chosen = tuple(self._table.chosen)
            context.tell(Curate(listed.dataset_id, EpisodeOperation.EXPORT, chosen, where))

    # ------------------------------------------------------------ the trash

    def _draw_trash(self, context: UiContext, card: Rect, listed: EpisodesListed) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.group("table")
        area = Rect(card.x, card.y + px(60), card.width - px(3), card.height - px(132))
        fit = max(1, area.height // px(40))
        ids = [f"restore.{name}" for name in listed.trash]
        for place, index in enumerate(self._trash.rows(ui, area, ids, fit)):
            rect = Rect(card.x + px(12), area.y + place * px(40), card.width - px(24), px(40))
            ui.painter.rule(rect.x, rect.y, rect.width)
            at = (rect.x + px(8), rect.centery)
            text = _trashed(listed.trash[index])
            ui.painter.text(text, at, "body", width=rect.width - px(150))
            back = Rect(rect.right - px(126), rect.y + px(4), px(120), px(32))
            if ui.button(ids[index], back, tr("Restore"), "undo-2"):
                wanted = (listed.trash[index],)
                context.tell(Curate(self._dataset, EpisodeOperation.RESTORE, wanted))
        self._trash.draw_bar(ui, len(ids), fit)
        ui.group("actions")
        rect = Rect(card.x + px(12), card.bottom - px(50), card.width - px(24), px(36))
        label = (
            tr("Cannot be undone: press again to confirm")
            if self._sure
            else tr("Delete permanently")
        )
        kind = "record" if self._sure else "plain"
        reason = "" if listed.trash else tr("The trash is empty")
        if ui.button("purge", rect, label, "x", kind, reason=reason):
            if self._sure:
                context.tell(Curate(self._dataset, EpisodeOperation.PURGE))
            self._sure = not self._sure


def _trashed(name: str) -> str:
    """Return the title of a trash item: `000003-…` is episode 4, a journal is a discarded take."""
    number = name.split("-")[0]
    if not number.isdecimal():
        return name
    if name.endswith(".tj"):
        return tr("Discarded take {ordinal}", ordinal=int(number) + 1)
    return tr("Episode {ordinal}", ordinal=int(number) + 1)
