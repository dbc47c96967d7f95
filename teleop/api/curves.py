"""Curves in a notebook, drawn by matplotlib where it is installed."""

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from teleop.errors import LogError
from teleop.types.html_table import html_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from teleop.api.episode_dataset import EpisodeDataset
    from teleop.learning.analysis.curve import CurvePoint

_INCHES, _DPI = (4.2, 2.8), 110


def new_figure(count: int) -> "Figure":
    """Return a figure with axes side by side, three in a row; no window is opened.

    Raises:
        LogError: matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as problem:
        raise LogError("Curves need matplotlib: pip install matplotlib") from problem
    across = min(3, count)
    down = -(-count // across)
    size = (_INCHES[0] * across, _INCHES[1] * down)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    for index in range(count):
        axes = figure.add_subplot(down, across, index + 1)
        axes.grid(alpha=0.3)
    return figure


def inline_picture(draw: "Callable[[], Figure]") -> str:
    """Return a figure as an HTML image; empty if it cannot be drawn here."""
    try:
        figure = draw()
    except LogError:
        return ""
    page = io.BytesIO()
    figure.savefig(page, format="png")
    data = base64.b64encode(page.getvalue()).decode()
    return f'<img style="max-width:100%" src="data:image/png;base64,{data}">'


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Returns of policies that were trained on 1, 2, 5, 10… demonstrations.

    Attributes:
        dataset_id: the dataset.
        points: mean return with its 95 % interval, by number of demonstrations.
        shown: mean return of the demonstrations.
    """

    dataset_id: str
    points: tuple["CurvePoint", ...]
    shown: float

    def plot(self) -> "Figure":
        """Draw the curve with its intervals; needs matplotlib.

        Raises:
            LogError: matplotlib is missing.
        """
        figure = new_figure(1)
        (axes,) = figure.axes
        counts = [point.demonstrations for point in self.points]
        axes.plot(counts, [point.mean for point in self.points], marker="o")
        low, high = [p.low for p in self.points], [p.high for p in self.points]
        axes.fill_between(counts, low, high, alpha=0.2)
        axes.axhline(self.shown, linestyle="--", linewidth=1, color="gray")
        axes.annotate("demonstrations", (counts[0], self.shown), va="bottom", color="gray")
        axes.set_xscale("log")
        axes.set_xticks(counts, [str(count) for count in counts], minor=False)
        axes.minorticks_off()
        axes.set(xlabel="demonstrations", ylabel="mean return", title=self.dataset_id)
        return figure

    def _repr_html_(self) -> str:
        rows = [asdict(point) for point in self.points]
        return inline_picture(self.plot) + html_table(rows)


def iter_learning_curve(
    data: "EpisodeDataset", *, seed: int = 0, episodes: int = 10
) -> Iterator["CurvePoint"]:
    """Yield the points of `learning_curve` as they become known."""
    from teleop.api.episode_dataset import dataset_of
    from teleop.learning.analysis.curve import iter_curve
    from teleop.learning.data.demonstrations import load_demonstrations
    from teleop.learning.training_run import tuned_settings_of

    demos = load_demonstrations(*dataset_of(data))
    return iter_curve(demos, tuned_settings_of(None, demos), seed, episodes)


def learning_curve(data: "EpisodeDataset", *, seed: int = 0, episodes: int = 10) -> LearningCurve:
    """Train on growing random subsets of the episodes, and play each policy.

    Args:
        data: the episodes.
        seed: seed of the subsets and of the networks.
        episodes: episodes that each policy plays.

    Raises:
        LearningError: nothing can be learned from the data.
        EnvError: the environment cannot be created, or failed.
    """
    points = tuple(iter_learning_curve(data, seed=seed, episodes=episodes))
    rows = data.rows
    shown = sum(row.total_reward for row in rows) / max(1, len(rows))
    return LearningCurve(data.id, points, shown)
