"""A learned policy: a small ensemble in plain numpy, kept as a folder without any code in it.

    config.json          spaces, head, recipe, what it was learned from, versions
    weights.safetensors  the normaliser and every member's layers

Playing needs no torch: one decision of five networks takes about 0.1 ms in numpy, and the process
that plays starts seconds sooner and 200 MB smaller.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from teleop.envs.spaces import Space, space_from_json, space_to_json
from teleop.envs.words import axis_words, branch_words
from teleop.errors import LearningError, StorageError, TeleopError
from teleop.learning.features import Features, Rows
from teleop.learning.heads import CategoricalHead, Distribution, Head, head_from_dict
from teleop.recording.durable import write_atomic
from teleop.types import Action, Actor, Observation

CLIP = 10.0  # normalised inputs beyond this many standard deviations say nothing more
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Normaliser:
    """Shift and scale of the inputs, from the data.

    Attributes:
        mean: (features,).
        sd: (features,), at least 1e-3.
    """

    mean: Rows
    sd: Rows

    @classmethod
    def of(cls, rows: Rows) -> "Normaliser":
        """The statistics of (N, features) rows."""
        mean = rows.mean(axis=0, dtype=np.float64)
        sd = np.maximum(rows.std(axis=0, dtype=np.float64), 1e-3)
        return cls(mean.astype(np.float32), sd.astype(np.float32))

    def __call__(self, rows: Rows) -> Rows:
        """Normalised rows of the same shape."""
        scaled: Rows = np.clip((rows - self.mean) / self.sd, -CLIP, CLIP).astype(np.float32)
        return scaled


@dataclass(frozen=True, slots=True)
class Layer:
    """weight: (out, in); bias: (out,)."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


Network = tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """What a policy folder says of itself.

    Attributes:
        env_id: the environment it was learned in.
        observation_space: JSON.
        action_space: JSON.
        head: JSON-able description of the outputs.
        recipe: the training configuration, as JSON-able data.
        learned: what training found out (lag, steps, losses), as JSON-able data.
        data: dataset id, and file and SHA-256 of every episode.
        versions: of the libraries that trained it.
    """

    env_id: str
    observation_space: str
    action_space: str
    head: dict[str, Any]
    recipe: dict[str, Any]
    learned: dict[str, Any]
    data: dict[str, Any]
    versions: dict[str, str]


