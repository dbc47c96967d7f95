"""The fair comparison: success against minutes of human time, for rounds of correction and others.

Three lines, all played from the same starts:

    corrections   the rounds that led to a policy; time is what the person drove, demonstrations
                  included (while the policy drives, the person only watches)
    plain         clones of as many minutes of plain demonstrations, taken from the recordings in
                  their order
    expert        DAgger with the scripted expert (Ross et al. 2011), which answers at every step;
                  its time is that of the steps it answered

A point is left out, and why is said, where the recordings hold too few minutes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from teleop.errors import LearningError
from teleop.evaluation.intervals import wilson_interval
from teleop.evaluation.scoring import evaluate, score
from teleop.evaluation.success import SuccessRule
from teleop.experts import has_expert
from teleop.learning.algorithms import dagger
from teleop.learning.analysis import dagger_rounds
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.learning.data.learned_from import learned_from
from teleop.learning.networks.ensemble import fit_ensemble
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.learning.training_run import tuned_settings_of
from teleop.recording import Dataset, Library
from teleop.take_over import OVER
from teleop.text import tr
from teleop.types.findings import TimeLine, TimePoint
from teleop.types.results import Round, Score

_MINUTE_S = 60.0
CORRECTIONS, PLAIN, EXPERT = "corrections", "plain", "expert"


class HumanTime:
    """The comparison for one policy and the rounds that led to it."""

    def __init__(self, library: Library, dataset: Dataset, policy: str, seed: int = 0) -> None:
        """Load the rounds.

        Args:
            library: the library of the dataset.
            dataset: the dataset with the policies.
            policy: the newest round.
            seed: seed of the networks that are trained for the comparison.

        Raises:
            LearningError: a round cannot be read.
            RecordingError: an episode is damaged.
        """
        self._library, self._dataset, self._seed = library, dataset, seed
        self._rounds = [load_policy(dataset.policies / r.policy) for r in self._listed(policy)]
        self._first = self._rounds[0]
        self._policy = policy
        demos = [learned_from(library, dataset, each) for each in self._rounds]
        self._minutes = [minutes_of(each) for each in demos]
        self._base = self._plain_demos(self._first) or demos[0]
        self.rule: SuccessRule = demos[0].success_rule

    def _plain_demos(self, policy: LearnedPolicy) -> Demonstrations | None:
        """Load the recordings of the first round alone; corrections must not change anything."""
        files = {str(file) for file, _ in policy.config.data.get("episodes", ())}
        here = [row.file for row in self._dataset.rows() if row.file in files]
        return load_demonstrations(self._dataset, here) if len(here) == len(files) else None

    def _listed(self, policy: str) -> list[Round]:
        found = dagger_rounds.rounds_of(self._dataset, policy)
        if not found:
            raise LearningError(f"{self._dataset.dataset_id} has no policy {policy}.")
        return found

    def run(self, rounds: int = 0) -> Iterator[tuple[str, tuple[TimeLine, ...]]]:
        """Play and train what is missing; yield (what is done now, lines so far).

        Args:
            rounds: rounds of the scripted expert; 0: as many as there are corrections, at least 3.

        Raises:
            EnvError: the environment cannot be made, or failed.
            LearningError: nothing can be learned, or the environment is turn-based.
        """
        if not self._base.pace_hz:
            raise LearningError(
                tr("In a turn-based environment, steps do not tell how long a person needed.")
            )
        lines: list[TimeLine] = []
        for name in dagger_rounds.unplayed(self._dataset, self._policy):
            for _ in dagger_rounds.play_round(self._dataset, name):
                yield tr("Playing {name}", name=name), ()
        scored = [r.score for r in self._listed(self._policy)]
        points = [
            point_of(minutes, found)
            for minutes, found in zip(self._minutes, scored, strict=True)
            if found is not None
        ]
        corrections = TimeLine(CORRECTIONS, tuple(points))
        lines.append(corrections)
        yield tr("Training on plain demonstrations"), tuple(lines)
        plain = TimeLine(PLAIN, ())
        for plain in self._plain():
            yield tr("Training on plain demonstrations"), (*lines, plain)
        lines.append(plain)
        if has_expert(self._base.env_id):
            expert = TimeLine(EXPERT, ())
            for expert in self._expert(rounds or max(3, len(self._rounds) - 1)):
                yield tr("Asking the scripted expert"), (*lines, expert)
            lines.append(expert)
        else:
            lines.append(TimeLine(EXPERT, (), tr("There is no scripted expert here")))
        yield "", tuple(lines)

    def _plain(self) -> Iterator[TimeLine]:
        """Clone as many minutes of plain demonstrations as each round took."""
        rows = [row for row in self._dataset.rows() if OVER not in row.driver_name]
        demos = load_demonstrations(self._dataset, [row.file for row in rows])
        have = minutes_of(demos)
        points: list[TimePoint] = []
        short = ""
        known = replace(tuned_settings_of(self._first, demos), members=dagger_rounds.MEMBERS)
        for wanted in self._minutes:
            if wanted > have * 1.01:
                short = tr(
                    "The recordings hold {have:.2f} minutes of plain demonstrations; {wanted:.2f} "
                    "are needed for the last round",
                    have=have,
                    wanted=self._minutes[-1],
                )
                break
            part = first_minutes(demos, wanted)
            policy = fit_ensemble(part, known, self._seed)
            points.append(point_of(minutes_of(part), self._played(policy)))
            yield TimeLine(PLAIN, tuple(points))
        yield TimeLine(PLAIN, tuple(points), short)

    def _expert(self, rounds: int) -> Iterator[TimeLine]:
        """Let the scripted expert correct at every step, round by round."""
        config = dagger.Config(seed=self._seed, rounds=rounds)
        points: list[TimePoint] = []
        base, pace = minutes_of(self._base), self._base.pace_hz or 1.0
        for progress in dagger.train(self._base, config):
            policy = progress.policy
            if policy is None:
                continue
            asked = 0 if policy.labels is None else policy.labels.total_steps
            minutes = base + asked / pace / _MINUTE_S
            points.append(point_of(minutes, self._played(policy)))
            yield TimeLine(EXPERT, tuple(points))

    def _played(self, policy: LearnedPolicy) -> Score:
        results = list(evaluate(self._base.env_id, policy, dagger_rounds.EPISODES))
        return score(self._base.env_id, "", results, rule=self.rule)


def minutes_of(demos: Demonstrations) -> float:
    """Return the minutes of human time in what is learned from."""
    steps = int((demos.segments >= 0).sum())
    return steps / (demos.pace_hz or 1.0) / _MINUTE_S


def first_minutes(demos: Demonstrations, minutes: float) -> Demonstrations:
    """Return the first episodes that take this many minutes, at least one."""
    wanted = minutes * _MINUTE_S * (demos.pace_hz or 1.0)
    chosen: list[int] = []
    for index in demos.used:
        if chosen and wanted < _steps(demos, [*chosen, index]) - _steps(demos, [index]) / 2:
            break
        chosen.append(index)
    return demos.only(chosen)


def _steps(demos: Demonstrations, chosen: Sequence[int]) -> int:
    return sum(int((demos.segments[demos.episode(i)] >= 0).sum()) for i in chosen)


def point_of(minutes: float, found: Score) -> TimePoint:
    """Return a point: the success rate with its Wilson interval, else the mean return."""
    if found.success is None:
        return TimePoint(minutes, found.mean, found.low, found.high, found.episodes, rate=False)
    count = round(found.success * found.episodes)
    low, high = wilson_interval(count, found.episodes)
    return TimePoint(minutes, found.success, low, high, found.episodes, rate=True)
