"""What several methods of learning from one person cost, and what they reach: frozen values."""

from dataclasses import dataclass

from teleop.text import tr


@dataclass(frozen=True, slots=True)
class MethodPoint:
    """What a method has reached, over all runs.

    Attributes:
        human: minutes of human time; decisions of the person if turn-based.
        steps: environment steps that were learned from.
        mean: mean return on fresh starts.
        low: lower end of its 95 % interval over runs and starts.
        high: upper end.
        success: (share of successes, lower and upper end of its 95 % interval), 0..1; None if
            nothing tells whether an episode is a success.
        runs: number of runs.
    """

    human: float
    steps: int
    mean: float
    low: float
    high: float
    success: tuple[float, float, float] | None
    runs: int


@dataclass(frozen=True, slots=True)
class MethodLine:
    """One method.

    Attributes:
        name: a key of `METHOD_TITLES`.
        by_human: what it reaches in the end, by human time.
        by_steps: what it has reached with all of its human time, by environment steps.
        missing: why it was not run, or not to the end; empty if it was.
    """

    name: str
    by_human: tuple[MethodPoint, ...]
    by_steps: tuple[MethodPoint, ...]
    missing: str = ""

    @property
    def title(self) -> str:
        """What it is, as text."""
        return METHOD_TITLES[self.name]


@dataclass(frozen=True, slots=True)
class MethodChart:
    """Several methods of learning from the same person, on the same fresh starts.

    Attributes:
        env_id: the environment.
        lines: a line for each method.
        runs: runs of each method that are complete.
        starts: fresh starts that each policy plays.
        turn_based: whether human time is counted in decisions.
        rule: when an episode counts as a success; empty if nothing tells.
    """

    env_id: str
    lines: tuple[MethodLine, ...]
    runs: int
    starts: int
    turn_based: bool
    rule: str


METHOD_TITLES = {
    "cloning": tr("Behavioural cloning"),
    "dagger": "DAgger",
    "gail": tr("GAIL (inverse RL)"),
    "airl": tr("AIRL (inverse RL)"),
    "iq": tr("Inverse soft Q (inverse RL)"),
    "preferences": tr("Preferences"),
    "practise": tr("Practise (RL)"),
    "scratch": tr("RL from scratch"),
}
