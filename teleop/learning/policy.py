"""A learned policy, kept as a folder without any code in it.

    config.json          spaces, head, recipe, what it was learned from, versions
    weights.safetensors  the normaliser and the model's arrays

Playing needs numpy alone (a user's own module needs torch): one decision of five networks takes
about 0.1 ms, and the process that plays starts seconds sooner and 200 MB smaller.
"""

import dataclasses
import hashlib
import json
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector.utils import concatenate, create_empty_array
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from teleop.envs.action_labels import axis_words, branch_words
from teleop.envs.factors import Factors
from teleop.envs.spaces import Space, same_space, space_from_json
from teleop.errors import HostileFileError, LearningError, StorageError, TeleopError, reason
from teleop.learning.data.inputs import Encoding, Picture, Rows
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.heads import Distribution, Head, Levels, flat_actions, head_from_json
from teleop.learning.networks.numpy_network import Array
from teleop.learning.networks.own_network import load_own
from teleop.learning.networks.policy_models import PolicyModel, model_from
from teleop.learning.policy_formats import FORMAT, upgraded
from teleop.recording.disk import files
from teleop.text import tr
from teleop.types import Action, Actor, Observation

_CHECKSUM = "sha256"  # of the arrays, in the head of their file


@dataclass(frozen=True, slots=True)
class PolicyConfig:
    """What a policy folder says of itself.

    Attributes:
        env_id: the environment it was learned in.
        observation_space: JSON.
        action_space: JSON.
        branches: JSON-able description of the outputs.
        model: kind of the model: `networks`, `nearest`, `module`.
        shape: of its networks, as JSON-able data.
        recipe: algorithm and the training configuration, as JSON-able data.
        learned: what training found out (lag, steps, losses), as JSON-able data.
        data: dataset id, and file and SHA-256 of every episode.
        versions: of the libraries that trained it.
        factors: what each number of a Discrete observation is made of; empty: it is a name.
        words: that text observations may hold; empty: text is left out.
        angles: angles of observations became cosine and sine.
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


class LearnedPolicy:
    """Acts as its model finds best."""

    actor = Actor.POLICY

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
        """A new episode: nothing is remembered of the one before."""
        self.model.reset(seed)
        look_back = (self.shape.frames - 1) * self.shape.stride + 1
        self._past: deque[tuple[Rows, tuple[Picture, ...]]] = deque(maxlen=look_back)
        self._plan: list[Array] = []

    def act(self, observation: Observation) -> Action:
        """The most likely action."""
        return self.head.action(self._next(observation))

    def __call__(self, observation: Observation) -> Action:
        """The same as `act`."""
        return self.act(observation)

    def act_many(self, observations: Any) -> list[Action]:
        """The most likely action for each of a batch of observations, nested like the space.

        Raises:
            LearningError: the policy looks back, so its moments cannot be taken out of order.
        """
        if not self.is_stateless:
            raise LearningError(f"The policy {self.name} looks back; use act, one step at a time.")
        inputs = self.encoding.inputs(observations)
        found = self.model.think(self.normaliser(inputs.vector), inputs.pictures)
        return self.head.actions(found)

    def act_side_by_side(self, observations: Any) -> list[Action]:
        """An action for each of several episodes that began together, at the last `reset`.

        Args:
            observations: a batch, one of each episode, nested like the space. Every call has the
                same number of them, in the same order.
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
        """The action as Stable-Baselines3's `evaluate_policy` and its like ask for it.

        Args:
            observation: one, or a batch as vector environments give it.
            state: handed back.
            episode_start: (batch,) True where an episode begins; a policy that looks back forgets.
            deterministic: ignored: the most likely action is always the one taken.

        Raises:
            LearningError: some episodes of a batch begin while others go on, and the policy has a
                memory, or plans ahead.
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
        """Some episodes of a batch begin: what they saw before is what they see now."""
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
        """What it does depends on the present observation alone."""
        return not (self.shape.looks_back or self.shape.flow)

    def distribution(self, observation: Observation) -> Distribution:
        """Probability of each choice of each branch; empty for continuous outputs."""
        return self.advise(observation)[1]

    def advise(self, observation: Observation) -> tuple[Action, Distribution]:
        """(what it would do, how likely each choice is), as one step of an episode."""
        found = self._next(observation)
        return self.head.action(found), self.head.distribution(found)

    def replan(self) -> None:
        """Somebody else has acted: what was planned ahead no longer holds."""
        self._plan.clear()

    def choices(self, action: Action) -> tuple[int, ...]:
        """Which choice of each branch an action is; empty for continuous outputs."""
        if not self.head.is_choice:
            return ()
        batch = _batched(action)
        flat = flat_actions(self.head.space, batch)
        return tuple(int(index) for index in self.head.targets(flat)[0])

    def choice_words(self, action_space: Space) -> tuple[tuple[str, ...], ...]:
        """A word for each choice of each branch; empty for continuous outputs."""
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
        """Refuse an environment with other spaces.

        Raises:
            LearningError: they differ.
        """
        config = self.config
        pairs = ((config.observation_space, observation), (config.action_space, action))
        if not all(same_space(space_from_json(learned), there) for learned, there in pairs):
            raise LearningError(
                tr(
                    "The policy {name} was learned in {env_id}; the spaces of {played_env} differ "
                    "from that. Choose a policy that was trained in {played_env}.",
                    name=self.name,
                    env_id=self.config.env_id,
                    played_env=env_id,
                )
            )

    def check_shapes(self) -> None:
        """Refuse weights that do not belong together.

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
            StorageError: the disk refused.
        """
        folder = Path(folder)
        data = {"format": FORMAT} | {k: getattr(self.config, k) for k in _CONFIG_FIELDS}
        try:
            files.make_folder(folder)
            weights, tensors = folder / "weights.safetensors", self._tensors()
            bytes_now = save(tensors, {_CHECKSUM: _checksum(tensors)})
            if not _holds(weights, bytes_now):  # its age is the policy's
                files.write_atomic(weights, bytes_now)
            files.write_atomic(folder / "config.json", json.dumps(data, indent=1).encode())
        except HostileFileError:  # a link or a device: no lack of space
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
        """The averaged probabilities (or numbers) of the action now: (size,)."""
        vector = self.normaliser(self.encoding.row(observation))
        return self._decide(vector, self.encoding.small_pictures(observation))

    def _decide(self, vector: Rows, pictures: tuple[Picture, ...]) -> Array:
        """(..., features) and (..., h, w, c) -> (..., size), as the next step of an episode."""
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
        """This observation beside the earlier ones that belong to it."""
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
_LATER_FIELDS = ("factors", "words", "angles")  # older policies lack them


def load_policy(folder: str | Path) -> LearnedPolicy:
    """A policy from its folder; nothing in it is run.

    Raises:
        LearningError: the folder is no policy, or a damaged one.
    """
    folder = Path(folder)
    try:
        data = upgraded(json.loads(files.read_bytes(folder / "config.json")), folder)
        factors = tuple(tuple(int(part) for part in row) for row in data.get("factors", ()))
        words = tuple(str(word) for word in data.get("words", ()))
        fields = {key: data[key] for key in _CONFIG_FIELDS if key not in _LATER_FIELDS}
        angles = bool(data.get("angles", False))
        config = PolicyConfig(**fields, factors=factors, words=words, angles=angles)
        tensors = _read_tensors(folder / "weights.safetensors")
        policy = _policy_from(folder.name, config, tensors)
        policy.check_shapes()
    except TeleopError:
        raise
    except _UNREADABLE as problem:
        raise LearningError(
            tr(
                "{folder} is not a policy that can be read ({kind}: {problem}). Train one with "
                "`teleop train`, or choose another.",
                folder=folder,
                kind=type(problem).__name__,
                problem=problem,
            )
        ) from problem
    return policy


def encoding_from(config: PolicyConfig) -> Encoding:
    """How observations become inputs."""
    space = space_from_json(config.observation_space)
    return Encoding(space, config.factors, config.words, angles=config.angles)


def shape_from(data: dict[str, Any]) -> Architecture:
    """A network's shape from JSON.

    Raises:
        TypeError: a field is unknown.
        ValueError: a number makes no sense.
    """
    shape = Architecture(**data)
    if min(shape.frames, shape.stride, shape.execute) < 1 or shape.execute > shape.chunk:
        raise ValueError("the shape of the networks makes no sense")
    return dataclasses.replace(shape, hidden=tuple(int(width) for width in shape.hidden))


def list_policies(folder: Path) -> list[str]:
    """Names of the policies in a dataset's `policies/` folder, the newest last."""
    found = [folder / name for name in files.names(folder)]
    found = [one for one in found if files.is_file(one / "config.json")]
    return [path.name for path in sorted(found, key=lambda p: (_made(p), p.name))]


def _made(folder: Path) -> float:
    """When its weights were written; what is said of it may be newer."""
    weights = folder / "weights.safetensors"
    try:
        found = files.stat(weights if files.is_file(weights) else folder / "config.json")
    except OSError:  # another program has just moved it
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


def _read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a policy, which must be what its checksum says.

    Raises:
        OSError: the file cannot be read, or is too large.
        SafetensorError: it is damaged.
        ValueError: likewise.
    """
    data = files.read_bytes(path, files.MOST_WEIGHTS)
    tensors: dict[str, NDArray[Any]] = load(data)
    head = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    wanted = head.get("__metadata__", {}).get(_CHECKSUM)  # policies of before had none
    if wanted is not None and wanted != _checksum(tensors):
        raise ValueError("its weights differ from their checksum")
    return tensors


def _checksum(tensors: dict[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _holds(path: Path, data: bytes) -> bool:
    """A file is there and has these bytes."""
    try:
        return files.read_bytes(path, len(data)) == data
    except OSError:
        return False


def _batched(action: Action) -> Any:
    if isinstance(action, dict):
        return {key: _batched(part) for key, part in action.items()}
    if isinstance(action, tuple):
        return tuple(_batched(part) for part in action)
    return np.asarray(action)[None]
