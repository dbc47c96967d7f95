"""Autopsy of a failed run: where it left what was demonstrated, and which decision lost it.

The run is repeated exactly up to a moment before its end. There, another driver decides for a
quarter of a second: the nearest demonstration, a recording from the same start, the scripted
expert, or one network of the ensemble. Then the policy drives on. The last moment at which one of
them still saves the run is the one at which it was lost.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from teleop.envs.action_spaces.action_labels import action_text
from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import iter_episode
from teleop.episode_trace import checksum
from teleop.errors import EnvError
from teleop.evaluation.success import Result, SuccessRule, reported_success
from teleop.experts import has_expert, make_expert
from teleop.learning.covariate_shift.gauges import smoothed, window
from teleop.learning.covariate_shift.known_states import KnownStates
from teleop.learning.covariate_shift.runs import Run
from teleop.learning.policy import LearnedPolicy
from teleop.text import tr
from teleop.types import Action, Observation
from teleop.types.findings import Alternative, Autopsy, Decision

_BEFORE_S = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
_BEFORE_TURNS = (1, 2, 3, 4, 5, 6, 8, 12, 20)
_MOST_NETWORKS = 5
_AWAY_S = 1.0
_FAMILIAR = 1.0  # distance


@dataclass(frozen=True, slots=True)
class _Driver:
    """Who may decide instead of the policy.

    Attributes:
        name: who it is, as text.
        begin: prepares for the decision at (step, observation); returns what chooses each action.
    """

    name: str
    begin: Callable[[int, Observation], Callable[[Observation], Action]]


def last_familiar_step(distances: NDArray[np.float64], pace_hz: float) -> int:
    """Return the last step before the run left the demonstrated states.

    It has left when it stays away for a second, or to the end. 0 if it never was near one; the last
    step if it never left.
    """
    away = smoothed(distances, pace_hz) > _FAMILIAR
    long = max(1, round(_AWAY_S * (pace_hz or 1.0)))
    count = 0
    for step, is_away in enumerate(away):
        count = count + 1 if is_away else 0
        if count == long or (count and step == len(away) - 1):
            return max(0, step - count)
    return len(away) - 1


def iter_autopsy(
    policy: LearnedPolicy,
    known: KnownStates,
    run: Run,
    rule: SuccessRule,
    recorded: Sequence[Action] = (),
) -> Iterator[tuple[int, int, Autopsy]]:
    """Examine a run; yield (alternatives tried, in all, what is known so far).

    Args:
        policy: the policy that played the run.
        known: the states that it learned from.
        run: the run.
        rule: when an episode counts as a success.
        recorded: actions of a recording from the same start, if there is one.

    Raises:
        EnvError: the environment is not reproducible, or failed.
    """
    pace = float(policy.config.learned.get("pace_hz") or 0.0)
    left = last_familiar_step(run.distances, pace)
    steps = _moments(run, pace, left)
    drivers = list(_drivers(policy, known, run, recorded))
    total, done = len(steps) * len(drivers), 0
    begun = _begun(policy, known, run, left)
    yield 0, total, begun
    if run.success:
        return  # nothing was lost
    decisions: list[Decision] = []
    for step in steps:
        found: list[Alternative] = []
        for driver in drivers:
            found.append(_tried(policy, run, rule, driver, step, window(pace)))
            done += 1
            yield (
                done,
                total,
                replace(begun, decisions=(*decisions, _decision(run, step, pace, found))),
            )
        decisions.append(_decision(run, step, pace, found))


def _moments(run: Run, pace_hz: float, left: int) -> list[int]:
    """Return the steps at which to try something else, the latest first."""
    before = _BEFORE_TURNS if not pace_hz else [max(1, round(s * pace_hz)) for s in _BEFORE_S]
    steps = {run.steps - back for back in before if back <= run.steps} | {left, 0}
    return sorted((step for step in steps if step < run.steps), reverse=True)


def _drivers(
    policy: LearnedPolicy, known: KnownStates, run: Run, recorded: Sequence[Action]
) -> Iterator[_Driver]:
    def demonstration(step: int, observation: Observation) -> Callable[[Observation], Action]:
        del observation
        flat = known.actions_after(int(run.nearest[step]), window(known.pace_hz))
        queue = iter([policy.head.rebuilt(row.tolist()) for row in flat])
        last = policy.head.rebuilt(flat[-1].tolist())
        return lambda _: next(queue, last)

    def recording(step: int, observation: Observation) -> Callable[[Observation], Action]:
        del observation
        queue = iter(recorded[step:])

        def act(seen: Observation) -> Action:
            action = next(queue, None)
            return policy.act(seen) if action is None else action

        return act

    yield _Driver(tr("Nearest demonstration"), demonstration)
    if recorded:
        yield _Driver(tr("Recording from this start"), recording)
    if has_expert(policy.config.env_id):
        expert = make_expert(policy.config.env_id)
        expert.reset(run.seed)
        yield _Driver(tr("Scripted expert"), lambda _step, _seen: expert.act)
    for index in range(min(policy.members, _MOST_NETWORKS) if policy.members > 1 else 0):
        one = policy.alone(index)
        name = tr("Network {number}", number=index + 1)
        yield _Driver(name, functools.partial(_network, one, run))


def _network(
    one: LearnedPolicy, run: Run, step: int, observation: Observation
) -> Callable[[Observation], Action]:
    del observation
    return _warm(one, run, step).act


def _warm(policy: LearnedPolicy, run: Run, step: int) -> LearnedPolicy:
    """Return the policy with the memory that it has after the first steps of a run."""
    policy.reset(run.seed)
    if not policy.is_stateless:
        for observation in run.observations[:step]:
            policy.act(observation)
        policy.replan()
    return policy


def _tried(
    policy: LearnedPolicy, run: Run, rule: SuccessRule, driver: _Driver, step: int, hold: int
) -> Alternative:
    """Repeat the run up to a step, let another driver decide there, and play to the end."""
    env = make_env(policy.config.env_id, render=False)
    taken: list[Action] = []
    other = driver.begin(step, run.observations[step])
    _warm(policy, run, step)

    def act(observation: Observation) -> Action:
        now = len(taken)
        if now < step:
            if checksum(observation) != checksum(run.observations[now]):
                raise EnvError(_differs(policy.config.env_id, now))
            action = run.actions[now]
        elif now < step + hold:
            if not policy.is_stateless:
                policy.act(observation)  # it keeps seeing what happens
                policy.replan()
            action = other(observation)
        else:
            action = policy.act(observation)
        taken.append(action)
        return action

    total, terminated, success = 0.0, False, None
    try:
        for part in iter_episode(env, act, run.seed):
            total += part.reward
            terminated, success = part.terminated, reported_success(part.info)
        said = action_text(policy.config.env_id, env.action_space, taken[min(step, len(taken) - 1)])
    finally:
        close_env(env)
    result = Result(run.seed, total, len(taken), success, terminated)
    return Alternative(driver.name, said, total, len(taken), rule.judge(result))


def _differs(env_id: str, step: int) -> str:
    return tr(
        "{env_id} is not reproducible: repeated from the same seed, it differs at step {step}. "
        "So other decisions cannot be tried.",
        env_id=env_id,
        step=step,
    )


def _begun(policy: LearnedPolicy, known: KnownStates, run: Run, left: int) -> Autopsy:
    """Return what is known before anything was tried."""
    place = known.place(int(run.nearest[left]))
    env_id = policy.config.env_id
    shown = policy.head.rebuilt(known.actions_after(int(run.nearest[left]), 1)[0].tolist())
    return Autopsy(
        seed=run.seed,
        total_reward=run.result.total_reward,
        total_steps=run.steps,
        success=run.success,
        pace_hz=float(policy.config.learned.get("pace_hz") or 0.0),
        left_at=left,
        demonstrated=(place.file, place.number, place.step),
        did=action_text(env_id, policy.head.space, run.actions[left]),
        shown=action_text(env_id, policy.head.space, shown),
        distances=tuple(float(value) for value in run.distances),
    )


def _decision(run: Run, step: int, pace_hz: float, alternatives: Sequence[Alternative]) -> Decision:
    before = run.steps - step
    return Decision(step, before / pace_hz if pace_hz else float(before), tuple(alternatives))
