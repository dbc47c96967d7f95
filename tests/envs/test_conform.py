"""Environments as they are: other types than their spaces say, odd pictures, odd constructors."""

import functools
from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.envs.conversion import as_in_space
from teleop.envs.factory import close_env, make_env
from teleop.envs.pictures import draw
from teleop.errors import EnvError
from teleop.evaluation.scoring import RandomPolicy, evaluate
from teleop.session import Session, seeds_from


class Odd(gym.Env[Any, Any]):
    """Everything as another type than its space says."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012
    observation_space = spaces.Dict({"x": spaces.Box(-9, 9, (2,), np.float32)})
    action_space = spaces.Discrete(2)
    picture: Any = np.full((40, 60, 3), 0.5)
    reward: Any = np.array([2.0])

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.at = (options or {}).get("at", 0)
        return {"x": [self.at, 0.1]}, {}

    def step(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        self.at += int(action >= 0)
        return {"x": [self.at, 0.1]}, self.reward, np.bool_(self.at > 4), np.array([False]), {}

    def render(self) -> Any:
        return self.picture


class NoRenderMode(Odd):
    def __init__(self) -> None:
        self.render_mode = "rgb_array"


class AlwaysDraws(Odd):
    def __init__(self, render_mode: str = "rgb_array") -> None:
        assert render_mode == "rgb_array", "render_mode None is not supported"
        self.render_mode = render_mode


class HumanOnly(Odd):
    metadata = {"render_modes": ["human"], "render_fps": 30}  # noqa: RUF012
    picture = None

    def __init__(self, render_mode: str | None = None) -> None:
        if render_mode not in (None, "human"):
            raise ValueError(f"render_mode {render_mode} not supported")


class Vector(Odd):
    reward = np.array([1.0, -1.0])


class NeedsOptions(Odd):
    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        return super().reset(seed=seed, options={"at": options["at"]})  # type: ignore[index]


def _new(kind: Any, **given: Any) -> gym.Env[Any, Any]:
    made: gym.Env[Any, Any] = kind(**given)
    return made


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    kinds = (Odd, NoRenderMode, AlwaysDraws, HumanOnly, Vector, NeedsOptions)
    for kind in kinds:
        gym.register(f"{kind.__name__}-v0", entry_point=functools.partial(_new, kind))
    yield
    for kind in kinds:
        gym.registry.pop(f"{kind.__name__}-v0")


def test_values_have_the_types_of_their_spaces() -> None:
    env = make_env("Odd-v0", render=False)
    observation, _ = env.reset(seed=0)
    assert observation["x"].dtype == np.float32
    observation, reward, terminated, truncated, _ = env.step(0)
    assert observation["x"].tolist() == [1.0, np.float32(0.1)]
    assert (reward, terminated, truncated) == (2.0, False, False)
    assert [type(part) for part in (reward, terminated, truncated)] == [float, bool, bool]
    close_env(env)
    (result,) = evaluate("Odd-v0", RandomPolicy("Odd-v0"), 1)
    assert (result.total_steps, result.total_reward) == (5, 10.0)


@pytest.mark.parametrize("name", ["NoRenderMode-v0", "AlwaysDraws-v0"])
def test_constructors_that_know_no_or_one_render_mode(name: str) -> None:
    for render in (True, False):
        env = make_env(name, render=render)
        env.reset(seed=0)
        assert draw(env).shape == (40, 60, 3)
        close_env(env)


@pytest.mark.parametrize(
    ("picture", "value"),
    [
        (np.full((40, 60, 3), 0.5), 127),
        (np.full((40, 60, 3), 100.0), 100),
        (np.full((3, 40, 60), 7, np.uint8), 7),
        ([np.full((40, 60, 3), 7, np.uint8)] * 2, 7),
        (np.full((40, 60), True), 255),
    ],
)
def test_pictures_of_other_kinds_are_seen(
    monkeypatch: pytest.MonkeyPatch, picture: Any, value: int
) -> None:
    monkeypatch.setattr(Odd, "picture", picture)
    env = make_env("Odd-v0")
    env.reset(seed=0)
    drawn = draw(env)
    assert drawn.shape == (40, 60, 3)
    assert drawn.dtype == np.uint8
    assert (drawn == value).all()
    close_env(env)


def test_what_cannot_be_drawn_or_scored_is_said() -> None:
    with pytest.raises(EnvError, match="needs render_mode='rgb_array'"):
        make_env("HumanOnly-v0")
    close_env(make_env("HumanOnly-v0", render=False))
    with pytest.raises(EnvError, match=r"2 values.*reward_weights=\[1, 0\]"):
        list(evaluate("Vector-v0", RandomPolicy("Vector-v0"), 1))


@pytest.mark.parametrize(
    ("weights", "total"), [("[1,0]", 5.0), ("[0.5,2]", -7.5), ("[0,1.0]", -5.0)]
)
def test_rewards_of_several_numbers_are_weighed(weights: str, total: float) -> None:
    name = f"Vector-v0?reward_weights={weights}"
    (result,) = evaluate(name, RandomPolicy(name), 1)
    assert (result.total_steps, result.total_reward) == (5, total)


@pytest.mark.parametrize("option", ["reward_weights=[1]", "reward_weights=2", "reset_options=3"])
def test_weights_and_options_without_meaning_are_said(option: str) -> None:
    with pytest.raises(EnvError, match=option.partition("=")[0]):
        list(evaluate(f"Vector-v0?{option}", RandomPolicy("Vector-v0"), 1))


def test_options_for_reset_are_given_or_asked_for() -> None:
    make = lambda: make_env("NeedsOptions-v0", render=False)  # noqa: E731
    with pytest.raises(EnvError, match="reset_options"):
        Session(make, RandomPolicy("Odd-v0"), seeds_from(0), None)
    env = make_env('NeedsOptions-v0?reset_options={"at": 3}', render=False)
    assert env.reset(seed=0)[0]["x"][0] == 3
    close_env(env)


def test_an_environment_that_quits_pygame_leaves_it_to_the_others() -> None:
    import pygame

    class Quits(Odd):
        def close(self) -> None:
            pygame.font.quit()
            pygame.quit()

    pygame.font.init()
    font = pygame.font.Font(None, 20)
    close_env(Quits())
    font.render("still there", True, "black")


@pytest.mark.parametrize(
    ("space", "value", "same"),
    [
        (spaces.Box(0, 255, (2,), np.uint8), np.array([1.0, 2.0]), True),
        (spaces.Box(0, 255, (2,), np.uint8), np.array([0.5, 300.0]), False),
        (spaces.Box(0, 255, (2,), np.uint8), [7, 8], True),
        (spaces.Box(0, 255, (2,), np.uint8), [7, -8], False),
        (spaces.MultiDiscrete([4, 4]), np.array([1, 2], np.uint8), True),
        (spaces.Box(-9, 9, (2,), np.float32), np.zeros(3), False),
    ],
)
def test_a_value_that_another_type_cannot_hold_stays_and_is_flagged(
    space: spaces.Space[Any], value: Any, same: bool
) -> None:
    found = as_in_space(space, value)
    if same:
        assert found.dtype == space.dtype
        assert np.array_equal(found, value)
    else:
        assert found is value
