"""The process in this process, with environments that misbehave and a clock of our own."""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop import workflows
from teleop.api.policies import iter_record
from teleop.recording import Library
from teleop.runtime.protocol.comparison_messages import ShowReplay
from teleop.runtime.protocol.session_messages import (
    EnvFailed,
    LibraryChanged,
    Notice,
    OpenEnv,
    Pictured,
    Request,
    ShowPreview,
    Tone,
)
from tests.harness.environment_process import ManualProcess


class Fragile(gym.Env[Any, Any]):
    """Breaks in the way it is told to."""

    observation_space = spaces.Box(-1, 1, (2,), np.float32)
    action_space = spaces.Discrete(2)
    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(self, breaks: str, render_mode: str | None = None) -> None:
        self.breaks, self.render_mode, self.steps = breaks, render_mode, 0

    def reset(self, **_: Any) -> Any:
        """Break, or begin."""
        if self.breaks == "reset":
            raise OSError("no such track")
        return np.zeros(2, np.float32), {}

    def step(self, _: Any) -> Any:
        """Break at the fourth step, or go on."""
        self.steps += 1
        late = self.steps >= 4
        if late and self.breaks == "step":
            raise ZeroDivisionError("the wheel came off")
        observation = np.zeros(3 if late and self.breaks == "shape" else 2, np.float32)
        reward = None if late and self.breaks == "reward" else 1.0
        return observation, reward, False, False, {}

    def render(self) -> Any:
        """A picture, or what some environments give instead."""
        return "a text" if self.breaks == "render" else np.zeros((40, 60, 3), np.uint8)


for _way in ("reset", "step", "shape", "reward", "render"):
    gym.register(
        f"Fragile{_way.title()}-v0", entry_point=f"{__name__}:Fragile", kwargs={"breaks": _way}
    )


@pytest.fixture
def process(library: Library) -> Iterator[ManualProcess]:
    process = ManualProcess(library)
    yield process
    process.process.close(process.now)


@pytest.mark.parametrize("way", ["step", "shape", "reward"])
def test_an_environment_that_breaks_costs_no_step_before_it(
    process: ManualProcess, way: str
) -> None:
    process.say(OpenEnv(f"Fragile{way.title()}-v0"))
    process.say(Request.START_TAKE)
    process.run(2.0)
    notice = process.last(Notice)
    assert notice.tone is Tone.BAD
    live = process.last(Pictured).live
    assert (live.phase, live.pending, live.recording) == ("ended", True, False)
    process.say(Request.KEEP_TAKE)
    process.settle()
    (episode,) = process.last(LibraryChanged).episodes
    assert episode.total_steps == 3
    process.say(Request.START_TAKE)  # it goes on
    assert process.last(Pictured).live.recording


@pytest.mark.parametrize(
    ("way", "words"), [("reset", "failed in reset"), ("render", "cannot be drawn")]
)
def test_an_environment_that_cannot_be_shown_leaves_the_one_before(
    process: ManualProcess, way: str, words: str
) -> None:
    process.say(OpenEnv("CartPole-v1"))
    process.say(OpenEnv(f"Fragile{way.title()}-v0"))
    assert words in process.last(EnvFailed).problem
    process.say(Request.NEW_SEED)
    assert process.last(Pictured).live.phase == "ready"


def test_a_policy_for_another_space_is_said(process: ManualProcess, library: Library) -> None:
    list(
        iter_record(
            library, "CartPole-v1", "human-like", 1, dataset_id="lunarlander-v3/human-v0", seed=0
        )
    )
    training = workflows.TrainingJob(
        library,
        "lunarlander-v3/human-v0",
        "bc",
        {"members": 1, "lag_steps": 0, "steps": 300},
        "p",
    )
    assert list(training.run())
    path = training.folder / "config.json"
    path.write_text(path.read_text().replace('"env_id": "CartPole-v1"', '"env_id": "Acrobot-v1"'))
    process.say(OpenEnv("LunarLander-v3"))
    process.say(ShowPreview("lunarlander-v3/human-v0", "p"))
    assert "differ from those of Acrobot-v1" in process.last(Notice).text


def test_a_broken_policy_and_a_broken_episode_are_said(
    process: ManualProcess, library: Library
) -> None:
    dataset_id = "cartpole-v1/human-v0"
    list(iter_record(library, "CartPole-v1", "human-like", 1, dataset_id=dataset_id, seed=0))
    dataset = library.dataset(dataset_id)
    folder = dataset.policies / "junk"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    process.say(OpenEnv("CartPole-v1"))
    process.say(ShowReplay(dataset_id, dataset.rows()[0].file, ("junk",)))
    assert "cannot be read" in process.last(Notice).text
    path = dataset.folder / "data" / "episodes" / dataset.rows()[0].file
    path.write_bytes(b"junk")
    process.say(ShowReplay(dataset_id, path.name, ("junk",)))
    assert "cannot be read" in process.last(Notice).text
    process.settle()


def test_keys_keep_working_after_undo_with_nothing_to_undo(process: ManualProcess) -> None:
    process.say(OpenEnv("CartPole-v1"))
    process.say(Request.UNDO)
    assert "nothing to undo" in process.last(Notice).text
    process.say(Request.START_TAKE)
    process.run(0.5)
    process.say(Request.DISCARD_TAKE)
    assert process.last(Notice).tone is Tone.UNDO
    process.say(Request.UNDO)
    process.settle()
    assert len(process.last(LibraryChanged).episodes) == 1


def test_a_take_waits_again_once_a_vanished_folder_is_back(
    process: ManualProcess, library: Library
) -> None:
    process.say(OpenEnv("CartPole-v1"))
    process.say(Request.START_TAKE)
    process.run(0.5)
    away = library.root.with_name("unplugged")
    library.root.rename(away)
    process.run(0.5)
    process.say(Request.KEEP_TAKE)
    process.settle()
    assert "no longer exists" in process.last(Notice).text
    assert not process.last(Pictured).live.pending
    away.rename(library.root)
    process.run(0.1)
    assert process.last(Pictured).live.pending
    process.say(Request.KEEP_TAKE)
    process.settle()
    assert len(process.last(LibraryChanged).episodes) == 1
