"""How late hands are: seen where it is there, not claimed where it is not."""

import numpy as np
import pytest

from teleop.learning.data.lag_estimate import reaction_s


def late_hands(delay: int, steps: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    seen = np.cumsum(rng.normal(size=(steps + 1, 3)), axis=0)
    seen -= np.linspace(seen[0], seen[-1], steps + 1)
    pressed = np.zeros(steps, np.int64)
    pressed[delay:] = seen[: steps - delay, 0] > 0
    return seen, pressed


@pytest.mark.parametrize("delay", [2, 4, 8])
def test_a_delay_is_found(delay: int) -> None:
    found = reaction_s(*late_hands(delay), pace_hz=30)
    assert found == pytest.approx(delay / 30, abs=1 / 30)


def test_nothing_is_claimed_without_a_delay_or_enough_steps() -> None:
    assert reaction_s(*late_hands(0), pace_hz=30) is None
    assert reaction_s(*late_hands(4, steps=60), pace_hz=30) is None
    seen, _ = late_hands(4)
    assert reaction_s(seen, np.zeros(400, np.int64), pace_hz=30) is None
    assert reaction_s(seen, late_hands(4)[1], pace_hz=0) is None
