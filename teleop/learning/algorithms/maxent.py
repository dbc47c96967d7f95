"""Maximum-entropy inverse RL with exact planning, for environments with a transition table.

Ziebart et al. 2008, "Maximum Entropy Inverse Reinforcement Learning"; for random transitions
Ziebart 2010, "Modeling Purposeful Adaptive Behavior with the Principle of Maximum Causal Entropy",
section 6.2:
    Q(s, a) = theta . phi(s, a) + gamma E[V(s')],   V(s) = log sum_a exp Q(s, a)
    pi(a | s) = exp(Q(s, a) - V(s));   max_theta sum log pi(a_t | s_t) - penalty / 2 |theta|^2
The policy takes the most likely action, so it plans to the learned goal from any state.
Deviations:
 1. The likelihood of the actions is maximised, rather than the features of whole takes matched:
    people keep the lucky takes, and no policy visits the states of lucky takes as often.
 2. Features are what is expected after the action: those that the environment names
    (`reward_features`); else the next state, each of its factors (so that states never visited
    share what is known), and whether the episode ends; and the action.
The reward is saved with the policy, and can be planned with where the transitions are others
(`rewards.planning`).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.factory import close_env, make_env
from teleop.envs.naming import parse_name
from teleop.envs.spaces import same_space
from teleop.envs.transition_table import NEEDS_DISCRETE, TransitionTable, transition_table
from teleop.errors import EnvError, LearningError, sentence
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.policy_models import Nearest
from teleop.learning.policy import LearnedPolicy
from teleop.learning.progress import Progress, check_teaches, make_policy
from teleop.learning.rewards.learned_reward import make_reward
from teleop.learning.rewards.reward_models import TableReward
from teleop.text import tr

SUMMARY = "Maximum-entropy inverse RL: finds your goal, and plans"
_BLOCK = 20  # L-BFGS steps between two reports
_SWEEPS = 3000
_CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of the search.

    Attributes:
        seed: unused: the result is the same for any seed.
        gamma: discount, above 0 and below 1.
        penalty: weight of the squared size of theta.
        steps: most L-BFGS steps; at least 1.
        features: what the reward may depend on: `own` (the environment's), `cells` (each state by
            itself), `all` (states, factors, end and action), or empty: `own` if it has some, else
            `all`.
    """

    seed: int = 0
    gamma: float = 0.97
    penalty: float = 1e-4
    steps: int = 300
    features: str = ""


