"""The loop: pace, pauses, broken environments."""

from typing import Any

import gymnasium as gym
import pytest
from gymnasium import spaces

from teleop.envs.conversion import ConvertingWrapper
from teleop.envs.factory import make_env
from teleop.errors import EnvError
from teleop.experts import make_expert
from teleop.session import Session, seeds_from
from teleop.types import Actor


class BreaksAtFive(gym.Env[Any, Any]):
    """Throws in its fifth step."""

    observation_space = spaces.Discrete(9)
    action_space = spaces.Discrete(2)
    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(self) -> None:
        self._steps = 0

    def reset(self, **_: Any) -> tuple[int, dict[str, Any]]:
        self._steps = 0
        return 0, {}

    def step(self, _: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        self._steps += 1
        if self._steps == 5:
            raise ZeroDivisionError("the wheel came off")
        return self._steps, 1.0, False, False, {}


class Always:
    """Does the same every time."""

    actor = Actor.SCRIPT
    name = "always"

    def reset(self, seed: int) -> None:
        """Nothing to forget."""

    def act(self, observation: object) -> int:
        """One."""
        del observation
        return 1


def cart_pole() -> Session:
    make = lambda: make_env("CartPole-v1", render=False)  # noqa: E731
    return Session(make, make_expert("CartPole-v1"), seeds_from(0))


def test_steps_come_at_the_pace_and_never_bunch_up() -> None:
    session = cart_pole()
    session.base_pace_hz = 10.0
    session.start(0.0)
    assert [session.tick(t) for t in (0.05, 0.1, 0.15, 0.2)] == [False, True, False, True]
    assert session.tick(5.0)  # the computer slept
    assert session.tick(5.01)  # one step is owed
    assert not session.tick(5.02)


def test_a_press_brings_one_step_forward_and_leaves_the_pace() -> None:
    session = cart_pole()
    session.base_pace_hz = 10.0
    session.start(0.0)
    session.hasten()
    assert session.due_s == pytest.approx(0.06)
    assert not session.tick(0.05)
    assert session.tick(0.07)
    assert not session.tick(0.16)  # only once
    assert session.tick(0.2)


def test_speed_changes_the_pace() -> None:
    session = cart_pole()
    session.base_pace_hz, session.speed = 10.0, 2.0
    session.start(0.0)
    assert [session.tick(t) for t in (0.05, 0.1)] == [True, True]


def test_a_pause_holds_and_goes_on_where_it_was() -> None:
    session = cart_pole()
    session.start(0.0)
    session.tick(1.0)
    session.pause()
    assert session.due_s is None
    assert not session.tick(9.0)
    session.resume(9.0)
    assert session.tick(9.2)
    assert session.steps == 2


def test_each_episode_has_its_own_seed_and_a_fresh_environment() -> None:
    session = cart_pole()
    first, env = session.seed, session.env
    session.renew(0.0)
    assert session.seed == first + 1
    assert session.env is not env


def test_an_environment_that_breaks_ends_the_episode_with_a_sentence() -> None:
    session = Session(lambda: ConvertingWrapper(BreaksAtFive()), Always(), seeds_from(0))
    session.start(0.0)
    assert all(session.tick(float(now)) for now in range(1, 5))
    with pytest.raises(EnvError, match="failed in step 5: ZeroDivisionError: the wheel"):
        session.tick(5.0)
    assert session.phase.value == "ended"
    session.renew(6.0)
    assert session.phase.value == "ready"
