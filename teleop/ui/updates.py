"""What the processes say: into the model, and what else follows from it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from teleop.runtime.protocol.comparison_messages import ReplayPictured
from teleop.runtime.protocol.session_messages import (
    ChooseDataset,
    EnvFailed,
    EnvOpened,
    FromStage,
    LibraryChanged,
    Notice,
    Pictured,
    ProcessLost,
    Rumble,
    SessionSnapshot,
    Tone,
)
from teleop.runtime.protocol.training_messages import (
    Certified,
    FromTrainer,
    PolicySaved,
    TrainerReady,
    TrainingProgress,
)
from teleop.ui.chrome.banner import BANNER
from teleop.ui.state.view_model import outline
from teleop.ui.system.sounds import Sounds

if TYPE_CHECKING:
    from teleop.ui.app import App

_TONES = {Tone.GOOD: "save", Tone.UNDO: "discard"}


class Updates:
    """Takes in one message after another."""

    def __init__(self, app: "App") -> None:
        self._app, self._context = app, app.context
        self._sounds = Sounds()

    def close(self) -> None:
        """Give the sound back."""
        self._sounds.close()

    def hear(self, message: FromStage | FromTrainer) -> None:
        """Take it in, say what has to be drawn, tell those whom it concerns."""
        app, model = self._app, self._context.model
        before, opened = model.live, model.env.env_id if model.env else ""
        model.hear(message)
        if isinstance(message, Pictured | ReplayPictured):
            app.renderer.moved = True
            if isinstance(message, Pictured) and message.view == "drive":
                self._driven(before, message.live)
        elif not isinstance(message, TrainingProgress) or app.current == "train":
            app.renderer.dirty = True  # reports of training are shown nowhere else
        if isinstance(message, Notice) and self._context.settings.sounds and message.tone in _TONES:
            self._sounds.play(_TONES[message.tone])
        if isinstance(message, EnvFailed) and model.env is None:
            app.fail(message.problem)
        if isinstance(message, EnvOpened) and message.env_id != opened:
            self._context.options = replace(self._context.options, turn_based=None)
        self._follow(message)

    def _follow(self, message: FromStage | FromTrainer) -> None:
        """What the news asks of the others."""
        library = self._context.model.library
        if isinstance(message, PolicySaved | Certified) and library:
            self._context.tell(
                ChooseDataset(library.dataset_id)
            )  # lists policies and findings anew
        if isinstance(message, LibraryChanged | TrainerReady):
            self._certify()
        if isinstance(message, ProcessLost):
            self._lost(message)
        elif isinstance(message, Rumble):
            self._app.router.rumble(message.strength, message.seconds)

    def _driven(self, before: SessionSnapshot | None, live: SessionSnapshot) -> None:
        """The person's session is in another state."""
        context = self._context
        if live.engaged != (before is not None and before.engaged):
            self._app.router.engaged_changed(live.engaged)
        elif before is not None and live.rewinding and not before.rewinding:
            context.driving = True
        elif _paused_now(before, live):
            context.driving = False  # the stage has paused by itself
        self._sound(before, live)
        if before is not None and before.pending and not live.pending:
            context.ui.focus.leave("save", "discard", to="record")
        if outline(before) != outline(live):
            self._app.renderer.dirty = True

    def _sound(self, before: SessionSnapshot | None, live: SessionSnapshot) -> None:
        """What is heard of a change, if the person wants to hear it."""
        if before is None or not self._context.settings.sounds:
            return
        if live.engaged and not before.engaged:
            self._sounds.play("start")
        elif live.control == "person" and before.control == "policy":
            self._sounds.play("take-over")

    def _certify(self) -> None:
        """New episodes are re-simulated while the trainer has nothing else to do."""
        library, training = self._context.model.library, self._context.model.training
        if library is None or (training and training.running):
            return
        if any(not episode.replay for episode in library.episodes):
            self._app.processes.certify(self._context.recordings, library.dataset_id)

    def _lost(self, message: ProcessLost) -> None:
        context = self._context
        if message.name == "stage":
            context.driving = False
            context.held.clear()
            context.popover.close(context.ui)
            context.ui.modal = BANNER
            context.ui.focus.set("restart", BANNER)
            context.ui.focus.visible = True


def _paused_now(before: SessionSnapshot | None, live: SessionSnapshot) -> bool:
    if before is None or live.phase != "paused" or live.rewinding:
        return False
    return before.phase != "paused" or before.rewinding
