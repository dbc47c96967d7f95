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
    Input,
    LibraryChanged,
    Notice,
    OpenEnv,
    Pictured,
    Request,
    ResetControls,
    Rumble,
    SessionSnapshot,
    SetOptions,
    Tone,
    TuneAxis,
)
from teleop.types import InputEvent
from tests.stage.test_host import Stage


@pytest.fixture
def stage(library: Library) -> Iterator[Stage]:
    stage = Stage(library)
    stage.say(OpenEnv("LunarLander-v3"))
    stage.settle()
    yield stage
    stage.host.close(stage.now)


def live(stage: Stage) -> SessionSnapshot:
    found: SessionSnapshot = stage.last(Pictured).live
    return found


def press(stage: Stage, control: str, value: float = 1.0) -> None:
    stage.say(Input(InputEvent(stage.now, control, value)))


def episodes(stage: Stage) -> list[Any]:
    stage.settle()
    return list(stage.last(LibraryChanged).episodes)


def options(stage: Stage, **changes: Any) -> None:
    stage.say(SetOptions(replace(DriveOptions(), **changes)))


def test_practice_records_nothing_and_says_so(stage: Stage) -> None:
    options(stage, practice=True)
    stage.say(Request.START_TAKE)
    stage.run(1.0)
    assert (live(stage).practice, live(stage).recording, live(stage).engaged) == (True, False, True)
    stage.say(Request.STOP_TAKE)
    assert not live(stage).pending
    stage.say(Request.KEEP_TAKE)
    assert all(episode.driver != "human" for episode in episodes(stage))
    options(stage)
    stage.say(Request.START_TAKE)
    stage.run(0.5)
    assert live(stage).recording


def test_a_countdown_comes_before_the_first_step(stage: Stage) -> None:
    options(stage, start=Start.COUNTDOWN)
    stage.say(Request.START_TAKE)
    stage.run(2.0)
    assert live(stage).steps == 0
    assert 0 < live(stage).waiting_s < 1.1  # type: ignore[operator]
    stage.run(2.0)
    assert live(stage).recording
    assert live(stage).steps > 10


def test_a_take_begins_with_the_first_input_and_feels_it(stage: Stage) -> None:
    options(stage, start=Start.FIRST_INPUT)
    stage.say(Request.START_TAKE)
    stage.run(2.0)
    assert (live(stage).waiting_s, live(stage).steps) == (-1.0, 0)
    press(stage, "key.w")
    stage.run(0.2)
    assert live(stage).recording
    assert live(stage).action == "Main engine"
    stage.say(Request.STOP_TAKE)
    stage.say(Request.START_TAKE)
    stage.say(Request.STOP_TAKE)  # while it waits
    assert live(stage).waiting_s is None


def test_retry_starts_again_from_the_same_seed_and_undo_brings_the_take_back(stage: Stage) -> None:
    stage.say(Request.START_TAKE)
    stage.run(1.0)
    seed = live(stage).seed
    stage.say(Request.RETRY)
    assert (live(stage).seed, live(stage).recording, live(stage).steps) == (seed, True, 0)
    stage.run(0.5)
    stage.say(Request.KEEP_TAKE)
    assert live(stage).seed == seed + 1
    stage.say(Request.UNDO)
    assert len(episodes(stage)) == 2


@pytest.mark.parametrize("phase", ["running", "paused", "ended"])
def test_held_it_goes_back_and_let_go_it_goes_on_from_there(stage: Stage, phase: str) -> None:
    stage.say(Request.START_TAKE)
    stage.run(2.0)
    if phase == "paused":
        stage.say(Request.PAUSE)
    if phase == "ended":
        stage.say(Request.STOP_TAKE)
    steps = live(stage).steps
    stage.say(Request.REWIND)
    stage.run(0.1)
    assert live(stage).rewinding
    assert live(stage).steps < steps
    stage.say(Request.REWIND_END)
    back = live(stage).steps
    assert 5 < back < steps
    after = "paused" if phase == "paused" else "running"
    assert (live(stage).phase, live(stage).recording, live(stage).pending) == (after, True, False)
    stage.say(Request.RESUME)
    stage.run(0.5)
    stage.say(Request.KEEP_TAKE)
    (episode,) = episodes(stage)
    assert back < episode.total_steps < steps + 20


