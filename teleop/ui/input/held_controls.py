"""What the person's hands hold, and what of it goes to the environment."""

from teleop.runtime.protocol.session_messages import Input, Request
from teleop.types import InputEvent
from teleop.ui.state.context import UiContext

_HELD = 0.35  # of a stick's way: its key cap lights up


class HeldControls:
    """Shared by keyboard, mouse and gamepad."""

    def __init__(self, context: UiContext) -> None:
        self._context = context

    def send(self, control: str, value: float) -> None:
        """To the environment."""
        self._context.tell(Input(InputEvent(self._context.now, control, value)))

    def hold(self, control: str, value: float, *, axis: bool) -> None:
        """For the key caps: which controls are down."""
        _mark(self._context.input.held, control, value, axis=axis)

    def touch(self, control: str, value: float, *, axis: bool) -> None:
        """For the controls sheet: what is down, whoever it goes to."""
        _mark(self._context.input.touched, control, value, axis=axis)

    def release(self) -> None:
        """Let go of everything."""
        self._context.input.held.clear()
        self._context.tell(Request.RELEASE_INPUT)


def _mark(held: set[str], control: str, value: float, *, axis: bool) -> None:
    names = {f"{control}-": -value, f"{control}+": value} if axis else {control: value}
    for name, strength in names.items():
        if strength > _HELD:
            held.add(name)
        else:
            held.discard(name)
