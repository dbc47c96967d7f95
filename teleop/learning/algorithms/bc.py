"""Behavioural cloning: do what the person did.

Pomerleau 1991, "Efficient Training of Artificial Neural Networks for Autonomous Navigation".
    loss = mean over (o, a) of -log pi(a | o)     (categorical; MSE for analog actions)
Deviations, each measured on keyboard demonstrations of LunarLander:
 1. (o at t, a at t + lag): undoes the person's reaction time (`lag`).
 2. The number of steps is chosen by the loss on held-out episodes: 300 suit people, clean scripts
    need 1,000 or more.
 3. Five networks on all data, probabilities averaged, the best action taken.
"""

import copy
import functools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from teleop.envs.making import is_quick
from teleop.errors import EnvError, LearningError
from teleop.evaluate import evaluate
from teleop.learning import spread
from teleop.learning.demonstrations import Demonstrations
from teleop.learning.fit import Fit, FitConfig, device_for, iter_fit, make_network
from teleop.learning.lag import LagGuess, best_lag, can_find, how_sure, iter_lags, usual_lag
from teleop.learning.models import Ensemble, Module
from teleop.learning.modules import PolicyNetwork, load_from, to_numpy
from teleop.learning.network import Network
from teleop.learning.normaliser import Normaliser
from teleop.learning.own_network import load_own
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.learning.progress import Progress, check_teaches, make_policy
from teleop.learning.shape import Shape

SUMMARY = "Behavioural cloning: does what you did"
LENGTHS = (300, 1000, 3000)
_PICTURE_STEPS = 2000
_FIRST_PICTURE_STEPS = 100
_MEMBERS, _PICTURE_MEMBERS = 5, 1
_BATCH, _PICTURE_BATCH = 128, 64
_WEIGHT_DECAY, _PICTURE_WEIGHT_DECAY = 1e-4, 1e-2
_HELD_OUT = 0.2
_WORSE = 1.02  # a longer training that is not better by now is not tried longer still
_EARNED = 0.98  # of the plain held-out loss: below it an unusual shape has earned its place
_TRIAL_SEED = 90_000  # rollouts while training; far from those that score
_TRIALS = 10


@dataclass(frozen=True, slots=True)
class Config:
    """How to clone. The defaults find everything by themselves.

    Attributes:
        seed: fixes weights, batches and splits.
        members: networks in the ensemble; None: 5, 1 where there are pictures.
        lag_steps: shift in steps; None finds it.
        steps: optimiser steps a network; None chooses from 300, 1,000 and 3,000.
        batch: rows a step; None: 128, 64 where there are pictures.
        shape: of the networks; an unusual one must earn its place on held-out episodes.
        insist: keep an unusual shape anyway.
        start: folder of a policy to begin with.
        network: a user's own module, as package.module:Class.
        check: confirm the lag by playing, where the environment is quick and episodes are few.
    """

    seed: int = 0
    members: int | None = None
    lag_steps: int | None = None
    steps: int | None = None
    batch: int | None = None
    shape: Shape = field(default_factory=Shape)
    insist: bool = False
    start: str = ""
    network: str = ""
    check: bool = True


@dataclass(slots=True)
class _Run:
    """What one training has found so far."""

    demos: Demonstrations
    config: Config
    make: Callable[[], nn.Module] | None
    begun: LearnedPolicy | None
    device: str
    step: int = 0
    total: int = 0
    lag: int = 0
    guesses: list[LagGuess] = field(default_factory=list)
    length: int = LENGTHS[0]
    held_out: dict[str, float] = field(default_factory=dict)
    shape: Shape = field(default_factory=Shape)

    @property
    def sees_pictures(self) -> bool:
        return bool(self.demos.encoding.pictures)

    @property
    def members(self) -> int:
        if self.make is not None:
            return 1
        single = self.sees_pictures or self.shape.flow
        return self.config.members or (_PICTURE_MEMBERS if single else _MEMBERS)

    def fit_config(self, steps: int, shape: Shape) -> FitConfig:
        return FitConfig(
            shape,
            self.config.batch or (_PICTURE_BATCH if self.sees_pictures else _BATCH),
            steps,
            _PICTURE_WEIGHT_DECAY if self.sees_pictures else _WEIGHT_DECAY,
            self.device,
        )


