"""A policy as it travels to another process, which plays episodes with it."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from teleop.evaluation.scoring import RandomPolicy, evaluate_from
from teleop.evaluation.success import Result
from teleop.experts import make_expert
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.types import Policy

RANDOM, SCRIPT = "random", "script"


@dataclass(frozen=True, slots=True)
class PolicyPlayer:
    """Names a policy.

    Attributes:
        env_id: the environment.
        name: its name; `random` or `script` if it has no folder.
        folder: where it was saved.
        task: what a policy of several tasks is asked for; empty for the most frequent one.
        stamp: when it was saved, in nanoseconds.
    """

    env_id: str
    name: str
    folder: str = ""
    task: str = ""
    stamp: int = 0

    @staticmethod
    def saved(env_id: str, name: str, folder: Path, task: str) -> "PolicyPlayer":
        """Name a policy that is saved in a folder."""
        stamp = (folder / "config.json").stat().st_mtime_ns
        return PolicyPlayer(env_id, name, str(folder.absolute()), task, stamp)

    def driver(self) -> Policy:
        """Make or load it."""
        if self.folder:
            policy = _loaded_policy(self.folder, self.stamp)
            policy.ask_for(self.task)
            return policy
        return RandomPolicy(self.env_id) if self.name == RANDOM else make_expert(self.env_id)


@functools.lru_cache(maxsize=8)
def _loaded_policy(folder: str, stamp: int) -> LearnedPolicy:
    del stamp  # a policy that was saved again is loaded again
    return load_policy(folder)


def play_part(asked: tuple[PolicyPlayer, Sequence[int]]) -> list[Result]:
    """Play whole episodes from some seeds.

    Raises:
        EnvError: the environment cannot be created, or failed.
        LearningError: the policy cannot be loaded.
    """
    player, seeds = asked
    return list(evaluate_from(player.env_id, player.driver(), seeds))
