"""The frames of a driving session: what the environment renders, and what a policy sees."""

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from teleop.envs.catalogue import find_entry
from teleop.envs.factory import name_of
from teleop.envs.pictures import OneColour, one_colour_said
from teleop.errors import EnvError, sentence
from teleop.runtime.driving.policy_view import PolicyView
from teleop.runtime.protocol.driving_options import Preview
from teleop.runtime.protocol.session_messages import Notice, Say, Tone
from teleop.runtime.protocol.shared_frames import Frame, FrameWriter
from teleop.session import Session
from teleop.types import Observation

_WITH_PICTURE = (Preview.PICTURE, Preview.BOTH)
_WITH_NUMBERS = (Preview.NUMBERS, Preview.BOTH)


class FrameSource:
    """Renders frames and passes them to the window."""

    def __init__(
        self,
        observation_space: gym.Space[Observation],
        env_id: str,
        say: Say,
    ) -> None:
        self._say = say
        self._frames, self._seen_frames = FrameWriter("drive"), FrameWriter("seen")
        self._seen = PolicyView(observation_space, find_entry(env_id).observation_words)
        self._undrawn = ""  # why the last frame could not be rendered
        self._one_colour = OneColour()

    def drawn(self, session: Session, now: float) -> NDArray[np.uint8] | None:
        """Render the current frame; if that fails, report the reason once, not at every step."""
        try:
            picture = session.draw()
        except EnvError as problem:
            if sentence(problem) != self._undrawn:
                self._undrawn = sentence(problem)
                self._say(Notice(Tone.BAD, self._undrawn))
            return None
        self._undrawn = ""
        elapsed_s = session.elapsed_s(now) if session.steps else 0.0
        if self._one_colour.look(picture, elapsed_s):
            self._say(Notice(Tone.PLAIN, one_colour_said(name_of(session.env))))
        return picture

    def frame(self, picture: NDArray[np.uint8] | None) -> Frame | None:
        """Write a rendered image to shared memory for the window."""
        return None if picture is None else self._frames.write(picture)

    def seen(self, observation: Observation, preview: Preview) -> Frame | None:
        """Return what a policy sees as an image, if that is requested."""
        picture = self._seen.picture(observation) if preview in _WITH_PICTURE else None
        return None if picture is None else self._seen_frames.write(picture)

    def numbers(
        self, observation: Observation, preview: Preview, *, always: bool = False
    ) -> tuple[tuple[str, float], ...]:
        """Return what a policy sees as numbers by name, if that is requested."""
        asked = always or preview in _WITH_NUMBERS
        return self._seen.numbers(observation) if asked else ()

    def close(self) -> None:
        """Release the frames."""
        self._frames.close()
        self._seen_frames.close()
