"""The policies of one dataset: list, rename, describe, delete and restore them.

policies/<name>/config.json    what the policy is; see `learning.policy`
policies/<name>/about.json     the person's note, and whether it is the baseline
.teleop/trash/policies/<name>  deleted policies
"""

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from teleop.errors import LearningError, StorageError, TeleopError, reason
from teleop.evaluation.success import rule_text
from teleop.learning.policy import list_policies, made_s
from teleop.recording import Dataset
from teleop.recording.disk import files
from teleop.text import tr
from teleop.types.results import PlayedStart, PolicyRow, Score

_CONFIG, _ABOUT = "config.json", "about.json"
_LONGEST_NOTE = 2000
_LONGEST_NAME = 80
RESERVED = ("random", "script", "person", "policy")  # names of other drivers
_LARGEST = 1e15  # a larger return is no return
_MOST_STARTS, _MOST_SEED = 10_000, 1 << 62
_SHAPES = (("flow", "flow"), ("memory", "memory"), ("chunk", "chunks"), ("frames", "history"))
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)


class PolicyFolder:
    """The policies of a dataset."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset, self._id = dataset, dataset.dataset_id
        self._folder = dataset.policies
        self._trash = dataset.places.trash / "policies"

    def rows(self) -> list[PolicyRow]:
        """Return a row for each policy, newest last; leave out those that cannot be read."""
        names, found = list_policies(self._folder), []
        there = {row.file for row in self._dataset.rows()} if names else set()
        for name in names:
            with contextlib.suppress(*_UNREADABLE, TeleopError):
                row = read_row(self._folder / name)
                found.append(dataclasses.replace(row, missing=self._missing(row, there)))
        return found

    def _missing(self, row: PolicyRow, there: set[str]) -> int:
        """Return the number of episodes that a policy learned from and that are not there.

        What a corrected policy learned from may lie in several datasets; there it is 0.
        """
        data = json.loads(files.read_bytes(self._folder / row.name / _CONFIG))["data"]
        if row.round or data.get("dataset_id") != self._id:
            return 0
        used, learned = data.get("used"), data["episodes"]
        chosen = learned if used is None else [learned[i] for i in used if i < len(learned)]
        return sum(file not in there for file, *_ in chosen)

    def describe(self, name: str, *, note: str | None = None, pinned: bool | None = None) -> None:
        """Set the note of a policy, or make it the baseline; at most one policy is the baseline.

        Raises:
            LearningError: there is no such policy, or the note is too long.
            StorageError: the disk cannot be written.
        """
        self._check(name)
        if note is not None and len(note) > _LONGEST_NOTE:
            raise LearningError(
                tr(
                    "A note has at most {longest} characters; this has {note}.",
                    longest=_LONGEST_NOTE,
                    note=len(note),
                )
            )
        with self._written():
            if pinned:
                for other in list_policies(self._folder):
                    if other != name and _about(self._folder / other).get("pinned"):
                        self._write_about(other, pinned=False)
            changes = {"note": note, "pinned": pinned}
            self._write_about(name, **{k: v for k, v in changes.items() if v is not None})

    def call(self, name: str, new: str) -> None:
        """Rename a policy, also where later rounds name it as their parent.

        Raises:
            LearningError: there is no such policy, the name is taken, or it cannot be a name.
            StorageError: the disk cannot be written.
        """
        self._check(name)
        check_name(new)
        if files.exists(self._folder / new):
            raise LearningError(
                tr("{dataset_id} already has a policy {name}.", dataset_id=self._id, name=new)
            )
        with self._written():
            files.replace(self._folder / name, self._folder / new)
            for other in list_policies(self._folder):
                self._replace_parent(other, name, new)

    def delete(self, name: str) -> str:
        """Move a policy to the trash and return its name there.

        Raises:
            LearningError: there is no such policy.
            StorageError: the disk cannot be written.
        """
        self._check(name)
        with self._written():
            files.make_folder(self._trash)
            taken = files.names(self._trash)
            names = [name, *(f"{name}~{number}" for number in range(2, len(taken) + 3))]
            there = next(one for one in names if one not in taken)
            files.replace(self._folder / name, self._trash / there)
        return there

    def deleted(self) -> list[str]:
        """Return the names of the policies in the trash."""
        return [n for n in files.names(self._trash) if files.is_file(self._trash / n / _CONFIG)]

    def restore(self, there: str) -> str:
        """Restore a policy from the trash; return its name, which is new if the old one is taken.

        Raises:
            LearningError: it is not in the trash.
            StorageError: the disk cannot be written.
        """
        if there not in self.deleted():
            raise LearningError(
                tr("{name} is not in the trash of {dataset_id}.", name=there, dataset_id=self._id)
            )
        taken = list_policies(self._folder)
        base = there.split("~")[0]
        names = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
        name = next(one for one in names if one not in taken)
        with self._written():
            files.make_folder(self._folder)
            files.replace(self._trash / there, self._folder / name)
        return name

    def _check(self, name: str) -> None:
        names = list_policies(self._folder)
        if name not in names:
            there = ", ".join(names) or tr("none")
            raise LearningError(
                tr(
                    "{dataset_id} has no policy {name}; there are: {there}.",
                    dataset_id=self._id,
                    name=name,
                    there=there,
                )
            )

    @contextlib.contextmanager
    def _written(self) -> Iterator[None]:
        """Explain errors of the disk."""
        try:
            yield
        except OSError as problem:
            raise StorageError(
                tr(
                    "The policies of {dataset_id} cannot be changed ({problem}).",
                    dataset_id=self._id,
                    problem=reason(problem),
                )
            ) from problem

    def _write_about(self, name: str, **changes: Any) -> None:
        path = self._folder / name / _ABOUT
        about = _about(self._folder / name) | changes
        files.write_atomic(path, json.dumps(about, indent=1).encode())

    def _replace_parent(self, policy: str, name: str, new: str) -> None:
        path = self._folder / policy / _CONFIG
        with contextlib.suppress(*_UNREADABLE):
            data = json.loads(files.read_bytes(path))
            recipe = data["recipe"]
            changed = {k: new for k in ("after", "root") if recipe.get(k) == name}
            if changed:
                data["recipe"] = recipe | changed
                files.write_atomic(path, json.dumps(data, indent=1).encode())


def check_name(name: str) -> None:
    """Check that a text can be a policy's name.

    Raises:
        LearningError: it cannot.
    """
    good = name and all(letter.isalnum() or letter in "-_. " for letter in name)
    if name in RESERVED:
        raise LearningError(
            tr("A policy cannot be called {name}: this is another driver's name.", name=name)
        )
    if not good or name.startswith(".") or name != name.strip() or len(name) > _LONGEST_NAME:
        raise LearningError(
            tr(
                "{name!r} cannot be a policy's name: use at most {longest} letters, digits, "
                "spaces, dots, - and _.",
                name=name,
                longest=_LONGEST_NAME,
            )
        )


def read_row(folder: Path) -> PolicyRow:
    """Read the summary of a policy.

    Raises:
        OSError, ValueError, KeyError, TypeError, AttributeError: it is not a policy, or is damaged.
    """
    data = json.loads(files.read_bytes(folder / _CONFIG))
    recipe, learned = data["recipe"], _as_dict(data["learned"])
    about, against = _about(folder), _as_dict(learned.get("against_parent"))
    score = score_from(_as_dict(learned.get("standing")).get("policy"))
    loss = _number(learned.get("held_out_loss"))
    return PolicyRow(
        name=folder.name,
        recipe=_recipe(recipe, data.get("shape", {})),
        episodes=len(data["data"]["episodes"]),
        round=int(recipe.get("round", 0)),
        made=made_s(folder),
        loss=loss,
        score=score,
        starts=tuple(_starts(learned)) if score else (),
        note=str(about.get("note", ""))[:_LONGEST_NOTE],
        pinned=bool(about.get("pinned", False)),
        parent=str(recipe.get("after", "")),
        is_beaten=against.get("better") == "parent",
    )


def chosen_policy(rows: list[PolicyRow]) -> str:
    """Return the policy to show first: the baseline, else the newest that its parent does not beat.

    Args:
        rows: rows of the policies, newest last.
    """
    pinned = [row.name for row in rows if row.pinned]
    if pinned or not rows:
        return pinned[-1] if pinned else ""
    by_name = {row.name: row for row in rows}
    row = rows[-1]
    for _ in rows:
        if not row.is_beaten or row.parent not in by_name:
            break
        row = by_name[row.parent]
    return row.name


def _recipe(recipe: dict[str, Any], shape: dict[str, Any]) -> str:
    name = str(recipe.get("algorithm", "own"))
    usual = {"frames": 1, "chunk": 1, "memory": 0, "flow": False}
    extra = [word for key, word in _SHAPES if shape.get(key, usual[key]) != usual[key]]
    return " ".join([name, *extra[:1]])


def score_from(data: Any) -> Score | None:
    """Return a score that was stored in a policy's config; None if it is not one."""
    if not isinstance(data, dict):
        return None
    try:
        rate = data["success"]
        figures = [data[name] for name in ("mean", "sd", "low", "high", "mean_steps")]
        returns = tuple(_number(value) for value in data.get("returns") or ())
        if any(_number(value) is None for value in figures):
            return None
        if rate is not None and not 0 <= float(rate) <= 1:
            return None
        return Score(
            name=str(data["name"]),
            episodes=int(data["episodes"]),
            mean=float(data["mean"]),
            sd=float(data["sd"]),
            low=float(data["low"]),
            high=float(data["high"]),
            success=None if rate is None else float(rate),
            mean_steps=float(data["mean_steps"]),
            rule=rule_text(str(data.get("rule", ""))[:_LONGEST_NOTE]),
            returns=tuple(value for value in returns if value is not None),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _starts(learned: dict[str, Any]) -> Iterator[PlayedStart]:
    """Yield the episodes that were stored; leave out what is not one."""
    stored = learned.get("starts")
    for item in stored[:_MOST_STARTS] if isinstance(stored, list) else ():
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            seed, total, steps, good = item
            if 0 <= int(seed) < _MOST_SEED and _number(total) is not None:
                judged = None if good is None else bool(good)
                yield PlayedStart(int(seed), float(total), int(steps), judged)


def _as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    """Return a number that can be shown; None for anything else."""
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        found = float(value)
        return found if abs(found) < _LARGEST else None
    return None


def _about(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads(files.read_bytes(folder / _ABOUT))
    except _UNREADABLE:
        return {}
    return found if isinstance(found, dict) else {}
