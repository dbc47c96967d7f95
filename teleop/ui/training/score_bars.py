"""Bar chart of mean returns with their 95 % intervals, one row per score."""

from pygame import Rect

from teleop.text import tr
from teleop.types.results import Score
from teleop.ui.drawing.formatting import signed
from teleop.ui.drawing.theme import Colour, mix
from teleop.ui.widgets.widgets import Ui

_WORDS = {
    "person": tr("Demonstrations"),
    "policy": tr("Agent"),
    "script": tr("Script"),
    "random": tr("Random"),
}


def draw_score_bars(ui: Ui, area: Rect, scores: tuple[Score, ...]) -> None:
    """Draw a row for each score on one scale: demonstrations first, earlier policies by name."""
    painter, px = ui.painter, ui.painter.px
    low = min(item.low for item in scores)
    high = max(item.high for item in scores)
    reach = max(1e-9, high - low)
    row = min(px(40), area.height // len(scores))
    names = [_WORDS.get(item.name, item.name) for item in scores]
    label = max(painter.width(name, "small-medium") for name in names) + px(14)
    label, number = min(label, round(area.width * 0.4)), px(64)
    track = Rect(area.x + label, 0, area.width - label - number - px(12), px(6))
    for index, item in enumerate(scores):
        y = area.y + index * row + row // 2
        colour = _colour(ui, item.name)
        painter.text(names[index], (area.x, y), "small-medium", width=label - px(8))
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
    """Return orange for the person, blue for policies, and a paler blue for earlier policies."""
    theme = ui.theme
    plain = {"person": theme.human, "policy": theme.agent, "script": theme.text2}
    earlier = theme.text2 if who == "random" else mix(theme.agent, theme.surface, 0.4)
    return plain.get(who, earlier)
