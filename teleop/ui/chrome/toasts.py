"""Notices that come and go, beside the picture rather than over it."""

from dataclasses import dataclass

from pygame import Rect

from teleop.runtime.protocol.session_messages import Notice, Request, Tone
from teleop.text import tr
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.text_edit import copy

_STAYS_S = {Tone.GOOD: 4.0, Tone.PLAIN: 4.0, Tone.UNDO: 10.0, Tone.BAD: 12.0}
_WITH_PATH_S = 10.0  # where there is something to copy
_MOST, _FEW = 3, 1
_WIDTH, _LINE, _BUTTONS = 336, 22, 42
_FOOT = 132  # above the main button of the panel on the right
_FEET = {"compare": 32, "library": 32, "home": 178}
_LOW = ("compare",)  # screens with buttons not far above
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
        """What of it is worth copying: a path, or what went wrong."""
        return self.notice.copy or (self.notice.text if self.notice.tone is Tone.BAD else "")


class Toasts:
    """The latest few, stacked upwards.

    Attributes:
        boxes: where they are.
    """

    def __init__(self) -> None:
        self._toasts: list[Toast] = []
        self.boxes: list[Rect] = []

    @property
    def texts(self) -> list[str]:
        """What they say, the newest last."""
        return [toast.notice.text for toast in self._toasts]

    def collect(self, context: UiContext) -> None:
        """Put new notices on screen, take old ones off."""
        for notice in context.model.notices:
            self._toasts = [t for t in self._toasts if t.notice.tone is not Tone.UNDO]
            stays = max(_STAYS_S[notice.tone], _WITH_PATH_S if notice.copy else 0.0)
            self._toasts.append(Toast(notice, context.now + stays))
        context.model.notices.clear()
        self._toasts = [toast for toast in self._toasts if toast.until_s > context.now][-_MOST:]

    def wakes_in(self, now: float) -> float | None:
        """Seconds until one goes; 0 or less: it is time."""
        return min((toast.until_s - now for toast in self._toasts), default=None)

    @property
    def copied(self) -> str:
        """What of the newest is worth copying; empty if nothing is."""
        return next((toast.copied for toast in reversed(self._toasts) if toast.copied), "")

    def draw(self, context: UiContext, current: str) -> None:
        """Draw them, above the foot of the panel on the right."""
        ui, px = context.ui, context.ui.painter.px
        surface = ui.painter.surface
        right = surface.get_width() - px(32)
        foot = _FEET.get(current, _FOOT) if not context.sheet.name else 32
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
        """Undo it, or copy what it says."""
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
        toast.until_s = context.now  # it has been answered
