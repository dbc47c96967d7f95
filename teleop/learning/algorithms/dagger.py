"""DAgger: the policy drives, the expert gives the correct actions, and the policy learns them.

Ross, Gordon & Bagnell 2011, "A Reduction of Imitation Learning and Structured Prediction to
No-Regret Online Learning", algorithm 3.1.
    D <- D + {(o, expert(o)) for o visited by pi_i};  pi_{i+1} = clone of D
Deviations:
 1. Round 0 clones the recordings, so beta is 1 there and 0 afterwards.
 2. The scripted expert answers without delay: the lag is corrected only in the person's actions.
 3. Training grows with the data, by about one epoch per round, because learning from scripts needs
    more training than learning from people.
A person's own take-overs need no rounds here: once recorded, they are part of the data, and only
the steps that the person drove are learned from (Kelly et al. 2019, HG-DAgger).
"""

from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import iter_episode
from teleop.errors import LearningError
from teleop.experts import make_expert
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.expert_labels import ExpertLabels
from teleop.learning.networks.ensemble import TunedSettings, iter_ensemble
from teleop.learning.networks.heads import Levels, flat_actions
from teleop.learning.policy import LearnedPolicy
from teleop.learning.progress import Progress, check_teaches
from teleop.learning.tuning.lag_search import default_lag
from teleop.text import tr
from teleop.types import Action, Observation, Policy

SUMMARY = "DAgger: asks the scripted expert and retrains"
_MOST_STEPS = 2000  # per episode
_FIRST_SEED = 80_000  # far from the seeds for scoring


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of DAgger.

    Attributes:
        seed: seed of the networks and of the starts that are played.
        rounds: number of times that the policy drives and is corrected.
        episodes: episodes per round.
        members: number of networks in the ensemble.
        steps: optimiser steps per network in round 0; grows to three times that.
    """

    seed: int = 0
    rounds: int = 5
    episodes: int = 3
    members: int = 5
    steps: int = 500


def train(demos: Demonstrations, config: Config = Config()) -> Iterator[Progress]:
    """Clone, drive, ask the expert, and clone again.

    Raises:
        LearningError: nothing can be learned, or the environment has no scripted expert.
        EnvError: the environment cannot be made.
    """
    check_teaches(demos)
    expert = make_expert(demos.env_id)
    _check_levels(demos)
    lag, recorded = default_lag(demos), demos.count
    per_round = config.steps * 2 * config.members
    total = per_round * (config.rounds + 1)
    for number in range(config.rounds + 1):
        steps = round(config.steps * (1 + 2 * number / max(1, config.rounds)))
        known = TunedSettings(lag, steps, config.members)
        phase = tr("Round {number}: cloning {count} episodes", number=number, count=demos.count)
        fits = enumerate(iter_ensemble(demos, known, config.seed + 100 * number))
        policy = yield from _reported(fits, phase, number * per_round, per_round, total, steps)
        policy.labels = ExpertLabels.since(demos, recorded)
        yield Progress(phase, (number + 1) * per_round, total, policy=_named(policy, config))
        if number == config.rounds:
            return
        seed = _FIRST_SEED + 1000 * config.seed + number * config.episodes
        phase = tr("Round {number}: collecting expert labels", number=number + 1)
        returns = []
        for episode in range(config.episodes):
            demos = _ask(demos, policy, expert, seed + episode)
            returns.append(float(demos.returns[-1]))
            yield Progress(phase, (number + 1) * per_round, total, returns=(returns[-1],))
        found = tr(
            "Round {number}: mean return {mean:.0f} on new starts",
            number=number,
            mean=np.mean(returns),
        )
        yield Progress(phase, (number + 1) * per_round, total, finding=found)


def _reported(
    fits: Iterator[tuple[int, LearnedPolicy | None]],
    phase: str,
    before: int,
    most: int,
    total: int,
    steps: int,
) -> Generator[Progress, None, LearnedPolicy]:
    """Yield the progress of cloning and return the last policy."""
    latest: LearnedPolicy | None = None
    for part, policy in fits:
        yield Progress(phase, before + min(most, part * steps // 10), total)
        latest = policy or latest
    if latest is None:
        raise ValueError("an ensemble has no policy")
    return latest


def _ask(demos: Demonstrations, policy: LearnedPolicy, expert: Policy, seed: int) -> Demonstrations:
    """Let the policy drive an episode, and add it with the expert's action at every step."""
    env = make_env(demos.env_id, render=False)
    seen, right, total = [], [], 0.0
    policy.reset(seed)
    expert.reset(seed)

    def act(observation: Observation) -> Action:
        seen.append(np.asarray(observation))
        right.append(np.asarray(expert.act(observation)))
        return policy.act(observation)

    try:
        for transition in iter_episode(env, act, seed, _MOST_STEPS):
            total += transition.reward
    finally:
        close_env(env)
    inputs = demos.encoding.inputs(np.stack(seen))
    return demos.with_labels(inputs, flat_actions(demos.action_space, np.stack(right)), total)


def _check_levels(demos: Demonstrations) -> None:
    """Check that the head can express the expert's actions."""
    if demos.action_space.shape and any(isinstance(b, Levels) for b in demos.head.branches):
        lows = np.ravel(getattr(demos.action_space, "low", []))
        if len(lows) and any(
            isinstance(b, Levels) and len(b.values) < 2 for b in demos.head.branches
        ):
            raise LearningError(
                "At least one action axis never moves in the recordings, so the expert's actions "
                "cannot be learned. Record an episode that uses every axis."
            )


def _named(policy: LearnedPolicy, config: Config) -> LearnedPolicy:
    recipe = {"algorithm": "dagger"} | asdict(config)
    policy.config = replace(policy.config, recipe=recipe)
    return policy
