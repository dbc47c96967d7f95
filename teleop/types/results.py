"""Results of training and evaluation: frozen values that processes exchange."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """Statistics of several evaluation episodes.

    Attributes:
        name: who drove.
        episodes: number of episodes.
        mean: mean return.
        sd: standard deviation of the return over episodes (n - 1).
        low: lower end of the 95 % percentile bootstrap interval of the mean.
        high: upper end of this interval.
        success: share of episodes that were a success; None if nothing tells.
        mean_steps: mean length of an episode.
        rule: when an episode counts as a success, as text; empty if nothing tells.
    """

    name: str
    episodes: int
    mean: float
    sd: float
    low: float
    high: float
    success: float | None
    mean_steps: float
    rule: str = ""

    def __str__(self) -> str:
        rate = "" if self.success is None else f", success {self.success:.0%}"
        return (
            f"{self.name or 'policy'}: mean return {self.mean:.1f} "
            f"(95 % interval {self.low:.1f} to {self.high:.1f}){rate}, {self.episodes} episodes"
        )


@dataclass(frozen=True, slots=True)
class Trait:
    """One finding about the data.

    Attributes:
        topic: the subject.
        found: the figure, as text.
        means: what the figure means.
        done: what training does about it, or what the person can do.
        warns: whether it hinders learning.
    """

    topic: str
    found: str
    means: str
    done: str
    warns: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """The result of one training configuration.

    Attributes:
        words: description of the configuration.
        starts: number of trial episodes that were played.
        mean: their mean return.
        success: their success rate, if the environment counts successes.
        chosen: whether it is the best so far.
    """

    words: str
    starts: int
    mean: float
    success: float | None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """One policy in a series of correction rounds.

    Attributes:
        number: number of the round; 0 is the policy that was corrected first.
        policy: name of the policy.
        score: score from fresh starts; None if it has not been played.
    """

    number: int
    policy: str
    score: Score | None
