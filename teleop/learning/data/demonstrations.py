"""Recorded episodes as training data: all observations and the actions that answer them.

The data is stored in a few long arrays, in memory if they are small and in a memory-mapped file if
not. Training selects rows by number, so nothing is copied.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.action_spaces.action_labels import idle_action
from teleop.envs.action_spaces.disturbance import INTENDED
from teleop.envs.factors import Factors, state_factors
from teleop.envs.factory import close_env, make_env
from teleop.envs.spaces import Space, is_text, same_space
from teleop.errors import EnvError, LearningError
from teleop.evaluation.success import Result, SuccessRule, reported_success, rule_with
from teleop.learning.data.inputs import Encoding, Inputs, text_words
from teleop.learning.data.long_arrays import long_array, without_last
from teleop.learning.data.segments import (
    OTHER,
    drop_leading_idle,
    late_steps,
    sitting_numbers,
    stretch_numbers,
)
from teleop.learning.networks.heads import Head, check_learnable, flat_actions, head_for, iter_parts
from teleop.recording import Dataset, Episode
from teleop.text import tr
from teleop.types import Actor
from teleop.types.metadata import EpisodeRow

_BY_PERSON = (Actor.HUMAN, Actor.SCRIPT)
Lag: TypeAlias = int | tuple[int, ...]  # steps: one for all episodes, or one for each


@dataclass(frozen=True, slots=True)
class Demonstrations:
    """The training data: N rows, one per step, in E episodes.

    Attributes:
        env_id: the environment.
        dataset_id: the dataset that contains the episodes.
        observation_space: observation space of all episodes.
        action_space: action space of all episodes.
        encoding: encoding of observations as inputs.
        head: head that fits the actions.
        inputs: N rows, the encoded observation before each action.
        flat: (N, branches) flattened actions.
        targets: (N, branches) targets of the head.
        late: (N,) True where the driver has a reaction time, False for scripts.
        segments: (N,) number of the segment of each row; a segment is a run of steps that the
            person drove without a break. -1 where a policy drove or the person had not begun.
        by_policy: (N,) whether a policy drove.
        starts: (E + 1,) first row of each episode, followed by N.
        numbers: (E,) number of each episode.
        rewards: (N,) reward of each step; NaN where it is unknown.
        returns: (E,) return of each episode.
        terminated: (E,) whether each episode ended by itself, not by a limit or by the person.
        sources: file and SHA-256 of each episode.
        sittings: (E,) session of each episode; a session has one driver and no long break.
        pace_hz: median pace of play; 0 if turn-based.
        rate_hz: measured steps per second; 0 if unknown.
        jitter_s: standard deviation of the time between steps.
        marked: success of each episode as the person marked it, else as the environment reported
            it; None if neither did. Empty without a recording.
        seeds: seed of each episode's reset; None if it is unknown. Empty without a recording.
        firsts: steps of each episode that were trimmed off its start. Empty without a recording.
        tasks: the task of each episode; empty without a recording.
    """

    env_id: str
    dataset_id: str
    observation_space: Space
    action_space: Space
    encoding: Encoding
    head: Head
    inputs: Inputs
    flat: NDArray[np.float64]
    targets: NDArray[np.float32]
    late: NDArray[np.bool_]
    segments: NDArray[np.int32]
    by_policy: NDArray[np.bool_]
    starts: NDArray[np.int64]
    numbers: tuple[int, ...]
    rewards: NDArray[np.float64]
    returns: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    sources: tuple[tuple[str, str], ...]
    sittings: tuple[int, ...]
    pace_hz: float
    rate_hz: float
    jitter_s: float
    marked: tuple[bool | None, ...] = ()
    seeds: tuple[int | None, ...] = ()
    firsts: tuple[int, ...] = ()
    tasks: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Number of episodes."""
        return len(self.numbers)

    @property
    def total_steps(self) -> int:
        """Number of steps of all episodes."""
        return len(self.flat)

    @property
    def mean_return(self) -> float:
        """Mean return of the demonstrations."""
        return float(self.returns.mean())

    @property
    def success_rule(self) -> SuccessRule:
        """When an episode in this environment counts as a success."""
        known = self.used
        marks = [self.marked[i] if self.marked else None for i in known]
        return rule_with(self.env_id, [float(self.returns[i]) for i in known], marks)

    @property
    def failed(self) -> list[int]:
        """Indices of the episodes that were no success."""
        rule, lengths = self.success_rule, np.diff(self.starts)
        return [
            index
            for index in range(min(self.count, len(self.sources) or self.count))
            if rule.judge(self.result(index, int(lengths[index]))) is False
        ]

    def result(self, index: int, steps: int) -> Result:
        """Return an episode as a result that can be judged."""
        marked = self.marked[index] if index < len(self.marked) else None
        return Result(0, float(self.returns[index]), steps, marked, bool(self.terminated[index]))

    def episode(self, index: int) -> slice:
        """Return the rows of one episode."""
        return slice(int(self.starts[index]), int(self.starts[index + 1]))

    @property
    def delayed(self) -> bool:
        """Whether a person (or a model of one) drove, with a reaction time."""
        return bool((self.late & (self.segments != OTHER)).any())

    def pairs(self, lag: Lag, chosen: Iterable[int] | None = None) -> NDArray[np.int64]:
        """Pair observation rows with action rows: the action at t + lag answers observation t.

        Args:
            lag: lag in steps, for all episodes or for each. No pair crosses the end of a segment,
                and there is no lag where a script acted.
            chosen: indices of episodes; None for all.

        Returns:
            (M, 2) row numbers.
        """
        parts = [
            self._pairs_of(index, lag if isinstance(lag, int) else lag[index])
            for index in (range(self.count) if chosen is None else sorted(chosen))
        ]
        return np.concatenate(parts) if parts else np.zeros((0, 2), np.int64)

    def _pairs_of(self, index: int, lag: int) -> NDArray[np.int64]:
        span = self.episode(index)
        segments, rows = self.segments[span], np.arange(span.start, span.stop)
        done = rows + np.where(self.late[span], lag, 0)
        inside = np.minimum(done, span.stop - 1)
        kept = (done < span.stop) & (segments != OTHER) & (self.segments[inside] == segments)
        return np.stack([rows[kept], done[kept]], axis=1)

    def first_rows(self) -> NDArray[np.int64]:
        """Return the first row of each row's episode: (N,)."""
        return np.repeat(self.starts[:-1], np.diff(self.starts))

    def last_rows(self) -> NDArray[np.int64]:
        """Return the last row of each row's segment: (N,)."""
        ends = np.flatnonzero(np.diff(self.segments, append=self.segments[-1:] + 1))
        return ends[np.searchsorted(ends, np.arange(len(self.segments)))]

    def only(self, chosen: Sequence[int]) -> "Demonstrations":
        """Restrict learning to some of the episodes; row numbers stay the same."""
        keep = np.full(self.total_steps, fill_value=False)
        for index in chosen:
            keep[self.episode(index)] = True
        segments = np.where(keep, self.segments, OTHER).astype(np.int32)
        return replace(self, segments=segments)

    def with_head(self, head: Head) -> "Demonstrations":
        """Answer with another head."""
        return replace(self, head=head, targets=head.targets(self.flat))

    def with_labels(
        self, inputs: Inputs, flat: NDArray[np.float64], total: float
    ) -> "Demonstrations":
        """Add an episode that another driver played, with the correct actions without delay.

        Args:
            inputs: (T, ...) encoded observations.
            flat: (T, branches) correct actions.
            total: return of the episode.
        """
        count, end = len(flat), self.total_steps + len(flat)
        pictures = zip(self.inputs.pictures, inputs.pictures, strict=True)
        return replace(
            self,
            inputs=Inputs(
                np.concatenate([self.inputs.vector, inputs.vector]),
                tuple(np.concatenate(pair) for pair in pictures),
            ),
            flat=np.concatenate([self.flat, flat]),
            targets=np.concatenate([self.targets, self.head.targets(flat)]),
            late=np.concatenate([self.late, np.zeros(count, np.bool_)]),
            by_policy=np.concatenate([self.by_policy, np.zeros(count, np.bool_)]),
            segments=np.concatenate(
                [self.segments, np.full(count, self.segments.max() + 1, np.int32)]
            ),
            starts=np.append(self.starts, end),
            numbers=(*self.numbers, max(self.numbers) + 1),
            rewards=np.append(self.rewards, np.full(count, np.nan)),
            returns=np.append(self.returns, total),
            terminated=np.append(self.terminated, False),
            marked=(*self.marked, None),
            sittings=(*self.sittings, max(self.sittings) + 1),
        )

    @property
    def used(self) -> list[int]:
        """Indices of the episodes that can be learned from."""
        lengths = np.diff(self.starts)
        longer = np.flatnonzero(lengths > 0)
        best = np.maximum.reduceat(self.segments, self.starts[:-1][longer])
        return [int(index) for index in longer[best != OTHER]]


