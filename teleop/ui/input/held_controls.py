"""Tracks the controls that the person holds, and sends input to the environment."""

from teleop.runtime.protocol.session_messages import Input, Request
from teleop.types import InputEvent
from teleop.ui.state.context import UiContext

_HELD = 0.35  # deflection at which the key cap of a stick lights up


class HeldControls:
    """The held controls of keyboard, mouse and gamepad together."""

    def __init__(self, context: UiContext) -> None:
        self._context = context

    def send(self, control: str, value: float) -> None:
        """Send the value of a control to the environment."""
        self._context.tell(Input(InputEvent(self._context.now, control, value)))

    def hold(self, control: str, value: float, *, axis: bool) -> None:
        """Update which controls the key caps show as held."""
        _mark(self._context.input.held, control, value, axis=axis)

    def touch(self, control: str, value: float, *, axis: bool) -> None:
        """Update which controls the controls sheet shows as held, wherever their input goes."""
        _mark(self._context.input.touched, control, value, axis=axis)

    def release(self) -> None:
        """Release all controls."""
        self._context.input.held.clear()
        self._context.tell(Request.RELEASE_INPUT)


def _mark(held: set[str], control: str, value: float, *, axis: bool) -> None:
    names = {f"{control}-": -value, f"{control}+": value} if axis else {control: value}
    for name, strength in names.items():
        if strength > _HELD:
            held.add(name)
        else:
            held.discard(name)
