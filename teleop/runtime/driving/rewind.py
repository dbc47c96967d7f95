"""Rewinds an episode while a key is held, and lets the person continue from there."""

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
    """Rewinds a session while a key is held, or tells why that is not possible.

    Attributes:
        probe: tests whether this environment is reproducible.
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
        """Whether the rewind key is held."""
        return self._way.held

    @property
    def problem(self) -> str:
        """Why rewinding is not possible; empty if it is possible, as far as is known."""
        return self.probe.problem

    def look(self) -> bool:
        """Test the environment a little more; return whether rewinding is known to fail."""
        self.probe.look()
        return bool(self.problem)

    def let_go(self) -> None:
        """Cancel rewinding because of another request."""
        self._way.held = False

    def forget(self) -> None:
        """Forget the frames when a new episode begins."""
        self._past.forget()

    def see(self, picture: NDArray[np.uint8], now: float) -> None:
        """Store a frame of a running episode, to show it again while rewinding."""
        if self._session.phase is Phase.RUNNING:
            self._past.see(self._session.steps, picture, now)

    def begin(self, now: float, *, practises: bool) -> bool:
        """Start rewinding; return False if that is not possible."""
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
        """Stop rewinding and continue from there; return False if the key was not held."""
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
        """Return the state to which the session would rewind now, and its frame if there is one."""
        steps, trace = self._way.step(now), self._session.trace
        rewards = trace.rewards[:steps] if trace else []
        past = replace(live, steps=steps, total_reward=sum(rewards), rewinding=True)
        return past, self._past.at(steps)

    def _is_possible(self, practises: bool) -> bool:
        """Return whether an episode is running, or has just ended and is not saved yet."""
        if self._session.phase is Phase.ENDED:
            return self._takes.pending is not None or practises
        return self._session.phase is not Phase.READY and not self._way.held
