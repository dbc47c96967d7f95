"""Random people at the keyboard, who differ in reaction time, foresight and care.

The ranges are wider than any one person: reaction times of 60 to 420 ms, foresight of none to
almost all of it, keys held for 30 to 260 ms, up to two lapses per second, slips, a weak hand,
pauses, and two or three different people in one dataset.
"""

from dataclasses import dataclass

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.factory import close_env, make_env
from teleop.experts import make_expert
from teleop.experts.human_like import HumanLike, HumanNoise, make_human_like
from teleop.recording import Dataset, Library, Recorder, dataset_info
from teleop.session import Session, record_episodes
from teleop.types import Action, Actor, Observation

_KEYS, _STICK = 0.33, 0.0
_FOLLOWS = 0.5


@dataclass(frozen=True, slots=True)
class Person:
    """One way of playing.

    Attributes:
        noise: errors of eyes and fingers.
        weak: share of steps in which the last action of a choice is not pressed.
        pauses_hz: how many times per second the person stops for a moment.
    """

    noise: HumanNoise
    weak: float = 0.0
    pauses_hz: float = 0.0


def draw_people(seed: int) -> list[Person]:
    """Draw the people of one dataset: one, or two or three in two of five datasets."""
    rng = np.random.default_rng([seed, 2026])
    count = int(rng.integers(2, 4)) if rng.random() < 0.4 else 1
    return [_draw(rng) for _ in range(count)]


def _draw(rng: np.random.Generator) -> Person:
    fastest, held = float(rng.uniform(60, 340)), float(rng.uniform(30, 200))
    noise = HumanNoise(
        delay_ms=(fastest, fastest + float(rng.uniform(20, 80))),
        delay_jitter_ms=float(rng.uniform(0, 40)),
        anticipate=float(rng.uniform(0, 0.9)),
        percept=float(rng.uniform(0, 0.5)),
        hold_ms=(held, held + float(rng.uniform(10, 60))),
        lapse_hz=float(rng.uniform(0, 2)) if rng.random() < 0.3 else float(rng.uniform(0, 0.4)),
        lapse_ms=float(rng.uniform(100, 400)),
        slip=float(rng.uniform(0, 0.1)),
        keyboard=_STICK if rng.random() < 0.2 else _KEYS,
    )
    weak = float(rng.uniform(0.1, 0.5)) if rng.random() < 0.15 else 0.0
    pauses_hz = float(rng.uniform(0.05, 0.3)) if rng.random() < 0.15 else 0.0
    return Person(noise, weak, pauses_hz)


class People:
    """The people of a dataset, who take turns from episode to episode."""

    actor = Actor.SCRIPT
    name = "human-like expert"

    def __init__(self, env_id: str, people: list[Person], seed: int) -> None:
        self._env_id, self._seed, self._people = env_id, seed, people
        env = make_env(env_id, render=False)
        self._space = env.action_space
        close_env(env)
        self._router = [self._hand(person) for person in people]
        self._turn = -1

    def reset(self, seed: int) -> None:
        """Give the turn to the next person."""
        self._turn = (self._turn + 1) % len(self._people)
        self._rng = np.random.default_rng([seed, self._seed])
        self._halt = 0
        self._stick: NDArray[np.float32] = np.zeros(self._space.shape or (1,), np.float32)
        self._router[self._turn].reset(seed)

    def act(self, observation: Observation) -> Action:
        """Return the action that reaches the environment."""
        person, hand = self._people[self._turn], self._router[self._turn]
        action = hand.act(observation)
        if isinstance(self._space, spaces.Box) and not person.noise.keyboard:
            action = self._through_stick(np.asarray(action, np.float32))
        if self._halt > 0:
            self._halt -= 1
            return hand.idle
        if self._rng.random() < person.pauses_hz / hand.pace_hz:
            self._halt = int(self._rng.uniform(0.3, 1.3) * hand.pace_hz)
        last = isinstance(self._space, spaces.Discrete) and action == self._space.n - 1
        if last and self._rng.random() < person.weak:
            return hand.idle
        return action

    def _through_stick(self, wanted: NDArray[np.float32]) -> NDArray[np.float32]:
        """Add the delay of a stick and the tremble of a hand."""
        assert isinstance(self._space, spaces.Box)
        low, high = self._space.low, self._space.high
        tremble = self._rng.normal(0, 0.05, wanted.shape) * (high - low)
        self._stick = _FOLLOWS * wanted + (1 - _FOLLOWS) * self._stick
        moved: NDArray[np.float32] = np.clip(self._stick + tremble, low, high).astype(np.float32)
        return moved

    def _hand(self, person: Person) -> HumanLike:
        expert = make_expert(self._env_id)
        return make_human_like(expert, self._env_id, self._space, person.noise)


def record_people(
    library: Library, dataset_id: str, env_id: str, seed: int, episodes: int
) -> Dataset:
    """Record episodes of the people that a seed draws."""
    env: gym.Env[object, object] = make_env(env_id, render=False)
    dataset = library.open_for_writing(dataset_id, dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    people = People(env_id, draw_people(seed), seed)
    seeds = iter(range(1000 * seed, 1000 * seed + 10 * episodes))
    session = Session(lambda: make_env(env_id, render=False), people, seeds, recorder)
    list(record_episodes(session, recorder, episodes))
    session.close()
    dataset.writer.release()
    return dataset