def train(
    demos: Demonstrations,
    config: Config = Config(),
    network: Callable[[], nn.Module] | None = None,
) -> Iterator[Progress]:
    """Clone the demonstrations; stop pulling to stop. The last policy seen is the best.

    Args:
        demos: the data.
        config: how.
        network: makes an untrained module of the user's own; None makes ours.

    Yields:
        Progress, at least ten times a second on a slow computer.

    Raises:
        LearningError: nothing can be learned from the data.
    """
    check_teaches(demos)
    _check_shape(config.shape, demos)
    encoding = demos.encoding
    if config.network and network is None:
        network = lambda: load_own(  # noqa: E731
            config.network, encoding.features, encoding.pictures, demos.head.size
        )
    several = (config.members or 1) > 1
    if network is not None and (config.shape.looks_back or config.shape.flow or several):
        raise LearningError(
            "A network of your own sees the present observation, gives one action and is trained "
            "alone; leave out frames, memory, chunk, flow and members."
        )
    begun = _load_start(config.start, demos) if config.start else None
    run = _Run(demos, config, network, begun, device_for(demos))
    run.lag = usual_lag(demos) if config.lag_steps is None else config.lag_steps
    run.shape = config.shape
    if len(demos.pairs(run.lag)) == 0:
        run.lag = 0  # every episode is shorter than the lag
    run.total = _expected_steps(run)
    yield from _describe(run)
    yield from _first_policy(run)
    if config.lag_steps is None:
        yield from _find_lag(run)
    yield from _choose_length(run)
    yield from _choose_shape(run)
    yield from _fit_ensemble(run)


def clone(
    demos: Demonstrations,
    config: Config = Config(),
    network: Callable[[], nn.Module] | nn.Module | None = None,
) -> LearnedPolicy:
    """Clone the demonstrations, from start to end.

    Args:
        demos: the data.
        config: how.
        network: a module of the user's own, or what makes one.
    """
    make: Callable[[], nn.Module] | None = None
    if isinstance(network, nn.Module):
        make = functools.partial(copy.deepcopy, network)  # each phase begins untrained
    elif network is not None:
        make = network
    policies = [progress.policy for progress in train(demos, config, make)]
    return next(policy for policy in reversed(policies) if policy is not None)


def _check_shape(shape: Shape, demos: Demonstrations) -> None:
    unusual = (shape.frames > 1) + (shape.memory > 0) + (shape.chunk > 1) + shape.flow
    if unusual > 1 and not (unusual == 2 and shape.frames > 1 and shape.flow):
        raise LearningError(
            "History, memory, chunks and flow matching go one at a time (history and flow matching "
            "also together). Choose one of them."
        )
    if shape.flow and not demos.head.is_numbers:
        raise LearningError(
            "Flow matching is for analog actions; these were recorded with keys or are choices, "
            "which a softmax fits better. Leave it out."
        )


def _describe(run: _Run) -> Iterator[Progress]:
    """What is decided before the first step, and why."""
    said = []
    if run.demos.encoding.left_out:
        said.append(f"Text is left out: {', '.join(run.demos.encoding.left_out)}")
    if run.device != "cpu":
        said.append(f"On the GPU ({torch.cuda.get_device_name()})")
    if run.begun:
        said.append(f"Begins with {run.begun.name}")
    for finding in said:
        yield Progress("Looking at the data", 0, run.total, finding=finding)


def _expected_steps(run: _Run) -> int:
    """Steps in all if people drove: the first policy, the shortest lengths, the ensemble."""
    first = _first_steps(run)
    chosen = run.config.steps or (_PICTURE_STEPS if run.sees_pictures else LENGTHS[0])
    known = run.config.steps is not None or run.sees_pictures or run.begun is not None
    searches = not known and len(run.demos.used) > 1
    return first + (LENGTHS[0] + LENGTHS[1] if searches else 0) + chosen * run.members


def _first_steps(run: _Run) -> int:
    return _FIRST_PICTURE_STEPS if run.sees_pictures else LENGTHS[0]


def _first_policy(run: _Run) -> Iterator[Progress]:
    """One small network at once: something to watch while the rest is found out."""
    steps = _first_steps(run)
    shape = run.begun.shape if run.begun else Shape()
    fit, normaliser = _fit(run, steps, None, run.config.seed, shape)
    for done, loss in iter_fit(fit, steps):
        yield Progress("First policy", run.step + done, run.total, loss)
    run.step += steps
    policy = _policy(run, normaliser, [fit.network], steps, shape)
    yield Progress("First policy", run.step, run.total, policy=policy)


