"""The top bar of every screen: name, steps, device, library, settings, projector, help."""

from pygame import SRCALPHA, Rect, Surface

from teleop.text import tr
from teleop.ui.drawing.painter import Painter
from teleop.ui.drawing.theme import mix
from teleop.ui.sheets.help_sheet import toggle_help
from teleop.ui.state.context import UiContext, WindowRequest

_NAMES = {
    "demonstrate": tr("Demonstrate"),
    "train": tr("Train"),
    "compare": tr("Compare"),
    "correct": tr("Correct"),
}
STEPS = tuple(_NAMES)
TOP_BAR = 60


def mark(painter: Painter) -> Surface:
    """Return the program's icon: an orange tile with a gamepad."""
    shown, painter.surface = painter.surface, Surface((64, 64), SRCALPHA)
    scale, painter.scale = painter.scale, 2.0
    painter.box(Rect(4, 4, 56, 56), painter.theme.human, 8)
    painter.icon("gamepad-2", (32, 32), 19, painter.theme.on_human)
    image, painter.surface, painter.scale = painter.surface, shown, scale
    return image


def draw_top_bar(context: UiContext, current: str) -> None:
    """Draw the top bar."""
    ui = context.ui
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    width, height = painter.surface.get_width(), px(TOP_BAR)
    painter.fill((0, 0, width, height), theme.surface)
    painter.rule(0, height - 1, width)
    ui.group("tools")
    mark = Rect(px(20), px(16), px(28), px(28))
    home = Rect(px(12), px(10), px(120), px(40))
    touch = ui.node("home", "button", tr("All environments (Ctrl H)"), home)
    if touch.hovered or current == "home":
        painter.box(home, theme.hover, 10)
    if touch.used:
        context.next.screen = "home"
    ui.ring("home", home, 10)
    painter.box(mark, theme.human, 8)
    painter.icon("gamepad-2", mark.center, 18, theme.on_human)
    painter.text("teleop", (px(58), height // 2), "h1")
    end = _draw_tools(context, width)
    room = Rect(px(140), 0, end - px(152), height)
    _draw_steps(context, current, room)


def _draw_steps(context: UiContext, current: str, room: Rect) -> None:
    """Draw the steps, centred in the window if they fit; without room, leave out names."""
    ui = context.ui
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    ui.group("stepper")
    names = list(_NAMES.values())
    widths = [px(50) + painter.width(name, "bold") for name in names]
    gap = next((px(g) for g in (30, 14) if sum(widths) + 3 * px(g) <= room.width), px(6))
    if sum(widths) + 3 * gap > room.width:  # name only the current step
        names = [name if step == current else "" for name, step in zip(names, STEPS, strict=True)]
        widths = [px(50) + painter.width(name, "bold") if name else px(36) for name in names]
    total = sum(widths) + gap * 3
    x = (painter.surface.get_width() - total) // 2
    x = max(room.x, min(x, room.right - total))
    for index, name in enumerate(names):
        rect = Rect(x, px(12), widths[index], px(36))
        if _draw_step(context, index, name, rect, current):
            context.next.screen = STEPS[index]
        x += widths[index]
        if index < len(names) - 1:
            line = max(px(2), gap - px(16))
            painter.rule(x + (gap - line) // 2, rect.centery, line, theme.strong_line)
        x += gap


def _draw_step(context: UiContext, index: int, name: str, rect: Rect, current: str) -> bool:
    ui = context.ui
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    step, active = STEPS[index], STEPS[index] == current
    touch = ui.node(f"step.{step}", "tab", _NAMES[step], rect, value=active)
    if active:
        painter.box(rect, theme.raised if theme.is_dark else theme.sunken, 18, theme.strong_line)
    elif touch.hovered:
        painter.box(rect, theme.hover, 18)
    done = _is_done(context, step)
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


def _draw_tools(context: UiContext, width: int) -> int:
    """Draw device, library, settings, projector and help, and return their left edge."""
    ui = context.ui
    painter, theme, px = ui.painter, ui.theme, ui.painter.px
    ui.group("tools")
    x = width - px(56)
    rect = Rect(x, px(12), px(36), px(36))
    if ui.icon_button("help", rect, "circle-question-mark", tr("Help (F1)")):
        toggle_help(context)
    rect = rect.move(-px(38), 0)
    if ui.icon_button("projector", rect, "presentation", tr("Projector mode (F2)")):
        context.requests.append(WindowRequest.PROJECTOR)
    rect = rect.move(-px(38), 0)
    if ui.icon_button("settings", rect, "contrast", tr("Settings (Ctrl ,)")):
        context.toggle_sheet("settings")
    rect = rect.move(-px(38), 0)
    if ui.icon_button("lessons", rect, "graduation-cap", tr("Lessons (Ctrl 5)")):
        context.next.screen = "lesson"
    rect = rect.move(-px(38), 0)
    if ui.icon_button("library", rect, "database", tr("Library (Ctrl L)")):
        context.next.screen = "library"
    label = tr("Gamepad") if context.pads.name else tr("Keyboard")
    label = label if width > px(1100) else ""
    chip_width = painter.width(label, "small-medium") + px(44) if label else px(30)
    chip = Rect(rect.x - px(8) - chip_width, px(16), chip_width, px(28))
    ui.node(
        "device", "status", context.pads.name or tr("Keyboard; plug in a gamepad at any time"), chip
    )
    painter.box(chip, theme.raised, 14, theme.line)
    colour = theme.success if context.pads.name else theme.text3
    painter.dot((chip.x + px(15), chip.centery), 3.5, colour)
    at = (chip.x + px(26), chip.centery)
    painter.text(label, at, "small-medium", theme.text2)
    return chip.x


def _is_done(context: UiContext, step: str) -> bool:
    library = context.model.library
    if library is None:
        return False
    if step == "demonstrate":
        return bool(library.episodes)
    return step == "train" and bool(library.policies)
