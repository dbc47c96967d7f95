"""Results of training and evaluation: frozen values that processes exchange."""

from dataclasses import dataclass

from teleop.text import joined, ntr, tr

_FEWEST_STARTS = 5  # fewer give no interval that means anything
_LEVEL = 0.05  # of a test that counts as significant


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
        returns: return of each episode; empty if they were not kept.
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
    returns: tuple[float, ...] = ()

    def __str__(self) -> str:
        rate = "" if self.success is None else f", success {self.success:.0%}"
        return (
            f"{self.name or 'policy'}: mean return {self.mean:.1f} "
            f"(95 % interval {self.low:.1f} to {self.high:.1f}){rate}, {self.episodes} episodes"
        )

    def _repr_html_(self) -> str:
        from teleop.types.html_table import html_table

        row = {
            "policy": self.name or "policy",
            "mean return": self.mean,
            "95 % interval": f"{self.low:.1f} to {self.high:.1f}",
            "success": None if self.success is None else f"{self.success:.0%}",
            "episodes": self.episodes,
            "mean steps": self.mean_steps,
        }
        return html_table([row], self.rule and f"Success: {self.rule}.")


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
class PairedComparison:
    """The difference between two policies that played the same starts.

    Attributes:
        first: name of policy A.
        second: name of policy B.
        starts: number of starts that both played.
        difference: mean of A's return minus B's on the same start.
        low: lower end of the 95 % percentile bootstrap interval of this mean (Efron & Tibshirani
            1993, section 13.3), resampled over starts.
        high: upper end of this interval.
        only_first: number of starts on which only A succeeded; None if success is not known.
        only_second: number of starts on which only B succeeded; None if success is not known.
        p_success: two-sided p-value of McNemar's exact test (McNemar 1947) that both succeed
            equally often; None if success is not known.
    """

    first: str
    second: str
    starts: int
    difference: float
    low: float
    high: float
    only_first: int | None = None
    only_second: int | None = None
    p_success: float | None = None

    @property
    def better(self) -> str:
        """The name of the better policy; empty if the starts do not show one.

        The return decides; if its interval contains 0, success does. Fewer than 5 starts never
        show one.
        """
        if self.starts < _FEWEST_STARTS:
            return ""
        if self.low > 0 or self.high < 0:
            return self.first if self.low > 0 else self.second
        if self.p_success is None or self.p_success >= _LEVEL:
            return ""
        return self.first if (self.only_first or 0) > (self.only_second or 0) else self.second

    @property
    def text(self) -> str:
        """The result as sentences."""
        if self.better:
            worse = self.second if self.better == self.first else self.first
            said = tr("{better} is better than {worse}.", better=self.better, worse=worse)
        else:
            said = tr(
                "{starts} starts do not show which of {first} and {second} is better.",
                starts=self.starts,
                first=self.first,
                second=self.second,
            )
        figures = tr(
            "Return of {first} minus that of {second}: {difference:+.1f} (95 % interval {low:+.1f} "
            "to {high:+.1f}), on the same {starts} starts.",
            first=self.first,
            second=self.second,
            difference=self.difference,
            low=self.low,
            high=self.high,
            starts=self.starts,
        )
        return joined(" ", (said, figures, *self._success_words()))

    def _success_words(self) -> tuple[str, ...]:
        if self.p_success is None:
            return ()
        words = tr(
            "On {only_first} of them only {first} succeeds, on {only_second} only {second}. "
            "Equally good policies differ this much or more with probability {p:.2g} "
            "(McNemar's exact test).",
            first=self.first,
            only_first=self.only_first,
            second=self.second,
            only_second=self.only_second,
            p=self.p_success,
        )
        return (words,)


@dataclass(frozen=True, slots=True)
class Round:
    """One policy in a series of correction rounds.

    Attributes:
        number: number of the round; 0 is the policy that was corrected first.
        policy: name of the policy.
        score: score from fresh starts; None if it has not been played.
        against: comparison with the previous round; None if there is none yet.
    """

    number: int
    policy: str
    score: Score | None
    against: PairedComparison | None = None


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often a policy chose each action where the person chose another, on held-out steps.

    Attributes:
        axis: name of the axis; empty if there is only one.
        words: name of each action.
        counts: counts[i][j]: steps where the person chose action i and the policy action j.
    """

    axis: str
    words: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class HeldOutCheck:
    """How well a network with the final settings predicts episodes that it was not trained on.

    Attributes:
        trained: number of episodes that it was trained on.
        held_out: number of the other episodes.
        steps: number of their steps.
        losses: (optimiser steps, loss on trained episodes, loss on held-out episodes).
        accuracy: share of held-out steps where it chooses the person's action; None while it is
            not known, or if actions are numbers.
        tables: a table for each choice; empty while they are not known.
    """

    trained: int
    held_out: int
    steps: int
    losses: tuple[tuple[int, float, float], ...] = ()
    accuracy: float | None = None
    tables: tuple[Confusion, ...] = ()


@dataclass(frozen=True, slots=True)
class PlayedStart:
    """One episode that a policy played from a fresh start.

    Attributes:
        seed: seed of the start.
        total_reward: the return.
        total_steps: number of steps.
        success: whether it was a success; None if nothing tells.
    """

    seed: int
    total_reward: float
    total_steps: int
    success: bool | None


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """Summary of a policy for lists, available without loading its weights.

    Attributes:
        name: name of its folder.
        recipe: the algorithm, as text.
        episodes: number of episodes that it was trained on.
        round: number of the round of correction; 0 if it was not corrected.
        made: Unix time when it was trained.
        loss: loss on held-out episodes; None if it was not computed.
        score: score from fresh starts; None if it has not been played.
        starts: the episodes of this score, in the order of their seeds.
        note: the person's note.
        pinned: whether the person chose it as the baseline.
        parent: name of the policy that it was corrected from; empty if there is none.
        is_beaten: whether its parent is better, from the same starts.
        missing: number of episodes that it learned from and that are not in the dataset any more.
    """

    name: str
    recipe: str
    episodes: int
    round: int = 0
    made: float = 0.0
    loss: float | None = None
    score: Score | None = None
    starts: tuple[PlayedStart, ...] = ()
    note: str = ""
    pinned: bool = False
    parent: str = ""
    is_beaten: bool = False
    missing: int = 0

    @property
    def worst_first(self) -> list[PlayedStart]:
        """The episodes that it played: failures first, then by return."""
        return sorted(self.starts, key=lambda s: (s.success is not False, s.total_reward))

    @property
    def result(self) -> str:
        """The success rate, or the mean return if nothing tells success; empty if not played."""
        if self.score is None:
            return ""
        if self.score.success is not None:
            return f"{self.score.success:.0%}"
        return tr("return {mean}", mean=f"{self.score.mean:.1f}")

    @property
    def title(self) -> str:
        """What the policy is, in a few words: `bc · 12 episodes · 90%`."""
        which = (tr("round {value:g}", value=self.round),) if self.round else ()
        count = ntr("{n} episode", "{n} episodes", self.episodes)
        gone = ntr("{n} episode is gone", "{n} episodes are gone", self.missing)
        parts = (self.recipe, *which, count, self.result, gone if self.missing else "")
        return joined(" · ", filter(None, parts))
