"""A full training run: profile the data, train, evaluate on fresh starts and give advice."""

import dataclasses
import types
import typing
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from teleop.envs.factory import is_quick
from teleop.errors import EnvError, LearningError
from teleop.evaluation.scoring import evaluate
from teleop.learning.algorithms import ALGORITHMS, algorithm_of, find_algorithm
from teleop.learning.analysis import baselines
from teleop.learning.analysis.advice import advice
from teleop.learning.analysis.baselines import Played
from teleop.learning.analysis.held_out_check import iter_check
from teleop.learning.analysis.same_starts import SameStart, iter_same_starts, words_of
from teleop.learning.data.demonstrations import Demonstrations, Lag
from teleop.learning.data.profile import profile_of
from teleop.learning.networks.ensemble import TunedSettings
from teleop.learning.policy import LearnedPolicy
from teleop.learning.progress import Progress
from teleop.learning.tuning.held_out import USUAL_STEPS
from teleop.types.results import HeldOutCheck, PlayedStart, Score, Trait

_GLANCE = 3  # episodes played after each new policy
_GLANCE_SEED = 40_000
_SLOW_EPISODES = 3


class TrainingRun:
    """One training run with its evaluation; iterate over `train`, then `stand`."""

    def __init__(
        self,
        demos: Demonstrations,
        algorithm: str = "bc",
        settings: dict[str, Any] | None = None,
        config: Any = None,
    ) -> None:
        """Find the algorithm and profile the data.

        Args:
            demos: the demonstrations.
            algorithm: a name in `ALGORITHMS`, or a user's own module.
            settings: fields of the algorithm's `Config`.
            config: an algorithm's `Config`, instead of its name and settings.

        Raises:
            LearningError: the algorithm or a setting does not exist.
        """
        if config is None:
            self._module = find_algorithm(algorithm)
            config = configured(self._module, algorithm, settings or {})
        else:
            self._module = algorithm_of(config)
            algorithm = self._module.__name__.rpartition(".")[2]
        self.demos, self.algorithm, self.config = demos, algorithm, config
        self.traits: tuple[Trait, ...] = profile_of(demos)
        self.policy: LearnedPolicy | None = None
        self.scores: list[Score] = []
        self.failed: tuple[int, ...] = ()
        self.starts: tuple[PlayedStart, ...] = ()
        self.same_starts: tuple[SameStart, ...] = ()

    def policy_name(self, taken: list[str]) -> str:
        """Return an unused name: `bc-12-episodes`, then `bc-12-episodes-2`."""
        count = len(self.demos.used)
        short = self.algorithm if self.algorithm in ALGORITHMS else "own"
        base = f"{short}-{count}-episode{'s' if count > 1 else ''}"
        names = [base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))]
        return next(name for name in names if name not in taken)

    @property
    def described(self) -> dict[str, Any]:
        """What is trained on what, for a log."""
        known = {"dataset": self.demos.dataset_id, "env": self.demos.env_id}
        return known | {"algorithm": self.algorithm} | dataclasses.asdict(self.config)

    def train(self) -> Iterator[Progress]:
        """Run the algorithm, and play a few fresh starts with each new policy."""
        quick = self.algorithm == "bc" and is_quick(self.demos.env_id)
        for progress in self._module.train(self.demos, self.config):
            if progress.policy is None:
                yield progress
                continue
            self.policy = progress.policy
            yield progress
            if quick:
                yield dataclasses.replace(progress, policy=None, loss=None, returns=self._glance())

    def check(self) -> Iterator[HeldOutCheck]:
        """Test the settings of the last policy on held-out episodes, if that is possible."""
        policy = self.policy
        if policy is None or self.algorithm != "bc" or policy.config.recipe.get("network"):
            return
        left_out = set(policy.config.learned.get("left_out") or ())
        demos = self.demos
        if left_out:
            demos = demos.only([i for i in demos.used if demos.numbers[i] not in left_out])
        found: HeldOutCheck | None = None
        for found in iter_check(demos, self.known(), seed=int(policy.config.recipe["seed"])):
            yield found
        if found is not None:
            loss = found.losses[-1][2]
            learned = {"held_out_loss": loss, "held_out": dataclasses.asdict(found)}
            policy.config = dataclasses.replace(
                policy.config, learned=policy.config.learned | learned
            )

    def stand(self, episodes: int = 20) -> Iterator[Played]:
        """Compare the last policy with the person, the script and random actions, if possible."""
        if self.policy is None or not baselines.can_play(self.demos.env_id):
            return
        quick = is_quick(self.demos.env_id)
        count = episodes if quick else min(episodes, _SLOW_EPISODES)
        for played in baselines.iter_baselines(self.demos, self.policy, count, others=quick):
            if played.score:
                self.scores.append(played.score)
            self.failed += played.failed
            self.starts += played.starts
            yield played
        baselines.store_scores(self.policy, self.scores, self.starts)

    def pair(self) -> Iterator[SameStart]:
        """Play the last policy from the starts of the demonstrations, after practice."""
        quick = self.algorithm == "practise" and is_quick(self.demos.env_id)
        if self.policy is None or not quick:
            return
        for start in iter_same_starts(self.demos, self.policy):
            self.same_starts += (start,)
            yield start

    def advice(self) -> tuple[str, ...]:
        """Return advice on what to record next."""
        takes = len(self.demos.used)
        said = advice(self.traits, self.scores, self.failed, takes=takes)
        return (*words_of(self.same_starts), *said)

    def known(self) -> TunedSettings:
        """Return the settings that the training found, for further training."""
        return tuned_settings_of(self.policy, self.demos)

    def _glance(self) -> tuple[float, ...]:
        if self.policy is None:
            return ()
        try:
            played = list(evaluate(self.demos.env_id, self.policy, _GLANCE, _GLANCE_SEED))
        except EnvError:
            return ()
        return tuple(result.total_reward for result in played)


