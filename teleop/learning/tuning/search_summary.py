"""What a search by playing found, in sentences."""

from collections.abc import Iterator

from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.progress import Tried
from teleop.learning.tuning.search import Arm, Search


def findings(search: Search, demos: Demonstrations) -> Iterator[tuple[str, bool]]:
    """(sentence, whether playing confirmed it) for everything that a search found."""
    for text in _choice_found(search, demos):
        yield text, search.confirmed
    for arm, text in _shapes_found(search):
        yield text, search.confirmed and search.compared(arm)


def _choice_found(search: Search, demos: Demonstrations) -> Iterator[str]:
    """What was chosen, and what the usual settings gave."""
    best, usual = search.tried(search.best), search.tried(search.usual)
    yield f"Settings chosen by playing {search.starts} trial episodes; this uses the reward"
    yield f"Chosen: {best.words}"
    if search.best == search.usual:
        yield f"The default settings scored best: {_score(best)}"
    elif search.compared(search.usual):
        yield f"{_score(best)}; with the default settings {_score(usual)}"
    yield from _takes_found(search, demos)


def ways_back_found(unshown: int, states: int, steps: int, before: Tried, after: Tried) -> str:
    """What planning a way back to the shown states did."""
    return (
        f"{unshown:,} of {states:,} states were never demonstrated; from them the policy takes the "
        f"shortest path back to demonstrated ones, found in {steps:,} trial steps: "
        f"{_score(after)}; without it: {_score(before)}"
    )


def _takes_found(search: Search, demos: Demonstrations) -> Iterator[str]:
    """Which takes are left out, and what that did."""
    out = search.best.choice.left_out(demos)
    before = search.tried(search.with_all_takes(search.best))
    if not out:
        return
    numbers = ", ".join(str(number) for number in out[:8])
    more = f" and {len(out) - 8} more" if len(out) > 8 else ""
    yield f"Takes {numbers}{more} left out: {_score(search.tried(search.best))}"
    if search.compared(search.with_all_takes(search.best)):
        yield f"With all takes: {_score(before)}"


def _shapes_found(search: Search) -> Iterator[tuple[Arm, str]]:
    """Whether another shape than the usual one was worth it."""
    usual, *others = search.shapes
    plain = search.best_with(usual)
    for shape in others:
        arm = search.best_with(shape)
        if arm is None or plain is None:
            continue
        verdict = "kept" if shape == search.best.choice.shape else "not kept"
        words = shape.words().capitalize()
        yield arm, f"{words}, {verdict}: {_score(search.tried(arm))}"


def _score(tried: Tried) -> str:
    rate = "" if tried.success is None else f"{tried.success:.0%} success, "
    mean = f"{tried.mean:.0f}" if abs(tried.mean) >= 10 else f"{tried.mean:.2g}"
    return f"{rate}return {mean} ({tried.starts} starts)"
