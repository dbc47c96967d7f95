"""Compare a policy with the person, a script and random actions, on fresh starts."""

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from teleop.errors import TeleopError
from teleop.evaluation import RandomPolicy, evaluate, score
from teleop.experts import has_expert, make_expert
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.policy import LearnedPolicy, list_policies, load_policy
from teleop.success import Result
from teleop.types import Policy
from teleop.types.results import Score


@dataclass(frozen=True, slots=True)
class Played:
    """Progress of the comparison.

    Attributes:
        who: name of the current driver.
        done: episodes that all drivers have played so far.
        total: episodes that all drivers will play.
        score: score of a driver that has just finished.
        failed: seeds from which the policy failed, worst first, once it has finished.
    """

    who: str
    done: int
    total: int
    score: Score | None = None
    failed: tuple[int, ...] = ()


def iter_baselines(
    demos: Demonstrations, policy: LearnedPolicy, episodes: int = 20, *, others: bool = True
) -> Iterator[Played]:
    """Play the policy, the scripted demonstrator and random actions from the same fresh starts.

    Args:
        demos: demonstrations that the policy was trained on.
        policy: the policy.
        episodes: episodes per driver.
        others: also play the script and random actions.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    drivers: list[tuple[str, Policy]] = [("policy", policy)]
    if others and has_expert(demos.env_id):
        drivers.append(("script", make_expert(demos.env_id)))
    if others:
        drivers.append(("random", RandomPolicy(demos.env_id)))
    rule = demos.success_rule
    total = episodes * len(drivers)
    yield Played("person", 0, total, person_score(demos))
    done = 0
    for who, driver in drivers:
        results = []
        for result in evaluate(demos.env_id, driver, episodes):
            results.append(result)
            done += 1
            yield Played(who, done, total)
        worst = sorted(results, key=lambda r: r.total_reward)
        failed = tuple(r.seed for r in worst if rule.judge(r) is False)
        failed = failed if who == "policy" else ()
        found = score(demos.env_id, who, results, rule=rule)
        yield Played(who, done, total, found, failed)


def person_score(demos: Demonstrations) -> Score:
    """Return the score of the demonstrations."""
    lengths = np.diff(demos.starts)
    results = [
        Result(
            0,
            float(demos.returns[i]),
            int(lengths[i]),
            demos.marked[i] if demos.marked else None,
            bool(demos.terminated[i]),
        )
        for i in demos.used
    ]
    return score(demos.env_id, "person", results, rule=demos.success_rule)


def can_play(env_id: str) -> bool:
    """Return whether the environment can be created here, so that policies can play."""
    try:
        RandomPolicy(env_id)
    except TeleopError:
        return False
    return True


def read_score(policy: LearnedPolicy) -> Score | None:
    """Return the score stored in a policy's folder; None if there is no valid one."""
    with contextlib.suppress(TypeError, AttributeError):
        return Score(**policy.config.learned.get("standing", {}).get("policy"))
    return None


def earlier(folder: Path, than: str, most: int = 2) -> list[tuple[str, Score]]:
    """Return (name, score) of the other policies that have been played, newest first.

    Args:
        folder: folder of a dataset's policies.
        than: name of the policy to leave out.
        most: maximum number of policies.
    """
    found: list[tuple[str, Score]] = []
    for name in reversed([name for name in list_policies(folder) if name != than]):
        with contextlib.suppress(TeleopError):  # skip a policy that cannot be read
            score = read_score(load_policy(folder / name))
            found += [(name, score)] if score else []
        if len(found) == most:
            break
    return found


def store_scores(policy: LearnedPolicy, scores: list[Score]) -> None:
    """Store the scores in the policy's config."""
    standing = {item.name: dataclasses.asdict(item) for item in scores}
    learned = policy.config.learned | {"standing": standing}
    policy.config = dataclasses.replace(policy.config, learned=learned)
