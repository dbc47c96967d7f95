"""The episode's flow in the driver's hand: when it begins, goes back, repeats, is thrown away."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.recording import Library
from teleop.runtime.protocol.driving_options import DriveOptions, Preview, Seeds, Start
from teleop.runtime.protocol.session_messages import (
    BindMove,
    ChooseHand,
    EnvOpened,
    LibraryChanged,
    Notice,
    OpenEnv,
    Pictured,
    Request,
    ResetControls,
    Rumble,
    SetOptions,
    Tone,
    TuneAxis,
)
from tests.harness.environment_process import ManualProcess, live, press


@pytest.fixture
def process(library: Library) -> Iterator[ManualProcess]:
    process = ManualProcess(library)
    process.say(OpenEnv("LunarLander-v3"))
    process.settle()
    yield process
    process.process.close(process.now)


def episodes(process: ManualProcess) -> list[Any]:
    process.settle()
    return list(process.last(LibraryChanged).episodes)


def options(process: ManualProcess, **changes: Any) -> None:
    process.say(SetOptions(replace(DriveOptions(), **changes)))


def test_practice_records_nothing_and_says_so(process: ManualProcess) -> None:
    options(process, practice=True)
    process.say(Request.START_TAKE)
    process.run(1.0)
    assert (live(process).practice, live(process).recording, live(process).engaged) == (
        True,
        False,
        True,
    )
    process.say(Request.STOP_TAKE)
    assert not live(process).pending
    process.say(Request.KEEP_TAKE)
    assert all(episode.driver != "human" for episode in episodes(process))
    options(process)
    process.say(Request.START_TAKE)
    process.run(0.5)
    assert live(process).recording


def test_a_countdown_comes_before_the_first_step(process: ManualProcess) -> None:
    options(process, start=Start.COUNTDOWN)
    process.say(Request.START_TAKE)
    process.run(2.0)
    assert live(process).steps == 0
    assert 0 < live(process).waiting_s < 1.1  # type: ignore[operator]
    process.run(2.0)
    assert live(process).recording
    assert live(process).steps > 10


def test_a_take_begins_with_the_first_input_and_feels_it(process: ManualProcess) -> None:
    options(process, start=Start.FIRST_INPUT)
    process.say(Request.START_TAKE)
    process.run(2.0)
    assert (live(process).waiting_s, live(process).steps) == (-1.0, 0)
    press(process, "key.w")
    process.run(0.2)
    assert live(process).recording
    assert live(process).action == "Main engine"
    process.say(Request.STOP_TAKE)
    process.say(Request.START_TAKE)
    process.say(Request.STOP_TAKE)  # while it waits
    assert live(process).waiting_s is None


def test_retry_starts_again_from_the_same_seed_and_undo_brings_the_take_back(
    process: ManualProcess,
) -> None:
    process.say(Request.START_TAKE)
    process.run(1.0)
    seed = live(process).seed
    process.say(Request.RETRY)
    assert (live(process).seed, live(process).recording, live(process).steps) == (seed, True, 0)
    process.run(0.5)
    process.say(Request.KEEP_TAKE)
    assert live(process).seed == seed + 1
    process.say(Request.UNDO)
    assert len(episodes(process)) == 2


@pytest.mark.parametrize("phase", ["running", "paused", "ended"])
def test_held_it_goes_back_and_let_go_it_goes_on_from_there(
    process: ManualProcess, phase: str
) -> None:
    process.say(Request.START_TAKE)
    process.run(2.0)
    if phase == "paused":
        process.say(Request.PAUSE)
    if phase == "ended":
        process.say(Request.STOP_TAKE)
    steps = live(process).steps
    process.say(Request.REWIND)
    process.run(0.1)
    assert live(process).rewinding
    assert live(process).steps < steps
    process.say(Request.REWIND_END)
    back = live(process).steps
    assert 5 < back < steps
    after = "paused" if phase == "paused" else "running"
    assert (live(process).phase, live(process).recording, live(process).pending) == (
        after,
        True,
        False,
    )
    process.say(Request.RESUME)
    process.run(0.5)
    process.say(Request.KEEP_TAKE)
    (episode,) = episodes(process)
    assert back < episode.total_steps < steps + 20


def test_paused_one_step_at_a_time_with_what_is_held(process: ManualProcess) -> None:
    process.say(Request.START_TAKE)
    process.run(0.5)
    process.say(Request.PAUSE)
    steps = live(process).steps
    press(process, "key.a")
    process.say(Request.STEP_ONCE)
    process.say(Request.RELEASE_INPUT)
    assert (live(process).steps, live(process).action) == (steps + 1, "Left engine")
    process.say(Request.STEP_ONCE)
    assert (live(process).steps, live(process).action) == (steps + 2, "Nothing")
    process.run(1.0)
    assert live(process).steps == steps + 2


def test_episodes_follow_each_other_up_to_the_goal(process: ManualProcess) -> None:
    options(process, auto_next=True, goal=2)
    process.say(Request.START_TAKE)
    for _ in range(400):
        process.run(0.1)
        process.settle()
        if "last of 2" in "".join(m.text for m in process.heard if isinstance(m, Notice)):
            break
    assert len(episodes(process)) == 2
    assert live(process).phase == "ready"


def test_short_and_idle_takes_are_discarded_by_themselves_and_come_back(
    process: ManualProcess,
) -> None:
    options(process, shortest=10_000)
    process.say(Request.START_TAKE)
    process.run(30.0)
    assert not live(process).pending
    notice = process.last(Notice)
    assert notice.tone is Tone.UNDO
    assert "fewer than 10000 steps" in notice.text
    process.say(Request.UNDO)
    assert len(episodes(process)) == 1
    options(process, most_idle=0.9)
    process.say(Request.START_TAKE)
    process.run(30.0)
    assert "nothing was pressed for 100%" in process.last(Notice).text


def test_a_star_during_the_take_is_on_the_saved_episode(process: ManualProcess) -> None:
    process.say(Request.START_TAKE)
    process.run(0.5)
    process.say(Request.STAR_TAKE)
    process.say(Request.KEEP_TAKE)
    assert episodes(process)[0].starred


@pytest.mark.parametrize("seeds", list(Seeds))
def test_the_next_start_is_the_next_the_same_or_drawn(process: ManualProcess, seeds: Seeds) -> None:
    options(process, seeds=seeds)
    seen = []
    for _ in range(3):
        seen.append(live(process).seed)
        process.say(Request.START_TAKE)
        process.run(0.2)
        process.say(Request.KEEP_TAKE)
    kinds = {Seeds.NEXT: [0, 1, 2], Seeds.SAME: [0, 0, 0]}
    assert seen == kinds.get(seeds, seen)
    assert len(set(seen)) == (1 if seeds is Seeds.SAME else 3)


def test_any_environment_can_wait_for_each_press(process: ManualProcess) -> None:
    options(process, turn_based=True)
    assert process.last(EnvOpened).turn_based
    process.say(Request.START_TAKE)
    process.run(2.0)
    assert live(process).steps == 0
    for key in ("key.w", "key.a", "key.w"):
        press(process, key)
        press(process, key, 0.0)
    process.run(0.5)
    assert live(process).steps == 3


def test_controls_are_changed_remembered_and_reset(process: ManualProcess) -> None:
    def main_keys() -> list[str]:
        hint = next(h for h in process.last(EnvOpened).hints if h.name == "up")
        return [c for c in hint.controls if c.startswith("key.")]

    process.say(BindMove("up", "key.a"))
    assert main_keys() == ["key.a"]
    assert "'Left' no longer has" in process.last(Notice).text
    process.say(Request.START_TAKE)
    press(process, "key.a")
    process.run(0.2)
    assert live(process).action == "Main engine"
    process.say(Request.KEEP_TAKE)
    process.say(OpenEnv("CartPole-v1"))
    process.say(OpenEnv("LunarLander-v3"))
    assert main_keys() == ["key.a"]
    process.say(ChooseHand("right"))
    assert main_keys() == ["key.i"]
    process.say(ResetControls())
    assert main_keys() == ["key.w", "key.up"]
    assert not process.last(EnvOpened).is_own


def test_axes_are_tuned(process: ManualProcess) -> None:
    process.say(OpenEnv("MountainCarContinuous-v0"))
    process.say(TuneAxis("1", "scale", 0.5))
    process.say(TuneAxis("1", "invert", 1.0))
    (axis,) = process.last(EnvOpened).axes
    assert (axis.scale, axis.invert) == (0.5, True)
    process.say(Request.START_TAKE)
    press(process, "key.d")
    process.run(0.2)
    assert live(process).action == "Push −0.50"


def test_what_a_policy_sees_is_shown(process: ManualProcess) -> None:
    options(process, preview=Preview.NUMBERS)
    assert len(live(process).numbers) == 8
    process.say(OpenEnv("CarRacing-v3"))
    options(process, preview=Preview.PICTURE)
    process.say(Request.START_TAKE)
    process.run(0.2)
    seen = [m for m in process.heard if isinstance(m, Pictured) and m.view == "seen"]
    assert seen[-1].frame is not None
    assert seen[-1].frame.height == seen[-1].frame.width == 96


def test_the_pad_rumbles_at_an_end_only_if_it_is_wished(process: ManualProcess) -> None:
    for wished in (False, True):
        options(process, rumble=wished)
        process.say(Request.START_TAKE)
        process.run(30.0)
        assert any(isinstance(m, Rumble) for m in process.heard) is wished
        process.say(Request.DISCARD_TAKE)


def test_a_key_let_go_while_going_back_is_not_stuck(process: ManualProcess) -> None:
    process.say(Request.START_TAKE)
    press(process, "key.w")
    process.run(1.5)
    assert live(process).action == "Main engine"
    process.say(Request.REWIND)
    process.run(0.1)
    press(process, "key.w", 0.0)
    process.say(Request.REWIND_END)
    process.run(0.2)
    assert live(process).action == "Nothing"
    press(process, "key.a")
    process.say(Request.PAUSE)
    press(process, "key.a", 0.0)
    process.say(Request.RESUME)
    process.run(0.2)
    assert live(process).action == "Nothing"


class Braided(gym.Env[Any, Any]):
    """Wants a choice and two numbers at once."""

    observation_space = spaces.Box(-1, 1, (2,), np.float32)
    action_space = spaces.Tuple((spaces.Discrete(3), spaces.Box(-1, 1, (2,), np.float32)))
    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def reset(self, **_: Any) -> Any:
        return np.zeros(2, np.float32), {}

    def step(self, action: Any) -> Any:
        assert self.action_space.contains(action)
        return np.zeros(2, np.float32), 1.0, False, False, {}

    def render(self) -> Any:
        return np.zeros((40, 60, 3), np.uint8)


gym.register("Braided-v0", entry_point=f"{__name__}:Braided")


def test_actions_of_several_parts_are_driven_shown_and_recorded(process: ManualProcess) -> None:
    process.say(OpenEnv("Braided-v0"))
    process.say(Request.START_TAKE)
    press(process, process.last(EnvOpened).hints[0].key)
    process.run(0.5)
    assert live(process).phase == "running"
    assert live(process).action.startswith("Action 1")
    process.say(Request.KEEP_TAKE)
    assert episodes(process)[0].total_steps >= 9


def test_a_pause_is_no_part_of_the_episodes_time(process: ManualProcess) -> None:
    process.say(Request.START_TAKE)
    process.run(1.0)
    process.say(Request.PAUSE)
    process.run(20.0)
    assert live(process).elapsed_s < 1.1
    process.say(Request.RESUME)
    press(process, "key.a")
    process.run(0.5)
    assert live(process).elapsed_s < 1.7
    process.say(Request.KEEP_TAKE)
    process.settle()
    assert "30.0 Hz" in process.last(Notice).text or "20.0 of 30 Hz" in process.last(Notice).text


def test_the_next_episode_does_not_begin_behind_a_sheet(process: ManualProcess) -> None:
    options(process, auto_next=True, goal=5)
    process.say(Request.START_TAKE)
    for _ in range(400):
        process.run(0.1)
        if live(process).phase == "ended":
            break
    assert 0 < live(process).waiting_s <= 1.5  # type: ignore[operator]
    process.say(Request.PAUSE)  # what the window says when a sheet opens or the focus goes
    process.run(3.0)
    assert (live(process).phase, live(process).pending) == ("ended", True)


def test_going_back_ends_with_the_take(process: ManualProcess) -> None:
    process.say(Request.START_TAKE)
    process.run(1.0)
    process.say(Request.REWIND)
    process.run(0.1)
    process.say(Request.RETRY)
    process.run(0.5)
    assert not live(process).rewinding
    assert live(process).steps > 5
    process.say(Request.REWIND_END)
    process.run(0.5)
    assert live(process).steps > 15
