"""The scripted demonstrators solve their environments, as people would or exactly."""

import pytest

from teleop.envs.factory import close_env, make_env
from teleop.errors import LearningError
from teleop.evaluation.scoring import evaluate, score
from teleop.experts import EXPERTS, make_expert, make_human_like

LEAST = {
    "CartPole-v1": 475,
    "MountainCar-v0": -125,
    "MountainCarContinuous-v0": 88,
    "Acrobot-v1": -100,
    "Pendulum-v1": -220,
    "LunarLander-v3": 180,
    "LunarLanderContinuous-v3": 180,
    "teleop/RingTrack-v0": 150,
}


@pytest.mark.parametrize("env_id", EXPERTS)
def test_each_expert_solves_its_environment(env_id: str) -> None:
    results = list(evaluate(env_id, make_expert(env_id), 6, first_seed=0))
    assert score(env_id, "expert", results).mean >= LEAST[env_id]


@pytest.mark.parametrize("env_id", ["LunarLander-v3", "Pendulum-v1", "CartPole-v1"])
def test_a_person_holds_keys_and_is_repeatable(env_id: str) -> None:
    env = make_env(env_id, render=False)
    person = make_human_like(make_expert(env_id), env_id, env.action_space)
    runs = []
    for _ in range(2):
        observation, _ = env.reset(seed=4)
        person.reset(4)
        actions = []
        for _ in range(60):
            action = person.act(observation)
            assert env.action_space.contains(action)
            actions.append(str(action))
            observation, *_ = env.step(action)
        runs.append(actions)
    assert runs[0] == runs[1]
    held = sum(a == b for a, b in zip(runs[0], runs[0][1:], strict=False))
    assert held > 20
    close_env(env)


def test_an_environment_without_an_expert_names_those_with_one() -> None:
    with pytest.raises(LearningError, match="LunarLander-v3"):
        make_expert("BipedalWalker-v3")
