"""The dataset of a class in the teacher's library: what counts of everybody's episodes.

Each episode is labelled with its student's codename; their notes, tags and stars are not copied.
"""

import contextlib
import re
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from teleop.classroom.hand_in import ENDING, recorded_in
from teleop.classroom.handed_in import HandedIn
from teleop.classroom.taken_out import TakenOut
from teleop.errors import LearningError, ReportError
from teleop.learning.policy_folder import PolicyFolder
from teleop.recording import Dataset, Library
from teleop.recording.datasets.dataset_library import slug
from teleop.text import tr

_LONGEST = 60  # characters of a folder's name in the id of a dataset


def class_dataset_id(env_id: str, folder: Path) -> str:
    """Return the id of the dataset of a class: `lunarlander-v3/class-monday-3f2a91c0-v0`.

    The number tells folders of the same name apart, such as two of different teachers.
    """
    path = folder.resolve()
    name = re.sub(r"[^a-z0-9]+", "-", path.name.lower())[:_LONGEST].strip("-")
    number = zlib.crc32(str(path).encode())
    return f"{slug(env_id)}/class-{name or 'folder'}-{number:08x}-v0"


def update_class_dataset(
    library: Library,
    folder: Path,
    handed_in: Sequence[HandedIn],
    taken_out: set[str],
    on_progress: Callable[[int, int], None] = lambda *_: None,
) -> Dataset:
    """Copy what counts and is missing; delete for good what does not count any more.

    Args:
        library: the teacher's library.
        folder: the class's folder, after which the dataset is named.
        handed_in: what counts, as from `ClassFolder.handed_in`.
        taken_out: uuids of the episodes that the teacher took out.
        on_progress: called with (done, total) bundles; what it raises ends the copying.

    Raises:
        LearningError: nothing counts.
        RecordingError: an episode cannot be copied.
    """
    counting = [each for each in handed_in if not each.is_out(taken_out)]
    if not counting:
        raise LearningError(
            tr("No episode counts yet: the class has handed in nothing that can be used.")
        )
    dataset_id = class_dataset_id(counting[0].env_id, folder)
    owners = {episode.uuid: each for each in counting for episode in each.own}
    there = set()
    if library.dataset(dataset_id).exists:
        dataset = library.existing(dataset_id)
        _delete(dataset, [row.file for row in dataset.rows() if row.uuid not in owners])
        there = {row.uuid for row in dataset.rows()}
    for done, each in enumerate(counting):
        on_progress(done, len(counting))
        missing = {episode.uuid for episode in each.own} - there
        if missing:
            with _opened(each.path) as source:
                dataset = library.open_for_writing(dataset_id, source.info())
                _copy(dataset, source, missing, each.student)
    return library.existing(dataset_id)


def owners_of(dataset: Dataset) -> dict[str, str]:
    """Return the student of each episode of a class's dataset, by file."""
    return {row.file: row.label.codename for row in dataset.rows() if row.label.codename}


@contextlib.contextmanager
def _opened(bundle: Path) -> Iterator[Dataset]:
    with tempfile.TemporaryDirectory(prefix="teleop-class-") as folder:
        yield Library(Path(folder)).import_dataset(bundle)


def _copy(dataset: Dataset, source: Dataset, uuids: set[str], student: str) -> None:
    rows = [row for row in source.rows() if row.uuid in uuids]
    dataset.writer.claim()
    try:
        dataset.writer.add((source, row) for row in rows)
        for row in rows:
            dataset.label(row.uuid, codename=student, note="", tags=(), starred=False)
    finally:
        dataset.writer.release()


def take_out(
    library: Library, folder: Path, student: str, out: TakenOut, *, back: bool = False
) -> tuple[int, list[str]]:
    """Take a student's data out and delete it from the datasets of the class for good.

    Args:
        library: the teacher's library.
        folder: the class's folder.
        student: the codename.
        out: where it is kept who is out.
        back: put the data back instead; the next study copies it again.

    Returns:
        (number of deleted episodes, names of the policies that learned from them).

    Raises:
        ReportError: nobody has this codename.
        StorageError: the disk cannot be written.
    """
    datasets = [] if back else class_datasets(library, folder)
    owned = [
        (dataset, [row for row in dataset.rows() if row.label.codename == student])
        for dataset in datasets
    ]
    uuids = {row.uuid for _, rows in owned for row in rows}
    uuids |= recorded_in(folder / f"{student}{ENDING}")
    if not uuids:
        raise _nobody(folder, student)
    out.change(uuids, is_out=not back)
    marked = []
    for dataset, rows in owned:
        before = set(outdated_policies(dataset))
        _delete(dataset, [row.file for row in rows])
        marked += [name for name in outdated_policies(dataset) if name not in before]
    return sum(len(rows) for _, rows in owned), marked


def _nobody(folder: Path, student: str) -> ReportError:
    """Return the error that nobody has a codename."""
    names = sorted(path.name.removesuffix(ENDING) for path in folder.glob(f"*{ENDING}"))
    return ReportError(
        tr(
            "No readable bundle in {folder} is called {student}; there are: {names}.",
            folder=folder,
            student=student,
            names=", ".join(names) or tr("none"),
        )
    )


def class_datasets(library: Library, folder: Path) -> list[Dataset]:
    """Return the datasets of a class, one for each environment."""
    if not library.root.is_dir():
        return []
    name = class_dataset_id("x", folder).partition("/")[2]
    ids = [s.dataset_id for s in library.summaries() if s.dataset_id.endswith(f"/{name}")]
    return [library.existing(dataset_id) for dataset_id in ids]


def outdated_policies(dataset: Dataset) -> list[str]:
    """Return the names of the policies that learned from episodes which are gone."""
    return [row.name for row in PolicyFolder(dataset).rows() if row.missing]


def _delete(dataset: Dataset, files: list[str]) -> None:
    """Delete episodes for good; nothing of a student who was taken out stays in the trash."""
    if not files:
        return
    dataset.writer.claim()
    try:
        dataset.writer.erase(*files)
    finally:
        dataset.writer.release()
