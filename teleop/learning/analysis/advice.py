"""What to record next, in a few sentences."""

from collections.abc import Sequence

from teleop.evaluation import Score
from teleop.learning.analysis.curve import CurvePoint
from teleop.learning.analysis.influence import Influence
from teleop.learning.data.profile import Trait

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
    """Sentences, the most useful first.

    Args:
        traits: of the data.
        scores: of person, policy and the others.
        failed: seeds from which the policy failed.
        curve: return by number of demonstrations.
        influences: of single demonstrations.
        takes: how many there are.
    """
    said = _from_scores(scores, traits, takes)
    if failed:
        seeds = ", ".join(str(seed) for seed in failed[:_MOST_SEEDS])
        played = next((score.episodes for score in scores if score.name == "policy"), len(failed))
        said.append(
            f"It fails in {len(failed)} of {max(played, len(failed))} test episodes: record an "
            f"episode from seed {seeds} (teleop ENV --seed {failed[0]})."
        )
    hurting = [str(item.number) for item in influences if item.verdict == "hurts"]
    if hurting:
        said.append(f"The policy is better without episode {', '.join(hurting)}: check it again.")
    said += _from_curve(curve)
    said += [f"{trait.topic}: {trait.done}." for trait in traits if trait.warns]
    return tuple(said) or ("No problems found. Recording rare situations may still help.",)


def _from_curve(curve: Sequence[CurvePoint]) -> list[str]:
    if len(curve) < 2:
        return []
    before, last = curve[-2], curve[-1]
    if last.low > before.mean:
        return ["The curve still rises: more demonstrations will make it better."]
    if last.mean <= before.high:
        return ["The curve is flat: more of the same will not help, other seeds may."]
    return []


def _from_scores(scores: Sequence[Score], traits: Sequence[Trait], takes: int) -> list[str]:
    by_name = {score.name: score for score in scores}
    policy, person = by_name.get("policy"), by_name.get("person")
    if policy is None or person is None:
        return []
    digits = 0 if abs(policy.mean - person.mean) >= 1 else 2
    figures = f"{_figure(policy, digits)} against {_figure(person, digits)}"
    if policy.low > person.high:
        return [f"The policy plays better than you: {figures}."]
    if policy.high < person.mean:
        return [f"The policy plays worse than you: {figures}. {_likeliest_reason(traits, takes)}"]
    chance = by_name.get("random")
    if chance is not None and policy.mean <= chance.high:
        return [f"The policy is no better than random actions. {_likeliest_reason(traits, takes)}"]
    return []


def _figure(score: Score, digits: int) -> str:
    rate = "" if score.success is None else f" ({score.success:.0%} success)"
    return f"return {score.mean:.{digits}f}{rate}"


def _likeliest_reason(traits: Sequence[Trait], takes: int) -> str:
    """Why a policy may be worse than its teacher, and what to do next."""
    warned = {trait.topic: trait for trait in traits if trait.warns}
    if "Contradictions" in warned:
        return (
            "Most likely reason: you acted differently in similar situations. Decide on one way, "
            "and record it again."
        )
    if "Hidden state" in warned:
        return (
            "Most likely reason: one observation does not say what to do. Train with 4 "
            "observations or a memory."
        )
    if takes < _FEW_TAKES:
        few = "one take is" if takes == 1 else f"{takes} takes are"
        return f"Most likely reason: {few} not enough. Record {_FEW_TAKES} or more."
    if "Idle" in warned or "Most frequent action" in warned:
        return "Most likely reason: one action makes up most of the takes. Record more varied ones."
    if any(trait.topic == "Reaction time" and "unclear" in trait.found for trait in traits):
        return (
            "Most likely reason: your reaction time is unclear. Record more takes in one sitting."
        )
    return (
        "Most likely reason: it reaches situations that no episode shows. Take over where it fails."
    )
