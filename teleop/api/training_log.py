"""A log of training, choosing, practice and evaluation: one callback for all of them."""

import html
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from teleop.api.log_targets import LogTarget, target_for
from teleop.errors import LogError, reason, sentence
from teleop.evaluation.success import Result
from teleop.learning.progress import Progress
from teleop.types.html_table import html_table
from teleop.types.results import Score

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

_SHOWN = 12  # rows in a notebook


class Log:
    """Keeps what a training or an evaluation says, and writes it to where it is wanted.

    Give it as `on_progress` to `train`, as `on_result` to `evaluate`, or call it with a `Score`:

        log = teleop.Log("tensorboard:runs")
        policy = teleop.train(data, on_progress=log)
        log(teleop.evaluate(policy, on_result=log))
        log.close()

    Figures are called `training/loss`, `training/return` (of the episodes that a new policy plays
    meanwhile), `choosing/return` and `choosing/success` (of the best settings so far, by playing),
    `evaluation/return`, `evaluation/success`, `evaluation/steps`, and `score/NAME/return`.

    Attributes:
        rows: each row's `seconds` since the beginning, `step`, figures and texts.
        problems: why a log was stopped; the run itself continues.
    """

    def __init__(self, *to: str, run: str = "run", config: Mapping[str, Any] | None = None) -> None:
        """Open the targets.

        Args:
            *to: `jsonl:FILE`, `tensorboard:FOLDER`, `wandb:PROJECT` (offline, unless the
                environment variable WANDB_MODE says something else) or `trackio:PROJECT`; none:
                the figures stay in memory.
            run: name of the run.
            config: settings of the run, which the targets store.

        Raises:
            LogError: a target is not understood, its package is missing, or it cannot be written.
        """
        self.rows: list[dict[str, Any]] = []
        self.problems: list[str] = []
        self._targets: dict[str, LogTarget] = {}
        self._began, self._played, self._settings = time.monotonic(), 0, ""
        try:
            for each in to:
                self._targets[each] = target_for(each, run, config or {})
        except LogError:
            self.close()
            raise

    def __call__(self, told: object) -> None:
        """Note a `Progress`, a `Result` or a `Score`; anything else is ignored."""
        match told:
            case Progress():
                self._put(told.step, *self._of_progress(told))
            case Result():
                self._played += 1
                self._put(self._played, _of_result(told), {})
            case Score():
                self._put(told.episodes, _of_score(told), {})

    def close(self) -> None:
        """Write what is still in memory, and close the targets."""
        for to in list(self._targets):
            self._guarded(to, self._targets[to].close)
        self._targets.clear()

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def series(self) -> dict[str, tuple[list[int], list[float]]]:
        """Return (steps, values) of each figure, by name."""
        found: dict[str, tuple[list[int], list[float]]] = {}
        for row in self.rows:
            for name, value in row.items():
                if "/" in name and not isinstance(value, str):
                    steps, values = found.setdefault(name, ([], []))
                    steps.append(row["step"])
                    values.append(value)
        return found

    def to_pandas(self) -> "pandas.DataFrame":
        """Return the rows as a table; needs pandas."""
        import pandas

        return pandas.DataFrame(self.rows)

    def plot(self) -> "Figure":
        """Draw each figure over its steps; needs matplotlib.

        Raises:
            LogError: matplotlib is missing.
        """
        from teleop.api.curves import new_figure

        series = {
            name: each
            for name, each in self.series().items()
            if len(each[0]) > 1 and not name.endswith("/starts")
        }
        figure = new_figure(max(1, len(series)))
        for axes, (name, (steps, values)) in zip(figure.axes, series.items(), strict=False):
            axes.plot(steps, values, linewidth=1.2)
            axes.set_title(name)
            axes.set_xlabel("episode" if name.startswith("evaluation/") else "step")
        return figure

    def _repr_html_(self) -> str:
        from teleop.api.curves import inline_picture

        lines = "".join(f"<p>{html.escape(text)}</p>" for text in self.problems)
        drawn = any(len(steps) > 1 for steps, _ in self.series().values())
        picture = inline_picture(self.plot) if drawn else ""
        return lines + (picture or html_table(self.rows[-_SHOWN:]))

    def _of_progress(self, told: Progress) -> tuple[dict[str, float], dict[str, str]]:
        values: dict[str, float] = {}
        texts: dict[str, str] = {}
        if told.loss is not None:
            values["training/loss"] = float(told.loss)
        if told.returns:
            values["training/return"] = float(np.mean(told.returns))
        best = next((each for each in told.tried if each.chosen), None)
        if best is not None:
            values |= {"choosing/return": best.mean, "choosing/starts": best.starts}
            values |= {} if best.success is None else {"choosing/success": best.success}
            if best.words != self._settings:
                self._settings = texts["choosing/settings"] = best.words
        if told.finding:
            texts["finding"] = told.finding
        if values or texts:
            texts["phase"] = told.phase
        return values, texts

    def _put(self, step: int, values: Mapping[str, float], texts: Mapping[str, str]) -> None:
        if not values and not texts:
            return
        seconds = round(time.monotonic() - self._began, 3)
        self.rows.append({"seconds": seconds, "step": step, **values, **texts})
        for to in list(self._targets):
            self._guarded(to, self._targets[to].write, step, {"seconds": seconds, **values}, texts)

    def _guarded(self, to: str, function: Any, *arguments: Any) -> None:
        """Call a target; stop using it if it fails."""
        try:
            function(*arguments)
        except Exception as problem:  # noqa: BLE001  a service's package may raise anything
            self._targets.pop(to, None)
            self.problems.append(f"The log {to} was stopped ({_why(problem)}); the run continued.")


def _why(problem: Exception) -> str:
    return reason(problem) if isinstance(problem, OSError) else sentence(problem).rstrip(".")


def _of_result(told: Result) -> dict[str, float]:
    values = {"evaluation/return": told.total_reward, "evaluation/steps": float(told.total_steps)}
    return values if told.success is None else values | {"evaluation/success": float(told.success)}


def _of_score(told: Score) -> dict[str, float]:
    name = f"score/{told.name or 'policy'}"
    values = {f"{name}/return": told.mean, f"{name}/low": told.low, f"{name}/high": told.high}
    return values if told.success is None else values | {f"{name}/success": told.success}
