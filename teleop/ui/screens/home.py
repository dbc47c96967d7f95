"""Home screen: choose an environment, see the recordings, import files.

Environments that are not in the gallery open by their ID.
"""

import pygame
from pygame import Rect, Surface

from teleop.envs.catalogue import CATALOGUE, EnvEntry
from teleop.runtime.protocol.library_messages import AddSamples, ListLibrary
from teleop.runtime.protocol.session_messages import Request
from teleop.text import joined, ntr, tr
from teleop.types.metadata import DatasetSummary
from teleop.ui.commands import Command
from teleop.ui.drawing.formatting import episodes_text, two_lines
from teleop.ui.drawing.painter import ImageCache
from teleop.ui.episodes.import_button import draw_import, draw_import_menu
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.scroll import Scroll, index_in
from teleop.ui.widgets.text_edit import TextEdit

_CARD, _LEAST, _TEXT = 208, 150, 76  # pixels: usual and minimum card width, text height
_ASPECT = 1.57  # of a card's picture; three rows of four cards fit the default window


class Home:
    """View state: the scroll positions of the gallery and of the list of recordings."""

    def __init__(self) -> None:
        self._pictures: ImageCache[Surface] = ImageCache(2 * len(CATALOGUE))
        self._gallery, self._recent = Scroll(), Scroll()

    def enter(self, context: UiContext) -> None:
        """Request the list of datasets and focus the current environment."""
        context.tell(Request.PAUSE)
        context.tell(ListLibrary())
        env_id = context.model.env.env_id if context.model.env else CATALOGUE[0].env_id
        context.ui.events.focus.set(f"env.{env_id}", "gallery")

    def leave(self, context: UiContext) -> None:
        """Discard text that is being typed."""
        context.editing = None
        context.edit(None)

    def wakes_in(self, context: UiContext) -> float | None:
        """Return None: nothing changes without input."""
        del context
        return None

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the list under the mouse."""
        self._gallery.by(rows, at)
        self._recent.by(rows, at)

    def draw_moving(self, context: UiContext) -> Rect | None:
        """Return None: nothing moves on this screen."""
        del context
        return None

    def command(self, context: UiContext, command: Command) -> bool:
        """Handle the shortcuts that edit the environment ID and leave the screen."""
        if command is Command.LEAVE:
            context.next.screen = "demonstrate"
        elif command is Command.ENVIRONMENT:
            self._edit_env(context)
        else:
            return False
        return True

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw the gallery on the left and the recordings on the right."""
        px = context.ui.painter.px
        side = max(px(300), min(px(360), round(area.width * 0.28)))
        left = Rect(area.x, area.y, area.width - side - px(16), area.height)
        head = px(48)
        self._draw_head(context, Rect(left.x, left.y, left.width, px(40)))
        self._draw_gallery(context, Rect(left.x, left.y + head, left.width, left.height - head))
        self._draw_recordings(context, Rect(area.right - side, area.y, side, area.height))

    # ------------------------------------------------------------ environments

    def _draw_head(self, context: UiContext, rect: Rect) -> None:
        ui, px = context.ui, context.ui.painter.px
        title = tr("Choose an environment")
        used = ui.painter.text(title, (rect.x, rect.centery), "h1")
        ui.group("picker")
        lessons = Rect(rect.right - px(130), rect.y, px(130), px(40))
        width = min(px(330), lessons.x - rect.x - used - px(36))
        field = Rect(lessons.x - px(12) - width, rect.y, width, px(40))
        hint = tr("Other environment ID: ALE/Pong-v5")
        if ui.field("open", field, context.editing, "", hint):
            self._edit_env(context)
        if ui.button("home.lessons", lessons, tr("Lessons"), "graduation-cap"):
            context.next.screen = "lesson"

    def _edit_env(self, context: UiContext) -> None:
        def done(text: str) -> None:
            if text.strip():
                self._open(context, text.strip())

        context.edit(TextEdit("open", "", 0, done))

    def _open(self, context: UiContext, env_id: str) -> None:
        """Open an environment on the Demonstrate screen, which also shows any error."""
        context.open_env(env_id)
        context.next.screen = "demonstrate"

    def _draw_gallery(self, context: UiContext, area: Rect) -> None:
        ui, px = context.ui, context.ui.painter.px
        gap = px(14)
        columns, width, height = _grid(area, gap, px(_CARD), px(_LEAST), px(_TEXT))
        rows = -(-len(CATALOGUE) // columns)
        fit = max(1, (area.height + gap) // (height + gap))
        focused = index_in([f"env.{entry.env_id}" for entry in CATALOGUE], ui.events.focus.shown)
        row = None if focused is None else focused // columns
        ui.group("gallery")
        around = area.inflate(px(16), 0)  # the scroll bar is beside the cards
        seen = self._gallery.window(around, rows, fit, row)
        for place, entry in enumerate(CATALOGUE[seen.start * columns : seen.stop * columns]):
            x = area.x + (place % columns) * (width + gap)
            y = area.y + (place // columns) * (height + gap)
            self._draw_card(context, Rect(x, y, width, height), entry)
        self._gallery.draw_bar(ui, rows, fit)

    def _draw_card(self, context: UiContext, rect: Rect, entry: EnvEntry) -> None:
        ui, px = context.ui, context.ui.painter.px
        node_id = f"env.{entry.env_id}"
        current = context.model.env is not None and context.model.env.env_id == entry.env_id
        touch = ui.node(node_id, "button", entry.env_id, rect, value=current)
        line = ui.theme.text3 if touch.hovered else ui.theme.line
        ui.painter.box(rect, ui.theme.surface, 12, line)
        size = (rect.width - 2, rect.height - px(_TEXT))
        picture = self._pictures.get((entry.env_id, size), lambda: _picture(context, entry, size))
        ui.painter.surface.blit(picture, (rect.x + 1, rect.y + 1))
        ui.painter.round_off(Rect(rect.x + 1, rect.y + 1, *size), 11, ui.theme.bg)
        room = rect.width - px(24)
        at = (rect.x + px(12), rect.bottom - px(58))
        style = "bold" if ui.painter.width(entry.env_id, "bold") <= room else "small-bold"
        ui.painter.text(entry.env_id, at, style, width=room)
        for index, words in enumerate(ui.painter.wrapped(entry.summary, "small", room)[:2]):
            at = (rect.x + px(12), rect.bottom - px(37) + index * px(17))
            ui.painter.text(words, at, "small", ui.theme.text2)
        ui.ring(node_id, rect, 12)
        if touch.used:
            self._open(context, entry.env_id)

    # ------------------------------------------------------------ recordings

    def _draw_recordings(self, context: UiContext, card: Rect) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.card(card)
        ui.painter.text(tr("Recordings"), (card.x + px(20), card.y + px(28)), "h2")
        ui.group("recent")
        y, foot = card.y + px(52), card.bottom - px(150)
        lines = [line for line in context.model.datasets or () if line.total_episodes]
        fit = max(1, (foot - y) // px(54))
        ids = [f"recent.{line.dataset_id}" for line in lines]
        area = Rect(card.x, y, card.width - px(3), fit * px(54))
        for place, index in enumerate(self._recent.rows(ui, area, ids, fit)):
            rect = Rect(card.x + px(8), y + place * px(54), card.width - px(16), px(52))
            self._draw_dataset(context, rect, lines[index])
        self._recent.draw_bar(ui, len(lines), fit)
        if not lines:
            text = tr("Your recordings appear here.")
            ui.painter.text(text, (card.x + px(20), y + px(14)), "body", ui.theme.text2)
            rect = Rect(card.x + px(16), y + px(40), card.width - px(32), px(36))
            if context.model.datasets is not None and ui.button(
                "samples", rect, tr("Add the sample recordings"), "download"
            ):
                context.tell(AddSamples())
        ui.painter.rule(card.x + 1, foot, card.width - 2)
        self._draw_import(context, Rect(card.x + px(16), foot + px(12), card.width - px(32), 0))
        ui.group("primary")
        rect = Rect(card.x + px(16), card.bottom - px(56), card.width - px(32), px(40))
        if ui.button("library.open", rect, tr("Open the library"), "database", key="Ctrl L"):
            context.next.screen = "library"

    def _draw_dataset(self, context: UiContext, rect: Rect, line: DatasetSummary) -> None:
        ui, px = context.ui, context.ui.painter.px
        node_id = f"recent.{line.dataset_id}"
        reason = line.problem or ("" if line.env_id else tr("Does not name an environment"))
        touch = ui.node(node_id, "button", line.dataset_id, rect, reason=reason)
        if touch.hovered:
            ui.painter.box(rect, ui.theme.hover, 8)
        room = rect.width - px(24)
        at = (rect.x + px(12), rect.centery - px(9))
        note = episodes_text(line.total_episodes)
        if line.policies:
            note = joined(" · ", (note, ntr("{n} policy", "{n} policies", line.policies)))
        fits = ui.painter.width(line.dataset_id, "medium") <= room
        title, note = two_lines(line.dataset_id, note, fits)
        ui.painter.text(title, at, "medium", width=room)
        at = (rect.x + px(12), rect.centery + px(11))
        ui.painter.text(note, at, "small", ui.theme.text2, width=room)
        ui.ring(node_id, rect.inflate(-px(4), -px(4)), 8)
        if touch.used:
            self._open(context, line.env_id)

    def _draw_import(self, context: UiContext, area: Rect) -> None:
        """Draw the import area: a hint to drop files, a field for the path, and a button."""
        ui, px = context.ui, context.ui.painter.px
        ui.group("import")
        text = tr("Drop a .teleop.zip or a Minari folder here, or type its path:")
        lines = ui.painter.wrapped(text, "small", area.width)[:2]
        for index, line in enumerate(lines):
            at = (area.x, area.y + px(8) + index * px(16))
            ui.painter.text(line, at, "small", ui.theme.text2)
        choose = Rect(
            0, area.y + px(36), ui.painter.width(tr("Import…"), "medium") + px(52), px(36)
        )
        choose.right = area.right
        field = Rect(area.x, choose.y, choose.x - px(8) - area.x, px(36))
        if ui.field("import", field, context.editing, "", "/path/to/episodes.teleop.zip"):

            def done(text: str) -> None:
                if text.strip():
                    context.import_file(text.strip())

            context.edit(TextEdit("import", "", 0, done))
        draw_import(context, choose)
        draw_import_menu(context, Rect(area.x, choose.y - px(210), area.width, px(36)))


def _grid(area: Rect, gap: int, usual: int, least: int, words: int) -> tuple[int, int, int]:
    """Return (columns, width, height) of the cards: usual width, or narrower to fit all of them."""
    columns = max(2, (area.width + gap) // (usual + gap))
    while True:
        width = (area.width - gap * (columns - 1)) // columns
        height = round(width / _ASPECT) + words
        rows = -(-len(CATALOGUE) // columns)
        narrower = (area.width - gap * columns) // (columns + 1)
        if rows * (height + gap) - gap <= area.height or narrower < least:
            return columns, width, height
        columns += 1


def _picture(context: UiContext, entry: EnvEntry, size: tuple[int, int]) -> Surface:
    """Return the environment's picture at a size, or a plain surface if it has none."""
    file = context.ui.assets / "environments" / f"{entry.env_id.rpartition('/')[2]}.png"
    if file.is_file():
        loaded = pygame.image.load(file).convert(32)
        height = min(loaded.get_height(), round(loaded.get_width() * size[1] / size[0]))
        seen = Rect(0, 0, loaded.get_width(), height)  # crop a little at the top and bottom
        seen.centery = loaded.get_height() // 2
        return pygame.transform.smoothscale(loaded.subsurface(seen), size)
    plain = Surface(size, 0, 32)
    plain.fill(context.ui.theme.sunken[:3])
    return plain
