"""Keyboard, mouse and gamepad: to the environment while driving, else to the window's focus."""

from typing import TYPE_CHECKING

import pygame

from teleop.stage.messages import BindMove, Deed, Notice, Tone
from teleop.ui.devices import ARROWS, PAD_ARROWS, Moved, Pads, key_control
from teleop.ui.grip import Grip
from teleop.ui.layout import control_label
from teleop.ui.mouse import MOUSE, Mouse
from teleop.ui.pad_mapping import PadMapping, mapping_file
from teleop.ui.shell import HELP
from teleop.ui.shortcuts import (
    PAD,
    PAD_COMMANDS,
    PAD_DRIVING,
    RESERVED,
    Command,
    PadDeed,
    command_of,
)
from teleop.ui.text_edit import TextEdit

if TYPE_CHECKING:
    from teleop.ui.app import App

_REPEATING = (*ARROWS, pygame.K_TAB)  # held, these go on; a command is given once
_PAD_DEEDS = {f"pad.{button.button}": button.deed for button in PAD}
_GRACE_S = 0.35  # after an episode ends by itself, hands that still drive must not press buttons
_FIRST_REPEAT_S, _REPEAT_S = 0.4, 0.12
_STICK = 0.55
_FUNCTION_KEYS = range(pygame.K_F1, pygame.K_F12 + 1)  # no environment's
_FAR = 0.75  # that a stick must go to be bound
_REWIND_KEY = "key.f7"
_SCREENS = ("home", "demonstrate", "train", "compare", "correct", "library")
_PLAYED = ("compare", "library")  # on which something recorded is played
_DRIVEN = ("demonstrate", "correct")  # screens on which somebody drives


