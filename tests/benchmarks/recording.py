"""What recording adds to a step, beside Minari's DataCollector where it can be used."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from teleop.envs.making import make_env
from teleop.evaluate import RandomPolicy
from teleop.recording import Library, Recorder, dataset_info
from teleop.types import Step
from tests.benchmarks.report import say

STEPS = 3000
ENVS = ("CartPole-v1", "LunarLander-v3")


def run() -> None:
    """Measure each in turns, and print medians."""
    for env_id in ENVS:
        plain = _added(env_id, _nothing)
        ours = _added(env_id, _teleop)
        say(f"{env_id}: a step without recording, µs", f"{plain:.1f}")
        say(f"{env_id}: Teleop adds, µs", f"{ours - plain:.1f}")
        try:
            theirs = _added(env_id, _minari)
        except ImportError as problem:
            say(f"{env_id}: Minari's DataCollector", f"not usable here: {problem}")
            continue
        say(f"{env_id}: Minari's DataCollector adds, µs", f"{theirs - plain:.1f}")


Stepper = Callable[[Any], Any]


def _added(env_id: str, make: Callable[[gym.Env[Any, Any], Path], tuple[Any, Stepper]]) -> float:
    """Median microseconds of a step, ends of episodes left out."""
    policy = RandomPolicy(env_id)
    with tempfile.TemporaryDirectory() as folder:
        env, record = make(make_env(env_id, render=False), Path(folder))
        policy.reset(0)
        env.reset(seed=0)
        times = []
        for _ in range(STEPS):
            action = policy.act(None)
            began = time.perf_counter()
            result = env.step(action)
            record((action, *result))
            times.append(time.perf_counter() - began)
            if result[2] or result[3]:
                env.reset()
        return float(np.median(times) * 1e6)


def _nothing(env: gym.Env[Any, Any], _: Path) -> tuple[Any, Stepper]:
    return env, lambda _: None


def _minari(env: gym.Env[Any, Any], _: Path) -> tuple[Any, Stepper]:
    from minari import DataCollector

    return DataCollector(env, record_infos=True), lambda _: None


def _teleop(env: gym.Env[Any, Any], folder: Path) -> tuple[Any, Stepper]:
    dataset = Library(folder).open_for_writing("bench/human-v0", dataset_info(env))
    dataset.claim()
    recorder = Recorder(dataset, env)
    observation, info = env.reset(seed=0)
    recorder.start(observation, info, 0, RandomPolicy("CartPole-v1"), 0.0)

    def record(row: Any) -> None:
        action, observation, reward, terminated, truncated, info = row
        recorder.step(Step(observation, action, float(reward), terminated, truncated, info))

    return env, record
