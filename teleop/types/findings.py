"""Where and why a policy fails: frozen values that processes exchange."""

from dataclasses import dataclass

from teleop.text import joined, ntr, tr


@dataclass(frozen=True, slots=True)
class GaugeRates:
    """How often a gauge warned, in runs that did not choose its threshold.

    Attributes:
        hits: failed runs in which it warned.
        failures: failed runs.
        false_alarms: successful runs in which it warned.
        successes: successful runs.
    """

    hits: int
    failures: int
    false_alarms: int
    successes: int


@dataclass(frozen=True, slots=True)
class Gauge:
    """A gauge of a driving policy, with what it was worth on its own dataset.

    Attributes:
        name: `distance` to the demonstrated states, or `disagreement` of the networks.
        threshold: value above which it warns.
        rates: how often it was right.
        lead_s: median seconds from its first warning to the end of a failed run; None if unknown.
    """

    name: str
    threshold: float
    rates: GaugeRates
    lead_s: float | None


@dataclass(frozen=True, slots=True)
class Alternative:
    """What would have become of a run if another driver had decided at one moment.

    Attributes:
        driver: who decided instead, as text.
        action: what it did, as text.
        total_reward: return of the whole run.
        total_steps: its steps.
        success: whether it was a success; None if nothing tells.
    """

    driver: str
    action: str
    total_reward: float
    total_steps: int
    success: bool | None


@dataclass(frozen=True, slots=True)
class Decision:
    """One moment of a run at which others decided instead.

    Attributes:
        step: number of steps before it.
        before_s: seconds from it to the end of the run; steps if turn-based.
        alternatives: what became of the run.
    """

    step: int
    before_s: float
    alternatives: tuple[Alternative, ...]

    @property
    def saved_by(self) -> list[Alternative]:
        """The alternatives with which the run is a success."""
        return [item for item in self.alternatives if item.success]


@dataclass(frozen=True, slots=True)
class Autopsy:
    """Why a run of a policy failed.

    Attributes:
        seed: seed of its start.
        total_reward: its return.
        total_steps: its steps.
        success: whether it was a success; None if nothing tells.
        pace_hz: steps per second; 0 if turn-based.
        left_at: last step at a demonstrated state.
        demonstrated: file, number and step of the demonstrated state nearest to that.
        did: what the policy did there, as text.
        shown: what was demonstrated there, as text.
        distances: distance to the demonstrated states at each step.
        decisions: moments at which others decided instead, the latest first.
    """

    seed: int
    total_reward: float
    total_steps: int
    success: bool | None
    pace_hz: float
    left_at: int
    demonstrated: tuple[str, int, int]
    did: str
    shown: str
    distances: tuple[float, ...]
    decisions: tuple[Decision, ...] = ()

    @property
    def lost_at(self) -> Decision | None:
        """The last moment at which another decision still saves the run; None if none does."""
        saved = (d for d in self.decisions if d.saved_by)
        return max(saved, key=lambda d: d.step, default=None)

    @property
    def text(self) -> str:
        """The result as sentences."""
        return joined(" ", (self._left_words(), self._lost_words()))

    def _left_words(self) -> str:
        _, number, step = self.demonstrated
        if self.left_at >= self.total_steps - 1:
            return tr("It stayed near demonstrated states to the end.")
        return tr(
            "It left the demonstrated states at step {left} of {steps}: it did “{did}”, and "
            "“{shown}” was demonstrated in the nearest one (episode {number}, step {step}).",
            left=self.left_at,
            steps=self.total_steps,
            number=number,
            step=step,
            did=self.did,
            shown=self.shown,
        )

    def _lost_words(self) -> str:
        if self.success:
            return tr("The run was a success.")
        if self.success is None:
            return tr("Nothing tells whether a run is a success here, so compare the returns.")
        lost = self.lost_at
        if lost is None:
            return tr("No single decision that was tried saves it.")
        names = ", ".join(dict.fromkeys(a.driver for a in lost.saved_by))
        if not self.pace_hz:
            return ntr(
                "It was lost {n} step before the end: {names} would have saved it there.",
                "It was lost {n} steps before the end: {names} would have saved it there.",
                round(lost.before_s),
                names=names,
            )
        return tr(
            "It was lost {seconds:.1f} s before the end: {names} would have saved it there.",
            seconds=lost.before_s,
            names=names,
        )


