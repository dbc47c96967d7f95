"""The tables: which keys, buttons and sticks make which move, for each known environment.

A control is named by position: `key.w` (the key where W is on a US keyboard), `pad.a`, and half
an axis as `pad.left_x-` or `pad.left_x+`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """One thing a person can do.

    Attributes:
        name: unique within a scheme.
        word: what it does, in a word or two, for the key cap.
        controls: what triggers it; the first key and the first pad control are shown.
        place: column and row of its key cap; rows count downwards.
    """

    name: str
    word: str
    controls: tuple[str, ...]
    place: tuple[float, float]

    def said(self, word: str) -> "Move":
        """The same move under another word."""
        return Move(self.name, word, self.controls, self.place)


UP = Move("up", "up", ("key.w", "key.up", "pad.up", "pad.left_y-"), (1, 0))
DOWN = Move("down", "down", ("key.s", "key.down", "pad.down", "pad.left_y+"), (1, 1))
LEFT = Move("left", "left", ("key.a", "key.left", "pad.left", "pad.left_x-"), (0, 1))
RIGHT = Move("right", "right", ("key.d", "key.right", "pad.right", "pad.left_x+"), (2, 1))
UP2 = Move("up2", "up", ("key.i", "pad.right_y-"), (4.5, 0))
DOWN2 = Move("down2", "down", ("key.k", "pad.right_y+"), (4.5, 1))
LEFT2 = Move("left2", "left", ("key.j", "pad.right_x-"), (3.5, 1))
RIGHT2 = Move("right2", "right", ("key.l", "pad.right_x+"), (5.5, 1))
LESS3 = Move("less3", "less", ("key.q", "pad.left_shoulder"), (0, 0))
MORE3 = Move("more3", "more", ("key.e", "pad.right_shoulder"), (2, 0))
LESS4 = Move("less4", "less", ("key.u", "pad.left_trigger+"), (3.5, 0))
MORE4 = Move("more4", "more", ("key.o", "pad.right_trigger+"), (5.5, 0))
PAIRS = (
    (LEFT, RIGHT),
    (DOWN, UP),
    (LEFT2, RIGHT2),
    (DOWN2, UP2),
    (LESS3, MORE3),
    (LESS4, MORE4),
)
GAS = Move("gas", "gas", ("key.w", "key.up", "pad.right_trigger+", "pad.a"), (1, 0))
BRAKE = Move("brake", "brake", ("key.s", "key.down", "pad.left_trigger+", "pad.b"), (1, 1))
MAIN = Move("up", "main", ("key.w", "key.up", "pad.a", "pad.up", "pad.left_y-"), (1, 0))
TAKE = Move("take", "pick up", ("key.e", "key.space", "pad.a"), (2, 0))
DROP = Move("drop", "drop", ("key.q", "pad.b"), (0, 0))

_DIGITS = tuple("1234567890")
_BUTTONS = ("a", "b", "x", "y", "left_shoulder", "right_shoulder", "back", "up", "down", "left")


def numbered(index: int, word: str, taken: frozenset[str] = frozenset()) -> Move:
    """The move of the n-th unnamed button: digit keys, then letters, then nothing is left.

    Args:
        index: n, from 0.
        word: what it does.
        taken: controls that other moves use.
    """
    letters = (*_DIGITS, *"qwertyuiopasdfghjklzxcvbnm")
    keys = [key for key in letters if f"key.{key}" not in taken]
    buttons = [button for button in _BUTTONS if f"pad.{button}" not in taken]
    pad = (f"pad.{buttons[index]}",) if index < len(buttons) else ()
    return Move(f"n{index}", word, (f"key.{keys[index]}", *pad), (index % 10, index // 10))


NUMBERED_MOVES = 32  # with the four letters of the directions taken


@dataclass(frozen=True, slots=True)
class DiscreteTable:
    """Moves and chords of a Discrete action space.

    Attributes:
        moves: (move, action).
        idle: action when nothing is held; None repeats the last one.
        chords: (names of moves held together, action).
    """

    moves: tuple[tuple[Move, int], ...]
    idle: int | None = None
    chords: tuple[tuple[frozenset[str], int], ...] = ()


@dataclass(frozen=True, slots=True)
class AxisTable:
    """How one axis of a Box is driven.

    Attributes:
        less: move towards the low end; None if the axis only goes up.
        more: move towards the high end.
        neutral: value when let go.
        ramp_s: seconds a key needs from neutral to the end; 0 is at once.
    """

    less: Move | None
    more: Move
    neutral: float = 0.0
    ramp_s: float = 0.0


DISCRETE: dict[str, DiscreteTable] = {
    "CartPole-v1": DiscreteTable(((LEFT, 0), (RIGHT, 1))),
    "CartPole-v0": DiscreteTable(((LEFT, 0), (RIGHT, 1))),
    "MountainCar-v0": DiscreteTable(((LEFT, 0), (RIGHT, 2)), idle=1),
    "Acrobot-v1": DiscreteTable(((LEFT, 0), (RIGHT, 2)), idle=1),
    "LunarLander-v3": DiscreteTable(((MAIN, 2), (LEFT, 1), (RIGHT, 3)), idle=0),
    "FrozenLake-v1": DiscreteTable(((LEFT, 0), (DOWN, 1), (RIGHT, 2), (UP, 3))),
    "FrozenLake8x8-v1": DiscreteTable(((LEFT, 0), (DOWN, 1), (RIGHT, 2), (UP, 3))),
    "Taxi-v4": DiscreteTable(((DOWN, 0), (UP, 1), (RIGHT, 2), (LEFT, 3), (TAKE, 4), (DROP, 5))),
    "CliffWalking-v1": DiscreteTable(((UP, 0), (RIGHT, 1), (DOWN, 2), (LEFT, 3))),
}

AXES: dict[str, tuple[AxisTable, ...]] = {
    "MountainCarContinuous-v0": (AxisTable(LEFT, RIGHT),),
    # positive torque turns counter-clockwise: to the left, seen from above the hinge
    "Pendulum-v1": (AxisTable(RIGHT, LEFT),),
    "LunarLanderContinuous-v3": (AxisTable(None, MAIN), AxisTable(LEFT, RIGHT)),
    "BipedalWalker-v3": (
        AxisTable(LEFT.said("hip 1"), RIGHT.said("hip 1")),
        AxisTable(DOWN.said("knee 1"), UP.said("knee 1")),
        AxisTable(LEFT2.said("hip 2"), RIGHT2.said("hip 2")),
        AxisTable(DOWN2.said("knee 2"), UP2.said("knee 2")),
    ),
    "CarRacing-v3": (
        AxisTable(LEFT, RIGHT, ramp_s=0.12),
        AxisTable(None, GAS, ramp_s=0.06),
        AxisTable(None, BRAKE, ramp_s=0.06),
    ),
}
