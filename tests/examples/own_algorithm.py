"""An algorithm of your own: a `SUMMARY`, a `Config`, and `train`, which yields `Progress`.

In the window and on the command line it goes by its module's name:
`teleop train CartPole-v1 --algorithm tests.examples.own_algorithm`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import teleop
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.progress import Progress

SUMMARY = "Behavioural cloning that stops early"


@dataclass(frozen=True, slots=True)
class Config:
    """Settings.

    Attributes:
        seed: fixes weights and batches.
        most: optimiser steps after which it stops.
    """

    seed: int = 0
    most: int = 200


def train(demos: Demonstrations, config: Config) -> Iterator[Progress]:
    """Stop behavioural cloning at the first policy after `most` steps."""
    plain = bc.Config(seed=config.seed, steps=config.most, members=1, budget_s=0)
    for progress in bc.train(demos, plain):
        yield replace(progress, phase=f"Early: {progress.phase}")
        if progress.policy is not None and progress.step >= config.most:
            return


def main() -> teleop.Score:
    """Train with it, and score what it learned."""
    data = teleop.record("CartPole-v1", "expert", episodes=3)
    return teleop.evaluate(teleop.train(data, Config(most=300)), episodes=5)


if __name__ == "__main__":
    print(main())
