"""What a screen works with: what is known, what can be drawn on, whom to tell."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from teleop.stage.frames import FrameReader
from teleop.stage.messages import Deed, ToStage, ToTrainer
from teleop.ui.model import Model
from teleop.ui.popover import Popover
from teleop.ui.view import View
from teleop.ui.widgets import Ui


@dataclass(slots=True)
class Desk:
    """Shared by the window and its screens.

    Attributes:
        ui: draws and names controls.
        model: what the processes have said.
        reader: of pictures.
        recordings: the folder that recordings go to.
        tell: sends to the stage.
        teach: sends to the trainer.
        now: seconds, the same for a whole frame.
        driving: keys and pad go to the environment.
        held: controls that are down.
        pad: name of the gamepad; empty without one.
        goal: episodes the person wants.
        go_to: name of the screen to show next.
        popover: the open drop-down.
        reduced_motion: nothing blinks.
    """

    ui: Ui
    model: Model
    reader: FrameReader
    recordings: Path
    tell: Callable[[ToStage], None]
    teach: Callable[[ToTrainer], None]
    now: float = 0.0
    driving: bool = False
    held: set[str] = field(default_factory=set)
    pad: str = ""
    goal: int = 10
    go_to: str = ""
    popover: Popover = field(default_factory=Popover)
    reduced_motion: bool = False
    views: dict[str, View] = field(default_factory=dict)

    def view(self, name: str) -> View:
        """The named picture, brought up to date."""
        view = self.views.setdefault(name, View(self.reader))
        view.take(self.model.frames.get(name))
        return view

    def toggle_record(self) -> None:
        """Start a take, or stop the one that runs."""
        live = self.model.live
        if live is not None:
            self.tell(Deed.STOP_TAKE if live.recording else Deed.START_TAKE)

    def resume(self) -> None:
        """Go on driving after a pause."""
        live = self.model.live
        if live and live.phase == "paused":
            self.driving = True
            self.tell(Deed.RESUME)

    def pause(self) -> None:
        """Hold still; keys and pad move the focus again."""
        if self.driving:
            self.driving = False
            self.tell(Deed.PAUSE)
            self.ui.focus.set("view", "stage")
