"""The application window: wait for events, forward input at once, redraw what changed.

A key press is sent within a millisecond or two, not at the next redraw. When a new environment
frame arrives, the frame and its overlay are drawn and shown first. Everything else is redrawn at
most 60 times per second, and only if something changed.
"""

import gc
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
if sys.platform.startswith("linux"):
    # By default, SDL shows the window through OpenGL. In software this takes three times the CPU
    # time, and it freezes when an environment creates its own OpenGL context.
    os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")

import pygame

from teleop.errors import DisplayError, EnvError
from teleop.runtime.protocol.session_messages import (
    ChooseDataset,
    OpenEnv,
    ProcessName,
    Rumble,
)
from teleop.runtime.protocol.shared_frames import FrameReader
from teleop.translation import Language, system_language
from teleop.ui.app_config import AppConfig
from teleop.ui.chrome.banner import BANNER
from teleop.ui.chrome.overlays import Overlays
from teleop.ui.chrome.top_bar import mark
from teleop.ui.commands import Command
from teleop.ui.drawing.painter import Painter
from teleop.ui.dropped_files import drop_file
from teleop.ui.input.router import InputRouter
from teleop.ui.lessons.lesson_steps import go_forward, open_lesson
from teleop.ui.renderer import Renderer
from teleop.ui.screens import Screen
from teleop.ui.screens.classroom import ClassScreen
from teleop.ui.screens.compare import CompareScreen
from teleop.ui.screens.correct import CorrectScreen
from teleop.ui.screens.demonstrate import Demonstrate
from teleop.ui.screens.home import Home
from teleop.ui.screens.lessons import LessonScreen
from teleop.ui.screens.library import LibraryScreen
from teleop.ui.screens.prefer import PreferScreen
from teleop.ui.screens.train import TrainScreen
from teleop.ui.sheets.help_sheet import HELP, toggle_help
from teleop.ui.state.context import Jobs, UiContext, WindowRequest
from teleop.ui.state.lesson_guide import LessonGuide
from teleop.ui.state.settings import Settings, SettingsFile
from teleop.ui.state.view_model import ViewModel
from teleop.ui.system.devices import DRIVING, RAW_PAD
from teleop.ui.system.file_dialog import FileDialog
from teleop.ui.system.processes import Processes
from teleop.ui.system.report_job import ReportJob
from teleop.ui.system.window import WINDOW_EVENTS, Window
from teleop.ui.updates import CheckReplays, Effect, EngagedChanged, Fail, Redraw, Updates
from teleop.ui.widgets.widgets import Ui

_REMEMBER_S = 1.0  # between two times that settings are saved
_WITH_CHARTS = ("train", "compare", "correct", "class")
_IDLE_S = 1.0
_TRAINER_AFTER_S = 1.5  # the window opens first, then the training process loads torch
_LOOK_S, _CALM_S = 0.001, 0.008  # seconds between checks for events: while driving, otherwise
_DRIVEN = ("demonstrate", "correct")
_PRESSES = (pygame.KEYDOWN, pygame.JOYBUTTONDOWN, pygame.CONTROLLERBUTTONDOWN)
_OF_WINDOW = (pygame.DROPFILE, pygame.VIDEORESIZE, *WINDOW_EVENTS)


