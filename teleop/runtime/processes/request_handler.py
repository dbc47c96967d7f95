"""What processes that work on requests for a long time have in common."""

import contextlib
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from teleop.runtime.protocol.session_messages import Request


class Stopped(Exception):  # noqa: N818  not an error
    """The window asked to stop the current work."""


class RequestHandler:
    """Handles one request after another, by its type; subclasses fill the table."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self._pipe = pipe
        self._quits = False
        self._handlers: dict[type, Callable[[Any], None]] = {}

    def handle(self, message: Any) -> None:
        """Handle one request; what is not in the table is ignored."""
        if message is Request.QUIT:
            self._quits = True
        elif handler := self._handlers.get(type(message)):
            with contextlib.suppress(Stopped):
                handler(message)
