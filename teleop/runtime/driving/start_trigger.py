"""Starts a take by itself: after a countdown, at the first input, or after the last take."""

import math

from teleop.runtime.protocol.driving_options import Start

_COUNTDOWN_S = 3.0
_BETWEEN_S = 1.5  # pause before the next episode begins by itself, so that the hands can rest
_REFRESH_S = 0.05  # time between updates of a countdown


class StartTrigger:
    """Decides when the next take begins; waits for at most one thing at a time."""

    def __init__(self) -> None:
        self._begins_s: float | None = None  # infinite: at the first input
        self._next_s: float | None = None

    @property
    def active(self) -> bool:
        """Whether something will begin by itself."""
        return self._begins_s is not None or self._next_s is not None

    @property
    def begins(self) -> bool:
        """Whether a take is about to begin from the start state that is shown."""
        return self._begins_s is not None

    @property
    def counts_down(self) -> bool:
        """Whether the take begins at a known time."""
        return self.begins and not self.for_input

    @property
    def for_input(self) -> bool:
        """Whether the take begins at the first input."""
        return self._begins_s == math.inf

    def cancel(self) -> None:
        """Cancel everything that would begin by itself."""
        self._begins_s = self._next_s = None

    def cancel_next(self) -> None:
        """Cancel the next episode that would begin by itself."""
        self._next_s = None

    def start(self, start: Start, now: float) -> bool:
        """Handle a request for a take; return True if it begins at once."""
        match start:
            case Start.COUNTDOWN:
                self._begins_s = now + _COUNTDOWN_S
            case Start.FIRST_INPUT:
                self._begins_s = math.inf
        return start is Start.AT_ONCE

    def next(self, now: float) -> None:
        """Let another episode follow after a pause."""
        self._next_s = now + _BETWEEN_S

    def take_due(self, now: float) -> bool:
        """Return whether the countdown is over."""
        return self._begins_s is not None and now >= self._begins_s

    def next_due(self, now: float) -> bool:
        """Return whether the next episode is due."""
        return self._next_s is not None and now >= self._next_s

    def due_s(self, now: float) -> float | None:
        """Return when something is due; None while waiting for input or for nothing."""
        if self._begins_s is not None and self.counts_down:
            return min(self._begins_s, now + _REFRESH_S)
        return None if self._begins_s is not None else self._next_s

    def shown_s(self, now: float) -> float | None:
        """Return the seconds left: -1 until the first input, None while waiting for nothing."""
        when = self._begins_s if self._begins_s is not None else self._next_s
        if when is None:
            return None
        return -1.0 if when == math.inf else max(0.0, when - now)
