"""Advice on what to record next."""

from collections.abc import Sequence

from teleop.learning.analysis.curve import CurvePoint
from teleop.learning.analysis.influence import Influence
from teleop.learning.data.profile import NEARLY_SAME, TWO_WAYS
from teleop.text import joined, ntr, tr
from teleop.types.results import Score, Trait

_MOST_SEEDS = 5
_FEW_TAKES = 10


def advice(
    traits: Sequence[Trait] = (),
    scores: Sequence[Score] = (),
    failed: Sequence[int] = (),
    curve: Sequence[CurvePoint] = (),
    influences: Sequence[Influence] = (),
    takes: int = 0,
) -> tuple[str, ...]:
    """Return sentences of advice, the most useful first.

    Args:
        traits: traits of the data.
        scores: scores of the person, the policy and the baselines.
        failed: seeds from which the policy failed.
        curve: returns by number of demonstrations.
        influences: influence of each demonstration.
        takes: number of demonstrations.
    """
    said = _from_scores(scores, traits, takes)
    if failed:
        played = next((score.episodes for score in scores if score.name == "policy"), 0)
        said.append(_from_failures(failed, max(played, len(failed))))
    hurting = [str(item.number) for item in influences if item.verdict == "hurts"]
    if hurting:
        said.append(
            tr(
                "The policy is better without episode {hurting}: check it again.",
                hurting=", ".join(hurting),
            )
        )
    said += _from_curve(curve)
    said += [tr("{topic}: {done}.", topic=t.topic, done=t.done) for t in traits if t.warns]
    return tuple(said) or (tr("No problems found. Recording rare situations may still help."),)


def _from_failures(failed: Sequence[int], played: int) -> str:
    return tr(
        "The policy fails in {failed} of {played} test episodes. Record episodes from these "
        "seeds: {seeds} (in the library under Policies, or teleop ENV --seed {first}).",
        failed=len(failed),
        played=played,
        seeds=", ".join(str(seed) for seed in failed[:_MOST_SEEDS]),
        first=failed[0],
    )


def _from_curve(curve: Sequence[CurvePoint]) -> list[str]:
    if len(curve) < 2:
        return []
    before, last = curve[-2], curve[-1]
    if last.low > before.mean:
        return [tr("The curve is still rising. More demonstrations should improve the policy.")]
    if last.mean <= before.high:
        return [
            tr(
                "The curve is flat. More of the same demonstrations will not help, but other seeds "
                "may."
            )
        ]
    return []


def _from_scores(scores: Sequence[Score], traits: Sequence[Trait], takes: int) -> list[str]:
    by_name = {score.name: score for score in scores}
    policy, person = by_name.get("policy"), by_name.get("person")
    if policy is None or person is None:
        return []
    digits = 0 if abs(policy.mean - person.mean) >= 1 else 2
    mine, yours = _figure(policy, digits), _figure(person, digits)
    if policy.low > person.high:
        text = tr(
            "The policy plays better than you: {mine} against {yours}.", mine=mine, yours=yours
        )
        return [text]
    if policy.high < person.mean:
        text = tr(
            "The policy plays worse than you: {mine} against {yours}.", mine=mine, yours=yours
        )
        return [joined(" ", (text, _likeliest_reason(traits, takes)))]
    chance = by_name.get("random")
    if chance is not None and policy.mean <= chance.high:
        text = tr("The policy is no better than random actions.")
        return [joined(" ", (text, _likeliest_reason(traits, takes)))]
    return []


def _figure(score: Score, digits: int) -> str:
    mean = f"{score.mean:.{digits}f}"
    if score.success is None:
        return tr("return {mean}", mean=mean)
    return tr("return {mean} ({success:.0%} success)", mean=mean, success=score.success)


def _likeliest_reason(traits: Sequence[Trait], takes: int) -> str:
    """Return why a policy may be worse than the person, and what to do next."""
    warned = {trait.topic: trait for trait in traits if trait.warns}
    if "Contradictions" in warned:
        return tr(
            "Most likely reason: you acted differently in similar situations. Decide on one way, "
            "and record it again."
        )
    if "Hidden state" in warned:
        return tr(
            "Most likely reason: one observation does not say what to do. Train with 4 "
            "observations or a memory."
        )
    if reason := _from_alike_episodes(traits):
        return reason
    if takes < _FEW_TAKES:
        return ntr(
            "Most likely reason: {n} episode is not enough. Record {wanted} or more.",
            "Most likely reason: {n} episodes are not enough. Record {wanted} or more.",
            takes,
            wanted=_FEW_TAKES,
        )
    if "Idle" in warned or "Most frequent action" in warned:
        return tr(
            "Most likely reason: one action makes up most of the steps. Record more varied "
            "episodes."
        )
    if any(trait.topic == "Reaction time" and "unclear" in trait.found for trait in traits):
        return tr(
            "Most likely reason: your reaction time is unclear. Record more episodes in one "
            "session."
        )
    return tr(
        "Most likely reason: it reaches situations that no episode shows. Take over where it fails."
    )


def _from_alike_episodes(traits: Sequence[Trait]) -> str:
    """Return why episodes that are alike may teach too little; empty if they are not."""
    if any(trait.means == TWO_WAYS for trait in traits):
        return tr(
            "Most likely reason: there are several right actions, and their mean is wrong. Train "
            "with “choose”, or with flow matching."
        )
    if any(trait.means == NEARLY_SAME for trait in traits):
        return tr(
            "Most likely reason: your episodes are alike and never show how to recover. Take over "
            "where it fails (Ctrl 4), or record with noise (F4)."
        )
    return ""
