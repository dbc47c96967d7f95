"""Moves through a lesson: opens what a block needs, and its screen."""

from dataclasses import replace
from pathlib import Path

from teleop.errors import LessonError
from teleop.runtime.protocol.library_messages import AddSamples
from teleop.runtime.protocol.session_messages import ChooseDataset, Notice, Tone, UseSeed
from teleop.ui.state.context import UiContext

_MAIN = {  # what a gamepad's A does first, on each screen of a task
    "demonstrate": ("record", "transport"),
    "train": ("train", "primary"),
    "compare": ("play", "transport"),
    "correct": ("record", "transport"),
}
_RETRAIN = ("retrain", "primary")


def open_lesson(context: UiContext, folder: Path) -> None:
    """Open a lesson and show its page, or say why it cannot be read."""
    _restore_options(context)
    try:
        context.guide.open(folder)
    except LessonError as problem:
        context.model.notices.append(Notice(Tone.BAD, problem.args[0]))
        return
    context.next.screen = "lesson"


def show_block(context: UiContext, index: int) -> None:
    """Show a block on the lesson's page."""
    _restore_options(context)
    context.guide.move(index)


def go_to_block(context: UiContext, index: int) -> None:
    """Go to a block and to its screen."""
    show_block(context, index)
    context.next.screen = context.guide.screen or "lesson"


def go_forward(context: UiContext) -> None:
    """Go to the next block; something to look at counts as done."""
    guide = context.guide
    if guide.block is not None and guide.block.kind == "see":
        guide.complete()
    go_to_block(context, guide.index + 1)


def close_lesson(context: UiContext) -> None:
    """Close the lesson and show the list of lessons."""
    _restore_options(context)
    context.guide.close()
    context.next.screen = "lesson"


def settle(context: UiContext) -> None:
    """Do the next thing that the block needs; called at every redraw until all is done.

    First its environment is opened, then its dataset is added and chosen, then the rest is set.
    """
    guide, model, lesson = context.guide, context.model, context.guide.lesson
    block, needs = guide.block, guide.needs
    if needs.are_met or lesson is None:
        return
    if block is None or not (block.kind == "do" or block.kind == "see") or not guide.screen:
        needs.are_met = True
        return
    env_id = block.environment or lesson.content.environment
    library = model.library
    if model.env is None or model.env.env_id != env_id:
        if needs.asks("open", env_id):
            needs.before = library
            context.open_env(env_id)
    elif library is None or library is needs.before:
        return  # the recordings of this environment are not listed yet
    elif block.dataset and block.dataset not in {name for name, _, _ in library.datasets}:
        if needs.asks("add", block.dataset):
            context.tell(AddSamples(str(lesson.recordings)))
    else:
        context.tell(ChooseDataset(block.dataset or ""))
        _set_up(context)
        needs.are_met = True


def _set_up(context: UiContext) -> None:
    """Set the seed, the way to learn and the noise that a task asks for; focus its button."""
    block, screen = context.guide.block, context.guide.screen
    if block is None or block.kind != "do":
        return
    if screen in _MAIN:
        again = screen == "correct" and block.goal.train
        context.ui.offer(*(_RETRAIN if again else _MAIN[screen]))
    if block.seed is not None:
        context.tell(UseSeed(block.seed))
    if block.recipe is not None:
        context.next.recipe = block.recipe
    if block.noise is not None:
        context.guide.noise_before = context.options.noise
        context.change_options(replace(context.options, noise=block.noise))


def _restore_options(context: UiContext) -> None:
    """Undo what the lesson has changed in the person's options."""
    guide = context.guide
    if guide.noise_before is not None:
        context.change_options(guide.own_options(context.options))
        guide.noise_before = None
