"""The environments made for teaching: valid, reproducible, drawn at any size, and fair."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from teleop.envs.factory import close_env, make_env
from teleop.envs.teaching.ring_track import CENTRE_LINE, HALF_WIDTH, STEPS, nearest_point
from teleop.envs.teaching.two_gates import DECISIONS, ROCK
from teleop.errors import EnvError

TEACHING = ("teleop/RingTrack-v0", "teleop/TwoGates-v0", "teleop/TreasureGrid-v0")


@pytest.mark.parametrize("env_id", TEACHING)
@pytest.mark.filterwarnings("error")
def test_gymnasium_finds_nothing_wrong(env_id: str) -> None:
    check_env(gym.make(env_id, render_mode="rgb_array").unwrapped)


@pytest.mark.parametrize("env_id", TEACHING)
@pytest.mark.parametrize("size", [64, 240, 1080])
def test_they_are_drawn_at_any_size(env_id: str, size: int) -> None:
    env = make_env(f"{env_id}?render_size={size}")
    env.reset(seed=1)
    first: Any = env.render()
    assert first.shape == (size, size, 3)
    moves = env.action_space
    env.step(np.int64(1) if isinstance(moves, gym.spaces.Discrete) else np.ones(1, np.float32))
    second: Any = env.render()
    assert (first != second).any(axis=2).mean() > 0.001  # it moves
    close_env(env)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("teleop/RingTrack-v0?render_size=8", "render_size is 8; expected 32 to 2048"),
        ("teleop/RingTrack-v0?gusts=-1", "gusts is -1; expected 0 to 2"),
        ("teleop/TwoGates-v0?render_size=9999", "render_size is 9999"),
        ("teleop/TreasureGrid-v0?walls=z9", "there is no cell z9; expected a1 to h8"),
        ("teleop/TreasureGrid-v0?walls=a1", "a wall at a1 would stand on a start"),
    ],
)
def test_arguments_out_of_range_are_one_sentence(name: str, words: str) -> None:
    with pytest.raises(EnvError, match=words):
        make_env(name)


def _drive(env: gym.Env[Any, Any], steering: list[float], seed: int) -> list[dict[str, Any]]:
    env.reset(seed=seed)
    return [env.step(np.array([each], np.float32))[4] for each in steering]


def test_every_run_starts_on_the_centre_line_along_it() -> None:
    env = make_env("teleop/RingTrack-v0", render=False)
    places = []
    for seed in range(50):
        observation, _ = env.reset(seed=seed)
        index, apart = nearest_point(observation[:2])
        along = CENTRE_LINE[(index + 1) % len(CENTRE_LINE)] - CENTRE_LINE[index - 1]
        along /= np.linalg.norm(along)
        assert apart < 1e-3
        assert float(along @ observation[2:]) > 0.999
        places.append(index)
    assert len(set(places)) > 40  # anywhere


def test_a_run_goes_on_over_the_grass_and_is_no_success() -> None:
    env = make_env("teleop/RingTrack-v0", render=False)
    infos = _drive(env, [0.0] * STEPS, seed=3)
    assert infos[-1]["distance"] > HALF_WIDTH
    assert not infos[-1]["is_success"]
    _, reward, terminated, truncated, _ = env.unwrapped.step(np.zeros(1, np.float32))
    assert (float(reward), terminated, truncated) == (0.0, False, False)


def test_the_wind_is_the_same_for_everyone() -> None:
    env = make_env("teleop/RingTrack-v0?gusts=0.5", render=False)
    left = [info["gust"] for info in _drive(env, [-1.0] * 60, seed=5)]
    right = [info["gust"] for info in _drive(env, [1.0] * 60, seed=5)]
    assert left == right
    assert len(set(left)) > 2
    assert 0.0 in left


@pytest.mark.parametrize(("steering", "passes"), [(1.0, True), (-1.0, True), (0.0, False)])
def test_the_rock_is_passed_on_either_side_only(steering: float, *, passes: bool) -> None:
    env = make_env("teleop/TwoGates-v0", render=False)
    env.reset(seed=2)
    rewards, infos, over = [], [], False
    while not over:
        _, reward, terminated, truncated, info = env.step(np.array([steering], np.float32))
        over = terminated or truncated
        rewards.append(reward)
        infos.append(info)
    assert infos[-1]["is_success"] is passes
    assert rewards[-1] == (1.0 if passes else -1.0)
    assert len(rewards) == (DECISIONS + 2 if passes else DECISIONS)
    assert ROCK < DECISIONS * 0.1  # within reach
