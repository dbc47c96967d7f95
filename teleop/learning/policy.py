"""A learned policy, stored in a folder that contains no code.

    config.json          spaces, head, recipe, training data, versions
    weights.safetensors  arrays of the normaliser and the model

Playing needs only numpy (a user's own module needs torch): one decision of five networks takes
about 0.1 ms. Without torch, the process that plays starts seconds sooner and uses 200 MB less.
"""

import dataclasses
import json
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from gymnasium.vector.utils import concatenate, create_empty_array
from numpy.typing import NDArray
from safetensors import SafetensorError

from teleop.envs.action_spaces.action_labels import axis_words, branch_words
from teleop.envs.factors import Factors
from teleop.envs.spaces import Space, same_space, space_from_json
from teleop.errors import HostileFileError, LearningError, StorageError, TeleopError, reason
from teleop.learning.data.inputs import TASK_KINDS, Encoding, Picture, Rows, TaskInputs
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.heads import (
    Distribution,
    Head,
    Levels,
    batched,
    flat_actions,
    head_from_json,
)
from teleop.learning.networks.numpy_network import Array
from teleop.learning.networks.own_network import load_own
from teleop.learning.networks.policy_models import Ensemble, PolicyModel, model_from
from teleop.learning.policy_formats import FORMAT, upgraded
from teleop.learning.tensor_file import read_tensors, write_tensors
from teleop.recording.disk import files
from teleop.text import tr
from teleop.types import Action, Actor, Observation


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """The description of a policy in its folder.

    Attributes:
        env_id: environment that the policy was trained in.
        observation_space: observation space as JSON.
        action_space: action space as JSON.
        branches: description of the outputs, as JSON-able data.
        model: kind of model: `networks`, `nearest` or `module`.
        shape: architecture of the networks, as JSON-able data.
        recipe: algorithm and training configuration, as JSON-able data.
        learned: results of the training (lag, steps, losses), as JSON-able data.
        data: dataset id, and file and SHA-256 of every episode.
        versions: versions of the libraries used for training.
        factors: factors of each number of a Discrete observation; empty if it has none.
        words: words that text observations may contain; empty if text is ignored.
        angles: whether angles in observations are encoded as cosine and sine.
        tasks: how the task is encoded, as JSON-able data; empty if the policy knows no tasks.
    """

    env_id: str
    observation_space: str
    action_space: str
    branches: list[dict[str, Any]]
    model: str
    shape: dict[str, Any]
    recipe: dict[str, Any]
    learned: dict[str, Any]
    data: dict[str, Any]
    versions: dict[str, str]
    factors: Factors = ()
    words: tuple[str, ...] = ()
    angles: bool = False
    tasks: dict[str, Any] = field(default_factory=dict)


class PolicyLabels(Protocol):
    """Labels that a policy learned from and that are part of no recording."""

    @property
    def total_steps(self) -> int:
        """Number of labelled steps."""

    def save(self, folder: Path) -> None:
        """Write the labels into the policy's folder."""


class PolicyPart(Protocol):
    """A further file of a policy, besides its networks."""

    def save(self, folder: Path) -> None:
        """Write it into the policy's folder."""


