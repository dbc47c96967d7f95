"""Shared control: a policy drives, and a person takes over whenever they want to.

Human-gated DAgger (Kelly et al. 2019): only the person's actions while in control are labels. Each
step records who acted, and what the policy would have done.
"""

from typing import Protocol, runtime_checkable

from teleop.types import Action, Actor, Observation, Policy

OVER = " over "  # joins the names of a person and the policy that they supervise


class Gate(Protocol):
    """Decides who drives."""

    def reset(self, seed: int) -> None:
        """Start a new episode; the person has not taken over."""

    def wants(self, hands: Action | None, proposal: Action) -> bool:
        """Return whether the person wants to drive this step.

        Args:
            hands: the person's action; None if there is none.
            proposal: the policy's action.
        """


@runtime_checkable
class Planner(Protocol):
    """A policy that plans ahead."""

    def replan(self) -> None:
        """Plan again, because someone else has acted."""


class Controller(Protocol):
    """A person at the controls."""

    @property
    def touches(self) -> bool:
        """Whether a control is held, or was tapped since the last step."""

    @property
    def dt_s(self) -> float:
        """Seconds between steps."""


class TouchGate:
    """The person drives while touching a control, and for a moment after releasing it."""

    def __init__(self, person: Controller, hold_s: float) -> None:
        """Watch a person's controls.

        Args:
            person: the person to watch.
            hold_s: seconds that the person stays in control after releasing the controls.
        """
        self.hold_s = hold_s
        self._person, self._left_s = person, 0.0

    def reset(self, seed: int) -> None:
        """Start a new episode; the person does not drive."""
        del seed
        self._left_s = 0.0

    def wants(self, hands: Action | None, proposal: Action) -> bool:
        """Return True from the first touch until all controls have been released long enough."""
        del proposal
        if self._person.touches and hands is not None:
            self._left_s = self.hold_s
            return True
        self._left_s -= self._person.dt_s
        return hands is not None and self._left_s >= 0


class TakeOver:
    """A policy that a person supervises and can take over from.

    Attributes:
        intervention: whether the person drove the last step.
        proposal: what the policy would have done in the last step.
        driven: number of steps of this episode that the person drove.
        times: number of times that the person took over in this episode.
    """

    def __init__(self, policy: Policy, person: Policy, gate: Gate) -> None:
        self.policy, self.person, self._gate = policy, person, gate
        self.intervention = False
        self.proposal: Action | None = None
        self.driven = self.times = 0
        self.name = f"{person.name}{OVER}{policy.name}"

    @property
    def actor(self) -> Actor:
        """Who drove the last step; the person before the first, because the episode is theirs."""
        taken = self.intervention or self.proposal is None
        return self.person.actor if taken else self.policy.actor

    def reset(self, seed: int) -> None:
        """Start a new episode."""
        for driver in (self.policy, self.person, self._gate):
            driver.reset(seed)
        self.intervention, self.proposal = False, None
        self.driven = self.times = 0

    def resume(self, seed: int) -> None:
        """Reset the policy after a rewind, because its memory of the episode is no longer valid."""
        self.policy.reset(seed)

    def act(self, observation: Observation) -> Action | None:
        """Return the action of the person or the policy, whoever drives."""
        hands = self.person.act(observation)
        self.proposal = self.policy.act(observation)
        before, self.intervention = self.intervention, self._gate.wants(hands, self.proposal)
        self.driven += self.intervention
        self.times += self.intervention and not before
        if self.intervention and isinstance(self.policy, Planner):
            self.policy.replan()
        return hands if self.intervention else self.proposal
