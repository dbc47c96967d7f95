"""Scatter plot of the demonstrated observations, with the path of each side through them.

It shows where a policy leaves the demonstrated states: covariate shift.
"""

import dataclasses
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pygame import Rect, Surface
from pygame.transform import smoothscale

from teleop.runtime.protocol.comparison_messages import MapReward, RewardMapped
from teleop.text import joined, tr
from teleop.ui.charts.figure import Figure
from teleop.ui.charts.line_chart import Series
from teleop.ui.comparison.series_styles import race_styles, styles_of
from teleop.ui.drawing.painter import ImageCache, Painter
from teleop.ui.drawing.theme import Colour, Theme, mix, rgba, shade
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import Comparison

_MOST_POINTS = 300  # per path
_MAP_S = 0.2  # least time between two maps of the reward
_PALE = 0.55  # share of the background's colour in a map
_TAIL = 40  # latest points of a path, drawn bold
# colours of the rounds of correction, on light and on dark
_ROUND_COLOURS = (
    (rgba("007A5A"), rgba("7A3FC4"), rgba("A35200")),
    (rgba("2FC79A"), rgba("B58CFF"), rgba("F2A93B")),
)
_POSITION = (tr("Horizontal position"), tr("Height"))  # axes that show where it went


@dataclass(frozen=True, slots=True)
class Flat:
    """Observations projected to two dimensions, as shares of the plot: 0..1, y upwards.

    Attributes:
        directions: (D, 2) matrix that projects the D observed numbers.
        low: (2,) projected value that becomes 0.
        reach: (2,) difference between the values that become 1 and 0.
        demonstrated: (N, 2) points observed in the demonstrations.
        paths: (T, 2) points of each side.
    """

    directions: NDArray[np.float64]
    low: NDArray[np.float64]
    reach: NDArray[np.float64]
    demonstrated: NDArray[np.float64]
    paths: tuple[NDArray[np.float64], ...]

    def place(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Project (T, D) observations to (T, 2) points; points far outside stay at the edge."""
        flat = (np.nan_to_num(rows) @ self.directions - self.low) / self.reach
        return np.clip(flat, -0.02, 1.02)


class StateScatter:
    """View state: the two numbers on the axes; -1 and -2 are the principal components."""

    def __init__(self) -> None:
        self._axes = [-1, -2]
        self._components: tuple[str, ...] = ()
        self._rewards = False  # colour the paths, and what is between them, by the learned reward
        self._asked: MapReward | None = None
        self._asked_s = 0.0
        self._flat: ImageCache[Flat] = ImageCache(2)
        self._pictures: ImageCache[Surface] = ImageCache(2)

    def draw(
        self, context: UiContext, comparison: Comparison, card: Rect, inside: Rect, step: float
    ) -> None:
        """Draw the points, the paths, and the current position of each side."""
        painter, theme, px = context.ui.painter, context.ui.theme, context.ui.painter.px
        self._keep_axes(comparison)
        self._draw_axes(context, comparison, card)
        lengths = tuple(len(lane.seen) for lane in comparison.lanes)
        if min(lengths) < 2:
            return
        about, axes = comparison.about, tuple(self._axes)
        key = (about.dataset_id, about.file, tuple(about.lanes), lengths, axes)
        flat = self._flat.get(key, lambda: flatten(comparison, axes))
        plot = inside.inflate(-px(20), -px(16))
        looks = styles_of(comparison, theme)
        rewards = self._rewards and bool(about.reward_of)
        mapped = self._map(context, comparison, flat, int(step)) if rewards else None
        about_map = mapped.about if mapped else None
        shown = (*key, plot.size, theme.name, painter.scale, rewards, about_map)
        picture = self._pictures.get(
            shown, lambda: _background(painter, plot, flat, comparison, mapped, rewards=rewards)
        )
        painter.surface.blit(picture, plot)
        paths, run = list(flat.paths), context.model.run
        if run is not None and run.seen:
            now, looks = race_styles(comparison, theme)
            looks, paths = [now, *looks], [flat.place(np.array(run.seen)), *paths]
        for look, path in reversed(list(zip(looks, paths, strict=True))):
            now_at = min(int(step), len(path) - 1)
            points = _on(plot, path[max(0, now_at - _TAIL) : now_at + 1])
            if len(points) > 1:
                painter.polyline(points, look.colour, theme.line_px, look.dash)
            painter.dot(tuple(points[-1]), 6.5, theme.surface)
            painter.dot(tuple(points[-1]), 5, look.colour)
        self._draw_colour_choice(context, comparison, card)

    def _map(
        self, context: UiContext, comparison: Comparison, flat: Flat, step: int
    ) -> RewardMapped | None:
        """Ask for the reward around the current step; return the latest map of these axes."""
        across, up = self._axes
        if min(self._axes) < 0 or across == up:  # a direction is no single number
            return None
        (left, low), (right, high) = flat.low.tolist(), (flat.low + flat.reach).tolist()
        wanted = MapReward(across, up, (left, low), (right, high), step)
        if wanted != self._asked and context.now - self._asked_s > _MAP_S:
            self._asked, self._asked_s = wanted, context.now
            context.tell(wanted)
        known = comparison.reward_map
        mine = known and known.values and (known.about.across, known.about.up) == (across, up)
        return known if mine else None

    def figure(self, context: UiContext, comparison: Comparison, note: str) -> Figure:
        """Return the points and the paths, to be drawn at any size."""
        title = tr("States visited: red where it leaves the demonstrations")
        self._keep_axes(comparison)
        axes = [self._axis_word(comparison, axis) for axis in (0, 1)]
        if min(len(lane.seen) for lane in comparison.lanes) < 2:
            return Figure(title, axes[0], axes[1], note=note)
        flat = flatten(comparison, tuple(self._axes))
        theme = context.ui.theme

        def series(label: str, points: NDArray[np.float64], colour: Colour) -> Series:
            values = points * flat.reach + flat.low
            return Series(label, values[:, 0], values[:, 1], colour)

        lines = []
        for index, (look, path) in enumerate(
            zip(styles_of(comparison, theme), flat.paths, strict=True)
        ):
            line = series(look.name, path, look.colour)
            heat = _heat(comparison, index, len(path))
            lines.append(replace(line, dash=look.dash if heat is None else None, heat=heat))
        if any(line.heat is not None for line in lines):
            note = joined(" · ", (note, tr("red: 4 times the usual distance or more")))
        rounds = np.array(comparison.about.rounds or [0] * len(flat.demonstrated))
        first = series(tr("Demonstrations"), flat.demonstrated[rounds == 0], theme.text3)
        later = tuple(
            series(
                tr("Corrections, round {number}", number=number),
                flat.demonstrated[rounds == number],
                _ROUND_COLOURS[theme.is_dark][(number - 1) % 3],
            )
            for number in range(1, int(rounds.max(initial=0)) + 1)
        )
        return Figure(title, axes[0], axes[1], tuple(lines), later, note, first)

    def _keep_axes(self, comparison: Comparison) -> None:
        """With other observations than before, show the position if there is one."""
        names = comparison.about.components
        if names != self._components:
            found = [names.index(word) for word in _POSITION if word in names]
            self._axes = found if len(found) == len(_POSITION) else [-1, -2]
            self._components = names

    def _axis_word(self, comparison: Comparison, axis: int) -> str:
        """Return the name of the number on an axis."""
        names = comparison.about.components
        chosen = self._axes[axis]
        return tr("main direction {chosen}", chosen=-chosen) if chosen < 0 else names[chosen]

    def _draw_axes(self, context: UiContext, comparison: Comparison, card: Rect) -> None:
        """Draw two chips that switch the numbers on the axes."""
        ui, px = context.ui, context.ui.painter.px
        names = comparison.about.components
        right = card.right - px(48)
        for axis in (1, 0):
            word, chosen = self._axis_word(comparison, axis), self._axes[axis]
            label = "xy"[axis]
            rect, used = ui.chip(f"cloud.{label}", right, card.y + px(8), label, word)
            if used:
                self._axes[axis] = chosen + 1 if chosen + 1 < len(names) else -2
            right = rect.x - px(8)

    def _draw_colour_choice(self, context: UiContext, comparison: Comparison, card: Rect) -> None:
        """Draw the chip that colours the states by the learned reward, over the plot."""
        if not comparison.about.reward_of:
            return
        px = context.ui.painter.px
        word = tr("learned reward") if self._rewards else tr("who drives")
        at = (card.right - px(12), card.bottom - px(38))
        _, used = context.ui.chip("cloud.colour", *at, tr("colour"), word)
        if used:
            self._rewards = not self._rewards


def _first_round(comparison: Comparison, demonstrated: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the first demonstrations, so that the directions are the same for every round."""
    rounds = np.array(comparison.about.rounds)
    first = demonstrated[rounds == 0] if len(rounds) == len(demonstrated) else demonstrated
    return first if len(first) > 1 else demonstrated


def _principal(
    rows: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return mean, standard deviation and principal directions, each with its largest part > 0."""
    mean, sd = rows.mean(0), rows.std(0)
    sd[sd < 1e-9] = 1.0
    scaled = ((rows - mean) / sd)[:: max(1, len(rows) // 1000)]
    _, _, directions = np.linalg.svd(scaled, full_matrices=False)
    largest = np.abs(directions).argmax(axis=1)
    signs = np.sign(directions[np.arange(len(directions)), largest])
    return mean, sd, directions * np.where(signs == 0, 1.0, signs)[:, None]


def _heat(comparison: Comparison, lane: int, steps: int) -> NDArray[np.float64] | None:
    """Return how far each step of a policy's path is towards the warning colour; None if unknown.

    0 within the usual distance from the demonstrations, 1 from four times on.
    """
    known = comparison.gauges.lanes
    if comparison.lanes[lane].about.kind != "agent" or lane >= len(known) or not known[lane]:
        return None
    values = np.array([gauge.distance for gauge in known[lane]][:steps])
    heat = np.clip((values - 1.0) / 3.0, 0.0, 1.0)
    return np.pad(heat, (0, steps - len(heat)), mode="edge")


def flatten(comparison: Comparison, axes: tuple[int, ...]) -> Flat:
    """Project all observations to two observed numbers or principal components (PCA)."""
    paths = [np.array(lane.seen, np.float64) for lane in comparison.lanes]
    demonstrated = np.array(comparison.about.demonstrated, np.float64)
    if not len(demonstrated):
        demonstrated = paths[0]
    every = np.nan_to_num(np.concatenate([demonstrated, *paths]))
    _, sd, principal = _principal(np.nan_to_num(_first_round(comparison, demonstrated)))
    columns = []
    for axis in axes:
        plain = np.eye(every.shape[1])[axis]
        main = principal[min(-axis - 1, len(principal) - 1)] / sd
        columns.append(main if axis < 0 else plain)
    directions = np.stack(columns, axis=1)  # (D, 2)
    flat = every @ directions
    low, high = flat.min(0), flat.max(0)
    whole = Flat(directions, low, np.where(high > low, high - low, 1.0), flat[:0], ())
    return dataclasses.replace(
        whole,
        demonstrated=whole.place(demonstrated),
        paths=tuple(whole.place(path) for path in paths),
    )


def _background(
    painter: Painter,
    plot: Rect,
    flat: Flat,
    comparison: Comparison,
    mapped: RewardMapped | None,
    *,
    rewards: bool,
) -> Surface:
    """Return an image of what does not move: the demonstrated points and the whole paths, faint.

    With `rewards`, each step is a point, from the lowest (red) to the highest (green) learned
    reward of all sides; `mapped` is the reward everywhere, in the same colours, but paler.
    """
    picture = Surface(plot.size)
    theme = painter.theme
    picture.fill(theme.surface)
    shown, painter.surface = painter.surface, picture
    try:
        local = Rect(0, 0, *plot.size)
        if mapped is not None:
            _draw_map(picture, theme, np.array(mapped.values))
        for point in _on(local, flat.demonstrated):
            painter.dot(tuple(point), 1.6, theme.strong_line)
        for look, path in zip(styles_of(comparison, theme), flat.paths, strict=True):
            stride = max(1, math.ceil(len(path) / _MOST_POINTS))
            faint = mix(look.colour, theme.surface, 0.6)
            painter.polyline(_on(local, path[::stride]), faint, 1.0, None)
        if rewards:
            _draw_rewards(painter, local, flat, comparison)
    finally:
        painter.surface = shown
    return picture


def _draw_map(picture: Surface, theme: Theme, values: NDArray[np.float64]) -> None:
    """Draw the rank of each reward of a map behind everything; rows go upwards."""
    ranks = np.searchsorted(np.sort(values, axis=None), values) / max(1, values.size - 1)
    cells = Surface(values.shape[::-1])
    for row, column in np.ndindex(values.shape):
        colour = mix(shade(theme, float(ranks[row, column])), theme.surface, _PALE)
        cells.set_at((column, values.shape[0] - 1 - row), colour)
    inside = picture.get_rect().inflate(-8, -8)  # as points lie in the plot
    picture.blit(smoothscale(cells, inside.size), inside)


def _draw_rewards(painter: Painter, plot: Rect, flat: Flat, comparison: Comparison) -> None:
    """Draw the steps of every side, coloured by the rank of their learned reward."""
    every = np.sort(np.concatenate([np.array(lane.learned) for lane in comparison.lanes]))
    for lane, path in zip(comparison.lanes, flat.paths, strict=True):
        count = min(len(lane.learned), len(path))
        ranks = np.searchsorted(every, np.array(lane.learned[:count])) / max(1, len(every) - 1)
        for point, share in zip(_on(plot, path[:count]), ranks, strict=True):
            painter.dot(tuple(point), 2.2, shade(painter.theme, float(share)))


def _on(plot: Rect, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the pixels of shares of a plot."""
    x = plot.x + 4 + shares[:, 0] * (plot.width - 8)
    return np.column_stack([x, plot.bottom - 4 - shares[:, 1] * (plot.height - 8)])
