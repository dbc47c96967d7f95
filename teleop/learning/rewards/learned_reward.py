"""A learned reward, stored as arrays and numbers; nothing needs torch to read it.

    reward.json          spaces, actions, kind and numbers
    reward.safetensors   arrays of the normaliser and the model

A reward is a function of a step: r(s, a, s'). An episode that ends by itself goes on in an
absorbing state (Kostrikov et al. 2019, section 4.2), which is marked by a further input.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from teleop.envs.spaces import Space, same_space, space_from_json, space_to_json
from teleop.errors import LearningError, TeleopError
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.inputs import Encoding, Rows
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.heads import (
    Head,
    batched,
    branches_to_json,
    flat_actions,
    head_from_json,
)
from teleop.learning.rewards.reward_models import RewardFunction, RewardModel, model_from
from teleop.learning.tensor_file import read_tensors, write_tensors
from teleop.recording.disk import files
from teleop.text import tr
from teleop.types import Action

CONFIG, WEIGHTS = "reward.json", "reward.safetensors"
_FORMAT = 1
_UNREADABLE = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, IndexError),
    *(RecursionError, OverflowError, SafetensorError),
)


@dataclass(frozen=True, slots=True)
class RewardConfig:
    """The description of a learned reward in its folder.

    Attributes:
        env_id: environment that it was learned in.
        source: how it was learned: the name of an algorithm, or `preferences`.
        observation_space: observation space as JSON.
        action_space: action space as JSON.
        branches: description of the actions, as JSON-able data.
        kind: kind of model: `network`, `soft_q` or `table`.
        settings: numbers of the model, as JSON-able data.
        factors: factors of each number of a Discrete observation; empty if it has none.
        words: words that text observations may contain.
        angles: whether angles in observations are encoded as cosine and sine.
    """

    env_id: str
    source: str
    observation_space: str
    action_space: str
    branches: list[dict[str, Any]]
    kind: str
    settings: dict[str, Any]
    factors: list[list[int]]
    words: list[str]
    angles: bool


class LearnedReward:
    """A reward that was learned, for the steps of an environment."""

    def __init__(
        self,
        config: RewardConfig,
        encoding: Encoding,
        normaliser: Normaliser,
        head: Head,
        model: RewardModel,
    ) -> None:
        self.config, self.encoding, self.normaliser = config, encoding, normaliser
        self.head, self.model = head, model

    def along(self, observations: Any, actions: Any, *, terminated: bool) -> NDArray[np.float64]:
        """Return the reward of each step of an episode.

        Args:
            observations: (T + 1, ...) observations, nested like the space.
            actions: (T, ...) actions, nested like the space.
            terminated: whether the episode ended by itself after the last step.

        Returns:
            (T,) rewards.
        """
        seen = self.normaliser(self.encoding.inputs(observations).vector)
        targets = self.head.targets(flat_actions(self.head.space, actions))
        ends = np.zeros(len(targets), np.bool_)
        ends[-1:] = terminated
        return self.of(seen[:-1], self.head.features(targets), seen[1:], ends)

    def acts(self, actions: Sequence[Action]) -> Rows:
        """Return separate actions as inputs: (B, A)."""
        flat = [flat_actions(self.head.space, batched(action))[0] for action in actions]
        return self.head.features(self.head.targets(np.array(flat)))

    def of(
        self, seen: Rows, acts: Rows, following: Rows, terminated: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the reward of separate steps: (B,).

        Args:
            seen: (B, features) normalised inputs before the step.
            acts: (B, A) actions as inputs.
            following: (B, features) normalised inputs after the step.
            terminated: (B,) whether the task was over after the step.
        """
        return self.model.rewards(seen, acts, following, terminated)

    def fits(self, observation_space: Space, head: Head) -> bool:
        """Return whether the reward is for these observations, and for the actions of a head."""
        known = space_from_json(self.config.observation_space)
        return same_space(known, observation_space) and self.head.features_alike(head)

    def fits_spaces(self, observation_space: Space, action_space: Space) -> bool:
        """Return whether the reward is for an environment with these spaces."""
        known = space_from_json(self.config.observation_space)
        return same_space(known, observation_space) and same_space(self.head.space, action_space)

    def above_absorbing(self) -> RewardFunction:
        """Return the reward less that of the absorbing state, whose own is then 0.

        With a discount, and the absorbing state going on for ever, this adds the same to the return
        of every policy. An episode's last step needs no sum over what follows it.
        """
        absorbed = self.model.absorbed()

        def reward(
            seen: Rows, acts: Rows, following: Rows, terminated: NDArray[np.bool_]
        ) -> NDArray[np.float64]:
            return self.of(seen, acts, following, terminated) - absorbed

        return reward

    def save(self, folder: Path) -> None:
        """Write the reward into a folder.

        Raises:
            OSError: writing to disk failed.
        """
        own = {name: np.ascontiguousarray(array) for name, array in self.model.tensors()}
        mean_sd = {"normaliser.mean": self.normaliser.mean, "normaliser.sd": self.normaliser.sd}
        write_tensors(folder / WEIGHTS, mean_sd | own)
        data = {"format": _FORMAT} | asdict(self.config)
        files.write_atomic(folder / CONFIG, json.dumps(data, indent=1).encode())


