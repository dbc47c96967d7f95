"""What training and evaluation found: frozen values that go from process to process."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """Many evaluation episodes.

    Attributes:
        name: who drove.
        episodes: how many.
        mean: of the returns.
        sd: of the returns, over episodes (n - 1).
        low: lower end of the 95 % percentile bootstrap interval of the mean.
        high: its upper end.
        success: share of episodes that the environment calls a success, or that reach its solved
            return; None where it says neither.
        mean_steps: mean length.
    """

    name: str
    episodes: int
    mean: float
    sd: float
    low: float
    high: float
    success: float | None
    mean_steps: float

    def __str__(self) -> str:
        rate = "" if self.success is None else f", success {self.success:.0%}"
        return (
            f"{self.name or 'policy'}: mean return {self.mean:.1f} "
            f"(95 % interval {self.low:.1f} to {self.high:.1f}){rate}, {self.episodes} episodes"
        )


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing that is so in the data.

    Attributes:
        topic: what it is about.
        found: the figure, in words.
        means: what that means.
        done: what training does about it, or what the person can do.
        warns: it stands in the way.
    """

    topic: str
    found: str
    means: str
    done: str
    warns: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """What came out of one way to train.

    Attributes:
        words: what it is.
        starts: trial episodes that were played.
        mean: of their returns.
        success: share of them, where the environment counts successes.
        chosen: it is the best so far.
    """

    words: str
    starts: int
    mean: float
    success: float | None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """One policy in a row of them.

    Attributes:
        number: 0 is the policy that was corrected first.
        policy: its name.
        score: from fresh starts; None if it has not been played.
    """

    number: int
    policy: str
    score: Score | None