def test_paused_one_step_at_a_time_with_what_is_held(stage: Stage) -> None:
    stage.say(Request.START_TAKE)
    stage.run(0.5)
    stage.say(Request.PAUSE)
    steps = live(stage).steps
    press(stage, "key.a")
    stage.say(Request.STEP_ONCE)
    stage.say(Request.RELEASE_INPUT)
    assert (live(stage).steps, live(stage).action) == (steps + 1, "Left engine")
    stage.say(Request.STEP_ONCE)
    assert (live(stage).steps, live(stage).action) == (steps + 2, "Nothing")
    stage.run(1.0)
    assert live(stage).steps == steps + 2


def test_episodes_follow_each_other_up_to_the_goal(stage: Stage) -> None:
    options(stage, auto_next=True, goal=2)
    stage.say(Request.START_TAKE)
    for _ in range(400):
        stage.run(0.1)
        stage.settle()
        if "last of 2" in "".join(m.text for m in stage.heard if isinstance(m, Notice)):
            break
    assert len(episodes(stage)) == 2
    assert live(stage).phase == "ready"


def test_short_and_idle_takes_are_discarded_by_themselves_and_come_back(stage: Stage) -> None:
    options(stage, shortest=10_000)
    stage.say(Request.START_TAKE)
    stage.run(30.0)
    assert not live(stage).pending
    notice = stage.last(Notice)
    assert notice.tone is Tone.UNDO
    assert "fewer than 10000 steps" in notice.text
    stage.say(Request.UNDO)
    assert len(episodes(stage)) == 1
    options(stage, most_idle=0.9)
    stage.say(Request.START_TAKE)
    stage.run(30.0)
    assert "nothing was pressed for 100%" in stage.last(Notice).text


def test_a_star_during_the_take_is_on_the_saved_episode(stage: Stage) -> None:
    stage.say(Request.START_TAKE)
    stage.run(0.5)
    stage.say(Request.STAR_TAKE)
    stage.say(Request.KEEP_TAKE)
    assert episodes(stage)[0].starred


@pytest.mark.parametrize("seeds", list(Seeds))
def test_the_next_start_is_the_next_the_same_or_drawn(stage: Stage, seeds: Seeds) -> None:
    options(stage, seeds=seeds)
    seen = []
    for _ in range(3):
        seen.append(live(stage).seed)
        stage.say(Request.START_TAKE)
        stage.run(0.2)
        stage.say(Request.KEEP_TAKE)
    kinds = {Seeds.NEXT: [0, 1, 2], Seeds.SAME: [0, 0, 0]}
    assert seen == kinds.get(seeds, seen)
    assert len(set(seen)) == (1 if seeds is Seeds.SAME else 3)


def test_any_environment_can_wait_for_each_press(stage: Stage) -> None:
    options(stage, turn_based=True)
    assert stage.last(EnvOpened).turn_based
    stage.say(Request.START_TAKE)
    stage.run(2.0)
    assert live(stage).steps == 0
    for key in ("key.w", "key.a", "key.w"):
        press(stage, key)
        press(stage, key, 0.0)
    stage.run(0.5)
    assert live(stage).steps == 3


def test_controls_are_changed_remembered_and_reset(stage: Stage) -> None:
    def main_keys() -> list[str]:
        hint = next(h for h in stage.last(EnvOpened).hints if h.name == "up")
        return [c for c in hint.controls if c.startswith("key.")]

    stage.say(BindMove("up", "key.a"))
    assert main_keys() == ["key.a"]
    assert "'Left' had that" in stage.last(Notice).text
    stage.say(Request.START_TAKE)
    press(stage, "key.a")
    stage.run(0.2)
    assert live(stage).action == "Main engine"
    stage.say(Request.KEEP_TAKE)
    stage.say(OpenEnv("CartPole-v1"))
    stage.say(OpenEnv("LunarLander-v3"))
    assert main_keys() == ["key.a"]
    stage.say(ChooseHand("right"))
    assert main_keys() == ["key.i"]
    stage.say(ResetControls())
    assert main_keys() == ["key.w", "key.up"]
    assert not stage.last(EnvOpened).is_own