class App:
    """The window and its processes."""

    def __init__(self, config: AppConfig) -> None:
        """Start the environment process and open the window.

        Raises:
            DisplayError: there is no display.
        """
        self.config = config
        self.running = True
        self.failure = ""
        self._settings_file = SettingsFile(config.settings)
        self._arrived = threading.Event()
        self.processes = Processes(
            (config.recordings, config.samples, config.base_seed), self._wake
        )
        self._began_s = time.perf_counter()
        try:
            settings = self._settings_file.read()
            self.window = Window(settings)
        except pygame.error as problem:
            self.processes.close()
            raise DisplayError(
                f"No window can be opened here ({problem}). Run it on a computer with a screen, or "
                "try `teleop demo`, which needs none."
            ) from problem
        self.model = ViewModel()
        self._language = Language(config.assets / "languages", settings.language)
        self.context = self._make_context(settings)
        self.router = InputRouter(self)
        self.overlays = Overlays()
        self.updates = Updates(self.context)
        self._commands = self._own_commands()
        self._requested = self._answers()
        self.screens = _make_screens(config.pair)
        self.current = "demonstrate"
        self.renderer = Renderer(self)
        self._begin(config, settings)
        self._remembered = (self.context.settings, self.context.options)
        self._remembered_s = 0.0

    def _make_context(self, settings: Settings) -> UiContext:
        """Return the context that all screens share."""
        recordings = self.config.recordings
        return UiContext(
            ui=Ui(self._painter(settings), self.config.assets),
            model=self.model,
            reader=FrameReader(),
            recordings=recordings,
            tell=self.processes.tell,
            tell_trainer=self.processes.tell_trainer,
            jobs=Jobs(
                FileDialog(self._wake),
                ReportJob(self._wake),
                self.processes.tell_classroom,
                self.config.classes,
            ),
            guide=LessonGuide(self.config.lessons),
            settings=settings,
        )

    def _begin(self, config: AppConfig, settings: Settings) -> None:
        """Open the environment, apply the saved options and go to the first screen."""
        self.context.tell(OpenEnv(config.env_id, config.pace_hz))
        self.context.change_options(settings.options)
        if config.pair[0]:
            self.context.tell(ChooseDataset(config.pair[0]))
        if config.class_folder is not None:
            self.context.watch_class(str(config.class_folder))
        elif config.lesson is not None:
            open_lesson(self.context, config.lesson)
        elif config.screen != "demonstrate":
            self.context.next.screen = config.screen

    @property
    def ui(self) -> Ui:
        """The controls on screen."""
        return self.context.ui

    @property
    def screen(self) -> Screen:
        """The screen that is shown."""
        return self.screens[self.current]

    @property
    def is_driven(self) -> bool:
        """Whether the person drives on this screen, or is about to."""
        return self.current in _DRIVEN or self.model.run is not None

    # ------------------------------------------------------------ the loop

    def run(self) -> None:
        """Run the event loop until the person quits.

        Raises:
            EnvError: the requested environment cannot be opened.
        """
        try:
            while self.running:
                self.turn(self._patience_s())
        finally:
            self.close()
        if self.failure:
            raise EnvError(self.failure)

    def turn(self, patience_s: float) -> None:
        """Wait at most `patience_s` for events, handle them and redraw what changed."""
        events = self._watch(patience_s, _LOOK_S if self.context.input.driving else _CALM_S)
        self._arrived.clear()
        self.context.now = time.perf_counter()
        for event in events:
            self.take(event)
        for message in self.processes.updates():
            for effect in self.updates.hear(message, self.current):
                self._apply(effect)
        self._look_for_slow()
        if chosen := self.context.jobs.dialog.answer():
            self.context.take_path(chosen)
        if notice := self.context.jobs.report.result():
            self.model.notices.append(notice)
            self.renderer.dirty = True
        if self.router.repeat(self.context.now):
            self.renderer.dirty = True
        self._start_trainer_in_time()
        self._remember_in_time()
        self.go()
        if not self.window.minimised:
            self.renderer.draw()
        self.go()

    def _apply(self, effect: Effect) -> None:
        """Carry out the effect of a message."""
        match effect:
            case Redraw.ALL:
                self.renderer.dirty = True
            case Redraw.PICTURE:
                self.renderer.moved = True
            case EngagedChanged(engaged):
                self.router.engaged_changed(engaged)
            case Rumble():
                self.router.rumble(effect.strength, effect.seconds)
            case CheckReplays(dataset_id):
                self.processes.certify(self.config.recordings, dataset_id)
            case Fail(problem):
                self.failure, self.running = problem, False

    def take(self, event: pygame.event.Event) -> None:
        """Handle one event, after all earlier ones have had their effect on the screen."""
        waits = self.ui.events.used.waits and event.type != pygame.MOUSEMOTION
        presses = event.type in _PRESSES and not self.context.input.driving
        if waits or (presses and self.renderer.dirty):  # a click means what was last drawn
            self._settle()
        if event.type == pygame.QUIT:
            self.quit()
        elif event.type in _OF_WINDOW:
            self._window_event(event)
        else:
            self.router.take(event)
        if event.type in RAW_PAD and not self.context.pads.mapping:
            return  # the same movement also arrives as a gamepad event
        if self.context.input.driving and event.type in DRIVING:
            self.renderer.moved = True  # key caps are redrawn with the frame; nothing else changes
        elif event.type != pygame.MOUSEMOTION or self._hover_changed(event.pos):
            self.renderer.dirty = True

    def _settle(self) -> None:
        """Draw until all used controls are handled and the screen they led to is shown."""
        shown = ""
        while self.ui.events.used.waits or shown != self.current:
            shown = self.current
            self.renderer.draw_all()
            self.go()

    def _window_event(self, event: pygame.event.Event) -> None:
        if event.type == pygame.DROPFILE:  # a bundle or a dataset folder
            drop_file(self.context, Path(event.file))
            self.go()
        self.window.see(event)
        if self.window.resized():
            self._repaint()

    def close(self) -> None:
        """Save the settings, let the processes finish writing, and close the window."""
        self._remember()
        self.context.guide.close()
        self.processes.close()
        self.context.reader.close()
        self.updates.close()
        pygame.quit()

    def _remember_in_time(self) -> None:
        """Save changed settings and options a moment after the change, in case the window dies."""
        wanted = (self.context.settings, self.context.options)
        if wanted != self._remembered and self.context.now - self._remembered_s > _REMEMBER_S:
            self._remember()

    def _remember(self) -> None:
        self._remembered = (self.context.settings, self.context.options)
        self._remembered_s = self.context.now
        box = self.window.box
        chosen = replace(
            self.context.settings,
            scale=self.window.chosen_scale,
            width=box.width,
            height=box.height,
            x=box.x,
            y=box.y,
            placed=True,
            options=self.context.guide.own_options(self.context.options),
        )
        self._settings_file.write(chosen)

    def _watch(self, patience_s: float, every_s: float) -> list[pygame.event.Event]:
        """Wait for events or for messages from other processes, whichever comes first.

        Once gamepads are in use, SDL's own wait function polls every millisecond, which takes 5 %
        of a core. This method polls only as often as needed, and a message wakes it.
        """
        end = time.perf_counter() + patience_s
        while not (events := pygame.event.get()):
            left = end - time.perf_counter()
            if left <= 0 or self._arrived.wait(min(every_s, left)):
                break
        return events

    def _wake(self) -> None:
        """Wake the event loop; called from a listening thread when messages have arrived."""
        self._arrived.set()

    def _patience_s(self) -> float:
        """Return the seconds until the window must act without any event."""
        if self.window.minimised:
            return _IDLE_S
        moments = (self.renderer.wakes_in(), self.router.wakes_in(), self.processes.slow_in())
        return max(0.001, min([_IDLE_S, *(m for m in moments if m is not None)]))

    # ------------------------------------------------------------ screens

    def go(self, goal: str = "") -> None:
        """Carry out pending requests to the window, then show the requested screen."""
        while self.context.requests:
            self._requested[self.context.requests.pop(0)]()
        goal, self.context.next.screen = goal or self.context.next.screen, ""
        if goal in self.screens and goal != self.current:
            self.context.popover.close(self.ui)
            self.screen.leave(self.context)
            self.current, self.context.display.enlarged = goal, False
            self.ui.events.focus.set(None)
            self.screen.enter(self.context)
            self.renderer.dirty = True

    def scroll(self, rows: int) -> None:
        """Scroll the screen with the mouse wheel."""
        self.screen.scroll(rows, self.ui.events.pointer.at)

    def _hover_changed(self, at: tuple[int, int]) -> bool:
        before, after = self.ui.events.hit(self.ui.events.pointer.at), self.ui.events.hit(at)
        self.ui.events.pointer.at = at
        return before is not after or bool(self.ui.events.pointer.pressed)

    # ------------------------------------------------------------ window

    def _painter(self, settings: Settings) -> Painter:
        painter = self.window.painter(settings, self.config.assets)
        if (settings.language or system_language()) != self._language.code:
            self._language = Language(self.config.assets / "languages", settings.language)
        painter.language = self._language
        return painter

    def _repaint(self) -> None:
        self.ui.painter = self._painter(self.context.settings)
        self.renderer.dirty = True

    def toggle_projector(self) -> None:
        """Turn projector mode on or off: light theme, large scale, no motion."""
        self.window.projector = not self.window.projector
        self.context.display.projector = self.window.projector
        self._repaint()

    def command(self, command: Command) -> None:
        """Run a command of the window or of the screen, or show another screen."""
        name = command.name.lower()
        if command in self._commands:
            self._commands[command]()
        elif name in self.screens:
            self.go(name)
        else:
            self.screen.command(self.context, command)
        self.renderer.dirty = True

    def _answers(self) -> dict[WindowRequest, Callable[[], None]]:
        """Return the handlers of requests to the window."""
        return {
            WindowRequest.REPAINT: self._repaint,
            WindowRequest.PROJECTOR: self.toggle_projector,
            WindowRequest.RESTART: lambda: self._restart_environment(opens=True),
            WindowRequest.RESTART_AT_HOME: lambda: self._restart_environment(opens=False),
            WindowRequest.STOP_ENVIRONMENT: lambda: self.processes.stop(ProcessName.ENVIRONMENT),
            WindowRequest.STOP_TRAINER: lambda: self.processes.stop(ProcessName.TRAINER),
            WindowRequest.STOP_CLASSROOM: lambda: self.processes.stop(ProcessName.CLASSROOM),
        }

    def _own_commands(self) -> dict[Command, Callable[[], None]]:
        """Return the handlers of commands that work on every screen."""
        return {
            Command.QUIT: self.quit,
            Command.NEXT_BLOCK: lambda: go_forward(self.context),
            Command.LEAVE: self._leave,
            Command.COPY: lambda: self.overlays.copy(self.context),
            Command.SETTINGS: lambda: self.context.toggle_sheet("settings"),
            Command.OPTIONS: lambda: self._about_env("options"),
            Command.CONTROLS: lambda: self._about_env("controls"),
            Command.HELP: lambda: toggle_help(self.context),
            Command.ENLARGE: self._enlarge,
            Command.OVERLAY: self._toggle_overlay,
            Command.PROJECTOR: self.toggle_projector,
            Command.FULL_SCREEN: self._fill_screen,
            Command.LARGER: lambda: self._rescale(1),
            Command.SMALLER: lambda: self._rescale(-1),
            Command.USUAL_SIZE: lambda: self._rescale(0),
        }

    def _enlarge(self) -> None:
        """Let the chart of the screen fill the window, or close it again."""
        if self.current in _WITH_CHARTS:
            self.context.display.enlarged = not self.context.display.enlarged

    def _toggle_overlay(self) -> None:
        self.context.display.plain_picture = not self.context.display.plain_picture

    def _about_env(self, sheet: str) -> None:
        """Open or close a sheet that needs an environment."""
        if self.model.env is not None:
            self.context.toggle_sheet(sheet)

    def quit(self) -> None:
        """Close the window after this turn of the event loop."""
        self.running = False

    def _fill_screen(self) -> None:
        self.window.toggle_full_screen()
        self._repaint()

    def _rescale(self, step: int) -> None:
        self.window.rescale(step)
        self._repaint()

    def _leave(self) -> None:
        """Close what is open over the screen; if nothing is open, pause."""
        context = self.context
        if context.popover.open:
            context.popover.close(context.ui)
        elif context.ui.events.modal == HELP:
            toggle_help(context)
        elif context.sheet.name:
            context.toggle_sheet("")
        elif context.display.enlarged:
            context.display.enlarged = False
        else:
            self.router.let_go()
            self.screen.command(self.context, Command.LEAVE)
        if self.model.slow:
            context.ui.events.focus.set("stop", BANNER)
            context.ui.events.focus.visible = True

    # ------------------------------------------------------------ processes

    def _look_for_slow(self) -> None:
        """Show or remove the bar about an environment that does not respond."""
        slow = self.processes.slow()
        if slow != self.model.slow:
            self.model.slow, self.renderer.dirty = slow, True

    def _restart_environment(self, *, opens: bool) -> None:
        """Restart the environment process, then reopen the environment or show the home screen."""
        live = self.model.live
        env_id = self.model.env.env_id if self.model.env else self.config.env_id
        self.processes.restart_environment(live.seed if live else None)
        self.model.lost, self.model.opening = "", ""
        self.model.working = self.model.run = None
        self.ui.events.modal = None
        self.model.frames.clear()
        self.model.live = self.model.env = None
        for view in self.context.views.values():
            view.clear()
        if opens:
            self.context.tell(OpenEnv(env_id))
        self.context.change_options(replace(self.context.options, turn_based=None))
        self.screen.enter(self.context)
        if not opens:
            self.go("home")
        self.renderer.dirty = True

    def _start_trainer_in_time(self) -> None:
        live = self.model.live is not None and not self.processes.trainer_was_started
        if live and self.context.now - self._began_s > _TRAINER_AFTER_S:
            pygame.display.set_icon(mark(self.ui.painter))
            gc.collect()
            gc.freeze()  # loaded modules stay; scanning them for garbage would delay a frame
            self.processes.start_trainer()


def _make_screens(pair: tuple[str, str, str]) -> dict[str, Screen]:
    return {
        "demonstrate": Demonstrate(),
        "train": TrainScreen(),
        "compare": CompareScreen(*pair[1:]),
        "correct": CorrectScreen(pair[2]),
        "library": LibraryScreen(),
        "prefer": PreferScreen(),
        "lesson": LessonScreen(),
        "class": ClassScreen(),
        "home": Home(),
    }