class LearnedPolicy:
    """Acts as the ensemble's average finds best."""

    actor = Actor.POLICY

    def __init__(
        self, name: str, config: PolicyConfig, normaliser: Normaliser, networks: tuple[Network, ...]
    ) -> None:
        self.name, self.config = name, config
        self.normaliser, self.networks = normaliser, networks
        self.head: Head = head_from_dict(config.head)
        self._features = Features(space_from_json(config.observation_space))

    def reset(self, seed: int) -> None:
        """Nothing is remembered from step to step."""

    def act(self, observation: Observation) -> Action:
        """The most likely action."""
        return self.head.action(self._outputs(observation))

    def distribution(self, observation: Observation) -> Distribution:
        """Probability of each choice of each branch; empty for continuous outputs."""
        return self.head.distribution(self._outputs(observation))

    def choices(self, action: Action) -> tuple[int, ...]:
        """Which choice of each branch an action is; empty for continuous outputs."""
        if not isinstance(self.head, CategoricalHead):
            return ()
        return tuple(int(index) for index in self.head.targets(np.asarray(action)[None])[0])

    def choice_words(self, action_space: Space) -> tuple[tuple[str, ...], ...]:
        """A word for each choice of each branch; empty for continuous outputs."""
        if not isinstance(self.head, CategoricalHead):
            return ()
        words = branch_words(self.config.env_id, action_space)
        if words:
            return tuple(tuple(branch) for branch in words)
        axes = axis_words(self.config.env_id, action_space)
        return tuple(
            tuple(f"{axis} {level:+.1f}".replace("-", "−") for level in levels)
            for axis, levels in zip(axes, self.head.levels, strict=True)
        )

    def check_fits(self, env_id: str, observation: Space, action: Space) -> None:
        """Refuse an environment with other spaces.

        Raises:
            LearningError: they differ.
        """
        wanted = (self.config.observation_space, self.config.action_space)
        if wanted != (space_to_json(observation), space_to_json(action)):
            raise LearningError(
                f"The policy {self.name} was learned in {self.config.env_id}; the spaces of "
                f"{env_id} differ from that. Choose a policy that was trained in {env_id}."
            )

    def check_shapes(self) -> None:
        """Refuse weights that do not belong together.

        Raises:
            ValueError: a layer's shape does not fit its neighbours.
        """
        if not self.networks or self.normaliser.mean.shape != (self._features.size,):
            raise ValueError("the weights do not fit the observation space")
        for network in self.networks:
            width = self._features.size
            for layer in network:
                if layer.weight.shape != (len(layer.bias), width):
                    raise ValueError("the layers do not fit each other")
                width = len(layer.bias)
            if width != self.head.size:
                raise ValueError("the last layer does not fit the action space")

    def save(self, folder: Path) -> None:
        """Write the policy's folder.

        Raises:
            StorageError: the disk refused.
        """
        data = {"format": _FORMAT} | {k: getattr(self.config, k) for k in _CONFIG_FIELDS}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomic(folder / "weights.safetensors", save(self._tensors()))
            write_atomic(folder / "config.json", json.dumps(data, indent=1).encode())
        except OSError as problem:
            raise StorageError(
                f"The policy could not be written to {folder} ({problem.strerror}); free some "
                "space or make the folder writable, then train again."
            ) from problem

    def _tensors(self) -> dict[str, NDArray[np.float32]]:
        tensors = {"normaliser.mean": self.normaliser.mean, "normaliser.sd": self.normaliser.sd}
        for member, network in enumerate(self.networks):
            for index, layer in enumerate(network):
                tensors[f"member{member}.{index}.weight"] = np.ascontiguousarray(layer.weight)
                tensors[f"member{member}.{index}.bias"] = np.ascontiguousarray(layer.bias)
        return tensors

    def _outputs(self, observation: Observation) -> NDArray[np.float32]:
        """The members' averaged probabilities (or numbers): (size,)."""
        row = self.normaliser(self._features.row(observation))
        outputs = [self.head.probabilities(_forward(network, row)) for network in self.networks]
        return outputs[0] if len(outputs) == 1 else np.mean(outputs, axis=0, dtype=np.float32)


_CONFIG_FIELDS = tuple(PolicyConfig.__dataclass_fields__)


def load_policy(folder: Path) -> LearnedPolicy:
    """A policy from its folder; nothing in it is run.

    Raises:
        LearningError: the folder is no policy, or a damaged one.
    """
    try:
        data = json.loads((folder / "config.json").read_bytes())
        if data["format"] > _FORMAT:
            raise LearningError(
                f"{folder} was written by a newer Teleop (format {data['format']}; this one reads "
                f"up to {_FORMAT}). Update Teleop."
            )
        config = PolicyConfig(**{key: data[key] for key in _CONFIG_FIELDS})
        tensors = load_file(folder / "weights.safetensors")
        normaliser = Normaliser(tensors["normaliser.mean"], tensors["normaliser.sd"])
        policy = LearnedPolicy(folder.name, config, normaliser, _networks(tensors))
        policy.check_shapes()
    except TeleopError:
        raise
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as problem:
        raise LearningError(
            f"{folder} is not a policy that can be read ({type(problem).__name__}: {problem}). "
            "Train one with `teleop train`, or choose another."
        ) from problem
    return policy


def list_policies(folder: Path) -> list[str]:
    """Names of the policies in a dataset's `policies/` folder, the newest last."""
    found = [path.parent for path in folder.glob("*/config.json")]
    return [path.name for path in sorted(found, key=lambda p: (p.stat().st_mtime, p.name))]


def _forward(network: Network, row: Rows) -> NDArray[np.float32]:
    for layer in network[:-1]:
        row = np.maximum(layer.weight @ row + layer.bias, 0.0)
    last = network[-1]
    return last.weight @ row + last.bias


def _networks(tensors: dict[str, Any]) -> tuple[Network, ...]:
    networks: list[Network] = []
    while f"member{len(networks)}.0.weight" in tensors:
        layers: list[Layer] = []
        prefix = f"member{len(networks)}"
        while f"{prefix}.{len(layers)}.weight" in tensors:
            name = f"{prefix}.{len(layers)}"
            layers.append(Layer(tensors[f"{name}.weight"], tensors[f"{name}.bias"]))
        networks.append(tuple(layers))
    return tuple(networks)
