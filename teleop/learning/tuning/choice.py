"""The settings that training chooses: lag, episodes and network architecture."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from teleop.learning.data.demonstrations import Demonstrations, Lag
from teleop.learning.networks.architecture import Architecture
from teleop.text import joined, listed, tr

_STEEPEST = 2.0  # weights stay constant beyond this many standard deviations of the returns


@dataclass(frozen=True, slots=True)
class TrainingChoice:
    """One choice of training settings.

    Attributes:
        lag: lag in steps, for all episodes or for each.
        takes: indices of the episodes to learn from; None for all.
        weighted: draw good episodes more often than bad ones.
        shape: architecture of the networks.
    """

    lag: Lag = 0
    takes: tuple[int, ...] | None = None
    weighted: bool = False
    shape: Architecture = field(default_factory=Architecture)

    def left_out(self, demos: Demonstrations) -> tuple[int, ...]:
        """Return the numbers of the episodes that are not learned from."""
        if self.takes is None:
            return ()
        return tuple(demos.numbers[index] for index in demos.used if index not in self.takes)

    def pairs(self, demos: Demonstrations) -> NDArray[np.int64]:
        """Return (M, 2) observation and action rows; without lag if episodes are too short."""
        pairs = demos.pairs(self.lag, self.takes)
        return pairs if len(pairs) else demos.pairs(0, self.takes)

    def weights(
        self, demos: Demonstrations, pairs: NDArray[np.int64]
    ) -> NDArray[np.float64] | None:
        """Return the relative frequency of each pair, (M,); None if all are equal.

        exp(return / sd): the weights of Peng et al. 2019 (equation 5), for whole episodes.
        """
        if not self.weighted:
            return None
        used = demos.returns[demos.used]
        scaled = (demos.returns - used.mean()) / max(float(used.std()), 1e-9)
        weights: NDArray[np.float64] = np.exp(np.clip(scaled, -_STEEPEST, _STEEPEST))
        return weights[np.searchsorted(demos.starts, pairs[:, 0], side="right") - 1]

    def words(self, demos: Demonstrations) -> str:
        """Describe the choice, for a table."""
        said = [self._reaction_words(demos), self._take_words(demos)]
        if self.shape.words() != Architecture().words():
            said.append(self.shape.words())
        return joined(" · ", said)

    def _reaction_words(self, demos: Demonstrations) -> str:
        if not demos.delayed or demos.pace_hz == 0:
            return tr("no reaction time")
        lags = {self.lag} if isinstance(self.lag, int) else {self.lag[i] for i in demos.used}
        found = [f"{round(1000 * lag / demos.pace_hz)}" for lag in sorted(lags)]
        return tr("{found} ms reaction time", found=listed(found, 4))

    def _take_words(self, demos: Demonstrations) -> str:
        if self.weighted:
            return tr("episodes weighted by return")
        if self.takes is None:
            return tr("all episodes")
        return tr("{takes} of {used} episodes", takes=len(self.takes), used=len(demos.used))


def better_takes(demos: Demonstrations, share: float) -> tuple[int, ...]:
    """Return the indices of the episodes with the highest returns, at least one."""
    used = demos.used
    count = max(1, int(np.ceil(share * len(used))))
    return tuple(sorted(sorted(used, key=lambda index: -demos.returns[index])[:count]))