@dataclass(frozen=True, slots=True)
class ErrorGrowth:
    """How far from the demonstrated states a policy is, by the time since the start.

    Attributes:
        policy: name of the policy.
        runs: number of runs.
        success: their success rate; None if nothing tells.
        points: (seconds, or steps if turn-based; mean distance; lower and upper end of its 95 %
            bootstrap interval; number of runs that still go on).
        turn_based: whether times are steps.
    """

    policy: str
    runs: int
    success: float | None
    points: tuple[tuple[float, float, float, float, int], ...]
    turn_based: bool = False


@dataclass(frozen=True, slots=True)
class TimePoint:
    """What was reached with some minutes of human time.

    Attributes:
        minutes: minutes of human time.
        value: success rate, 0..1, or mean return.
        low: lower end of its 95 % interval.
        high: upper end.
        episodes: number of starts.
        rate: whether the value is a success rate.
    """

    minutes: float
    value: float
    low: float
    high: float
    episodes: int
    rate: bool


@dataclass(frozen=True, slots=True)
class TimeLine:
    """One way to spend human time.

    Attributes:
        name: `corrections`, `plain` or `expert`.
        points: what was reached, by time.
        missing: why points are missing; empty if none are.
    """

    name: str
    points: tuple[TimePoint, ...]
    missing: str = ""

    @property
    def title(self) -> str:
        """What the line is, as text."""
        return {
            "corrections": tr("Corrections by taking over"),
            "plain": tr("The same minutes of plain demonstrations"),
            "expert": tr("The scripted expert answers every step"),
        }[self.name]


@dataclass(frozen=True, slots=True)
class ProposedMoment:
    """A moment from which five more seconds should be recorded.

    Attributes:
        seed: seed of the policy's run.
        step: steps of the run before the moment.
        coverage: mean distance to the demonstrated states in the following five seconds.
        disagreement: mean rank (0..1) of the networks' disagreement in them.
        influence: share of the failed runs that pass near it.
        failed: whether the run failed.
    """

    seed: int
    step: int
    coverage: float
    disagreement: float
    influence: float
    failed: bool


@dataclass(frozen=True, slots=True)
class RewardMap:
    """One reward that explains the demonstrations on a grid.

    Attributes:
        name: what it depends on, as text.
        values: learned reward of arriving in each cell, row by row.
        fit: probability of a demonstrated action (geometric mean), 0..1.
        path: cells that a planner with this reward walks through.
        arrives: whether the run ends by itself where the environment's reward is highest.
    """

    name: str
    values: tuple[float, ...]
    fit: float
    path: tuple[int, ...]
    arrives: bool


@dataclass(frozen=True, slots=True)
class RewardMaps:
    """Several rewards that explain the same demonstrations, and a clone, on one grid.

    Attributes:
        shape: (rows, columns).
        walls: (row, column) of each wall.
        movable: whether walls can be moved.
        maps: the rewards.
        true: the environment's reward of arriving in each cell, row by row.
        clone: cells that the clone walks through.
        arrives: whether the clone reaches the goal.
    """

    shape: tuple[int, int]
    walls: tuple[tuple[int, int], ...]
    movable: bool
    maps: tuple[RewardMap, ...]
    true: tuple[float, ...]
    clone: tuple[int, ...]
    arrives: bool


@dataclass(frozen=True, slots=True)
class PieceSource:
    """Where a piece comes from.

    Attributes:
        kind: `episode`, `policy` or `random`.
        name: file of the episode, or name of the policy; empty for random actions.
        seed: seed of the run.
        first: number of steps before the piece.
        steps: its steps.
    """

    kind: str
    name: str
    seed: int
    first: int
    steps: int
