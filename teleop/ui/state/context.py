"""What a screen works with: what is known, what can be drawn on, whom to tell."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import pygame

from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.runtime.protocol.library_messages import ImportDataset
from teleop.runtime.protocol.session_messages import (
    Input,
    OpenEnv,
    Request,
    SetOptions,
    ToEnvironment,
)
from teleop.runtime.protocol.shared_frames import FrameReader
from teleop.runtime.protocol.training_messages import ToTrainer
from teleop.types import InputEvent
from teleop.ui.state.file_browser import FileBrowser
from teleop.ui.state.settings import Settings
from teleop.ui.state.view_model import ViewModel
from teleop.ui.system.file_dialog import FileDialog
from teleop.ui.system.gamepad_mapping import PadMapping, UnknownPad
from teleop.ui.widgets.image_view import ImageView
from teleop.ui.widgets.popover import Popover
from teleop.ui.widgets.sheet import SHEET, SheetView
from teleop.ui.widgets.text_edit import TextEdit
from teleop.ui.widgets.widgets import Ui


class WindowRequest(Enum):
    """What a control asks of the window itself."""

    REPAINT = "draw with other settings"
    PROJECTOR = "projector mode on or off"
    RESTART = "a new environment process, with the same environment"
    RESTART_AT_HOME = "a new environment process, and the list of environments"
    STOP_ENVIRONMENT = "end the environment process"
    STOP_TRAINER = "end the trainer process"


@dataclass(slots=True)
class Gamepads:
    """What is plugged in.

    Attributes:
        name: of the gamepad in use; empty without one.
        names: of all.
        unknown: joysticks without a known layout.
        mapping: the one that is being taught.
        index: which of them is listened to, from 1; 0 is all.
    """

    name: str = ""
    names: tuple[str, ...] = ()
    unknown: tuple[UnknownPad, ...] = ()
    mapping: PadMapping | None = None
    index: int = 0


@dataclass(slots=True)
class InputMode:
    """Where keys and buttons go.

    Attributes:
        driving: keys and pad go to the environment.
        held: controls that are down, and went there.
        touched: controls that are down, whoever they go to.
        quiet_until_s: until then no plain key or button means the window.
    """

    driving: bool = False
    held: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    quiet_until_s: float = 0.0


@dataclass(slots=True)
class OpenSheet:
    """What lies over the screen.

    Attributes:
        name: `options`, `controls`, `settings`, `files`, or empty.
        listening: the move that waits for a press, on the controls sheet.
        view: its rows.
        files: where one is in the window's own sheet of files.
    """

    name: str = ""
    listening: str = ""
    view: SheetView = field(default_factory=SheetView)
    files: FileBrowser | None = None


@dataclass(slots=True)
class UiContext:
    """Shared by the window and its screens.

    Attributes:
        ui: draws and names controls.
        model: what the processes have said.
        reader: of pictures.
        recordings: the folder that recordings go to.
        exports: the folder that what is written for other programs goes to.
        tell: sends to the environment process.
        teach: sends to the trainer.
        now: seconds, the same for a whole frame.
        options: how the person drives and records.
        sheet: what lies over the screen.
        input: where keys and buttons go.
        pads: gamepads.
        editing: the text that is being edited; keys go there.
        go_to: name of the screen to show next.
        requests: what the window is to do once the screen is drawn.
        popover: the open drop-down.
        settings: how the window looks and behaves.
        projector: light, large, and nothing moves.
        dialog: the computer's own, for choosing a file.
    """

    ui: Ui
    model: ViewModel
    reader: FrameReader
    recordings: Path
    exports: Path
    tell: Callable[[ToEnvironment], None]
    teach: Callable[[ToTrainer], None]
    dialog: FileDialog
    now: float = 0.0
    options: DriveOptions = field(default_factory=DriveOptions)
    input: InputMode = field(default_factory=InputMode)
    pads: Gamepads = field(default_factory=Gamepads)
    sheet: OpenSheet = field(default_factory=OpenSheet)
    editing: TextEdit | None = None
    go_to: str = ""
    requests: list[WindowRequest] = field(default_factory=list)
    popover: Popover = field(default_factory=Popover)
    settings: Settings = field(default_factory=Settings)
    projector: bool = False
    views: dict[str, ImageView] = field(default_factory=dict)

    @property
    def reduced_motion(self) -> bool:
        """Nothing blinks."""
        return self.projector or self.settings.reduced_motion

    def change_settings(self, settings: Settings) -> None:
        """Look and behave so from now on."""
        self.settings = settings
        self.requests.append(WindowRequest.REPAINT)

    def view(self, name: str) -> ImageView:
        """The named picture, brought up to date."""
        view = self.views.setdefault(name, ImageView(self.reader))
        view.take(self.model.frames.get(name))
        return view

    def edit(self, edit: TextEdit | None) -> None:
        """Let keys go to a text, or back to the window; what was being edited is committed."""
        before, self.editing = self.editing, edit
        if before is not None:
            before.done(before.text)
        if edit is None:
            pygame.key.stop_text_input()
            return
        node = self.ui.events.nodes.get(edit.node_id)
        if node is not None:
            pygame.key.set_text_input_rect(node.rect)  # where an input method shows its choices
        pygame.key.start_text_input()

    def open_env(self, env_id: str) -> None:
        """Drive another environment; why that cannot be done is said there."""
        now = self.model.env
        self.model.opening = "" if now and now.env_id == env_id else env_id
        self.tell(OpenEnv(env_id))

    def import_file(self, path: str) -> None:
        """Bring in a dataset or a bundle; what comes of it is seen in the library."""
        self.tell(ImportDataset(path))
        self.go_to = "library"

    def toggle_record(self) -> None:
        """Start a take, or stop the one that runs."""
        live = self.model.live
        if live is not None:
            self.tell(Request.STOP_TAKE if live.engaged else Request.START_TAKE)

    def change_options(self, options: DriveOptions) -> None:
        """Drive and record otherwise from now on."""
        self.options = options
        self.tell(SetOptions(options))

    def toggle_sheet(self, name: str) -> None:
        """Open a sheet, or close it."""
        self.popover.close(self.ui)
        if self.sheet.name == name or not name:
            self.sheet.name = self.sheet.listening = ""
            self.pads.mapping = None
            self.ui.events.modal = None
            self.ui.events.focus.set("view", "picture")
            return
        self.pause()
        self.sheet.name, self.sheet.listening = name, ""
        self.sheet.view.reset()
        self.ui.events.modal = SHEET
        self.ui.events.focus.set("close", SHEET)
        self.ui.events.focus.visible = not self.ui.events.used.clicked

    def rewind(self) -> None:
        """Go back for as long as the key is held."""
        live = self.model.live
        if live and (live.engaged or live.pending):
            self.tell(Request.REWIND)

    def step_once(self) -> None:
        """One step of a paused episode, with what is held down now."""
        for control in sorted(self.input.touched):
            if not control.startswith("pad.") or control[-1] not in "+-":
                self.tell(Input(InputEvent(self.now, control, 1.0)))
        self.tell(Request.STEP_ONCE)
        self.tell(Request.RELEASE_INPUT)

    def resume(self) -> None:
        """Go on driving after a pause."""
        live = self.model.live
        if live and live.phase == "paused":
            self.input.driving = True
            self.tell(Request.RESUME)

    def pause(self) -> None:
        """Hold still; keys and pad move the focus again."""
        self.tell(Request.PAUSE)  # also what was to begin by itself
        if self.input.driving:
            self.input.driving = False
            self.ui.events.focus.set("view", "picture")
