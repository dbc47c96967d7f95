"""The settings that a search tries: lags, lengths, episodes and architectures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from teleop.learning.data.demonstrations import Demonstrations, Lag
from teleop.learning.networks.architecture import Architecture
from teleop.learning.tuning import lag_search
from teleop.learning.tuning.candidates import LENGTHS
from teleop.learning.tuning.choice import better_takes

USUAL, HISTORY = Architecture(), Architecture(frames=4)
WIDE = Architecture(hidden=(256, 256, 256))  # for sticks and mice
CHUNKS = Architecture(hidden=(256, 256, 256), chunk=8, execute=4)
_FIRST_LAGS_S = (0.0, 0.07, 0.14, 0.2, 0.3)
_FEWEST_SORTED = 4  # episodes


@dataclass(frozen=True, slots=True)
class Space:
    """The settings to choose from.

    Attributes:
        lags: first lags to try, the default one first; neighbours of the best are tried too.
        lengths: numbers of optimiser steps, ascending.
        shapes: architectures of the networks, the default one first.
        takes: sets of episodes to learn from, besides all episodes.
        weighs: whether good episodes may count more.
        fixed_lag: whether only `lags` are allowed.
    """

    lags: tuple[Lag, ...]
    lengths: tuple[int, ...] = LENGTHS
    shapes: tuple[Architecture, ...] = (USUAL,)
    takes: tuple[tuple[int, ...], ...] = ()
    weighs: bool = False
    fixed_lag: bool = False


def space_for(
    demos: Demonstrations,
    guesses: Sequence[lag_search.LagGuess],
    *,
    lengths: tuple[int, ...] = LENGTHS,
    lag_steps: int | None = None,
    shape: Architecture = USUAL,
    insists: bool = False,
    all_takes: bool = False,
) -> Space:
    """Return the settings that are worth trying on some data.

    Args:
        demos: the demonstrations.
        guesses: held-out losses of the lags.
        lengths: numbers of optimiser steps, ascending.
        lag_steps: the only lag to try; None tries several.
        shape: the requested architecture.
        insists: allow no other architecture.
        all_takes: leave no episode out.
    """
    returns = demos.returns[demos.used]
    sorts = len(returns) >= _FEWEST_SORTED and float(returns.std()) > 0 and not all_takes
    return Space(
        _first_lags(demos, guesses) if lag_steps is None else (lag_steps,),
        lengths,
        _shapes(shape, analog=demos.head.is_numbers, insists=insists),
        _takes(demos, guesses) if sorts else (),
        weighs=sorts,
        fixed_lag=lag_steps is not None,
    )


def _first_lags(demos: Demonstrations, guesses: Sequence[lag_search.LagGuess]) -> tuple[Lag, ...]:
    """Return the first lags to try: the default, a few others, and estimates from the data."""
    if not demos.delayed or demos.pace_hz <= 0:
        return (0,)
    longest = min(lag_search.longest_lag(demos), int(np.diff(demos.starts).max()) // 2)
    steps = [lag_search.default_lag(demos), *(round(s * demos.pace_hz) for s in _FIRST_LAGS_S)]
    found: list[Lag] = [step for step in steps if step <= longest]
    if guesses:
        found.append(lag_search.lowest_lag(guesses))
        own = lag_search.two_lags(demos, guesses)
        found += [own[0]] if own else []
    return tuple(dict.fromkeys(found)) or (0,)


def _takes(
    demos: Demonstrations, guesses: Sequence[lag_search.LagGuess]
) -> tuple[tuple[int, ...], ...]:
    """Return sets of episodes to learn from: those of one person, or the better ones."""
    found = []
    own = lag_search.two_lags(demos, guesses)
    if own and not isinstance(own[0], int):
        groups = [tuple(i for i in demos.used if own[0][i] == one) for one in set(own[0])]
        groups = [group for group in groups if len(group) >= _FEWEST_SORTED]
        if groups:
            found.append(max(groups, key=lambda group: demos.returns[list(group)].mean()))
    found += [better_takes(demos, share) for share in (0.5, 0.75)]
    return tuple(dict.fromkeys(found))


def _shapes(wanted: Architecture, *, analog: bool, insists: bool) -> tuple[Architecture, ...]:
    """Return the architectures that compete, the default one first."""
    if insists:
        return (wanted,)
    if wanted != USUAL:
        return (Architecture(hidden=wanted.hidden), wanted)
    return (USUAL, WIDE, CHUNKS, HISTORY) if analog else (USUAL, HISTORY)
