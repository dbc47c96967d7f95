"""Who stands where: mean returns and their 95 % intervals as bars under each other."""

from pygame import Rect

from teleop.stage.lessons import Standing
from teleop.ui.theme import Colour
from teleop.ui.widgets import Ui
from teleop.ui.words import signed

_WORDS = {"person": "Demos", "policy": "Agent", "script": "Script", "chance": "Chance"}


def draw_standing_bars(ui: Ui, area: Rect, standings: tuple[Standing, ...]) -> None:
    """Draw a row for each; the demonstrations first, on one scale."""
    painter, px = ui.painter, ui.painter.px
    low = min(item.low for item in standings)
    high = max(item.high for item in standings)
    reach = max(1e-9, high - low)
    row = min(px(40), area.height // len(standings))
    label, number = px(58), px(64)
    track = Rect(area.x + label, 0, area.width - label - number - px(12), px(6))
    for index, item in enumerate(standings):
        y = area.y + index * row + row // 2
        colour = _colour(ui, item.who)
        painter.text(_WORDS.get(item.who, item.who), (area.x, y), "small-medium")
        track.centery = y
        painter.box(track, ui.theme.sunken, 3)
        left = track.x + round((item.low - low) / reach * track.width)
        right = track.x + round((item.high - low) / reach * track.width)
        painter.box(Rect(left, track.y, max(px(4), right - left), track.height), colour, 3)
        middle = track.x + round((item.mean - low) / reach * track.width)
        painter.fill((middle - px(1), y - px(8), px(3), px(16)), ui.theme.text)
        said = signed(item.mean, plus=False)
        painter.text(said, (area.right, y), "small-bold", colour, "rm", width=number)


def _colour(ui: Ui, who: str) -> Colour:
    return {"person": ui.theme.human, "policy": ui.theme.agent}.get(who, ui.theme.text2)
