"""What the teaching environments show happens, with the product's own training.

Ross & Bagnell 2010 (covariate shift), Ross et al. 2011 (DAgger), Laskey et al. 2017 (DART).
"""

from pathlib import Path
from typing import Any

import pytest

import teleop
from teleop.learning.recipes import find_recipe

SEEDS = [0]
MORE = [11, 12, 13]  # by hand: pytest -m slow
RING, GATES = "teleop/RingTrack-v0", "teleop/TwoGates-v0"


def _success(policy: Any, episodes: int = 20) -> float:
    rate = teleop.evaluate(policy, episodes=episodes).success
    assert rate is not None
    return rate


def _driven(root: Path, driver: str, episodes: int, seed: int, noise: float = 0.0) -> Any:
    first = 100 * seed + 7
    return teleop.record(
        RING, driver, episodes, dataset_id="ring/lesson-v0", root=root, seed=first, noise=noise
    )


def _check_perfect_driver(root: Path, seed: int) -> None:
    data = _driven(root, "expert", 3, seed)
    assert _success(teleop.train(data, teleop.BC(seed=seed))) <= 0.10


def _check_wobbly_driver(root: Path, seed: int) -> None:
    data = _driven(root, "wobbly", 1, seed)
    assert _success(teleop.train(data, teleop.BC(seed=seed))) >= 0.90


def _check_noise(root: Path, seed: int) -> None:
    data = _driven(root, "expert", 3, seed, noise=0.5)
    assert _success(teleop.train(data, teleop.BC(seed=seed))) >= 0.90


def _check_dagger(root: Path, seed: int) -> None:
    data = _driven(root, "expert", 3, seed)
    assert _success(teleop.train(data, teleop.DAgger(seed=seed, rounds=4))) >= 0.90


def _check_gates(root: Path, seed: int, recipe: str) -> None:
    data = teleop.record(
        GATES, "expert", 30, dataset_id="gates/lesson-v0", root=root, seed=100 * seed
    )
    _, settings = find_recipe(recipe)
    rate = _success(teleop.train(data, teleop.BC(seed=seed, **settings)), 40)
    assert rate <= 0.10 if recipe == "average" else rate >= 0.90


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clone_of_perfect_driving_leaves_the_road(tmp_path: Path, seed: int) -> None:
    _check_perfect_driver(tmp_path, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clone_of_wobbly_driving_stays_on_it(tmp_path: Path, seed: int) -> None:
    _check_wobbly_driver(tmp_path, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_repairs_the_perfect_driver(tmp_path: Path, seed: int) -> None:
    _check_noise(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_dagger_repairs_it_within_four_rounds(tmp_path: Path, seed: int) -> None:
    _check_dagger(tmp_path, seed)


@pytest.mark.parametrize("recipe", ["average", "choose", "flow"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_mean_of_two_right_answers_is_wrong(tmp_path: Path, seed: int, recipe: str) -> None:
    _check_gates(tmp_path, seed, recipe)


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE)
def test_all_of_it_on_further_seeds(tmp_path: Path, seed: int) -> None:
    checks = (_check_perfect_driver, _check_wobbly_driver, _check_noise, _check_dagger)
    for number, check in enumerate(checks):
        check(tmp_path / str(number), seed)
    for recipe in ("average", "choose", "flow"):
        _check_gates(tmp_path / recipe, seed, recipe)


def test_what_was_intended_is_learned_and_what_was_done_replays(tmp_path: Path) -> None:
    from teleop.learning.data.demonstrations import load_demonstrations
    from teleop.recording import Library

    data = _driven(tmp_path, "expert", 1, 0, noise=0.5)
    episode = data[0]
    intended = episode.infos["intended_action"][1:]
    assert abs(intended - episode.actions).mean() > 0.2
    demos = load_demonstrations(Library(tmp_path).existing("ring/lesson-v0"))
    assert demos.flat == pytest.approx(intended)
    env = __import__("gymnasium").make(RING)
    observation, _ = env.reset(seed=episode.row.seed)
    for step, action in enumerate(episode.actions):
        assert (observation == episode.observations[step]).all()
        observation, *_ = env.step(action)
