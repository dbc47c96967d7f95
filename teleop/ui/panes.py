"""The panes of a comparison: who it is, how far they are, what they see."""

from pygame import Rect

from teleop.ui.desk import Desk
from teleop.ui.lanes import Look, looks_of, racing_looks
from teleop.ui.model import Comparison
from teleop.ui.theme import ON_VEIL, VEIL
from teleop.ui.view import fitted
from teleop.ui.words import count_of, signed

HEADER = 52
MOST_SIDES = 4


class Panes:
    """Draws all sides next to each other."""

    def aspect(self, desk: Desk) -> float:
        """Of the pictures."""
        return desk.view("lane0").aspect or 1.5

    def draw(self, desk: Desk, comparison: Comparison, area: Rect, step: int) -> None:
        """Everybody, in columns; who drives now, if somebody does, comes first."""
        shown = sides(desk, comparison)
        places = columns(area, len(shown), desk.ui.painter.px(16))
        now, looks = racing_looks(comparison, desk.ui.theme)
        if desk.model.run is None:
            looks = looks_of(comparison, desk.ui.theme)
        for index, rect in zip(shown, places, strict=True):
            desk.ui.card(rect)
            if index is None:
                self._draw_driven(desk, rect, now)
            else:
                self._draw_lane(desk, rect, looks[index], comparison, index, step)

    def _draw_lane(
        self, desk: Desk, card: Rect, look: Look, comparison: Comparison, index: int, step: int
    ) -> None:
        px, lane, about = desk.ui.painter.px, comparison.lanes[index], comparison.about
        now = min(step, len(lane.returns) - 1)
        note = f"episode {about.ordinal}, seed {about.seed}"
        if index:
            count = count_of(lane.about.trained_on, "episode")
            note = f"learned from {count}" if lane.about.trained_on else _NOTES[lane.about.kind]
        self._draw_header(desk, card, look, note, lane.returns[now], index)
        area = Rect(card.x + px(6), card.y + px(HEADER), card.width - px(12), 0)
        area.height = card.height - px(HEADER + 6)
        rect = self._draw_picture(desk, area, f"lane{index}")
        ended = lane.over and now >= len(lane.actions)
        action = lane.actions[now - 1] if 0 < now <= len(lane.actions) else ""
        _draw_pills(desk, rect, action, f"ended at step {now}" if ended else f"step {now}")

    def _draw_driven(self, desk: Desk, card: Rect, look: Look) -> None:
        """The person, now."""
        ui, live, px = desk.ui, desk.model.live, desk.ui.painter.px
        note = "live, from the same start"
        self._draw_header(desk, card, look, note, live.total_reward if live else 0.0, None)
        area = Rect(card.x + px(6), card.y + px(HEADER), card.width - px(12), 0)
        area.height = card.height - px(HEADER + 6)
        rect = self._draw_picture(desk, area, "drive")
        ui.group("stage")
        ui.node("view", "view", "Environment", rect)
        if desk.driving:
            ui.painter.box(rect, None, 8, look.colour, 3)
        else:
            ui.ring("view", rect, 8)
        if live:
            state = {"ended": "over", "paused": "paused"}.get(live.phase, f"step {live.steps}")
            _draw_pills(desk, rect, live.action, state)

    def _draw_header(
        self, desk: Desk, card: Rect, look: Look, note: str, total: float, index: int | None
    ) -> None:
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        painter.box(Rect(card.x + px(16), card.y + px(16), px(4), px(20)), look.colour, 2)
        middle = card.y + px(26)
        wide = card.width > px(360)
        x = card.x + px(30)
        x += painter.text(look.name, (x, middle), "h2", width=card.width // 2 - px(40)) + px(6)
        taken = painter.text(
            signed(total), (card.right - px(16), middle), "number", look.colour, "rm"
        )
        if wide:
            at = (card.right - px(22) - taken, middle + px(3))
            taken += painter.text("return", at, "small", theme.text2, "rm") + px(14)
        room = Rect(x, card.y + px(10), card.right - taken - px(24) - x, px(32))
        if index is None or desk.model.run is not None:  # who races stays until the race is left
            if room.width > px(70):
                at = (room.x + px(6), room.centery)
                painter.text(note, at, "small", theme.text2, width=room.width - px(8))
        elif self._draw_menu_button(desk, room, note, index):
            desk.popover.toggle(ui, f"side{index}", f"menu.{index}")

    def _draw_menu_button(self, desk: Desk, room: Rect, note: str, index: int) -> bool:
        """The quiet button that opens the choice of episode or rival."""
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        ui.group("options")
        text = painter.fitted(note, "small", room.width - px(32)) if room.width > px(70) else ""
        width = painter.width(text, "small") + px(8) if text else 0
        rect = Rect(room.x, room.y, width + px(24), room.height)
        what = "Rival" if index else "Episode"
        touch = ui.node(f"menu.{index}", "combobox", f"{what}: {note}", rect, value=note)
        if touch.hovered:
            painter.box(rect, theme.hover, 8)
        if text:
            painter.text(text, (rect.x + px(6), rect.centery), "small", theme.text2)
        painter.icon("chevron-down", (rect.right - px(13), rect.centery), 14, theme.text2)
        ui.ring(f"menu.{index}", rect, 8)
        return touch.used

    def _draw_picture(self, desk: Desk, area: Rect, name: str) -> Rect:
        ui = desk.ui
        view = desk.view(name)
        rect = fitted(area, view.aspect or 1.5)
        loose = rect.width < area.width - 4 or rect.height < area.height - 4
        if loose:
            ui.painter.box(area, ui.theme.sunken, 8)
        view.draw(ui.painter, rect, 8, ui.theme.sunken if loose else ui.theme.surface)
        return rect


def sides(desk: Desk, comparison: Comparison) -> list[int | None]:
    """Which sides are shown: None is who drives now, for whom there is always room."""
    lanes: list[int | None] = list(range(len(comparison.lanes)))
    if desk.model.run is None:
        return lanes
    return [None, *lanes] if len(lanes) < MOST_SIDES else [None, *lanes[1:]]


def columns(area: Rect, count: int, gap: int) -> list[Rect]:
    """An area cut into equal columns."""
    width = (area.width - gap * (count - 1)) // count
    return [
        Rect(area.x + index * (width + gap), area.y, width, area.height) for index in range(count)
    ]


def _draw_pills(desk: Desk, rect: Rect, action: str, state: str) -> None:
    """What was done last, and how far it is; the state alone where there is little room."""
    ui, px = desk.ui, desk.ui.painter.px
    y = rect.bottom - px(38)
    both = ui.painter.width(action + state, "small-medium") + px(80)
    if action and both < rect.width:
        ui.pill((rect.x + px(10), y), action, VEIL, ON_VEIL)
    ui.pill((rect.right - px(10), y), state, VEIL, ON_VEIL, right=True)


_NOTES = {"script": "the scripted expert", "chance": "any action, at random", "agent": "a policy"}
