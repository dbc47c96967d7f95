"""The gauges of a comparison: distance to what was demonstrated, and disagreement, at every step.

The demonstrated states are loaded in another thread, because images take seconds.
"""

import math
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from teleop.errors import TeleopError
from teleop.learning import LearnedPolicy
from teleop.learning.covariate_shift.gauges import gauges_from_json
from teleop.learning.covariate_shift.known_states import KnownStates
from teleop.learning.networks.heads import Number, batched, flat_actions
from teleop.playback.replay import Lane
from teleop.runtime.protocol.comparison_messages import AxisSpread, ReplayGauges, StepGauge
from teleop.types import Action, Observation

_NEAR = 40  # demonstrated actions that a spread shows
_PARTS = 21
_AT_ONCE = 60  # steps measured before other work goes on


class Doubting:
    """A policy that remembers the disagreement of its networks at every step."""

    def __init__(self, policy: LearnedPolicy) -> None:
        self.policy, self.name, self.actor = policy, policy.name, policy.actor
        self.doubts: list[float] = []

    def reset(self, seed: int) -> None:
        """Start an episode."""
        self.doubts.clear()
        self.policy.reset(seed)

    def act(self, observation: Observation) -> Action:
        """Return the policy's action."""
        action = self.policy.act(observation)
        self.doubts.append(self.policy.disagreement())
        return action


class GaugeSeries:
    """Measures the gauges of all sides of a comparison."""

    def __init__(self, policy: LearnedPolicy, load: Callable[[], KnownStates]) -> None:
        """Begin to load what the policy learned from.

        Args:
            policy: the policy whose demonstrations count.
            load: loads them; called in another thread.
        """
        self._policy = policy
        self._worker = ThreadPoolExecutor(1, "states")
        self._loading: Future[KnownStates] | None = self._worker.submit(load)
        self._known: KnownStates | None = None
        self._episodes: dict[int, int] = {}
        self._files: list[str] = []
        self._numbers: list[int] = []
        self._done: list[int] = []

    @property
    def loads(self) -> bool:
        """Whether the demonstrated states are still being loaded."""
        return self._loading is not None

    def take(self, lanes: list[Lane], advised: list[Action]) -> ReplayGauges | None:
        """Measure the next steps; return None if there is nothing new.

        Args:
            lanes: the sides.
            advised: what the policy would do at each step of the first side.
        """
        known = self._loaded()
        if known is None:
            return None
        self._done = self._done or [0] * len(lanes)
        first = self._done[0]
        ready = [len(advised), *(len(lane.rewards) for lane in lanes[1:])]
        found = tuple(
            self._measure(known, lane, index, ready[index]) for index, lane in enumerate(lanes)
        )
        if not any(found):
            return None
        steps = range(first, self._done[0])
        spreads = tuple(self._spread(known, lanes[0], step, advised) for step in steps)
        gauges = gauges_from_json(self._policy.config.learned.get("gauges"))
        limits = tuple((gauge.name, gauge.threshold) for gauge in gauges)
        return ReplayGauges(tuple(self._files), tuple(self._numbers), found, spreads, limits)

    def pending(self, lanes: list[Lane]) -> bool:
        """Return whether steps are left to measure."""
        if self._known is None:
            return self.loads
        done = self._done or [0] * len(lanes)
        return any(at < len(lane.rewards) for at, lane in zip(done, lanes, strict=True))

    def close(self) -> None:
        """Stop loading."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _loaded(self) -> KnownStates | None:
        if self._loading is not None and self._loading.done():
            try:
                self._known = self._loading.result()
            except (TeleopError, OSError, ValueError, KeyError):
                self._known = None  # a policy whose data is gone has no gauges
            self._loading = None
        return self._known

    def _measure(
        self, known: KnownStates, lane: Lane, index: int, ready: int
    ) -> tuple[StepGauge, ...]:
        first = self._done[index]
        last = min(ready, first + _AT_ONCE)
        self._done[index] = last
        doubts = lane.policy.doubts if isinstance(lane.policy, Doubting) else ()
        rows = []
        for step in range(first, last):
            distance, nearest = known.measure(lane.observations[step])
            place = known.place(nearest)
            doubt = doubts[step] if step < len(doubts) else math.nan
            episode = self._episode(place.episode, place.file, place.number)
            rows.append(StepGauge(distance, doubt, episode, place.step))
        return tuple(rows)

    def _episode(self, episode: int, file: str, number: int) -> int:
        if episode not in self._episodes:
            self._episodes[episode] = len(self._files)
            self._files.append(file)
            self._numbers.append(number)
        return self._episodes[episode]

    def _spread(
        self, known: KnownStates, lane: Lane, step: int, advised: list[Action]
    ) -> tuple[AxisSpread, ...]:
        """Return what was demonstrated near the recorded state on each axis that is a number."""
        head = self._policy.head
        axes = [i for i, branch in enumerate(head.branches) if isinstance(branch, Number)]
        if not axes or step >= len(advised):
            return ()
        near = known.actions_near(lane.observations[step], _NEAR)
        pair = [lane.raw_actions[step], advised[step]]
        did, would = (flat_actions(head.space, batched(action))[0] for action in pair)
        spreads = []
        for index in axes:
            branch = head.branches[index]
            low, high = _ends(branch, near[:, index]) if isinstance(branch, Number) else (0.0, 1.0)
            shares = np.clip((near[:, index] - low) / (high - low), 0, 1)
            counts = np.bincount((shares * (_PARTS - 1e-6)).astype(int), minlength=_PARTS)
            ends = (low, high)
            at = [float(np.clip((v[index] - low) / (high - low), 0, 1)) for v in (would, did)]
            spreads.append(AxisSpread(tuple(counts.tolist()), at[0], at[1], *ends))
        return tuple(spreads)


def _ends(branch: Number, near: NDArray[np.float64]) -> tuple[float, float]:
    low = branch.low if np.isfinite(branch.low) else branch.mean - 4 * branch.sd
    high = branch.high if np.isfinite(branch.high) else branch.mean + 4 * branch.sd
    return min(low, float(near.min())), max(high, float(near.max()), low + 1e-9)
