"""Translates the window, with gettext catalogues of the messages that `Text` objects hold.

Translators edit `assets/languages/<code>/LC_MESSAGES/teleop.po`; the window reads `teleop.mo`.
`python -m tests.translations` updates both to match the code.
"""

import gettext
import locale
from pathlib import Path

from teleop.text import Text

LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "zh": "简体中文",
}


class Language:
    """Translates the text on screen into one language."""

    def __init__(self, folder: Path, code: str) -> None:
        """Read the catalogue of a language.

        Args:
            folder: folder of the catalogues.
            code: language code; empty for the system's language.
        """
        self.code = code if code in LANGUAGES else system_language()
        self._catalogue = gettext.translation("teleop", folder, [self.code], fallback=True)

    def of(self, text: str) -> str:
        """Translate a text; text without a message stays as it is."""
        return text.translated(self._look_up) if isinstance(text, Text) else text

    def _look_up(self, message: str, plural: str, n: int) -> str:
        if plural:
            return self._catalogue.ngettext(message, plural, n)
        return self._catalogue.gettext(message)


def system_language() -> str:
    """Return the system's language if there is a catalogue for it, else English."""
    try:
        name = locale.getlocale()[0] or ""
    except ValueError:
        name = ""
    return next((code for code in LANGUAGES if name.lower().startswith(code)), "en")
