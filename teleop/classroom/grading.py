"""Grades what students handed in: bundles, by the rules of a rubric.

Nothing that a bundle claims counts by itself: episodes are re-simulated, policies play starts that
the rubric chooses, and each number is derived here.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from teleop.classroom.report_facts import (
    DriverFact,
    EpisodeFact,
    Facts,
    OnProgress,
    derive_facts,
)
from teleop.classroom.rubric import Measure, Rubric
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
    names_found = [student_of(path) for path in found]
    twice = next((name for name in names_found if names_found.count(name) > 1), None)
    if twice is not None:
        raise ReportError(f"Two bundles are called {twice}: rename one, after its student.")
    return sorted(found, key=lambda path: (student_of(path), str(path)))


def student_of(bundle: Path) -> str:
    """Return the student's name: the name of the file without its ending."""
    return bundle.name.removesuffix(ENDING)


def iter_grades(
    bundles: Sequence[Path], rubric: Rubric, on_progress: OnProgress
) -> Iterator[Grade]:
    """Read all bundles, then grade them; one that cannot be read gets no points and a problem.

    Args:
        bundles: the bundles, as from `bundles_in`.
        rubric: the rules.
        on_progress: called with (done, total, what): hundredths of a bundle.
    """
    read: list[tuple[str, Facts | None, str]] = []
    for index, bundle in enumerate(bundles):

        def inside(done: int, total: int, what: str, index: int = index) -> None:
            on_progress(100 * index + 100 * done // max(1, total), 100 * len(bundles), what)

        read.append((student_of(bundle), *_facts(bundle, rubric, inside)))
    owners = _owners(read)
    for student, facts, problem in read:
        if facts is None:
            yield Grade(student, "", _no_points(rubric), (problem,))
            continue
        values = {} if _is_other_env(facts, rubric) else _values(facts, owners)
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
        problems = tuple(_problems(facts, rubric, owners, student))
        yield Grade(student, facts.dataset_id, rules, problems)


def _owners(read: Sequence[tuple[str, Facts | None, str]]) -> dict[str, list[str]]:
    """Return who handed in each episode and each policy, by its SHA-256."""
    owners: dict[str, list[str]] = {}
    for student, facts, _ in read:
        hashes = [item.sha256 for item in facts.episodes] if facts else []
        hashes += [item.sha256 for item in facts.drivers if item.sha256] if facts else []
        for each in dict.fromkeys(hashes):
            owners.setdefault(each, []).append(student)
    return owners


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
        return None, sentence(problem).replace(str(bundle.resolve()), bundle.name)
    except OSError as problem:
        return None, f"{bundle.name} cannot be read ({reason(problem)})."


def _no_points(rubric: Rubric) -> tuple[RuleGrade, ...]:
    return tuple(
        RuleGrade(rule.name, rule.measure.value, None, 0.0, rule.points) for rule in rubric.rule
    )


def _is_other_env(facts: Facts, rubric: Rubric) -> bool:
    return rubric.environment is not None and facts.env_id != rubric.environment


def _problems(
    facts: Facts, rubric: Rubric, owners: dict[str, list[str]], student: str
) -> Iterator[str]:
    """Yield what does not count, and why."""
    if _is_other_env(facts, rubric):
        yield f"it is of {facts.env_id or 'no environment'}, not of {rubric.environment}"
    numbers: dict[str, list[int]] = {}
    for episode in facts.episodes:
        if why := _why_not(episode, owners, student):
            numbers.setdefault(why, []).append(episode.number)
    for why, which in numbers.items():
        yield f"{_episodes(which)} {why}"
    for driver in facts.drivers:
        others = [name for name in owners.get(driver.sha256, ()) if name != student]
        if others:
            yield f"policy {driver.name} not counted: handed in by {', '.join(others)}, too"
        if driver.problem:
            yield driver.problem


def _why_not(episode: EpisodeFact, owners: dict[str, list[str]], student: str) -> str:
    """Return why an episode does not count as the student's own; empty if it does."""
    others = [name for name in owners.get(episode.sha256, ()) if name != student]
    if others:
        return f"handed in by {', '.join(others)}, too: not counted until one is removed"
    if episode.verdict != "exact":
        return f"not counted: {episode.verdict} when replayed"
    if episode.kind != "human" and OVER not in episode.driver:
        return f"not counted as own: driven by a {episode.kind}"
    return ""


def _episodes(numbers: list[int]) -> str:
    listed = ", ".join(map(str, numbers))
    return f"episode{'s' if len(numbers) > 1 else ''} {listed}"


def _values(facts: Facts, owners: dict[str, list[str]]) -> dict[Measure, float | None]:
    """Return what is measured, from the episodes and policies that count."""
    whole = [e for e in facts.episodes if e.verdict == "exact" and len(owners[e.sha256]) == 1]
    own = [e for e in whole if e.kind == "human" and OVER not in e.driver]
    policies = [
        driver
        for driver in facts.drivers
        if driver.mean is not None and len(owners.get(driver.sha256, ())) == 1
    ]
    best = max(policies, key=_merit, default=None)
    judged = [e.success for e in own if e.success is not None]
    return {
        Measure.EPISODES: float(len(own)),
        Measure.STEPS: float(sum(e.steps for e in own)),
        Measure.OWN_RETURN: _mean([e.total_reward for e in own]),
        Measure.OWN_SUCCESS: _mean([float(success) for success in judged]),
        Measure.POLICIES: float(len(policies)),
        Measure.POLICY_RETURN: best.mean if best else None,
        Measure.POLICY_SUCCESS: best.success if best else None,
        Measure.CORRECTED: float(sum(OVER in e.driver for e in whole)),
    }


def _merit(driver: DriverFact) -> tuple[float, float]:
    return (driver.success or 0.0, driver.mean if driver.mean is not None else -float("inf"))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
