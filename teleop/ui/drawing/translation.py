"""The window's words in other languages: one catalogue a language, applied where text is drawn.

The code says everything in English; `assets/languages/<code>.json` maps an English sentence, with
`{}` where something varies, to its translation, with `{0}`, `{1}`… for what stands there. Whatever
has no entry (names of environments, files, numbers) stays as it is.
"""

import json
import locale
import re
from functools import lru_cache
from pathlib import Path

LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "zh": "简体中文",
}
_JOINTS = (" · ", "  ")  # between parts that are translated each by itself


class Language:
    """Translates what is drawn."""

    def __init__(self, folder: Path, code: str) -> None:
        """Read a catalogue.

        Args:
            folder: of the catalogues.
            code: of the language; empty: as the computer is set.
        """
        self.code = code if code in LANGUAGES else system_language()
        file = folder / f"{self.code}.json"
        entries: dict[str, str] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
        self._plain = {key: value for key, value in entries.items() if "{}" not in key}
        patterns = [(key, value) for key, value in entries.items() if "{}" in key]
        patterns.sort(key=lambda pair: -len(pair[0]))  # the most particular first
        self._patterns = [(_pattern(key), value) for key, value in patterns]
        self.of = lru_cache(4096)(self._translated) if entries else _same

    def _translated(self, text: str) -> str:
        found = self._plain.get(text)
        if found is not None:
            return found
        for pattern, translation in self._patterns:
            match = pattern.fullmatch(text)
            if match:
                parts = [self.of(part) for part in match.groups()]
                return translation.format(*parts)
        for joint in _JOINTS:
            if joint in text:
                return joint.join(self.of(part) for part in text.split(joint))
        return text


def _same(text: str) -> str:
    return text


def _pattern(key: str) -> "re.Pattern[str]":
    return re.compile("(.+?)".join(re.escape(part) for part in key.split("{}")), re.DOTALL)


def system_language() -> str:
    """The computer's, if there is a catalogue for it; else English."""
    try:
        name = locale.getlocale()[0] or ""
    except ValueError:
        name = ""
    return next((code for code in LANGUAGES if name.lower().startswith(code)), "en")
