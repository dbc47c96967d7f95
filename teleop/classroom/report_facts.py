"""The numbers of a report, derived from recordings and policies alone.

Everything in `Facts` can be derived again on another computer from a bundle. `Stated` is what
cannot: when and with what the report was made, and what the person answered in lessons.
"""

import hashlib
import math
from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from teleop.curation import verify_row
from teleop.envs.naming import bare_id
from teleop.errors import LearningError, TeleopError, sentence
from teleop.evaluation.intervals import bootstrap_interval, wilson_interval
from teleop.evaluation.paired import compare_results
from teleop.evaluation.scoring import FIRST_SEED, RandomPolicy, evaluate_from
from teleop.evaluation.success import Result, SuccessRule, rule_for
from teleop.learning.analysis.baselines import can_play
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.policy import LearnedPolicy, list_policies, load_policy
from teleop.learning.policy_folder import read_row
from teleop.recording import Dataset
from teleop.types.metadata import EpisodeRow
from teleop.types.results import PairedComparison

STARTS = range(FIRST_SEED, FIRST_SEED + 20)
_MOST_POLICIES = 40
_MOST_EPISODES = 100_000

OnProgress = Callable[[int, int, str], None]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EpisodeFact(_Part):
    """One recorded episode.

    Attributes:
        kind: who drove: `human`, `script`, `policy` or `other`.
        driver: name of the driver, or the kind.
        verdict: result of re-simulating the episode.
    """

    number: int
    uuid: str
    sha256: str
    kind: str
    driver: str
    seed: int | None
    steps: int
    total_reward: float
    success: bool | None
    verdict: str


class DriverFact(_Part):
    """What a driver reaches: `returns` in the order of the starts, with 95 % intervals."""

    name: str
    recipe: str = ""
    learned_from: int = 0
    sha256: str = ""
    first_seed: int | None = None
    returns: tuple[float, ...] = ()
    mean: float | None = None
    mean_low: float | None = None
    mean_high: float | None = None
    success: float | None = None
    success_low: float | None = None
    success_high: float | None = None
    problem: str = ""


class Facts(_Part):
    """All numbers of a report on one dataset."""

    dataset_id: str
    env_id: str
    rule: str
    episodes: tuple[EpisodeFact, ...] = Field(max_length=_MOST_EPISODES)
    drivers: tuple[DriverFact, ...]
    pairs: tuple[PairedComparison, ...]

    @property
    def steps(self) -> int:
        """The number of steps of all episodes."""
        return sum(episode.steps for episode in self.episodes)


class Answer(_Part):
    """What a person answered in one block of a lesson."""

    title: str
    kind: str
    done: bool
    minutes: float
    predicted: str = ""
    right: str = ""
    sentence: str = ""


class LessonAnswers(_Part):
    """What a person did in one lesson."""

    name: str
    title: str
    answers: tuple[Answer, ...]


class Stated(_Part):
    """What a report states and nobody can derive again.

    Attributes:
        codename: what the person calls themself; empty if they did not say.
        made: date and time, ISO 8601.
        app_version: version of Teleop.
        versions: versions of what the numbers depend on.
        language: language code of the page.
        lessons: what was done in the lessons.
    """

    codename: str = Field("", max_length=40)
    made: str = Field(max_length=40)
    app_version: str = Field(max_length=40)
    versions: dict[str, str] = {}
    language: str = Field("en", max_length=8)
    lessons: tuple[LessonAnswers, ...] = ()


class Report(_Part):
    """A whole report."""

    stated: Stated
    facts: Facts


def derive_facts(dataset: Dataset, on_progress: OnProgress, starts: range = STARTS) -> Facts:
    """Derive the facts of a dataset: re-simulate its episodes, and play its policies.

    Args:
        dataset: the dataset.
        on_progress: called with (done, total, what).
        starts: seeds of the starts that policies play.

    Raises:
        TeleopError: the dataset cannot be read.
    """
    rows, names = dataset.rows(), list_policies(dataset.policies)[-_MOST_POLICIES:]
    info, rule = dataset.info(), rule_for(dataset)
    total = len(rows) + len(names) + 1
    episodes = []
    for index, episode in enumerate(_iter_episodes(dataset, rule)):
        on_progress(index, total, "Re-simulating")
        episodes.append(episode)
    drivers, played = [_demonstrations(episodes)], {}
    if can_play(info.env_id):
        on_progress(len(rows), total, "Playing")
        chance = RandomPolicy(info.env_id)
        played["random"] = list(evaluate_from(info.env_id, chance, starts))
        drivers.append(_summary(DriverFact(name="random"), played["random"], rule))
    for index, name in enumerate(names):
        on_progress(len(rows) + 1 + index, total, "Playing")
        fact, results = _policy(dataset, name, rule, starts)
        drivers.append(fact)
        if results:
            played[name] = results
    anyone = next(iter(played.values()), None)
    played.pop("random", None)
    return Facts(
        dataset_id=dataset.dataset_id,
        env_id=info.env_id,
        rule=rule.words_for(anyone) if anyone else rule.words,
        episodes=tuple(episodes),
        drivers=tuple(drivers),
        pairs=tuple(compare_results(*a, *b, rule) for a, b in combinations(played.items(), 2)),
    )


