"""Keyboard and gamepad focus: each group is one Tab stop, and arrows move inside a group.

A group remembers its last focused item. Arrows leave a group at its edge, so that a D-pad alone
reaches every control.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pygame import Rect

_BESIDE = 2000.0
LEFT, RIGHT, UP, DOWN = (-1, 0), (1, 0), (0, -1), (0, 1)


@dataclass(frozen=True, slots=True)
class Node:
    """A control that is drawn in this frame.

    Attributes:
        id: stable identifier.
        role: button, tab, option, listitem, slider, combobox, textbox, checkbox, view; status and
            alert take no focus.
        label: name of the control.
        rect: area of the control.
        group: focus group.
        enabled: whether the control can be used.
        reason: why it cannot be used; shown as a tool tip.
        value: state of the control, if it has one.
    """

    id: str
    role: str
    label: str
    rect: Rect
    group: str
    enabled: bool = True
    reason: str = ""
    value: object = None


class Focus:
    """The id of the focused node, and the item that each group remembers."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.visible = False  # the focus is shown only after keyboard or pad use
        self._remembered: dict[str, str] = {}

    @property
    def shown(self) -> str | None:
        """The id of the focused node if its focus is shown, else None."""
        return self.id if self.visible else None

    def set(self, node_id: str | None, group: str = "") -> None:
        """Focus a node."""
        self.id = node_id
        if node_id and group:
            self._remembered[group] = node_id

    def leave(self, *ids: str, to: str) -> None:
        """Move the focus to `to` if it is on one of these nodes, which can no longer be used."""
        if self.id in ids:
            self.set(to)

    def tab(self, nodes: Iterable[Node], order: tuple[str, ...], step: int) -> None:
        """Move the focus to the next or previous group, at the item that the group remembers."""
        by_group: dict[str, list[Node]] = {}
        for node in nodes:
            by_group.setdefault(node.group, []).append(node)
        groups = [name for name in order if name in by_group]
        groups += [name for name in by_group if name not in groups]
        if not groups:
            return
        current = next(
            (n.group for group in by_group.values() for n in group if n.id == self.id), ""
        )
        at = groups.index(current) + step if current in groups else (0 if step > 0 else -1)
        group = groups[at % len(groups)]
        ids = [node.id for node in by_group[group]]
        remembered = self._remembered.get(group)
        self.set(remembered if remembered in ids else ids[0], group)
        self.visible = True

    def move(self, nodes: list[Node], direction: tuple[int, int]) -> None:
        """Move the focus to the nearest node in a direction, in the same group if possible."""
        self.visible = True
        current = next((node for node in nodes if node.id == self.id), None)
        if current is None:
            if nodes:
                self.set(nodes[0].id, nodes[0].group)
            return
        own = [node for node in nodes if node.group == current.group]
        target = _nearest(current, own, direction) or _nearest(current, nodes, direction)
        if target:
            self.set(target.id, target.group)


def _nearest(current: Node, nodes: list[Node], direction: tuple[int, int]) -> Node | None:
    scored = [(score, node) for node in nodes if (score := _score(current, node, direction))]
    return min(scored, key=lambda pair: pair[0])[1] if scored else None


def _score(current: Node, node: Node, direction: tuple[int, int]) -> float | None:
    """Return a weighted distance to a node in a direction; None if it is not that way.

    Nodes in the beam (straight ahead of the current node) count as nearer. Outside the beam, nodes
    that are only beside the current one, such as a column head beside a long row, come last,
    because the arrow does not point at them.
    """
    a, b = current.rect, node.rect
    dx, dy = b.centerx - a.centerx, b.centery - a.centery
    along = dx * direction[0] + dy * direction[1]
    if node.id == current.id or along <= 0:
        return None
    aside = abs(dx * direction[1]) + abs(dy * direction[0])
    if direction[1]:
        in_beam = b.left < a.right and b.right > a.left
        beyond = along > a.height / 2
    else:
        in_beam = b.top < a.bottom and b.bottom > a.top
        beyond = along > a.width / 2
    if in_beam:
        return along + 0.5 * aside
    return along + 400 + 4 * aside + (0 if beyond else _BESIDE)
