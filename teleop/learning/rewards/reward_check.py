"""How well a learned reward tells a person's steps from random ones, and fits the true one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import iter_episode
from teleop.evaluation.scoring import RandomPolicy
from teleop.learning.rewards.learned_reward import LearnedReward
from teleop.recording.episodes.episode import Episode
from teleop.types import Policy

_RANDOM_EPISODES = 20
_FIRST_SEED = 110_000


@dataclass(frozen=True, slots=True)
class RewardedSteps:
    """Steps of one driver with both rewards.

    Attributes:
        learned: (N,) learned reward of each step.
        true: (N,) reward of the environment.
    """

    learned: NDArray[np.float64]
    true: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RewardCheck:
    """What a learned reward says about a person's steps and about random ones.

    Attributes:
        separation: probability that a person's step has a higher learned reward than a random
            policy's (area under the ROC curve; Fawcett 2006, section 7): 1 is perfect, 0.5 chance.
        correlation: Spearman's rank correlation of the learned with the environment's reward over
            all these steps; None if the environment's is constant.
        yours: mean learned reward of the person's steps.
        random: mean learned reward of a random policy's steps.
        steps: number of the person's steps.
    """

    separation: float
    correlation: float | None
    yours: float
    random: float
    steps: int


def rewarded(reward: LearnedReward, episode: Episode) -> RewardedSteps:
    """Return both rewards of a recorded episode."""
    ended = bool(episode.terminations[-1])
    learned = reward.along(episode.observations, episode.actions, terminated=ended)
    return RewardedSteps(learned, np.asarray(episode.rewards, np.float64))


def iter_played(
    reward: LearnedReward, env_id: str, policy: Policy, episodes: int, first_seed: int
) -> Iterator[RewardedSteps]:
    """Play whole episodes, and yield both rewards of each.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    env = make_env(env_id, render=False)
    try:
        for seed in range(first_seed, first_seed + episodes):
            policy.reset(seed)
            steps = [
                step._replace(observation=reward.encoding.row(step.observation))
                for step in iter_episode(env, policy.act, seed)
            ]
            seen = reward.normaliser(np.stack([step.observation for step in steps]))
            acts = reward.acts([step.action for step in steps[1:]])
            ends = np.array([step.terminated for step in steps[1:]])
            learned = reward.of(seen[:-1], acts, seen[1:], ends)
            yield RewardedSteps(learned, np.array([step.reward for step in steps[1:]]))
    finally:
        close_env(env)


def check_reward(reward: LearnedReward, yours: list[RewardedSteps]) -> RewardCheck:
    """Compare a person's steps with those of a random policy.

    Args:
        reward: the learned reward.
        yours: the person's episodes, at least one.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    env_id = reward.config.env_id
    policy = RandomPolicy(env_id)
    theirs = list(iter_played(reward, env_id, policy, _RANDOM_EPISODES, _FIRST_SEED))
    own, random = (np.concatenate([part.learned for part in each]) for each in (yours, theirs))
    true = np.concatenate([part.true for part in (*yours, *theirs)])
    return RewardCheck(
        separation(own, random),
        rank_correlation(np.concatenate([own, random]), true),
        float(own.mean()),
        float(random.mean()),
        len(own),
    )


def separation(higher: NDArray[np.float64], lower: NDArray[np.float64]) -> float:
    """Return the probability that one of `higher` is above one of `lower`; equal ones count half.

    Args:
        higher: (N,) numbers.
        lower: (M,) numbers.
    """
    ranks = _ranks(np.concatenate([higher, lower]))[: len(higher)]
    above = ranks.sum() - len(higher) * (len(higher) - 1) / 2
    return float(above / (len(higher) * len(lower)))


def rank_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """Return Spearman's rank correlation of two rows of numbers; None if either is constant."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rank of each number, from 0; equal numbers share their mean rank."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    means: NDArray[np.float64] = (ends - counts + ends - 1) / 2
    return means[places]
