"""The gamepad: drives the environment, or otherwise moves the focus and presses buttons."""

import pygame

from teleop.errors import reason
from teleop.runtime.protocol.session_messages import Notice, Request, Tone
from teleop.text import tr
from teleop.ui.commands import PAD, PAD_COMMANDS, PAD_DRIVING, Command, PadAction
from teleop.ui.input.actions import Actions
from teleop.ui.input.held_controls import HeldControls
from teleop.ui.sheets.controls_sheet import bind
from teleop.ui.system.devices import PAD_ARROWS, Moved, Pads
from teleop.ui.system.gamepad_mapping import PadMapping, mapping_file

_ACTIONS = {f"pad.{button.button}": button.action for button in PAD}
_FIRST_REPEAT_S, _REPEAT_S = 0.4, 0.12
_STICK = 0.55
_FAR = 0.75  # deflection at which a stick is bound
_SCREENS = ("home", "demonstrate", "train", "compare", "correct", "library")


class Gamepad:
    """Tracks what is held on the gamepad and acts on it."""

    def __init__(self, actions: Actions, held_controls: HeldControls) -> None:
        self._actions, self._context, self._held_controls = actions, actions.context, held_controls
        self._pads = Pads()
        self._repeating: tuple[int, int] | None = None
        self._repeat_at_s = 0.0
        self._stick = [0.0, 0.0]
        self._sticks: dict[str, float] = {}  # positions of sticks and triggers
        self._orders = False  # View is held while driving
        self._ordered: set[str] = set()  # buttons pressed while View was held
        self._pulled: set[str] = set()  # pulled triggers, each of which scrubs once
        self._steering: set[str] = set()  # sticks that drove and are not back in the middle
        self._context.pads.name, self._context.pads.names = self._pads.name, self._pads.names

    @property
    def sticks(self) -> dict[str, float]:
        """Positions of sticks and triggers."""
        return self._sticks

    def forget(self) -> None:
        """Treat everything on the gamepad as released."""
        self.hand_over()
        self._ordered.clear()
        self._steering.clear()
        self._sticks.clear()
        self._orders = False

    def hand_over(self) -> None:
        """Stop moving the focus when the gamepad begins to drive."""
        self._repeating = None
        self._stick = [0.0, 0.0]
        self._pulled.clear()

    def rumble(self, strength: float, seconds: float) -> None:
        """Make the gamepad in use rumble."""
        self._pads.rumble(strength, seconds)

    def repeat(self, now: float) -> bool:
        """Move the focus again if a D-pad or stick is still held; return True if it moved."""
        if not self._repeating or now < self._repeat_at_s:
            return False
        self._repeat_at_s = now + _REPEAT_S
        self._actions.ui.arrow(self._repeating)
        return True

    def wakes_in(self) -> float | None:
        """Return the seconds until a held D-pad or stick moves the focus again, or None."""
        return max(0.0, self._repeat_at_s - self._context.now) if self._repeating else None

    def take(self, event: pygame.event.Event) -> bool:
        """Handle one event; return True if a gamepad was unplugged."""
        self._pads.use(self._context.pads.index)
        moved, lost = self._pads.take(event), False
        if event.type in (pygame.CONTROLLERDEVICEADDED, pygame.CONTROLLERDEVICEREMOVED):
            lost = self._plugged()
        elif event.type in (pygame.JOYDEVICEADDED, pygame.JOYDEVICEREMOVED):
            self._look_for_unknown()
        if self._context.pads.mapping:
            self._context.pads.mapping.take(event)
        elif moved is not None:
            self._moved(moved)
        return lost

    def finish_teaching(self, mapping: PadMapping) -> None:
        """Save and use the mapping, once the person has been asked for every control."""
        context = self._context
        if mapping.asks:
            return
        context.toggle_sheet("")
        try:
            now = mapping.keep()
        except OSError as problem:
            text = tr(
                "{mapping_file} cannot be written: {problem}",
                mapping_file=mapping_file(),
                problem=reason(problem),
            )
            context.model.notices.append(Notice(Tone.BAD, text))
            return
        self._pads.look_again()
        context.pads.unknown = self._pads.unknown
        self._plugged()
        pad = mapping.pad.name
        text = tr("{pad} is mapped now; start Teleop again to use it", pad=pad)
        if now:
            text = tr("{pad} is mapped now", pad=pad)
        context.model.notices.append(Notice(Tone.GOOD, text))

    # ------------------------------------------------------------ plugged in and out

    def _plugged(self) -> bool:
        """Update the list of gamepads; return True if one was unplugged."""
        context = self._context
        lost = len(self._pads.names) < len(context.pads.names)
        context.pads.names, context.pads.name = self._pads.names, self._pads.name
        if lost:
            context.ui.pad_hints = False
        return lost

    def _look_for_unknown(self) -> None:
        new = self._pads.look_for_unknown()
        self._context.pads.unknown = self._pads.unknown
        if new:
            name = self._pads.unknown[-1].name
            text = tr("{name} is an unrecognised gamepad: press F3 to map its buttons", name=name)
            self._context.model.notices.append(Notice(Tone.PLAIN, text))

    # ------------------------------------------------------------ moved

    def _moved(self, moved: Moved) -> None:
        context = self._context
        axis = moved.control.endswith(("_x", "_y", "_trigger"))
        if not axis or abs(moved.value) > _STICK:
            context.ui.pad_hints = True
        self._held_controls.touch(moved.control, moved.value, axis=axis)
        if axis:
            self._sticks[moved.control] = moved.value
        if not moved.value and (moved.control == "pad.back" or moved.control in self._ordered):
            self._order(moved)  # even if the gamepad no longer drives
        elif context.sheet.listening:
            self._bind(moved, axis)
        elif context.input.driving:
            self._drive(moved, axis)
        elif axis:
            self._axis(moved.control, moved.value)
        else:
            self._button(moved.control, bool(moved.value))

    def _drive(self, moved: Moved, axis: bool) -> None:
        ordered = moved.control in self._ordered
        if self._orders and moved.control in PAD_DRIVING:
            ordered = True
        if moved.control == "pad.back" or ordered:
            self._order(moved)
        elif moved.control != "pad.start":
            if axis and abs(moved.value) > _STICK / 2:
                self._steering.add(moved.control)
            self._held_controls.hold(moved.control, moved.value, axis=axis)
            self._held_controls.send(moved.control, moved.value)
        elif moved.value:
            self._actions.command(Command.LEAVE)

    def _order(self, moved: Moved) -> None:
        """Run the command of a button that is pressed while View is held."""
        if moved.control == "pad.back":
            self._orders = bool(moved.value)
            return
        command = PAD_DRIVING[moved.control]
        if moved.value:
            self._ordered.add(moved.control)
            self._actions.command(command)
        else:
            self._ordered.discard(moved.control)
            if command is Command.REWIND:
                self._context.tell(Request.REWIND_END)

    def _bind(self, moved: Moved, axis: bool) -> None:
        if moved.control == "pad.start":
            bind(self._context, "")
        elif axis and abs(moved.value) > _FAR:
            bind(self._context, f"{moved.control}{'+' if moved.value > 0 else '-'}")
        elif not axis and moved.value:
            bind(self._context, moved.control)

    # ------------------------------------------------------------ in the menus

    def _axis(self, control: str, value: float) -> None:
        """Use the left stick as a D-pad, and the triggers to scrub.

        What still steers when an episode ends must first return to the middle.
        """
        if abs(value) < _STICK / 2:
            self._steering.discard(control)
        if control in self._steering:
            return
        if control in ("pad.left_x", "pad.left_y"):
            self._stick[control == "pad.left_y"] = value
            x, y = self._stick
            direction = None
            if max(abs(x), abs(y)) > _STICK:
                sideways = abs(x) >= abs(y)
                direction = (int(x > 0) * 2 - 1, 0) if sideways else (0, int(y > 0) * 2 - 1)
            self._arrow(direction)
        elif control.endswith("_trigger") and value > _STICK and control not in self._pulled:
            self._pulled.add(control)
            left = control == "pad.left_trigger"
            self._actions.command(Command.SECOND_BACK if left else Command.SECOND_FORWARD)
        elif control.endswith("_trigger") and value < _STICK / 2:
            self._pulled.discard(control)

    def _button(self, control: str, down: bool) -> None:
        if control in PAD_ARROWS:
            self._arrow(PAD_ARROWS[control] if down else None)
            return
        action = _ACTIONS.get(control)
        if not down or action is None or self._context.now < self._context.input.quiet_until_s:
            return
        actions = self._actions
        match action:
            case PadAction.ACTIVATE:
                actions.ui.events.activate()
            case _ if action in PAD_COMMANDS:
                actions.command(PAD_COMMANDS[action])
            case PadAction.DRIVE:
                self._start()
            case PadAction.PREVIOUS | PadAction.NEXT:
                step = 1 if action is PadAction.NEXT else -1
                known = actions.current in _SCREENS
                index = _SCREENS.index(actions.current) + step if known else 0
                actions.go(_SCREENS[max(0, min(len(_SCREENS) - 1, index))])

    def _start(self) -> None:
        """Handle Start: resume or begin a take; on other screens, run the main command."""
        live = self._context.model.live
        if not self._actions.is_driven:
            compare = self._actions.current == "compare"
            self._actions.command(Command.PLAY if compare else Command.RECORD)
        elif live and live.phase == "paused":
            self._context.resume()
        elif live and not live.recording:
            self._actions.command(Command.RECORD)

    def _arrow(self, direction: tuple[int, int] | None) -> None:
        if direction == self._repeating:
            return
        self._repeating = direction
        if direction and self._context.now >= self._context.input.quiet_until_s:
            self._repeat_at_s = self._context.now + _FIRST_REPEAT_S
            self._actions.ui.arrow(direction)
