"""What a class has handed in: bundles in folders, read, checked, and freed of copies.

Nothing that a bundle claims counts by itself: episodes are re-simulated, policies play starts that
are chosen here, and each number is derived here.
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
from teleop.errors import ReportError, TeleopError, reason, sentence
from teleop.recording import Library
from teleop.take_over import OVER

ENDING = ".teleop.zip"
_LARGEST = 1 << 30  # bytes of one bundle


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One student's bundle.

    Attributes:
        student: name of the file without its ending.
        path: the file.
        facts: what was derived from it; None if it cannot be read.
        episodes: the episodes that count: exact when replayed, and no copies.
        policies: the policies that can play and are no copies.
        problems: what does not count and why, in sentences.
    """

    student: str
    path: Path
    facts: Facts | None
    episodes: tuple[EpisodeFact, ...] = ()
    policies: tuple[DriverFact, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def own(self) -> list[EpisodeFact]:
        """The episodes that count and that a person drove alone."""
        return [e for e in self.episodes if e.kind == "human" and OVER not in e.driver]

    @property
    def corrected(self) -> int:
        """The number of episodes that count and in which the person corrected a policy."""
        return sum(OVER in episode.driver for episode in self.episodes)

    @property
    def best(self) -> DriverFact | None:
        """The policy with the most successes, then the highest return; None if there is none."""
        return max(self.policies, key=_merit, default=None)


def bundles_in(places: Sequence[Path]) -> list[Path]:
    """Return the bundles that are named, and those in folders that are named, by name.

    Raises:
        ReportError: a place does not exist, there is no bundle, or two have the same name.
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
    students = [student_of(path) for path in found]
    twice = next((name for name in students if students.count(name) > 1), None)
    if twice is not None:
        raise ReportError(f"Two bundles are called {twice}: rename one, after its student.")
    return sorted(found, key=student_of)


def student_of(bundle: Path) -> str:
    """Return the student's name: the name of the file without its ending."""
    return bundle.name.removesuffix(ENDING)


def read_class(bundles: Sequence[Path], starts: range, on_progress: OnProgress) -> list[HandedIn]:
    """Read all bundles; of what several students handed in, nothing counts.

    Args:
        bundles: the bundles, as from `bundles_in`.
        starts: seeds of the starts that policies play.
        on_progress: called with (done, total, what): hundredths of a bundle.
    """
    read = []
    for index, bundle in enumerate(bundles):

        def inside(done: int, total: int, what: str, index: int = index) -> None:
            on_progress(100 * index + 100 * done // max(1, total), 100 * len(bundles), what)

        read.append(_read(bundle, starts, inside))
    owners: dict[str, list[str]] = {}
    for each in read:
        for sha256 in dict.fromkeys(_hashes(each.facts)):
            owners.setdefault(sha256, []).append(each.student)
    return [_judged(each, owners) for each in read]


def _read(bundle: Path, starts: range, on_progress: OnProgress) -> HandedIn:
    """Return what is in a bundle, or why it cannot be read."""
    student = student_of(bundle)
    try:
        size = bundle.stat().st_size
        if size > _LARGEST:
            raise ReportError(f"{bundle.name} has {size / 1e9:.1f} GB; at most 1 GB is read.")
        with tempfile.TemporaryDirectory(prefix="teleop-class-") as folder:
            dataset = Library(Path(folder)).import_dataset(bundle)
            return HandedIn(student, bundle, derive_facts(dataset, on_progress, starts))
    except TeleopError as problem:
        said = sentence(problem).replace(str(bundle.resolve()), bundle.name)
    except OSError as problem:
        said = f"{bundle.name} cannot be read ({reason(problem)})."
    return HandedIn(student, bundle, None, problems=(said,))


def _hashes(facts: Facts | None) -> list[str]:
    if facts is None:
        return []
    drivers = [driver.sha256 for driver in facts.drivers if driver.sha256]
    return [episode.sha256 for episode in facts.episodes] + drivers


def _judged(read: HandedIn, owners: dict[str, list[str]]) -> HandedIn:
    """Return a bundle with what counts in it."""
    facts = read.facts
    if facts is None:
        return read
    single = {sha256 for sha256, students in owners.items() if len(students) == 1}
    episodes = [e for e in facts.episodes if e.verdict == "exact" and e.sha256 in single]
    policies = [d for d in facts.drivers if d.mean is not None and d.sha256 in single]
    problems = tuple(_problems(facts, owners, read.student))
    return HandedIn(read.student, read.path, facts, tuple(episodes), tuple(policies), problems)


def _problems(facts: Facts, owners: dict[str, list[str]], student: str) -> Iterator[str]:
    """Yield what does not count, and why."""
    numbers: dict[str, list[int]] = {}
    for episode in facts.episodes:
        if why := _why_not(episode, owners, student):
            numbers.setdefault(why, []).append(episode.number)
    for why, which in numbers.items():
        listed = ", ".join(map(str, which))
        yield f"episode{'s' if len(which) > 1 else ''} {listed} {why}"
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


def _merit(driver: DriverFact) -> tuple[float, float]:
    return (driver.success or 0.0, driver.mean if driver.mean is not None else -float("inf"))
