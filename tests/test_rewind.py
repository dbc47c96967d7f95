"""Rewinding: the same again from the seed, then on from there; what was left is kept apart."""

import copy
import time
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from teleop.envs.factory import make_env
from teleop.episode_trace import Probe, checksum, iter_probe
from teleop.errors import EnvError
from teleop.recording import Library, Recorder, dataset_info
from teleop.session import Phase, Session, seeds_from
from teleop.types import Actor
from tests.harness.counting import counting


class Wanderer:
    """Somebody at the keys who never lands."""

    actor, name = Actor.HUMAN, "you"

    def __init__(self, env_id: str) -> None:
        self._space = make_env(env_id, render=False).action_space
        self._space.seed(0)

    def reset(self, seed: int) -> None: ...

    def act(self, _: object) -> object:
        return self._space.sample()


def drive(env_id: str, folder: Path, steps: int) -> tuple[Session, Recorder]:
    library = Library(folder)
    env = make_env(env_id, render=False)
    dataset = library.open_for_writing("test/human-v0", dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    session = Session(
        lambda: Endless(make_env(env_id, render=False)),
        Wanderer(env_id),
        seeds_from(3),
        recorder,
        can_rewind=True,
    )
    session.start(0.0)
    run(session, steps)
    return session, recorder


def run(session: Session, steps: int) -> None:
    now = session.steps / session.pace_hz
    for _ in range(steps):
        now += 1 / session.pace_hz
        assert session.tick(now + 1e-6)


class Endless(gym.Wrapper[object, object, object, object]):
    """Goes on after a crash, so that a long episode can be driven at random."""

    def step(self, action: object) -> tuple[object, float, bool, bool, dict[str, object]]:
        observation, reward, _, truncated, info = self.env.step(action)
        return observation, float(reward), False, truncated, info


def test_from_step_600_five_seconds_back_and_the_rest_is_exact(tmp_path: Path) -> None:
    session, recorder = drive("LunarLander-v3", tmp_path, 600)
    seen = [session.trace.rewards[i] for i in range(450)]  # type: ignore[union-attr]
    began = time.perf_counter()
    left = session.rewind(450, 450 / 30)
    assert time.perf_counter() - began < 5  # its aim, 0.3 s, is a benchmark's
    assert left is not None
    assert (left.total_steps, session.steps, session.phase) == (600, 450, Phase.RUNNING)
    assert session.total_reward == pytest.approx(sum(seen))
    run(session, 40)
    take = session.stop()
    assert take is not None
    assert take.total_steps == 490
    row = recorder.keep(take)
    episode = recorder.dataset.read(row)
    assert list(episode.rewards[:450]) == seen
    assert np.all(np.diff(episode.times_s) > 0)
    env = Endless(make_env("LunarLander-v3", render=False))
    observation, _ = env.reset(seed=3)
    for step in range(490):
        assert np.array_equal(np.asarray(observation), episode.observations[step])
        observation = env.step(int(episode.actions[step]))[0]
    name = recorder.discard(left)
    assert recorder.dataset.writer.restore(name).total_steps == 600  # the branch that was left
    session.close()
    recorder.dataset.writer.release()


def test_pictures_go_back_too_and_a_take_that_is_over_can_be_resumed(tmp_path: Path) -> None:
    session, recorder = drive("CarRacing-v3", tmp_path, 30)
    over = session.stop()
    assert over is not None
    session.rewind(20, 20 / 50)
    run(session, 5)
    take = session.stop()
    assert take is not None
    assert recorder.keep(take).total_steps == 25
    session.close()
    recorder.dataset.writer.release()


class Moody(gym.ObservationWrapper[np.ndarray, int, np.ndarray]):
    """Never twice the same."""

    def observation(self, observation: np.ndarray) -> np.ndarray:
        return observation + np.float32(time.perf_counter() % 1.0)


def test_an_environment_that_is_not_reproducible_stays_where_it_is() -> None:
    env_id = "CartPole-v1"
    session = Session(
        lambda: Moody(make_env(env_id, render=False)),
        Wanderer(env_id),
        seeds_from(0),
        can_rewind=True,
    )
    session.start(0.0)
    run(session, 5)
    with pytest.raises(EnvError, match="not reproducible"):
        session.rewind(2, 1.0)
    assert session.steps == 5
    run(session, 1)
    session.close()


def test_a_probe_tells_which_environments_can_go_back() -> None:
    def verdict(make: object) -> str:
        return list(iter_probe(make, 0))[-1]  # type: ignore[arg-type]

    assert verdict(lambda: make_env("LunarLander-v3", render=False)) == ""
    assert "differ at step 0" in verdict(lambda: Moody(make_env("CartPole-v1", render=False)))
    lengths = iter((9, 6))
    assert "differ at step 7" in verdict(lambda: counting(length=next(lengths)))


def test_a_probe_looks_at_25_steps_and_closes_what_it_made() -> None:
    made: list[Any] = []

    def make() -> gym.Env[Any, Any]:
        env = counting(length=90)
        made.append(env)
        return env

    probe, looks = Probe(make, 0), 0
    while not probe.over:
        probe.look()
        looks += 1
    assert (probe.problem, looks) == ("", 27)  # the reset, 25 steps, and the end
    assert [(env.unwrapped.steps, env.unwrapped.closed) for env in made] == [(25, True)] * 2


@pytest.mark.parametrize("fails", ["reset", "step"])
def test_a_probe_of_an_environment_that_fails_says_why(fails: str) -> None:
    probe = Probe(lambda: counting(fails=fails), 0)
    assert (probe.over, probe.problem) == (False, "")
    while not probe.over:
        probe.look()
    assert f"failed in {fails}" in probe.problem


@pytest.mark.parametrize(
    "pair",
    [
        (np.zeros(2), np.ones(2)),
        ({"a": np.zeros(2)}, {"a": np.ones(2)}),
        ({"a": 1}, {"b": 1}),
        ((1, 2), (1, 3)),
        ([1, 2], [2, 1]),
        ("ab", "ac"),
        (1, 2),
    ],
)
def test_different_observations_have_different_checksums(pair: tuple[object, object]) -> None:
    one, other = pair
    assert checksum(one) == checksum(copy.deepcopy(one))
    assert checksum(one) != checksum(other)
