"""Adversarial inverse RL: a reward that is kept apart from how the policy gets it.

Fu et al. 2018, "Learning Robust Rewards with Adversarial Inverse Reinforcement Learning",
section 5:
    D(s, a, s') = exp f / (exp f + pi(a | s)),   f(s, a, s') = g(s, a) + gamma h(s') - h(s)
The reward of the policy is log D - log(1 - D) = f - log pi; what is kept as the reward is g.
Deviations:
 1. PPO (Schulman et al. 2017) replaces TRPO.
 2. Absorbing states (Kostrikov et al. 2019, section 4), with pi = 1 there, and a gradient penalty.
 3. What is saved is the best policy by playing (`practice.finalists`). The environment's reward
    selects among policies but is never learned from.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.practice.task import check, why_not
from teleop.learning.progress import Progress
from teleop.learning.rewards.adversarial_config import AdversarialConfig

__all__ = ["SUMMARY", "Config", "train", "why_not"]
SUMMARY = "AIRL: finds a reward apart from how you got it"


@dataclass(frozen=True, slots=True)
class Config(AdversarialConfig):
    """Settings of AIRL."""


def train(demos: Demonstrations, config: Config = Config()) -> Iterator[Progress]:
    """Play, learn to tell what was played from what was demonstrated, and learn from that.

    Raises:
        LearningError: nothing can be learned, or the spaces are not supported.
        EnvError: the environment cannot be made, or failed.
    """
    check(demos)
    from teleop.learning.rewards.adversarial import iter_training
    from teleop.learning.rewards.step_network import ShapedNetwork

    yield from iter_training(demos, config, "airl", ShapedNetwork, knows_policy=True)
