"""Description of the demonstrations, before any training.

Each trait says what was found, what it means, and what is done about it.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from teleop.envs.action_spaces.action_labels import branch_words, idle_action
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.inputs import Rows
from teleop.learning.data.lag_estimate import explained_share, quadratic_features
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.heads import Levels
from teleop.learning.networks.policy_models import flattened
from teleop.learning.tuning.lag_search import (
    LagGuess,
    best_lag,
    can_find,
    default_lag,
    is_clear,
    two_lags,
)
from teleop.text import listed, tr
from teleop.types.results import Trait

IDLE_WARNS = 0.7
DOMINANT_WARNS = 0.95
CONTRADICTION_WARNS = 0.2
TWO_WAYS = tr("several right actions in some situations")
_TWO_WAYS = 0.02  # share of contradictions from which there are several right actions
_SAME = 0.95  # share of alike situations from which episodes are nearly the same
NEARLY_SAME = tr("episodes are nearly the same")
COVERED_WARNS = 0.6
_JITTER_WARNS = 0.25  # share of the time between steps
_SAMPLE = 1500  # steps that are compared with each other
_NEAR = 0.15  # RMS difference in standard deviations below which steps are nearly equal
_LIKE = 0.5  # the same for similar steps
_FEWEST = 20
_SAME = 0.98  # share of equal actions of two episodes
_SAME_START = 1e-3
_HIDDEN_WARNS = 0.12  # share of the variance of the changes
_FEWEST_STEPS, _MOST_STEPS, _WIDEST_SEEN = 100, 20_000, 64


def profile_of(demos: Demonstrations, guesses: Sequence[LagGuess] = ()) -> tuple[Trait, ...]:
    """Return all traits of the data.

    Args:
        demos: the demonstrations.
        guesses: results of `iter_lags`, if it was run.
    """
    return tuple(_iter_traits(demos, guesses))


def _iter_traits(demos: Demonstrations, guesses: Sequence[LagGuess]) -> Iterator[Trait]:
    pairs = demos.pairs(best_lag(demos, guesses) if guesses else default_lag(demos))
    yield _hands(demos, guesses)
    yield _levels(demos)
    if len(pairs):
        yield from _habits(demos, pairs[:, 1])
        yield from _likeness(demos, pairs)
    yield from _hidden_state(demos)
    yield from _twins(demos)
    yield from _pace(demos)
    yield from _never_done(demos)
    yield from _left_out(demos)


def _hands(demos: Demonstrations, guesses: Sequence[LagGuess]) -> Trait:
    topic = tr("Reaction time")
    if not demos.delayed:
        return Trait(
            topic, tr("none"), tr("a script acted, or steps waited for you"), tr("no correction")
        )
    if demos.pace_hz == 0:
        return Trait(topic, tr("none"), tr("steps waited for you"), tr("no correction"))
    means = tr("the delay between what you see and what you do")
    usual = round(1000 * default_lag(demos) / demos.pace_hz)
    if not guesses:
        later = (
            tr("measured during training")
            if can_find(demos)
            else tr("too few episodes to measure yours")
        )
        return Trait(topic, tr("typically {usual} ms", usual=usual), means, later)
    own = two_lags(demos, guesses)
    if own is not None and own[1] and not isinstance(own[0], int):
        both = ", ".join(str(round(1000 * n / demos.pace_hz)) for n in sorted(set(own[0])))
        return Trait(
            topic, f"{both} ms", tr("two people, or two ways of playing"), tr("each with its own")
        )
    found = tr("about {lag} ms", lag=round(1000 * best_lag(demos, guesses) / demos.pace_hz))
    if not is_clear(guesses):
        found = tr("unclear; {found} is assumed", found=found)
    return Trait(topic, found, means, tr("corrected for in training"))


def _levels(demos: Demonstrations) -> Trait:
    counts = [len(b.values) for b in demos.head.branches if isinstance(b, Levels)]
    numbers = len(demos.head.branches) - len(counts)
    if (
        not numbers
        and demos.action_space.dtype is not None
        and demos.action_space.dtype.kind != "f"
    ):
        found = listed([tr("{count} choices", count=count) for count in counts], 4)
        return Trait(tr("Actions"), found, tr("one is chosen at each step"), "")
    if not numbers:
        shown = listed([str(count) for count in counts], 6)
        return Trait(
            tr("Actions"),
            tr("keys: {shown} levels", shown=shown),
            tr("some axes take only a few values"),
            "",
        )
    return Trait(
        tr("Actions"),
        tr("analog on {numbers} of {all}", numbers=numbers, all=len(demos.head.branches)),
        tr("continuous values"),
        "",
    )


def _habits(demos: Demonstrations, rows: NDArray[np.int64]) -> Iterator[Trait]:
    flat = demos.flat[rows]
    idle = idle_action(demos.env_id, demos.action_space)
    if idle is not None:
        share = float((np.abs(flat - idle) < 1e-6).all(axis=1).mean())
        warns = share > IDLE_WARNS
        means = tr("a policy may learn to do nothing") if warns else tr("not a problem")
        done = (
            tr("use more input, or trim the waiting")
            if warns
            else tr("waiting before your first input is left out")
        )
        yield Trait(tr("Idle"), tr("{share:.0%} of steps", share=share), means, done, warns)
    _, counts = np.unique(demos.targets[rows].round(2), axis=0, return_counts=True)
    share = float(counts.max() / len(rows))
    warns = share > DOMINANT_WARNS
    if warns or idle is None:
        means = tr("a policy that always does it looks right") if warns else tr("not a problem")
        done = tr("record situations that need other actions") if warns else ""
        yield Trait(
            tr("Most frequent action"), tr("{share:.0%} of steps", share=share), means, done, warns
        )


def _likeness(demos: Demonstrations, pairs: NDArray[np.int64]) -> Iterator[Trait]:
    """Compare steps with the most similar steps at other times."""
    drawn = np.sort(np.random.default_rng(0).permutation(len(pairs))[:_SAMPLE])
    chosen, done = pairs[drawn].T
    seen = _compared(demos, chosen)
    apart = np.sqrt(_squared_distances(seen) / seen.shape[1])
    episode = np.searchsorted(demos.starts, chosen, side="right")
    near_in_time = np.abs(chosen[:, None] - chosen) <= max(5, round(demos.pace_hz / 2))
    apart[near_in_time & (episode[:, None] == episode)] = np.inf
    yield from _contradictions(demos, done, apart)
    if len(demos.used) > 1:
        apart[episode[:, None] == episode] = np.inf
        alike = float((apart.min(axis=1) < _LIKE).mean())
        warns = alike < COVERED_WARNS
        means = tr("episodes differ") if warns else tr("episodes are alike")
        means = NEARLY_SAME if alike >= _SAME else means
        done = (
            tr("more demonstrations will help")
            if warns
            else tr("more of the same will help little; record rare situations")
        )
        yield Trait(
            tr("Coverage"),
            tr("{alike:.0%} of situations occur in more than one episode", alike=alike),
            means,
            done,
        )


def _contradictions(
    demos: Demonstrations, done: NDArray[np.int64], apart: NDArray[np.float64]
) -> Iterator[Trait]:
    nearest = apart.argmin(axis=1)
    near = apart[np.arange(len(apart)), nearest] < _NEAR
    if near.sum() < _FEWEST:
        yield Trait(
            tr("Contradictions"),
            tr("too few similar situations to say"),
            tr("no situation occurred twice"),
            "",
        )
        return
    opposite = _are_opposite(demos, done[near], done[nearest[near]])
    share = float(opposite.mean())
    warns = share > CONTRADICTION_WARNS
    means = tr("you acted differently in similar situations") if warns else tr("not a problem")
    what = tr("the policy takes the more frequent one") if warns else ""
    if not warns and share > _TWO_WAYS and demos.head.is_numbers:
        means, what = TWO_WAYS, tr("their mean may be wrong: train with choose, or flow matching")
    yield Trait(
        tr("Contradictions"),
        tr("{share:.0%} of {near:,} similar situations", share=share, near=near.sum()),
        means,
        what,
        warns,
    )


def _are_opposite(
    demos: Demonstrations, some: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which actions contradict each other.

    Choices must differ and not be idle; numbers must be far apart on opposite sides of rest.
    """
    one, two = demos.flat[some], demos.flat[others]
    idle = idle_action(demos.env_id, demos.action_space)
    rest = np.zeros(one.shape[1]) if idle is None else idle
    differ = np.zeros(len(one), np.bool_)
    is_axis = demos.action_space.dtype is not None and demos.action_space.dtype.kind == "f"
    for branch in range(one.shape[1]):
        a, b = one[:, branch] - rest[branch], two[:, branch] - rest[branch]
        if is_axis:
            differ |= a * b < -0.05 * max(1e-9, float(np.abs(demos.flat[:, branch]).max())) ** 2
        else:
            differ |= (a != b) & ((idle is None) | ((a != 0) & (b != 0)))
    return differ


