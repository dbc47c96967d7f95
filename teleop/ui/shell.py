"""What is on every screen: the top bar, notices, the help sheet, tool tips, the banner."""

from dataclasses import dataclass

from pygame import SRCALPHA, Rect, Surface

from teleop.stage.messages import Deed, Notice, Tone
from teleop.ui.desk import Desk
from teleop.ui.focus import Node
from teleop.ui.layout import control_label
from teleop.ui.painter import Painter
from teleop.ui.shortcuts import PAD, PAD_DRIVING, SHORTCUTS, Command
from teleop.ui.theme import mix

STEPS = ("demonstrate", "train", "compare", "correct")
TOP_BAR = 60
_STAYS_S = {Tone.GOOD: 4.0, Tone.PLAIN: 4.0, Tone.UNDO: 10.0, Tone.BAD: 12.0}
HELP = "help-sheet"
_PAD_ROWS = 5
BANNER = "banner"


@dataclass(slots=True)
class Toast:
    """A notice on screen."""

    notice: Notice
    until_s: float


def mark(painter: Painter) -> Surface:
    """The program's icon: an orange tile with a gamepad."""
    shown, painter.surface = painter.surface, Surface((64, 64), SRCALPHA)
    scale, painter.scale = painter.scale, 2.0
    painter.box(Rect(4, 4, 56, 56), painter.theme.human, 8)
    painter.icon("gamepad-2", (32, 32), 19, painter.theme.on_human)
    image, painter.surface, painter.scale = painter.surface, shown, scale
    return image


