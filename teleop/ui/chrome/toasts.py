"""Notices that disappear by themselves, placed beside the frame and not over it."""

from dataclasses import dataclass

from pygame import Rect

from teleop.runtime.protocol.session_messages import Notice, Request, Tone
from teleop.text import tr
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.text_edit import copy

_STAYS_S = {Tone.GOOD: 4.0, Tone.PLAIN: 4.0, Tone.UNDO: 10.0, Tone.BAD: 12.0}
_WITH_PATH_S = 10.0  # for notices with text to copy
_MOST, _FEW = 3, 1
_WIDTH, _LINE, _BUTTONS = 336, 22, 42
_FOOT = 132  # above the main button of the right panel
_FEET = {"compare": 32, "library": 32, "home": 178}
_LOW = ("compare",)  # screens with buttons close above the notices
_LOOKS = {
    Tone.GOOD: ("check", "success"),
    Tone.PLAIN: ("info", "text2"),
    Tone.UNDO: ("trash-2", "text2"),
    Tone.BAD: ("info", "recording"),
}


@dataclass(slots=True)
class Toast:
    """A notice on screen."""

    notice: Notice
    until_s: float

    @property
    def copied(self) -> str:
        """The text worth copying: a path or an error message; empty if there is none."""
        return self.notice.copy or (self.notice.text if self.notice.tone is Tone.BAD else "")


_PICTURED = ("demonstrate", "correct")
_ABOVE_TRANSPORT = 122


class Toasts:
    """The latest notices, stacked upwards.

    Attributes:
        boxes: areas of the drawn notices.
    """

    def __init__(self) -> None:
        self._toasts: list[Toast] = []
        self.boxes: list[Rect] = []

    @property
    def texts(self) -> list[str]:
        """The texts of the notices, the newest last."""
        return [toast.notice.text for toast in self._toasts]

    def collect(self, context: UiContext) -> None:
        """Add new notices and remove expired ones."""
        for notice in context.model.notices:
            self._toasts = [t for t in self._toasts if t.notice.tone is not Tone.UNDO]
            stays = max(_STAYS_S[notice.tone], _WITH_PATH_S if notice.copy else 0.0)
            self._toasts.append(Toast(notice, context.now + stays))
        context.model.notices.clear()
        self._toasts = [toast for toast in self._toasts if toast.until_s > context.now][-_MOST:]

    def wakes_in(self, now: float) -> float | None:
        """Return the seconds until the next notice expires (0 or less: now), or None."""
        return min((toast.until_s - now for toast in self._toasts), default=None)

    @property
    def copied(self) -> str:
        """The text to copy from the newest notice that has one; empty if none has."""
        return next((toast.copied for toast in reversed(self._toasts) if toast.copied), "")

    def draw(self, context: UiContext, current: str) -> None:
        """Draw the notices over the picture or, while it is driven, above the foot of the panel."""
        ui, px = context.ui, context.ui.painter.px
        surface = ui.painter.surface
        right = surface.get_width() - px(32)
        foot = _FEET.get(current, _FOOT) if not context.sheet.name else 32
        if current in _PICTURED and not context.input.driving and not context.sheet.name:
            right, foot = px(34 + _WIDTH), _ABOVE_TRANSPORT  # the list beside stays free
        bottom = surface.get_height() - px(foot)
        self.boxes = []
        ui.group("toast")
        shown = self._toasts[-(_FEW if current in _LOW else _MOST) :]
        for index, toast in enumerate(reversed(shown)):
            box = self._draw_one(context, toast, index, (right, bottom))
            self.boxes.append(box)
            bottom = box.y - px(8)

    def _draw_one(
        self, context: UiContext, toast: Toast, index: int, corner: tuple[int, int]
    ) -> Rect:
        ui = context.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        text_width = px(_WIDTH) - px(60)
        lines = painter.wrapped(toast.notice.text, "medium", text_width)
        has_buttons = toast.notice.tone is Tone.UNDO or bool(toast.copied)
        height = px(24) + px(_LINE) * len(lines) + (px(_BUTTONS) if has_buttons else 0)
        box = Rect(0, 0, px(_WIDTH), height)
        box.bottomright = corner
        painter.shadow(box, 10)
        painter.box(box, theme.raised, 10, theme.strong_line)
        icon, colour = _LOOKS[toast.notice.tone]
        tint = {"success": theme.success, "recording": theme.recording, "text2": theme.text2}
        painter.icon(icon, (box.x + px(24), box.y + px(23)), 18, tint[colour])
        for number, line in enumerate(lines):
            at = (box.x + px(44), box.y + px(23) + number * px(_LINE))
            painter.text(line, at, "medium", width=text_width)
        ui.node(f"toast.{index}", "alert", toast.notice.text, box)
        self._draw_buttons(
            context, toast, index, Rect(box.x, box.bottom - px(44), box.width, px(32))
        )
        return box

    def _draw_buttons(self, context: UiContext, toast: Toast, index: int, row: Rect) -> None:
        """Draw the buttons that undo the action or copy the text."""
        ui, px = context.ui, context.ui.painter.px
        right = row.right - px(12)
        wishes = []
        if toast.notice.tone is Tone.UNDO:
            wishes.append(("undo", tr("Undo"), "undo-2"))
        if toast.copied:
            wishes.append(("copy", tr("Copy"), ""))
        for name, label, icon in wishes:
            width = ui.painter.width(label, "medium") + px(50 if icon else 28)
            rect = Rect(right - width, row.y, width, row.height)
            node_id = "toast.undo" if name == "undo" else f"toast.{index}.copy"
            if ui.button(node_id, rect, label, icon):
                self._use(context, toast, name)
            right = rect.x - px(8)

    def _use(self, context: UiContext, toast: Toast, name: str) -> None:
        if name == "undo":
            context.tell(toast.notice.undo or Request.UNDO)
        else:
            copy(toast.copied)
        toast.until_s = context.now  # remove the notice
