"""Overlays of every screen: notices, banners about problems, tool tips, the help sheet."""

from teleop.runtime.protocol.session_messages import Notice, Tone
from teleop.text import tr
from teleop.ui.chrome.banner import draw_banner, draw_unresponsive
from teleop.ui.chrome.toasts import Toasts
from teleop.ui.chrome.tooltips import draw_tip
from teleop.ui.sheets.help_sheet import HELP, draw_help
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.text_edit import copy


class Overlays:
    """View state: the notices on screen."""

    def __init__(self) -> None:
        self.toasts = Toasts()

    def copy(self, context: UiContext) -> None:
        """Copy the focused text, the text of a notice, or the text under the mouse."""
        ui = context.ui
        focused = ui.events.nodes.get(ui.events.focus.id or "") if ui.events.focus.visible else None
        text = "" if focused else self.toasts.copied
        node = focused or ui.events.hit(ui.events.pointer.at)
        if not text and node is not None:
            value = node.value if isinstance(node.value, str) else ""
            text = value or node.label
        if text:
            copy(text)
            context.model.notices.append(Notice(Tone.PLAIN, tr("Copied: {text}", text=text)))

    def draw(self, context: UiContext, current: str) -> None:
        """Draw all overlays of a screen."""
        if context.model.lost:
            draw_banner(context)
        else:
            draw_unresponsive(context)
        self.toasts.draw(context, current)
        draw_tip(context)
        if context.ui.events.modal == HELP:
            draw_help(context)