def _words(space: Space, parts: Sequence[tuple[Dataset, list[EpisodeRow]]]) -> tuple[str, ...]:
    """Return the words in text observations; none if there is no text."""
    if not any(is_text(part) for part in iter_parts(space)):
        return ()
    seen = (e.observations for source, part in parts for e in source.read_many(part))
    return text_words(space, seen)


def _nothing_in(dataset_id: str) -> LearningError:
    return LearningError(
        tr(
            "{dataset_id} holds no episodes to train on. Record one first: `teleop`, or "
            "`teleop record`.",
            dataset_id=dataset_id,
        )
    )


def load_demonstrations(
    dataset: Dataset,
    files: Sequence[str] | None = None,
    *,
    also: Sequence[tuple[Dataset, list[EpisodeRow]]] = (),
) -> Demonstrations:
    """Load episodes of a dataset as training data.

    Args:
        dataset: the dataset.
        files: file names of the episodes; None for all.
        also: episodes of other datasets of the same environment, which are added.

    Raises:
        LearningError: there are no episodes, or nothing can be learned from them.
        RecordingError: an episode is damaged.
    """
    rows = [row for row in dataset.rows() if files is None or row.file in files]
    if not rows:
        raise _nothing_in(dataset.dataset_id)
    observation_space, action_space = dataset.spaces()
    check_learnable(action_space)
    parts = [(dataset, rows), *also]
    rows = [row for _, part in parts for row in part]
    env_id = dataset.info().env_id
    words = _words(observation_space, parts)
    encoding = Encoding(observation_space, _factors(env_id, observation_space), words)
    gathered = _Gathered(encoding, action_space, sum(row.total_steps for row in rows))
    for source, part in parts:
        for episode in source.read_many(part):
            gathered.add(episode.trimmed())
    found = gathered.demonstrations(
        env_id=env_id,
        dataset_id=dataset.dataset_id,
        observation_space=observation_space,
        sources=tuple((row.file, row.sha256) for row in rows),
        sittings=sitting_numbers(rows),
    )
    return replace(found, marked=_marked(rows, gathered.reported), **_noted(rows))


