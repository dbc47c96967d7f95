"""Learning from few demonstrations: mean return over five seeds, 20 fresh starts each.

The demonstrations come from a model of a skilled person at the keyboard (`experts.human_like`). To
run only some rows, name them: `python -m tests.benchmarks learning:lunar`. With IMITATION_PYTHON,
`imitation`'s behavioural cloning also learns from the same demonstrations, with the recipe of its
documentation.
"""

import itertools
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from teleop.api.policies import iter_record
from teleop.envs.factory import make_env
from teleop.evaluation.scoring import evaluate
from teleop.learning.algorithms import bc, dagger, iq
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.numpy_training import DenseFit
from teleop.learning.networks.torch_training import warm_up
from teleop.learning.tuning.lag_search import best_lag, iter_lags
from teleop.recording import Dataset, Library, Recorder, dataset_info
from teleop.session import Session, record_episodes, seeds_from
from teleop.types import Action, Actor, Observation, Policy
from tests.benchmarks import scale
from tests.benchmarks.gated import gated_rounds
from tests.benchmarks.report import say
from tests.benchmarks.track_driver import TrackDriver

SEEDS = range(5)
EPISODES = 20
LANDER = "LunarLander-v3"
CARS = "CarRacing-v3?continuous=false"
CAR_STEPS = 400
_ID = "bench/demo-v0"

_THEIRS = """
import sys, time
import numpy as np, gymnasium as gym
from imitation.algorithms import bc
from imitation.data.types import Transitions
data, choices, seed = np.load(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
rows, actions = data["rows"], data["actions"]
n, width = rows.shape
transitions = Transitions(obs=rows, acts=actions, infos=np.array([{}] * n),
                          next_obs=rows, dones=np.zeros(n, bool))
began = time.perf_counter()
trainer = bc.BC(observation_space=gym.spaces.Box(-np.inf, np.inf, (width,)),
                action_space=gym.spaces.Discrete(choices), demonstrations=transitions,
                rng=np.random.default_rng(seed))
trainer.train(n_epochs=10, progress_bar=False, log_interval=10**9)
print("seconds", time.perf_counter() - began, flush=True)
for line in sys.stdin:
    row = np.array(line.split(), np.float32)
    print("action", int(trainer.policy.predict(row, deterministic=True)[0]), flush=True)
"""


