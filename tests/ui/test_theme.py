"""Colours: every text can be read on what it stands on (WCAG 2.2, 1.4.3: at least 4.5 to 1).

Edges of controls and icons need 3 to 1 (1.4.11).
"""

import pytest

from teleop.runtime.protocol.comparison_messages import LaneInfo, ReplayOpened
from teleop.ui.comparison.series_styles import race_styles, styles_of
from teleop.ui.drawing.theme import (
    ON_VEIL,
    ON_VEIL2,
    PRACTICE,
    THEMES,
    VEIL,
    Colour,
    Theme,
    earlier,
    mix,
)
from teleop.ui.state.view_model import Comparison

_TEXTS = ("text", "text2", "text3", "human", "agent", "recording", "success")
_GROUNDS = ("bg", "surface", "raised", "sunken", "hover")
_ON = (("on_human", "human"), ("on_agent", "agent"), ("on_recording", "recording"))
each_theme = pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)


def _luminance(colour: Colour) -> float:
    """Relative luminance of sRGB."""
    parts = [part / 255 for part in colour[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _ratio(a: Colour, b: Colour) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@each_theme
def test_every_text_can_be_read_on_everything(theme: Theme) -> None:
    for name in _TEXTS:
        for ground in _GROUNDS:
            assert _ratio(getattr(theme, name), getattr(theme, ground)) >= 4.5, (name, ground)
    for ink, ground in _ON:
        assert _ratio(getattr(theme, ink), getattr(theme, ground)) >= 4.5, ink


@each_theme
def test_text_on_a_hovered_button_can_be_read(theme: Theme) -> None:
    other = theme.text if theme.is_dark else (0, 0, 0, 255)
    for ink, ground in (*_ON, ("text", "raised")):
        hovered = mix(getattr(theme, ground), other, 0.10)
        assert _ratio(getattr(theme, ink), hovered) >= 4.5, ink


@each_theme
def test_edges_of_controls_and_icons_can_be_seen(theme: Theme) -> None:
    for ground in _GROUNDS:
        assert _ratio(theme.edge, getattr(theme, ground)) >= 3, ground


@each_theme
@pytest.mark.parametrize("kind", ["human", "script", "policy", "other"])
def test_every_line_and_its_label_can_be_seen(theme: Theme, kind: str) -> None:
    agents = (LaneInfo("agent", name) for name in ("a", "b"))
    lanes = (LaneInfo(kind, ""), *agents, LaneInfo("random", ""))
    opened = ReplayOpened("d", "f", 0, 30.0, 1, lanes, (), (), ())
    looks = styles_of(Comparison.of(opened), theme)
    now, others = race_styles(Comparison.of(opened), theme)
    for look in (*looks, now, *others):
        assert _ratio(look.colour, theme.surface) >= 4.5, look.name
    assert _ratio(earlier(theme.agent, theme), theme.surface) >= 4.5


def test_what_lies_over_a_picture_can_be_read_on_any_picture() -> None:
    for picture in ((255, 255, 255, 255), (0, 0, 0, 255)):
        ground = mix(picture, VEIL, VEIL[3] / 255)
        for ink in (ON_VEIL, ON_VEIL2, PRACTICE):
            assert _ratio(ink, ground) >= (3 if ink is PRACTICE else 4.5)


def test_high_contrast_is_high() -> None:
    theme = THEMES["contrast"]
    assert all(_ratio(getattr(theme, name), theme.surface) >= 7 for name in _TEXTS)
