"""Choosing training settings by playing: candidates compete in trial episodes.

Successive halving (Jamieson & Talwalkar 2016): many candidates get a short training and a few trial
episodes; the better ones get longer training, more networks and more episodes. Nothing is trained
twice: existing networks are trained further, and those of the winner become part of its ensemble.
Playing uses the environment's reward, which imitation by itself does not have.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from teleop.evaluation.success import Result
from teleop.learning.data.demonstrations import Lag
from teleop.learning.networks.architecture import Architecture
from teleop.learning.policy import LearnedPolicy
from teleop.learning.progress import Progress
from teleop.learning.tuning.candidates import Basis, Networks
from teleop.learning.tuning.choice import TrainingChoice
from teleop.learning.tuning.held_out import USUAL_STEPS
from teleop.learning.tuning.search_space import Space
from teleop.learning.tuning.trials import Trials
from teleop.text import tr
from teleop.types.results import Tried

_FIRST_STARTS, _MORE_STARTS = 8, 24
_CLOSER = 4  # leaders of a stage that play more trial episodes
_LAST_STARTS = 20
_LAST_FIRST = 1000  # first trial episode of the final comparison; not used to choose
_EARNED = 0.5  # standard errors that fewer episodes or another architecture must gain
_EXPLORING, _CONFIRMING = 0.6, 0.85  # shares of the budget; the rest completes the ensemble
_FEW_SHAPES = 2  # with more, the right architecture matters more than the episodes
_SHOWN = 12  # rows in the table of candidates
_SHORT, _LONG, _LONGER = 200, 800, 1500


@dataclass(frozen=True, slots=True)
class Arm:
    """One candidate: a choice of settings, trained for some steps."""

    choice: TrainingChoice
    steps: int


@dataclass(slots=True)
class _Played:
    """Results of an arm, by (number of networks, number of the trial episode)."""

    results: dict[tuple[int, int], Result] = field(default_factory=dict)


class Search:
    """One search: `choose` sets `best`, and `complete` trains its remaining networks."""

    def __init__(
        self,
        basis: Basis,
        space: Space,
        make: Callable[[Networks, int, int], LearnedPolicy],
        *,
        members: int,
        budget_s: float,
        clock: Callable[[], float],
    ) -> None:
        """Prepare a search.

        Args:
            basis: data, seed and batch size.
            space: the settings to choose from.
            make: builds a policy from (networks, steps, members).
            members: number of networks in the final ensemble.
            budget_s: time budget in seconds.
            clock: returns the time in seconds.
        """
        self._basis, self._demos, self._space, self._make = basis, basis.demos, space, make
        self._budget_s, self._clock, self._began = budget_s, clock, clock()
        self._members = members
        self._prize = 2 * float(np.abs(basis.demos.returns).max(initial=0.0))
        self._trials = Trials(basis.demos.env_id)
        self._networks: dict[TrainingChoice, Networks] = {}
        self._played: dict[Arm, _Played] = {}
        self._steps = 0
        self._shown: tuple[Arm, int] | None = None
        self.best = Arm(
            TrainingChoice(space.lags[0], shape=space.shapes[0]), self._near(USUAL_STEPS)
        )
        self.usual = self.best
        self.confirmed = False

    def choose(self) -> Iterator[Progress]:
        """Try candidates stage by stage; yield a better policy as soon as it is known.

        Raises:
            EnvError: the environment failed.
        """
        yield from self._lags()
        before = None
        while self.best != before:  # until a whole round finds nothing better
            before = self.best
            for stage in (self._shapes, self._lengths, self._nearby, self._takes):
                if self._spent() < _EXPLORING and not self._is_perfect():
                    yield from stage()
                    yield from self._show(self.best, self._most_members(self.best))
        yield from self._confirm()

    def complete(self) -> Iterator[Progress]:
        """Train the missing networks of the choice; the last policy yielded is the result.

        Raises:
            EnvError: the environment failed.
        """
        for members in range(1, self._members + 1):
            phase = tr("Network {members} of {all}", members=members, all=self._members)
            yield from self._train(self.best, members, phase, shows_loss=True)
        members = self._members
        if self._most_members(self.best) < members and self._is_perfect():
            phase = "Comparing one network with all"  # others must not outvote a perfect one
            alone = self._worth(self.best)
            yield from self._play(self.best, members, 0, _MORE_STARTS, phase)
            members = members if self._worth(self.best) >= alone else 1
        yield from self._show(self.best, members, over=True)

    def close(self) -> None:
        """Close the environments."""
        self._trials.close()

    @property
    def shapes(self) -> tuple[Architecture, ...]:
        """Architectures that compete, the default one first."""
        return self._space.shapes

    @property
    def starts(self) -> int:
        """Number of trial episodes that were played."""
        return self._trials.played

    def compared(self, arm: Arm) -> bool:
        """Return whether an arm played the same episodes as `best`, with as many networks."""
        return self._most_members(arm) == self._most_members(self.best) and arm in self._played

    def with_all_takes(self, arm: Arm) -> Arm:
        """Return the same arm, trained on all episodes with equal weight."""
        return replace(arm, choice=replace(arm.choice, takes=None, weighted=False))

    def best_with(self, shape: Architecture) -> Arm | None:
        """Return the best arm of an architecture, among those with the largest ensembles."""
        arms = [arm for arm in self._ranked() if arm.choice.shape == shape]
        return max(arms, key=lambda arm: (self._most_members(arm), self._worth(arm)), default=None)

    def table(self) -> tuple[Tried, ...]:
        """Return the current choice, followed by the best of the other arms."""
        others = [arm for arm in self._ranked() if arm != self.best]
        arms = [self.best, *sorted(others, key=self._most_members, reverse=True)]
        return tuple(self.tried(arm) for arm in arms[:_SHOWN])

    def tried(self, arm: Arm) -> Tried:
        """Return the results of an arm."""
        results = self._results(arm)
        rate = self._demos.success_rule.rate(results) if results else None
        words = f"{arm.choice.words(self._demos)} · {arm.steps:,} steps"
        return Tried(words, len(results), self.mean(arm), rate, chosen=arm == self.best)

    def mean(self, arm: Arm) -> float:
        """Return the mean return of an arm's largest ensemble that was played."""
        results = self._results(arm)
        if not results:
            return -np.inf
        return float(np.mean([result.total_reward for result in results]))

    # ------------------------------------------------------------ stages

    def _lags(self) -> Iterator[Progress]:
        """Try lags, with all and with the better episodes: bad episodes hide the right lag."""
        shape, long, short = self._space.shapes[0], self._near(_LONG), self._near(_SHORT)
        choices = [TrainingChoice(lag, shape=shape) for lag in self._space.lags]
        yield from self._race(tr("reaction times"), [Arm(choice, long) for choice in choices])
        best = [arm.choice.lag for arm in self._ranked()[:3]]
        yield from self._race(
            tr("reaction times"), [Arm(TrainingChoice(lag, shape=shape), short) for lag in best]
        )
        if len(self._space.shapes) > _FEW_SHAPES:
            yield from self._shapes()
        lags = self._with_usual(*best)
        for takes in self._space.takes[:2]:
            arms = [Arm(TrainingChoice(lag, takes, shape=shape), long) for lag in lags]
            yield from self._race(tr("the better episodes"), arms)

    def _shapes(self) -> Iterator[Progress]:
        """Try other architectures; those that see the past need less lag, so vary it too."""
        best = self.best
        for shape in self._space.shapes[1:]:
            lags = self._with_usual(best.choice.lag) if shape.frames > 1 else [best.choice.lag]
            choices = [replace(best.choice, lag=lag, shape=shape) for lag in lags]
            arms = [Arm(choice, self._near(_LONG)) for choice in choices]
            yield from self._race(shape.words(), arms)

    def _lengths(self) -> Iterator[Progress]:
        choices = dict.fromkeys(arm.choice for arm in self._ranked())
        for choice in list(choices)[:2]:
            arms = [Arm(choice, steps) for steps in self._space.lengths if steps <= _LONGER]
            yield from self._race(tr("lengths of training"), arms)
            longer = [Arm(choice, steps) for steps in self._space.lengths if steps > _LONGER]
            if self.best.choice == choice and self.best.steps >= _LONGER:
                yield from self._race(tr("lengths of training"), longer)
            if self._spent() > _EXPLORING:
                return

    def _nearby(self) -> Iterator[Progress]:
        lag = self.best.choice.lag
        if self._space.fixed_lag or not isinstance(lag, int):
            return
        near = [lag + step for step in (-1, 1) if lag + step >= 0]
        arms = [replace(self.best, choice=replace(self.best.choice, lag=one)) for one in near]
        yield from self._race(tr("more reaction times"), arms)

    def _takes(self) -> Iterator[Progress]:
        best = self.best
        choices = [replace(best.choice, takes=takes) for takes in (None, *self._space.takes)]
        if self._space.weighs:
            choices.append(replace(best.choice, takes=None, weighted=True))
        for choice in choices:
            lengths = sorted({best.steps, self._near(_LONG)})
            yield from self._race(tr("fewer episodes"), [Arm(choice, n) for n in lengths])
            if self._spent() > _EXPLORING:
                return

    def _confirm(self) -> Iterator[Progress]:
        """Compare the best arms and the defaults with more networks, in other trial episodes."""
        if self._is_perfect():
            self.confirmed = True
            return
        ranked, done = self._ranked(), list[Arm]()
        for arm in dict.fromkeys(
            [*ranked[:2], *self._simpler(ranked[0]), self.usual, *ranked[2:6]]
        ):
            if self._spent() > _CONFIRMING and done:
                break
            yield from self._final(arm, _LAST_FIRST, tr("Comparing the best"))
            done.append(arm)
        yield from self._compare_two(done)
        if len(done) < 2:  # no time to compare: keep the leader, but leave no episode out
            whole = [arm for arm in ranked if arm == self.with_all_takes(arm)]
            self.best = whole[0] if whole else self.best
            yield from self._show(self.best, self._most_members(self.best))
            return
        for arm in self._simpler(self._winner(done)):  # leave episodes out only if confirmed
            if arm not in done:
                yield from self._final(arm, _LAST_FIRST, tr("Comparing the best"))
                done.append(arm)
        self.best, self.confirmed = self._winner(done), True
        yield replace(self._progress(tr("Comparing the best"), None), tried=self.table())
        yield from self._show(self.best, self._finalists)

    def _compare_two(self, arms: list[Arm]) -> Iterator[Progress]:
        """Play more trial episodes with the best two arms, if time is left."""
        for arm in sorted(arms, key=self._worth, reverse=True)[:2]:
            if self._spent() < _CONFIRMING:
                again = _LAST_FIRST + _LAST_STARTS
                yield from self._final(arm, again, tr("Comparing the best two"))

    def _final(self, arm: Arm, first: int, phase: str) -> Iterator[Progress]:
        """Train more networks of an arm and play episodes that were not used to choose."""
        yield from self._train(arm, self._finalists, phase)
        yield from self._play(arm, self._finalists, first, _LAST_STARTS, phase)

    @property
    def _finalists(self) -> int:
        """Number of networks of each arm in the final comparison."""
        return min(3, self._members)

    # ------------------------------------------------------------ parts

    def _race(self, what: str, arms: Sequence[Arm]) -> Iterator[Progress]:
        """Train and play the arms, and set `best` to the best one so far."""
        phase = tr("Trying {what}", what=what)
        for arm in arms:
            yield from self._train(arm, 1, phase)
            yield from self._play(arm, 1, 0, _FIRST_STARTS, phase)
            self.best = self._ranked()[0]
            if self._is_perfect(_FIRST_STARTS):
                yield from self._look_closer(phase)
            if self._spent() > _EXPLORING or self._is_perfect():
                break
        yield from self._look_closer(phase)

    def _look_closer(self, phase: str) -> Iterator[Progress]:
        """Play more trial episodes with the leading arm, until its lead is certain."""
        for _ in range(_CLOSER):
            leader = self._ranked()[0]
            if len(self._results(leader)) >= _MORE_STARTS or self._spent() > _CONFIRMING:
                break
            yield from self._play(leader, 1, 0, _MORE_STARTS, phase)
        self.best = self._ranked()[0]
        yield replace(self._progress(phase, None), tried=self.table())

    def _train(
        self, arm: Arm, members: int, phase: str, *, shows_loss: bool = False
    ) -> Iterator[Progress]:
        """Train what is missing; hide the losses, as those of dozens of trials say nothing."""
        networks = self._of(arm.choice)
        for count, loss in networks.iter_train(arm.steps, members):
            self._steps += count
            yield self._progress(phase, loss if shows_loss else None)

    def _play(
        self, arm: Arm, members: int, first: int, count: int, phase: str
    ) -> Iterator[Progress]:
        played = self._played.setdefault(arm, _Played())
        missing = [n for n in range(first, first + count) if (members, n) not in played.results]
        if not missing:
            return
        policy = self._make(self._of(arm.choice), arm.steps, members)
        results = self._trials.play(policy, missing[0], len(missing))  # they are consecutive
        for number, result in zip(missing, results, strict=True):
            played.results[members, number] = result
        returns = tuple(result.total_reward for result in results)
        yield replace(self._progress(phase, None), returns=returns)

    def _show(self, arm: Arm, members: int, *, over: bool = False) -> Iterator[Progress]:
        """Yield a policy to watch if it differs from the one shown; always yield the last."""
        networks = self._of(arm.choice)
        if not over and ((arm, members) == self._shown or networks.ready(arm.steps) < members):
            return
        self._shown = (arm, members)
        progress = self._progress(tr("Choosing by playing"), None)
        total = self._steps if over else progress.total
        yield replace(progress, total=total, policy=self._make(networks, arm.steps, members))

    def _progress(self, phase: str, loss: float | None) -> Progress:
        spent = max(1e-6, self._spent())
        total = round(self._steps / min(1.0, spent)) if spent > 0.02 else self._steps * 50
        return Progress(phase, self._steps, max(total, self._steps), loss)

    def _of(self, choice: TrainingChoice) -> Networks:
        if choice not in self._networks:
            self._networks[choice] = Networks(self._basis, choice)
        return self._networks[choice]

    def _results(self, arm: Arm) -> list[Result]:
        played = self._played.get(arm, _Played()).results
        most = max((members for members, _ in played), default=0)
        return [result for (members, _), result in played.items() if members == most]

    def _most_members(self, arm: Arm) -> int:
        played = self._played.get(arm, _Played()).results
        return max((members for members, _ in played), default=1)

    def _with_usual(self, *lags: Lag) -> list[Lag]:
        """Return the lags, and 0 and the default lag unless the lag is fixed."""
        if self._space.fixed_lag:
            return list(dict.fromkeys(lags))
        return list(dict.fromkeys([*lags, 0, self.usual.choice.lag]))

    def _simpler(self, arm: Arm) -> list[Arm]:
        """Return the same arm with all episodes, and with the default architecture."""
        plain = replace(arm, choice=replace(arm.choice, shape=self._space.shapes[0]))
        return [one for one in (self.with_all_takes(arm), plain) if one != arm]

    def _winner(self, arms: list[Arm]) -> Arm:
        """Return the best arm, or a simpler one if the difference may be chance."""
        best = max(arms, key=self._worth)
        for arm in self._simpler(best):
            gained = self._worth(best) - self._worth(arm)
            if arm in arms and gained < _EARNED * self._error(best, arm):
                return arm
        return best

    def _error(self, one: Arm, other: Arm) -> float:
        """Return the standard error of the difference of two means, paired by episode."""
        pairs = zip(self._results(one), self._results(other), strict=False)
        apart = [self._value(a) - self._value(b) for a, b in pairs]
        return float(np.std(apart, ddof=1) / np.sqrt(len(apart))) if len(apart) > 1 else 0.0

    def _worth(self, arm: Arm) -> float:
        """Return the value by which arms are compared."""
        results = self._results(arm)
        return float(np.mean([self._value(result) for result in results])) if results else -np.inf

    def _value(self, result: Result) -> float:
        """Score a result: return plus a large success bonus, as finishing early can cost reward."""
        return result.total_reward + (self._prize if result.success else 0.0)

    def _ranked(self) -> list[Arm]:
        return sorted(self._played, key=self._worth, reverse=True)

    def _near(self, steps: int) -> int:
        return min(self._space.lengths, key=lambda length: abs(np.log(length / steps)))

    def _spent(self) -> float:
        """Return the share of the budget that is used."""
        return (self._clock() - self._began) / self._budget_s

    def _is_perfect(self, starts: int = _MORE_STARTS) -> bool:
        """Return whether the best arm always got the same return, and no other arm got more."""
        results = self._results(self.best)
        if len(results) < starts:
            return False
        returns = {result.total_reward for result in results}
        person = float(self._demos.returns[self._demos.used].mean())
        others = [r.total_reward for arm in self._played for r in self._results(arm)]
        return len(returns) == 1 and min(returns) >= max(*others, person)
