"""One way to play an episode, and one sentence for whatever an environment raises."""

from typing import Any

import pytest

from teleop.envs.conversion import RewardError
from teleop.envs.stepping import iter_episode, iter_random_steps, repeated
from teleop.errors import EnvError
from tests.harness.counting import counting


def test_an_episode_is_its_reset_and_then_each_step() -> None:
    played = list(iter_episode(counting(length=3), lambda seen: int(seen[0]) + 5, seed=7))
    assert [(t.action, float(t.observation[0]), t.reward, t.over) for t in played] == [
        (None, 0.0, 0.0, False),
        (5, 1.0, 5.0, False),
        (6, 2.0, 6.0, False),
        (7, 3.0, 7.0, True),
    ]
    assert played[0].info == {"seed": 7}


def test_an_episode_ends_where_nothing_is_chosen_or_enough_was_played() -> None:
    assert len(list(iter_episode(counting(), lambda seen: None if seen[0] else 0))) == 2
    assert len(list(iter_episode(counting(), lambda _: 0, most=2))) == 3
    assert [t.action for t in repeated(counting(), 0, [1, 0])] == [None, 1, 0]


def test_random_steps_go_on_over_episodes_and_are_the_same_for_a_seed() -> None:
    first, second = ([t.action for t in iter_random_steps(counting(), 8, seed=3)] for _ in range(2))
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
        list(iter_episode(counting(fails=fails), lambda _: 0))


@pytest.mark.parametrize(("reward", "words"), [(None, "is None"), ([1, 2], "has 2 values")])
def test_a_reward_that_is_not_one_number_says_what_to_do(reward: Any, words: str) -> None:
    with pytest.raises(RewardError, match=f"^The reward of Counting-v0 {words}.*--"):
        list(iter_episode(counting(reward=reward), lambda _: 0))
