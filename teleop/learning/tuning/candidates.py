"""The networks of one choice of settings, trained on demand and kept at several lengths."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks import distributed
from teleop.learning.networks.numpy_network import Network
from teleop.learning.networks.numpy_training import DenseFit, fits_dense
from teleop.learning.networks.policy_models import Ensemble, Module, PolicyModel
from teleop.learning.networks.torch_network import PolicyNetwork, load_from, to_numpy
from teleop.learning.networks.torch_training import Fit, FitConfig, device_for, make_network
from teleop.learning.policy import LearnedPolicy
from teleop.learning.tuning.choice import TrainingChoice

LENGTHS = (100, 200, 400, 800, 1500, 3000)  # numbers of optimiser steps at which a network is kept
_BATCH = 64
_WEIGHT_DECAY, _PICTURE_WEIGHT_DECAY = 1e-4, 1e-2
_EVERY, _PICTURE_EVERY = 50, 10


@dataclass(frozen=True, slots=True)
class Basis:
    """The settings that all networks of a training run share.

    Attributes:
        demos: the demonstrations.
        seed: seed of the first network; each further network adds 1.
        batch: rows per step; None: 64.
        lengths: numbers of steps at which networks are kept, ascending.
        start: a policy whose networks are trained further.
        make: creates an untrained module of the user's own.
    """

    demos: Demonstrations
    seed: int = 0
    batch: int | None = None
    lengths: tuple[int, ...] = LENGTHS
    start: LearnedPolicy | None = None
    make: Callable[[], nn.Module] | None = None

    @property
    def sees_pictures(self) -> bool:
        """Whether observations contain images."""
        return bool(self.demos.encoding.pictures)


@dataclass(slots=True)
class _Member:
    """One network: its training so far, and copies of it after some numbers of steps."""

    fit: DenseFit
    kept: dict[int, Network] = field(default_factory=dict)


class Networks:
    """An ensemble that grows on demand in steps and members; nothing is trained twice."""

    def __init__(self, basis: Basis, choice: TrainingChoice) -> None:
        """Prepare the data, without training anything yet."""
        self._basis, self.choice = basis, choice
        demos = basis.demos
        self._pairs = choice.pairs(demos)
        self._weights = choice.weights(demos, self._pairs)
        self.normaliser = (
            basis.start.normaliser
            if basis.start
            else Normaliser.of(demos.inputs.vector, self._pairs[:, 0])
        )
        self._members: list[_Member] = []
        self._whole: dict[int, list[nn.Module]] = {}  # trained for one length only
        alone = distributed.world()[1] == 1 and basis.make is None
        self.is_dense = alone and fits_dense(demos, choice.shape)

    def iter_train(self, steps: int, members: int) -> Iterator[tuple[int, float]]:
        """Train what is missing; yield (steps just done, loss)."""
        for index in range(members):
            if self.is_dense:
                yield from self._train_dense(index, steps)
            elif index >= len(self._whole.get(steps, [])):
                yield from self._train_whole(index, steps)

    def ready(self, steps: int) -> int:
        """Return how many networks of this length are trained."""
        if self.is_dense:
            return sum(steps in member.kept for member in self._members)
        return len(self._whole.get(steps, []))

    def model(self, steps: int, members: int) -> PolicyModel:
        """Return a model of the first trained networks of this length."""
        head, shape = self._basis.demos.head, self.choice.shape
        if self.is_dense:
            found = [member.kept[steps] for member in self._members[:members]]
            return Ensemble(tuple(found), head, shape)
        modules = self._whole[steps][:members]
        ours = [module for module in modules if isinstance(module, PolicyNetwork)]
        if not ours:
            return Module(copy.deepcopy(modules[-1]).cpu(), head)
        return Ensemble(tuple(to_numpy(module) for module in ours), head, shape)

    def agreement(self, steps: int, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how well the first network of this length predicts held-out pairs: (M,)."""
        member = self._members[0]
        return member.fit.agreement(member.kept[steps], pairs)

    def choices(self, steps: int, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the most likely choices of the first network of this length: (M, branches)."""
        member = self._members[0]
        return member.fit.choices(member.kept[steps], pairs)

    def loss(self, pairs: NDArray[np.int64]) -> float:
        """Return the loss of the first network on some pairs, as it is now."""
        return self._members[0].fit.loss_on(pairs)

    def _train_dense(self, index: int, steps: int) -> Iterator[tuple[int, float]]:
        if index == len(self._members):
            fit = DenseFit(
                self._basis.demos,
                self._pairs,
                self.normaliser,
                self.choice.shape,
                seed=self._basis.seed + index,
                batch=self._basis.batch or _BATCH,
                weight_decay=_WEIGHT_DECAY,
                weights=self._weights,
                start=self._begun(index),
            )
            self._members.append(_Member(fit))
        member = self._members[index]
        for length in sorted({*self._basis.lengths, steps}):
            while member.fit.step < min(length, steps):
                count = min(_EVERY, length - member.fit.step)
                yield count, member.fit.run(count)
            if member.fit.step == length:
                member.kept[length] = member.fit.trained()

    def _train_whole(self, index: int, steps: int) -> Iterator[tuple[int, float]]:
        basis, pictures = self._basis, self._basis.sees_pictures
        config = FitConfig(
            self.choice.shape,
            basis.batch or _BATCH,
            steps,
            _PICTURE_WEIGHT_DECAY if pictures else _WEIGHT_DECAY,
            device_for(basis.demos),
        )
        seed = basis.seed + index
        torch.manual_seed(seed)  # for random numbers in a user's own network
        network = basis.make() if basis.make else None
        if (begun := self._begun(index)) and network is None:
            network = make_network(basis.demos, self.choice.shape, torch.Generator())
            load_from(network, begun)
        fit = Fit(basis.demos, self._drawn(), self.normaliser, config, seed, network)
        while fit.step < steps:
            count = min(_PICTURE_EVERY if pictures else _EVERY, steps - fit.step)
            yield count, fit.run(count)
        self._whole.setdefault(steps, []).append(fit.network)

    def _begun(self, index: int) -> Network | None:
        """Return the trained network that a member starts from, if any."""
        start = self._basis.start
        if start is None or not isinstance(start.model, Ensemble):
            return None
        if start.shape != self.choice.shape:
            return None
        networks = start.model.networks
        return networks[index % len(networks)]

    def _drawn(self) -> NDArray[np.int64]:
        """Return the pairs, resampled by their weights if they have any."""
        if self._weights is None:
            return self._pairs
        rng = np.random.default_rng(self._basis.seed)
        share = self._weights / self._weights.sum()
        return self._pairs[rng.choice(len(share), len(share), p=share)]
