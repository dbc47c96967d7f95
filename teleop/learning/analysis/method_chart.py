"""The chart of several methods: what they reach, by human time and by environment steps."""

from collections.abc import Iterator, Sequence

import numpy as np

from teleop.errors import LearningError, TeleopError, sentence
from teleop.evaluation.intervals import nested_interval, nested_share
from teleop.evaluation.success import SuccessRule
from teleop.learning.analysis.method_file import MethodFile
from teleop.learning.analysis.method_runs import MethodRuns, Plan, Reached
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.recording import Dataset
from teleop.text import tr
from teleop.types.methods import METHOD_TITLES, MethodChart, MethodLine, MethodPoint

STEPS, RUNS = 40_000, 3
_MOST_POINTS = 20


class MethodComparison:
    """The methods on one dataset: runs what is missing, and draws what is known."""

    def __init__(
        self,
        dataset: Dataset,
        steps: int = STEPS,
        runs: int = RUNS,
        methods: Sequence[str] = (),
    ) -> None:
        """Load the demonstrations, and the runs that are complete.

        Args:
            dataset: the dataset.
            steps: environment steps of each run that learns by playing, at least 1.
            runs: runs of each method, with different seeds.
            methods: keys of `METHOD_TITLES`; empty: the usual ones.

        Raises:
            LearningError: nothing can be learned.
            RecordingError: an episode is damaged.
        """
        self._demos: Demonstrations = load_demonstrations(dataset)
        self._made = MethodRuns(self._demos)
        self._file = MethodFile(dataset, self._demos)
        self._methods = list(methods) or self._made.usual
        self._missing = {m: self._made.why_not(m) for m in self._methods}
        self._seeds, self._steps = range(1, runs + 1), steps
        self.total = len(list(self._plans()))

    def run(self) -> Iterator[tuple[int, float, Plan | None, MethodChart | None]]:
        """Run what is missing, one seed after another.

        Yields:
            Number of complete runs, share of the current run, its plan (None in the end), and the
            chart, whenever it has changed.

        Raises:
            StorageError: a run cannot be kept.
        """
        done = 0
        yield done, 0.0, None, self.chart()
        for plan in self._plans():
            if plan not in self._file.runs:
                for share in self._learn(plan):
                    yield done, share, plan, None
                yield done + 1, 0.0, plan, self.chart()
            done += 1
        yield done, 0.0, None, self.chart()

    def _learn(self, plan: Plan) -> Iterator[float]:
        """Do one run and keep it, or note why it failed; yield the share that is done."""
        reached: list[Reached] = []
        yield 0.0
        try:
            for share, found in self._made.iter_run(plan):
                reached += [] if found is None else [found]
                yield share
        except TeleopError as problem:
            self._missing[plan.method] = sentence(problem)
        else:
            self._file.add(plan, reached)

    def chart(self) -> MethodChart:
        """Return the chart of the runs that are complete."""
        lines = tuple(self._line(method) for method in self._methods)
        rule = self._demos.success_rule
        judged = any(point.success for line in lines for point in line.by_human)
        return MethodChart(
            env_id=self._demos.env_id,
            lines=lines,
            runs=max((p.runs for line in lines for p in line.by_human), default=0),
            starts=self._made.starts,
            turn_based=not self._demos.pace_hz,
            rule=rule.words if judged else "",
        )

    def _plans(self) -> Iterator[Plan]:
        for seed in self._seeds:
            for method in self._methods:
                if self._missing[method]:
                    continue
                for amount in self._made.amounts(method):
                    yield self._made.plan(method, amount, seed, self._steps)

    def _line(self, method: str) -> MethodLine:
        rule, missing = self._demos.success_rule, self._missing[method]
        found = {
            amount: [known for seed in self._seeds if (known := self._known(method, amount, seed))]
            for amount in self._made.amounts(method)
        }
        whole = found[max(found)]
        if method == "dagger":  # its rounds cost both
            rounds = [list(column) for column in zip(*whole, strict=False)]
            points = tuple(point_of(column, rule) for column in rounds)
            return MethodLine(method, points, points, missing)
        ends = (point_of([run[-1] for run in runs], rule) for runs in found.values() if runs)
        return MethodLine(method, tuple(ends), tuple(_by_steps(whole, rule)), missing)

    def _known(self, method: str, amount: float, seed: int) -> list[Reached] | None:
        return self._file.runs.get(self._made.plan(method, amount, seed, self._steps))


def point_of(reached: Sequence[Reached], rule: SuccessRule) -> MethodPoint:
    """Return what several runs have reached.

    The interval of the success rate is never narrower than Wilson's for as many episodes.
    """
    returns = np.array([[r.total_reward for r in each.results] for each in reached])
    judged = [[rule.judge(r) for r in each.results] for each in reached]
    low, high = nested_interval(returns)
    success = None
    if all(each is not None for run in judged for each in run):
        success = nested_share(np.array(judged, np.float64))
    return MethodPoint(
        human=float(np.mean([each.human for each in reached])),
        steps=round(np.mean([each.steps for each in reached])),
        mean=float(returns.mean()),
        low=low,
        high=high,
        success=success,
        runs=len(reached),
    )


def _by_steps(runs: list[list[Reached]], rule: SuccessRule) -> Iterator[MethodPoint]:
    """Yield what the runs have reached after each number of steps at which one of them improved."""
    if not runs:
        return
    first = max(run[0].steps for run in runs)
    marks = sorted({first, *(each.steps for run in runs for each in run if each.steps > first)})
    stride = -(-len(marks) // _MOST_POINTS)
    for mark in [*marks[:-1:stride], marks[-1]]:
        latest = [[each for each in run if each.steps <= mark][-1] for run in runs]
        point = point_of(latest, rule)
        yield MethodPoint(
            point.human, mark, point.mean, point.low, point.high, point.success, point.runs
        )


def check_methods(names: Sequence[str]) -> list[str]:
    """Return the names of methods, each once.

    Raises:
        LearningError: one is unknown.
    """
    for name in names:
        if name not in METHOD_TITLES:
            raise LearningError(
                tr(
                    "There is no method called {name}; there are: {there}.",
                    name=name,
                    there=", ".join(METHOD_TITLES),
                )
            )
    return list(dict.fromkeys(names))
