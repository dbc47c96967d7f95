"""Actions that nothing says a word about: what does nothing is found by trying, and can be told."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.control import ControlSettings, ControlsFile, HumanPolicy, bound, make_scheme
from teleop.envs.action_spaces.idle_action import find_idle
from teleop.envs.factory import make_env
from teleop.errors import ControlError
from teleop.runtime.driving.live_controls import LiveControls
from teleop.runtime.protocol.session_messages import SetIdle, SetTap
from teleop.types import InputEvent


class Thing(gym.Env[Any, Any]):
    """Height and speed; what an action does to the speed is in `pushes`."""

    observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float64)
    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012  Gymnasium's way
    gravity = 0.0

    def __init__(self, pushes: tuple[float, ...], start: int = 0, **_: Any) -> None:
        self._pushes = pushes
        self.action_space = spaces.Discrete(len(pushes), start=start)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        self._state = self.np_random.normal(0, 0.1, 2)
        return self._state.copy(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        push = self._pushes[int(action) - int(self.action_space.start)]  # type: ignore[attr-defined]
        self._state[1] = self._state[1] + push
        self._state[0] += self._state[1]
        return self._state.copy(), 0.0, False, False, {}

    def render(self) -> Any:
        return np.zeros((8, 8, 3), np.uint8)


class Flap(Thing):
    """A flap sets the speed, whatever it was; else things fall."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._state[1] = 9.0 if action else self._state[1] - 1.0
        self._state[0] += self._state[1]
        return self._state.copy(), 0.0, False, False, {}


class Turns(Thing):
    """Nothing happens by itself; the last action leaves all as it is."""

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        self._state[1] = 0.0
        return self._state.copy(), {}


for made in (Thing, Flap, Turns):
    gym.register(f"{made.__name__}-v0", entry_point=f"{made.__module__}:{made.__name__}")


@pytest.mark.parametrize(
    ("env_id", "idle"),
    [
        ("Flap-v0?pushes=[0.0,0.0]", 0),
        ("Thing-v0?pushes=[-1.0,1.0]", None),  # two directions
        ("Thing-v0?pushes=[-1.0,0.0,1.0]", 1),
        ("Thing-v0?pushes=[-1.0,1.0,0.0]&start=-1", 2),
        ("Thing-v0?pushes=[3.0,1.0,-4.0]", None),  # all of them push
        ("Turns-v0?pushes=[1.0,2.0,-1.0,0.0]", 3),
        ("Turns-v0?pushes=[0.0,0.0]", None),  # nothing ever happens: nothing can be said
        ("CartPole-v1", None),
        ("MountainCar-v0", 1),
    ],
)
def test_the_action_that_does_nothing_is_found_by_trying(env_id: str, idle: int | None) -> None:
    assert find_idle(env_id) == idle


def test_one_that_cannot_be_tried_says_nothing() -> None:
    assert find_idle("Nope-v9") is None
    assert find_idle("Pendulum-v1") is None


def actions(policy: HumanPolicy, events: list[tuple[str, float] | None]) -> list[int]:
    """One step for each event, None: nobody moves."""
    done = []
    for event in events:
        if event:
            policy.hear(InputEvent(0.0, *event))
        action: Any = policy.act(None)
        done.append(int(action))
    return done


def person(env_id: str, settings: ControlSettings) -> HumanPolicy:
    scheme = make_scheme(make_env(env_id, render=False), settings)
    return HumanPolicy(scheme, bound(scheme.moves, settings))


def test_the_only_thing_to_do_is_done_once_a_press() -> None:
    policy = person("Flap-v0?pushes=[0.0,0.0]", ControlSettings())
    held = [("key.space", 1.0), None, None, ("key.space", 0.0), ("pad.a", 1.0), None]
    assert actions(policy, held) == [1, 0, 0, 0, 1, 0]


def test_the_person_can_say_otherwise(tmp_path: Path) -> None:
    env_id = "Flap-v0?pushes=[0.0,0.0]"
    env = make_env(env_id)
    controls = LiveControls(tmp_path, env_id, env)
    controls.change(SetTap("right", taps=False), env)
    assert actions(controls.human, [("key.space", 1.0), None, None]) == [1, 1, 1]
    controls.change(SetIdle(-1), env)  # the last one again: then both have a key
    assert {move.name for move in controls.human.moves} == {"left", "right"}
    again = LiveControls(tmp_path, env_id, env)
    assert (again.settings.idle, again.settings.taps) == (-1, {"right": False})
    assert actions(again.human, [("key.d", 1.0), ("key.d", 0.0), None]) == [1, 1, 1]


@pytest.mark.parametrize(("pushes", "idle"), [("[-1.0,0.0,1.0]", 1), ("[3.0,1.0,-4.0]", 0)])
def test_of_several_the_first_is_done_where_trying_does_not_tell(pushes: str, idle: int) -> None:
    policy = person(f"Thing-v0?pushes={pushes}", ControlSettings())
    assert actions(policy, [("key.3", 1.0), ("key.3", 0.0), None]) == [2, idle, idle]


def test_two_directions_have_no_words() -> None:
    scheme = make_scheme(make_env("Thing-v0?pushes=[-1.0,1.0]"))
    assert [move.word for move in scheme.moves] == ["0", "1"]


@pytest.mark.parametrize("line", ["idle = 2", "idle = 'none'", "taps = {right = 1}", "idle = true"])
def test_what_has_no_meaning_is_said(tmp_path: Path, line: str) -> None:
    (tmp_path / "controls.toml").write_text(f'["Flap-v0?pushes=[0.0,0.0]"]\n{line}\n')
    with pytest.raises(ControlError, match=r"controls\.toml"):
        person("Flap-v0?pushes=[0.0,0.0]", ControlsFile(tmp_path).read("Flap-v0?pushes=[0.0,0.0]"))
