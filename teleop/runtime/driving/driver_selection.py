"""Who has the environment: the person, or a policy with the person's hands over it."""

from teleop.control import HumanPolicy
from teleop.learning import LearnedPolicy
from teleop.session import Session
from teleop.take_over import HandsOn, TakeOver


class DriverSelection:
    """Decides who drives the next episode.

    Attributes:
        person: at keyboard, pad or mouse.
        over: the policy that drives while the person watches over it; None without one.
    """

    def __init__(self, person: HumanPolicy, hand_back_s: float) -> None:
        self.person = person
        self.over: LearnedPolicy | None = None
        self._gate = HandsOn(person, hand_back_s)

    @property
    def driver(self) -> TakeOver | HumanPolicy:
        """Of the next episode."""
        if self.over is None:
            return self.person
        return TakeOver(self.over, self.person, self._gate)

    def hand_back_after(self, seconds: float) -> None:
        """How long the person keeps control after letting go."""
        self._gate.hold_s = seconds

    def take_turns(self, wish: bool | None, usual: bool) -> bool:
        """Whether a step waits for a press: as the person wishes; a policy waits for nobody."""
        turns = (usual if wish is None else wish) and self.over is None
        self.person.turn_based = turns
        return turns

    def resume(self, session: Session) -> None:
        """The episode went back: what its driver remembers of it is not so any more."""
        self.person.resume(session.action)
        if isinstance(session.policy, TakeOver):
            session.policy.resume(session.seed)
