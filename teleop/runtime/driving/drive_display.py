"""Sends what a driving session shows: frame, state, and what a policy would see."""

from teleop.runtime.driving.frame_source import FrameSource
from teleop.runtime.driving.rewind import Rewind
from teleop.runtime.protocol.driving_options import Preview
from teleop.runtime.protocol.session_messages import Pictured, Say, SessionSnapshot
from teleop.session import Session


class DriveDisplay:
    """Sends frames and states to the window."""

    def __init__(
        self,
        session: Session,
        back: Rewind,
        drawing: FrameSource,
        say: Say,
    ) -> None:
        self._session, self._back, self._drawing, self._say = session, back, drawing, say

    def show(self, live: SessionSnapshot, preview: Preview, now: float, *, draw: bool) -> None:
        """Send the state, with a new frame if `draw` is set."""
        picture = self._drawing.drawn(self._session, now) if draw else None
        self._say(Pictured("drive", live, self._drawing.frame(picture)))
        if picture is None:
            return
        self._back.see(picture, now)
        seen = self._drawing.seen(self._session.observation, preview)
        if seen is not None:
            self._say(Pictured("seen", live, seen))

    def show_past(self, live: SessionSnapshot, now: float) -> None:
        """Send the state and frame to which the session would rewind now."""
        live, picture = self._back.shown(live, now)
        self._say(Pictured("drive", live, self._drawing.frame(picture)))

    def numbers(self, preview: Preview, *, always: bool) -> tuple[tuple[str, float], ...]:
        """Return the numbers that a policy sees, by name, if they are requested."""
        return self._drawing.numbers(self._session.observation, preview, always=always)

    def close(self) -> None:
        """Release the frames."""
        self._drawing.close()
