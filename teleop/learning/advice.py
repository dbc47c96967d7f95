"""What to record next, in a few sentences."""

from collections.abc import Sequence

from teleop.evaluate import Score
from teleop.learning.curve import CurvePoint
from teleop.learning.influence import Influence
from teleop.learning.profile import Trait

_MOST_SEEDS = 5


def advice(
    traits: Sequence[Trait] = (),
    scores: Sequence[Score] = (),
    failed: Sequence[int] = (),
    curve: Sequence[CurvePoint] = (),
    influences: Sequence[Influence] = (),
) -> tuple[str, ...]:
    """Sentences, the most useful first.

    Args:
        traits: of the data.
        scores: of person, policy and the others.
        failed: seeds from which the policy did worse than any demonstration.
        curve: return by number of demonstrations.
        influences: of single demonstrations.
    """
    said: list[str] = []
    if failed:
        seeds = ", ".join(str(seed) for seed in failed[:_MOST_SEEDS])
        starts = "start" if len(failed) == 1 else "starts"
        said.append(
            f"It fails from {len(failed)} fresh {starts}: record an episode from seed {seeds} "
            f"(teleop ENV --seed {failed[0]})."
        )
    hurting = [str(item.number) for item in influences if item.verdict == "hurts"]
    if hurting:
        said.append(f"Leaving out episode {', '.join(hurting)} made it better: look at them again.")
    said += _from_curve(curve)
    said += _from_scores(scores)
    said += [f"{trait.topic}: {trait.done}." for trait in traits if trait.warns]
    return tuple(said) or ("Nothing stands out: record rare moments, or be content.",)


def _from_curve(curve: Sequence[CurvePoint]) -> list[str]:
    if len(curve) < 2:
        return []
    before, last = curve[-2], curve[-1]
    if last.low > before.mean:
        return ["The curve still rises: more demonstrations will make it better."]
    if last.mean <= before.high:
        return ["The curve is flat: more of the same will not help, other starts may."]
    return []


def _from_scores(scores: Sequence[Score]) -> list[str]:
    by_name = {score.name: score for score in scores}
    policy, person = by_name.get("policy"), by_name.get("person")
    if policy is None or person is None:
        return []
    if policy.low > person.high:
        return ["The policy is better than its teacher."]
    chance = by_name.get("chance")
    if chance is not None and policy.mean <= chance.high:
        return ["The policy is no better than chance: record more, and cleaner, episodes."]
    return []
