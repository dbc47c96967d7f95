"""Grades what students handed in: bundles, by the rules of a rubric.

Nothing that a bundle claims counts by itself: episodes are re-simulated, policies play starts that
the rubric chooses, and each number is derived here.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from teleop.classroom.report_facts import DriverFact, EpisodeFact, Facts, OnProgress, derive_facts
from teleop.classroom.rubric import Measure, Rubric
from teleop.envs.naming import bare_id
from teleop.errors import ReportError, TeleopError, reason, sentence
from teleop.recording import Library
from teleop.take_over import OVER

ENDING = ".teleop.zip"
_LARGEST = 1 << 30  # bytes of one bundle


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


def bundles_in(places: Sequence[Path]) -> list[Path]:
    """Return the bundles that are named, and those in folders that are named, by name.

    Raises:
        ReportError: a place does not exist, or there is no bundle.
    """
    found: list[Path] = []
    for place in places:
        try:
            inside = sorted(place.iterdir()) if place.is_dir() else [place]
        except OSError as problem:
            raise ReportError(f"{place} cannot be read ({reason(problem)}).") from problem
        if not place.exists():
            raise ReportError(f"{place} does not exist; give bundles (*{ENDING}) or folders.")
        found += [path for path in inside if path.name.endswith(ENDING) or path == place]
    if not found:
        names = ", ".join(map(str, places))
        raise ReportError(f"There is no bundle (*{ENDING}) in {names}.")
    return sorted(found, key=lambda path: (student_of(path), str(path)))


def student_of(bundle: Path) -> str:
    """Return the student's name: the name of the file without its ending."""
    return bundle.name.removesuffix(ENDING)


def iter_grades(
    bundles: Sequence[Path], rubric: Rubric, on_progress: OnProgress
) -> Iterator[Grade]:
    """Grade bundles one by one; a bundle that cannot be read gets no points and a problem.

    Args:
        bundles: the bundles, as from `bundles_in`.
        rubric: the rules.
        on_progress: called with (done, total, what) within each bundle.
    """
    owners: dict[str, str] = {}  # SHA-256 of an episode: who handed it in first
    for bundle in bundles:
        facts, problem = _facts(bundle, rubric, on_progress)
        if facts is None:
            yield Grade(student_of(bundle), "", _no_points(rubric), (problem,))
            continue
        problems = tuple(_problems(facts, rubric, owners, student_of(bundle)))
        counted = [e for e in facts.episodes if owners.get(e.sha256) == student_of(bundle)]
        values = _values(facts, [e for e in counted if e.verdict == "exact"])
        if _is_other_env(facts, rubric):
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
        yield Grade(student_of(bundle), facts.dataset_id, rules, problems)


def _facts(bundle: Path, rubric: Rubric, on_progress: OnProgress) -> tuple[Facts | None, str]:
    """Return the facts of a bundle, or why there are none."""
    try:
        size = bundle.stat().st_size
        if size > _LARGEST:
            raise ReportError(f"{bundle.name} has {size / 1e9:.1f} GB; at most 1 GB is graded.")
        with tempfile.TemporaryDirectory(prefix="teleop-grade-") as folder:
            dataset = Library(Path(folder)).import_dataset(bundle)
            starts = range(rubric.seed, rubric.seed + rubric.starts)
            return derive_facts(dataset, on_progress, starts), ""
    except TeleopError as problem:
        return None, sentence(problem)
    except OSError as problem:
        return None, f"{bundle.name} cannot be read ({reason(problem)})."


def _no_points(rubric: Rubric) -> tuple[RuleGrade, ...]:
    return tuple(
        RuleGrade(rule.name, rule.measure.value, None, 0.0, rule.points) for rule in rubric.rule
    )


def _is_other_env(facts: Facts, rubric: Rubric) -> bool:
    return rubric.environment is not None and facts.env_id != rubric.environment


def _problems(facts: Facts, rubric: Rubric, owners: dict[str, str], student: str) -> Iterator[str]:
    """Yield what is wrong; note who handed in each episode first."""
    if _is_other_env(facts, rubric):
        bare = bare_id(facts.env_id)
        yield f"it is of {facts.env_id or bare}, not of {rubric.environment}"
    for episode in facts.episodes:
        first = owners.setdefault(episode.sha256, student)
        if first != student:
            yield f"episode {episode.number} is the same file as one of {first}"
        if episode.verdict != "exact":
            yield f"episode {episode.number} does not count: {episode.verdict} when replayed"
    for driver in facts.drivers:
        if driver.problem:
            yield driver.problem


def _values(facts: Facts, episodes: list[EpisodeFact]) -> dict[Measure, float | None]:
    """Return what is measured, from the episodes that count."""
    own = [e for e in episodes if e.kind == "human" and OVER not in e.driver]
    policies = [d for d in facts.drivers if d.first_seed is not None and d.mean is not None]
    best = max(policies, key=_merit, default=None)
    judged = [e.success for e in own if e.success is not None]
    values: dict[Measure, float | None] = {
        Measure.EPISODES: float(len(own)),
        Measure.STEPS: float(sum(e.steps for e in own)),
        Measure.OWN_RETURN: _mean([e.total_reward for e in own]),
        Measure.OWN_SUCCESS: _mean([float(success) for success in judged]),
        Measure.POLICIES: float(len(policies)),
        Measure.POLICY_RETURN: best.mean if best else None,
        Measure.POLICY_SUCCESS: best.success if best else None,
        Measure.CORRECTED: float(sum(OVER in e.driver for e in episodes)),
    }
    return values


def _merit(driver: DriverFact) -> tuple[float, float]:
    return (driver.success or 0.0, driver.mean if driver.mean is not None else -float("inf"))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
