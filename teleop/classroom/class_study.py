"""What a class knows together: the policy of everybody, and who taught best.

Everybody's episodes are copied into one dataset of the teacher's library; who drove each of them is
known by the episode's uuid, which copies keep. A student can be taken out again.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from teleop.classroom.handed_in import HandedIn
from teleop.envs.factory import close_env, make_env, pace_of
from teleop.errors import LearningError, RecordingError
from teleop.evaluation.intervals import nested_interval, wilson_interval
from teleop.evaluation.scoring import evaluate_from
from teleop.evaluation.success import Result, SuccessRule
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.learning.policy import LearnedPolicy
from teleop.recording import Dataset, Library

_DRAWS = 3  # random groups of teachers of one size
_STARTS = range(70_000, 70_020)  # that every policy plays
_GROUPS = (1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class GrowthPoint:
    """What policies of a number of teachers reach; intervals are over groups and starts."""

    teachers: int
    mean: float
    low: float
    high: float
    success: float | None
    success_low: float | None
    success_high: float | None
    groups: int


@dataclass(frozen=True, slots=True)
class TeacherValue:
    """What the policy of one student's episodes reaches.

    Attributes:
        student: the codename.
        minutes: minutes that the student drove.
        mean: mean return on the common starts.
        success: share of successes there; None if nothing tells.
        on: mean return on the starts of each student's episodes, in the order of the students.
    """

    student: str
    minutes: float
    mean: float
    success: float | None
    on: tuple[float, ...]


class ClassStudy:
    """The episodes of a class in the teacher's library.

    Attributes:
        dataset: the dataset of everybody.
    """

    def __init__(self, library: Library, handed_in: Sequence[HandedIn]) -> None:
        """Copy what counts into the library.

        Args:
            library: the teacher's library.
            handed_in: what the class handed in, as from `read_class`.

        Raises:
            LearningError: nothing counts, or there are several environments.
            RecordingError: the episodes cannot be copied.
        """
        counting = [each for each in handed_in if each.own and each.facts]
        envs = {each.facts.env_id for each in counting if each.facts}
        if len(envs) != 1:
            named = ", ".join(sorted(envs)) or "none"
            raise LearningError(f"A class has one environment; what counts has {named}.")
        self._library = library
        self._env_id = envs.pop()
        self._owner = {e.uuid: each.student for each in counting for e in each.own}
        self.dataset: Dataset = self._gathered(counting)

    @property
    def students(self) -> list[str]:
        """The students whose episodes count, by name."""
        return sorted(set(self._owner.values()))

    def demonstrations(self, students: Sequence[str]) -> Demonstrations:
        """Return the episodes of some students."""
        wanted = {uuid for uuid, student in self._owner.items() if student in students}
        rows = [row.file for row in self.dataset.rows() if row.uuid in wanted]
        return load_demonstrations(self.dataset, rows)

    def iter_growth(self, seed: int = 0) -> Iterator[GrowthPoint | None]:
        """Train on growing random groups of teachers; yield None after each, and each point."""
        rng, students = np.random.default_rng(seed), self.students
        sizes = [size for size in _GROUPS if size < len(students)] + [len(students)]
        for size in sizes:
            groups = 1 if size == len(students) else _DRAWS
            played: list[list[Result]] = []
            for _ in range(groups):
                chosen = [students[i] for i in rng.permutation(len(students))[:size]]
                demos = self.demonstrations(chosen)
                played.append(self._played(_clone(demos, seed), _STARTS))
                yield None
            yield _growth_point(size, played, self._rule)

    def iter_teachers(self, seed: int = 0) -> Iterator[TeacherValue]:
        """Train on each student alone, and play the starts of all; yield one by one."""
        seeds = self._seeds()
        pace = self._pace_hz()
        for student in self.students:
            demos = self.demonstrations([student])
            policy = _clone(demos, seed)
            common = self._played(policy, _STARTS)
            on = [
                float(np.mean([r.total_reward for r in self._played(policy, starts)]))
                for starts in seeds.values()
            ]
            minutes = len(demos.flat) / pace / 60
            returns = [result.total_reward for result in common]
            rate = self._rule.rate(common)
            yield TeacherValue(student, minutes, float(np.mean(returns)), rate, tuple(on))

    @property
    def _rule(self) -> SuccessRule:
        return self.demonstrations(self.students).success_rule

    def _played(self, policy: LearnedPolicy, starts: Sequence[int]) -> list[Result]:
        return list(evaluate_from(self._env_id, policy, starts))

    def _seeds(self) -> Mapping[str, list[int]]:
        """Return the seeds of each student's episodes, in the order of the students."""
        seeds: dict[str, list[int]] = {student: [] for student in self.students}
        for row in self.dataset.rows():
            if row.uuid in self._owner and row.seed is not None:
                seeds[self._owner[row.uuid]].append(row.seed)
        return seeds

    def _pace_hz(self) -> float:
        env = make_env(self._env_id, render=False)
        try:
            return pace_of(env) or 1.0  # turn-based: a decision a second
        finally:
            close_env(env)

    def _gathered(self, counting: Sequence[HandedIn]) -> Dataset:
        """Import each bundle, merge them into one dataset, and leave out what does not count."""
        ids = []
        for each in counting:
            dataset_id = f"class/{slug_of(each.student)}-v0"
            if not self._library.dataset(dataset_id).exists:
                self._library.import_dataset(each.path, dataset_id)
            ids.append(dataset_id)
        self._library.merge("class/everybody-v0", ids)
        return self._library.existing("class/everybody-v0")


def slug_of(student: str) -> str:
    """Return a codename as it may stand in a dataset's id.

    Raises:
        RecordingError: nothing of it may.
    """
    slug = re.sub(r"[^A-Za-z0-9]+", "-", student).strip("-").lower()
    if not slug:
        raise RecordingError(f"The codename {student!r} has no letter or digit: rename the bundle.")
    return slug


def _clone(demos: Demonstrations, seed: int) -> LearnedPolicy:
    config = bc.Config(seed=seed, budget_s=0.0)
    policies = [p.policy for p in bc.train(demos, config) if p.policy is not None]
    if not policies:
        raise LearningError("The training ended without a policy.")
    return policies[-1]


def _growth_point(size: int, played: list[list[Result]], rule: SuccessRule) -> GrowthPoint:
    returns = np.array([[result.total_reward for result in group] for group in played])
    low, high = nested_interval(returns)
    judged = [[rule.judge(result) for result in group] for group in played]
    share: tuple[float | None, float | None, float | None] = (None, None, None)
    if all(each is not None for group in judged for each in group):
        good = np.array(judged, np.float64)
        nested, wilson = nested_interval(good), wilson_interval(int(good.sum()), good.size)
        share = (float(good.mean()), min(nested[0], wilson[0]), max(nested[1], wilson[1]))
    return GrowthPoint(size, float(returns.mean()), low, high, *share, groups=len(played))
