"""How the kinds of blocks are called and drawn."""

from teleop.text import tr
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.widgets import Ui

KINDS = {"predict": tr("Predict"), "do": tr("Do"), "see": tr("See"), "say": tr("Say")}


def draw_kind(ui: Ui, kind: str, at: tuple[int, int]) -> int:
    """Draw the kind of a block as a small label, and return its right edge."""
    px = ui.painter.px
    rect = ui.pill((at[0], at[1] - px(14)), KINDS[kind], ui.theme.raised, ui.theme.text)
    return rect.right


def language_code(context: UiContext) -> str:
    """Return the code of the language of the window."""
    language = context.ui.painter.language
    return language.code if language else "en"
