"""The sheet of settings: how the window looks and behaves."""

from teleop.text import tr
from teleop.translation import LANGUAGES
from teleop.ui.sheets.options_sheet import Option, changed, lines_of
from teleop.ui.state.settings import Settings
from teleop.ui.widgets.sheet import Line

_THEMES = {"ink": tr("Dark"), "paper": tr("Light"), "contrast": tr("High contrast")}
_SETTINGS = (
    Option(
        "theme",
        tr("Colours"),
        tuple(_THEMES),
        tr("Projector mode (F2) is light, whatever is chosen here"),
        lambda v: _THEMES[v],
    ),
    Option(
        "language",
        tr("Language"),
        ("", *LANGUAGES),
        tr("Environment and file names are not translated"),
        lambda v: LANGUAGES.get(v, tr("Same as this computer")),
    ),
    Option(
        "reduced_motion",
        tr("Reduced motion"),
        (False, True),
        tr("No animation"),
        lambda v: tr("on") if v else tr("off"),
    ),
    Option(
        "sounds",
        tr("Sounds"),
        (False, True),
        tr("Short tones for start, save, discard and take-over"),
        lambda v: tr("on") if v else tr("off"),
    ),
)


def setting_lines(settings: Settings) -> list[Line]:
    """Return the rows with their current values."""
    return lines_of(_SETTINGS, settings)


def changed_settings(settings: Settings, line_id: str, step: int) -> Settings:
    """Return the settings after a row was used."""
    return changed(_SETTINGS, settings, line_id, step)
