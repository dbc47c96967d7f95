"""Immediate-mode widgets: each call draws a control and returns whether it was used.

Each control is registered in `Events.nodes` under a stable id, with role, label and state. Tests,
the focus and the description of the screen read it from there.
"""

from dataclasses import dataclass, field
from pathlib import Path

from pygame import Rect

from teleop.text import joined, tr
from teleop.ui.drawing.painter import Painter
from teleop.ui.drawing.theme import Colour, Theme, faded, mix
from teleop.ui.widgets.events import Events, Touch
from teleop.ui.widgets.focus import Node
from teleop.ui.widgets.text_edit import TextEdit


@dataclass(slots=True)
class Ui:
    """The controls of one frame and the input that they received."""

    painter: Painter
    assets: Path
    events: Events = field(default_factory=Events)
    pad_hints: bool = False
    _group: str = ""

    @property
    def theme(self) -> Theme:
        """The current colours."""
        return self.painter.theme

    def group(self, name: str) -> None:
        """Set the focus group of the controls that follow."""
        self._group = name

    def arrow(self, direction: tuple[int, int]) -> None:
        """Move the focus in a direction; see `Events.arrow`."""
        self.events.arrow(direction, passes_tracks=self.pad_hints)

    # ------------------------------------------------------------ nodes

    def offer(self, node_id: str, group: str) -> None:
        """Focus what a gamepad's A does on a screen that has just opened."""
        self.events.focus.set(node_id, group)
        self.events.focus.visible = self.pad_hints

    def node(
        self,
        node_id: str,
        role: str,
        label: str,
        rect: Rect,
        *,
        reason: str = "",
        value: object = None,
    ) -> Touch:
        """Register a control and return its state.

        Args:
            node_id: stable identifier.
            role: see `focus.Node`.
            label: name of the control.
            rect: area of the control.
            reason: why it cannot be used; empty if it can.
            value: state of the control.
        """
        node = Node(node_id, role, label, Rect(rect), self._group, not reason, reason, value)
        return self.events.touch(node)

    def ring(self, node_id: str, rect: Rect, radius: float) -> None:
        """Draw the focus ring of the focused control after keyboard or pad use."""
        if self.events.focus.id == node_id and self.events.focus.visible:
            gap = self.painter.px(3)
            wide = 2 if self.theme.is_dark else 4
            outer = rect.inflate(2 * gap, 2 * gap)
            self.painter.box(outer, None, radius + 3, self.theme.text, wide)

    # ------------------------------------------------------------ controls

    def button(
        self,
        node_id: str,
        rect: Rect,
        label: str,
        icon: str = "",
        kind: str = "plain",
        key: str = "",
        reason: str = "",
        radius: float = 8,
    ) -> bool:
        """Draw a button with an icon, a label and its shortcut; return whether it was used.

        Args:
            node_id: stable identifier.
            rect: area of the button.
            label: text; shortened if it does not fit.
            icon: icon before the text.
            kind: primary, record or plain.
            key: shortcut shown after the text.
            reason: why it cannot be used; empty if it can.
            radius: radius of the corners.
        """
        touch = self.node(node_id, "button", label, rect, reason=reason)
        fill, border, ink = self._button_colours(kind, touch)
        self.painter.box(rect, fill, radius, border)
        self._button_text(rect, label, icon, "" if self.pad_hints else key, kind, ink)
        self.ring(node_id, rect, radius)
        return touch.used

    def _button_text(
        self, rect: Rect, label: str, icon: str, key: str, kind: str, ink: Colour
    ) -> None:
        """Draw icon, label and key in the middle; the key is left out if there is no room."""
        painter = self.painter
        style = "bold" if kind in ("primary", "record") else "medium"
        icon_width = painter.px(18) if icon else 0
        gap = painter.px(8) if icon and label else 0
        key_width = painter.width(key, "small-medium") + painter.px(12) if key else 0
        room = rect.width - icon_width - gap - painter.px(16)
        key_space = key_width + painter.px(10) if key else 0
        if key and painter.width(label, style) + key_space > room:
            key, key_width, key_space = "", 0, 0
        label = painter.fitted(label, style, room - key_space)
        text_width = painter.width(label, style)
        x = rect.centerx - (icon_width + gap + text_width + key_space) // 2
        if icon:
            painter.icon(icon, (x + icon_width / 2, rect.centery), 18, ink)
        painter.text(label, (x + icon_width + gap, rect.centery), style, ink)
        if key:
            left = x + icon_width + gap + text_width + painter.px(10)
            self._key_cap(Rect(left, 0, key_width, painter.px(20)), rect.centery, key, ink, kind)

    def icon_button(
        self,
        node_id: str,
        rect: Rect,
        icon: str,
        label: str,
        colour: Colour | None = None,
        reason: str = "",
    ) -> bool:
        """Draw a button that is only an icon, faint if `reason` says why it cannot be used."""
        touch = self.node(node_id, "button", label, rect, reason=reason)
        if reason:
            self.painter.icon(icon, rect.center, 18, self.theme.edge)
            self.ring(node_id, rect, 8)
            return False
        if touch.hovered or touch.down:
            self.painter.box(rect, self.theme.hover, 8)
        plain = self.theme.text if touch.hovered else self.theme.text2
        self.painter.icon(icon, rect.center, 18, colour or plain)
        self.ring(node_id, rect, 8)
        return touch.used

    def combo(self, node_id: str, rect: Rect, value: str, icon: str = "", label: str = "") -> bool:
        """Draw a closed drop-down; return True if it should open or close."""
        touch = self.node(node_id, "combobox", label or value, rect, value=value)
        painter, theme = self.painter, self.theme
        painter.box(rect, theme.hover if touch.hovered else theme.raised, 8, theme.edge)
        x = rect.x + painter.px(12)
        if icon:
            painter.icon(icon, (x + painter.px(9), rect.centery), 18, theme.text2)
            x += painter.px(28)
        painter.text(value, (x, rect.centery), "medium", width=rect.right - painter.px(36) - x)
        arrow = (rect.right - painter.px(20), rect.centery)
        painter.icon("chevron-down", arrow, 16, theme.text2)
        self.ring(node_id, rect, 8)
        return touch.used

    def chip(
        self,
        node_id: str,
        right: int,
        y: int,
        label: str,
        value: str,
        usable: bool = True,
        ink: Colour | None = None,
    ) -> tuple[Rect, bool]:
        """Draw a small labelled value, right-aligned; return its area and whether it was used."""
        painter, theme = self.painter, self.theme
        width = painter.width(label, "small") + painter.width(value, "small-bold") + painter.px(26)
        rect = Rect(right - width, y, width, painter.px(28))
        used = False
        fill = theme.surface
        if usable:
            touch = self.node(node_id, "button", joined(" ", (label, value)), rect, value=value)
            fill, used = theme.hover if touch.hovered else theme.surface, touch.used
        painter.box(rect, fill, 8, theme.edge if usable else theme.line)
        painter.text(label, (rect.x + painter.px(10), rect.centery), "small", theme.text2)
        at = (rect.right - painter.px(10), rect.centery)
        painter.text(value, at, "small-bold", ink or theme.text, "rm")
        if usable:
            self.ring(node_id, rect, 8)
        return rect, used

    def slider(
        self, node_id: str, rect: Rect, share: float, marks: list[tuple[float, Colour]]
    ) -> float | None:
        """Draw a track with a knob; return the new share (0..1) while it is dragged, else None."""
        touch = self.node(node_id, "slider", tr("Position"), rect, value=round(share, 4))
        painter, theme = self.painter, self.theme
        track = Rect(rect.x, 0, rect.width, painter.px(6))
        track.centery = rect.centery
        painter.box(track, theme.track, 3)
        knob = rect.x + round(rect.width * share)
        painter.box(
            Rect(track.x, track.y, max(painter.px(6), knob - track.x), track.h), theme.text2, 3
        )
        for at, colour in marks:
            x = rect.x + round(rect.width * at) - painter.px(1)
            painter.fill((x, track.y - painter.px(5), painter.px(2), painter.px(16)), colour)
        painter.dot((knob, rect.centery), 9, theme.bg)
        painter.dot((knob, rect.centery), 7, theme.text)
        self.ring(node_id, rect, 6)
        if touch.down or touch.used:
            return min(1.0, max(0.0, (self.events.pointer.at[0] - rect.x) / rect.width))
        return None

    def option(
        self, node_id: str, rect: Rect, label: str, note: str, chosen: bool, reason: str = ""
    ) -> bool:
        """Draw a row of an open drop-down; return whether it was used.

        A row with a `reason` is grey and cannot be used.
        """
        touch = self.node(node_id, "option", label, rect, reason=reason, value=chosen)
        painter, theme = self.painter, self.theme
        if touch.hovered and not reason:
            painter.box(rect, theme.hover, 7)
        x, room = rect.x + painter.px(12), rect.width - painter.px(52)
        middle = rect.centery - (painter.px(9) if note else 0)
        ink = theme.text2 if reason else theme.text
        painter.text(label, (x, middle), "medium", ink, width=room)
        if note:
            below = (x, rect.centery + painter.px(10))
            painter.text(note, below, "small", theme.text2, width=room)
        if chosen:
            painter.icon("check", (rect.right - painter.px(18), rect.centery), 16, theme.agent)
        self.ring(node_id, rect.inflate(-painter.px(6), -painter.px(6)), 7)
        return touch.used

    def field(self, node_id: str, rect: Rect, edit: TextEdit | None, text: str, hint: str) -> bool:
        """Draw a text field; return True if editing should start.

        Args:
            node_id: stable identifier.
            rect: area of the field.
            edit: the current edit, in any field; None if no field is edited.
            text: text of this field while it is not edited.
            hint: text shown while the field is empty.
        """
        touch = self.node(node_id, "textbox", hint, rect, value=text)
        painter, theme = self.painter, self.theme
        mine = edit is not None and edit.node_id == node_id
        painter.box(rect, theme.sunken, 8, theme.agent if mine else theme.edge)
        x, room = rect.x + painter.px(12), rect.width - painter.px(24)
        if edit is not None and mine:
            before = edit.text[: edit.caret] + edit.composing
            shown = edit.shown
            while painter.width(before, "body") > room and before:
                before, shown = before[1:], shown[1:]
            painter.text(painter.cut(shown, "body", room), (x, rect.centery), "body")
            caret = x + painter.width(before, "body")
            painter.fill(
                (caret, rect.y + painter.px(8), painter.px(2), rect.height - painter.px(16)),
                theme.text,
            )
        else:
            ink = theme.text if text else theme.text3
            painter.text(text or hint, (x, rect.centery), "body", ink, width=room)
        self.ring(node_id, rect, 8)
        return touch.used and not mine

    def check(self, node_id: str, rect: Rect, label: str, *, chosen: bool) -> bool:
        """Draw a check box; return whether it was used."""
        touch = self.node(node_id, "checkbox", label, rect, value=chosen)
        box = Rect(0, 0, self.painter.px(18), self.painter.px(18))
        box.center = rect.center
        if chosen:
            self.painter.box(box, self.theme.agent, 5)
            self.painter.icon("check", box.center, 13, self.theme.on_agent)
        else:
            fill = self.theme.hover if touch.hovered else self.theme.surface
            self.painter.box(box, fill, 5, self.theme.edge)
        self.ring(node_id, box, 5)
        return touch.used

    def card(self, rect: Rect, radius: float = 12) -> None:
        """Draw a background for other controls."""
        self.painter.box(rect, self.theme.surface, radius, self.theme.line)

    def pill(
        self, at: tuple[int, int], text: str, colour: Colour, ink: Colour, right: bool = False
    ) -> Rect:
        """Draw a small label over a frame and return its area."""
        painter = self.painter
        width = painter.width(text, "small-medium") + painter.px(24)
        rect = Rect(at[0] - width if right else at[0], at[1], width, painter.px(28))
        painter.box(rect, colour, 14)
        painter.text(text, rect.center, "small-medium", ink, "cm")
        return rect

    def _button_colours(
        self, kind: str, touch: Touch
    ) -> tuple[Colour | None, Colour | None, Colour]:
        theme = self.theme
        fill, border, ink = {
            "primary": (theme.agent, None, theme.on_agent),
            "record": (theme.recording, None, theme.on_recording),
            "plain": (theme.raised, theme.edge, theme.text),
        }[kind]
        if not touch.node.enabled:
            return theme.surface, theme.line, theme.text3
        if touch.hovered:
            fill = mix(fill, theme.text if theme.is_dark else (0, 0, 0, 255), 0.10)
        if touch.down:
            fill = mix(fill, (0, 0, 0, 255), 0.18)
        return fill, border, ink

    def _key_cap(self, rect: Rect, middle: int, key: str, ink: Colour, kind: str) -> None:
        rect.centery = middle
        self.painter.box(rect, faded(ink, 22 if kind == "plain" else 34), 5)
        colour = self.theme.text2 if kind == "plain" else ink
        self.painter.text(key, rect.center, "small-medium", colour, "cm")
