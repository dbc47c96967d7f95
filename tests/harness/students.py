"""Students: what they record and hand in, and a forged take."""

from pathlib import Path
from typing import Any

import gymnasium as gym

import teleop
from teleop.evaluation.scoring import RandomPolicy
from teleop.experts import make_expert
from teleop.types import YOU, Actor
from tests.harness.cli import teleop as command


class Student:
    """A person, as the recorder sees one, who acts as another driver does."""

    actor, name = Actor.HUMAN, YOU

    def __init__(self, driver: str, env_id: str) -> None:
        drivers = {"expert": make_expert, "random": RandomPolicy}
        self._driver: Any = drivers[driver](env_id)

    def reset(self, seed: int) -> None:
        self._driver.reset(seed)

    def act(self, observation: Any) -> Any:
        return self._driver.act(observation)


def hand_in(
    here: Path,
    name: str,
    driver: Any,
    *,
    env_id: str = "CartPole-v1",
    trains: bool = True,
    **more: Any,
) -> Path:
    """What a student would hand in: three takes and a policy."""
    dataset_id = "cartpole-v1/human-v0"
    root = here / name / "recordings"
    data = teleop.record(
        env_id, Student(driver, env_id), 3, dataset_id=dataset_id, root=root, **more
    )
    if trains:
        policy = teleop.train(data, teleop.Nearest(lag_steps=0))
        policy.save(data.folder / "policies" / "nearest")
    target = here / "class" / f"{name}.teleop.zip"
    target.parent.mkdir(exist_ok=True)
    command("export", dataset_id, "--output", str(target), here=here / name)
    return target


def forged(here: Path, name: str, env_id: str = "CartPole-v1") -> Path:
    """Two takes; in the first, one action is another than was taken. The hashes are sound."""
    dataset_id, root = "cartpole-v1/human-v0", here / name / "recordings"
    env, driver = gym.make(env_id), Student("expert", env_id)
    inner, steps, space = env.unwrapped.step, 0, env.action_space
    assert isinstance(space, gym.spaces.Discrete)

    def step(action: Any) -> Any:
        nonlocal steps
        steps += 1
        return inner((action + 1) % int(space.n) if steps == 5 else action)

    env.unwrapped.step = step  # type: ignore[method-assign]
    recorded = teleop.RecordEpisodes(env, dataset_id, root=root, driver="human")
    for seed in (1, 2):
        observation, _ = recorded.reset(seed=seed)
        driver.reset(seed)
        over = False
        while not over:
            observation, _, terminated, truncated, _ = recorded.step(driver.act(observation))
            over = terminated or truncated
    recorded.close()
    target = here / "class" / f"{name}.teleop.zip"
    command("export", dataset_id, "--output", str(target), here=here / name)
    return target
