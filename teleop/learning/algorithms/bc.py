"""Behavioural cloning: do what the person did.

Pomerleau 1991, "Efficient Training of Artificial Neural Networks for Autonomous Navigation".
    loss = mean over (o, a) of -log pi(a | o)     (categorical; MSE for analog actions)
Deviations:
 1. Training on (o at t, a at t + lag) corrects the person's reaction time (`lag_search`).
 2. Lag, length of training, episodes and history are chosen by playing trial episodes if the
    environment is quick (`search`), otherwise by held-out episodes (`held_out`).
 3. The probabilities of five networks are averaged, and the most likely action is taken.
 4. If states can be counted, paths back to demonstrated states are planned (`return_paths`).
"""

import copy
import functools
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from teleop.errors import EnvError, LearningError
from teleop.learning.data.demonstrations import Demonstrations, Lag
from teleop.learning.data.profile import has_hidden_state
from teleop.learning.data.return_paths import ReturnPaths, can_count
from teleop.learning.data.task_condition import conditioned
from teleop.learning.networks import distributed
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.heads import averaging_head, choosing_head
from teleop.learning.networks.own_network import load_own
from teleop.learning.networks.policy_models import Ensemble
from teleop.learning.networks.torch_training import device_for
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.learning.progress import Progress, check_teaches, make_policy
from teleop.learning.tuning import lag_search
from teleop.learning.tuning.candidates import LENGTHS, Basis, Networks
from teleop.learning.tuning.choice import TrainingChoice
from teleop.learning.tuning.held_out import USUAL_STEPS, HeldOut, best_of, iter_held_out
from teleop.learning.tuning.search import Search
from teleop.learning.tuning.search_space import HISTORY, space_for
from teleop.learning.tuning.search_summary import findings, ways_back_found
from teleop.learning.tuning.trials import why_not
from teleop.text import joined, tr

