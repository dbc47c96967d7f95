"""Success is judged by a stated rule, and two policies are compared on the same starts."""

import math
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from teleop.evaluation.paired import compare_results, mcnemar
from teleop.evaluation.scoring import RandomPolicy, evaluate, score
from teleop.evaluation.success import Result, SuccessRule, rule_of, rule_with
from teleop.experts import make_expert


def results(returns: list[float], **fields: Any) -> list[Result]:
    return [Result(seed, total, 10, **fields) for seed, total in enumerate(returns)]


def test_the_environments_own_report_comes_first() -> None:
    rule = rule_of("LunarLander-v3")
    assert rule.judge(Result(0, 300.0, 10, success=False)) is False
    assert rule.judge(Result(0, 300.0, 10)) is True
    assert rule.judge(Result(0, 199.0, 10)) is False
    assert rule.words == "return of 200 or more"


def test_where_only_the_goal_ends_an_episode_reaching_it_is_success() -> None:
    for env_id in ("MountainCar-v0", "Acrobot-v1"):
        reached = score(env_id, "script", list(evaluate(env_id, make_expert(env_id), 3)))
        assert reached.success == 1.0, env_id
        chance = score(env_id, "random", list(evaluate(env_id, RandomPolicy(env_id), 3)))
        assert chance.success == 0.0, env_id


def test_a_registered_threshold_counts_for_environments_outside_the_catalogue() -> None:
    known = gym.registry["Reacher-v5"].reward_threshold
    rule = rule_of("Reacher-v5")
    assert known is not None
    assert rule.least == known


def test_18_of_20_bad_episodes_are_18_failures() -> None:
    demonstrated = [10.0] * 9 + [-100.0]  # the worst take is no measure
    played = results([-50.0] * 18 + [20.0] * 2)
    rule = rule_with("Unknown-v0", demonstrated)
    assert sum(rule.judge(result) is False for result in played) == 18
    assert "3 of 4 demonstrations" in rule.words


def test_episodes_that_a_person_marked_say_what_success_is() -> None:
    rule = rule_with("Unknown-v0", [5.0, 40.0, 60.0, 70.0], [False, True, True, None])
    assert rule.least == 40.0
    assert rule.rate(results([39.0, 40.0, 80.0, 0.0])) == 0.5


def test_without_anything_known_nothing_is_claimed() -> None:
    assert rule_of("Unknown-v0").rate(results([1.0])) is None
    assert score("Unknown-v0", "policy", results([1.0])).rule == ""


def test_pairs_on_the_same_starts_show_which_policy_is_better() -> None:
    rng = np.random.default_rng(0)
    starts = rng.normal(0, 100, 20)  # starts differ far more than policies
    better = results(list(starts + 10 + rng.normal(0, 3, 20)))
    worse = results(list(starts))
    found = compare_results("a", better, "b", worse[::-1], SuccessRule("", 0.0))
    assert found.better == "a"
    assert found.low > 0
    assert "a is better than b." in found.text
    again = compare_results("a", worse, "b", worse, SuccessRule("", 0.0))
    assert again.better == ""
    assert again.p_success == 1.0


def test_success_decides_where_returns_do_not() -> None:
    a = [Result(seed, 0.0, 1, success=True) for seed in range(10)]
    b = [Result(seed, 0.0, 1, success=seed < 2) for seed in range(10)]
    found = compare_results("a", a, "b", b, SuccessRule(""))
    assert (found.only_first, found.only_second) == (8, 0)
    assert found.better == "a"


@pytest.mark.parametrize(
    ("first", "second", "p"), [(0, 0, 1.0), (5, 5, 1.0), (8, 0, 2 / 256), (1, 5, 14 / 64)]
)
def test_mcnemar_is_the_exact_binomial_test(first: int, second: int, p: float) -> None:
    assert math.isclose(mcnemar(first, second), p)
    assert math.isclose(mcnemar(second, first), p)


def test_one_start_shows_no_winner() -> None:
    found = compare_results("a", results([1.0]), "b", results([0.0]), SuccessRule("", 0.5))
    assert found.better == ""
    assert "do not show" in found.text


def test_the_rule_that_is_shown_is_the_one_that_judged() -> None:
    reported = [Result(seed, 500.0, 10, success=False) for seed in range(3)]
    found = score("LunarLander-v3", "policy", reported)
    assert (found.success, found.rule) == (0.0, "as the environment reports it")
    assert score("LunarLander-v3", "policy", results([250.0])).rule == "return of 200 or more"
