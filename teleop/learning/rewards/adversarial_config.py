"""Settings of GAIL and AIRL; this module needs neither torch nor Stable-Baselines3."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AdversarialConfig:
    """Settings of the search.

    Attributes:
        seed: seed of the networks and the starts.
        steps: environment steps.
        gamma: discount.
        learning_rate: learning rate of the discriminator.
        updates: updates of the discriminator after each block of played steps.
        penalty: weight of the gradient penalty.
    """

    seed: int = 0
    steps: int = 40_000
    gamma: float = 0.99
    learning_rate: float = 1e-3
    updates: int = 30
    penalty: float = 1.0
