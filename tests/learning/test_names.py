"""Observations that name something: state numbers by their factors, texts by their words."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.envs.factors import state_factors
from teleop.envs.making import close_env, make_env
from teleop.learning.algorithms import bc
from teleop.learning.demonstrations import load_demonstrations
from teleop.learning.inputs import Encoding, text_words
from teleop.learning.policy import load_policy
from teleop.recording import Dataset, Library, Recorder, dataset_info
from teleop.session import Session, record_episodes, seeds_from
from teleop.types import Action, Actor, Observation


class Ask(gym.Env[Any, Any]):
    """Says where to go; the number beside it says nothing."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012
    MISSIONS = ("go left", "go right", "wait here")

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.action_space = spaces.Discrete(3)
        self.observation_space = spaces.Dict(
            {"mission": spaces.Text(20), "noise": spaces.Box(-1, 1, (1,))}
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        self._steps = 0
        return self._next(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        reward = float(action == self._wanted)
        self._steps += 1
        return self._next(), reward, self._steps == 20, False, {}

    def render(self) -> Any:
        return np.zeros((32, 32, 3), np.uint8)

    def _next(self) -> Any:
        self._wanted = int(self.np_random.integers(3))
        noise = self.np_random.uniform(-1, 1, 1).astype(np.float32)
        return {"mission": self.MISSIONS[self._wanted], "noise": noise}


class Obeys:
    """Does what the mission says."""

    actor = Actor.SCRIPT
    name = "obeys"

    def reset(self, seed: int) -> None:
        """Nothing to forget."""

    def act(self, observation: Observation) -> Action:
        """By the words."""
        return np.int64(Ask.MISSIONS.index(observation["mission"]))


def recorded(library: Library) -> Dataset:
    if "Ask-v0" not in gym.registry:
        gym.register("Ask-v0", entry_point=lambda **given: Ask(**given))
    env = make_env("Ask-v0", render=False)
    dataset = library.open_for_writing("ask/script-v0", dataset_info(env))
    dataset.claim()
    recorder = Recorder(dataset, env)
    make = lambda: make_env("Ask-v0", render=False)  # noqa: E731
    session = Session(make, Obeys(), seeds_from(0), recorder)
    list(record_episodes(session, recorder, 4))
    session.close()
    dataset.release()
    return dataset


@pytest.mark.parametrize(
    ("env_id", "state", "factors"),
    [
        ("Taxi-v4", 123, (1, 1, 0, 3)),
        ("FrozenLake-v1", 7, (1, 3)),
        ("CliffWalking-v1", 47, (3, 11)),
    ],
)
def test_a_state_number_is_taken_apart(env_id: str, state: int, factors: tuple[int, ...]) -> None:
    env = make_env(env_id, render=False)
    found = state_factors(env)
    encoding = Encoding(env.observation_space, found)
    close_env(env)
    assert found[state] == factors
    sizes = [max(column) + 1 for column in zip(*found, strict=True)]
    row = encoding.row(np.int64(state))
    assert encoding.features == sum(sizes) == len(row)
    offsets = np.cumsum([0, *sizes[:-1]])
    assert np.flatnonzero(row).tolist() == [o + f for o, f in zip(offsets, factors, strict=True)]


def test_numbers_without_factors_stay_names() -> None:
    for env_id in ("CartPole-v1", "Blackjack-v1"):
        env = make_env(env_id, render=False)
        assert state_factors(env) == ()
        close_env(env)


def test_a_mission_is_learned_from_by_its_words(library: Library, tmp_path: Path) -> None:
    demos = load_demonstrations(recorded(library))
    assert demos.encoding.words == ("go", "here", "left", "right", "wait")
    assert demos.encoding.left_out == ()
    policy = bc.clone(demos, bc.Config(members=1, budget_s=0))
    policy.save(tmp_path / "p")
    loaded = load_policy(tmp_path / "p")
    for number, mission in enumerate(Ask.MISSIONS):
        observation = {"mission": mission, "noise": np.zeros(1, np.float32)}
        assert policy.act(observation) == loaded.act(observation) == number


def test_texts_that_never_change_say_nothing() -> None:
    space = spaces.Text(20)
    assert text_words(space, [["go left", "go left"]]) == ()
    assert text_words(space, [["go left"], ["Go RIGHT!"]]) == ("go", "left", "right")
