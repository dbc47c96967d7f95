"""The computer's own dialog for choosing a file or a folder; the window goes on meanwhile."""

import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pygame

_NO_SCREEN = ("dummy", "offscreen")


class FileDialog:
    """One dialog at a time, in a thread of its own."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """Prepare.

        Args:
            wake: called from the thread once the person has chosen.
        """
        self._wake = wake
        self._thread: threading.Thread | None = None
        self._answer = ""

    def open(self, title: str, folder: Path, *, folders: bool) -> bool:
        """Ask for a file, or a folder; False where the computer has no dialog to ask with."""
        if self._thread is not None:
            return True  # it is open already
        dialogs = None if pygame.display.get_driver() in _NO_SCREEN else _dialogs()
        if dialogs is None:
            return False
        ask = dialogs.choose_folder if folders else dialogs.open_file
        self._thread = threading.Thread(target=self._ask, args=(ask, title, folder), daemon=True)
        self._thread.start()
        return True

    def answer(self) -> str:
        """The path that was chosen since; empty without one."""
        if self._thread is None or self._thread.is_alive():
            return ""
        self._thread = None
        chosen, self._answer = self._answer, ""
        return chosen

    def _ask(self, ask: Callable[..., Any], title: str, folder: Path) -> None:
        try:
            self._answer = str(ask(title=title, start_dir=str(folder)) or "")
        except Exception:  # noqa: BLE001  another program's dialog: as if it had been closed
            self._answer = ""
        self._wake()


def _dialogs() -> Any:  # the package has no types
    """The package that knows this computer's dialogs; None where it finds none."""
    try:
        return importlib.import_module("crossfiledialog")
    except Exception:  # noqa: BLE001  it says by an error of its own that there is none
        return None
