"""The main loop: one environment, one policy, an optional recorder; time is an argument.

Driving, recording, previews and scripted demonstrations all use this loop with different parts. A
session never sees a window, a clock or a process; the caller advances it: `session.tick(now)`.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from teleop.envs.action_spaces.disturbance import INTENDED, Disturbance
from teleop.envs.factory import close_env, pace_of
from teleop.envs.pictures import NOTHING_YET, draw, render_error
from teleop.episode_trace import EpisodeTrace, checksum
from teleop.errors import EnvError, RecordingError, StorageError, TeleopError
from teleop.recording import Recorder, Take
from teleop.recording.journals.flattening import iter_leaves
from teleop.take_over import TakeOver
from teleop.text import tr
from teleop.types import Action, Actor, Info, Observation, Policy, Step

_EARLY = 0.4  # share of a step's time


class Phase(Enum):
    """The state of a session within its episode."""

    READY = "ready"  # reset, not driven yet
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"  # the episode is over


class Session:
    """Drives one environment with one policy at a pace.

    A fresh environment object is created for every episode, because some environments carry state
    over a reset (BipedalWalker differed in 13 of 20 replays on a reused object, in none on fresh
    ones).

    Attributes:
        repeated: number of steps at the beginning that repeat another run.
        noise: random errors added to what the person or a script does, or None. What they did
            is recorded beside what was executed, and is what a policy learns (DART, Laskey et al.
            2017, "DART: Noise Injection for Robust Imitation Learning", algorithm 1).
    """

    def __init__(
        self,
        make: Callable[[], gym.Env[Any, Any]],
        policy: Policy,
        seeds: Iterator[int],
        recorder: Recorder | None = None,
        *,
        can_rewind: bool = False,
    ) -> None:
        """Create the environment and reset it for the first episode.

        Args:
            make: creates a fresh environment that renders to arrays.
            policy: who drives.
            seeds: the seed of each episode.
            recorder: records the takes; None records nothing.
            can_rewind: keep a trace of each episode, so that `rewind` works.

        Raises:
            EnvError: the environment cannot be created or reset.
        """
        self._make, self._seeds, self._recorder = make, seeds, recorder
        self.policy = policy
        self.observation: Observation = None
        self.action: Action | None = None
        self.info: Info = {}
        self.speed = 1.0
        self.picture = 0
        self._has_drawn = False
        self.trace: EpisodeTrace | None = None
        self.noise: Disturbance | None = None
        self._goes_back = can_rewind
        self.seed = next(seeds)
        self.env = make()
        self.base_pace_hz = pace_of(self.env)
        self._reset(0.0)

    @property
    def pace_hz(self) -> float:
        """Current steps per second, including the speed; 0 if turn-based."""
        return self.base_pace_hz * self.speed

    @property
    def period_s(self) -> float:
        """Seconds between steps; 0 if turn-based."""
        return 1 / self.pace_hz if self.pace_hz else 0.0

    @property
    def due_s(self) -> float | None:
        """When the next step is due; None if no step is scheduled."""
        waits = self.phase is not Phase.RUNNING or self.pace_hz == 0
        return None if waits else self._soonest_s

    def elapsed_s(self, now: float) -> float:
        """Return the seconds that this episode has been driven; pauses do not count."""
        if self.phase is Phase.RUNNING:
            return now - self._start_s
        return self._lasted_s if self.steps else 0.0

    def use_recorder(self, recorder: Recorder | None) -> None:
        """Use this recorder for takes that start from now on."""
        self._recorder = recorder

    def add_noise(self, share: float) -> None:
        """Add random errors of this size (0 to 1) to what the person or a script does."""
        if share != (self.noise.share if self.noise else 0.0):
            self.noise = Disturbance(self.env.action_space, share) if share else None
            if self.noise:
                self.noise.reset(self.seed)

    def draw(self) -> NDArray[np.uint8]:
        """Render the current frame: (height, width, 3).

        Raises:
            EnvError: the environment cannot be rendered.
        """
        self.picture += 1
        picture = draw(self.env)
        if picture is NOTHING_YET and self._has_drawn:
            raise EnvError(render_error(self.env, "render gave nothing any more"))
        self._has_drawn = picture is not NOTHING_YET
        return picture

    def renew(self, now: float, seed: int | None = None) -> None:
        """Create and reset a fresh environment, with the next seed or a given one.

        Raises:
            EnvError: the environment cannot be created or reset.
        """
        self.seed = next(self._seeds) if seed is None else seed
        close_env(self.env)
        self.env = self._make()
        self._reset(now)

    def start(self, now: float, begun: "Beginning | None" = None) -> None:
        """Let the policy drive from the reset state; start a take if there is a recorder.

        Args:
            now: monotonic seconds.
            begun: what another driver did from this session's seed. It is repeated, and the session
                is paused there. These steps are recorded as a policy's, so nobody learns from them.

        Raises:
            StorageError: the take's journal cannot be written.
            EnvError: the environment is not reproducible, or the episode ends before; the take so
                far is kept.
        """
        now -= len(begun.actions) * self.period_s if begun else 0.0
        if self._recorder:
            self._recorder.start(self.observation, self.info, self.seed, self.policy, now)
        self._start_s, self._due_s = now, now + self.period_s
        self._lasted_s = 0.0  # up to the last step
        self.phase = Phase.RUNNING
        if begun is not None:
            self._repeat(begun)

    def pause(self) -> None:
        """Pause the episode; nothing is lost."""
        if self.phase is Phase.RUNNING:
            self.phase = Phase.PAUSED

    def resume(self, now: float) -> None:
        """Continue after a pause."""
        if self.phase is Phase.PAUSED:
            self.phase = Phase.RUNNING
            self._count_from(now - self._lasted_s)
            self._due_s = now + self.period_s

    def rewind(self, steps: int, now: float) -> Take | None:
        """Return to the state after a number of steps, and continue from there.

        Args:
            steps: fewer than were taken.
            now: monotonic seconds.

        Returns:
            The take before rewinding, if one was recorded; the new take shares its beginning.

        Raises:
            EnvError: the environment is not reproducible; nothing is changed.
            StorageError: the new take cannot be written; nothing is changed.
        """
        if self.trace is None or not 0 <= steps < len(self.trace):
            raise ValueError(f"cannot go back to step {steps}")
        env = self._make()
        try:
            observation, info = self.trace.repeat(env, self.seed, steps)
            start_s = now - (self.trace.times_s[steps - 1] if steps else 0.0)
            abandoned = self._recorder.branch(steps, start_s) if self._recorder else None
        except TeleopError:
            close_env(env)
            raise
        close_env(self.env)
        self.env, self.observation, self.info = env, observation, info
        self.trace.cut(steps)
        self.steps, self.total_reward = steps, sum(self.trace.rewards)
        self.terminated = self.truncated = False
        self.action = self.trace.actions[-1] if steps else None
        self._start_s, self._lasted_s = start_s, now - start_s
        self._due_s = now + self.period_s
        self.phase = Phase.RUNNING
        return abandoned

    def step_once(self, now: float) -> bool:
        """Take exactly one step of a paused episode.

        Raises:
            EnvError: the environment failed; the episode has ended, the take so far is kept.
            RecordingError: the step could not be recorded; the same applies.
        """
        if self.phase is not Phase.PAUSED:
            return False
        action = self.policy.act(self.observation)
        if action is None:
            return False
        self._count_from(now - self._lasted_s - self.period_s)
        self._step(action, now)
        return True

    def stop(self) -> Take | None:
        """End the episode; return the take so far, if one was recorded.

        Raises:
            StorageError: not even the first step could be written.
        """
        self.phase = Phase.ENDED
        return self._recorder.end() if self._recorder and self._recorder.is_recording else None

    def tick(self, now: float) -> bool:
        """Take a step if one is due.

        Late steps never accumulate: at most one is owed.

        Args:
            now: monotonic seconds.

        Returns:
            Whether a step was taken.

        Raises:
            EnvError: the environment failed; the episode has ended, the take so far is kept.
            RecordingError: the step could not be recorded; the same applies.
        """
        if self.phase is not Phase.RUNNING or now < self._soonest_s:
            return False
        self._hasty = False
        action = self.policy.act(self.observation)
        if action is None:
            return False
        self._due_s = max(self._due_s + self.period_s, now)
        self._step(action, now)
        return True

    def hasten(self) -> None:
        """Allow the next step up to 40 % of its time early, because a control was just pressed.

        The step after it keeps its time, so the pace stays the same; only the response is sooner.
        """
        self._hasty = True

    @property
    def _soonest_s(self) -> float:
        return self._due_s - (_EARLY * self.period_s if self._hasty else 0.0)

    def close(self) -> None:
        """Close the environment; a running take is finished as a journal."""
        with contextlib.suppress(TeleopError):  # the take has no step that could be lost
            self.stop()
        close_env(self.env)

    def _count_from(self, start_s: float) -> None:
        """Set the time at which the episode counts as started, so that a pause does not count."""
        self._start_s = start_s
        if self._recorder:
            self._recorder.count_from(start_s)

    def _reset(self, now: float) -> None:
        self.phase = Phase.READY
        self._has_drawn = False
        self.steps = self.repeated = 0
        self.total_reward = 0.0
        self.terminated = self.truncated = False
        self.action = None
        self._start_s = self._due_s = now
        self._lasted_s = 0.0
        self._hasty = False
        self.observation, self.info = self.env.reset(seed=self.seed)
        self.policy.reset(self.seed)
        if self.noise is not None:
            self.noise.reset(self.seed)
        self.trace = EpisodeTrace(self.observation) if self._goes_back else None

    def _repeat(self, begun: "Beginning") -> None:
        """Repeat the beginning of another run, and pause."""
        for step, action in enumerate(begun.actions):
            if self.phase is not Phase.RUNNING or checksum(self.observation) != begun.sums[step]:
                self.phase = Phase.ENDED
                raise EnvError(_other_path(self.env, step))
            if isinstance(self.policy, TakeOver):
                self.policy.policy.act(self.observation)  # a memory must know what happened
            self._play(action, self._start_s + (step + 1) * self.period_s, Actor.POLICY)
        self.action, self.repeated = None, self.steps
        self.pause()

    def _step(self, action: Action, now: float) -> None:
        """Take one step; any error ends the episode."""
        try:
            self._play(action, now)
        except TeleopError:
            self.phase = Phase.ENDED
            raise

    def _play(self, intended: Action, now: float, actor: Actor | None = None) -> None:
        """Take one step, and record it as an action of this actor (default: of who drives)."""
        drives = actor or self.policy.actor
        noisy = self.noise is not None and drives is not Actor.POLICY
        action = self.noise(intended) if noisy and self.noise else intended
        observation, reward, self.terminated, self.truncated, info = self.env.step(action)
        self.observation, self.info, self.action = observation, info, action
        self.steps += 1
        self._lasted_s = now - self._start_s
        self.total_reward += float(reward)
        if self.trace is not None:
            self.trace.add(action, observation, float(reward), now - self._start_s)
        if self._recorder:
            self._recorder.step(
                Step(
                    observation=observation,
                    action=action,
                    reward=float(reward),
                    terminated=self.terminated,
                    truncated=self.truncated,
                    info=self._noted(info, intended if noisy else None),
                    time_s=now - self._start_s,
                    pace_hz=self.pace_hz,
                    actor=drives,
                    picture=self.picture,
                    intervention=isinstance(self.policy, TakeOver) and self.policy.intervention,
                )
            )
        if self.terminated or self.truncated:
            self.phase = Phase.ENDED

    def _noted(self, info: Info, intended: Action | None) -> Info:
        """Add what noise replaced, and what a policy that the person supervises proposed."""
        if intended is not None:
            leaves = iter_leaves(self.env.action_space)
            flat = np.concatenate([np.ravel(leaf.value_in(intended)) for leaf in leaves])
            info = info | {INTENDED: flat.astype(np.float64)}
        if not isinstance(self.policy, TakeOver) or isinstance(self.policy.proposal, dict | tuple):
            return info
        return info | {"policy_proposal": np.asarray(self.policy.proposal, np.float64)}


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first T steps of an episode, to be repeated.

    Attributes:
        actions: T actions.
        sums: checksum of each of the T observations before them.
    """

    actions: tuple[Action, ...]
    sums: tuple[int, ...]

    @classmethod
    def of(cls, observations: Iterable[Observation], actions: Iterable[Action]) -> "Beginning":
        """Return the beginning with these observations, each followed by its action."""
        return cls(tuple(actions), tuple(checksum(seen) for seen in observations))


