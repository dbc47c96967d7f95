"""Rounds of correction: a person watches a policy and takes over, then it is trained again.

Kelly et al. 2019, "HG-DAgger: Interactive Imitation Learning with Human Experts", algorithm 1.
    D <- D + {(o, a_person(o)) while the person drives};  pi_{i+1} = clone of D
Deviations:
 1. Only the person decides when to take over; the ensemble's uncertainty is not used.
 2. The settings found by the first training (lag, architecture) are kept, unless others play
    better (`round_settings`); training grows with D.
"""

from collections.abc import Iterator
from dataclasses import replace

from teleop.errors import LearningError
from teleop.evaluation.paired import compare_results
from teleop.evaluation.scoring import evaluate, score
from teleop.evaluation.success import Result, SuccessRule, rule_for
from teleop.learning.analysis.baselines import starts_of, store_scores, stored_scores
from teleop.learning.analysis.round_settings import RoundSettings
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.expert_labels import ExpertLabels
from teleop.learning.networks.ensemble import TunedSettings, iter_ensemble
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.learning.policy_folder import PolicyFolder
from teleop.learning.progress import Progress, check_teaches
from teleop.learning.training_run import tuned_settings_of
from teleop.recording import Dataset
from teleop.text import tr
from teleop.types.results import PairedComparison, PolicyRow, Round, Score

MEMBERS = 5
EPISODES = 20  # played by each round's policy, always from the same fresh starts
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


def iter_round(demos: Demonstrations, before: LearnedPolicy, seed: int = 0) -> Iterator[Progress]:
    """Train again, beginning with the settings that the previous policy's training found.

    After the first network, other settings are tried by playing, where this is quick and the
    previous training was allowed to use the reward.

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
    tuned = tuned_settings_of(before, demos)
    known = _grown(tuned, before, demos)
    total = known.steps * (known.members + 1)
    yield from _fitted(demos, replace(known, members=1), before, seed, 0, total)
    if before.config.recipe.get("reward", True):
        settings = RoundSettings(demos, tuned, known, seed)
        phase = tr("Trying settings by playing")
        for _ in settings.choose():
            yield Progress(phase, known.steps, total)
        demos, known = settings.demos, replace(settings.known, members=MEMBERS)
    yield from _fitted(demos, known, before, seed, total - known.steps * known.members, total)


def _fitted(
    demos: Demonstrations,
    known: TunedSettings,
    before: LearnedPolicy,
    seed: int,
    done: int,
    total: int,
) -> Iterator[Progress]:
    """Train an ensemble as the next round of a policy; yield its progress from `done` on."""
    recorded = len(demos.sources)  # the episodes that follow are an expert's labels
    number = round_of(before) + 1
    phase = tr("Round {number}: cloning {used} episodes", number=number, used=len(demos.used))
    for part, policy in enumerate(iter_ensemble(demos, known, seed), start=1):
        step = min(total, done + part * known.steps // 11)  # a network yields eleven times
        if policy is not None:
            policy = _named(policy, before, number)
            policy.labels = ExpertLabels.since(demos, recorded)
        yield Progress(phase, step, total, policy=policy)


def play_round(dataset: Dataset, name: str) -> Iterator[Score | None]:
    """Play a round's policy from fresh starts; yield None per episode, then the stored score.

    Raises:
        EnvError: the environment cannot be made, or failed.
        LearningError: the policy cannot be read.
    """
    policy, results = load_policy(dataset.policies / name), []
    env_id, rule = policy.config.env_id, rule_for(dataset)
    for result in evaluate(env_id, policy, EPISODES):
        results.append(result)
        yield None
    found = score(env_id, "policy", results, rule=rule)
    others = [s for s in stored_scores(policy) if s.name != "policy"]
    store_scores(policy, [*others, found], starts_of(results, rule))
    policy.save(dataset.policies / name)
    yield found


def rounds_of(dataset: Dataset, policy: str) -> list[Round]:
    """Return the rounds that led to a policy, oldest first, each compared with the one before."""
    by_name = {row.name: row for row in PolicyFolder(dataset).rows()}
    chain: list[PolicyRow] = []
    while policy in by_name and all(policy != known.name for known in chain):
        chain.append(by_name[policy])
        policy = by_name[policy].parent
    chain.reverse()
    earlier: list[PolicyRow | None] = [None, *chain[:-1]]
    return [
        Round(row.round, row.name, row.score if row.starts else None, _against(before, row))
        for before, row in zip(earlier, chain, strict=True)
    ]


def unplayed(dataset: Dataset, policy: str) -> list[str]:
    """Return the names of the rounds that led to a policy and have not been played yet."""
    return [item.policy for item in rounds_of(dataset, policy) if item.score is None]


def compare_rounds(dataset: Dataset, policy: str) -> None:
    """Store for each round whether the policy that it corrected is better, from the same starts."""
    for item in rounds_of(dataset, policy):
        if item.against is None:
            continue
        found = item.against
        better = {found.first: "this", found.second: "parent"}.get(found.better, "")
        loaded = load_policy(dataset.policies / item.policy)
        learned = loaded.config.learned | {"against_parent": {"better": better}}
        if learned != loaded.config.learned:
            loaded.config = replace(loaded.config, learned=learned)
            loaded.save(dataset.policies / item.policy)


def _against(before: PolicyRow | None, row: PolicyRow) -> PairedComparison | None:
    """Compare a round with the one before, if both have been played."""
    if before is None or not (before.starts and row.starts):
        return None
    sides = [
        [Result(s.seed, s.total_reward, s.total_steps, s.success) for s in each.starts]
        for each in (row, before)
    ]
    if not {r.seed for r in sides[0]} & {r.seed for r in sides[1]}:
        return None
    return compare_results(row.name, sides[0], before.name, sides[1], SuccessRule(""))


def _grown(known: TunedSettings, before: LearnedPolicy, demos: Demonstrations) -> TunedSettings:
    """Return settings with longer training for more data."""
    pairs = max(1, int(before.config.data.get("total_steps", 0)))
    now = int((demos.segments >= 0).sum())
    steps = round(known.steps * max(1.0, now / pairs))
    return replace(known, members=MEMBERS, steps=max(_FEWEST_STEPS, min(_MOST_STEPS, steps)))


def _named(policy: LearnedPolicy, before: LearnedPolicy, number: int) -> LearnedPolicy:
    root = before.config.recipe.get("root", before.name)
    recipe = policy.config.recipe | {"round": number, "after": before.name, "root": root}
    recipe["algorithm"] = before.config.recipe.get("algorithm", "bc")
    recipe["reward"] = before.config.recipe.get("reward", True)
    left_out = before.config.learned.get("left_out") or []
    learned = policy.config.learned | {"left_out": left_out}
    policy.config = replace(policy.config, recipe=recipe, learned=learned)
    return policy
