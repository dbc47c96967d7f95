"""Play several policies in lockstep from one seed, and keep their frames for scrubbing."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from teleop.envs.action_spaces.action_labels import action_text
from teleop.envs.conversion import as_in_space
from teleop.envs.factory import close_env, make_env
from teleop.envs.pictures import NOTHING_YET, draw, is_one_colour
from teleop.envs.stepping import Transition, iter_episode
from teleop.errors import RecordingError
from teleop.recording.episodes.episode import Episode, row_of_tree
from teleop.text import tr
from teleop.types import Action, Actor, Observation, Policy

TURN_BASED_HZ = 4.0  # steps per second of a turn-based recording
_DEFLATE = 1  # frames stay in memory: speed matters more than size


def shown_pace_hz(episode: Episode) -> float:
    """Return the steps per second at which a recording is shown."""
    return float(episode.paces_hz[1:].mean()) or TURN_BASED_HZ


class RecordedPolicy:
    """Repeats the actions of a recorded episode."""

    def __init__(self, episode: Episode) -> None:
        self.episode = episode
        self.actor = Actor(int(episode.actors[-1]))
        self.name = self.actor.word
        self._step = 0

    def reset(self, seed: int) -> None:
        """Start again from the first action."""
        del seed
        self._step = 0

    def act(self, observation: Observation) -> Action | None:
        """Return the recorded action; None when the recording is over."""
        del observation
        if self._step >= len(self.episode.rewards):
            return None
        self._step += 1
        return row_of_tree(self.episode.actions, self._step - 1)


@dataclass(slots=True)
class Lane:
    """One of the policies that play side by side, and everything it has done so far.

    Attributes:
        policy: the policy.
        rewards: reward of each step.
        actions: description of each action.
        raw_actions: each action as passed to the environment.
        observations: (T+1) observations.
        pictures: (T+1) compressed frames, each with its shape (height, width, 3).
        over: whether the lane has ended.
        terminated: whether it ended because the task was over.
    """

    policy: Policy
    rewards: list[float] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    raw_actions: list[Action] = field(default_factory=list)
    observations: list[Any] = field(default_factory=list)
    pictures: list[tuple[bytes, tuple[int, ...]]] = field(default_factory=list)
    over: bool = False
    terminated: bool = False

    def picture(self, step: int) -> NDArray[np.uint8]:
        """Return the frame after `step` steps, or the last one: (height, width, 3)."""
        data, shape = self.pictures[min(step, len(self.pictures) - 1)]
        return np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)

    @property
    def one_colour(self) -> bool:
        """Whether every frame has only one colour, so that nothing is visible."""
        return all(is_one_colour(self.picture(step)) for step in range(len(self.pictures)))


class Replay:
    """Plays policies in lockstep, one step per call: `while replay.advance(): ...`."""

    def __init__(self, env_id: str, seed: int, policies: list[Policy], draws: bool = True) -> None:
        """Create one environment per lane and reset all from the same seed.

        Raises:
            EnvError: an environment cannot be created, reset or rendered.
        """
        self.env_id, self.seed, self._draws = env_id, seed, draws
        self.lanes = [Lane(policy) for policy in policies]
        self.diverged_at: int | None = None
        self._envs = [make_env(env_id, render=draws) for _ in policies]
        self._space = self._envs[0].observation_space
        self._games: list[Iterator[Transition]] = []
        recorded = (p.episode.row.label.task for p in policies if isinstance(p, RecordedPolicy))
        task = next(recorded, "")
        for lane, env in zip(self.lanes, self._envs, strict=True):
            if (ask_for := getattr(lane.policy, "ask_for", None)) is not None:
                ask_for(task)  # what the person did
            lane.policy.reset(seed)
            self._games.append(iter_episode(env, lane.policy.act, seed))
            self._keep(lane, env, next(self._games[-1]).observation)

    @property
    def env(self) -> gym.Env[Any, Any]:
        """The environment of the first lane, until `close`."""
        return self._envs[0]

    @property
    def steps(self) -> int:
        """Number of steps of the longest lane so far."""
        return max(len(lane.rewards) for lane in self.lanes)

    @property
    def over(self) -> bool:
        """Whether every lane has ended."""
        return all(lane.over for lane in self.lanes)

    def advance(self) -> bool:
        """Take one step in every running lane; return whether any lane is still running.

        Raises:
            EnvError: an environment failed.
        """
        for lane, env, game in zip(self.lanes, self._envs, self._games, strict=True):
            if not lane.over:
                self._step(lane, env, game)
        if self.diverged_at is None:
            self.diverged_at = self._divergence()
        return not self.over

    def close(self) -> None:
        """Close the environments; the results stay available."""
        for env in self._envs:
            close_env(env)
        self._envs = []

    def fidelity(self) -> str:
        """Return `exact` if the first lane repeats its recording, otherwise where it differs.

        Raises:
            TypeError: the first lane is not a recording.
        """
        policy = self.lanes[0].policy
        if not isinstance(policy, RecordedPolicy):
            raise TypeError("the first lane is not a recording")
        for step, observation in enumerate(self.lanes[0].observations):
            recorded = as_in_space(self._space, row_of_tree(policy.episode.observations, step))
            if not _same(observation, recorded):
                return tr("differs from the recording at step {step}", step=step)
        return "exact"

    def _step(self, lane: Lane, env: Any, game: Iterator[Transition]) -> None:
        lane.over = True  # unless a step follows
        step = next(game, None)
        if step is None:
            return
        lane.rewards.append(step.reward)
        lane.actions.append(action_text(self.env_id, env.action_space, step.action))
        lane.raw_actions.append(step.action)
        lane.over, lane.terminated = step.over, step.terminated
        self._keep(lane, env, step.observation)

    def _keep(self, lane: Lane, env: Any, observation: Observation) -> None:
        lane.observations.append(_copied(observation))
        if self._draws:
            picture = draw(env)
            if picture is NOTHING_YET and lane.pictures:
                lane.pictures.append(lane.pictures[-1])
                return
            lane.pictures.append((zlib.compress(picture.data, _DEFLATE), picture.shape))

    def _divergence(self) -> int | None:
        """Return the step after which the lanes' observations differ; None if they are equal."""
        step = min(len(lane.observations) for lane in self.lanes) - 1
        first = self.lanes[0].observations
        if all(_same(first[step], lane.observations[step]) for lane in self.lanes[1:]):
            return None
        return step


