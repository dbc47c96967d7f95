"""Choosing by playing: what is better is found, what cannot be played is said, nothing breaks."""

import dataclasses
import itertools
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from teleop.envs.factory import make_env
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.learning.progress import Progress
from teleop.learning.tuning.lag_search import best_lag, iter_lags, two_lags
from teleop.learning.tuning.trials import why_not
from teleop.recording import Library, Recorder, dataset_info
from teleop.session import Session, record_episodes, seeds_from
from teleop.types import Action, Actor, Observation
from tests.harness.toys import STEPS, Toy, forget, mean_return, record_toy, register


class Late:
    """Does the best thing, some steps late, now and then the opposite."""

    actor = Actor.SCRIPT
    name = "human-like"

    def __init__(self, env_id: str, lag: int, wrong: float = 0.0) -> None:
        env = make_env(env_id, render=False).unwrapped
        assert isinstance(env, Toy)
        self._best, self._lag, self._wrong = env.best, lag, wrong

    def reset(self, seed: int) -> None:
        """From the start."""
        forget(self._best)
        self._rng = np.random.default_rng(seed)
        self._seen: deque[Any] = deque(maxlen=self._lag + 1)

    def act(self, observation: Observation) -> Action:
        """The best action of a moment ago."""
        self._seen.append(observation)
        action = self._best(self._seen[0])
        return 1 - action if self._rng.random() < self._wrong else action


class InTurns:
    """Several people, episode by episode."""

    actor = Actor.SCRIPT
    name = "human-like"

    def __init__(self, people: list[Late]) -> None:
        self._turns = itertools.cycle(people)

    def reset(self, seed: int) -> None:
        """The next one's turn."""
        self._now = next(self._turns)
        self._now.reset(seed)

    def act(self, observation: Observation) -> Action:
        """What they do."""
        return self._now.act(observation)


def recorded(library: Library, people: list[Late], episodes: int) -> Demonstrations:
    env_id = register("multi-binary")
    env = make_env(env_id, render=False)
    dataset = library.open_for_writing("toy-people/human-v0", dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    session = Session(
        lambda: make_env(env_id, render=False), InTurns(people), seeds_from(0), recorder
    )
    list(record_episodes(session, recorder, episodes))
    session.close()
    dataset.writer.release()
    return load_demonstrations(dataset)


def looks() -> Callable[[], float]:
    """A clock on which each look costs 1 ms: a busy computer changes nothing."""
    count = itertools.count()
    return lambda: 0.001 * next(count)


def pulled(
    demos: Demonstrations, clock: Callable[[], float] = time.perf_counter, **settings: Any
) -> tuple[LearnedPolicy, list[str]]:
    """(the last policy, what was found out)."""
    config = bc.Config(**({"members": 1, "budget_s": 6.0} | settings))
    progress: list[Progress] = list(bc.train(demos, config, clock=clock))
    policies = [p.policy for p in progress if p.policy is not None]
    assert progress[-1].step == progress[-1].total
    return policies[-1], [p.finding for p in progress if p.finding]


# ---------------------------------------------------------------- what is chosen


def test_the_reaction_time_is_found_by_playing(library: Library) -> None:
    demos = recorded(library, [Late(register("multi-binary"), 6)], 8)
    policy, said = pulled(demos, looks())
    assert policy.config.learned["lag_steps"] == 6
    assert mean_return("multi-binary", policy) > 0.9
    assert any("trial episodes; this uses the reward" in text for text in said)


def test_two_people_of_different_reaction_time_are_told_apart(library: Library) -> None:
    env_id = register("multi-binary")
    demos = recorded(library, [Late(env_id, 1), Late(env_id, 8)], 12)
    guesses = list(iter_lags(demos, 0))
    own = two_lags(demos, guesses)
    assert own is not None
    assert own == ((1, 8) * 6, True)
    policy, _ = pulled(demos, budget_s=0)
    assert policy.config.learned["lag_by_episode"] is not None
    assert mean_return("multi-binary", policy) > 0.9


def test_one_person_is_not_split(library: Library) -> None:
    demos = recorded(library, [Late(register("multi-binary"), 3)], 12)
    guesses = list(iter_lags(demos, 0))
    assert abs(best_lag(demos, guesses) - 3) <= 1
    assert two_lags(demos, guesses) is None


@pytest.mark.slow
def test_takes_that_hurt_are_left_out_and_named(library: Library) -> None:
    env_id = register("multi-binary")
    good, bad = Late(env_id, 0), Late(env_id, 0, wrong=0.95)
    demos = recorded(library, [good, bad], 12)
    policy, said = pulled(demos, looks())
    left_out = policy.config.learned["left_out"]
    assert set(left_out) >= {2, 4, 6, 8, 10, 12}
    assert any(text.startswith("Without episodes 2, 4, 6, 8, 10, 12") for text in said)
    assert mean_return("multi-binary", policy) > 0.85
    kept, _ = pulled(demos, looks(), all_takes=True, budget_s=1.0)
    assert kept.config.learned["left_out"] == []


def test_the_reward_can_be_left_alone(library: Library) -> None:
    demos = recorded(library, [Late(register("multi-binary"), 2)], 6)
    policy, said = pulled(demos, reward=False)
    assert any(text.startswith("The reward is not used") for text in said)
    assert not any("trial episodes" in text for text in said)
    assert policy.config.learned["left_out"] == []


def test_stopping_keeps_a_policy_that_plays(library: Library) -> None:
    demos = load_demonstrations(record_toy(library, "multi-binary", 6))
    progress = bc.train(demos, bc.Config())
    first = next(p.policy for p in progress if p.policy is not None)
    progress.close()  # type: ignore[attr-defined]
    assert mean_return("multi-binary", first) > 0.5


def test_the_budget_ends_the_search(library: Library) -> None:
    demos = recorded(library, [Late(register("multi-binary"), 2, wrong=0.2)], 8)
    count = itertools.count()
    stands, runs = 60, 0.3  # so many looks at the clock cost nothing, each later one seconds
    clock = lambda: runs * max(0, next(count) - stands)  # noqa: E731
    progress = list(bc.train(demos, bc.Config(members=1, budget_s=6.0), clock=clock))
    played = sum(len(p.returns) for p in progress)
    assert 0 < played < 300
    assert progress[-1].policy is not None


# ---------------------------------------------------------------- what cannot be played


class Odd(Toy):
    """A toy with one thing wrong with it."""

    def __init__(self, wrong: str, render_mode: str | None = None) -> None:
        super().__init__("multi-binary", render_mode)
        self._wrong = wrong
        if wrong == "device":
            self.metadata = self.metadata | {"real_time": True}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        if self._wrong == "unseeded":
            seed = None
        if self._wrong == "no seed":
            raise TypeError("reset() got an unexpected keyword argument 'seed'")
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        seen, reward, terminated, truncated, info = super().step(action)
        if self._wrong == "breaks" and self._steps == STEPS - 1:
            raise RuntimeError("wheel fell off")
        rewards: dict[str, Any] = {"no reward": None, "vector": [1.0, 2.0], "nan": np.nan}
        return seen, rewards.get(self._wrong, reward), terminated, truncated, info


@pytest.fixture
def odd(library: Library) -> Callable[[str], Demonstrations]:
    """Makes demonstrations of an environment with something wrong with it."""
    demos = load_demonstrations(record_toy(library, "multi-binary", 6))

    def make(wrong: str) -> Demonstrations:
        env_id = f"Odd{wrong.title().replace(' ', '')}-v0"
        if env_id not in gym.registry:
            gym.register(env_id, entry_point=lambda **given: Odd(wrong, **given))
        return dataclasses.replace(demos, env_id=env_id)

    return make


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("device", "a real device"),
        ("unseeded", "starts differently each time"),
        ("no seed", "failed when it was tried"),
        ("no reward", "no reward"),
        ("vector", "no reward"),
        ("nan", "no reward"),
        ("breaks", "wheel fell off"),
    ],
)
def test_what_cannot_be_played_is_said_and_training_goes_on(
    odd: Any, wrong: str, words: str
) -> None:
    policy, said = pulled(odd(wrong))
    assert any(words in text and "settings were not chosen by playing" in text for text in said)
    assert mean_return("multi-binary", policy) > 0.9


