"""Rounds of correction by a model of a person, through the same code path as real keys."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from teleop.api.policies import iter_record
from teleop.envs.catalogue import find_entry
from teleop.envs.factory import make_env
from teleop.evaluation.scoring import evaluate
from teleop.experts import SKILLED, HumanNoise, make_expert, make_human_like
from teleop.experts.watcher import Watcher
from teleop.learning.algorithms import bc
from teleop.learning.analysis import dagger_rounds
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.data.learned_from import gather
from teleop.learning.networks.ensemble import fit_ensemble
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.learning.training_run import tuned_settings_of
from teleop.recording import Dataset, Library
from teleop.runtime.processes.environment_process import EnvironmentProcess
from teleop.runtime.protocol.session_messages import (
    Input,
    OpenEnv,
    Pictured,
    Request,
    SessionSnapshot,
    ShowCorrect,
)
from teleop.types import InputEvent
from tests.benchmarks.people import People, Person, draw_people
from tests.benchmarks.report import say

LANDER = "LunarLander-v3"
ROUNDS, EPISODES = 3, 5
_ID = "lunarlander-v3/shown-v0"
_KEYS = {1: "key.a", 2: "key.w", 3: "key.d"}
_PACE = find_entry(LANDER).pace_hz or 30.0


def gated_rounds(seed: int) -> tuple[float, float]:
    """Record five demonstrations, then play three rounds of five corrected episodes.

    Returns:
        Mean returns of the last policy and of the demonstrations.
    """
    found = _rounds(seed, Person(SKILLED))
    return found.means[-1], found.shown


def random_person_rounds(seed: int) -> "Rounds":
    """The same with a person drawn at random, and as many minutes of plain demonstrations."""
    person = draw_people(seed)[0]
    person = replace(person, noise=replace(person.noise, keyboard=SKILLED.keyboard))
    return _rounds(seed, person, compares=True)


@dataclass(frozen=True, slots=True)
class Rounds:
    """What rounds of correction reached.

    Attributes:
        means: mean return of each round on 20 fresh starts.
        shown: mean return of the demonstrations.
        driven_s: seconds that the person drove while correcting.
        plain: mean return of a clone of as many minutes of demonstrations; NaN if not asked for.
    """

    means: tuple[float, ...]
    shown: float
    driven_s: float
    plain: float


def _rounds(seed: int, person: Person, *, compares: bool = False) -> Rounds:
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder))
        _record(library, _ID, person, 5, 1000 * seed)
        dataset = library.dataset(_ID)
        demos = load_demonstrations(dataset)
        policy = bc.clone(demos, bc.Config(seed=seed, budget_s=0))
        policy.save(dataset.policies / "shown")
        means = [_mean(policy)]
        watched = _Watched(library, dataset, person.noise, 1000 * seed + 100)
        before = load_policy(dataset.policies / "shown")
        for _ in range(ROUNDS):
            watched.play(before.name)
            gathered = gather(library, dataset, before)
            *_, last = dagger_rounds.iter_round(gathered, before, seed)
            if last.policy is None:
                raise ValueError("a round ended without a policy")
            name = dagger_rounds.name_of(before, [])
            last.policy.save(dataset.policies / name)
            before = load_policy(dataset.policies / name)
            means.append(_mean(before))
        watched.close()
        driven_s = watched.driven / _PACE
        plain = _plain(library, person, policy, demos.total_steps + watched.driven, seed)
        plain_mean = _mean(plain) if compares else float("nan")
        text = " ".join(f"{mean:.0f}" for mean in means)
        more = f"; plain {plain_mean:.0f}" if compares else ""
        say(f"  seed {seed}, rounds", f"{text}; hands on for {driven_s:.0f} s{more}")
        return Rounds(tuple(means), demos.mean_return, driven_s, plain_mean)


def _record(library: Library, dataset_id: str, person: Person, episodes: int, seed: int) -> None:
    driver = People(LANDER, [person], seed)
    list(iter_record(library, LANDER, driver, episodes, dataset_id=dataset_id, seed=seed))


def _plain(
    library: Library, person: Person, first: LearnedPolicy, steps: int, seed: int
) -> LearnedPolicy:
    """Clone as many steps of plain demonstrations of the same person."""
    name, count = "lunarlander-v3/plain-v0", 5
    _record(library, name, person, count, 1000 * seed)
    while (demos := load_demonstrations(library.dataset(name))).total_steps < steps:
        _record(library, name, person, 1, 1000 * seed + count)
        count += 1
    known = tuned_settings_of(first, demos)
    grown = round(known.steps * demos.total_steps / max(1, first.config.data["total_steps"]))
    known = replace(known, members=dagger_rounds.MEMBERS, steps=max(300, min(800, grown)))
    return fit_ensemble(demos, known, seed)


def _mean(policy: LearnedPolicy) -> float:
    return float(np.mean([result.total_reward for result in evaluate(LANDER, policy, 20)]))


class _Watched:
    """The environment process, with a simulated person at the keyboard who watches a policy."""

    def __init__(self, library: Library, dataset: Dataset, noise: HumanNoise, seed: int) -> None:
        self._noise = noise
        self.driven, self._now, self._held = 0, 0.0, ""
        self._dataset = dataset
        self._heard: list[object] = []
        self._host = EnvironmentProcess(library, library.root / "none", seed, self._heard.append)
        self._host.handle(OpenEnv(LANDER), self._now)

    def play(self, policy: str) -> None:
        """Play one round: a policy drives, the person corrects it, every episode is saved."""
        self._host.handle(ShowCorrect(self._dataset.dataset_id, policy), self._now)
        for _ in range(EPISODES):
            self._host.handle(Request.START_TAKE, self._now)
            self._episode()
            self._press("")
            self._host.handle(Request.KEEP_TAKE, self._now)
            while self._host.driving and self._host.driving.busy:
                self._host.tick(self._now)

    def close(self) -> None:
        """Let the process finish writing."""
        self._host.close(self._now)

    def _episode(self) -> None:
        live = self._live()
        env = make_env(LANDER, render=False)
        person = make_human_like(make_expert(LANDER), LANDER, env.action_space, self._noise)
        person.reset(live.seed)
        watcher = Watcher(_PACE)
        observation, _ = env.reset(seed=live.seed)
        steps, over = 0, False
        while not over:
            wish = int(np.asarray(person.act(observation)))
            wants = watcher.wants(wish, _ACTIONS.get(live.action, 0) if steps else wish)
            self._press(_KEYS.get(wish, "") if wants else "")
            while live.steps == steps and not over:
                self._now += 0.25 / _PACE
                self._host.tick(self._now)
                live = self._live()
            steps = live.steps
            observation, _, terminated, truncated, _ = env.step(_ACTIONS[live.action])
            over = bool(terminated or truncated)
        self.driven += live.driven

    def _live(self) -> SessionSnapshot:
        return next(m.live for m in reversed(self._heard) if isinstance(m, Pictured))

    def _press(self, control: str) -> None:
        """Hold this key and no other."""
        if control == self._held:
            return
        for name, value in ((self._held, 0.0), (control, 1.0)):
            if name:
                self._host.handle(Input(InputEvent(self._now, name, value)), self._now)
        self._held = control


_ACTIONS = {"Nothing": 0, "Left engine": 1, "Main engine": 2, "Right engine": 3}
