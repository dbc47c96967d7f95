"""Settings of a further round of correction, chosen by playing where this is quick.

The corrections change what suits the data: another lag, more or less training, whether corrected
episodes that failed are left out, and whether the steps that the policy drove in those that
succeeded are learned from too (as in Mandlekar et al. 2020, "Human-in-the-Loop Imitation Learning
using Remote Teleoperation", section IV). Each candidate plays the same trial starts; they are not
those that score the round.
"""

from collections.abc import Generator, Iterator
from dataclasses import replace

import numpy as np

from teleop.errors import EnvError
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.networks.ensemble import TunedSettings, fit_ensemble
from teleop.learning.tuning.lag_search import default_lag
from teleop.learning.tuning.trials import Trials, why_not

_STARTS = 24
_FIRST = 2000  # number of the first trial start, far from those of the first training
_MEMBERS = 2
_BUDGET_S = 15.0
_EARNED = 0.5  # standard errors that another setting must gain


class RoundSettings:
    """Chooses the demonstrations and settings of one round.

    Attributes:
        demos: the demonstrations to learn from.
        known: the settings.
    """

    def __init__(
        self, demos: Demonstrations, known: TunedSettings, grown: TunedSettings, seed: int
    ) -> None:
        """Prepare.

        Args:
            demos: all demonstrations and corrections.
            known: the settings of the policy that was corrected.
            grown: the same with training that grows with the data.
            seed: seed of the networks.
        """
        self.demos, self.known = demos, grown
        self._before, self._seed = known, seed
        self._best: np.ndarray[tuple[int], np.dtype[np.float64]] | None = None

    def choose(self) -> Iterator[None]:
        """Try other settings one after another; yield after each. Does nothing where it is slow."""
        if why_not(self.demos, _BUDGET_S):
            return
        trials = Trials(self.demos.env_id)
        try:
            yield from self._choose(trials)
        except EnvError:
            return  # what is chosen so far stays
        finally:
            trials.close()

    def _choose(self, trials: Trials) -> Iterator[None]:
        yield from self._try(trials, self.demos, self.known)
        lags = dict.fromkeys((default_lag(self.demos), 0, self._before.lag))
        for lag in lags if self.demos.delayed else ():
            if lag != self.known.lag:
                yield from self._try(trials, self.demos, replace(self.known, lag=lag))
        if self._before.steps != self.known.steps:
            yield from self._try(trials, self.demos, replace(self.known, steps=self._before.steps))
        for change in (without_failed_corrections, with_successes):
            changed = change(self.demos)
            if changed is not None:
                yield from self._try(trials, changed, self.known)

    def _try(
        self, trials: Trials, demos: Demonstrations, known: TunedSettings
    ) -> Generator[None, None, None]:
        """Train and play a candidate; keep it if it is better than the best so far."""
        policy = fit_ensemble(demos, replace(known, members=_MEMBERS), self._seed)
        rule = demos.success_rule
        prize = 2 * float(np.abs(demos.returns).max(initial=1.0))
        worth = np.array(
            [
                result.total_reward + prize * bool(rule.judge(result))
                for result in trials.play(policy, _FIRST, _STARTS)
            ]
        )
        if self._best is not None:
            gained = worth - self._best
            error = float(gained.std(ddof=1)) / np.sqrt(len(gained))
            if gained.mean() <= _EARNED * error:
                yield
                return
        self._best, self.demos, self.known = worth, demos, known
        yield


def without_failed_corrections(demos: Demonstrations) -> Demonstrations | None:
    """Return the demonstrations without corrected episodes that were no success.

    None if that leaves out nothing, or everything.
    """
    failed = {i for i in demos.failed if demos.by_policy[demos.episode(i)].any()}
    kept = [index for index in demos.used if index not in failed]
    return demos.only(kept) if kept and len(kept) < len(demos.used) else None


def with_successes(demos: Demonstrations) -> Demonstrations | None:
    """Return the demonstrations with the policy's own steps in successful corrected episodes.

    None if there are none.
    """
    segments, number = demos.segments.copy(), int(demos.segments.max(initial=0)) + 1
    failed, added = set(demos.failed), False
    for index in range(len(demos.sources)):
        rows = demos.episode(index)
        own = demos.by_policy[rows] & (segments[rows] < 0)
        used = (segments[rows] >= 0).any()
        if used and own.any() and index not in failed:
            segments[rows] = np.where(own, number, segments[rows])
            number, added = number + 1, True
    return replace(demos, segments=segments) if added else None