def _same(a: Observation, b: Observation) -> bool:
    if isinstance(a, dict):
        return all(_same(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return all(_same(x, y) for x, y in zip(a, b, strict=True))
    return bool(np.array_equal(np.asarray(a), np.asarray(b)))


def _copied(value: Observation) -> Observation:
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(_copied(part) for part in value)
    return value.copy() if isinstance(value, np.ndarray) else value


def iter_drawn(env_id: str, episode: Episode) -> Iterator[NDArray[np.uint8]]:
    """Play a recorded episode again; yield each frame, the first one before the first action.

    Raises:
        EnvError: the environment cannot be created, drawn or reset, or failed.
        RecordingError: the episode has no seed, or goes another way than it was recorded; this is
            known when all frames have been yielded.
    """
    number = episode.row.number
    if episode.row.seed is None:
        raise RecordingError(f"Episode {number} has no seed, so it cannot be drawn again.")
    replay = Replay(env_id, episode.row.seed, [RecordedPolicy(episode)])
    try:
        shown, runs = 0, True
        yield replay.lanes[0].picture(0)
        while runs:
            runs = replay.advance()
            if replay.steps > shown:
                shown = replay.steps
                yield replay.lanes[0].picture(shown)
        if (found := replay.fidelity()) != "exact":
            raise RecordingError(f"Episode {number} cannot be drawn again: it {found}.")
    finally:
        replay.close()
