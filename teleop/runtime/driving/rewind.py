"""Rewinding through an episode while a key is held, and driving on from there."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from teleop.episode_trace import Probe
from teleop.errors import EnvError, StorageError, sentence
from teleop.runtime.datasets.take_store import TakeStore
from teleop.runtime.driving.driver_selection import DriverSelection
from teleop.runtime.driving.rewind_buffer import RewindBuffer, RewindCursor
from teleop.runtime.protocol.session_messages import Notice, Say, SessionSnapshot, Tone
from teleop.session import Phase, Session
from teleop.text import tr


class Rewind:
    """What is held, where it has come to, and why it may not be possible.

    Attributes:
        probe: finds out whether this environment does the same again.
    """

    def __init__(
        self, session: Session, wheel: DriverSelection, takes: TakeStore, probe: Probe, say: Say
    ) -> None:
        self._session, self._wheel, self._takes = session, wheel, takes
        self.probe, self._say = probe, say
        self._past, self._way = RewindBuffer(), RewindCursor()
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
            text = tr("Rewinding is not possible here: {problem}.", problem=self.probe.problem)
            self._say(Notice(Tone.BAD, text))
            return False
        trace = self._session.trace
        if not self._is_possible(practises) or not trace:
            return False
        self._stays_paused = self._session.phase is Phase.PAUSED
        self._way.begin(trace.times_s, now, turns=self._wheel.person.turn_based)
        return True

    def end(self, now: float) -> bool:
        """It is let go: on from there; False if it was not held."""
        if not self._way.held:
            return False
        self._way.held = False
        steps, pending = self._way.step(now), self._takes.pending
        try:
            left = self._session.rewind(steps, now)
        except (EnvError, StorageError) as problem:
            self._say(Notice(Tone.BAD, sentence(problem)))
            if isinstance(problem, EnvError):
                self.probe.problem = tr("it is not reproducible")
            self._session.pause()
            return True
        self._takes.pending = None
        self._takes.set_aside(left or pending)
        self._past.cut(steps)
        self._wheel.resume(self._session)
        if self._stays_paused:
            self._session.pause()
        return True

    def shown(
        self, live: SessionSnapshot, now: float
    ) -> tuple[SessionSnapshot, NDArray[np.uint8] | None]:
        """What letting go now would lead to: its state, and its picture if there is one."""
        steps, trace = self._way.step(now), self._session.trace
        rewards = trace.rewards[:steps] if trace else []
        past = replace(live, steps=steps, total_reward=sum(rewards), rewinding=True)
        return past, self._past.at(steps)

    def _is_possible(self, practises: bool) -> bool:
        """An episode runs, or has just ended and is not saved yet."""
        if self._session.phase is Phase.ENDED:
            return self._takes.pending is not None or practises
        return self._session.phase is not Phase.READY and not self._way.held
