"""Going back through an episode while a key is held, and driving on from there."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from teleop.errors import EnvError, StorageError, sentence
from teleop.session import Phase, Session
from teleop.stage.keeping import Keeping, Say
from teleop.stage.messages import Live, Notice, Tone
from teleop.stage.past import Past, WayBack
from teleop.stage.wheel import Wheel
from teleop.trail import Probe


class GoingBack:
    """What is held, where it has come to, and why it may not be possible.

    Attributes:
        probe: finds out whether this environment does the same again.
    """

    def __init__(
        self, session: Session, wheel: Wheel, keeping: Keeping, probe: Probe, say: Say
    ) -> None:
        self._session, self._wheel, self._keeping = session, wheel, keeping
        self.probe, self._say = probe, say
        self._past, self._way = Past(), WayBack()
        self._stays_paused = False

    @property
    def held(self) -> bool:
        """The key is held."""
        return self._way.held

    @property
    def problem(self) -> str:
        """Why it is not possible; empty if it is, as far as is known."""
        return self.probe.problem

    def let_go(self) -> None:
        """Something else was asked for meanwhile."""
        self._way.held = False

    def forget(self) -> None:
        """A new episode."""
        self._past.forget()

    def see(self, picture: NDArray[np.uint8], now: float) -> None:
        """The picture of a running episode, to be shown again on the way back."""
        if self._session.phase is Phase.RUNNING:
            self._past.see(self._session.steps, picture, now)

    def begin(self, now: float, *, practises: bool) -> bool:
        """The key is pressed; True if that leads back."""
        if self.probe.problem:
            text = f"Going back is not possible here: {self.probe.problem}."
            self._say(Notice(Tone.BAD, text))
            return False
        trail = self._session.trail
        if not self._is_possible(practises) or not trail:
            return False
        self._stays_paused = self._session.phase is Phase.PAUSED
        self._way.begin(trail.times_s, now, turns=self._wheel.person.turn_based)
        return True

    def end(self, now: float) -> bool:
        """It is let go: on from there; False if it was not held."""
        if not self._way.held:
            return False
        self._way.held = False
        steps, pending = self._way.step(now), self._keeping.pending
        try:
            left = self._session.rewind(steps, now)
        except (EnvError, StorageError) as problem:
            self._say(Notice(Tone.BAD, sentence(problem)))
            if isinstance(problem, EnvError):
                self.probe.problem = "it is not reproducible"
            self._session.pause()
            return True
        self._keeping.pending = None
        self._keeping.set_aside(left or pending)
        self._past.cut(steps)
        self._wheel.resume(self._session)
        if self._stays_paused:
            self._session.pause()
        return True

    def shown(self, live: Live, now: float) -> tuple[Live, NDArray[np.uint8] | None]:
        """What letting go now would lead to: its state, and its picture if there is one."""
        steps, trail = self._way.step(now), self._session.trail
        rewards = trail.rewards[:steps] if trail else []
        past = replace(live, steps=steps, total_reward=sum(rewards), rewinding=True)
        return past, self._past.at(steps)

    def _is_possible(self, practises: bool) -> bool:
        """An episode runs, or has just ended and is not saved yet."""
        if self._session.phase is Phase.ENDED:
            return self._keeping.pending is not None or practises
        return self._session.phase is not Phase.READY and not self._way.held
