"""The window in other languages: gettext catalogues of the messages that a `Text` is made from.

`assets/languages/<code>/LC_MESSAGES/teleop.po` is what translators edit, `teleop.mo` what is read;
`python -m tests.translations` brings both up to date with the code.
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
    """Translates what is drawn."""

    def __init__(self, folder: Path, code: str) -> None:
        """Read a catalogue.

        Args:
            folder: of the catalogues.
            code: of the language; empty: as the computer is set.
        """
        self.code = code if code in LANGUAGES else system_language()
        self._catalogue = gettext.translation("teleop", folder, [self.code], fallback=True)

    def of(self, text: str) -> str:
        """A text in this language; what has no message stays as it is."""
        return text.translated(self._look_up) if isinstance(text, Text) else text

    def _look_up(self, message: str, plural: str, n: int) -> str:
        if plural:
            return self._catalogue.ngettext(message, plural, n)
        return self._catalogue.gettext(message)


def system_language() -> str:
    """The computer's, if there is a catalogue for it; else English."""
    try:
        name = locale.getlocale()[0] or ""
    except ValueError:
        name = ""
    return next((code for code in LANGUAGES if name.lower().startswith(code)), "en")
