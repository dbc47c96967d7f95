"""Behavioural cloning: do what the person did.

Pomerleau 1991, "Efficient Training of Artificial Neural Networks for Autonomous Navigation".
    loss = mean over (o, a) of -log pi(a | o)     (categorical; MSE for analog actions)
Deviations, each measured on keyboard demonstrations of LunarLander:
 1. (o at t, a at t + lag): undoes the person's reaction time (`lag`).
 2. The number of steps is chosen by the loss on held-out episodes: 300 suit people, clean scripts
    need 1,000 or more.
 3. Five networks on all data, probabilities averaged, the best action taken.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import nn

from teleop import __version__
from teleop.envs.spaces import space_to_json
from teleop.errors import LearningError
from teleop.learning.demonstrations import Demonstrations
from teleop.learning.fit import FitConfig, fit_network, held_out_loss, to_numpy
from teleop.learning.heads import head_to_dict
from teleop.learning.lag import ENOUGH_EPISODES, LagGuess, best_lag, iter_lags, usual_lag
from teleop.learning.policy import LearnedPolicy, Network, Normaliser, PolicyConfig

LENGTHS = (300, 1000, 3000)
_HELD_OUT = 0.2
_WORSE = 1.02  # a longer training that is not better by now is not tried longer still


@dataclass(frozen=True, slots=True)
class BCConfig:
    """How to clone. The defaults find everything by themselves.

    Attributes:
        seed: fixes weights, batches and splits.
        members: networks in the ensemble.
        lag_steps: shift in steps; None finds it.
        steps: optimiser steps a network; None chooses from 300, 1,000 and 3,000.
        hidden: widths of the hidden layers.
        batch: rows a step.
    """

    seed: int = 0
    members: int = 5
    lag_steps: int | None = None
    steps: int | None = None
    hidden: tuple[int, ...] = (128, 128)
    batch: int = 128


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training is.

    Attributes:
        phase: what is being done, in words.
        step: optimiser steps done, of all phases.
        total: optimiser steps expected in all, as known now.
        loss: of the latest batch; None where it says nothing.
        held_out: latest loss on held-out episodes.
        policy: a playable policy, where there is a new one: always the best so far.
        finding: something found out, in words, to keep on screen.
    """

    phase: str
    step: int
    total: int
    loss: float | None = None
    held_out: float | None = None
    policy: LearnedPolicy | None = None
    finding: str = ""


@dataclass(slots=True)
class _Run:
    """What one training has found so far."""

    demos: Demonstrations
    config: BCConfig
    step: int = 0
    total: int = 0
    lag: int = 0
    guesses: list[LagGuess] = field(default_factory=list)
    length: int = LENGTHS[0]
    held_out: dict[int, float] = field(default_factory=dict)

    def fit_config(self, steps: int) -> FitConfig:
        return FitConfig(self.config.hidden, self.config.batch, steps)


def train(demos: Demonstrations, config: BCConfig = BCConfig()) -> Iterator[Progress]:
    """Clone the demonstrations; stop pulling to stop. The last policy seen is the best.

    Yields:
        Progress, at least ten times a second on a slow computer.

    Raises:
        LearningError: nothing can be learned from the data.
    """
    _check(demos)
    torch.set_num_threads(1)  # two threads beside a window slow both down
    run = _Run(demos, config)
    run.lag = usual_lag(demos) if config.lag_steps is None else config.lag_steps
    run.total = _expected_steps(run)
    yield from _first_policy(run)
    if config.lag_steps is None:
        yield from _find_lag(run)
    yield from _choose_length(run)
    yield from _fit_ensemble(run)


