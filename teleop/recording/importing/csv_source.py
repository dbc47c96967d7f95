"""Reads tables (`.csv`): a row for each step, a column for each number."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from teleop.errors import RecordingError
from teleop.recording.disk import files
from teleop.recording.importing.array_roles import natural, roles_of, without_number
from teleop.recording.importing.flat_arrays import plan_flat
from teleop.recording.importing.source import FORMS, Columns, Source
from teleop.text import tr

_MOST_COLUMNS = 10_000


def csv_source(path: Path, columns: Columns) -> Source:
    """Read a table with one line of column names.

    Columns whose names differ only in their number, such as `action_0` and `action_1`, are one
    array.

    Raises:
        RecordingError: a value is no number, or no columns of observations and actions are known.
        OSError: it cannot be read.
    """
    head, rows = _rows(path)
    arrays = _arrays(path, head, rows, columns)
    plan = plan_flat(arrays, Columns())
    if plan is None:
        raise RecordingError(
            f"{path} has no columns that are known as observations and actions, but: "
            f"{', '.join(head[:20])}. Name them: --observations x,speed --actions push. Teleop "
            f"imports {FORMS}."
        )
    return Source(
        form=tr("table (.csv)"),
        episodes=lambda: plan.iterate(arrays),
        arrays=plan.words(arrays),
        notes=plan.notes,
    )


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with files.open_file(path) as raw:
            text = raw.read().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise RecordingError(f"{path} is not text in UTF-8 ({problem}).") from problem
    try:
        first = text.partition("\n")[0]
        divider = max(",;\t", key=first.count)
        lines = [line for line in csv.reader(text.splitlines(), delimiter=divider) if line]
    except csv.Error as problem:
        raise RecordingError(f"{path} is not a table ({problem}).") from problem
    if len(lines) < 2 or len(lines[0]) > _MOST_COLUMNS:
        raise RecordingError(
            f"{path} has {max(0, len(lines) - 1)} rows below the names of its columns; expected "
            "one row for each step."
        )
    head = [name.strip() for name in lines[0]]
    odd = next((n for n, line in enumerate(lines, 1) if len(line) != len(head)), 0)
    if odd:
        raise RecordingError(
            f"{path}, line {odd}: {len(lines[odd - 1])} values for {len(head)} columns."
        )
    return head, lines[1:]


def _arrays(
    path: Path, head: list[str], rows: list[list[str]], columns: Columns
) -> dict[str, NDArray[Any]]:
    """Return the columns as arrays, by their names without numbers."""
    grouped = _grouped(path, head, columns)
    marks = {
        name: role for role, name in roles_of(grouped).items() if role in ("episodes", "seeds")
    }
    arrays: dict[str, NDArray[Any]] = {}
    for name, places in grouped.items():
        if name in marks:
            arrays[name] = _marks([row[places[0]] for row in rows], seeds=marks[name] == "seeds")
        elif name in roles_of(grouped).values():
            values = _numbers(path, head, rows, places)
            alone = len(places) == 1 and without_number(head[places[0]]) is None
            arrays[name] = _whole(values[:, 0]) if alone else values.astype(np.float32)
    return arrays


def _grouped(path: Path, head: list[str], columns: Columns) -> dict[str, list[int]]:
    """Return the places of the columns that make up each array."""
    chosen = {"observations": columns.observations, "actions": tuple(columns.actions.split(","))}
    named = {role: [n.strip() for n in names if n.strip()] for role, names in chosen.items()}
    missing = [name for names in named.values() for name in names if name not in head]
    if missing:
        raise RecordingError(f"{path} has no column {missing[0]!r}; it has {', '.join(head[:20])}.")
    grouped = {role: [head.index(name) for name in names] for role, names in named.items() if names}
    taken = {place for places in grouped.values() for place in places}
    for place, name in sorted(enumerate(head), key=lambda item: natural(item[1])):
        split = without_number(name)
        if place not in taken:
            grouped.setdefault(split[0] if split else name, []).append(place)
    return grouped


def _numbers(path: Path, head: list[str], rows: list[list[str]], places: list[int]) -> NDArray[Any]:
    try:
        return np.array([[_number(row[place]) for place in places] for row in rows])
    except ValueError:
        line, name = next(
            (number, head[place])
            for number, row in enumerate(rows, 2)
            for place in places
            if not _is_number(row[place])
        )
        raise RecordingError(f"{path}, line {line}: {name} is not a number.") from None


def _whole(values: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers as integers: they number choices or places."""
    whole = np.isfinite(values).all() and (values == np.round(values)).all()
    return values.astype(np.int64) if whole else values


def _number(text: str) -> float:
    word = text.strip().lower()
    return float(word == "true") if word in ("true", "false") else float(word)


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except ValueError:
        return False
    return True


def _marks(values: list[str], *, seeds: bool) -> NDArray[Any]:
    """Return episode ids or seeds as numbers; a seed that is none is -1."""
    if all(value.lstrip("-").isdigit() for value in values):
        return np.array([int(value) for value in values])
    if seeds:
        return np.array([int(value) if value.isdigit() else -1 for value in values])
    known: dict[str, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values])
