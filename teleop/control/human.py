"""The person as a policy: remembers what is held, latches taps, asks the scheme for an action."""

from collections import deque

from teleop.control.bindings import Move
from teleop.control.schemes import Scheme
from teleop.types import Action, Actor, InputEvent, Observation

_DEAD_ZONE = 0.15  # of a stick: worn ones rest up to here
_PRESSED = 0.5


class HumanPolicy:
    """Acts as the person's hands do.

    A key pressed and released between two steps still acts once. In a turn-based environment every
    press is one step, in order.
    """

    actor = Actor.HUMAN
    name = "you"

    def __init__(self, scheme: Scheme, *, turn_based: bool = False, dt_s: float = 1 / 30) -> None:
        self.scheme = scheme
        self.dt_s = dt_s
        self._turn_based = turn_based
        self._values: dict[str, float] = {}  # control -> value now
        self._latched: set[str] = set()  # moves tapped since the last step
        self._recent: list[str] = []  # moves in the order of their last press
        self._turns: deque[str] = deque()  # presses that have not had their step yet
        self._by_control = _moves_by_control(scheme.moves)

    def reset(self, seed: int) -> None:
        """Forget presses of the last episode; what is still held stays held."""
        del seed
        self._latched.clear()
        self._turns.clear()
        self.scheme.reset()

    def release(self) -> None:
        """Let go of everything."""
        self._values.clear()
        self._latched.clear()
        self._turns.clear()

    def hear(self, event: InputEvent) -> None:
        """Take in one movement of a key, button or stick."""
        if event.control.startswith("pad.") and event.control.endswith(("_x", "_y", "_trigger")):
            self._set(event.control + "-", _past_dead_zone(-event.value))
            self._set(event.control + "+", _past_dead_zone(event.value))
        else:
            self._set(event.control, event.value)

    def act(self, observation: Observation) -> Action | None:
        """The action for this step; None while nobody has taken their turn."""
        del observation
        if self._turn_based:
            if not self._turns:
                return None
            turn = self._turns.popleft()
            return self.scheme.action({turn: 1.0}, [turn], self.dt_s)
        held = {move.name: self._strength(move) for move in self.scheme.moves}
        active = [name for name in self._recent if held.get(name, 0.0) > 0]
        self._latched.clear()
        return self.scheme.action(held, active, self.dt_s)

    def _strength(self, move: Move) -> float:
        if move.name in self._latched:
            return 1.0
        return max(self._values.get(control, 0.0) for control in move.controls)

    def _set(self, control: str, value: float) -> None:
        before = self._values.get(control, 0.0)
        self._values[control] = value
        if before >= _PRESSED or value < _PRESSED:
            return
        digital = not control.endswith(("+", "-"))
        for move in self._by_control.get(control, ()):
            if move in self._recent:
                self._recent.remove(move)
            self._recent.append(move)
            self._turns.append(move)
            if digital:
                self._latched.add(move)


def _moves_by_control(moves: tuple[Move, ...]) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for move in moves:
        for control in move.controls:
            table.setdefault(control, []).append(move.name)
    return table


def _past_dead_zone(value: float) -> float:
    """0 inside the dead zone, then straight up to 1."""
    return min(1.0, max(0.0, (value - _DEAD_ZONE) / (0.98 - _DEAD_ZONE)))