class LearnedPolicy:
    """A policy that takes the action its model finds most likely.

    Attributes:
        labels: labels to save with the policy; None if there are none, or if they are saved.
        parts: further files to save with the policy; empty if there are none, or if they are saved.
    """

    actor = Actor.POLICY
    labels: PolicyLabels | None = None
    parts: tuple[PolicyPart, ...] = ()

    def __init__(
        self,
        name: str,
        config: PolicyConfig,
        normaliser: Normaliser,
        head: Head,
        model: PolicyModel,
    ) -> None:
        self.name, self.config = name, config
        self.normaliser, self.head, self.model = normaliser, head, model
        self.shape = shape_from(config.shape)
        self.encoding = encoding_from(config)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Start an episode and forget the previous one."""
        self.model.reset(seed)
        look_back = (self.shape.frames - 1) * self.shape.stride + 1
        self._past: deque[tuple[Rows, tuple[Picture, ...]]] = deque(maxlen=look_back)
        self._plan: list[Array] = []

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that the policy was trained on, the most frequent first; empty if none."""
        return self.encoding.task_inputs.tasks if self.encoding.task_inputs else ()

    def ask_for(self, task: str) -> bool:
        """Choose the task that the policy does from now on; empty: the most frequent one.

        Returns:
            False if the policy does not know it; it then keeps the one it had.
        """
        known = self.encoding.task_inputs
        if known is None or (task and not known.knows(task)):
            return False
        self.encoding.task = task or known.tasks[0]
        return True

    def act(self, observation: Observation) -> Action:
        """Return the most likely action."""
        return self.head.action(self._next(observation))

    def __call__(self, observation: Observation) -> Action:
        """Same as `act`."""
        return self.act(observation)

    def act_many(self, observations: Any) -> list[Action]:
        """Return the most likely action for each observation of a batch, nested like the space.

        Raises:
            LearningError: the policy depends on earlier steps, so the order matters.
        """
        if not self.is_stateless:
            raise LearningError(
                f"The policy {self.name} uses earlier steps, so it cannot predict a batch. Call "
                "act() once per step."
            )
        inputs = self.encoding.inputs(observations)
        found = self.model.think(self.normaliser(inputs.vector), inputs.pictures)
        return self.head.actions(found)

    def act_side_by_side(self, observations: Any) -> list[Action]:
        """Return an action for each of several episodes that all started at the last `reset`.

        Args:
            observations: a batch with one observation per episode, nested like the space. The
                number and order of the episodes must be the same in every call.
        """
        inputs = self.encoding.inputs(observations)
        return self.head.actions(self._decide(self.normaliser(inputs.vector), inputs.pictures))

    def predict(
        self,
        observation: Observation,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = True,
    ) -> tuple[Any, Any]:
        """Return actions through the interface of Stable-Baselines3's `evaluate_policy`.

        Args:
            observation: one observation, or a batch from a vector environment.
            state: returned unchanged.
            episode_start: (batch,) True where an episode begins; the policy forgets its history.
            deterministic: ignored; the policy always takes the most likely action.

        Raises:
            LearningError: some episodes of a batch begin while others continue, and the policy has
                a memory or plans ahead.
        """
        del deterministic
        begun = np.atleast_1d(
            np.asarray(False if episode_start is None else episode_start, np.bool_)
        )
        if begun.all():
            self.reset(0)
        if not self.encoding.is_batch(observation):
            return self.act(observation), state
        inputs = self.encoding.inputs(observation)
        vector = self.normaliser(inputs.vector)
        if begun.any() and not begun.all():
            self._begin_some(begun, vector, inputs.pictures)
        actions = self.head.actions(self._decide(vector, inputs.pictures))
        room: Any = create_empty_array(self.head.space, len(actions))
        return concatenate(self.head.space, actions, room), state

    def _begin_some(
        self, begun: NDArray[np.bool_], vector: Rows, pictures: tuple[Picture, ...]
    ) -> None:
        """Fill the history of the episodes that begin with their current observation."""
        if self.shape.memory or self.shape.chunk > 1:
            raise LearningError(
                f"The policy {self.name} has a memory or plans ahead, so all episodes of a batch "
                "must begin together."
            )
        for seen, looks in self._past:
            seen[begun] = vector[begun]
            for look, picture in zip(looks, pictures, strict=True):
                look[begun] = picture[begun]

    @property
    def is_stateless(self) -> bool:
        """Whether the action depends only on the current observation."""
        return not (self.shape.looks_back or self.shape.flow)

    def distribution(self, observation: Observation) -> Distribution:
        """Return the probability of each choice in each branch; empty for continuous outputs."""
        return self.advise(observation)[1]

    def advise(self, observation: Observation) -> tuple[Action, Distribution]:
        """Return (action, probability of each choice) for the next step of the episode."""
        found = self._next(observation)
        return self.head.action(found), self.head.distribution(found)

    def replan(self) -> None:
        """Discard the planned actions, because another driver has acted."""
        self._plan.clear()

    def disagreement(self) -> float:
        """Return how much the networks differed about the last action; 0 for one network."""
        if not isinstance(self.model, Ensemble):
            return 0.0
        return float(np.mean(self.model.disagreement()))

    def alone(self, index: int) -> "LearnedPolicy":
        """Return a policy of one of the networks."""
        if not isinstance(self.model, Ensemble):
            raise TypeError("the policy is not made of networks")
        model = Ensemble((self.model.networks[index],), self.head, self.shape)
        name = f"{self.name} network {index + 1}"
        return LearnedPolicy(name, self.config, self.normaliser, self.head, model)

    @property
    def members(self) -> int:
        """Number of networks; 0 if it is made of something else."""
        return len(self.model.networks) if isinstance(self.model, Ensemble) else 0

    def choices(self, action: Action) -> tuple[int, ...]:
        """Return the index of the action's choice in each branch; empty for continuous outputs."""
        if not self.head.is_choice:
            return ()
        batch = batched(action)
        flat = flat_actions(self.head.space, batch)
        return tuple(int(index) for index in self.head.targets(flat)[0])

    def choice_words(self, action_space: Space) -> tuple[tuple[str, ...], ...]:
        """Return a name for each choice in each branch; empty for continuous outputs."""
        if not self.head.is_choice:
            return ()
        words = branch_words(self.config.env_id, action_space)
        if words:
            return tuple(tuple(branch) for branch in words)
        axes = axis_words(self.config.env_id, action_space)
        axes = axes or [f"{number + 1}" for number in range(len(self.head.branches))]
        return tuple(
            tuple(f"{axis} {value:+.1f}".replace("-", "−") for value in branch.values)
            for axis, branch in zip(axes, self.head.branches, strict=True)
            if isinstance(branch, Levels)
        )

    def check_fits(self, env_id: str, observation: Space, action: Space) -> None:
        """Check that an environment has the spaces that the policy was trained on.

        Raises:
            LearningError: a space differs.
        """
        config = self.config
        pairs = ((config.observation_space, observation), (config.action_space, action))
        if not all(same_space(space_from_json(learned), there) for learned, there in pairs):
            raise LearningError(
                tr(
                    "The policy {name} was trained in {env_id}, whose spaces differ from those of "
                    "{played_env}. Choose a policy that was trained in {played_env}.",
                    name=self.name,
                    env_id=self.config.env_id,
                    played_env=env_id,
                )
            )

    def check_shapes(self) -> None:
        """Check that the weights fit together and fit the spaces.

        Raises:
            ValueError: a shape does not fit.
        """
        if self.normaliser.mean.shape != (self.encoding.features,):
            raise ValueError("the weights do not fit the observation space")
        self.model.check(self.encoding.features, self.head.size)
        nothing = np.zeros(self.encoding.features * self.shape.frames, np.float32)
        dark = tuple(
            np.zeros((height, width, channels * self.shape.frames), np.uint8)
            for height, width, channels in self.encoding.pictures
        )
        if self.model.think(nothing, dark).shape != (self.head.size * self.shape.chunk,):
            raise ValueError("the outputs do not fit the action space")
        self.reset(0)

    def save(self, folder: str | Path) -> None:
        """Write the policy's folder.

        Raises:
            StorageError: the folder cannot be written.
        """
        folder = Path(folder)
        data = {"format": FORMAT} | {k: getattr(self.config, k) for k in _CONFIG_FIELDS}
        try:
            files.make_folder(folder)
            write_tensors(folder / "weights.safetensors", self._tensors())
            for part in (*self.parts, *([self.labels] if self.labels else [])):
                part.save(folder)
            files.write_atomic(folder / "config.json", json.dumps(data, indent=1).encode())
        except HostileFileError:  # a link or a device, not a full disk
            raise
        except OSError as problem:
            raise StorageError(
                tr(
                    "The policy could not be written to {folder} ({problem}); free some space or "
                    "make the folder writable, then train again.",
                    folder=folder,
                    problem=reason(problem),
                )
            ) from problem

    def _tensors(self) -> dict[str, NDArray[Any]]:
        tensors = {"normaliser.mean": self.normaliser.mean, "normaliser.sd": self.normaliser.sd}
        own = ((name, np.ascontiguousarray(array)) for name, array in self.model.tensors())
        return tensors | dict(own)

    def _next(self, observation: Observation) -> Array:
        """Return the averaged probabilities (or numbers) of the next action: (size,)."""
        vector = self.normaliser(self.encoding.row(observation))
        return self._decide(vector, self.encoding.small_pictures(observation))

    def _decide(self, vector: Rows, pictures: tuple[Picture, ...]) -> Array:
        """Decide the next step: (..., features) and (..., h, w, c) -> (..., size)."""
        stacked = self._stacked(vector, pictures)
        if self._plan:
            return self._plan.pop(0)
        found = self.model.think(*stacked)
        if self.shape.chunk == 1:
            return found
        steps = found.reshape(*found.shape[:-1], self.shape.chunk, -1)
        first, *self._plan = (steps[..., step, :] for step in range(self.shape.execute))
        return first

    def _stacked(
        self, vector: Rows, pictures: tuple[Picture, ...]
    ) -> tuple[Rows, tuple[Picture, ...]]:
        """Stack the observation with the earlier ones that the network sees."""
        if self.shape.frames == 1:
            return vector, pictures
        self._past.append((vector, pictures))
        back = range((self.shape.frames - 1) * self.shape.stride, -1, -self.shape.stride)
        frames = [self._past[max(0, len(self._past) - 1 - steps)] for steps in back]
        looks = tuple(
            np.concatenate([frame[1][index] for frame in frames], axis=-1)
            for index in range(len(pictures))
        )
        return np.concatenate([frame[0] for frame in frames], axis=-1), looks


