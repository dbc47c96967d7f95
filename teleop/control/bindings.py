"""Default bindings: the keys, buttons and sticks of each move, for each known environment.

A control is named by position: `key.w` (the key where W is on a US keyboard), `pad.a`, half an axis
as `pad.left_x-` or `pad.left_x+`, and `mouse.x+` for a mouse or finger held on the frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from teleop.text import tr


@dataclass(frozen=True, slots=True)
class Move:
    """One move that a person can make.

    Attributes:
        name: unique within a scheme.
        word: one or two words for the key cap that say what the move does.
        controls: controls that trigger the move; the first key and the first gamepad control are
            shown.
        place: column and row of the key cap; rows count downwards.
        layer: which of `LAYERS` must be held; 0: none.
        taps: the move acts once per press; otherwise for as long as it is held.
    """

    name: str
    word: str
    controls: tuple[str, ...]
    place: tuple[float, float]
    layer: int = 0
    taps: bool = False

    def with_word(self, word: str) -> "Move":
        """Return the same move with another word."""
        return replace(self, word=word)


_UP_CONTROLS = ("key.w", "key.up", "pad.up", "pad.left_y-", "mouse.y-")
_LEFT_CONTROLS = ("key.a", "key.left", "pad.left", "pad.left_x-", "mouse.x-")
_RIGHT_CONTROLS = ("key.d", "key.right", "pad.right", "pad.left_x+", "mouse.x+")
UP = Move("up", tr("up"), _UP_CONTROLS, (1, 0))
DOWN = Move(
    "down", tr("down"), ("key.s", "key.down", "pad.down", "pad.left_y+", "mouse.y+"), (1, 1)
)
LEFT = Move("left", tr("left"), _LEFT_CONTROLS, (0, 1))
RIGHT = Move("right", tr("right"), _RIGHT_CONTROLS, (2, 1))
UP2 = Move("up2", tr("up"), ("key.i", "pad.right_y-"), (4.5, 0))
DOWN2 = Move("down2", tr("down"), ("key.k", "pad.right_y+"), (4.5, 1))
LEFT2 = Move("left2", tr("left"), ("key.j", "pad.right_x-"), (3.5, 1))
RIGHT2 = Move("right2", tr("right"), ("key.l", "pad.right_x+"), (5.5, 1))
LESS3 = Move("less3", tr("less"), ("key.q", "pad.left_shoulder"), (0, 0))
MORE3 = Move("more3", tr("more"), ("key.e", "pad.right_shoulder"), (2, 0))
LESS4 = Move("less4", tr("less"), ("key.u", "pad.left_trigger+"), (3.5, 0))
MORE4 = Move("more4", tr("more"), ("key.o", "pad.right_trigger+"), (5.5, 0))
PAIRS = (
    (LEFT, RIGHT),
    (DOWN, UP),
    (LEFT2, RIGHT2),
    (DOWN2, UP2),
    (LESS3, MORE3),
    (LESS4, MORE4),
)
GAS = Move("gas", tr("gas"), ("key.w", "key.up", "pad.right_trigger+", "pad.a", "mouse.y-"), (1, 0))
BRAKE = Move(
    "brake", tr("brake"), ("key.s", "key.down", "pad.left_trigger+", "pad.b", "mouse.y+"), (1, 1)
)
MAIN = Move(
    "up", tr("main"), ("key.w", "key.up", "pad.a", "pad.up", "pad.left_y-", "mouse.y-"), (1, 0)
)
TAKE = Move("take", tr("pick up"), ("key.e", "key.space", "pad.a"), (2, 0))
DROP = Move("drop", tr("drop"), ("key.q", "pad.b"), (0, 0))
FIRE = Move("fire", tr("fire"), ("key.space", "pad.a", "mouse.left"), (3.5, 1))
ONLY = Move(
    "right",
    tr("act"),
    ("key.space", "key.w", "key.up", "key.d", "key.right", "pad.a", "pad.right", "mouse.left"),
    (1, 1),
)  # for environments with one action besides idle
DIRECTIONS = {"up": UP, "down": DOWN, "left": LEFT, "right": RIGHT, "fire": FIRE}

# Holding one of these switches all controls to another layer; both select the fourth.
LAYERS = (("key.lshift", "pad.left_stick"), ("key.space", "pad.right_stick"))
LAYER_COUNT = 4
LAYER_WORDS = ("", "Shift", "Space", "Shift+Space")

POINTER = ("mouse.x", "mouse.y")
_KEYS = tuple("1234567890qwertyuiopasdfghjklzxcvbnm")
_BUTTONS = ("a", "b", "x", "y", "left_shoulder", "right_shoulder", "up", "down", "left", "right")


class Pool:
    """The controls that are still free, layer by layer."""

    def __init__(self) -> None:
        self._pairs = [(less, more, layer) for layer in range(LAYER_COUNT) for less, more in PAIRS]
        self._taken: set[tuple[int, str]] = set()
        self._numbered = 0

    @property
    def pairs_left(self) -> int:
        """Number of axes that can still be bound."""
        return sum(self._free(pair) for pair in self._pairs)

    def take(self, *moves: Move) -> None:
        """Mark the controls of these moves as taken."""
        for move in moves:
            self._taken |= {(move.layer, control) for control in move.controls}

    def pair(self, name: str, words: tuple[str, str]) -> tuple[Move, Move]:
        """Bind two moves for an axis to the first free pair; at least one pair must be left."""
        less, more, layer = next(pair for pair in self._pairs if self._free(pair))
        moves = tuple(
            replace(move, name=f"{name}{sign}", word=word, layer=layer)
            for move, sign, word in ((less, "-", words[0]), (more, "+", words[1]))
        )
        self.take(*moves)
        return moves[0], moves[1]

    def switch(self, name: str, word: str) -> Move | None:
        """Bind a move to a free key (digits, then letters) and button; None if no key is left."""
        for layer in range(LAYER_COUNT):
            key = next((k for k in _KEYS if (layer, f"key.{k}") not in self._taken), None)
            if key is not None:
                break
        else:
            return None
        button = next((b for b in _BUTTONS if (layer, f"pad.{b}") not in self._taken), None)
        controls = (f"key.{key}", *([f"pad.{button}"] if button else []))
        place = (self._numbered % 10, 2 + self._numbered // 10)
        self._numbered += 1
        move = Move(name, word, controls, place, layer)
        self.take(move)
        return move

    def _free(self, pair: tuple[Move, Move, int]) -> bool:
        less, more, layer = pair
        return not any((layer, c) in self._taken for c in (*less.controls, *more.controls))


@dataclass(frozen=True, slots=True)
class DiscreteTable:
    """Moves and chords of a Discrete action space.

    Attributes:
        moves: (move, action) pairs.
        idle: action when nothing is held; None repeats the last one.
        chords: (names of moves held together, action) pairs.
    """

    moves: tuple[tuple[Move, int], ...]
    idle: int | None = None
    chords: tuple[tuple[frozenset[str], int], ...] = ()


@dataclass(frozen=True, slots=True)
class AxisTable:
    """How one axis of a Box is controlled.

    Attributes:
        less: move towards the low end; None if the axis has a single direction.
        more: move towards the high end.
        neutral: value when released.
        ramp_s: seconds that a key needs from neutral to the end; 0: immediately.
        dead_zone: dead zone of sticks, triggers and mouse, 0..0.9; worn ones rest up to this value.
        curve: exponent beyond the dead zone; 2 is finer in the middle.
        scale: share of the range that a full push reaches, 0..1.
        invert: exchange the two moves.
        only_down: the axis rests at its high end, and `more` moves it down.
        pointer: `mouse.x` or `mouse.y` if the axis is a position that the mouse points at and that
            stays when released; empty if it is a push.
    """

    less: Move | None
    more: Move
    neutral: float = 0.0
    ramp_s: float = 0.0
    dead_zone: float = 0.15
    curve: float = 1.0
    scale: float = 1.0
    invert: bool = False
    pointer: str = ""
    only_down: bool = False


DISCRETE: dict[str, DiscreteTable] = {
    "CartPole-v1": DiscreteTable(((LEFT, 0), (RIGHT, 1))),
    "CartPole-v0": DiscreteTable(((LEFT, 0), (RIGHT, 1))),
    "MountainCar-v0": DiscreteTable(((LEFT, 0), (RIGHT, 2)), idle=1),
    "Acrobot-v1": DiscreteTable(((LEFT, 0), (RIGHT, 2)), idle=1),
    "LunarLander-v3": DiscreteTable(((MAIN, 2), (LEFT, 1), (RIGHT, 3)), idle=0),
    "FrozenLake-v1": DiscreteTable(((LEFT, 0), (DOWN, 1), (RIGHT, 2), (UP, 3))),
    "FrozenLake8x8-v1": DiscreteTable(((LEFT, 0), (DOWN, 1), (RIGHT, 2), (UP, 3))),
    "Taxi-v4": DiscreteTable(((DOWN, 0), (UP, 1), (RIGHT, 2), (LEFT, 3), (TAKE, 4), (DROP, 5))),
    "teleop/TreasureGrid-v0": DiscreteTable(((UP, 0), (RIGHT, 1), (DOWN, 2), (LEFT, 3))),
    "CliffWalking-v1": DiscreteTable(((UP, 0), (RIGHT, 1), (DOWN, 2), (LEFT, 3))),
}

AXES: dict[str, tuple[AxisTable, ...]] = {
    "teleop/RingTrack-v0": (AxisTable(LEFT, RIGHT),),
    "teleop/TwoGates-v0": (AxisTable(LEFT, RIGHT),),
    "MountainCarContinuous-v0": (AxisTable(LEFT, RIGHT),),
    # positive torque turns counter-clockwise: to the left, seen from above the hinge
    "Pendulum-v1": (AxisTable(RIGHT, LEFT),),
    "LunarLanderContinuous-v3": (AxisTable(None, MAIN), AxisTable(LEFT, RIGHT)),
    "BipedalWalker-v3": (
        AxisTable(LEFT.with_word(tr("hip 1")), RIGHT.with_word(tr("hip 1"))),
        AxisTable(DOWN.with_word(tr("knee 1")), UP.with_word(tr("knee 1"))),
        AxisTable(LEFT2.with_word(tr("hip 2")), RIGHT2.with_word(tr("hip 2"))),
        AxisTable(DOWN2.with_word(tr("knee 2")), UP2.with_word(tr("knee 2"))),
    ),
    "CarRacing-v3": (
        AxisTable(LEFT, RIGHT, ramp_s=0.12),
        AxisTable(None, GAS, ramp_s=0.06),
        AxisTable(None, BRAKE, ramp_s=0.06),
    ),
}

# One-handed sets: replacements for the other hand's controls; empty: no replacement.
_LEFT_HAND = {
    **dict.fromkeys(("key.up", "key.down", "key.left", "key.right"), ""),
    **dict.fromkeys(("pad.up", "pad.down", "pad.left", "pad.right"), ""),
    "key.i": "key.t",
    "key.k": "key.g",
    "key.j": "key.f",
    "key.l": "key.h",
    "key.u": "key.r",
    "key.o": "key.y",
    "key.6": "key.z",
    "key.7": "key.x",
    "key.8": "key.c",
    "key.9": "key.v",
    "key.0": "key.b",
    "pad.right_y-": "pad.up",
    "pad.right_y+": "pad.down",
    "pad.right_x-": "pad.left",
    "pad.right_x+": "pad.right",
    "pad.a": "pad.left_trigger+",
    "pad.right_trigger+": "pad.left_trigger+",
    "pad.b": "pad.left_shoulder",
    "pad.left_trigger+": "pad.left_shoulder",
    "pad.right_shoulder": "pad.left_trigger+",
}
_RIGHT_HAND = {
    "key.w": "key.i",
    "key.s": "key.k",
    "key.a": "key.j",
    "key.d": "key.l",
    "key.i": "key.up",
    "key.k": "key.down",
    "key.j": "key.left",
    "key.l": "key.right",
    **dict.fromkeys(("key.up", "key.down", "key.left", "key.right"), ""),
    "key.q": "key.u",
    "key.e": "key.o",
    "key.u": "key.y",
    "key.o": "key.p",
    "key.1": "key.7",
    "key.2": "key.8",
    "key.3": "key.9",
    "key.4": "key.0",
    "key.5": "key.n",
    "key.6": "key.m",
    "key.7": "key.h",
    "pad.left_y-": "pad.right_y-",
    "pad.left_y+": "pad.right_y+",
    "pad.left_x-": "pad.right_x-",
    "pad.left_x+": "pad.right_x+",
    **dict.fromkeys(("pad.up", "pad.down", "pad.left", "pad.right"), ""),
    "pad.left_trigger+": "pad.right_shoulder",
    "pad.left_shoulder": "",
    "pad.right_y-": "pad.y",
    "pad.right_y+": "pad.a",
    "pad.right_x-": "pad.x",
    "pad.right_x+": "pad.b",
}
HANDS: Mapping[str, Mapping[str, str]] = {"both": {}, "left": _LEFT_HAND, "right": _RIGHT_HAND}

# All controls that a move can have; the window's own keys are excluded.
_NAMED_KEYS = (
    *("space", "return", "tab", "backspace", "delete", "insert", "home", "end", "pageup"),
    *("pagedown", "up", "down", "left", "right", "lshift", "rshift", "lctrl", "rctrl", "lalt"),
    *("ralt", "capslock", "minus", "equals", "leftbracket", "rightbracket", "backslash"),
    *("semicolon", "apostrophe", "grave", "comma", "period", "slash", "nonusbackslash"),
    *("kp_enter", "kp_plus", "kp_minus", "kp_multiply", "kp_divide", "kp_period"),
)
_PAD_SWITCHES = (*_BUTTONS, "left_stick", "right_stick")
_PAD_HALVES = [f"{side}_{axis}{end}" for side in ("left", "right") for axis in "xy" for end in "-+"]
CONTROLS = frozenset(
    [f"key.{key}" for key in (*_KEYS, *_NAMED_KEYS, *(f"kp_{n}" for n in range(10)))]
    + [f"pad.{name}" for name in (*_PAD_SWITCHES, *_PAD_HALVES)]
    + ["pad.left_trigger+", "pad.right_trigger+"]
    + [f"mouse.{name}" for name in ("left", "x-", "x+", "y-", "y+")]
)
