"""What one setting changes: policies are trained with several values of it, and play."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from teleop.errors import LearningError
from teleop.evaluation.intervals import nested_interval, nested_share
from teleop.evaluation.scoring import evaluate
from teleop.evaluation.success import Result
from teleop.learning.algorithms import find_algorithm
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.networks.architecture import Architecture
from teleop.learning.recipes import find_recipe
from teleop.learning.training_run import configured

_SHAPE = tuple(field.name for field in dataclasses.fields(Architecture))
RECIPE, EPISODES = "recipe", "episodes"  # names that are no setting of an algorithm
_FIRST_SEED = 60_000  # of the starts


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


def iter_setting_curve(
    demos: Demonstrations,
    algorithm: str,
    name: str,
    values: Sequence[Any],
    *,
    runs: int = 3,
    starts: int = 20,
    seed: int = 0,
) -> Iterator[SettingPoint | None]:
    """Train and play policies with each value; yield None after each run, and each point.

    Args:
        demos: the demonstrations.
        algorithm: name of an algorithm.
        name: `recipe`, `episodes` (how many demonstrations), a field of `Architecture`, or a
            setting of the algorithm.
        values: its values.
        runs: number of policies for each value.
        starts: number of starts that each policy plays, the same for all.
        seed: seed of the first run.

    Raises:
        LearningError: a setting or a value does not exist, or nothing can be learned.
    """
    for value in values:  # a wrong value is found before the first training
        _choose(demos, algorithm, name, value, seed)
    for value in values:
        played = []
        for run in range(seed, seed + runs):
            used, module, config = _choose(demos, algorithm, name, value, run)
            policies = [p.policy for p in module.train(used, config) if p.policy is not None]
            if not policies:
                raise LearningError(f"The training with {name}={value} ended without a policy.")
            played.append(list(evaluate(demos.env_id, policies[-1], starts, _FIRST_SEED)))
            yield None
        yield _point(demos, str(value), played)


def _choose(
    demos: Demonstrations, algorithm: str, name: str, value: Any, seed: int
) -> tuple[Demonstrations, Any, Any]:
    """Return the demonstrations, the algorithm's module and its config for one run."""
    settings: dict[str, Any] = {}
    if name == RECIPE:
        algorithm, settings = find_recipe(str(value))
    elif name == EPISODES:
        demos = _some(demos, value, seed)
    elif name in _SHAPE and algorithm == "bc":
        settings = {"shape": _shape(name, value), "insist": True}
    else:
        settings = {name: value}
    if algorithm == "bc":
        settings.setdefault("budget_s", 0.0)  # nothing else is chosen by playing
    module = find_algorithm(algorithm)
    return demos, module, configured(module, algorithm, {"seed": seed, **settings})


def _some(demos: Demonstrations, count: Any, seed: int) -> Demonstrations:
    used = demos.used
    if not isinstance(count, int) or not 1 <= count <= len(used):
        raise LearningError(f"episodes={count} is not possible: there are 1 to {len(used)}.")
    chosen = np.random.default_rng(seed).permutation(used)[:count]
    return demos.only(sorted(int(index) for index in chosen))


def _shape(name: str, value: Any) -> Architecture:
    usual = getattr(Architecture(), name)
    if name == "hidden" and isinstance(value, int):
        value = (value, value)
    if not isinstance(value, type(usual)) or (isinstance(value, bool) != isinstance(usual, bool)):
        raise LearningError(f"{name}={value} is not understood; an example is {name}={usual}.")
    shape = dataclasses.replace(Architecture(), **{name: value})
    if name == "chunk":
        shape = dataclasses.replace(shape, execute=max(1, value // 2))
    least = min(shape.frames, shape.stride, shape.chunk, shape.execute, *shape.hidden)
    if least < 1 or shape.memory < 0:
        raise LearningError(f"{name}={value} is too small.")
    return shape


def _point(demos: Demonstrations, value: str, played: list[list[Result]]) -> SettingPoint:
    returns = np.array([[result.total_reward for result in run] for run in played])
    low, high = nested_interval(returns)
    rule = demos.success_rule
    judged = [[rule.judge(result) for result in run] for run in played]
    share: tuple[float | None, float | None, float | None] = (None, None, None)
    if all(each is not None for run in judged for each in run):
        share = nested_share(np.array(judged, np.float64))
    mean, size = float(returns.mean()), returns.shape
    return SettingPoint(value, mean, low, high, *share, runs=size[0], starts=size[1])
