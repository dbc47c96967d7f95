"""Networks fitted in numpy are what torch would fit; averages, weights and warm starts hold."""

import gymnasium as gym
import numpy as np
import pytest
import torch

from teleop.learning.data.demonstrations import Demonstrations, demonstrations_of
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.heads import head_for
from teleop.learning.networks.numpy_training import (
    USUAL_SHAPE,
    DenseFit,
    fits_dense,
    loss_and_slope,
)
from teleop.learning.networks.torch_training import loss_of


def stripes(count: int = 400) -> Demonstrations:
    rng = np.random.default_rng(0)
    seen = rng.uniform(-1, 1, (count, 2)).astype(np.float32)
    return demonstrations_of(seen, (np.abs(seen[:, 0]) > np.abs(seen[:, 1])).astype(np.int64))


def fitted(demos: Demonstrations, shape: Architecture = USUAL_SHAPE, **given: object) -> DenseFit:
    pairs = demos.pairs(0)
    normaliser = Normaliser.of(demos.inputs.vector, pairs[:, 0])
    return DenseFit(demos, pairs, normaliser, shape, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "space",
    [
        gym.spaces.Discrete(4),
        gym.spaces.MultiDiscrete([3, 5]),
        gym.spaces.Box(-1, 1, (3,)),
        gym.spaces.Dict({"fire": gym.spaces.Discrete(2), "steer": gym.spaces.Box(-1, 1, (2,))}),
    ],
    ids=str,
)
def test_loss_and_slope_are_those_of_torch(space: gym.Space[object]) -> None:
    space.seed(0)
    drawn = [gym.spaces.flatten(space, space.sample()) for _ in range(50)]
    rng = np.random.default_rng(0)
    width = 1 if isinstance(space, gym.spaces.Discrete) else len(drawn[0])
    if isinstance(space, gym.spaces.MultiDiscrete):
        width = 2
    if isinstance(space, gym.spaces.Dict):
        width = 3
    head = head_for(space, rng.integers(0, 2, (50, width)) + rng.uniform(0, 1, (50, width)))
    flat = np.stack([rng.uniform(0, 1.9, 50) for _ in head.branches], axis=1)
    targets = head.targets(flat)
    outputs = rng.normal(size=(50, head.size)).astype(np.float32)
    theirs = torch.from_numpy(outputs.copy()).requires_grad_()
    loss = loss_of(theirs, torch.from_numpy(targets), head)
    loss.backward()  # type: ignore[no-untyped-call]
    mine, slope = loss_and_slope(outputs.copy(), targets[:, None], head)
    assert mine == pytest.approx(float(loss.detach()), rel=1e-5)
    assert theirs.grad is not None
    assert np.abs(slope - theirs.grad.numpy()).max() < 1e-6


def test_training_fits_and_one_training_gives_networks_of_every_length() -> None:
    demos = stripes()
    fit = fitted(demos)
    losses = []
    for _ in range(4):
        fit.run(200)
        losses.append(fit.loss_on(demos.pairs(0)))
    assert losses[-1] < 0.2 < losses[0] or losses[-1] < losses[0] < 0.3
    assert fit.agreement(fit.trained(), demos.pairs(0)).mean() > 0.95


def test_the_same_seed_gives_the_same_weights() -> None:
    one, two = (fitted(stripes(), seed=3) for _ in range(2))
    one.run(60)
    two.run(20)
    two.run(40)
    for a, b in zip(one.trained().trunk, two.trained().trunk, strict=True):
        assert np.array_equal(a.weight, b.weight)


def test_pairs_that_weigh_nothing_are_never_drawn() -> None:
    demos = stripes()
    wrong = demos.targets.copy()
    wrong[200:] = 1 - wrong[200:]
    mixed = demonstrations_of(demos.inputs.vector, wrong[:, 0].astype(np.int64))
    weights = np.r_[np.ones(200), np.zeros(200)]
    fit = fitted(mixed, weights=weights)
    fit.run(800)
    agreement = fit.agreement(fit.trained(), mixed.pairs(0))
    assert agreement[:200].mean() > 0.9
    assert agreement[200:].mean() < 0.1


def test_a_warm_start_begins_where_the_other_ended_and_refuses_another_shape() -> None:
    demos = stripes()
    first = fitted(demos)
    first.run(400)
    again = fitted(demos, start=first.trained())
    assert again.loss_on(demos.pairs(0)) == pytest.approx(first.loss_on(demos.pairs(0)), rel=1e-6)
    with pytest.raises(ValueError, match="another shape"):
        fitted(demos, Architecture(hidden=(8,)), start=first.trained())


def test_pictures_memories_and_flow_are_left_to_torch() -> None:
    demos = stripes()
    assert fits_dense(demos, Architecture(frames=4, chunk=2))
    assert not fits_dense(demos, Architecture(memory=8))
    assert not fits_dense(demos, Architecture(flow=True))
    pictures = demonstrations_of(np.zeros((4, 40, 40, 3), np.uint8), np.array([0, 1, 0, 1]))
    assert not fits_dense(pictures, Architecture())
