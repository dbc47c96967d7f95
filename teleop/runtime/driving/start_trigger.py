"""When a take begins by itself: after a countdown, with the first input, after the one before."""

import math

from teleop.runtime.protocol.driving_options import Start

_COUNTDOWN_S = 3.0
_BETWEEN_S = 1.5  # before the next episode begins by itself: hands rest
_REFRESH_S = 0.05  # of a countdown


class StartTrigger:
    """What is being waited for; at most one thing."""

    def __init__(self) -> None:
        self._begins_s: float | None = None  # infinite: with the first input
        self._next_s: float | None = None

    @property
    def active(self) -> bool:
        """Something will begin by itself."""
        return self._begins_s is not None or self._next_s is not None

    @property
    def begins(self) -> bool:
        """A take is about to begin, from the start that is shown."""
        return self._begins_s is not None

    @property
    def counts_down(self) -> bool:
        """It begins in a moment that is known."""
        return self.begins and not self.for_input

    @property
    def for_input(self) -> bool:
        """The first input begins it."""
        return self._begins_s == math.inf

    def cancel(self) -> None:
        """Nothing begins by itself."""
        self._begins_s = self._next_s = None

    def cancel_next(self) -> None:
        """No further episode begins by itself."""
        self._next_s = None

    def start(self, start: Start, now: float) -> bool:
        """A take was asked for; True if it begins at once."""
        match start:
            case Start.COUNTDOWN:
                self._begins_s = now + _COUNTDOWN_S
            case Start.FIRST_INPUT:
                self._begins_s = math.inf
        return start is Start.AT_ONCE

    def next(self, now: float) -> None:
        """Another episode is to follow."""
        self._next_s = now + _BETWEEN_S

    def take_due(self, now: float) -> bool:
        """The countdown is over."""
        return self._begins_s is not None and now >= self._begins_s

    def next_due(self, now: float) -> bool:
        """The next episode is due."""
        return self._next_s is not None and now >= self._next_s

    def due_s(self, now: float) -> float | None:
        """When something is due; None if only the person can tell, or nothing is waited for."""
        if self._begins_s is not None and self.counts_down:
            return min(self._begins_s, now + _REFRESH_S)
        return None if self._begins_s is not None else self._next_s

    def shown_s(self, now: float) -> float | None:
        """Seconds left; -1 until the first input; None if nothing is waited for."""
        when = self._begins_s if self._begins_s is not None else self._next_s
        if when is None:
            return None
        return -1.0 if when == math.inf else max(0.0, when - now)