def has_hidden_state(demos: Demonstrations) -> bool:
    """Return whether the next observation depends on more than the current one."""
    return any(trait.warns for trait in _hidden_state(demos))


def _hidden_state(demos: Demonstrations) -> Iterator[Trait]:
    """Test whether the previous observation helps to predict the next one."""
    here, before, then = _steps_within(demos)
    seen = demos.inputs.vector
    if demos.encoding.pictures or len(here) < _FEWEST_STEPS or seen.shape[1] > _WIDEST_SEEN:
        return
    done = demos.targets[here]
    change = (seen[then] - seen[here]).astype(np.float64)
    moving = change.std(axis=0) > 1e-6 * (seen.std(axis=0) + 1e-9)
    if not moving.any():
        return
    change = change[:, moving] / change[:, moving].std(axis=0)
    alone = explained_share(quadratic_features(np.hstack([seen[here], done])), change)
    past = np.hstack([seen[here], done, seen[here] - seen[before]])
    gain = explained_share(quadratic_features(past), change) - alone
    warns = gain > _HIDDEN_WARNS
    means = (
        tr("speed or history matters and is not observed")
        if warns
        else tr("one observation is enough")
    )
    what = tr("training tries 4 observations at once") if warns else ""
    found = tr("the previous step explains {gain:.0%} more of what comes next", gain=max(0.0, gain))
    yield Trait(tr("Hidden state"), found, means, what, warns)


