"""Treasure Grid: walk to the treasure, round the swamp and through the gap in the wall.

Made to show what inverse RL adds: a clone repeats the turns that it was shown, so it walks into a
wall that was moved; a learned reward says what the walker wants, so a planner goes round.

    state        row * 8 + column, counted from the top left corner
    actions      up, right, down, left; into a wall or off the map: stay
    reward       of the cell that is entered: meadow -1, sand -2, swamp -5; treasure 20, the end
    start        any cell of the left column
    walls        cells, which can be moved: `teleop/TreasureGrid-v0?walls=e1-e2-e4`
"""

from collections.abc import Iterable
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from teleop.envs.teaching.canvas import Backdrop, Canvas

TREASURE_GRID = "teleop/TreasureGrid-v0"
SIZE = 8
STEPS = 60
WALLS = "e1-e2-e3-e5-e6-e7-e8"  # a gap at e4
MEADOW, SAND, SWAMP, TREASURE = range(4)
REWARDS = (-1.0, -2.0, -5.0, 20.0)  # of entering each kind of cell
_MAP = (
    ".s......",
    ".s..s.w.",
    ".s.ss.wT",
    ".w....w.",
    ".w.s....",
    ".s...ww.",
    ".s....w.",
    "...s....",
)
TERRAIN = np.array([[".swT".index(mark) for mark in row] for row in _MAP])  # (row, column)
_MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1))

_GRASS, _GRASS_DARK, _BLADE = (126, 186, 104), (118, 178, 98), (92, 154, 78)
_SAND, _GRAIN = (236, 212, 152), (214, 186, 122)
_SWAMP, _POOL, _REED = (94, 118, 94), (70, 104, 112), (58, 84, 52)
_STONE, _STONE_LIGHT, _STONE_DARK = (146, 142, 138), (182, 178, 172), (104, 100, 98)
_CHEST, _CHEST_DARK, _GOLD, _SHINE = (150, 92, 46), (104, 62, 30), (250, 204, 64), (255, 240, 176)
_COAT, _FACE, _HAT, _EDGE = (196, 62, 52), (244, 208, 172), (92, 64, 44), (52, 40, 34)
_TRAIL = (250, 250, 244)


