"""A film of several episodes of one policy, one after another."""

from collections.abc import Iterator, Sequence

from teleop.envs.factory import pace_of
from teleop.playback.captions import Part
from teleop.playback.replay import TURN_BASED_HZ, Replay
from teleop.text import tr
from teleop.types import Policy


def iter_parts(
    env_id: str, policy: Policy, seeds: Sequence[int], title: str
) -> Iterator[tuple[int, list[Part]]]:
    """Play a policy from each seed; yield (steps so far, parts that are complete).

    Args:
        env_id: the environment.
        policy: the policy.
        seeds: seeds of the starts, at least one.
        title: what the policy is, for the caption.

    Raises:
        EnvError: the environment cannot be made, or failed.
    """
    parts: list[Part] = []
    steps = 0
    for number, seed in enumerate(seeds, start=1):
        replay = Replay(env_id, seed, [policy])
        try:
            pace = pace_of(replay.env) or TURN_BASED_HZ
            while replay.advance():
                steps += 1
                yield steps, parts
        finally:
            replay.close()
        count = tr("{title} · {number} of {count}", title=title, number=number, count=len(seeds))
        parts.append(Part.of(replay, pace, [count]))
        yield steps, parts
