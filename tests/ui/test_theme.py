"""Colours: every text can be read on what it stands on (WCAG 2.2, 1.4.3: at least 4.5 to 1)."""

import pytest

from teleop.ui.drawing.theme import THEMES, Colour, Theme

_TEXTS = ("text", "text2", "text3", "human", "agent", "recording", "success")
_ON = (("on_human", "human"), ("on_agent", "agent"), ("on_recording", "recording"))


def _luminance(colour: Colour) -> float:
    """Relative luminance of sRGB."""
    parts = [part / 255 for part in colour[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _ratio(a: Colour, b: Colour) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_every_text_can_be_read(theme: Theme) -> None:
    for name in _TEXTS:
        assert _ratio(getattr(theme, name), theme.surface) >= 4.5, name
    for ink, ground in _ON:
        assert _ratio(getattr(theme, ink), getattr(theme, ground)) >= 4.5, ink


def test_high_contrast_is_high() -> None:
    theme = THEMES["contrast"]
    assert all(_ratio(getattr(theme, name), theme.surface) >= 7 for name in _TEXTS)
