"""What a driven session shows: its picture, its state, what a policy would see."""

from teleop.runtime.driving.frame_source import FrameSource
from teleop.runtime.driving.rewind import Rewind
from teleop.runtime.protocol.driving_options import Preview
from teleop.runtime.protocol.session_messages import Pictured, Say, SessionSnapshot
from teleop.session import Session


class DriveDisplay:
    """Tells the window what there is to see."""

    def __init__(
        self,
        session: Session,
        back: Rewind,
        drawing: FrameSource,
        say: Say,
    ) -> None:
        self._session, self._back, self._drawing, self._say = session, back, drawing, say

    def show(self, live: SessionSnapshot, preview: Preview, now: float, *, draw: bool) -> None:
        """The state, with a new picture if it is drawn."""
        picture = self._drawing.drawn(self._session, now) if draw else None
        self._say(Pictured("drive", live, self._drawing.frame(picture)))
        if picture is None:
            return
        self._back.see(picture, now)
        seen = self._drawing.seen(self._session.observation, preview)
        if seen is not None:
            self._say(Pictured("seen", live, seen))

    def show_past(self, live: SessionSnapshot, now: float) -> None:
        """What letting go of rewind now would lead to."""
        live, picture = self._back.shown(live, now)
        self._say(Pictured("drive", live, self._drawing.frame(picture)))

    def numbers(self, preview: Preview, *, always: bool) -> tuple[tuple[str, float], ...]:
        """What a policy sees, by name, where that is asked for."""
        return self._drawing.numbers(self._session.observation, preview, always=always)

    def close(self) -> None:
        """Let go of the pictures."""
        self._drawing.close()
