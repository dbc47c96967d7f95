"""A policy's network in torch: the same layers as in `numpy_network`, with gradients."""

import itertools
import math
from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.numpy_network import Convolution, Linear, Network, RecurrentLayer

_CHANNELS = (16, 32, 32)
_KERNELS = (5, 3, 3)
_PICTURE_FEATURES = 128


class PolicyNetwork(nn.Module):
    """A network that maps numbers and images to a head's outputs."""

    def __init__(
        self,
        features: int,
        pictures: tuple[tuple[int, int, int], ...],
        outputs: int,
        shape: Architecture,
        generator: torch.Generator,
    ) -> None:
        """Build the layers: orthogonal weights, small ones in the last layer, biases of 0.

        Args:
            features: number of features of one observation.
            pictures: (height, width, channels) of each image of one observation.
            outputs: number of outputs of the head for one action.
            shape: architecture of the network.
            generator: random generator of the weights.
        """
        super().__init__()
        frames = shape.frames
        self.looks = nn.ModuleList(_look((h, w, c * frames), generator) for h, w, c in pictures)
        width = features * frames + _PICTURE_FEATURES * len(pictures)
        self.memory: nn.GRU | None = None
        if shape.memory:
            self.memory = nn.GRU(width, shape.memory, batch_first=True)
            _orthogonal_memory(self.memory, generator)
            width = shape.memory
        total = outputs * shape.chunk
        width += total + 1 if shape.flow else 0
        self.trunk = make_layers((width, *shape.hidden, total), generator)

    def seen(self, vector: Tensor, *pictures: Tensor) -> Tensor:
        """Encode observations: (..., features), (..., height, width, channels) -> (..., Z)."""
        if not self.looks and self.memory is None:
            return vector
        parts = [vector]
        for look, picture in zip(self.looks, pictures, strict=True):
            lead, sides = picture.shape[:-3], picture.shape[-3:]
            flat = picture.reshape(-1, *sides).permute(0, 3, 1, 2).float() / 255
            parts.append(look(flat).reshape(*lead, -1))
        together = torch.cat(parts, dim=-1)
        if self.memory is not None:
            together, _ = self.memory(together)  # (B, L, H)
        return together

    def forward(self, vector: Tensor, *pictures: Tensor) -> Tensor:
        """Return the head's outputs: (..., outputs)."""
        outputs: Tensor = self.trunk(self.seen(vector, *pictures))
        return outputs


class _Flat(nn.Module):
    """Flattens (N, channels, height, width) to rows in the order height, width, channels."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


def _look(sides: tuple[int, int, int], generator: torch.Generator) -> nn.Sequential:
    """Build an image encoder: three convolutions with stride 2, then 128 features."""
    height, width, channels = sides
    layers: list[nn.Module] = []
    for out, kernel in zip(_CHANNELS, _KERNELS, strict=True):
        if min(height, width) < kernel:
            break
        layer = nn.Conv2d(channels, out, kernel, Convolution.STRIDE)
        _orthogonal(layer, math.sqrt(2), generator)
        layers += [layer, nn.ReLU()]
        channels = out
        height, width = ((side - kernel) // Convolution.STRIDE + 1 for side in (height, width))
    last = nn.Linear(channels * height * width, _PICTURE_FEATURES)
    _orthogonal(last, math.sqrt(2), generator)
    looked = nn.Sequential(*layers, _Flat(), last, nn.ReLU())
    return looked.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def make_layers(sizes: tuple[int, ...], generator: torch.Generator) -> nn.Sequential:
    """Build fully connected layers with ReLU; a small last layer avoids early confidence."""
    layers: list[nn.Module] = []
    for index, (before, after) in enumerate(itertools.pairwise(sizes)):
        last = index == len(sizes) - 2
        linear = nn.Linear(before, after)
        _orthogonal(linear, 0.01 if last else math.sqrt(2), generator)
        layers += [linear] if last else [linear, nn.ReLU()]
    return nn.Sequential(*layers)


def _orthogonal(layer: nn.Linear | nn.Conv2d, gain: float, generator: torch.Generator) -> None:
    nn.init.orthogonal_(layer.weight, gain, generator=generator)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def _orthogonal_memory(memory: nn.GRU, generator: torch.Generator) -> None:
    for name, weight in memory.named_parameters():
        if "weight" not in name:
            nn.init.zeros_(weight)
            continue
        for gate in weight.data.chunk(3):
            nn.init.orthogonal_(gate, generator=generator)


def to_numpy(network: PolicyNetwork) -> Network:
    """Copy the network's layers to numpy arrays."""
    pictures = []
    for look in network.looks:
        parts = [_pair(p) for p in look.modules() if isinstance(p, nn.Conv2d | nn.Linear)]
        pictures.append((tuple(Convolution(*pair) for pair in parts[:-1]), Linear(*parts[-1])))
    memory = None
    if network.memory is not None:
        memory = RecurrentLayer(*(array_of(part) for part in network.memory.parameters()))
    trunk = tuple(Linear(*_pair(part)) for part in network.trunk if isinstance(part, nn.Linear))
    return Network(trunk, tuple(pictures), memory)


def copied(layers: Iterable[nn.Module]) -> Network:
    """Copy fully connected layers to numpy arrays, whatever lies between them."""
    linear = (part for part in layers if isinstance(part, nn.Linear))
    return Network(tuple(Linear(*_pair(part)) for part in linear))


def load_from(network: PolicyNetwork, trained: Network) -> None:
    """Copy the weights of a trained network of the same shape into a network.

    Raises:
        ValueError: the shapes differ.
    """
    mine, theirs = list(_ordered(network)), [array for _, array in trained.tensors()]
    if [tuple(part.shape) for part in mine] != [array.shape for array in theirs]:
        raise ValueError("the network has another shape")
    for part, array in zip(mine, theirs, strict=True):
        part.data.copy_(torch.from_numpy(np.array(array)))


def _ordered(network: PolicyNetwork) -> list[nn.Parameter]:
    """Return the parameters in the order of `Network.tensors`."""
    parts = [*network.trunk.parameters(), *network.looks.parameters()]
    return parts + ([] if network.memory is None else list(network.memory.parameters()))


def _pair(layer: nn.Linear | nn.Conv2d) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    weight, bias = layer.parameters()
    return array_of(weight), array_of(bias)


def array_of(tensor: Tensor | nn.Parameter) -> NDArray[np.float32]:
    """Copy a tensor to numpy."""
    copied: NDArray[np.float32] = tensor.detach().cpu().contiguous().numpy().copy()
    return copied