def _judged(dataset: Dataset, rule: SuccessRule) -> dict[str, bool | None]:
    """Return which episodes were a success, by file; empty if nothing can be read from them."""
    try:
        demos = load_demonstrations(dataset)
    except TeleopError:
        return {}
    lengths = np.diff(demos.starts)
    results = [demos.result(index, int(length)) for index, length in enumerate(lengths)]
    files = [file for file, _ in demos.sources]
    return {file: rule.judge(result) for file, result in zip(files, results, strict=False)}


def _iter_episodes(dataset: Dataset, rule: SuccessRule) -> Iterator[EpisodeFact]:
    judged = _judged(dataset, rule)
    for row in dataset.rows():
        yield _episode(dataset, row, judged.get(row.file))


def _episode(dataset: Dataset, row: EpisodeRow, success: bool | None) -> EpisodeFact:
    verdicts = [verdict for _, verdict, _ in verify_row(dataset, row)]
    return EpisodeFact(
        number=row.number,
        uuid=row.uuid,
        sha256=row.sha256,
        kind=row.driver,
        driver=row.who,
        seed=row.seed,
        steps=row.total_steps,
        total_reward=row.total_reward,
        success=success,
        verdict=verdicts[-1] if verdicts else "unknown",
    )


def _demonstrations(episodes: list[EpisodeFact]) -> DriverFact:
    """Return the summary of the recordings themselves."""
    results = [Result(e.seed or 0, e.total_reward, e.steps, e.success) for e in episodes]
    fact = DriverFact(name="recordings", learned_from=0)
    return _summary(fact, results, SuccessRule("")) if results else fact


def _policy(
    dataset: Dataset, name: str, rule: SuccessRule, starts: range
) -> tuple[DriverFact, list[Result]]:
    fact = DriverFact(name=name, first_seed=starts.start)
    try:
        policy = load_policy(dataset.policies / name)
        row = read_row(dataset.policies / name)
        about = {"recipe": row.recipe, "learned_from": row.episodes}
        fact = _described(fact.model_copy(update=about), policy)
        env_id = policy.config.env_id
        if bare_id(env_id) != bare_id(dataset.info().env_id):
            raise LearningError(f"{name} was learned in {env_id}.")
        policy.check_fits(env_id, *dataset.spaces())
        results = list(evaluate_from(env_id, policy, starts))
    except TeleopError as problem:
        return fact.model_copy(update={"problem": sentence(problem)}), []
    return _summary(fact, results, rule), results


def _described(fact: DriverFact, policy: LearnedPolicy) -> DriverFact:
    digest = hashlib.sha256()
    for _, array in sorted(policy.model.tensors(), key=lambda item: item[0]):
        digest.update(array.tobytes())
    return fact.model_copy(update={"sha256": digest.hexdigest()})


def _summary(fact: DriverFact, results: list[Result], rule: SuccessRule) -> DriverFact:
    """Return a fact with the statistics of some episodes."""
    returns = np.array([result.total_reward for result in results])
    low, high = bootstrap_interval(returns)
    update: dict[str, object] = {
        "returns": tuple(float(value) for value in returns),
        "mean": float(returns.mean()),
        "mean_low": low,
        "mean_high": high,
    }
    rate = rule.rate(results)
    if rate is not None:
        count = round(rate * len(results))
        below, above = wilson_interval(count, len(results))
        update |= {"success": rate, "success_low": below, "success_high": above}
    return fact.model_copy(update=update)


def differences(stated: Facts, derived: Facts) -> list[str]:
    """Return a sentence for each number of a report that another computer does not derive."""
    return list(_differences("", stated.model_dump(), derived.model_dump()))


def _differences(place: str, stated: object, derived: object) -> list[str]:
    if isinstance(stated, dict) and isinstance(derived, dict):
        keys = sorted(stated.keys() | derived.keys())
        return [
            text
            for key in keys
            for text in _differences(
                f"{place}, {key}" if place else str(key), stated.get(key), derived.get(key)
            )
        ]
    if isinstance(stated, list | tuple) and isinstance(derived, list | tuple):
        if len(stated) != len(derived):
            return [f"{place}: the report has {len(stated)}, the bundle gives {len(derived)}"]
        return [
            text
            for index, pair in enumerate(zip(stated, derived, strict=True), start=1)
            for text in _differences(f"{place} {index}", *pair)
        ]
    return (
        []
        if _same(stated, derived)
        else [f"{place}: the report says {stated}, the bundle gives {derived}"]
    )


def _same(stated: object, derived: object) -> bool:
    if isinstance(stated, float) and isinstance(derived, float):
        return math.isclose(stated, derived, rel_tol=1e-9, abs_tol=1e-12)
    return stated == derived
