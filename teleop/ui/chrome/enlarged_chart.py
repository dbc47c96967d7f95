"""A chart that fills the window, with buttons that save and close it."""

import time

import pygame
from pygame import Rect

from teleop.runtime.protocol.session_messages import Notice, Tone
from teleop.text import tr
from teleop.ui.commands import Command, label_of
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.figure import Figure, draw_figure, figure_csv, figure_svg

_HEAD = 60


def draw_enlarge_button(context: UiContext, rect: Rect) -> bool:
    """Draw the button that lets a chart fill the window; return whether it was used."""
    label = tr("Enlarge the chart ({key})", key=label_of(Command.ENLARGE))
    return context.ui.icon_button("enlarge", rect, "maximize", label)


def draw_enlarged(context: UiContext, area: Rect, figure: Figure) -> None:
    """Draw a figure over the whole screen."""
    ui, px = context.ui, context.ui.painter.px
    ui.card(area)
    ui.painter.text(figure.title, (area.x + px(20), area.y + px(32)), "h1")
    inside = Rect(area.x + px(16), area.y + px(_HEAD), area.width - px(32), area.height - px(72))
    draw_figure(ui.painter, inside, figure)
    ui.group("enlarged")
    close, key = tr("Close"), label_of(Command.ENLARGE)
    width = ui.painter.width(close, "medium") + ui.painter.width(key, "small-medium") + px(64)
    rect = Rect(area.right - px(16) - width, area.y + px(12), width, px(38))
    if ui.button("enlarged.close", rect, close, "x", key=key):
        context.display.enlarged = False
    save = tr("Save as PNG, SVG and CSV")
    width = ui.painter.width(save, "medium") + px(58)
    rect = Rect(rect.x - px(8) - width, rect.y, width, px(38))
    reason = "" if figure.series else tr("There is nothing to show yet")
    if ui.button("enlarged.save", rect, save, "download", reason=reason):
        _save(context, area, figure)


def _save(context: UiContext, area: Rect, figure: Figure) -> None:
    """Write the picture as it is on screen, as SVG, and its values, into the export folder."""
    base = context.exports / f"chart-{time.strftime('%Y%m%d-%H%M%S')}"
    try:
        base.parent.mkdir(parents=True, exist_ok=True)
        base.with_suffix(".svg").write_text(figure_svg(figure), "utf-8")
        base.with_suffix(".csv").write_text(figure_csv(figure), "utf-8")
        picture = context.ui.painter.surface.subsurface(area)
        pygame.image.save(picture, base.with_suffix(".png"))
    except (OSError, pygame.error) as problem:
        text = tr("{output} cannot be written ({problem}).", output=base, problem=problem)
        context.model.notices.append(Notice(Tone.BAD, text))
        return
    output = base.with_suffix(".png")
    text = tr("Written: {output}", output=f"{base}.png, .svg, .csv")
    context.model.notices.append(Notice(Tone.GOOD, text, copy=str(output)))
