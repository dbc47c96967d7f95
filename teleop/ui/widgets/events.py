"""The controls of a frame and the input they received from mouse, keyboard and gamepad."""

from dataclasses import dataclass, field

from teleop.ui.widgets.focus import Focus, Node

GROUPS = (
    "banner",
    "popover",
    "picture",
    "transport",
    "picker",
    "chips",
    "episodes",
    "options",
    "primary",
    "stepper",
    "tools",
)


@dataclass(slots=True)
class Pointer:
    """The state of the mouse."""

    at: tuple[int, int] = (-1, -1)
    pressed: str | None = None  # id of the node on which the button was pressed


@dataclass(slots=True)
class Used:
    """Input since the last frame: ids of the used nodes, and the direction of a nudge."""

    clicked: str | None = None
    activated: str | None = None
    nudged: int = 0  # -1 or 1: arrow key on the focused slider

    @property
    def waits(self) -> bool:
        """Whether there is input that no control has handled yet."""
        return bool(self.clicked or self.activated or self.nudged)


@dataclass(frozen=True, slots=True)
class Touch:
    """The state of a node, returned to the widget that draws it."""

    node: Node
    hovered: bool
    down: bool
    used: bool


@dataclass(slots=True)
class Events:
    """The controls of a frame and the input that they received.

    Attributes:
        nodes: controls of this frame, by id.
        previous: controls of the previous frame, by id.
        modal: the only group that accepts input; None if all groups do.
    """

    focus: Focus = field(default_factory=Focus)
    pointer: Pointer = field(default_factory=Pointer)
    used: Used = field(default_factory=Used)
    nodes: dict[str, Node] = field(default_factory=dict)
    previous: dict[str, Node] = field(default_factory=dict)
    modal: str | None = None

    def begin(self) -> None:
        """Start a frame."""
        self.previous, self.nodes = self.nodes, {}

    def end(self) -> None:
        """End a frame and clear its input."""
        self.used = Used()

    def touch(self, node: Node) -> Touch:
        """Register a control of this frame and return its state."""
        self.nodes[node.id] = node
        hovered = node.rect.collidepoint(self.pointer.at) and self._answers(node)
        done = node.id in (self.used.clicked, self.used.activated) and node.enabled
        return Touch(node, hovered, self.pointer.pressed == node.id, done)

    def hit(self, at: tuple[int, int]) -> Node | None:
        """Return the topmost control at a point, if any."""
        for node in reversed(list(self.nodes.values())):
            if node.rect.collidepoint(at) and self._answers(node):
                return node
        return None

    def press(self, at: tuple[int, int]) -> None:
        """Handle a press of the mouse button."""
        node = self.hit(at)
        self.pointer.at, self.pointer.pressed = at, node.id if node else None
        self.focus.visible = False

    def release(self, at: tuple[int, int]) -> None:
        """Handle a release of the mouse button."""
        node = self.hit(at)
        self.pointer.at = at
        if node and node.id == self.pointer.pressed:
            self.used.clicked = node.id
            self.focus.set(node.id, node.group)
        self.pointer.pressed = None

    def activate(self) -> None:
        """Use the focused control by key or pad."""
        self.used.activated = self.focus.id
        self.focus.visible = True

    def tab(self, step: int) -> None:
        """Move the focus to the next or previous group."""
        self.focus.tab(self._answering(), GROUPS, step)

    def arrow(self, direction: tuple[int, int], *, passes_tracks: bool) -> None:
        """Move the focus in a direction, or move the focused slider.

        With `passes_tracks` (for a gamepad), the arrows leave a playback track instead of moving
        it, because the triggers scrub it.
        """
        node = self.nodes.get(self.focus.id or "")
        moves = node is not None and node.role == "slider" and self.focus.visible
        passes = passes_tracks and node is not None and isinstance(node.value, float)
        if moves and direction[0] and not passes:
            self.used.nudged = direction[0]
        else:
            self.focus.move(self._answering(), direction)

    def _answering(self) -> list[Node]:
        nodes = self.nodes.values()
        return [
            node for node in nodes if self._answers(node) and node.role not in ("status", "alert")
        ]

    def _answers(self, node: Node) -> bool:
        return self.modal is None or node.group == self.modal
