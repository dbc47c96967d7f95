"""Returns of several drivers: every episode as a dot, the mean and its 95 % interval, success."""

from pygame import Rect

from teleop.text import joined, ntr, tr
from teleop.types.results import Score
from teleop.ui.drawing.formatting import signed
from teleop.ui.drawing.theme import Colour, earlier, mix
from teleop.ui.widgets.widgets import Ui

_WORDS = {
    "person": tr("Demonstrations"),
    "policy": tr("Agent"),
    "script": tr("Script"),
    "random": tr("Random"),
}
_HEAD, _FOOT = 22, 40
_LEAST_ROW = 17
_NUMBER, _RATE = 64, 62


def draw_score_bars(
    ui: Ui, area: Rect, scores: tuple[Score, ...], *, scripted: bool = False
) -> None:
    """Draw a row for each score on one scale: demonstrations first, earlier policies by name.

    Demonstrations by a person are orange, those of a script grey. Where there is little room,
    earlier policies are left out, the oldest first.
    """
    painter, px = ui.painter, ui.painter.px
    scores = _that_fit(scores, (area.height - px(_HEAD + 18)) // px(_LEAST_ROW))
    judged = any(item.success is not None for item in scores)
    names = [_WORDS.get(item.name, item.name) for item in scores]
    label = max(painter.width(name, "small-medium") for name in names) + px(14)
    label = min(label, round(area.width * 0.36))
    right = area.right - (px(_RATE) if judged else 0)
    track = Rect(area.x + label, 0, right - px(_NUMBER + 12) - area.x - label, px(6))
    small = ui.theme.text2
    top = area.y + px(8)
    painter.text(tr("mean return"), (right, top), "small", small, "rm")
    if judged:
        painter.text(tr("success"), (area.right, top), "small", small, "rm")
    foot = px(_FOOT) if area.height > px(_HEAD + _FOOT + 20 * len(scores)) else px(18)
    row = min(px(36), (area.height - px(_HEAD) - foot) // len(scores))
    low, high = _scale(scores)
    for index, item in enumerate(scores):
        y = area.y + px(_HEAD) + index * row + row // 2
        colour = _colour(ui, "script" if scripted and item.name == "person" else item.name)
        painter.text(names[index], (area.x, y), "small-medium", width=label - px(8))
        track.centery = y
        _draw_row(ui, track, item, (low, high), colour)
        said = signed(item.mean, plus=False)
        painter.text(said, (right, y), "small-bold", colour, "rm", width=px(_NUMBER))
        if item.success is not None:
            painter.text(f"{item.success:.0%}", (area.right, y), "small-bold", colour, "rm")
    axis = area.y + px(_HEAD) + len(scores) * row + px(6)
    _draw_axis(ui, Rect(track.x, axis, track.width, 0), (low, high))
    for index, line in enumerate(_captions(scores)):
        at = (area.x, axis + px(18) * (index + 1))
        if at[1] <= area.bottom:
            painter.text(line, at, "small", small, width=area.width)


def _that_fit(scores: tuple[Score, ...], rows: int) -> tuple[Score, ...]:
    earlier = [item for item in scores if item.name not in _WORDS]
    out = earlier[max(0, len(earlier) - max(0, len(scores) - rows)) :]  # they are newest first
    return tuple(item for item in scores if item not in out)


def _draw_axis(ui: Ui, axis: Rect, ends: tuple[float, float]) -> None:
    """Draw the smallest and the largest return, if there is room for both."""
    painter, ink = ui.painter, ui.theme.text2
    texts = [f"{value:.0f}".replace("-", "−") for value in ends]
    if sum(painter.width(text, "small") for text in texts) + painter.px(12) < axis.width:
        painter.text(texts[0], (axis.x, axis.y), "small", ink)
        painter.text(texts[1], (axis.right, axis.y), "small", ink, "rm")


def _scale(scores: tuple[Score, ...]) -> tuple[float, float]:
    """Return the smallest and the largest value that is shown."""
    low = min(min((item.low, *item.returns)) for item in scores)
    high = max(max((item.high, *item.returns)) for item in scores)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _draw_row(ui: Ui, track: Rect, item: Score, ends: tuple[float, float], ink: Colour) -> None:
    """Draw the interval as a bar, every episode as a dot, and the mean as a line."""
    painter, px = ui.painter, ui.painter.px
    low, high = ends

    def x_of(value: float) -> int:
        return track.x + round((value - low) / (high - low) * track.width)

    painter.box(track, ui.theme.sunken, 3)
    left, right = x_of(item.low), x_of(item.high)
    if right > left:
        painter.box(Rect(left, track.y, right - left, track.height), ink, 3)
    pale = mix(ink, ui.theme.surface, 0.35)
    for value in item.returns:
        painter.dot((x_of(value), track.centery), 2.5, pale)
    painter.fill((x_of(item.mean) - px(1), track.centery - px(8), px(3), px(16)), ui.theme.text)


def _captions(scores: tuple[Score, ...]) -> list[str]:
    """Return what the rows show: how many episodes, what the bar is, what counts as success."""
    played = [item.episodes for item in scores if item.name != "person"]
    starts = ntr("{n} episode", "{n} episodes", scores[0].episodes)
    if played:
        starts = ntr("{n} fresh start", "{n} fresh starts", max(played))
    lines = [joined(" · ", (starts, tr("dots: episodes"), tr("bar: 95 % interval")))]
    rule = next((item.rule for item in scores if item.rule), "")
    if rule:
        lines.append(tr("Success: {rule}", rule=rule))
    return lines


def _colour(ui: Ui, who: str) -> Colour:
    """Return orange for the person, blue for policies, and a paler blue for earlier policies."""
    theme = ui.theme
    plain = {"person": theme.human, "policy": theme.agent, "script": theme.text2}
    before = theme.text2 if who == "random" else earlier(theme.agent, theme)
    return plain.get(who, before)