def tuned_settings_of(policy: LearnedPolicy | None, demos: Demonstrations) -> TunedSettings:
    """Return the settings that a policy's training found, or the defaults."""
    from teleop.learning.tuning.lag_search import default_lag

    if policy is None or policy.config.model != "networks":
        return TunedSettings(default_lag(demos))
    learned = policy.config.learned
    lag = int(learned.get("lag_steps", default_lag(demos)))
    by_file = learned.get("lag_by_episode") or {}
    lags: Lag = lag
    if by_file and len(demos.sources) == demos.count:
        lags = tuple(int(by_file.get(file, lag)) for file, _ in demos.sources)
    return TunedSettings(lags, int(learned.get("steps", USUAL_STEPS)), 3, policy.shape)


def configured(module: ModuleType, algorithm: str, settings: dict[str, Any]) -> Any:
    """Return the `Config` of an algorithm with some settings.

    Raises:
        LearningError: a setting does not exist or has another type.
    """
    fields = {field.name for field in dataclasses.fields(module.Config)}
    unknown = sorted(set(settings) - fields)
    if unknown:
        raise LearningError(
            f"{algorithm} has no setting called {', '.join(unknown)}; it has "
            f"{', '.join(sorted(fields))}."
        )
    kinds = typing.get_type_hints(module.Config)
    read = {name: _fitted(name, value, kinds[name]) for name, value in settings.items()}
    return module.Config(**read)


def _fitted(name: str, value: Any, kind: Any) -> Any:
    """Convert a setting to the type of its field.

    Raises:
        LearningError: the setting has another type.
    """
    wanted = tuple(typing.get_args(kind)) if isinstance(kind, types.UnionType) else (kind,)
    if typing.get_origin(kind) is tuple:
        return tuple(value) if isinstance(value, list | tuple) else value
    if float in wanted and isinstance(value, int):
        return float(value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        names = " or ".join(getattr(part, "__name__", "None") for part in wanted)
        raise LearningError(f"The setting {name} is {value!r}; expected {names}.")
    return value