class Shell:
    """View state: notices on screen, and whether the help sheet is open."""

    def __init__(self) -> None:
        self.toasts: list[Toast] = []

    def collect(self, desk: Desk) -> None:
        """Put new notices on screen, take old ones off."""
        for notice in desk.model.notices:
            self.toasts = [t for t in self.toasts if t.notice.tone is not Tone.UNDO]
            self.toasts.append(Toast(notice, desk.now + _STAYS_S[notice.tone]))
        desk.model.notices.clear()
        self.toasts = [toast for toast in self.toasts if toast.until_s > desk.now][-3:]

    def wakes_in(self, desk: Desk) -> float | None:
        """Seconds until a notice goes."""
        return min((toast.until_s - desk.now for toast in self.toasts), default=None)

    # ------------------------------------------------------------ top bar

    def draw_top(self, desk: Desk, current: str) -> None:
        """The top bar: name, steps, device, projector, help."""
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        width, height = painter.surface.get_width(), px(TOP_BAR)
        painter.fill((0, 0, width, height), theme.surface)
        painter.rule(0, height - 1, width)
        ui.group("tools")
        mark = Rect(px(20), px(16), px(28), px(28))
        home = Rect(px(12), px(10), px(120), px(40))
        touch = ui.node("home", "button", "All environments (Ctrl H)", home)
        if touch.hovered or current == "home":
            painter.box(home, theme.hover, 10)
        if touch.used:
            desk.go_to = "home"
        ui.ring("home", home, 10)
        painter.box(mark, theme.human, 8)
        painter.icon("gamepad-2", mark.center, 18, theme.on_human)
        painter.text("teleop", (px(58), height // 2), "h1")
        end = self._draw_tools(desk, width)
        room = Rect(px(140), 0, end - px(152), height)
        self._draw_steps(desk, current, room)

    def _draw_steps(self, desk: Desk, current: str, room: Rect) -> None:
        """In the middle of the window if they fit there; with the names that there is room for."""
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        ui.group("stepper")
        names = [step.capitalize() for step in STEPS]
        widths = [px(50) + painter.width(name, "bold") for name in names]
        gap = next((px(g) for g in (30, 14) if sum(widths) + 3 * px(g) <= room.width), px(6))
        if sum(widths) + 3 * gap > room.width:  # numbers do, but for the step that is up
            names = [
                name if step == current else "" for name, step in zip(names, STEPS, strict=True)
            ]
            widths = [px(50) + painter.width(name, "bold") if name else px(36) for name in names]
        total = sum(widths) + gap * 3
        x = (painter.surface.get_width() - total) // 2
        x = max(room.x, min(x, room.right - total))
        for index, name in enumerate(names):
            rect = Rect(x, px(12), widths[index], px(36))
            if self._draw_step(desk, index, name, rect, current):
                desk.go_to = STEPS[index]
            x += widths[index]
            if index < len(names) - 1:
                line = max(px(2), gap - px(16))
                painter.rule(x + (gap - line) // 2, rect.centery, line, theme.strong_line)
            x += gap

    def _draw_step(self, desk: Desk, index: int, name: str, rect: Rect, current: str) -> bool:
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        step, active = STEPS[index], STEPS[index] == current
        touch = ui.node(f"step.{step}", "tab", step.capitalize(), rect, value=active)
        if active:
            painter.box(
                rect, theme.raised if theme.is_dark else theme.sunken, 18, theme.strong_line
            )
        elif touch.hovered:
            painter.box(rect, theme.hover, 18)
        done = _is_done(desk, step)
        centre = (rect.x + px(18), rect.centery)
        if active:
            painter.dot(centre, 10, theme.agent)
            painter.text(str(index + 1), centre, "small-bold", theme.on_agent, "cm")
        elif done:
            painter.dot(centre, 10, mix(theme.success, theme.surface, 0.78))
            painter.icon("check", centre, 13, theme.success)
        else:
            ring = Rect(centre[0] - px(10), centre[1] - px(10), px(20), px(20))
            painter.box(ring, None, 10, theme.strong_line)
            painter.text(str(index + 1), centre, "small-bold", theme.text3, "cm")
        ink = theme.text if active else theme.text2 if done else theme.text3
        at = (rect.x + px(36), rect.centery)
        painter.text(name, at, "bold" if active else "medium", ink)
        ui.ring(f"step.{step}", rect, 18)
        return touch.used

    def _draw_tools(self, desk: Desk, width: int) -> int:
        """Device, library, settings, projector, help; where they begin."""
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        ui.group("tools")
        x = width - px(56)
        rect = Rect(x, px(12), px(36), px(36))
        if ui.icon_button("help", rect, "circle-question-mark", "Help (F1)"):
            self.toggle_help(desk)
        rect = rect.move(-px(38), 0)
        if ui.icon_button("projector", rect, "presentation", "Projector mode (F2)"):
            desk.go_to = "projector"
        rect = rect.move(-px(38), 0)
        if ui.icon_button("settings", rect, "contrast", "Settings (Ctrl ,)"):
            desk.toggle_sheet("settings")
        rect = rect.move(-px(38), 0)
        if ui.icon_button("library", rect, "database", "Library (Ctrl L)"):
            desk.go_to = "library"
        label = "Gamepad" if desk.pad else "Keyboard"
        label = label if width > px(1100) else ""
        chip_width = painter.width(label, "small-medium") + px(44) if label else px(30)
        chip = Rect(rect.x - px(8) - chip_width, px(16), chip_width, px(28))
        ui.node("device", "status", desk.pad or "Keyboard; plug in a gamepad at any time", chip)
        painter.box(chip, theme.raised, 14, theme.line)
        colour = theme.success if desk.pad else theme.text3
        painter.dot((chip.x + px(15), chip.centery), 3.5, colour)
        at = (chip.x + px(26), chip.centery)
        painter.text(label, at, "small-medium", theme.text2)
        return chip.x

    # ------------------------------------------------------------ notices

    def draw_over(self, desk: Desk) -> None:
        """Everything that lies over a screen."""
        if desk.model.lost == "stage":
            self._draw_banner(desk)
        self._draw_toasts(desk)
        self._draw_tip(desk)
        if desk.ui.modal == HELP:
            self._draw_help(desk)

    def _draw_toasts(self, desk: Desk) -> None:
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        width, bottom = painter.surface.get_width(), painter.surface.get_height()
        bottom -= px(12 if desk.sheet else 104)
        ui.group("toast")
        for toast in reversed(self.toasts):
            tone, text = toast.notice.tone, toast.notice.text
            undo = tone is Tone.UNDO
            button = painter.width("Undo", "medium") + px(50) if undo else 0
            room = min(px(620), width - px(80))
            lines = painter.wrapped(text, "medium", room - px(76) - button)
            text_width = max(painter.width(line, "medium") for line in lines)
            box = Rect(0, 0, text_width + px(64) + (button + px(12) if undo else 0), 0)
            box.height = px(24) + px(22) * len(lines)
            box.midbottom = (width // 2, bottom)
            painter.shadow(box, 10)
            painter.box(box, theme.raised, 10, theme.strong_line)
            icon, colour = _LOOKS[tone]
            tint = {"success": theme.success, "recording": theme.recording, "text2": theme.text2}
            painter.icon(icon, (box.x + px(24), box.centery), 18, tint[colour])
            for index, line in enumerate(lines):
                at = (box.x + px(44), box.y + px(23) + index * px(22))
                painter.text(line, at, "medium")
            if undo:
                rect = Rect(box.right - button - px(12), box.centery - px(16), button, px(32))
                if ui.button("toast.undo", rect, "Undo", "undo-2"):
                    desk.tell(toast.notice.undo or Deed.UNDO)
                    self.toasts.remove(toast)
                    return
            bottom = box.y - px(8)

    def _draw_tip(self, desk: Desk) -> None:
        """The reason of a control that cannot be used, or the name of one that is only an icon."""
        ui = desk.ui
        node = ui.hit(ui.pointer.at)
        focused = ui.nodes.get(ui.focus.id or "")
        if ui.focus.visible and focused and focused.reason:
            node = focused
        text = _tip(node)
        if node is None or not text:
            return
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        lines = painter.wrapped(text, "small-medium", px(300))
        box = Rect(0, 0, max(painter.width(line, "small-medium") for line in lines) + px(24), 0)
        box.height = px(12) + px(18) * len(lines)
        box.midtop = (node.rect.centerx, node.rect.bottom + px(8))
        screen = painter.surface.get_rect().inflate(-px(16), -px(16))
        if box.bottom > screen.bottom:
            box.bottom = node.rect.y - px(8)
        box.clamp_ip(screen)
        painter.box(box, theme.text, 8)
        for index, line in enumerate(lines):
            at = (box.centerx, box.y + px(15) + index * px(18))
            painter.text(line, at, "small-medium", theme.bg, "cm")

    def _draw_banner(self, desk: Desk) -> None:
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        width = painter.surface.get_width()
        painter.box(painter.surface.get_rect(), (*theme.bg[:3], 190), 0)
        box = Rect(px(20), px(76), width - px(40), px(64))
        painter.shadow(box, 12)
        painter.box(box, theme.raised, 12, theme.recording, 2)
        text = "The environment's process ended. What was saved is safe, and so is a running take."
        painter.icon("info", (box.x + px(28), box.centery), 20, theme.recording)
        room = box.width - px(260)
        painter.text(text, (box.x + px(50), box.centery), "medium", width=room)
        ui.group(BANNER)
        rect = Rect(box.right - px(192), box.centery - px(20), px(176), px(40))
        if ui.button("restart", rect, "Start it again", "rotate-ccw", "primary", "Enter"):
            desk.go_to = "restart"

    # ------------------------------------------------------------ help

    def toggle_help(self, desk: Desk) -> None:
        """Open or close the help sheet."""
        desk.popover.close(desk.ui)
        desk.pause()
        desk.ui.modal = None if desk.ui.modal == HELP else HELP
        if desk.ui.modal:
            desk.ui.focus.set("help.close", HELP)

    def _draw_help(self, desk: Desk) -> None:
        ui = desk.ui
        painter, theme, px = ui.painter, ui.theme, ui.painter.px
        screen = painter.surface.get_rect()
        rows = max((len(SHORTCUTS) + 1) // 2, 0)
        sheet = Rect(0, 0, min(px(960), screen.width - px(40)), px(124) + rows * px(23) + px(150))
        sheet.height = min(sheet.height, screen.height - px(24))
        sheet.center = screen.center
        painter.box(screen, (*theme.bg[:3], 190), 0)
        painter.box(sheet, theme.surface, 14, theme.strong_line)
        painter.text("Keys and gamepad", (sheet.x + px(28), sheet.y + px(34)), "h1")
        ui.group(HELP)
        close = Rect(sheet.right - px(56), sheet.y + px(16), px(36), px(36))
        if ui.icon_button("help.close", close, "x", "Close"):
            self.toggle_help(desk)
        column = (sheet.width - px(56)) // 2
        step = min(px(23), (sheet.height - px(150)) // (rows + _PAD_ROWS))
        top = sheet.y + px(72)
        for index, shortcut in enumerate(SHORTCUTS):
            at_x = sheet.x + px(28) + (index // rows) * column
            at = (at_x, top + (index % rows) * step)
            self._draw_line(desk, at, shortcut.label, shortcut.command.value, column, step)
        top += rows * step + px(14)
        painter.text("Gamepad", (sheet.x + px(28), top), "h2")
        lines = [(button.label, button.deed.value) for button in PAD]
        lines += [
            (f"View+{control_label(control)}", _WHILE_DRIVING[command])
            for control, command in PAD_DRIVING.items()
        ]
        third = (sheet.width - px(56)) // 3
        for index, (label, text) in enumerate(lines):
            at_x = sheet.x + px(28) + (index // _PAD_ROWS) * third
            at = (at_x, top + px(26) + (index % _PAD_ROWS) * step)
            self._draw_line(desk, at, label, text, third, step)
        note = f"Recordings are in {desk.recordings}"
        at = (sheet.x + px(28), sheet.bottom - px(20))
        painter.text(note, at, "small", theme.text2, width=sheet.width - px(56))

    def _draw_line(
        self, desk: Desk, at: tuple[int, int], key: str, text: str, width: int, step: int
    ) -> None:
        painter, theme, px = desk.ui.painter, desk.ui.theme, desk.ui.painter.px
        height = min(px(19), step - px(2))
        cap = Rect(at[0], 0, painter.width(key, "small-bold") + px(14), height)
        cap.centery = at[1]
        painter.box(cap, theme.raised, 5, theme.strong_line)
        painter.text(key, cap.center, "small-bold", theme.text, "cm")
        room = width - px(112)
        painter.text(text, (at[0] + px(92), at[1]), "small", theme.text2, width=room)


_WHILE_DRIVING = {
    Command.SAVE: "Driving: save",
    Command.DISCARD: "Driving: discard",
    Command.STAR_TAKE: "Driving: star",
    Command.RETRY: "Driving: start again",
    Command.REWIND: "Driving: go back",
}
_LOOKS = {
    Tone.GOOD: ("check", "success"),
    Tone.PLAIN: ("info", "text2"),
    Tone.UNDO: ("trash-2", "text2"),
    Tone.BAD: ("info", "recording"),
}


_ICONS = (
    "help",
    "projector",
    "library",
    "settings",
    "race",
    "add",
    "write",
    "start",
    "back",
    "play",
    "forward",
    "options",
    "controls",
    "close",
)


def _tip(node: Node | None) -> str:
    if node is None:
        return ""
    if node.reason:
        return node.reason
    if node.role == "status" or node.id in _ICONS or node.id.startswith("env."):
        return node.label
    if node.id.endswith((".star", ".delete")):
        return node.label
    return ""


def _is_done(desk: Desk, step: str) -> bool:
    library = desk.model.library
    if library is None:
        return False
    if step == "demonstrate":
        return bool(library.episodes)
    return step == "train" and bool(library.policies)
