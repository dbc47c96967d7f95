"""Generative adversarial imitation learning: rewards what looks demonstrated.

Ho & Ermon 2016, "Generative Adversarial Imitation Learning", equation 15 and algorithm 1:
    min_pi max_D  E_demos[log D(s, a)] + E_pi[log(1 - D(s, a))] - lambda H(pi)
The reward of the policy is log D - log(1 - D).
Deviations:
 1. PPO (Schulman et al. 2017) replaces TRPO.
 2. Absorbing states, a reward that is the log-odds, and a gradient penalty (Kostrikov et al. 2019,
    section 4): without the first, a policy learns how long to live rather than what to do.
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
SUMMARY = "GAIL: rewards what looks like you"


@dataclass(frozen=True, slots=True)
class Config(AdversarialConfig):
    """Settings of GAIL."""


def train(demos: Demonstrations, config: Config = Config()) -> Iterator[Progress]:
    """Play, learn to tell what was played from what was demonstrated, and learn from that.

    Raises:
        LearningError: nothing can be learned, or the spaces are not supported.
        EnvError: the environment cannot be made, or failed.
    """
    check(demos)
    from teleop.learning.rewards.adversarial import iter_training
    from teleop.learning.rewards.step_network import StepNetwork

    yield from iter_training(demos, config, "gail", StepNetwork, knows_policy=False)
