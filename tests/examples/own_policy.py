"""Score any policy: a function, an object with `act`, or a Stable-Baselines3 model."""

from typing import Any

import teleop


def balance(observation: Any) -> int:
    """Push to where the pole is falling."""
    return int(observation[2] + 0.3 * observation[3] > 0)


def main() -> dict[str, teleop.Score]:
    """A rule beside chance."""
    return {
        "rule": teleop.evaluate(balance, "CartPole-v1", episodes=10),
        "random": teleop.evaluate("random", "CartPole-v1", episodes=10),
    }


if __name__ == "__main__":
    for score in main().values():
        print(score)