def _find_lag(run: _Run) -> Iterator[Progress]:
    demos = run.demos
    if not can_find(demos):
        yield from _usual_lag(run)
        return
    for guess in iter_lags(demos, run.config.seed):
        run.guesses.append(guess)
        yield Progress("Finding your reaction time", run.step, run.total)
    if not run.guesses:
        return
    run.lag = best_lag(demos, run.guesses)
    found = f"Your hands answer {_ms(run)} ms late ({how_sure(run.guesses)}): undone"
    yield Progress("Reaction time", run.step, run.total, finding=found)


def _usual_lag(run: _Run) -> Iterator[Progress]:
    """Few episodes cannot say it: take what is usual, and where the environment is quick, play."""
    if not run.lag:
        return
    why = "usual; 10 episodes would tell yours"
    if _can_try(run):
        returns: dict[int, list[float]] = {}
        for lag in (0, run.lag):
            phase = f"Playing without reaction time, then with {_ms(run)} ms"
            for played in _trial(run, lag):
                returns.setdefault(lag, []).append(played)
                yield Progress(phase, run.step, run.total, returns=(played,))
        if len(returns) == 2:
            without, with_lag = (float(np.mean(played)) for played in returns.values())
            error = float(np.std(returns[0])) / np.sqrt(len(returns[0]))
            why = f"played {with_lag:.0f} with it, {without:.0f} without"
        if len(returns) == 2 and without > with_lag + 2 * error:
            run.lag = 0
            yield Progress(
                "Reaction time", run.step, run.total, finding=f"Reaction time left alone: {why}"
            )
            return
    found = f"Reaction time taken as {_ms(run)} ms ({why})"
    yield Progress("Reaction time", run.step, run.total, finding=found)


def _can_try(run: _Run) -> bool:
    """Playing is quick here; and every process of a training decides the same."""
    alone = spread.world()[1] == 1
    return run.config.check and alone and not run.sees_pictures and is_quick(run.demos.env_id)


def _ms(run: _Run) -> int:
    return round(1000 * run.lag / run.demos.pace_hz) if run.demos.pace_hz else 0


def _trial(run: _Run, lag: int) -> Iterator[float]:
    """Returns of a quick network with a lag, on seeds that score nothing."""
    if len(run.demos.pairs(lag)) == 0:
        return
    kept, run.lag = run.lag, lag
    fit, normaliser = _fit(run, LENGTHS[0], None, run.config.seed, Shape())
    fit.run(LENGTHS[0])
    policy = _policy(run, normaliser, [fit.network], LENGTHS[0], Shape())
    run.lag = kept
    try:
        for result in evaluate(run.demos.env_id, policy, _TRIALS, _TRIAL_SEED):
            yield result.total_reward
    except EnvError:
        return


def _choose_length(run: _Run) -> Iterator[Progress]:
    """Hold episodes out, train on the rest for each length, keep the one they like best."""
    if run.config.steps is not None or run.sees_pictures or run.begun:
        usual = _PICTURE_STEPS if run.sees_pictures else LENGTHS[0]
        run.length = run.config.steps or usual  # what begins trained has seen every episode
        return
    split = _split(run)
    if split is None:
        return  # nothing to hold out: the short length is the safe one
    losses: dict[int, float] = {}
    for length in LENGTHS:
        phase = f"Trying {length:,} steps"
        yield from _try(run, phase, length, Shape(), split)
        losses[length] = run.held_out[phase]
        if losses[length] > min(losses.values()) * _WORSE:
            break
    run.length = min(losses, key=lambda steps: losses[steps])
    run.total = run.step + run.length * run.members
    finding = f"{run.length:,} steps: held-out loss {losses[run.length]:.3f}, the lowest"
    yield Progress("Length of training", run.step, run.total, finding=finding)


def _choose_shape(run: _Run) -> Iterator[Progress]:
    """An unusual shape must beat the usual one on episodes that neither has seen."""
    wanted = run.config.shape
    plain = Shape(hidden=wanted.hidden)
    run.shape = wanted
    if wanted == plain or run.config.insist or run.begun:
        return
    split = _split(run)
    if split is None:
        run.shape = plain
        finding = f"One episode cannot tell whether {wanted.words()} helps: left out"
        yield Progress("Shape", run.step, run.total, finding=finding)
        return
    phases = ("Trying the present observation", f"Trying {wanted.words()}")
    for phase, shape in zip(phases, (plain, wanted), strict=True):
        yield from _try(run, phase, run.length, shape, split)
    usual, unusual = (run.held_out[phase] for phase in phases)
    if wanted.flow:  # another loss: nothing to compare, the person's word counts
        return
    earned = unusual < _EARNED * usual
    run.shape = wanted if earned else plain
    verdict = "kept" if earned else "not kept"
    finding = f"{wanted.words()}: held-out {unusual:.3f} against {usual:.3f}, {verdict}"
    yield Progress("Shape", run.step, run.total, finding=finding)


