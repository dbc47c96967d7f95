"""Applies messages from other processes to the view model, and finds their effects."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from teleop.runtime.protocol.class_messages import FromClassroom
from teleop.runtime.protocol.comparison_messages import ReplayFrames
from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.runtime.protocol.library_messages import ImportAsked
from teleop.runtime.protocol.session_messages import (
    ChooseDataset,
    EnvFailed,
    EnvOpened,
    FromEnvironment,
    LibraryChanged,
    Notice,
    Pictured,
    ProcessLost,
    ProcessName,
    Rumble,
    SessionSnapshot,
    Tone,
)
from teleop.runtime.protocol.training_messages import (
    Certified,
    FromTrainer,
    PolicySaved,
    Rounds,
    TrainerReady,
    TrainingFailed,
    TrainingProgress,
)
from teleop.ui.chrome.banner import BANNER
from teleop.ui.sheets.import_sheet import IMPORT
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import outline
from teleop.ui.system.sounds import Sounds
from teleop.ui.widgets.sheet import SHEET

_TONES = {Tone.GOOD: "save", Tone.UNDO: "discard"}


class Redraw(Enum):
    """How much of the window a message changed."""

    ALL = "every control"
    PICTURE = "the moving picture"


@dataclass(frozen=True, slots=True)
class Fail:
    """Close the window and report why there is nothing to show."""

    problem: str


@dataclass(frozen=True, slots=True)
class EngagedChanged:
    """An episode began or ended."""

    engaged: bool


@dataclass(frozen=True, slots=True)
class CheckReplays:
    """Re-simulate the episodes of a dataset that have no certificate yet."""

    dataset_id: str


Effect: TypeAlias = Redraw | Fail | EngagedChanged | CheckReplays | Rumble


class Updates:
    """Applies messages from other processes one by one."""

    def __init__(self, context: UiContext) -> None:
        self._context = context
        self._sounds = Sounds()

    def close(self) -> None:
        """Release the audio device."""
        self._sounds.close()

    def hear(
        self, message: FromEnvironment | FromTrainer | FromClassroom, screen: str
    ) -> list[Effect]:
        """Apply a message to the view model.

        Args:
            message: message from another process.
            screen: name of the current screen.

        Returns:
            The effects that the window must carry out.
        """
        model = self._context.model
        before, opened = model.live, model.env.env_id if model.env else ""
        model.hear(message)
        effects: list[Effect] = []
        if isinstance(message, Pictured | ReplayFrames):
            effects.append(Redraw.PICTURE)
            if isinstance(message, Pictured) and message.view == "drive":
                effects += self._driven(before, message.live)
        elif not isinstance(message, TrainingProgress) or screen == "train":
            effects.append(Redraw.ALL)  # only the Train screen shows the progress of training
        if isinstance(message, TrainingFailed) and screen == "train":
            notices = [n for n in model.notices if n.text != message.problem]
            model.notices[:] = notices  # the screen says it where the progress was
        if isinstance(message, Notice) and self._context.settings.sounds and message.tone in _TONES:
            self._sounds.play(_TONES[message.tone])
        if isinstance(message, EnvFailed) and model.env is None:
            effects.append(Fail(message.problem))
        if isinstance(message, EnvOpened) and message.env_id != opened:
            settings = self._context.settings
            # settings of an earlier version have one goal for all environments
            usual = DriveOptions().goal if settings.goals else settings.options.goal
            goal = settings.goals.get(message.env_id, usual)
            task = settings.tasks.get(message.env_id, "")
            options = replace(self._context.options, turn_based=None, goal=goal, task=task)
            self._context.change_options(options)
        return effects + self._follow(message)

    def _follow(self, message: FromEnvironment | FromTrainer | FromClassroom) -> list[Effect]:
        """Send the messages that follow from a message, and return its other effects."""
        library = self._context.model.library
        if isinstance(message, PolicySaved | Certified | Rounds) and library:
            # list policies and certificates again
            self._context.tell(ChooseDataset(library.dataset_id))
        if isinstance(message, LibraryChanged | TrainerReady):
            return self._unchecked()
        if isinstance(message, ProcessLost):
            self._lost(message)
        if isinstance(message, ImportAsked):
            self._context.sheet.typed = message.env_id
            self._context.toggle_sheet("")
            self._context.toggle_sheet(IMPORT)
            self._context.ui.events.focus.set("import.go", SHEET)
        return [message] if isinstance(message, Rumble) else []

    def _driven(self, before: SessionSnapshot | None, live: SessionSnapshot) -> list[Effect]:
        """Return the effects of a new state of the driving session."""
        context, effects = self._context, list[Effect]()
        if live.engaged != (before is not None and before.engaged):
            effects.append(EngagedChanged(live.engaged))
        elif before is not None and live.rewinding and not before.rewinding:
            context.input.driving = True
        elif live.asks and (before is None or not before.asks):
            context.input.driving = True  # the session waits for a touch
        elif _paused_now(before, live):
            context.input.driving = False  # the environment process has paused without a request
        self._sound(before, live)
        if before is not None and before.pending and not live.pending:
            context.ui.events.focus.leave("save", "discard", to="record")
        if outline(before) != outline(live):
            effects.append(Redraw.ALL)
        return effects

    def _sound(self, before: SessionSnapshot | None, live: SessionSnapshot) -> None:
        """Play the sound of a change, if sounds are on."""
        if before is None or not self._context.settings.sounds:
            return
        if live.engaged and not before.engaged:
            self._sounds.play("start")
        elif live.control == "person" and before.control == "policy":
            self._sounds.play("take-over")

    def _unchecked(self) -> list[Effect]:
        """Re-simulate new episodes, unless a training is running."""
        library, training = self._context.model.library, self._context.model.training
        if library is None or (training and training.running):
            return []
        unchecked = any(not episode.certificate for episode in library.episodes)
        return [CheckReplays(library.dataset_id)] if unchecked else []

    def _lost(self, message: ProcessLost) -> None:
        context = self._context
        if message.process is ProcessName.ENVIRONMENT:
            context.input.driving = False
            context.input.held.clear()
            context.popover.close(context.ui)
            context.ui.events.modal = BANNER
            context.ui.events.focus.set("restart", BANNER)
            context.ui.events.focus.visible = True


def _paused_now(before: SessionSnapshot | None, live: SessionSnapshot) -> bool:
    if before is None or live.phase != "paused" or live.rewinding or live.asks:
        return False
    return before.phase != "paused" or before.rewinding
