"""Chooses the seed of the next episode."""

import numpy as np

from teleop.runtime.protocol.driving_options import Seeds


class SeedSchedule:
    """Chooses seeds according to the person's options.

    Attributes:
        held: whether the seed stays the same for all sides, until the race ends.
    """

    def __init__(self, base_seed: int) -> None:
        self._draws = np.random.default_rng(base_seed)
        self.held = False

    def next(self, wish: Seeds, now: int, *, another: bool) -> int | None:
        """Return the seed after `now`; None means the next one in order.

        Args:
            wish: the same seed, the next one or a random one.
            now: seed of the finished episode.
            another: whether the person asks for a different seed.
        """
        if self.held and not another:
            return now
        if wish is Seeds.DRAWN:
            return int(self._draws.integers(1 << 31))
        return now if wish is Seeds.SAME and not another else None
