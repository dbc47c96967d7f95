"""The learned reward of every step of a comparison."""

from dataclasses import dataclass

import numpy as np

from teleop.errors import TeleopError
from teleop.learning.policy import list_policies
from teleop.learning.policy_folder import read_row
from teleop.learning.rewards.learned_reward import LearnedReward, load_reward
from teleop.learning.rewards.preferences import PREFERENCES, reward_folder
from teleop.learning.rewards.reward_check import rank_correlation
from teleop.playback.replay import Lane
from teleop.recording import Dataset
from teleop.runtime.protocol.comparison_messages import MapReward
from teleop.text import tr

CELLS = 32  # of a map, along each axis


@dataclass(slots=True)
class RewardSeries:
    """A learned reward, and its values so far.

    Attributes:
        title: the policy that it was learned with.
        reward: the reward.
        values: its value at each step of each side.
    """

    title: str
    reward: LearnedReward
    values: list[list[float]]

    def take(self, index: int, lane: Lane) -> tuple[float, ...]:
        """Return the reward of the new steps of one side."""
        known = self.values[index]
        first, end = len(known), len(lane.rewards)
        if first == end:
            return ()
        rows = [self.reward.encoding.row(seen) for seen in lane.observations[first : end + 1]]
        seen = self.reward.normaliser(np.stack(rows))
        ends = np.zeros(end - first, np.bool_)
        ends[-1] = lane.terminated
        acts = self.reward.acts(lane.raw_actions[first:end])
        found = [float(value) for value in self.reward.of(seen[:-1], acts, seen[1:], ends)]
        known += found
        return tuple(found)

    def over(self, lane: Lane, wanted: MapReward) -> tuple[tuple[float, ...], ...]:
        """Return the reward over two observed numbers; empty if there is no step yet."""
        step = min(wanted.step, len(lane.raw_actions) - 1)
        if step < 0:
            return ()
        before, after = (self.reward.encoding.row(s) for s in lane.observations[step : step + 2])
        ends = zip(wanted.low, wanted.high, strict=True)
        across, up = (np.linspace(low, high, CELLS, dtype=np.float32) for low, high in ends)
        rows = np.repeat(before[None], CELLS * CELLS, axis=0)
        rows[:, wanted.across], rows[:, wanted.up] = np.tile(across, CELLS), np.repeat(up, CELLS)
        acts = np.repeat(self.reward.acts([lane.raw_actions[step]]), len(rows), axis=0)
        seen, following = map(self.reward.normaliser, (rows, rows + (after - before)))
        found = self.reward.of(seen, acts, following, np.zeros(len(rows), np.bool_))
        return tuple(map(tuple, found.reshape(CELLS, CELLS).tolist()))

    def agreement(self, lanes: list[Lane]) -> float | None:
        """Return the rank correlation with the environment's reward; None if that is constant."""
        learned = np.concatenate([np.array(values) for values in self.values])
        true = np.concatenate([np.array(lane.rewards) for lane in lanes])
        return rank_correlation(learned, true)


def reward_series(dataset: Dataset, rivals: tuple[str, ...], lanes: int) -> RewardSeries | None:
    """Return the learned reward of a rival, else of the newest policy with one, else of answers.

    None if there is none of these.
    """
    names = [*rivals, *reversed(list_policies(dataset.policies)), PREFERENCES]
    for name in names:
        folder = reward_folder(dataset, name)
        try:
            found = load_reward(folder)
        except TeleopError:  # a damaged reward does not keep the comparison from opening
            continue
        fits = found is not None and found.fits_spaces(*dataset.spaces())
        if found is not None and fits and not found.encoding.pictures:
            title = tr("your answers") if name == PREFERENCES else read_row(folder).title
            return RewardSeries(title, found, [[] for _ in range(lanes)])
    return None
