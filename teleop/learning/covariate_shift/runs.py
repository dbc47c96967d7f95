"""Runs of a policy with what it saw, did and was unsure about at each step."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import iter_episode
from teleop.evaluation.success import Result, SuccessRule, reported_success
from teleop.learning.covariate_shift.known_states import KnownStates
from teleop.learning.data.inputs import Inputs
from teleop.learning.policy import LearnedPolicy
from teleop.types import Action, Observation


@dataclass(slots=True)
class Run:
    """One episode that a policy played: T steps.

    Attributes:
        seed: seed of the start.
        actions: T actions.
        observations: T observations, before each action.
        rewards: T rewards.
        distances: (T,) distance to the known states before each action; see `KnownStates`.
        nearest: (T,) index of the nearest known state.
        disagreements: (T,) disagreement of the networks; see `Ensemble.disagreement`.
        result: the outcome.
        success: whether it was a success; None if nothing tells.
    """

    seed: int
    actions: list[Action] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    distances: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    nearest: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    disagreements: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    result: Result = field(default_factory=lambda: Result(0, 0.0, 0))
    success: bool | None = None

    @property
    def steps(self) -> int:
        """Number of steps."""
        return len(self.actions)


def play_run(policy: LearnedPolicy, known: KnownStates, seed: int, rule: SuccessRule) -> Run:
    """Play a policy from a seed to its end.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    env = make_env(policy.config.env_id, render=False)
    run, rows, unsure = Run(seed), [], []
    policy.reset(seed)

    def act(observation: Observation) -> Action:
        action = policy.act(observation)
        run.observations.append(observation)
        rows.append((policy.encoding.row(observation), policy.encoding.small_pictures(observation)))
        unsure.append(policy.disagreement())
        return action

    terminated, success = False, None
    try:
        for step in iter_episode(env, act, seed):
            if step.action is not None:
                run.actions.append(step.action)
                run.rewards.append(step.reward)
            terminated, success = step.terminated, reported_success(step.info)
    finally:
        close_env(env)
    del run.observations[run.steps :]
    inputs = inputs_of(rows[: run.steps])
    run.distances, run.nearest = known.measure_many(inputs)
    run.disagreements = np.array(unsure[: run.steps], np.float64)
    run.result = Result(seed, float(sum(run.rewards)), run.steps, success, terminated)
    run.success = rule.judge(run.result)
    return run


def inputs_of(rows: Sequence[tuple[NDArray[np.float32], tuple[NDArray[np.uint8], ...]]]) -> Inputs:
    """Stack encoded observations; at least one."""
    vector = np.stack([row for row, _ in rows])
    pictures = tuple(np.stack(parts) for parts in zip(*(p for _, p in rows), strict=True))
    return Inputs(vector, pictures)
