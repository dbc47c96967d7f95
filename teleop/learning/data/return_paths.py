"""Paths back to demonstrated states, in environments with countable states.

Cloning gives no information on states that were not demonstrated. If an observation identifies a
state (Taxi, FrozenLake, a grid), trial steps find out where each action leads. From every visited
state, the policy then takes the most likely short path to an end state that the person reached, and
prefers demonstrated actions. It is found by value iteration (Sutton & Barto 2018, section 4.4) over
counted transitions, with a reward of 1 at such an end state and a stronger discount for actions
that were not demonstrated. Value iteration does not use the environment's own reward.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.factory import close_env, make_env
from teleop.evaluation.success import Result
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.heads import iter_parts
from teleop.learning.networks.policy_models import Nearest
from teleop.learning.policy import LearnedPolicy
from teleop.learning.progress import make_policy
from teleop.learning.tuning.trials import FIRST_SEED, Trials
from teleop.text import tr
from teleop.types.results import Tried

_SHOWN, _UNKNOWN = 0.995, 0.98  # discounts of demonstrated and of other actions
_MOST_STATES = 5_000
_ENOUGH = 20  # tries of each action in each state, if outcomes are random
_AT_ONCE, _LOOK_EVERY = 25, 500  # steps
_SWEEPS = 2_000
_STILL = 1e-9
_FIRST_START, _STARTS = 2000, 20  # trial episodes that were not used to choose

_COUNTED = (spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)


def can_count(demos: Demonstrations) -> bool:
    """Return whether states are countable, actions are one choice and an episode terminated."""
    named = all(isinstance(part, _COUNTED) for part in iter_parts(demos.observation_space))
    one_choice = len(demos.head.branches) == 1 and demos.head.is_choice
    return named and one_choice and bool(demos.terminated[demos.used].any())


@dataclass(slots=True)
class ReturnPaths:
    """The effect of each action in each visited state, found by trial steps.

    Attributes:
        demos: the demonstrations.
        pairs: (M, 2) observation rows and action rows that count as demonstrated.
        steps: trial steps so far.
        is_whole: whether every action was tried often enough in every visited state, or there
            are too many states.
    """

    demos: Demonstrations
    pairs: NDArray[np.int64]
    steps: int = 0
    is_whole: bool = False
    _states: dict[bytes, int] = field(default_factory=dict)
    _rows: list[NDArray[np.float32]] = field(default_factory=list)
    _tried: list[NDArray[np.int64]] = field(default_factory=list)
    _led: Counter[tuple[int, int, int, bool]] = field(default_factory=Counter)

    def explore(self, seconds: float, clock: Callable[[], float]) -> Iterator[int]:
        """Repeatedly take the least tried action; yield the number of steps at intervals.

        Raises:
            EnvError: the environment failed.
        """
        env = make_env(self.demos.env_id, render=False)
        began = clock()
        try:
            walk = self._walk(env)
            while clock() - began < seconds and not self.is_whole:
                for _ in range(_AT_ONCE):
                    next(walk)
                self.steps += _AT_ONCE
                if self.steps % _LOOK_EVERY == 0:
                    self.is_whole = self._enough() or self.states > _MOST_STATES
                yield self.steps
        finally:
            close_env(env)

    def plan(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Plan actions for all states that were demonstrated or lead to a demonstrated end state.

        Returns:
            (S, features) inputs, and (S, 1) indices of the action.
        """
        pairs, ends, shares, goals = self._transitions()
        shown = self._shown()
        states, actions = shown.shape
        worth = np.zeros(states)
        best: NDArray[np.float64] = np.zeros((states, actions), np.float64)
        discount = np.where(shown > 0, _SHOWN, _UNKNOWN).ravel()
        for _ in range(_SWEEPS):
            gain = shares * np.where(ends[:, 1] > 0, goals, worth[ends[:, 0]])
            summed = np.bincount(pairs, gain, states * actions).astype(np.float64)
            best = (discount * summed).reshape(states, actions)
            moved, worth = np.abs(best.max(axis=1) - worth).max(initial=0.0), best.max(axis=1)
            if moved < _STILL:
                break
        action = np.where(worth > 0, best.argmax(axis=1), shown.argmax(axis=1))
        known = (worth > 0) | (shown.sum(axis=1) > 0)
        return np.stack(self._rows)[known], action[known, None].astype(np.float32)

    def policy(self, cloned: LearnedPolicy) -> LearnedPolicy:
        """Build a policy that acts as planned; in an unknown state, as in the nearest known one.

        Args:
            cloned: the policy that it extends.
        """
        seen, done = self.plan()
        features = seen.shape[1]
        as_it_is = Normaliser(np.zeros(features, np.float32), np.ones(features, np.float32))
        model = Nearest(seen, done, self.demos.head, 1)
        learned = cloned.config.learned | {"count": 1, "trial_steps": self.steps}
        return make_policy(
            self.demos, as_it_is, model, Architecture(), cloned.config.recipe, learned
        )

    def compare(self, cloned: LearnedPolicy, planned: LearnedPolicy) -> tuple[Tried, Tried, bool]:
        """Play both policies from the same starts, which were not used to choose.

        Returns:
            (result of `cloned`, result of `planned`, whether planning is better).

        Raises:
            EnvError: the environment failed.
        """
        trials = Trials(self.demos.env_id)
        try:
            before = trials.play(cloned, _FIRST_START, _STARTS)
            after = trials.play(planned, _FIRST_START, _STARTS)
        finally:
            trials.close()
        pairs = zip(before, after, strict=True)
        gained = np.array([b.total_reward - a.total_reward for a, b in pairs])
        better = bool(gained.mean() > gained.std() / np.sqrt(_STARTS))
        was = self._outcome(tr("networks alone"), before, chosen=not better)
        return (
            was,
            self._outcome(tr("paths back to demonstrated states"), after, chosen=better),
            better,
        )

    def _outcome(self, words: str, results: list[Result], *, chosen: bool) -> Tried:
        mean = float(np.mean([result.total_reward for result in results]))
        rate = self.demos.success_rule.rate(results)
        return Tried(words, len(results), mean, rate, chosen)

    @property
    def unshown(self) -> int:
        """Number of visited states that were not demonstrated."""
        return int((self._shown().sum(axis=1) == 0).sum())

    @property
    def states(self) -> int:
        """Number of states that were visited or demonstrated."""
        return len(self._rows)

    def _walk(self, env: Any) -> Iterator[None]:
        head, size = self.demos.head, self.demos.head.size
        choices = [head.action(row) for row in np.eye(size, dtype=np.float32)]
        rng = np.random.default_rng(0)
        observation, _ = env.reset(seed=FIRST_SEED)
        here = self._number(self.demos.encoding.row(observation))
        while True:
            tried = self._tried[here]
            action = int(rng.choice(np.flatnonzero(tried == tried.min())))
            observation, _, terminated, truncated, _ = env.step(choices[action])
            begun = env.reset()[0] if terminated or truncated else None
            there = self._number(self.demos.encoding.row(observation))
            tried[action] += 1
            self._led[here, action, there, bool(terminated)] += 1
            here = there if begun is None else self._number(self.demos.encoding.row(begun))
            yield

    def _number(self, row: NDArray[np.float32]) -> int:
        key = row.tobytes()
        if key not in self._states:
            self._states[key] = len(self._rows)
            self._rows.append(row)
            self._tried.append(np.zeros(self.demos.head.size, np.int64))
        return self._states[key]

    def _enough(self) -> bool:
        """Return whether all was tried often enough; once is enough if outcomes never vary."""
        outcomes = Counter((here, action) for here, action, _, _ in self._led)
        chance = bool(outcomes) and max(outcomes.values()) > 1
        inner = {here for here, _, _, _ in self._led}
        least = min((int(self._tried[here].min()) for here in inner), default=0)
        return least >= (_ENOUGH if chance else 1)

    def _transitions(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return (state-action index, (next state, terminated), relative frequency, is goal)."""
        led = np.array([[*key, count] for key, count in self._led.items()], np.int64)
        pairs = led[:, 0] * self.demos.head.size + led[:, 1]
        shares = led[:, 4] / np.bincount(pairs, led[:, 4])[pairs]
        goals = np.isin(led[:, 2], list(self._goals())).astype(np.float64)
        return pairs, led[:, 2:4], shares, goals

    def _goals(self) -> set[int]:
        """Return the states in which the better half of the episodes ended."""
        demos = self.demos
        ended = [index for index in demos.used if demos.terminated[index]]
        usual = np.median(demos.returns[ended])
        found = set()
        for index in ended:
            row = int(demos.starts[index + 1]) - 1
            here = self._number(demos.inputs.vector[row])
            action = int(demos.targets[row, 0])
            last = {
                there: count
                for (a, b, there, over), count in self._led.items()
                if (a, b) == (here, action) and over
            }
            if last and demos.returns[index] >= usual:
                found.add(max(last, key=lambda there: last[there]))
        return found

    def _shown(self) -> NDArray[np.int64]:
        """Return how often the person took each action in each state: (states, actions)."""
        demos = self.demos
        seen = [self._number(demos.inputs.vector[row]) for row in self.pairs[:, 0]]
        shown = np.zeros((len(self._rows), demos.head.size), np.int64)
        np.add.at(shown, (seen, demos.targets[self.pairs[:, 1], 0].astype(np.int64)), 1)
        return shown