_UNREADABLE = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, IndexError),
    *(RecursionError, SafetensorError),
)
_CONFIG_FIELDS = tuple(PolicyConfig.__dataclass_fields__)
_LATER_FIELDS = ("factors", "words", "angles", "tasks")  # older policies lack them


def load_policy(folder: str | Path) -> LearnedPolicy:
    """Load a policy from its folder without running any code in it.

    Raises:
        LearningError: the folder is not a policy, or the policy is damaged.
    """
    folder = Path(folder)
    try:
        data = upgraded(json.loads(files.read_bytes(folder / "config.json")), folder)
        factors = tuple(tuple(int(part) for part in row) for row in data.get("factors", ()))
        words = tuple(str(word) for word in data.get("words", ()))
        fields = {key: data[key] for key in _CONFIG_FIELDS if key not in _LATER_FIELDS}
        angles = bool(data.get("angles", False))
        tasks = dict(data.get("tasks", {}))
        config = PolicyConfig(**fields, factors=factors, words=words, angles=angles, tasks=tasks)
        tensors = read_tensors(folder / "weights.safetensors", files.MOST_WEIGHTS)
        policy = _policy_from(folder.name, config, tensors)
        policy.check_shapes()
    except TeleopError:
        raise
    except _UNREADABLE as problem:
        raise LearningError(
            tr(
                "The policy in {folder} cannot be read ({kind}: {problem}). Choose another "
                "policy, or train one with `teleop train`.",
                folder=folder,
                kind=type(problem).__name__,
                problem=problem,
            )
        ) from problem
    return policy


