"""The design system: colours, fonts and sizes."""

from dataclasses import dataclass
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int, int]


def rgba(code: str, alpha: int = 255) -> Colour:
    """Convert a hex code such as `0B0C10` to red, green, blue and alpha."""
    red, green, blue = (int(code[i : i + 2], 16) for i in (0, 2, 4))
    return (red, green, blue, alpha)


_EARLIER = 0.1


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Mix a share of `b` into `a`; the result is opaque."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a[:3], b[:3], strict=True))
    return (red, green, blue, 255)


def earlier(colour: Colour, theme: "Theme") -> Colour:
    """Return a colour for what came before: paler, but still readable."""
    return mix(colour, theme.surface, _EARLIER)


def faded(colour: Colour, alpha: int) -> Colour:
    """Return a colour with another alpha value."""
    return (*colour[:3], alpha)


@dataclass(frozen=True, slots=True)
class Theme:
    """A set of colours: orange always means the person, blue always the agent.

    `edge` surrounds controls, so it has a contrast of at least 3 to everything beside it; lines
    that only divide an area are fainter.
    """

    name: str
    bg: Colour
    surface: Colour
    raised: Colour
    sunken: Colour
    line: Colour
    strong_line: Colour
    edge: Colour
    hover: Colour
    text: Colour
    text2: Colour
    text3: Colour
    human: Colour
    agent: Colour
    recording: Colour
    success: Colour
    on_human: Colour
    on_agent: Colour
    on_recording: Colour
    is_dark: bool
    heavier: bool  # use heavier fonts: thin letters are hard to see on a projector
    line_px: float

    @property
    def track(self) -> Colour:
        """Colour of the empty part of a bar; in white, the bar would look full."""
        return self.line if self.name == "contrast" else self.strong_line


INK = Theme(
    name="ink",
    bg=rgba("0B0C10"),
    surface=rgba("13151B"),
    raised=rgba("1B1E26"),
    sunken=rgba("0E0F14"),
    line=rgba("23262F"),
    strong_line=rgba("343945"),
    edge=rgba("6B7283"),
    hover=rgba("232731"),
    text=rgba("F2F4F8"),
    text2=rgba("A6ADBB"),
    text3=rgba("868E9E"),
    human=rgba("F2A93B"),
    agent=rgba("5AB0F5"),
    recording=rgba("FF6459"),
    success=rgba("2FC79A"),
    on_human=rgba("1A1000"),
    on_agent=rgba("06121C"),
    on_recording=rgba("1D0403"),
    is_dark=True,
    heavier=False,
    line_px=2.0,
)
PAPER = Theme(
    name="paper",
    bg=rgba("F3F4F7"),
    surface=rgba("FFFFFF"),
    raised=rgba("FFFFFF"),
    sunken=rgba("ECEEF2"),
    line=rgba("DADDE4"),
    strong_line=rgba("B4BAC6"),
    edge=rgba("808797"),
    hover=rgba("E9ECF1"),
    text=rgba("0D1017"),
    text2=rgba("3D4452"),
    text3=rgba("5A6271"),
    human=rgba("A35200"),
    agent=rgba("005FB8"),
    recording=rgba("B0144B"),
    success=rgba("007A5A"),
    on_human=rgba("FFFFFF"),
    on_agent=rgba("FFFFFF"),
    on_recording=rgba("FFFFFF"),
    is_dark=False,
    heavier=True,
    line_px=3.0,
)

CONTRAST = Theme(
    name="contrast",
    bg=rgba("000000"),
    surface=rgba("000000"),
    raised=rgba("1A1A1A"),
    sunken=rgba("000000"),
    line=rgba("6A6A6A"),
    strong_line=rgba("FFFFFF"),
    edge=rgba("FFFFFF"),
    hover=rgba("333333"),
    text=rgba("FFFFFF"),
    text2=rgba("FFFFFF"),
    text3=rgba("A6A6A6"),
    human=rgba("FFB000"),
    agent=rgba("6FC3FF"),
    recording=rgba("FF7A70"),
    success=rgba("4DF0B4"),
    on_human=rgba("000000"),
    on_agent=rgba("000000"),
    on_recording=rgba("000000"),
    is_dark=True,
    heavier=True,
    line_px=3.0,
)
THEMES = {theme.name: theme for theme in (INK, PAPER, CONTRAST)}

# Colours on top of frames are fixed: they do not depend on the theme.
VEIL = rgba("0A0B0E", 205)
ON_VEIL = rgba("F5F7FA")
ON_VEIL2 = rgba("BEC4CE")
VEIL_RECORDING = rgba("FF6459")
VEIL_RECORDING_OFF = rgba("823C38")
PRACTICE = rgba("B58CFF")  # different from the person's orange and the recording's red
KEY_LINE = rgba("FFFFFF", 60)
CLEAR: Colour = (0, 0, 0, 0)

# Size at scale 1 and font of each style.
STYLES: dict[str, tuple[int, str]] = {
    "display": (30, "InterDisplay-SemiBold"),
    "number": (22, "InterDisplay-SemiBold"),
    "h1": (20, "InterDisplay-SemiBold"),
    "h2": (15, "Inter-SemiBold"),
    "body": (14, "Inter-Regular"),
    "medium": (14, "Inter-Medium"),
    "bold": (14, "Inter-SemiBold"),
    "small": (12, "Inter-Regular"),
    "small-medium": (12, "Inter-Medium"),
    "small-bold": (12, "Inter-SemiBold"),
}
HEAVIER = {"Inter-Regular": "Inter-Medium", "Inter-Medium": "Inter-SemiBold"}
CAP_HEIGHT = 0.727  # height of Inter's capital letters, as a share of the font size


def shade(theme: Theme, share: float) -> Colour:
    """Return the colour of a rank: from the worst (0, red) to the best (1, green) reward."""
    if share < 0.5:
        return mix(theme.recording, theme.raised, share * 2)
    return mix(theme.raised, theme.success, share * 2 - 1)
