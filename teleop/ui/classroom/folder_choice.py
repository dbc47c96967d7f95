"""Asks for the folder of a class, and for the codename of the person who hands in."""

from pathlib import Path

from pygame import Rect

from teleop.errors import RecordingError
from teleop.runtime.protocol.library_messages import HandIn
from teleop.runtime.protocol.session_messages import Notice, Tone
from teleop.text import tr
from teleop.types.metadata import checked_codename
from teleop.ui.sheets.path_choice import ask_for_path
from teleop.ui.state.context import Purpose, UiContext
from teleop.ui.widgets.text_edit import TextEdit

_TITLES = {
    Purpose.CLASS: tr("Choose the folder of the class"),
    Purpose.HAND_IN: tr("Choose the folder to hand in to"),
}


def choose_folder(context: UiContext, purpose: Purpose, before: str) -> None:
    """Ask for the folder of a class.

    Args:
        context: the context that all screens share.
        purpose: what it is for.
        before: the folder that was chosen last; empty for none.
    """
    start = Path(before) if before and Path(before).is_dir() else Path.home()
    ask_for_path(context, purpose, _TITLES[purpose], start, folders=True)


def hand_in(context: UiContext, dataset_id: str) -> None:
    """Hand a dataset in to the folder that was chosen last, or ask for one."""
    if not context.options.codename:
        text = tr("Choose a codename first, at the top of the lessons (Ctrl 5).")
        context.model.notices.append(Notice(Tone.PLAIN, text))
        context.next.screen = "lesson"
        return
    folder = context.settings.hand_in_folder
    if folder and Path(folder).is_dir():
        context.tell(HandIn(dataset_id, folder, context.options.codename))
    else:
        context.jobs.handed_in = dataset_id
        choose_folder(context, Purpose.HAND_IN, folder)


def draw_codename(context: UiContext, rect: Rect) -> None:
    """Draw the field with the person's codename."""
    now = context.options.codename
    hint = tr("Codename, not your name")
    if not context.ui.field("codename", rect, context.editing, now, hint):
        return

    def done(text: str) -> None:
        try:
            context.change_codename(checked_codename(text))
        except RecordingError as problem:
            context.model.notices.append(Notice(Tone.BAD, problem.args[0]))

    context.edit(TextEdit("codename", now, len(now), done))
