"""`teleop sweep`: every combination of settings, with several seeds, here or on a cluster."""

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from teleop.cli.options import (
    AsJson,
    DatasetName,
    On,
    Recordings,
    bar,
    find_dataset,
    say,
    table,
    tell,
)
from teleop.cli.play import cli
from teleop.cli.setting_curve_command import figures_row, parsed_values
from teleop.errors import LearningError, StorageError, sentence

if TYPE_CHECKING:
    from teleop.learning.analysis.setting_curve import SettingPoint
    from teleop.learning.analysis.sweep import Sweep
    from teleop.learning.data.demonstrations import Demonstrations
    from teleop.recording import Dataset

_PLAN, _LOCK = "sweep.json", "sweep.lock"
_SHORT = {"lag": "lag_steps"}
_LONGEST_RANGE = 1000
Points = list[tuple[dict[str, Any], "SettingPoint"]]


@cli.command()
def sweep(
    dataset: DatasetName,
    settings: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="NAME=A,B,C",
            help="Values of a setting: steps=300,1000, lag=0:6 (0 to 6), recipe=bc,flow, …; "
            "repeat it for every combination.",
        ),
    ],
    output: Annotated[Path, typer.Option(help="Folder for the runs, the table and the figure.")],
    seeds: Annotated[int, typer.Option(min=1, help="Policies for each combination.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first policy.")] = 0,
    episodes: Annotated[int, typer.Option(min=1, help="Episodes played by each policy.")] = 20,
    algorithm: Annotated[str, typer.Option(help="Algorithm.")] = "bc",
    on: On = "local:1",
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Train policies with every combination of settings, and compare them on the same starts.

    Run it again to go on with a sweep that was stopped.
    """
    found = find_dataset(recordings, dataset)
    given = _parsed(settings)
    asked, demos = _planned(found, given, (algorithm, seeds, seed, episodes))
    with _claimed(output, asked):
        failed = _run(asked, output, on, quiet=as_json)
        _report(asked, output, demos.env_id, demos.mean_return, as_json=as_json)
    if failed:
        raise LearningError(
            f"{len(failed)} runs failed, the first with: {sentence(failed[0])} The others are "
            "kept; run the command again to try these once more."
        )


def _planned(
    found: "Dataset", settings: dict[str, list[Any]], how: tuple[str, int, int, int]
) -> tuple["Sweep", "Demonstrations"]:
    """Return the sweep and its demonstrations, once every combination is checked.

    Raises:
        LearningError: a setting does not exist, or nothing can be learned from the dataset.
    """
    from teleop.learning.analysis.sweep import Sweep, check_sweep
    from teleop.learning.data.dataset_reference import DatasetReference
    from teleop.learning.data.demonstrations import load_demonstrations
    from teleop.learning.progress import check_teaches

    demos = load_demonstrations(found)
    check_teaches(demos)
    algorithm, seeds, seed, episodes = how
    data = DatasetReference.of(found, demos)
    asked = Sweep(data, algorithm, settings, seeds, seed, episodes)
    check_sweep(asked, demos)
    return asked, demos


def _parsed(settings: list[str]) -> dict[str, list[Any]]:
    """Return the values of each setting.

    Raises:
        LearningError: one is not understood, or is named twice.
    """
    pairs = [parsed_setting(text) for text in settings]
    if len(dict(pairs)) < len(pairs):
        raise LearningError("A setting is named twice. Give all its values once: --set NAME=A,B,C.")
    return dict(pairs)


def parsed_setting(text: str) -> tuple[str, list[Any]]:
    """Return the name and the values of NAME=A,B,C or NAME=FIRST:LAST.

    Raises:
        LearningError: it is not of this form.
    """
    name, equals, listed = text.partition("=")
    first, colon, last = listed.partition(":")
    if not (equals and colon and first.isdigit() and last.isdigit()):
        name, values = parsed_values(text, "--set")
        return _SHORT.get(name, name), values
    numbers = list(range(int(first), int(last) + 1))
    if not 1 <= len(numbers) <= _LONGEST_RANGE:
        raise LearningError(f"--set {text} names {len(numbers)} values; write FIRST:LAST.")
    return _SHORT.get(name, name), numbers


@contextlib.contextmanager
def _claimed(folder: Path, asked: "Sweep") -> Iterator[None]:
    """Keep the folder for this sweep, and write what it tries.

    Raises:
        LearningError: the folder holds another sweep, or one is running there.
        StorageError: the folder cannot be written.
    """
    from teleop import paths
    from teleop.recording.disk.lock import Lock

    told = dataclasses.asdict(asked)
    plan = json.dumps(told.pop("data") | told, indent=1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = (folder / _PLAN).read_text("utf-8") if (folder / _PLAN).exists() else plan
        lock = Lock(folder / _LOCK)
        is_free = lock.acquire()
    except (OSError, ValueError) as problem:
        raise StorageError(f"{folder} cannot be used for a sweep ({problem}).") from problem
    if not is_free:
        raise LearningError(f"A sweep is running in {folder}. Wait for it, or name another folder.")
    try:
        if before != plan:
            raise LearningError(
                f"{folder} holds another sweep (see {_PLAN} there). Name another --output."
            )
        paths.write_texts({folder / _PLAN: plan})
        yield
    finally:
        lock.release()


def _run(asked: "Sweep", folder: Path, on: str, *, quiet: bool) -> list[Exception]:
    """Make the runs that are missing; return why some failed."""
    from teleop.learning.analysis.sweep import iter_sweep
    from teleop.workers.runners import running

    failed = []
    with running(on, folder) as runner, bar("Sweep", quiet) as move:
        for done, total, problem in iter_sweep(asked, folder.resolve(), runner):
            move(done, total, "Sweep")
            failed += [problem] if problem is not None else []
    return failed


def _report(asked: "Sweep", folder: Path, env_id: str, shown: float, *, as_json: bool) -> None:
    """Write the table and the figure, and print the table."""
    from teleop.learning.analysis.sweep import points, versions

    found = points(asked, folder)
    rows = [settings | _figures(point) for settings, point in found]
    if rows:
        _write(folder, found, rows, env_id, shown)
    differing = versions(folder)
    if as_json:
        say(True, {"runs": str(folder), "table": rows, "versions_differ": differing}, "")
        return
    best = sorted(found, key=lambda item: -item[1].mean)
    shown_rows = [figures_row(given, dataclasses.asdict(point)) for given, point in best]
    table(False, shown_rows, "Best first")
    tell(f"The demonstrations have a mean return of {shown:.1f}.")
    tell(f"Wrote {folder / 'table.csv'} and {folder / 'figure.svg'}." if rows else "No runs yet.")
    for text in differing:
        tell(f"Versions differ: {text}.")


def _write(
    folder: Path,
    found: Points,
    rows: list[dict[str, Any]],
    env_id: str,
    shown: float,
) -> None:
    from teleop import paths
    from teleop.reports.sweep_figure import sweep_figure
    from teleop.ui.charts.figure_files import write_figure
    from teleop.ui.drawing.theme import PAPER

    lines = [",".join(rows[0])]
    lines += [",".join(_cell(value) for value in row.values()) for row in rows]
    paths.write_texts({folder / "table.csv": "\n".join(lines) + "\n"})
    figure = sweep_figure(found, env_id, shown, PAPER)
    write_figure(figure, folder / "figure.svg")


def _figures(point: "SettingPoint") -> dict[str, Any]:
    return {
        "return": point.mean,
        "return_low": point.low,
        "return_high": point.high,
        "success": point.success,
        "success_low": point.success_low,
        "success_high": point.success_high,
        "policies": point.runs,
        "starts": point.starts,
    }


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return f'"{text}"' if "," in text else text
