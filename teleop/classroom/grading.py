"""Grades what students handed in, by the rules of a rubric."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from teleop.classroom.handed_in import HandedIn, read_class
from teleop.classroom.report_facts import OnProgress
from teleop.classroom.rubric import Measure, Rubric
from teleop.workers.runners import Runner


@dataclass(frozen=True, slots=True)
class RuleGrade:
    """What one rule gave: the measured value (None if there is none) and the points."""

    name: str
    measure: str
    value: float | None
    points: float
    most: float


@dataclass(frozen=True, slots=True)
class Grade:
    """The grade of one student.

    Attributes:
        student: name of the file without its ending.
        dataset_id: id of the dataset; empty if the bundle cannot be read.
        rules: what each rule gave.
        problems: what is wrong with the bundle, in sentences.
    """

    student: str
    dataset_id: str
    rules: tuple[RuleGrade, ...]
    problems: tuple[str, ...]

    @property
    def points(self) -> float:
        """The points of all rules."""
        return round(sum(rule.points for rule in self.rules), 2)


def iter_grades(
    bundles: Sequence[Path],
    rubric: Rubric,
    on_progress: OnProgress,
    pool: Runner | None = None,
) -> Iterator[Grade]:
    """Read all bundles, then grade them; one that cannot be read gets no points and a problem.

    Args:
        bundles: the bundles, as from `handed_in.bundles_in`.
        rubric: the rules.
        on_progress: called with (done, total, what): hundredths of a bundle.
        pool: processes that read the bundles; None: this process.
    """
    starts = range(rubric.seed, rubric.seed + rubric.starts)
    for each in read_class(bundles, starts, on_progress, pool):
        problems, values = list(each.problems), _values(each)
        env_id = each.facts.env_id if each.facts else rubric.environment
        if rubric.environment is not None and env_id != rubric.environment:
            problems.insert(
                0, f"it is of {env_id or 'no environment'}, not of {rubric.environment}"
            )
            values = {}
        rules = tuple(
            RuleGrade(
                rule.name,
                rule.measure.value,
                values.get(rule.measure),
                rule.points_for(values.get(rule.measure)),
                rule.points,
            )
            for rule in rubric.rule
        )
        dataset_id = each.facts.dataset_id if each.facts else ""
        yield Grade(each.student, dataset_id, rules, tuple(problems))


def _values(each: HandedIn) -> dict[Measure, float | None]:
    """Return what is measured; nothing if the bundle cannot be read."""
    if each.facts is None:
        return {}
    own, best = each.own, each.best
    judged = [float(e.success) for e in own if e.success is not None]
    return {
        Measure.EPISODES: float(len(own)),
        Measure.STEPS: float(sum(e.steps for e in own)),
        Measure.OWN_RETURN: _mean([e.total_reward for e in own]),
        Measure.OWN_SUCCESS: _mean(judged),
        Measure.POLICIES: float(len(each.policies)),
        Measure.POLICY_RETURN: best.mean if best else None,
        Measure.POLICY_SUCCESS: best.success if best else None,
        Measure.CORRECTED: float(each.corrected),
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
