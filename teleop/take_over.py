"""Two at the wheel: a policy drives, a person takes over whenever they want to.

Human-gated DAgger (Kelly et al. 2019): only what the person did while in control is a label. Each
step says who acted, and what the policy would have done.
"""

from typing import Protocol, runtime_checkable

from teleop.types import Action, Actor, Observation, Policy


class Gate(Protocol):
    """Says who drives now."""

    def reset(self, seed: int) -> None:
        """A new episode: nobody has taken over."""

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


class TakeOver:
    """A policy with a person's hands over it.

    Attributes:
        intervention: the person drove the last step.
        proposal: what the policy would have done at it.
    """

    def __init__(self, policy: Policy, person: Policy, gate: Gate) -> None:
        self.policy, self.person, self._gate = policy, person, gate
        self.intervention = False
        self.proposal: Action | None = None
        self.name = f"{person.name} over {policy.name}"

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

    def act(self, observation: Observation) -> Action | None:
        """What whoever drives does."""
        hands = self.person.act(observation)
        self.proposal = self.policy.act(observation)
        self.intervention = self._gate.wants(hands, self.proposal)
        if self.intervention and isinstance(self.policy, Planner):
            self.policy.replan()
        return hands if self.intervention else self.proposal
