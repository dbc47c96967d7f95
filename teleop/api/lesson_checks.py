"""Checks a lesson: environments, recordings, recipes and languages, then what it claims.

The claims (assertions) are measured with the product's own training on the recordings that come
with the lesson, or on episodes that are recorded for the purpose.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from teleop import paths
from teleop.api.episode_dataset import EpisodeDataset, dataset_of
from teleop.api.policies import evaluate, iter_record, iter_train
from teleop.envs.factory import close_env, make_env
from teleop.errors import EnvError, LearningError, LessonError, RecordingError
from teleop.learning.algorithms import find_algorithm
from teleop.learning.analysis.baselines import person_score
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.policy import LearnedPolicy
from teleop.learning.recipes import RECIPES, find_recipe
from teleop.learning.rewards.learned_reward import load_reward
from teleop.learning.rewards.planning import replanned
from teleop.learning.training_run import configured
from teleop.lessons.lesson import Assertion, Do, Lesson, Recording, See
from teleop.recording import Library
from teleop.text import listed
from teleop.translation import LANGUAGES
from teleop.types.results import Score

_SEED = 100  # of the recorded episodes; each seed of a check gets a hundred of its own
_MOST_LISTED = 5


@dataclass(frozen=True, slots=True)
class AssertionResult:
    """What one assertion measured.

    Attributes:
        says: the claim, in English if the lesson has it.
        measure: `success` or `return`.
        value: the measured value.
        expected: the limits, in words.
        holds: whether the value is within them.
        seconds: how long it took.
    """

    says: str
    measure: str
    value: float
    expected: str
    holds: bool
    seconds: float


def check_parts(lesson: Lesson) -> list[str]:
    """Check everything but the assertions.

    Returns:
        Remarks on what works but is not as good as it could be.

    Raises:
        LessonError: something that the lesson names does not exist.
    """
    content = lesson.content
    assertions = content.assertion
    named = {content.environment, *(a.environment for a in assertions)}
    named |= {block.environment for block in content.block if isinstance(block, Do | See)}
    named |= {a.record.environment for a in assertions if a.record}
    for env_id in sorted(name for name in named if name):
        _check_environment(env_id, lesson)
    recipes = {block.recipe for block in content.block if isinstance(block, Do)}
    for recipe in sorted(name for name in recipes | {a.recipe for a in assertions} if name):
        if recipe not in RECIPES:
            raise LessonError(
                f"{lesson.name}: there is no recipe {recipe}; there are {', '.join(RECIPES)}."
            )
    datasets = {block.dataset for block in content.block if isinstance(block, Do | See)}
    for dataset in sorted(name for name in datasets | {a.dataset for a in assertions} if name):
        starter_dataset(lesson, dataset)
    return _language_remarks(lesson)


def _check_environment(env_id: str, lesson: Lesson) -> None:
    try:
        close_env(make_env(env_id, render=False))
    except EnvError as problem:
        raise LessonError(f"{lesson.name}: {problem}") from problem


def starter_dataset(lesson: Lesson, dataset_id: str) -> Path:
    """Return the folder of a dataset that comes with the lesson, or with Teleop.

    Raises:
        LessonError: there is none.
    """
    for root in (lesson.recordings, paths.samples_folder()):
        try:
            return Library(root).existing(dataset_id).folder if root.is_dir() else _missing()
        except RecordingError:
            continue
    raise LessonError(
        f"{lesson.name}: there are no recordings {dataset_id}, neither in {lesson.recordings} nor "
        "among the samples."
    )


def _missing() -> Path:
    raise RecordingError("There is no such folder.")


def _language_remarks(lesson: Lesson) -> list[str]:
    texts = {place: text.codes for place, text in lesson.texts().items() if text.codes}
    remarks = []
    every = frozenset().union(*texts.values()) if texts else frozenset()
    plain = [place for place, text in lesson.texts().items() if not text.codes]
    if texts and plain:
        places = listed(plain, _MOST_LISTED)
        remarks.append(f"The same in every language: {places}.")
    for code in sorted(every):
        missing = [place for place, codes in texts.items() if code not in codes]
        if missing:
            places = listed(missing, _MOST_LISTED)
            remarks.append(f"Not translated into {code}: {places}. English is shown there.")
        if code not in LANGUAGES:
            remarks.append(
                f"Teleop's window has no translation into {code}: texts in it are shown only where "
                "the lesson has no English."
            )
    return remarks


def iter_assertions(lesson: Lesson, seed: int = 0) -> Iterator[AssertionResult]:
    """Measure each assertion.

    Args:
        lesson: the lesson.
        seed: seed of recording and training.

    Raises:
        LessonError: an assertion cannot be measured.
    """
    for assertion in lesson.content.assertion:
        began = time.perf_counter()
        try:
            value = _measured(lesson, assertion, seed)
        except (EnvError, LearningError, RecordingError) as problem:
            says = assertion.says.to("en")
            raise LessonError(f"{lesson.name}, assertion “{says}”: {problem}") from problem
        yield AssertionResult(
            assertion.says.to("en"),
            assertion.measure,
            value,
            assertion.expected,
            assertion.holds(value),
            time.perf_counter() - began,
        )


def _measured(lesson: Lesson, assertion: Assertion, seed: int) -> float:
    with tempfile.TemporaryDirectory(prefix="teleop-lesson-") as folder:
        library = Library(Path(folder))
        data = _data(lesson, assertion, library, seed)
        if assertion.recipe is None:
            return _value(person_score(load_demonstrations(dataset_of(data)[0])), assertion, data)
        policy = _trained(data, assertion, seed)
        env_id = assertion.environment or policy.config.env_id
        if assertion.replan:
            policy = _replanned(policy, Path(folder) / "policy", env_id)
        return _value(evaluate(policy, env_id, assertion.episodes), assertion, data)


def _data(lesson: Lesson, assertion: Assertion, library: Library, seed: int) -> EpisodeDataset:
    if assertion.record is None:
        source = starter_dataset(lesson, assertion.dataset or "")
        return EpisodeDataset(library.import_dataset(source))
    wanted: Recording = assertion.record
    dataset_id = "lesson/recorded-v0"
    for _ in iter_record(
        library,
        wanted.environment or lesson.content.environment,
        wanted.driver,
        wanted.episodes,
        dataset_id=dataset_id,
        seed=_SEED * seed + 7,
        noise=wanted.noise,
    ):
        pass
    return EpisodeDataset(library.existing(dataset_id))


def _value(score: Score, assertion: Assertion, data: EpisodeDataset) -> float:
    """Return the measured value.

    Raises:
        LearningError: nothing tells what a success is.
    """
    if assertion.measure == "return":
        return score.mean
    if score.success is None:
        raise LearningError(f"{data.env_id} does not say what a success is.")
    return score.success


def _trained(data: EpisodeDataset, assertion: Assertion, seed: int) -> LearnedPolicy:
    algorithm, settings = find_recipe(assertion.recipe or "bc")
    chosen: dict[str, Any] = {"seed": seed, **settings, **assertion.settings}
    config = configured(find_algorithm(algorithm), algorithm, chosen)
    policies = [p.policy for p in iter_train(data, config) if p.policy is not None]
    if not policies:
        raise LearningError("The training ended without a policy.")
    return policies[-1]


def _replanned(policy: LearnedPolicy, folder: Path, env_id: str) -> LearnedPolicy:
    policy.save(folder)
    reward = load_reward(folder)
    if reward is None:
        raise LearningError("Only maximum-entropy inverse RL has a reward to plan with.")
    return replanned(policy, reward, env_id)
