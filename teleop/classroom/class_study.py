"""What a class knows together: the class policy, and who taught best.

One policy learns from all episodes, with settings chosen as usual. With these settings,
further policies learn from growing random groups of students, and from each student alone. All of
them play the same starts, which nobody demonstrated; those of single students also play the starts
of all students.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from teleop.classroom.class_dataset import owners_of
from teleop.envs.factory import is_quick
from teleop.errors import LearningError
from teleop.evaluation.intervals import bootstrap_interval, nested_interval, nested_share
from teleop.evaluation.paired import compare_results
from teleop.evaluation.scoring import RandomPolicy, evaluate_from
from teleop.evaluation.success import Result
from teleop.learning.analysis.baselines import can_play
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.learning.networks.ensemble import TunedSettings, fit_ensemble
from teleop.learning.policy import LearnedPolicy, list_policies
from teleop.learning.training_run import TrainingRun, tuned_settings_of
from teleop.recording import Dataset, Library
from teleop.text import tr
from teleop.types.class_results import ClassFindings, GrowthPoint, TeacherValue
from teleop.workers.runners import Runner

FIRST_START = 70_000
_GROUPS = (1, 2, 5, 10, 20, 50, 100)
_FEWEST = 3  # students of which one is in the middle
_TRIES = 10  # to draw different groups
_DRAWS = 3  # random groups of one size
_QUICK, _SLOW = (20, 2), (5, 1)  # starts that nobody demonstrated, and starts of each student


@dataclass(frozen=True, slots=True)
class StudyProgress:
    """How far a study is.

    Attributes:
        found: what is known.
        done: number of parts that are done, in hundredths.
        total: number of parts, in hundredths.
        phase: what happens now.
    """

    found: ClassFindings
    done: int
    total: int
    phase: str


@dataclass(frozen=True, slots=True)
class _Job:
    """One policy that learns and plays: its files, and the seeds that it plays."""

    root: Path
    dataset_id: str
    settings: TunedSettings
    files: tuple[str, ...]
    seeds: tuple[int, ...]
    seed: int


class ClassStudy:
    """The study of one class."""

    def __init__(
        self,
        dataset: Dataset,
        root: Path,
        pool: Runner,
        seed: int = 0,
        budget_s: float = 20.0,
    ) -> None:
        """Prepare a study.

        Args:
            dataset: the dataset of the class.
            root: the recordings folder that it lies in.
            pool: processes that train and play.
            seed: seed of the groups and of the policies.
            budget_s: seconds for choosing the settings by playing; 0: none.

        Raises:
            LearningError: nothing can be learned, or the environment cannot be played here.
        """
        self._dataset, self._root, self._pool, self._seed = dataset, root, pool, seed
        self._budget_s = budget_s
        self._demos = load_demonstrations(dataset)
        env_id = self._demos.env_id
        if not can_play(env_id):
            raise LearningError(
                tr("{env_id} cannot be played here, so no policy can be tried.", env_id=env_id)
            )
        self._files = self._files_of(owners_of(dataset))
        fresh, own = _QUICK if is_quick(env_id) else _SLOW
        known = {seed for seed in self._demos.seeds if seed is not None}
        candidates = range(FIRST_START, FIRST_START + fresh + len(known))
        self._fresh = tuple(seed for seed in candidates if seed not in known)[:fresh]
        self._own = {student: self._starts_of(student, own) for student in self._files}
        rule = self._demos.success_rule
        students = tuple(self._files)
        self.found = ClassFindings(dataset.dataset_id, env_id, students, fresh, rule.words)
        self._results: list[Result] = []  # of the class policy

    def _files_of(self, owners: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """Return the files to learn from, by student."""
        files = [file for file, _ in self._demos.sources]
        found: dict[str, list[str]] = {student: [] for student in sorted(set(owners.values()))}
        for index in self._demos.used:
            if files[index] in owners:
                found[owners[files[index]]].append(files[index])
        return {student: tuple(names) for student, names in found.items() if names}

    def run(self) -> Iterator[StudyProgress]:
        """Train and play everything; yield what is known so far.

        Raises:
            LearningError: nothing can be learned.
            EnvError: the environment failed.
        """
        policy: LearnedPolicy | None = None
        groups, students = self._groups(), list(self._files)
        total = 100 * (1 + len(groups) + len(students))
        for share, latest in self._train_on_all():
            policy = latest or policy
            phase = tr("Learning from all")
            yield StudyProgress(self.found, round(100 * share), total, phase)
        if policy is None:
            raise LearningError(tr("The training ended without a policy."))
        self._play_class_policy(policy)
        settings = tuned_settings_of(policy, self._demos)
        chosen = [tuple(files for s in group for files in self._files[s]) for group in groups]
        jobs = [self._job(settings, files, self._fresh) for files in chosen]
        every = tuple(
            dict.fromkeys((*self._fresh, *(s for own in self._own.values() for s in own)))
        )
        jobs += [self._job(settings, self._files[student], every) for student in students]
        phase = tr("Learning from groups, and from each student")
        played: dict[int, list[Result]] = {}
        for index, result in self._pool.each(_played, jobs):
            if isinstance(result, Exception):
                raise result
            played[index] = result
            self._note(groups, students, played)
            done = 100 * (1 + len(played))
            yield StudyProgress(self.found, done, total, phase)

    # ------------------------------------------------------------ the class policy

    def _train_on_all(self) -> Iterator[tuple[float, LearnedPolicy | None]]:
        run = TrainingRun(self._demos, "bc", {"seed": self._seed, "budget_s": self._budget_s})
        name = run.policy_name(list_policies(self._dataset.policies))
        share = 0.0
        for part in run.train():
            share = max(share, min(1.0, part.step / max(1, part.total)))  # each phase begins at 0
            yield share, None
        for _ in run.stand():
            yield 1.0, None
        if run.policy is not None:
            run.policy.save(self._dataset.policies / name)
            self.found = replace(self.found, policy=name)
            yield 1.0, run.policy

    def _play_class_policy(self, policy: LearnedPolicy) -> None:
        env_id = self._demos.env_id
        self._results = list(evaluate_from(env_id, policy, self._fresh))
        chance = list(evaluate_from(env_id, RandomPolicy(env_id), self._fresh))
        rule = self._demos.success_rule
        self.found = replace(
            self.found,
            random=_mean(chance),
            rule=rule.words_for(chance),
            policy_mean=_mean(self._results),
            policy_success=rule.rate(self._results),
        )

    # ------------------------------------------------------------ groups and single students

    def _groups(self) -> list[tuple[str, ...]]:
        """Return the random groups of students, small ones first; the last one is all of them."""
        rng, students = np.random.default_rng(self._seed), list(self._files)
        groups: list[tuple[str, ...]] = []
        for size in _GROUPS:
            drawn: dict[tuple[str, ...], None] = {}  # different ones: a set that keeps the order
            for _ in range(_TRIES if size < len(students) else 0):
                order = rng.permutation(len(students)).tolist()
                parts = [order[i : i + size] for i in range(0, len(order) - size + 1, size)]
                drawn |= {tuple(sorted(students[i] for i in part)): None for part in parts}
            groups += list(drawn)[:_DRAWS]
        return [*groups, tuple(students)]

    def _job(self, settings: TunedSettings, files: tuple[str, ...], seeds: tuple[int, ...]) -> _Job:
        return _Job(self._root, self._dataset.dataset_id, settings, files, seeds, self._seed)

    def _note(
        self,
        groups: Sequence[Sequence[str]],
        students: Sequence[str],
        played: Mapping[int, list[Result]],
    ) -> None:
        """Put what is known of the jobs into the findings."""
        by_size: dict[int, list[list[Result]]] = {}
        for index, group in enumerate(groups):
            if index in played:
                by_size.setdefault(len(group), []).append(played[index])
        growth = tuple(self._growth_point(size, by_size[size]) for size in sorted(by_size))
        alone = {
            student: played[len(groups) + index]
            for index, student in enumerate(students)
            if len(groups) + index in played
        }
        teachers = tuple(self._value(student, results) for student, results in alone.items())
        self.found = replace(self.found, growth=growth, teachers=teachers)
        if len(alone) == len(students) >= _FEWEST:
            middle = self.found.best_first[len(students) // 2].student
            rule = self._demos.success_rule
            against = compare_results(self.found.policy, self._results, middle, alone[middle], rule)
            self.found = replace(self.found, against=against)

    def _growth_point(self, size: int, played: list[list[Result]]) -> GrowthPoint:
        returns = np.array([[result.total_reward for result in group] for group in played])
        low, high = nested_interval(returns)
        rule = self._demos.success_rule
        judged = [[rule.judge(result) for result in group] for group in played]
        share = None
        if all(each is not None for group in judged for each in group):
            share = nested_share(np.array(judged, np.float64))
        return GrowthPoint(size, len(played), float(returns.mean()), low, high, share)

    def _value(self, student: str, results: Sequence[Result]) -> TeacherValue:
        by_seed = {result.seed: result for result in results}
        fresh = [by_seed[seed] for seed in self._fresh]
        returns = np.array([result.total_reward for result in fresh])
        low, high = bootstrap_interval(returns)
        minutes, mean = self._minutes(student), float(returns.mean())
        gained = (mean - self.found.random) / minutes if minutes else None
        on = tuple(
            _mean([by_seed[seed] for seed in own]) if own else float("nan")
            for own in self._own.values()
        )
        rate = self._demos.success_rule.rate(fresh)
        return TeacherValue(student, minutes, mean, low, high, rate, gained, on)

    def _minutes(self, student: str) -> float:
        demos, files = self._demos, set(self._files[student])
        if not demos.pace_hz:
            return 0.0
        lengths = np.diff(demos.starts)
        indices = [i for i, (file, _) in enumerate(demos.sources) if file in files]
        return float(sum(lengths[i] for i in indices) / demos.pace_hz / 60)

    def _starts_of(self, student: str, most: int) -> tuple[int, ...]:
        """Return the seeds of some of a student's episodes."""
        files = set(self._files[student])
        found = [
            seed
            for (file, _), seed in zip(self._demos.sources, self._demos.seeds, strict=False)
            if file in files and seed is not None
        ]
        return tuple(dict.fromkeys(found))[:most]


def _mean(results: Sequence[Result]) -> float:
    return float(np.mean([result.total_reward for result in results]))


@functools.lru_cache(maxsize=1)
def _demonstrations(root: Path, dataset_id: str) -> Demonstrations:
    return load_demonstrations(Library(root).existing(dataset_id))


def _played(job: _Job) -> list[Result]:
    """Learn from some files, and play; runs in a process of a pool."""
    demos = _demonstrations(job.root, job.dataset_id)
    wanted = set(job.files)
    chosen = [i for i in demos.used if demos.sources[i][0] in wanted]
    policy = fit_ensemble(demos.only(chosen), job.settings, job.seed)
    return list(evaluate_from(demos.env_id, policy, job.seeds))
