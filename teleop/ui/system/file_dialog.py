"""The system's dialog for choosing a file or a folder; the window keeps running meanwhile."""

import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pygame

_NO_SCREEN = ("dummy", "offscreen")


class FileDialog:
    """Shows one dialog at a time, in its own thread."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """Create a closed dialog.

        Args:
            wake: called from the dialog's thread once the person has chosen.
        """
        self._wake = wake
        self._thread: threading.Thread | None = None
        self._answer = ""

    @property
    def is_open(self) -> bool:
        """Whether a dialog is open, or its answer is not read yet."""
        return self._thread is not None

    def open(self, title: str, folder: Path, *, folders: bool) -> bool:
        """Ask for a file or a folder; return False if the system has no dialog."""
        if self.is_open:
            return True
        dialogs = None if pygame.display.get_driver() in _NO_SCREEN else _dialogs()
        if dialogs is None:
            return False
        ask = dialogs.choose_folder if folders else dialogs.open_file
        self._thread = threading.Thread(target=self._ask, args=(ask, title, folder), daemon=True)
        self._thread.start()
        return True

    def answer(self) -> str:
        """Return the path that was chosen since the last call; empty if there is none."""
        if self._thread is None or self._thread.is_alive():
            return ""
        self._thread = None
        chosen, self._answer = self._answer, ""
        return chosen

    def _ask(self, ask: Callable[..., Any], title: str, folder: Path) -> None:
        try:
            self._answer = str(ask(title=title, start_dir=str(folder)) or "")
        except Exception:  # noqa: BLE001  a dialog of another program: treat an error as closing it
            self._answer = ""
        self._wake()


def _dialogs() -> Any:  # the package has no types
    """Return the package that shows the system's dialogs; None if it finds none."""
    try:
        return importlib.import_module("crossfiledialog")
    except Exception:  # noqa: BLE001  the package raises its own error if it finds no dialog
        return None