SUMMARY = "Behavioural cloning: does what you did"
_FIRST_STEPS, _FIRST_PICTURE_STEPS = 200, 100
_PICTURE_STEPS, _FLOW_STEPS, _BEGUN_STEPS = 2000, 2000, 300
_MEMBERS, _PICTURE_MEMBERS = 5, 1
_PICTURE_HIDDEN = (128, 128)
_GOING_BACK = 0.25  # share of the budget


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of behavioural cloning; the defaults choose everything automatically.

    Attributes:
        seed: seed of weights, batches, splits and trial episodes.
        members: number of networks in the ensemble; None: 5, or 1 with images.
        lag_steps: lag in steps; None estimates it.
        steps: optimiser steps per network; None chooses.
        batch: rows per step; None: 64.
        shape: architecture of the networks; a non-default one is kept only if it is better.
        insist: keep a non-default architecture in any case.
        start: folder of a policy to start from.
        network: a user's own module, as package.module:Class.
        budget_s: seconds for trial episodes and the training for them; 0: no trial episodes.
        reward: choose by the environment's reward, which imitation by itself does not have.
        all_takes: leave no episode out.
        head: how numbers are predicted: `average` (their mean), `choose` (one of a few levels), or
            empty: `choose` if the recordings have at most 7 values of an axis, else `average`.
        condition: how the task of an episode is an input: `one-hot`, `tokens`, or empty for not at
            all. The reward knows no task, so nothing is then chosen by it.
    """

    seed: int = 0
    members: int | None = None
    lag_steps: int | None = None
    steps: int | None = None
    batch: int | None = None
    shape: Architecture = field(default_factory=Architecture)
    insist: bool = False
    start: str = ""
    network: str = ""
    budget_s: float = 20.0
    reward: bool = True
    all_takes: bool = False
    head: str = ""
    condition: str = ""


@dataclass(slots=True)
class _Run:
    """The state of one training run."""

    basis: Basis
    config: Config
    members: int
    choice: TrainingChoice
    steps: int
    step: int = 0
    guesses: list[lag_search.LagGuess] = field(default_factory=list)
    learned: dict[str, Any] = field(default_factory=dict)

    @property
    def demos(self) -> Demonstrations:
        return self.basis.demos

    @property
    def is_open(self) -> bool:
        """Whether any setting is left to choose."""
        decided = self.basis.sees_pictures or self.basis.start or self.basis.make
        return not decided and distributed.world()[1] == 1


def train(
    demos: Demonstrations,
    config: Config = Config(),
    network: Callable[[], nn.Module] | None = None,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[Progress]:
    """Clone the demonstrations until done or the caller stops iterating; the last policy is best.

    Args:
        demos: the demonstrations.
        config: the settings.
        network: creates an untrained module of the user's own; None uses the built-in network.
        clock: returns the time in seconds, for the budget.

    Yields:
        Progress, at least ten times per second on a slow computer.

    Raises:
        LearningError: nothing can be learned from the data.
    """
    check_teaches(demos)
    demos = _answering(demos, config.head)
    if config.condition:
        demos, config = conditioned(demos, config.condition), replace(config, reward=False)
    _check_shape(config.shape, demos)
    run = _begin(demos, config, network)
    yield from _describe(run)
    yield from _first_policy(run)
    if config.lag_steps is None:
        yield from _find_lag(run)
    reason = _why_not_played(run, clock)
    if run.is_open and not reason:
        reason = yield from _choose_by_playing(run, clock)
        if not reason:
            return
    if run.is_open:
        yield from _choose_by_held_out(run, reason)
    yield from _fit_ensemble(run)


def clone(
    demos: Demonstrations,
    config: Config = Config(),
    network: Callable[[], nn.Module] | nn.Module | None = None,
) -> LearnedPolicy:
    """Clone the demonstrations and return the final policy.

    Args:
        demos: the demonstrations.
        config: the settings.
        network: a module of the user's own, or a function that creates one.
    """
    make: Callable[[], nn.Module] | None = None
    if isinstance(network, nn.Module):
        make = functools.partial(copy.deepcopy, network)  # each phase starts untrained
    elif network is not None:
        make = network
    policies = [progress.policy for progress in train(demos, config, make)]
    return next(policy for policy in reversed(policies) if policy is not None)


def _begin(demos: Demonstrations, config: Config, network: Callable[[], nn.Module] | None) -> _Run:
    encoding = demos.encoding
    if config.network and network is None:
        network = lambda: load_own(  # noqa: E731
            config.network, encoding.features, encoding.pictures, demos.head.size
        )
    several = (config.members or 1) > 1
    if network is not None and (config.shape.looks_back or config.shape.flow or several):
        raise LearningError(
            "A custom network takes the current observation and returns one action. Remove "
            "frames, memory, chunk, flow and members."
        )
    start = _load_start(config.start, demos) if config.start else None
    lengths = (config.steps,) if config.steps else LENGTHS
    basis = Basis(demos, config.seed + 1, config.batch, lengths, start, network)
    single = basis.sees_pictures or config.shape.flow
    members = config.members or (_PICTURE_MEMBERS if single else _MEMBERS)
    steps = _FLOW_STEPS if config.shape.flow else USUAL_STEPS
    if basis.sees_pictures or network:
        steps = _PICTURE_STEPS if basis.sees_pictures else _BEGUN_STEPS
    elif start:
        steps = _BEGUN_STEPS
    usual = lag_search.default_lag(demos) if config.lag_steps is None else config.lag_steps
    if len(demos.pairs(usual)) == 0:
        usual = 0  # every episode is shorter than the reaction time
    shape = start.shape if start else config.shape
    if basis.sees_pictures and shape.hidden == Architecture().hidden:
        shape = replace(shape, hidden=_PICTURE_HIDDEN)
    chosen = TrainingChoice(usual, shape=shape)
    return _Run(basis, config, 1 if network else members, chosen, config.steps or steps)


def _answering(demos: Demonstrations, head: str) -> Demonstrations:
    """Return the demonstrations with the head that the settings ask for."""
    match head:
        case "":
            return demos
        case "average":
            return demos.with_head(averaging_head(demos.head, demos.flat))
        case "choose":
            return demos.with_head(choosing_head(demos.head, demos.flat))
    raise LearningError(f"The setting head is {head!r}; expected average or choose.")


def _check_shape(shape: Architecture, demos: Demonstrations) -> None:
    if shape.memory and (shape.frames > 1 or shape.chunk > 1 or shape.flow):
        raise LearningError(
            "Memory cannot be combined with frames, chunk or flow. Use memory or the other options."
        )
    if shape.flow and not demos.head.is_numbers:
        raise LearningError(
            tr(
                "Flow matching needs analog actions, but these actions are discrete or were "
                "recorded with keys. Train without flow matching."
            )
        )


def _describe(run: _Run) -> Iterator[Progress]:
    """Yield what is decided before the first step."""
    said = []
    if run.demos.encoding.left_out:
        said.append(
            tr("Text is left out: {left_out}", left_out=", ".join(run.demos.encoding.left_out))
        )
    if device_for(run.demos) != "cpu":
        said.append(tr("On the GPU ({device})", device=torch.cuda.get_device_name()))
    if run.basis.start:
        said.append(tr("Begins with {name}", name=run.basis.start.name))
    for finding in said:
        yield Progress(tr("Analysing the data"), 0, run.steps, finding=finding)


def _first_policy(run: _Run) -> Iterator[Progress]:
    """Train one small network first, to have a policy to watch during the rest."""
    steps = _FIRST_PICTURE_STEPS if run.basis.sees_pictures else _FIRST_STEPS
    plain = Architecture(hidden=run.choice.shape.hidden)
    shape = run.choice.shape if run.basis.start else plain
    networks = Networks(run.basis, replace(run.choice, shape=shape))
    yield from _train(run, networks, steps, 1, tr("First policy"))
    policy = _policy(run, networks, steps, 1)
    yield Progress(tr("First policy"), run.step, _total(run), policy=policy)


def _find_lag(run: _Run) -> Iterator[Progress]:
    """Estimate the lag from held-out episodes."""
    demos = run.demos
    if lag_search.can_find(demos):
        for guess in lag_search.iter_lags(demos, run.config.seed):
            run.guesses.append(guess)
            yield Progress(tr("Looking for your reaction time"), run.step, _total(run))
    found: Lag = int(distributed.agreed(lag_search.best_lag(demos, run.guesses)))
    own = lag_search.two_lags(demos, run.guesses)
    if own is not None and own[1]:
        found = own[0]
    if len(demos.pairs(found)):
        run.choice = replace(run.choice, lag=found)


def _why_not_played(run: _Run, clock: Callable[[], float]) -> str:
    if not run.is_open:
        return ""
    if not run.config.reward:
        return tr("The reward is not used")
    return why_not(run.demos, run.config.budget_s, clock)


def _choose_by_playing(run: _Run, clock: Callable[[], float]) -> Generator[Progress, None, str]:
    """Run the whole search, to the last network; return why it failed, or an empty string."""
    config = run.config
    space = space_for(
        run.demos,
        run.guesses,
        lengths=run.basis.lengths,
        lag_steps=config.lag_steps,
        shape=config.shape,
        insists=config.insist,
        all_takes=config.all_takes,
    )
    search = Search(
        run.basis,
        space,
        functools.partial(_policy, run),
        members=run.members,
        budget_s=config.budget_s,
        clock=clock,
    )
    policy = None
    try:
        for progress in _counted(run, _told(search, run.demos)):
            policy = progress.policy or policy
            yield progress
    except EnvError as problem:
        return str(problem)
    finally:
        search.close()
    if policy is not None and can_count(run.demos):
        yield from _go_back(run, search, policy, clock)
    return ""


def _go_back(
    run: _Run, search: Search, policy: LearnedPolicy, clock: Callable[[], float]
) -> Iterator[Progress]:
    """Plan paths back to demonstrated states, and keep them if playing confirms them."""
    demos, seconds = run.demos, _GOING_BACK * run.config.budget_s
    ways = ReturnPaths(demos, search.best.choice.pairs(demos))
    phase = tr("Trying what each action does")
    try:
        for _ in ways.explore(seconds, clock):
            yield Progress(phase, run.step, run.step)
        planned = ways.policy(policy)
        before, after, better = ways.compare(policy, planned)
    except EnvError:
        return  # keep the earlier choice
    if better:
        others = (replace(row, chosen=False) for row in search.table())
        tried = (after, before, *others)
        yield Progress(phase, run.step, run.step, policy=planned, tried=tried)
        finding = ways_back_found(ways.unshown, ways.states, ways.steps, before, after)
        yield Progress(phase, run.step, run.step, finding=finding, verified=True)


def _told(search: Search, demos: Demonstrations) -> Iterator[Progress]:
    """Run a search and yield its findings once it has chosen."""
    step = total = 0
    for progress in search.choose():
        step, total = progress.step, progress.total
        yield progress
    for text, verified in findings(search, demos):
        yield Progress(tr("Chosen by playing"), step, total, finding=text, verified=verified)
    yield from search.complete()


def _counted(run: _Run, steps: Iterator[Progress]) -> Iterator[Progress]:
    """Add the steps before a search to the steps of its progress."""
    before = run.step
    for progress in steps:
        run.step = before + progress.step
        yield replace(progress, step=run.step, total=before + progress.total)


def _choose_by_held_out(run: _Run, reason: str) -> Iterator[Progress]:
    """Hold some episodes out, train on the rest, and choose what predicts them best."""
    wanted = run.config.shape
    plain = Architecture(hidden=wanted.hidden)
    if wanted == Architecture() and has_hidden_state(run.demos):
        wanted = HISTORY
        run.choice = replace(run.choice, shape=wanted)
    usual = yield from _hold_out(run, plain)
    unusual = usual if wanted == plain else (yield from _hold_out(run, wanted))
    earned = run.config.insist or not Networks(run.basis, run.choice).is_dense
    if usual and unusual and wanted != plain and not earned:
        earned = unusual.agreement > usual.agreement + usual.error
        yield _shape_verdict(run, usual, unusual, earned=earned)
    kept = unusual if earned else usual
    if not earned:
        run.choice = replace(run.choice, shape=plain)
    if kept and run.config.steps is None:
        run.steps = kept.steps
    finding = tr(
        "{reason}, so settings were not chosen by playing. Used: {assumed} ({tried})",
        reason=reason,
        assumed=joined(
            " · ", (run.choice.words(run.demos), tr("{steps:,} steps", steps=run.steps))
        ),
        tried=tr("judged by held-out episodes") if kept else tr("the default"),
    )
    yield Progress(tr("Chosen without playing"), run.step, _total(run), finding=finding)


def _hold_out(run: _Run, shape: Architecture) -> Generator[Progress, None, HeldOut | None]:
    """Return the best length of an architecture; None if held-out episodes cannot tell."""
    choice = replace(run.choice, shape=shape)
    found: list[HeldOut] = []
    if Networks(run.basis, choice).is_dense:
        for count, loss, item in iter_held_out(run.basis, choice):
            run.step += count
            found += [item] if item else []
            yield Progress(tr("Trying lengths of training"), run.step, _total(run), loss or None)
    return best_of(found) if found else None


def _shape_verdict(run: _Run, usual: HeldOut, unusual: HeldOut, *, earned: bool) -> Progress:
    finding = tr(
        "{shape}: agreement with held-out episodes {unusual:.3f}, {usual:.3f} without it ({kept})",
        shape=unusual.choice.shape.words().capitalize(),
        unusual=unusual.agreement,
        usual=usual.agreement,
        kept=tr("kept") if earned else tr("not kept"),
    )
    return Progress(tr("Chosen without playing"), run.step, _total(run), finding=finding)


def _fit_ensemble(run: _Run) -> Iterator[Progress]:
    networks = Networks(run.basis, run.choice)
    for members in range(1, run.members + 1):
        phase = tr("Network {members} of {all}", members=members, all=run.members)
        yield from _train(run, networks, run.steps, members, phase)
        policy = _policy(run, networks, run.steps, members)
        left = run.steps * (run.members - members)
        yield Progress(phase, run.step, run.step + left, policy=policy)


def _train(
    run: _Run, networks: Networks, steps: int, members: int, phase: str
) -> Iterator[Progress]:
    for count, loss in networks.iter_train(steps, members):
        run.step += count
        yield Progress(phase, run.step, _total(run), loss)


def _total(run: _Run) -> int:
    """Return the total number of steps, as far as it is known."""
    return run.step + run.steps * run.members


def _load_start(folder: str, demos: Demonstrations) -> LearnedPolicy:
    """Load the policy to start from.

    Raises:
        LearningError: the policy cannot be read, or does not fit these demonstrations.
    """
    policy = load_policy(folder)
    policy.check_fits(demos.env_id, demos.observation_space, demos.action_space)
    alike = isinstance(policy.model, Ensemble) and policy.head.branches == demos.head.branches
    if not alike:
        raise LearningError(
            f"The networks of {policy.name} do not match the actions in these episodes. Train "
            "without --from."
        )
    return policy


def _policy(run: _Run, networks: Networks, steps: int, members: int) -> LearnedPolicy:
    choice, demos = networks.choice, run.demos
    lags = choice.lag
    learned: dict[str, Any] = {
        "lag_steps": lags if isinstance(lags, int) else round(float(np.mean(lags))),
        "steps": steps,
        "weighted": choice.weighted,
        "left_out": list(choice.left_out(demos)),
        "lag_losses": {str(guess.lag): guess.loss for guess in run.guesses},
    }
    if not isinstance(lags, int):
        files = [file for file, _ in demos.sources]
        learned["lag_by_episode"] = dict(zip(files, lags, strict=False))
    recipe = {"algorithm": "bc"} | asdict(run.config)
    model = networks.model(steps, members)
    return make_policy(demos, networks.normaliser, model, choice.shape, recipe, learned)
