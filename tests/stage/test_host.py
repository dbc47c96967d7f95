"""The stage in this process, with environments that misbehave and a clock of our own."""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop import workflows
from teleop.api.policies import iter_record
from teleop.recording import Library
from teleop.runtime.processes.environment_process import EnvironmentProcess
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


class Stage:
    """A host that is driven by hand."""

    def __init__(self, library: Library) -> None:
        self.heard: list[Any] = []
        self.now = 0.0
        self.host = EnvironmentProcess(library, library.root / "none", 0, self.heard.append)

    def say(self, message: Any) -> None:
        self.host.handle(message, self.now)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += 0.05
            self.host.tick(self.now)

    def settle(self) -> None:
        """Until nothing is being written."""
        driving = self.host.driving
        while driving and driving.busy:
            self.host.tick(self.now)

    def last(self, kind: type) -> Any:
        return [message for message in self.heard if isinstance(message, kind)][-1]


@pytest.fixture
def stage(library: Library) -> Iterator[Stage]:
    stage = Stage(library)
    yield stage
    stage.host.close(stage.now)


@pytest.mark.parametrize("way", ["step", "shape", "reward"])
def test_an_environment_that_breaks_costs_no_step_before_it(stage: Stage, way: str) -> None:
    stage.say(OpenEnv(f"Fragile{way.title()}-v0"))
    stage.say(Request.START_TAKE)
    stage.run(2.0)
    notice = stage.last(Notice)
    assert notice.tone is Tone.BAD
    live = stage.last(Pictured).live
    assert (live.phase, live.pending, live.recording) == ("ended", True, False)
    stage.say(Request.KEEP_TAKE)
    stage.settle()
    (episode,) = stage.last(LibraryChanged).episodes
    assert episode.total_steps == 3
    stage.say(Request.START_TAKE)  # it goes on
    assert stage.last(Pictured).live.recording


@pytest.mark.parametrize(
    ("way", "words"), [("reset", "failed in reset"), ("render", "cannot be drawn")]
)
def test_an_environment_that_cannot_be_shown_leaves_the_one_before(
    stage: Stage, way: str, words: str
) -> None:
    stage.say(OpenEnv("CartPole-v1"))
    stage.say(OpenEnv(f"Fragile{way.title()}-v0"))
    assert words in stage.last(EnvFailed).problem
    stage.say(Request.NEW_SEED)
    assert stage.last(Pictured).live.phase == "ready"


def test_a_policy_for_another_space_is_said(stage: Stage, library: Library) -> None:
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
    stage.say(OpenEnv("LunarLander-v3"))
    stage.say(ShowPreview("lunarlander-v3/human-v0", "p"))
    assert "spaces of Acrobot-v1 differ" in stage.last(Notice).text


def test_a_broken_policy_and_a_broken_episode_are_said(stage: Stage, library: Library) -> None:
    dataset_id = "cartpole-v1/human-v0"
    list(iter_record(library, "CartPole-v1", "human-like", 1, dataset_id=dataset_id, seed=0))
    dataset = library.dataset(dataset_id)
    folder = dataset.policies / "junk"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    stage.say(OpenEnv("CartPole-v1"))
    stage.say(ShowReplay(dataset_id, dataset.rows()[0].file, ("junk",)))
    assert "not a policy" in stage.last(Notice).text
    path = dataset.folder / "data" / "episodes" / dataset.rows()[0].file
    path.write_bytes(b"junk")
    stage.say(ShowReplay(dataset_id, path.name, ("junk",)))
    assert "cannot be read" in stage.last(Notice).text
    stage.settle()


def test_keys_keep_working_after_undo_with_nothing_to_undo(stage: Stage) -> None:
    stage.say(OpenEnv("CartPole-v1"))
    stage.say(Request.UNDO)
    assert "nothing to undo" in stage.last(Notice).text
    stage.say(Request.START_TAKE)
    stage.run(0.5)
    stage.say(Request.DISCARD_TAKE)
    assert stage.last(Notice).tone is Tone.UNDO
    stage.say(Request.UNDO)
    stage.settle()
    assert len(stage.last(LibraryChanged).episodes) == 1


def test_a_take_waits_again_once_a_vanished_folder_is_back(stage: Stage, library: Library) -> None:
    stage.say(OpenEnv("CartPole-v1"))
    stage.say(Request.START_TAKE)
    stage.run(0.5)
    away = library.root.with_name("unplugged")
    library.root.rename(away)
    stage.run(0.5)
    stage.say(Request.KEEP_TAKE)
    stage.settle()
    assert "no longer exists" in stage.last(Notice).text
    assert not stage.last(Pictured).live.pending
    away.rename(library.root)
    stage.run(0.1)
    assert stage.last(Pictured).live.pending
    stage.say(Request.KEEP_TAKE)
    stage.settle()
    assert len(stage.last(LibraryChanged).episodes) == 1
