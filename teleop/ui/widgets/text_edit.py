"""Editing of a text field: caret, composition by an input method, clipboard."""

from collections.abc import Callable
from dataclasses import dataclass

import pygame

_LONGEST = 2000


@dataclass(slots=True)
class TextEdit:
    """The state of a text field while it is edited.

    Attributes:
        node_id: id of the field.
        text: current text.
        caret: number of characters before the caret.
        composing: text that an input method is composing at the caret.
        done: called with the text when it is committed.
        live: called with the text after every change.
    """

    node_id: str
    text: str
    caret: int
    done: Callable[[str], None]
    live: Callable[[str], None] | None = None
    composing: str = ""

    @property
    def shown(self) -> str:
        """The text with the composition inserted at the caret."""
        return self.text[: self.caret] + self.composing + self.text[self.caret :]

    def insert(self, text: str) -> None:
        """Insert text that was typed, composed or pasted."""
        clean = "".join(c for c in text if c.isprintable())
        clean = clean[: max(0, _LONGEST - len(self.text))]
        self.text = self.text[: self.caret] + clean + self.text[self.caret :]
        self.caret += len(clean)
        self.composing = ""
        self._changed()

    def key(self, event: pygame.event.Event) -> bool:
        """Handle an editing key; return False if the key means something else."""
        if self.composing:
            return True  # the input method handles it
        ctrl = bool(event.mod & (pygame.KMOD_CTRL | pygame.KMOD_META))
        if ctrl and event.key == pygame.K_v:
            self.insert(_pasted())
        elif ctrl and event.key == pygame.K_c:
            copy(self.text)
        elif ctrl and event.key in (pygame.K_u, pygame.K_BACKSPACE):
            self.text, self.caret = self.text[self.caret :], 0
            self._changed()
        elif event.key == pygame.K_BACKSPACE and self.caret:
            self._cut(self.caret - 1)
        elif event.key == pygame.K_DELETE and self.caret < len(self.text):
            self._cut(self.caret)
        elif event.key in _JUMPS:
            wish = _JUMPS[event.key](self.caret, len(self.text))
            self.caret = max(0, min(len(self.text), wish))
        else:
            typed = event.unicode.isprintable() and bool(event.unicode)
            return event.key == pygame.K_BACKSPACE or (typed and not ctrl)
        return True

    def _cut(self, index: int) -> None:
        self.text = self.text[:index] + self.text[index + 1 :]
        self.caret = index
        self._changed()

    def _changed(self) -> None:
        if self.live:
            self.live(self.text)


_JUMPS: dict[int, Callable[[int, int], int]] = {
    pygame.K_LEFT: lambda caret, _: caret - 1,
    pygame.K_RIGHT: lambda caret, _: caret + 1,
    pygame.K_HOME: lambda *_: 0,
    pygame.K_END: lambda _, length: length,
}


def copy(text: str) -> None:
    """Copy a text to the clipboard; do nothing if there is no clipboard."""
    try:
        pygame.scrap.put_text(text)
    except pygame.error:
        return


def _pasted() -> str:
    try:
        return str(pygame.scrap.get_text() or "")
    except pygame.error:
        return ""
