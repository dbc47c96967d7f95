"""Steps that somebody shows a learner: what was demonstrated, and how a policy plays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import Transition, iter_episode
from teleop.learning.networks.heads import Distribution, Levels, batched, flat_actions
from teleop.learning.policy import LearnedPolicy
from teleop.learning.practice.task import Task
from teleop.learning.rewards.reward_models import RewardFunction
from teleop.types import Action, Observation

EPISODES = 20
_MOST_STEPS = 12_000


@dataclass(frozen=True, slots=True)
class Shown:
    """Steps in order, of one episode after another.

    Attributes:
        seen: (N, features) normalised inputs before each step.
        targets: (N, branches) actions, as indices of choices or as numbers in -1..1.
        following: (N, features) normalised inputs after each step.
        rewards: (N,) rewards.
        terminated: (N,) whether the task was over after the step.
        last: (N,) whether the next row belongs to something else.
    """

    seen: NDArray[np.float32]
    targets: NDArray[np.float32]
    following: NDArray[np.float32]
    rewards: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    last: NDArray[np.bool_]

    def returns(self, gamma: float) -> NDArray[np.float64]:
        """Return the discounted return from each step on: (N,)."""
        found, ahead = np.zeros(len(self.rewards)), 0.0
        for row in range(len(found) - 1, -1, -1):
            ahead = self.rewards[row] + (0.0 if self.last[row] else gamma * ahead)
            found[row] = ahead
        return found


def demonstrated(
    task: Task, reward: RewardFunction | None = None, *, rewarded: bool = True
) -> Shown:
    """Return the steps that a person drove.

    The last step of an episode is left out unless the task was over, because nothing was recorded
    after it.

    Args:
        task: the task.
        reward: replaces the recorded rewards.
        rewarded: leave steps out whose reward is unknown.
    """
    demos = task.demos
    vector = task.normaliser(demos.inputs.vector)
    last = np.zeros(len(vector), np.bool_)
    last[demos.starts[1:] - 1] = True
    ended = np.zeros(len(vector), np.bool_)
    ended[demos.starts[1:] - 1] = demos.terminated
    rows = np.flatnonzero((demos.segments >= 0) & (~last | ended))
    following = vector[np.minimum(rows + 1, len(vector) - 1)]
    following[ended[rows]] = vector[rows][ended[rows]]
    targets = task.demonstrated()[rows]
    rewards = demos.rewards[rows]
    if reward is not None:
        acts = task.head.features(targets)
        rewards = reward(vector[rows], acts, following, ended[rows])
    known = np.isfinite(rewards) | (not rewarded)
    kept = rows[known]
    breaks = (np.diff(kept) != 1) | last[kept[:-1]]
    return Shown(
        vector[kept],
        targets[known],
        following[known],
        rewards[known],
        ended[kept],
        np.append(breaks, [True] * min(1, len(kept))),
    )


def played(
    task: Task,
    policy: LearnedPolicy,
    first_seed: int,
    reward: RewardFunction | None,
    episodes: int = EPISODES,
) -> Shown:
    """Let a policy play some episodes, and return its steps.

    Choices are drawn with the policy's probabilities where they are noted, not where it plays.

    Args:
        task: the task.
        policy: the policy.
        first_seed: seed of the first start.
        reward: replaces the environment's reward.
        episodes: most episodes; fewer if they are long.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    notes = _Notes(task, policy, np.random.default_rng(first_seed))
    env = make_env(task.demos.env_id, render=False)
    try:
        for start in range(first_seed, first_seed + episodes):
            policy.reset(start)
            for step in iter_episode(env, notes.act, start, _MOST_STEPS):
                if step.action is not None:
                    notes.add(step)
            notes.end()
            if notes.count >= _MOST_STEPS:
                break
    finally:
        close_env(env)
    return notes.shown(reward)


class _Notes:
    """What a policy does, step by step."""

    def __init__(self, task: Task, policy: LearnedPolicy, rng: np.random.Generator) -> None:
        self._task, self._policy, self._rng = task, policy, rng
        self._seen: list[NDArray[np.float32]] = []
        self._targets: list[NDArray[np.float32]] = []  # drawn
        self._done: list[NDArray[np.float32]] = []  # played
        self._after: list[NDArray[np.float32]] = []
        self._steps: list[tuple[float, bool]] = []  # reward, terminated
        self._ends: list[int] = []

    @property
    def count(self) -> int:
        """Number of steps."""
        return len(self._steps)

    def act(self, observation: Observation) -> Action:
        """Return the policy's action, and note one that is drawn with its probabilities."""
        action, chances = self._policy.advise(observation)
        self._seen.append(self._input(observation))
        head = self._task.head
        self._targets.append(head.targets(self._drawn(action, chances))[0])
        self._done.append(head.targets(flat_actions(head.space, batched(action)))[0])
        return action

    def add(self, step: Transition) -> None:
        """Note what followed."""
        self._after.append(self._input(step.observation))
        self._steps.append((step.reward, step.terminated))

    def end(self) -> None:
        """Note that an episode is over, or cut off."""
        self._ends.append(len(self._steps) - 1)

    def shown(self, reward: RewardFunction | None) -> Shown:
        """Return everything that was noted."""
        seen, following = np.stack(self._seen), np.stack(self._after)
        terminated = np.array([ended for _, ended in self._steps])
        rewards = np.array([each for each, _ in self._steps])
        if reward is not None:
            acts = self._task.head.features(np.stack(self._done))
            rewards = reward(seen, acts, following, terminated)
        last = np.zeros(len(self._steps), np.bool_)
        last[self._ends] = True
        return Shown(seen, np.stack(self._targets), following, rewards, terminated, last)

    def _input(self, observation: Observation) -> NDArray[np.float32]:
        return self._task.normaliser(self._task.demos.encoding.row(observation))

    def _drawn(self, action: Action, chances: Distribution) -> NDArray[np.float64]:
        head = self._policy.head
        if not (chances and head.is_choice):
            return flat_actions(self._task.head.space, batched(action))
        levels = [branch for branch in head.branches if isinstance(branch, Levels)]
        flat = [
            branch.values[self._rng.choice(len(p), p=np.array(p) / np.sum(p))]
            for branch, p in zip(levels, chances, strict=True)
        ]
        return np.array([flat])