class TreasureGrid(gym.Env[np.int64, np.int64]):
    """The environment; see the module for its rules.

    Attributes:
        P: `P[state][action]` lists (probability, next state, reward, ends), as in Gymnasium's toys.
        reward_features: (states, kinds) what a cell is, which is all that its reward depends on.
    """

    metadata = {  # noqa: RUF012
        "render_modes": ["rgb_array"],
        "render_fps": 4,
    }

    def __init__(
        self, render_mode: str | None = None, walls: str = WALLS, render_size: int = 600
    ) -> None:
        """Create the environment.

        Args:
            render_mode: `rgb_array` or None.
            walls: cells that cannot be entered, as `e1-e2`: column letter and row number.
            render_size: pixels of each side of the picture.

        Raises:
            ValueError: a wall is no cell, or stands on a start or the treasure; or the size is not
                from 32 to 2048.
        """
        self.render_mode = render_mode
        self.walls = walls_from(walls)
        self.shape = TERRAIN.shape
        self.observation_space = spaces.Discrete(SIZE * SIZE)
        self.action_space = spaces.Discrete(len(_MOVES))
        self.P = {
            state: {action: [self._entry(state, action)] for action in range(len(_MOVES))}
            for state in range(SIZE * SIZE)
        }
        self.reward_features = np.eye(len(REWARDS))[TERRAIN.ravel()]
        self._canvas = Canvas(int(render_size), SIZE / 2, (SIZE / 2, SIZE / 2))
        self._backdrop: Backdrop | None = None
        self._state = 0
        self._trail: list[int] = []

    def decode(self, state: int) -> tuple[int, int, int]:
        """Return row, column and kind of a cell."""
        row, column = divmod(int(state), SIZE)
        return row, column, int(TERRAIN[row, column])

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.int64, dict[str, Any]]:
        """Start in the left column."""
        super().reset(seed=seed, options=options)
        self._state = int(self.np_random.integers(SIZE)) * SIZE
        self._trail = [self._state]
        return np.int64(self._state), {}

    def step(self, action: np.int64) -> tuple[np.int64, float, bool, bool, dict[str, Any]]:
        """Walk one cell."""
        ((_, self._state, reward, found),) = self.P[self._state][int(action)]
        self._trail.append(self._state)
        return np.int64(self._state), reward, found, False, {"is_success": found}

    def _entry(self, state: int, action: int) -> tuple[float, int, float, bool]:
        row, column = divmod(state, SIZE)
        down, right = _MOVES[action]
        after = (min(max(row + down, 0), SIZE - 1), min(max(column + right, 0), SIZE - 1))
        if after in self.walls:
            after = (row, column)
        kind = int(TERRAIN[after])
        return 1.0, after[0] * SIZE + after[1], REWARDS[kind], kind == TREASURE

    # ------------------------------------------------------------ picture

    def render(self) -> NDArray[np.uint8] | None:
        """Return a picture of the land and the walker: (render_size, render_size, 3)."""
        if self.render_mode != "rgb_array":
            return None
        canvas = self._canvas
        if self._backdrop is None:
            self._draw_land(canvas)
            self._backdrop = canvas.keep()
        canvas.restore(self._backdrop)
        for state in self._trail[:-1]:
            canvas.disc(_centre(state), 0.07, _TRAIL)
        _draw_walker(canvas, *_centre(self._state))
        return canvas.picture()

    def _draw_land(self, canvas: Canvas) -> None:
        rng = np.random.default_rng(5)  # the same land every time
        for row in range(SIZE):
            for column in range(SIZE):
                x, y = column + 0.5, SIZE - row - 0.5
                _DRAW[int(TERRAIN[row, column])](canvas, x, y, rng)
        for row, column in sorted(self.walls):
            _draw_wall(canvas, column + 0.5, SIZE - row - 0.5)


def walls_from(text: str) -> frozenset[tuple[int, int]]:
    """Return (row, column) of each wall.

    Raises:
        ValueError: a wall is no cell, or stands on a start or the treasure.
    """
    found = set()
    for cell in str(text).replace("-", " ").lower().split():
        column, row = ord(cell[0]) - ord("a"), cell[1:]
        if not (0 <= column < SIZE and row.isdecimal() and 1 <= int(row) <= SIZE):
            raise ValueError(f"there is no cell {cell}; expected a1 to h8")
        place = (int(row) - 1, column)
        if column == 0 or TERRAIN[place] == TREASURE:
            raise ValueError(f"a wall at {cell} would stand on a start or on the treasure")
        found.add(place)
    return frozenset(found)


def walls_text(walls: Iterable[tuple[int, int]]) -> str:
    """Return the (row, column) of walls as `walls_from` reads them."""
    return "-".join(f"{chr(ord('a') + column)}{row + 1}" for row, column in sorted(walls))


def best_steps(walls: str = WALLS) -> NDArray[np.int64]:
    """Return the best action in each state, by value iteration: (states,).

    Raises:
        ValueError: a wall is no cell.
    """
    table = TreasureGrid(walls=walls).P
    value = np.zeros(SIZE * SIZE)
    gain = np.zeros((SIZE * SIZE, len(_MOVES)))
    for _ in range(SIZE * SIZE * 2):
        for state, actions in table.items():
            for action, ((_, after, reward, found),) in actions.items():
                gain[state, action] = reward + (0.0 if found else 0.999 * value[after])
        value = gain.max(axis=1)
    best: NDArray[np.int64] = gain.argmax(axis=1)
    return best


def _centre(state: int) -> tuple[float, float]:
    row, column = divmod(state, SIZE)
    return column + 0.5, SIZE - row - 0.5


def _square(x: float, y: float, half: float = 0.5) -> list[tuple[float, float]]:
    return [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]


def _trapeze(x: float, low: float, high: float, wide: float, narrow: float) -> list[Any]:
    return [(x - wide, low), (x + wide, low), (x + narrow, high), (x - narrow, high)]