def _split(run: _Run) -> tuple[list[int], list[int]] | None:
    """(episodes to fit, episodes held out); None where there is nothing to hold out."""
    usable = [i for i in run.demos.used if len(run.demos.pairs(run.lag, [i]))]
    count = len(usable)
    if count < 2:
        return None
    order = np.random.default_rng(run.config.seed).permutation(usable).tolist()
    held = min(count - 1, max(2 if count > 3 else 1, round(_HELD_OUT * count)))
    return order[held:], order[:held]


def _try(
    run: _Run, phase: str, length: int, shape: Shape, split: tuple[list[int], list[int]]
) -> Iterator[Progress]:
    fit, _ = _fit(run, length, split[0], run.config.seed, shape)
    pairs = run.demos.pairs(run.lag, split[1])
    run.total = max(run.total, run.step + length * (1 + run.members))
    every = 50 if len(pairs) < 1 << 14 else 250
    for done, loss in iter_fit(fit, length, every):
        run.held_out[phase] = fit.loss_on(pairs)
        yield Progress(phase, run.step + done, run.total, loss, run.held_out[phase])
    run.step += length


def _fit_ensemble(run: _Run) -> Iterator[Progress]:
    networks: list[nn.Module] = []
    run.total = run.step + run.length * run.members
    for member in range(run.members):
        phase = f"Network {member + 1} of {run.members}"
        seed = run.config.seed + 1 + member
        fit, normaliser = _fit(run, run.length, None, seed, run.shape, member)
        every = 10 if run.sees_pictures else 50
        for done, loss in iter_fit(fit, run.length, every):
            yield Progress(phase, run.step + done, run.total, loss)
        run.step += run.length
        networks.append(fit.network)
        policy = _policy(run, normaliser, networks, run.length, run.shape)
        yield Progress(phase, run.step, run.total, policy=policy)


def _fit(
    run: _Run, steps: int, chosen: list[int] | None, seed: int, shape: Shape, member: int = 0
) -> tuple[Fit, Normaliser]:
    pairs = run.demos.pairs(run.lag, chosen)
    if len(pairs) == 0:
        run.lag, pairs = 0, run.demos.pairs(0, chosen)
    begun = run.begun
    normaliser = begun.normaliser if begun else Normaliser.of(run.demos.inputs.vector, pairs[:, 0])
    torch.manual_seed(seed)  # of what a user's own network draws
    network = run.make() if run.make else None
    if begun and network is None and isinstance(begun.model, Ensemble) and begun.shape == shape:
        network = _begun(run, begun.model.networks, shape, member)
    config = run.fit_config(steps, shape)
    return Fit(run.demos, pairs, normaliser, config, seed, network), normaliser


def _begun(run: _Run, networks: tuple[Network, ...], shape: Shape, member: int) -> PolicyNetwork:
    network = make_network(run.demos, shape, torch.Generator())
    load_from(network, networks[member % len(networks)])
    return network


def _load_start(folder: str, demos: Demonstrations) -> LearnedPolicy:
    """The policy to begin with.

    Raises:
        LearningError: it cannot be read, or what it learned is of no use here.
    """
    policy = load_policy(folder)
    policy.check_fits(demos.env_id, demos.observation_space, demos.action_space)
    alike = isinstance(policy.model, Ensemble) and policy.head.branches == demos.head.branches
    if not alike:
        raise LearningError(
            f"{policy.name} has no networks with the choices that these episodes show; begin "
            "without it."
        )
    return policy


def _policy(
    run: _Run, normaliser: Normaliser, networks: list[nn.Module], steps: int, shape: Shape
) -> LearnedPolicy:
    ours = [network for network in networks if isinstance(network, PolicyNetwork)]
    head = run.demos.head
    model: Any = Module(copy.deepcopy(networks[-1]).cpu(), head)
    if ours:
        model = Ensemble(tuple(to_numpy(network) for network in ours), head, shape)
    learned = {
        "lag_steps": run.lag,
        "steps": steps,
        "lag_losses": {str(guess.lag): guess.loss for guess in run.guesses},
        "held_out_losses": dict(run.held_out),
    }
    recipe = {"algorithm": "bc"} | asdict(run.config)
    return make_policy(run.demos, normaliser, model, shape, recipe, learned)
