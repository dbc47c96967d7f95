"""Repair a dataset when it is opened for writing: interrupted takes and damaged files."""

from dataclasses import dataclass, field
from pathlib import Path

from teleop.errors import HostileFileError, RecordingError, StorageError
from teleop.recording.datasets.dataset_index import DatasetIndex
from teleop.recording.datasets.dataset_paths import DatasetPaths
from teleop.recording.disk import files
from teleop.recording.episodes import episode_reader, episode_writer
from teleop.recording.journals.journal_reader import JournalReader
from teleop.recording.trust import vetting_service


@dataclass(slots=True)
class Recovery:
    """Result of a repair.

    Attributes:
        recovered: takes that a crash interrupted; they are saved now.
        quarantined: unreadable files, moved to the quarantine folder and not deleted.
        waiting: takes that could not be saved because the disk has no room.
    """

    recovered: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


def recover(places: DatasetPaths, index: DatasetIndex) -> Recovery:
    """Repair a dataset that this program has claimed; a second call changes nothing more.

    Raises:
        OSError: writing to disk failed.
    """
    report = Recovery()
    for draft in files.plain_files(places.journals, ".h5tmp"):
        files.unlink(draft)
    for journal in files.plain_files(places.journals, ".tj"):
        _recover_journal(places, journal, report)
    for name in index.files():
        if not _is_whole(places.episodes / name):
            files.replace(places.episodes / name, places.quarantine / name)
            index.forget(name)
            report.quarantined.append(name)
    if files.is_file(places.description) and (report.recovered or index.is_stale()):
        listed = index.description().get("total_episodes", 0)
        index.publish(growing=len(index.files()) >= listed)
    for name in report.recovered:  # the index lists it, so the journal is not needed
        files.unlink((places.journals / name).with_suffix(".tj"), missing_ok=True)
    return report


def _is_whole(path: Path) -> bool:
    """Return whether a file is unchanged or all its checksums match.

    A file that vetting rejects also counts as whole and stays in place: it may just be too large.
    """
    if vetting_service.knows(path):
        return True
    try:
        vetting_service.admit(path)
        episode_reader.verify_file(path)
    except HostileFileError:
        return True
    except RecordingError:
        return False
    return True


def save_journal(places: DatasetPaths, journal: JournalReader) -> str:
    """Convert a journal to an episode file and return its name; the journal stays.

    Raises:
        OSError: writing to disk failed; nothing has changed.
        StorageError: writing to disk failed; nothing has changed.
        RecordingError: the journal contains no steps.
    """
    stem = journal.path.stem
    name = f"{stem}.h5"
    draft = places.journals / f"{stem}.h5tmp"
    episode_writer.build_episode(journal, draft)
    try:
        episode_reader.verify_file(draft)
        files.replace(draft, places.episodes / name)  # the commit point
    except BaseException:
        files.unlink(draft, missing_ok=True)
        raise
    vetting_service.know(places.episodes / name)
    return name


def copy_into(places: DatasetPaths, path: Path, uuid: str, ordinal: int) -> str:
    """Copy an episode file into a dataset, verify it and return its new name.

    Raises:
        OSError: writing to disk failed; nothing has changed.
        RecordingError: the file is damaged.
    """
    name = f"{ordinal:06d}-{uuid}.h5"
    draft = places.journals / f"{name}tmp"
    files.copy(path, draft)
    episode_reader.verify_file(draft)
    files.replace(draft, places.episodes / name)
    vetting_service.know(places.episodes / name)
    return name


def _recover_journal(places: DatasetPaths, journal: Path, report: Recovery) -> None:
    name = f"{journal.stem}.h5"
    if files.exists(places.episodes / name) or files.exists(places.trash / name):
        files.unlink(journal)
        return
    try:
        read = JournalReader(journal)
        if read.meta and read.total_steps == 0:
            files.unlink(journal)
            return
        report.recovered.append(save_journal(places, read))
    except (StorageError, OSError):
        report.waiting.append(journal.name)
    except Exception:  # noqa: BLE001  one bad journal must not block the others
        files.replace(journal, places.quarantine / journal.name)
        report.quarantined.append(journal.name)
