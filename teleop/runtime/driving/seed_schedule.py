"""From which start the next episode begins."""

import numpy as np

from teleop.runtime.protocol.driving_options import Seeds


class SeedSchedule:
    """Chooses seeds as the person wishes.

    Attributes:
        held: everybody races from one start: it stays until the race is left.
    """

    def __init__(self, base_seed: int) -> None:
        self._draws = np.random.default_rng(base_seed)
        self.held = False

    def next(self, wish: Seeds, now: int, *, another: bool) -> int | None:
        """The seed after `now`; None is the next one in order.

        Args:
            wish: the same, the next or a drawn one.
            now: of the episode that is over.
            another: the person asks for any other start.
        """
        if self.held and not another:
            return now
        if wish is Seeds.DRAWN:
            return int(self._draws.integers(1 << 31))
        return now if wish is Seeds.SAME and not another else None
