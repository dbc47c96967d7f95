"""Compares a recorded episode with policies, computed ahead of what is shown.

Rivals are names of policies, `script` or `random`; without rivals, only the recording is shown.
"""

import functools
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from teleop.envs.action_spaces.action_labels import action_text
from teleop.envs.catalogue import find_entry
from teleop.envs.factory import close_env, make_env, pace_of
from teleop.envs.spaces import Space
from teleop.errors import TeleopError
from teleop.evaluation.scoring import RandomPolicy
from teleop.experts import make_expert
from teleop.learning import LearnedPolicy, load_policy
from teleop.learning.covariate_shift.known_states import known_states
from teleop.learning.data.learned_from import learned_from
from teleop.learning.policy_folder import read_row
from teleop.playback.captions import Part, held_by_step
from teleop.playback.replay import TURN_BASED_HZ, RecordedPolicy, Replay, shown_pace_hz
from teleop.recording import Dataset, Episode, Library
from teleop.recording.episodes.episode import row_of_tree
from teleop.runtime.driving.policy_view import PolicyView
from teleop.runtime.protocol.comparison_messages import (
    LaneGrowth,
    LaneInfo,
    MapReward,
    ReplayFrames,
    ReplayOpened,
    ReplayProgress,
    RewardMapped,
    ShowReplay,
)
from teleop.runtime.protocol.library_messages import Working
from teleop.runtime.protocol.session_messages import Say
from teleop.runtime.protocol.shared_frames import FrameWriter
from teleop.runtime.viewing.demonstrated_points import points_of, rounds_by_episode
from teleop.runtime.viewing.replay_gauges import Doubting, GaugeSeries
from teleop.runtime.viewing.reward_series import reward_series
from teleop.runtime.viewing.video_export import VideoExport
from teleop.text import tr
from teleop.types import Action, Policy
from teleop.types.metadata import EpisodeRow

SCRIPT, CHANCE = "script", "random"
MOST_RIVALS = 3
_REPORT_S = 0.1
_SLICE_S = 0.012  # seconds of computing between checks of the pipe; a scrub waits at most this long
_Advice = tuple[tuple[tuple[float, ...], ...], tuple[int, ...], str, bool]
_LOADS_S = 0.05  # between checks while the demonstrated states are loaded
_CLOUD_EPISODES, _CLOUD_POINTS = 20, 600


