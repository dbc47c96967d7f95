"""Selects who drives: the person, or a policy that the person supervises."""

from teleop.control import HumanPolicy
from teleop.learning import LearnedPolicy
from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.session import Session
from teleop.take_over import TakeOver, TouchGate

_TURNS_AS_TIME_HZ = 5.0  # pace of a turn-based environment that the person drives in real time


class DriverSelection:
    """Decides who drives the next episode.

    Attributes:
        person: the person at keyboard, gamepad or mouse.
        over: the policy that drives while the person supervises it; None if there is none.
    """

    def __init__(self, person: HumanPolicy, hand_back_s: float) -> None:
        self.person = person
        self.over: LearnedPolicy | None = None
        self._gate = TouchGate(person, hand_back_s)

    @property
    def driver(self) -> TakeOver | HumanPolicy:
        """The driver of the next episode."""
        if self.over is None:
            return self.person
        return TakeOver(self.over, self.person, self._gate)

    def use(self, options: DriveOptions) -> None:
        """Set how long the person keeps control after letting go, and what the policy does."""
        self._gate.hold_s = options.hand_back_s
        if self.over is not None:
            self.over.ask_for(options.task)

    def take_turns(self, wish: bool | None, usual: bool) -> bool:
        """Set and return whether a step waits for a press; never while a policy drives."""
        turns = (usual if wish is None else wish) and self.over is None
        self.person.turn_based = turns
        return turns

    def set_pace(self, session: Session, pace_hz: float, wish: bool | None) -> None:
        """Set the pace of a session and of the person's controls.

        Args:
            session: the session.
            pace_hz: steps per second of the environment; 0 if it is turn-based.
            wish: whether the person wants turns; None: as the environment is.
        """
        turns = self.take_turns(wish, usual=pace_hz == 0)
        session.base_pace_hz = 0.0 if turns else pace_hz or _TURNS_AS_TIME_HZ
        self.person.dt_s = 1 / session.pace_hz if session.pace_hz else 1.0

    def resume(self, session: Session) -> None:
        """Update the driver after a rewind: its memory of the episode is no longer valid."""
        self.person.resume(session.action)
        if isinstance(session.policy, TakeOver):
            session.policy.resume(session.seed)