def _noted(rows: list[EpisodeRow]) -> dict[str, Any]:
    firsts = tuple(row.label.trim[0] if row.label.trim else 0 for row in rows)
    tasks = tuple(row.label.task for row in rows)
    return {"seeds": tuple(row.seed for row in rows), "firsts": firsts, "tasks": tasks}


def _marked(rows: list[EpisodeRow], reported: list[bool | None]) -> tuple[bool | None, ...]:
    """The person's label of each episode; without one, what the environment reported."""
    said = zip(rows, reported, strict=True)
    return tuple(own if row.label.success is None else row.label.success for row, own in said)


def demonstrations_of(
    observations: NDArray[Any], actions: NDArray[Any], action_space: Space | None = None
) -> Demonstrations:
    """Build one demonstration from plain arrays, without a recording.

    Args:
        observations: (N, ...) observations.
        actions: (N,) integers from 0, or (N, A) numbers.
        action_space: the action space; None: Discrete for integers, otherwise an unbounded Box.

    Raises:
        LearningError: the arrays are empty, differ in length or cannot be learned from.
    """
    seen, done = np.asarray(observations), np.asarray(actions)
    if len(seen) != len(done) or len(seen) == 0:
        raise LearningError(
            f"There are {len(seen)} observations and {len(done)} actions; each observation needs "
            "its action."
        )
    space = action_space
    if space is None and done.ndim == 1 and done.dtype.kind in "iu":
        space = spaces.Discrete(int(done.max()) + 1)
    space = space or spaces.Box(-np.inf, np.inf, done.shape[1:])
    if seen.dtype != np.uint8:
        seen = seen.astype(np.float32)
    low, high = (0, 255) if seen.dtype == np.uint8 else (-np.inf, np.inf)
    observed = spaces.Box(low, high, seen.shape[1:], seen.dtype.type)
    gathered = _Gathered(Encoding(observed), space, len(seen))
    gathered.add_rows(
        seen,
        done,
        np.zeros(len(done), np.int32),
        1,
        np.full(len(done), np.nan),
        late=np.zeros(len(done), np.bool_),
        by_policy=np.zeros(len(done), np.bool_),
        terminated=False,
    )
    return gathered.demonstrations("", "", observed, sources=(), sittings=(0,))