def _other_path(env: gym.Env[Any, Any], step: int) -> str:
    return tr(
        "{name} is not reproducible: repeated from the same seed, it differs at step {step}. An "
        "episode cannot begin in the middle of another.",
        name=env.spec.id if env.spec else tr("This environment"),
        step=step,
    )


def seeds_from(base: int) -> Iterator[int]:
    """Yield episode seeds: `base`, `base + 1`, and so on."""
    return itertools.count(base)


def record_episodes(
    session: Session, recorder: Recorder, episodes: int
) -> Iterator[tuple[int, float]]:
    """Record and save whole episodes of a session's policy at full speed.

    Each step still stores the pace, as if the episode had been played at it.

    Yields:
        (steps, return) of each saved episode.

    Raises:
        RecordingError: an episode could not be saved.
    """
    for episode in range(episodes):
        if episode:
            session.renew(0.0)
        session.start(0.0)
        period = session.period_s or 1.0
        now = 0.0
        while session.phase is Phase.RUNNING:
            now += period
            session.tick(now + 1e-9)  # rounding errors must not make the clock early
        take = session.stop()
        if take is None:
            raise RecordingError(tr("The episode ended before its first step."))
        recorder.keep(take)
        if take.problem:
            raise StorageError(take.problem)
        yield take.total_steps, take.total_reward