class ComparisonView:
    """A comparison of a recorded episode with its rivals."""

    def __init__(self, library: Library, request: ShowReplay, say: Say) -> None:
        """Load all sides and show their common start.

        Args:
            library: the recordings.
            request: the sides.
            say: sends messages to the window.

        Raises:
            RecordingError: the episode cannot be read.
            LearningError: a policy cannot be read, or has other spaces than the environment.
            EnvError: the environment cannot be made.
        """
        self._say, self._library = say, library
        dataset = library.existing(request.dataset_id)
        episode = dataset.read(request.file) if request.file else None
        self._row = episode.row if episode else None
        seed = (episode.row.seed or 0) if episode else request.seed
        self._env_id = dataset.info().env_id
        env = make_env(self._env_id, render=False)
        self._space, self._abouts = env.action_space, list[LaneInfo]()
        self._seen = PolicyView(env.observation_space, find_entry(self._env_id).observation_words)
        self._adviser: LearnedPolicy | None = None  # its memory follows the recording
        self._gauges: GaugeSeries | None = None
        self._advice_given: list[Action] = []
        drivers = self._sides(dataset, episode, request.rivals[:MOST_RIVALS], env, seed)
        close_env(env)
        self._reward = reward_series(dataset, request.rivals[:MOST_RIVALS], len(drivers))
        self._writers = tuple(FrameWriter(f"lane{index}") for index in range(len(drivers)))
        self._replay = Replay(self._env_id, seed, drivers)
        paced = shown_pace_hz(episode) if episode else pace_of(self._replay.env)
        self._pace_hz = paced or TURN_BASED_HZ
        alone = episode if not request.rivals else None  # with the keys that were held
        inputs = dataset.step_details(alone.row).inputs if alone else ()
        self._held = held_by_step(inputs, alone.times_s[1:].tolist() if alone else ())
        self._wanted: Path | None = None  # file to write once all sides have ended
        self._step, self._advised, self._report_s = 0, 0, 0.0
        self._reported, self._finished = [0] * len(drivers), False
        say(self._opened(dataset, seed))
        self.show(0)

    def _sides(
        self,
        dataset: Dataset,
        episode: Episode | None,
        rivals: tuple[str, ...],
        env: gym.Env[Any, Any],
        seed: int,
    ) -> list[Policy]:
        """Return who drives each side, the recording first if there is one."""
        drivers: list[Policy] = []
        if episode:
            drivers.append(RecordedPolicy(episode))
            self._abouts.append(_recorded(episode.row))
        drivers += [self._add_rival(dataset, name, env) for name in rivals]
        if self._adviser and episode:
            self._adviser.reset(seed)
        return drivers

    def _add_rival(self, dataset: Dataset, name: str, env: gym.Env[Any, Any]) -> Policy:
        """Return a rival; the first policy also advises on what the recording observed."""
        driver, about = _rival(dataset, self._env_id, name)
        if isinstance(driver, LearnedPolicy):
            driver.check_fits(self._env_id, env.observation_space, env.action_space)
            if self._adviser is None and self._row:
                self._adviser = load_policy(dataset.policies / name)
                self._gauges = GaugeSeries(
                    driver, functools.partial(known_states, self._library, dataset, name)
                )
            self._abouts.append(about)
            return Doubting(driver)
        self._abouts.append(about)
        return driver

    @property
    def due_s(self) -> float | None:
        """At once (0) while there is more to compute, soon while it loads, else None."""
        if not self._finished:
            return 0.0
        if self._gauges is None or not self._gauges.pending(self._replay.lanes):
            return None
        return time.perf_counter() + _LOADS_S if self._gauges.loads else 0.0

    def tick(self, now: float) -> None:
        """Compute for a short time, and report the results.

        Raises:
            EnvError: the environment failed.
        """
        self._measure()
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

    def _measure(self) -> None:
        """Send new values of the gauges."""
        if self._gauges is None:
            return
        found = self._gauges.take(self._replay.lanes, self._advice_given)
        if found is not None:
            self._say(found)

    def show(self, step: int) -> None:
        """Show all sides after this number of steps, as far as they are computed."""
        self._step = min(step, self._replay.steps)
        frames = tuple(
            writer.write(lane.picture(self._step))
            for writer, lane in zip(self._writers, self._replay.lanes, strict=True)
        )
        self._say(ReplayFrames(self._step, frames))

    def map_reward(self, wanted: MapReward) -> None:
        """Send the learned reward over two observed numbers."""
        values: tuple[tuple[float, ...], ...] = ()
        lane = self._replay.lanes[0]
        count = len(self._seen.numbers(lane.observations[0]))
        known = self._reward is not None and self._reward.reward.encoding.features == count
        if known and self._reward and 0 <= wanted.across < count and 0 <= wanted.up < count:
            values = self._reward.over(lane, wanted)
        self._say(RewardMapped(wanted, values))

    def write(self, output: Path) -> None:
        """Write a video or an animated image of all steps, or a still image of the shown step.

        It begins once all sides have ended; `take_export` then returns it.
        """
        self._wanted = output
        self._report_s = 0.0

    def take_export(self) -> VideoExport | None:
        """Return the requested export, once it can begin."""
        if self._wanted is None or not self._finished:
            return None
        output, self._wanted = self._wanted, None
        names = [about.title for about in self._abouts]
        part = Part.of(self._replay, self._pace_hz, names, self._held)
        return VideoExport([part], output, self._say, self._step)

    def close(self) -> None:
        """Release the environments and frames."""
        if self._wanted is not None:
            self._say(Working("", 0, 0))
        self._replay.close()
        if self._gauges:
            self._gauges.close()
        for writer in self._writers:
            writer.close()

    # ------------------------------------------------------------ inside

    def _opened(self, dataset: Dataset, seed: int) -> ReplayOpened:
        names = self._seen.numbers(self._replay.lanes[0].observations[0])
        shown: tuple[tuple[float, ...], ...] = ()
        rounds: tuple[int, ...] = ()
        if self._adviser and len(names) > 1:
            shown, rounds = self._demonstrated(dataset, self._adviser, len(names))
        return ReplayOpened(
            dataset_id=dataset.dataset_id,
            file=self._row.file if self._row else "",
            seed=seed,
            pace_hz=self._pace_hz,
            ordinal=self._row.number if self._row else 0,
            lanes=tuple(self._abouts),
            words=self._adviser.choice_words(self._space) if self._adviser else (),
            components=tuple(name for name, _ in names),
            demonstrated=shown,
            rounds=rounds,
            reward_of=self._reward.title if self._reward else "",
        )

    def _demonstrated(
        self, dataset: Dataset, policy: LearnedPolicy, count: int
    ) -> tuple[tuple[tuple[float, ...], ...], tuple[int, ...]]:
        """Return a sample of the states that the policy learned from, and the round of each."""
        encoding = policy.encoding
        if encoding.pictures or encoding.features != count:
            return self._recorded_numbers(dataset), ()
        try:
            demos = learned_from(self._library, dataset, policy)
        except TeleopError:
            return self._recorded_numbers(dataset), ()
        return points_of(demos, rounds_by_episode(self._library, dataset, demos, policy))

    def _recorded_numbers(self, dataset: Dataset) -> tuple[tuple[float, ...], ...]:
        """Return a sample of what was observed in a dataset's first episodes."""
        rows = dataset.rows()[:_CLOUD_EPISODES]
        seen: list[tuple[float, ...]] = []
        every = max(1, sum(row.total_steps for row in rows) // _CLOUD_POINTS)
        try:
            for episode in dataset.read_many(rows):
                steps = range(0, len(episode.rewards), every)
                seen += [self._numbers(row_of_tree(episode.observations, s)) for s in steps]
        except TeleopError:  # a damaged episode: use only the others
            pass
        return tuple(seen[:_CLOUD_POINTS])

    def _numbers(self, observation: object) -> tuple[float, ...]:
        return tuple(value for _, value in self._seen.numbers(observation))

    def _report(self) -> None:
        first = self._replay.lanes[0]
        rows = [] if self._adviser is None else self._advice(self._adviser)
        likely, pressed, would, differs = zip(*rows, strict=True) if rows else ((), (), (), ())
        self._say(
            ReplayProgress(
                lanes=self._growth(),
                likely=likely,
                pressed=pressed,
                would=would,
                differs=differs,
                diverged_at=self._replay.diverged_at,
                fidelity=self._replay.fidelity() if first.over and self._row else "",
                agreement=self._agreement(),
            )
        )
        if self._wanted is not None and not self._replay.over:
            steps = self._replay.steps
            known = self._row.total_steps if self._row else 0
            self._say(Working(tr("Playing to the end"), steps, max(known, steps + 1)))

    def _advice(self, adviser: LearnedPolicy) -> list[_Advice]:
        """Return what the policy would have done at each new step of the recording."""
        first, rows = self._replay.lanes[0], list[_Advice]()
        for step in range(self._advised, len(first.rewards)):
            action, distribution = adviser.advise(first.observations[step])
            self._advice_given.append(action)
            did = first.raw_actions[step]
            words = action_text(self._env_id, self._space, action)
            different = _differs(action, did, self._space)
            rows.append((distribution, adviser.choices(did), words, different))
        self._advised = len(first.rewards)
        return rows

    def _growth(self) -> tuple[LaneGrowth, ...]:
        growths = []
        for index, lane in enumerate(self._replay.lanes):
            start = self._reported[index]
            self._reported[index] = len(lane.rewards)
            seen = tuple(self._numbers(row) for row in lane.observations[start:-1])
            rewards, actions = tuple(lane.rewards[start:]), tuple(lane.actions[start:])
            learned = self._reward.take(index, lane) if self._reward else ()
            growths.append(LaneGrowth(rewards, actions, seen, lane.over, learned))
        return tuple(growths)

    def _agreement(self) -> float | None:
        over = self._replay.over and self._reward is not None
        return self._reward.agreement(self._replay.lanes) if over and self._reward else None


def _recorded(row: EpisodeRow) -> LaneInfo:
    return LaneInfo(row.driver, row.driver_name)


def _rival(dataset: Dataset, env_id: str, name: str) -> tuple[Policy, LaneInfo]:
    if name == SCRIPT:
        return make_expert(env_id), LaneInfo(SCRIPT, "")
    if name == CHANCE:
        return RandomPolicy(env_id), LaneInfo(CHANCE, "")
    policy = load_policy(dataset.policies / name)
    return policy, LaneInfo("agent", name, read_row(dataset.policies / name).title)


def _differs(action: object, did: object, space: Space) -> bool:
    """Return whether two actions differ; numbers: by more than a quarter of their range."""
    a, b = np.asarray(action, np.float64), np.asarray(did, np.float64)
    low, high = getattr(space, "low", None), getattr(space, "high", None)
    if low is None or high is None:
        return not np.array_equal(a, b)
    reach = np.where(np.isfinite(high - low), high - low, 2.0)
    return bool((np.abs(a - b) > 0.25 * reach).any())
