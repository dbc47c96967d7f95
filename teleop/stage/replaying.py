"""The stage's third act: a recorded person and a policy side by side, computed ahead of the eye."""

import time
from collections.abc import Callable

from teleop.envs.making import close_env, make_env
from teleop.envs.words import action_text
from teleop.learning import LearnedPolicy, load_policy
from teleop.recording import Dataset
from teleop.replay import RecordedPolicy, Replay
from teleop.stage.frames import FrameWriter
from teleop.stage.messages import (
    FromStage,
    LaneGrowth,
    ReplayGrew,
    ReplayOpened,
    ReplayPictured,
)

_REPORT_S = 0.1
_SLICE_S = 0.012  # of computing between looks at the pipe: a scrub waits no longer than this


class Replaying:
    """One comparison."""

    def __init__(
        self, dataset: Dataset, file: str, policy: str, say: Callable[[FromStage], None]
    ) -> None:
        """Load both sides and show their common start.

        Raises:
            RecordingError: the episode cannot be read.
            LearningError: the policy cannot be read, or belongs to other spaces.
            EnvError: the environment cannot be made.
        """
        self._say = say
        self._writers = (FrameWriter("left"), FrameWriter("right"))
        episode = dataset.read(file)
        self._policy: LearnedPolicy = load_policy(dataset.policies / policy)
        self._adviser = load_policy(dataset.policies / policy)  # remembers the person's side
        self._adviser.reset(episode.row.seed or 0)
        env_id = self._policy.config.env_id
        env = make_env(env_id, render=False)
        self._space = env.action_space
        self._policy.check_fits(env_id, env.observation_space, env.action_space)
        close_env(env)
        seed = episode.row.seed or 0
        self._replay = Replay(env_id, seed, [RecordedPolicy(episode), self._policy])
        pace = float(episode.paces_hz[1:].mean()) or 4.0
        self._step = 0
        self._reported = [0, 0]
        self._advised = 0
        self._report_s = 0.0
        self._finished = False
        say(
            ReplayOpened(
                file=file,
                policy=policy,
                seed=seed,
                pace_hz=pace,
                driver=episode.row.driver,
                ordinal=episode.row.ordinal + 1,
                trained_on=len(self._policy.config.data["episodes"]),
                words=self._policy.choice_words(self._space),
            )
        )
        self.show(0)

    @property
    def due_s(self) -> float | None:
        """At once, while there is more to compute."""
        return None if self._finished else 0.0

    def tick(self, now: float) -> None:
        """Compute a slice ahead, and report.

        Raises:
            EnvError: the environment broke.
        """
        if self._finished:
            return
        end = now + _SLICE_S
        while time.perf_counter() < end and self._replay.advance():
            pass
        if self._replay.over or now >= self._report_s:
            self._report_s = now + _REPORT_S
            self._report()
        if self._replay.over:
            self._finished = True
            self._replay.close()

    def show(self, step: int) -> None:
        """Both sides after so many steps, as far as they are computed."""
        self._step = min(step, self._replay.steps)
        frames = tuple(
            writer.write(lane.picture(self._step))
            for writer, lane in zip(self._writers, self._replay.lanes, strict=True)
        )
        self._say(ReplayPictured(self._step, frames))

    def close(self) -> None:
        """Let go of environments and pictures."""
        self._replay.close()
        for writer in self._writers:
            writer.close()

    def _report(self) -> None:
        left = self._replay.lanes[0]
        until = len(left.rewards)
        rows = range(self._advised, until)
        advised = [self._adviser.advise(left.observations[step]) for step in rows]
        likely = tuple(distribution for _, distribution in advised)
        pressed = tuple(self._policy.choices(left.raw_actions[step]) for step in rows)
        env_id = self._replay.env_id
        would = tuple(action_text(env_id, self._space, action) for action, _ in advised)
        self._advised = until
        fidelity = self._replay.fidelity() if left.over else ""
        self._say(
            ReplayGrew(self._growth(), likely, pressed, would, self._replay.diverged_at, fidelity)
        )

    def _growth(self) -> tuple[LaneGrowth, ...]:
        growths = []
        for index, lane in enumerate(self._replay.lanes):
            start = self._reported[index]
            self._reported[index] = len(lane.rewards)
            rewards, actions = tuple(lane.rewards[start:]), tuple(lane.actions[start:])
            growths.append(LaneGrowth(rewards, actions, lane.over))
        return tuple(growths)
