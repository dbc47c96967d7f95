"""The person as a policy: tracks held controls, latches taps, asks the scheme for actions."""

from collections import deque
from collections.abc import Sequence

from teleop.control.bindings import LAYERS, POINTER, Move
from teleop.control.schemes import Scheme
from teleop.types import YOU, Action, Actor, InputEvent, Observation

_PRESSED = 0.5
_TOUCHED = 0.25  # a stick at rest is not always at 0
_AXES = ("_x", "_y", "_trigger", ".x", ".y")


class HumanPolicy:
    """Acts on the person's input.

    A key that is pressed and released between two steps still acts once. In a turn-based
    environment, every press is one step, in order.
    """

    actor = Actor.HUMAN
    name = YOU

    def __init__(
        self,
        scheme: Scheme,
        moves: Sequence[Move] | None = None,
        *,
        turn_based: bool = False,
        dt_s: float = 1 / 30,
    ) -> None:
        """Start with nothing held.

        Args:
            scheme: converts moves to actions.
            moves: the scheme's moves with the user's own controls; None: the default controls.
            turn_based: every press is one step.
            dt_s: seconds between steps.
        """
        self.dt_s = dt_s
        self.acts = self.idle_acts = 0  # steps since the reset: all, and with nothing held
        self.touches = False  # whether a control was held or tapped at the last step
        self.turn_based = turn_based
        self._values: dict[str, float] = {}  # control -> current value
        self._latched: set[str] = set()  # moves tapped since the last step
        self._recent: list[str] = []  # moves in the order of their last press
        self._turns: deque[str] = deque()  # presses that wait for their step
        self._pointed: dict[str, float] = {}  # held mouse position since the last step
        self.use(scheme, moves)

    def use(self, scheme: Scheme, moves: Sequence[Move] | None = None) -> None:
        """Switch to another scheme or other controls; held controls stay held."""
        self.scheme = scheme
        self.moves = tuple(scheme.moves if moves is None else moves)
        self._has_layers = any(move.layer for move in self.moves)
        self._by_control: dict[str, list[Move]] = {}
        for move in self.moves:
            for control in move.controls:
                self._by_control.setdefault(control, []).append(move)

    def reset(self, seed: int) -> None:
        """Forget presses of the last episode; held controls stay held."""
        del seed
        self._latched.clear()
        self._turns.clear()
        self.acts = self.idle_acts = 0
        self.scheme.reset()

    def resume(self, action: Action | None) -> None:
        """Continue after this action; earlier taps are forgotten, held controls stay held."""
        self._latched.clear()
        self._turns.clear()
        if action is None:
            self.scheme.reset()
        else:
            self.scheme.restore(action)

    def release(self) -> None:
        """Release all controls."""
        self._values.clear()
        self._pointed.clear()
        self._latched.clear()
        self._turns.clear()

    def hear(self, event: InputEvent) -> None:
        """Process one change of a key, button, stick or the mouse."""
        if event.control.endswith(_AXES) and not event.control.startswith("key."):
            self._set(event.control + "-", max(0.0, -event.value))
            self._set(event.control + "+", max(0.0, event.value))
        else:
            self._set(event.control, event.value)
        if self._points:  # kept for the next step even if released earlier
            self._pointed = {
                c: self._values.get(c + "+", 0.0) - self._values.get(c + "-", 0.0) for c in POINTER
            }

    def act(self, observation: Observation) -> Action | None:
        """Return the action for this step; None while a turn-based environment waits for input."""
        del observation
        if self.turn_based:
            if not self._turns:
                self.touches = False
                return None
            turn = self._turns.popleft()
            self.touches = True
            return self.scheme.action({turn: 1.0}, [turn], self.dt_s)
        layer = self._layer()
        held = {move.name: self._strength(move, layer) for move in self.moves}
        self._recent += [n for n, strength in held.items() if strength and n not in self._recent]
        active = [name for name in self._recent if held.get(name, 0.0) > 0]
        self._latched.clear()
        self.touches = bool(self._pointed) or any(held[name] >= _TOUCHED for name in active)
        held |= self._pointed
        self.acts += 1
        self.idle_acts += not active and not self._pointed
        if not self._points:
            self._pointed = {}
        return self.scheme.action(held, active, self.dt_s)

    @property
    def _points(self) -> bool:
        return self._values.get("mouse.left", 0.0) >= _PRESSED

    def _layer(self) -> int:
        """Return the number of the layer that is held."""
        if not self._has_layers:
            return 0
        held = (any(self._values.get(c, 0.0) >= _PRESSED for c in layer) for layer in LAYERS)
        return sum(1 << index for index, is_held in enumerate(held) if is_held)

    def _strength(self, move: Move, layer: int) -> float:
        if move.name in self._latched:
            return 1.0
        if move.layer != layer or move.taps:
            return 0.0
        return max((self._values.get(control, 0.0) for control in move.controls), default=0.0)

    def _set(self, control: str, value: float) -> None:
        before = self._values.get(control, 0.0)
        self._values[control] = value
        if before >= _PRESSED or value < _PRESSED:
            return
        digital = not control.endswith(("+", "-"))
        layer = self._layer()
        for move in self._by_control.get(control, ()):
            if move.layer != layer:
                continue
            if move.name in self._recent:
                self._recent.remove(move.name)
            self._recent.append(move.name)
            self._turns.append(move.name)
            if digital or move.taps:
                self._latched.add(move.name)
