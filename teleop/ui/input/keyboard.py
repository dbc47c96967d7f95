"""The keyboard: drives the environment, or else edits text, runs shortcuts, moves the focus."""

import pygame

from teleop.runtime.protocol.session_messages import Request
from teleop.ui.commands import Command, command_of
from teleop.ui.input.actions import Actions
from teleop.ui.input.held_controls import HeldControls
from teleop.ui.sheets.controls_sheet import bind
from teleop.ui.system.devices import ARROWS, key_control
from teleop.ui.widgets.text_edit import TextEdit

_REPEATING = (*ARROWS, pygame.K_TAB)  # these repeat while held; a command runs once per press
_WINDOWS_OWN = (pygame.K_ESCAPE, *range(pygame.K_F1, pygame.K_F12 + 1))  # never for an environment
_REWIND_KEY = "key.f7"
_PLAYED = ("compare", "library", "prefer")  # screens on which Left and Right mean something


class Keyboard:
    """Tracks which keys are down and acts on them."""

    def __init__(self, actions: Actions, held_controls: HeldControls) -> None:
        self._actions, self._context, self._held_controls = actions, actions.context, held_controls
        self._down: set[str] = set()  # wherever their input goes

    @property
    def driving(self) -> list[str]:
        """The keys that are down and drive the environment."""
        return sorted(self._down & self._bound)

    def forget(self) -> None:
        """Treat all keys as released: SDL does not report keys released in another window."""
        self._down.clear()

    def take(self, event: pygame.event.Event) -> None:
        """Handle a key that was pressed or released."""
        context, control = self._context, key_control(event)
        if event.type == pygame.KEYUP:
            self._up(control)
            return
        repeated = control in self._down
        self._down.add(control)
        context.input.touched.add(control)
        if repeated and event.key not in _REPEATING and context.editing is None:
            return
        if context.editing is not None and self._edits(context.editing, event):
            return
        if context.sheet.listening:
            bind(context, "" if event.key == pygame.K_ESCAPE else control)
        elif context.pads.mapping and event.key in (pygame.K_RETURN, pygame.K_SPACE):
            context.pads.mapping.skip()
        else:
            self._pressed(control, event)

    def type(self, event: pygame.event.Event) -> None:
        """Handle text composed by dead keys or an input method."""
        edit = self._context.editing
        if edit is None:
            return
        if event.type == pygame.TEXTINPUT:
            edit.insert(event.text)
        else:
            edit.composing = event.text

    def _pressed(self, control: str, event: pygame.event.Event) -> None:
        """Handle a key that is neither for a text nor for a sheet that waits for a press."""
        context = self._context
        ctrl = bool(event.mod & (pygame.KMOD_CTRL | pygame.KMOD_META))
        shift = bool(event.mod & pygame.KMOD_SHIFT)
        name = pygame.key.name(event.key)
        if context.input.driving:
            self._drive(control, command_of(name, ctrl=ctrl, shift=shift, driving=True))
            return
        context.ui.pad_hints = False
        saves = event.key in (pygame.K_RETURN, pygame.K_KP_ENTER) and self._enter_saves()
        at_once = ctrl or saves or event.key in _WINDOWS_OWN
        if at_once or context.now >= context.input.quiet_until_s:
            command = command_of(name, ctrl=ctrl, shift=shift, driving=False)
            self._navigate(event, command, ctrl=ctrl, shift=shift)

    def _edits(self, edit: TextEdit, event: pygame.event.Event) -> bool:
        """Handle a key while a text is edited; return False if it also means something else."""
        if edit.key(event):
            return True
        if event.key in (pygame.K_RETURN, pygame.K_KP_ENTER, pygame.K_ESCAPE):
            self._context.edit(None)
            return True
        if event.key in (pygame.K_TAB, pygame.K_UP, pygame.K_DOWN):
            self._context.edit(None)
        return False

    def _up(self, control: str) -> None:
        context = self._context
        self._down.discard(control)
        context.input.touched.discard(control)
        if control == _REWIND_KEY:
            context.tell(Request.REWIND_END)
        if control in context.input.held:
            context.input.held.discard(control)
            self._held_controls.send(control, 0.0)

    def _drive(self, control: str, command: Command | None) -> None:
        if command:
            self._actions.command(command)
        elif control not in self._context.input.held:  # ignore repeats
            self._context.input.held.add(control)
            self._held_controls.send(control, 1.0)

    def _navigate(
        self, event: pygame.event.Event, command: Command | None, *, ctrl: bool, shift: bool
    ) -> None:
        ui = self._actions.ui
        held_for_step = self._is_paused() and not ui.events.modal and not ctrl
        if held_for_step and key_control(event) in self._bound:
            return  # held for a single step; it must not run a shortcut such as star or delete
        if event.key in (pygame.K_TAB, pygame.K_F6):
            ui.events.tab(-1 if shift else 1)
        elif command in (Command.LEAVE, Command.QUIT) or (
            command is Command.HELP and ui.events.modal
        ):
            self._actions.command(command)
        elif self._activates(event.key):
            ui.events.activate()
        elif event.key in ARROWS and (ui.events.modal or not self._plays(event.key)):
            ui.arrow(ARROWS[event.key])
        elif command and not ui.events.modal:
            self._actions.command(command)

    def _activates(self, key: int) -> bool:
        """Return whether Enter or Space uses the focused control; else they act on the take."""
        if not self._has_focus():
            return False
        if key == pygame.K_SPACE:
            return not self._is_paused()
        return key in (pygame.K_RETURN, pygame.K_KP_ENTER) and not self._enter_saves()

    def _plays(self, key: int) -> bool:
        """Return whether Left or Right steps the player here: if no control has the focus."""
        sideways = key in (pygame.K_LEFT, pygame.K_RIGHT)
        return self._actions.current in _PLAYED and sideways and not self._has_focus()

    def _has_focus(self) -> bool:
        ui = self._actions.ui
        return ui.events.focus.visible and ui.events.focus.id in ui.events.nodes

    def _enter_saves(self) -> bool:
        """Return whether Enter saves the take: only if there is one and the frame has the focus."""
        live, focused = (
            self._context.model.live,
            self._actions.ui.events.nodes.get(self._actions.ui.events.focus.id or ""),
        )
        has_take = live is not None and (live.recording or live.pending)
        on_picture = focused is not None and focused.group == "picture"
        return self._actions.is_driven and has_take and on_picture

    def _is_paused(self) -> bool:
        live = self._context.model.live
        return self._actions.is_driven and live is not None and live.phase == "paused"

    @property
    def _bound(self) -> set[str]:
        """The keys that drive the environment."""
        hints = self._context.model.env.hints if self._context.model.env else ()
        return {c for hint in hints for c in hint.controls} - {"key.space", "key.return"}
