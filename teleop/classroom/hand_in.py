"""Hand in: writes a student's bundle, named after their codename, into the class's folder."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from teleop.curation import FORMS
from teleop.errors import RecordingError, ReportError, StorageError, reason
from teleop.recording import Dataset
from teleop.text import tr
from teleop.types.metadata import EpisodeRow, checked_codename

ENDING = FORMS["bundle"][1]


def hand_in(dataset: Dataset, folder: Path, codename: str) -> Path:
    """Write a bundle of a dataset and its policies; return its path.

    The person's own episodes get the codename as a label if they have none. A bundle that was
    handed in before under this codename is replaced, unless it is another student's.

    Args:
        dataset: the dataset.
        folder: the class's folder: a USB stick, a network drive, a cloud folder.
        codename: what the student calls themself in the class.

    Raises:
        RecordingError: there is no codename, or no episode.
        ReportError: another student's bundle has this name, or there is no such folder.
        StorageError: the folder cannot be written; an earlier bundle stays as it was.
    """
    name = checked_codename(codename)
    if not name:
        raise RecordingError(tr("Choose a codename first; it is the name of what you hand in."))
    if not folder.is_dir():
        raise ReportError(
            tr(
                "There is no folder {folder}. Connect the drive, or choose another one.",
                folder=folder,
            )
        )
    rows = dataset.rows()
    if not rows:
        raise RecordingError(
            tr("{dataset_id} has no episode to hand in.", dataset_id=dataset.dataset_id)
        )
    target = folder / f"{name}{ENDING}"
    _check_own(target, rows, name)
    for row in rows:
        if row.driver == "human" and not row.label.codename:
            dataset.label(row.uuid, codename=name)
    _write(dataset, target)
    return target


def _write(dataset: Dataset, target: Path) -> None:
    """Write the bundle beside its place, then move it there, so that no reader sees half of it."""
    draft = target.with_name(f".{target.name}.part")
    write, _ = FORMS["bundle"]
    try:
        try:
            write(dataset, dataset.rows(), draft)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as problem:
        raise StorageError(
            tr(
                "{target} cannot be written ({problem}). Nothing was handed in.",
                target=target,
                problem=reason(problem),
            )
        ) from problem


def _check_own(target: Path, rows: Sequence[EpisodeRow], name: str) -> None:
    """Check that a bundle in this place has an episode of the same recordings.

    Raises:
        ReportError: it has none.
    """
    if not target.exists():
        return
    try:
        with zipfile.ZipFile(target) as bundle:
            names = [Path(name) for name in bundle.namelist()]
        uuids = {name.stem.partition("-")[2] for name in names if name.parent.name == "episodes"}
    except (OSError, zipfile.BadZipFile):
        uuids = set()  # a broken copy, whose owner nobody can tell
    if uuids and not uuids & {row.uuid for row in rows}:
        raise ReportError(
            tr(
                "{target} has other recordings than yours: somebody else is called {name}. Choose "
                "another codename.",
                target=target,
                name=name,
            )
        )