def _draw_meadow(canvas: Canvas, x: float, y: float, rng: np.random.Generator) -> None:
    canvas.polygon(_square(x, y), _GRASS if int(x + y) % 2 else _GRASS_DARK)
    for dx, dy in rng.uniform(-0.36, 0.36, (4, 2)):
        root = (x + dx, y + dy)
        canvas.line([root, (root[0] - 0.03, root[1] + 0.09)], _BLADE, 0.02)
        canvas.line([root, (root[0] + 0.03, root[1] + 0.09)], _BLADE, 0.02)


def _draw_sand(canvas: Canvas, x: float, y: float, rng: np.random.Generator) -> None:
    canvas.polygon(_square(x, y), _SAND)
    for dy in (-0.24, 0.0, 0.24):
        wave = np.linspace(-0.36, 0.36, 13)
        shift = rng.uniform(0, np.pi)
        canvas.line(
            np.stack([x + wave, y + dy + 0.035 * np.sin(9 * wave + shift)], 1), _GRAIN, 0.03
        )


def _draw_swamp(canvas: Canvas, x: float, y: float, rng: np.random.Generator) -> None:
    canvas.polygon(_square(x, y), _SWAMP)
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    for dx, dy, r in ((-0.14, 0.1, 0.2), (0.18, -0.14, 0.17)):
        edge = np.stack([x + dx + r * 1.2 * np.cos(angles), y + dy + r * 0.7 * np.sin(angles)], 1)
        canvas.polygon(edge, _POOL)
    for dx in rng.uniform(-0.38, 0.38, 4):
        foot = y - rng.uniform(0.1, 0.36)
        canvas.line([(x + dx, foot), (x + dx + 0.02, foot + 0.26)], _REED, 0.025)
        canvas.disc((x + dx + 0.02, foot + 0.26), 0.035, _REED)


def _draw_treasure(canvas: Canvas, x: float, y: float, rng: np.random.Generator) -> None:
    _draw_meadow(canvas, x, y, rng)
    for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False):
        tip = (x + 0.44 * np.cos(angle), y + 0.44 * np.sin(angle))
        canvas.line([(x, y), tip], _SHINE, 0.03)
    canvas.polygon(_trapeze(x, y - 0.26, y + 0.04, 0.3, 0.3), _CHEST)
    canvas.polygon(_trapeze(x, y + 0.08, y + 0.26, 0.3, 0.24), _CHEST_DARK)
    for dx in (-0.2, -0.1, 0.0, 0.1, 0.2):
        canvas.disc((x + dx, y + 0.06), 0.065, _GOLD)
    canvas.polygon(_trapeze(x, y - 0.12, y - 0.01, 0.05, 0.05), _GOLD)


def _draw_wall(canvas: Canvas, x: float, y: float) -> None:
    canvas.polygon(_square(x, y), _STONE_DARK)
    for row, dy in enumerate((-0.33, 0.0, 0.33)):
        for dx in (-0.5, 0.0, 0.5) if row % 2 else (-0.25, 0.25):
            left, right = max(x + dx - 0.23, x - 0.48), min(x + dx + 0.23, x + 0.48)
            block = [(left, y + dy - 0.14), (right, y + dy - 0.14), (right, y + dy + 0.14)]
            canvas.polygon([*block, (left, y + dy + 0.14)], _STONE)
            canvas.line([(left, y + dy + 0.12), (right, y + dy + 0.12)], _STONE_LIGHT, 0.035)


def _draw_walker(canvas: Canvas, x: float, y: float) -> None:
    canvas.disc((x, y - 0.3), 0.16, _EDGE)
    canvas.polygon(_trapeze(x, y - 0.32, y + 0.06, 0.2, 0.11), _COAT)
    canvas.disc((x, y + 0.12), 0.14, _FACE)
    canvas.polygon(_trapeze(x, y + 0.17, y + 0.22, 0.24, 0.24), _HAT)
    canvas.polygon(_trapeze(x, y + 0.2, y + 0.36, 0.13, 0.1), _HAT)


_DRAW = (_draw_meadow, _draw_sand, _draw_swamp, _draw_treasure)