def test_a_slow_environment_and_no_budget_are_said(library: Library) -> None:
    demos = load_demonstrations(record_toy(library, "multi-binary", 2))
    seconds = itertools.count()
    assert "ms a step" in why_not(demos, 20, clock=lambda: 0.1 * next(seconds))
    assert "An episode takes about" in why_not(demos, 20, clock=lambda: 0.02 * next(seconds))
    assert "budget" in why_not(demos, 0)
    assert why_not(demos, 20) == ""
    gone = dataclasses.replace(demos, env_id="Gone-v0")
    assert "No environment is called 'Gone-v0'" in why_not(gone, 20)


def test_one_episode_is_enough_to_train(library: Library) -> None:
    demos = load_demonstrations(record_toy(library, "multi-binary", 1))
    ways: tuple[dict[str, Any], ...] = ({}, {"budget_s": 0.0})
    for settings in ways:
        policy, _ = pulled(demos, **settings)
        assert mean_return("multi-binary", policy) > 0.5


def test_what_was_chosen_is_in_the_policys_folder(library: Library, tmp_path: Any) -> None:
    env_id = register("multi-binary")
    demos = recorded(library, [Late(env_id, 1), Late(env_id, 8)], 12)
    policy, _ = pulled(demos, budget_s=0)
    policy.save(tmp_path / "p")
    learned = load_policy(tmp_path / "p").config.learned
    assert sorted(set(learned["lag_by_episode"].values())) == [1, 8]
    assert {"steps", "left_out", "weighted"} <= learned.keys()


def test_only_what_playing_confirmed_is_called_verified(library: Library) -> None:
    demos = recorded(library, [Late(register("multi-binary"), 2, wrong=0.2)], 8)

    def verified(**settings: Any) -> list[bool]:
        config = bc.Config(members=1, **settings)
        told = bc.train(demos, config, clock=looks())
        return [p.verified for p in told if p.finding]

    assert all(verified(budget_s=6.0))
    assert not any(verified(budget_s=6.0, reward=False))
    count = itertools.count()  # the budget is gone before any two have been compared
    clock = lambda: 3.0 * max(0, next(count) - 60)  # noqa: E731
    hurried = bc.train(demos, bc.Config(members=1, budget_s=6.0), clock=clock)
    assert not any(p.verified for p in hurried if p.finding)