def encoding_from(config: PolicyConfig) -> Encoding:
    """Return the encoding that turns observations into inputs."""
    space = space_from_json(config.observation_space)
    encoding = Encoding(space, config.factors, config.words, angles=config.angles)
    if not config.tasks:
        return encoding
    kind, known = str(config.tasks["kind"]), tuple(str(task) for task in config.tasks["tasks"])
    if kind not in TASK_KINDS or not known:
        raise LearningError("The policy's tasks are invalid. Train it again.")
    return encoding.with_tasks(TaskInputs(kind, known))


def shape_from(data: dict[str, Any]) -> Architecture:
    """Build a network's architecture from its JSON data.

    Raises:
        TypeError: a field is unknown.
        ValueError: a number is out of range.
    """
    shape = Architecture(**data)
    if min(shape.frames, shape.stride, shape.execute) < 1 or shape.execute > shape.chunk:
        raise ValueError("the network architecture is invalid")
    return dataclasses.replace(shape, hidden=tuple(int(width) for width in shape.hidden))


def list_policies(folder: Path) -> list[str]:
    """Return the names of the policies in a dataset's `policies/` folder, newest last."""
    found = [folder / name for name in files.names(folder)]
    found = [one for one in found if files.is_file(one / "config.json")]
    return [path.name for path in sorted(found, key=lambda p: (made_s(p), p.name))]


def made_s(folder: Path) -> float:
    """Return the Unix time when a policy's weights were written; `config.json` may be newer."""
    weights = folder / "weights.safetensors"
    try:
        found = files.stat(weights if files.is_file(weights) else folder / "config.json")
    except OSError:  # another program has just moved the policy
        return 0.0
    return found.st_mtime


def _policy_from(name: str, config: PolicyConfig, tensors: dict[str, Any]) -> LearnedPolicy:
    normaliser = Normaliser(tensors["normaliser.mean"], tensors["normaliser.sd"])
    head = head_from_json(config.branches, space_from_json(config.action_space))
    shape, recipe = shape_from(config.shape), config.recipe
    encoding = encoding_from(config)
    own = str(recipe.get("network", ""))
    make = lambda: load_own(own, encoding.features, encoding.pictures, head.size)  # noqa: E731
    model = model_from(config.model, tensors, head, shape, config.learned, make)
    return LearnedPolicy(name, config, normaliser, head, model)