class Imitated:
    """`imitation`'s policy, in a process with the libraries that it needs."""

    actor = Actor.POLICY
    name = "imitation"

    def __init__(self, python: str, demos: Demonstrations, seed: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "data.npz"
            actions = demos.flat[:, 0].astype(np.int64)
            np.savez(path, rows=demos.inputs.vector, actions=actions)
            self._process = subprocess.Popen(
                [python, "-c", _THEIRS, str(path), str(demos.head.size), str(seed)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self.seconds = float(self._word("seconds"))

    def reset(self, seed: int) -> None:
        """Do nothing: the policy has no state."""

    def act(self, observation: Observation) -> Action:
        """Return the policy's action."""
        assert self._process.stdin
        self._process.stdin.write(" ".join(map(str, np.asarray(observation).tolist())) + "\n")
        self._process.stdin.flush()
        return np.int64(self._word("action"))

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _word(self, name: str) -> str:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith(name):
                return line.split()[1]
        raise RuntimeError("imitation's process ended")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: what is trained, and the return that it must reach."""

    name: str
    aim: float
    run: Callable[[int], tuple[float, float]]  # seed -> (policy's mean, demonstrations' mean)


def run(only: str = "") -> None:
    """Run every row with a name that starts with `only`."""
    warm_up()
    for row in _rows():
        if not row.name.lower().startswith(only.lower()):
            continue
        began = time.perf_counter()
        found = [row.run(seed) for seed in SEEDS]
        policies, people = np.array(found).T
        seconds = (time.perf_counter() - began) / len(SEEDS)
        text = f"{policies.mean():.1f} ± {policies.std(ddof=1):.1f}, people {people.mean():.1f}"
        verdict = "" if policies.mean() >= row.aim else "  SHORT"
        say(row.name, f"{text}; aim {row.aim:g}; {seconds:.0f} s a seed{verdict}")
    if "lag".startswith(only.lower()):
        _lags()
    if "first".startswith(only.lower()):
        _first()
    if "million".startswith(only.lower()):
        _million()
    if "imitation".startswith(only.lower()):
        _imitation()


def _rows() -> Iterator[Row]:
    for env_id, count, aim in (
        ("CartPole-v1", 5, 475),
        ("Acrobot-v1", 5, -100),
        ("MountainCar-v0", 5, -145),
        ("Pendulum-v1", 25, -180),
        (LANDER, 5, 0),
        (LANDER, 10, 170),
        (LANDER, 25, 230),
        ("LunarLanderContinuous-v3", 5, 230),
        ("LunarLanderContinuous-v3", 25, 255),
    ):
        yield Row(f"{env_id}, {count}", aim, _cloning(env_id, count))
    yield Row("DAgger, LunarLander, 1 + 5 x 3", 215, _dagger)
    yield Row("Gated DAgger, LunarLander, 5 + 3 x 5", 195, gated_rounds)
    yield Row("Inverse RL, CartPole, 1 whole", 475, _inverse)
    yield Row("CarRacing 5 keys, pixels, 12 x 400", 550, _cars)


def _cloning(env_id: str, count: int) -> Callable[[int], tuple[float, float]]:
    def row(seed: int) -> tuple[float, float]:
        with _demonstrations(env_id, count, seed) as demos:
            return _mean(env_id, bc.clone(demos, bc.Config(seed=seed))), demos.mean_return

    return row


def _dagger(seed: int) -> tuple[float, float]:
    with _demonstrations(LANDER, 1, seed) as demos:
        policies = [p.policy for p in dagger.train(demos, dagger.Config(seed=seed)) if p.policy]
        return _mean(LANDER, policies[-1]), demos.mean_return


def _inverse(seed: int) -> tuple[float, float]:
    for start in itertools.count(1000 * seed):
        with _demonstrations("CartPole-v1", 1, start) as demos:
            if demos.mean_return < 500:
                continue
            began = time.perf_counter()
            policies = [p.policy for p in iq.train(demos, iq.Config(seed=seed)) if p.policy]
            seconds = time.perf_counter() - began
            mean = _mean("CartPole-v1", policies[-1])
            say(f"  seed {seed}", f"{mean:.0f} after {iq.Config().steps:,} steps, {seconds:.0f} s")
            return mean, demos.mean_return
    raise AssertionError


def _record(dataset: Dataset, driver: Policy, env_id: str, seed: int, episodes: int) -> None:
    dataset.writer.claim()
    recorder = Recorder(dataset, make_env(env_id, render=False))
    session = Session(lambda: make_env(env_id, render=False), driver, seeds_from(seed), recorder)
    list(record_episodes(session, recorder, episodes))
    session.close()
    dataset.writer.release()


def _cars(seed: int) -> tuple[float, float]:
    driver, name = TrackDriver(), f"{CARS}&time_limit={CAR_STEPS}"

    def make() -> Any:
        driver.env = make_env(name, render=False)
        return driver.env

    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder))
        dataset = library.open_for_writing(_ID, dataset_info(make()))
        dataset.writer.claim()
        recorder = Recorder(dataset, make())
        session = Session(make, driver, seeds_from(1000 * seed), recorder)
        list(record_episodes(session, recorder, 12))
        session.close()
        dataset.writer.release()
        demos = load_demonstrations(dataset)
        began = time.process_time()
        policy = bc.clone(demos, bc.Config(seed=seed))
        seconds = time.process_time() - began
        mean = _mean(CARS, policy)
        whole = f"; the driver itself {_driven(driver):.0f}" if seed == 0 else ""
        say(f"  seed {seed}", f"{mean:.0f} after {seconds:.0f} CPU-s{whole}")
        return mean, demos.mean_return


def _driven(driver: TrackDriver) -> float:
    """Return the mean return of the scripted driver over whole laps from three starts."""
    returns = []
    for seed in range(50_000, 50_003):
        env = driver.env = make_env(CARS, render=False)
        env.reset(seed=seed)
        driver.reset(seed)
        total, over = 0.0, False
        while not over:
            _, reward, terminated, truncated, _ = env.step(driver.act(None))
            total, over = total + float(reward), terminated or truncated
        returns.append(total)
    return float(np.mean(returns))


def _lags() -> None:
    """Print the lags found; the model foresees 70 % of 150 to 250 ms: 2 to 3 frames are left."""
    found = []
    for seed in SEEDS:
        with _demonstrations(LANDER, 25, seed) as demos:
            found.append(best_lag(demos, list(iter_lags(demos, seed))))
    say("lag found from 25 demonstrations, frames", f"{found} (100 ms is 3)")


def _first() -> None:
    """Measure the time from the click to the first and to the last policy, with torch loaded."""
    with _demonstrations(LANDER, 25, 0) as demos:
        began = time.perf_counter()
        seconds = [
            time.perf_counter() - began
            for progress in bc.train(demos, bc.Config())
            if progress.policy
        ]
        text = f"{seconds[0]:.1f}, {seconds[-1]:.1f}"
        say("first playable policy (aim 2 s), all networks (10 s)", text)


def _million() -> None:
    """Measure an optimiser step and memory, from ten thousand to a million transitions."""
    for episodes in (10, 100, 1000):
        with tempfile.TemporaryDirectory() as folder:
            dataset = scale.make(Path(folder), episodes, 1000)
            before, began = scale.memory_mb(), time.perf_counter()
            demos = load_demonstrations(dataset)
            loaded = time.perf_counter() - began
            pairs = demos.pairs(3)
            fit = DenseFit(demos, pairs, Normaliser.of(demos.inputs.vector, pairs[:, 0]))
            fit.run(100)
            began = time.perf_counter()
            fit.run(2000)
            step_us = (time.perf_counter() - began) / 2000 * 1e6
            text = f"{step_us:.0f} us a step, loaded in {loaded:.1f} s"
            say(
                f"{episodes * 1000:,} transitions", f"{text}, + {scale.memory_mb() - before:.0f} MB"
            )


def _imitation() -> None:
    python = os.environ.get("IMITATION_PYTHON", "")
    if not python:
        say("imitation", "not measured: set IMITATION_PYTHON")
        return
    for env_id, count in (("CartPole-v1", 5), ("CartPole-v1", 25), (LANDER, 5), (LANDER, 25)):
        ours, theirs, seconds, took = [], [], [], []
        for seed in SEEDS:
            with _demonstrations(env_id, count, seed) as demos:
                began = time.perf_counter()
                policy = bc.clone(demos, bc.Config(seed=seed))
                seconds.append(time.perf_counter() - began)
                ours.append(_mean(env_id, policy))
                peer = Imitated(python, demos, seed)
                theirs.append(_mean(env_id, peer))
                took.append(peer.seconds)
                peer.close()
        us = f"{np.mean(ours):.0f} ± {np.std(ours, ddof=1):.0f} in {np.mean(seconds):.1f} s"
        them = f"{np.mean(theirs):.0f} ± {np.std(theirs, ddof=1):.0f} in {np.mean(took):.1f} s"
        say(f"{env_id}, {count}: Teleop / imitation", f"{us} / {them}")


class _demonstrations:  # noqa: N801  used as a function
    """Human-like demonstrations that exist inside a `with` block."""

    def __init__(self, env_id: str, count: int, seed: int) -> None:
        self._wanted = (env_id, count, 1000 * seed if seed < 1000 else seed)
        self._folder = tempfile.TemporaryDirectory()

    def __enter__(self) -> Demonstrations:
        env_id, count, seed = self._wanted
        library = Library(Path(self._folder.name))
        list(iter_record(library, env_id, "human-like", count, dataset_id=_ID, seed=seed))
        return load_demonstrations(library.dataset(_ID))

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


def _mean(env_id: str, policy: Policy) -> float:
    returns = [result.total_reward for result in evaluate(env_id, policy, EPISODES)]
    return float(np.mean(returns))
