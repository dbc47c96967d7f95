"""Keys and pad buttons of the window itself, as tables; help, hints and README are made from them.

While driving, only Escape, the function keys and Ctrl combinations reach the window, so no key of
an environment can discard an episode.
"""

from dataclasses import dataclass
from enum import Enum


class Command(Enum):
    """What a shortcut does."""

    DEMONSTRATE = "Go to Demonstrate"
    TRAIN = "Go to Train"
    COMPARE = "Go to Compare"
    CORRECT = "Go to Correct"
    LIBRARY = "Go to the library"
    HOME = "Go home: all environments"
    SETTINGS = "Settings: colours, language, sounds"
    RETRAIN = "Train with the corrections"
    DIFFERENCE = "Compare: the next difference"
    RECORD = "Record, or stop"
    SAVE = "Save the take"
    DISCARD = "Discard the take"
    DELETE = "Delete the chosen episode"
    STAR = "Star the chosen episode"
    UNDO = "Undo discard or delete"
    COPY = "Copy the focused text or the notification"
    ENVIRONMENT = "Choose an environment"
    PLAY = "Play or pause; go on driving"
    BACK = "One step back"
    FORWARD = "One step forward"
    SECOND_BACK = "One second back"
    SECOND_FORWARD = "One second forward"
    START = "To the start"
    END = "To the end"
    SLOWER = "Slower"
    FASTER = "Faster"
    NEW_SEED = "Next seed"
    RETRY = "Restart from the same seed"
    REWIND = "Rewind while held"
    STEP_ONCE = "One step, while paused"
    PRACTICE = "Practice: record nothing"
    STAR_TAKE = "Star the take"
    OPTIONS = "Recording options"
    CONTROLS = "Controls"
    LEAVE = "Pause, or close"
    HELP = "Show this help"
    PROJECTOR = "Projector mode"
    FULL_SCREEN = "Full screen"
    LARGER = "Larger"
    SMALLER = "Smaller"
    USUAL_SIZE = "Default size"
    QUIT = "Quit"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One key for one command.

    Attributes:
        key: pygame's name of the key.
        command: what it does.
        ctrl: with Ctrl held.
        shift: with Shift held.
        driving: it works while driving too.
    """

    key: str
    command: Command
    ctrl: bool = False
    shift: bool = False
    driving: bool = False

    @property
    def label(self) -> str:
        """How it is printed: `Ctrl 2`."""
        parts = ["Ctrl"] * self.ctrl + ["Shift"] * self.shift + [_LABELS.get(self.key, self.key)]
        return " ".join(part if len(part) > 1 else part.upper() for part in parts)


_LABELS = {
    "return": "Enter",
    "backspace": "Bksp",
    "delete": "Del",
    "escape": "Esc",
    "space": "Space",
    "left": "←",
    "right": "→",
    "home": "Home",
    "end": "End",
    "f1": "F1",
    "f2": "F2",
    "f3": "F3",
    "f4": "F4",
    "f5": "F5",
    "f7": "F7",
    "f8": "F8",
    "f9": "F9",
    "f11": "F11",
    "=": "+",
    "-": "−",
}

SHORTCUTS: tuple[Shortcut, ...] = (
    Shortcut("r", Command.RECORD),
    Shortcut("f9", Command.RECORD, driving=True),
    Shortcut("return", Command.SAVE),
    Shortcut("backspace", Command.DISCARD),
    Shortcut("z", Command.UNDO, ctrl=True, driving=True),
    Shortcut("c", Command.COPY, ctrl=True, driving=True),
    Shortcut("s", Command.STAR),
    Shortcut("delete", Command.DELETE),
    Shortcut("e", Command.ENVIRONMENT),
    Shortcut("n", Command.NEW_SEED),
    Shortcut("f3", Command.CONTROLS, driving=True),
    Shortcut("f4", Command.OPTIONS, driving=True),
    Shortcut("f5", Command.RETRY, driving=True),
    Shortcut("f7", Command.REWIND, driving=True),
    Shortcut("f8", Command.STAR_TAKE, driving=True),
    Shortcut("p", Command.PRACTICE),
    Shortcut(".", Command.STEP_ONCE),
    Shortcut("return", Command.SAVE, ctrl=True, driving=True),
    Shortcut("backspace", Command.DISCARD, ctrl=True, driving=True),
    Shortcut("escape", Command.LEAVE, driving=True),
    Shortcut("space", Command.PLAY),
    Shortcut("left", Command.BACK),
    Shortcut("right", Command.FORWARD),
    Shortcut("left", Command.SECOND_BACK, shift=True),
    Shortcut("right", Command.SECOND_FORWARD, shift=True),
    Shortcut("home", Command.START),
    Shortcut("end", Command.END),
    Shortcut("[", Command.SLOWER),
    Shortcut("]", Command.FASTER),
    Shortcut("1", Command.DEMONSTRATE, ctrl=True, driving=True),
    Shortcut("2", Command.TRAIN, ctrl=True, driving=True),
    Shortcut("3", Command.COMPARE, ctrl=True, driving=True),
    Shortcut("4", Command.CORRECT, ctrl=True, driving=True),
    Shortcut("l", Command.LIBRARY, ctrl=True, driving=True),
    Shortcut("h", Command.HOME, ctrl=True, driving=True),
    Shortcut(",", Command.SETTINGS, ctrl=True, driving=True),
    Shortcut("t", Command.RETRAIN),
    Shortcut("d", Command.DIFFERENCE),
    Shortcut("t", Command.RETRAIN, ctrl=True, driving=True),
    Shortcut("f1", Command.HELP, driving=True),
    Shortcut("f2", Command.PROJECTOR, driving=True),
    Shortcut("f11", Command.FULL_SCREEN, driving=True),
    Shortcut("=", Command.LARGER, ctrl=True, driving=True),
    Shortcut("-", Command.SMALLER, ctrl=True, driving=True),
    Shortcut("0", Command.USUAL_SIZE, ctrl=True, driving=True),
    Shortcut("q", Command.QUIT, ctrl=True, driving=True),
)


class PadAction(Enum):
    """What a pad button does while the pad moves the focus."""

    ACTIVATE = "Activate"
    BACK = "Back, close"
    STAR = "Star the episode"
    DELETE = "Delete the episode, or undo"
    PREVIOUS = "Previous screen"
    NEXT = "Next screen"
    SCRUB_BACK = "Scrub back"
    SCRUB_FORWARD = "Scrub forward"
    DRIVE = "Drive, pause, play"
    HELP = "Show this help"


# While driving, with View held: the hands never leave the pad.
PAD_DRIVING: dict[str, Command] = {
    "pad.a": Command.SAVE,
    "pad.b": Command.DISCARD,
    "pad.x": Command.STAR_TAKE,
    "pad.y": Command.RETRY,
    "pad.left_shoulder": Command.REWIND,
}


PAD_COMMANDS = {
    PadAction.BACK: Command.LEAVE,
    PadAction.STAR: Command.STAR,
    PadAction.DELETE: Command.DELETE,
    PadAction.HELP: Command.HELP,
}
# the window's own: no move of an environment can have them
RESERVED = frozenset(
    ["key.escape", "pad.start", "pad.back", "pad.guide", *(f"key.f{n}" for n in range(1, 13))]
)


@dataclass(frozen=True, slots=True)
class PadButton:
    """One gamepad control and what it does."""

    button: str
    label: str
    action: PadAction


PAD: tuple[PadButton, ...] = (
    PadButton("a", "A", PadAction.ACTIVATE),
    PadButton("b", "B", PadAction.BACK),
    PadButton("x", "X", PadAction.STAR),
    PadButton("y", "Y", PadAction.DELETE),
    PadButton("left_shoulder", "LB", PadAction.PREVIOUS),
    PadButton("right_shoulder", "RB", PadAction.NEXT),
    PadButton("left_trigger", "LT", PadAction.SCRUB_BACK),
    PadButton("right_trigger", "RT", PadAction.SCRUB_FORWARD),
    PadButton("start", "Start", PadAction.DRIVE),
    PadButton("back", "View", PadAction.HELP),
)


def label_of(command: Command, *, driving: bool = False) -> str:
    """How the first shortcut of a command that works now is printed; empty if it has none."""
    works = (s.label for s in SHORTCUTS if s.command is command and (s.driving or not driving))
    return next(works, "")


def command_of(key: str, *, ctrl: bool, shift: bool, driving: bool) -> Command | None:
    """What a key means now; None if nothing."""
    for shortcut in SHORTCUTS:
        held = shortcut.ctrl == ctrl and (shortcut.shift == shift or shortcut.ctrl)
        if shortcut.key == key and held and (shortcut.driving or not driving):
            return shortcut.command
    return None
