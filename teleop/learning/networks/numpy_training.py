"""Training of a fully connected network in numpy, with hand-written gradients.

Most demonstrations are rows of numbers and their networks are small, so a framework spends more
time between its operations than in them. On one CPU thread, this module takes 2 to 3 times as many
optimiser steps per second as torch on the same network. `torch_training` trains networks with
images, memory or flow matching, and users' own modules.

    h1 = relu(x W1 + b1),  h2 = relu(h1 W2 + b2),  outputs = h2 W3 + b3
    loss = cross-entropy of each choice + mean squared error of the numbers

The optimiser is AdamW (Loshchilov & Hutter 2019, algorithm 2) with a constant learning rate. The
trained network is the running average of the weights (Polyak & Juditsky 1992). It is usable after
any number of steps, so one training run gives candidates of every length.
"""

import contextlib
import functools
import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.normaliser import CLIP, Normaliser
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.heads import Head, Levels
from teleop.learning.networks.numpy_network import Array, Linear, Network

USUAL_SHAPE = Architecture()
LEARNING_RATE = 2e-3
_WARM_UP = 50
_CLIP_NORM = 1.0
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8
_LONGEST_AVERAGE = 0.99
_LOOK = 4096  # rows per batch without gradients


def fits_dense(demos: Demonstrations, shape: Architecture) -> bool:
    """Return whether this module can train such a network on the data."""
    return not (demos.encoding.pictures or shape.memory or shape.flow)


