"""A chart that fills the window, with buttons that save and close it."""

import time

import pygame
from pygame import Rect

from teleop.errors import TeleopError, sentence
from teleop.runtime.protocol.session_messages import Notice, Tone
from teleop.text import tr
from teleop.ui.charts.figure import Axis, Figure, draw_figure
from teleop.ui.charts.figure_files import write_figure
from teleop.ui.commands import Command, label_of
from teleop.ui.state.context import UiContext

_HEAD = 60
_SAVE_ROOM = 260  # what the button that saves needs


def draw_enlarge_button(context: UiContext, rect: Rect) -> bool:
    """Draw the button that lets a chart fill the window; return whether it was used."""
    label = tr("Enlarge the chart ({key})", key=label_of(Command.ENLARGE))
    return context.ui.icon_button("enlarge", rect, "maximize", label)


def draw_page_head(context: UiContext, area: Rect, title: str, key: str) -> bool:
    """Draw a page over the whole screen with its title; return whether it should close.

    Args:
        context: the context that all screens share.
        area: area of the page.
        title: its title.
        key: the key that closes it.
    """
    ui, px = context.ui, context.ui.painter.px
    ui.card(area)
    ui.group("enlarged")
    close = tr("Close")
    width = ui.painter.width(close, "medium") + ui.painter.width(key, "small-medium") + px(64)
    rect = Rect(area.right - px(16) - width, area.y + px(12), width, px(38))
    room = rect.x - area.x - px(40) - px(_SAVE_ROOM)
    ui.painter.text(title, (area.x + px(20), area.y + px(32)), "h1", width=room)
    return ui.button("enlarged.close", rect, close, "x", key=key.upper())


def draw_enlarged(
    context: UiContext, area: Rect, figure: Figure, side: int = 0
) -> tuple[Rect, tuple[Axis, Axis], Rect] | None:
    """Draw a figure over the whole screen.

    Args:
        context: the context that all screens share.
        area: area of the page.
        figure: the figure.
        side: width to leave free at the right, in pixels.

    Returns:
        The plot, its axes and the free area; None if there is nothing to show.
    """
    ui, px = context.ui, context.ui.painter.px
    if draw_page_head(context, area, figure.title, label_of(Command.ENLARGE)):
        context.display.enlarged = False
    save = tr("Save as PNG, SVG and CSV")
    close = ui.painter.width(tr("Close"), "medium") + px(90)
    width = ui.painter.width(save, "medium") + px(58)
    rect = Rect(area.right - px(24) - close - width, area.y + px(12), width, px(38))
    reason = tr("There is nothing to show yet") if figure.is_empty else ""
    if ui.button("enlarged.save", rect, save, "download", reason=reason):
        _save(context, area, figure)
    inside = Rect(area.x + px(16), area.y + px(_HEAD), area.width - px(32), area.height - px(72))
    taken = side + px(16) if side else 0
    inside.width -= taken
    found = draw_figure(ui.painter, inside, figure)
    free = Rect(inside.right + px(16), inside.y, side, inside.height)
    return None if found is None else (*found, free)


def _save(context: UiContext, area: Rect, figure: Figure) -> None:
    """Write the picture as it is on screen, as SVG, and its values, into the export folder."""
    base = context.exports / f"chart-{time.strftime('%Y%m%d-%H%M%S')}"
    try:
        write_figure(figure, base.with_suffix(".svg"))
        picture = context.ui.painter.surface.subsurface(area)
        pygame.image.save(picture, base.with_suffix(".png"))
    except TeleopError as problem:
        context.model.notices.append(Notice(Tone.BAD, sentence(problem)))
        return
    except (OSError, pygame.error) as problem:
        text = tr("{output} cannot be written ({problem}).", output=base, problem=problem)
        context.model.notices.append(Notice(Tone.BAD, text))
        return
    output = base.with_suffix(".png")
    text = tr("Written: {output}", output=f"{base}.png, .svg, .csv")
    context.model.notices.append(Notice(Tone.GOOD, text, copy=str(output)))