def policy_name(demos: Demonstrations, taken: list[str]) -> str:
    """A name that is not taken: `bc-12-episodes`, then `bc-12-episodes-2`."""
    count = len(demos.episodes)
    base = f"bc-{count}-episode{'s' if count > 1 else ''}"
    names = [base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def _check(demos: Demonstrations) -> None:
    if demos.total_steps < 2:
        raise LearningError("One step is too little to learn from. Record a longer episode.")
    targets = np.concatenate([episode.targets for episode in demos.episodes])
    if (targets == targets[0]).all():
        raise LearningError(
            "Every recorded action is the same one, so there is nothing to tell apart. Record an "
            "episode in which you act."
        )


def _expected_steps(run: _Run) -> int:
    """Steps in all if people drove: the first policy, the shortest lengths, the ensemble."""
    first, chosen = LENGTHS[0], run.config.steps or LENGTHS[0]
    lengths = 0 if run.config.steps or len(run.demos.episodes) < 2 else LENGTHS[0] + LENGTHS[1]
    return first + lengths + chosen * run.config.members


def _first_policy(run: _Run) -> Iterator[Progress]:
    """One small network at once: something to watch while the rest is found out."""
    everything = range(len(run.demos.episodes))
    normaliser, batches = _fit(run, LENGTHS[0], everything, run.config.seed)
    networks: list[Network] = []
    for done, loss, network in batches:
        networks = [to_numpy(network)]
        yield Progress("First policy", run.step + done, run.total, loss)
    run.step += LENGTHS[0]
    policy = _policy(run, normaliser, networks, LENGTHS[0])
    yield Progress("First policy", run.step, run.total, policy=policy)


def _find_lag(run: _Run) -> Iterator[Progress]:
    demos = run.demos
    if not (demos.delayed and demos.pace_hz and len(demos.episodes) >= ENOUGH_EPISODES):
        milliseconds = round(1000 * run.lag / demos.pace_hz) if demos.pace_hz else 0
        finding = f"Reaction time taken as {milliseconds} ms" if run.lag else ""
        yield Progress("Reaction time", run.step, run.total, finding=finding)
        return
    for guess in iter_lags(demos, run.config.seed):
        run.guesses.append(guess)
        yield Progress("Finding your reaction time", run.step, run.total)
    if run.guesses:
        run.lag = best_lag(run.guesses)
    found = f"Reaction time found: {round(1000 * run.lag / demos.pace_hz)} ms"
    yield Progress("Reaction time", run.step, run.total, finding=found)


def _choose_length(run: _Run) -> Iterator[Progress]:
    """Hold episodes out, train on the rest for each length, keep the one they like best."""
    if run.config.steps is not None:
        run.length = run.config.steps
        return
    count = len(run.demos.episodes)
    if count < 2:
        return  # nothing to hold out: the short length is the safe one
    usable = [i for i, e in enumerate(run.demos.episodes) if len(e.rows) > run.lag]
    count = len(usable)
    if count < 2:
        return
    order = np.random.default_rng(run.config.seed).permutation(usable).tolist()
    held_count = min(count - 1, max(2 if count > 3 else 1, round(_HELD_OUT * count)))
    held, fitted = order[:held_count], order[held_count:]
    best = np.inf
    for length in LENGTHS:
        yield from _try_length(run, length, fitted, held)
        loss = run.held_out[length]
        if loss > best * _WORSE:
            break
        best = min(best, loss)
    run.length = min(run.held_out, key=lambda steps: run.held_out[steps])
    run.total = run.step + run.length * run.config.members
    finding = f"{run.length:,} training steps suit this data"
    yield Progress("Length of training", run.step, run.total, finding=finding)


def _try_length(run: _Run, length: int, fitted: list[int], held: list[int]) -> Iterator[Progress]:
    normaliser, batches = _fit(run, length, fitted, run.config.seed)
    rows, targets = run.demos.pairs(run.lag, held)
    rows = normaliser(rows)
    run.total = max(run.total, run.step + length * (1 + run.config.members))
    for done, loss, network in batches:
        held_out = held_out_loss(network, rows, targets, run.demos.head)
        yield Progress(f"Trying {length:,} steps", run.step + done, run.total, loss, held_out)
    run.held_out[length] = held_out
    run.step += length


def _fit_ensemble(run: _Run) -> Iterator[Progress]:
    everything = range(len(run.demos.episodes))
    networks: list[Network] = []
    for member in range(run.config.members):
        phase = f"Network {member + 1} of {run.config.members}"
        normaliser, batches = _fit(run, run.length, everything, run.config.seed + 1 + member)
        latest: Network = ()
        for done, loss, network in batches:
            latest = to_numpy(network)
            yield Progress(phase, run.step + done, run.total, loss)
        run.step += run.length
        networks.append(latest)
        policy = _policy(run, normaliser, networks, run.length)
        yield Progress(phase, run.step, run.total, policy=policy)


def _fit(
    run: _Run, steps: int, chosen: Any, seed: int
) -> tuple[Normaliser, Iterator[tuple[int, float, nn.Sequential]]]:
    rows, targets = run.demos.pairs(run.lag, chosen)
    if len(rows) == 0:
        run.lag = 0  # every episode is shorter than the lag
        rows, targets = run.demos.pairs(0, chosen)
    normaliser = Normaliser.of(rows)
    config = run.fit_config(steps)
    return normaliser, fit_network(normaliser(rows), targets, run.demos.head, config, seed)


def _policy(
    run: _Run, normaliser: Normaliser, networks: list[Network], steps: int
) -> LearnedPolicy:
    demos = run.demos
    config = PolicyConfig(
        env_id=demos.env_id,
        observation_space=space_to_json(demos.observation_space),
        action_space=space_to_json(demos.action_space),
        head=head_to_dict(demos.head),
        recipe={"algorithm": "bc"} | asdict(run.config),
        learned={
            "lag_steps": run.lag,
            "pace_hz": demos.pace_hz,
            "steps": steps,
            "lag_losses": {str(guess.lag): guess.loss for guess in run.guesses},
            "held_out_losses": {str(k): v for k, v in run.held_out.items()},
        },
        data={
            "dataset_id": demos.dataset_id,
            "episodes": [list(source) for source in demos.sources],
            "total_steps": demos.total_steps,
            "mean_return": demos.mean_return,
        },
        versions={"teleop": __version__}
        | {name: version(name) for name in ("torch", "numpy", "gymnasium")},
    )
    return LearnedPolicy("", config, normaliser, tuple(networks))
