"""One way to play an episode, and one sentence for whatever an environment raises."""

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.envs.conversion import ConvertingWrapper, RewardError
from teleop.envs.stepping import iter_episode, iter_random_steps, repeated
from teleop.errors import EnvError


class Counting(gym.Env[Any, Any]):
    """Its observation is how many steps were taken; it ends after three."""

    observation_space = spaces.Box(0, 10, (1,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, fails: str = "", reward: Any = 1) -> None:
        self.steps, self.fails, self.reward = 0, fails, reward

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        if self.fails == "reset":
            raise KeyError("goal")
        self.steps = 0
        return self._seen(), {"seed": seed}

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        self.steps += 1
        assert action in self.action_space
        if self.fails == "step" and self.steps == 2:
            raise ZeroDivisionError("wheel")
        return self._seen(), self.reward, self.steps == 3, False, {}

    def _seen(self) -> Any:
        return np.array([self.steps], np.float32)


def env(**kwargs: Any) -> ConvertingWrapper:
    return ConvertingWrapper(Counting(**kwargs), name="Counting-v0")


def test_an_episode_is_its_reset_and_then_each_step() -> None:
    played = list(iter_episode(env(), lambda seen: int(seen[0]) % 2, seed=7))
    assert [(t.action, float(t.observation[0]), t.reward, t.over) for t in played] == [
        (None, 0.0, 0.0, False),
        (0, 1.0, 1.0, False),
        (1, 2.0, 1.0, False),
        (0, 3.0, 1.0, True),
    ]
    assert played[0].info == {"seed": 7}


def test_an_episode_ends_where_nothing_is_chosen_or_enough_was_played() -> None:
    assert len(list(iter_episode(env(), lambda seen: None if seen[0] else 0))) == 2
    assert len(list(iter_episode(env(), lambda _: 0, most=2))) == 3
    assert [t.action for t in repeated(env(), 0, [1, 0])] == [None, 1, 0]


def test_random_steps_go_on_over_episodes_and_are_the_same_for_a_seed() -> None:
    first, second = ([t.action for t in iter_random_steps(env(), 8, seed=3)] for _ in range(2))
    assert len(first) == 8
    assert first == second
    assert None not in first


@pytest.mark.parametrize(
    ("fails", "words"),
    [
        ("reset", r"^Counting-v0 failed in reset: KeyError: 'goal'\. .*reset_options"),
        ("step", r"^Counting-v0 failed in step 2: ZeroDivisionError: wheel\.$"),
    ],
)
def test_what_an_environment_raises_is_one_sentence(fails: str, words: str) -> None:
    with pytest.raises(EnvError, match=words):
        list(iter_episode(env(fails=fails), lambda _: 0))


@pytest.mark.parametrize(("reward", "words"), [(None, "is None"), ([1, 2], "has 2 numbers")])
def test_a_reward_that_is_not_one_number_says_what_to_do(reward: Any, words: str) -> None:
    with pytest.raises(RewardError, match=f"^The reward of Counting-v0 {words}.*--"):
        list(iter_episode(env(reward=reward), lambda _: 0))
