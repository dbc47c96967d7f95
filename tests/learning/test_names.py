"""Observations that name something: state numbers by their factors, texts by their words."""

from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.envs.factors import state_factors
from teleop.envs.factory import close_env, make_env
from teleop.evaluation.scoring import evaluate
from teleop.evaluation.success import rule_of
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.data.inputs import Encoding, text_words
from teleop.learning.policy import load_policy
from teleop.recording import Dataset, Library, Recorder, dataset_info
from teleop.session import Session, record_episodes, seeds_from
from teleop.types import Action, Actor, Observation, Policy


class RunAnalysis(gym.Env[Any, Any]):
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
        return np.int64(RunAnalysis.MISSIONS.index(observation["mission"]))


class Field(gym.Env[Any, Any]):
    """A field of numbered places; the person has to reach one of them from anywhere."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012
    WIDTH, GOAL = 8, 27
    MOVES = ((0, -1), (1, 0), (0, 1), (-1, 0))

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.action_space = spaces.Discrete(len(self.MOVES))
        self.observation_space = spaces.Discrete(self.WIDTH**2)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        self._place = int(self.np_random.integers(self.WIDTH**2))
        self._steps = 0
        return np.int64(self._place), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        right, down = self.MOVES[int(action)]
        row, column = divmod(self._place, self.WIDTH)
        row = min(self.WIDTH - 1, max(0, row + down))
        self._place = self.WIDTH * row + min(self.WIDTH - 1, max(0, column + right))
        self._steps += 1
        over = self._place == self.GOAL
        return np.int64(self._place), -1.0, over, self._steps == 30, {"is_success": over}

    def render(self) -> Any:
        return np.zeros((32, 32, 3), np.uint8)


class Walks:
    """Goes to the right row, then to the right column."""

    actor = Actor.SCRIPT
    name = "walks"

    def reset(self, seed: int) -> None:
        """Nothing to forget."""

    def act(self, observation: Observation) -> Action:
        """One step nearer."""
        row, column = divmod(int(observation), Field.WIDTH)
        to_row, to_column = divmod(Field.GOAL, Field.WIDTH)
        if row != to_row:
            return np.int64(2 if row < to_row else 0)
        return np.int64(1 if column < to_column else 3)


def recorded(library: Library, kind: type[gym.Env[Any, Any]], driver: Policy) -> Dataset:
    env_id = f"{kind.__name__}-v0"
    if env_id not in gym.registry:
        gym.register(env_id, entry_point=lambda **given: kind(**given))
    env = make_env(env_id, render=False)
    dataset = library.open_for_writing(f"{kind.__name__.lower()}/script-v0", dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    make = lambda: make_env(env_id, render=False)  # noqa: E731
    session = Session(make, driver, seeds_from(0), recorder)
    list(record_episodes(session, recorder, 4))
    session.close()
    dataset.writer.release()
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
    demos = load_demonstrations(recorded(library, RunAnalysis, Obeys()))
    assert demos.encoding.words == ("go", "here", "left", "right", "wait")
    assert demos.encoding.left_out == ()
    policy = bc.clone(demos, bc.Config(members=1, budget_s=0))
    policy.save(tmp_path / "p")
    loaded = load_policy(tmp_path / "p")
    for number, mission in enumerate(RunAnalysis.MISSIONS):
        observation = {"mission": mission, "noise": np.zeros(1, np.float32)}
        assert policy.act(observation) == loaded.act(observation) == number


def test_texts_that_never_change_say_nothing() -> None:
    space = spaces.Text(20)
    assert text_words(space, [["go left", "go left"]]) == ()
    assert text_words(space, [["go left"], ["Go RIGHT!"]]) == ("go", "left", "right")


def test_from_states_that_nobody_showed_it_goes_back_to_those_that_were(library: Library) -> None:
    demos = load_demonstrations(recorded(library, Field, Walks()))
    found = list(bc.train(demos, bc.Config(members=1, budget_s=3.0)))
    planned = [p.policy for p in found if p.policy is not None][-1]
    (told,) = [p.finding for p in found if "never demonstrated" in p.finding]
    assert "100% success" in told.split("without it")[0]
    cloned = bc.clone(demos, bc.Config(members=1, reward=False))
    rates = [rule_of("Field-v0").rate(list(evaluate("Field-v0", p))) for p in (planned, cloned)]
    assert rates[0] == 1.0
    assert rates[1] is not None
    assert rates[1] < 0.7