class DenseFit:
    """Training of one network, a few steps at a time."""

    def __init__(
        self,
        demos: Demonstrations,
        pairs: NDArray[np.int64],
        normaliser: Normaliser,
        shape: Architecture = USUAL_SHAPE,
        *,
        seed: int = 0,
        batch: int = 64,
        weight_decay: float = 1e-4,
        weights: NDArray[np.float64] | None = None,
        start: Network | None = None,
    ) -> None:
        """Prepare weights and data.

        Args:
            demos: the demonstrations.
            pairs: (M, 2) observation rows and action rows to train on.
            normaliser: normaliser of the inputs.
            shape: architecture of the network, without memory and flow.
            seed: seed of the weights and the batches.
            batch: rows per step.
            weight_decay: weight decay of AdamW.
            weights: (M,) relative frequency of each pair; None draws all pairs equally often.
            start: a trained network of the same shape to start from.
        """
        self._rng = np.random.default_rng([seed, 3])
        self._pairs, self._batch = pairs, max(1, min(batch, len(pairs)))
        self._drawn = None if weights is None else np.cumsum(weights) / np.sum(weights)
        self._rows = _Rows(demos, normaliser, shape)
        self._head, self._execute = demos.head, shape.execute
        self._decay = weight_decay
        width = demos.encoding.features * shape.frames
        sizes = (width, *shape.hidden, demos.head.size * shape.chunk)
        self._weights = _Layers(sizes)
        self._gradients, self._first, self._second = (_Layers(sizes) for _ in range(3))
        _copy(self._weights, start) if start else _initialise(self._weights, self._rng)
        self._average = self._weights.flat.copy()
        self.step = 0

    def run(self, steps: int) -> float:
        """Take some optimiser steps and return the loss of the last one."""
        loss = 0.0
        with _one_thread():
            for step in range(steps):
                pairs = self._pairs[self._draw()]
                targets = self._rows.targets(pairs[:, 1])
                kept, outputs = self._forward(self._rows.inputs(pairs[:, 0]))
                if step == steps - 1:
                    loss = _loss(outputs, targets, self._head)
                self._backward(kept, _slope(outputs, targets, self._head))
                self._descend()
        return loss

    def trained(self) -> Network:
        """Return the current network: a copy of the averaged weights."""
        layers = _Layers(self._weights.sizes, self._average.copy())
        return Network(tuple(Linear(w.T, b) for w, b in layers.parts))

    def loss_on(self, pairs: NDArray[np.int64]) -> float:
        """Return the averaged network's mean loss on pairs it was not trained on."""
        network, total = self.trained(), 0.0
        for part in np.array_split(pairs, max(1, math.ceil(len(pairs) / _LOOK))):
            outputs = network.outputs(self._rows.inputs(part[:, 0]))
            targets = self._rows.targets(part[:, 1])
            played = self._head.size * self._execute  # judge only the actions that are played
            loss = _loss(outputs[:, :played], targets[:, : self._execute], self._head)
            total += loss * len(part)
        return total / max(1, len(pairs))

    def agreement(self, network: Network, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how well a network's most likely action agrees with the recorded one: (M,).

        The value is 1 or 0 if all branches are choices, minus the squared error if some are
        numbers.
        """
        found = []
        for part in np.array_split(pairs, max(1, math.ceil(len(pairs) / _LOOK))):
            outputs = network.outputs(self._rows.inputs(part[:, 0]))[:, : self._head.size]
            targets = self._rows.targets(part[:, 1])[:, 0]
            found.append(_agreement(outputs, targets, self._head))
        return np.concatenate(found)

    def choices(self, network: Network, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the index of a network's most likely choice in each branch: (M, branches).

        A branch that is a number has that number, scaled.
        """
        found = []
        for part in np.array_split(pairs, max(1, math.ceil(len(pairs) / _LOOK))):
            outputs = network.outputs(self._rows.inputs(part[:, 0]))[:, : self._head.size]
            columns = []
            for branch, span in zip(self._head.branches, self._head.spans, strict=True):
                own = outputs[:, span]
                columns.append(own.argmax(axis=1) if isinstance(branch, Levels) else own[:, 0])
            found.append(np.stack(columns, axis=1).astype(np.float64))
        return np.concatenate(found)

    def _draw(self) -> NDArray[np.int64]:
        if self._drawn is None:
            return self._rng.integers(len(self._pairs), size=self._batch)
        return np.searchsorted(self._drawn, self._rng.random(self._batch), side="right").clip(
            max=len(self._pairs) - 1
        )

    def _forward(self, x: Array) -> tuple[list[Array], Array]:
        """Return the inputs of each layer and the outputs for inputs of shape (B, width)."""
        kept = [x]
        for weight, bias in self._weights.parts[:-1]:
            x = x @ weight
            x += bias
            np.maximum(x, 0, out=x)
            kept.append(x)
        weight, bias = self._weights.parts[-1]
        outputs = x @ weight
        outputs += bias
        return kept, outputs

    def _backward(self, kept: list[Array], slope: Array) -> None:
        """Compute the gradients of all layers from the gradient of the loss at the outputs."""
        layers = zip(self._weights.parts, self._gradients.parts, kept, strict=True)
        for index, ((weight, _), (of_weight, of_bias), x) in reversed(list(enumerate(layers))):
            np.matmul(x.T, slope, out=of_weight)
            np.sum(slope, axis=0, out=of_bias)
            if index:
                slope = slope @ weight.T
                slope *= x > 0

    def _descend(self) -> None:
        """Take one AdamW step on all weights together and update their average."""
        self.step += 1
        weights, gradient = self._weights.flat, self._gradients.flat
        first, second = self._first.flat, self._second.flat
        norm = math.sqrt(float(gradient @ gradient))
        if norm > _CLIP_NORM:
            gradient *= np.float32(_CLIP_NORM / norm)
        rate = LEARNING_RATE * min(1.0, self.step / _WARM_UP)
        first *= np.float32(_BETA1)
        first += np.float32(1 - _BETA1) * gradient
        second *= np.float32(_BETA2)
        np.multiply(gradient, gradient, out=gradient)
        gradient *= np.float32(1 - _BETA2)
        second += gradient
        change = np.sqrt(second)
        change *= np.float32(1 / math.sqrt(1 - _BETA2**self.step))
        change += np.float32(_EPSILON)
        np.divide(first, change, out=change)
        change *= np.float32(rate / (1 - _BETA1**self.step))
        weights *= np.float32(1 - rate * self._decay)
        weights -= change
        keep = min(_LONGEST_AVERAGE, self.step / (self.step + 10))
        np.subtract(weights, self._average, out=change)
        change *= np.float32(1 - keep)
        self._average += change


def loss_and_slope(outputs: Array, targets: Array, head: Head) -> tuple[float, Array]:
    """Return the loss of some outputs and its gradient with respect to them.

    Args:
        outputs: (B, steps * size).
        targets: (B, steps, branches).
        head: the head that outputs and targets belong to.
    """
    loss = _loss(outputs, targets, head)
    return loss, _slope(outputs.copy(), targets, head)


def _loss(outputs: Array, targets: Array, head: Head) -> float:
    """Return cross-entropy of the choices plus mean squared error of the numbers, mean over rows.

    Args:
        outputs: (B, steps * size).
        targets: (B, steps, branches).
        head: the head that outputs and targets belong to.
    """
    flat, wanted = _by_step(outputs, targets)
    rows, loss, numbers = np.arange(len(flat)), 0.0, head.count_numbers
    for index, (branch, span) in enumerate(zip(head.branches, head.spans, strict=True)):
        part = flat[:, span]
        if isinstance(branch, Levels):
            part = part - part.max(axis=1, keepdims=True)
            chosen = part[rows, wanted[:, index].astype(np.int64)]
            loss += float((np.log(np.exp(part).sum(axis=1)) - chosen).mean())
        else:
            loss += float(((part[:, 0] - wanted[:, index]) ** 2).mean()) / numbers
    return loss


def _agreement(outputs: Array, targets: Array, head: Head) -> NDArray[np.float64]:
    """Compare outputs with targets: (B, size) and (B, branches) -> (B,)."""
    right = np.ones(len(outputs), np.bool_)
    error = np.zeros(len(outputs))
    for index, (branch, span) in enumerate(zip(head.branches, head.spans, strict=True)):
        if isinstance(branch, Levels):
            right &= outputs[:, span].argmax(axis=1) == targets[:, index]
        else:
            error += (outputs[:, span.start] - targets[:, index]) ** 2
    return right - error if head.count_numbers == 0 else -error - ~right


def _slope(outputs: Array, targets: Array, head: Head) -> Array:
    """Return the gradient of `_loss` at the outputs; it overwrites the outputs."""
    flat, wanted = _by_step(outputs, targets)
    rows, numbers = np.arange(len(flat)), head.count_numbers
    for index, (branch, span) in enumerate(zip(head.branches, head.spans, strict=True)):
        part = flat[:, span]
        if isinstance(branch, Levels):
            part -= part.max(axis=1, keepdims=True)
            np.exp(part, out=part)
            part /= part.sum(axis=1, keepdims=True)
            part[rows, wanted[:, index].astype(np.int64)] -= 1
            part *= np.float32(1 / len(flat))
        else:
            part -= wanted[:, index : index + 1]
            part *= np.float32(2 / (len(flat) * numbers))
    return outputs


def _by_step(outputs: Array, targets: Array) -> tuple[Array, Array]:
    """Reshape to (B * steps, size) and (B * steps, branches)."""
    count = targets.shape[0] * targets.shape[1]
    return outputs.reshape(count, -1), targets.reshape(count, -1)


@functools.cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # slow: it scans all loaded libraries


def _one_thread() -> contextlib.AbstractContextManager[Any]:
    """Limit BLAS to one thread: with matrices this small, two mostly wait for each other."""
    limited: contextlib.AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return limited


class _Rows:
    """Rows of the demonstrations as inputs and targets."""

    def __init__(self, demos: Demonstrations, normaliser: Normaliser, shape: Architecture) -> None:
        self._vector, self._targets = demos.inputs.vector, demos.targets
        self._mean, self._scale = normaliser.mean, 1 / normaliser.sd
        self._frames, self._chunk = shape.frames, shape.chunk
        if shape.frames > 1:
            self._first = demos.first_rows()
            self._back = np.arange(shape.frames - 1, -1, -1) * shape.stride
        if shape.chunk > 1:
            self._last = demos.last_rows()

    def inputs(self, rows: NDArray[np.int64]) -> Array:
        """Return inputs, the current observation last: (B,) -> (B, frames * features)."""
        if self._frames > 1:
            rows = np.maximum(rows[:, None] - self._back, self._first[rows][:, None])  # (B, F)
        x: Array = self._vector[rows] - self._mean
        x *= self._scale
        np.minimum(np.maximum(x, -CLIP, out=x), CLIP, out=x)
        return x.reshape(len(rows), -1)

    def targets(self, rows: NDArray[np.int64]) -> Array:
        """Return targets, repeating a segment's last action: (B,) -> (B, chunk, branches)."""
        if self._chunk > 1:
            ahead = np.arange(self._chunk)
            rows = np.minimum(rows[:, None] + ahead, self._last[rows][:, None])
            return self._targets[rows]
        return self._targets[rows][:, None]


class _Layers:
    """Weights (in, out) and biases (out,) of all layers in one array."""

    def __init__(self, sizes: tuple[int, ...], flat: Array | None = None) -> None:
        self.sizes = sizes
        shapes = list(itertools.pairwise(sizes))
        total = sum(before * after + after for before, after in shapes)
        self.flat: Array = np.zeros(total, np.float32) if flat is None else flat
        self.parts: list[tuple[Array, Array]] = []
        offset = 0
        for before, after in shapes:
            middle, end = offset + before * after, offset + before * after + after
            weight = self.flat[offset:middle].reshape(before, after)
            self.parts.append((weight, self.flat[middle:end]))
            offset = end


def _initialise(layers: _Layers, rng: np.random.Generator) -> None:
    """Set orthogonal weights (Saxe et al. 2014), small ones in the last layer."""
    for index, (weight, _) in enumerate(layers.parts):
        before, after = weight.shape
        square, _ = np.linalg.qr(rng.normal(size=(max(before, after), min(before, after))))
        gain = 0.01 if index == len(layers.parts) - 1 else math.sqrt(2)
        weight[:] = gain * (square if before >= after else square.T)


def _copy(layers: _Layers, network: Network) -> None:
    """Copy the weights of a trained network.

    Raises:
        ValueError: the network has another shape.
    """
    shapes = [(layer.weight.T.shape, layer.bias.shape) for layer in network.trunk]
    if shapes != [(weight.shape, bias.shape) for weight, bias in layers.parts]:
        raise ValueError("the network has another shape")
    for (weight, bias), layer in zip(layers.parts, network.trunk, strict=True):
        weight[:], bias[:] = layer.weight.T, layer.bias