def test_axes_are_tuned(stage: Stage) -> None:
    stage.say(OpenEnv("MountainCarContinuous-v0"))
    stage.say(TuneAxis("1", "scale", 0.5))
    stage.say(TuneAxis("1", "invert", 1.0))
    (axis,) = stage.last(EnvOpened).axes
    assert (axis.scale, axis.invert) == (0.5, True)
    stage.say(Request.START_TAKE)
    press(stage, "key.d")
    stage.run(0.2)
    assert live(stage).action == "Push −0.50"


def test_what_a_policy_sees_is_shown(stage: Stage) -> None:
    options(stage, preview=Preview.NUMBERS)
    assert len(live(stage).numbers) == 8
    stage.say(OpenEnv("CarRacing-v3"))
    options(stage, preview=Preview.PICTURE)
    stage.say(Request.START_TAKE)
    stage.run(0.2)
    seen = [m for m in stage.heard if isinstance(m, Pictured) and m.view == "seen"]
    assert seen[-1].frame is not None
    assert seen[-1].frame.height == seen[-1].frame.width == 96


def test_the_pad_rumbles_at_an_end_only_if_it_is_wished(stage: Stage) -> None:
    for wished in (False, True):
        options(stage, rumble=wished)
        stage.say(Request.START_TAKE)
        stage.run(30.0)
        assert any(isinstance(m, Rumble) for m in stage.heard) is wished
        stage.say(Request.DISCARD_TAKE)


def test_a_key_let_go_while_going_back_is_not_stuck(stage: Stage) -> None:
    stage.say(Request.START_TAKE)
    press(stage, "key.w")
    stage.run(1.5)
    assert live(stage).action == "Main engine"
    stage.say(Request.REWIND)
    stage.run(0.1)
    press(stage, "key.w", 0.0)
    stage.say(Request.REWIND_END)
    stage.run(0.2)
    assert live(stage).action == "Nothing"
    press(stage, "key.a")
    stage.say(Request.PAUSE)
    press(stage, "key.a", 0.0)
    stage.say(Request.RESUME)
    stage.run(0.2)
    assert live(stage).action == "Nothing"


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


def test_actions_of_several_parts_are_driven_shown_and_recorded(stage: Stage) -> None:
    stage.say(OpenEnv("Braided-v0"))
    stage.say(Request.START_TAKE)
    press(stage, stage.last(EnvOpened).hints[0].key)
    stage.run(0.5)
    assert live(stage).phase == "running"
    assert live(stage).action.startswith("Action 1")
    stage.say(Request.KEEP_TAKE)
    assert episodes(stage)[0].total_steps >= 9


def test_a_pause_is_no_part_of_the_episodes_time(stage: Stage) -> None:
    stage.say(Request.START_TAKE)
    stage.run(1.0)
    stage.say(Request.PAUSE)
    stage.run(20.0)
    assert live(stage).elapsed_s < 1.1
    stage.say(Request.RESUME)
    press(stage, "key.a")
    stage.run(0.5)
    assert live(stage).elapsed_s < 1.7
    stage.say(Request.KEEP_TAKE)
    stage.settle()
    assert "30.0 Hz" in stage.last(Notice).text or "20.0 Hz" in stage.last(Notice).text


def test_the_next_episode_does_not_begin_behind_a_sheet(stage: Stage) -> None:
    options(stage, auto_next=True, goal=5)
    stage.say(Request.START_TAKE)
    for _ in range(400):
        stage.run(0.1)
        if live(stage).phase == "ended":
            break
    assert 0 < live(stage).waiting_s <= 1.5  # type: ignore[operator]
    stage.say(Request.PAUSE)  # what the window says when a sheet opens or the focus goes
    stage.run(3.0)
    assert (live(stage).phase, live(stage).pending) == ("ended", True)


def test_going_back_ends_with_the_take(stage: Stage) -> None:
    stage.say(Request.START_TAKE)
    stage.run(1.0)
    stage.say(Request.REWIND)
    stage.run(0.1)
    stage.say(Request.RETRY)
    stage.run(0.5)
    assert not live(stage).rewinding
    assert live(stage).steps > 5
    stage.say(Request.REWIND_END)
    stage.run(0.5)
    assert live(stage).steps > 15
