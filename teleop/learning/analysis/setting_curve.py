"""What one setting changes: policies are trained with several values of it, and play."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from teleop.errors import LearningError
from teleop.evaluation.intervals import nested_interval, nested_share
from teleop.evaluation.scoring import evaluate
from teleop.evaluation.success import Result
from teleop.learning.algorithms import find_algorithm
from teleop.learning.data.dataset_reference import DatasetReference, demonstrations_from
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.networks.architecture import Architecture
from teleop.learning.policy import LearnedPolicy
from teleop.learning.recipes import find_recipe
from teleop.learning.training_run import configured
from teleop.workers.runners import HERE, Runner, in_order

_SHAPE = tuple(field.name for field in dataclasses.fields(Architecture))
RECIPE, EPISODES = "recipe", "episodes"  # names that are no setting of an algorithm
FIRST_SEED = 60_000  # of the starts


@dataclass(frozen=True, slots=True)
class SettingPoint:
    """What policies reach with one value of a setting.

    Attributes:
        value: the value, as it was given.
        mean: mean return over runs and starts.
        low: lower end of its 95 % bootstrap interval, resampled over runs, then over starts.
        high: upper end of this interval.
        success: share of successes; None if nothing tells.
        success_low: lower end of its 95 % interval, over runs and starts, never narrower than
            Wilson's; None if nothing tells.
        success_high: upper end of this interval; None if nothing tells.
        runs: number of policies, each from another seed.
        starts: number of starts that each of them played.
    """

    value: str
    mean: float
    low: float
    high: float
    success: float | None
    success_low: float | None
    success_high: float | None
    runs: int
    starts: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """One run with one value."""

    source: Demonstrations | DatasetReference
    algorithm: str
    settings: dict[str, Any]
    seed: int
    starts: int


def iter_setting_curve(
    source: Demonstrations | DatasetReference,
    algorithm: str,
    name: str,
    values: Sequence[Any],
    *,
    runs: int = 3,
    starts: int = 20,
    seed: int = 0,
    runner: Runner = HERE,
) -> Iterator[SettingPoint | None]:
    """Train and play policies with each value; yield None after each run, and each point.

    Args:
        source: the demonstrations; a reference if other processes train.
        algorithm: name of an algorithm.
        name: `recipe`, `episodes` (how many demonstrations), a field of `Architecture`, or a
            setting of the algorithm.
        values: its values.
        runs: number of policies for each value.
        starts: number of starts that each policy plays, the same for all.
        seed: seed of the first run.
        runner: where the policies are trained.

    Raises:
        LearningError: a setting or a value does not exist, or nothing can be learned.
    """
    demos, seeds = demonstrations_from(source), range(seed, seed + runs)
    for value in values:  # a wrong value is found before the first training
        chosen(demos, algorithm, {name: value}, seed)
    asked = [_Asked(source, algorithm, {name: v}, run, starts) for v in values for run in seeds]
    found = in_order(runner, _play, asked)
    for value in values:
        played = []
        for _ in seeds:
            played.append(next(found))
            yield None
        judged = [[demos.success_rule.judge(result) for result in one] for one in played]
        returns = [[result.total_reward for result in one] for one in played]
        yield point_of(str(value), returns, judged)


def _play(asked: _Asked) -> list[Result]:
    demos = demonstrations_from(asked.source)
    policy = trained(demos, asked.algorithm, asked.settings, asked.seed)
    return list(evaluate(demos.env_id, policy, asked.starts, FIRST_SEED))


def trained(
    demos: Demonstrations, algorithm: str, settings: Mapping[str, Any], seed: int
) -> LearnedPolicy:
    """Train one policy; the arguments are those of `chosen`.

    Raises:
        LearningError: a setting or a value does not exist, or nothing can be learned.
    """
    used, module, config = chosen(demos, algorithm, settings, seed)
    policies = [p.policy for p in module.train(used, config) if p.policy is not None]
    if not policies:
        said = ", ".join(f"{name}={value}" for name, value in settings.items())
        raise LearningError(f"The training with {said} ended without a policy.")
    last: LearnedPolicy = policies[-1]
    return last


def chosen(
    demos: Demonstrations, algorithm: str, settings: Mapping[str, Any], seed: int
) -> tuple[Demonstrations, Any, Any]:
    """Return the demonstrations, the algorithm's module and its config for one run.

    Args:
        demos: the demonstrations.
        algorithm: name of an algorithm.
        settings: values of what `iter_setting_curve` can vary, by name.
        seed: seed of the run, and of the choice of episodes.

    Raises:
        LearningError: a setting or a value does not exist.
    """
    given, shape = dict(settings), {}
    if RECIPE in given:
        algorithm, recipe = find_recipe(str(given.pop(RECIPE)))
        given = recipe | given
    if EPISODES in given:
        demos = _some(demos, given.pop(EPISODES), seed)
    if algorithm == "bc":
        shape = {name: given.pop(name) for name in _SHAPE if name in given}
        given |= {"shape": _shape(shape), "insist": True} if shape else {}
        given.setdefault("budget_s", 0.0)  # nothing else is chosen by playing
    module = find_algorithm(algorithm)
    return demos, module, configured(module, algorithm, {"seed": seed, **given})


def _some(demos: Demonstrations, count: Any, seed: int) -> Demonstrations:
    used = demos.used
    if not isinstance(count, int) or not 1 <= count <= len(used):
        raise LearningError(f"episodes={count} is not possible: there are 1 to {len(used)}.")
    chosen = np.random.default_rng(seed).permutation(used)[:count]
    return demos.only(sorted(int(index) for index in chosen))


def _shape(values: Mapping[str, Any]) -> Architecture:
    """Return the usual architecture with other values."""
    given = {}
    for name, value in values.items():
        usual = getattr(Architecture(), name)
        wide = (value, value) if name == "hidden" and isinstance(value, int) else value
        if not isinstance(wide, type(usual)) or isinstance(wide, bool) != isinstance(usual, bool):
            raise LearningError(f"{name}={value} is not understood; an example is {name}={usual}.")
        given[name] = wide
    if "chunk" in given:
        given.setdefault("execute", max(1, given["chunk"] // 2))
    shape = dataclasses.replace(Architecture(), **given)
    least = min(shape.frames, shape.stride, shape.chunk, shape.execute, *shape.hidden)
    if least < 1 or shape.memory < 0:
        said = ", ".join(f"{name}={value}" for name, value in values.items())
        raise LearningError(f"{said} is too small.")
    return shape


def point_of(
    value: str, returns: Sequence[Sequence[float]], judged: Sequence[Sequence[bool | None]]
) -> SettingPoint:
    """Return the point of one value.

    Args:
        value: the value.
        returns: (runs, starts) return of each episode.
        judged: (runs, starts) whether each was a success; None where nothing tells.
    """
    table = np.array(returns)
    low, high = nested_interval(table)
    share: tuple[float | None, float | None, float | None] = (None, None, None)
    if all(each is not None for run in judged for each in run):
        share = nested_share(np.array(judged, np.float64))
    return SettingPoint(value, float(table.mean()), low, high, *share, *table.shape)
