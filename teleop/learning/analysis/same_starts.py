"""A policy and the person from the same starts: where it beats you, and where you beat it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from teleop.evaluation.scoring import evaluate_from
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.policy import LearnedPolicy
from teleop.text import ntr, tr

_MOST = 40  # episodes
_FEW = 3  # episodes that are named


@dataclass(frozen=True, slots=True)
class SameStart:
    """One start that both played.

    Attributes:
        number: number of the person's episode.
        seed: seed of the start.
        yours: return of the person's episode.
        its: return of the policy.
    """

    number: int
    seed: int
    yours: float
    its: float


def iter_same_starts(demos: Demonstrations, policy: LearnedPolicy) -> Iterator[SameStart]:
    """Play a policy from the starts of the demonstrations, the latest ones first.

    Raises:
        EnvError: the environment cannot be made, or failed.
        LearningError: the policy's actions do not fit the environment.
    """
    recorded = [i for i in reversed(demos.used) if i < len(demos.seeds) and not demos.firsts[i]]
    known = [(i, seed) for i in recorded if (seed := demos.seeds[i]) is not None][:_MOST]
    results = evaluate_from(demos.env_id, policy, [seed for _, seed in known])
    for (index, seed), result in zip(known, results, strict=True):
        yours = float(demos.returns[index])
        yield SameStart(demos.numbers[index], seed, yours, result.total_reward)


def words_of(starts: Sequence[SameStart]) -> list[str]:
    """Return where the policy beats the person, where not, and what to demonstrate next."""
    if not starts:
        return []
    better = [start for start in starts if start.its > start.yours]
    worse = sorted((s for s in starts if s.its < s.yours), key=lambda s: s.its - s.yours)
    mean = float(np.mean([start.its - start.yours for start in starts]))
    said = [
        tr(
            "From the starts of your {count} episodes, the policy beats you {better} times and you "
            "beat it {worse} times; its return minus yours is {mean:+.0f} on average.",
            count=len(starts),
            better=len(better),
            worse=len(worse),
            mean=mean,
        )
    ]
    if worse:
        named = ", ".join(f"{s.number} ({s.its - s.yours:+.0f})" for s in worse[:_FEW])
        said.append(
            ntr(
                "You beat it most in episode {named}: demonstrate starts like that again.",
                "You beat it most in episodes {named}: demonstrate starts like those again.",
                len(worse[:_FEW]),
                named=named,
            )
        )
    return said
