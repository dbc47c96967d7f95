"""The panes of a comparison: name, return, frame, last action and step of each side."""

from dataclasses import dataclass

from pygame import Rect

from teleop.text import joined, tr
from teleop.ui.comparison.series_styles import SeriesStyle, race_styles, styles_of
from teleop.ui.drawing.formatting import signed
from teleop.ui.drawing.theme import ON_VEIL, VEIL
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import Comparison
from teleop.ui.widgets.image_view import fitted

HEADER = 52
MOST_SIDES = 4
_NUMBER = 104  # width of a return in pixels
_PILL_MARGIN = 72  # width of a margin that holds most of the state
_ROOMY = 360  # pixels; wider panes also show the word "return"


@dataclass(frozen=True, slots=True)
class Side:
    """What one pane shows at a step.

    Attributes:
        index: index of the lane; None for the person who drives now.
        look: name and style.
        note: short description.
        total: return so far.
        action: last action, as text.
        state: current step, or that the side is paused or has ended, as text.
    """

    index: int | None
    look: SeriesStyle
    note: str
    total: float
    action: str
    state: str

    @property
    def view(self) -> str:
        """The name of the view that shows the frames of this side."""
        return "drive" if self.index is None else f"lane{self.index}"


class Panes:
    """Draws the panes and keeps their areas."""

    def __init__(self) -> None:
        self._places: list[Rect] = []

    def aspect(self, context: UiContext) -> float:
        """Return the aspect ratio of the frames."""
        return context.view("lane0").aspect or 1.5

    def draw(self, context: UiContext, comparison: Comparison, area: Rect, step: int) -> None:
        """Draw all sides in columns; a person who drives now comes first."""
        ui, px = context.ui, context.ui.painter.px
        shown = sides_at(context, comparison, step)
        self._places = columns(area, len(shown), px(16))
        for side, card in zip(shown, self._places, strict=True):
            ui.card(card)
            self._draw_title(context, card, side)
            rect = _draw_side(context, card, side)
            if side.index is None:
                ui.group("picture")
                if ui.node("view", "view", tr("Environment"), rect).used:
                    context.resume()
                if not context.input.driving:
                    ui.ring("view", rect, 8)

    def draw_moving(self, context: UiContext, comparison: Comparison, step: int) -> Rect | None:
        """Redraw what changes at every step; return its area, or None if the panes are outdated."""
        shown = sides_at(context, comparison, step)
        if len(shown) != len(self._places):
            return None
        for side, card in zip(shown, self._places, strict=True):
            _draw_side(context, card, side)
        return self._places[0].unionall(self._places[1:])

    def _draw_title(self, context: UiContext, card: Rect, side: Side) -> None:
        """Draw the name of the side, and a button that opens the menu of episodes or rivals."""
        ui, px = context.ui, context.ui.painter.px
        painter = ui.painter
        painter.box(Rect(card.x + px(16), card.y + px(16), px(4), px(20)), side.look.colour, 2)
        at = (card.x + px(30), card.y + px(26))
        used = painter.text(side.look.name, at, "h2", width=card.width // 2 - px(40))
        left, right = at[0] + used + px(6), _number_rect(context, card).x - px(8)
        room = Rect(left, card.y + px(10), right - left, px(32))
        if context.model.run is not None:  # the sides cannot change during a race
            if painter.width(side.note, "small") + px(8) <= room.width:
                at = (room.x + px(6), room.centery)
                painter.text(side.note, at, "small", ui.theme.text2)
        elif self._draw_menu_button(context, room, side):
            context.popover.toggle(ui, f"side{side.index}", f"menu.{side.index}")

    def _draw_menu_button(self, context: UiContext, room: Rect, side: Side) -> bool:
        ui = context.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        ui.group("options")
        width = painter.width(side.note, "small") + px(8)
        text = side.note if width + px(24) <= room.width else ""  # the tool tip shows it
        width = width if text else 0
        rect = Rect(room.x, room.y, width + px(24), room.height)
        what, node_id = tr("Rival") if side.index else tr("Episode"), f"menu.{side.index}"
        touch = ui.node(node_id, "combobox", joined(": ", (what, side.note)), rect, value=side.note)
        if touch.hovered:
            painter.box(rect, theme.hover, 8)
        if text:
            painter.text(text, (rect.x + px(6), rect.centery), "small", theme.text2)
        painter.icon("chevron-down", (rect.right - px(13), rect.centery), 14, theme.text2)
        ui.ring(node_id, rect, 8)
        return touch.used


def sides_at(context: UiContext, comparison: Comparison, step: int) -> list[Side]:
    """Return the sides that are shown at a step, from left to right."""
    theme = context.ui.theme
    if context.model.run is None:
        looks = styles_of(comparison, theme)
        return [_side(comparison, index, look, step) for index, look in enumerate(looks)]
    now, looks = race_styles(comparison, theme)
    others = [_side(comparison, index, look, step) for index, look in enumerate(looks)]
    driven = _driven(context, now)
    return [driven, *others] if len(others) < MOST_SIDES else [driven, *others[1:]]


def columns(area: Rect, count: int, gap: int) -> list[Rect]:
    """Split an area into equal columns."""
    width = (area.width - gap * (count - 1)) // count
    return [
        Rect(area.x + index * (width + gap), area.y, width, area.height) for index in range(count)
    ]


def _side(comparison: Comparison, index: int, look: SeriesStyle, step: int) -> Side:
    lane, about = comparison.lanes[index], comparison.about
    now = min(step, len(lane.returns) - 1)
    note = tr("episode {ordinal}, seed {seed}", ordinal=about.ordinal, seed=about.seed)
    if index:
        note = lane.about.title or _NOTES[lane.about.kind]
    ended = lane.over and now >= len(lane.actions)
    action = lane.actions[now - 1] if 0 < now <= len(lane.actions) else ""
    state = tr("ended at step {now}", now=now) if ended else tr("step {now}", now=now)
    return Side(index, look, note, lane.returns[now], action, state)


def _driven(context: UiContext, look: SeriesStyle) -> Side:
    """Return the side of the person who drives now."""
    live, note = context.model.live, tr("live, from the same start")
    if live is None:
        return Side(None, look, note, 0.0, "", "")
    state = {"ended": tr("over"), "paused": tr("paused")}.get(
        live.phase, tr("step {steps}", steps=live.steps)
    )
    return Side(None, look, note, live.total_reward, live.action, state)


def _draw_side(context: UiContext, card: Rect, side: Side) -> Rect:
    """Draw the return and the frame, which change at every step; return the frame's area."""
    ui = context.ui
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    number = _number_rect(context, card)
    painter.fill(number, theme.surface)
    said = signed(side.total)
    taken = painter.text(said, (number.right, number.centery), "number", side.look.colour, "rm")
    if card.width > px(_ROOMY):
        at = (number.right - taken - px(6), number.centery + px(3))
        painter.text(tr("return"), at, "small", theme.text2, "rm")
    area = Rect(card.x + px(6), card.y + px(HEADER), card.width - px(12), 0)
    area.height = card.height - px(HEADER + 6)
    view = context.view(side.view)
    rect = fitted(area, view.aspect or 1.5)
    loose = rect.width < area.width - 4 or rect.height < area.height - 4
    if loose:
        painter.box(area, theme.sunken, 8)
    view.draw(painter, rect, 8, theme.sunken if loose else theme.surface)
    if side.index is None and context.input.driving:
        painter.box(rect, None, 8, side.look.colour, 3)
    if side.state:
        _draw_pills(context, rect, area, side)
    return rect


def _number_rect(context: UiContext, card: Rect) -> Rect:
    """Return the area for the return, which does not depend on its value."""
    painter, px = context.ui.painter, context.ui.painter.px
    width = px(_NUMBER)
    if card.width > px(_ROOMY):
        width += painter.width(tr("return"), "small") + px(6)
    return Rect(card.right - px(16) - width, card.y + px(8), width, px(36))


def _draw_pills(context: UiContext, view: Rect, area: Rect, side: Side) -> None:
    """Draw the last action and the state beside the frame, or on it if there is no margin.

    If there is little room, only the state is drawn.
    """
    ui, px = context.ui, context.ui.painter.px
    widths = [ui.painter.width(text, "small-medium") + px(24) for text in (side.action, side.state)]
    beside = view.x - area.x >= px(_PILL_MARGIN)
    ends = area.inflate(-px(8), 0) if beside else view.inflate(-px(20), 0)
    y = area.bottom - px(34) if beside else view.bottom - px(38)
    if side.action and (beside or sum(widths) + px(32) < view.width):
        ui.pill((ends.x, y), side.action, VEIL, ON_VEIL)
    ui.pill((ends.right, y), side.state, VEIL, ON_VEIL, right=True)


_NOTES = {
    "script": tr("the scripted expert"),
    "random": tr("random actions"),
    "agent": tr("a policy"),
}
