"""Environments whose pictures are not what one expects, and those too slow for their pace."""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.recording import Library
from teleop.runtime.protocol.session_messages import (
    EnvFailed,
    LibraryChanged,
    Notice,
    OpenEnv,
    Pictured,
    Request,
    Tone,
)
from teleop.runtime.protocol.shared_frames import FrameReader
from tests.harness.environment_process import ManualProcess, press


class Screen(gym.Env[Any, Any]):
    """Draws as it is told: growing pictures, grey ones, or none from the third on."""

    observation_space = spaces.Box(-1, 1, (2,), np.float32)
    action_space = spaces.Discrete(2)
    metadata = {"render_modes": ["rgb_array"], "render_fps": 20}  # noqa: RUF012

    def __init__(self, way: str, render_mode: str | None = None) -> None:
        self.way, self.render_mode, self.drawn = way, render_mode, 0

    def reset(self, **_: Any) -> Any:
        """Begin."""
        return np.zeros(2, np.float32), {}

    def step(self, _: Any) -> Any:
        """Go on."""
        return np.zeros(2, np.float32), 1.0, False, False, {}

    def render(self) -> Any:
        """The next picture."""
        self.drawn += 1
        if self.way == "none" and self.drawn > 2:
            return None
        if self.way == "grey":
            return np.full((40, 60), 128, np.uint8)
        return np.zeros((40 + 10 * self.drawn, 60, 3), np.uint8)


for _way in ("grows", "grey", "none"):
    gym.register(f"Screen{_way.title()}-v0", entry_point=f"{__name__}:Screen", kwargs={"way": _way})


@pytest.fixture
def process(library: Library) -> Iterator[ManualProcess]:
    process = ManualProcess(library)
    yield process
    process.process.close(process.now)


@pytest.mark.parametrize(("way", "grows"), [("grows", True), ("grey", False)])
def test_pictures_of_any_size_and_grey_ones_are_shown(
    process: ManualProcess, way: str, grows: bool
) -> None:
    process.say(OpenEnv(f"Screen{way.title()}-v0"))
    assert not any(isinstance(message, EnvFailed) for message in process.heard)
    process.say(Request.START_TAKE)
    reader, sizes = FrameReader(), []
    for _ in range(8):
        process.run(0.1)
        frame = process.last(Pictured).frame
        picture = reader.read(frame)
        assert picture is not None
        assert picture.shape[2] == 3
        sizes.append(picture.shape[0])
        del picture
    reader.close()
    assert (sizes == sorted(set(sizes))) is grows


def test_no_picture_any_more_is_said_and_the_take_goes_on(process: ManualProcess) -> None:
    process.say(OpenEnv("ScreenNone-v0"))
    process.say(Request.START_TAKE)
    process.run(1.0)
    notice = process.last(Notice)
    assert notice.tone is Tone.BAD
    assert "cannot be drawn" in notice.text
    said = [m for m in process.heard if isinstance(m, Notice) and "cannot be drawn" in m.text]
    assert len(said) == 1  # not at every step
    process.say(Request.KEEP_TAKE)
    process.settle()
    (episode,) = process.last(LibraryChanged).episodes
    assert episode.total_steps >= 18


def test_an_environment_too_slow_for_its_pace_shows_its_real_rate(process: ManualProcess) -> None:
    process.say(OpenEnv("ScreenGrey-v0"))
    process.say(Request.START_TAKE)
    end = process.now + 5.0
    while process.now < end:
        process.now += 0.1  # each step takes 100 ms where 50 were wanted
        process.process.tick(process.now)
    live = process.last(Pictured).live
    assert live.pace_hz == 20
    assert live.real_hz == pytest.approx(10, rel=0.05)
    process.say(Request.KEEP_TAKE)
    process.settle()
    assert "10.0 of 20 Hz" in process.last(Notice).text


def test_a_hole_in_an_episode_is_named_with_its_place(process: ManualProcess) -> None:
    process.say(OpenEnv("ScreenGrey-v0"))
    process.say(Request.START_TAKE)
    process.run(2.0)
    process.now += 30.0  # nothing happens: the computer was asleep, or the environment hung
    process.run(1.0)
    process.say(Request.KEEP_TAKE)
    process.settle()
    said = process.last(Notice).text
    assert "30." in said.split(" s without a step before step ")[0]
    assert "only" in said


def test_turn_based_play_has_no_rate(process: ManualProcess) -> None:
    process.say(OpenEnv("FrozenLake-v1"))
    process.say(Request.START_TAKE)
    for _ in range(4):
        press(process, "key.d")
        process.run(0.5)
        press(process, "key.d", 0.0)
        process.run(0.5)
    process.say(Request.KEEP_TAKE)
    process.settle()
    said = [m.text for m in process.heard if isinstance(m, Notice) and "Saved" in m.text]
    assert said
    assert "Hz" not in said[-1]
    assert "inputs/s" not in said[-1]
