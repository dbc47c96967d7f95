"""Shared control: who drives, what is counted, and what is told to whom."""

from dataclasses import dataclass
from typing import Any

import pytest

from teleop.take_over import TakeOver, TouchGate
from teleop.types import Actor


@dataclass
class Person:
    """Somebody at the controls: touches in the steps that are told."""

    touched: tuple[bool, ...] = ()
    dt_s: float = 0.1
    actor, name = Actor.HUMAN, "you"
    step = -1

    @property
    def touches(self) -> bool:
        return self.touched[self.step]

    def reset(self, seed: int) -> None:
        self.seed, self.step = seed, -1

    def act(self, observation: Any) -> str | None:
        self.step += 1
        return None if observation == "silence" else f"person {observation}"


class Policy:
    """Plans, and remembers how often it was told that somebody else had acted."""

    actor, name = Actor.POLICY, "bc"
    replans = 0

    def reset(self, seed: int) -> None:
        self.seed = seed

    def act(self, observation: Any) -> str:
        return f"policy {observation}"

    def replan(self) -> None:
        self.replans += 1


def together(*touched: bool, hold_s: float = 0.0) -> tuple[TakeOver, Person, Policy]:
    person, policy = Person(touched), Policy()
    both = TakeOver(policy, person, TouchGate(person, hold_s))
    both.reset(7)
    return both, person, policy


def test_whoever_drives_acts_and_both_see_the_same() -> None:
    both, person, policy = together(False, True, True, False)
    assert (person.seed, policy.seed, both.name) == (7, 7, "you over bc")
    assert both.actor is Actor.HUMAN  # before the first step the episode is theirs
    acted = [(both.act(step), both.actor, both.proposal) for step in range(4)]
    assert acted == [
        ("policy 0", Actor.POLICY, "policy 0"),
        ("person 1", Actor.HUMAN, "policy 1"),
        ("person 2", Actor.HUMAN, "policy 2"),
        ("policy 3", Actor.POLICY, "policy 3"),
    ]


def test_steps_and_take_overs_are_counted_and_the_policy_plans_again() -> None:
    both, _, policy = together(True, True, False, True, False, False)
    counts = []
    for step in range(6):
        both.act(step)
        counts.append((both.driven, both.times, both.intervention))
    assert counts == [
        (1, 1, True),
        (2, 1, True),
        (2, 1, False),
        (3, 2, True),
        (3, 2, False),
        (3, 2, False),
    ]
    assert policy.replans == 3
    both.reset(8)
    assert (both.driven, both.times, both.intervention, both.proposal) == (0, 0, False, None)


def test_a_person_stays_in_control_for_a_moment_after_letting_go() -> None:
    both, _, _ = together(True, False, False, False, hold_s=0.2)
    assert [str(both.act(0)).split()[0] for _ in range(4)] == ["person"] * 3 + ["policy"]


def test_a_person_who_gives_no_action_does_not_drive() -> None:
    both, _, _ = together(True, True)
    assert both.act("silence") == "policy silence"
    assert both.act(1) == "person 1"


def test_the_moment_after_letting_go_does_not_reach_into_the_next_episode() -> None:
    both, _, _ = together(True, False, hold_s=5.0)
    both.act(0)
    both.reset(8)
    both.person.touched = (False,)  # type: ignore[attr-defined]
    assert both.act(1) == "policy 1"


def test_a_rewind_resets_the_policy_alone() -> None:
    both, person, policy = together(True)
    both.act(0)
    both.resume(9)
    assert (policy.seed, person.seed, both.driven) == (9, 7, 1)


@pytest.mark.parametrize("drives", [True, False])
def test_nothing_was_driven_before_the_first_step(drives: bool) -> None:
    person, policy = Person((drives,)), Policy()
    both = TakeOver(policy, person, TouchGate(person, 0.0))
    assert (both.driven, both.times, both.intervention, both.proposal) == (0, 0, False, None)
