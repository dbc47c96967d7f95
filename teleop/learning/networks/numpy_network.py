"""A trained network in plain numpy; playing does not need torch.

    image   -> convolutions -> 128 features ┐
    numbers -------------------------------┴-> (memory) -> layers -> outputs

Accepts one observation or a batch; the last axes are (features,) and (height, width, channels).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Linear:
    """A fully connected layer; weight: (out, in); bias: (out,)."""

    weight: Array
    bias: Array

    def __call__(self, x: Array) -> Array:
        """Apply the layer: (..., in) -> (..., out)."""
        result: Array = x @ self.weight.T + self.bias
        return result


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution with stride 2, without padding; weight: (out, in, k, k); bias: (out,)."""

    weight: Array
    bias: Array

    STRIDE = 2

    def __call__(self, x: Array) -> Array:
        """Apply the layer: (N, height, width, in) -> (N, height', width', out)."""
        size = self.weight.shape[-1]
        windows = sliding_window_view(x, (size, size), axis=(1, 2))  # (N, h, w, in, k, k)
        windows = windows[:, :: self.STRIDE, :: self.STRIDE]
        flat = windows.reshape(*windows.shape[:3], -1)
        result: Array = flat @ self.weight.reshape(len(self.weight), -1).T + self.bias
        return result


@dataclass(frozen=True, slots=True)
class RecurrentLayer:
    """A gated recurrent unit (Cho et al. 2014) with the gates in torch's order.

    weight_in: (3 H, in); weight_hidden: (3 H, H); biases: (3 H,).
    """

    weight_in: Array
    weight_hidden: Array
    bias_in: Array
    bias_hidden: Array

    def __call__(self, x: Array, hidden: Array | None) -> Array:
        """Apply the layer to input and hidden state: (..., in), (..., H) -> (..., H)."""
        size = len(self.bias_in) // 3
        if hidden is None:
            hidden = np.zeros((*x.shape[:-1], size), np.float32)
        from_x = x @ self.weight_in.T + self.bias_in
        from_h = hidden @ self.weight_hidden.T + self.bias_hidden
        reset = _sigmoid(from_x[..., :size] + from_h[..., :size])
        update = _sigmoid(from_x[..., size : 2 * size] + from_h[..., size : 2 * size])
        new = np.tanh(from_x[..., 2 * size :] + reset * from_h[..., 2 * size :])
        result: Array = (1 - update) * new + update * hidden
        return result


@dataclass(frozen=True, slots=True)
class Network:
    """All layers of a network.

    Attributes:
        trunk: fully connected layers with ReLU in between.
        pictures: convolutions of each image and the layer after them.
        memory: recurrent layer, if there is one.
    """

    trunk: tuple[Linear, ...]
    pictures: tuple[tuple[tuple[Convolution, ...], Linear], ...] = ()
    memory: RecurrentLayer | None = None

    def seen(self, vector: Array, pictures: tuple[NDArray[np.uint8], ...]) -> Array:
        """Encode an observation: (..., features) and (..., h, w, c) -> (..., Z)."""
        parts = [vector, *(_look(*p, x) for p, x in zip(self.pictures, pictures, strict=True))]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)

    def outputs(self, seen: Array) -> Array:
        """Apply the trunk: (..., Z) -> (..., outputs)."""
        for layer in self.trunk[:-1]:
            seen = np.maximum(layer(seen), 0.0)
        return self.trunk[-1](seen)

    def tensors(self) -> Iterator[tuple[str, Array]]:
        """Yield every array with its name."""
        for index, layer in enumerate(self.trunk):
            yield from _named(f"{index}", layer)
        for number, (convolutions, last) in enumerate(self.pictures):
            for index, convolution in enumerate(convolutions):
                yield from _named(f"picture{number}.{index}", convolution)
            yield from _named(f"picture{number}.{len(convolutions)}", last)
        if self.memory:
            for name in RecurrentLayer.__dataclass_fields__:
                yield f"memory.{name}", getattr(self.memory, name)


def network_from(tensors: dict[str, Any]) -> Network:
    """Build a network from the arrays of `Network.tensors`.

    Raises:
        KeyError: an array is missing.
    """
    pictures: list[tuple[tuple[Convolution, ...], Linear]] = []
    while f"picture{len(pictures)}.0.weight" in tensors:
        *convolutions, last = _layers(tensors, f"picture{len(pictures)}.")
        pictures.append((tuple(Convolution(*part) for part in convolutions), Linear(*last)))
    memory = None
    if "memory.weight_in" in tensors:
        memory = RecurrentLayer(
            *(tensors[f"memory.{name}"] for name in RecurrentLayer.__dataclass_fields__)
        )
    trunk = tuple(Linear(*part) for part in _layers(tensors, ""))
    if not trunk:
        raise KeyError("0.weight")
    return Network(trunk, tuple(pictures), memory)


def _look(convolutions: tuple[Convolution, ...], last: Linear, picture: NDArray[np.uint8]) -> Array:
    """Encode an image: (..., height, width, channels) uint8 -> (..., 128)."""
    batch = picture.reshape(-1, *picture.shape[-3:])
    x = batch.astype(np.float32) / np.float32(255)
    for convolution in convolutions:
        x = np.maximum(convolution(x), 0.0)
    features = np.maximum(last(x.reshape(len(x), -1)), 0.0)
    return features.reshape(*picture.shape[:-3], -1)


def _named(name: str, layer: Linear | Convolution) -> Iterator[tuple[str, Array]]:
    yield f"{name}.weight", layer.weight
    yield f"{name}.bias", layer.bias


def _layers(tensors: dict[str, Any], prefix: str) -> list[tuple[Array, Array]]:
    found: list[tuple[Array, Array]] = []
    while f"{prefix}{len(found)}.weight" in tensors:
        name = f"{prefix}{len(found)}"
        found.append((tensors[f"{name}.weight"], tensors[f"{name}.bias"]))
    return found


def _sigmoid(x: Array) -> Array:
    result: Array = (1 / (1 + np.exp(-x))).astype(np.float32)
    return result
