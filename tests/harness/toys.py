"""Small environments with a known best action, one per kind of space, and policies for them."""

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from teleop.envs.factory import make_env
from teleop.evaluation.scoring import evaluate
from teleop.learning import LearnedPolicy
from teleop.recording import Dataset, Library, Recorder, dataset_info
from teleop.session import Session, record_episodes, seeds_from
from teleop.types import Action, Actor, Observation

STEPS = 40


class Toy(gym.Env[Any, Any]):
    """Shows a new observation at every step; the reward is 1 for the best action."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 30}  # noqa: RUF012

    def __init__(self, kind: str, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space, self.action_space, self._show, self.best = KINDS[kind]()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed, options=options)
        self._steps = 0
        forget(self.best)
        self._seen = self._show(self.np_random, 0, None)
        return self._seen, {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        right = self.best(self._seen)
        self._steps += 1
        reward = float(_close(action, right))
        self._seen = self._show(self.np_random, self._steps, self._seen)
        return self._seen, reward, self._steps == STEPS, False, {}

    def render(self) -> Any:
        return np.zeros((32, 32, 3), np.uint8)


class Best:
    """Always takes the best action."""

    actor = Actor.SCRIPT
    name = "best"

    def __init__(self, env_id: str) -> None:
        env = make_env(env_id, render=False).unwrapped
        assert isinstance(env, Toy)
        self._best = env.best

    def reset(self, seed: int) -> None:
        """Start a new episode."""
        del seed
        forget(self._best)

    def act(self, observation: Observation) -> Action:
        """Return the best action."""
        return self._best(observation)


def record_toy(library: Library, kind: str, episodes: int = 6) -> Dataset:
    """Record a policy that takes the best action."""
    env_id = register(kind)
    env = make_env(env_id, render=False)
    dataset = library.open_for_writing(f"toy-{kind}/best-v0", dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    session = Session(lambda: make_env(env_id, render=False), Best(env_id), seeds_from(0), recorder)
    list(record_episodes(session, recorder, episodes))
    session.close()
    dataset.writer.release()
    return dataset


def register(kind: str) -> str:
    """Register a toy and return its id."""
    env_id = f"Toy{kind.replace('-', '').capitalize()}-v0"
    if env_id not in gym.registry:
        gym.register(env_id, entry_point=lambda **given: Toy(kind, **given))
    return env_id


def _close(action: Any, right: Any) -> bool:
    if isinstance(right, dict):
        return all(_close(action[key], right[key]) for key in right)
    return bool(np.allclose(action, right, atol=0.25))


def _row(size: int) -> Callable[..., Any]:
    return lambda rng, _step, _before: rng.uniform(-1, 1, size).astype(np.float32)


def _multi_discrete() -> tuple[Any, ...]:
    best = lambda o: np.array([int(o[:3].argmax()), 2 * (o[3] > 0) + (o[0] > 0)], np.int64)  # noqa: E731
    return spaces.Box(-1, 1, (4,)), spaces.MultiDiscrete([3, 4]), _row(4), best


def _multi_binary() -> tuple[Any, ...]:
    best = lambda o: (o > 0).astype(np.int8)  # noqa: E731
    return spaces.Box(-1, 1, (4,)), spaces.MultiBinary(4), _row(4), best


def _analog() -> tuple[Any, ...]:
    best = lambda o: np.tanh(np.array([2 * o[0], o[1] - o[2]])).astype(np.float32)  # noqa: E731
    return spaces.Box(-1, 1, (3,)), spaces.Box(-1, 1, (2,)), _row(3), best


def _dict_action() -> tuple[Any, ...]:
    space = spaces.Dict({"fire": spaces.Discrete(2), "steer": spaces.Box(-1, 1, (1,))})
    best = lambda o: {  # noqa: E731
        "fire": np.int64(o[0] > 0),
        "steer": np.array([np.sign(o[1])], np.float32),
    }
    return spaces.Box(-1, 1, (3,)), space, _row(3), best


def _camera() -> tuple[Any, ...]:
    """The image decides between left and right, the number between up and down."""
    space = spaces.Dict(
        {
            "camera": spaces.Box(0, 255, (48, 64, 3), np.uint8),
            "state": spaces.Box(-1, 1, (1,)),
            "words": spaces.Text(8),
        }
    )

    def show(rng: Any, _step: int, _before: Any) -> Any:
        picture = rng.integers(0, 60, (48, 64, 3)).astype(np.uint8)
        x = int(rng.integers(0, 22)) + (32 if rng.random() < 0.5 else 0)
        y = int(rng.integers(0, 38))
        picture[y : y + 10, x : x + 10] = 255
        state = rng.uniform(-1, 1, 1).astype(np.float32)
        return {"camera": picture, "state": state, "words": "go"}

    def best(o: Any) -> Any:
        bright = (o["camera"][:, :, 0] > 200).sum(axis=0)
        return np.int64(2 * (bright[32:].sum() > bright[:32].sum()) + (o["state"][0] > 0))

    return space, spaces.Discrete(4), show, best


class _ThreeAgo:
    """Acts on the flag of three steps ago, which the current observation does not show."""

    def __init__(self) -> None:
        self.flags: list[float] = []

    def __call__(self, observation: Any) -> Any:
        self.flags.append(float(observation[0]))
        return np.int64(self.flags[max(0, len(self.flags) - 4)] > 0)


def forget(best: Any) -> None:
    """Forget the last episode."""
    if isinstance(best, _ThreeAgo):
        best.flags.clear()


def _remember() -> tuple[Any, ...]:
    show = lambda rng, _step, _before: np.array([rng.choice([-1.0, 1.0])], np.float32)  # noqa: E731
    return spaces.Box(-1, 1, (1,)), spaces.Discrete(2), show, _ThreeAgo()


KINDS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "multi-discrete": _multi_discrete,
    "multi-binary": _multi_binary,
    "analog": _analog,
    "dict-action": _dict_action,
    "camera": _camera,
    "remember": _remember,
}


def mean_return(kind: str, policy: LearnedPolicy, episodes: int = 5) -> float:
    results = evaluate(register(kind), policy, episodes)
    return float(np.mean([result.total_reward for result in results])) / STEPS
