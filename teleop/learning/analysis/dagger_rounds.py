"""Rounds of correction: a person watches a policy and takes over, then it is trained again.

Kelly et al. 2019, "HG-DAgger: Interactive Imitation Learning with Human Experts", algorithm 1.
    D <- D + {(o, a_person(o)) while the person drives};  pi_{i+1} = clone of D
Deviations:
 1. Only the person decides when to take over; the ensemble's uncertainty is not used.
 2. The settings found by the first training (lag, architecture) are kept; training grows with D.
"""

from collections.abc import Iterator
from dataclasses import replace

from teleop.errors import LearningError
from teleop.evaluation import evaluate, score
from teleop.learning.analysis.baselines import read_score, store_scores
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.learning.networks.ensemble import TunedSettings, iter_ensemble
from teleop.learning.policy import LearnedPolicy, list_policies, load_policy
from teleop.learning.progress import Progress, check_teaches
from teleop.learning.training_run import tuned_settings_of
from teleop.recording import Dataset, Library
from teleop.recording.datasets.dataset_library import human_dataset_id
from teleop.text import tr
from teleop.types.results import Round, Score

MEMBERS = 5
EPISODES = 10  # played by each round's policy, always from the same fresh starts
_FEWEST_STEPS, _MOST_STEPS = 300, 800  # optimiser steps per network


def round_of(policy: LearnedPolicy) -> int:
    """Return the round number of a policy."""
    return int(policy.config.recipe.get("round", 0))


def name_of(before: LearnedPolicy, taken: list[str]) -> str:
    """Return an unused name for the next round's policy."""
    first = str(before.config.recipe.get("root", before.name))
    base = f"{first}-round-{round_of(before) + 1}"
    names = [base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def gather(library: Library, dataset: Dataset, before: LearnedPolicy) -> Demonstrations:
    """Load the dataset that a policy was learned from, and the person's own recordings.

    Raises:
        LearningError: nothing can be learned from them.
        RecordingError: an episode is damaged.
    """
    own = library.dataset(human_dataset_id(before.config.env_id))
    return load_demonstrations(dataset, also=[own] if own.dataset_id != dataset.dataset_id else [])


def iter_round(demos: Demonstrations, before: LearnedPolicy, seed: int = 0) -> Iterator[Progress]:
    """Train again, with the settings that the previous policy's training found.

    Args:
        demos: all demonstrations and corrections so far.
        before: the policy that was corrected.
        seed: seed of networks and batches.

    Yields:
        Progress; the first playable policy has one network, the last five.

    Raises:
        LearningError: there is nothing to learn from, or the policy is not made of networks.
    """
    check_teaches(demos)
    if before.config.model != "networks":
        raise LearningError(
            tr(
                "{name} is not made of networks that can be trained again. Train one by "
                "behavioural cloning, and correct that.",
                name=before.name,
            )
        )
    known = _grown(tuned_settings_of(before, demos), before, demos)
    number = round_of(before) + 1
    total = known.steps * known.members
    phase = tr("Round {number}: cloning {used} episodes", number=number, used=len(demos.used))
    for part, policy in enumerate(iter_ensemble(demos, known, seed), start=1):
        step = min(total, part * known.steps // 11)  # a network yields eleven times
        if policy is not None:
            policy = _named(policy, before, number)
        yield Progress(phase, step, total, policy=policy)


def play_round(policy: LearnedPolicy) -> Iterator[Score | None]:
    """Play a round's policy from fresh starts; yield None per episode, then the score.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    results = []
    for result in evaluate(policy.config.env_id, policy, EPISODES):
        results.append(result)
        yield None
    found = score(policy.config.env_id, "policy", results)
    store_scores(policy, [found])
    yield found


def rounds_of(dataset: Dataset, policy: str) -> list[Round]:
    """Return the rounds that led to a policy, oldest first."""
    names = list_policies(dataset.policies)
    rounds: list[Round] = []
    while policy in names and all(policy != known.policy for known in rounds):
        loaded = load_policy(dataset.policies / policy)
        rounds.append(Round(round_of(loaded), policy, read_score(loaded)))
        policy = str(loaded.config.recipe.get("after", ""))
    return rounds[::-1]


def _grown(known: TunedSettings, before: LearnedPolicy, demos: Demonstrations) -> TunedSettings:
    """Return settings with longer training for more data."""
    pairs = max(1, int(before.config.data.get("total_steps", 0)))
    now = int((demos.segments >= 0).sum())
    steps = round(known.steps * max(1.0, now / pairs))
    return replace(known, members=MEMBERS, steps=max(_FEWEST_STEPS, min(_MOST_STEPS, steps)))


def _named(policy: LearnedPolicy, before: LearnedPolicy, number: int) -> LearnedPolicy:
    root = before.config.recipe.get("root", before.name)
    recipe = policy.config.recipe | {"round": number, "after": before.name, "root": root}
    policy.config = replace(policy.config, recipe=recipe)
    return policy
