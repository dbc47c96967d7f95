"""Planning with a learned reward where the transitions are known, and others than in training."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from teleop.envs.factory import close_env, make_env
from teleop.envs.transition_table import TransitionTable, transition_table
from teleop.errors import LearningError
from teleop.learning.networks.policy_models import Nearest
from teleop.learning.policy import LearnedPolicy
from teleop.learning.rewards.learned_reward import LearnedReward
from teleop.learning.rewards.reward_models import TableReward
from teleop.text import tr

_GAMMA = 0.97
_SWEEPS = 3000
_CLOSE = 1e-6


def replanned(policy: LearnedPolicy, reward: LearnedReward, env_id: str) -> LearnedPolicy:
    """Return a policy that plans with a learned reward in another environment of the same spaces.

    Args:
        policy: the policy of maximum-entropy inverse RL that the reward belongs to.
        reward: its learned reward.
        env_id: full name of the environment.

    Raises:
        LearningError: the reward is no table, or the environment has other spaces.
        EnvError: the environment cannot be made, or has no transition table.
    """
    if not isinstance(reward.model, TableReward):
        raise LearningError(tr("Only the rewards of maximum-entropy inverse RL can be planned."))
    env = make_env(env_id, render=False)
    try:
        policy.check_fits(env_id, env.observation_space, env.action_space)
        table = transition_table(env)
    finally:
        close_env(env)
    best = best_actions(table, reward.model).astype(np.float64)
    model = Nearest(reward.model.known, policy.head.targets(best[:, None]), policy.head, 1)
    config = dataclasses.replace(policy.config, env_id=env_id)
    return LearnedPolicy(policy.name, config, policy.normaliser, policy.head, model)


def best_actions(
    table: TransitionTable, reward: TableReward, gamma: float = _GAMMA
) -> NDArray[np.int64]:
    """Return the best action in each state by value iteration (Bellman 1957): (S,)."""
    now = table.expected(table.probability * reward.arriving[table.following])
    now += table.expected(table.probability * table.ends) * reward.ending + reward.acting
    value = np.zeros(table.states)
    for _ in range(_SWEEPS):
        gain = now + gamma * table.expected(table.continuing * value[table.following])
        change = np.abs(gain.max(axis=1) - value).max()
        value = gain.max(axis=1)
        if change < _CLOSE:
            break
    best: NDArray[np.int64] = gain.argmax(axis=1)
    return best