def make_reward(
    demos: Demonstrations, source: str, normaliser: Normaliser, head: Head, model: RewardModel
) -> LearnedReward:
    """Build a reward that stores everything needed to use it."""
    encoding = demos.encoding
    config = RewardConfig(
        env_id=demos.env_id,
        source=source,
        observation_space=space_to_json(demos.observation_space),
        action_space=space_to_json(demos.action_space),
        branches=branches_to_json(head),
        kind=model.kind,
        settings=model.settings(),
        factors=[list(row) for row in encoding.factors],
        words=list(encoding.words),
        angles=encoding.angles,
    )
    return LearnedReward(config, encoding, normaliser, head, model)


def load_reward(folder: Path) -> LearnedReward | None:
    """Load the reward in a folder without running any code in it; None if there is none.

    Raises:
        LearningError: the reward is damaged.
    """
    if not files.is_file(folder / CONFIG):
        return None
    try:
        data = json.loads(files.read_bytes(folder / CONFIG))
        config = RewardConfig(**{name: data[name] for name in RewardConfig.__dataclass_fields__})
        tensors = read_tensors(folder / WEIGHTS, files.MOST_WEIGHTS)
        reward = _reward_from(config, tensors)
        _try(reward)
    except TeleopError:
        raise
    except _UNREADABLE as problem:
        raise LearningError(
            tr(
                "The learned reward in {folder} cannot be read ({kind}: {problem}).",
                folder=folder,
                kind=type(problem).__name__,
                problem=problem,
            )
        ) from problem
    return reward


def _reward_from(config: RewardConfig, tensors: dict[str, Any]) -> LearnedReward:
    space = space_from_json(config.observation_space)
    factors = tuple(tuple(int(part) for part in row) for row in config.factors)
    encoding = Encoding(space, factors, tuple(config.words), angles=config.angles)
    normaliser = Normaliser(tensors["normaliser.mean"], tensors["normaliser.sd"])
    head = head_from_json(config.branches, space_from_json(config.action_space))
    model = model_from(config.kind, tensors, config.settings)
    return LearnedReward(config, encoding, normaliser, head, model)


def _try(reward: LearnedReward) -> None:
    """Check that the arrays fit together and fit the spaces.

    Raises:
        ValueError: a shape does not fit.
    """
    if reward.normaliser.mean.shape != (reward.encoding.features,):
        raise ValueError("the arrays do not fit the observation space")
    seen = np.zeros((2, reward.encoding.features), np.float32)
    acts = np.zeros((2, reward.head.size), np.float32)
    reward.model.check(reward.encoding.features)
    found = reward.of(seen, acts, seen, np.array([False, True]))
    if found.shape != (2,):
        raise ValueError("the arrays do not fit the spaces")
    arrays = [part for _, part in reward.model.tensors()]
    arrays += [reward.normaliser.mean, reward.normaliser.sd, found]
    if not all(np.isfinite(part).all() for part in arrays) or reward.normaliser.sd.min() <= 0:
        raise ValueError("there are numbers that are not finite")
    if not np.isfinite(reward.model.absorbed()):
        raise ValueError("the absorbing state has no finite reward")
