"""A reward from preferences between pieces, and the pair that is worth asking next.

Christiano et al. 2017, "Deep Reinforcement Learning from Human Preferences", section 2.2:
    P(left is better) = exp R_left / (exp R_left + exp R_right),   R = sum of r(s, a) over the piece
    loss = -mean[mu log P(left) + (1 - mu) log P(right)]
with 10 % of the answers taken to be random (section 2.2.3), and the pair about which the networks
differ most asked next (section 2.2.4).
Deviations:
 1. All answers are learned from anew each time, in batches of 16: they are few.
 2. The size of r is kept small by a penalty instead of a schedule, and r is scaled to mean 0 and
    standard deviation 1 over the pieces.
 3. A piece that ends by itself goes on in the absorbing state (Kostrikov et al. 2019, section 4.2)
    until it is as long as others: whether an end is good is learned too.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from teleop.learning.data.inputs import Rows
from teleop.learning.networks.torch_network import copied, make_layers
from teleop.learning.practice.task import Task
from teleop.learning.rewards.learned_reward import LearnedReward, make_reward
from teleop.learning.rewards.preferences import Piece, Preference
from teleop.learning.rewards.reward_models import NetworkReward, not_absorbed

_NETWORKS, _HIDDEN = 3, (64, 64)
_DRAWS = (300, 16)  # optimiser steps, answers in a batch
_LEARNING_RATE = 3e-3
_PENALTY = 0.02  # of r squared
_RANDOM = 0.1  # share of answers that say nothing
_CANDIDATES = 400


def learn_reward(task: Task, answers: list[Preference], seed: int = 0) -> LearnedReward:
    """Learn a reward from answers.

    Args:
        task: the environment.
        answers: the answers; those that say nothing are left out.
        seed: seed of the networks.

    Raises:
        ValueError: no answer says anything.
    """
    torch.set_num_threads(1)
    telling = [each for each in answers if each.choice.left is not None]
    if not telling:
        raise ValueError("no answer tells which piece is better")
    pairs = [_inputs(task, piece) for each in telling for piece in (each.left, each.right)]
    rows = torch.from_numpy(np.concatenate(pairs))
    starts = np.cumsum([0, *(len(part) for part in pairs)])
    wanted = torch.tensor([each.choice.left for each in telling], dtype=torch.float32)
    rng = np.random.default_rng(seed)
    networks = []
    for member in range(_NETWORKS):
        sample = rng.integers(len(telling), size=len(telling))  # bootstrap
        layers = make_layers(
            (rows.shape[1], *_HIDDEN, 1), torch.Generator().manual_seed(10 * seed + member)
        )
        _fit(layers, rows, starts, wanted, sample[rng.integers(len(sample), size=_DRAWS)])
        networks.append(copied(layers))
    values = np.mean([net.outputs(rows.numpy())[:, 0] for net in networks], axis=0)
    scale = max(float(values.std()), 1e-6)
    model = NetworkReward(tuple(networks), float(values.mean()), scale, task.features)
    return make_reward(task.demos, "preferences", task.normaliser, task.head, model)


def next_pair(
    task: Task,
    pieces: list[Piece],
    answers: list[Preference],
    reward: LearnedReward | None,
    rng: np.random.Generator,
) -> tuple[Piece, Piece]:
    """Return two pieces worth asking about: those about which the networks differ most.

    Args:
        task: the environment.
        pieces: all pieces; at least two.
        answers: what was asked already.
        reward: the reward learned so far; None: any two pieces of different runs.
        rng: draws the candidates.
    """
    asked = {(a.left.source, a.right.source) for a in answers}
    asked |= {(b, a) for a, b in asked}
    drawn = rng.integers(len(pieces), size=(_CANDIDATES, 2))
    pairs = [(int(a), int(b)) for a, b in drawn if a != b]
    fresh = [(a, b) for a, b in pairs if (pieces[a].source, pieces[b].source) not in asked]
    pairs = fresh or pairs or [(0, 1)]
    if reward is None or not isinstance(reward.model, NetworkReward):
        apart = [(a, b) for a, b in pairs if _run(pieces[a]) != _run(pieces[b])]
        a, b = (apart or pairs)[0]
        return pieces[a], pieces[b]
    model = reward.model
    totals = {i: _totals(task, model, pieces[i]) for i in {part for pair in pairs for part in pair}}
    doubts = [np.std(_sigmoid(totals[a] - totals[b])) for a, b in pairs]
    a, b = pairs[int(np.argmax(doubts))]
    return pieces[a], pieces[b]


def agreement(reward: LearnedReward, task: Task, answers: list[Preference]) -> float:
    """Return the share of clear answers that a reward agrees with; 0.5 if there are none."""
    if not isinstance(reward.model, NetworkReward):
        return 0.5
    clear = [each for each in answers if each.choice.left in (0.0, 1.0)]
    right = 0
    for each in clear:
        apart = _totals(task, reward.model, each.left) - _totals(task, reward.model, each.right)
        right += (apart.mean() > 0) == (each.choice.left == 1.0)
    return right / len(clear) if clear else 0.5


def _fit(
    layers: nn.Sequential,
    rows: Tensor,
    starts: NDArray[np.int64],
    wanted: Tensor,
    draws: NDArray[np.int64],
) -> None:
    """Fit one network.

    Args:
        layers: the network.
        rows: (R, inputs) the steps of all pieces: left and right of each answer in turn.
        starts: (2 N + 1,) where each piece begins.
        wanted: (N,) probability that the left piece is better.
        draws: (steps, B) answers in the batch of each optimiser step.
    """
    optimiser = torch.optim.Adam(layers.parameters(), _LEARNING_RATE, fused=True)
    for drawn in draws:
        parts = [np.arange(starts[i], starts[i + 1]) for n in drawn for i in (2 * n, 2 * n + 1)]
        owner = torch.from_numpy(np.repeat(np.arange(len(parts)), [len(part) for part in parts]))
        values = layers(rows[torch.from_numpy(np.concatenate(parts))])[:, 0]
        totals = torch.zeros(len(parts)).index_add(0, owner, values).reshape(-1, 2)
        left = torch.sigmoid(totals[:, 0] - totals[:, 1])
        left = (1 - _RANDOM) * left + _RANDOM / 2
        surprise = nn.functional.binary_cross_entropy(left, wanted[torch.from_numpy(drawn)])
        loss = surprise + _PENALTY * (values**2).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()


def _inputs(task: Task, piece: Piece) -> Rows:
    """Return the steps of a piece, and those in the absorbing state, as inputs."""
    rows = np.concatenate([not_absorbed(task.normaliser(piece.seen)), piece.acts], axis=1)
    absorbed = np.zeros((piece.absorbing, rows.shape[1]), np.float32)
    absorbed[:, task.features] = 1.0
    return np.concatenate([rows, absorbed])


def _totals(task: Task, model: NetworkReward, piece: Piece) -> NDArray[np.float64]:
    """Return the sum of each network's reward over a piece: (networks,)."""
    rows = _inputs(task, piece)
    return np.array([float(network.outputs(rows)[:, 0].sum()) for network in model.networks])


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(x, -50, 50)))


def _run(piece: Piece) -> tuple[str, str, int]:
    return piece.source.kind, piece.source.name, piece.source.seed
