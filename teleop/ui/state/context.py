"""What every screen works with: data, drawing, and functions that send messages."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

import pygame

from teleop.paths import exports_folder
from teleop.runtime.protocol.class_messages import ToClassroom, WatchClass
from teleop.runtime.protocol.diagnosis_messages import ContinueFrom
from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.runtime.protocol.library_messages import HandIn, ImportDataset
from teleop.runtime.protocol.session_messages import (
    Input,
    Notice,
    OpenEnv,
    Request,
    SetOptions,
    ToEnvironment,
    Tone,
)
from teleop.runtime.protocol.shared_frames import FrameReader
from teleop.runtime.protocol.training_messages import ToTrainer
from teleop.text import tr
from teleop.types import InputEvent
from teleop.ui.state.file_browser import FileBrowser
from teleop.ui.state.lesson_guide import LessonGuide
from teleop.ui.state.settings import Settings
from teleop.ui.state.view_model import ViewModel
from teleop.ui.system.file_dialog import FileDialog
from teleop.ui.system.gamepad_mapping import PadMapping, UnknownPad
from teleop.ui.system.report_job import ReportJob
from teleop.ui.widgets.image_view import ImageView
from teleop.ui.widgets.popover import Popover
from teleop.ui.widgets.sheet import SHEET, SheetView
from teleop.ui.widgets.text_edit import TextEdit
from teleop.ui.widgets.widgets import Ui


class WindowRequest(Enum):
    """Requests from a control to the window."""

    REPAINT = "draw with other settings"
    PROJECTOR = "projector mode on or off"
    RESTART = "a new environment process, with the same environment"
    RESTART_AT_HOME = "a new environment process, and the list of environments"
    STOP_ENVIRONMENT = "end the environment process"
    STOP_TRAINER = "end the trainer process"
    STOP_CLASSROOM = "end the classroom process"


@dataclass(slots=True)
class Gamepads:
    """The connected gamepads.

    Attributes:
        name: name of the gamepad in use; empty if there is none.
        names: names of all gamepads.
        unknown: joysticks without a known layout.
        mapping: mapping that is being taught; None if there is none.
        index: number of the gamepad in use, from 1; 0 means all.
    """

    name: str = ""
    names: tuple[str, ...] = ()
    unknown: tuple[UnknownPad, ...] = ()
    mapping: PadMapping | None = None
    index: int = 0


@dataclass(slots=True)
class InputMode:
    """Where input goes.

    Attributes:
        driving: whether input goes to the environment.
        held: controls that are down and were sent to the environment.
        touched: controls that are down, wherever their input goes.
        quiet_until_s: the window ignores plain keys and buttons until this time.
    """

    driving: bool = False
    held: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    quiet_until_s: float = 0.0


@dataclass(slots=True)
class OpenSheet:
    """The sheet that is open over the screen.

    Attributes:
        name: `options`, `controls`, `settings`, `files`, `algorithm`, `import`; empty if none is
            open.
        about: the recipe that the algorithm sheet is about.
        listening: the move that waits for a press on the controls sheet.
        view: rows and scroll position of the sheet.
        files: the folder and its rows on the files sheet.
        typed: the environment that is typed on the import sheet.
    """

    name: str = ""
    about: str = "bc"
    listening: str = ""
    view: SheetView = field(default_factory=SheetView)
    files: FileBrowser | None = None
    typed: str = ""


@dataclass(slots=True)
class NextScreen:
    """What one screen passes to the next.

    Attributes:
        screen: name of the screen to show next; empty to stay.
        episode: uuid of the episode that the library plays when it opens; empty for none.
        rivals: names of policies to compare; empty for the default.
        ticked: uuids of the episodes that are selected in the library.
        beginning: the run from which the person continues on the next screen; None for none.
        recipe: the way to learn that Train chooses next; empty for no change.
        reward: what the next practice is rewarded by, as in `Train.reward`; empty for no change.
    """

    screen: str = ""
    episode: str = ""
    rivals: tuple[str, ...] = ()
    ticked: frozenset[str] = frozenset()
    recipe: str = ""
    reward: str = ""
    beginning: ContinueFrom | None = None


@dataclass(slots=True)
class Display:
    """How the screen is drawn for now.

    Attributes:
        projector: light theme, large scale, no motion.
        enlarged: whether the chart of the screen fills the window.
        plain_picture: whether nothing is drawn over the picture.
    """

    projector: bool = False
    enlarged: bool = False
    plain_picture: bool = False


class Purpose(Enum):
    """What the person chooses a file or a folder for."""

    IMPORT = "import a dataset or a bundle"
    CLASS = "watch the folder of a class"
    HAND_IN = "hand in to the folder of a class"


@dataclass(slots=True)
class Jobs:
    """What runs beside the window.

    Attributes:
        dialog: the system's file dialog.
        report: the report that is being written.
        tell_classroom: sends a message to the classroom process, which it starts.
        classes: file that stores whose data was taken out of a class; None stores nothing.
        purpose: what the person chooses a file or folder for.
        handed_in: id of the dataset to hand in, once its folder is chosen.
    """

    dialog: FileDialog
    report: ReportJob
    tell_classroom: Callable[[ToClassroom], None]
    classes: Path | None = None
    purpose: Purpose = Purpose.IMPORT
    handed_in: str = ""


@dataclass(slots=True)
class UiContext:
    """State shared by the window and its screens.

    Attributes:
        ui: draws controls and handles their events.
        model: data from the other processes.
        reader: reads frames from shared memory.
        recordings: recordings folder.
        tell: sends a message to the environment process.
        tell_trainer: sends a message to the training process.
        now: current time in seconds, the same during a whole redraw.
        options: options for driving and recording.
        sheet: the sheet that is open over the screen.
        input: where input goes.
        pads: the connected gamepads.
        editing: the text being edited, which receives the keys; None if there is none.
        next: what this screen passes to the next one.
        display: how the screen is drawn for now.
        requests: requests that the window carries out after the screen is drawn.
        popover: the open drop-down menu.
        settings: how the window looks and behaves.
        guide: the lesson that the person goes through.
        jobs: what runs beside the window.
    """

    ui: Ui
    model: ViewModel
    reader: FrameReader
    recordings: Path
    tell: Callable[[ToEnvironment], None]
    tell_trainer: Callable[[ToTrainer], None]
    jobs: Jobs
    guide: LessonGuide
    now: float = 0.0
    options: DriveOptions = field(default_factory=DriveOptions)
    input: InputMode = field(default_factory=InputMode)
    pads: Gamepads = field(default_factory=Gamepads)
    sheet: OpenSheet = field(default_factory=OpenSheet)
    editing: TextEdit | None = None
    next: NextScreen = field(default_factory=NextScreen)
    display: Display = field(default_factory=Display)
    requests: list[WindowRequest] = field(default_factory=list)
    popover: Popover = field(default_factory=Popover)
    settings: Settings = field(default_factory=Settings)
    views: dict[str, ImageView] = field(default_factory=dict)

    @property
    def exports(self) -> Path:
        """The folder for files that are exported to other programs."""
        return exports_folder(self.recordings)

    @property
    def language_code(self) -> str:
        """The code of the window's language."""
        language = self.ui.painter.language
        return language.code if language else "en"

    @property
    def reduced_motion(self) -> bool:
        """Whether blinking is off."""
        return self.display.projector or self.settings.reduced_motion

    def change_settings(self, settings: Settings) -> None:
        """Apply new settings to the window."""
        self.settings = settings
        self.requests.append(WindowRequest.REPAINT)

    def view(self, name: str) -> ImageView:
        """Return the named view, updated to the latest frame."""
        view = self.views.setdefault(name, ImageView(self.reader))
        view.take(self.model.frames.get(name))
        return view

    def edit(self, edit: TextEdit | None) -> None:
        """Send keys to a text, or to the window if None; commit the text edited before."""
        before, self.editing = self.editing, edit
        if before is not None:
            before.done(before.text)
        if edit is None:
            pygame.key.stop_text_input()
            return
        node = self.ui.events.nodes.get(edit.node_id)
        if node is not None:
            pygame.key.set_text_input_rect(node.rect)  # an input method shows its choices here
        pygame.key.start_text_input()

    def drive_on(self, wanted: ContinueFrom, env_id: str = "") -> None:
        """Let the person continue a run: a policy's on the correct screen, else on demonstrate."""
        now = self.model.env
        if env_id and (now is None or now.env_id != env_id):
            text = tr("Open {env_id} first", env_id=env_id)
            self.model.notices.append(Notice(Tone.PLAIN, text))
            return
        self.next.beginning = wanted
        self.next.screen = "correct" if wanted.policy else "demonstrate"

    def open_env(self, env_id: str) -> None:
        """Open another environment; the environment process reports if that fails."""
        now = self.model.env
        self.model.opening = "" if now and now.env_id == env_id else env_id
        self.tell(OpenEnv(env_id))

    def import_file(self, path: str) -> None:
        """Import a dataset or a bundle, and show the library, where the result appears."""
        self.tell(ImportDataset(path))
        self.next.screen = "library"

    def take_path(self, path: str) -> None:
        """Use a file or a folder that the person has chosen."""
        purpose, self.jobs.purpose = self.jobs.purpose, Purpose.IMPORT
        if purpose is Purpose.CLASS:
            self.watch_class(path)
        elif purpose is Purpose.HAND_IN:
            self.settings = replace(self.settings, hand_in_folder=path)
            self.tell(HandIn(self.jobs.handed_in, path, self.options.codename))
        else:
            self.import_file(path)

    def watch_class(self, path: str) -> None:
        """Watch the folder of a class, and show it."""
        folder = Path(path).absolute()
        self.settings = replace(self.settings, class_folder=str(folder))
        self.model.analyses.classroom.watch(folder)
        self.jobs.tell_classroom(WatchClass(self.recordings, folder, self.jobs.classes))
        self.next.screen = "class"

    def write_report(self, dataset_id: str) -> None:
        """Write a report on a dataset beside the other exports."""
        name = f"report-{dataset_id.replace('/', '-')}-{time.strftime('%Y%m%d-%H%M%S')}.html"
        code = self.language_code
        output = self.exports / name
        self.model.notices.append(self.jobs.report.start(self.recordings, dataset_id, output, code))

    def toggle_record(self) -> None:
        """Start a take, or stop the running one."""
        live = self.model.live
        if live is not None:
            self.tell(Request.STOP_TAKE if live.engaged else Request.START_TAKE)

    def change_options(self, options: DriveOptions) -> None:
        """Apply new options for driving and recording; an environment has its own goal and task."""
        env = self.model.env
        if env is not None and options.task != self.options.task:
            tasks = self.settings.tasks | {env.env_id: options.task}
            self.settings = replace(self.settings, tasks=tasks)
        if env is not None and options.goal != self.options.goal:
            goals = self.settings.goals | {env.env_id: options.goal}
            self.settings = replace(self.settings, goals=goals)
        self.options = options
        self.tell(SetOptions(options))

    def change_codename(self, codename: str) -> None:
        """Let episodes that are saved from now on carry a codename; empty for none."""
        self.change_options(replace(self.options, codename=codename))

    def toggle_sheet(self, name: str) -> None:
        """Open a sheet, or close it if it is open; an empty name closes any sheet."""
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
        """Start rewinding; it continues while the key is held."""
        live = self.model.live
        if live and (live.engaged or live.pending):
            self.tell(Request.REWIND)

    def step_once(self) -> None:
        """Take one step of a paused episode with the controls that are held now."""
        for control in sorted(self.input.touched):
            if not control.startswith("pad.") or control[-1] not in "+-":
                self.tell(Input(InputEvent(self.now, control, 1.0)))
        self.tell(Request.STEP_ONCE)
        self.tell(Request.RELEASE_INPUT)

    def resume(self) -> None:
        """Resume driving after a pause."""
        live = self.model.live
        if live and live.phase == "paused":
            self.input.driving = True
            self.tell(Request.RESUME)

    def pause(self) -> None:
        """Pause; keys and gamepad move the focus again."""
        self.tell(Request.PAUSE)  # also cancels a take that would begin by itself
        if self.input.driving:
            self.input.driving = False
            self.ui.events.focus.set("view", "picture")