def _factors(env_id: str, space: Space) -> Factors:
    """Return the factors of an environment's state numbers, if it can be created here."""
    if not isinstance(space, spaces.Discrete):
        return ()
    try:
        env = make_env(env_id, render=False)
    except EnvError:
        return ()
    try:
        return state_factors(env) if same_space(env.observation_space, space) else ()
    finally:
        close_env(env)


class _Gathered:
    """Long arrays that are filled with one episode after another."""

    def __init__(self, encoding: Encoding, action_space: Space, steps: int) -> None:
        self._encoding, self._space = encoding, action_space
        self._vector = long_array((steps, encoding.features), np.float32)
        self._pictures = tuple(long_array((steps, *shape), np.uint8) for shape in encoding.pictures)
        self._flat: list[NDArray[np.float64]] = []
        self._late: list[NDArray[np.bool_]] = []
        self._by_policy: list[NDArray[np.bool_]] = []
        self._segments: list[NDArray[np.int32]] = []
        self._starts, self._numbers = [0], list[int]()
        self._rewards: list[NDArray[np.float64]] = []
        self._paces: list[NDArray[np.float32]] = []
        self._intervals: list[NDArray[np.float64]] = []
        self._terminated = list[bool]()
        self.reported = list[bool | None]()  # success that the environment reported at the end
        self._stretches = 0

    def add(self, episode: Episode) -> None:
        """Add one recorded episode."""
        driven = np.isin(episode.actors[1:], _BY_PERSON)
        self.reported.append(reported_success({k: v[-1:] for k, v in episode.infos.items()}))
        self._paces.append(np.asarray(episode.paces_hz[1:]))
        apart = np.diff(episode.times_s) * (np.asarray(episode.paces_hz[1:]) > 0)
        self._intervals.append(apart[apart > 0])
        self.add_rows(
            without_last(episode.observations),
            episode.actions,
            stretch_numbers(driven),
            episode.row.number,
            episode.rewards,
            late=late_steps(episode),
            by_policy=episode.actors[1:] == Actor.POLICY,
            terminated=bool(episode.terminations[-1]),
            intended=episode.infos.get(INTENDED),
        )

    def add_rows(
        self,
        observations: Any,
        actions: Any,
        stretches: NDArray[np.int32],
        number: int,
        rewards: NDArray[np.float64],
        *,
        late: NDArray[np.bool_],
        by_policy: NDArray[np.bool_],
        terminated: bool,
        intended: NDArray[Any] | None = None,
    ) -> None:
        """Add an episode; where noise was added to what a person did, learn what they did."""
        inputs, flat = self._read(observations, actions, number)
        if intended is not None and intended[1:].shape == flat.shape:
            flat = np.where(np.isfinite(intended[1:]), intended[1:], flat)
        first, end = self._starts[-1], self._starts[-1] + len(flat)
        if not (np.isfinite(inputs.vector).all() and np.isfinite(flat).all()):
            raise LearningError(
                tr(
                    "Episode {number} has observations or actions that are not numbers (NaN or "
                    "infinite); nothing can be learned from it. Delete it, then train again.",
                    number=number,
                )
            )
        self._vector[first:end] = inputs.vector
        for room, pictures in zip(self._pictures, inputs.pictures, strict=True):
            room[first:end] = pictures
        self._flat.append(flat)
        self._late.append(late)
        self._by_policy.append(by_policy)
        self._segments.append(np.where(stretches < 0, OTHER, stretches + self._stretches))
        self._stretches += int(stretches.max(initial=-1)) + 1
        self._starts.append(end)
        self._numbers.append(number)
        self._rewards.append(rewards)
        self._terminated.append(terminated)

    def _read(
        self, observations: Any, actions: Any, number: int
    ) -> tuple[Inputs, NDArray[np.float64]]:
        """Return an episode's inputs and actions, after checking that they fit the spaces."""
        try:
            inputs = self._encoding.inputs(observations)
            flat = flat_actions(self._space, actions)
        except (ValueError, IndexError, TypeError) as problem:
            raise LearningError(_misfit(number)) from problem
        if inputs.vector.shape[1] != self._encoding.features or len(inputs) != len(flat):
            raise LearningError(_misfit(number))
        return inputs, flat

    def demonstrations(
        self,
        env_id: str,
        dataset_id: str,
        observation_space: Space,
        sources: tuple[tuple[str, str], ...],
        sittings: tuple[int, ...],
    ) -> Demonstrations:
        """Return everything that was added."""
        flat, total = np.concatenate(self._flat), self._starts[-1]
        segments = np.concatenate(self._segments).astype(np.int32)
        pace_hz = float(np.median(np.concatenate(self._paces or [np.zeros(1, np.float32)])))
        apart = np.concatenate(self._intervals) if self._intervals else np.zeros(0)
        head = head_for(self._space, flat)
        starts = np.array(self._starts, np.int64)
        drop_leading_idle(segments, starts, flat, idle_action(env_id, self._space), pace_hz)
        return Demonstrations(
            env_id=env_id,
            dataset_id=dataset_id,
            observation_space=observation_space,
            action_space=self._space,
            encoding=self._encoding,
            head=head,
            inputs=Inputs(self._vector[:total], tuple(part[:total] for part in self._pictures)),
            flat=flat,
            targets=head.targets(flat),
            late=np.concatenate(self._late),
            by_policy=np.concatenate(self._by_policy),
            segments=segments,
            starts=starts,
            numbers=tuple(self._numbers),
            rewards=np.concatenate(self._rewards),
            returns=np.array([np.nan_to_num(rewards).sum() for rewards in self._rewards]),
            terminated=np.array(self._terminated),
            sources=sources,
            sittings=sittings,
            pace_hz=pace_hz,
            rate_hz=float(1 / apart.mean()) if len(apart) else 0.0,
            jitter_s=float(apart.std()) if len(apart) else 0.0,
        )


def _misfit(number: int) -> str:
    return (
        f"Episode {number} has observations or actions of another shape than its spaces say; "
        "nothing can be learned from it. Delete it, then train again."
    )
