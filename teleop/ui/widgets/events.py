"""What was done to the controls of a frame: clicked, focused, used by key or pad."""

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
    """The mouse."""

    at: tuple[int, int] = (-1, -1)
    pressed: str | None = None  # id of the node under the button when it went down


@dataclass(slots=True)
class Used:
    """What the person did to nodes since the last frame; each is one id."""

    clicked: str | None = None
    activated: str | None = None
    nudged: int = 0  # arrows on the focused slider: -1, 1

    @property
    def waits(self) -> bool:
        """Something was done, and no control has answered yet."""
        return bool(self.clicked or self.activated or self.nudged)


@dataclass(frozen=True, slots=True)
class Touch:
    """What a widget call finds out about its node."""

    node: Node
    hovered: bool
    down: bool
    used: bool


@dataclass(slots=True)
class Events:
    """The controls of a frame, and what was done to them.

    Attributes:
        nodes: of this frame, by id; `previous`: of the one before.
        modal: only this group answers; None: all do.
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
        """End a frame: what was done has been answered."""
        self.used = Used()

    def touch(self, node: Node) -> Touch:
        """A control of this frame, and what was done to it."""
        self.nodes[node.id] = node
        hovered = node.rect.collidepoint(self.pointer.at) and self._answers(node)
        done = node.id in (self.used.clicked, self.used.activated) and node.enabled
        return Touch(node, hovered, self.pointer.pressed == node.id, done)

    def hit(self, at: tuple[int, int]) -> Node | None:
        """The topmost control at a point."""
        for node in reversed(list(self.nodes.values())):
            if node.rect.collidepoint(at) and self._answers(node):
                return node
        return None

    def press(self, at: tuple[int, int]) -> None:
        """The mouse button went down."""
        node = self.hit(at)
        self.pointer.at, self.pointer.pressed = at, node.id if node else None
        self.focus.visible = False

    def release(self, at: tuple[int, int]) -> None:
        """The mouse button went up."""
        node = self.hit(at)
        self.pointer.at = at
        if node and node.id == self.pointer.pressed:
            self.used.clicked = node.id
            self.focus.set(node.id, node.group)
        self.pointer.pressed = None

    def activate(self) -> None:
        """The focused control is used by key or pad."""
        self.used.activated = self.focus.id
        self.focus.visible = True

    def tab(self, step: int) -> None:
        """To the next group."""
        self.focus.tab(self._answering(), GROUPS, step)

    def arrow(self, direction: tuple[int, int], *, passes_tracks: bool) -> None:
        """To the next control in a direction; a focused slider moves instead.

        But for a track under a gamepad: its triggers scrub, and arrows have to get past it.
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
