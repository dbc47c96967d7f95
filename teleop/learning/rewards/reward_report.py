"""What a policy's learned reward says about each recorded episode, as text and rows."""

import dataclasses
from typing import Any

from teleop.errors import LearningError
from teleop.learning.policy import list_policies
from teleop.learning.rewards.learned_reward import load_reward
from teleop.learning.rewards.reward_check import check_reward, rewarded
from teleop.recording import Dataset


class RewardReport:
    """What a learned reward says about recorded episodes and about random actions."""

    def __init__(self, dataset: Dataset, policy: str) -> None:
        """Load the reward, and evaluate it.

        Args:
            dataset: the dataset of the policy.
            policy: name of the policy; empty: the newest one with a learned reward.

        Raises:
            TeleopError: there is no such reward, or an episode is damaged.
        """
        names = [policy] if policy else list_policies(dataset.policies)[::-1]
        loaded = ((each, load_reward(dataset.policies / each)) for each in names)
        chosen = next(((each, found) for each, found in loaded if found), None)
        if chosen is None:
            raise LearningError(
                f"{policy or dataset.dataset_id} has no learned reward. Learn one: "
                f"teleop train {dataset.dataset_id} --algorithm gail"
            )
        self.policy, reward = chosen
        if not reward.fits_spaces(*dataset.spaces()):
            raise LearningError(f"The reward of {self.policy} is for other spaces.")
        episodes = [(row, dataset.read(row)) for row in dataset.rows() if row.total_steps]
        self._episodes = [(row, rewarded(reward, episode)) for row, episode in episodes]
        if not self._episodes:
            raise LearningError(f"{dataset.dataset_id} has no recorded steps to compare.")
        self.check = check_reward(reward, [steps for _, steps in self._episodes])

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each episode."""
        return [
            {
                "episode": row.number,
                "steps": row.total_steps,
                "return": row.total_reward,
                "learned reward per step": float(steps.learned.mean()),
            }
            for row, steps in self._episodes
        ]

    def result(self) -> dict[str, Any]:
        """Return everything as JSON-able data."""
        check = dataclasses.asdict(self.check)
        return {"policy": self.policy} | check | {"episodes": self.rows()}

    def text(self) -> str:
        """Return the comparison with random actions, and with the environment's reward."""
        check = self.check
        said = (
            f"Recorded steps have a higher reward than random ones in {check.separation:.0%} of "
            f"pairs ({check.yours:+.2f} against {check.random:+.2f} on average; 50 % is chance). "
        )
        if check.correlation is None:
            return said + "The environment's own reward is constant."
        return said + (
            f"Rank correlation with the environment's own reward: {check.correlation:.2f}."
        )
