"""The sheet that says how the window looks and behaves."""

from teleop.ui.drawing.translation import LANGUAGES
from teleop.ui.sheets.options_sheet import Option, changed, lines_of
from teleop.ui.state.settings import Settings
from teleop.ui.widgets.sheet import Line

_THEMES = {"ink": "Dark", "paper": "Light", "contrast": "High contrast"}
_SETTINGS = (
    Option(
        "theme",
        "Colours",
        tuple(_THEMES),
        "Projector mode (F2) is light, whatever is chosen here",
        lambda v: _THEMES[v],
    ),
    Option(
        "language",
        "Language",
        ("", *LANGUAGES),
        "Environment and file names are not translated",
        lambda v: LANGUAGES.get(v, "As this computer"),
    ),
    Option(
        "reduced_motion",
        "Reduced motion",
        (False, True),
        "No animation",
        lambda v: "on" if v else "off",
    ),
    Option(
        "sounds",
        "Sounds",
        (False, True),
        "Short tones for start, save, discard and take-over",
        lambda v: "on" if v else "off",
    ),
)


def setting_lines(settings: Settings) -> list[Line]:
    """The rows, with what is chosen now."""
    return lines_of(_SETTINGS, settings)


def changed_settings(settings: Settings, line_id: str, step: int) -> Settings:
    """The settings after a row was used."""
    return changed(_SETTINGS, settings, line_id, step)
