"""Styles of the sides of a comparison: name, colour and dash, the same in every view."""

from dataclasses import dataclass

from teleop.runtime.protocol.comparison_messages import LaneInfo
from teleop.text import tr
from teleop.ui.drawing.theme import Colour, Theme, earlier, mix
from teleop.ui.state.view_model import Comparison

_RECORDED = {
    "human": tr("You"),
    "script": tr("Scripted"),
    "policy": tr("Recorded agent"),
    "other": tr("Recorded"),
}
_RIVALS = {"agent": tr("Agent"), "script": tr("Script"), "random": tr("Random")}
_DASHES: tuple[tuple[float, float] | None, ...] = (None, (3.0, 3.0), (12.0, 4.0))


@dataclass(frozen=True, slots=True)
class SeriesStyle:
    """A side's style: a person is orange, a policy blue, others grey; recordings are dashed."""

    name: str
    colour: Colour
    dash: tuple[float, float] | None


def styles_of(comparison: Comparison, theme: Theme) -> list[SeriesStyle]:
    """Return a style for each side."""
    lanes = [lane.about for lane in comparison.lanes]
    kind = lanes[0].kind
    ink = {"human": theme.human, "policy": theme.agent}.get(kind, theme.text2)
    first = SeriesStyle(_RECORDED.get(kind, tr("Recorded")), ink, (9.0, 4.0))
    return [first, *(_rival(lanes[1:], index, theme) for index in range(len(lanes) - 1))]


def race_styles(comparison: Comparison, theme: Theme) -> tuple[SeriesStyle, list[SeriesStyle]]:
    """Return the style of the person who drives now, and the styles of all other sides.

    The recording is paler than usual, to tell it from the person who drives now.
    """
    first, *rivals = styles_of(comparison, theme)
    name = tr("You (recorded)") if first.name == "You" else first.name
    before = SeriesStyle(name, earlier(first.colour, theme), (3.0, 3.0))
    return SeriesStyle(tr("You (now)"), theme.human, (9.0, 4.0)), [before, *rivals]


def _rival(rivals: list[LaneInfo], index: int, theme: Theme) -> SeriesStyle:
    about = rivals[index]
    name = _RIVALS.get(about.kind, about.kind)
    same = [other for other in rivals[:index] if other.kind == about.kind]
    several = sum(other.kind == about.kind for other in rivals) > 1
    dash = _DASHES[len(same)]
    plain = theme.agent if about.kind == "agent" else theme.text2
    colour = mix(plain, theme.text, 0.4) if same else plain
    return SeriesStyle(about.name or name if several else name, colour, dash)