def _steps_within(demos: Demonstrations) -> tuple[NDArray[np.int64], ...]:
    """Return the rows of steps, the steps before and the steps after, in one segment."""
    rows = np.arange(1, demos.total_steps - 1)
    alike = demos.segments[rows] == demos.segments[rows - 1]
    alike &= (demos.segments[rows] == demos.segments[rows + 1]) & (demos.segments[rows] >= 0)
    here = rows[alike][:_MOST_STEPS]
    return here, here - 1, here + 1


def _twins(demos: Demonstrations) -> Iterator[Trait]:
    twins = [
        (demos.numbers[i], demos.numbers[j])
        for i, j in _same_starts(demos)
        if _are_twins(demos, i, j)
    ]
    if twins:
        pairs = [tr("{one} and {two}", one=one, two=two) for one, two in twins]
        yield Trait(
            tr("Near-duplicates"),
            tr("episodes {pairs}", pairs=listed(pairs, 3)),
            tr("two episodes repeat the same actions from the same start, so they count twice"),
            tr("delete one of each, or record from other starts"),
            warns=True,
        )


def _same_starts(demos: Demonstrations) -> Iterator[tuple[int, int]]:
    """Yield pairs of episodes that begin alike."""
    used = np.array(demos.used, np.int64)  # none if only a policy drove
    first = demos.inputs.vector[demos.starts[used]]  # (E, features)
    for place, index in enumerate(used[:-1]):
        apart = np.abs(first[place + 1 :] - first[place])
        alike = (apart <= _SAME_START * (1 + np.abs(first[place]))).all(axis=1)
        yield from ((int(index), int(other)) for other in used[place + 1 :][alike])


