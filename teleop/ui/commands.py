"""Shortcuts of the window on keyboard and gamepad; help, hints and README are made from them.

While driving, only Escape, the function keys and Ctrl combinations reach the window. No key that
drives an environment can therefore discard an episode.
"""

from dataclasses import dataclass
from enum import Enum

from teleop.text import joined, tr


class Command(Enum):
    """What a shortcut does."""

    DEMONSTRATE = tr("Go to Demonstrate")
    TRAIN = tr("Go to Train")
    COMPARE = tr("Go to Compare")
    CORRECT = tr("Go to Correct")
    LIBRARY = tr("Go to the library")
    HOME = tr("Go home: all environments")
    LESSON = tr("Go to the lessons")
    CLASS = tr("Go to the class")
    NEXT_BLOCK = tr("Next block of the lesson")
    SETTINGS = tr("Settings")
    RETRAIN = tr("Train with the corrections")
    DIFFERENCE = tr("Go to the next difference")
    RECORD = tr("Record, or stop")
    SAVE = tr("Save the take")
    DISCARD = tr("Discard the take")
    DELETE = tr("Delete the selected episode")
    STAR = tr("Star the selected episode")
    UNDO = tr("Undo discard or delete")
    COPY = tr("Copy the text or the notification")
    ENVIRONMENT = tr("Choose an environment")
    PLAY = tr("Play or pause; go on driving")
    BACK = tr("One step back")
    FORWARD = tr("One step forward")
    SECOND_BACK = tr("One second back")
    SECOND_FORWARD = tr("One second forward")
    START = tr("To the start")
    END = tr("To the end")
    AUTOPSY = tr("Show why it failed")
    CONTINUE = tr("Drive on from this step")
    LOOP = tr("Loop: set its start, its end, off")
    SLOWER = tr("Slower")
    FASTER = tr("Faster")
    NEW_SEED = tr("Next seed")
    RETRY = tr("Restart from the same seed")
    REWIND = tr("Rewind while held")
    STEP_ONCE = tr("One step, while paused")
    PRACTICE = tr("Practice: record nothing")
    STAR_TAKE = tr("Star the take")
    MARK = tr("Mark this moment")
    OVERLAY = tr("Hide or show the overlay")
    ENLARGE = tr("Enlarge the chart, or close it")
    OPTIONS = tr("Recording options")
    CONTROLS = tr("Controls")
    LEAVE = tr("Pause, or close")
    HELP = tr("Show this help")
    PROJECTOR = tr("Projector mode")
    FULL_SCREEN = tr("Full screen")
    LARGER = tr("Larger")
    SMALLER = tr("Smaller")
    USUAL_SIZE = tr("Default size")
    QUIT = tr("Quit")


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A key that runs a command.

    Attributes:
        key: pygame's name of the key.
        command: the command that the key runs.
        ctrl: whether Ctrl must be held.
        shift: whether Shift must be held.
        driving: whether it also works while driving.
    """

    key: str
    command: Command
    ctrl: bool = False
    shift: bool = False
    driving: bool = False

    @property
    def label(self) -> str:
        """The text on screen, such as `Ctrl 2`."""
        parts = ["Ctrl"] * self.ctrl + ["Shift"] * self.shift + [_LABELS.get(self.key, self.key)]
        named = [part if len(part) > 1 else part.upper() for part in parts]
        return joined(" ", named) if len(named) > 1 else named[0]


_LABELS = {
    "return": "Enter",
    "backspace": tr("Bksp"),
    "delete": tr("Del"),
    "escape": "Esc",
    "space": tr("Space"),
    "left": "←",
    "right": "→",
    "home": "Home",
    "end": "End",
    "f1": "F1",
    "f2": "F2",
    "f3": "F3",
    "f4": "F4",
    "f5": "F5",
    "f6": "F6",
    "f12": "F12",
    "f7": "F7",
    "f8": "F8",
    "f9": "F9",
    "f10": "F10",
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
    Shortcut("f6", Command.MARK, driving=True),
    Shortcut("m", Command.MARK),
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
    Shortcut("b", Command.LOOP),
    Shortcut("x", Command.AUTOPSY),
    Shortcut("c", Command.CONTINUE),
    Shortcut("[", Command.SLOWER),
    Shortcut("]", Command.FASTER),
    Shortcut("1", Command.DEMONSTRATE, ctrl=True, driving=True),
    Shortcut("2", Command.TRAIN, ctrl=True, driving=True),
    Shortcut("3", Command.COMPARE, ctrl=True, driving=True),
    Shortcut("4", Command.CORRECT, ctrl=True, driving=True),
    Shortcut("l", Command.LIBRARY, ctrl=True, driving=True),
    Shortcut("h", Command.HOME, ctrl=True, driving=True),
    Shortcut("5", Command.LESSON, ctrl=True, driving=True),
    Shortcut("6", Command.CLASS, ctrl=True, driving=True),
    Shortcut("f12", Command.NEXT_BLOCK, driving=True),
    Shortcut(",", Command.SETTINGS, ctrl=True, driving=True),
    Shortcut("t", Command.RETRAIN),
    Shortcut("d", Command.DIFFERENCE),
    Shortcut("z", Command.ENLARGE),
    Shortcut("f10", Command.OVERLAY, driving=True),
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
    """What a gamepad button does while the gamepad moves the focus."""

    ACTIVATE = tr("Activate")
    BACK = tr("Back, close")
    STAR = tr("Star the episode")
    DELETE = tr("Delete the episode, or undo")
    PREVIOUS = tr("Previous screen")
    NEXT = tr("Next screen")
    SCRUB_BACK = tr("Scrub back")
    SCRUB_FORWARD = tr("Scrub forward")
    DRIVE = tr("Drive, pause, play")
    HELP = tr("Show this help")


# Commands while driving with View held, so that the hands stay on the gamepad.
PAD_DRIVING: dict[str, Command] = {
    "pad.a": Command.SAVE,
    "pad.b": Command.DISCARD,
    "pad.x": Command.STAR_TAKE,
    "pad.y": Command.RETRY,
    "pad.left_shoulder": Command.REWIND,
    "pad.right_shoulder": Command.MARK,
}


PAD_COMMANDS = {
    PadAction.BACK: Command.LEAVE,
    PadAction.STAR: Command.STAR,
    PadAction.DELETE: Command.DELETE,
    PadAction.HELP: Command.HELP,
}
# reserved for the window: no move of an environment can be bound to these
RESERVED = frozenset(
    ["key.escape", "pad.start", "pad.back", "pad.guide", *(f"key.f{n}" for n in range(1, 13))]
)


@dataclass(frozen=True, slots=True)
class PadButton:
    """A gamepad button or trigger and its action."""

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
    PadButton("start", tr("Start"), PadAction.DRIVE),
    PadButton("back", "View", PadAction.HELP),
)


def label_of(command: Command, *, driving: bool = False) -> str:
    """Return the text of the first usable shortcut of a command; empty if there is none."""
    works = (s.label for s in SHORTCUTS if s.command is command and (s.driving or not driving))
    return next(works, "")


def command_of(key: str, *, ctrl: bool, shift: bool, driving: bool) -> Command | None:
    """Return the command that a key runs now, or None."""
    for shortcut in SHORTCUTS:
        held = shortcut.ctrl == ctrl and (shortcut.shift == shift or shortcut.ctrl)
        if shortcut.key == key and held and (shortcut.driving or not driving):
            return shortcut.command
    return None
