"""Two at the wheel: a policy drives, a person takes over whenever they want to.

Human-gated DAgger (Kelly et al. 2019): only what the person did while in control is a label. Each
step says who acted, and what the policy would have done.
"""

from typing import Protocol, runtime_checkable

from teleop.types import Action, Actor, Observation, Policy

OVER = " over "  # in the name of a person and the policy that they watch over


class Gate(Protocol):
    """Says who drives now."""

    def reset(self, seed: int) -> None:
        """A new episode: the person has not taken over."""

    def wants(self, hands: Action | None, proposal: Action) -> bool:
        """The person wants to drive this step.

        Args:
            hands: what the person's hands say.
            proposal: what the policy would do.
        """


@runtime_checkable
class Planner(Protocol):
    """A policy that plans ahead."""

    def replan(self) -> None:
        """Somebody else has acted."""


class Toucher(Protocol):
    """Somebody at the controls.

    Attributes:
        touches: a control is held, or was tapped since the last step.
        dt_s: seconds between steps.
    """

    touches: bool
    dt_s: float


class HandsOn:
    """The person drives while touching a control, and for a moment after letting go."""

    def __init__(self, person: Toucher, hold_s: float) -> None:
        """Watch a person's controls.

        Args:
            person: whose.
            hold_s: seconds that the person keeps control after letting go.
        """
        self.hold_s = hold_s
        self._person, self._left_s = person, 0.0

    def reset(self, seed: int) -> None:
        """A new episode: hands off."""
        del seed
        self._left_s = 0.0

    def wants(self, hands: Action | None, proposal: Action) -> bool:
        """At once when a control is touched, until it has been let go for long enough."""
        del proposal
        if self._person.touches and hands is not None:
            self._left_s = self.hold_s
            return True
        self._left_s -= self._person.dt_s
        return hands is not None and self._left_s >= 0


class TakeOver:
    """A policy with a person's hands over it.

    Attributes:
        intervention: the person drove the last step.
        proposal: what the policy would have done at it.
        driven: steps of this episode that the person drove.
        times: that they took over in it.
    """

    def __init__(self, policy: Policy, person: Policy, gate: Gate) -> None:
        self.policy, self.person, self._gate = policy, person, gate
        self.intervention = False
        self.proposal: Action | None = None
        self.driven = self.times = 0
        self.name = f"{person.name}{OVER}{policy.name}"

    @property
    def actor(self) -> Actor:
        """Who drove the last step; the person before the first: the episode is theirs."""
        taken = self.intervention or self.proposal is None
        return self.person.actor if taken else self.policy.actor

    def reset(self, seed: int) -> None:
        """A new episode."""
        for driver in (self.policy, self.person, self._gate):
            driver.reset(seed)
        self.intervention, self.proposal = False, None
        self.driven = self.times = 0

    def resume(self, seed: int) -> None:
        """The episode went back: what the policy remembers of it is not so any more."""
        self.policy.reset(seed)

    def act(self, observation: Observation) -> Action | None:
        """The action of the person or the policy, whichever drives."""
        hands = self.person.act(observation)
        self.proposal = self.policy.act(observation)
        before, self.intervention = self.intervention, self._gate.wants(hands, self.proposal)
        self.driven += self.intervention
        self.times += self.intervention and not before
        if self.intervention and isinstance(self.policy, Planner):
            self.policy.replan()
        return hands if self.intervention else self.proposal