def _are_twins(demos: Demonstrations, one: int, two: int) -> bool:
    a, b = demos.episode(one), demos.episode(two)
    lengths = (a.stop - a.start, b.stop - b.start)
    if min(lengths) < _SAME * max(lengths):
        return False
    looks = ((part[a.start], part[b.start]) for part in demos.inputs.pictures)
    if not all(np.array_equal(*pair) for pair in looks):
        return False
    count = min(lengths)
    same = demos.flat[a][:count] == demos.flat[b][:count]
    return bool(same.all(axis=1).mean() >= _SAME)


def _pace(demos: Demonstrations) -> Iterator[Trait]:
    if not demos.rate_hz or not demos.pace_hz or not demos.delayed:
        return  # a program needs no steady timing
    slow = demos.rate_hz < 0.9 * demos.pace_hz
    shaky = demos.jitter_s * demos.rate_hz > _JITTER_WARNS
    found = tr(
        "{real:.1f} of {wanted:.1f} steps a second, ± {jitter:.0f} ms",
        real=demos.rate_hz,
        wanted=demos.pace_hz,
        jitter=1000 * demos.jitter_s,
    )
    means = (
        tr("this computer was too slow for the pace")
        if slow
        else tr("timing was uneven")
        if shaky
        else tr("timing was steady")
    )
    done = tr("the data is correct; try a lower pace") if slow or shaky else ""
    yield Trait(tr("Pace"), found, means, done, slow or shaky)


def _never_done(demos: Demonstrations) -> Iterator[Trait]:
    """Yield the choices that were not demonstrated: a policy will not make them."""
    words = branch_words(demos.env_id, demos.action_space)
    rows = demos.pairs(0)[:, 1]
    never = []
    for index, (branch, names) in enumerate(zip(demos.head.branches, words, strict=False)):
        done = set(demos.targets[rows, index].astype(int).tolist())
        if isinstance(branch, Levels):
            never += [names[i] for i in range(len(branch.values)) if i not in done]
    if never:
        shown = listed(never, 4)
        means = tr("a policy will never do what it was never shown")
        yield Trait(tr("Never done"), shown, means, tr("demonstrate it if it is useful"))


def _left_out(demos: Demonstrations) -> Iterator[Trait]:
    if demos.encoding.left_out:
        parts = ", ".join(demos.encoding.left_out)
        yield Trait(tr("Text"), parts, tr("text is not learned from"), tr("left out"))
    idle = int((demos.segments < 0).sum())
    if idle:
        found = tr("{idle:,} of {total_steps:,} steps", idle=idle, total_steps=demos.total_steps)
        yield Trait(
            tr("Not learned from"),
            found,
            tr("a policy drove, or you had not pressed anything yet"),
            tr("left out"),
        )


def _compared(demos: Demonstrations, rows: NDArray[np.int64]) -> Rows:
    """Return features for comparing steps, normalised numbers and tiny images: (n, D)."""
    chosen = demos.inputs[rows]
    tiny = tuple(
        part[:, :: max(1, part.shape[1] // 8), :: max(1, part.shape[2] // 8)]
        for part in chosen.pictures
    )
    seen = flattened(Normaliser.of(demos.inputs.vector, rows)(chosen.vector), tiny)
    return Normaliser.of(seen, np.arange(len(seen)))(seen)


def _squared_distances(seen: Rows) -> NDArray[np.float64]:
    wide = seen.astype(np.float64)
    squares = (wide**2).sum(axis=1)
    distances: NDArray[np.float64] = np.maximum(squares[:, None] + squares - 2 * wide @ wide.T, 0.0)
    return distances
