"""Models that turn observations into a head's outputs: networks, neighbours or a user's module.

`reset(seed)` starts an episode and `think` returns the outputs. No model runs code from a policy's
folder: a user's own module is imported only if it was named on this computer.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from teleop.learning.data.inputs import Picture, Rows
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.heads import Head
from teleop.learning.networks.numpy_network import Array, Network, network_from

_EULER_STEPS = 10
_BLOCK = 1 << 14


class PolicyModel(Protocol):
    """A model that maps normalised inputs to averaged probabilities (or numbers)."""

    kind: str

    def reset(self, seed: int) -> None:
        """Start an episode."""

    def think(self, vector: Rows, pictures: tuple[Picture, ...]) -> Array:
        """Compute the outputs: (..., features) and (..., h, w, c) -> (..., chunk * size)."""

    def tensors(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield every array with its name."""

    def check(self, features: int, outputs: int) -> None:
        """Check that the arrays fit together.

        Raises:
            ValueError: a shape does not fit.
        """


class Ensemble:
    """Several networks whose probabilities are averaged."""

    kind = "networks"

    def __init__(self, networks: tuple[Network, ...], head: Head, shape: Architecture) -> None:
        self.networks, self._head, self._shape = networks, head, shape
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Start an episode and forget the previous one."""
        self._rng = np.random.default_rng(seed)
        self._hidden: list[Array | None] = [None] * len(self.networks)
        self._latest: list[Array] = []

    def think(self, vector: Rows, pictures: tuple[Picture, ...]) -> Array:
        """Return the mean of the networks' outputs."""
        found = [self._one(i, vector, pictures) for i in range(len(self.networks))]
        self._latest = found
        return found[0] if len(found) == 1 else np.mean(found, axis=0, dtype=np.float32)

    def each(self) -> list[Array]:
        """Return the outputs of each network in the last call of `think`."""
        return list(self._latest)

    def disagreement(self) -> Array:
        """Return how much the networks differed in the last call of `think`: (...).

        Choices: the mean distance in total variation between a network's probabilities and the
        ensemble's, 0..1. Numbers: their standard deviation over the networks. Averaged over the
        branches of the next action.
        """
        if len(self._latest) < 2:
            return np.zeros(self._latest[0].shape[:-1] if self._latest else (), np.float32)
        size = self._head.size
        stacked = np.stack(self._latest)[..., :size]
        parts = []
        for span in self._head.spans:
            own = stacked[..., span]
            if own.shape[-1] > 1:
                parts.append(np.abs(own - own.mean(axis=0)).sum(axis=-1).mean(axis=0) / 2)
            else:
                parts.append(own[..., 0].std(axis=0))
        return np.asarray(np.mean(parts, axis=0), np.float32)

    def _one(self, index: int, vector: Rows, pictures: tuple[Picture, ...]) -> Array:
        network = self.networks[index]
        seen = network.seen(vector, pictures)
        if network.memory:
            seen = self._hidden[index] = network.memory(seen, self._hidden[index])
        if self._shape.flow:
            return self._flow(network, seen)
        outputs = network.outputs(seen)
        if self._shape.chunk == 1:
            return self._head.probabilities(outputs)
        parts = outputs.reshape(*outputs.shape[:-1], self._shape.chunk, -1)
        return self._head.probabilities(parts).reshape(outputs.shape)

    def _flow(self, network: Network, seen: Array) -> Array:
        """Turn noise into actions by Euler steps of the learned velocity (Lipman et al. 2023)."""
        size = (*seen.shape[:-1], self._head.size * self._shape.chunk)
        x = self._rng.normal(size=size).astype(np.float32)
        for step in range(_EULER_STEPS):
            time = np.full((*seen.shape[:-1], 1), step / _EULER_STEPS, np.float32)
            velocity = network.outputs(np.concatenate([seen, x, time], axis=-1))
            x = (x + velocity / _EULER_STEPS).astype(np.float32)
        return x

    def tensors(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield the arrays of every network with their names."""
        for member, network in enumerate(self.networks):
            for name, array in network.tensors():
                yield f"member{member}.{name}", array

    def check(self, features: int, outputs: int) -> None:
        """Check that the layers fit together."""
        if not self.networks:
            raise ValueError("there is no network in it")
        shape = self._shape
        for network in self.networks:
            width = features * shape.frames
            width += sum(len(last.bias) for _, last in network.pictures)
            if network.memory:
                if network.memory.weight_in.shape[1] != width:
                    raise ValueError("the memory does not fit the observation space")
                width = len(network.memory.bias_in) // 3
            width += outputs * shape.chunk + 1 if shape.flow else 0
            for layer in network.trunk:
                if layer.weight.shape != (len(layer.bias), width):
                    raise ValueError("the weights do not fit the spaces, or each other")
                width = len(layer.bias)
            if width != outputs * shape.chunk:
                raise ValueError("the last layer does not fit the action space")


class Nearest:
    """Baseline that repeats what was done at the most similar steps."""

    kind = "nearest"

    def __init__(self, seen: Rows, done: NDArray[np.float32], head: Head, count: int) -> None:
        """Store all steps.

        Args:
            seen: (N, features) normalised inputs, flattened images after the numbers.
            done: (N, branches) targets.
            head: the head that the targets belong to.
            count: number of steps that vote.
        """
        self._seen, self._done, self._head = seen, done, head
        self.count = max(1, min(count, len(seen)))
        self._squares = (seen**2).sum(axis=1)

    def reset(self, seed: int) -> None:
        """Do nothing: the model has no state."""

    def think(self, vector: Rows, pictures: tuple[Picture, ...]) -> Array:
        """Return the votes of the nearest steps."""
        rows = flattened(vector, pictures)
        apart = self._squares - 2 * rows @ self._seen.T  # (..., N)
        nearest = np.argpartition(apart, self.count - 1, axis=-1)[..., : self.count]
        votes = self._done[nearest]  # (..., count, branches)
        parts = []
        for index, size in enumerate(self._head.sizes):
            vote = votes[..., index]
            hot = vote[..., None] == np.arange(size) if size > 1 else vote[..., None]
            parts.append(np.asarray(hot, np.float32).mean(axis=-2))
        return np.concatenate(parts, axis=-1)

    def tensors(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield the stored arrays with their names."""
        yield "seen", self._seen
        yield "done", self._done

    def check(self, features: int, outputs: int) -> None:
        """Check that the stored steps fit the spaces."""
        fits = self._done.shape == (len(self._seen), len(self._head.branches))
        if not fits or len(self._seen) == 0 or self._head.size != outputs:
            raise ValueError("what is remembered does not fit the spaces")
        if self._seen.shape[1] < features:
            raise ValueError("what is remembered does not fit the observation space")


class Module:
    """A user's own `torch.nn.Module`; playing needs torch."""

    kind = "module"

    def __init__(self, module: Any, head: Head) -> None:
        self.module, self._head = module, head

    def reset(self, seed: int) -> None:
        """Do nothing: a module has no state."""

    def think(self, vector: Rows, pictures: tuple[Picture, ...]) -> Array:
        """Return the module's outputs as probabilities (or numbers)."""
        import torch

        batch = [torch.from_numpy(np.atleast_2d(vector))]
        batch += [torch.from_numpy(p.reshape(-1, *p.shape[-3:])) for p in pictures]
        self.module.eval()
        with torch.no_grad():
            outputs = self.module(*batch).detach().cpu().numpy().astype(np.float32)
        return self._head.probabilities(outputs.reshape(*vector.shape[:-1], -1))

    def tensors(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Yield the arrays of the module's state with their names."""
        for name, tensor in self.module.state_dict().items():
            yield f"module.{name}", tensor.detach().cpu().contiguous().numpy().copy()

    def check(self, features: int, outputs: int) -> None:
        """Do nothing: the module itself reports what does not fit."""


def flattened(vector: Rows, pictures: tuple[Picture, ...]) -> Rows:
    """Join numbers and images in one row; an image channel weighs as much as one number."""
    parts = [vector]
    for picture in pictures:
        flat = picture.reshape(*picture.shape[:-3], -1).astype(np.float32)
        weight = np.float32(1 / math.sqrt(math.prod(picture.shape[-3:-1])))
        parts.append(((flat / 255 - 0.5) * weight).astype(np.float32))
    return np.concatenate(parts, axis=-1)


def model_from(
    kind: str,
    tensors: Mapping[str, Any],
    head: Head,
    shape: Architecture,
    settings: Mapping[str, Any],
    make_module: Callable[[], Any],
) -> PolicyModel:
    """Build the model of a policy's folder.

    Raises:
        KeyError: an array or a setting is missing.
        ValueError: the kind is unknown.
    """
    if kind == "networks":
        networks: list[Network] = []
        while f"member{len(networks)}.0.weight" in tensors:
            prefix = f"member{len(networks)}."
            own = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
            networks.append(network_from(own))
        return Ensemble(tuple(networks), head, shape)
    if kind == "nearest":
        return Nearest(tensors["seen"], tensors["done"], head, int(settings["count"]))
    if kind == "module":
        return Module(_with_state(make_module(), tensors), head)
    raise ValueError(f"{kind!r} is no kind of model")


def _with_state(module: Any, tensors: Mapping[str, Any]) -> Any:
    import torch

    state = {
        name.removeprefix("module."): torch.from_numpy(np.array(array))
        for name, array in tensors.items()
        if name.startswith("module.")
    }
    try:
        module.load_state_dict(state)
    except RuntimeError as problem:
        raise ValueError(f"the module has other weights: {problem}") from problem
    return module
