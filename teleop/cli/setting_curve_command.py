"""`teleop curve --over NAME=A,B,C`: what one setting changes."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teleop.cli.options import find_dataset, progress, say, table, tell
from teleop.errors import LearningError

if TYPE_CHECKING:
    from teleop.learning.analysis.setting_curve import SettingPoint
    from teleop.learning.data.dataset_reference import DatasetReference
    from teleop.learning.data.demonstrations import Demonstrations
    from teleop.recording import Dataset

_MOST_VALUES = 50


def run_setting_curve(
    recordings: Path | None,
    asked: tuple[str, str, str, int, int, int],
    picture: Path | None,
    on: str,
    *,
    as_json: bool,
) -> None:
    """Train and play policies with each value, print a table, and draw a picture.

    `asked` holds dataset, NAME=A,B,C, algorithm, runs, episodes played by each, and seed.

    Raises:
        TeleopError: something that was asked for does not exist.
    """
    from teleop.learning.analysis.baselines import person_score
    from teleop.learning.data.dataset_reference import DatasetReference
    from teleop.reports.setting_figure import setting_figure
    from teleop.ui.charts.figure_files import check_picture, write_figure
    from teleop.ui.drawing.theme import PAPER

    dataset, over, *how = asked
    name, values = parsed_values(over)
    if picture is not None:
        check_picture(picture)
    found = find_dataset(recordings, dataset)
    demos = _loaded(found)
    source = DatasetReference.of(found, demos) if on else demos
    points = _points(source, name, values, how, on, quiet=as_json)
    shown = person_score(demos).mean
    if picture is not None:
        write_figure(setting_figure(points, name, demos.env_id, shown, PAPER), picture)
    rows = [dataclasses.asdict(point) for point in points]
    if as_json:
        say(True, {"setting": name, "points": rows, "demonstrations": shown}, "")
        return
    shown_rows = [figures_row({name: row["value"]}, row) for row in rows]
    table(False, shown_rows, f"{dataset}: what {name} changes")
    wrote = f" Wrote {picture}, and its values beside it." if picture else ""
    tell(f"The demonstrations have a mean return of {shown:.1f}.{wrote}")


def _points(
    source: "Demonstrations | DatasetReference",
    name: str,
    values: list[Any],
    how: list[Any],
    on: str,
    *,
    quiet: bool,
) -> "list[SettingPoint]":
    """Train and play; `how` holds algorithm, runs, episodes played by each, and seed."""
    from teleop.learning.analysis.setting_curve import iter_setting_curve
    from teleop.workers.runners import running

    algorithm, runs, starts, seed = how
    times = {"runs": runs, "starts": starts, "seed": seed}
    total = len(values) * (runs + 1)
    with running(on) as runner:
        made = iter_setting_curve(source, algorithm, name, values, **times, runner=runner)
        return [p for p in progress(made, total, f"Training by {name}", quiet=quiet) if p]


def _loaded(dataset: "Dataset") -> "Demonstrations":
    """Return the demonstrations of a dataset.

    Raises:
        TeleopError: there are none, or nothing can be learned from them.
    """
    from teleop.learning.data.demonstrations import load_demonstrations
    from teleop.learning.progress import check_teaches

    demos = load_demonstrations(dataset)
    check_teaches(demos)
    return demos


def parsed_values(over: str, option: str = "--over") -> tuple[str, list[Any]]:
    """Return the name and the values of NAME=A,B,C: numbers where they are, else words.

    `option` is the option that errors name.

    Raises:
        LearningError: it is not of this form.
    """
    name, equals, listed = over.partition("=")
    parts = [part.strip() for part in listed.split(",") if part.strip()]
    if not equals or not name.isidentifier() or not 1 <= len(parts) <= _MOST_VALUES:
        raise LearningError(
            f"{option} {over or '(missing)'} is not understood: write NAME=A,B,C, as "
            f"steps=100,300,1000; at most {_MOST_VALUES} values."
        )
    if len(set(parts)) < len(parts):
        raise LearningError(f"{option} {over} names a value twice.")
    return name, [_read(part) for part in parts]


def _read(part: str) -> Any:
    try:
        return json.loads(part)
    except ValueError:
        return part


def figures_row(settings: dict[str, Any], point: dict[str, Any]) -> dict[str, Any]:
    """Return a row for a terminal: the settings and what was reached with them."""
    row = settings | {
        "return": point["mean"],
        "95 % interval": f"{point['low']:.1f} … {point['high']:.1f}",
    }
    if point["success"] is not None:
        ends = f"{point['success_low']:.0%} … {point['success_high']:.0%}"
        row |= {"success": f"{point['success']:.0%}", "95 % interval of success": ends}
    return row | {"policies": point["runs"], "starts": point["starts"]}