@dataclass(slots=True)
class _Plan:
    """Soft values under a reward, kept between rewards because they change little."""

    table: TransitionTable
    gamma: float
    value: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def solve(self, reward: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return Q (S, A) and log pi (S, A) for a reward (S, A)."""
        table, chance = self.table, self.table.continuing
        value = self.value if len(self.value) else np.zeros(table.states)
        for _ in range(_SWEEPS):
            q = reward + self.gamma * table.expected(chance * value[table.following])
            peak = q.max(axis=1)
            better = peak + np.log(np.exp(q - peak[:, None]).sum(axis=1))
            change = np.abs(better - value).max()
            value = better
            if change < _CLOSE:
                break
        self.value = value
        return q, q - value[:, None]

    def effects(
        self, weights: NDArray[np.float64], chances: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the discounted number of visits (S, A) that follow signed weights (S, A)."""
        table, chance = self.table, self.table.continuing
        total = weights.copy()
        for _ in range(_SWEEPS):
            flow = chance * weights.reshape(-1)[table.pair]
            arriving = self.gamma * np.bincount(table.following, flow, table.states)
            weights = arriving[:, None] * chances
            total += weights
            if np.abs(arriving).sum() < _CLOSE / 10:
                break
        return total


class _Goal:
    """The weights of a reward, and how likely they make what was demonstrated."""

    def __init__(
        self,
        features: NDArray[np.float64],
        share: NDArray[np.float64],
        plan: _Plan,
        penalty: float,
    ) -> None:
        self._flat = features.reshape(-1, features.shape[-1])
        self._share, self._plan, self._penalty = share, plan, penalty
        self.q = np.zeros(share.shape)  # of the latest loss
        self.theta = torch.zeros(self._flat.shape[1], dtype=torch.float64, requires_grad=True)

    def loss(self) -> float:
        """Return the penalised negative log-likelihood per action, and set its gradient."""
        share, theta = self._share, self.theta.detach()
        reward = (self._flat @ theta.numpy()).reshape(share.shape)
        self.q, logs = self._plan.solve(reward)
        chances = np.exp(logs)
        surprise = share - share.sum(axis=1, keepdims=True) * chances
        gain = self._plan.effects(surprise, chances).reshape(-1) @ self._flat
        self.theta.grad = torch.from_numpy(-gain) + self._penalty * theta
        return float(-(share * logs).sum() + self._penalty / 2 * theta @ theta)


def train(demos: Demonstrations, config: Config = Config()) -> Iterator[Progress]:
    """Find the reward under which the demonstrated actions are most likely, and plan with it.

    Raises:
        LearningError: nothing can be learned, or the environment has no transition table.
        EnvError: the environment cannot be made.
    """
    check_teaches(demos)
    if not (0 < config.gamma < 1 and config.penalty >= 0 and config.steps >= 1):
        raise LearningError(
            tr("gamma must be above 0 and below 1, penalty at least 0 and steps at least 1.")
        )
    try:
        table = _table(demos)
    except EnvError as problem:
        raise LearningError(sentence(problem)) from problem
    torch.set_num_threads(1)
    vector = demos.encoding.inputs(np.arange(table.states)).vector
    features = features_for(table, vector, config.features)
    counts = counts_of(demos, table, vector)
    phase = tr("Searching for the goal")
    for step, loss, q, theta in iter_rewards(table, features.expected(table), counts, config):
        policy = planned_policy(demos, asdict(config), vector, q)
        normaliser = policy.normaliser
        model = features.reward(theta, normaliser(vector), table.actions)
        policy.parts = (make_reward(demos, "maxent", normaliser, demos.head, model),)
        yield Progress(phase, step, config.steps, loss, policy=policy)


def iter_rewards(
    table: TransitionTable,
    features: NDArray[np.float64],
    counts: NDArray[np.float64],
    config: Config = Config(),
) -> Iterator[tuple[int, float, NDArray[np.float64], NDArray[np.float64]]]:
    """Improve the reward until it hardly changes.

    Args:
        table: the transitions.
        features: (S, A, F) features of the reward.
        counts: (S, A) how often each action was demonstrated in each state.
        config: settings.

    Yields:
        The number of steps, the negative log-likelihood per action, the soft Q (S, A), and the
        weights of the features (F,).
    """
    goal = _Goal(features, counts / counts.sum(), _Plan(table, config.gamma), config.penalty)
    search = torch.optim.LBFGS(
        [goal.theta], max_iter=_BLOCK, history_size=20, line_search_fn="strong_wolfe"
    )
    before, done = np.inf, 0
    while done < config.steps:
        search.param_groups[0]["max_iter"] = min(_BLOCK, config.steps - done)
        search.step(goal.loss)  # type: ignore[no-untyped-call]
        loss, done = goal.loss(), min(done + _BLOCK, config.steps)
        yield done, loss, goal.q, goal.theta.detach().numpy().copy()
        if before - loss < _CLOSE:
            return
        before = loss


@dataclass(frozen=True, slots=True)
class RewardFeatures:
    """What a reward depends on.

    Attributes:
        arrived: (S, E) features of arriving in each state.
        ends_and_acts: whether the end of the episode, and each action, is a feature too.
    """

    arrived: NDArray[np.float64]
    ends_and_acts: bool

    def expected(self, table: TransitionTable) -> NDArray[np.float64]:
        """Return what is expected after each action: (S, A, F)."""
        count, width = table.states * table.actions, self.arrived.shape[1]
        found = np.zeros((count, width + (1 + table.actions) * self.ends_and_acts))
        chance = table.probability[:, None]
        np.add.at(found[:, :width], table.pair, chance * self.arrived[table.following])
        if self.ends_and_acts:
            np.add.at(found[:, width], table.pair, table.probability * table.ends)
            found[np.arange(count), width + 1 + np.arange(count) % table.actions] = 1.0
        return found.reshape(table.states, table.actions, -1)

    def reward(
        self, theta: NDArray[np.float64], known: NDArray[np.float32], actions: int
    ) -> TableReward:
        """Return the reward of weights (F,) for states with normalised inputs (S, features)."""
        width = self.arrived.shape[1]
        rest = theta[width:] if self.ends_and_acts else np.zeros(1 + actions)
        arriving = self.arrived @ theta[:width]
        return TableReward(known, arriving, rest[1:].copy(), float(rest[0]))


def features_for(
    table: TransitionTable, encoded: NDArray[np.float32], name: str = ""
) -> RewardFeatures:
    """Return what a reward may depend on.

    Args:
        table: the transitions.
        encoded: (S, E) each state as the policy sees it, with its factors if it has some.
        name: as in `Config.features`.

    Raises:
        LearningError: the name is unknown, or the environment names no features.
    """
    own, cells = table.features, np.eye(table.states)
    if own is not None and name in ("", "own"):
        return RewardFeatures(own, ends_and_acts=False)
    if name == "own":
        raise LearningError(tr("This environment does not say what its reward depends on."))
    if name not in ("", "cells", "all"):
        raise LearningError(tr("features must be own, cells or all."))
    if name == "cells" or encoded.shape[1] == table.states:
        return RewardFeatures(cells, ends_and_acts=name != "cells")
    both = np.concatenate([cells, encoded.astype(np.float64)], axis=1)
    return RewardFeatures(both, ends_and_acts=True)


def why_not(demos: Demonstrations) -> str:
    """Return why maximum-entropy inverse RL cannot be used here; empty if it can."""
    try:
        _table(demos)
    except EnvError as problem:
        return sentence(problem)
    return ""


def _table(demos: Demonstrations) -> TransitionTable:
    recorded = (demos.observation_space, demos.action_space)
    if not all(isinstance(space, spaces.Discrete) for space in recorded):
        raise EnvError(NEEDS_DISCRETE)  # without making the environment
    if parse_name(demos.env_id).wrappers:
        raise EnvError(tr("A table of transitions says nothing about what wrappers change."))
    env = make_env(demos.env_id, render=False)
    try:
        if not all(map(same_space, recorded, (env.observation_space, env.action_space))):
            raise EnvError(tr("The environment has other spaces now than when it was recorded."))
        return transition_table(env)
    finally:
        close_env(env)


def counts_of(
    demos: Demonstrations, table: TransitionTable, vector: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return how often each action was demonstrated in each state: (S, A)."""
    place = {row.tobytes(): state for state, row in enumerate(vector)}
    counts = np.zeros((table.states, table.actions))
    for seen, done in demos.pairs(0).tolist():
        counts[place[demos.inputs.vector[seen].tobytes()], int(demos.flat[done, 0])] += 1
    return counts


def planned_policy(
    demos: Demonstrations,
    settings: dict[str, Any],
    vector: NDArray[np.float32],
    q: NDArray[np.float64],
) -> LearnedPolicy:
    """Build a policy that looks up the best action of each state: (S, features), (S, A)."""
    normaliser = Normaliser.of(vector, np.arange(len(vector)))
    planned = demos.head.targets(q.argmax(axis=1).astype(np.float64)[:, None])
    model = Nearest(normaliser(vector), planned, demos.head, 1)
    recipe = {"algorithm": "maxent"} | settings
    return make_policy(demos, normaliser, model, Architecture(), recipe, {"count": 1})
