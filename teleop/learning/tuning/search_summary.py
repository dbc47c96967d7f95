"""Sentences that describe the results of a search by playing."""

from collections.abc import Iterator

from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.tuning.search import Arm, Search
from teleop.text import joined, listed, tr
from teleop.types.results import Tried


def findings(search: Search, demos: Demonstrations) -> Iterator[tuple[str, bool]]:
    """Yield (sentence, whether playing confirmed it) for each result of a search."""
    for text in _choice_found(search, demos):
        yield text, search.confirmed
    for arm, text in _shapes_found(search):
        yield text, search.confirmed and search.compared(arm)


def _choice_found(search: Search, demos: Demonstrations) -> Iterator[str]:
    """Yield what was chosen, and the score of the default settings."""
    best, usual = search.tried(search.best), search.tried(search.usual)
    yield tr(
        "Settings chosen by playing {starts} trial episodes; this uses the reward",
        starts=search.starts,
    )
    yield tr("Chosen: {words}", words=best.words)
    if search.best == search.usual:
        yield tr("The default settings scored best: {best}", best=_score(best))
    elif search.compared(search.usual):
        yield tr(
            "{best}; with the default settings {usual}", best=_score(best), usual=_score(usual)
        )
    yield from _takes_found(search, demos)


def ways_back_found(unshown: int, states: int, steps: int, before: Tried, after: Tried) -> str:
    """Describe the effect of planning paths back to demonstrated states."""
    return tr(
        "{unshown:,} of {states:,} states were never demonstrated. From these, the policy takes "
        "the shortest path back to a demonstrated state (found in {steps:,} trial steps). With "
        "this: {after}. Without: {before}",
        unshown=unshown,
        states=states,
        steps=steps,
        after=_score(after),
        before=_score(before),
    )


def _takes_found(search: Search, demos: Demonstrations) -> Iterator[str]:
    """Yield which episodes are left out, and the effect of it."""
    out = search.best.choice.left_out(demos)
    before = search.tried(search.with_all_takes(search.best))
    if not out:
        return
    yield tr(
        "Without episodes {takes}: {score}",
        takes=listed([str(number) for number in out], 8),
        score=_score(search.tried(search.best)),
    )
    if search.compared(search.with_all_takes(search.best)):
        yield tr("With all episodes: {before}", before=_score(before))


def _shapes_found(search: Search) -> Iterator[tuple[Arm, str]]:
    """Yield whether each non-default architecture was kept, and its score."""
    usual, *others = search.shapes
    plain = search.best_with(usual)
    for shape in others:
        arm = search.best_with(shape)
        if arm is None or plain is None:
            continue
        verdict = tr("kept") if shape == search.best.choice.shape else tr("not kept")
        shown = joined(", ", (shape.words().capitalize(), verdict))
        yield arm, joined(": ", (shown, _score(search.tried(arm))))


def _score(tried: Tried) -> str:
    mean = f"{tried.mean:.0f}" if abs(tried.mean) >= 10 else f"{tried.mean:.2g}"
    if tried.success is None:
        return tr("return {mean} ({starts} trial starts)", mean=mean, starts=tried.starts)
    return tr(
        "{success:.0%} success, return {mean} ({starts} trial starts)",
        success=tried.success,
        mean=mean,
        starts=tried.starts,
    )
