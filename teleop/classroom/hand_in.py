"""Hand in: writes a student's bundle, named after their codename, into the class's folder."""

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from teleop.curation import FORMS
from teleop.errors import RecordingError, ReportError, StorageError, reason
from teleop.recording import Dataset
from teleop.recording.datasets.labels import labels_bytes
from teleop.recording.exchange.bundle import write_bundle
from teleop.text import tr
from teleop.types.metadata import EpisodeRow, checked_codename

ENDING = FORMS["bundle"][1]


def hand_in(dataset: Dataset, folder: Path, codename: str) -> Path:
    """Write a bundle of a dataset and its policies; return its path.

    The person's own episodes get the codename as a label if they have none. Notes, tags and stars
    are left out: the folder is for everybody. A bundle that was handed in before under this
    codename is replaced, unless it is another student's.

    Args:
        dataset: the dataset.
        folder: the class's folder: a USB stick, a network drive, a cloud folder.
        codename: what the student calls themself in the class.

    Raises:
        RecordingError: there is no codename, or no episode.
        ReportError: another student's bundle has this name, the recordings are there under another
            name, or there is no such folder.
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
    _check_folder(folder, rows, name)
    for row in rows:
        if row.driver == "human" and not row.label.codename:
            dataset.label(row.uuid, codename=name)
    target = folder / f"{name}{ENDING}"
    _write(dataset, target)
    return target


def recorded_in(bundle: Path) -> set[str]:
    """Return the uuids of the episodes in a bundle, without unpacking it; empty if it is broken."""
    try:
        with zipfile.ZipFile(bundle) as opened:
            names = [Path(name) for name in opened.namelist()]
    except (OSError, zipfile.BadZipFile, ValueError):
        return set()
    return {name.stem.partition("-")[2] for name in names if name.parent.name == "episodes"}


def _write(dataset: Dataset, target: Path) -> None:
    """Write the bundle beside its place, then move it there, so that no reader sees half of it."""
    draft = target.with_name(f".{target.name}.part")
    rows = dataset.rows()
    labels = {row.uuid: replace(row.label, note="", tags=(), starred=False) for row in rows}
    try:
        try:
            write_bundle(dataset, rows, draft, labels_bytes(labels))
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


def _check_folder(folder: Path, rows: Sequence[EpisodeRow], name: str) -> None:
    """Check that the name is free, and that these recordings are there under no other one.

    Raises:
        ReportError: somebody else has this name, or the person has handed in under another one.
    """
    own = {row.uuid for row in rows}
    for bundle in sorted(folder.glob(f"*{ENDING}")):
        other, there = bundle.name.removesuffix(ENDING), recorded_in(bundle)
        if other.casefold() == name.casefold() and there and not there & own:
            raise ReportError(
                tr(
                    "{target} has other recordings than yours: somebody else is called {name}. "
                    "Choose another codename.",
                    target=bundle,
                    name=other,
                )
            )
        if other != name and there & own:
            raise ReportError(
                tr(
                    "These recordings are in {target} already. Hand in as {name} again, or remove "
                    "that file first.",
                    target=bundle,
                    name=other,
                )
            )
