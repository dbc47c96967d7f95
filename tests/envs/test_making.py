"""Environments are made, drawn, closed; what goes wrong is one sentence."""

import importlib
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.envs.action_spaces.action_labels import branch_words
from teleop.envs.catalogue import CATALOGUE
from teleop.envs.factory import close_env, make_env, pace_of
from teleop.envs.pictures import draw
from teleop.envs.spaces import space_from_json, space_to_json
from teleop.errors import EnvError, RecordingError


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.env_id)
def test_every_entry_opens_draws_and_has_words(entry: Any) -> None:
    env = make_env(entry.env_id)
    env.reset(seed=0)
    picture = draw(env)
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert pace_of(env) > 0 or entry.turn_based
    if isinstance(env.action_space, spaces.Discrete):
        assert len(entry.action_words) == env.action_space.n
    close_env(env)


def test_closing_one_environment_leaves_pygame_to_the_others() -> None:
    racing = make_env("CarRacing-v3")
    racing.reset(seed=0)
    draw(racing)
    for env_id in ("CartPole-v1", "FrozenLake-v1", "Taxi-v4", "CliffWalking-v1", "Pendulum-v1"):
        env = make_env(env_id)
        env.reset(seed=0)
        draw(env)
        close_env(env)
        racing.step(np.zeros(3, np.float32))
        assert draw(racing).any()
    close_env(racing)


def test_a_wrong_id_gets_the_closest_ones() -> None:
    with pytest.raises(EnvError, match=r"Did you mean .*LunarLander-v3"):
        make_env("LunarLandr-v3")
    with pytest.raises(EnvError, match="CartPole"):
        make_env("cartpole-v1")


def test_an_id_that_would_import_a_module_is_refused() -> None:
    with pytest.raises(EnvError, match="No environment is called"):
        make_env("os:CartPole-v1")


def test_a_missing_package_is_named_with_the_line_to_type() -> None:
    gym.register("NeedsMore-v0", entry_point=_needs_more)
    with pytest.raises(EnvError, match=r"pip install 'gymnasium\[box2d\]'"):
        make_env("NeedsMore-v0")


def test_an_environment_that_cannot_draw_says_so() -> None:
    env = make_env("CartPole-v1", render=False)
    env.reset(seed=0)
    with pytest.raises(EnvError, match="CartPole-v1 cannot be drawn"):
        draw(env)


def _needs_more(**_: Any) -> gym.Env[Any, Any]:
    raise gym.error.DependencyNotInstalled("Box2D is not installed")


SPACES = [
    spaces.Box(-1, np.inf, (2, 3), np.float32),
    spaces.Discrete(5, start=-2),
    spaces.MultiDiscrete([2, 3]),
    spaces.MultiBinary(3),
    spaces.Text(8),
    spaces.Dict({"a": spaces.Discrete(2), "b": spaces.Tuple([spaces.Box(0, 1, (1,))])}),
]


@pytest.mark.parametrize("space", SPACES, ids=str)
def test_spaces_come_back_from_json_as_minari_reads_them(space: spaces.Space[Any]) -> None:
    from minari.serialization import deserialize_space

    text = space_to_json(space)
    assert space_from_json(text) == space == deserialize_space(text)


def test_spaces_without_a_stored_form_are_refused_by_name() -> None:
    with pytest.raises(RecordingError, match="Sequence"):
        space_to_json(spaces.Sequence(spaces.Discrete(2)))
    with pytest.raises(RecordingError, match="unknown kind"):
        space_from_json('{"type": "os.system"}')


def test_the_environments_own_words_name_its_actions() -> None:
    make_env("Blackjack-v1", render=False).close()
    assert branch_words("Blackjack-v1", gym.spaces.Discrete(2)) == [["Stick", "Hit"]]
    assert branch_words("Nobody-v0", gym.spaces.Discrete(2)) == [["Action 0", "Action 1"]]


def test_the_former_place_still_imports_and_says_where_things_are() -> None:
    with pytest.warns(DeprecationWarning, match=r"envs\.factory and teleop\.envs\.pictures"):
        former = importlib.import_module("teleop.envs.making")
    assert former.make_env is make_env
