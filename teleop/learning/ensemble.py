"""A few networks fitted to demonstrations when everything about them is already known."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from teleop.learning.demonstrations import Demonstrations
from teleop.learning.fit import Fit, FitConfig, device_for
from teleop.learning.models import Ensemble
from teleop.learning.modules import PolicyNetwork, to_numpy
from teleop.learning.normaliser import Normaliser
from teleop.learning.policy import LearnedPolicy
from teleop.learning.progress import make_policy
from teleop.learning.shape import Shape


@dataclass(frozen=True, slots=True)
class Known:
    """What another training has found out, or what is usual.

    Attributes:
        lag: steps by which the person's hands are late.
        steps: optimiser steps a network.
        members: networks.
        shape: of each.
    """

    lag: int = 0
    steps: int = 300
    members: int = 3
    shape: Shape = field(default_factory=Shape)


def iter_ensemble(demos: Demonstrations, known: Known, seed: int) -> Iterator[LearnedPolicy | None]:
    """Fit the networks one after another.

    Yields:
        None ten times a network; after each network the policy of all so far.
    """
    pairs = demos.pairs(known.lag)
    if len(pairs) == 0:
        pairs = demos.pairs(0)
    normaliser = Normaliser.of(demos.inputs.vector, pairs[:, 0])
    batch = 64 if demos.encoding.pictures else 128
    decay = 1e-2 if demos.encoding.pictures else 1e-4
    config = FitConfig(known.shape, batch, known.steps, decay, device_for(demos))
    networks = []
    for member in range(known.members):
        fit = Fit(demos, pairs, normaliser, config, seed + member)
        while fit.step < known.steps:
            fit.run(min(max(1, known.steps // 10), known.steps - fit.step))
            yield None
        if isinstance(fit.network, PolicyNetwork):
            networks.append(to_numpy(fit.network))
        model = Ensemble(tuple(networks), demos.head, known.shape)
        learned = {"lag_steps": known.lag, "steps": known.steps}
        recipe = {"algorithm": "ensemble", "seed": seed, "members": member + 1}
        yield make_policy(demos, normaliser, model, known.shape, recipe, learned)


def fit_ensemble(demos: Demonstrations, known: Known, seed: int) -> LearnedPolicy:
    """The policy at the end of `iter_ensemble`."""
    *_, policy = iter_ensemble(demos, known, seed)
    if policy is None:
        raise ValueError("no networks were asked for")
    return policy
