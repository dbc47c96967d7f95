"""Compare a policy with the person, a script and random actions, on fresh starts."""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from teleop.errors import TeleopError
from teleop.evaluation.scoring import RandomPolicy, evaluate, score
from teleop.evaluation.success import Result, SuccessRule
from teleop.experts import has_expert, make_expert
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.policy import LearnedPolicy, list_policies, load_policy
from teleop.learning.policy_folder import score_from
from teleop.types import Policy
from teleop.types.results import PlayedStart, Score


@dataclass(frozen=True, slots=True)
class Played:
    """Progress of the comparison.

    Attributes:
        who: name of the current driver.
        done: episodes that all drivers have played so far.
        total: episodes that all drivers will play.
        score: score of a driver that has just finished.
        failed: seeds from which the policy failed, worst first, once it has finished.
        starts: the policy's episodes, once it has finished.
    """

    who: str
    done: int
    total: int
    score: Score | None = None
    failed: tuple[int, ...] = ()
    starts: tuple[PlayedStart, ...] = ()


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
        starts = starts_of(results, rule) if who == "policy" else ()
        yield Played(who, done, total, found, failed, starts)


def starts_of(results: Sequence[Result], rule: SuccessRule) -> tuple[PlayedStart, ...]:
    """Return the episodes that a policy played, judged by a rule, in the order of their seeds."""
    ordered = sorted(results, key=lambda result: result.seed)
    return tuple(PlayedStart(r.seed, r.total_reward, r.total_steps, rule.judge(r)) for r in ordered)


def person_score(demos: Demonstrations) -> Score:
    """Return the score of the demonstrations."""
    lengths = np.diff(demos.starts)
    results = [demos.result(i, int(lengths[i])) for i in demos.used]
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
    return score_from((policy.config.learned.get("standing") or {}).get("policy"))


def stored_scores(policy: LearnedPolicy) -> list[Score]:
    """Return the scores stored in a policy's config: the person, the policy and the baselines."""
    stored = policy.config.learned.get("standing") or {}
    return [score for score in map(score_from, stored.values()) if score is not None]


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


def store_scores(
    policy: LearnedPolicy, scores: list[Score], starts: Sequence[PlayedStart] = ()
) -> None:
    """Store the scores, and the policy's own episodes, in its config."""
    standing = {item.name: dataclasses.asdict(item) for item in scores}
    played = [[s.seed, s.total_reward, s.total_steps, s.success] for s in starts]
    learned = policy.config.learned | {"standing": standing, "starts": played}
    policy.config = dataclasses.replace(policy.config, learned=learned)
