"""What the processes say: into the model, and what else follows from it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from teleop.stage.lessons import Certified, FromTrainer, PolicySaved, Trained, TrainerReady
from teleop.stage.messages import (
    ChooseDataset,
    EnvFailed,
    EnvOpened,
    FromStage,
    LibraryChanged,
    Live,
    Notice,
    Pictured,
    Rumble,
    StageLost,
    Tone,
)
from teleop.stage.sides import ReplayPictured
from teleop.ui.banner import BANNER
from teleop.ui.model import outline
from teleop.ui.sounds import Sounds

if TYPE_CHECKING:
    from teleop.ui.app import App

_TONES = {Tone.GOOD: "save", Tone.UNDO: "discard"}


class News:
    """Takes in one message after another."""

    def __init__(self, app: "App") -> None:
        self._app, self._desk = app, app.desk
        self._sounds = Sounds()

    def close(self) -> None:
        """Give the sound back."""
        self._sounds.close()

    def hear(self, message: FromStage | FromTrainer) -> None:
        """Take it in, say what has to be drawn, tell those whom it concerns."""
        app, model = self._app, self._desk.model
        before, opened = model.live, model.env.env_id if model.env else ""
        model.hear(message)
        if isinstance(message, Pictured | ReplayPictured):
            app.canvas.moved = True
            if isinstance(message, Pictured) and message.view == "drive":
                self._driven(before, message.live)
        elif not isinstance(message, Trained) or app.current == "train":
            app.canvas.dirty = True  # reports of training are shown nowhere else
        if isinstance(message, Notice) and self._desk.settings.sounds and message.tone in _TONES:
            self._sounds.play(_TONES[message.tone])
        if isinstance(message, EnvFailed) and model.env is None:
            app.fail(message.problem)
        if isinstance(message, EnvOpened) and message.env_id != opened:
            self._desk.options = replace(self._desk.options, turn_based=None)
        self._follow(message)

    def _follow(self, message: FromStage | FromTrainer) -> None:
        """What the news asks of the others."""
        library = self._desk.model.library
        if isinstance(message, PolicySaved | Certified) and library:
            self._desk.tell(ChooseDataset(library.dataset_id))  # lists policies and findings anew
        if isinstance(message, LibraryChanged | TrainerReady):
            self._certify()
        if isinstance(message, StageLost):
            self._lost(message)
        elif isinstance(message, Rumble):
            self._app.hands.rumble(message.strength, message.seconds)

    def _driven(self, before: Live | None, live: Live) -> None:
        """The person's session is in another state."""
        desk = self._desk
        if live.engaged != (before is not None and before.engaged):
            self._app.hands.engaged_changed(live.engaged)
        elif before is not None and live.rewinding and not before.rewinding:
            desk.driving = True
        elif _paused_now(before, live):
            desk.driving = False  # the stage has paused by itself
        self._sound(before, live)
        if before is not None and before.pending and not live.pending:
            desk.ui.focus.leave("save", "discard", to="record")
        if outline(before) != outline(live):
            self._app.canvas.dirty = True

    def _sound(self, before: Live | None, live: Live) -> None:
        """What is heard of a change, if the person wants to hear it."""
        if before is None or not self._desk.settings.sounds:
            return
        if live.engaged and not before.engaged:
            self._sounds.play("start")
        elif live.control == "person" and before.control == "policy":
            self._sounds.play("take-over")

    def _certify(self) -> None:
        """New episodes are re-simulated while the trainer has nothing else to do."""
        library, training = self._desk.model.library, self._desk.model.training
        if library is None or (training and training.running):
            return
        if any(not episode.replay for episode in library.episodes):
            self._app.processes.certify(self._desk.recordings, library.dataset_id)

    def _lost(self, message: StageLost) -> None:
        desk = self._desk
        if message.name == "stage":
            desk.driving = False
            desk.held.clear()
            desk.popover.close(desk.ui)
            desk.ui.modal = BANNER
            desk.ui.focus.set("restart", BANNER)
            desk.ui.focus.visible = True


def _paused_now(before: Live | None, live: Live) -> bool:
    if before is None or live.phase != "paused" or live.rewinding:
        return False
    return before.phase != "paused" or before.rewinding
