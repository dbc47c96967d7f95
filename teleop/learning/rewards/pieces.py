"""Short pieces of recorded episodes, and of what policies and random actions do."""

from collections.abc import Iterator, Mapping

import numpy as np

from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import Transition, iter_episode
from teleop.errors import TeleopError
from teleop.evaluation.scoring import RandomPolicy
from teleop.learning.networks.heads import batched, flat_actions
from teleop.learning.policy import list_policies, load_policy
from teleop.learning.practice.task import Task
from teleop.learning.rewards.preferences import Piece
from teleop.recording import Dataset
from teleop.types import Policy
from teleop.types.findings import PieceSource

_SECONDS, _FEWEST, _TURNS = 1.5, 10, 8  # length of a piece; steps if turn-based
_POLICIES, _EPISODES = 3, 5
_FIRST_SEED, _MOST_STEPS = 120_000, 1000


def piece_steps(pace_hz: float) -> int:
    """Return how many steps a piece has at a pace; 0 is turn-based."""
    return max(_FEWEST, round(_SECONDS * pace_hz)) if pace_hz else _TURNS


def all_pieces(dataset: Dataset, task: Task) -> list[Piece]:
    """Return the pieces of a dataset's episodes, its newest policies, and random actions.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    policies: dict[str, Policy] = {}
    for name in list_policies(dataset.policies)[::-1][:_POLICIES]:
        try:
            policy = load_policy(dataset.policies / name)
            policy.check_fits(
                task.demos.env_id, task.demos.observation_space, task.demos.action_space
            )
        except TeleopError:  # one that cannot be read or played has no pieces
            continue
        policies[name] = policy
    return pieces_with(task, policies)


def pieces_with(task: Task, policies: Mapping[str, Policy]) -> list[Piece]:
    """Return the pieces of the demonstrations, of some policies, and of random actions.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    found = list(_recorded(task))
    found += _played(task, "random", "", RandomPolicy(task.demos.env_id))
    for name, policy in policies.items():
        found += _played(task, "policy", name, policy)
    return found


def _recorded(task: Task) -> Iterator[Piece]:
    demos, size = task.demos, piece_steps(task.demos.pace_hz)
    features = task.head.features(task.demonstrated())
    for index in demos.used:
        rows = demos.episode(index)
        seed = demos.seeds[index] if demos.seeds else None
        if seed is None or index >= len(demos.sources):
            continue
        for first in range(0, rows.stop - rows.start, size):
            part = slice(rows.start + first, min(rows.start + first + size, rows.stop))
            steps = part.stop - part.start
            begun = first + (demos.firsts[index] if demos.firsts else 0)
            source = PieceSource("episode", demos.sources[index][0], seed, begun, steps)
            total = float(np.nan_to_num(demos.rewards[part]).sum())
            ended = part.stop == rows.stop and bool(demos.terminated[index])
            absorbing = max(1, size - steps) if ended else 0
            seen = demos.inputs.vector[part].copy()
            yield Piece(source, seen, features[part], total, absorbing)


def _played(task: Task, kind: str, name: str, driver: Policy) -> Iterator[Piece]:
    env = make_env(task.demos.env_id, render=False)
    size = piece_steps(task.demos.pace_hz)
    try:
        for seed in range(_FIRST_SEED, _FIRST_SEED + _EPISODES):
            driver.reset(seed)
            steps = [
                step._replace(observation=task.demos.encoding.row(step.observation))
                for step in iter_episode(env, driver.act, seed, _MOST_STEPS)
            ]
            for first in range(0, len(steps) - 1, size):
                part = steps[first : first + size + 1]
                source = PieceSource(kind, name, seed, first, len(part) - 1)
                absorbing = max(1, size - source.steps) if part[-1].terminated else 0
                yield _piece(task, source, part, absorbing)
    finally:
        close_env(env)


def _piece(task: Task, source: PieceSource, steps: list[Transition], absorbing: int) -> Piece:
    """Return a piece of steps with encoded observations; the first is what was seen before it."""
    rows = np.stack([step.observation for step in steps[:-1]])
    flat = [flat_actions(task.head.space, batched(step.action))[0] for step in steps[1:]]
    targets = task.head.targets(np.array(flat))
    total = sum(step.reward for step in steps[1:])
    acts = task.head.features(targets)
    return Piece(source, rows.astype(np.float32), acts, total, absorbing)