class Hands:
    """What is held, and where it goes."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._pads = Pads()
        self._desk = app.desk
        self._grip = Grip(app.desk)
        self._mouse = Mouse(app, self._grip)
        self._desk.pad = self._pads.name
        self._quiet_until_s = 0.0
        self._repeating: tuple[int, int] | None = None
        self._repeat_at_s = 0.0
        self._stick = [0.0, 0.0]
        self._down: set[str] = set()  # keys that are down, wherever they go
        self._sticks: dict[str, float] = {}  # where sticks and triggers are
        self._orders = False  # View is held while driving
        self._ordered: set[str] = set()  # buttons pressed while it was
        self._desk.pads = self._pads.names

    def take(self, event: pygame.event.Event) -> None:
        """Answer one event of a device."""
        if event.type in (pygame.KEYDOWN, pygame.KEYUP):
            self._key(event)
        elif event.type in (pygame.TEXTINPUT, pygame.TEXTEDITING):
            self._type(event)
        elif event.type in MOUSE:
            self._mouse.take(event)
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._let_go("Paused: the window is not in front")
        else:
            self._pad_event(event)

    def rumble(self, strength: float, seconds: float) -> None:
        """The pad in use shakes."""
        self._pads.rumble(strength, seconds)

    def engaged_changed(self, engaged: bool) -> None:
        """An episode began or ended: the hands go to the environment, or come back."""
        desk = self._desk
        if engaged:
            desk.popover.close(desk.ui)
            desk.driving = True
            desk.ui.focus.set("view", "stage")
            self._send_held()
            return
        by_itself, desk.driving = desk.driving, False
        desk.held.clear()
        desk.tell(Deed.RELEASE_INPUT)
        if by_itself:
            self._quiet_until_s = desk.now + _GRACE_S
            pending = desk.model.live is not None and desk.model.live.pending
            desk.ui.focus.set("save" if pending else "record", "transport")
            desk.ui.focus.visible = desk.ui.pad_hints

    def repeat(self, now: float) -> None:
        """A D-pad or stick that is held moves the focus on."""
        if self._repeating and now >= self._repeat_at_s:
            self._repeat_at_s = now + _REPEAT_S
            self._app.ui.arrow(self._repeating)
            self._app.take(pygame.event.Event(pygame.USEREVENT))

    def wakes_in(self) -> float | None:
        """Seconds until a held D-pad moves on."""
        return max(0.0, self._repeat_at_s - self._desk.now) if self._repeating else None

    # ------------------------------------------------------------ keyboard

    def _key(self, event: pygame.event.Event) -> None:
        desk, control = self._desk, key_control(event)
        if event.type == pygame.KEYUP:
            self._key_up(control)
            return
        repeated = control in self._down
        self._down.add(control)
        desk.touched.add(control)
        if repeated and event.key not in _REPEATING and desk.editing is None:
            return
        if desk.editing is not None and self._edits(desk.editing, event):
            return
        if desk.listening:
            self._bind("" if event.key == pygame.K_ESCAPE else control)
            return
        if desk.mapping and event.key in (pygame.K_RETURN, pygame.K_SPACE):
            desk.mapping.skip()
            self._finish_teaching(desk.mapping)
            return
        ctrl = bool(event.mod & (pygame.KMOD_CTRL | pygame.KMOD_META))
        shift = bool(event.mod & pygame.KMOD_SHIFT)
        name = pygame.key.name(event.key)
        if desk.driving:
            self._drive_by_key(control, command_of(name, ctrl=ctrl, shift=shift, driving=True))
            return
        desk.ui.pad_hints = False
        if desk.now >= self._quiet_until_s or ctrl or event.key in _FUNCTION_KEYS:
            self._navigate(event, name, ctrl=ctrl, shift=shift)

    def _type(self, event: pygame.event.Event) -> None:
        """Text, as a keyboard's dead keys or an input method have put it together."""
        edit = self._desk.editing
        if edit is None:
            return
        if event.type == pygame.TEXTINPUT:
            edit.insert(event.text)
        else:
            edit.composing = event.text

    def _edits(self, edit: TextEdit, event: pygame.event.Event) -> bool:
        """A key while a text is edited; False if it means something else all the same."""
        if edit.key(event):
            return True
        if event.key in (pygame.K_RETURN, pygame.K_KP_ENTER, pygame.K_ESCAPE):
            self._desk.edit(None)
            return True
        if event.key in (pygame.K_TAB, pygame.K_UP, pygame.K_DOWN):
            self._desk.edit(None)
        return False

    def _key_up(self, control: str) -> None:
        desk = self._desk
        self._down.discard(control)
        desk.touched.discard(control)
        if control == _REWIND_KEY:
            desk.tell(Deed.REWIND_END)
        if control in desk.held:
            desk.held.discard(control)
            self._grip.send(control, 0.0)

    def _drive_by_key(self, control: str, command: Command | None) -> None:
        if command:
            self._command(command)
        elif control not in self._desk.held:  # a repeat is not a press
            self._desk.held.add(control)
            self._grip.send(control, 1.0)

    def _navigate(self, event: pygame.event.Event, name: str, *, ctrl: bool, shift: bool) -> None:
        ui = self._app.ui
        command = command_of(name, ctrl=ctrl, shift=shift, driving=False)
        held_for_step = self._is_paused() and not ui.modal and not ctrl
        if held_for_step and key_control(event) in self._bound:
            return  # held for a single step; it must not star or delete anything meanwhile
        if event.key in (pygame.K_TAB, pygame.K_F6):
            ui.tab(-1 if shift else 1)
        elif command in (Command.LEAVE, Command.QUIT) or (command is Command.HELP and ui.modal):
            self._command(command)
        elif self._activates(event.key):
            ui.activate()
        elif event.key in ARROWS and (ui.modal or not self._plays(event.key)):
            ui.arrow(ARROWS[event.key])
        elif command and not ui.modal:
            self._command(command)

    def _activates(self, key: int) -> bool:
        """Enter and Space use what has the focus, unless they mean the take."""
        if not self._has_focus():
            return False
        if key == pygame.K_SPACE:
            return not self._is_paused()
        return key in (pygame.K_RETURN, pygame.K_KP_ENTER) and not self._enter_saves()

    def _plays(self, key: int) -> bool:
        """Left and right step the player in Compare, unless a control has the focus."""
        sideways = key in (pygame.K_LEFT, pygame.K_RIGHT)
        return self._app.current in _PLAYED and sideways and not self._has_focus()

    def _has_focus(self) -> bool:
        ui = self._app.ui
        return ui.focus.visible and ui.focus.id in ui.nodes

    def _enter_saves(self) -> bool:
        """With the picture focused, Enter means the take, not the picture."""
        live, focused = self._desk.model.live, self._app.ui.nodes.get(self._app.ui.focus.id or "")
        has_take = live is not None and (live.recording or live.pending)
        on_picture = focused is not None and focused.group == "stage"
        return self._app.current in _DRIVEN and has_take and on_picture

    def _is_paused(self) -> bool:
        live = self._desk.model.live
        return self._app.current in _DRIVEN and live is not None and live.phase == "paused"

    def _command(self, command: Command) -> None:
        desk = self._desk
        if command is Command.LEAVE:
            if desk.popover.open:
                desk.popover.close(desk.ui)
            elif desk.ui.modal == HELP:
                self._app.shell.toggle_help(desk)
            elif desk.sheet:
                desk.toggle_sheet("")
            else:
                self._grip.release()
                desk.pause()
            return
        self._app.command(command)

    # ------------------------------------------------------------ gamepad

    def _pad_event(self, event: pygame.event.Event) -> None:
        self._pads.use(self._desk.pad_index)
        moved = self._pads.take(event)
        if event.type in (pygame.CONTROLLERDEVICEADDED, pygame.CONTROLLERDEVICEREMOVED):
            self._plugged()
        elif event.type in (pygame.JOYDEVICEADDED, pygame.JOYDEVICEREMOVED):
            self._look_for_unknown()
        mapping = self._desk.mapping
        if mapping:
            mapping.take(event)
            self._finish_teaching(mapping)
        elif moved is not None:
            self._pad_moved(moved)

    def _pad_moved(self, moved: Moved) -> None:
        desk = self._desk
        axis = moved.control.endswith(("_x", "_y", "_trigger"))
        if not axis or abs(moved.value) > _STICK:
            desk.ui.pad_hints = True
        self._grip.touch(moved.control, moved.value, axis=axis)
        if axis:
            self._sticks[moved.control] = moved.value
        if not moved.value and (moved.control == "pad.back" or moved.control in self._ordered):
            self._order(moved)  # wherever the pad goes by now
        elif desk.listening:
            self._bind_pad(moved, axis)
        elif desk.driving:
            self._drive_by_pad(moved, axis)
        elif axis:
            self._pad_axis(moved.control, moved.value)
        else:
            self._pad_button(moved.control, bool(moved.value))

    def _drive_by_pad(self, moved: Moved, axis: bool) -> None:
        ordered = moved.control in self._ordered
        if self._orders and moved.control in PAD_DRIVING:
            ordered = True
        if moved.control == "pad.back" or ordered:
            self._order(moved)
        elif moved.control != "pad.start":
            self._grip.hold(moved.control, moved.value, axis=axis)
            self._grip.send(moved.control, moved.value)
        elif moved.value:
            self._command(Command.LEAVE)

    def _order(self, moved: Moved) -> None:
        """View is held: the buttons mean the take, not the environment."""
        if moved.control == "pad.back":
            self._orders = bool(moved.value)
            return
        command = PAD_DRIVING[moved.control]
        if moved.value:
            self._ordered.add(moved.control)
            self._command(command)
        else:
            self._ordered.discard(moved.control)
            if command is Command.REWIND:
                self._desk.tell(Deed.REWIND_END)

    def _bind_pad(self, moved: Moved, axis: bool) -> None:
        if moved.control == "pad.start":
            self._bind("")
        elif axis and abs(moved.value) > _FAR:
            self._bind(f"{moved.control}{'+' if moved.value > 0 else '-'}")
        elif not axis and moved.value:
            self._bind(moved.control)

    def _bind(self, control: str) -> None:
        """A press was heard for the move that waits for one; empty: never mind."""
        desk = self._desk
        move, desk.listening = desk.listening, ""
        if control in RESERVED:
            text = f"{control_label(control)} belongs to the window; choose another"
            desk.model.notices.append(Notice(Tone.BAD, text))
        elif control:
            desk.tell(BindMove(move, control))

    def _look_for_unknown(self) -> None:
        new = self._pads.look_for_unknown()
        self._desk.unknown_pads = self._pads.unknown
        if new:
            name = self._pads.unknown[-1].name
            text = f"{name} is a gamepad nobody here knows yet: F3, then Teach it"
            self._desk.model.notices.append(Notice(Tone.PLAIN, text))

    def _finish_teaching(self, mapping: PadMapping) -> None:
        """Use what was learned, once all was asked."""
        desk = self._desk
        if mapping.asks:
            return
        desk.toggle_sheet("")
        try:
            now = mapping.keep()
        except OSError as problem:
            text = f"{mapping_file()} cannot be written: {problem.strerror}"
            desk.model.notices.append(Notice(Tone.BAD, text))
            return
        self._pads.look_again()
        desk.unknown_pads = self._pads.unknown
        self._plugged()
        text = f"{mapping.pad.name} is known now{'' if now else '; start Teleop again to use it'}"
        desk.model.notices.append(Notice(Tone.GOOD, text))

    @property
    def _bound(self) -> set[str]:
        """Keys that drive the environment."""
        hints = self._desk.model.env.hints if self._desk.model.env else ()
        return {c for hint in hints for c in hint.controls} - {"key.space", "key.return"}

    def _plugged(self) -> None:
        """A gamepad came or went."""
        desk = self._desk
        lost = len(self._pads.names) < len(desk.pads)
        desk.pads = self._pads.names
        desk.pad = self._pads.name
        if lost:
            desk.ui.pad_hints = False
            self._let_go("Paused: the gamepad was unplugged; nothing is lost")

    def _pad_axis(self, control: str, value: float) -> None:
        """In the menus: the left stick is a D-pad, triggers scrub."""
        if control in ("pad.left_x", "pad.left_y"):
            self._stick[control == "pad.left_y"] = value
            x, y = self._stick
            direction = None
            if max(abs(x), abs(y)) > _STICK:
                sideways = abs(x) >= abs(y)
                direction = (int(x > 0) * 2 - 1, 0) if sideways else (0, int(y > 0) * 2 - 1)
            self._arrow(direction)
        elif control.endswith("_trigger") and value > _STICK and control not in self._desk.held:
            self._desk.held.add(control)
            left = control == "pad.left_trigger"
            self._command(Command.SECOND_BACK if left else Command.SECOND_FORWARD)
        elif control.endswith("_trigger") and value < _STICK / 2:
            self._desk.held.discard(control)

    def _pad_button(self, control: str, down: bool) -> None:
        if control in PAD_ARROWS:
            self._arrow(PAD_ARROWS[control] if down else None)
            return
        deed = _PAD_DEEDS.get(control)
        if not down or deed is None or self._desk.now < self._quiet_until_s:
            return
        ui, app = self._app.ui, self._app
        match deed:
            case PadDeed.ACTIVATE:
                ui.activate()
            case _ if deed in PAD_COMMANDS:
                self._command(PAD_COMMANDS[deed])
            case PadDeed.DRIVE:
                self._drive()
            case PadDeed.PREVIOUS | PadDeed.NEXT:
                step = 1 if deed is PadDeed.NEXT else -1
                index = _SCREENS.index(app.current) + step
                app.go(_SCREENS[max(0, min(len(_SCREENS) - 1, index))])

    def _drive(self) -> None:
        """Start: go on, or begin a take; on other screens, what the main key does."""
        live = self._desk.model.live
        if self._app.current not in _DRIVEN:
            compare = self._app.current == "compare"
            self._command(Command.PLAY if compare else Command.RECORD)
        elif live and live.phase == "paused":
            self._desk.resume()
        elif live and not live.recording:
            self._command(Command.RECORD)

    def _arrow(self, direction: tuple[int, int] | None) -> None:
        if direction == self._repeating:
            return
        self._repeating = direction
        if direction and self._desk.now >= self._quiet_until_s:
            self._repeat_at_s = self._desk.now + _FIRST_REPEAT_S
            self._app.ui.arrow(direction)

    # ------------------------------------------------------------ letting go

    def _send_held(self) -> None:
        """What is held already when an episode begins acts from its first step."""
        live = self._desk.model.live
        if live is None or live.waiting_s == -1.0:
            return  # that one begins with a press
        for control in sorted(self._down & self._bound):
            self._desk.held.add(control)
            self._grip.send(control, 1.0)
        for control, value in self._sticks.items():
            self._grip.hold(control, value, axis=True)
            self._grip.send(control, value)

    def _let_go(self, why: str) -> None:
        """Focus or pad lost: every key is let go, a running take waits."""
        desk = self._desk
        self._repeating = None
        self._stick = [0.0, 0.0]
        self._down.clear()
        self._ordered.clear()
        self._sticks.clear()
        self._orders = False
        desk.touched.clear()
        self._grip.release()
        if desk.driving:
            desk.model.notices.append(Notice(Tone.PLAIN, why))
        desk.pause()
