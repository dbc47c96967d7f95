"""Several rewards that explain the same demonstrations on a grid, and where each of them leads.

Inverse RL is ambiguous (Ng & Russell 2000, "Algorithms for Inverse Reinforcement Learning", section
3): rewards that explain the demonstrations equally well say different things about everything else.
Each reward plans in the grid as it is now, so moving a wall tells them apart.
"""

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from teleop.envs.factors import grid_shape
from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import iter_episode
from teleop.envs.teaching.treasure_grid import walls_text
from teleop.envs.transition_table import TransitionTable, transition_table
from teleop.errors import LearningError
from teleop.learning.algorithms import bc, maxent
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.policy import LearnedPolicy
from teleop.learning.rewards.planning import best_actions
from teleop.learning.rewards.reward_models import TableReward
from teleop.text import tr
from teleop.types import Action, Observation
from teleop.types.findings import RewardMap, RewardMaps

_NAMES = {  # features in `maxent.Config`: name for the window
    "own": tr("Kinds of cells"),
    "all": tr("Places and kinds"),
    "cells": tr("Each cell by itself"),
}
_STEPS = 200  # of L-BFGS
_LONGEST = 80  # steps of a path


class RewardMapper:
    """Learns rewards of a grid once, and plans with them for any walls."""

    def __init__(self, demos: Demonstrations) -> None:
        """Learn the rewards, and a clone to compare with.

        Raises:
            LearningError: nothing can be learned, or the environment is no grid.
            EnvError: the environment cannot be made.
        """
        if problem := maxent.why_not(demos):
            raise LearningError(problem)
        self._demos = demos
        env = make_env(demos.env_id, render=False)
        try:
            self._shape = grid_shape(env) or (0, 0)
            self._table = transition_table(env)
        finally:
            close_env(env)
        if not self._shape[0]:
            raise LearningError(tr("This environment is no grid, so there is no map to draw."))
        self._vector = demos.encoding.inputs(np.arange(self._table.states)).vector
        self._counts = maxent.counts_of(demos, self._table, self._vector)
        names = [n for n in _NAMES if n != "own" or self._table.features is not None]
        self._rewards = {name: self._learned(name) for name in names}
        self._clone = _clone(demos)
        self._seed = (demos.seeds[demos.used[-1]] if demos.seeds else None) or 0

    def maps(self, walls: Sequence[tuple[int, int]] | None = None) -> RewardMaps:
        """Plan with each reward, and let the clone play, from the start of the latest episode.

        Args:
            walls: (row, column) of each wall; None: as they are in the environment.

        Raises:
            EnvError: a wall cannot stand there.
        """
        moved = {} if walls is None else {"walls": walls_text(walls)}
        env = make_env(self._demos.env_id, render=False, **moved)
        try:
            table = transition_table(env)
            maps = [self._map(name, env, table) for name in self._rewards]
            self._clone.reset(self._seed)
            clone = self._path(env, self._clone.act)
            now = getattr(env.unwrapped, "walls", None)
        finally:
            close_env(env)
        standing = tuple(sorted(now)) if now is not None else ()
        return RewardMaps(
            self._shape, standing, now is not None, tuple(maps), _true(self._table), *clone
        )

    def _map(self, name: str, env: gym.Env[Any, Any], table: TransitionTable) -> RewardMap:
        reward, fit = self._rewards[name]
        best = best_actions(table, reward)
        path = self._path(env, lambda state: np.int64(best[int(state)]))
        values = tuple(float(value) for value in reward.arriving)
        return RewardMap(_NAMES[name], values, fit, *path)

    def _learned(self, name: str) -> tuple[TableReward, float]:
        """Return a reward, and how likely it makes a demonstrated action on average."""
        table, config = self._table, maxent.Config(steps=_STEPS)
        features = maxent.features_for(table, self._vector, name)
        steps = list(maxent.iter_rewards(table, features.expected(table), self._counts, config))
        _, _, q, theta = steps[-1]
        peak = q.max(axis=1, keepdims=True)
        logs = q - peak - np.log(np.exp(q - peak).sum(axis=1, keepdims=True))
        fit = float(np.exp((self._counts * logs).sum() / self._counts.sum()))
        return features.reward(theta, self._vector, table.actions), fit

    def _path(
        self, env: gym.Env[Any, Any], act: Callable[[Observation], Action]
    ) -> tuple[tuple[int, ...], bool]:
        """Return the cells of one run, and whether it ended where the reward is highest."""
        steps = list(iter_episode(env, act, self._seed, _LONGEST))
        arrives = steps[-1].terminated and steps[-1].reward >= self._table.reward.max()
        return tuple(int(step.observation) for step in steps), arrives


def _clone(demos: Demonstrations) -> LearnedPolicy:
    config = bc.Config(budget_s=0, reward=False, members=1)
    policies = [part.policy for part in bc.train(demos, config) if part.policy]
    return policies[-1]


def _true(table: TransitionTable) -> tuple[float, ...]:
    """Return the environment's mean reward of arriving in each state, 0 where none leads to."""
    sums = np.bincount(table.following, table.probability * table.reward, table.states)
    chances = np.bincount(table.following, table.probability, table.states)
    return tuple(float(value) for value in sums / np.maximum(chances, 1e-9))
